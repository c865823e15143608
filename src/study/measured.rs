//! Runs of a network that were kept whole, measured or simulated, as numbers: both by the same arithmetic.

use super::play::network_places;
use crate::answer::path;
use crate::message::{Exit, Happened, Outcome, Record, Recorder};
use crate::rng::Key;
use crate::scenario::{Consumer, Scenario, Servers};
use crate::sim::Network;
use crate::stats::{GroupSpan, Late, Levels, NetworkCollector, NetworkSpan, QueueSpan, Summary, levels_of};
use crate::units::seconds;
use crate::workload::{Block, Kept};
use std::collections::BTreeSet;
use std::ops::Range;

/// What a run left: every stay in a queue, and every message's end.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub stays: Vec<Record>,
    exits: Vec<Exit>,
}

impl Recorder for Told {
    fn record(&mut self, record: &Record) {
        self.stays.push(*record);
    }

    fn left(&mut self, exit: &Exit) {
        self.exits.push(*exit);
    }
}

/// Instants with the messages waiting and in system, of each queue by name.
pub(super) type Grids = Vec<(String, Vec<(u64, u64, u64)>)>;

impl Told {
    /// So many messages of a plan played by events, with what a host adds to them.
    ///
    /// # Errors
    /// What cannot be simulated, in words.
    pub(super) fn replay(scenario: &Scenario, plan: &Block, happened: &Happened, messages: u64) -> Result<Self, String> {
        let mut told = Told::default();
        let mut network = Network::new(scenario, Kept::new(plan), Key::new(scenario.seed, 0), None)?.replay(happened);
        // What waits from the start is counted, too.
        network.advance(messages.saturating_sub(scenario.backlog()), &mut told);
        network.settle(&mut told);
        Ok(told)
    }

    /// What was measured.
    pub(super) fn measured(stays: Vec<Record>, exits: Vec<Exit>) -> Self {
        Told { stays, exits }
    }

    /// What was served in a network of one queue.
    pub(super) fn of_one_queue(stays: Vec<Record>) -> Self {
        Told { exits: stays.iter().map(Record::exit).collect(), stays }
    }

    /// All times multiplied.
    pub(super) fn stretch(&mut self, factor: f64) {
        if factor == 1.0 {
            return;
        }
        let stretch = |t: &mut u64| *t = (*t as f64 * factor).round() as u64;
        for r in &mut self.stays {
            [&mut r.message.due, &mut r.sent, &mut r.taken, &mut r.finished].into_iter().for_each(stretch);
        }
        for e in &mut self.exits {
            [&mut e.message.due, &mut e.sent, &mut e.held, &mut e.finished, &mut e.worked].into_iter().for_each(stretch);
        }
    }

    /// Messages up to the first that is still inside.
    pub(super) fn finished(&self) -> u64 {
        let open = |(outcome, id): (Outcome, u64)| (outcome == Outcome::Unfinished).then_some(id);
        let stays = self.stays.iter().filter_map(|r| open((r.outcome, r.message.id)));
        let exits = self.exits.iter().filter_map(|e| open((e.outcome, e.message.id)));
        stays.chain(exits).min().unwrap_or_else(|| self.messages())
    }

    /// Forgets all messages from one on.
    pub(super) fn retain_below(&mut self, id: u64) {
        self.stays.retain(|r| r.message.id < id);
        self.exits.retain(|e| e.message.id < id);
    }

    /// How many messages reached the network.
    pub(super) fn messages(&self) -> u64 {
        self.exits.iter().map(|e| e.message.id + 1).max().unwrap_or(0)
    }

    /// When each message was sent: it reached the network then, or began to wait for room there.
    pub(super) fn arrivals(&self) -> Vec<u64> {
        let mut first = vec![u64::MAX; self.messages() as usize];
        for e in &self.exits {
            let at = &mut first[e.message.id as usize];
            *at = e.sent.saturating_sub(e.held).min(*at);
        }
        // Every message has an end; one that had none would have come with the next.
        for i in (1..first.len()).rev() {
            first[i - 1] = first[i - 1].min(first[i]);
        }
        first
    }

