//! Topics that deal without looking: at random, in turn, by key, to all. Each queue is then a queue of its
//! own.

use super::{lacks, topic};
use crate::scenario::{Complete, Deliver, Producer, Scenario, Topic};
use crate::theory::network::{NetworkFigures, is_exact};
use crate::theory::station::{Gaps, StationStream};
use crate::theory::{
    Answer, ClosedForm, EndToEnd, Exactness, MODELS, Mismatch, ModelError, Station, SteadyState,
    TimeDistribution, figures_at, forkjoin,
};
use crate::workload::laws::Law;

/// The messages that reach the queue of this number among those of the topic.
fn dealt<'a>(scenario: &'a Scenario, topic: &Topic, at: usize) -> Result<Vec<StationStream<'a>>, Mismatch> {
    let n = topic.subscriptions.len() as f64;
    let streams: Vec<StationStream<'a>> = scenario.producers.iter().map(StationStream::of).collect();
    let poisson = streams.iter().all(|s| s.gaps == Gaps::Poisson);
    if scenario.is_closed() {
        return Err("clients wait for their answer before they send again".into());
    }
    match topic.deliver {
        // One queue gets all.
        _ if topic.subscriptions.len() == 1 => Ok(streams),
        Deliver::All => Ok(streams),
        Deliver::Random if poisson => {
            Ok(streams.into_iter().map(|s| StationStream { rate: s.rate / n, ..s }).collect())
        }
        Deliver::Random => Err("needs Poisson arrivals".into()),
        Deliver::RoundRobin if poisson => {
            // Every n-th of a Poisson process; the producers' messages are alike.
            let rate: f64 = streams.iter().map(|s| s.rate).sum();
            let gaps = Gaps::Renewal(Law::erlang(n / rate, n as u32));
            let first = &scenario.producers[0];
            let alike = |p: &Producer| {
                *first
                    == Producer {
                        name: first.name.clone(),
                        rate: first.rate,
                        send_time: first.send_time.clone(),
                        ..p.clone()
                    }
            };
            if !scenario.producers.iter().all(alike) {
                return Err("producers whose messages differ are dealt out in turn together".into());
            }
            Ok(vec![StationStream { producer: &scenario.producers[0], rate: rate / n, gaps }])
        }
        Deliver::RoundRobin => match streams.as_slice() {
            [StationStream { gaps: Gaps::Renewal(Law::Deterministic(d)), producer, rate }] => {
                Ok(vec![StationStream {
                    producer,
                    rate: rate / n,
                    gaps: Gaps::Renewal(Law::deterministic(d.value * n)),
                }])
            }
            _ => Err("needs Poisson or regular arrivals".into()),
        },
        Deliver::ShortestQueue | Deliver::PowerOfTwo => Err("the topic looks at queue lengths".into()),
        Deliver::ByKey if poisson => {
            let share = |s: &StationStream<'a>| {
                scenario.direct(s.producer, topic.subscriptions[at]).iter().sum::<f64>()
            };
            Ok(streams.into_iter().map(|s| StationStream { rate: s.rate * share(&s), ..s }).collect())
        }
        Deliver::ByKey => Err("needs Poisson arrivals".into()),
    }
}

/// Whoever deals without looking: each queue is then a queue of its own.
#[derive(Debug)]
pub struct Split;

impl Split {
    fn stations(scenario: &Scenario) -> Result<Vec<Station<'_>>, Mismatch> {
        let topic = topic(scenario)?;
        topic
            .subscriptions
            .iter()
            .enumerate()
            .map(|(i, queue)| Station::at(scenario, *queue, dealt(scenario, topic, i)?))
            .collect()
    }
}

