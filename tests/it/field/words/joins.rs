//! Copies of a message that rejoin before the next stage.

use super::*;

/// An order is copied to two queues with exponential work, and shipped when both are done.
fn order(rate: u32, stock: &str, payment: &str, ship: &str) -> String {
    format!(
        "[producers.p]\nto = \"order\"\nrate = \"{rate}/s\"\n[topics.order]\nsubscriptions = [\"stock\", \"payment\"]\n\
         [queues.stock]\n[queues.payment]\n[queues.ship]\njoin = \"order\"\n\
         [consumers.stock]\nfrom = \"stock\"\nto = \"ship\"\nservice_time = {stock}\n\
         [consumers.payment]\nfrom = \"payment\"\nto = \"ship\"\nservice_time = {payment}\n\
         [consumers.ship]\nfrom = \"ship\"\n{ship}\n[simulation]\nmessages = 60_000\nconfidence = 0.999\n"
    )
}

/// Two exponential servers of 10 ms at ρ = 0.7 have both copies done after (12 − ρ)/8 · 10 ms/(1 − ρ) (Flatto
/// & Hahn 1984), and 5 ms of the next stage follow: without limit of servers by theory, which is exact.
#[test]
fn two_copies_rejoin_as_flatto_and_hahn_say() {
    let both_done = (12.0 - 0.7) / 8.0 * 0.01 / 0.3;
    let exponential = "\"exponential(10ms)\"";
    let text = order(70, exponential, exponential, "count = \"unlimited\"\nservice_time = \"5ms\"");
    let study = both(&text);
    let theory = study.answer(Method::Theory).expect("two copies that rejoin");
    let latency = value(theory, "total.latency.mean");
    assert!(theory.exact && (latency - both_done - 0.005).abs() < 1e-12, "{} {latency}", theory.by);
    let differ = study.agreement.iter().filter(|a| a.verdict == queuelab::study::AgreementStatus::Differ);
    let differ: Vec<_> = differ.collect();
    assert!(differ.is_empty() && study.agreement.len() > 20, "{differ:?}");
    // One message for two copies: the load of the next stage, and what comes out.
    let explained = queuelab::theory::explain(&crate::semantics::scenario(&text));
    assert!((explained.loads[2].arrival_rate.expect("nothing is lost") - 70.0).abs() < 1e-9, "{explained:?}");
    let (rate, half) = simulated(&text, "queues.ship.throughput");
    assert!((rate - 70.0).abs() <= half.max(0.5), "{rate} ± {half}");
    let one = order(70, exponential, exponential, "service_time = \"5ms\"");
    let why = refused(&both(&one.replace("60_000", "2000")));
    assert!(why.contains("what comes out of a join is no process"), "{why}");
}

/// Without queueing each waits for the slower of its copies, 30 ms, or, where one is enough, for the faster,
/// 10 ms; and then 5 ms.
#[test]
fn without_queueing_it_is_the_slowest_or_the_fastest() {
    let regular = |text: String| text.replace("rate = ", "arrivals = { process = \"periodic\" }\nrate = ");
    let text = regular(order(20, "\"10ms\"", "\"30ms\"", "service_time = \"5ms\""));
    let one = text.replace("[topics.order]", "[topics.order]\ncomplete_when = 1");
    for (text, latency) in [(&text, 35), (&one, 15)] {
        let (lives, _) = crate::semantics::play(text, 10);
        let ended: Vec<u64> = lives.ends.iter().map(|e| (e.finished - e.sent) / 1_000_000).collect();
        assert!(ended.len() >= 9 && ended.iter().all(|ms| *ms == latency), "{ended:?}");
    }
}

/// A copy that is refused is a message that is lost, once: its other copy is worked on, and goes nowhere.
/// M/M/1/1 of ρ = 0.7 refuses 0.7/1.7.
#[test]
fn a_copy_that_is_lost_takes_its_message_with_it() {
    let exponential = "\"exponential(10ms)\"";
    let text = order(70, exponential, exponential, "service_time = \"1ms\"");
    let text = text.replace("[queues.stock]", "[queues.stock]\nmax_length = 0");
    let (loss, half) = simulated(&text, "total.loss");
    assert!((loss - 0.7 / 1.7).abs() <= half, "{loss} ± {half}");
    let (rate, half) = simulated(&text, "queues.ship.throughput");
    assert!((rate - 70.0 / 1.7).abs() <= half.max(0.5), "{rate} ± {half}");
    let (paid, half) = simulated(&text, "queues.payment.throughput");
    assert!((paid - 70.0).abs() <= half.max(0.5), "{paid} ± {half}");
    let load = &queuelab::theory::explain(&crate::semantics::scenario(&text)).loads[2];
    assert!(load.arrival_rate.is_none() && load.at_most.is_some_and(|most| most <= 0.07 + 1e-9), "{load:?}");
}

#[test]
fn copies_that_would_not_come_are_told_of() {
    let text = order(10, "\"1ms\"", "\"1ms\"", "service_time = \"1ms\"");
    for (was, is, told) in [
        ("subscriptions", "deliver = \"random\"\nsubscriptions", "makes no copies"),
        ("to = \"ship\"\nservice_time", "service_time", "some copies end in `stock`"),
        ("join = \"order\"", "join = \"odrer\"", "did you mean `order`?"),
    ] {
        let refusal = refusal(&text.replacen(was, is, 1));
        assert!(refusal.contains(told), "{refusal}");
    }
}
