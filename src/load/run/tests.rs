use super::*;
use crate::message::{Outcome, Record};
use crate::scenario::{
    Ack, Arrivals, Batching, Consumer, Deliver, Destination, Discipline, Keys, Overflow, Preemption, Queue,
    RetryDelay, Route, Servers, Topic, Work,
};
use crate::workload::laws::Law;
use std::cell::Cell;

/// So many messages, a gap apart, with this demand.
fn plan(count: u64, gap: u64, demand: u64) -> Block {
    let due: Vec<u64> = (0..count).map(|i| i * gap).collect();
    Block { sent: due.clone(), demand: vec![vec![demand; count as usize]], due, ..Block::default() }
}

fn scenario(servers: u32) -> Scenario {
    Scenario::mgc(1000.0, Law::deterministic(0.001), servers)
}

fn play(scenario: &Scenario, plan: &Block) -> Run {
    measure(scenario, plan, &Control { progress: &|_| {}, stopped: &|| false })
        .expect("the scenario can be played")
}

fn gate(run: &Run, name: &str) -> f64 {
    run.gates.iter().find(|g| g.name == name).unwrap_or_else(|| panic!("there is a gate `{name}`")).value
}

#[test]
fn every_message_is_served_once_and_told_in_the_order_of_the_plan() {
    for target in targets::TARGETS.iter().filter(|t| t.broker.is_none() && t.is_built_in()).map(|t| t.name) {
        let (mut scenario, plan) = (scenario(2), plan(100, 500_000, 200_000));
        scenario.measurement.target = target.into();
        let run = play(&scenario, &plan);
        assert!(!run.cut_short);
        for (i, r) in run.records.iter().enumerate() {
            assert_eq!(
                (r.message.id, r.message.due, r.outcome, r.deliveries),
                (i as u64, plan.due[i], Outcome::Served, 1)
            );
            assert!(plan.sent[i] <= r.sent && r.sent <= r.taken && r.taken + 200_000 <= r.finished, "{r:?}");
        }
        for name in
            ["lost", "duplicated", "disordered", "unsettled", "clock inversions", "unsent", "unfinished"]
        {
            assert_eq!(gate(&run, name), 0.0, "{name}");
        }
    }
}

#[test]
fn bounds_act_as_they_do_in_brokers() {
    // Ten at once into a queue of three before one server: who finds no room, and who is served in any case.
    let cases = [
        (Overflow::RejectPublish, Outcome::Rejected, Some(0)),
        (Overflow::DropHead, Outcome::Dropped, Some(9)),
    ];
    // What is on its way to the disk has its place, and cannot be dropped for others; so the newcomer may be
    // refused.
    let durable = cases.map(|(overflow, lost, _)| (Durability::Fsync, overflow, lost, None));
    for (durability, overflow, lost, safe) in
        cases.map(|(o, l, s)| (Durability::None, o, l, s)).into_iter().chain(durable)
    {
        let run = play_bounded(durability, overflow);
        let count = |outcome| run.records.iter().filter(|r| r.outcome == outcome).count();
        let refused = if lost == Outcome::Dropped && safe.is_none() { count(Outcome::Rejected) } else { 0 };
        assert_eq!(count(Outcome::Served) + count(lost) + refused, 10, "{durability:?} {overflow:?}");
        assert!(count(Outcome::Served) >= 3);
        assert!(safe.is_none_or(|safe| run.records[safe].outcome == Outcome::Served));
        assert_eq!(gate(&run, "lost"), 0.0);
    }
    for durability in [Durability::None, Durability::Fsync] {
        assert!(
            play_bounded(durability, Overflow::Block).records.iter().all(|r| r.outcome == Outcome::Served)
        );
    }
}

fn play_bounded(durability: Durability, overflow: Overflow) -> Run {
    let mut scenario = scenario(1);
    let queue = &mut scenario.queues[0];
    (queue.durability, queue.max_length, queue.overflow) = (durability, Some(3), overflow);
    scenario.measurement.work = Work::Sleep;
    play(&scenario, &plan(10, 0, 10_000_000))
}

