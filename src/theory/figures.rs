//! What a model of one queue found, and how it becomes an answer for every place of the scenario.

use super::Feature;
use super::station::Station;
use super::times::TimeDistribution;
use crate::answer::{
    Answer, AskedStatistic, Caveat, Distribution, Estimate, Method, PERCENTILES, Statistic, TheoryCaveat,
};
use crate::scenario::{Durability, Servers};

/// The number of messages somewhere, over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelSummary {
    /// Infinite if it does not exist.
    pub mean: f64,
    /// The 99th percentile over time, where it is known.
    pub p99: Option<f64>,
}

/// The stationary figures of one queue and its servers.
#[derive(Clone)]
pub struct SteadyState {
    /// False for an approximation.
    pub exact: bool,
    /// What keeps the figures from being taken at face value.
    pub caveats: Vec<Caveat>,
    /// Messages served a second.
    pub throughput: f64,
    /// Share of the offered messages that is not served.
    pub loss: f64,
    /// Share of the accepted messages that have to wait, where it is known.
    pub delayed: Option<f64>,
    /// Messages waiting.
    pub queue_length: LevelSummary,
    /// Messages waiting or in service.
    pub in_system: LevelSummary,
    /// Of the served, from reaching the queue to being taken.
    pub wait: TimeDistribution,
    /// Wait and service together, if its law is known; else it is put together from the two.
    pub sojourn: Option<TimeDistribution>,
    /// Deliveries a message.
    pub attempts: f64,
    /// Mean number of busy servers, where it is not throughput times mean service time.
    pub busy: Option<f64>,
    /// Messages taken at a time, where consumers take batches.
    pub batch: Option<f64>,
    /// A message's time in service, where it is not that of a delivery.
    pub service: Option<TimeDistribution>,
    /// Waits and sojourns by stream, in the station's order, where they differ.
    pub streams: Vec<StreamFigures>,
    /// Of each consumer group, in the station's order, where they are not alike.
    pub groups: Vec<GroupFigures>,
    /// Whether servers are shared, so that there is no wait to speak of.
    pub shared: bool,
    /// Mean number of senders that wait for room, where some do and it is known: then queue length and wait
    /// are without them.
    pub held: Option<f64>,
    /// What its model's name says of the host's time, where that is counted.
    pub hand_over: Option<&'static str>,
    /// Standard deviations of the numbers waiting and in the system, where they do not follow from the times.
    pub spread: Option<[f64; 2]>,
}

/// What one group of a queue's servers does, where groups are not alike.
#[derive(Clone)]
pub struct GroupFigures {
    /// Messages served a second.
    pub throughput: f64,
    /// Mean number of busy servers.
    pub busy: f64,
    /// A message's time in service.
    pub service: TimeDistribution,
}

/// What the messages of one stream see.
#[derive(Clone)]
pub struct StreamFigures {
    /// From reaching the queue to being taken.
    pub wait: TimeDistribution,
    /// Wait and service together, if its law is known.
    pub sojourn: Option<TimeDistribution>,
}

/// Shares at which the latency's law is tabulated: evenly on the scale of nines, up to 0.99999.
fn shares() -> Vec<f64> {
    (0..200).map(|i| -(-5.0 * std::f64::consts::LN_10 * f64::from(i) / 199.0).exp_m1()).collect()
}

/// Sets `mean`, `sd` and the percentiles of a time, as far as they are known.
pub(super) fn set_times(answer: &mut Answer, place: &str, key: &str, times: &TimeDistribution) {
    answer.set(place, key, "mean", Estimate::exact(times.mean));
    if let Some(sd) = times.sd {
        answer.set(place, key, "sd", Estimate::exact(sd));
    }
    let usual = PERCENTILES
        .iter()
        .zip(times.percentiles().unwrap_or_default())
        .map(|((name, share), value)| (name.to_string(), *share, *value));
    let percentile = |asked: &AskedStatistic| {
        let share = asked.statistic.share()?;
        Some((asked.name.clone(), share, times.quantile(share)?))
    };
    let within = |asked: &AskedStatistic| match asked.statistic {
        Statistic::Within(time) => Some((asked.name.clone(), 1.0 - times.tail(time)?)),
        _ => None,
    };
    let shares: Vec<(String, f64)> = answer.asked.iter().filter_map(within).collect();
    for (name, share) in shares {
        answer.set(place, key, &name, Estimate::exact(share.clamp(0.0, 1.0)));
    }
    let asked = answer.asked.iter().filter_map(percentile);
    for (name, _, value) in
        usual.chain(asked).filter(|(_, share, value)| !times.is_open_at(*share, *value)).collect::<Vec<_>>()
    {
        answer.set(place, key, &name, Estimate::exact(value));
    }
}