    /// The messages of a window as numbers, over the time in which the plan sends them.
    pub(super) fn summary(&self, scenario: &Scenario, window: Range<u64>, grid: usize) -> (Summary, Grids) {
        let arrivals = self.arrivals();
        let sent = |id: u64| arrivals.get(id as usize).copied().unwrap_or(0);
        let time = window.start.checked_sub(1).map_or(0, sent)..sent(window.end - 1);
        let mut collector = NetworkCollector::new(&network_places(scenario), window);
        collector.begins(time.start);
        collector.ends(time.end);
        self.stays.iter().for_each(|r| Late(&mut collector).record(r));
        self.exits.iter().for_each(|e| collector.left(e));
        let levels: Vec<Levels> = (0..scenario.queues.len()).map(|q| levels_of(&self.stays, q as u32, time.clone(), grid)).collect();
        let span = NetworkSpan {
            lasted: seconds(time.end - time.start).max(1e-9),
            queues: levels.iter().enumerate().map(|(q, levels)| self.queue(q as u32, levels, &time)).collect(),
            groups: scenario.consumers.iter().enumerate().map(|(g, c)| self.group(scenario, g as u32, c, &time)).collect(),
        };
        let mut out = collector.summary(&span);
        for (q, queue) in scenario.queues.iter().enumerate().filter(|(q, _)| scenario.keeps_for_good(*q)) {
            let place = format!("queues.{}", queue.name);
            let came = self.dead_letters(scenario, q, &time).map(|came| came as f64 / span.lasted);
            for key in ["arrival_rate", "growth"] {
                // No record tells of what only lies there.
                match came {
                    Some(rate) => out.values.insert(path(&place, key, ""), rate),
                    None => out.values.remove(&path(&place, key, "")),
                };
            }
        }
        let seen = || scenario.queues.iter().zip(&levels).enumerate().filter(|(q, _)| !scenario.keeps_for_good(*q)).map(|(_, pair)| pair);
        for (queue, levels) in seen() {
            let place = format!("queues.{}", queue.name);
            let mut set = |key: &str, statistic: &str, value: f64| out.values.insert(path(&place, key, statistic), value);
            set("queue_length", "p99", Levels::mean_p99_max(&levels.waiting).unwrap_or_default().1);
            let (_, p99, most) = Levels::mean_p99_max(&levels.in_system).unwrap_or_default();
            set("in_system", "p99", p99);
            set("in_system", "max", most);
        }
        for (g, c) in scenario.consumers.iter().enumerate().filter(|(_, c)| scenario.counts_deliveries(c)) {
            if let Some(mean) = self.service_of_a_delivery(scenario, g as u32, c, &time) {
                out.values.insert(path(&format!("consumers.{}", c.name), "service", "mean"), mean);
            }
        }
        let grids = seen().map(|(queue, levels)| (queue.name.clone(), levels.grid.clone()));
        (out, grids.collect())
    }

    /// Messages that came to a queue as dead letters, if others do not.
    fn dead_letters(&self, scenario: &Scenario, queue: usize, time: &Range<u64>) -> Option<u64> {
        let forwards = |c: &Consumer| c.to.iter().any(|route| scenario.queues_of(route.to).contains(&queue));
        if scenario.consumers.iter().any(forwards) {
            return None;
        }
        let sends = |r: &Record| scenario.queues[r.queue as usize].dead_letter == Some(queue);
        let came = |r: &&Record| r.outcome == Outcome::DeadLettered && time.contains(&r.finished) && sends(r);
        Some(self.stays.iter().filter(came).count() as u64)
    }

    fn queue(&self, queue: u32, levels: &Levels, time: &Range<u64>) -> QueueSpan {
        let (waiting, _, peak) = Levels::mean_p99_max(&levels.waiting).unwrap_or_default();
        let (in_system, ..) = Levels::mean_p99_max(&levels.in_system).unwrap_or_default();
        let mut span = QueueSpan { waiting, serving: in_system - waiting, peak: peak as u64, ..QueueSpan::default() };
        for r in self.stays.iter().filter(|r| r.queue == queue) {
            span.offered += u64::from(time.contains(&r.sent));
            span.served += u64::from(r.outcome == Outcome::Served && time.contains(&r.finished));
            let inside = |at: u64| f64::from(u8::from(r.outcome != Outcome::Rejected && r.sent <= at && r.finished > at));
            span.before += inside(time.start);
            span.after += inside(time.end);
            span.came += 1;
            span.accounted += 1;
        }
        span
    }

