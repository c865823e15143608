//! Service that depends on the load, servers that stop together, disks that take a message more than once,
//! and shares within a time. Intervals are held at six half-widths of 95 %.

use super::{both, refusal, scenario, simulated, value};
use queuelab::answer::Method;
use queuelab::study::capacity::Search;
use queuelab::study::{AgreementStatus, NoProgress, ObjectiveStatus, Study};
use queuelab::theory;

fn near((found, half): (f64, f64), right: f64) {
    assert!((found - right).abs() <= 3.0 * half + 1e-9 * right, "{found} ± {half}, not {right}");
}

fn of(study: &Study, method: Method) -> &queuelab::answer::Answer {
    study.answer(method).unwrap_or_else(|| panic!("{:?}", study.unanswered))
}

/// 100 calls in half an hour of 3 minutes each (Erlang C).
fn calls(agents: u32, objective: &str) -> String {
    format!(
        "[producers.calls]\nto = \"line\"\nrate = \"200/h\"\n[queues.line]\n[consumers.agents]\nfrom = \
            \"line\"\ncount = {agents}\nservice_time = \"exponential(3min)\"\n[objectives]\n{objective}\n\
            [simulation]\nmessages = 100000\n"
    )
}

/// Erlang C for 10 erlangs: 14 agents answer 88.8 % within 20 s, 13 answer 79.5 %.
#[test]
fn fourteen_agents_answer_80_percent_within_20_seconds() {
    let objective = "\"queues.line.wait.within(20s)\" = \"> 80%\"";
    let study = both(&calls(14, objective));
    let path = "queues.line.wait.within(20s)";
    let exact = value(of(&study, Method::Theory), path);
    assert!((exact - 0.888_35).abs() < 5e-5, "{exact}");
    near(simulated(&calls(14, objective), path), exact);
    assert_eq!(study.objectives[0].outcome, ObjectiveStatus::Pass);
    assert_eq!(both(&calls(13, objective)).objectives[0].outcome, ObjectiveStatus::Fail);
    // A queue that grows has hardly anybody within any time.
    assert_eq!(both(&calls(9, objective)).objectives[0].outcome, ObjectiveStatus::Fail);
    let source = queuelab::scenario::Source {
        name: "calls".into(),
        text: calls(10, objective),
        overrides: Vec::new(),
    };
    let values = (11..=20).map(|n| n.to_string()).collect();
    let search = Search {
        source: &source,
        files: &queuelab::scenario::NoFiles,
        path: "consumers.agents.count".into(),
        values,
        largest: false,
    };
    let found = search.run(&NoProgress).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    assert_eq!(found.found().map(|probe| probe.value.as_str()), Some("14"));
}

/// However a percentile is spelled, it is the same one, and of a time that is never reached it is said so.
#[test]
fn percentiles_and_shares_are_read_as_people_write_them() {
    let spelt = "\"queues.line.wait.p99.9\" = \"< 10min\"\n\"total.latency.within(1 h)\" = \">= 99.9%\"";
    let paths: Vec<String> =
        scenario(&calls(14, spelt)).objectives.into_iter().map(|objective| objective.metric).collect();
    assert_eq!(paths, ["queues.line.wait.p999", "total.latency.within(1h)"]);
    let wrong = refusal(&calls(14, "\"queues.line.wait.within(20)\" = \"> 80%\""));
    assert!(wrong.contains("there is no metric"), "{wrong}");
    // What was never seen to miss may do so yet.
    let (all, half) =
        simulated(&calls(14, "\"total.latency.within(240h)\" = \"> 99%\""), "total.latency.within(240h)");
    assert!(all == 1.0 && half > 0.0, "{all} ± {half}");
    let certain = "[producers.p]\nto = \"q\"\nrate = \"5/s\"\narrivals = { process = \"periodic\" }\n[queues.q]\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = \"100ms\"\n[objectives]\n\"total.latency.within(100ms)\" = \
        \">= 100%\"\n\"total.latency.within(99ms)\" = \"<= 0%\"\n[simulation]\nmessages = 2000\n";
    let study = both(certain);
    assert!(study.objectives.iter().all(|j| j.outcome == ObjectiveStatus::Pass), "{:?}", study.objectives);
    assert!(study.agreement.iter().all(|a| a.verdict != AgreementStatus::Differ));
}

