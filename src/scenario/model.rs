//! The model: everything that a scenario can say, checked, with defaults filled in.
//!
//! Names have become indices into the vectors of [`Scenario`]; times are seconds, rates per second. What a method cannot
//! answer it refuses by itself; the model always says the whole of what was written.

pub use crate::discipline::Deliver;
pub use crate::workload::arrivals::{Arrivals, Batch, Step};
pub use crate::workload::file::{Finding, Weight};

use crate::answer::Percentile;
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

/// Where messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// A queue, by its index.
    Queue(usize),
    /// A topic, by its index.
    Topic(usize),
}

/// Who sends: one stream of messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Producer {
    /// As in the scenario.
    pub name: String,
    /// Where its messages go.
    pub to: Destination,
    /// Messages a second, all batches counted. For a closed loop, a schedule or a trace: what follows from it
    /// (0 where nothing does).
    pub rate: f64,
    /// When its sends, or batches of them, are due.
    pub arrivals: Arrivals,
    /// How many messages a send has.
    pub batch: Batch,
    /// From due to reaching the queue; a pure delay, sends overlap.
    pub send_time: Law,
    /// Larger is sooner.
    pub priority: i32,
    /// Bytes of content.
    pub size: u32,
    /// The law of the messages' keys, where they have any.
    pub keys: Option<Keys>,
    /// The work that this producer's messages bring, instead of the consumer's.
    pub service_time: Option<Law>,
    /// Probability that handling one of its messages fails, at every delivery, instead of the consumers'.
    pub failure: Option<f64>,
}

/// The law of message keys, from 0 to `count` − 1.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Keys {
    /// Every key alike.
    Uniform {
        /// How many keys there are.
        count: u32,
    },
    /// Key k (from 1) with probability proportional to k^(−exponent).
    Zipf {
        /// How many keys there are.
        count: u32,
        /// 0 is uniform; about 1 is usual for what people ask for.
        exponent: f64,
    },
}

/// Where messages wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// As in the scenario.
    pub name: String,
    /// Which waiting message is taken next.
    pub discipline: Discipline,
    /// Whether a sooner message interrupts one in service.
    pub preemption: Preemption,
    /// Messages that may wait (ready ones, not those in service); `None` is without bound.
    pub max_length: Option<u64>,
    /// What happens to a message that finds it full.
    pub overflow: Overflow,
    /// How long a message may wait; `None` is for ever.
    pub message_ttl: Option<Law>,
    /// Deliveries before a message is dead-lettered.
    pub delivery_limit: Option<u32>,
    /// The queue that takes what is dead-lettered.
    pub dead_letter: Option<usize>,
    /// Seconds.
    pub visibility_timeout: Option<f64>,
    /// What a publish waits for.
    pub durability: Durability,
    /// How many parts it has by key, each with one consumer; `None` if it is whole.
    pub partitions: Option<u32>,
    /// Messages that wait at the start.
    pub initial_backlog: u64,
}

impl Queue {
    /// The partitions, where they decide which of the queue's servers may take a message: each has one consumer, even if it is the only
    /// one, so that a single server takes what it would have taken anyway.
    pub fn binding_partitions(&self, servers: Option<u32>) -> Option<u32> {
        self.partitions.filter(|_| servers != Some(1))
    }

    /// Whether senders wait for room, forwarding consumers among them.
    pub fn blocks(&self) -> bool {
        self.max_length.is_some() && self.overflow == Overflow::Block
    }
}

/// Which waiting message is taken next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Discipline {
    /// First in, first out.
    #[default]
    Fifo,
    /// Last in, first out.
    Lifo,
    /// The highest priority first.
    Priority,
    /// Any, with equal probability.
    Random,
    /// The least work first.
    Shortest,
    /// The earliest end of the time to live first.
    Deadline,
    /// Producers take turns.
    RoundRobin,
    /// No order: all are served at once, each by a share of the server.
    ProcessorSharing,
}

/// Whether a sooner message interrupts one in service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Preemption {
    /// It waits until the service ends.
    #[default]
    None,
    /// It does, and the other goes on later where it was.
    Resume,
    /// It does, and the other begins again later.
    Restart,
}

/// What happens to a message that finds its queue full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// It is refused.
    #[default]
    RejectPublish,
    /// It takes the place of the one that waits longest, which is lost.
    DropHead,
    /// Its sender waits for room.
    Block,
}

/// What a publish waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// For nothing.
    #[default]
    None,
    /// Until the message is in the queue.
    Enqueued,
    /// Until the message is on the disk.
    Fsync,
}

/// What hands messages on to queues.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// As in the scenario.
    pub name: String,
    /// Indices of queues.
    pub subscriptions: Vec<usize>,
    /// To which of them a message goes.
    pub deliver: Deliver,
    /// When a message with several copies is done.
    pub complete_when: Complete,
}

