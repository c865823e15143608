//! Laws that every run must keep, whatever its length: what an engine integrates over time is what its
//! messages add up to.

use crate::answer::{BalanceLaw, Caveat, SimulationCaveat};
use crate::message::{Outcome, Record};
use crate::units::seconds;
use std::collections::BTreeMap;

/// Rounding of sums that are equal, as a share of them.
const ROUNDING: f64 = 1e-9;

/// Two figures that must be equal but for the messages that reach across the edges of the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// As the engine integrates it over time.
    pub over_time: f64,
    /// As it adds up from messages.
    pub of_messages: f64,
    /// What messages that were inside at the window's edges can make of a difference.
    pub edges: f64,
}

impl Balance {
    /// A share, which is from none to all.
    pub fn share(value: f64) -> Self {
        Balance { over_time: value, of_messages: value.clamp(0.0, 1.0), edges: 0.0 }
    }

    /// Whether the difference is more than the edges of the window explain.
    pub fn is_broken(&self) -> bool {
        let rounding = ROUNDING * (1.0 + self.over_time.abs() + self.of_messages.abs());
        (self.over_time - self.of_messages).abs() > self.edges + rounding
    }
}

/// The laws that are broken, with their balances.
pub(super) fn broken(
    balances: &BTreeMap<BalanceLaw, Balance>,
) -> impl Iterator<Item = (&BalanceLaw, &Balance)> {
    balances.iter().filter(|(_, balance)| balance.is_broken())
}

impl Balance {
    /// That it is broken, as a caveat.
    pub(super) fn caveat(self, law: BalanceLaw) -> Caveat {
        let Balance { over_time, of_messages, .. } = self;
        SimulationCaveat::Broken { law, over_time, of_messages }.into()
    }
}

/// What lies across the edges of a window of time, told stay by stay: exactly for stays, at most for
/// services, of which a record says how long they took but not when.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Across {
    /// Message-nanoseconds that others' stays, and those that never ended, spent inside the window.
    inside: u64,
    /// And that the window's own spent after its end.
    late: u64,
    /// Nanoseconds of service of all these.
    service: u64,
}

impl Across {
    /// A stay of a message that is not the window's, or that never ended.
    #[cold]
    pub(super) fn other(&mut self, r: &Record, time: &std::ops::Range<u64>) {
        let finished = if r.outcome == Outcome::Unfinished { time.end } else { r.finished };
        let inside = finished.min(time.end).saturating_sub(r.sent.max(time.start));
        let worked = if r.outcome == Outcome::Unfinished { inside } else { r.finished - r.taken };
        self.inside += inside;
        self.service += worked.min(inside);
    }

    /// What stays that were told of before the window spend after its start, and how much of it is service,
    /// in nanoseconds.
    pub(super) fn told_before(&mut self, stay: u64, service: u64) {
        self.inside += stay;
        self.service += service;
    }

    /// What stays that were told of before the window's end spend after it.
    pub(super) fn told_ahead(&mut self, stay: u64, service: u64) {
        self.late += stay;
        self.service += service;
    }

    /// A stay of one of the window's that ended after it.
    pub(super) fn late(&mut self, r: &Record, end: u64) {
        let late = r.finished.saturating_sub(r.sent.max(end));
        self.late += late;
        self.service += late.min(r.finished - r.taken);
    }

    /// Adds what lies across the edges of the window that follows: what one of the two calls its own after
    /// its end, the other calls another's in its midst, so that the edge between them cancels.
    pub(super) fn merge(&mut self, next: &Across) {
        self.inside += next.inside;
        self.late += next.late;
        self.service += next.service;
    }

    /// Little's law: the integral of the messages inside against the sum of the window's stays (seconds).
    pub(super) fn stays(&self, over_time: f64, stayed: f64, lasted: f64) -> Balance {
        Balance {
            over_time,
            of_messages: (stayed + seconds(self.inside) - seconds(self.late)) / lasted,
            edges: 0.0,
        }
    }