fn by_load(rate: &str, servers: u32, service_rate: &str) -> String {
    format!(
        "[producers.p]\nto = \"q\"\nrate = \"{rate}\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = {servers}\n\
            service_time = \"exponential(1s)\"\nservice_rate = {service_rate}\n[simulation]\nmessages = 200000\n"
    )
}

/// A birth-death chain by hand: μ₁ = 1, μ₂ = 1.5 and no more at λ = 1 makes p₀ = 1/4, L = 9/4, P(wait) = 1/2,
/// W_q exponential of 0.5/s for who waits.
#[test]
fn servers_that_get_in_one_another_s_way_are_a_birth_death_chain() {
    let text = by_load("1/s", 2, "{ per_busy = [1, 1.5] }");
    let study = both(&text);
    let exact = of(&study, Method::Theory);
    assert!(exact.exact && exact.by.contains("service by load"), "{}", exact.by);
    for (path, right) in [
        ("queues.q.in_system.mean", 2.25),
        ("queues.q.delayed", 0.5),
        ("queues.q.wait.mean", 1.0),
        ("queues.q.wait.p99", (0.5_f64 / 0.01).ln() / 0.5),
        ("total.latency.mean", 2.25),
        ("consumers.c.busy", 1.25),
        ("consumers.c.service.mean", 1.25),
    ] {
        assert!((value(exact, path) - right).abs() < 1e-9, "{path}: {}", value(exact, path));
        near(simulated(&text, path), right);
    }
    let differ: Vec<_> = study.agreement.iter().filter(|a| a.verdict == AgreementStatus::Differ).collect();
    assert!(differ.is_empty() && study.agreement.len() > 20, "{differ:?}");
}

/// A law of the total rate, and one that speeds up with the line: the same chain, summed up here.
#[test]
fn laws_of_the_rate_are_the_chain_that_they_say() {
    let level = |rate: &dyn Fn(usize) -> f64, lambda: f64| {
        let (mut p, mut all, mut mean) = (1.0, 1.0, 0.0);
        for n in 1..4000 {
            p *= lambda / rate(n);
            (all, mean) = (all + p, mean + n as f64 * p);
        }
        mean / all
    };
    let usl = |n: usize| {
        let n = n.min(6) as f64;
        n / (1.0 + 0.1 * (n - 1.0) + 0.01 * n * (n - 1.0))
    };
    let batching = |n: usize| n.min(2) as f64 * [1.0, 1.5, 2.0][n.saturating_sub(2).min(2)];
    for (text, right) in [
        (by_load("2.5/s", 6, "{ law = \"usl\", sigma = 0.1, kappa = 0.01 }"), level(&usl, 2.5)),
        (by_load("3/s", 2, "{ by_queue_length = [1, 1.5, 2] }"), level(&batching, 3.0)),
    ] {
        let exact = theory::answer(&scenario(&text)).expect("a chain");
        assert!((value(&exact, "queues.q.in_system.mean") / right - 1.0).abs() < 1e-9);
        near(simulated(&text, "queues.q.in_system.mean"), right);
    }
}

/// Constant work that two servers do at 0.8 of its speed each: at 10 s the first begins, at 13 s the second,
/// so that the first has 3 s of its 6 left, which take 3.75; the second then has 6 − 3 = 3 left and is alone.
#[test]
fn what_is_left_of_a_service_goes_on_at_the_speed_of_the_load() {
    let text = "[producers.a]\nto = \"q\"\nrate = \"0.01/s\"\narrivals = { process = \"periodic\" }\n[producers.b]\nto \
        = \"q\"\nrate = \"0.01/s\"\narrivals = { process = \"periodic\" }\nsend_time = \"3s\"\n[queues.q]\n\
        [consumers.c]\nfrom = \"q\"\ncount = 2\nservice_time = \"6s\"\nservice_rate = { per_busy = [1, 1.6] }\n";
    let (lives, _) = crate::semantics::play(text, 2);
    let took: Vec<u64> = crate::semantics::served(&lives, 0, 2).iter().map(|life| life.3 - life.2).collect();
    assert_eq!(took, [6750, 6750]);
}

