//! What a plot finds, in figures that the table has: its title.

use crate::answer::Method;
use crate::report::rows::{self, MetricRow, Section};
use crate::study::{AgreementStatus, Study};

/// Methods that a title tells of, where they know anything: the others are about the same plan as a
/// measurement.
const TOLD: [Method; 3] = [Method::Theory, Method::Simulation, Method::Measurement];

/// The slowest messages by each method.
pub(super) fn latency(study: &Study) -> Option<String> {
    let sections = rows::sections(study);
    let of = |words: &str, name: &str| {
        let row = sections.first()?.rows.iter().find(|row| row.words == words)?;
        Some(format!("{name} {}", figures(study, row)?))
    };
    of("latency, p99", "p99 latency").or_else(|| of("latency, mean", "mean latency"))
}

/// How long half of the messages take at most.
pub(super) fn median(study: &Study) -> Option<String> {
    let sections = rows::sections(study);
    let row = sections.first()?.rows.iter().find(|row| row.words == "latency, p50")?;
    Some(format!("Median latency {}", figures(study, row)?))
}

/// How often methods agree.
pub(super) fn agreement(study: &Study) -> Option<String> {
    let mut pairs: Vec<(Method, Method)> = study.agreement.iter().map(|a| (a.a, a.b)).collect();
    pairs.dedup();
    let counted = |pair: &(Method, Method)| {
        let of = || study.agreement.iter().filter(|a| (a.a, a.b) == *pair);
        (of().filter(|a| a.verdict == AgreementStatus::Differ).count(), of().count())
    };
    let said = |pair: &(Method, Method)| match counted(pair) {
        (0, all) => format!("{} and {} agree in all {all} metrics", pair.0.name(), pair.1.name()),
        (some, all) => format!("{} differs from {} in {some} of {all}", pair.1.name(), pair.0.name()),
    };
    // Nobody contradicts where a pair is only undecided: that is no agreement to tell of.
    let decided = |pair: &&(Method, Method)| {
        let of = || study.agreement.iter().filter(|a| (a.a, a.b) == **pair);
        of().any(|a| a.verdict == AgreementStatus::Differ)
            || of().all(|a| a.verdict == AgreementStatus::Agree)
    };
    let theory = pairs.iter().find(|pair| pair.0 == Method::Theory).filter(decided);
    let worst = pairs
        .iter()
        .filter(|pair| pair.0 != Method::Theory && counted(pair).0 > 0)
        .max_by_key(|pair| counted(pair).0);
    let told: Vec<String> = theory.into_iter().chain(worst).map(said).collect();
    let best = || pairs.iter().find(|pair| counted(pair).0 == 0 && decided(pair)).map(said);
    let told = if told.is_empty() { best()? } else { told.join("; ") };
    Some(crate::report::headline::capitalized(&told))
}

/// The queue that is quoted, and how long it is.
pub(super) struct QuotedLength {
    pub queue: String,
    pub words: String,
    /// The largest of the figures, which the axis is to reach.
    pub most: f64,
}

/// How long the longest queue is: on average, or at most where there is no average.
pub(super) fn length(study: &Study) -> Option<QuotedLength> {
    let sections = rows::sections(study);
    quoted(study, &sections, ("queue length, mean", "mean queue length"))
        .or_else(|| quoted(study, &sections, ("queue length, max", "longest queue")))
        .map(|found| begun(study, found))
}

/// A sentence's beginning, unless that is a queue's name.
fn begun(study: &Study, found: QuotedLength) -> QuotedLength {
    match study.scenario.queues.len() {
        1 => QuotedLength { words: crate::report::headline::capitalized(&found.words), ..found },
        _ => found,
    }
}

/// How long the longest queue gets, and how long it takes to drain, where it does.
pub(super) fn peak(study: &Study) -> Option<QuotedLength> {
    let sections = rows::sections(study);
    let longest = quoted(study, &sections, ("queue length, max", "longest queue"))?;
    let drains = quoted(study, &sections, ("time to drain", "time to drain"));
    let drains = drains.filter(|drains| drains.queue == longest.queue);
    // Its place is named once.
    let told = drains.map_or(String::new(), |drains| {
        format!("; {}", drains.words.strip_prefix(&format!("{}: ", drains.queue)).unwrap_or(&drains.words))
    });
    Some(begun(study, QuotedLength { words: longest.words + &told, ..longest }))
}

/// The largest of a row's figures over all queues.
fn quoted(study: &Study, sections: &[Section], (words, name): (&str, &str)) -> Option<QuotedLength> {
    let rows = sections.iter().filter_map(|s| Some((s, s.rows.iter().find(|row| row.words == words)?)));
    let (section, row) = rows.max_by(|a, b| most(a.1).total_cmp(&most(b.1)))?;
    let queue = queue(study, section)?;
    let whose = if study.scenario.queues.len() > 1 { format!("{queue}: ") } else { String::new() };
    let words = format!("{whose}{name} {}", figures(study, row)?);
    Some(QuotedLength { words, queue, most: most(row) })
}

/// The queue that a section is about.
fn queue(study: &Study, section: &Section) -> Option<String> {
    let mut named = study.scenario.queues.iter().map(|queue| &queue.name);
    match study.scenario.queues.as_slice() {
        [one] => Some(one.name.clone()),
        _ => named.find(|name| section.title == format!("queue {name}")).cloned(),
    }
}

fn most(row: &MetricRow) -> f64 {
    row.cells.iter().flatten().filter_map(|e| e.value).fold(0.0, f64::max)
}

/// A row's figures as the table writes them, each with its method.
fn figures(study: &Study, row: &MetricRow) -> Option<String> {
    let cells = study.answers.iter().zip(&row.cells).zip(&row.faint);
    let known: Vec<(Method, String)> = cells
        .filter(|((_, cell), _)| cell.is_some())
        .map(|((answer, cell), faint)| {
            let text = row.scale.show_with_unit(cell.as_ref());
            (answer.method, if *faint { format!("~{text}") } else { text })
        })
        .collect();
    let some = known.iter().any(|(method, _)| TOLD.contains(method));
    let told: Vec<String> = known
        .iter()
        .filter(|(method, _)| !some || TOLD.contains(method))
        .map(|(method, text)| format!("{text} ({})", method.name()))
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn titles_have_the_figures_of_the_table() {
        let study = fixtures::five_methods();
        assert_eq!(
            latency(&study).as_deref(),
            Some("p99 latency 54.8 ms (theory), 55 ±3 ms (simulation), 58 ±3 ms (measurement)")
        );
        assert_eq!(
            agreement(&study).as_deref(),
            Some(
                "Theory and simulation agree in all 1 metrics; measurement differs from rehearsal in 1 of 1"
            )
        );
        let quoted = length(&study).expect("a queue was watched");
        assert_eq!(quoted.queue, "orders");
        assert!(quoted.words.starts_with("Mean queue length 7.10 (theory), 7.1"), "{}", quoted.words);
        assert_eq!(latency(&fixtures::bare()), None);
        assert!(length(&fixtures::bare()).is_none() && agreement(&fixtures::bare()).is_none());
    }

    #[test]
    fn of_several_queues_the_longest_is_named() {
        let quoted = length(&fixtures::network()).expect("a queue was watched");
        assert!(quoted.words.starts_with("orders: mean queue length 7.10 (theory)"), "{}", quoted.words);
    }
}
