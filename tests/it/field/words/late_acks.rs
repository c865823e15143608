//! Acknowledgements that come after a delivery's visibility timeout.

use super::*;

fn jobs(late_ack: &str, servers: &str, rate: &str) -> String {
    let said = if late_ack.is_empty() { String::new() } else { format!("late_ack = \"{late_ack}\"\n") };
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"{rate}\"\n[queues.q]\nvisibility_timeout = \"1s\"\n{said}\
         [consumers.c]\nfrom = \"q\"\ncount = {servers}\nservice_time = \"exponential(1s)\"\n[simulation]\n\
         messages = 100_000\nconfidence = 0.999\n"
    )
}

fn near(text: &str, path: &str, exact: f64) {
    let (found, half) = simulated(text, path);
    assert!(
        (found - exact).abs() <= half + 1e-9 && half < 0.03 * exact,
        "{path}: {found} ± {half}, {exact}\n{text}"
    );
}

/// Where there is always a server, a message is handed out again every second, the timeout t, until one is
/// done with it. If all may say so, it is inside at kt + x, 0 <= x < t, with the probability that none of the
/// k + 1 is done, e^-(t k(k+1)/2 + (k+1) x): deliveries sum_k e^-(t k(k+1)/2), and the mean time is each
/// times (1 - e^-((k+1) t)) / (k+1). If only the latest may, each delivery is in time with 1 - e^-t, as where
/// nothing late counts.
#[test]
fn whoever_is_done_first_is_done_for_all() {
    let still = |k: u32| (-f64::from(k * (k + 1)) / 2.0).exp();
    let during = |k: u32| still(k) * (1.0 - (-f64::from(k + 1)).exp()) / f64::from(k + 1);
    let first = jobs("accepted", "\"unlimited\"", "5/s");
    near(&first, "queues.q.attempts", (0..12).map(still).sum());
    near(&first, "total.latency.mean", (0..12).map(during).sum());
    // Who was overtaken works on: each delivery takes 1 s.
    near(&first, "consumers.c.busy", 5.0 * (0..12).map(still).sum::<f64>());
    let late = (-1.0f64).exp();
    let in_time = (1.0 - 2.0 * late) / (1.0 - late);
    for late_ack in ["until-redelivered", "void", ""] {
        let text = jobs(late_ack, "\"unlimited\"", "5/s");
        near(&text, "queues.q.attempts", 1.0 / (1.0 - late));
        near(&text, "total.latency.mean", late / (1.0 - late) + in_time);
    }
}

/// Who is alone hands nothing out again before it is done: M/M/1 at 0.5, 2 s, one delivery a message, whoever
/// may be late. Where nothing late counts it is busy for 1 / (1 - e^-1) deliveries each.
#[test]
fn a_server_alone_is_always_in_time() {
    for late_ack in ["until-redelivered", "accepted"] {
        let text = jobs(late_ack, "1", "0.5/s");
        near(&text, "total.latency.mean", 2.0);
        near(&text, "queues.q.attempts", 1.0);
        near(&text, "consumers.c.utilization", 0.5);
    }
    let (busy, _) = simulated(&jobs("void", "1", "0.5/s"), "consumers.c.utilization");
    assert!((busy - 0.5 / (1.0 - (-1.0f64).exp())).abs() < 0.02, "{busy}");
}

#[test]
fn its_load_lies_between_two_bounds_and_theory_and_targets_refuse_it_by_name() {
    let text = jobs("until-redelivered", "4", "2/s").replace("100_000", "2000");
    let study = both(&text);
    assert!(refused(&study).contains("deliveries may time out and be repeated"), "{}", refused(&study));
    let load = &queuelab::theory::explain(&crate::semantics::scenario(&text)).loads[0];
    let most = 0.5 / (1.0 - (-1.0f64).exp());
    assert!(load.rho.is_none() && (load.at_least.unwrap_or(0.0) - 0.5).abs() < 1e-12, "{load:?}");
    assert!((load.at_most.unwrap_or(0.0) - most).abs() < 1e-12, "{load:?}");
    // Work that is always in time is never late.
    let sure = both(&text.replace("exponential(1s)", "900ms"));
    assert!(sure.answer(Method::Theory).is_some(), "{:?}", sure.unanswered);
    let nothing = refusal(&text.replace("visibility_timeout = \"1s\"\n", ""));
    assert!(nothing.contains("no visibility_timeout: nothing is late"), "{nothing}");
    assert!(refusal(&text.replace("until-redelivered", "sometimes")).contains("until-redelivered"));
    let longer = format!("{text}[measurement]\nduration = \"10min\"\n");
    let measured = queuelab::study::run(
        &crate::semantics::scenario(&longer),
        &[Method::Measurement],
        &queuelab::study::NoProgress,
    );
    let why = measured.unanswered.iter().map(|u| u.reason.to_string()).collect::<String>();
    assert!(why.contains("late_ack") && why.contains("counts for nothing"), "{why}");
}
