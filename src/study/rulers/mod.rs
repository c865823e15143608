//! One measurement read as other tools read theirs: latencies by rulers that are off, beside the honest one.

mod reservoir;

use crate::rng::Key;
use crate::stats::BucketCounts;
use crate::units::{NANOS_PER_SECOND, seconds};
use reservoir::Snapshot;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// A way of measuring latencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ruler {
    /// From the instant at which a message was due until it was done, every message counted: what queuelab
    /// quotes.
    FromDue,
    /// From the instant at which its sending began.
    StartOfSend,
    /// By as many clients as there are servers, each of which sends when it has its answer.
    WaitingClients,
    /// Statistics of each second, averaged over the seconds.
    AveragedSeconds,
    /// A sample of 1 028 messages in which old ones fade.
    DecayingReservoir,
    /// By a sender that sleeps for whole milliseconds.
    WholeMilliseconds,
}

impl Ruler {
    /// In a few words.
    pub fn name(self) -> &'static str {
        match self {
            Ruler::FromDue => "due to done, every message",
            Ruler::StartOfSend => "from the start of the send",
            Ruler::WaitingClients => "clients wait for answers",
            Ruler::AveragedSeconds => "each second, averaged",
            Ruler::DecayingReservoir => "decaying reservoir",
            Ruler::WholeMilliseconds => "sleeps of whole ms",
        }
    }

    /// Why it is off, in a clause.
    pub fn why(self) -> &'static str {
        match self {
            Ruler::FromDue => "nothing is left out",
            Ruler::StartOfSend => "a late send hides its delay",
            Ruler::WaitingClients => "waits for a client are not counted",
            Ruler::AveragedSeconds => "a bad second is one of many",
            Ruler::DecayingReservoir => "1028 messages, the old fade",
            Ruler::WholeMilliseconds => "sends in bursts, each late",
        }
    }
}

/// What a ruler shows; seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// By which it was read.
    pub ruler: Ruler,
    /// `None` is not known.
    pub mean: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The slowest.
    pub max: Option<f64>,
    /// Why it is off, or why it shows nothing here.
    pub why: String,
}

impl Reading {
    /// A ruler that shows nothing, and why.
    pub(super) fn none(ruler: Ruler, why: impl Into<String>) -> Self {
        Reading { ruler, mean: None, p50: None, p99: None, max: None, why: why.into() }
    }

    /// By how much its 99th percentile is off that of another, as a share.
    pub fn off(&self, honest: &Reading) -> Option<f64> {
        Some(self.p99? / honest.p99.filter(|p99| *p99 > 0.0)? - 1.0)
    }

    fn of(ruler: Ruler, latencies: impl Iterator<Item = u64>) -> Self {
        let (mut counts, mut sum) = (BucketCounts::new(), 0_u128);
        for latency in latencies {
            counts.record(latency);
            sum += u128::from(latency);
        }
        let total = counts.total();
        let ranks = counts.ranks();
        let some = |value: f64| (total > 0).then_some(value);
        Reading {
            mean: some(sum as f64 / total as f64 / NANOS_PER_SECOND),
            p50: ranks.quantile(0.5),
            p99: ranks.quantile(0.99),
            max: some(seconds(counts.max())),
            ..Reading::none(ruler, ruler.why())
        }
    }
}

/// When a message was due, when its sending began and when it was done, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MessageTiming {
    pub due: u64,
    pub begun: u64,
    pub done: u64,
}

/// The honest reading first. A percentile with fewer than ten messages beyond it is none.
pub(super) fn from_due(timings: &[MessageTiming]) -> Reading {
    const BEYOND: f64 = 10.0;
    let reading = Reading::of(Ruler::FromDue, timings.iter().map(|t| t.done - t.due));
    let enough = 0.01 * timings.len() as f64 >= BEYOND;
    Reading { p99: reading.p99.filter(|_| enough), ..reading }
}

/// The stamp of a tool that asks for the time when it sends.
pub(super) fn start_of_send(ruler: Ruler, timings: &[MessageTiming]) -> Reading {
    Reading::of(ruler, timings.iter().map(|t| t.done - t.begun))
}

/// The same by so many clients, each of which waits for its answer before it sends what is due next. Where
/// messages are served in the order in which they come, and no server waits for a client, it makes no
/// difference to when they are done whether they wait in the queue or for a client.
pub(super) fn waiting_clients(timings: &[MessageTiming], clients: usize) -> Reading {
    let mut order: Vec<&MessageTiming> = timings.iter().collect();
    order.sort_by_key(|t| t.begun);
    let mut answers = BinaryHeap::with_capacity(clients + 1);
    let latency = |t: &MessageTiming| {
        let free = if answers.len() < clients { None } else { answers.pop().map(|Reverse(at)| at) };
        answers.push(Reverse(t.done));
        // A client that gets its answer a moment late has sent no later than it was answered.
        t.done.saturating_sub(free.map_or(t.begun, |free: u64| t.begun.max(free)))
    };
    Reading::of(Ruler::WaitingClients, order.into_iter().map(latency))
}

