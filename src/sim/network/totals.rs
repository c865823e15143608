//! What an engine knows of itself at an instant. What happened between two instants is a difference.

use super::Network;
use super::parts::{Counts, Group, Station};
use crate::workload::Blocks;

/// All queues and groups, in the scenario's order.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkTotals {
    /// Nanoseconds.
    pub at: u64,
    /// Messages that reached the network.
    pub offered: u64,
    /// Of each queue, in the scenario's order.
    pub queues: Vec<QueueTotals>,
    /// Of each group of consumers, in the scenario's order.
    pub groups: Vec<GroupTotals>,
}

/// Running totals of one queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueTotals {
    /// Messages that wait and are in service, and the integrals of both in message-nanoseconds. Until its server is awake a message
    /// waits, though it is counted as in service.
    pub waiting: u64,
    /// See [`QueueTotals::waiting`].
    pub serving: u64,
    /// See [`QueueTotals::waiting`].
    pub waiting_area: u128,
    /// See [`QueueTotals::waiting`].
    pub serving_area: u128,
    /// What became of those who came.
    pub counts: Counts,
    /// Senders that wait for room.
    pub held: Held,
    /// When nobody waited for the first time since the instant given to [`Network::watch_drain`].
    pub drained: Option<u64>,
    /// Message-nanoseconds after this instant of stays that recorders were told of already, and what of them is service: an
    /// engine that knows of a whole stay when it begins tells of it then.
    pub to_stay: u128,
    /// See [`QueueTotals::to_stay`].
    pub to_serve: u128,
}

impl QueueTotals {
    /// Every message that came was served, was lost in one way, or is inside.
    pub fn is_conserved(&self) -> bool {
        self.counts.offered == self.accounted()
    }

    /// Messages that were served, were lost in one way, or are inside: as many as were offered.
    pub fn accounted(&self) -> u64 {
        let c = &self.counts;
        c.served + c.rejected + c.dropped + c.expired + c.dead_lettered + self.waiting + self.serving + self.held.level
    }
}

/// Senders that wait for room: how many there are, their integral in sender-nanoseconds, and the most since [`Network::forget_peaks`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Held {
    /// How many wait.
    pub level: u64,
    /// Their integral.
    pub area: u128,
    /// The most of them.
    pub peak: u64,
}

/// Running totals of one group of consumers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupTotals {
    /// Integrals of the servers at work, from when they are awake, of those that are down and keep their messages, and of those that
    /// there are, in server-nanoseconds.
    pub busy_area: u128,
    /// See [`GroupTotals::busy_area`].
    pub absent_area: u128,
    /// See [`GroupTotals::busy_area`].
    pub count_area: u128,
    /// Messages whose handling ended, failed ones included, and the batches that they came in.
    pub handled: u64,
    /// See [`GroupTotals::handled`].
    pub batches: u64,
}

impl<S: Blocks> Network<S> {
    /// The running totals at the present instant.
    pub fn network_totals(&self) -> NetworkTotals {
        let (messages_asleep, servers_asleep) = self.still_asleep();
        let queue = |(s, asleep): (&Station, u128)| QueueTotals {
            waiting: s.waiting.level(),
            serving: s.serving.level(),
            waiting_area: s.waiting.area(self.now) + (s.woken - asleep),
            serving_area: s.serving.area(self.now) - (s.woken - asleep),
            counts: self.counts_of(s),
            held: Held { level: s.held_up.level(), area: s.held_up.area(self.now), peak: s.held_peak },
            drained: s.drained,
            to_stay: 0,
            to_serve: 0,
        };
        let group = |(g, asleep): (&Group, u128)| GroupTotals {
            busy_area: g.busy.area(self.now) - (g.woken - asleep) - g.absent.area(self.now),
            absent_area: g.absent.area(self.now),
            count_area: g.count.area(self.now),
            handled: g.handled,
            batches: if self.stations[g.queue as usize].plain { g.handled } else { g.batches },
        };
        NetworkTotals {
            at: self.now,
            offered: self.offered,
            queues: self.stations.iter().zip(messages_asleep).map(queue).collect(),
            groups: self.groups.iter().zip(servers_asleep).map(group).collect(),
        }
    }

    /// What happened in a queue so far. Where every message that comes is delivered once and served, its groups have counted it.
    fn counts_of(&self, station: &Station) -> Counts {
        if !station.plain {
            return station.counts;
        }
        let served = station.groups.iter().map(|&g| self.groups[g as usize].handled).sum();
        Counts { served, deliveries: served, delivered: served, ..station.counts }
    }

    /// The most messages that waited at once in a queue since [`Network::forget_peaks`].
    pub fn peak_of(&self, queue: usize) -> u64 {
        self.stations[queue].peak
    }

    /// Begins a new search for the longest lines.
    pub fn forget_peaks(&mut self) {
        for station in &mut self.stations {
            station.peak = station.waiting.level();
            station.held_peak = station.held_up.level();
        }
    }

    /// Looks for the first instant, not before this one, at which nobody waits in a queue.
    pub fn watch_drain(&mut self, queue: usize, from: u64) {
        let station = &mut self.stations[queue];
        station.drain_from = from;
        station.drained = (self.now >= from && station.waiting.level() + station.held_up.level() == 0).then_some(self.now);
    }

    /// Whether it stopped because things went on for ever at one instant.
    pub fn is_stuck(&self) -> bool {
        self.crowd.1 > super::MOST_AT_ONCE
    }

    /// The instant up to which it has played.
    pub fn now(&self) -> u64 {
        self.now
    }
}
