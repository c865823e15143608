//! Laws that are made of others, and the bell curve: the closed forms hold for them as for any.

use super::super::{both, value};
use queuelab::answer::Method;
use queuelab::study::AgreementStatus;

/// Nine of ten are hits.
const MIXED: &str = "{ law = \"mixture\", parts = [{ probability = 0.9, of = \"exponential(5ms)\" }, \
    { probability = 0.1, of = \"exponential(50ms)\" }] }";

/// M/G/1 at 50/s: the mean wait is λ E(S²)/(2(1 − ρ)), and simulation agrees with all that theory says.
#[test]
fn a_queue_of_mixed_shifted_and_normal_work_is_m_g_1() {
    for (law, mean, square) in [
        // 0.9 · 2 · 5² + 0.1 · 2 · 50² ms², and (4 + 6)² + 6² ms², and 10² · 1.04 and 10² · 1.5 ms².
        (MIXED, 0.0095, 545e-6),
        ("{ law = \"shifted\", offset = \"4ms\", of = \"exponential(6ms)\" }", 0.01, 136e-6),
        ("\"normal(10ms, sd=2ms)\"", 0.01, 104e-6),
        ("\"normal(10ms, scv=0.5)\"", 0.01, 150e-6),
    ] {
        let study = both(&format!(
            "[producers.p]\nto = \"q\"\nrate = \"50/s\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\n\
             service_time = {law}\n[simulation]\nmessages = 60_000\nconfidence = 0.999\n"
        ));
        let theory = study.answer(Method::Theory).expect("M/G/1");
        let exact = 50.0 * square / (2.0 * (1.0 - 50.0 * mean));
        let wait = value(theory, "queues.q.wait.mean");
        assert!(theory.exact && (wait / exact - 1.0).abs() < 1e-9, "{law}: {wait} {exact}");
        let differ = study.agreement.iter().filter(|a| a.verdict == AgreementStatus::Differ);
        let differ: Vec<_> = differ.collect();
        assert!(differ.is_empty() && study.agreement.len() > 20, "{law}: {differ:?}");
    }
}
