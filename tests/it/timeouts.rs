//! How many deliveries a message needs where each times out with a probability of its own.
//!
//! A service is drawn anew at each delivery, so that whatever the load is the timeouts of a message are
//! independent trials with p = P(S > timeout): deliveries are geometric with mean 1/(1 − p), and with at most
//! n of them a message is lost with p^n. Counts are held to these laws at 4.4 standard deviations, which a
//! right simulation misses once in 100 000 comparisons; the seed is fixed.

use crate::semantics::play;
use queuelab::message::{Outcome, Record};
use queuelab::workload::laws::Law;

const SIGMAS: f64 = 4.4;
const MESSAGES: u64 = 40_000;

/// The stays of messages that so many servers work on for so many seconds a message on average, with a
/// timeout of a second.
fn stays(rate: u32, servers: u32, law: &str, limit: Option<u32>) -> Vec<Record> {
    let limit = limit.map_or(String::new(), |limit| format!("delivery_limit = {limit}\n"));
    let text = format!(
        "[producers.p]\nto = \"q\"\nrate = \"{rate}/s\"\n[queues.q]\nvisibility_timeout = \"1s\"\n{limit}\
         [consumers.c]\nfrom = \"q\"\ncount = {servers}\nservice_time = {law}\n"
    );
    let (lives, totals) = play(&text, MESSAGES);
    assert!(totals.queues[0].is_conserved(), "{totals:?}");
    lives.stays.0.into_iter().filter(|r| r.message.id < MESSAGES).collect()
}

fn near(what: &str, seen: f64, expected: f64, deviation: f64) {
    assert!((seen - expected).abs() < SIGMAS * deviation, "{what}: {seen} is not {expected} ± {deviation}");
}

/// Laws of the work in seconds, each with its probability of a timeout.
fn laws() -> Vec<(&'static str, f64)> {
    let over = |law: Law| 1.0 - law.cdf(1.0);
    vec![
        ("{ law = \"exponential\", mean = \"500ms\" }", over(Law::exponential(0.5))),
        ("{ law = \"exponential\", mean = \"1s\" }", over(Law::exponential(1.0))),
        ("{ law = \"lognormal\", mean = \"600ms\", scv = 2 }", over(Law::lognormal(0.6, 2.0))),
        ("{ law = \"uniform\", min = \"200ms\", max = \"1200ms\" }", over(Law::uniform(0.2, 1.2))),
    ]
}

#[test]
fn deliveries_are_geometric() {
    for (law, p) in laws() {
        for (rate, servers) in [(1, 9), (3, 9)] {
            let all = stays(rate, servers, law, None);
            assert!(all.iter().all(|r| r.outcome == Outcome::Served));
            let n = all.len() as f64;
            let mean = all.iter().map(|r| f64::from(r.deliveries)).sum::<f64>() / n;
            near(law, mean, 1.0 / (1.0 - p), (p / n).sqrt() / (1.0 - p));
            for k in 1..4 {
                let share = p.powi(k - 1) * (1.0 - p);
                let count = all.iter().filter(|r| r.deliveries == k as u32).count() as f64;
                near(law, count, n * share, (n * share * (1.0 - share)).sqrt());
            }
        }
    }
}

#[test]
fn whatever_times_out_at_each_of_its_deliveries_is_given_up() {
    for (law, p) in laws() {
        for limit in [1, 2, 3] {
            let all = stays(3, 9, law, Some(limit));
            let (n, share) = (all.len() as f64, p.powi(limit as i32));
            let dead: Vec<&Record> = all.iter().filter(|r| r.outcome == Outcome::Dropped).collect();
            near(law, dead.len() as f64, n * share, (n * share * (1.0 - share)).sqrt());
            // Each of them was in service for a second at each delivery.
            assert!(
                dead.iter().all(
                    |r| (r.deliveries, r.finished - r.taken) == (limit, u64::from(limit) * 1_000_000_000)
                )
            );
        }
    }
}

/// A delivery counts for at most a second of service, the last for what it took.
#[test]
fn what_counts_of_the_service_is_what_was_in_time() {
    for (law, _) in laws() {
        let late = |r: &&Record| {
            r.finished - r.taken > u64::from(r.deliveries) * 1_000_000_000
                || r.finished - r.taken < u64::from(r.deliveries - 1) * 1_000_000_000
        };
        assert_eq!(stays(3, 9, law, None).iter().find(late), None, "{law}");
    }
}
