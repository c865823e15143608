//! Consumers: groups of servers, how long they work, when they fail or stop, and where their messages go
//! next.

use super::super::compound::{ListOf, Maybe, Required, TableOf, TableOr, Unspoken};
use super::super::declare::declare;
use super::super::notation::{Either, Flag, Positive, Rate, Timespan, Whole, Word};
use super::super::setting::{SettingKey, Takes, choice, key};
use super::autoscale::{Autoscale, MOST_SERVERS, ScaleIn};
use super::servers_needed::ServersOrList;
use super::{Destination, NeededResource, ServersNeeded, ServiceRate};
use crate::workload::laws::Law;

declare! {
    /// A group of servers that take messages from one queue.
    pub struct Consumer {
        /// As in the scenario.
        name: String = "consumers".into();
        /// Index of its queue.
        from: usize = 0 => {
            from: Takes::Any, "its queue, or a list of queues that its servers share"
        };
        /// Further queues that its servers take from.
        also: Vec<usize> = Vec::new();
        /// How often each of its queues is asked first; empty if always the first of them, then the next.
        weights: Vec<f64> = Vec::new() => {
            weights: Takes::List, "how often a free server asks each queue of the list first, of those in which \
                somebody waits; strictly in the list's order if absent"
        };
        /// How many servers there are.
        count: Servers = Servers::Count(1) => {
            count: Takes::Any, "parallel servers, or \"unlimited\", or a timetable as tables { for, count } that \
                repeats; default 1"
        };
        /// How many servers there are for how long, again and again, where that follows the clock: `count` is
        /// then that of the first.
        shifts: Vec<Shift> = Vec::new();
        /// Kinds of servers, where they are unlike; empty if all take what `service_time` says.
        servers: Vec<ServerKind> = Vec::new(), Unspoken(ListOf("the consumers'", "count = 4")),
            "in place of count: servers of several speeds, as tables { count, speed }";
        /// Which of its queue's idle servers takes the next message.
        choice: ServerChoice = ServerChoice::LongestIdle, Unspoken(Word),
            "which of the queue's idle servers, those of other groups included, takes the next message; \
             default longest-idle";
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
        /// How many servers a message has at once, from its start to its end; empty if each has one.
        servers_per_message: Vec<ServersNeeded> = Vec::new(), ServersOrList,
            "servers that a message has at once: a number, or tables { servers, weight }; the first in line waits \
             until so many are idle, and nobody overtakes it; default 1";
        /// What its servers need beside themselves.
        resource: Option<NeededResource> = None => {
            resource: Takes::Text, "what its servers need for their work, and share with other groups"
        };
        /// Between the queue and a server, one way; `None` if messages are there at once.
        transit: Option<Law> = None, Maybe(Timespan::AboveZero),
            "from the queue to a server, and as long again (by the same law) back with the acknowledgement, until \
             which a message counts against prefetch";
        /// Messages that a server holds at most, the one that it works on included.
        prefetch: u32 = 1, Whole(1, 1_000_000), "messages held by a server";
        /// When a server is given messages to hold.
        prefetch_by: PrefetchBy = PrefetchBy::Turn, Word,
            "turn: messages are dealt to the servers in turn, busy or not, as RabbitMQ does: one that comes goes to the \
             next in turn whose window has room; while none has, messages wait, and a server that has room again takes \
             the first of them, which leaves the turn as it was; demand: a server that has nothing takes as many as \
             there are, up to its prefetch, as consumers that poll do; request: servers ask for what they may hold, \
             and once an eighth of it is free for that, and requests are served in turn, a message each, whether who \
             asked is busy or not, as pull consumers of NATS are";
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
            retry_delay: Takes::Any, "a duration, or { min, max, jitter }; \
                after it a message joins the end of the line, without one it has its old place"
        };
        /// Where a message that failed waits until then.
        retry_order: RetryOrder = RetryOrder::NonBlocking, Unspoken(Word),
            "blocking: its server keeps what failed and tries it again before all else, as in a log's partition; \
             default non-blocking, in which others go first";
        /// Of what is delivered again; `None` is the same where a message's producer brought it, else drawn
        /// again.
        redelivery_work: Option<RedeliveryWork> = None, Maybe(Word),
            "what a redelivered message's work is; default same where its producer brings it (service_time), \
             else drawn-again; a batch's common time is always drawn";
        /// When its servers break down, if they do.
        outages: Option<Outages> = None, Maybe(TableOf("the consumers'")), "servers break and are repaired";
        /// How many deliveries it takes a second at most, if that is limited.
        rate_limit: Option<RateLimit> = None, Maybe(TableOr("the consumers'", "rate")),
            "deliveries are limited to a rate, beside the number of servers";
        /// How its number of servers changes, if it does.
        autoscale: Option<Autoscale> = None => {
            autoscale: Takes::Table(Autoscale::keys), "servers follow the backlog"
        };
        /// Seconds.
        rebalance: Option<f64> = None, Maybe(Timespan::AboveZero),
            "for how long all servers of a queue with partitions pause whenever one of them comes or goes, while the \
             partitions are dealt anew";
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

    /// Mean service time of a delivery of one message, in seconds, over servers of all speeds.
    pub fn mean_service(&self) -> f64 {
        (self.service_time.mean() + self.service_time_per_message.mean()) / self.mean_speed()
    }

    /// The queues that its servers take from, in the order in which they are named.
    pub fn queues(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.from).chain(self.also.iter().copied())
    }

    /// Its kinds of servers; none where their number is without limit.
    pub fn kinds(&self) -> Vec<ServerKind> {
        match self.count {
            Servers::Count(count) if self.servers.is_empty() => {
                vec![ServerKind { count, speed: 1.0 }]
            }
            _ => self.servers.clone(),
        }
    }

    /// How many times as fast a server is as `service_time` says, by its number in the group.
    pub fn speed_of(&self, server: u32) -> f64 {
        let mut before = 0;
        let its = |kind: &&ServerKind| {
            before += kind.count;
            server < before
        };
        self.servers.iter().find(its).map_or(1.0, |kind| kind.speed)
    }

    /// The same on average over its servers.
    pub fn mean_speed(&self) -> f64 {
        if self.servers.is_empty() {
            return 1.0;
        }
        let count = |kind: &ServerKind| f64::from(kind.count);
        let all: f64 = self.servers.iter().map(|kind| count(kind) * kind.speed).sum();
        all / self.servers.iter().map(count).sum::<f64>()
    }

    /// Whether servers may be broken off in the middle of their work, which is then delivered again.
    pub(crate) fn is_broken_off(&self) -> bool {
        let kills = self.autoscale.is_some_and(|scale| scale.scale_in == ScaleIn::Kill);
        kills || self.outages.as_ref().is_some_and(|outages| outages.redeliver)
    }

    /// Whether its servers are not all as fast as `service_time` says.
    pub fn has_speeds(&self) -> bool {
        self.servers.iter().any(|kind| kind.speed != 1.0)
    }

    /// The servers of a group, at most; `None` is without limit.
    pub fn most_servers(&self) -> Option<u32> {
        if let Some(most) = self.shifts.iter().map(|shift| shift.count).max() {
            return Some(most);
        }
        match (self.count, self.autoscale) {
            (_, Some(scale)) => Some(scale.max),
            (Servers::Count(n), None) => Some(n),
            (Servers::Unlimited, None) => None,
        }
    }
}

