//! The answer in words, most important first.

use super::number::relative;
use super::{dead_letters, headline};
use crate::answer::{Answer, Method, Trust};
use crate::study::{AgreementStatus, Study, off, pace, too_few};

/// Sentences: what the scenario does, and whether the methods agree.
pub fn verdict(study: &Study) -> Vec<String> {
    let mut out = vec![headline::headline(study)];
    out.extend(dead_letters::sentences(study));
    out.extend(theory_and_simulation(study));
    out.extend(measurement(study));
    out
}

pub(super) fn theory_and_simulation(study: &Study) -> Option<String> {
    let theory = study.answer(Method::Theory)?;
    let pairs: Vec<_> = study.agreement.iter().filter(|a| a.a == Method::Theory).collect();
    let differ: Vec<_> = pairs.iter().filter(|a| a.verdict == AgreementStatus::Differ).collect();
    let kind = if theory.exact { "exact" } else { "approximate" };
    if pairs.is_empty() {
        return None;
    }
    if let Some(count) = study.answer(Method::Simulation).and_then(too_few) {
        return Some(format!(
            "! Only {count} messages were simulated: too few to compare anything with theory."
        ));
    }
    Some(match differ.as_slice() {
        [] if theory.exact => format!(
            "Theory ({}, {kind}) and simulation agree in all {} metrics that both know.",
            theory.by,
            pairs.len()
        ),
        [] => {
            let of = pairs.iter().find(|a| a.metric == "total.latency.mean").and_then(|a| a.difference);
            let off = of.map_or(String::new(), |d| {
                format!(": the approximation's mean latency is {} off the simulation's", relative(off(d)))
            });
            format!("Theory knows this only approximately ({}){off}.", theory.model())
        }
        some => format!(
            "✗ Theory ({}, {kind}) and simulation differ in {}.",
            theory.by,
            list(some.iter().map(|a| a.metric.as_str()))
        ),
    })
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<_> = names.collect();
    let shown = all.iter().take(3).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    if all.len() > 3 { format!("{shown} and {} more", all.len() - 3) } else { shown }
}

pub(super) fn measurement(study: &Study) -> Option<String> {
    let measured = study.answer(Method::Measurement)?;
    let from = |method| {
        let of = |metric: &str| {
            study
                .agreement
                .iter()
                .find(|a| a.a == method && a.b == Method::Measurement && a.metric == metric)
                .and_then(|a| a.difference)
        };
        Some((of("total.latency.mean")?, of("total.latency.p99")))
    };
    let both = |(mean, p99): (f64, Option<f64>)| {
        format!(
            "{} in the mean{}",
            relative(mean),
            p99.map_or(String::new(), |d| format!(" and {} in p99", relative(d)))
        )
    };
    let near = match (from(Method::Rehearsal), from(Method::Replay)) {
        (Some(rehearsal), Some(replay)) => {
            format!(
                ": its latency is {} from the rehearsal and {} from the replay",
                both(rehearsal),
                both(replay)
            )
        }
        _ => String::new(),
    };
    let pace = pace(&study.scenario).map_or(String::new(), |pace| format!(" ({pace})"));
    Some(match measured.trust() {
        Trust::Valid => format!("The measurement of the real queue{pace} is VALID{near}."),
        Trust::Degraded => format!("! The measurement is DEGRADED ({}){near}.", failed(measured)),
        Trust::Invalid => {
            format!("! The measurement is INVALID and compared with nothing: {}.", failed(measured))
        }
    })
}

fn failed(measured: &Answer) -> String {
    let mut gates: Vec<_> = measured.gates.iter().filter(|g| g.trust != Trust::Valid).collect();
    gates.sort_by_key(|g| std::cmp::Reverse(g.trust));
    gates.iter().map(|g| &*g.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_approximation_is_off_by_its_error() {
        // Theory says 12.3 where the simulation says 10.
        assert_eq!(relative(off((10.0 - 12.3) / 12.3)), "+23 %");
    }
}
