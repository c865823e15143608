//! Runs that end early or late: by precision alike on any number of threads, by a person with what there is.

use queuelab::answer::{Answer, Caveat, Method, SimulationCaveat};
use queuelab::scenario::{Length, Precision, Scenario};
use queuelab::study::{NoProgress, Watch, run};
use queuelab::workload::laws::Law;
use std::sync::atomic::{AtomicU32, Ordering};

fn m_m_1(rho: f64, messages: u64) -> Scenario {
    let mut scenario = Scenario::mgc(rho, Law::exponential(1.0), 1);
    scenario.simulation.length = Length::Messages(messages);
    scenario
}

#[test]
fn a_precision_is_reached_alike_by_any_number_of_threads() {
    let mut scenario = m_m_1(0.7, 5_000);
    scenario.simulation.precision = Precision::Paths(vec![("total.latency.p99".into(), 0.06)]);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let study = pool.install(|| run(&scenario, &[Method::Simulation], &NoProgress));
        serde_json::to_string(study.answer(Method::Simulation).expect("played")).expect("plain data")
    };
    let one = with(1);
    let replications: u32 =
        one.split(" replications").next().and_then(|s| s.rsplit(' ').next()?.parse().ok()).expect("a number");
    assert!(replications > 30, "it was to be stopped by its precision: {replications} replications");
    assert_eq!(one, with(2));
    assert_eq!(one, with(8));
}

/// Stops a run when it has told of its progress so often.
struct After(u32, AtomicU32);

impl Watch for After {
    fn says(&self, what: &str, _: f64, _: &str) {
        self.1.fetch_add(u32::from(what == "simulation"), Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.1.load(Ordering::Relaxed) >= self.0
    }
}

fn interrupted(scenario: &Scenario, after: u32) -> Result<Answer, String> {
    let study = run(scenario, &[Method::Simulation], &After(after, AtomicU32::new(0)));
    study.answer(Method::Simulation).cloned().ok_or_else(|| study.unanswered[0].reason.to_string())
}

/// One thread plays a replication of 200 000 messages in four parts.
fn alone(scenario: &Scenario, after: u32) -> Result<Answer, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    pool.install(|| interrupted(scenario, after))
}

fn mean(answer: &Answer) -> f64 {
    answer.get("total.latency.mean").and_then(|e| e.value).expect("a mean")
}

#[test]
fn whole_replications_count_when_there_are_enough_of_them() {
    let answer = alone(&m_m_1(0.5, 200_000), 10).expect("two and a half replications");
    assert!(
        answer.caveats.iter().any(|c| c.to_string() == "interrupted: 2 of 10 replications were finished"),
        "{:?}",
        answer.caveats
    );
    // Two replications of 200 000 have a standard error of half a per cent of 2 s.
    assert!((mean(&answer) - 2.0).abs() < 0.1, "{}", mean(&answer));
}

#[test]
fn parts_of_replications_count_when_none_is_whole() {
    let answer = alone(&m_m_1(0.5, 200_000), 2).expect("half a replication");
    assert!(
        answer
            .caveats
            .iter()
            .any(|c| c.to_string().contains("those of 1 replication that was cut short after 131")),
        "{:?}",
        answer.caveats
    );
    assert!((mean(&answer) - 2.0).abs() < 0.1, "{}", mean(&answer));
    assert!(
        !answer.caveats.iter().any(|c| matches!(c, Caveat::Simulation(SimulationCaveat::Broken { .. }))),
        "{:?}",
        answer.caveats
    );
}

#[test]
fn one_long_run_is_told_as_far_as_it_came() {
    let mut scenario = m_m_1(0.5, 640_000);
    scenario.simulation.replications = 1;
    let answer = interrupted(&scenario, 32).expect("half a run");
    assert!(
        answer.caveats.iter().any(|c| c.to_string().contains("the first 50 % of the one replication")),
        "{:?}",
        answer.caveats
    );
    assert!((mean(&answer) - 2.0).abs() < 0.1, "{}", mean(&answer));
    assert!(interrupted(&scenario, 3).is_err_and(|why| why.starts_with("interrupted")));
}
