//! The event engine equals the recursion, message by message and to the nanosecond, wherever both apply.

use queuelab::message::{Exit, Keep, Level, Outcome, Record, Recorder};
use queuelab::rng::Key;
use queuelab::scenario::{
    Consumer, Destination, Discipline, Overflow, Preemption, Producer, Queue, Route, Scenario, Servers,
};
use queuelab::sim::{Chain, Engine, FifoStation, LevelSampler, Network, OneStage, Recursion, Tandem, Totals};
use queuelab::workload::Kept;
use queuelab::workload::laws::Law;

const MESSAGES: u64 = 20_000;

fn by_event(scenario: &Scenario) -> (Vec<Record>, u64) {
    let plan = scenario.plan(7, 0).expect("a plan").take_messages(MESSAGES);
    let mut network = Network::new(scenario, Kept::new(&plan), Key::new(7, 0), None).expect("a network");
    let mut keep = Keep::default();
    network.advance(MESSAGES, &mut keep);
    let peak = network.totals().queues[0].peak;
    network.settle(&mut keep);
    let totals = network.totals();
    assert!(totals.queues.iter().all(|q| q.is_conserved()), "{totals:?}");
    keep.0.sort_by_key(|r| r.message.id);
    (keep.0, peak)
}

fn by_recursion(scenario: &Scenario) -> (Vec<Record>, u64) {
    let plan = scenario.plan(7, 0).expect("a plan").take_messages(MESSAGES);
    let station = FifoStation::of(scenario).expect("one FIFO queue");
    let mut engine = Recursion::new(&station, Kept::new(&plan), None);
    let mut keep = Keep::default();
    engine.advance(MESSAGES, &mut keep);
    let peak = engine.totals().queues[0].peak;
    engine.settle(&mut keep);
    keep.0.sort_by_key(|r| r.message.id);
    (keep.0, peak)
}

fn check(scenario: &Scenario, what: &str) {
    let ((events, peak), (recursion, longest)) = (by_event(scenario), by_recursion(scenario));
    assert_eq!(events.len(), recursion.len(), "{what}");
    let fate = |r: &Record| {
        (r.message.id, r.message.due, r.sent, r.taken, r.finished, r.consumer, r.deliveries, r.outcome)
    };
    for (e, r) in events.iter().zip(&recursion) {
        assert_eq!(fate(e), fate(r), "{what}");
    }
    assert_eq!(peak, longest, "{what}: the longest line");
}

fn laws() -> Vec<Law> {
    vec![
        Law::exponential(0.004),
        Law::deterministic(0.004),
        Law::hyperexponential(0.004, 4.0),
        Law::erlang(0.004, 3),
        // Half of the services take no time at all, so that much happens at one instant.
        Law::uniform(0.0, 0.008),
        Law::pareto(0.004, 2.2),
    ]
}

fn scenario(law: &Law, groups: &[u32], room: Option<u64>, overflow: Overflow) -> Scenario {
    let servers: u32 = groups.iter().sum();
    let mut out = Scenario::single(
        Producer::poisson("web", 0, 0.95 * f64::from(servers) / law.mean()),
        Queue { max_length: room, overflow, ..Queue::default() },
        Consumer::group("workers", 0, groups[0], law.clone()),
    );
    for (i, &count) in groups.iter().enumerate().skip(1) {
        out.consumers.push(Consumer::group(&format!("others{i}"), 0, count, law.scaled(1.7)));
    }
    out
}

#[test]
fn alike_for_any_law_and_number_of_servers() {
    for law in laws() {
        for servers in 1..=13 {
            check(
                &scenario(&law, &[servers], None, Overflow::RejectPublish),
                &format!("{} x {servers}", law.kendall()),
            );
        }
    }
}

#[test]
fn alike_when_queues_are_full() {
    for law in laws() {
        for servers in [1, 2, 5] {
            for room in [0, 1, 7] {
                let what = format!("{} x {servers}, room {room}", law.kendall());
                check(&scenario(&law, &[servers], Some(room), Overflow::RejectPublish), &what);
            }
        }
    }
}

