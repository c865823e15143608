//! Sends that are limited to a rate, by a bucket of tokens.

use super::*;

fn limited(arrivals: &str, limit: &str) -> String {
    format!(
        "seed = 3\n[producers.p]\nto = \"q\"\n{arrivals}\nrate_limit = {limit}\n[queues.q]\n[consumers.c]\nfrom = \"q\"\n\
         count = \"unlimited\"\nservice_time = \"exponential(2s)\"\n[simulation]\nmessages = 60_000\n\
         confidence = 0.999\n"
    )
}

/// Tokens come as an M/D/1 queue serves: ρ T/(2(1 − ρ)) = 2.571 s for T = 6/7 s and ρ = 6/7, which is between
/// due and sent, and part of the latency. With ten tokens a message waits as long as one of ten servers in
/// turn is behind: M/D/1 whose wait is cut off at nine tokens, told by a slow recursion over the same sends.
#[test]
fn who_may_not_send_yet_waits_before_the_queue() {
    let exact = (6.0 / 7.0) * (6.0 / 7.0) / (2.0 / 7.0);
    for limit in ["\"70/min\"", "{ rate = \"70/min\", burst = 1 }"] {
        let text = limited("rate = \"60/min\"", limit);
        let (send, half) = simulated(&text, "producers.p.send.mean");
        assert!((send - exact).abs() <= half && half < 0.3, "{send} ± {half}, not {exact}");
        let (latency, half) = simulated(&text, "total.latency.mean");
        assert!((latency - exact - 2.0).abs() <= half, "{latency} ± {half}");
        let (wait, _) = simulated(&text, "queues.q.wait.mean");
        assert_eq!(wait, 0.0);
    }
    let why = refused(&both(&limited("rate = \"60/min\"", "\"70/min\"").replace("60_000", "2000")));
    assert!(why.contains("sends are limited to a rate (rate_limit of a producer)"), "{why}");
}

/// With a burst: what is released is counted by hand from the instants at which the same producer sends
/// without a limit, and a token that a second takes to come.
#[test]
fn a_burst_is_sent_at_once_and_the_rest_by_tokens() {
    let text = |limit: &str| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"10/s\"\n{limit}[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = \"unlimited\"\n\
             service_time = \"10ms\"\n"
        )
    };
    let sent = |limit: &str| {
        let (lives, _) = crate::semantics::play(&text(limit), 400);
        let mut sent: Vec<(u64, u64)> = lives.stays.0.iter().map(|r| (r.message.due, r.sent)).collect();
        sent.sort_unstable();
        sent.truncate(400);
        sent
    };
    let free = sent("");
    let found = sent("rate_limit = { rate = \"12.5/s\", burst = 4 }\n");
    let (period, burst) = (80_000_000_i128, 4);
    // Tokens in nanoseconds of their making.
    let (mut tokens, mut last) = (burst * period, 0_i128);
    let by_hand = free.iter().map(|(due, _)| {
        let mut at = i128::from(*due).max(last);
        tokens = (tokens + at - last).min(burst * period);
        if tokens < period {
            at += period - tokens;
            tokens = period;
        }
        (tokens, last) = (tokens - period, at);
        (*due, at as u64)
    });
    let by_hand: Vec<(u64, u64)> = by_hand.collect();
    assert_eq!(found, by_hand);
    assert!(found.iter().filter(|(due, sent)| sent > due).count() > 40);
    assert!(free.iter().all(|(due, sent)| sent == due));
}

#[test]
fn what_is_never_sent_has_no_steady_state_and_what_asks_for_it_is_refused() {
    let study = both(&limited("rate = \"60/min\"", "\"50/min\"").replace("60_000", "2000"));
    let why = study.unanswered.iter().find(|u| u.method == Method::Simulation).expect("refused");
    let why = why.reason.to_string();
    assert!(why.contains("`p` makes 1 messages/s and may send 0.8333"), "{why}");
    // Evenly spaced sends at just the rate that is allowed never wait.
    let even = limited("rate = \"60/min\"\narrivals = { process = \"periodic\" }", "\"60/min\"");
    assert_eq!(simulated(&even, "producers.p.send.max").0, 0.0);
    let closed = refusal(&limited(
        "arrivals = { process = \"closed\", concurrency = 3, think_time = \"1s\" }",
        "\"1/s\"",
    ));
    assert!(closed.contains("`rate_limit` does not go with closed clients"), "{closed}");
    let again = refusal(&limited("rate = \"1/s\"\nresend = { after = \"2s\", at_most = 1 }", "\"2/s\""));
    assert!(again.contains("`rate_limit` does not go with resend"), "{again}");
}
