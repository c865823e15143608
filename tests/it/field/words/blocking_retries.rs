//! Retries in place: a server keeps what failed and does nothing else until it tries it again.

use super::*;

/// karafka #1028, SREGym #790: good messages, 10 ms each, behind poison that is tried ten times, a second
/// apart, in a partition.
const POISON: &str = "[producers.good]\nto = \"topic\"\nrate = \"10/s\"\n[producers.poison]\nto = \"topic\"\n\
    rate = \"0.01/s\"\nfailure = { probability = 1 }\n[queues.topic]\npartitions = 1\ndelivery_limit = 10\n\
    dead_letter = \"dlq\"\n[queues.dlq]\n[consumers.app]\nfrom = \"topic\"\nservice_time = \"10ms\"\n\
    retry_delay = \"1s\"\nretry_order = \"blocking\"\n[simulation]\nmessages = 300_000\n\
    confidence = 0.999\n";

/// M/G/1 with services of 10 ms and of 9.1 s: λ E[T²]/(2(1 − ρ)) = 512 ms, and the good ones' own 10 ms.
#[test]
fn a_poison_message_holds_up_its_partition() {
    let (m1, m2): (f64, f64) = (10.0 * 0.01 + 0.01 * 9.1, 10.0 * 0.01 * 0.01 + 0.01 * 9.1 * 9.1);
    let exact = m2 / (2.0 * (1.0 - m1)) + 0.01;
    assert!((exact - 0.5224).abs() < 1e-4);
    let (mean, half) = simulated(POISON, "producers.good.latency.mean");
    assert!((mean - exact).abs() <= half && half < 0.1, "{mean} ± {half}");
    let load = &queuelab::theory::explain(&crate::semantics::scenario(POISON)).loads[0];
    assert!((load.rho.expect("one server") - m1).abs() < 1e-12, "{load:?}");
}

/// A fifth fails, and waits 20, 40, 40, … ms with its server, more or less: theory and simulation agree.
#[test]
fn theory_knows_the_time_with_the_server() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"20/s\"\n[queues.q]\ndelivery_limit = 4\n[consumers.c]\n\
        from = \"q\"\nservice_time = \"exponential(20ms)\"\nfailure = { probability = 0.2 }\n\
        retry_delay = { min = \"20ms\", max = \"40ms\", jitter = true }\nretry_order = \"blocking\"\n\
        [simulation]\nmessages = 100_000\nconfidence = 0.999\n";
    let study = both(text);
    let theory = study.answer(Method::Theory).expect("M/G/1");
    // Four deliveries at most; 15 ms after the first, 30 ms after the others.
    let deliveries = 1.0 + 0.2 + 0.04 + 0.008;
    let kept = 0.2 * 0.015 + (0.04 + 0.008) * 0.030;
    assert!(theory.exact && (value(theory, "queues.q.attempts") - deliveries).abs() < 1e-12);
    let busy = value(theory, "queues.q.in_system.mean") - value(theory, "queues.q.queue_length.mean");
    assert!((busy - 20.0 * deliveries * 0.02).abs() < 1e-12, "{busy}");
    let load = &queuelab::theory::explain(&crate::semantics::scenario(text)).loads[0];
    assert!((load.rho.expect("one server") - 20.0 * (deliveries * 0.02 + kept)).abs() < 1e-9, "{load:?}");
    let differ: Vec<_> =
        study.agreement.iter().filter(|a| a.verdict == queuelab::study::AgreementStatus::Differ).collect();
    assert!(differ.is_empty() && study.agreement.len() > 10, "{differ:?}");
}

/// Two come together, 10 ms each, and both fail twice: the server keeps each for 100 ms, or turns to the
/// other one meanwhile.
#[test]
fn who_is_behind_waits() {
    let text = |order: &str| {
        format!(
            "[producers.a]\nto = \"q\"\nrate = \"0.2/s\"\narrivals = {{ process = \"periodic\", batch = 2 }}\n\
             failure = {{ probability = 1 }}\n[queues.q]\ndelivery_limit = 2\n[consumers.c]\nfrom = \"q\"\n\
             service_time = \"10ms\"\nretry_delay = \"100ms\"\nretry_order = \"{order}\"\n"
        )
    };
    for (order, ends) in [("blocking", [120, 240]), ("non-blocking", [120, 130])] {
        let (lives, _) = crate::semantics::play(&text(order), 2);
        let ended: Vec<u64> =
            lives.stays.0.iter().take(2).map(|r| (r.finished - r.sent) / 1_000_000).collect();
        assert_eq!(ended, ends, "{order}");
    }
}