#[test]
fn alike_for_several_groups_and_producers() {
    for law in laws() {
        check(&scenario(&law, &[2, 3], None, Overflow::RejectPublish), "two groups");
        check(&scenario(&law, &[1, 2, 1], Some(5), Overflow::RejectPublish), "three groups, room for five");
        let mut two = scenario(&law, &[2], None, Overflow::RejectPublish);
        two.producers[0].rate *= 0.5;
        let mut other = Producer::poisson("app", 0, two.producers[0].rate);
        other.send_time = Law::exponential(0.01);
        other.service_time = Some(law.scaled(0.9));
        two.producers.push(other);
        check(&two, "two producers");
    }
}

#[test]
fn alike_without_a_limit_of_servers() {
    let mut out = scenario(&Law::exponential(0.004), &[1], None, Overflow::RejectPublish);
    out.producers[0].rate = 5000.0;
    out.consumers[0].count = Servers::Unlimited;
    check(&out, "unlimited");
}

#[test]
fn nothing_is_lost_without_a_reason() {
    let (records, _) = by_event(&scenario(&Law::exponential(0.004), &[3], None, Overflow::RejectPublish));
    assert!(records.iter().all(|r| r.outcome == Outcome::Served));
    assert!(records.iter().enumerate().all(|(i, r)| r.message.id == i as u64));
}

/// Everything that is told of a run, and its totals in the middle.
#[derive(Debug, Default, PartialEq)]
struct Told {
    stays: Vec<Record>,
    ends: Vec<Exit>,
    levels: Vec<Level>,
    totals: Option<Totals>,
}

impl Recorder for Told {
    fn record(&mut self, record: &Record) {
        self.stays.push(*record);
    }

    fn level(&mut self, level: &Level) {
        self.levels.push(*level);
    }

    fn left(&mut self, exit: &Exit) {
        self.ends.push(*exit);
    }
}

fn sampler() -> Option<LevelSampler> {
    Some(LevelSampler::new(100_000_000, Key::new(7, 1)))
}

/// By events, with the shortcuts or by the general rules alone.
fn told(scenario: &Scenario, shortcuts: bool) -> (Told, Vec<u64>) {
    let plan = scenario.plan(7, 0).expect("a plan").take_messages(MESSAGES);
    let mut network = Network::new(scenario, Kept::new(&plan), Key::new(7, 0), sampler()).expect("a network");
    if !shortcuts {
        network = network.without_shortcuts();
    }
    let mut told = Told::default();
    network.advance(MESSAGES / 2, &mut told);
    told.totals = Some(network.totals());
    network.advance(MESSAGES / 2, &mut told);
    let peaks = network.totals().queues.iter().map(|q| q.peak).collect();
    network.settle(&mut told);
    (told, peaks)
}

fn told_by_chain(scenario: &Scenario) -> (Told, Vec<u64>) {
    let plan = scenario.plan(7, 0).expect("a plan").take_messages(MESSAGES);
    told_by(Chain::new(scenario, Kept::new(&plan), Key::new(7, 0), sampler()).expect("a chain"))
}

/// By a chain and by columns, where both apply, but for which server it was, which columns do not say.
fn compare_columns(scenario: &Scenario, what: &str) {
    let plan = scenario.plan(7, 0).expect("a plan").take_messages(MESSAGES);
    let kept = || Kept::new(&plan);
    let every = 25e9 * scenario.consumers[0].service_time.mean();
    let sampler = Some(LevelSampler::new(every as u64, Key::new(7, 1)));
    let chain = Chain::new(scenario, kept(), Key::new(7, 0), sampler).expect("a chain");
    let tandem = Tandem::new(scenario, kept, Key::new(7, 0), sampler).expect("queues in a row");
    let ((mut chain, longest), (mut tandem, peaks)) = (told_by(chain), told_by(tandem));
    assert_eq!(peaks, longest, "{what}: the longest lines");
    for told in [&mut chain, &mut tandem] {
        told.stays.iter_mut().for_each(|r| (r.server, r.message.size, r.message.priority) = (0, 0, 0));
        told.stays.sort_by_key(|r| (r.queue, r.message.id));
        told.ends.sort_by_key(|e| e.message.id);
        told.levels.sort_by_key(|level| (level.queue, level.at));
    }
    assert!(chain == tandem, "{what}: {:?}, {:?}", chain.totals, tandem.totals);
}