/// Sets `mean` and `p99` of a length.
pub(super) fn set_level(answer: &mut Answer, place: &str, key: &str, level: &LevelSummary) {
    answer.set(place, key, "mean", Estimate::exact(level.mean));
    if let Some(p99) = level.p99 {
        answer.set(place, key, "p99", Estimate::exact(p99));
    }
}

impl SteadyState {
    /// Figures of a queue that loses nothing, with the lengths that follow from the waits by Little's law.
    pub fn lossless(station: &Station<'_>, delayed: Option<f64>, wait: TimeDistribution) -> Self {
        let lambda = station.lambda();
        let waiting = lambda * wait.mean;
        SteadyState {
            exact: true,
            caveats: Vec::new(),
            throughput: lambda,
            loss: 0.0,
            delayed,
            queue_length: LevelSummary { mean: waiting, p99: None },
            in_system: LevelSummary { mean: waiting + station.offered_load(), p99: None },
            wait,
            sojourn: None,
            attempts: 1.0,
            busy: None,
            batch: None,
            service: None,
            streams: Vec::new(),
            groups: Vec::new(),
            shared: false,
            held: None,
            hand_over: None,
            spread: None,
        }
    }

    /// Likewise, where streams do not wait alike.
    pub fn by_stream(station: &Station<'_>, delayed: Option<f64>, streams: Vec<StreamFigures>) -> Self {
        let waits: Vec<(f64, TimeDistribution)> =
            station.streams.iter().zip(&streams).map(|(s, seen)| (s.rate, seen.wait.clone())).collect();
        SteadyState { streams, ..SteadyState::lossless(station, delayed, TimeDistribution::mixture(&waits)) }
    }

    /// Mean number of busy servers.
    pub(super) fn busy(&self, station: &Station<'_>) -> f64 {
        self.busy.unwrap_or(self.throughput * station.service.mean())
    }

    /// What one queue and its consumers contribute to an answer.
    pub(super) fn fill_place(&self, station: &Station<'_>, answer: &mut Answer) {
        self.fill_queue(station, answer);
        self.fill_consumers(station, answer);
    }

    /// A message's wait and service together, of all streams.
    pub fn whole(&self, station: &Station<'_>) -> TimeDistribution {
        let kinds: Vec<(f64, TimeDistribution)> = station
            .streams
            .iter()
            .enumerate()
            .map(|(i, s)| (s.rate, self.sojourn_seen(station, i)))
            .collect();
        TimeDistribution::mixture(&kinds)
    }

    /// The answer for the whole scenario: the queue, its consumers, every producer and the total.
    pub fn answer(&self, station: &Station<'_>) -> Answer {
        let name = station.caption() + self.hand_over.unwrap_or_default();
        let answer = Answer::new(Method::Theory, name).asked_for(station.scenario.asked_statistics());
        let mut answer = if self.exact { answer } else { answer.approximate() };
        answer.counts_host = self.hand_over.is_some();
        answer.caveats.clone_from(&self.caveats);
        answer.caveats.extend(general_caveats(station));
        self.fill_place(station, &mut answer);
        self.fill_producers(station, &mut answer);
        answer
    }

