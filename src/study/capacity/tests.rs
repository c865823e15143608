//! The search against Erlang's formula.

mod several;

use super::*;
use crate::scenario::NoFiles;
use crate::study::NoProgress;

fn search(rate: u32, slo: &str, values: &str) -> Capacity {
    let source = scenario::quick(
        &format!("{rate}/s"),
        "exponential(20ms)",
        "1",
        vec!["simulation.messages=200000".into()],
    )
    .objective(slo);
    let values = scenario::values_of(values).expand().expect("a range of whole numbers");
    let search = Search {
        source: &source,
        files: &NoFiles,
        path: "consumers.consumers.count".into(),
        values,
        largest: false,
    };
    search.run(&NoProgress).expect("the scenario is sound")
}

/// Figures of the questions' oracle, from Erlang's C.
#[test]
fn the_smallest_number_of_consumers_is_erlangs() {
    for (rate, expected) in [(100, "3"), (400, "9"), (1000, "21")] {
        let capacity = search(rate, "total.latency.p99 < 200ms", "1..60");
        assert_eq!(capacity.found().map(|p| p.value.as_str()), Some(expected), "{rate}/s");
        assert_eq!(capacity.outcome, ObjectiveStatus::Pass, "{rate}/s");
        assert!(capacity.beyond().is_some_and(|p| p.trial.outcome == ObjectiveStatus::Fail), "{rate}/s");
        assert!(capacity.headroom.is_some_and(|h| h.factor >= 1.0), "{rate}/s");
        assert_eq!(capacity.checks.len(), 2, "{rate}/s");
    }
}

#[test]
fn the_largest_rate_is_searched_downwards() {
    let source = scenario::quick("1/s", "exponential(20ms)", "1", vec!["simulation.messages=200000".into()]);
    let source = source.objective("total.latency.mean < 100ms");
    let values: Vec<String> = (1..=9).map(|i| format!("{}/s", i * 5)).collect();
    let search = Search {
        source: &source,
        files: &NoFiles,
        path: "producers.producer.rate".into(),
        values,
        largest: true,
    };
    let capacity = search.run(&NoProgress).expect("the scenario is sound");
    // W = 1/(50 − λ) is 66.7 ms at 35/s and exactly 100 ms at 40/s, which no simulation could decide.
    assert_eq!(capacity.found().map(|p| p.value.as_str()), Some("35/s"));
    assert_eq!(capacity.outcome, ObjectiveStatus::Pass);
}

#[test]
fn what_no_value_meets_is_said_so() {
    let capacity = search(100, "total.latency.p99 < 20ms", "1..8");
    assert_eq!((capacity.outcome, capacity.found), (ObjectiveStatus::Fail, None));
}

#[test]
fn what_gets_worse_again_is_noticed() {
    let source = scenario::quick("100/s", "exponential(20ms)", "1", vec!["simulation.messages=50000".into()])
        .objective("total.latency.p99 < 200ms")
        .objective("queues.queue.utilization > 30%");
    let values = scenario::values_of("1..40").expand().expect("a range of whole numbers");
    let search = Search {
        source: &source,
        files: &NoFiles,
        path: "consumers.consumers.count".into(),
        values,
        largest: false,
    };
    let capacity = search.run(&NoProgress).expect("the scenario is sound");
    assert_eq!(capacity.found().map(|p| p.value.as_str()), Some("3"));
    let again = |note: &CapacityNote| matches!(note, CapacityNote::FailsAgain { .. });
    assert!(capacity.notes.iter().any(again), "{:?}", capacity.notes);
}

/// Wants it to end when the second value is tried.
#[derive(Default)]
struct AfterOne(std::sync::atomic::AtomicU32);

impl Watch for AfterOne {
    fn says(&self, what: &str, _: f64, _: &str) {
        self.0.fetch_add(u32::from(what == "capacity"), std::sync::atomic::Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Relaxed) > 1
    }
}

/// The first of two neighbours alone proves nothing, and is kept all the same.
#[test]
fn what_was_judged_before_an_interruption_is_kept() {
    let settings = vec!["simulation.messages=20000".into()];
    let source =
        scenario::quick("1000/s", "exponential(20ms)", "1", settings).objective("total.latency.p99 < 200ms");
    let values = scenario::values_of("1..60").expand().expect("a range of whole numbers");
    let search = Search {
        source: &source,
        files: &NoFiles,
        path: "consumers.consumers.count".into(),
        values,
        largest: false,
    };
    let capacity = search.run(&AfterOne::default()).expect("the scenario is sound");
    assert!(
        capacity.interrupted
            && capacity.found().is_none()
            && capacity.outcome == ObjectiveStatus::Inconclusive
    );
    assert_eq!(
        capacity.probes.iter().map(|p| (p.value.as_str(), p.trial.outcome)).collect::<Vec<_>>(),
        [("21", ObjectiveStatus::Pass)]
    );
}

/// 1000 messages and no arrivals: with c servers nobody waits after 1000 − c ends at a rate of c μ, whose sum
/// is Erlang's, of mean (1000 − c) / (c μ) and of a standard deviation of its root(1000 − c)-th part.
fn backlog(slo: &str, service: &str, settings: &str, values: &str) -> Capacity {
    let text = format!(
        "[queues.q]\ninitial_backlog = 1000\n[consumers.c]\nfrom = \"q\"\n\
         service_time = \"{service}\"\n[simulation]\nreplications = 10\n{settings}\n"
    );
    let source = Source::new("test", text).objective(slo);
    let values = scenario::values_of(values).expand().expect("a range of whole numbers");
    let path = "consumers.c.count".into();
    let search = Search { source: &source, files: &NoFiles, path, values, largest: false };
    search.run(&NoProgress).expect("the scenario is sound")
}

#[test]
fn a_backlog_is_gone_by_a_deadline() {
    // (1000 − 5) / 500 is 1.99 s, with 4 servers 2.49 s.
    for slo in ["queues.q.drain_time < 2.2s", "queues.q.drain_time < 2.01s"] {
        let capacity = backlog(slo, "exponential(10ms)", "", "1..20");
        assert_eq!(capacity.found().map(|p| p.value.as_str()), Some("5"), "{slo}");
        assert_eq!(capacity.outcome, ObjectiveStatus::Pass, "{slo}");
        assert!(capacity.beyond().is_some_and(|p| p.trial.outcome == ObjectiveStatus::Fail), "{slo}");
    }
    // 20 ms from the limit ten replications do not tell where theory is a fluid: their half-width is 45 ms.
    let near = backlog("queues.q.drain_time < 2.01s", "gamma(10ms, scv=0.9)", "", "5..20");
    let replications = near.found().and_then(|p| p.trial.answers.last()?.replications);
    assert!(replications.is_some_and(|n| n >= 40), "{replications:?}");
    // With 3 servers it takes 3.3 s, and 2.2 s are played.
    let late = backlog("queues.q.drain_time < 2.2s", "exponential(10ms)", "duration = \"2.2s\"", "1..3");
    assert_eq!((late.outcome, late.found), (ObjectiveStatus::Fail, None));
}
