//! Theory gives the reference answers, figure by figure, from scenarios as a person writes them.
//!
//! The cases are those that simulation must cover; here they are met to a millionth, or to the digits that were published.

use queuelab::scenario::{NoFiles, Source, parse};
use queuelab::theory;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    scenario: String,
    /// Half a unit of the last published digit, where it was rounded.
    #[serde(default)]
    rounding: f64,
    expected: BTreeMap<String, f64>,
}

/// Cases without a closed form here, or with an approximate one, and why.
const OPEN: &[(&str, &str)] = &[
    ("shortest remaining first", "no closed form of the shortest remaining time is implemented"),
    ("back-off", "no closed form of retries after a delay is implemented"),
    ("failures up to a limit", "a dead-letter queue behind several servers has no closed form here"),
    ("fork and join of three", "Nelson and Tantawi's mean is an approximation"),
    ("by key", "keys are not dealt evenly"),
    ("partitions", "no closed form of partitions is implemented"),
    ("prefetch without end", "no closed form of prefetch is implemented"),
    ("not acknowledged in time", "no closed form of visibility timeouts is implemented"),
];

fn misses(case: &Case) -> Vec<String> {
    let source = Source { name: case.id.clone(), text: case.scenario.clone(), overrides: Vec::new() };
    let scenario = parse(&source, &NoFiles).unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario;
    let answer = match theory::answer(&scenario) {
        Ok(answer) => answer,
        Err(none) => return vec![format!("{}: {}", case.id, none.why)],
    };
    let miss = |(metric, expected): (&String, &f64)| {
        let Some(estimate) = answer.get(metric) else { return Some(format!("{}: {} has no {metric}", case.id, answer.by)) };
        let value = estimate.value.unwrap_or(f64::INFINITY);
        let near = (value - expected).abs() <= 1e-6 * expected.abs() + 1e-12 + case.rounding || value == *expected;
        (!near).then(|| format!("{}: {} says {metric} = {value}, not {expected}", case.id, answer.by))
    };
    case.expected.iter().filter_map(miss).collect()
}

#[test]
fn theory_meets_the_reference_answers() {
    let mut wrong = Vec::new();
    let mut known = Vec::new();
    for text in [include_str!("literature.toml"), include_str!("networks.toml")] {
        let cases: Cases = toml::from_str(text).expect("the cases are well formed");
        for case in &cases.case {
            let misses = misses(case);
            let open = OPEN.iter().any(|(id, _)| *id == case.id);
            if open {
                known.push(case.id.clone());
                if misses.is_empty() {
                    wrong.push(format!("{}: is met, and still listed as open", case.id));
                }
            } else {
                wrong.extend(misses);
            }
        }
    }
    wrong.extend(
        OPEN.iter().filter(|(id, why)| !known.iter().any(|k| k == id) || why.is_empty()).map(|(id, _)| format!("{id}: no such case")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
