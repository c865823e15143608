//! The one table of a study, before it is dressed as text or as HTML: places, rows, a cell for each answer.

use super::number::Scale;
use super::shown::shown;
use crate::answer::{
    Answer, Distribution, Estimate, Method, MetricId, MetricPlace, PlaceId, Quantity, Statistic, Unit,
    metric_of,
};
use crate::study::{Agreement, AgreementStatus, Study};
use crate::units::{Time, significant};
use std::collections::HashMap;

/// The rows of one place; a study with one queue, one producer and one group has a single section without a
/// title.
#[derive(Debug)]
pub(super) struct Section {
    pub title: String,
    pub rows: Vec<MetricRow>,
}

/// One metric by every method.
#[derive(Debug)]
pub(super) struct MetricRow {
    pub words: &'static str,
    pub symbol: &'static str,
    pub scale: Scale,
    /// In the order of the study's answers; `None` is not known.
    pub cells: Vec<Option<Estimate>>,
    /// Of each cell, whether it is a measured time so short that it is near the timer's resolution.
    pub faint: Vec<bool>,
    pub accord: Option<AgreementStatus>,
    /// The largest of the differences that are not explained by the intervals, in words.
    pub difference: Option<String>,
    /// How far an approximate theory is off, where it is.
    pub off: Option<f64>,
}

impl MetricRow {
    /// Every cell as it is written; a faint one behind a `~`.
    pub(super) fn written(&self) -> impl Iterator<Item = (String, bool)> {
        let cell = |(cell, faint): (&Option<Estimate>, &bool)| {
            let text = self.scale.show(cell.as_ref());
            (if *faint { format!("~{text}") } else { text }, *faint)
        };
        self.cells.iter().zip(&self.faint).map(cell)
    }
}

/// What a clock read and a hand-off between processors add to a measured time, in seconds.
pub(super) const TIMER_RESOLUTION: f64 = 0.5e-6;
/// A time that is not so many times as long is near the timer's resolution.
const CLEAR: f64 = 10.0;

