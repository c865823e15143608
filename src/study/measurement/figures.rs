//! The figures of a measurement's plan, measured or simulated: of the whole run, with intervals from batches
//! of it.

use super::kept::Grids;
use crate::answer::{Answer, Distribution, Estimate, Method, MetricId, Moment, SimulationCaveat, path};
use crate::scenario::{Consumer, Overflow, Scenario};
use crate::stats::{Summary, combine};
use crate::study::transient;
use crate::units::seconds;
use std::ops::Range;

/// The share of a measurement's messages that is left out at its start.
const WARMUP: f64 = 0.05;
/// Batches that the rest is cut into for intervals.
pub(super) const BATCHES: u64 = 20;
/// Messages that must lie beyond a percentile.
const LEAST_BEYOND: f64 = 10.0;

/// Which of so many messages count.
pub(super) fn counted(scenario: &Scenario, messages: usize) -> Range<u64> {
    let warmup = if transient::applies(scenario) { 0.0 } else { WARMUP };
    (messages as f64 * warmup) as u64..messages as u64
}

/// The whole window, and the window in batches; where there is no steady state all of the run, and no batches
/// that were alike.
pub(super) struct Summaries {
    pub whole: Summary,
    batches: Vec<Summary>,
    pub grids: Grids,
}

impl Summaries {
    /// Of so many planned messages, each window summed up by `summary`.
    pub(super) fn new(
        scenario: &Scenario,
        messages: usize,
        mut summary: impl FnMut(Range<u64>) -> (Summary, Grids),
    ) -> Self {
        let Range { start: from, end: to } = counted(scenario, messages);
        let batches = if transient::applies(scenario) { 0 } else { BATCHES };
        let (whole, grids) = summary(from..to);
        let length = to - from;
        let batches = (0..batches)
            .map(|i| summary(from + length * i / BATCHES..from + length * (i + 1) / BATCHES).0)
            .collect();
        Summaries { whole, batches, grids }
    }
}

/// The most messages that can wait in a queue at once, if its bound is one of all that wait: what is given
/// back, what is handed out ahead and who waits for room are beyond it.
fn most_waiting(scenario: &Scenario, queue: usize) -> Option<u64> {
    let q = &scenario.queues[queue];
    let given_back = scenario.producers.iter().any(|p| p.failure.is_some()) || q.visibility_timeout.is_some();
    let beyond = |c: &Consumer| c.failure > 0.0 || c.prefetch > 1 || c.outages.is_some();
    let all =
        q.overflow != Overflow::Block && !given_back && !scenario.consumers_of(queue).any(|(_, c)| beyond(c));
    q.max_length.filter(|_| all).map(|room| room.max(q.initial_backlog))
}

/// Whether ten messages lie beyond a percentile; other statistics need none.
fn enough_beyond(whole: &Summary, path: &str) -> bool {
    let id = MetricId::parse(path);
    let share = id.and_then(|id| id.statistic.share());
    let counted = id.and_then(|id| whole.counts.get(&id.stem())).map(|c| c.total() as f64);
    share.zip(counted).is_none_or(|(share, counted)| share.min(1.0 - share) * counted >= LEAST_BEYOND)
}

pub(super) fn answer(scenario: &Scenario, method: Method, by: &str, summaries: &Summaries) -> Answer {
    let combined =
        (!summaries.batches.is_empty()).then(|| combine(&summaries.batches, scenario.simulation.confidence));
    let mut out = Answer::new(method, by);
    for (path, &value) in &summaries.whole.values {
        // The value is that of the whole window; the batches say how uncertain it is, where they can. It is
        // told even where they cannot, for all three answers are about one plan, and are held against one
        // another rather than the truth.
        if enough_beyond(&summaries.whole, path) {
            let batches = combined.as_ref().and_then(|combined| combined.metrics.get(path));
            // What was not seen in this one plan did not happen in it.
            let estimate = batches.filter(|e| e.ends.is_none() || value > 0.0);
            let ends = estimate.and_then(|e| e.ends).map(|(low, high)| (low.min(value), high.max(value)));
            out.metrics.insert(
                path.clone(),
                Estimate { ends, ..Estimate::with(value, estimate.and_then(|e| e.half_width)) },
            );
        }
    }
    for (index, queue) in scenario.queues.iter().enumerate() {
        // A queue keeps its bound under its lock. Stamps are taken outside of it, and may tell of a message
        // that comes before they tell of the one that made room for it.
        let longest = out.metrics.get_mut(&path(&format!("queues.{}", queue.name), "queue_length", "max"));
        if let (Some(Estimate { value: Some(longest), .. }), Some(room)) =
            (longest, most_waiting(scenario, index))
        {
            *longest = longest.min(room as f64);
        }
    }
    out.latency = summaries.whole.counts.get("total.latency").map(|c| Distribution::Histogram(c.to_hdr()));
    for (queue, grid) in &summaries.grids {
        let moments = grid
            .iter()
            .map(|&(at, waiting, in_system)| Moment::new(seconds(at), waiting as f64, in_system as f64));
        out.timelines.insert(queue.clone(), moments.collect());
    }
    let messages = summaries.whole.unfinished;
    if messages > 0 {
        out.caveats.push(SimulationCaveat::Unfinished { messages }.into());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_wait_than_have_room_but_for_what_comes_back() {
        let mut scenario = Scenario::mgc(100.0, crate::workload::laws::Law::exponential(0.001), 1);
        assert_eq!(most_waiting(&scenario, 0), None);
        (scenario.queues[0].max_length, scenario.queues[0].overflow) = (Some(3), Overflow::DropHead);
        assert_eq!(most_waiting(&scenario, 0), Some(3));
        let told = |scenario: &Scenario| {
            let mut summaries = Summaries::new(scenario, 40, |_| (Summary::default(), Vec::new()));
            summaries.whole.values.insert(path("queues.queue", "queue_length", "max"), 5.0);
            answer(scenario, Method::Measurement, "test", &summaries)
                .get("queues.queue.queue_length.max")
                .and_then(|e| e.value)
        };
        assert_eq!(told(&scenario), Some(3.0));
        scenario.consumers[0].failure = 0.1;
        assert_eq!(told(&scenario), Some(5.0));
    }
}