/// Clients that do not think: N of them get through at the rate of N servers at work.
#[test]
fn a_closed_loop_follows_the_law() {
    let text = |clients: u32| {
        format!(
            "[producers.p]\nto = \"q\"\narrivals = {{ process = \"closed\", concurrency = {clients}, think_time = \
                \"0s\" }}\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = 100\nservice_time = \
                \"exponential(1ms)\"\nservice_rate = {{ law = \"usl\", sigma = 0.05, kappa = 0.0002 }}\n\
                [simulation]\nmessages = 50000\n"
        )
    };
    for n in [1, 20, 100] {
        let x = f64::from(n);
        let right = 1000.0 * x / (1.0 + 0.05 * (x - 1.0) + 0.0002 * x * (x - 1.0));
        let exact = theory::answer(&scenario(&text(n))).expect("a finite source");
        assert!((value(&exact, "total.throughput") / right - 1.0).abs() < 1e-9);
        near(simulated(&text(n), "total.throughput"), right);
    }
}

#[test]
fn a_service_rate_by_load_is_refused_by_name_where_nobody_plays_it() {
    let text = by_load("1/s", 2, "{ per_busy = [1, 1.5], law = \"usl\" }");
    assert!(refusal(&text).contains("one of law, per_busy and by_queue_length"));
    let shared =
        by_load("1/s", 2, "{ per_busy = [1, 1.5] }").replace("[queues.q]", "[queues.q]\npartitions = 4");
    assert!(refusal(&shared).contains("a service rate by load"), "{}", refusal(&shared));
    let constant = by_load("1/s", 2, "{ per_busy = [1, 1.5] }").replace("exponential(1s)", "1s");
    let why = theory::answer(&scenario(&constant)).expect_err("no closed form").reason.to_string();
    assert!(why.contains("exponential"), "{why}");
    // The load of two servers that do what one and a half would.
    let loads = theory::explain(&scenario(&by_load("1.2/s", 2, "{ per_busy = [1, 1.5] }"))).loads;
    assert!((loads[0].rho.expect("known") - 0.8).abs() < 1e-12);
}

/// A rebalance stops ten consumers at once, at random times, for half a minute.
fn rebalance(down: &str, messages: u64) -> String {
    format!(
        "[producers.app]\nto = \"topic\"\nrate = \"400/s\"\n[queues.topic]\n[consumers.group]\nfrom = \"topic\"\n\
            count = 10\nservice_time = \"exponential(20ms)\"\noutages = {{ up = \"exponential(10min)\", down = \
            \"{down}\", in_progress = \"resume\", together = true }}\n[simulation]\nmessages = {messages}\n"
    )
}

/// Seconds, not milliseconds. As a fluid: while they are up, the backlog is the work of an M/D/1 with jumps
/// of 12,000 every 600 s, drained at 100/s: 12,000²/600/(2 · (100 − 20)) = 1,500; while they are down, 6,000
/// more; together (600 · 1,500 + 30 · 7,500)/630 = 1,786, which is 4.46 s, and some ms of service.
#[test]
fn a_group_that_stops_together_makes_everybody_wait_for_seconds() {
    let (found, half) = simulated(&rebalance("deterministic(30s)", 2_000_000), "total.latency.mean");
    assert!((found - 4.5).abs() < 3.0 * half + 0.05 && half < 1.5, "{found} ± {half}");
    let why = theory::answer(&scenario(&rebalance("deterministic(30s)", 1000))).expect_err("no closed form");
    assert!(why.reason.to_string().contains("exponential repair times"), "{}", why.reason);
}

