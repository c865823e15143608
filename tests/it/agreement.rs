//! The methods agree. Theory and simulation: for each model, every metric that both know, by interval.
//!
//! Intervals hold with 99.9 % (two-sided) and about twenty metrics a model are compared, strongly correlated;
//! the seed is fixed, so that a test that passes passes always. A right model fails for one seed in some
//! hundreds.

use queuelab::answer::Method;
use queuelab::scenario::{
    Arrivals, Consumer, Length, NoFiles, Overflow, Producer, Queue, Scenario, Servers, Source, parse,
};
use queuelab::study::{AgreementStatus, NoProgress, run};
use queuelab::workload::laws::{Erlang, Hyperexponential, Law, Lognormal, Uniform};

fn agrees(name: &str, scenario: Scenario) {
    agrees_exactly(name, scenario, true);
}

fn agrees_exactly(name: &str, mut scenario: Scenario, exact: bool) {
    scenario.seed = 20_260;
    scenario.simulation.replications = 20;
    scenario.simulation.length = Length::Messages(400_000);
    let study = run(&scenario, &[Method::Theory, Method::Simulation], &NoProgress);
    assert!(study.unanswered.is_empty(), "{name}: {:?}", study.unanswered);
    let theory = study.answer(Method::Theory).expect("answered");
    assert!(theory.by.contains(name), "{name} was answered by {}", theory.by);
    assert_eq!(theory.exact, exact, "{name}");
    assert!(study.agreement.len() >= 8, "{name}: only {} metrics are compared", study.agreement.len());
    for pair in &study.agreement {
        let of = |method| study.answer(method).and_then(|a| a.get(&pair.metric));
        let (theory, simulated) = (of(Method::Theory), of(Method::Simulation));
        assert_ne!(
            pair.verdict,
            AgreementStatus::Differ,
            "{name}, {}: {theory:?} against {simulated:?}",
            pair.metric
        );
    }
}

fn exponential() -> Law {
    Law::exponential(0.01)
}

fn bounded(rate: f64, servers: u32, room: u64) -> Scenario {
    let queue = Queue { max_length: Some(room), overflow: Overflow::RejectPublish, ..Queue::default() };
    Scenario::single(
        Producer::poisson("web", 0, rate),
        queue,
        Consumer::group("workers", 0, servers, exponential()),
    )
}

fn renewal(gap: Law, rate: f64) -> Scenario {
    let mut scenario = Scenario::mgc(rate, exponential(), 1);
    let mean = gap.mean();
    scenario.producers[0].arrivals = Arrivals::Renewal { gap: gap.scaled(1.0 / rate / mean) };
    scenario
}

#[test]
fn m_m_1() {
    for rate in [50.0, 80.0, 90.0] {
        agrees("M/M/1", Scenario::mgc(rate, exponential(), 1));
    }
}

#[test]
fn m_m_c() {
    agrees("M/M/4", Scenario::mgc(360.0, exponential(), 4));
    agrees("M/M/2", Scenario::mgc(100.0, exponential(), 2));
    agrees("M/M/50", Scenario::mgc(4500.0, exponential(), 50));
}

#[test]
fn m_m_infinity() {
    let mut scenario = Scenario::mgc(1000.0, exponential(), 1);
    scenario.consumers[0].count = Servers::Unlimited;
    agrees("M/M/∞", scenario);
}

#[test]
fn m_m_c_k_below_at_and_above_capacity() {
    for rate in [80.0, 100.0, 150.0] {
        agrees("M/M/1/10", bounded(rate, 1, 9));
    }
    agrees("M/M/4/20", bounded(390.0, 4, 16));
}

#[test]
fn m_m_c_c_loses_what_finds_no_server() {
    agrees("M/M/5/5", bounded(450.0, 5, 0));
}

#[test]
fn m_d_1() {
    agrees("M/D/1", Scenario::mgc(80.0, Law::deterministic(0.01), 1));
}

#[test]
fn m_g_1_with_light_and_heavy_services() {
    agrees("M/E4/1", Scenario::mgc(80.0, Law::Erlang(Erlang { k: 4, mean: 0.01 }), 1));
    agrees("M/U/1", Scenario::mgc(70.0, Law::Uniform(Uniform { min: 0.0, max: 0.02 }), 1));
    agrees("M/H2/1", Scenario::mgc(60.0, Law::Hyperexponential(Hyperexponential::balanced(0.01, 4.0)), 1));
    agrees("M/LN/1", Scenario::mgc(60.0, Law::Lognormal(Lognormal { mean: 0.01, scv: 2.0 }), 1));
}

#[test]
fn g_m_1() {
    agrees("E2/M/1", renewal(Law::Erlang(Erlang { k: 2, mean: 1.0 }), 80.0));
    agrees("H2/M/1", renewal(Law::Hyperexponential(Hyperexponential::balanced(1.0, 4.0)), 60.0));
}

#[test]
fn d_m_1_periodic_sends() {
    let mut scenario = Scenario::mgc(80.0, exponential(), 1);
    scenario.producers[0].arrivals = Arrivals::Periodic;
    agrees("D/M/1", scenario);
}

#[test]
fn several_producers_superpose() {
    let mut scenario = Scenario::mgc(200.0, exponential(), 4);
    scenario.producers.push(Producer::poisson("batch", 0, 100.0));
    agrees("M/M/4", scenario);
}

#[test]
fn a_sender_that_waits_for_room_loses_nothing() {
    let mut scenario = bounded(80.0, 1, 5);
    scenario.queues[0].overflow = Overflow::Block;
    let study = run(&scenario, &[Method::Simulation], &NoProgress);
    let loss = study.answer(Method::Simulation).and_then(|a| a.get("total.loss")).and_then(|e| e.value);
    assert_eq!(loss, Some(0.0));
}

/// The scenarios of `scenarios/agreement`, for a moment and ten times faster: nobody is lost, and there are
/// all three answers. How near they come to one another takes an idle machine: `benches/agreement.py`.
#[test]
fn what_is_measured_for_agreement_can_be_measured_and_adds_up() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/agreement");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() >= 12);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a scenario");
        let source = Source::new(file.display().to_string(), text);
        let source = source.with("measurement.duration", "250ms").with("measurement.speed", "10");
        let scenario =
            parse(&source, &NoFiles).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario;
        let study = run(&scenario, &[Method::Measurement], &NoProgress);
        assert!(study.unanswered.is_empty(), "{}: {:?}", file.display(), study.unanswered);
        for method in [Method::Rehearsal, Method::Measurement, Method::Replay] {
            let latency =
                study.answer(method).and_then(|a| a.get("total.latency.mean")).and_then(|e| e.value);
            assert!(latency.is_some_and(|mean| mean > 0.0), "{}: {method:?}", file.display());
        }
        let measured = study.answer(Method::Measurement).expect("answered");
        for gate in &measured.gates {
            let counts = ["lost", "duplicated", "disordered", "unsettled"].contains(&&*gate.name);
            assert!(!counts || gate.value == 0.0, "{}: {gate:?}", file.display());
        }
    }
}
