//! Message groups: a key is locked while a message of it is in progress.

use super::*;

/// Message groups: so many of them, and workers.
fn groups(keys: u32, workers: u32) -> String {
    format!(
        "[producers.app]\nto = \"fifo\"\nrate = \"160/s\"\nkeys = {{ law = \"uniform\", count = {keys} }}\n\
         [queues.fifo]\nlocks = \"by-key\"\n[consumers.w]\nfrom = \"fifo\"\ncount = {workers}\n\
         service_time = \"exponential(20ms)\"\n[simulation]\nmessages = 100_000\nconfidence = 0.999\n"
    )
}

/// The mean time from coming to done where a free worker takes the oldest message whose key is not locked,
/// and the share of the messages that waited for longer than they live.
fn slowly(all: &[(f64, u32, f64)], workers: usize, life: f64) -> (f64, f64) {
    let (mut next, mut sum, mut lost) = (0, 0.0, 0);
    let mut waiting: Vec<(f64, u32, f64)> = Vec::new();
    let mut working: Vec<(f64, u32, f64)> = Vec::new();
    while next < all.len() || !working.is_empty() {
        let done = (0..working.len()).min_by(|&a, &b| working[a].0.total_cmp(&working[b].0));
        let now = match done.filter(|&i| next == all.len() || working[i].0 <= all[next].0) {
            Some(i) => {
                let (end, _, came) = working.remove(i);
                sum += end - came;
                end
            }
            None => {
                waiting.push(all[next]);
                next += 1;
                all[next - 1].0
            }
        };
        let before = waiting.len();
        waiting.retain(|m| m.0 + life >= now);
        lost += before - waiting.len();
        while working.len() < workers {
            let free = |m: &(f64, u32, f64)| working.iter().all(|w| w.1 != m.1);
            let Some(i) = waiting.iter().position(free) else { break };
            let (came, key, work) = waiting.remove(i);
            working.push((now + work, key, came));
        }
    }
    // Nobody is taken any more when the last is done: all others are too late by then.
    lost += waiting.len();
    (sum / (all.len() - lost) as f64, lost as f64 / all.len() as f64)
}

/// spring-cloud-aws #756: 8 message groups and 4 workers, 44.6 ms. Eight workers are eight times M/M/1 at
/// 0.4, 20 ms / 0.6; of a million groups none is ever locked: M/M/4 at 0.8, 20 ms + 14.9 ms.
#[test]
fn any_free_worker_takes_any_key_that_is_not_in_progress() {
    for (keys, workers, exact) in [(8, 4, 0.0446), (8, 8, 0.02 / 0.6), (1_000_000, 4, 0.034_910)] {
        let (mean, half) = simulated(&groups(keys, workers), "total.latency.mean");
        assert!((mean - exact).abs() <= half + 0.0002 && half < 0.002, "{keys} {workers}: {mean} ± {half}");
    }
    let (other, _) = slowly(&messages(1_000_000, 160.0, 8, 0.02), 4, f64::INFINITY);
    assert!((other - 0.0446).abs() < 0.001, "{other}");
}

/// What expires behind its key holds up nobody, whatever waits then: eight groups and four workers beside the
/// slow simulation, and one worker beside M/M/1 with a time to live of 15 ms.
#[test]
fn what_expires_behind_a_locked_key_holds_nobody_up() {
    for (keys, life) in [(8, 0.03), (3, 0.02)] {
        let text = groups(keys, 4).replace("locks =", &format!("message_ttl = \"{life}s\"\nlocks ="));
        let (latency, lost) = slowly(&messages(1_000_000, 160.0, keys, 0.02), 4, life);
        for (path, slow) in [("total.latency.mean", latency), ("total.loss", lost)] {
            let (found, half) = simulated(&text, path);
            assert!((found - slow).abs() <= half + 0.005 * slow, "{keys} {path}: {found} ± {half}, {slow}");
        }
    }
    let one = groups(3, 1).replace("locks =", "message_ttl = \"15ms\"\nlocks =").replace("160/s", "40/s");
    let study = both(&one);
    let theory = study.answer(Method::Theory).expect("M/M/1 with a time to live");
    assert!(theory.exact, "{}", theory.by);
    let differ = study.agreement.iter().filter(|a| a.verdict == queuelab::study::AgreementStatus::Differ);
    assert_eq!((differ.count(), study.agreement.len() > 20), (0, true));
}

/// One worker takes them one by one anyway; more have no closed form, and no broker is asked for it.
#[test]
fn theory_and_brokers_say_what_they_do_not_know() {
    let one = both(&groups(8, 1).replace("160/s", "40/s").replace("100_000", "2000"));
    let theory = one.answer(Method::Theory).expect("M/M/1");
    assert!(theory.exact && (value(theory, "total.latency.mean") - 0.1).abs() < 1e-9, "{}", theory.by);
    let why = refused(&both(&groups(8, 4).replace("100_000", "2000")));
    assert!(why.contains("a key is locked while a message of it is in progress"), "{why}");
    let refusal = refusal(&groups(8, 4).replace("locks =", "partitions = 8\nlocks ="));
    assert!(refusal.contains("leave one of them out"), "{refusal}");
}

/// A message that failed keeps its key locked until it has been tried again: three of one key come together
/// and fail twice, each 10 ms of work, 100 ms away and 10 ms of work; three workers do them one after the
/// other.
#[test]
fn what_failed_holds_its_key_until_it_is_delivered_again() {
    let text = "[producers.a]\nto = \"q\"\nrate = \"0.3/s\"\nkeys = { law = \"uniform\", count = 1 }\n\
        arrivals = { process = \"periodic\", batch = 3 }\nfailure = { probability = 1 }\n[queues.q]\n\
        locks = \"by-key\"\ndelivery_limit = 2\n[consumers.w]\nfrom = \"q\"\ncount = 3\n\
        service_time = \"10ms\"\nretry_delay = \"100ms\"\n";
    let (lives, _) = crate::semantics::play(text, 3);
    let ended: Vec<(u64, u64)> =
        lives.stays.0.iter().take(3).map(|r| (r.message.id, (r.finished - r.sent) / 1_000_000)).collect();
    assert_eq!(ended, [(0, 120), (1, 240), (2, 360)]);
}
