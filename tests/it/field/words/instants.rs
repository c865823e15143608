//! Values at an instant, where a scenario has a beginning.

use super::*;

/// 1.1/s for 100 s and then 0.5/s, at most 1/s served: an overload and what is left of it.
fn overload(objectives: &str, simulation: &str) -> String {
    format!(
        "[producers.p]\nto = \"q\"\narrivals = {{ process = \"schedule\", steps = [{{ for = \"100s\", rate = \"1.1/s\" }}, \
         {{ for = \"100s\", rate = \"0.5/s\" }}] }}\n[queues.q]\n[consumers.c]\nfrom = \"q\"\n\
         service_time = \"exponential(1s)\"\n[objectives]\n{objectives}\n[simulation]\nconfidence = 0.999\n{simulation}\n"
    )
}

/// E N(t) by another hand's uniformisation, at the end of the overload, on and off the grid of the timeline,
/// and after the timetable, where the last rate stays: then it is that of M/M/1 at 0.5, which is 1.
#[test]
fn a_mean_at_an_instant_is_what_uniformisation_gives() {
    let known = [
        ("50s", 10.505174005234087),
        ("100s", 16.964397599045977),
        ("125s", 7.7025319607668425),
        ("150s", 3.2253615875320385),
        ("10min", 1.0),
    ];
    let objectives: String =
        known.iter().map(|(at, _)| format!("\"queues.q.in_system.at({at})\" = \"< 20\"\n")).collect();
    let more = "\"queues.q.queue_length.at(100s)\" = \"< 20\"\n\"queues.q.age.at(100s)\" = \"< 60s\"";
    let study = both(&overload(&(objectives + more), "replications = 1000"));
    let theory = study.answer(Method::Theory).expect("M(t)/M/1");
    let simulated = study.answer(Method::Simulation).expect("played");
    for (at, exact) in known {
        let path = format!("queues.q.in_system.at({at})");
        assert!((value(theory, &path) - exact).abs() < 1e-6, "{path} {}", value(theory, &path));
        let found = simulated.get(&path).expect("asked for");
        assert!(found.low() <= exact && exact <= found.high(), "{path}: {found:?}, {exact}");
    }
    let path = "queues.q.queue_length.at(100s)";
    let (exact, found) = (value(theory, path), simulated.get(path).expect("asked for"));
    assert!(found.low() <= exact && exact <= found.high() && exact > 15.9, "{found:?} {exact}");
    // The oldest of about sixteen has waited for some sixteen services.
    let age = value(simulated, "queues.q.age.at(100s)");
    assert!((10.0..20.0).contains(&age) && theory.get("queues.q.age.at(100s)").is_none(), "{age}");
    assert_eq!(
        study
            .objectives
            .iter()
            .map(|j| j.outcome)
            .filter(|o| *o != queuelab::study::ObjectiveStatus::Pass)
            .count(),
        0
    );
}

/// Ten messages of two seconds each: at an instant there is what was not done before it.
#[test]
fn without_chance_a_value_is_a_count() {
    for (at, exact) in [("0s", 10.0), ("5s", 8.0), ("6s", 8.0), ("6001ms", 7.0), ("1min", 0.0)] {
        let text = format!(
            "[queues.q]\ninitial_backlog = 10\n[consumers.c]\nfrom = \"q\"\nservice_time = \"2s\"\n[objectives]\n\
             \"queues.q.in_system.at({at})\" = \"< 20\"\n\"queues.q.queue_length.at({at})\" = \"< 20\"\n"
        );
        let (inside, _) = simulated(&text, &metric("in_system", at));
        let (waiting, _) = simulated(&text, &metric("queue_length", at));
        assert_eq!((inside, waiting), (exact, f64::max(exact - 1.0, 0.0)), "{at}");
    }
}

