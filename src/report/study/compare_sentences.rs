//! A comparison in sentences: what is better, what is worse, and what is to be kept in mind.

use crate::answer::{Estimate, MetricId, PlaceId, Quantity, Statistic};
use crate::report::difference::{by, could_be, figures, scale, scale_of};
use crate::study::compare::{Comparison, ComparisonNote, Difference, TrafficDifference, Verdict};

/// What says most about a configuration, in this order, after what has an objective and how long its backlogs
/// last.
const HEADLINES: [&str; 2] = ["total.latency.p99", "total.latency.mean"];

/// What the sides of one comparison are called in its sentences: `consumers.workers.count = 7` and `8`, where
/// one setting tells them apart.
struct Sides {
    name: String,
    against: String,
}

impl Sides {
    fn of(compared: &Comparison, side: usize) -> Sides {
        match compared.turned.get(side).and_then(Option::as_ref) {
            Some(turned) => {
                Sides { name: format!("{} = {}", turned.path, turned.value), against: turned.first.clone() }
            }
            None => Sides { name: compared.names[side].clone(), against: compared.names[0].clone() },
        }
    }
}

/// One sentence for each configuration after the first.
pub fn sentences(compared: &Comparison) -> Vec<(Verdict, String)> {
    (1..compared.names.len())
        .zip(&compared.differences)
        .map(|(side, rows)| sentence(compared, side, rows))
        .collect()
}

fn sentence(compared: &Comparison, side: usize, rows: &[Difference]) -> (Verdict, String) {
    let sides = Sides::of(compared, side);
    if let Some(held) = hold(&sides, compared, side) {
        return held;
    }
    let Sides { name, against } = &sides;
    let drains = rows.iter().find(|r| Quantity::DrainTime.is_of(&r.metric));
    let of = |metric: &str| rows.iter().find(|r| r.metric == metric);
    let asked = compared.asked.iter().find_map(|metric| of(metric));
    let main = asked.or(drains).or_else(|| HEADLINES.iter().find_map(|metric| of(metric))).or(rows.first());
    let Some(main) = main else {
        return (Verdict::Same, format!("{name} has no figure in common with {against}."));
    };
    if let Some(mixed) = mixed(&sides, rows, compared) {
        return mixed;
    }
    // What differs says more than what does not.
    let row = Some(main).filter(|row| row.verdict != Verdict::Same);
    let row = row
        .or_else(|| rows.iter().find(|row| counts(row, compared) && row.verdict != Verdict::Same))
        .unwrap_or(main);
    let figures = {
        let scale = scale(row);
        let show = |v| scale_of(row, v).show_with_unit(Some(&Estimate::exact(v)));
        let difference = scale.show_with_unit(Some(&Estimate::with(row.difference, row.half_width)));
        format!("{} against {}, a difference of {difference}", show(row.b), show(row.a))
    };
    let sentence = match row.verdict {
        Verdict::Same if row.half_width == Some(0.0) => {
            format!("{name} and {against} are the same in {}, run for run.", row.metric)
        }
        Verdict::Same if row.half_width.is_none() && row.difference == 0.0 => {
            format!("{name} and {against} are the same in {}.", row.metric)
        }
        Verdict::Same => {
            format!("No difference seen between {name} and {against} in {}: {}.", row.metric, could_be(row))
        }
        verdict => {
            format!("{name} is {} than {against}: {} {figures} ({}).", word(verdict), row.metric, by(row))
        }
    };
    (row.verdict, sentence)
}

/// Whether a row says whether somebody is better off: what is asked for, how long it takes, what is lost or
/// ends as a dead letter, for all and for each producer, and how much is done at all.
fn counts(row: &Difference, compared: &Comparison) -> bool {
    use Quantity::{DeadLettered, DrainTime, Latency, Loss, Throughput};
    let says = |MetricId { place, quantity, statistic }: MetricId<'_>| match quantity {
        DrainTime | Loss | DeadLettered => true,
        Latency => [Statistic::Mean, Statistic::P99].contains(&statistic),
        Throughput => place == PlaceId::Total,
        _ => false,
    };
    compared.asked.contains(&row.metric) || id(row).is_some_and(says)
}

