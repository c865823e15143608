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

/// Sends at 1, 2, … s that may be worked on 2.5 s later and then take 0.1 s. A server that holds one at a
/// time is free at 3.6 s; what has waited for longer than its delay by then begins at once: the fourth at 3.6
/// s + 2.9 s. With a window of three each begins when its time has come, as if the broker held it.
#[test]
fn who_is_held_by_a_consumer_takes_a_place_of_its_window() {
    let text = |held_by: &str, prefetch: u32| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"1/s\"\narrivals = {{ process = \"periodic\" }}\n[queues.q]\n\
             deliver_after = \"2500ms\"\n{held_by}[consumers.c]\nfrom = \"q\"\nservice_time = \"100ms\"\n\
             prefetch = {prefetch}\n"
        )
    };
    let taken = |held_by: &str, prefetch| {
        let (lives, _) = crate::semantics::play(&text(held_by, prefetch), 6);
        crate::semantics::served(&lives, 0, 6).into_iter().map(|stay| stay.2).collect::<Vec<_>>()
    };
    let due: Vec<u64> = (0..6).map(|i| 3_500 + 1_000 * i).collect();
    assert_eq!(taken("", 1), due);
    assert_eq!(taken("held_by = \"consumer\"\n", 3), due);
    // The second is handed over at 3.6 s and begins at 4.5 s, the third at 4.6 s and 5.5 s: each in its time.
    assert_eq!(taken("held_by = \"consumer\"\n", 1), due);
}

/// A window of one and delays by chance: the server holds each message until its time has come, in the order
/// in which they came, begin = max(end of the one before, sent + delay). What each is held back for is seen
/// where servers are without limit.
#[test]
fn what_is_not_due_yet_is_in_the_way_of_what_is() {
    let text = |group: &str| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"5/s\"\n[queues.q]\ndeliver_after = \"exponential(400ms)\"\n{group}\n\
             service_time = \"exponential(50ms)\"\n"
        )
    };
    let stays = |group: &str| {
        let (lives, _) = crate::semantics::play(&text(group), 300);
        let mut stays: Vec<(u64, u64, u64, u64)> =
            lives.stays.0.iter().map(|r| (r.message.id, r.sent, r.taken, r.finished)).collect();
        stays.sort_unstable();
        stays.truncate(300);
        stays
    };
    let held = stays("[consumers.c]\nfrom = \"q\"\ncount = \"unlimited\"");
    let found = stays("held_by = \"consumer\"\n[consumers.c]\nfrom = \"q\"");
    let mut free = 0;
    for ((_, sent, due, done), (_, same, taken, finished)) in held.iter().zip(&found) {
        let begin = free.max(*due);
        free = begin + (done - due);
        assert_eq!((sent, begin, free), (same, *taken, *finished));
    }
    let broker = stays("[consumers.c]\nfrom = \"q\"");
    assert!(broker.iter().map(|stay| stay.3).sum::<u64>() < found.iter().map(|stay| stay.3).sum::<u64>());
}

/// Held by consumers whose windows are always large enough, a delay is a delay, and messages are dealt in
/// turn: E2/M/1 at 0.8 behind a second, somewhat worse than M/M/2. Windows of eight are not enough: eighty
/// are held on average.
#[test]
fn a_window_that_is_too_small_is_a_queue_of_its_own() {
    let text = |prefetch: u32| {
        delayed("\"exponential(1s)\"\nheld_by = \"consumer\"", 2)
            .replace("count = 2", &format!("count = 2\nprefetch = {prefetch}"))
    };
    let (wide, half) = simulated(&text(1000), "total.latency.mean");
    assert!(wide + half > 1.0 + 0.02 / 0.36 && wide < 1.2, "{wide} ± {half}");
    let (narrow, _) = simulated(&text(8).replace("60_000", "6000"), "total.latency.mean");
    assert!(narrow > 1.5 * wide, "{narrow}, {wide}");
    let why = refused(&both(&text(8).replace("60_000", "2000")));
    assert!(why.contains("held_by = \"consumer\""), "{why}");
    let told = refusal(&text(8).replace("deliver_after = \"exponential(1s)\"", ""));
    assert!(told.contains("no deliver_after: nothing is held back"), "{told}");
}
