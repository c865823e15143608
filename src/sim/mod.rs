//! Simulation: what an ideal queue does with a plan, message by message, in integer nanoseconds.
//!
//! One first-in-first-out queue is played by recursion, and so are several in a fixed order; everything else
//! by events, one queue of alike servers in less memory. Every mechanism here means the same; where two apply they agree to the nanosecond. A departure
//! frees its place before an arrival at the same instant takes it. Of several idle servers the one that has
//! been idle longest takes the message.

mod calendar;
mod chain;
mod columns;
mod days;
mod depth;
mod engine;
mod idle;
mod integral;
mod network;
mod one_stage;
mod recursion;
mod sampler;
mod servers;
mod simulator;
mod starts;
mod totals;
mod unplayable;

pub use calendar::Calendar;
pub use chain::{Chain, LoneQueue, QUEUE_BY_QUEUE, Tandem, is_lone_queue};
pub use engine::{AnyInstant, Engine};
pub use network::{Network, playable};
pub use one_stage::OneStage;
pub use recursion::Recursion;
pub use sampler::LevelSampler;
pub use simulator::Simulator;
pub use totals::{BlockedSenders, GroupTotals, QueueCounts, QueueTotals, Totals};
pub use unplayable::Unplayable;

use crate::scenario::{Feature, Overflow, Scenario, Servers};

/// The single first-in-first-out queue that a scenario consists of, in plain numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FifoStation {
    /// Index of the queue in the scenario.
    pub queue: u32,
    /// Indices of the consumer groups and their numbers of servers; `None` is unlimited.
    pub groups: Vec<(u32, Option<u32>)>,
    /// How many messages may wait.
    pub room: Option<u64>,
    /// Whether a full queue throws out its oldest message rather than refusing the newest.
    pub drop_head: bool,
}

/// What the engines for one queue play beyond messages that wait for the next server.
const PLAYED: &[Feature] = &[
    Feature::ClosedLoop,
    Feature::ArrivalBatches,
    Feature::Room,
    Feature::DropHead,
    Feature::DeliveryLimit,
    Feature::DeadLetters,
    Feature::UnlimitedServers,
    Feature::AutoAck,
    Feature::BackOff,
    Feature::MixedGroups,
];

impl FifoStation {
    /// The station that a scenario consists of; `None` if it asks for more than one first-in-first-out queue.
    pub fn of(scenario: &Scenario) -> Option<FifoStation> {
        let [queue] = scenario.queues.as_slice() else {
            return None;
        };
        let plain = scenario.uses().iter().all(|used| PLAYED.contains(&used.feature))
            && scenario.simulation.overheads.delivers_at_once();
        let groups: Vec<_> = scenario.consumers_of(0).collect();
        plain.then(|| FifoStation {
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

    /// Whether a message's fate is known when it arrives, so that a [`Recursion`] plays it.
    pub fn is_recursive(&self) -> bool {
        !(self.drop_head && self.room.is_some())
    }

    /// Servers in all; `None` is unlimited.
    pub fn servers(&self) -> Option<u64> {
        self.groups.iter().map(|g| g.1.map(u64::from)).sum()
    }
}