/// What is shown of all that is known: place, quantity, statistic, its words, and whether it is shown where
/// no place needs a name.
pub(super) type MainRow = (MetricPlace, Quantity, Statistic, &'static str, bool);

const MAIN: &[MainRow] = {
    use MetricPlace::*;
    use Quantity::*;
    use Statistic::*;
    &[
        (Queue, Throughput, Single, "throughput", true),
        (Producer, Throughput, Single, "throughput", false),
        (Consumer, Throughput, Single, "throughput", false),
        (Queue, Utilization, Single, "utilization", true),
        (Consumer, Utilization, Single, "utilization", false),
        (Queue, Wait, Mean, "wait, mean", true),
        (Queue, Wait, Statistic::P99, "wait, p99", true),
        (Queue, Age, Mean, "oldest waiting, mean", true),
        (Queue, Age, Statistic::P99, "oldest waiting, p99", true),
        (Producer, Latency, Mean, "latency, mean", true),
        (Producer, Latency, Percentile(0.5), "latency, p50", true),
        (Producer, Latency, Statistic::P99, "latency, p99", true),
        (Producer, Latency, Percentile(0.999), "latency, p99.9", true),
        (Queue, QueueLength, Mean, "queue length, mean", true),
        (Queue, QueueLength, Max, "queue length, max", true),
        (Queue, Delayed, Single, "delayed", true),
        (Queue, Loss, Single, "loss", true),
        (Producer, Loss, Single, "loss", false),
        (Queue, DeadLettered, Single, "dead-lettered", true),
        (Producer, DeadLettered, Single, "dead-lettered", false),
        (Queue, ArrivalRate, Single, "arrivals", false),
        (Queue, Growth, Single, "growth", false),
        (Queue, Hop, Mean, "hop, mean", true),
        (Queue, Hop, Statistic::P99, "hop, p99", true),
        (Consumer, Turnaround, Mean, "turnaround, mean", true),
        (Producer, Confirm, Mean, "confirm, mean", true),
        (Producer, Confirm, Statistic::P99, "confirm, p99", true),
        (Queue, Attempts, Single, "deliveries a message", true),
        (Queue, DrainTime, Single, "time to drain", true),
        (Consumer, BatchSize, Single, "batch size", true),
        (Consumer, Count, Single, "servers, mean", true),
        (Consumer, Scalings, Single, "scalings", true),
    ]
};

/// The comparisons of a study by metric, in their order.
pub(super) struct Accords<'a>(HashMap<&'a str, Vec<(usize, &'a Agreement)>>);

impl<'a> Accords<'a> {
    pub(super) fn of(study: &'a Study) -> Self {
        let mut by_metric: HashMap<&str, Vec<(usize, &Agreement)>> = HashMap::new();
        for (at, found) in study.agreement.iter().enumerate() {
            by_metric.entry(&found.metric).or_default().push((at, found));
        }
        Accords(by_metric)
    }

    /// Those of some metrics.
    fn about(&self, paths: &[String]) -> Vec<&'a Agreement> {
        let mut all: Vec<_> = paths.iter().flat_map(|path| self.0.get(path.as_str())).flatten().collect();
        all.sort_unstable_by_key(|(at, _)| *at);
        all.dedup_by_key(|(at, _)| *at);
        all.into_iter().map(|(_, found)| *found).collect()
    }
}

/// The table of a study. Rows that no method knows are left out.
pub(super) fn sections(study: &Study) -> Vec<Section> {
    let accords = Accords::of(study);
    let scenario = &study.scenario;
    let single = scenario.producers.len() <= 1 && scenario.queues.len() <= 1 && scenario.consumers.len() <= 1;
    let producers: Vec<_> = scenario.producers.iter().map(|p| PlaceId::Producer(&p.name)).collect();
    let queues: Vec<_> = scenario.queues.iter().map(|q| PlaceId::Queue(&q.name)).collect();
    let consumers: Vec<_> = scenario.consumers.iter().map(|c| PlaceId::Consumer(&c.name)).collect();
    if single {
        // A lone producer is the total: whichever of the two a method filled in is the row.
        // With messages of nobody, which were there from the start, the total is of all of them, as the
        // queue's wait is.
        let places = [queues, vec![PlaceId::Total], producers, consumers].concat();
        // Clients that give up lose what their queue has served all the same, and those that hedge keep what it
        // has lost.
        let copies = scenario.producers.iter().any(|p| p.most_copies().is_some());
        let shown = |main: &&MainRow| match (main.0, main.1) {
            (MetricPlace::Queue, Quantity::Loss) => !copies,
            (MetricPlace::Producer, Quantity::Loss) => copies,
            _ => main.4,
        };
        let rows = MAIN.iter().filter(shown).filter_map(|main| row(study, &accords, main, &places)).collect();
        return vec![Section { title: String::new(), rows: alike(rows) }];
    }
    let several = if producers.len() > 1 { shown(study, producers) } else { Vec::new() };
    let section = |place: PlaceId<'_>| {
        // A queue's only group has the queue's throughput and utilization: they are not said twice.
        let repeats = scenario
            .consumers
            .iter()
            .filter(|c| place == PlaceId::Consumer(&c.name))
            .any(|c| c.also.is_empty() && scenario.consumers_of(c.from).count() == 1);
        let only = [place];
        let rows = MAIN
            .iter()
            .filter(|main| main.0 == place.kind() && (main.4 || !repeats))
            .filter_map(|main| row(study, &accords, main, &only));
        Section { title: title(place), rows: alike(rows.collect()) }
    };
    let (queues, consumers) = (shown(study, queues), shown(study, consumers));
    let places = [vec![PlaceId::Total], several, queues, consumers].concat();
    places.into_iter().map(section).filter(|s| !s.rows.is_empty()).collect()
}

/// Rows of one quantity (mean, p50, p99) share one unit: the smallest row's, unless that makes the largest
/// unreadable.
fn alike(mut rows: Vec<MetricRow>) -> Vec<MetricRow> {
    let readable = 1e4;
    for i in 0..rows.len() {
        let kin = || rows.iter().filter(|r| r.symbol == rows[i].symbol && TIMES.contains(&r.scale.unit));
        let largest = kin()
            .flat_map(|r| r.cells.iter().flatten())
            .filter_map(|e| e.value)
            .filter(|v| v.is_finite())
            .fold(0.0, f64::max);
        // Zero reads the same in any unit.
        let told = kin().filter(|r| r.cells.iter().flatten().any(|e| e.value.is_some_and(|v| v > 0.0)));
        let scales = told.map(|r| r.scale).filter(|s| largest / s.size < readable);
        let Some(scale) = scales.min_by(|a, b| a.size.total_cmp(&b.size)) else { continue };
        if TIMES.contains(&rows[i].scale.unit) {
            rows[i].scale = scale;
        }
    }
    rows
}

