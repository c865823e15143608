//! Times to live that a producer gives its messages.

use super::*;

fn line(own: &str, of_queue: &str, more: &str) -> String {
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"90/s\"\n{own}\n{more}\n[queues.q]\n{of_queue}\n[consumers.c]\nfrom = \"q\"\n\
         service_time = \"exponential(10ms)\"\n[simulation]\nmessages = 60_000\nconfidence = 0.999\n"
    )
}

/// Where all messages come from one producer its time to live is the queue's, of which theory knows M/M/1+D;
/// of two the shorter holds.
#[test]
fn the_only_producer_s_time_is_the_queue_s() {
    let theory = both(&line("", "message_ttl = \"20ms\"", "").replace("60_000", "2000"));
    let theory = theory.answer(Method::Theory).expect("M/M/1+D");
    let (ttl, longer) = ("ttl = \"20ms\"", "message_ttl = \"1h\"");
    for (own, of_queue) in [(ttl, ""), (ttl, longer), ("ttl = \"1h\"", "message_ttl = \"20ms\"")] {
        for path in ["total.loss", "queues.q.wait.mean"] {
            let (found, half) = simulated(&line(own, of_queue, ""), path);
            assert!((found - value(theory, path)).abs() <= half, "{own} {of_queue} {path}: {found} ± {half}");
        }
    }
    let why = refused(&both(&line(ttl, "", "").replace("60_000", "2000")));
    assert!(why.contains("some producers' messages expire after times of their own"), "{why}");
}

/// Half of the messages have patience for 20 ms, the other half for ever, by a recursion: who would begin
/// later than it has patience for is not served.
#[test]
fn only_a_producer_s_own_messages_expire() {
    let (mut free, mut sum, mut lost, mut served) = (0.0f64, 0.0, 0, 0);
    let all = messages(1_000_000, 90.0, 2, 0.01);
    for (came, kind, work) in &all {
        let begins = free.max(*came);
        if *kind == 1 && begins > came + 0.02 {
            lost += 1;
            continue;
        }
        free = begins + work;
        (sum, served) = (sum + begins - came, served + 1);
    }
    let other = "[producers.o]\nto = \"q\"\nrate = \"45/s\"";
    let text = line("ttl = \"20ms\"", "", other).replacen("90/s", "45/s", 1);
    let (loss, half) = simulated(&text, "total.loss");
    let slow = f64::from(lost) / all.len() as f64;
    assert!((loss - slow).abs() <= half + 0.02 * slow && slow > 0.1, "{loss} ± {half}, {slow}");
    let (wait, half) = simulated(&text, "queues.q.wait.mean");
    let slow = sum / f64::from(served);
    assert!((wait - slow).abs() <= half + 0.02 * slow && half < 0.1 * slow, "{wait} ± {half}, {slow}");
    assert_eq!(simulated(&text, "producers.o.loss").0, 0.0);
}

/// A message whose sender waits for room has not come to the queue, where its time begins: with room for one
/// beside the one server nobody in the queue waits for longer than one service, 10 ms, and so nobody expires
/// after 11 ms, however long the senders wait. What may wait anywhere is lost after 11 ms.
#[test]
fn no_time_runs_while_a_sender_waits_for_room() {
    let constant = |more| line("", more, "").replace("exponential(10ms)", "10ms").replace("60_000", "20_000");
    let outside = constant("max_length = 1\noverflow = \"block\"\nmessage_ttl = \"11ms\"");
    assert_eq!(simulated(&outside, "total.loss").0, 0.0);
    let (sending, _) = simulated(&outside, "total.send.mean");
    assert!(sending > 0.02, "{sending}");
    assert!(simulated(&constant("message_ttl = \"11ms\""), "total.loss").0 > 0.05);
    let random = line("", "max_length = 1\noverflow = \"block\"\nmessage_ttl = \"11ms\"", "");
    let why = refused(&both(&random.replace("60_000", "2000")));
    assert!(why.contains("senders wait for room in the queue"), "{why}");
    // Nor does it end their waiting where more come than can be served.
    let load =
        &queuelab::theory::explain(&crate::semantics::scenario(&random.replace("90/s", "190/s"))).loads[0];
    assert!(load.grows(), "{load:?}");
}