#[test]
fn a_group_that_stops_together_is_a_chain_of_two_states() {
    let text = |in_progress: &str, together: bool| {
        format!(
            "[producers.p]\nto = \"q\"\nrate = \"2/s\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\ncount = 3\n\
                service_time = \"exponential(1s)\"\noutages = {{ up = \"exponential(20s)\", down = \
                \"exponential(2s)\", in_progress = \"{in_progress}\", together = {together} }}\n[simulation]\n\
                messages = 200000\n"
        )
    };
    for in_progress in ["redeliver", "resume"] {
        let study = both(&text(in_progress, true));
        let exact = of(&study, Method::Theory);
        assert!(exact.exact, "{}", exact.by);
        let differ: Vec<_> =
            study.agreement.iter().filter(|a| a.verdict == AgreementStatus::Differ).collect();
        assert!(differ.is_empty() && study.agreement.len() >= 8, "{differ:?}");
    }
    let wait = |together| simulated(&text("redeliver", together), "queues.q.wait.mean").0;
    assert!(wait(true) > 1.2 * wait(false));
    let busy = text("redeliver", true).replace("together = true", "together = true, while = \"busy\"");
    assert!(refusal(&busy).contains("while = \"always\""), "{}", refusal(&busy));
}

/// RabbitMQ 4, quorum queue, 192 unconfirmed messages and a disk of 5.9 ms: 9,931/s measured. Of one commit
/// each, a message waits for the one under way and for its own; of two, for one more.
#[test]
fn messages_that_take_two_commits_wait_for_three() {
    let text = |durability: &str| {
        format!(
            "[producers.p]\nto = \"q\"\narrivals = {{ process = \"closed\", concurrency = 192, think_time = \"0s\" }}\n\
                [queues.q]\ndurability = {durability}\n[consumers.c]\nfrom = \"q\"\ncount = \"unlimited\"\n\
                service_time = \"1us\"\n[simulation]\nsync = \"5.9ms\"\nmessages = 20000\n"
        )
    };
    for (durability, commits) in [
        ("\"fsync\"", 2.0),
        ("{ sync_per_message = 1 }", 2.0),
        ("{ sync_per_message = 2 }", 3.0),
        ("{ sync_per_message = 3 }", 4.0),
    ] {
        let (found, _) = simulated(&text(durability), "total.throughput");
        let right = 192.0 / (commits * 0.0059);
        assert!((found / right - 1.0).abs() < 0.02, "{durability}: {found}, not {right}");
    }
    let (found, _) = simulated(&text("{ sync_per_message = 2 }"), "total.throughput");
    assert!((found / 9_931.0 - 1.0).abs() < 0.12, "{found}");
    let why = refusal(&text("{ sync_per_message = 0 }"));
    assert!(why.contains("must be at least 1"), "{why}");
}

/// A group that may shrink to nothing: the first message waits for the next look and the start.
#[test]
fn a_group_that_scales_to_nothing_starts_with_the_first_message() {
    let text = "[producers.p]\nto = \"q\"\nrate = \"0.001/s\"\narrivals = { process = \"periodic\" }\n[queues.q]\n\
        [consumers.c]\nfrom = \"q\"\nservice_time = \"1s\"\nautoscale = { min = 0, max = 4, target_backlog = 10, every \
        = \"30s\", startup = \"5s\", cooldown = \"60s\" }\n";
    let (lives, _) = crate::semantics::play(text, 2);
    // At 1000 s the last look was at 990 s: the next is at 1020 s.
    let taken: Vec<u64> = crate::semantics::served(&lives, 0, 2).iter().map(|life| life.2 - life.1).collect();
    assert_eq!(taken, [25_000, 45_000 - 30_000]);
    let read_again = queuelab::scenario::resolved_toml(&scenario(text));
    assert_eq!(scenario(&read_again), scenario(text));
}