#[test]
fn columns_of_a_row_are_as_messages_of_a_chain() {
    let shapes: [&[(u32, Option<usize>)]; 4] = [
        &[(1, Some(1)), (1, Some(2)), (1, None)],
        &[(1, Some(1)), (1, Some(2)), (3, None)],
        &[(1, Some(2)), (1, None), (1, Some(1))],
        &[(1, Some(1)), (1, Some(2)), (1, Some(3)), (1, Some(4)), (12, None)],
    ];
    // Services of a day and of minutes, for which sums are made in another way.
    let long = [Law::exponential(1e5), Law::exponential(1000.0)];
    for law in laws().into_iter().chain(long) {
        for shape in shapes {
            compare_columns(&line(&law, shape), &format!("{} through {shape:?}", law.kendall()));
            // One that is too slow, so that messages pile up in the midst.
            let mut slow = line(&law, shape);
            slow.consumers[1].service_time = law.scaled(2.0);
            compare_columns(&slow, "a queue that grows");
        }
    }
    let both = line(&Law::exponential(0.004), &[(2, Some(1)), (1, None)]);
    let plan = || both.plan(1, 0).expect("a plan");
    assert!(Tandem::new(&both, plan, Key::new(1, 0), None).is_none(), "two servers change the order");
}

fn told_by(mut chain: impl Engine) -> (Told, Vec<u64>) {
    let mut told = Told::default();
    for piece in [1, 1022, 1, MESSAGES / 2 - 1024] {
        assert_eq!(chain.advance(piece, &mut told), piece);
    }
    told.totals = Some(chain.totals());
    chain.advance(MESSAGES / 2, &mut told);
    let peaks = chain.totals().queues.iter().map(|q| q.peak).collect();
    chain.settle(&mut told);
    (told, peaks)
}

/// Queues with so many servers each; each sends to the given one.
fn line(law: &Law, queues: &[(u32, Option<usize>)]) -> Scenario {
    let mut out = scenario(law, &[queues[0].0], None, Overflow::RejectPublish);
    out.producers[0].rate = 0.8 / law.mean();
    for (stage, &(servers, _)) in queues.iter().enumerate().skip(1) {
        out.queues.push(Queue { name: format!("queue{stage}"), ..Queue::default() });
        out.consumers.push(Consumer::group(&format!("workers{stage}"), stage, servers, law.clone()));
    }
    for (consumer, (_, to)) in out.consumers.iter_mut().zip(queues) {
        consumer.to = to.iter().map(|&q| Route { to: Destination::Queue(q), probability: 1.0 }).collect();
    }
    out
}

#[test]
fn chains_are_alike_message_by_message() {
    let shapes: [&[(u32, Option<usize>)]; 5] = [
        &[(1, Some(1)), (1, Some(2)), (1, None)],
        &[(3, Some(1)), (1, Some(2)), (2, None)],
        &[(1, Some(2)), (4, None), (2, Some(1))],
        // Two ways that meet.
        &[(2, Some(2)), (1, Some(2)), (3, Some(3)), (2, None)],
        &[(1, None), (1, Some(0))],
    ];
    for law in laws() {
        for shape in shapes {
            let mut scenario = line(&law, shape);
            if shape.len() == 4 || shape.len() == 2 {
                let to = Destination::Queue(1);
                let send_time = Law::exponential(0.01);
                scenario.producers.push(Producer {
                    to,
                    send_time,
                    ..Producer::poisson("app", 0, 0.5 / law.mean())
                });
                scenario.consumers[shape.len() - 1].service_time_per_message = law.scaled(0.1);
            }
            if shape.len() == 2 {
                scenario.producers.remove(0);
            }
            let ((mut events, peaks), (mut chain, longest)) =
                (told(&scenario, true), told_by_chain(&scenario));
            for told in [&mut events, &mut chain] {
                told.stays.sort_by_key(|r| (r.message.id, r.queue));
                told.ends.sort_by_key(|e| e.message.id);
                // A chain looks at one queue after the other.
                told.levels.sort_by_key(|level| (level.at, level.queue));
            }
            // The largest numbers that wait are compared below.
            for queue in [&mut events, &mut chain]
                .into_iter()
                .flat_map(|told| &mut told.totals)
                .flat_map(|totals| &mut totals.queues)
            {
                queue.peak = 0;
            }
            // The chain knows of stays before they end, and says how much of them is to come.
            for queue in chain.totals.iter_mut().flat_map(|totals| &mut totals.queues) {
                (queue.to_stay, queue.to_serve) = (0, 0);
            }
            let what = format!("{} through {shape:?}", law.kendall());
            assert_eq!(events.stays.len(), chain.stays.len(), "{what}");
            for (e, c) in events.stays.iter().zip(&chain.stays) {
                assert_eq!(e, c, "{what}");
            }
            assert!(
                events == chain,
                "{what}: ends, levels or totals: {:?}, {:?}",
                events.totals,
                chain.totals
            );
            // With constant services a message may come at the instant at which the server ends, and wait for
            // no time at all.
            if law.scv() > 0.0 {
                assert_eq!(peaks, longest, "{what}: the longest lines");
            }
        }
    }
}