    /// The stays on which a group worked, whatever came of it; of a queue's only group all.
    fn worked_on<'t>(&'t self, scenario: &Scenario, group: u32, consumer: &Consumer) -> impl Iterator<Item = &'t Record> {
        let (alone, queue) = (scenario.consumers_of(consumer.from).count() == 1, consumer.from as u32);
        let by = move |r: &&Record| r.consumer == group && r.outcome == Outcome::Served || alone && r.queue == queue;
        self.stays.iter().filter(by).filter(|r| r.deliveries > 0 && r.outcome != Outcome::Unfinished)
    }

    /// The mean time that a delivery takes a server, in seconds.
    fn service_of_a_delivery(&self, scenario: &Scenario, group: u32, consumer: &Consumer, time: &Range<u64>) -> Option<f64> {
        let ended = self.worked_on(scenario, group, consumer).filter(|r| time.contains(&r.finished));
        let (worked, deliveries) = ended.fold((0_u64, 0_u64), |sum, r| (sum.0 + (r.finished - r.taken), sum.1 + u64::from(r.deliveries)));
        (deliveries > 0).then(|| seconds(worked) / deliveries as f64)
    }

    fn group(&self, scenario: &Scenario, group: u32, consumer: &Consumer, time: &Range<u64>) -> GroupSpan {
        let mut batches = BTreeSet::new();
        let mut span = GroupSpan { count: if let Servers::Count(n) = consumer.count { f64::from(n) } else { 0.0 }, ..GroupSpan::default() };
        let mut busy = 0_u64;
        for r in self.worked_on(scenario, group, consumer) {
            // Of batches that failed no record tells.
            let deliveries = if consumer.batch.is_some() { 1 } else { u64::from(r.deliveries) };
            span.handled += if time.contains(&r.finished) { deliveries } else { 0 };
            // Messages that one server ends at one instant were one batch.
            if consumer.batch.is_none() || batches.insert((r.server, r.finished)) {
                busy += r.finished.min(time.end).saturating_sub(r.taken.max(time.start));
                span.batches += u64::from(time.contains(&r.finished));
            }
        }
        span.busy = seconds(busy) / seconds(time.end - time.start).max(1e-9);
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;
    use crate::scenario::{NoFiles, Source, parse};
    use crate::units::nanos;

    fn scenario(text: &str) -> Scenario {
        let source = Source { name: "test".into(), text: text.into(), overrides: Vec::new() };
        parse(&source, &NoFiles).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario
    }

    const WEB: &str = "[producers.web]\nrate = \"1000/s\"\nto = ";

    /// The same scenario measured for a moment and replayed.
    fn both(text: &str) -> (Told, Told) {
        let scenario = scenario(text);
        let plan = scenario.open_plan(1, 0).expect("a plan").take_until(nanos(scenario.measurement.duration).expect("a time"));
        let control = load::Control { progress: &|_| {}, stopped: &|| false };
        let run = load::measure(&scenario, &plan, &control).expect("it can be measured");
        assert!(!run.cut_short, "{:?}", run.caveats);
        for gate in &run.gates {
            let counts = ["lost", "duplicated", "disordered", "unsettled", "unsent", "unfinished"].contains(&gate.name);
            assert!(!counts || gate.value == 0.0, "{gate:?}");
        }
        let measured = Told::measured(run.records, run.exits);
        let replayed = Told::replay(&scenario, &plan, &run.happened, measured.messages()).expect("it can be simulated");
        (measured, replayed)
    }

    /// What became of each message in each queue, whatever time it took.
    fn stays(told: &Told) -> Vec<(u64, u32, u32, Outcome)> {
        let mut all: Vec<_> = told.stays.iter().map(|r| (r.message.id, r.queue, r.deliveries, r.outcome)).collect();
        all.sort_unstable();
        all
    }

    fn ends(told: &Told) -> Vec<(u64, Outcome)> {
        let mut all: Vec<_> = told.exits.iter().map(|e| (e.message.id, e.outcome)).collect();
        all.sort_unstable();
        all
    }

    /// Chance depends on messages and their ways alone, so that threads and events must tell the same of every message.
    fn alike(name: &str, text: &str) {
        let (measured, replayed) = both(&format!("{text}\n[measurement]\nduration = \"250ms\"\n"));
        assert!(measured.messages() > 100, "{name}: {} messages", measured.messages());
        assert_eq!(stays(&measured), stays(&replayed), "{name}");
        assert_eq!(ends(&measured), ends(&replayed), "{name}");
    }

    #[test]
    fn copies_failures_and_dead_letters_are_those_of_the_simulation() {
        let queues = "[queues.left]\n[queues.right]\ndelivery_limit = 2\ndead_letter = \"dead\"\n[queues.next]\n[queues.dead]\n";
        let topic = "[topics.all]\nsubscriptions = [\"left\", \"right\"]\n";
        let work = "service_time = { law = \"exponential\", mean = \"200us\" }\n";
        let groups = [
            format!("[consumers.l]\nfrom = \"left\"\n{work}to = [{{ queue = \"next\", probability = 0.5 }}]\n"),
            format!("[consumers.r]\nfrom = \"right\"\n{work}failure = {{ probability = 0.3 }}\n"),
            format!("[consumers.n]\nfrom = \"next\"\n{work}"),
            format!("[consumers.d]\nfrom = \"dead\"\n{work}"),
        ];
        alike("topic", &format!("{WEB}\"all\"\n{queues}{topic}{}", groups.concat()));
        let waits = topic.replace("subscriptions", "complete_when = \"all\"\nsubscriptions");
        alike("all copies", &format!("{WEB}\"all\"\n{queues}{waits}{}", groups.concat()));
        let one = topic.replace("subscriptions", "complete_when = 1\nsubscriptions");
        alike("one of two", &format!("{WEB}\"all\"\n{queues}{one}{}", groups.concat()));
    }

    #[test]
    fn a_message_may_come_back_to_a_queue_that_it_was_in() {
        let back = "to = [{ queue = \"q\", probability = 0.4 }]";
        alike("feedback", &format!("{WEB}\"q\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = 2\nservice_time = \"200us\"\n{back}\n"));
    }

    #[test]
    fn what_waits_from_the_start_is_served_first() {
        let text = format!("{WEB}\"q\"\n[queues.q]\ninitial_backlog = 50\n[consumers.c]\nfrom = \"q\"\nservice_time = \"300us\"\n");
        alike("backlog", &text);
        let (measured, _) = both(&format!("{text}[measurement]\nduration = \"100ms\"\n"));
        let last = measured.stays.iter().filter(|r| r.message.id < 50).map(|r| r.taken).max();
        assert!(measured.stays.iter().filter(|r| r.message.id >= 50).all(|r| Some(r.taken) > last));
    }

    #[test]
    fn windows_batches_times_to_live_and_early_acknowledgements_lose_nobody() {
        let c = "[consumers.c]\nfrom = \"q\"\ncount = 2\nservice_time = \"500us\"\n";
        for (queue, consumer) in [
            ("", "prefetch = 20\nfailure = { probability = 0.1 }\nretry_delay = \"2ms\"\n"),
            ("", "batch = { max = 8, linger = \"3ms\" }\nservice_time_per_message = \"20us\"\n"),
            ("message_ttl = \"1s\"\n", "failure = { probability = 0.2 }\n"),
            ("", "ack = \"auto\"\nfailure = { probability = 0.2 }\n"),
            ("", "batch = { max = 4, linger = \"2ms\" }\nautoscale = { min = 2, max = 4, target_backlog = 3, every = \"20ms\" }\n"),
            ("discipline = \"priority\"\n", ""),
            ("partitions = 4\n", ""),
            ("durability = \"fsync\"\n", ""),
            ("", "outages = { up = \"50ms\", down = \"10ms\", in_progress = \"resume\" }\n"),
            ("", "outages = { up = \"20ms\", down = \"5ms\", while = \"busy\", in_progress = \"resume\" }\n"),
        ] {
            alike(&format!("{queue}{consumer}"), &format!("{WEB}\"q\"\n[queues.q]\n{queue}{c}{consumer}"));
        }
    }

    #[test]
    fn what_a_server_drops_when_it_breaks_is_done_by_another() {
        let outages = "outages = { up = \"20ms\", down = \"10ms\" }\n";
        for batch in ["", "batch = { max = 4, linger = \"1ms\" }\nservice_time_per_message = \"500us\"\n"] {
            let (measured, _) = both(&format!(
                "{WEB}\"q\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = 2\nservice_time = \"1ms\"\n{batch}{outages}[measurement]\nduration = \"200ms\"\n"
            ));
            assert!(measured.stays.iter().all(|r| r.outcome == Outcome::Served));
            let again = measured.stays.iter().filter(|r| r.deliveries > 1).count();
            assert!(again > 0, "two servers broke a dozen times in two hundred milliseconds of nearly full work");
        }
    }

    #[test]
    fn handling_fails_as_the_producer_has_it() {
        let poison = "[producers.bad]\nrate = \"200/s\"\nto = \"q\"\nfailure = { probability = 1 }\n";
        let queues = "[queues.q]\ndelivery_limit = 3\ndead_letter = \"dead\"\n[queues.dead]\n";
        let group = "[consumers.c]\nfrom = \"q\"\ncount = 2\nservice_time = \"200us\"\nfailure = { probability = 0.1 }\n";
        alike("poison", &format!("{poison}{WEB}\"q\"\n{queues}{group}"));
    }

    #[test]
    fn a_loop_is_replayed_from_its_sends() {
        let text = "[producers.web]\nto = \"q\"\narrivals = { process = \"closed\", concurrency = 3, think_time = \"1ms\" }\n\
                    [queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \"500us\"\n[measurement]\nduration = \"250ms\"\n";
        let answers = crate::study::run(&scenario(text), &[crate::answer::Method::Measurement], &crate::study::Blind).answers;
        let sends = |method| {
            let of = answers.iter().find(|a| a.method == method).expect("answered");
            of.get("queues.q.arrival_rate").and_then(|e| e.value).expect("known")
        };
        use crate::answer::Method::{Measurement, Replay};
        assert!((sends(Measurement) - sends(Replay)).abs() < 1e-6, "{} {}", sends(Measurement), sends(Replay));
    }

    #[test]
    fn servers_come_and_go_with_the_backlog() {
        let scale = "autoscale = { min = 1, max = 4, target_backlog = 5, every = \"20ms\", startup = \"5ms\" }\n";
        let (measured, _) = both(&format!(
            "{WEB}\"q\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \"2ms\"\n{scale}[measurement]\nduration = \"200ms\"\n"
        ));
        assert!(measured.stays.iter().all(|r| r.outcome == Outcome::Served && r.deliveries == 1));
        let mut servers: Vec<u32> = measured.stays.iter().map(|r| r.server).collect();
        servers.sort_unstable();
        servers.dedup();
        assert!(servers.len() > 1, "twice as much comes as one can do");
    }

    #[test]
    fn clients_of_a_closed_loop_wait_for_their_messages() {
        let text = "[producers.web]\nto = \"q\"\narrivals = { process = \"closed\", concurrency = 3, think_time = \"1ms\" }\n\
                    [queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \"500us\"\n[measurement]\nduration = \"250ms\"\n";
        let (measured, _) = both(text);
        assert!(measured.messages() > 100);
        let mut levels: Vec<(u64, i32)> = measured.stays.iter().flat_map(|r| [(r.sent, 1), (r.finished, -1)]).collect();
        levels.sort_unstable();
        let mut inside = 0;
        for (_, change) in levels {
            inside += change;
            assert!(inside <= 3, "three clients have three messages under way");
        }
    }
}
