//! Simulation: what an ideal queue does with a plan, message by message, in integer nanoseconds.
//!
//! One first-in-first-out queue is played by recursion, and so are several in a fixed order; everything else by events.
//! Every mechanism here means the same; where two apply they agree to the nanosecond. A departure frees its place before
//! an arrival at the same instant takes it. Of several idle servers the one that has been idle longest takes the message.

mod calendar;
mod chain;
mod line;
mod network;
mod recursion;
mod servers;
mod ways;

pub use calendar::Calendar;
pub use chain::Chain;
pub use line::Line;
pub use network::{Counts, GroupTotals, Held, Network, NetworkTotals, QueueTotals};
pub use recursion::Recursion;

use crate::message::Recorder;
use crate::rng::Key;
use crate::scenario::{Discipline, Overflow, Scenario, Servers};
use crate::workload::Blocks;

/// The single queue that a simulation plays, in plain numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Station {
    /// Index of the queue in the scenario.
    pub queue: u32,
    /// Indices of the consumer groups and their numbers of servers; `None` is unlimited.
    pub groups: Vec<(u32, Option<u32>)>,
    /// How many messages may wait.
    pub room: Option<u64>,
    /// Whether a full queue throws out its oldest message rather than refusing the newest.
    pub drop_head: bool,
}

impl Station {
    /// The station that a scenario consists of, or why it is more than one first-in-first-out queue.
    pub fn of(scenario: &Scenario) -> Result<Station, String> {
        let [queue] = scenario.queues.as_slice() else {
            return Err("it has more than one queue".into());
        };
        let groups: Vec<_> = scenario.consumers_of(0).collect();
        let mut against = Vec::new();
        let mut need = |plain: bool, what: &str| {
            if !plain {
                against.push(what.to_string());
            }
        };
        need(scenario.topics.is_empty(), "topics");
        need(queue.discipline == Discipline::Fifo, "a discipline other than fifo");
        need(queue.message_ttl.is_none(), "message_ttl");
        need(queue.visibility_timeout.is_none(), "visibility_timeout");
        need(queue.partitions.is_none(), "partitions");
        need(queue.initial_backlog == 0, "initial_backlog");
        need(scenario.simulation.overheads.hand_off == 0.0, "a time to hand messages over");
        need(!queue.blocks(), "senders that wait for room");
        need(queue.durability == crate::scenario::Durability::None, "durability");
        need(groups.iter().all(|(_, c)| c.batch.is_none()), "consumer batches");
        need(groups.iter().all(|(_, c)| c.prefetch == 1), "prefetch above 1");
        let fails = groups.iter().any(|(_, c)| c.failure > 0.0) || scenario.producers.iter().any(|p| p.failure.is_some());
        need(!fails, "failing handlers");
        need(groups.iter().all(|(_, c)| c.outages.is_none()), "outages");
        need(groups.iter().all(|(_, c)| c.autoscale.is_none()), "autoscaling");
        need(groups.iter().all(|(_, c)| c.to.is_empty() && c.own_routes.is_empty()), "forwarding");
        if let Some(first) = against.first() {
            return Err(format!("it has {first}"));
        }
        Ok(Station {
            queue: 0,
            groups: groups
                .iter()
                .map(|(i, c)| {
                    let servers = match c.count {
                        Servers::Count(n) => Some(n),
                        Servers::Unlimited => None,
                    };
                    (*i as u32, servers)
                })
                .collect(),
            room: queue.max_length,
            drop_head: queue.overflow == Overflow::DropHead,
        })
    }

    /// Whether an engine of its own plays it to any instant, not just to an arrival.
    pub fn ends_at_any_instant(&self) -> bool {
        !(self.drop_head && self.room.is_some())
    }

    /// Servers in all; `None` is unlimited.
    pub fn servers(&self) -> Option<u64> {
        self.groups.iter().map(|g| g.1.map(u64::from)).sum()
    }
}

/// When an engine looks at the queue's level between events: once in each cell of this length, at an instant chosen by chance.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    every: u64,
    cell: u64,
    next: u64,
    key: Key,
}

