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
    let study = both(&overload("\"queues.q.in_system.at(1h)\" = \"< 20\"", "duration = \"10min\""));
    let why = study.unanswered.iter().find(|u| u.method == Method::Simulation).expect("refused");
    let why = why.reason.to_string();
    assert!(why.contains("lies beyond the 10.0 min") && why.contains("duration = \"1h\""), "{why}");
}