#[test]
fn only_sure_ways_make_a_chain() {
    let chain = line(&Law::exponential(0.004), &[(1, Some(1)), (1, None)]);
    let is_chain = |scenario: &Scenario| {
        Chain::new(scenario, scenario.plan(1, 0).expect("a plan"), Key::new(1, 0), None).is_some()
    };
    assert!(is_chain(&chain));
    let but = |change: &dyn Fn(&mut Scenario)| {
        let mut other = chain.clone();
        change(&mut other);
        is_chain(&other)
    };
    assert!(!but(&|s| s.consumers[0].to[0].probability = 0.9));
    assert!(!but(&|s| s.queues[1].max_length = Some(10)));
    assert!(!but(&|s| s.queues[0].discipline = Discipline::Lifo));
    assert!(!but(&|s| s.consumers[1].count = Servers::Unlimited));
    assert!(!but(&|s| s.consumers[0].failure = 0.1));
    assert!(!but(&|s| s.producers.push(Producer::poisson("app", 1, 1.0))));
}

/// The usual way of a message is a shortcut, not another meaning.
#[test]
fn shortcuts_change_nothing() {
    let disciplines =
        [Discipline::Fifo, Discipline::Lifo, Discipline::Priority, Discipline::Random, Discipline::Shortest];
    for law in laws() {
        for discipline in disciplines {
            let mut scenario = line(&law, &[(2, Some(1)), (1, Some(2)), (3, Some(3)), (2, None)]);
            scenario.consumers[1].count = Servers::Count(2);
            scenario.consumers[2].count = Servers::Unlimited;
            // What has limits stands among the usual ones.
            scenario.queues[3].max_length = Some(2);
            scenario
                .producers
                .push(Producer { priority: 1, ..Producer::poisson("urgent", 0, 0.5 / law.mean()) });
            scenario.queues.iter_mut().for_each(|q| q.discipline = discipline);
            assert!(told(&scenario, true) == told(&scenario, false), "{} {discipline:?}", law.kendall());
        }
    }
}

/// Two producers send to one queue with so many servers, a little too much or not.
fn one_stage(law: &Law, discipline: Discipline, servers: u32, load: f64) -> Scenario {
    let mut out = scenario(law, &[servers], None, Overflow::RejectPublish);
    out.queues[0].discipline = discipline;
    out.producers[0].rate *= 0.5 * load / 0.95;
    out.producers.push(Producer {
        priority: 1,
        size: 7,
        send_time: law.scaled(0.5),
        service_time: Some(law.scaled(0.9)),
        ..Producer::poisson("urgent", 0, out.producers[0].rate)
    });
    out
}

