//! Resources that several groups of servers need.

use super::*;

/// One group that needs a database.
fn alone(servers: &str, resource: &str) -> String {
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"150/s\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = {servers}\n\
         service_time = \"exponential(10ms)\"\nresource = \"db\"\n[resources.db]\n{resource}\n[simulation]\n\
         messages = 60_000\nconfidence = 0.999\n"
    )
}

/// Two groups with queues of their own that need it.
fn two(first: &str, second: &str, resource: &str) -> String {
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"80/s\"\n[producers.o]\nto = \"r\"\nrate = \"20/s\"\n[queues.q]\n\
         [queues.r]\n[consumers.c]\nfrom = \"q\"\nresource = \"db\"\n{first}\n[consumers.d]\nfrom = \"r\"\n\
         resource = \"db\"\n{second}\n[resources.db]\n{resource}\n[simulation]\nmessages = 100_000\n\
         confidence = 0.999\n"
    )
}

/// Two slots for five servers, or for servers without limit, are two servers: M/M/2 at 0.75. Of a share of
/// two, three servers do twice what one does: a birth–death chain.
#[test]
fn a_group_alone_with_a_resource_is_a_queue_without() {
    let square: f64 = 0.75 * 0.75;
    let slots = 0.01 * square / (1.0 - square);
    for (servers, resource) in [
        ("5", "capacity = 2"),
        ("\"unlimited\"", "capacity = 2"),
        ("5", "capacity = 2\nsharing = \"processor-sharing\""),
    ] {
        let study = both(&alone(servers, resource));
        let theory = study.answer(Method::Theory).expect("a queue without");
        if !resource.contains("sharing") {
            let wait = value(theory, "queues.q.wait.mean");
            assert!((wait - slots).abs() < 1e-12, "{} {wait}", theory.by);
        }
        let differ = study.agreement.iter().filter(|a| a.verdict == queuelab::study::AgreementStatus::Differ);
        let differ: Vec<_> = differ.collect();
        assert!(theory.exact && differ.is_empty() && study.agreement.len() > 15, "{servers}: {differ:?}");
        let load =
            &queuelab::theory::explain(&crate::semantics::scenario(&alone(servers, resource))).loads[0];
        assert!((load.rho.expect("bounded") - 0.75).abs() < 1e-12, "{load:?}");
    }
}

/// Two queues with two servers each and two slots for all are one line for two servers, in which the one that
/// came first is next: M/M/2 of all messages. Both queues have its load.
#[test]
fn slots_go_to_who_came_first() {
    let group = "count = 2\nservice_time = \"exponential(15ms)\"";
    let text = two(group, group, "capacity = 2");
    let square: f64 = 0.75 * 0.75;
    let wait = 0.015 * square / (1.0 - square);
    for queue in ["q", "r"] {
        let (mean, half) = simulated(&text, &format!("queues.{queue}.wait.mean"));
        assert!((mean - wait).abs() <= half && half < 0.1 * wait, "{queue}: {mean} ± {half}, {wait}");
    }
    let explained = queuelab::theory::explain(&crate::semantics::scenario(&text));
    assert!(
        explained.loads.iter().all(|load| (load.rho.expect("bounded") - 0.75).abs() < 1e-12),
        "{explained:?}"
    );
    let why = refused(&both(&text.replace("100_000", "2000")));
    assert!(why.contains("servers need a slot of a resource"), "{why}");
}

/// Who has a slot keeps others off although they have a server: every instant is known. A message of 100 ms
/// comes each second to the one queue, one of 10 ms 50 ms later to the other, and has to wait for 50 ms.
#[test]
fn a_group_waits_for_another_s_work() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"1/s\"\narrivals = { process = \"periodic\" }\n[producers.o]\n\
        to = \"r\"\nrate = \"1/s\"\narrivals = { process = \"periodic\" }\nsend_time = \"50ms\"\n[queues.q]\n\
        [queues.r]\n[consumers.c]\nfrom = \"q\"\nservice_time = \"100ms\"\nresource = \"db\"\n[consumers.d]\n\
        from = \"r\"\nservice_time = \"10ms\"\nresource = \"db\"\n[resources.db]\ncapacity = ";
    for (capacity, second) in [(1, 60), (2, 10)] {
        let (lives, _) = crate::semantics::play(&format!("{text}{capacity}\n"), 6);
        let stays: Vec<(u32, u64)> =
            lives.stays.0.iter().take(4).map(|r| (r.queue, (r.finished - r.sent) / 1_000_000)).collect();
        let both = if capacity == 1 { [(0, 100), (1, second)] } else { [(1, second), (0, 100)] };
        assert_eq!(stays, [both, both].concat(), "{capacity}");
    }
}

/// Many servers that share one processor are M/G/1 with processor sharing, whatever the laws: E(S)/(1 − ρ) of
/// each class, 5 ms and 10 ms of work at ρ = 0.6.
#[test]
fn those_who_share_are_slower_the_more_they_are() {
    let text = two(
        "count = 300\nservice_time = \"5ms\"",
        "count = 300\nservice_time = \"exponential(10ms)\"",
        "capacity = 1\nsharing = \"processor-sharing\"",
    );
    for (producer, latency) in [("p", 0.0125), ("o", 0.025)] {
        let (mean, half) = simulated(&text, &format!("producers.{producer}.latency.mean"));
        assert!(
            (mean - latency).abs() <= half.max(1e-5) && half < 0.1 * latency,
            "{producer}: {mean} ± {half}"
        );
    }
    let written = crate::semantics::scenario(&text);
    let echo = queuelab::scenario::resolved_toml(&written);
    assert!(echo.contains("[resources.db]") && crate::semantics::scenario(&echo) == written, "{echo}");
    for (was, is, told) in [
        ("resource = \"db\"", "resource = \"bd\"", "did you mean `db`?"),
        ("count = 300", "count = 300\nbatch = { max = 3 }", "does not go with consumer batches"),
        ("capacity = 1", "capacity = 0", "must be at least 1"),
        ("capacity = 1\n", "", "capacity"),
    ] {
        let refusal = refusal(&text.replacen(was, is, 1));
        assert!(refusal.contains(told), "{refusal}");
    }
}
