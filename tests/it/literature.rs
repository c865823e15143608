//! Exact and published answers: theory gives them, the simulation's intervals cover them.
//!
//! The cases are data, `literature.toml`. Simulated intervals are widened to 99.99 % (two-sided, Student's t
//! over 20 replications); with about fifty cases and a few independent figures in each, a right simulator
//! fails for about one seed in fifty, and the seed is fixed. Theory may refuse a metric that it does not
//! know, never get it wrong.

use queuelab::answer::{Answer, Method};
use queuelab::scenario::{Length, NoFiles, Scenario, Source, parse};
use queuelab::stats::t_quantile;
use queuelab::study::{NoProgress, run};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    source: String,
    scenario: String,
    /// Half a unit of the last published digit, where it was rounded.
    #[serde(default)]
    rounding: f64,
    expected: BTreeMap<String, f64>,
}

const REPLICATIONS: u32 = 20;

fn cases() -> Vec<(Case, Scenario)> {
    let cases: Cases = toml::from_str(include_str!("literature.toml")).expect("the cases are well formed");
    let with_scenario = |case: Case| {
        let source = Source { name: case.id.clone(), text: case.scenario.clone(), overrides: Vec::new() };
        let parsed = parse(&source, &NoFiles).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        assert!(!case.source.is_empty(), "{} has no source", case.id);
        (case, parsed.scenario)
    };
    cases.case.into_iter().map(with_scenario).collect()
}

#[test]
fn theory_gives_them() {
    let (mut wrong, mut right) = (Vec::new(), 0);
    for (case, scenario) in cases() {
        let study = run(&scenario, &[Method::Theory], &NoProgress);
        let Some(answer) = study.answer(Method::Theory).filter(|a| a.exact) else { continue };
        for (metric, &expected) in &case.expected {
            let Some(value) = answer.get(metric).and_then(|e| e.value) else { continue };
            // Percentiles of the references are good to a millionth, means to much more.
            let tolerance = case.rounding + 1e-9 + 2e-6 * expected.abs();
            if (value - expected).abs() <= tolerance {
                right += 1
            } else {
                wrong.push(format!("{}: {metric} = {value}, not {expected}", case.id))
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(right >= 150, "theory gave only {right} of the figures");
}

#[test]
fn simulation_covers_them() {
    let mut wrong = Vec::new();
    for (case, mut scenario) in cases() {
        scenario.seed = 3;
        scenario.simulation.replications = REPLICATIONS;
        // Near saturation a run must be many times longer than the queue's memory.
        let heavy = case.id.contains("rho0.99") || case.id.contains("rho0.9");
        scenario.simulation.length = Length::Messages(if heavy { 1_000_000 } else { 300_000 });
        let study = run(&scenario, &[Method::Simulation], &NoProgress);
        let answer =
            study.answer(Method::Simulation).unwrap_or_else(|| panic!("{}: {:?}", case.id, study.unanswered));
        wrong.extend(
            case.expected.iter().filter_map(|(metric, expected)| miss(&case, answer, metric, *expected)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How a simulated figure misses the expected one, if it does.
fn miss(case: &Case, answer: &Answer, metric: &str, expected: f64) -> Option<String> {
    let estimate = answer.get(metric)?;
    let widen =
        t_quantile(0.9999, u64::from(REPLICATIONS) - 1) / t_quantile(0.95, u64::from(REPLICATIONS) - 1);
    let value = estimate.value.unwrap_or(f64::INFINITY);
    // Buckets of a thousandth and whole nanoseconds are known only so well.
    let allowed = case.rounding + 1e-9 + 1e-3 * expected.abs() + widen * estimate.half_width.unwrap_or(0.0);
    let off = (value - expected).abs() > allowed;
    off.then(|| format!("{}: {metric} = {value} ± {:?}, not {expected}", case.id, estimate.half_width))
}
