//! Exact answers for what only events can play: the simulation's intervals cover them.
//!
//! The cases are data, `networks.toml`. Intervals are widened to 99.99 % (two-sided, Student's t over 20
//! replications); with about a hundred figures a right engine fails for about one seed in a hundred, and the
//! seed is fixed.

use queuelab::answer::{Answer, Caveat, Method, SimulationCaveat};
use queuelab::scenario::{Length, NoFiles, Source, Warmup, parse};
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

#[test]
fn simulation_covers_them() {
    let cases: Cases = toml::from_str(include_str!("networks.toml")).expect("the cases are well formed");
    let mut wrong = Vec::new();
    for case in cases.case {
        let source = Source { name: case.id.clone(), text: case.scenario.clone(), overrides: Vec::new() };
        let mut scenario =
            parse(&source, &NoFiles).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario;
        assert!(!case.source.is_empty(), "{} has no source", case.id);
        scenario.seed = 5;
        scenario.simulation.replications = REPLICATIONS;
        scenario.simulation.length = Length::Messages(60_000);
        scenario.simulation.warmup = Warmup::Messages(6000);
        let study = run(&scenario, &[Method::Simulation], &NoProgress);
        let Some(answer) = study.answer(Method::Simulation) else {
            wrong.push(format!("{}: {:?}", case.id, study.unanswered));
            continue;
        };
        let broken = answer
            .caveats
            .iter()
            .filter(|c| matches!(c, Caveat::Simulation(SimulationCaveat::Broken { .. })));
        wrong.extend(broken.map(|c| format!("{}: {c}", case.id)));
        wrong.extend(
            case.expected.iter().filter_map(|(metric, expected)| miss(&case, answer, metric, *expected)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How a simulated figure misses the expected one, if it does.
fn miss(case: &Case, answer: &Answer, metric: &str, expected: f64) -> Option<String> {
    let Some(estimate) = answer.get(metric) else { return Some(format!("{}: no {metric}", case.id)) };
    let freedom = u64::from(REPLICATIONS) - 1;
    let widen = t_quantile(0.9999, freedom) / t_quantile(0.95, freedom);
    let value = estimate.value.unwrap_or(f64::INFINITY);
    // Buckets of a thousandth and whole nanoseconds are known only so well.
    let allowed = case.rounding + 1e-9 + 1e-3 * expected.abs() + widen * estimate.half_width.unwrap_or(0.0);
    let off = (value - expected).abs() > allowed;
    off.then(|| format!("{}: {metric} = {value} ± {:?}, not {expected}", case.id, estimate.half_width))
}
