//! What a simulated message costs, beside hand-written loops that do the least that could give the same
//! numbers.
//!
//! Every floor is measured in the same run, so that ratios hold on any machine: `cargo bench --bench engine`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hdrhistogram::Histogram;
use queuelab::scenario::Scenario;
use queuelab::sim::{Engine, FifoStation, LevelSampler, Recursion};
use queuelab::stats::{Collector, Places};
use queuelab::workload::laws::Law;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, Exp1};
use std::hint::black_box;
use std::time::Duration;

/// Messages of one measured run.
const MESSAGES: u64 = 1 << 20;

fn exponential(rng: &mut impl Rng) -> f64 {
    Exp1.sample(rng)
}

/// Lindley's recursion in floating point with the mean alone: nothing simulates an M/M/1 queue with less.
fn lindley(keep: &mut impl FnMut(f64)) -> f64 {
    let mut rng = SmallRng::seed_from_u64(1);
    let (mut wait, mut sum) = (0.0_f64, 0.0);
    for _ in 0..MESSAGES {
        let service = exponential(&mut rng);
        sum += wait;
        keep(wait + service);
        wait = (wait + service - exponential(&mut rng) / 0.9).max(0.0);
    }
    sum
}

/// Kiefer–Wolfowitz for four servers in a sorted array.
fn kiefer_wolfowitz(keep: &mut impl FnMut(f64)) -> f64 {
    let mut rng = SmallRng::seed_from_u64(1);
    let (mut free, mut now, mut sum) = ([0.0_f64; 4], 0.0, 0.0);
    for _ in 0..MESSAGES {
        now += exponential(&mut rng) / 3.6;
        let start = free[0].max(now);
        let end = start + exponential(&mut rng);
        sum += start - now;
        keep(end - now);
        let mut carried = end;
        for k in 1..4 {
            let (low, high) = (carried.min(free[k]), carried.max(free[k]));
            (free[k - 1], carried) = (low, high);
        }
        free[3] = carried;
    }
    sum
}

/// A histogram that is an array indexed by the upper bits of the number: 128 buckets an octave.
fn buckets() -> (Vec<u64>, impl Fn(&mut Vec<u64>, f64)) {
    const LOW: u64 = (1023 - 30) << 7;
    (vec![0; 64 << 7], |counts, x| {
        counts[((x.to_bits() >> 45).saturating_sub(LOW) as usize).min((64 << 7) - 1)] += 1
    })
}

fn whole(scenario: &Scenario, places: &Places) -> Collector {
    let station = FifoStation::of(scenario).expect("one FIFO queue");
    let plan = scenario.plan(1, 0).expect("a plan");
    let every = (64.0 / scenario.producers[0].rate * 1e9) as u64;
    let mut engine =
        Recursion::new(&station, plan, Some(LevelSampler::new(every, queuelab::rng::Key::new(1, 0))));
    let mut collector = Collector::new(places, 0..MESSAGES);
    engine.advance(MESSAGES, &mut collector);
    black_box(engine.totals());
    collector
}

fn bench(criterion: &mut Criterion) {
    for (name, servers) in [("M/M/1 rho 0.9", 1), ("M/M/4 rho 0.9", 4)] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(MESSAGES)).sample_size(20);
        group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
        group.bench_function("floor: mean alone", |b| {
            b.iter(|| if servers == 1 { lindley(&mut |_| ()) } else { kiefer_wolfowitz(&mut |_| ()) });
        });
        group.bench_function("floor: bare array histogram", |b| {
            let (mut counts, record) = buckets();
            b.iter(|| {
                if servers == 1 {
                    lindley(&mut |x| record(&mut counts, x))
                } else {
                    kiefer_wolfowitz(&mut |x| record(&mut counts, x))
                }
            });
        });
        group.bench_function("floor: HdrHistogram", |b| {
            let mut hdr = Histogram::<u64>::new_with_bounds(1, 1 << 40, 3).expect("valid bounds");
            let mut record = |x: f64| hdr.record((x * 1e6) as u64 + 1).expect("in range");
            b.iter(|| if servers == 1 { lindley(&mut record) } else { kiefer_wolfowitz(&mut record) });
        });
        let scenario = Scenario::mgc(0.9 * f64::from(servers) * 1000.0, Law::exponential(0.001), servers);
        let places = Places::of_one_queue(&["web"], "jobs", &[("workers", Some(servers))]);
        group.bench_function("queuelab: every wait, latency and service", |b| {
            b.iter(|| whole(&scenario, &places))
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
