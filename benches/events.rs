//! What a message costs in the event engine, all features compiled in and every statistic recorded, beside
//! the engine alone and beside hand-written event loops that do the least: two draws a message and a mean, on
//! the standard library's heap.
//!
//! `cargo bench --bench events`. The floors are measured in the same run, so that ratios hold on any machine.
//! Single queues and the tandem are played by recursion elsewhere; here they are forced through events, and
//! the tandem's recursion stands beside.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use queuelab::message::{Forget, Recorder};
use queuelab::rng::Key;
use queuelab::scenario::{Consumer, Destination, Discipline, Producer, Queue, Route, Scenario};
use queuelab::sim::{Calendar, Chain, Engine, LevelSampler, Network};
use queuelab::stats::{Collector, ConsumerPlace, Places, QueuePlace};
use queuelab::workload::laws::Law;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand_distr::{Distribution, Exp1};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hint::black_box;
use std::time::Duration;

/// Messages of one measured run.
const MESSAGES: u64 = 1 << 19;

fn priorities() -> Scenario {
    let mut scenario = Scenario::mgc(450.0, Law::exponential(0.001), 1);
    scenario.queues[0].discipline = Discipline::Priority;
    let other = Producer { priority: 1, ..Producer::poisson("urgent", 0, 450.0) };
    scenario.producers.push(other);
    scenario
}

fn tandem() -> Scenario {
    let mut scenario = Scenario::mgc(700.0, Law::exponential(0.001), 1);
    for stage in 1..3 {
        scenario.queues.push(Queue { name: format!("queue{stage}"), ..Queue::default() });
        scenario.consumers.push(Consumer::group(
            &format!("consumers{stage}"),
            stage,
            1,
            Law::exponential(0.001),
        ));
        scenario.consumers[stage - 1].to = vec![Route { to: Destination::Queue(stage), probability: 1.0 }];
    }
    scenario
}

fn places(scenario: &Scenario) -> Places {
    let consumer = |c: &Consumer| ConsumerPlace {
        name: c.name.clone(),
        queue: c.from,
        plain: true,
        ..ConsumerPlace::default()
    };
    Places {
        producers: scenario.producers.iter().map(|p| p.name.clone()).collect(),
        alone: vec![None; scenario.producers.len()],
        watched: vec![true; scenario.queues.len()],
        queues: scenario
            .queues
            .iter()
            .map(|q| QueuePlace { name: q.name.clone(), ..QueuePlace::default() })
            .collect(),
        consumers: scenario.consumers.iter().map(consumer).collect(),
        at_once: 0,
        asked: Vec::new(),
    }
}

fn sampler(scenario: &Scenario) -> LevelSampler {
    let rate: f64 = scenario.producers.iter().map(|p| p.rate).sum();
    LevelSampler::new((64.0 / rate * 1e9) as u64, Key::new(1, 0))
}

/// An event loop by hand: stations in line with so many servers each, first in, first out, exponential; the
/// mean latency alone.
fn by_hand(rate: f64, servers: &[u32]) -> f64 {
    let mut rng = SmallRng::seed_from_u64(1);
    let mut exponential =
        move |mean: f64| -> u64 { (mean * 1e9 * Distribution::<f64>::sample(&Exp1, &mut rng)) as u64 };
    let mut idle = servers.to_vec();
    let mut lines: Vec<VecDeque<u64>> = vec![VecDeque::new(); servers.len()];
    // When, at which station a message is done (0 for an arrival from outside, then 1, 2, …), and when that
    // message came.
    let mut calendar = BinaryHeap::from([Reverse((exponential(1.0 / rate), 0, 0))]);
    let (mut sum, mut arrivals) = (0.0, 0);
    while let Some(Reverse((now, done, came))) = calendar.pop() {
        let mut came = came;
        if done == 0 {
            arrivals += 1;
            if arrivals < MESSAGES {
                calendar.push(Reverse((now + exponential(1.0 / rate), 0, 0)));
            }
            came = now;
        } else if let Some(next) = lines[done - 1].pop_front() {
            calendar.push(Reverse((now + exponential(0.001), done, next)));
        } else {
            idle[done - 1] += 1;
        }
        if done == servers.len() {
            sum += (now - came) as f64;
        } else if idle[done] > 0 {
            idle[done] -= 1;
            calendar.push(Reverse((now + exponential(0.001), done + 1, came)));
        } else {
            lines[done].push_back(came);
        }
    }
    sum
}

fn play(scenario: &Scenario, recorder: &mut impl Recorder) {
    let plan = scenario.plan(1, 0).expect("a plan");
    let sampler = sampler(scenario);
    let mut network = Network::new(scenario, plan, Key::new(1, 0), Some(sampler)).expect("a network");
    network.advance(MESSAGES, recorder);
    black_box(network.totals());
}

fn by_recursion(scenario: &Scenario, recorder: &mut impl Recorder) {
    let plan = scenario.plan(1, 0).expect("a plan");
    let mut chain = Chain::new(scenario, plan, Key::new(1, 0), Some(sampler(scenario))).expect("a chain");
    chain.advance(MESSAGES, recorder);
    black_box(chain.totals());
}

fn engine(criterion: &mut Criterion) {
    let scenarios = [
        ("M/M/1 rho 0.9", Scenario::mgc(900.0, Law::exponential(0.001), 1)),
        ("M/M/4 rho 0.9", Scenario::mgc(3600.0, Law::exponential(0.001), 4)),
        ("two priorities rho 0.9", priorities()),
        ("tandem of three rho 0.7", tandem()),
    ];
    let mut group = criterion.benchmark_group("events");
    group.throughput(Throughput::Elements(MESSAGES)).sample_size(10);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for (name, rate, servers) in [
        ("M/M/1 rho 0.9", 900.0, &[1][..]),
        ("M/M/4 rho 0.9", 3600.0, &[4]),
        ("tandem of three rho 0.7", 700.0, &[1, 1, 1]),
    ] {
        group.bench_function(format!("{name}: floor, by hand"), |b| b.iter(|| by_hand(rate, servers)));
    }
    let tandem = tandem();
    let places_of_tandem = places(&tandem);
    group.bench_function("tandem of three rho 0.7: recursion, every statistic", |b| {
        b.iter(|| {
            let mut collector = Collector::new(&places_of_tandem, 0..u64::MAX);
            by_recursion(&tandem, &mut collector);
            collector
        });
    });
    for (name, scenario) in &scenarios {
        group.bench_function(format!("{name}: engine alone"), |b| b.iter(|| play(scenario, &mut Forget)));
        let places = places(scenario);
        group.bench_function(format!("{name}: every statistic"), |b| {
            b.iter(|| {
                let mut collector = Collector::new(&places, 0..u64::MAX);
                play(scenario, &mut collector);
                collector
            });
        });
    }
    group.finish();
}

/// Hold: take the next event, plan another. A heap that collapses shows here.
fn calendar(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("calendar, one event taken and one planned");
    group.throughput(Throughput::Elements(MESSAGES)).sample_size(10);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for pending in [1_u64, 100, 10_000, 1_000_000] {
        let key = Key::new(1, 0);
        let mut calendar = Calendar::default();
        (0..pending).for_each(|i| calendar.plan(key.bits_at(i, 0) >> 24, i, i as u32));
        let mut i = 0;
        group.bench_function(format!("{pending} pending"), |b| {
            b.iter(|| {
                for _ in 0..MESSAGES {
                    let (at, event) = calendar.pop().expect("as many as were planned");
                    i += 1;
                    calendar.plan(at + (key.bits_at(i, 1) >> 24), i, event);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, engine, calendar);
criterion_main!(benches);
