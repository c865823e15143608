//! What an answer of theory costs, percentiles and the tabulated law of the latency included: `cargo bench --bench theory`.

use criterion::{Criterion, criterion_group, criterion_main};
use queuelab::scenario::{Arrivals, Batch, Discipline, Scenario};
use queuelab::theory;
use queuelab::workload::laws::Law;
use std::hint::black_box;
use std::time::Duration;

fn renewal(mut scenario: Scenario, gap: Law) -> Scenario {
    scenario.producers[0].arrivals = Arrivals::Renewal { gap };
    scenario
}

fn families() -> Vec<(&'static str, Scenario)> {
    let plain = |law: Law| Scenario::mgc(0.8, law, 1);
    let mut bounded = Scenario::mgc(120.0, Law::exponential(0.1), 10);
    bounded.queues[0].max_length = Some(40);
    let mut expiring = Scenario::mgc(12.0, Law::exponential(1.0), 10);
    expiring.queues[0].message_ttl = Some(Law::deterministic(0.5));
    let mut batches = plain(Law::exponential(1.0));
    batches.producers[0].batch = Batch::Fixed(4);
    let mut bursty = Scenario::mgc(2.4, Law::exponential(1.0), 3);
    bursty.producers[0].arrivals = Arrivals::Mmpp { rates: vec![1.5, 6.0], dwell: vec![10.0, 2.5] };
    let mut last = plain(Law::lognormal(1.0, 2.0));
    last.queues[0].discipline = Discipline::Lifo;
    let mut clients = Scenario::mgc(1.0, Law::exponential(1.0), 4);
    clients.producers[0].arrivals = Arrivals::Closed { concurrency: 50, think_time: Law::exponential(10.0) };
    vec![
        ("M/M/1", plain(Law::exponential(1.0))),
        ("M/M/200", Scenario::mgc(1980.0, Law::exponential(0.1), 200)),
        ("M/M/1000000", Scenario::mgc(999_000.0, Law::exponential(1.0), 1_000_000)),
        ("M/M/10/50", bounded),
        ("M/D/1", plain(Law::deterministic(1.0))),
        ("M/D/50", Scenario::mgc(45.0, Law::deterministic(1.0), 50)),
        ("M/E4/1", plain(Law::erlang(1.0, 4))),
        ("M/U/1", plain(Law::uniform(0.5, 1.5))),
        ("M/LN/1", plain(Law::lognormal(1.0, 2.0))),
        ("M/Pareto/1", plain(Law::pareto(1.0, 2.5))),
        ("M/Weibull/1", plain(Law::weibull(1.0, 0.6))),
        ("LN/M/8", renewal(Scenario::mgc(7.0, Law::exponential(1.0), 8), Law::lognormal(1.0 / 7.0, 2.0))),
        ("M/H2/20", Scenario::mgc(18.0, Law::hyperexponential(1.0, 4.0), 20)),
        ("H2/H2/3", renewal(Scenario::mgc(2.55, Law::hyperexponential(1.0, 4.0), 3), Law::hyperexponential(1.0 / 2.55, 4.0))),
        ("MMPP/M/3", bursty),
        ("M^4/M/1", batches),
        ("M/M/10+D", expiring),
        ("M/LN/1-LIFO", last),
        ("M/M/4//50", clients),
    ]
}

fn answers(c: &mut Criterion) {
    let mut group = c.benchmark_group("theory");
    group.sample_size(10).warm_up_time(Duration::from_millis(50)).measurement_time(Duration::from_millis(300));
    for (name, scenario) in families() {
        group.bench_function(name, |b| b.iter(|| theory::answer(black_box(&scenario)).is_ok()));
    }
    group.finish();
}

criterion_group!(benches, answers);
criterion_main!(benches);