/// When a message with several copies is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Complete {
    /// Each copy counts as a message of its own.
    #[default]
    Each,
    /// When every copy is done.
    All,
    /// When so many copies are done.
    Some(u32),
}

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
    /// Of what is delivered again; `None` is the same where a message's producer brought it, else drawn again.
    pub redelivery_work: Option<RedeliveryWork>,
    /// When its servers break down, if they do.
    pub outages: Option<Outages>,
    /// How its number of servers changes, if it does.
    pub autoscale: Option<Autoscale>,
    /// Where processed messages go, with what probability; the rest is done. The mean over all messages, where producers are told apart.
    pub to: Vec<Route>,
    /// The routes as they are written, where some are for the messages of some producers alone; else empty.
    pub own_routes: Vec<OwnRoute>,
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

/// How long to simulate.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Length {
    /// As the precision asks for: nothing but that was stated.
    Auto,
    /// So many messages.
    Messages(u64),
    /// Seconds.
    Duration(f64),
}

/// How much of a replication's beginning is left out.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Warmup {
    /// MSER-5 on a pilot run.
    Auto,
    /// So many messages.
    Messages(u64),
    /// Seconds.
    Duration(f64),
}

/// How a scenario is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// A replication, after the warm-up.
    pub length: Length,
    /// What is left out at the beginning.
    pub warmup: Warmup,
    /// Independent runs.
    pub replications: u32,
    /// Of the intervals, below 1.
    pub confidence: f64,
    /// When there are enough replications.
    pub precision: Precision,
    /// What a real host adds; nothing unless it is stated.
    pub overheads: Overheads,
}

/// What a host needs for things that an ideal one does in no time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overheads {
    /// Seconds until a message reaches a consumer that sleeps.
    pub hand_off: f64,
    /// How long a group commit takes; a millisecond if nothing says so.
    pub sync: Option<Law>,
}

/// How narrow intervals must be before the simulation stops.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Precision {
    /// As they come.
    #[default]
    None,
    /// Every mean within this share of its value.
    Means(f64),
    /// Metric paths and the share of the value.
    Paths(Vec<(String, f64)>),
}

/// How a scenario is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// The name of what is measured.
    pub target: String,
    /// Seconds of the real clock.
    pub duration: f64,
    /// How threads spend a service time.
    pub work: Work,
    /// All times are divided by this while measuring, and scaled back.
    pub speed: f64,
}

/// How threads spend a service time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Work {
    /// By sleeping as long as that is precise, else by computing.
    #[default]
    Auto,
    /// By sleeping.
    Sleep,
    /// By computing.
    Spin,
}

/// A service-level objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// A metric path of the registry.
    pub metric: String,
    /// How the metric should stand to the limit.
    pub relation: Relation,
    /// In the metric's SI unit.
    pub limit: f64,
    /// As written, such as `< 200ms`.
    pub text: String,
}

/// How a metric should stand to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Default for Queue {
    fn default() -> Self {
        Queue {
            name: "queue".into(),
            discipline: Discipline::default(),
            preemption: Preemption::default(),
            max_length: None,
            overflow: Overflow::default(),
            message_ttl: None,
            delivery_limit: None,
            dead_letter: None,
            visibility_timeout: None,
            durability: Durability::default(),
            partitions: None,
            initial_backlog: 0,
        }
    }
}

impl Producer {
    /// A Poisson producer.
    pub fn poisson(name: &str, queue: usize, rate: f64) -> Self {
        Producer {
            name: name.into(),
            to: Destination::Queue(queue),
            rate,
            arrivals: Arrivals::Poisson,
            batch: Batch::Fixed(1),
            send_time: Law::deterministic(0.0),
            priority: 0,
            size: 100,
            keys: None,
            service_time: None,
            failure: None,
        }
    }
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

    /// Whether a message is the same work at each delivery. Unless the group says so or not, it is if its producer brought the work.
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

impl Default for Simulation {
    fn default() -> Self {
        Simulation {
            length: Length::Messages(1_000_000),
            warmup: Warmup::Auto,
            replications: 10,
            confidence: 0.95,
            precision: Precision::None,
            overheads: Overheads::default(),
        }
    }
}

/// What can be measured, by name: each is a file of `load/targets`.
pub const TARGET_NAMES: &[&str] = &["in-process", "crossbeam-channel", "flume", "kanal", "std-mpsc", "mutex-condvar", "null"];

impl Default for Measurement {
    fn default() -> Self {
        Measurement { target: "in-process".into(), duration: 10.0, work: Work::Auto, speed: 1.0 }
    }
}

impl Scenario {
    /// One producer, one queue, one group of consumers: `producers.producer`, `queues.queue`, `consumers.consumers`.
    pub fn single(producer: Producer, queue: Queue, consumer: Consumer) -> Self {
        Scenario {
            title: None,
            seed: 1,
            producers: vec![producer],
            queues: vec![queue],
            topics: Vec::new(),
            consumers: vec![consumer],
            simulation: Simulation::default(),
            measurement: Measurement::default(),
            objectives: Vec::new(),
            sweep: Vec::new(),
            found: Vec::new(),
        }
    }