/// What is said where some are better off and others worse, or faster for losing messages; `None` if all goes
/// one way.
fn mixed(
    Sides { name, against }: &Sides,
    rows: &[Difference],
    compared: &Comparison,
) -> Option<(Verdict, String)> {
    let of = |verdict: Verdict| {
        rows.iter().filter(move |row| row.verdict == verdict && counts(row, compared)).collect::<Vec<_>>()
    };
    let (better, worse) = (of(Verdict::Better), of(Verdict::Worse));
    if better.is_empty() || worse.is_empty() {
        return None;
    }
    let producer = |row: &&&Difference| id(row).is_some_and(|id| matches!(id.place, PlaceId::Producer(_)));
    let told = |rows: &[&Difference], for_each: bool| {
        let mut places = std::collections::BTreeSet::new();
        let first = rows
            .iter()
            .filter(|row| !for_each || producer(row))
            .filter(|row| places.insert(id(row).map(|id| id.place)));
        let said = first.map(|row| match id(row) {
            Some(id @ MetricId { place: PlaceId::Producer(who), .. }) if for_each => {
                format!("{who} ({} {}: {})", id.within_place(), by(row), figures(row))
            }
            _ => format!("{} ({}: {})", row.metric, by(row), figures(row)),
        });
        said.collect::<Vec<_>>().join(", ")
    };
    let classes = better.iter().any(|row| producer(&row)) && worse.iter().any(|row| producer(&row));
    // What is lost is the price of what is faster, which p99 shows best.
    let (mut better, mut worse) = (better, worse);
    let p99 = |row: &Difference| {
        id(row).is_some_and(|id| id.quantity == Quantity::Latency && id.statistic == Statistic::P99)
    };
    better.sort_by_key(|row| !p99(row));
    worse.sort_by_key(|row| (!id(row).is_some_and(|id| id.quantity.is_lost()), !p99(row)));
    let sentence = match classes {
        true => format!(
            "{name} against {against}: better for {}, worse for {}.",
            told(&better, true),
            told(&worse, true)
        ),
        false => format!(
            "{name} is worse than {against} in {}, for which it is better in {}.",
            told(&worse, false),
            told(&better, false)
        ),
    };
    Some((Verdict::Mixed, sentence))
}

fn id(row: &Difference) -> Option<MetricId<'_>> {
    MetricId::parse(&row.metric)
}

/// What is said of two of which one or both grow without end; `None` if both hold.
fn hold(
    Sides { name, against: first }: &Sides,
    compared: &Comparison,
    side: usize,
) -> Option<(Verdict, String)> {
    match (compared.unstable[0].as_ref(), compared.unstable[side].as_ref()) {
        (None, None) => None,
        (Some(why), None) => {
            Some((Verdict::Better, format!("{name} is better than {first}: it holds, and {first} is {why}.")))
        }
        (None, Some(why)) => Some((
            Verdict::Worse,
            format!("{name} is worse than {first}: {first} holds, and {name} is {why}."),
        )),
        (Some(a), Some(b)) => Some((Verdict::Same, format!("Neither holds: {first} is {a}, {name} is {b}."))),
    }
}

/// What is to be kept in mind, in a sentence.
pub(super) fn note(note: &ComparisonNote) -> String {
    match note {
        ComparisonNote::Undrained { metric, name, late, all } => format!(
            "{metric} is not compared: in {late} of {all} replications of {name} the backlog outlasts what is \
             played; make simulation.duration longer"
        ),
        ComparisonNote::Untrusted { name, some, all, first } => {
            format!("{some} of {all} measurements of {name} are INVALID ({first}): `queuelab run` says more")
        }
        ComparisonNote::Short(caveat) => caveat.to_string(),
        ComparisonNote::Interrupted => {
            "interrupted: these are the replications or rounds that were finished by then".into()
        }
        ComparisonNote::MadeApart => {
            "saved results were made apart: running the scenarios side by side would see smaller differences"
                .into()
        }
    }
}

/// A difference in traffic, as a line.
pub fn traffic(difference: &TrafficDifference) -> String {
    match difference {
        TrafficDifference::Backlogs { first, second } => {
            format!("initial_backlog of all queues together: {first} and {second}")
        }
        TrafficDifference::Producer { name, in_first } => {
            format!("producers.{name} is only in the {}", if *in_first { "first" } else { "second" })
        }
        TrafficDifference::Setting { path, first, second } => {
            let [first, second] = [first, second].map(|value| value.as_deref().unwrap_or("nothing"));
            format!("{path}: {first} and {second}")
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Mixed => "better in some and worse in other",
        Verdict::Changed => "other",
        Verdict::Same => "no other",
    }
}