/// The units in which times are shown.
const TIMES: [&str; 6] = ["ns", "µs", "ms", "s", "min", "h"];

fn title(place: PlaceId<'_>) -> String {
    match place {
        PlaceId::Total => "all messages".into(),
        PlaceId::Producer(name) => format!("producer {name}"),
        PlaceId::Queue(name) => format!("queue {name}"),
        PlaceId::Consumer(name) => format!("consumers {name}"),
    }
}

pub(super) fn row(
    study: &Study,
    accords: &Accords<'_>,
    main: &MainRow,
    places: &[PlaceId<'_>],
) -> Option<MetricRow> {
    let &(kind, quantity, statistic, ..) = main;
    let ids = places.iter().filter(|place| place.kind() == kind);
    let ids = ids.map(|&place| MetricId { place, quantity, statistic });
    let metric = ids.clone().next()?.metric()?;
    let paths: Vec<String> = ids.map(|id| id.to_string()).collect();
    let cells: Vec<Option<Estimate>> = study
        .answers
        .iter()
        .map(|answer| paths.iter().find_map(|p| answer.metrics.get(p)).filter(|e| seen(answer, e)).copied())
        .collect();
    if cells.iter().all(Option::is_none) {
        return None;
    }
    let scale = Scale::of(metric.unit, cells.iter().flatten().filter_map(|e| e.value));
    let accords = accords.about(&paths);
    let has = |wanted: AgreementStatus| accords.iter().any(|a| a.verdict == wanted).then_some(wanted);
    let accord = has(AgreementStatus::Differ)
        .or_else(|| has(AgreementStatus::Unknown))
        .or_else(|| has(AgreementStatus::Agree));
    let worst = accords
        .iter()
        .filter(|a| a.verdict == AgreementStatus::Differ)
        .max_by(|a, b| size(a).total_cmp(&size(b)));
    let difference = worst.and_then(|a| apart(study, a));
    let approximate = study.answer(Method::Theory).is_some_and(|t| !t.exact);
    let open = accords
        .iter()
        .find(|a| approximate && a.verdict == AgreementStatus::Unknown && a.a == Method::Theory);
    let off = open.and_then(|a| a.difference).map(crate::study::off);
    let short = |e: &Estimate| {
        metric.unit == Unit::Seconds
            && e.value.is_some_and(|v| v != 0.0 && v.abs() < CLEAR * TIMER_RESOLUTION)
    };
    let faint = |(answer, cell): (&Answer, &Option<Estimate>)| {
        answer.method == Method::Measurement && cell.as_ref().is_some_and(short)
    };
    let faint = study.answers.iter().zip(&cells).map(faint).collect();
    Some(MetricRow { words: main.3, symbol: metric.symbol, scale, cells, faint, accord, difference, off })
}

/// Whether a figure comes from messages: where none was counted, a zero is no observation.
fn seen(answer: &Answer, estimate: &Estimate) -> bool {
    let nothing = matches!(&answer.latency, Some(Distribution::Histogram(counted)) if counted.is_empty());
    !(nothing && estimate.value == Some(0.0))
}

/// A metric by its path; a lone producer goes by `total` as well, and the other way round.
pub(super) fn known<'a>(study: &Study, answer: &'a Answer, path: &str) -> Option<&'a Estimate> {
    let other = || {
        let [producer] = study.scenario.producers.as_slice() else { return None };
        let id = MetricId::parse(path)?;
        let place = match id.place {
            PlaceId::Total => PlaceId::Producer(&producer.name),
            PlaceId::Producer(name) if name == producer.name => PlaceId::Total,
            _ => return None,
        };
        answer.get(&MetricId { place, ..id }.to_string())
    };
    answer.get(path).or_else(other)
}

