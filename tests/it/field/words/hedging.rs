//! Clients that send another copy of what is slow, and take whichever is done first.

use super::*;
use queuelab::message::Outcome;

/// So many come together to a server that takes a second for each: when and how each ends, in milliseconds,
/// and how many services that took.
fn together(messages: u32, hedge: &str, queue: &str) -> (Vec<(u64, Outcome)>, u64) {
    let text = format!(
        "[producers.p]\nto = \"q\"\nrate = \"{}/s\"\narrivals = {{ process = \"periodic\", batch = {messages} }}\n\
         hedge = {hedge}\n[queues.q]\n{queue}\n[consumers.c]\nfrom = \"q\"\nservice_time = \"1s\"\n",
        f64::from(messages) / 100.0
    );
    let (lives, totals) = crate::semantics::play(&text, messages.into());
    let ends = lives.ends.iter().take(messages as usize);
    let ended = ends.map(|e| ((e.finished - e.message.due) / 1_000_000, e.outcome)).collect();
    (ended, totals.groups[0].handled)
}

/// The first is done at 1 s, the second at 2 s, whatever copies are worked on after them for nobody; who
/// hedges does not give up.
#[test]
fn the_first_copy_that_is_done_counts() {
    let both = vec![(1000, Outcome::Served), (2000, Outcome::Served)];
    for (hedge, services) in
        [("\"1500ms\"", 3), ("\"800ms\"", 4), ("{ after = \"800ms\", at_most = 2 }", 5), ("\"3s\"", 2)]
    {
        assert_eq!(together(2, hedge, ""), (both.clone(), services), "{hedge}");
    }
}

/// One is served, one has room to wait, and the third finds none. At 1.5 s copies of the second and the third
/// come: the second's takes the room. At 2.5 s there is room for that of the third.
#[test]
fn a_message_is_lost_with_the_last_of_its_copies() {
    let (served, room) = (Outcome::Served, "max_length = 1");
    let late = vec![(1000, served), (1500, Outcome::Rejected), (2000, served)];
    assert_eq!(together(3, "\"1500ms\"", room), (late, 3));
    assert_eq!(together(3, "\"2500ms\"", room), (vec![(1000, served), (2000, served), (3500, served)], 3));
}

/// Where nobody waits a message takes min(S, d + S'), S and S' by one exponential law of rate μ: for longer
/// than t < d with e^(−μt), than t > d with e^(−μt − μ(t − d)). So the mean is (1 − e^(−μd))/μ + e^(−μd)/2μ,
/// the 99th percentile (ln 100 + μd)/2μ, and e^(−μd) of the messages are worked on twice.
#[test]
fn without_a_line_the_law_is_known() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"50/s\"\nhedge = { after = \"50ms\" }\n[queues.q]\n[consumers.c]\n\
        from = \"q\"\ncount = \"unlimited\"\nservice_time = \"exponential(100ms)\"\n[simulation]\nmessages = 50_000\n\
        confidence = 0.999\n";
    let (mu, d) = (10.0, 0.05_f64);
    let twice = (-mu * d).exp();
    for (path, exact) in [
        ("total.latency.mean", (1.0 - twice) / mu + twice / (2.0 * mu)),
        ("total.latency.p99", (100_f64.ln() + mu * d) / (2.0 * mu)),
        ("consumers.c.busy", 50.0 * (1.0 + twice) / mu),
        ("queues.q.arrival_rate", 50.0 * (1.0 + twice)),
        ("total.throughput", 50.0),
    ] {
        let (found, half) = simulated(text, path);
        assert!((found - exact).abs() <= half && half < 0.03 * exact, "{path}: {found} ± {half}, {exact}");
    }
}

#[test]
fn what_does_not_know_of_hedges_says_so() {
    let text = |more: &str| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"30/s\"\nhedge = {{ after = \"50ms\" }}\n{more}\n[queues.q]\n[consumers.c]\n\
             from = \"q\"\nservice_time = \"exponential(10ms)\"\n[simulation]\nmessages = 2000\n"
        )
    };
    assert!(refused(&both(&text(""))).contains("take whichever is done first (hedge)"));
    let load = &queuelab::theory::explain(&crate::semantics::scenario(&text(""))).loads[0];
    assert_eq!((load.at_least, load.at_most, load.rho), (Some(0.3), Some(0.6), None));
    for (more, told) in [
        ("resend = { after = \"1s\", at_most = 1 }", "`hedge` does not go with resend"),
        ("rate_limit = \"40/s\"", "`rate_limit` does not go with hedge"),
    ] {
        let said = refusal(&text(more));
        assert!(said.contains(told), "{said}");
    }
    let methods = [Method::Measurement];
    let study =
        queuelab::study::run(&crate::semantics::scenario(&text("")), &methods, &queuelab::study::NoProgress);
    let why = study.unanswered.iter().map(|u| u.reason.to_string()).collect::<String>();
    assert!(why.contains("who sends does not wait for what becomes of it"), "{why}");
}
