//! Servers that several queues share.

use super::*;
use std::collections::VecDeque;

fn pool(servers: u32, more: &str) -> String {
    format!(
        "[producers.now]\nto = \"urgent\"\nrate = \"30/s\"\n[producers.later]\nto = \"bulk\"\nrate = \"{}/s\"\n\
         [queues.bulk]\n[queues.urgent]\n[consumers.w]\nfrom = [\"urgent\", \"bulk\"]\ncount = {servers}\n\
         service_time = \"exponential(10ms)\"\n{more}\n[simulation]\nmessages = 100_000\nconfidence = 0.999\n",
        50 * servers
    )
}

fn found(study: &Study, path: &str) -> (f64, f64) {
    let answer = study.answer(Method::Simulation).unwrap_or_else(|| panic!("{:?}", study.unanswered));
    let found = answer.get(path).unwrap_or_else(|| panic!("no {path}"));
    (found.value.unwrap_or(f64::NAN), found.half_width.unwrap_or(0.0))
}

/// One queue strictly before the other is M/M/1 with priorities (Cobham): ρ = 0.8, of which 0.3 are urgent,
/// wait 8 ms/0.7 and 8 ms/(0.7 × 0.2). Of two servers at 0.65 theory knows the same two classes in one queue.
#[test]
fn strict_order_is_a_line_with_priorities() {
    let one = both(&pool(1, ""));
    for (queue, exact) in [("urgent", 0.008 / 0.7), ("bulk", 0.008 / (0.7 * 0.2))] {
        let (wait, half) = found(&one, &format!("queues.{queue}.wait.mean"));
        assert!((wait - exact).abs() <= half && half < 0.01, "{queue}: {wait} ± {half}");
    }
    assert!(refused(&one).contains("several queues share their servers"), "{}", refused(&one));
    let line = "[producers.now]\nto = \"q\"\nrate = \"30/s\"\npriority = 1\n[producers.later]\nto = \"q\"\n\
        rate = \"100/s\"\n[queues.q]\ndiscipline = \"priority\"\n[consumers.w]\nfrom = \"q\"\ncount = 2\n\
        service_time = \"exponential(10ms)\"\n[simulation]\nmessages = 2000\n";
    let (theory, two) = (both(line), both(&pool(2, "")));
    let theory = theory.answer(Method::Theory).expect("M/M/2 with priorities");
    for producer in ["now", "later"] {
        let path = format!("producers.{producer}.latency.mean");
        let (mean, half) = found(&two, &path);
        assert!((mean - value(theory, &path)).abs() <= half, "{path}: {mean} ± {half}");
    }
    let (busy, half) = found(&two, "consumers.w.utilization");
    assert!((busy - 0.65).abs() <= half.max(0.002), "{busy} ± {half}");
    let (share, half) = found(&two, "queues.urgent.utilization");
    assert!((share - 0.15).abs() <= half.max(0.002), "{share} ± {half}");
    let load = &queuelab::theory::explain(&crate::semantics::scenario(&pool(2, ""))).loads[0];
    assert!((load.rho.expect("servers") - 0.65).abs() < 1e-12, "{load:?}");
}

/// By weight the waits lie between those of the two orders, and, the work being alike, the mean over all is
/// that of one line: 40 ms.
#[test]
fn weights_share_the_waits_out() {
    let study = both(&pool(1, "weights = [3, 1]"));
    let (all, half) = found(&study, "total.wait.mean");
    assert!((all - 0.04).abs() <= half, "{all} ± {half}");
    let [urgent, bulk] = ["urgent", "bulk"].map(|q| found(&study, &format!("queues.{q}.wait.mean")).0);
    assert!(urgent > 0.008 / 0.7 + 0.001 && urgent < 0.04 && bulk > 0.04, "{urgent} {bulk}");
}

