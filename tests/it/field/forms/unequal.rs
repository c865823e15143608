//! Consumer groups of different speeds at one queue: the server that has been idle longest takes the next
//! message.

use super::super::{both, value};
use queuelab::answer::Method;

const TWO: &str = "[producers.jobs]\nto = \"q\"\nrate = \"2/s\"\n[queues.q]\n\
    [consumers.fast]\nfrom = \"q\"\nservice_time = { law = \"exponential\", rate = \"3/s\" }\n\
    [consumers.slow]\nfrom = \"q\"\nservice_time = \
    { law = \"exponential\", rate = \"1/s\" }\n[simulation]\nmessages = 50_000\n";

/// The exercise of a fast and a slow server: choosing by chance, and likewise the longest idle, W = 8/11 s =
/// 727.3 ms (the fast one first would be 666.7 ms); by hand from the balance equations of five states.
#[test]
fn the_longest_idle_of_two_unequal_servers() {
    let study = both(TWO);
    let [theory, simulated] =
        [Method::Theory, Method::Simulation].map(|m| study.answer(m).expect("both answer"));
    assert!(
        theory.exact && theory.by == "M/M/2 (2 kinds of servers, the longest idle first)",
        "{}",
        theory.by
    );
    for (path, exact) in [
        ("total.latency.mean", 8.0 / 11.0),
        ("queues.q.wait.mean", 2.0 / 11.0),
        ("queues.q.delayed", 4.0 / 11.0),
        ("queues.q.utilization", 6.0 / 11.0),
        ("consumers.fast.utilization", 5.0 / 11.0),
        ("consumers.slow.utilization", 7.0 / 11.0),
        ("consumers.fast.throughput", 15.0 / 11.0),
        ("consumers.slow.throughput", 7.0 / 11.0),
    ] {
        assert!((value(theory, path) / exact - 1.0).abs() < 1e-12, "{path}: {}", value(theory, path));
        assert!(
            (value(simulated, path) / exact - 1.0).abs() < 0.03,
            "{path}: {} by simulation",
            value(simulated, path)
        );
    }
    let differ: Vec<_> =
        study.agreement.iter().filter(|a| a.verdict == queuelab::study::AgreementStatus::Differ).collect();
    assert!(differ.is_empty() && study.agreement.len() > 40, "{differ:?}");
}

/// Seven servers of three speeds: theory and simulation agree in everything that both know, percentiles
/// included.
#[test]
fn several_unequal_servers() {
    let text = "[producers.a]\nto = \"q\"\nrate = \"70/s\"\n[producers.b]\nto = \"q\"\nrate = \
        \"20/s\"\n[queues.q]\n\
        [consumers.fast]\nfrom = \"q\"\ncount = 2\nservice_time = \"exponential(25ms)\"\n\
        [consumers.usual]\nfrom = \"q\"\ncount = 4\nservice_time = \"exponential(100ms)\"\n\
        [consumers.slow]\nfrom = \"q\"\nservice_time = \"exponential(1s)\"\n[simulation]\nmessages = \
        60_000\n";
    let study = both(text);
    let theory = study.answer(Method::Theory).expect("M/M/7");
    assert!(theory.exact && theory.by.starts_with("M/M/7 (3 kinds"), "{}", theory.by);
    let differ: Vec<_> =
        study.agreement.iter().filter(|a| a.verdict == queuelab::study::AgreementStatus::Differ).collect();
    assert!(differ.is_empty() && study.agreement.len() > 60, "{differ:?}");
}

/// At the capacity of all together it grows, and theory says so.
#[test]
fn unequal_servers_that_cannot_keep_up() {
    let text = TWO.replace("rate = \"2/s\"", "rate = \"5/s\"").replace("50_000", "2000");
    let study = both(&text);
    let why =
        study.unanswered.iter().find(|u| u.method == Method::Theory).expect("unstable").reason.to_string();
    assert!(why.starts_with("unstable: rho = 1.25"), "{why}");
}
