//! Consumers: groups of servers, how long they work, when they fail or stop, and where their messages go
//! next.

use super::super::declare::declare;
use super::super::notation::{Either, Flag, Maybe, Positive, Required, TableOf, Timespan, Whole, Word};
use super::super::setting::{SettingKey, Takes, choice, key};
use super::{Destination, ServiceRate};
use crate::workload::laws::Law;

/// The most servers of a group.
pub(in super::super) const MOST_SERVERS: u32 = 1_000_000;

declare! {
    /// A group of servers that take messages from one queue.
    pub struct Consumer {
        /// As in the scenario.
        name: String = "consumers".into();
        /// Index of its queue.
        from: usize = 0 => {
            from: Takes::Text, "its queue; of its idle servers, those of other groups included, the one idle \
                longest takes the next message"
        };
        /// How many servers there are.
        count: Servers = Servers::Count(1) => {
            count: Takes::Any, "parallel servers, or \"unlimited\"; default 1"
        };
        /// What a message takes, or a batch as such.
        service_time: Law = Law::deterministic(0.0),
            Required(Timespan::OrZero, "{ law = \"exponential\", mean = \"4ms\" }"),
            "of a message, or of a whole batch";
        /// Added for each message of a batch.
        service_time_per_message: Law = Law::deterministic(0.0), Timespan::OrZero,
            "added for each message of a batch";
        /// How the servers' speed depends on how many of them are at work, or on how many messages wait.
        service_rate: Option<ServiceRate> = None, Maybe(TableOf("the consumers'")),
            "servers work faster or slower by the load";
        /// Messages that a server holds at most, the one that it works on included.
        prefetch: u32 = 1, Whole(1, 1_000_000), "messages held by a server";
        /// When a server is given messages to hold.
        prefetch_by: PrefetchBy = PrefetchBy::Turn, Word,
            "turn: messages are dealt to the servers in turn, busy or not, as RabbitMQ does; demand: a server \
             that has nothing takes as many as there are, up to its prefetch, as consumers that poll do";
        /// How it takes several at a time, if it does.
        batch: Option<Batching> = None, Maybe(TableOf("the consumers'")), "messages taken together";
        /// When messages are acknowledged.
        ack: Ack = Ack::Manual, Word, "when a message leaves the queue's care";
        /// Probability that the handler fails.
        failure: f64 = 0.0 => {
            failure: Takes::Table(|| FAILURE.to_vec()), "the handler fails and the message is delivered again"
        };
        /// How long a failed message stays away; `None` if it is delivered again at once.
        retry_delay: Option<RetryDelay> = None => {
            retry_delay: Takes::Any, "a duration, or { min, max, jitter }"
        };
        /// Of what is delivered again; `None` is the same where a message's producer brought it, else drawn
        /// again.
        redelivery_work: Option<RedeliveryWork> = None, Maybe(Word),
            "what a redelivered message's work is; default same where its producer brings it (service_time), \
             else drawn-again; a batch's common time is always drawn";
        /// When its servers break down, if they do.
        outages: Option<Outages> = None, Maybe(TableOf("the consumers'")), "servers break and are repaired";
        /// How its number of servers changes, if it does.
        autoscale: Option<Autoscale> = None => {
            autoscale: Takes::Table(Autoscale::keys), "servers follow the backlog"
        };
        /// Where processed messages go, with what probability; the rest is done. The mean over all messages,
        /// where producers are told apart.
        to: Vec<Route> = Vec::new() => {
            to: Takes::Any,
                "where processed messages go: a name, or routes with their probabilities, also by producer"
        };
        /// The routes as they are written, where some are for the messages of some producers alone; else
        /// empty.
        own_routes: Vec<OwnRoute> = Vec::new();
    }
}

pub(in super::super) const FAILURE: &[SettingKey] =
    &[key("probability", Takes::PROBABILITY, "of a delivery")];

