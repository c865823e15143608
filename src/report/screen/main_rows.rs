//! The rows that matter most, one table without sections: what is asked for, how long it takes, where it is
//! tightest, and what is lost.

use super::opening::named;
use crate::answer::{MetricId, MetricPlace, PlaceId, Quantity, Statistic};
use crate::report::rows::{self, Accords, MetricRow};
use crate::study::{Bottleneck, Study, bottleneck};

/// A row with what it is called where all places are in one table.
pub(super) struct NamedRow {
    pub label: String,
    pub row: MetricRow,
}

/// At most so many rows, those that matter most, in the order in which they are read.
pub(super) fn main_rows(study: &Study, most: usize) -> Vec<NamedRow> {
    let (accords, mut rows): (_, Vec<(usize, NamedRow)>) = (Accords::of(study), Vec::new());
    for (path, place) in ranked(study) {
        if rows.len() == most {
            break;
        }
        let Some(id) = MetricId::parse(&path) else { continue };
        let label = named(&study.scenario, &path);
        if rows.iter().any(|(_, there)| there.label == label) {
            continue;
        }
        let main = (id.place.kind(), id.quantity, id.statistic, "", true);
        let Some(row) = rows::row(study, &accords, &main, &alike(study, id)) else { continue };
        if !(id.quantity.is_lost()
            && row.cells.iter().flatten().all(|e| e.value == Some(0.0) && e.ends.is_none()))
        {
            rows.push((place, NamedRow { label, row }));
        }
    }
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The places that go by one name: a lone producer and the total are one.
fn alike<'a>(study: &'a Study, id: MetricId<'a>) -> Vec<PlaceId<'a>> {
    match study.scenario.producers.as_slice() {
        [only] if id.place.kind() == MetricPlace::Producer => {
            vec![PlaceId::Total, PlaceId::Producer(&only.name)]
        }
        _ => vec![id.place],
    }
}

/// Where a row is read: what is asked for comes first.
const ASKED: usize = 0;

/// Paths by how much they matter, each with its place in the table.
fn ranked(study: &Study) -> Vec<(String, usize)> {
    use Quantity::*;
    let scenario = &study.scenario;
    let tight = match bottleneck(study, &study.answers) {
        Some(
            Bottleneck::Only { queue, .. }
            | Bottleneck::Fullest { queue, .. }
            | Bottleneck::Partition { queue, .. },
        ) => Some(queue),
        None => scenario.queues.first().map(|queue| queue.name.clone()),
    };
    let tight = tight.unwrap_or_default();
    let mut out: Vec<(String, usize)> =
        scenario.objectives.iter().map(|objective| (objective.metric.clone(), ASKED)).collect();
    let mut add = |place, quantity, statistic, at| {
        out.push((MetricId { place, quantity, statistic }.to_string(), at));
    };
    let (total, queue) = (PlaceId::Total, PlaceId::Queue(&tight));
    add(total, Latency, Statistic::P99, 3);
    add(total, Latency, Statistic::Mean, 1);
    add(queue, Utilization, Statistic::Single, 8);
    for queue in &scenario.queues {
        add(PlaceId::Queue(&queue.name), DrainTime, Statistic::Single, 14);
    }
    add(total, Loss, Statistic::Single, 12);
    add(queue, Wait, Statistic::Mean, 6);
    add(queue, QueueLength, Statistic::Mean, 10);
    add(queue, Growth, Statistic::Single, 13);
    for group in scenario.consumers.iter().filter(|c| c.autoscale.is_some() || !c.shifts.is_empty()) {
        add(PlaceId::Consumer(&group.name), Count, Statistic::Single, 15);
    }
    for producer in scenario.producers.iter().take(MOST_PRODUCERS) {
        add(PlaceId::Producer(&producer.name), Latency, Statistic::P99, 4);
    }
    add(total, Latency, Statistic::Percentile(0.5), 2);
    for queue in &scenario.queues {
        add(PlaceId::Queue(&queue.name), Utilization, Statistic::Single, 9);
    }
    add(queue, QueueLength, Statistic::Max, 11);
    for queue in &scenario.queues {
        add(PlaceId::Queue(&queue.name), Wait, Statistic::Mean, 7);
    }
    for producer in scenario.producers.iter().filter(|p| p.rate_limit.is_some()).take(MOST_PRODUCERS) {
        add(PlaceId::Producer(&producer.name), Send, Statistic::Mean, 7);
    }
    add(total, Latency, Statistic::Percentile(0.999), 5);
    add(total, Throughput, Statistic::Single, 16);
    add(queue, Delayed, Statistic::Single, 17);
    out
}

/// Producers that have a row each.
const MOST_PRODUCERS: usize = 4;
