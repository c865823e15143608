//! Messages that have several servers at once.

use super::*;

fn together(rate: u32, servers: u32, needed: &str, more: &str) -> String {
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"{rate}/s\"\n[queues.q]\n{more}\n[consumers.c]\nfrom = \"q\"\n\
         count = {servers}\nservice_time = \"exponential(10ms)\"\nservers_per_message = {needed}\n\
         [simulation]\nmessages = 60_000\nconfidence = 0.999\n"
    )
}

/// All of five servers for each message are one: M/M/1 at 0.8 waits 40 ms. Two of five for each are two, of
/// which each stands for two: M/M/2 at 0.75 waits 10 ms · 0.75²/(1 − 0.75²), and of the servers 2 · 1.5 are
/// busy. Three to five of five are one as well, with 4 · 0.8 of them busy.
#[test]
fn as_many_as_fit_are_a_queue_of_fewer_servers() {
    let square: f64 = 0.75 * 0.75;
    for (rate, needed, wait, busy) in [
        (80, "5", 0.04, 4.0),
        (150, "2", 0.01 * square / (1.0 - square), 3.0),
        (80, "[{ servers = 3 }, { servers = 5 }]", 0.04, 3.2),
    ] {
        let study = both(&together(rate, 5, needed, ""));
        let theory = study.answer(Method::Theory).expect("M/M/c");
        assert!(theory.exact && (value(theory, "queues.q.wait.mean") - wait).abs() < 1e-12, "{}", theory.by);
        assert!((value(theory, "consumers.c.busy") - busy).abs() < 1e-12, "{}", theory.by);
        let differ = study.agreement.iter().filter(|a| a.verdict == queuelab::study::AgreementStatus::Differ);
        let differ: Vec<_> = differ.collect();
        assert!(differ.is_empty() && study.agreement.len() > 20, "{needed}: {differ:?}");
        let load =
            &queuelab::theory::explain(&crate::semantics::scenario(&together(rate, 5, needed, ""))).loads[0];
        let rho = if needed == "2" { 0.75 } else { 0.8 };
        assert!((load.rho.expect("servers") - rho).abs() < 1e-12, "{load:?}");
    }
}

/// One or three of three servers, equally often: nobody overtakes. A slow recursion: a message begins when it
/// is first in line and as many servers are free as it needs, or gives up before. Its mean wait, and the
/// share that gives up.
fn by_recursion(patience: f64) -> (f64, f64) {
    let (mut free, mut first, mut sum, mut lost) = ([0.0f64; 3], 0.0f64, 0.0, 0);
    let all = messages(1_000_000, 60.0, 2, 0.01);
    for (came, kind, work) in &all {
        let needed = if *kind == 1 { 1 } else { 3 };
        free.sort_by(f64::total_cmp);
        let start = first.max(*came).max(free[needed - 1]);
        if start > came + patience {
            lost += 1;
            first = first.max(came + patience);
            continue;
        }
        first = start;
        sum += start - came;
        free[..needed].fill(start + work);
    }
    (sum / (all.len() - lost) as f64, lost as f64 / all.len() as f64)
}

#[test]
fn nobody_overtakes_who_needs_more() {
    let text = together(60, 3, "[{ servers = 1 }, { servers = 3 }]", "");
    let (slow, _) = by_recursion(f64::INFINITY);
    let (mean, half) = simulated(&text, "queues.q.wait.mean");
    assert!((mean - slow).abs() <= half + 0.02 * slow && half < 0.05 * slow, "{mean} ± {half}, {slow}");
    // When the first in line gives up, the next may find enough servers.
    let impatient = text.replace("[queues.q]", "[queues.q]\nmessage_ttl = \"15ms\"");
    let (slow, lost) = by_recursion(0.015);
    let (mean, half) = simulated(&impatient, "queues.q.wait.mean");
    assert!((mean - slow).abs() <= half + 0.01 * slow, "{mean} ± {half}, {slow}");
    let (loss, half) = simulated(&impatient, "total.loss");
    assert!((loss - lost).abs() <= half + 0.002 && lost > 0.05, "{loss} ± {half}, {lost}");
    let (busy, half) = simulated(&text, "consumers.c.busy");
    assert!((busy - 60.0 * 0.01 * 2.0).abs() <= half.max(0.005), "{busy} ± {half}");
    let why = refused(&both(&text.replace("60_000", "2000")));
    assert!(why.contains("messages need different numbers of servers"), "{why}");
    // Between as many as fit at most, 3/2 messages at once, and the least, one.
    let load = &queuelab::theory::explain(&crate::semantics::scenario(&text)).loads[0];
    assert!(load.rho.is_none(), "{load:?}");
    let ends = (load.at_least.expect("bounded"), load.at_most.expect("bounded"));
    assert!((ends.0 - 0.4).abs() < 1e-12 && (ends.1 - 0.6).abs() < 1e-12, "{ends:?}");
}

#[test]
fn what_cannot_be_is_refused() {
    for (needed, more, said) in [
        ("6", "", "a count of fewer servers"),
        ("2", "discipline = \"lifo\"", "does not go with"),
        ("0", "", "must be at least 1"),
        ("[{ weight = 2 }]", "", "servers"),
    ] {
        let refusal = refusal(&together(10, 5, needed, more));
        assert!(refusal.contains(said), "{refusal}");
    }
}