    /// M/G/c: Poisson arrivals at a rate, `servers` consumers of a law, one unbounded FIFO queue.
    pub fn mgc(rate: f64, service: Law, servers: u32) -> Self {
        Self::single(Producer::poisson("producer", 0, rate), Queue::default(), Consumer::group("consumers", 0, servers, service))
    }

    /// The consumer groups of a queue, with their indices.
    pub fn consumers_of(&self, queue: usize) -> impl Iterator<Item = (usize, &Consumer)> {
        self.consumers.iter().enumerate().filter(move |(_, c)| c.from == queue)
    }

    /// Whether what is asked for is a stretch of time from an empty start where there could be a steady state. What repeats at fixed
    /// instants is played in whole cycles all the same.
    pub fn is_of_the_start(&self) -> bool {
        let asked = matches!(self.simulation.length, Length::Duration(_));
        let starts = matches!(self.simulation.warmup, Warmup::Messages(0) | Warmup::Duration(0.0));
        let steady = |p: &Producer| matches!(p.arrivals, Arrivals::Schedule { repeat: true, .. }) || p.arrivals.timetable().is_none();
        let traced = self.producers.iter().any(|p| matches!(p.arrivals, Arrivals::Trace { .. }));
        asked && starts && !traced && self.backlog() == 0 && self.producers.iter().all(steady) && self.cycle().is_none()
    }

    /// Whether nothing ever leaves a queue: nobody consumes from it, and nothing in it expires.
    pub fn keeps_for_good(&self, queue: usize) -> bool {
        self.consumers_of(queue).next().is_none() && self.queues[queue].message_ttl.is_none()
    }

    /// Whether a queue gets what others could not have served.
    pub fn takes_dead_letters(&self, queue: usize) -> bool {
        self.queues.iter().any(|other| other.dead_letter == Some(queue))
    }

    /// Whether a queue gets nothing but dead letters.
    pub fn takes_only_dead_letters(&self, queue: usize) -> bool {
        let sent = self.producers.iter().map(|p| p.to).chain(self.consumers.iter().flat_map(|c| c.to.iter().map(|route| route.to)));
        self.takes_dead_letters(queue) && !sent.into_iter().any(|to| self.queues_of(to).contains(&queue))
    }

    /// The queues that a destination means, all of a topic's.
    pub fn queues_of(&self, to: Destination) -> Vec<usize> {
        match to {
            Destination::Queue(queue) => vec![queue],
            Destination::Topic(topic) => self.topics[topic].subscriptions.clone(),
        }
    }

    /// Whether a sender to a destination may have to wait for room.
    pub(crate) fn blocks(&self, to: Destination) -> bool {
        match to {
            Destination::Queue(queue) => self.queues[queue].blocks(),
            Destination::Topic(topic) => self.topics[topic].subscriptions.iter().any(|queue| self.queues[*queue].blocks()),
        }
    }

    /// Whether a group's servers may have to wait for room where their messages go on to.
    pub(crate) fn may_wait(&self, consumer: &Consumer) -> bool {
        consumer.to.iter().any(|route| self.blocks(route.to))
    }

    /// Deliveries of a message to a group before it is given up: one, if it is acknowledged beforehand; `None` is without end.
    pub fn deliveries_at_most(&self, consumer: &Consumer) -> Option<u32> {
        if consumer.ack == Ack::Auto { Some(1) } else { self.queues[consumer.from].delivery_limit }
    }

    /// Whether a delivery to a group may fail, by the group's own probability or by a producer's.
    pub(crate) fn may_fail(&self, consumer: &Consumer) -> bool {
        consumer.failure > 0.0 || self.producers.iter().any(|p| p.failure.is_some_and(|probability| probability > 0.0))
    }

    /// Whether a message may come to a group several times, or to it after another, so that its servers' time is counted by delivery.
    pub fn counts_deliveries(&self, consumer: &Consumer) -> bool {
        let queue = &self.queues[consumer.from];
        let groups = || self.consumers_of(consumer.from).map(|(_, group)| group);
        let fails = groups().any(|group| self.may_fail(group));
        let breaks = groups().count() > 1 && groups().any(|group| group.outages.as_ref().is_some_and(|outages| outages.redeliver));
        queue.discipline != Discipline::ProcessorSharing && (fails || breaks || queue.visibility_timeout.is_some())
    }

    /// The percentiles beside the usual ones that its objectives and its precision name.
    pub fn percentiles(&self) -> Vec<Percentile> {
        let objectives = self.objectives.iter().map(|o| o.metric.as_str());
        let precision: &[(String, f64)] = if let Precision::Paths(paths) = &self.simulation.precision { paths } else { &[] };
        let mut out: Vec<Percentile> =
            objectives.chain(precision.iter().map(|p| p.0.as_str())).filter_map(Percentile::beyond_usual).collect();
        out.sort_by(|a, b| a.share.total_cmp(&b.share).then_with(|| a.name.cmp(&b.name)));
        out.dedup();
        out
    }

    /// Messages that wait in all queues from the start.
    pub fn backlog(&self) -> u64 {
        self.queues.iter().map(|q| q.initial_backlog).sum()
    }
}