#[test]
fn a_durable_queue_commits_all_its_partitions_together() {
    let mut scenario = scenario(2);
    (scenario.queues[0].durability, scenario.queues[0].partitions) = (Durability::Fsync, Some(4));
    scenario.producers[0].keys = Some(Keys::Uniform { count: 50 });
    let run = play(&scenario, &plan(200, 200_000, 100_000));
    accounted(&run);
    assert_eq!(outcomes(&run, 0, Outcome::Served), 200);
    assert!([0, 1].iter().all(|server| run.records.iter().any(|r| r.server == *server)));
}

#[test]
fn a_stopped_run_returns_what_was_finished() {
    let looks = Cell::new(0);
    let stopped = || {
        looks.set(looks.get() + 1);
        looks.get() > 30
    };
    // After a third of a second: the first has long been sent by then, and the second is long to come.
    let run = measure(
        &scenario(1),
        &plan(1_000, 1_000_000_000, 1_000),
        &Control { progress: &|_| {}, stopped: &stopped },
    )
    .expect("it can be played");
    assert!(run.cut_short && run.caveats[0].to_string().contains("cut short"), "{:?}", run.caveats);
    assert_eq!(run.records.len(), 1_000);
    assert_eq!(run.records[999].outcome, Outcome::Unfinished);
    assert_eq!(gate(&run, "unsent"), 0.0, "what was not yet due is no fault");
}

#[test]
fn what_cannot_be_played_is_refused_with_advice() {
    let refusal = |change: &dyn Fn(&mut Scenario)| {
        let mut scenario = scenario(1);
        change(&mut scenario);
        measure(&scenario, &plan(1, 0, 0), &Control { progress: &|_| {}, stopped: &|| false })
            .map(|_| ())
            .expect_err("refused")
            .to_string()
    };
    assert!(refusal(&|s| s.consumers[0].count = Servers::Count(5_000)).contains("at most 512"));
    assert!(refusal(&|s| s.consumers[0].count = Servers::Unlimited).contains("write a number"));
    assert!(refusal(&|s| s.measurement.target = "nowhere".into()).contains("\"in-process\""));
    assert!(
        refusal(&|s| (s.queues[0].initial_backlog, s.queues[0].max_length) = (5, Some(4)))
            .contains("initial_backlog")
    );
    assert!(
        refusal(&|s| s.queues[0].preemption = Preemption::Resume)
            .contains("measurements do not support preemption")
    );
    for target in ["null", "flume", "mutex-condvar"] {
        let ttl = |s: &mut Scenario| {
            s.measurement.target = target.into();
            s.queues[0].message_ttl = Some(Law::deterministic(1.0));
        };
        assert!(refusal(&ttl).contains("queues.queue.message_ttl"), "{target}");
    }
    let nothing = Control { progress: &|_| {}, stopped: &|| false };
    assert_eq!(measure(&scenario(1), &plan(0, 0, 0), &nothing).map(|_| ()), Err(LoadError::EmptyPlan));
}

fn outcomes(run: &Run, queue: u32, outcome: Outcome) -> usize {
    run.records.iter().filter(|r| r.queue == queue && r.outcome == outcome).count()
}

fn accounted(run: &Run) {
    for name in ["lost", "duplicated", "disordered", "unsettled", "clock inversions", "unsent", "unfinished"]
    {
        assert_eq!(gate(run, name), 0.0, "{name}");
    }
}