/// Forty messages of a second each and an autoscaler that looks every 9.3 s: at the first look 30 wait, three
/// servers are wanted and there at 12.3 s. At 18.6 s seven wait and one is wanted: those that are to go are
/// done at 19.3 s. And by the clock: three servers for 8 s, one for 4 s, and again; what two have just begun at
/// 8 s they end at 9 s, before they go.
#[test]
fn servers_at_an_instant_are_counted() {
    let text = |group: &str, at: &str| {
        format!(
            "[queues.q]\ninitial_backlog = 40\n[consumers.c]\nfrom = \"q\"\nservice_time = \"1s\"\n{group}\n\
             [objectives]\n\"consumers.c.count.at({at})\" = \"< 9\"\n"
        )
    };
    let scaled = "autoscale = { min = 1, max = 5, target_backlog = 10, every = \"9.3s\", startup = \"3s\" }";
    let shifts = "count = [{ for = \"8s\", count = 3 }, { for = \"4s\", count = 1 }]";
    for (group, at, exact) in [
        (scaled, "12s", 1.0),
        (scaled, "13s", 3.0),
        (scaled, "19s", 3.0),
        (scaled, "20s", 1.0),
        (shifts, "7s", 3.0),
        (shifts, "9s", 3.0),
        (shifts, "10s", 1.0),
        (shifts, "13s", 3.0),
        ("count = 2", "5s", 2.0),
    ] {
        let (found, _) = simulated(&text(group, at), &format!("consumers.c.count.at({at})"));
        assert_eq!(found, exact, "{group} {at}");
    }
    let study = both(&text("count = 2", "5s").replace("\"1s\"", "\"exponential(1s)\""));
    let theory = study.answer(Method::Theory).expect("a backlog that drains");
    assert_eq!(value(theory, "consumers.c.count.at(5s)"), 2.0);
}

/// Forty wait from the start and 40/s come, one every 25 ms; a server does one in 40 ms. After 1.01 s 40 have
/// come and 25 are done, a few less where threads are late: 55 are there, 54 wait, and the next was there from
/// the start.
#[test]
fn values_at_instants_are_measured() {
    let known = [("in_system", 55.0, 3.0), ("queue_length", 54.0, 3.0), ("age", 1.01, 1e-9)];
    let limit = |name: &str| if name == "age" { "< 1h" } else { "< 99" };
    let asked = known.map(|(name, ..)| format!("\"queues.q.{name}.at(1010ms)\" = \"{}\"\n", limit(name)));
    let text = format!(
        "[producers.p]\nto = \"q\"\nrate = \"40/s\"\narrivals = {{ process = \"periodic\" }}\n[queues.q]\n\
         initial_backlog = 40\n[consumers.c]\nfrom = \"q\"\nservice_time = \"40ms\"\n[objectives]\n{}\
         [measurement]\nduration = \"1300ms\"\n",
        asked.concat()
    );
    let methods = [Method::Measurement];
    let study = queuelab::study::run(&scenario(&text), &methods, &queuelab::study::NoProgress);
    for method in [Method::Rehearsal, Method::Measurement, Method::Replay] {
        let answer = study.answer(method).unwrap_or_else(|| panic!("{:?}", study.unanswered));
        for (name, exact, near) in known {
            let found = value(answer, &metric(name, "1010ms"));
            assert!((found - exact).abs() <= near, "{method:?} {name}: {found}");
        }
    }
}

/// A queue's value at an instant, by its usual path.
fn metric(quantity: &str, at: &str) -> String {
    queuelab::answer::MetricId::usual_path(&format!("queues.q.{quantity}.at({at})"))
}

#[test]
fn where_nothing_begins_or_all_is_over_there_is_no_instant() {
    let steady = "[producers.p]\nto = \"q\"\nrate = \"1/s\"\n[queues.q]\n[consumers.c]\nfrom = \"q\"\n\
        service_time = \"exponential(500ms)\"\n[objectives]\n\"queues.q.queue_length.at(1 min)\" = \"< 9\"\n";
    let told = refusal(steady);
    assert!(told.contains("`queues.q.queue_length.at(1min)` is a value at an instant"), "{told}");
    assert!(told.contains("duration = \"1h\" and warmup = 0"), "{told}");
    // Servers that follow the clock come round, and nothing begins.
    let shifts = "[{ for = \"8s\", count = 3 }, { for = \"4s\", count = 1 }]";
    let round = steady.replace("[objectives]", &format!("count = {shifts}\n[objectives]"));
    let told = refusal(&round.replace("queues.q.queue_length", "consumers.c.count"));
    assert!(told.contains("`consumers.c.count.at(1min)`") && !told.contains("warmup"), "{told}");
    assert!(told.contains("initial_backlog"), "{told}");
    let study = both(&overload("\"queues.q.in_system.at(1h)\" = \"< 20\"", "duration = \"10min\""));
    let why = study.unanswered.iter().find(|u| u.method == Method::Simulation).expect("refused");
    let why = why.reason.to_string();
    assert!(why.contains("lies beyond the 10.0 min") && why.contains("duration = \"1h\""), "{why}");
}
