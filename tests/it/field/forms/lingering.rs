//! Batches by size or time: N messages, or what has come T after the first.

use super::super::{both, value};
use queuelab::answer::Method;
use queuelab::study::{AgreementStatus, Study};

fn batches(count: &str, batch: &str, service: &str) -> String {
    format!(
        "[producers.web]\nto = \"q\"\nrate = \"1000/s\"\n[queues.q]\n[consumers.writers]\nfrom = \
            \"q\"\ncount = {count}\n\
         batch = {batch}\n{service}\n[simulation]\nmessages = 60_000\n"
    )
}

fn differ(study: &Study) -> Vec<&str> {
    study
        .agreement
        .iter()
        .filter(|a| a.verdict == AgreementStatus::Differ)
        .map(|a| a.metric.as_str())
        .collect()
}

/// With λ = 1000/s, N = 10 and T = 5 ms: K is Poisson of mean 5, a batch has 1 + E\[min(K, 9)\] = 5.9460
/// messages, which wait for E\[J(J + 1)\]/(2λE\[1 + J\]) = 2.8464 ms on average, J = min(K, 9). Summed up by
/// hand.
#[test]
fn ten_messages_or_5_ms_after_the_first() {
    for service in ["\"2ms\"", "\"exponential(2ms)\"", "{ law = \"uniform\", min = \"1ms\", max = \"3ms\" }"]
    {
        let study = both(&batches(
            "\"unlimited\"",
            "{ max = 10, linger = \"5ms\" }",
            &format!("service_time = {service}"),
        ));
        let [theory, simulated] =
            [Method::Theory, Method::Simulation].map(|m| study.answer(m).expect("both answer"));
        assert!(theory.exact, "{:?}", theory.caveats);
        for (path, exact) in [
            ("consumers.writers.batch_size", 5.9460),
            ("queues.q.wait.mean", 2.8464e-3),
            ("queues.q.queue_length.mean", 2.8464),
            ("total.latency.mean", 4.8464e-3),
            ("consumers.writers.busy", 0.33636),
        ] {
            assert!((value(theory, path) / exact - 1.0).abs() < 2e-5, "{path}: {}", value(theory, path));
            assert!(
                (value(simulated, path) / exact - 1.0).abs() < 0.02,
                "{path}: {} by simulation",
                value(simulated, path)
            );
        }
        assert!(differ(&study).is_empty(), "{service}: {:?}", differ(&study));
    }
}

/// Percentiles of the wait and the latency, too; the first of a batch that is not full waits for just the
/// linger.
#[test]
fn percentiles_of_a_wait_for_more() {
    let study = both(&batches(
        "\"unlimited\"",
        "{ max = 4, linger = \"2ms\" }",
        "service_time = \"exponential(1ms)\"",
    ));
    let theory = study.answer(Method::Theory).expect("unlimited");
    assert!((value(theory, "queues.q.wait.p99") - 0.002).abs() < 1e-12);
    assert!(theory.get("total.latency.p99").is_some() && study.agreement.len() > 30);
    assert!(differ(&study).is_empty(), "{:?}", differ(&study));
}

/// Batches that take longer the larger they are have means: a message's batch is larger than a batch.
#[test]
fn batches_that_take_longer_the_larger_they_are() {
    let service = "service_time = \"1ms\"\nservice_time_per_message = \"200us\"";
    let study = both(&batches("\"unlimited\"", "{ max = 10, linger = \"5ms\" }", service));
    let theory = study.answer(Method::Theory).expect("unlimited");
    assert!(theory.exact && theory.get("total.latency.p99").is_none());
    assert!(differ(&study).is_empty(), "{:?}", differ(&study));
}

/// A limited number of servers may make a batch wait: approximate where that hardly happens, and refused
/// where it does.
#[test]
fn servers_that_may_be_busy_are_not_exact() {
    let service = "service_time = \"2ms\"";
    let study = both(&batches("6", "{ max = 10, linger = \"5ms\" }", service));
    let theory = study.answer(Method::Theory).expect("nearly always a free server");
    assert!(
        !theory.exact && theory.caveats.iter().any(|c| c.to_string().contains("find a free server")),
        "{:?}",
        theory.caveats
    );
    let study = both(&batches("1", "{ max = 10, linger = \"5ms\" }", service));
    let why =
        study.unanswered.iter().find(|u| u.method == Method::Theory).expect("refused").reason.to_string();
    assert!(why.contains("may have to wait for a server"), "{why}");
}
