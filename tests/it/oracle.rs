//! The simulator equals an independent computation over the same plan, to the nanosecond.

use queuelab::message::{Keep, Outcome, Record};
use queuelab::rng::Key;
use queuelab::scenario::{Consumer, Overflow, Producer, Queue, Scenario};
use queuelab::sim::{Engine, FifoStation, Network, Recursion};
use queuelab::workload::laws::Law;
use queuelab::workload::{Block, Kept};

/// Plays a plan second by second, so to speak: at each instant at which anything happens, first those who are
/// done leave, then whoever waits is taken, then the next message arrives. Written for clarity; it shares
/// nothing with the simulator.
struct Slow {
    /// When each server is done, and since when it is idle.
    servers: Vec<(u64, u64)>,
    waiting: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fate {
    taken: u64,
    finished: u64,
    outcome: Outcome,
}

fn slow(plan: &Block, groups: &[u32], room: Option<u64>, drop_head: bool) -> Vec<Fate> {
    let group_of: Vec<usize> = groups.iter().enumerate().flat_map(|(g, &n)| vec![g; n as usize]).collect();
    let mut state = Slow { servers: vec![(0, 0); group_of.len()], waiting: Vec::new() };
    let mut fates = vec![Fate { taken: 0, finished: 0, outcome: Outcome::Unfinished }; plan.len()];
    let mut busy = vec![false; group_of.len()];
    let (mut next, mut now) = (0, 0);
    loop {
        for (server, (done, idle)) in state.servers.iter_mut().enumerate() {
            if busy[server] && *done <= now {
                busy[server] = false;
                *idle = *done;
            }
        }
        let take = |state: &mut Slow, busy: &mut Vec<bool>, fates: &mut Vec<Fate>| {
            while let Some(&message) = state.waiting.first() {
                let idle = (0..busy.len()).filter(|&s| !busy[s]).min_by_key(|&s| (state.servers[s].1, s));
                let Some(server) = idle else { break };
                state.waiting.remove(0);
                busy[server] = true;
                let finished = now + plan.demand[group_of[server]][message];
                state.servers[server].0 = finished;
                fates[message] = Fate { taken: now, finished, outcome: Outcome::Served };
            }
        };
        take(&mut state, &mut busy, &mut fates);
        if next < plan.len() && plan.sent[next] == now {
            let lost = |outcome| Fate { taken: now, finished: now, outcome };
            let full = busy.iter().all(|b| *b) && room.is_some_and(|r| state.waiting.len() as u64 >= r);
            if full && (!drop_head || state.waiting.is_empty()) {
                fates[next] = lost(Outcome::Rejected);
            } else {
                if full {
                    let oldest = state.waiting.remove(0);
                    fates[oldest] = lost(Outcome::Dropped);
                }
                state.waiting.push(next);
            }
            next += 1;
            take(&mut state, &mut busy, &mut fates);
            if next < plan.len() && plan.sent[next] == now {
                continue;
            }
        }
        let ends = (0..busy.len()).filter(|&s| busy[s]).map(|s| state.servers[s].0);
        let arrival = plan.sent.get(next).copied();
        match ends.chain(arrival).min() {
            Some(instant) => now = instant,
            None => return fates,
        }
    }
}

/// By the recursion, or, where senders wait for room or the oldest message makes it, by events.
fn fast(scenario: &Scenario, plan: &Block) -> Vec<Fate> {
    let mut keep = Keep::default();
    match FifoStation::of(scenario).filter(FifoStation::is_recursive) {
        Some(station) => assert_eq!(
            Recursion::new(&station, Kept::new(plan), None).advance(u64::MAX, &mut keep),
            plan.len() as u64
        ),
        None => {
            let mut network =
                Network::new(scenario, Kept::new(plan), Key::new(7, 0), None).expect("one queue");
            network.advance(u64::MAX, &mut keep);
            network.settle(&mut keep);
        }
    }
    let mut records: Vec<Record> = keep.0;
    records.sort_by_key(|r| r.message.id);
    assert!(
        records.iter().enumerate().all(|(i, r)| r.message.id == i as u64),
        "every message leaves exactly once"
    );
    records.iter().map(|r| Fate { taken: r.taken, finished: r.finished, outcome: r.outcome }).collect()
}

fn laws() -> Vec<Law> {
    vec![
        Law::exponential(0.004),
        Law::deterministic(0.004),
        Law::lognormal(0.004, 4.0),
        Law::erlang(0.004, 3),
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

fn check(scenario: &Scenario, groups: &[u32], what: &str) {
    let plan = scenario.plan(7, 0).expect("a plan").take_messages(20_000);
    let queue = &scenario.queues[0];
    let room = queue.max_length.filter(|_| queue.overflow != Overflow::Block);
    let (expected, got) =
        (slow(&plan, groups, room, queue.overflow == Overflow::DropHead), fast(scenario, &plan));
    for (i, (e, g)) in expected.iter().zip(&got).enumerate() {
        assert_eq!(e, g, "{what}: message {i}");
    }
}

#[test]
fn recursion_equals_the_slow_queue_without_bound() {
    for law in laws() {
        for servers in [1, 2, 3, 8, 13] {
            check(
                &scenario(&law, &[servers], None, Overflow::RejectPublish),
                &[servers],
                &format!("{} x {servers}", law.kendall()),
            );
        }
    }
}

#[test]
fn several_groups_share_a_queue() {
    for law in laws() {
        check(&scenario(&law, &[2, 3], None, Overflow::RejectPublish), &[2, 3], &law.kendall());
        check(&scenario(&law, &[1, 2, 1], Some(5), Overflow::DropHead), &[1, 2, 1], &law.kendall());
    }
}

#[test]
fn full_queues_refuse_or_drop() {
    for law in laws() {
        for servers in [1, 3] {
            for room in [0, 1, 10] {
                for overflow in [Overflow::RejectPublish, Overflow::DropHead, Overflow::Block] {
                    let what = format!("{} x {servers}, room {room}, {overflow:?}", law.kendall());
                    check(&scenario(&law, &[servers], Some(room), overflow), &[servers], &what);
                }
            }
        }
    }
}

#[test]
fn a_plan_played_in_pieces_is_the_same() {
    let scenario = scenario(&Law::exponential(0.004), &[4], None, Overflow::RejectPublish);
    let station = FifoStation::of(&scenario).expect("one FIFO queue");
    let play = |pieces: &[u64]| {
        let mut engine = Recursion::new(&station, scenario.plan(3, 1).expect("a plan"), None);
        let mut keep = Keep::default();
        for &n in pieces {
            engine.advance(n, &mut keep);
        }
        (keep.0, engine.totals())
    };
    let whole = play(&[5000]);
    assert_eq!(play(&[1, 1023, 1, 2000, 1975]), whole);
    assert_eq!(whole.1.offered, 5000);
}