    /// The utilization law: the integral of the busy servers against the sum of the window's services
    /// (seconds).
    pub(super) fn services(&self, over_time: f64, worked: f64, lasted: f64) -> Balance {
        Balance { over_time, of_messages: worked / lasted, edges: seconds(self.service) / lasted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Message, Recorder};
    use crate::stats::{AfterWindow, Collector, GroupSpan, Places, QueueSpan, Span, Summary, combine};

    /// A stay in the only queue; times in seconds.
    fn stay(id: u64, sent: u64, taken: u64, finished: u64, outcome: Outcome) -> Record {
        let nanos = |s: u64| s * 1_000_000_000;
        let (sent, taken, finished) = (nanos(sent), nanos(taken), nanos(finished));
        let message = Message { id, due: sent, ..Message::default() };
        Record { message, sent, taken, finished, queue: 0, consumer: 0, server: 0, deliveries: 1, outcome }
    }

    /// One server; the window is from 10 s to 20 s. Message 0 is from before and is done at 12 s, message 1
    /// is all inside, message 2 is lost while it waits, message 3 comes at 18 s and is done at 25 s.
    fn stays() -> [Record; 4] {
        use Outcome::{Dropped, Served};
        [
            stay(0, 6, 8, 12, Served),
            stay(1, 11, 12, 15, Served),
            stay(2, 13, 14, 14, Dropped),
            stay(3, 18, 18, 25, Served),
        ]
    }

    /// By hand: somebody waits in 11–12 and 13–14, the server is busy in 10–15 and 18–20.
    const WAITING: f64 = 0.2;
    const BUSY: f64 = 0.7;

    fn caveats(summary: Summary) -> Vec<String> {
        let mut out = combine(&[summary.clone(), summary], 0.95).caveats;
        // A share that cannot be follows from a law that is broken.
        let law = |c: &Caveat| match c {
            Caveat::Simulation(SimulationCaveat::Broken { law, .. }) => !matches!(law, BalanceLaw::Share(_)),
            _ => false,
        };
        out.retain(law);
        out.iter().map(Caveat::to_string).collect()
    }

    fn broken_laws(told: &[Record], queue: QueueSpan, busy: f64) -> Vec<String> {
        let mut collector = Collector::new(&Places::of_one_queue(&["p"], "q", &[("c", Some(1))]), 1..4);
        collector.begins(10_000_000_000);
        collector.ends(20_000_000_000);
        told.iter().for_each(|r| AfterWindow(&mut collector).record(r));
        let group = GroupSpan { busy, count: 1.0, handled: 3, batches: 3, ..GroupSpan::default() };
        caveats(collector.summary(&Span {
            lasted: 10.0,
            done: None,
            queues: vec![queue],
            groups: vec![group],
        }))
    }

    #[test]
    fn a_law_that_is_broken_is_told_of_to_the_nanosecond() {
        let queue =
            QueueSpan { waiting: WAITING, serving: BUSY, came: 4, accounted: 4, ..QueueSpan::default() };
        assert_eq!(broken_laws(&stays(), queue, BUSY), Vec::<String>::new());
        let broken = broken_laws(&stays(), QueueSpan { waiting: WAITING + 1e-6, ..queue }, BUSY);
        assert!(
            broken.len() == 1 && broken[0].starts_with("Little's law is broken in queue `q`"),
            "{broken:?}"
        );
        // The message of 7 s and the one of 4 s reach across the edges, with at most 5 s and 2 s of service.
        let broken = broken_laws(&stays(), queue, BUSY + 1.1);
        assert!(
            broken.len() == 1 && broken[0].starts_with("the utilization law is broken for `c`"),
            "{broken:?}"
        );
        let broken = broken_laws(&stays(), QueueSpan { came: 5, ..queue }, BUSY);
        assert!(
            broken.len() == 1 && broken[0].starts_with("flow is not conserved in queue `q`"),
            "{broken:?}"
        );
        let broken = broken_laws(&stays()[1..], queue, BUSY);
        assert!(
            broken.iter().any(|b| b.starts_with("Little's law")),
            "a stay that nobody tells of is missed: {broken:?}"
        );
    }
}