#[test]
fn failing_handlers_retry_and_give_up_to_the_dead_letter_queue() {
    let mut scenario = scenario(2);
    scenario.queues[0].delivery_limit = Some(3);
    scenario.queues[0].dead_letter = Some(1);
    scenario.queues.push(Queue { name: "dead".into(), ..Queue::default() });
    scenario.consumers[0].failure = 0.5;
    scenario.consumers[0].retry_delay = Some(RetryDelay { min: 0.001, max: 0.01, jitter: true });
    scenario.consumers.push(Consumer::group("undertaker", 1, 1, Law::deterministic(0.0001)));
    let mut plan = plan(400, 250_000, 50_000);
    plan.demand.push(Vec::new());
    let run = play(&scenario, &plan);
    accounted(&run);
    let (served, dead) = (outcomes(&run, 0, Outcome::Served), outcomes(&run, 0, Outcome::DeadLettered));
    assert_eq!(served + dead, 400);
    assert_eq!(outcomes(&run, 1, Outcome::Served), dead);
    // An eighth of 400, within five standard deviations (6.6 each); chance depends on the seed alone.
    assert!((17..84).contains(&dead), "{dead}");
    assert!(
        run.records
            .iter()
            .all(|r| r.deliveries <= 3 && (r.outcome != Outcome::DeadLettered || r.deliveries == 3))
    );
}

/// Every tenth of a hundred messages takes four times as long as there is time to settle it, and another
/// consumer does it meanwhile.
#[test]
fn what_times_out_is_done_once_and_sent_on_once() {
    let mut scenario = scenario(3);
    scenario.queues[0].visibility_timeout = Some(0.01);
    scenario.queues.push(Queue { name: "next".into(), ..Queue::default() });
    scenario.consumers[0].to = vec![Route { to: Destination::Queue(1), probability: 1.0 }];
    scenario.consumers.push(Consumer::group("next", 1, 1, Law::deterministic(0.0001)));
    let mut plan = plan(100, 2_000_000, 1_000_000);
    plan.demand[0].iter_mut().step_by(10).for_each(|demand| *demand = 40_000_000);
    plan.demand.push(Vec::new());
    let (one, window, batch, auto) = (
        |_: &mut Consumer| {},
        |c: &mut Consumer| c.prefetch = 3,
        |c: &mut Consumer| c.batch = Some(Batching { max: 2, linger: 0.002 }),
        |c: &mut Consumer| c.ack = Ack::Auto,
    );
    let ways: [fn(&mut Consumer); 4] = [one, window, batch, auto];
    for (way, change) in ways.into_iter().enumerate() {
        let mut scenario = scenario.clone();
        change(&mut scenario.consumers[0]);
        if way == 2 {
            // A batch takes as long as its messages together.
            scenario.consumers[0].service_time = Law::deterministic(0.0);
            scenario.consumers[0].service_time_per_message = Law::deterministic(0.001);
        }
        let run = play(&scenario, &plan);
        accounted(&run);
        assert_eq!(
            (outcomes(&run, 0, Outcome::Served), outcomes(&run, 1, Outcome::Served)),
            (100, 100),
            "{way}"
        );
        let again = run.records.iter().filter(|r| r.deliveries > 1).count();
        assert!(way > 1 || again >= 10, "{way}: {again} were delivered again");
        let wrong = run.records.iter().find(|r| r.taken < r.sent || r.finished < r.taken);
        assert_eq!(wrong, None, "{way}");
    }
}

/// Six clients who do not think, one server of 2 ms and one place: each waits in the queue for the one in
/// service, and before it for room while the four others go: those waits belong to the sending.
#[test]
fn clients_that_wait_for_room_are_still_sending() {
    let mut scenario = scenario(1);
    scenario.producers[0].arrivals = Arrivals::Closed { concurrency: 6, think_time: Law::deterministic(0.0) };
    (scenario.queues[0].max_length, scenario.queues[0].overflow) = (Some(1), Overflow::Block);
    scenario.consumers[0].service_time = Law::deterministic(0.002);
    scenario.measurement.duration = 0.2;
    let run = play(&scenario, &Block { demand: vec![Vec::new()], ..Block::default() });
    let served: Vec<_> = run.records.iter().filter(|r| r.outcome == Outcome::Served).collect();
    assert!(served.len() > 40, "{}", served.len());
    let [wait, send] = [|r: &Record| r.taken - r.sent, |r: &Record| r.sent - r.message.due]
        .map(|of| served.iter().map(|r| of(r)).sum::<u64>());
    assert!(wait > 0 && send > 2 * wait, "{wait} ns of waits, {send} of sending");
}