/// Where servers are numbers in a calendar everything is as where each has a record: the order at one
/// instant, which server it was, and who has not been served in the end.
#[test]
fn one_stage_is_as_a_network_in_any_order() {
    let disciplines = [
        Discipline::Fifo,
        Discipline::Lifo,
        Discipline::Priority,
        Discipline::Random,
        Discipline::Shortest,
        Discipline::RoundRobin,
    ];
    let mut unfinished = 0;
    for (place, law) in laws().into_iter().enumerate() {
        // Some so short that much happens at one nanosecond.
        let laws = [law.scaled(1e-4), law];
        for (law, discipline) in laws.iter().flat_map(|law| disciplines.map(|discipline| (law, discipline))) {
            for (servers, load) in [(1, 0.9), (3, 1.2), (200, 1.05), (6000, 0.9)] {
                let scenario = one_stage(law, discipline, servers, load);
                let seed = 7 + place as u64;
                let plan = scenario.plan(seed, 0).expect("a plan").take_messages(2 * MESSAGES);
                let every = 25e9 * law.mean() / f64::from(servers);
                let sampler = || Some(LevelSampler::new((every as u64).max(1), Key::new(seed, 1)));
                let key = Key::new(seed, 0);
                let network = Network::new(&scenario, Kept::new(&plan), key, sampler()).expect("a network");
                let stage = OneStage::new(&scenario, || Kept::new(&plan), key, sampler()).expect("a stage");
                let (network, stage) = (told_by(network), told_by(stage));
                let what = format!("{} x {servers}, {discipline:?}", law.kendall());
                assert!(network == stage, "{what}: {:?}, {:?}", network.0.totals, stage.0.totals);
                let ends = stage.0.ends.iter();
                unfinished += ends.filter(|end| end.outcome == Outcome::Unfinished).count();
            }
        }
    }
    assert!(unfinished > 1000, "{unfinished} unfinished");
}

#[test]
fn one_stage_plays_nothing_but_waiting_and_service() {
    let plain = one_stage(&Law::exponential(0.004), Discipline::Lifo, 3, 0.9);
    let is_played = |change: &dyn Fn(&mut Scenario)| {
        let mut other = plain.clone();
        change(&mut other);
        let plan = || other.open_plan(1, 0).expect("a plan");
        OneStage::new(&other, plan, Key::new(1, 0), None).is_some()
    };
    assert!(is_played(&|_| ()));
    assert!(is_played(&|s| s.consumers[0].count = Servers::Count(4096)));
    assert!(!is_played(&|s| s.consumers[0].count = Servers::Count(1000)));
    assert!(!is_played(&|s| s.consumers[0].count = Servers::Unlimited));
    assert!(!is_played(&|s| s.consumers[0].failure = 0.1));
    assert!(!is_played(&|s| s.consumers[0].prefetch = 5));
    assert!(!is_played(&|s| s.consumers.push(s.consumers[0].clone())));
    assert!(!is_played(&|s| s.consumers[0].to = vec![Route { to: Destination::Queue(0), probability: 0.1 }]));
    assert!(!is_played(&|s| s.queues[0].max_length = Some(10)));
    assert!(!is_played(&|s| s.queues[0].initial_backlog = 10));
    assert!(!is_played(&|s| s.queues[0].discipline = Discipline::ProcessorSharing));
    assert!(!is_played(&|s| s.queues[0].preemption = Preemption::Resume));
    assert!(!is_played(&|s| s.simulation.overheads.hand_off = Law::deterministic(1e-5)));
}

/// What waits from the start is made when it is taken, where that makes no difference; so much comes
/// meanwhile that the largest backlog is never taken in full.
#[test]
fn a_backlog_is_the_same_however_late_it_is_made() {
    for law in laws() {
        for backlog in [1, 3, 500] {
            let mut scenario = line(&law, &[(2, Some(1)), (1, None)]);
            scenario.queues.iter_mut().for_each(|queue| queue.initial_backlog = backlog);
            scenario.producers[0].rate = 100.0 / law.mean();
            let [late, at_once] = [true, false].map(|shortcuts| {
                let plan = scenario.plan(7, 0).expect("a plan");
                let mut network =
                    Network::new(&scenario, plan, Key::new(7, 0), sampler()).expect("a network");
                if !shortcuts {
                    network = network.without_shortcuts();
                }
                let mut told = Told::default();
                network.advance(20, &mut told);
                told.totals = Some(network.totals());
                network.settle(&mut told);
                told.stays.sort_by_key(|stay| (stay.message.id, stay.queue));
                told.ends.sort_by_key(|end| end.message.id);
                told
            });
            let what = format!("{}, {backlog} waiting", law.kendall());
            assert!(late.totals == at_once.totals, "{what}: {:?}, {:?}", late.totals, at_once.totals);
            assert!(late == at_once, "{what}");
            let left = late.ends.iter().filter(|end| end.outcome == Outcome::Unfinished).count() as u64;
            assert!(backlog < 500 || left > backlog, "{what}: {left} left");
        }
    }
}
