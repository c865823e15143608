//! Messages that are held back before they can be taken.

use super::*;

fn delayed(delay: &str, servers: u32) -> String {
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"80/s\"\n[queues.q]\ndeliver_after = {delay}\n[consumers.c]\n\
         from = \"q\"\ncount = {servers}\nservice_time = \"exponential(20ms)\"\n[simulation]\n\
         messages = 60_000\nconfidence = 0.999\n"
    )
}

/// A second, and then M/M/2 at 0.8: 20 ms/(1 − 0.8²) = 55.6 ms; whatever the law of the delay.
#[test]
fn a_delay_goes_before_the_queue() {
    for delay in ["\"1s\"", "\"exponential(1s)\""] {
        let study = both(&delayed(delay, 2));
        let theory = study.answer(Method::Theory).expect("M/M/2 behind a delay");
        let mean = value(theory, "total.latency.mean");
        assert!(theory.exact && (mean - 1.0 - 0.02 / 0.36).abs() < 1e-9, "{mean} {}", theory.by);
        let differ: Vec<_> = study
            .agreement
            .iter()
            .filter(|a| a.verdict == queuelab::study::AgreementStatus::Differ)
            .collect();
        assert!(differ.is_empty() && study.agreement.len() > 20, "{differ:?}");
    }
}

/// They come at 10, 20 and 30 s, can be taken 25 s later and take 12 s. The time to live counts from when
/// they came: the third would be taken at 59 s, and is gone at 58 s.
#[test]
fn the_time_to_live_counts_from_when_a_message_came() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"0.1/s\"\narrivals = { process = \"periodic\" }\n[queues.q]\n\
        deliver_after = \"25s\"\nmessage_ttl = \"28s\"\n[consumers.c]\nfrom = \"q\"\nservice_time = \"12s\"\n";
    let (lives, _) = crate::semantics::play(text, 3);
    assert_eq!(
        crate::semantics::served(&lives, 0, 2),
        [(0, 10_000, 35_000, 47_000), (1, 20_000, 47_000, 59_000)]
    );
    let third = lives.stays.0.iter().find(|r| r.message.id == 2).expect("it ended");
    assert_eq!((third.outcome, third.finished / 1_000_000), (queuelab::message::Outcome::Expired, 58_000));
}
