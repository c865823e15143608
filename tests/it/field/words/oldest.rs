//! The lag as a time: for how long the oldest waiting message has waited.

use super::*;

fn lag(rate: &str, servers: u32, service: &str) -> String {
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"{rate}\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = {servers}\n\
         service_time = \"{service}\"\n[objectives]\n\"queues.q.age.mean\" = \"< 1s\"\n\"queues.q.age.p99\" = \"< 1s\"\n\
         [simulation]\nmessages = 60_000\nconfidence = 0.999\n"
    )
}

/// M/M/1 at 0.8 with 10 ms of work: ρ²/(μ(1 − ρ)) = 32 ms. Two servers and constant work agree with the
/// formula, too.
#[test]
fn the_oldest_has_waited_for_as_long_as_theory_says() {
    for (rate, servers, service) in
        [("80/s", 1, "exponential(10ms)"), ("160/s", 2, "exponential(10ms)"), ("80/s", 1, "10ms")]
    {
        let study = both(&lag(rate, servers, service));
        let theory = value(study.answer(Method::Theory).expect("exact"), "queues.q.age.mean");
        assert!(service != "exponential(10ms)" || servers > 1 || (theory - 0.032).abs() < 1e-9, "{theory}");
        let answer = study.answer(Method::Simulation).expect("played");
        let (mean, half) = (value(answer, "queues.q.age.mean"), answer.get("queues.q.age.mean"));
        let half = half.and_then(|e| e.half_width).expect("replications");
        assert!((mean - theory).abs() <= half && half < 0.2 * theory, "{service}: {mean} ± {half}, {theory}");
        assert!(value(answer, "queues.q.age.p99") > mean);
    }
    let other =
        lag("80/s", 1, "exponential(10ms)").replace("age.mean", "wait.mean").replace("age.p99", "wait.p99");
    let study = both(&other.replace("60_000", "2000"));
    assert!(study.answers.iter().all(|answer| answer.get("queues.q.age.mean").is_none()));
}