impl Looks {
    /// A look in every cell of `every` nanoseconds.
    pub fn new(every: u64, key: Key) -> Self {
        let mut looks = Looks { every: every.max(1), cell: 0, next: 0, key };
        looks.place();
        looks
    }

    /// No look at all.
    fn never() -> Self {
        Looks { every: 0, cell: 0, next: u64::MAX, key: Key::new(0, 0) }
    }

    fn place(&mut self) {
        let offset = (self.key.uniform_at(self.cell, 0) * self.every as f64) as u64;
        self.next = self.cell.saturating_mul(self.every).saturating_add(offset);
    }

    fn pass(&mut self) {
        self.cell += 1;
        self.place();
    }
}

/// Running totals of an engine at an instant; what happened between two of them is a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// The instant, in nanoseconds: when the last message so far reached the queue.
    pub at: u64,
    /// Messages that reached the queue.
    pub offered: u64,
    /// Integral of the number waiting, in message-nanoseconds.
    pub waiting_area: u128,
    /// Integral of the number of busy servers, in server-nanoseconds.
    pub busy_area: u128,
    /// Messages waiting at the instant.
    pub waiting: u64,
    /// Servers busy at the instant.
    pub busy: u64,
}

/// An engine that plays a plan.
pub enum Engine<S> {
    /// By recursion from message to message.
    Recursion(Recursion<S>),
    /// By a line of waiting messages, whose oldest may be dropped.
    Line(Line<S>),
}

impl<S: Blocks> Engine<S> {
    /// The fastest engine that plays this station.
    pub fn new(station: &Station, source: S, looks: Option<Looks>) -> Self {
        if station.drop_head && station.room.is_some() {
            Engine::Line(Line::new(station, source, looks))
        } else {
            Engine::Recursion(Recursion::new(station, source, looks))
        }
    }

    /// What it is called in an answer.
    pub fn name(&self) -> &'static str {
        match self {
            Engine::Recursion(r) => r.name(),
            Engine::Line(_) => "waiting line",
        }
    }

    /// Plays so many further messages (fewer if the plan ends) and says how many.
    pub fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64 {
        match self {
            Engine::Recursion(e) => e.advance(messages, recorder),
            Engine::Line(e) => e.advance(messages, recorder),
        }
    }

    /// Plays all that happens up to an instant, arrivals at it left out. Only a recursion can: see [`Station::ends_at_any_instant`].
    pub fn advance_until(&mut self, instant: u64, recorder: &mut impl Recorder) {
        match self {
            Engine::Recursion(e) => e.advance_until(instant, recorder),
            Engine::Line(_) => unreachable!("a waiting line ends with an arrival"),
        }
    }

    /// Lets time pass until all who came are done, when nobody comes any more.
    pub fn work_off(&mut self, recorder: &mut impl Recorder) {
        match self {
            Engine::Recursion(e) => e.work_off(recorder),
            Engine::Line(_) => unreachable!("a waiting line ends with an arrival"),
        }
    }

    /// Plays on until every message offered so far has left; later ones still arrive.
    pub fn settle(&mut self, recorder: &mut impl Recorder) {
        match self {
            Engine::Recursion(_) => (),
            Engine::Line(e) => e.settle(recorder),
        }
    }

    /// The running totals at the present instant.
    pub fn totals(&mut self) -> Totals {
        match self {
            Engine::Recursion(e) => e.totals(),
            Engine::Line(e) => e.totals(),
        }
    }

    /// The most messages that waited at once since [`Engine::forget_peak`].
    pub fn peak(&self) -> u64 {
        match self {
            Engine::Recursion(e) => e.peak(),
            Engine::Line(e) => e.peak(),
        }
    }

    /// Begins a new search for the longest line.
    pub fn forget_peak(&mut self) {
        match self {
            Engine::Recursion(e) => e.forget_peak(),
            Engine::Line(e) => e.forget_peak(),
        }
    }
}