#[test]
fn a_topic_copies_and_consumers_forward() {
    let mut scenario = scenario(1);
    scenario.queues[0].name = "left".into();
    scenario.queues.push(Queue { name: "right".into(), ..Queue::default() });
    scenario.queues.push(Queue { name: "next".into(), ..Queue::default() });
    let topic = Topic {
        name: "all".into(),
        subscriptions: vec![0, 1],
        deliver: Deliver::All,
        complete_when: Default::default(),
    };
    scenario.topics.push(topic);
    scenario.producers[0].to = Destination::Topic(0);
    scenario.consumers[0].to = vec![Route { to: Destination::Queue(2), probability: 0.5 }];
    scenario.consumers.push(Consumer::group("right", 1, 1, Law::deterministic(0.0001)));
    scenario.consumers.push(Consumer::group("next", 2, 1, Law::deterministic(0.0001)));
    let mut plan = plan(200, 300_000, 50_000);
    plan.demand.extend([plan.demand[0].clone(), Vec::new()]);
    let run = play(&scenario, &plan);
    accounted(&run);
    assert_eq!((outcomes(&run, 0, Outcome::Served), outcomes(&run, 1, Outcome::Served)), (200, 200));
    let next = outcomes(&run, 2, Outcome::Served);
    assert!((65..135).contains(&next), "{next} of 200 at one half");
    for policy in
        [Deliver::RoundRobin, Deliver::Random, Deliver::ShortestQueue, Deliver::PowerOfTwo, Deliver::ByKey]
    {
        scenario.topics[0].deliver = policy;
        let run = play(&scenario, &plan);
        accounted(&run);
        assert_eq!(
            outcomes(&run, 0, Outcome::Served) + outcomes(&run, 1, Outcome::Served),
            200,
            "{policy:?}"
        );
    }
}

#[test]
fn priorities_batches_windows_partitions_and_times_to_live_are_played() {
    let mut priorities = scenario(1);
    priorities.queues[0].discipline = Discipline::Priority;
    let mut urgent = priorities.producers[0].clone();
    (urgent.name, urgent.priority) = ("urgent".into(), 9);
    priorities.producers.push(urgent);
    let mut both = plan(20, 0, 2_000_000);
    both.producer = (0..20).map(|i| u32::from(i >= 10)).collect();
    let run = play(&priorities, &both);
    let mean = |producer| {
        let all = run.records.iter().filter(|r| r.message.producer == producer);
        all.map(|r| r.taken).sum::<u64>()
    };
    assert!(mean(1) < mean(0), "the urgent ones overtake");

    let mut batches = scenario(1);
    batches.consumers[0].batch = Some(Batching { max: 10, linger: 0.02 });
    let run = play(&batches, &plan(40, 1_000_000, 0));
    accounted(&run);
    let mut begun: Vec<u64> = run.records.iter().map(|r| r.taken).collect();
    begun.dedup();
    assert!(begun.len() <= 12, "{} batches of 40 messages", begun.len());

    let mut windows = scenario(2);
    windows.consumers[0].prefetch = 5;
    accounted(&play(&windows, &plan(60, 100_000, 300_000)));

    let mut partitions = scenario(3);
    partitions.queues[0].partitions = Some(8);
    accounted(&play(&partitions, &plan(60, 100_000, 100_000)));

    let mut mortal = scenario(1);
    mortal.queues[0].message_ttl = Some(Law::deterministic(0.005));
    let run = play(&mortal, &plan(10, 0, 3_000_000));
    assert_eq!(outcomes(&run, 0, Outcome::Served) + outcomes(&run, 0, Outcome::Expired), 10);
    assert!(outcomes(&run, 0, Outcome::Expired) >= 7);
}
