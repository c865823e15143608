//! Consumers far from their queue: messages and acknowledgements travel.

use super::*;

fn far(servers: &str, more: &str) -> String {
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"20/s\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\n{servers}\n\
         service_time = \"exponential(10ms)\"\ntransit = \"10ms\"\n{more}\n[simulation]\nmessages = 60_000\n\
         confidence = 0.999\n"
    )
}

/// RabbitMQ's own worked example: 50 ms to the consumer, 4 ms of work and 50 ms back: a window of 104/4 = 26
/// keeps the consumer busy, and one of 25 does not. A hundred messages wait from the start.
#[test]
fn a_window_of_26_keeps_a_consumer_busy() {
    for (prefetch, last) in [(26, 450), (25, 462), (1, 99 * 104 + 54)] {
        let text = format!(
            "[producers.p]\nto = \"q\"\nrate = \"0.001/s\"\narrivals = {{ process = \"periodic\" }}\n[queues.q]\n\
             initial_backlog = 100\n[consumers.c]\nfrom = \"q\"\nservice_time = \"4ms\"\ntransit = \"50ms\"\n\
             prefetch = {prefetch}\n"
        );
        let (lives, _) = crate::semantics::play(&text, 100);
        let done = lives.stays.0.iter().take(100).map(|r| r.finished / 1_000_000).max();
        assert_eq!(done, Some(last), "{prefetch}");
        let load = &queuelab::theory::explain(&crate::semantics::scenario(&text)).loads[0];
        let capacity = f64::min(250.0, f64::from(prefetch) / 0.104);
        assert!((load.capacity.expect("one server") - capacity).abs() < 1e-9, "{load:?}");
    }
}

/// A window of one: M/G/1 whose service takes both ways longer, 10 ms ± 10 ms and 20 ms, so that the wait is
/// λ E(S²)/(2 (1 − ρ)) = 0.02 · 1000/(2 · 0.4) = 25 ms, and then 10 ms; D/M/1 and two servers agree, too.
#[test]
fn a_window_of_one_is_longer_service() {
    let one = both(&far("", ""));
    let theory = one.answer(Method::Theory).expect("M/G/1");
    assert!(theory.exact && (value(theory, "total.latency.mean") - 0.045).abs() < 1e-9, "{}", theory.by);
    let two = far("count = 2", "").replace("20/s", "50/s").replace("exponential(10ms)", "10ms");
    for study in [one, both(&two)] {
        let theory = study.answer(Method::Theory).expect("a closed form");
        let differ = study.agreement.iter().filter(|a| a.verdict == queuelab::study::AgreementStatus::Differ);
        let differ: Vec<_> = differ.collect();
        assert!(theory.exact && differ.is_empty() && study.agreement.len() > 20, "{} {differ:?}", theory.by);
    }
}

/// Where several messages are on their way the latency is that of a slow recursion: one is sent when it has
/// come and the acknowledgement of the third before it is back.
#[test]
fn several_on_their_way_are_simulated() {
    let text = far("prefetch = 3", "").replace("20/s", "60/s");
    let (mut acknowledged, mut free, mut sum) = (Vec::new(), 0.0f64, 0.0);
    let all = messages(1_000_000, 60.0, 1, 0.01);
    for (i, (came, _, work)) in all.iter().enumerate() {
        let window = if i >= 3 { acknowledged[i - 3] } else { 0.0 };
        free = free.max(came.max(window) + 0.01) + work;
        acknowledged.push(free + 0.01);
        sum += free - came;
    }
    let slow = sum / all.len() as f64;
    let (mean, half) = simulated(&text, "total.latency.mean");
    assert!((mean - slow).abs() <= half + 0.01 * slow && half < 0.05 * slow, "{mean} ± {half}, {slow}");
    let why = refused(&both(&text.replace("60_000", "2000")));
    assert!(why.contains("several messages at once are on their way"), "{why}");
    assert!(refusal(&far("batch = { max = 2 }", "")).contains("does not go with consumer batches"));
}

/// Sent, there after 50 ms, failed after 60, which the queue hears after 110 and sends it again; lost after
/// 220.
#[test]
fn the_queue_hears_of_a_failure_later() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"1/s\"\narrivals = { process = \"periodic\" }\n[queues.q]\n\
        delivery_limit = 2\n[consumers.c]\nfrom = \"q\"\nservice_time = \"10ms\"\ntransit = \"50ms\"\n\
        failure = { probability = 1 }\n";
    let (lives, _) = crate::semantics::play(text, 3);
    let ended: Vec<u64> = lives.stays.0.iter().take(3).map(|r| (r.finished - r.sent) / 1_000_000).collect();
    assert_eq!(ended, [220, 220, 220]);
}