/// A symbol in brackets, in square ones where it has round ones itself.
pub(super) fn bracketed(symbol: &str) -> String {
    if symbol.contains('(') { format!("[{symbol}]") } else { format!("({symbol})") }
}

/// What a method's column is called.
pub(super) fn heading(method: Method) -> &'static str {
    match method {
        Method::Theory => "theory",
        Method::Simulation => "simulated",
        Method::Rehearsal => "rehearsal",
        Method::Measurement => "measured",
        Method::Replay => "replay",
    }
}

/// How many differences of a pair of methods are told one by one.
const WORST: usize = 3;
/// From this multiple on a difference is told as it is: of next to nothing all is a large share.
const MANY_TIMES: f64 = 9.0;

/// The comparisons that did not come out, a sentence for each pair of methods: the worst of them, and how
/// many there are.
pub(super) fn disagreements(study: &Study) -> Vec<String> {
    let mut pairs: Vec<(Method, Method)> = study.agreement.iter().map(|a| (a.a, a.b)).collect();
    pairs.dedup();
    let sentence = |(a, b): (Method, Method)| {
        let all = || study.agreement.iter().filter(move |found| (found.a, found.b) == (a, b));
        let mut differ: Vec<&Agreement> =
            all().filter(|found| found.verdict == AgreementStatus::Differ).collect();
        let by = |found: &Agreement| apart(study, found).map_or(String::new(), |by| format!(" by {by}"));
        if let [one] = differ[..] {
            return Some(format!("{}: {} differs from {}{}", one.metric, b.name(), a.name(), by(one)));
        }
        // Of what is as large, all messages come first, and the rest stays in order.
        let part = |found: &Agreement| !found.metric.starts_with("total.");
        differ.sort_by(|a, b| size(b).total_cmp(&size(a)).then(part(a).cmp(&part(b))));
        // A single queue's wait is its producer's and that of all: it is told once.
        let mut told: Vec<&Agreement> = Vec::new();
        for &found in &differ {
            if told.len() < WORST && !told.iter().any(|before| is_the_same(before, found)) {
                told.push(found);
            }
        }
        let worst: Vec<String> = told.iter().map(|found| format!("{}{}", found.metric, by(found))).collect();
        let more = differ
            .len()
            .checked_sub(told.len())
            .filter(|more| *more > 0)
            .map_or(String::new(), |more| format!(", and {more} more"));
        let (count, compared) = (differ.len(), all().count());
        let said = format!(
            "{} differs from {} in {count} of {compared} metrics: {}{more}",
            b.name(),
            a.name(),
            worst.join(", ")
        );
        (!differ.is_empty()).then_some(said)
    };
    pairs.into_iter().filter_map(sentence).collect()
}

/// Whether two differences are one, found at two places.
fn is_the_same(one: &Agreement, other: &Agreement) -> bool {
    let quantity = |found: &Agreement| MetricId::parse(&found.metric).map(|id| (id.quantity, id.statistic));
    one.difference == other.difference && quantity(one).is_some() && quantity(one) == quantity(other)
}

/// How large a difference is among others: those of next to nothing come last.
fn size(found: &Agreement) -> f64 {
    found.difference.map(f64::abs).filter(|d| *d < MANY_TIMES).unwrap_or(0.0)
}

/// By how much two methods are apart: as a share, or as it is where the share says nothing.
fn apart(study: &Study, found: &Agreement) -> Option<String> {
    if let Some(share) = found.difference.filter(|d| d.abs() < MANY_TIMES) {
        return Some(super::number::relative(share));
    }
    let value = |method| study.answer(method)?.get(&found.metric)?.value;
    let apart = value(found.b)? - value(found.a)?;
    let sign = if apart < 0.0 { "−" } else { "+" };
    let size = match metric_of(&found.metric)?.unit {
        Unit::Seconds => Time(apart.abs()).to_string(),
        Unit::PerSecond => format!("{}/s", significant(apart.abs(), 2)),
        Unit::PerHour => format!("{}/h", significant(apart.abs(), 2)),
        Unit::Ratio => format!("{} percentage points", significant(apart.abs() * 100.0, 2)),
        Unit::Messages | Unit::Servers | Unit::Processors | Unit::Deliveries => significant(apart.abs(), 2),
    };
    Some(format!("{sign}{size}"))
}

#[cfg(test)]
mod tests;