impl ClosedForm for Split {
    fn name(&self) -> &'static str {
        "queues of a topic, each by itself"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn is_exact(&self, scenario: &Scenario) -> bool {
        is_exact(self, scenario)
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        let stations = Self::stations(scenario)?;
        for station in stations {
            if station.rho() < 1.0 && MODELS.iter().all(|model| model.at(&station).is_none()) {
                return Err(format!("no closed form fits the queue `{}`", station.queue.name).into());
            }
        }
        Ok(())
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        lacks(scenario, |deliver| !matches!(deliver, Deliver::ShortestQueue | Deliver::PowerOfTwo))
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let topic = topic(scenario)?;
        let mut nodes = Vec::new();
        for station in Self::stations(scenario)? {
            let figures = figures_at(&station)?;
            nodes.push((station, figures));
        }
        let copies = topic.deliver == Deliver::All;
        let joins = copies && topic.complete_when != Complete::Each && nodes.len() > 1;
        let (joined, exact, caveat) =
            if joins { forkjoin::joined(&nodes, topic.complete_when)? } else { (None, true, None) };
        let end = |(i, producer): (usize, &crate::scenario::Producer)| {
            // In turn, all producers' messages are one stream.
            let stream = |station: &Station<'_>| i.min(station.streams.len() - 1);
            // Of this producer's messages, as many as go there.
            let offered = |s: &Station<'_>| s.streams[stream(s)].rate;
            let mixed = |of: &dyn Fn(&Station<'_>, &SteadyState) -> TimeDistribution| {
                TimeDistribution::mixture(
                    &nodes.iter().map(|(s, f)| (offered(s) * (1.0 - f.loss), of(s, f))).collect::<Vec<_>>(),
                )
            };
            let known = !nodes.iter().any(|(_, f)| f.shared);
            let send = TimeDistribution::of(&producer.send_time);
            let whole = joined.clone().unwrap_or_else(|| mixed(&|s, f| f.sojourn_seen(s, stream(s))));
            let sent: f64 = nodes.iter().map(|(s, _)| offered(s)).sum();
            let loss = nodes.iter().map(|(s, f)| offered(s) / sent * f.loss).sum::<f64>();
            let each = if copies && !joins { nodes.len() as f64 } else { 1.0 };
            EndToEnd {
                throughput: producer.rate * each * (1.0 - loss),
                loss,
                latency: send.plus(&whole),
                send: Some(send),
                blocked: None,
                wait: (known && !joins).then(|| {
                    mixed(&|s, f| f.streams.get(stream(s)).map_or(&f.wait, |seen| &seen.wait).clone())
                }),
                service: (known && !joins).then(|| {
                    mixed(&|s, f| f.service.clone().unwrap_or_else(|| s.service.times_of(stream(s))))
                }),
            }
        };
        let ends = scenario.producers.iter().enumerate().map(end).collect();
        let name = caption(&nodes, topic.deliver);
        Ok(NetworkFigures { nodes, ends, exact, caveats: caveat.into_iter().collect() }
            .answer(scenario, &name))
    }
}

/// What was solved: the queues by their own names, those that are alike counted, and how they come by their
/// messages.
fn caption(nodes: &[(Station<'_>, SteadyState)], deliver: Deliver) -> String {
    let mut kinds: Vec<(String, bool, usize)> = Vec::new();
    for (station, _) in nodes {
        let name = station.caption();
        match kinds.last_mut() {
            Some((last, _, count)) if *last == name => *count += 1,
            _ => kinds.push((name, station.has_servers_of_their_own(), 1)),
        }
    }
    let each = |(name, several, n): (String, bool, usize)| match n {
        1 => name,
        _ if several => format!("{n} × ({name})"),
        _ => format!("{n} × {name}"),
    };
    let names: Vec<String> = kinds.into_iter().map(each).collect();
    let how = match deliver {
        _ if nodes.len() == 1 => "",
        Deliver::ByKey => " by key",
        Deliver::Random => " at random",
        Deliver::RoundRobin => " in turn",
        Deliver::All => " of copies",
        Deliver::ShortestQueue | Deliver::PowerOfTwo => "",
    };
    names.join(", ") + how
}
