//! A measurement by the rulers of other tools: one table, for the terminal and for the page.

use super::number::{Scale, relative};
use super::style::Style;
use super::text::Paint;
use super::{page, words};
use crate::answer::{Estimate, Unit};
use crate::study::{Reading, Study};

/// Of the table.
const TITLE: &str = "The same measurement as other tools would have printed it";

/// What the columns are called, and a row for each ruler.
fn table(readings: &[Reading]) -> (Vec<String>, Vec<Vec<String>>) {
    let figures = |r: &Reading| [r.mean, r.p50, r.p99, r.max];
    let scale = Scale::of(Unit::Seconds, readings.iter().flat_map(figures).flatten());
    let head = ["latency by", "mean", "p50", "p99", "max", "p99 off", "why"].map(String::from);
    let head = head.map(|name| if name == "latency by" { format!("{name}, {}", scale.unit) } else { name });
    let honest = readings.first();
    let row = |(i, r): (usize, &Reading)| {
        let off = honest.filter(|_| i > 0).and_then(|honest| r.off(honest));
        let numbers = figures(r).map(|value| scale.show(value.map(Estimate::exact).as_ref()));
        let off = if i == 0 { String::new() } else { off.map_or(super::number::UNKNOWN.into(), relative) };
        [vec![r.ruler.name().to_string()], numbers.to_vec(), vec![off, r.why.clone()]].concat()
    };
    (head.to_vec(), readings.iter().enumerate().map(row).collect())
}

/// For the terminal: figures but the 99th percentile give way to the reason.
pub(super) fn lines(study: &Study, style: &Style) -> Vec<String> {
    if study.rulers.is_empty() {
        return Vec::new();
    }
    let (head, rows) = table(&study.rulers);
    let mut lines = vec![Paint::Bold.on(TITLE, style.colour)];
    lines.extend(style.grid(&head, &rows, 5, &[1, 2, 4, 6]));
    lines
}

/// For the page.
pub(super) fn section(study: &Study) -> String {
    if study.rulers.is_empty() {
        return String::new();
    }
    let (head, rows) = table(&study.rulers);
    page::section(TITLE, &(page::table(&head, &rows) + &page::note(words::RULERS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;
    use crate::study::Ruler;

    fn read() -> Study {
        let mut study = fixtures::five_methods();
        let reading = |ruler: Ruler, p99: Option<f64>| Reading {
            ruler,
            mean: p99.map(|p99| p99 / 5.0),
            p50: p99.map(|p99| p99 / 6.0),
            p99,
            max: p99.map(|p99| 2.0 * p99),
            why: ruler.why().into(),
        };
        study.rulers = vec![
            reading(Ruler::FromDue, Some(0.058)),
            reading(Ruler::StartOfSend, Some(0.0058)),
            reading(Ruler::WaitingClients, None),
            reading(Ruler::AveragedSeconds, Some(0.04)),
            reading(Ruler::DecayingReservoir, Some(0.06)),
            reading(Ruler::WholeMilliseconds, Some(0.059)),
        ];
        study
    }

    #[test]
    fn each_ruler_stands_beside_the_honest_one() {
        let study = read();
        for width in [60, 80, 120] {
            let lines = lines(&study, &Style { width, ..Style::default() });
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:#?}");
            let line = |name: &str| lines.iter().find(|line| line.starts_with(name)).expect("a row");
            assert!(line("due to done").contains("58.0") && line("from the start").contains("-90 %"));
            assert!(line("clients wait").contains('–'));
            let whys = lines.iter().filter(|line| line.contains("the old fade")).count();
            assert_eq!(whys, usize::from(width > 60), "{lines:#?}");
        }
        assert!(lines(&fixtures::five_methods(), &Style::default()).is_empty());
        let page = section(&study);
        assert!(page.contains("<td>-31 %</td>") && page.contains("a bad second"), "{page}");
    }
}