impl Consumer {
    /// A plain group of servers.
    pub fn group(name: &str, queue: usize, count: u32, service_time: Law) -> Self {
        Consumer {
            name: name.into(),
            from: queue,
            count: Servers::Count(count),
            service_time,
            ..Consumer::default()
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

declare! {
    /// How a server takes several messages at a time.
    #[derive(Copy)]
    pub struct Batching {
        /// The most that it takes.
        max: u32 = 1, Required(Whole(1, 1_000_000), "100"), "messages at most";
        /// Seconds.
        linger: f64 = 0.0, Timespan::OrZero,
            "how long to wait for more, from when the first in line came to the queue";
    }
}

declare! {
    /// Exponential back-off between `min` and `max` seconds.
    #[derive(Copy)]
    pub struct RetryDelay {
        /// After the first failure.
        min: f64 = 0.0, Required(Timespan::OrZero, "\"100ms\""), "before the first redelivery";
        /// The longest.
        max: f64 = 0.0 => { max: Takes::Duration, "at most; default min" };
        /// Whether the delay is drawn between half of it and all of it.
        jitter: bool = false, Flag,
            "drawn evenly from the upper half of the delay, so that it is at least half as long";
    }
}

/// When servers are given messages to hold (prefetch).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrefetchBy {
    /// As they come, to one server after the other, as long as each may hold more.
    Turn,
    /// To a server that has nothing, as many as there are.
    Demand,
}

/// What the work of a message is when it is delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedeliveryWork {
    /// What it was: a long job stays long.
    Same,
    /// Drawn anew, as by a handler whose time does not depend on the message.
    DrawnAgain,
}

declare! {
    /// When servers break down, each by itself.
    pub struct Outages {
        /// The time until the next.
        up: Law = Law::deterministic(0.0),
            Required(Timespan::AboveZero, "{ law = \"exponential\", mean = \"1h\" }"), "time to failure";
        /// The time until it is repaired.
        down: Law = Law::deterministic(0.0), Required(Timespan::OrZero, "\"5m\""), "time to repair";
        /// Whether a server breaks only while it works.
        only_busy as while: bool = false, Either([("always", false), ("busy", true)]),
            "always, or busy: a server breaks only while it works";
        /// Whether all servers of the group are up and down together, as by a rebalance or a deployment.
        together: bool = false, Flag, "all servers of the group stop and start together";
        /// Whether the message in progress is redelivered (else resumed after the repair).
        redeliver as in_progress: bool = true, Either([("redeliver", true), ("resume", false)]),
            "what becomes of the message in service";
    }
}

declare! {
    /// How the number of servers follows the backlog.
    #[derive(Copy)]
    pub struct Autoscale {
        /// The fewest servers.
        min: u32 = 1, Whole(0, MOST_SERVERS as u64), "servers at least; 0 lets the last one go while nobody waits";
        /// The most.
        max: u32 = 1 => { max: Takes::Whole(1, MOST_SERVERS as i64), "servers at most" };
        /// Waiting messages for each server.
        target_backlog: f64 = 1.0, Required(Positive(1e12), "100"), "waiting messages for each server";
        /// Seconds, as the two below.
        every: f64 = 15.0, Timespan::AboveZero, "between looks";
        /// Until a new server takes its first message.
        startup: f64 = 0.0, Timespan::OrZero, "until a new server works";
        /// For which there must be fewer before servers go.
        cooldown: f64 = 0.0, Timespan::OrZero, "how long fewer servers must have been enough before any are \
            removed; more start at once";
    }
}

choice!(Ack: "manual" => Manual, "auto" => Auto);
choice!(PrefetchBy: "turn" => Turn, "demand" => Demand);
choice!(RedeliveryWork: "same" => Same, "drawn-again" => DrawnAgain);

/// One of the ways of processed messages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Route {
    /// Where it leads.
    pub to: Destination,
    /// How often it is taken.
    pub probability: f64,
}
