//! Who is believed: where several methods know a figure, the one that knows it best.

use crate::answer::{Answer, Estimate, Method};
use std::collections::BTreeMap;

/// A simulated interval is taken to contradict an exact figure that is so many half-widths away: ten
/// replications at 95 % are then off by chance once in a thousand times.
const CONTRADICTION: f64 = 2.2;
/// What counts in buckets may be off by, as a share.
const BUCKET: f64 = 1e-3;

/// The answers in the order in which they are believed: what is exact, what is simulated, what is
/// approximate, what was measured.
fn believed(answers: &[Answer]) -> impl Iterator<Item = &Answer> {
    let of = move |method, exact: fn(&Answer) -> bool| {
        answers.iter().find(move |a| a.method == method && exact(a))
    };
    let exact = of(Method::Theory, |a| a.exact);
    let approximate = of(Method::Theory, |a| !a.exact);
    [exact, of(Method::Simulation, |_| true), approximate, of(Method::Measurement, |_| true)]
        .into_iter()
        .flatten()
}

/// The answer that knows a metric best, with its figure.
pub(crate) fn best<'a>(answers: &'a [Answer], metric: &str) -> Option<(&'a Answer, &'a Estimate)> {
    believed(answers).find_map(|answer| Some((answer, answer.get(metric)?)))
}

/// Leaves each figure only to the answer that knows it best, but for those of some metrics, so that many
/// points take little room; what says more than figures stays.
pub(super) fn thin(answers: &mut Vec<Answer>, in_full: &dyn Fn(&str) -> bool) {
    let mut told: BTreeMap<String, Method> = BTreeMap::new();
    for answer in believed(answers) {
        for metric in answer.metrics.keys() {
            told.entry(metric.clone()).or_insert(answer.method);
        }
    }
    for answer in &mut *answers {
        let method = answer.method;
        answer.metrics.retain(|metric, _| in_full(metric) || told.get(metric) == Some(&method));
    }
    answers.retain(|a| !a.metrics.is_empty() || a.unstable.is_some() || a.replications.is_some());
    answers.shrink_to_fit();
}

/// Whether a simulation contradicts an exact theory's figure of a metric, which chance alone hardly makes it
/// do.
pub(super) fn contradicted(answers: &[Answer], metric: &str) -> bool {
    let known = |method| answers.iter().find(|a| a.method == method && a.exact)?.get(metric);
    let (Some(theory), Some(simulated)) = (known(Method::Theory), known(Method::Simulation)) else {
        return false;
    };
    match (theory.value, simulated.value, simulated.half_width) {
        (Some(exact), Some(value), Some(half)) => {
            (exact - value).abs() > CONTRADICTION * half + BUCKET * exact.abs()
        }
        _ => false,
    }
}