declare! {
    /// For how long a group has so many servers.
    #[derive(Copy)]
    pub struct Shift {
        /// Seconds.
        lasts as for: f64 = 0.0, Required(Timespan::AboveZero, "\"8h\""), "how long";
        /// Servers meanwhile; 0 is nobody.
        count: u32 = 1, Required(Whole(0, MOST_SERVERS as u64), "3"), "servers meanwhile, maybe 0";
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

declare! {
    /// Servers of one speed, of a group whose servers are unlike.
    #[derive(Copy)]
    pub struct ServerKind {
        /// How many are alike.
        count: u32 = 1, Whole(1, MOST_SERVERS as u64), "servers of this speed";
        /// How many times as fast each is as `service_time` says.
        speed: f64 = 1.0, Positive(1e6), "how many times as fast as service_time says";
    }
}

/// Which idle server takes the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ServerChoice {
    /// The one that has been idle longest.
    #[default]
    LongestIdle,
    /// The fastest; of these the one that has been idle longest.
    Fastest,
    /// Any, with equal probability.
    Random,
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
    /// To whoever has asked for one longest ago.
    Request,
}

impl RetryDelay {
    /// The delay after so many deliveries, without jitter.
    pub fn longest(&self, deliveries: u32) -> f64 {
        let doubled = self.min * 2f64.powi(deliveries.saturating_sub(1).min(1000) as i32);
        doubled.min(self.max).max(self.min)
    }

    /// The same on average.
    pub fn mean(&self, deliveries: u32) -> f64 {
        self.longest(deliveries) * if self.jitter { 0.75 } else { 1.0 }
    }
}

/// Where a message that failed waits until it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RetryOrder {
    /// In its queue, so that others are served meanwhile.
    #[default]
    NonBlocking,
    /// With its server, which does nothing else.
    Blocking,
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
    /// A token bucket: a delivery takes a token, of which there are so many after a rest, and so many more a
    /// second.
    #[derive(Copy)]
    pub struct RateLimit {
        /// Tokens a second.
        rate: f64 = 1.0, Required(Rate, "\"70/min\""), "deliveries a second in the long run, at most";
        /// Tokens that a bucket holds.
        burst: u32 = 1, Whole(1, 1_000_000), "deliveries at once after a rest";
        /// Whose bucket it is.
        by: LimitScope = LimitScope::Group, Word, "whether all servers share the limit, or each has its own";
    }
}

/// Whose deliveries are limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LimitScope {
    /// Those of all servers of a group together.
    #[default]
    Group,
    /// Those of each server by itself.
    Server,
}

choice!(LimitScope: "group" => Group, "server" => Server);
choice!(ServerChoice: "longest-idle" => LongestIdle, "fastest" => Fastest, "random" => Random);
choice!(Ack: "manual" => Manual, "auto" => Auto);
choice!(PrefetchBy: "turn" => Turn, "demand" => Demand, "request" => Request);
choice!(RetryOrder: "non-blocking" => NonBlocking, "blocking" => Blocking);
choice!(RedeliveryWork: "same" => Same, "drawn-again" => DrawnAgain);

/// One of the ways of processed messages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Route {
    /// Where it leads.
    pub to: Destination,
    /// How often it is taken.
    pub probability: f64,
}