    fn fill_queue(&self, station: &Station<'_>, answer: &mut Answer) {
        let place = format!("queues.{}", station.queue.name);
        let mut single = |key, value| answer.set(&place, key, "", Estimate::exact(value));
        single("throughput", self.throughput);
        single("arrival_rate", if station.lambda() > 0.0 { station.lambda() } else { self.throughput });
        single("loss", self.loss);
        single("attempts", self.attempts);
        let known = !station.queue.blocks() || self.held.is_some();
        if let Some(c) = station.servers {
            single("utilization", self.busy(station) / f64::from(c));
        }
        if let Some(delayed) = self.delayed.filter(|_| known) {
            single("delayed", delayed);
        }
        if let Some(held) = self.held {
            set_level(answer, &place, "blocked", &LevelSummary { mean: held, p99: None });
        }
        if !known {
            return;
        }
        set_level(answer, &place, "in_system", &self.in_system);
        if !self.shared {
            set_level(answer, &place, "queue_length", &self.queue_length);
            set_times(answer, &place, "wait", &self.wait);
            let asked = station.scenario.asks_age() && self.exact && self.loss == 0.0;
            if let Some(age) = asked.then(|| super::age::of(station, &self.wait)).flatten() {
                answer.set(&place, "age", "mean", Estimate::exact(age));
            }
            if station.scenario.asks_spread(station.queue) && self.exact {
                let sd = super::spread::of(station, self.spread, &self.wait, || self.whole(station));
                for (key, sd) in ["queue_length", "in_system"].into_iter().zip(sd) {
                    sd.into_iter().for_each(|sd| answer.set(&place, key, "sd", Estimate::exact(sd)));
                }
            }
        }
    }

    /// Alike groups share the work in proportion to their servers.
    fn fill_consumers(&self, station: &Station<'_>, answer: &mut Answer) {
        for (group, figures) in station.groups.iter().zip(&self.groups) {
            let place = format!("consumers.{}", group.name);
            answer.set(&place, "throughput", "", Estimate::exact(figures.throughput));
            answer.set(&place, "busy", "", Estimate::exact(figures.busy));
            if let Servers::Count(n) = group.count {
                answer.set(&place, "utilization", "", Estimate::exact(figures.busy / f64::from(n)));
                answer.set(&place, "count", "", Estimate::exact(f64::from(n)));
            }
            set_times(answer, &place, "service", &figures.service);
        }
        for group in station.groups.iter().filter(|_| self.groups.is_empty()) {
            let place = format!("consumers.{}", group.name);
            let share = match (group.count, station.servers) {
                (Servers::Count(n), Some(c)) => f64::from(n) / f64::from(c),
                _ if station.groups.len() == 1 => 1.0,
                _ => continue,
            };
            let busy = share * self.busy(station);
            // Deliveries that failed are served too, those that a breakdown cut short are not.
            let repeats = self.attempts != 1.0 || station.has(Feature::Failures);
            let failed = repeats && station.groups.iter().all(|g| g.outages.is_none());
            let served = if failed { station.lambda() * self.attempts } else { self.throughput };
            answer.set(&place, "throughput", "", Estimate::exact(share * served));
            answer.set(&place, "busy", "", Estimate::exact(busy));
            if let Servers::Count(n) = group.count {
                answer.set(&place, "utilization", "", Estimate::exact(busy / f64::from(n)));
                answer.set(&place, "count", "", Estimate::exact(f64::from(n)));
            }
            // A shared server is with a message as long as it is there.
            let service = match &self.service {
                _ if self.shared => self.whole(station),
                // Of a delivery.
                Some(all) if !failed => all.clone(),
                _ => service_times(station),
            };
            set_times(answer, &place, "service", &service);
            if let Some(batch) = self.batch {
                answer.set(&place, "batch_size", "", Estimate::exact(batch));
            }
        }
    }

    fn fill_producers(&self, station: &Station<'_>, answer: &mut Answer) {
        let ends: Vec<EndToEnd> = (0..station.streams.len()).map(|i| self.kind(station, i)).collect();
        let names: Vec<&str> = station.streams.iter().map(|s| s.producer.name.as_str()).collect();
        EndToEnd::fill_all(&ends, &names, self.loss, answer);
    }

    /// What the messages of one stream see: in order of arrival, and losing alike, all the same.
    fn kind(&self, station: &Station<'_>, stream: usize) -> EndToEnd {
        let service = self.service.clone().unwrap_or_else(|| station.service.times_of(stream));
        let send = TimeDistribution::of(&station.streams[stream].producer.send_time);
        let latency = send.plus(&self.sojourn_seen(station, stream));
        let blocked = self.held.map(|held| TimeDistribution::moments(held / station.lambda(), None));
        let send = match &blocked {
            Some(blocked) => Some(TimeDistribution::moments(send.mean + blocked.mean, None)),
            None => (!station.queue.blocks()).then_some(send),
        };
        let wait = self.streams.get(stream).map_or(&self.wait, |seen| &seen.wait);
        EndToEnd {
            // A closed loop has no rate of its own.
            throughput: if station.streams.len() == 1 {
                self.throughput
            } else {
                station.streams[stream].rate * (1.0 - self.loss)
            },
            loss: self.loss,
            latency,
            wait: (!self.shared && send.is_some()).then(|| wait.clone()),
            send,
            blocked,
            service: (!self.shared).then_some(service),
        }
    }