/// The mean waits of two kinds of messages, those of the keys 1 to 3 and the others, at one server that takes
/// the next of either where only those wait, else of the first kind with a probability.
fn by_chance(all: &[(f64, u32, f64)], first: f64) -> [f64; 2] {
    let draws = Key::new(77, 0);
    let mut waiting = [VecDeque::new(), VecDeque::new()];
    let (mut next, mut asked, mut now) = (0, 0, 0.0);
    let (mut sum, mut count) = ([0.0; 2], [0; 2]);
    loop {
        while let Some(one) = all.get(next).filter(|one| one.0 <= now) {
            waiting[usize::from(one.1 > 3)].push_back(*one);
            next += 1;
        }
        let kind = match [waiting[0].is_empty(), waiting[1].is_empty()] {
            [true, true] if next == all.len() => break,
            [true, true] => {
                now = all[next].0;
                continue;
            }
            [false, false] => {
                asked += 1;
                usize::from(draws.uniform_at(asked, 0) > first)
            }
            [empty, _] => usize::from(empty),
        };
        let Some((came, _, work)) = waiting[kind].pop_front() else { break };
        (sum[kind], count[kind]) = (sum[kind] + now - came, count[kind] + 1);
        now += work;
    }
    [sum[0] / f64::from(count[0]), sum[1] / f64::from(count[1])]
}

/// Three times in four where both wait, beside the slow simulation.
#[test]
fn weights_are_shares_of_those_that_wait() {
    let study = both(&pool(1, "weights = [3, 1]"));
    let slow = by_chance(&messages(1_500_000, 80.0, 8, 0.01), 0.75);
    for (queue, slow) in ["urgent", "bulk"].into_iter().zip(slow) {
        let (wait, half) = found(&study, &format!("queues.{queue}.wait.mean"));
        assert!(
            (wait - slow).abs() <= half + 0.02 * slow && half < 0.1 * slow,
            "{queue}: {wait} ± {half}, {slow}"
        );
    }
}

/// Three of each wait from the start, 10 ms each: the first queue of the list is emptied first, whatever the
/// order in which the queues are declared.
#[test]
fn a_backlog_is_worked_off_in_the_list_s_order() {
    let text = pool(1, "").replace("[queues.bulk]", "[queues.bulk]\ninitial_backlog = 3");
    let text = text.replace("[queues.urgent]", "[queues.urgent]\ninitial_backlog = 3");
    let text =
        text.replace("exponential(10ms)", "10ms").replace("30/s", "0.001/s").replace("50/s", "0.001/s");
    let (lives, _) = crate::semantics::play(&text, 6);
    let order: Vec<u32> = lives.stays.0.iter().take(6).map(|r| r.queue).collect();
    assert_eq!(order, [1, 1, 1, 0, 0, 0]);
    for (more, told) in [
        ("weights = [1]", "1 weight for 2 queues"),
        ("prefetch = 4", "prefetch above 1"),
        ("rate_limit = { rate = \"1/s\" }", "rate_limit"),
    ] {
        let refusal = refusal(&pool(1, more));
        assert!(refusal.contains(told), "{refusal}");
    }
}

/// On the in-process queue servers wait for several queues; brokers and what comes later by itself are
/// refused by name.
#[test]
fn servers_of_several_queues_are_measured_in_this_process() {
    let text = |more: &str, queue: &str| {
        let text = pool(2, more).replace("[queues.bulk]", &format!("[queues.bulk]\n{queue}"));
        format!("{text}[measurement]\nduration = \"300ms\"\nspeed = 5\n")
    };
    let measured = |text: &str| {
        let methods = [Method::Measurement];
        queuelab::study::run(&crate::semantics::scenario(text), &methods, &queuelab::study::NoProgress)
    };
    for weights in ["", "weights = [2, 1]"] {
        let study = measured(&text(weights, "initial_backlog = 5"));
        let answer = study.answer(Method::Measurement).unwrap_or_else(|| panic!("{:?}", study.unanswered));
        for queue in ["urgent", "bulk"] {
            assert!(value(answer, &format!("queues.{queue}.throughput")) > 0.0, "{queue}");
        }
        assert!(
            answer.gates.iter().all(|gate| gate.name != "lost" || gate.value == 0.0),
            "{:?}",
            answer.gates
        );
    }
    let why = |text: &str| measured(text).unanswered.iter().map(|u| u.reason.to_string()).collect::<String>();
    let timeout = text("", "visibility_timeout = \"1s\"");
    let timeout = timeout.replace("[queues.urgent]", "[queues.urgent]\nvisibility_timeout = \"1s\"");
    assert!(why(&timeout).contains("where servers have other queues, too"), "{}", why(&timeout));
    let delayed = text("failure = 0.1\nretry_delay = \"5ms\"", "");
    assert!(why(&delayed).contains("and of nothing else"), "{}", why(&delayed));
    let on_flume = text("", "").replace("speed = 5", "speed = 5\ntarget = \"flume\"");
    assert!(why(&on_flume).contains("it only hands messages over"), "{}", why(&on_flume));
}
