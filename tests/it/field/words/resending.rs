//! Clients that send again while what they sent before is still worked on.

use super::*;
use queuelab::message::Outcome;

/// Two come together, each takes a second, and clients wait for 1.5 s. The first is done at 1 s. The second
/// is sent again at 1.5 s and its first copy done at 2 s; the other copy is work for nobody until 3 s. With
/// 0.8 s the first is too late as well, and who gives up then is lost though it is done.
#[test]
fn what_was_sent_before_is_worked_on_all_the_same() {
    let text = |resend: &str| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"0.02/s\"\narrivals = {{ process = \"periodic\", batch = 2 }}\n\
             resend = {resend}\n[queues.q]\n[consumers.c]\nfrom = \"q\"\nservice_time = \"1s\"\n"
        )
    };
    let ended = |resend: &str| {
        let (lives, totals) = crate::semantics::play(&text(resend), 2);
        let exits = &lives.ends;
        let ms = |at: u64| at / 1_000_000;
        let ended: Vec<(u64, Outcome)> =
            exits.iter().take(2).map(|e| (ms(e.finished - e.message.due), e.outcome)).collect();
        (ended, totals.groups[0].handled)
    };
    assert_eq!(
        ended("{ after = \"1500ms\", at_most = 3 }"),
        (vec![(1000, Outcome::Served), (2000, Outcome::Served)], 3)
    );
    assert_eq!(
        ended("{ after = \"800ms\", at_most = 0 }"),
        (vec![(800, Outcome::Expired), (800, Outcome::Expired)], 2)
    );
}

/// A queue at 70 % whose clients send again after 50 ms: what they add is what keeps it from ever recovering,
/// though without it a message takes 33 ms. Theory refuses it, and its load is known between two bounds.
#[test]
fn clients_that_send_again_overload_a_queue_that_would_hold() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"70/s\"\nresend = { after = \"50ms\", at_most = 3 }\n[queues.q]\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = \"exponential(10ms)\"\n[simulation]\nmessages = 20_000\n\
        warmup = 2000\n";
    let study = both(text);
    let why = study.unanswered.iter().find(|u| u.method == Method::Simulation).expect("it grows");
    assert!(why.reason.to_string().contains("grows"), "{}", why.reason);
    assert!(refused(&study).contains("clients send again"), "{}", refused(&study));
    let load = &queuelab::theory::explain(&crate::semantics::scenario(text)).loads[0];
    let close = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-9);
    assert!(close(load.at_least, 0.7) && close(load.at_most, 2.8) && load.rho.is_none(), "{load:?}");
}

/// A client that gives up after 100 ms of M/M/1 at 0.5, 10 ms of work: of those that wait and are worked on
/// for longer, e^(−100 ms · 50/s) = e^(−5), nothing is heard; the queue does not change.
#[test]
fn who_only_gives_up_changes_nothing_but_what_counts() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"50/s\"\nresend = { after = \"100ms\", at_most = 0 }\n[queues.q]\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = \"exponential(10ms)\"\n[simulation]\nmessages = 100_000\n\
        confidence = 0.999\n";
    for (path, exact) in [("total.loss", (-5f64).exp()), ("consumers.c.utilization", 0.5)] {
        let (found, half) = simulated(text, path);
        assert!((found - exact).abs() <= half && half < 0.2 * exact, "{path}: {found} ± {half}");
    }
}
