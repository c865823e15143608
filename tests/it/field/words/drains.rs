//! The time to drain as a law: its spread, its percentiles, and the share of the runs that are done in time.

use super::*;

fn backlog(producer: &str, backlog: u32, group: &str, asked: &[&str], replications: u32) -> String {
    let limit = |m: &&str| if m.starts_with("within") { "> 50%" } else { "< 1h" };
    let objectives: String =
        asked.iter().map(|m| format!("\"queues.q.drain_time.{m}\" = \"{}\"\n", limit(m))).collect();
    format!(
        "{producer}[queues.q]\ninitial_backlog = {backlog}\n[consumers.c]\nfrom = \"q\"\n{group}\n[objectives]\n\
         {objectives}[simulation]\nconfidence = 0.999\nreplications = {replications}\n"
    )
}

const ASKED: [&str; 4] = ["sd", "p50", "p95", "within(50s)"];

/// What theory and simulation say of each.
fn told(text: &str) -> (Vec<f64>, Vec<(f64, f64)>) {
    let study = both(text);
    let of = |method| study.answer(method).unwrap_or_else(|| panic!("{:?}", study.unanswered));
    let path = |m: &&str| format!("queues.q.drain_time.{m}");
    let ends = |m: &&str| {
        let found = *of(Method::Simulation).get(&path(m)).unwrap_or_else(|| panic!("{m} of {text}"));
        (found.low(), found.high())
    };
    (ASKED.iter().map(|m| value(of(Method::Theory), &path(m))).collect(), ASKED.iter().map(ends).collect())
}

/// Forty messages, two servers of 2 s each and nobody who comes: 38 departures at one a second are Erlang's
/// law. Others that come at 0.5/s: 38 busy periods of variance (λ + μ)/(μ − λ)³ = 12. One server and services
/// of one length: a sum of 59 of them with what comes meanwhile, Var = n λ S³/(1 − ρ)³.
#[test]
fn a_backlog_drains_by_the_law_that_is_known() {
    let two = "count = 2\nservice_time = \"exponential(2s)\"";
    let none = backlog("", 40, two, &ASKED, 400);
    let some = backlog("[producers.p]\nto = \"q\"\nrate = \"0.5/s\"\n", 40, two, &ASKED, 400);
    let constant =
        backlog("[producers.p]\nto = \"q\"\nrate = \"0.2/s\"\n", 60, "service_time = \"1s\"", &ASKED, 400);
    let erlang = |t: f64| {
        let mut term = (-t).exp();
        let mut sum = term;
        for k in 1..38 {
            term *= t / f64::from(k);
            sum += term;
        }
        1.0 - sum
    };
    let (theory, simulated) = told(&none);
    assert!((theory[0] - 38f64.sqrt()).abs() < 1e-9 && (theory[3] - erlang(50.0)).abs() < 1e-8, "{theory:?}");
    assert!((erlang(theory[1]) - 0.5).abs() < 1e-7 && (erlang(theory[2]) - 0.95).abs() < 1e-7, "{theory:?}");
    let held = |theory: &[f64], simulated: &[(f64, f64)]| {
        theory.iter().zip(simulated).all(|(exact, (low, high))| low <= exact && exact <= high)
    };
    assert!(held(&theory, &simulated), "{theory:?} {simulated:?}");
    let (theory, simulated) = told(&some);
    assert!((theory[0] - (38.0f64 * 12.0).sqrt()).abs() < 1e-9, "{theory:?}");
    assert!(held(&theory, &simulated), "{theory:?} {simulated:?}");
    let (theory, simulated) = told(&constant);
    assert!((theory[0] - (59.0f64 * 0.2 / 0.512).sqrt()).abs() < 1e-9, "{theory:?}");
    assert!(held(&theory, &simulated), "{theory:?} {simulated:?}");
}

/// After an overload of random length in messages: a mixture over what is left, which the simulation's
/// intervals hold.
#[test]
fn an_overload_drains_by_a_mixture() {
    let producer = "[producers.p]\nto = \"q\"\narrivals = { process = \"schedule\", steps = [{ for = \"100s\", rate = \"2/s\" }, \
        { for = \"400s\", rate = \"0.2/s\" }] }\n";
    let text = backlog(
        producer,
        0,
        "service_time = \"exponential(1s)\"",
        &["sd", "p50", "p95", "within(130s)"],
        400,
    )
    .replace("initial_backlog = 0\n", "");
    let study = both(&text);
    for metric in ["sd", "p50", "p95", "within(130s)"] {
        let path = format!("queues.q.drain_time.{metric}");
        let theory = value(study.answer(Method::Theory).expect("M(t)/M/1"), &path);
        let found = study.answer(Method::Simulation).expect("played").get(&path).expect("asked for");
        assert!(found.low() <= theory && theory <= found.high(), "{path}: {theory} {found:?}");
    }
}

/// Of ten runs no p95 is known, and how many it takes is said.
#[test]
fn too_few_runs_have_no_percentile() {
    let text = backlog("", 40, "service_time = \"exponential(1s)\"", &["p95"], 10).replace("0.999", "0.95");
    let study = both(&text);
    let answer = study.answer(Method::Simulation).expect("played");
    assert!(answer.get("queues.q.drain_time.p95").is_none() && answer.get("queues.q.drain_time").is_some());
    let told = answer.caveats.iter().any(|c| c.to_string().contains("replications = 72"));
    assert!(told, "{:?}", answer.caveats);
}

/// What an overload has left drains once: of a timetable that repeats, of a steady state and of sends that a
/// limit keeps back there is no such time, and what to write instead is said.
#[test]
fn where_no_overload_ends_nothing_drains() {
    let text = |producer: &str| {
        format!(
            "[producers.p]\nto = \"q\"\n{producer}\n[queues.q]\n[consumers.c]\nfrom = \"q\"\n\
             service_time = \"exponential(1s)\"\n[objectives]\n\"queues.q.drain_time.p95\" = \"< 1min\"\n"
        )
    };
    let steps = "steps = [{ for = \"100s\", rate = \"1.1/s\" }, { for = \"100s\", rate = \"0.5/s\" }]";
    let scheduled = |more: &str| format!("arrivals = {{ process = \"schedule\", {steps}{more} }}");
    let limited = scheduled("") + "\nrate_limit = \"2/s\"";
    for (producer, wrong, instead) in [
        (scheduled(", repeat = true"), "the timetable of `p` repeats", "without repeat = true"),
        ("rate = \"0.5/s\"".into(), "nothing here begins or ends", "initial_backlog"),
        (limited, "what its rate_limit kept back", "leave rate_limit"),
    ] {
        let told = refusal(&text(&producer));
        assert!(told.contains("`queues.q.drain_time.p95`") && told.contains(wrong), "{told}");
        assert!(told.contains(instead), "{told}");
    }
    crate::semantics::scenario(&text(&scheduled("")));
}
