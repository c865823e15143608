//! Messages that are thrown out only at the head of the line.

use super::*;

fn line(expiry: &str, more: &str) -> String {
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"95/s\"\n[queues.q]\nmessage_ttl = \"exponential(30ms)\"\n{expiry}\n{more}\n\
         [consumers.c]\nfrom = \"q\"\nservice_time = \"exponential(10ms)\"\n[simulation]\nmessages = 100_000\n\
         confidence = 0.999\n"
    )
}

const HEAD: &str = "expiry = \"head\"";

/// Who is behind others is not reached by the server before them, so that those who expire there change
/// nothing for the others: the same losses and waits of the served as where they leave at once, of which
/// theory knows M/M/1+M.
#[test]
fn the_served_do_not_notice() {
    let theory = both(&line("", "").replace("100_000", "2000"));
    let theory = theory.answer(Method::Theory).expect("M/M/1+M");
    for path in ["total.loss", "queues.q.wait.mean", "total.latency.mean", "consumers.c.utilization"] {
        let (found, half) = simulated(&line(HEAD, ""), path);
        assert!(
            (found - value(theory, path)).abs() <= half,
            "{path}: {found} ± {half}, {}",
            value(theory, path)
        );
    }
    let why = refused(&both(&line(HEAD, "").replace("100_000", "2000")));
    assert!(why.contains("messages expire at the head of the line"), "{why}");
}

/// The mean number in line, by a recursion: a message is at the head when the one before has left the line,
/// and leaves it when it is taken, or, if it has lived for too long by then, as soon as it is there and its
/// time is over.
fn slowly(count: u64) -> f64 {
    let draws = Key::new(31, 0);
    let (mut free, mut head, mut sum, mut last) = (0.0f64, 0.0f64, 0.0, 0.0);
    for (i, (came, _, work)) in messages(count, 95.0, 1, 0.01).into_iter().enumerate() {
        let dies = came - draws.uniform_at(i as u64, 9).ln() * 0.03;
        let (at_head, begins) = (head.max(came), free.max(came));
        let leaves = if begins <= dies { begins } else { at_head.max(dies) };
        if begins <= dies {
            free = begins + work;
        }
        (sum, head, last) = (sum + leaves - came, leaves, came);
    }
    sum / last
}

/// They take room meanwhile: more wait than where they leave at once.
#[test]
fn the_dead_wait_with_the_living() {
    let slow = slowly(1_500_000);
    let (found, half) = simulated(&line(HEAD, ""), "queues.q.queue_length.mean");
    assert!((found - slow).abs() <= half + 0.01 * slow && half < 0.1 * slow, "{found} ± {half}, {slow}");
    let (at_once, less) = simulated(&line("", ""), "queues.q.queue_length.mean");
    assert!(at_once + less < found - half, "{at_once} ± {less}, {found} ± {half}");
}

#[test]
fn where_nothing_expires_or_the_head_is_not_the_oldest_it_is_refused() {
    for (text, why) in [
        (line(HEAD, "").replace("message_ttl = \"exponential(30ms)\"\n", ""), "nothing expires"),
        (line(HEAD, "discipline = \"lifo\""), "expiry"),
        (line(HEAD, "partitions = 4").replace("from = \"q\"", "from = \"q\"\ncount = 2"), "expiry"),
        (line("expiry = \"tail\"", ""), "anywhere"),
    ] {
        let refusal = refusal(&text);
        assert!(refusal.contains(why), "{refusal}");
    }
    // Where all may wait for as long, who came first dies first.
    let constant = both(&line(HEAD, "").replace("exponential(30ms)", "30ms").replace("100_000", "2000"));
    assert!(constant.answer(Method::Theory).is_some_and(|a| a.exact), "{:?}", constant.unanswered);
}