/// Statistics of the messages that were done in each whole second of so many nanoseconds, averaged; of a run
/// that has no whole one, of its parts.
pub(super) fn averaged_seconds(timings: &[MessageTiming], second: f64) -> Reading {
    let mut by_second: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for t in timings {
        by_second.entry((t.done as f64 / second) as u64).or_default().push(t.done - t.due);
    }
    // The first and the last second are those in which it began and ended.
    if by_second.len() > 2 {
        by_second.pop_first();
        by_second.pop_last();
    }
    let each: Vec<Reading> =
        by_second.into_values().map(|l| Reading::of(Ruler::AveragedSeconds, l.into_iter())).collect();
    let mean = |of: fn(&Reading) -> Option<f64>| {
        let known: Option<Vec<f64>> = each.iter().map(of).collect();
        known.filter(|known| !known.is_empty()).map(|known| known.iter().sum::<f64>() / known.len() as f64)
    };
    Reading {
        mean: mean(|r| r.mean),
        p50: mean(|r| r.p50),
        p99: mean(|r| r.p99),
        max: mean(|r| r.max),
        ..Reading::none(Ruler::AveragedSeconds, Ruler::AveragedSeconds.why())
    }
}

/// What a decaying reservoir shows when the run is over, which it heard in the order of the answers.
pub(super) fn decaying_reservoir(timings: &[MessageTiming], second: f64, seed: u64) -> Reading {
    let mut order: Vec<&MessageTiming> = timings.iter().collect();
    order.sort_by_key(|t| t.done);
    let values = order.into_iter().map(|t| ((t.done as f64 / second) as u64, t.done - t.due));
    let kept = Snapshot::of(values, Key::new(seed, 0).role("reservoir", ""));
    Reading {
        mean: kept.mean().map(|mean| mean / NANOS_PER_SECOND),
        p50: kept.quantile(0.5).map(seconds),
        p99: kept.quantile(0.99).map(seconds),
        max: kept.max().map(seconds),
        ..Reading::none(Ruler::DecayingReservoir, Ruler::DecayingReservoir.why())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;
    const SECOND: f64 = NANOS_PER_SECOND;

    /// Ten seconds of a message a millisecond, each done a millisecond after it was sent; the sender stands
    /// still from 5 s to 5.2 s and then sends at once what was due.
    fn stalled_sender() -> Vec<MessageTiming> {
        let one = |i: u64| {
            let due = i * MS;
            let begun = if (5000..5200).contains(&i) { 5200 * MS } else { due };
            MessageTiming { due, begun, done: begun + MS }
        };
        (0..10_000).map(one).collect()
    }

    fn near(value: Option<f64>, expected: f64) {
        let value = value.expect("it is known");
        assert!((value / expected - 1.0).abs() < 2e-3, "{value} for {expected}");
    }

    #[test]
    fn a_stall_of_the_sender_is_hidden_from_who_stamps_the_send() {
        let timings = stalled_sender();
        // 200 of 10 000 are late, the slowest took 201 ms, the one with a hundred beyond it 101 ms.
        let honest = from_due(&timings);
        near(honest.p99, 0.101);
        near(honest.max, 0.201);
        near(honest.p50, 0.001);
        let stamped = start_of_send(Ruler::StartOfSend, &timings);
        near(stamped.p99, 0.001);
        near(stamped.max, 0.001);
        near(stamped.off(&honest).map(|off| 1.0 + off), 1.0 / 101.0);
    }

    #[test]
    fn a_bad_second_is_one_of_many_when_seconds_are_averaged() {
        // In the sixth second the one with ten of a thousand beyond it took 191 ms; in the others, 1 ms. The
        // last message of each second is done in the next, and the last of all is left out with its second,
        // as is the first.
        let reading = averaged_seconds(&stalled_sender(), SECOND);
        near(reading.p99, (8.0 * 0.001 + 0.191) / 9.0);
        near(reading.max, (8.0 * 0.001 + 0.201) / 9.0);
        assert!(from_due(&stalled_sender()).p99 > reading.p99.map(|p99| 4.0 * p99));
    }

    #[test]
    fn a_stall_of_the_server_is_hidden_from_clients_that_wait() {
        // One server of half a millisecond stands still for 200 ms; first in, first out.
        let mut free = 0;
        let timings: Vec<MessageTiming> = (0..10_000)
            .map(|i| {
                let due = i * MS;
                let stalled = if i == 5000 { 200 * MS } else { 0 };
                free = free.max(due) + MS / 2 + stalled;
                MessageTiming { due, begun: due, done: free }
            })
            .collect();
        // Who was due in the stall or in the 200 ms that it took to catch up was late: 400 messages.
        let honest = from_due(&timings);
        near(honest.max, 0.2005);
        assert!(honest.p99 > Some(0.1), "{honest:?}");
        assert_eq!(start_of_send(Ruler::StartOfSend, &timings).p99, honest.p99);
        let waited = waiting_clients(&timings, 1);
        near(waited.p99, 0.0005);
        near(waited.mean, 0.00052);
        near(waited.max, 0.2005);
        // With as many clients as messages nobody waits for one.
        assert_eq!(waiting_clients(&timings, 10_000).p99, honest.p99);
    }

    #[test]
    fn a_reservoir_forgets_what_a_long_run_began_with() {
        // Half an hour ago a minute was bad: every message took a second.
        let one = |i: u64| {
            let due = i * 100 * MS;
            let took = if i < 600 { 1000 } else { 1 };
            MessageTiming { due, begun: due, done: due + took * MS }
        };
        let timings: Vec<MessageTiming> = (0..18_600).map(one).collect();
        near(from_due(&timings).p99, 1.0);
        let kept = decaying_reservoir(&timings, SECOND, 1);
        near(kept.p99, 0.001);
        near(kept.max, 0.001);
    }

    #[test]
    fn of_too_few_there_is_no_honest_percentile() {
        let timings = &stalled_sender()[..999];
        assert_eq!(from_due(timings).p99, None);
        assert!(start_of_send(Ruler::StartOfSend, timings).p99.is_some());
        assert_eq!(from_due(&[]).mean, None);
    }
}
