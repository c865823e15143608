//! Which places are shown where a scenario has very many of a kind: the busiest; the others are in the files
//! of figures.

use crate::answer::{MetricId, PlaceId, Quantity, Statistic};
use crate::study::Study;
use std::collections::HashSet;

/// More places of a kind than this are not all shown.
const MANY: usize = 30;
/// Then so many are.
const BUSIEST: usize = 10;
/// The most bytes of a text that are shown on a page.
const MOST_TEXT: usize = 100_000;

/// The places of a kind that are shown, in the scenario's order.
pub(super) fn shown<'a>(study: &Study, all: Vec<PlaceId<'a>>) -> Vec<PlaceId<'a>> {
    if all.len() <= MANY {
        return all;
    }
    let load = |place: &PlaceId<'_>| {
        let quantity = match place {
            PlaceId::Producer(_) | PlaceId::Total => Quantity::Throughput,
            PlaceId::Queue(_) | PlaceId::Consumer(_) => Quantity::Utilization,
        };
        let path = MetricId { place: *place, quantity, statistic: Statistic::Single }.to_string();
        let value = |answer: &crate::answer::Answer| answer.metrics.get(&path)?.value;
        // What has no load of its own comes last.
        study.answers.iter().filter_map(value).fold(f64::NEG_INFINITY, f64::max)
    };
    let mut by_load: Vec<(f64, usize)> = all.iter().map(load).zip(0..).collect();
    by_load.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let busiest: HashSet<usize> = by_load.iter().take(BUSIEST).map(|(_, index)| *index).collect();
    all.into_iter().enumerate().filter(|(index, _)| busiest.contains(index)).map(|(_, place)| place).collect()
}

/// Says that not all places are shown, and where they are to be found.
pub(super) fn left_out(study: &Study) -> Option<String> {
    let scenario = &study.scenario;
    let kinds = [
        (scenario.producers.len(), "producers"),
        (scenario.queues.len(), "queues"),
        (scenario.consumers.len(), "consumer groups"),
    ];
    let many: Vec<String> = kinds
        .into_iter()
        .filter(|(count, _)| *count > MANY)
        .map(|(count, kind)| format!("{BUSIEST} of {count} {kind}"))
        .collect();
    (!many.is_empty()).then(|| {
        format!("only the busiest are shown: {}; metrics.csv and answer.json have all", many.join(", "))
    })
}

/// The first of very many things of which answer.json has all.
pub(super) fn few<T>(all: &[T]) -> &[T] {
    if all.len() > MANY { &all[..BUSIEST] } else { all }
}

/// The first of very many sentences, and how many more there are.
pub(super) fn first(mut sentences: Vec<String>) -> Vec<String> {
    if sentences.len() > MANY {
        let more = sentences.len() - BUSIEST;
        sentences.truncate(BUSIEST);
        sentences.push(format!("{more} more of this kind: answer.json has all"));
    }
    sentences
}

/// As much of a text as is shown on a page, whole lines, with a last one that says what is missing.
pub(super) fn cut(text: &str) -> String {
    if text.len() <= MOST_TEXT {
        return text.to_string();
    }
    let mut out = String::new();
    for line in text.lines() {
        if out.len() + line.len() >= MOST_TEXT {
            break;
        }
        out += line;
        out.push('\n');
    }
    format!("{out}… {} more lines", text.lines().count() - out.lines().count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Estimate;
    use crate::report::fixtures;

    #[test]
    fn of_many_the_busiest_are_shown_in_their_order() {
        let mut study = fixtures::five_methods();
        let names: Vec<String> = (0..100).map(|i| format!("q{i}")).collect();
        for (i, name) in names.iter().enumerate() {
            let load = Estimate::exact(if i % 10 == 3 { 0.9 } else { 0.1 });
            study.answers[0].metrics.insert(format!("queues.{name}.utilization"), load);
        }
        let places: Vec<PlaceId<'_>> = names.iter().map(|name| PlaceId::Queue(name)).collect();
        let busiest: Vec<PlaceId<'_>> = names.iter().skip(3).step_by(10).map(|n| PlaceId::Queue(n)).collect();
        assert_eq!(shown(&study, places.clone()), busiest);
        assert_eq!(shown(&study, places[..30].to_vec()), places[..30]);
        assert_eq!(left_out(&study), None);
    }

    #[test]
    fn a_long_text_is_cut_at_a_line() {
        let text = "twenty characters...\n".repeat(10_000);
        let cut = cut(&text);
        assert!(
            cut.len() < MOST_TEXT + 50 && cut.ends_with("\n… 5239 more lines"),
            "{}",
            &cut[cut.len() - 60..]
        );
        assert_eq!(super::cut("short\n"), "short\n");
    }
}
