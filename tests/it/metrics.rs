//! Every metric of the registry is answered by every method that can know it.

use queuelab::answer::{Caveat, METRICS, Method, MetricPlace, SimulationCaveat, path};
use queuelab::scenario::{
    Batching, Consumer, Destination, Discipline, Length, Outages, Preemption, Producer, Queue, Route,
    Scenario,
};
use queuelab::study::{NoProgress, Study, run};
use queuelab::workload::laws::Law;

/// Two producers, whose sends take time, and two servers.
fn queue() -> Scenario {
    let mut scenario =
        Scenario::single(Producer::poisson("web", 0, 1600.0), Queue::default(), workers("workers", 0));
    scenario.producers.push(Producer::poisson("batch", 0, 1400.0));
    scenario.producers[0].send_time = Law::deterministic(20e-6);
    scenario
}

fn workers(name: &str, queue: usize) -> Consumer {
    Consumer::group(name, queue, 2, Law::exponential(300e-6))
}

/// The paths that an answer lacks, of all that the registry has for the scenario's places but what `unknown`
/// says.
fn missing(study: &Study, method: Method, unknown: impl Fn(&str) -> bool) -> Vec<String> {
    let answer = study.answer(method).unwrap_or_else(|| panic!("{method:?}: {:?}", study.unanswered));
    let scenario = &study.scenario;
    let mut out = Vec::new();
    for metric in METRICS {
        let places: Vec<String> = match metric.place {
            MetricPlace::Queue => scenario.queues.iter().map(|q| format!("queues.{}", q.name)).collect(),
            MetricPlace::Consumer => {
                scenario.consumers.iter().map(|c| format!("consumers.{}", c.name)).collect()
            }
            MetricPlace::Producer => scenario
                .producers
                .iter()
                .map(|p| format!("producers.{}", p.name))
                .chain(["total".into()])
                .collect(),
        };
        for place in places {
            let paths = metric
                .statistics
                .names()
                .iter()
                .map(|statistic| path(&place, metric.quantity.name(), statistic));
            out.extend(paths.filter(|path| !answer.metrics.contains_key(path) && !unknown(path)));
        }
    }
    out
}

/// Nothing is overloaded and drains, nobody has to wait for room, there is no dead-letter queue, no broker,
/// and the number of servers stays.
fn never(path: &str) -> bool {
    [".age.", ".blocked.", ".hop.", ".turnaround.", ".confirm."]
        .iter()
        .any(|quantity| path.contains(quantity))
        || [".drain_time", ".dead_lettered", ".growth", ".scalings"]
            .iter()
            .any(|quantity| path.ends_with(quantity))
}

#[test]
fn a_simulated_queue_or_network_answers_all() {
    let mut single = queue();
    single.simulation.length = Length::Messages(100_000);
    let mut network = single.clone();
    network.queues.push(Queue { name: "next".into(), ..Queue::default() });
    network.consumers.push(workers("others", 1));
    network.consumers[0].to = vec![Route { to: Destination::Queue(1), probability: 1.0 }];
    for scenario in [single, network] {
        let study = run(&scenario, &[Method::Simulation], &NoProgress);
        assert_eq!(missing(&study, Method::Simulation, never), Vec::<String>::new());
        assert_eq!(study.answer(Method::Simulation).expect("played").caveats, []);
    }
}

/// Until a sleeping server is awake its message waits, and nobody works: what is integrated over time keeps
/// to what messages tell, alone, in batches, and where servers break off. Theory has 0.8 for the first two,
/// whatever a hand-off takes.
#[test]
fn a_hand_off_is_a_wait_and_no_work() {
    let outages = Outages {
        up: Law::exponential(0.02),
        down: Law::exponential(0.002),
        only_busy: false,
        together: false,
        redeliver: true,
    };
    let urgent = Producer { priority: 1, ..Producer::poisson("urgent", 0, 200.0) };
    let changes: [&dyn Fn(&mut Scenario); 4] = [
        &|_| {},
        &|s| s.consumers[0].batch = Some(Batching { max: 1, linger: 0.0 }),
        &|s| s.consumers[0].outages = Some(outages.clone()),
        &|s| {
            (s.queues[0].discipline, s.queues[0].preemption) = (Discipline::Priority, Preemption::Resume);
            s.producers[0].rate = 600.0;
            s.producers.push(urgent.clone());
        },
    ];
    for (case, change) in changes.iter().enumerate() {
        let mut scenario = Scenario::mgc(800.0, Law::exponential(0.004), 4);
        (scenario.simulation.length, scenario.simulation.replications) = (Length::Messages(100_000), 4);
        scenario.simulation.overheads.hand_off = Law::deterministic(500e-6);
        change(&mut scenario);
        let study = run(&scenario, &[Method::Simulation], &NoProgress);
        let answer =
            study.answer(Method::Simulation).unwrap_or_else(|| panic!("{case}: {:?}", study.unanswered));
        // What an outage breaks off is delivered again, and each server has outages of its own, which is
        // said.
        let said = |c: &&Caveat| {
            use SimulationCaveat::RedeliveredWork;
            matches!(c, Caveat::Scenario(_) | Caveat::Simulation(RedeliveredWork { .. }))
        };
        let caveats: Vec<&Caveat> = answer.caveats.iter().filter(|c| !said(c)).collect();
        assert!(caveats.is_empty(), "{case}: {caveats:?}");
        let figure =
            |path: &str| answer.get(path).and_then(|e| e.value).unwrap_or_else(|| panic!("{case}: {path}"));
        let throughput = figure("queues.queue.throughput");
        if case < 2 {
            let law = throughput * figure("consumers.consumers.service.mean") / 4.0;
            assert!((figure("queues.queue.utilization") / law - 1.0).abs() < 0.002, "{case}: {law}");
            assert!((figure("queues.queue.utilization") - 0.8).abs() < 0.01, "{case}");
        }
        let (length, wait) = (figure("queues.queue.queue_length.mean"), figure("queues.queue.wait.mean"));
        assert!((length / (throughput * wait) - 1.0).abs() < 0.005, "{case}: {length} {wait}");
    }
}

/// Of a second's few thousand messages too few lie beyond p99.9.
#[test]
fn a_measurement_its_rehearsal_and_its_replay_answer_all() {
    let mut scenario = queue();
    scenario.measurement.duration = 1.0;
    let study = run(&scenario, &[Method::Measurement], &NoProgress);
    for method in [Method::Rehearsal, Method::Measurement, Method::Replay] {
        assert_eq!(
            missing(&study, method, |path| never(path) || path.ends_with(".p999")),
            Vec::<String>::new(),
            "{method:?}"
        );
    }
}
