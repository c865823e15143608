use super::*;
use crate::report::fixtures;

#[test]
fn one_queue_is_one_section() {
    let sections = sections(&fixtures::five_methods());
    assert_eq!(sections.len(), 1);
    let words: Vec<&str> = sections[0].rows.iter().map(|r| r.words).collect();
    assert!(words.contains(&"wait, mean") && words.contains(&"latency, p99.9"), "{words:?}");
    assert!(sections[0].rows.iter().all(|r| r.cells.len() == 5));
}

#[test]
fn rows_of_one_quantity_share_a_unit() {
    let mut study = fixtures::bare();
    let mut answer = Answer::new(Method::Theory, "M/M/1");
    for (statistic, value) in [("mean", 0.0004), ("p50", 0.0003), ("p99", 0.002), ("p999", 0.003)] {
        answer.set("total", "latency", statistic, Estimate::exact(value));
    }
    study.answers.push(answer);
    let units: Vec<&str> = sections(&study)[0].rows.iter().map(|r| r.scale.unit).collect();
    assert_eq!(units, ["µs"; 4]);
}

#[test]
fn measured_times_near_the_timers_resolution_are_marked() {
    let mut study = fixtures::bare();
    for method in [Method::Simulation, Method::Measurement] {
        let mut answer = Answer::new(method, "test");
        answer.set("total", "latency", "p50", Estimate::exact(3e-6));
        answer.set("total", "latency", "p99", Estimate::exact(30e-6));
        study.answers.push(answer);
    }
    let written: Vec<String> =
        sections(&study)[0].rows.iter().flat_map(|r| r.written().map(|cell| cell.0)).collect();
    assert_eq!(written, ["3.00", "~3.00", "30.0", "30.0"]);
    assert!(crate::report::words::faint(&study).is_some_and(|said| said.contains("500 ns")));
}

#[test]
fn many_differences_of_a_pair_are_one_sentence() {
    let mut study = fixtures::bare();
    let (mut replay, mut measured) =
        (Answer::new(Method::Replay, "test"), Answer::new(Method::Measurement, "test"));
    for (i, statistic) in ["mean", "p50", "p90", "p95", "p99"].into_iter().enumerate() {
        replay.set("total", "wait", statistic, Estimate::exact(if i == 0 { 3e-9 } else { 0.01 }));
        measured.set(
            "total",
            "wait",
            statistic,
            Estimate::exact(if i == 0 { 49e-6 } else { 0.01 + 0.001 * i as f64 }),
        );
    }
    study.answers = vec![measured, replay];
    let found = |statistic: &str, difference: f64| Agreement {
        metric: format!("total.wait.{statistic}"),
        a: Method::Replay,
        b: Method::Measurement,
        verdict: AgreementStatus::Differ,
        difference: Some(difference),
    };
    study.agreement = vec![
        found("mean", 16_368.0),
        found("p50", 0.1),
        found("p90", 0.2),
        found("p95", 0.3),
        found("p99", 0.4),
    ];
    let worst = "total.wait.p99 by +40 %, total.wait.p95 by +30 %, total.wait.p90 by +20 %";
    assert_eq!(
        disagreements(&study),
        [format!("measurement differs from replay in 5 of 5 metrics: {worst}, and 2 more")]
    );
    // The only queue's wait is the wait of all.
    study.agreement.push(Agreement { metric: "queues.q.wait.p99".into(), ..found("p99", 0.4) });
    assert_eq!(
        disagreements(&study),
        [format!("measurement differs from replay in 6 of 6 metrics: {worst}, and 3 more")]
    );
    study.agreement.truncate(2);
    assert!(
        disagreements(&study)[0].ends_with("total.wait.p50 by +10 %, total.wait.mean by +49.0 µs"),
        "{:?}",
        disagreements(&study)
    );
}

#[test]
fn what_no_message_told_is_not_zero() {
    let mut study = fixtures::bare();
    let mut answer = Answer::new(Method::Measurement, "in-process");
    answer.set("total", "latency", "mean", Estimate::exact(0.0));
    study.answers.push(answer);
    let cells = |study: &Study| {
        sections(study).iter().flat_map(|s| &s.rows).flat_map(|r| r.cells.clone()).flatten().count()
    };
    assert_eq!(cells(&study), 1);
    study.answers[0].latency = Some(Distribution::Histogram(fixtures::counted(1.0, 0)));
    assert_eq!(cells(&study), 0);
}

#[test]
fn several_places_are_grouped() {
    let titles: Vec<String> = sections(&fixtures::network()).into_iter().map(|s| s.title).collect();
    assert_eq!(titles, ["all messages", "queue orders", "queue shipments"]);
}
