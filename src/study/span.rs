//! What happened between two instants: the difference of an engine's totals.

use crate::sim::{GroupTotals, QueueTotals, Totals};
use crate::stats::{GroupSpan, QueueSpan, Span};
use crate::units::{NANOS_PER_SECOND, seconds};

fn mean(from: u128, to: u128, lasted: f64) -> f64 {
    (to - from) as f64 / NANOS_PER_SECOND / lasted
}

/// What happened in queues and groups between two instants.
pub(super) fn span(before: &Totals, after: &Totals) -> Span {
    let lasted = seconds(after.at - before.at).max(1e-9);
    let queue = |(from, to): (&QueueTotals, &QueueTotals)| QueueSpan {
        waiting: mean(from.waiting_area, to.waiting_area, lasted),
        serving: mean(from.serving_area, to.serving_area, lasted),
        before: (from.waiting + from.serving) as f64,
        after: (to.waiting + to.serving) as f64,
        held: mean(from.held.area, to.held.area, lasted),
        held_before: from.held.level as f64,
        held_after: to.held.level as f64,
        held_peak: to.held.peak,
        peak: to.peak,
        offered: to.counts.offered - from.counts.offered,
        served: to.counts.served - from.counts.served,
        came: to.counts.offered,
        accounted: to.accounted(),
        squares: from
            .squares
            .zip(to.squares)
            .map(|(from, to)| std::array::from_fn(|i| mean(from[i], to[i], lasted))),
    };
    let group = |(from, to): (&GroupTotals, &GroupTotals)| GroupSpan {
        busy: mean(from.busy_area, to.busy_area, lasted),
        absent: mean(from.absent_area, to.absent_area, lasted),
        count: mean(from.count_area, to.count_area, lasted),
        handled: to.handled - from.handled,
        batches: to.batches - from.batches,
        scalings: to.scalings.zip(from.scalings).map(|(to, from)| to - from),
    };
    Span {
        lasted,
        done: before.done.zip(after.done).map(|(from, to)| to - from),
        queues: before.queues.iter().zip(&after.queues).map(queue).collect(),
        groups: before.groups.iter().zip(&after.groups).map(group).collect(),
    }
}

/// How fast messages became more in a queue, and how fast they came, a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Drift {
    pub grown: f64,
    /// How far their mean number over time lay above that at the start, over the same time: half of what they
    /// grew by where they grow evenly, all of it where they have filled up.
    pub risen: f64,
    pub came: f64,
}

/// How the level of each queue changed.
pub(super) fn drifts(span: &Span) -> Vec<Drift> {
    let drift = |q: &QueueSpan| Drift {
        // Those who wait for room are a backlog, too.
        grown: (q.after + q.held_after - q.before - q.held_before) / span.lasted,
        risen: (q.waiting + q.serving + q.held - q.before - q.held_before) / span.lasted,
        came: q.offered as f64 / span.lasted,
    };
    span.queues.iter().map(drift).collect()
}

/// Tells of each queue what stays that recorders know of spend after an instant, and how much of it is
/// service, in nanoseconds.
pub(super) fn to_come(totals: &Totals, mut tell: impl FnMut(usize, u64, u64)) {
    let nanos = |area: u128| u64::try_from(area).unwrap_or(u64::MAX);
    totals.queues.iter().enumerate().for_each(|(queue, q)| tell(queue, nanos(q.to_stay), nanos(q.to_serve)));
}
