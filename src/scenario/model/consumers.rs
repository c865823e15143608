//! Consumers: groups of servers, how long they work, when they fail or stop, and where their messages go
//! next.

use super::Destination;
use crate::workload::laws::Law;

/// A group of servers that take messages from one queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Consumer {
    /// As in the scenario.
    pub name: String,
    /// Index of its queue.
    pub from: usize,
    /// How many servers there are.
    pub count: Servers,
    /// What a message takes, or a batch as such.
    pub service_time: Law,
    /// Added for each message of a batch.
    pub service_time_per_message: Law,
    /// Messages that a server holds at most, the one that it works on included.
    pub prefetch: u32,
    /// How it takes several at a time, if it does.
    pub batch: Option<Batching>,
    /// When messages are acknowledged.
    pub ack: Ack,
    /// Probability that the handler fails.
    pub failure: f64,
    /// How long a failed message stays away; `None` if it is delivered again at once.
    pub retry_delay: Option<RetryDelay>,
    /// Of what is delivered again; `None` is the same where a message's producer brought it, else drawn
    /// again.
    pub redelivery_work: Option<RedeliveryWork>,
    /// When its servers break down, if they do.
    pub outages: Option<Outages>,
    /// How its number of servers changes, if it does.
    pub autoscale: Option<Autoscale>,
    /// Where processed messages go, with what probability; the rest is done. The mean over all messages,
    /// where producers are told apart.
    pub to: Vec<Route>,
    /// The routes as they are written, where some are for the messages of some producers alone; else empty.
    pub own_routes: Vec<OwnRoute>,
}

impl Consumer {
    /// A plain group of servers.
    pub fn group(name: &str, queue: usize, count: u32, service_time: Law) -> Self {
        Consumer {
            name: name.into(),
            from: queue,
            count: Servers::Count(count),
            service_time,
            service_time_per_message: Law::deterministic(0.0),
            prefetch: 1,
            batch: None,
            ack: Ack::default(),
            failure: 0.0,
            retry_delay: None,
            redelivery_work: None,
            outages: None,
            autoscale: None,
            to: Vec::new(),
            own_routes: Vec::new(),
        }
    }

    /// Whether a message is the same work at each delivery. Unless the group says so or not, it is if its
    /// producer brought the work.
    pub fn repeats_work(&self, brought: bool) -> bool {
        self.redelivery_work.map_or(brought, |work| work == RedeliveryWork::Same)
    }

    /// Mean service time of a delivery of one message, in seconds.
    pub fn mean_service(&self) -> f64 {
        self.service_time.mean() + self.service_time_per_message.mean()
    }

    /// The servers of a group, at most; `None` is without limit.
    pub fn most_servers(&self) -> Option<u32> {
        match (self.count, self.autoscale) {
            (_, Some(scale)) => Some(scale.max),
            (Servers::Count(n), None) => Some(n),
            (Servers::Unlimited, None) => None,
        }
    }
}

/// A route that is for the messages of some producers.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnRoute {
    /// Indices; empty for the messages of all.
    pub producers: Vec<usize>,
    /// Where, and how often.
    pub route: Route,
}

/// How many servers a group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Servers {
    /// So many.
    Count(u32),
    /// One for each message that comes.
    Unlimited,
}

/// When messages are acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Ack {
    /// When they are processed: what fails is delivered again.
    #[default]
    Manual,
    /// When they are delivered: what fails is lost.
    Auto,
}

/// How a server takes several messages at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batching {
    /// The most that it takes.
    pub max: u32,
    /// Seconds.
    pub linger: f64,
}

/// Exponential back-off between `min` and `max` seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryDelay {
    /// After the first failure.
    pub min: f64,
    /// The longest.
    pub max: f64,
    /// Whether the delay is drawn between half of it and all of it.
    pub jitter: bool,
}

/// What the work of a message is when it is delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedeliveryWork {
    /// What it was: a long job stays long.
    Same,
    /// Drawn anew, as by a handler whose time does not depend on the message.
    DrawnAgain,
}

/// When servers break down, each by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Outages {
    /// The time until the next.
    pub up: Law,
    /// The time until it is repaired.
    pub down: Law,
    /// Whether a server breaks only while it works.
    pub only_busy: bool,
    /// Whether the message in progress is redelivered (else resumed after the repair).
    pub redeliver: bool,
}

/// How the number of servers follows the backlog.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Autoscale {
    /// The fewest servers.
    pub min: u32,
    /// The most.
    pub max: u32,
    /// Waiting messages for each server.
    pub target_backlog: f64,
    /// Seconds, as the two below.
    pub every: f64,
    /// Until a new server takes its first message.
    pub startup: f64,
    /// For which there must be fewer before servers go.
    pub cooldown: f64,
}

/// One of the ways of processed messages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Route {
    /// Where it leads.
    pub to: Destination,
    /// How often it is taken.
    pub probability: f64,
}
