//! The model: everything that a scenario can say, checked, with defaults filled in.
//!
//! Names have become indices into the vectors of [`Scenario`]; times are seconds, rates per second. What a
//! method cannot answer it refuses by itself; the model always says the whole of what was written.

mod autoscale;
mod consumers;
mod messages_at_once;
mod objectives;
mod producers;
mod questions;
mod queues;
mod resources;
mod runs;
mod servers_needed;
mod service_rate;
mod topics;

pub use crate::discipline::Deliver;
pub use crate::workload::arrivals::{Arrivals, Batch, Step};
pub use crate::workload::file::{Finding, Weight};
pub(super) use autoscale::MOST_SERVERS;
pub use autoscale::{Autoscale, ScaleIn};
pub(super) use consumers::FAILURE;
pub use consumers::{
    Ack, Batching, Consumer, LimitScope, Outages, OwnRoute, PrefetchBy, RateLimit, RedeliveryWork,
    RetryDelay, RetryOrder, Route, ServerChoice, ServerKind, Servers, Shift,
};
pub use objectives::{Objective, Relation};
pub use producers::{Hedge, Keys, Producer, Resend, SendLimit};
pub(super) use producers::{KEYS, MOST_CLIENTS, MOST_DISTINCT_KEYS};
pub use queues::{Discipline, Durability, Expiry, HeldBy, LateAck, Locks, Overflow, Preemption, Queue};
pub(super) use queues::{MOST_MESSAGES, MOST_SYNCS, SYNCS};
pub use resources::{NeededResource, Resource, ResourceSharing};
pub use runs::{
    BrokerQueue, BrokerSettings, Connections, Length, Measurement, Overheads, Precision, QueueType,
    Simulation, TARGET_NAMES, Warmup, Work,
};
pub use servers_needed::ServersNeeded;
pub use service_rate::{RateLaw, ServiceRate};
pub use topics::{Complete, Destination, Topic};

use crate::workload::laws::Law;

/// A checked scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What reports call it.
    pub title: Option<String>,
    /// What all random draws follow from.
    pub seed: u64,
    /// In the order of the file, as all below.
    pub producers: Vec<Producer>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Topics.
    pub topics: Vec<Topic>,
    /// Groups of consumers.
    pub consumers: Vec<Consumer>,
    /// What several groups need for their work.
    pub resources: Vec<Resource>,
    /// How it is simulated.
    pub simulation: Simulation,
    /// How it is measured.
    pub measurement: Measurement,
    /// What is asked of it.
    pub objectives: Vec<Objective>,
    /// Dotted paths and the values that they take, as written.
    pub sweep: Vec<(String, Vec<String>)>,
    /// What was found in the files that it names.
    pub found: Vec<Finding>,
}

impl Scenario {
    /// One producer, one queue, one group of consumers: `producers.producer`, `queues.queue`,
    /// `consumers.consumers`.
    pub fn single(producer: Producer, queue: Queue, consumer: Consumer) -> Self {
        Scenario {
            title: None,
            seed: 1,
            producers: vec![producer],
            queues: vec![queue],
            topics: Vec::new(),
            consumers: vec![consumer],
            resources: Vec::new(),
            simulation: Simulation::default(),
            measurement: Measurement::default(),
            objectives: Vec::new(),
            sweep: Vec::new(),
            found: Vec::new(),
        }
    }

    /// M/G/c: Poisson arrivals at a rate, `servers` consumers of a law, one unbounded FIFO queue.
    pub fn mgc(rate: f64, service: Law, servers: u32) -> Self {
        Self::single(
            Producer::poisson("producer", 0, rate),
            Queue::default(),
            Consumer::group("consumers", 0, servers, service),
        )
    }
}
