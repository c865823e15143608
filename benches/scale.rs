//! What a message costs when a scenario has many queues, and what many servers or many pending events cost,
//! beside one queue in the same run: `cargo bench --bench scale`.
//!
//! The figures of queues are those of whole simulations on one thread, set-up, statistics and estimates
//! included, by the messages that they play: what is wanted is that they hardly depend on how many other
//! queues there are. Ratios hold on any machine, nanoseconds only on the one that they were measured on.

use queuelab::answer::Method;
use queuelab::message::Forget;
use queuelab::rng::Key;
use queuelab::scenario::{
    Consumer, Destination, Discipline, Length, Producer, Queue, Route, Scenario, Warmup,
};
use queuelab::sim::{Calendar, Engine, Network};
use queuelab::study::{self, NoProgress};
use queuelab::workload::laws::Law;
use std::hint::black_box;
use std::time::Instant;

/// Messages of a replication, and replications.
const MESSAGES: u64 = 1_000_000;
const REPLICATIONS: u32 = 2;
/// Each figure is the best of so many.
const TRIES: usize = 3;

/// So many M/M/1 queues at a load of 0.8 that have nothing to do with one another.
fn independent(queues: usize) -> Scenario {
    let mut scenario = Scenario::mgc(80.0, Law::exponential(0.01), 1);
    for q in 1..queues {
        scenario.producers.push(Producer::poisson(&format!("p{q}"), q, 80.0));
        scenario.queues.push(Queue { name: format!("q{q}"), ..Queue::default() });
        scenario.consumers.push(Consumer::group(&format!("c{q}"), q, 1, Law::exponential(0.01)));
    }
    scenario
}

/// So many of them one after the other.
fn chain(queues: usize) -> Scenario {
    let mut scenario = Scenario::mgc(80.0, Law::exponential(0.01), 1);
    for q in 1..queues {
        scenario.queues.push(Queue { name: format!("q{q}"), ..Queue::default() });
        scenario.consumers.push(Consumer::group(&format!("c{q}"), q, 1, Law::exponential(0.01)));
        scenario.consumers[q - 1].to = vec![Route { to: Destination::Queue(q), probability: 1.0 }];
    }
    scenario
}

/// One queue of so many servers at a load of 0.8.
fn servers(count: u32) -> Scenario {
    Scenario::mgc(80.0 * f64::from(count), Law::exponential(0.01), count)
}

/// The least nanoseconds of several tries.
fn best(mut work: impl FnMut()) -> f64 {
    let mut time = || {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64() * 1e9
    };
    (0..TRIES).map(|_| time()).fold(f64::INFINITY, f64::min)
}

/// Nanoseconds a message of a whole simulation.
fn simulation(mut scenario: Scenario) -> f64 {
    scenario.simulation.length = Length::Messages(MESSAGES);
    scenario.simulation.replications = REPLICATIONS;
    scenario.simulation.warmup = Warmup::Messages(10_000);
    let all = f64::from(REPLICATIONS) * (MESSAGES + 10_000) as f64;
    best(|| drop(black_box(study::run(&scenario, &[Method::Simulation], &NoProgress)))) / all
}

/// Nanoseconds a message of the event engine alone.
fn events(mut scenario: Scenario) -> f64 {
    scenario.queues[0].discipline = Discipline::Lifo;
    let play = || {
        let plan = scenario.plan(1, 0).expect("a plan");
        let mut network = Network::new(&scenario, plan, Key::new(1, 0), None).expect("a network");
        black_box(network.advance(MESSAGES, &mut Forget));
    };
    best(play) / MESSAGES as f64
}

/// Nanoseconds of an event that plans its successor while so many others wait.
fn pending(events: u64) -> f64 {
    let key = Key::new(1, 0);
    let mut calendar = Calendar::default();
    for i in 0..events {
        calendar.plan(key.bits_at(i, 0) >> 34, i, ());
    }
    let mut order = events;
    best(|| {
        for _ in 0..MESSAGES {
            let (at, ()) = calendar.pop().expect("as many as were planned");
            order += 1;
            calendar.plan(at + (key.bits_at(order, 0) >> 34), order, ());
        }
    }) / MESSAGES as f64
}

fn main() {
    // Beside other tests, `cargo test` asks every bench whether it runs.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("the first pool");
    let one = simulation(independent(1));
    println!("M/M/1 queues that are independent: ns a message, and beside one of them");
    println!("{:>8} {one:>10.1}", 1);
    for queues in [10, 100, 1000] {
        let each = simulation(independent(queues));
        println!("{queues:>8} {each:>10.1} {:>8.1}", each / one);
    }
    println!("M/M/1 queues in a chain: ns a visit, and beside one");
    for queues in [3, 30] {
        let each = simulation(chain(queues)) / queues as f64;
        println!("{queues:>8} {each:>10.1} {:>8.1}", each / one);
    }
    println!("Servers of one queue: ns a message by recursion, and by events alone");
    for count in [1, 100, 10_000, 100_000] {
        println!("{count:>8} {:>10.1} {:>10.1}", simulation(servers(count)), events(servers(count)));
    }
    println!("Pending events: ns for one that plans its successor, the draw included");
    for count in [100, 1000, 10_000, 100_000, 1_000_000] {
        println!("{count:>8} {:>10.1}", pending(count));
    }
}