    /// Wait and service together, of the messages of one stream.
    pub fn sojourn_seen(&self, station: &Station<'_>, stream: usize) -> TimeDistribution {
        let service = self.service.clone().unwrap_or_else(|| station.service.times_of(stream));
        match (self.streams.get(stream), &self.sojourn) {
            (Some(StreamFigures { sojourn: Some(sojourn), .. }), _) => sojourn.clone(),
            (Some(StreamFigures { wait, .. }), _) => wait.plus(&service),
            (None, Some(sojourn)) if station.service.law().is_some() || self.service.is_some() => {
                sojourn.clone()
            }
            _ => self.wait.plus(&service),
        }
    }
}

/// What one producer's messages see from end to end, or all producers' together.
pub struct EndToEnd {
    /// Messages served a second.
    pub throughput: f64,
    /// Share of the messages that is not served.
    pub loss: f64,
    /// From due to reaching the queue.
    pub send: Option<TimeDistribution>,
    /// The part of it for which senders wait for room.
    pub blocked: Option<TimeDistribution>,
    /// `None` where nothing is to be said of it.
    pub wait: Option<TimeDistribution>,
    /// In service, on the whole way.
    pub service: Option<TimeDistribution>,
    /// From due to done.
    pub latency: TimeDistribution,
}

impl EndToEnd {
    fn fill(&self, answer: &mut Answer, place: &str) {
        answer.set(place, "throughput", "", Estimate::exact(self.throughput));
        answer.set(place, "loss", "", Estimate::exact(self.loss));
        set_times(answer, place, "latency", &self.latency);
        for (key, times) in [
            ("send", &self.send),
            ("blocked", &self.blocked),
            ("wait", &self.wait),
            ("service", &self.service),
        ] {
            if let Some(times) = times {
                set_times(answer, place, key, times);
            }
        }
    }

    /// Fills the places of all producers, and the total with its law.
    pub fn fill_all(ends: &[EndToEnd], names: &[&str], loss: f64, answer: &mut Answer) {
        for (end, name) in ends.iter().zip(names) {
            end.fill(answer, &format!("producers.{name}"));
        }
        let mixture = |part: fn(&EndToEnd) -> Option<&TimeDistribution>| {
            let parts: Option<Vec<(f64, TimeDistribution)>> =
                ends.iter().map(|e| Some((e.throughput, part(e)?.clone()))).collect();
            parts.map(|parts| TimeDistribution::mixture(&parts))
        };
        let known = "latencies are always known";
        let total = EndToEnd {
            throughput: ends.iter().map(|e| e.throughput).sum(),
            loss,
            send: mixture(|e| e.send.as_ref()),
            blocked: mixture(|e| e.blocked.as_ref()),
            wait: mixture(|e| e.wait.as_ref()),
            service: mixture(|e| e.service.as_ref()),
            latency: mixture(|e| Some(&e.latency)).expect(known),
        };
        total.fill(answer, "total");
        let shares = shares();
        answer.latency = total
            .latency
            .table(&shares)
            .map(|values| Distribution::Quantiles(shares.into_iter().zip(values).collect()));
    }
}

/// The service time over all messages.
pub(super) fn service_times(station: &Station<'_>) -> TimeDistribution {
    station.service.times()
}

/// What every model leaves out.
pub(super) fn general_caveats(station: &Station<'_>) -> impl Iterator<Item = Caveat> {
    let shared = station.groups.len() > 1 && !station.is_mixed();
    let durable = station.queue.durability == Durability::Fsync;
    let all = [(shared, TheoryCaveat::GroupsShareWork), (durable, TheoryCaveat::DurabilityLeftOut)];
    all.into_iter().filter(|(applies, _)| *applies).map(|(_, caveat)| caveat.into())
}
