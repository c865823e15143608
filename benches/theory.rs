//! What an answer of theory costs, percentiles and the tabulated law of the latency included: `cargo bench
//! --bench theory`.

use criterion::{Criterion, criterion_group, criterion_main};
use queuelab::scenario::{
    Arrivals, Batch, Batching, Complete, Consumer, Deliver, Destination, Discipline, Outages, Overflow,
    Preemption, Producer, Queue, RetryDelay, Route, Scenario, Servers, Step, Topic,
};
use queuelab::theory;
use queuelab::workload::laws::Law;
use std::hint::black_box;
use std::time::Duration;

type Family = (&'static str, Scenario);

fn with(mut scenario: Scenario, change: impl FnOnce(&mut Scenario)) -> Scenario {
    change(&mut scenario);
    scenario
}

fn plain(law: Law) -> Scenario {
    Scenario::mgc(0.8, law, 1)
}

fn exponential(rate: f64, servers: u32) -> Scenario {
    Scenario::mgc(rate, Law::exponential(1.0), servers)
}

fn renewal(scenario: Scenario, gap: Law) -> Scenario {
    with(scenario, |s| s.producers[0].arrivals = Arrivals::Renewal { gap })
}

fn ordered(scenario: Scenario, discipline: Discipline, preemption: Preemption) -> Scenario {
    with(scenario, |s| (s.queues[0].discipline, s.queues[0].preemption) = (discipline, preemption))
}

/// Three classes of a law with one server or several, all at a load of 0.8.
fn classes(law: Law, servers: u32, preemption: Preemption) -> Scenario {
    let rate = 0.8 * f64::from(servers) / 3.0;
    let scenario = ordered(Scenario::mgc(rate, law, servers), Discipline::Priority, preemption);
    with(scenario, |s| {
        s.producers = (0..3)
            .map(|k| Producer { priority: -k, ..Producer::poisson(&format!("class{k}"), 0, rate) })
            .collect();
    })
}

/// Queues with one exponential server each, in a row.
fn row(rate: f64, queues: usize) -> Scenario {
    with(exponential(rate, 1), |s| {
        for i in 1..queues {
            s.queues.push(Queue { name: format!("queue{i}"), ..Queue::default() });
            s.consumers.push(Consumer::group(&format!("stage{i}"), i, 1, Law::exponential(1.0)));
            s.consumers[i - 1].to = vec![Route { to: Destination::Queue(i), probability: 1.0 }];
        }
    })
}

/// A topic in front of queues with one exponential server each.
fn fanned(rate: f64, queues: usize, deliver: Deliver, complete_when: Complete) -> Scenario {
    with(row(rate, queues), |s| {
        s.consumers.iter_mut().for_each(|c| c.to.clear());
        s.topics.push(Topic {
            name: "topic".into(),
            subscriptions: (0..queues).collect(),
            deliver,
            complete_when,
        });
        s.producers[0].to = Destination::Topic(0);
    })
}

fn clients(scenario: Scenario, concurrency: u32, think: f64) -> Scenario {
    with(scenario, |s| {
        s.producers[0].arrivals = Arrivals::Closed { concurrency, think_time: Law::exponential(think) }
    })
}

fn one_server() -> Vec<Family> {
    let (lognormal, weibull, pareto) =
        (Law::lognormal(1.0, 2.0), Law::weibull(1.0, 0.6), Law::pareto(1.0, 2.5));
    let fixed = with(exponential(0.8, 1), |s| s.producers[0].batch = Batch::Fixed(4));
    let taken = with(exponential(3.0, 1), |s| s.consumers[0].batch = Some(Batching { max: 5, linger: 0.0 }));
    vec![
        ("M/M/1", exponential(0.8, 1)),
        ("M/D/1", plain(Law::deterministic(1.0))),
        ("M/E4/1", plain(Law::erlang(1.0, 4))),
        ("M/H2/1", plain(Law::hyperexponential(1.0, 4.0))),
        ("M/Gamma/1", plain(Law::gamma(1.0, 3.0))),
        ("M/U/1", plain(Law::uniform(0.5, 1.5))),
        ("M/LN/1", plain(lognormal.clone())),
        ("M/LN/1, scv 100", plain(Law::lognormal(1.0, 100.0))),
        ("M/Pareto/1", plain(pareto.clone())),
        ("M/Weibull/1", plain(weibull.clone())),
        ("LN/M/1", renewal(exponential(0.8, 1), Law::lognormal(1.25, 2.0))),
        ("E2/E2/1", renewal(plain(Law::erlang(1.0, 2)), Law::erlang(1.25, 2))),
        ("M^4/M/1", fixed),
        ("M/M^[1,5]/1", taken),
        ("M/LN/1-LIFO", ordered(plain(lognormal.clone()), Discipline::Lifo, Preemption::None)),
        ("M/LN/1-LIFO, resume", ordered(plain(lognormal.clone()), Discipline::Lifo, Preemption::Resume)),
        ("M/M/1-SIRO", ordered(exponential(0.8, 1), Discipline::Random, Preemption::None)),
        ("M/M/1-PS", ordered(exponential(0.8, 1), Discipline::ProcessorSharing, Preemption::None)),
        ("M/LN/1-SJF", ordered(plain(lognormal.clone()), Discipline::Shortest, Preemption::None)),
        ("M/LN/1-SRPT", ordered(plain(lognormal.clone()), Discipline::Shortest, Preemption::Resume)),
        ("M/M/1-PRIO", classes(Law::exponential(1.0), 1, Preemption::None)),
        ("M/LN/1-PRIO", classes(lognormal.clone(), 1, Preemption::None)),
        ("M/LN/1-PRIO, resume", classes(lognormal, 1, Preemption::Resume)),
        ("M/Weibull/1-PRIO", classes(weibull, 1, Preemption::None)),
        ("M/Pareto/1-PRIO", classes(pareto, 1, Preemption::None)),
    ]
}

fn several_servers() -> Vec<Family> {
    let bursty = with(exponential(2.4, 3), |s| {
        s.producers[0].arrivals = Arrivals::Mmpp { rates: vec![1.5, 6.0], dwell: vec![10.0, 2.5] }
    });
    let loss = with(exponential(1000.0, 1000), |s| s.queues[0].max_length = Some(0));
    let bounded = with(exponential(12.0, 10), |s| s.queues[0].max_length = Some(40));
    let dropping = with(exponential(12.0, 10), |s| {
        (s.queues[0].max_length, s.queues[0].overflow) = (Some(40), Overflow::DropHead);
    });
    let unlimited =
        with(Scenario::mgc(50.0, Law::lognormal(1.0, 2.0), 1), |s| s.consumers[0].count = Servers::Unlimited);
    vec![
        ("M/LN/∞", unlimited),
        ("M/M/200", exponential(198.0, 200)),
        ("M/M/1000000", exponential(999_000.0, 1_000_000)),
        ("M/M/1000/1000", loss),
        ("M/M/10/50", bounded),
        ("M/M/10/50, oldest dropped", dropping),
        ("M/D/50", Scenario::mgc(45.0, Law::deterministic(1.0), 50)),
        ("LN/M/8", renewal(exponential(7.0, 8), Law::lognormal(1.0 / 7.0, 2.0))),
        ("M/E3/6", Scenario::mgc(5.0, Law::erlang(1.0, 3), 6)),
        ("M/H2/20", Scenario::mgc(18.0, Law::hyperexponential(1.0, 4.0), 20)),
        (
            "H2/H2/3",
            renewal(
                Scenario::mgc(2.55, Law::hyperexponential(1.0, 4.0), 3),
                Law::hyperexponential(1.0 / 2.55, 4.0),
            ),
        ),
        ("MMPP/M/3", bursty),
        ("M/M/4-PRIO", classes(Law::exponential(1.0), 4, Preemption::None)),
        ("M/M/4-PS", ordered(exponential(3.2, 4), Discipline::ProcessorSharing, Preemption::None)),
        ("M/LN/4 (Allen–Cunneen)", Scenario::mgc(3.2, Law::lognormal(1.0, 2.0), 4)),
    ]
}

fn unreliable() -> Vec<Family> {
    let expiring = |law: Law| with(exponential(12.0, 10), |s| s.queues[0].message_ttl = Some(law));
    let breaking = |scenario: Scenario, only_busy: bool| {
        let (up, down) = (Law::exponential(20.0), Law::exponential(2.0));
        with(scenario, |s| {
            s.consumers[0].outages =
                Some(Outages { up, down, only_busy, together: false, redeliver: !only_busy })
        })
    };
    let failing = |scenario: Scenario| with(scenario, |s| s.consumers[0].failure = 0.1);
    let delay = Some(RetryDelay { min: 1.0, max: 30.0, jitter: true });
    let parts = with(exponential(6.4, 8), |s| s.queues[0].partitions = Some(8));
    vec![
        ("M/M/10+D", expiring(Law::deterministic(0.5))),
        ("M/M/10+LN", expiring(Law::lognormal(0.5, 2.0))),
        ("M/LN/1, breaks while busy", breaking(Scenario::mgc(0.6, Law::lognormal(1.0, 2.0), 1), true)),
        ("M/M/10, breaks", breaking(exponential(8.0, 10), false)),
        ("M/LN/1, retries", failing(Scenario::mgc(0.6, Law::lognormal(1.0, 2.0), 1))),
        ("M/M/4, back-off", with(failing(exponential(3.0, 4)), |s| s.consumers[0].retry_delay = delay)),
        ("8 partitions", parts),
    ]
}

fn networks() -> Vec<Family> {
    let blocking =
        with(row(0.5, 2), |s| (s.queues[1].max_length, s.queues[1].overflow) = (Some(10), Overflow::Block));
    let general = with(row(0.7, 3), |s| s.consumers[0].service_time = Law::lognormal(1.0, 2.0));
    let many = with(
        ordered(clients(exponential(1.0, 1), 30, 20.0), Discipline::ProcessorSharing, Preemption::None),
        |s| {
            let other = Producer { name: "other".into(), ..s.producers[0].clone() };
            s.producers.push(other);
        },
    );
    let burst = with(exponential(0.5, 1), |s| {
        let steps = vec![Step { lasts: 100.0, rate: 1.1 }, Step { lasts: 100.0, rate: 0.5 }];
        s.producers[0].arrivals = Arrivals::Schedule { steps, repeat: false, ramp: false };
    });
    vec![
        ("M/M/4//50", clients(exponential(1.0, 4), 50, 10.0)),
        ("closed, 100 clients, 5 queues", clients(row(1.0, 5), 100, 10.0)),
        ("closed, 2 classes of 30", many),
        ("tandem of 5", row(0.7, 5)),
        ("tandem with blocking", blocking),
        ("3 G/G/1 (QNA)", general),
        ("4 in turn", fanned(3.2, 4, Deliver::RoundRobin, Complete::Each)),
        ("shorter of two", fanned(1.8, 2, Deliver::ShortestQueue, Complete::Each)),
        ("power of two, 100 queues", fanned(80.0, 100, Deliver::PowerOfTwo, Complete::Each)),
        ("fork and join of 2", fanned(0.8, 2, Deliver::All, Complete::All)),
        ("2 of 3 copies", fanned(0.5, 3, Deliver::All, Complete::Some(2))),
        ("M(t)/M/1 over time", burst),
        (
            "fluid",
            with(Scenario::mgc(50.0, Law::lognormal(0.01, 2.0), 1), |s| {
                s.queues[0].initial_backlog = 100_000
            }),
        ),
    ]
}

fn answers(c: &mut Criterion) {
    let mut group = c.benchmark_group("theory");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(20))
        .measurement_time(Duration::from_millis(200));
    for (name, scenario) in [one_server(), several_servers(), unreliable(), networks()].concat() {
        if let Err(none) = theory::answer(&scenario) {
            panic!("{name} has no answer: {}", none.reason);
        }
        group.bench_function(name, |b| b.iter(|| theory::answer(black_box(&scenario)).is_ok()));
    }
    group.finish();
}

criterion_group!(benches, answers);
criterion_main!(benches);
