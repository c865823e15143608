//! The grammar: every table's keys, what each takes, and what it means. Checking, did-you-means and the
//! schema read it.

use super::model::{
    Ack, BrokerQueue, Connections, Deliver, Discipline, Durability, Overflow, Preemption, QueueType,
    RedeliveryWork, TARGET_NAMES, Work,
};

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Whole,
    Number,
    Flag,
    Duration,
    Rate,
    Size,
    /// A duration or a law of times.
    Law,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    Table(&'static [Key]),
    /// A list of what the key's meaning says.
    List,
    /// Either of several forms, told apart where they are read.
    Any,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub meaning: &'static str,
}

const fn key(name: &'static str, kind: Kind, meaning: &'static str) -> Key {
    Key { name, kind, meaning }
}

use Kind::*;

/// The tables of a scenario that hold named tables.
pub(super) const NAMED: &[(&str, &[Key])] =
    &[("producers", PRODUCER), ("queues", QUEUE), ("topics", TOPIC), ("consumers", CONSUMER)];

/// The top of a scenario. The tables without keys take paths or names.
pub(super) const ROOT: &[Key] = &[
    key("title", Text, "a name for people"),
    key("seed", Whole, "of the random numbers; default 1"),
    key("producers", Any, "who sends messages, by name"),
    key("queues", Any, "where messages wait, by name"),
    key("topics", Any, "publish/subscribe and load balancing, by name"),
    key("consumers", Any, "groups of servers, by name"),
    key("simulation", Table(SIMULATION), "how long to simulate"),
    key("measurement", Table(MEASUREMENT), "what to measure and how long"),
    key(
        "objectives",
        Any,
        "metric paths and the limits that they should keep; times have any percentile, such as p80 or p999",
    ),
    key("sweep", Any, "paths and the values that they take"),
];

pub(super) const PRODUCER: &[Key] = &[
    key("to", Text, "the queue or topic that it sends to"),
    key("rate", Rate, "messages a second, all batches counted"),
    key("arrivals", Any, "when messages are due; default a Poisson process"),
    key("send_time", Law, "from due to reaching the queue; default 0"),
    key("priority", Whole, "larger is sooner; default 0"),
    key("size", Size, "bytes of content; default 100B"),
    key("keys", Table(KEYS), "the law of message keys"),
    key("service_time", Law, "the work that its messages bring, instead of the consumer's"),
    key("failure", Table(FAILURE), "handling its messages fails, instead of the consumers'; 1 is poison"),
];

pub(super) const KEYS: &[Key] = &[
    key("law", Text, "uniform or zipf"),
    key("count", Whole, "how many keys there are"),
    key("exponent", Number, "of zipf: key k is drawn with probability proportional to k^-exponent"),
];

/// Arrival processes and their keys; `process` and `batch` go with each.
pub(super) const PROCESSES: &[(&str, &[Key])] = &[
    ("poisson", &[]),
    ("periodic", &[]),
    ("renewal", &[key("gap", Law, "the law of the gaps; its mean follows from the rate")]),
    (
        "mmpp",
        &[key("rates", List, "the rate of each state"), key("dwell", List, "the mean time in each state")],
    ),
    (
        "schedule",
        &[
            key("steps", List, "tables { for, rate }"),
            key(
                "repeat",
                Flag,
                "start again after the last step; default false: the last rate stays for good",
            ),
            key("ramp", Flag, "move from each rate to the next one's; default false"),
        ],
    ),
    (
        "trace",
        &[
            key(
                "file",
                Text,
                "a CSV file with a column of instants or gaps, such as `timestamp_ms`; - is standard input",
            ),
            key(
                "column",
                Text,
                "the column to read where its name does not say it: a heading, or a number from 1; with \
                    :ns, :us, :ms or :s, its unit",
            ),
        ],
    ),
    (
        "closed",
        &[
            key("concurrency", Whole, "clients"),
            key("think_time", Law, "of a client between answer and next message"),
        ],
    ),
];

pub(super) const STEP: &[Key] =
    &[key("for", Duration, "how long it lasts"), key("rate", Rate, "messages a second")];

/// Laws of batch sizes and their keys.
pub(super) const BATCHES: &[(&str, &[Key])] = &[
    ("geometric", &[key("mean", Number, "messages a batch")]),
    ("uniform", &[key("min", Whole, "smallest batch"), key("max", Whole, "largest batch")]),
    ("values", &[key("values", List, "sizes"), key("weights", List, "how often each comes")]),
];

pub(super) const QUEUE: &[Key] = &[
    key("discipline", Word(names::<Discipline>), "which waiting message is taken; default fifo"),
    key("preemption", Word(names::<Preemption>), "whether a sooner message interrupts one in service"),
    key("max_length", Whole, "waiting messages that fit; without bound if absent"),
    key("overflow", Word(names::<Overflow>), "what happens when it is full"),
    key("message_ttl", Law, "how long a message may wait"),
    key("delivery_limit", Whole, "deliveries before dead-lettering"),
    key("dead_letter", Text, "the queue for what expired or failed too often"),
    key("visibility_timeout", Duration, "until an unacknowledged message is delivered again"),
    key("durability", Word(names::<Durability>), "what a publish waits for"),
    key("partitions", Whole, "by key; each is served by at most one consumer"),
    key("initial_backlog", Whole, "messages waiting at the start"),
];

pub(super) const TOPIC: &[Key] = &[
    key("subscriptions", List, "queues"),
    key("deliver", Word(names::<Deliver>), "to which of them a message goes; default all"),
    key("complete_when", Any, "each, all, or how many copies must be done"),
];

pub(super) const CONSUMER: &[Key] = &[
    key(
        "from",
        Text,
        "its queue; of its idle servers, those of other groups included, the one idle longest takes the \
            next message",
    ),
    key("count", Any, "parallel servers, or \"unlimited\"; default 1"),
    key("service_time", Law, "of a message, or of a whole batch"),
    key("service_time_per_message", Law, "added for each message of a batch"),
    key("prefetch", Whole, "messages held by a server; default 1"),
    key("batch", Table(BATCHING), "messages taken together"),
    key("ack", Word(names::<Ack>), "when a message leaves the queue's care"),
    key("failure", Table(FAILURE), "the handler fails and the message is delivered again"),
    key("retry_delay", Any, "a duration, or { min, max, jitter }"),
    key(
        "redelivery_work",
        Word(names::<RedeliveryWork>),
        "what a redelivered message's work is; default same where its producer brings it (service_time), \
            else drawn-again; a batch's common \
         time is always drawn",
    ),
    key("outages", Table(OUTAGES), "servers break and are repaired"),
    key("autoscale", Table(AUTOSCALE), "servers follow the backlog"),
    key(
        "to",
        Any,
        "where processed messages go: a name, or routes with their probabilities, also by producer",
    ),
];

pub(super) const BATCHING: &[Key] = &[
    key("max", Whole, "messages at most"),
    key(
        "linger",
        Duration,
        "how long to wait for more, from when the first in line came to the queue; default 0",
    ),
];
pub(super) const FAILURE: &[Key] = &[key("probability", Number, "of a delivery")];
pub(super) const RETRY: &[Key] = &[
    key("min", Duration, "before the first redelivery"),
    key("max", Duration, "at most"),
    key(
        "jitter",
        Flag,
        "drawn evenly from the upper half of the delay, so that it is at least half as long; default false",
    ),
];
pub(super) const OUTAGES: &[Key] = &[
    key("up", Law, "time to failure"),
    key("down", Law, "time to repair"),
    key("while", Word(names::<While>), "always, or busy: a server breaks only while it works"),
    key(
        "in_progress",
        Word(names::<InProgress>),
        "what becomes of the message in service; default redeliver",
    ),
];
pub(super) const AUTOSCALE: &[Key] = &[
    key("min", Whole, "servers at least; default 1"),
    key("max", Whole, "servers at most"),
    key("target_backlog", Number, "waiting messages for each server"),
    key("every", Duration, "between looks; default 15s"),
    key("startup", Duration, "until a new server works; default 0"),
    key(
        "cooldown",
        Duration,
        "how long fewer servers must have been enough before any are removed; more start at once; default 0",
    ),
];
pub(super) const ROUTE: &[Key] = &[
    key("queue", Text, "goes there"),
    key("topic", Text, "goes there"),
    key("probability", Number, "how often; default 1"),
    key("producers", List, "whose messages go there; default those of all"),
];

pub(super) const SIMULATION: &[Key] = &[
    key(
        "messages",
        Whole,
        "per replication, after the warm-up; default 1000000; whole cycles of what repeats",
    ),
    key(
        "duration",
        Duration,
        "of a replication after its warm-up, instead of messages; with warmup = \"0s\" figures are of just \
            this time from an empty start",
    ),
    key("warmup", Any, "auto, a duration or a number of messages"),
    key("replications", Whole, "independent runs; default 10"),
    key("confidence", Number, "of the intervals; default 0.95"),
    key("precision", Any, "half-width as a share of the value: for every mean, or by metric path"),
    key(
        "hand_off",
        Duration,
        "until a message reaches a consumer that sleeps; default 0, as on an ideal host",
    ),
    key("sync", Law, "how long a group commit takes (durability = \"fsync\"); default 1ms"),
];
pub(super) const MEASUREMENT: &[Key] = &[
    key("target", Word(|| TARGET_NAMES.to_vec()), "what is measured; default in-process"),
    key("duration", Duration, "of the real clock, whatever the speed; default 10s"),
    key("work", Word(names::<Work>), "how a consumer spends its demand"),
    key("speed", Number, "60 plays an hour of the scenario in a minute of the real clock; default 1"),
    key("broker", Table(BROKER), "how a message broker is reached and used"),
];
pub(super) const BROKER: &[Key] = &[
    key(
        "url",
        Text,
        "without user and password; default QUEUELAB_<TARGET>_URL, then this machine's usual port",
    ),
    key("confirm", Flag, "publishes are confirmed; default true"),
    key("connections", Word(names::<Connections>), "one for all threads, or one for each; default shared"),
    key("queue_type", Word(names::<QueueType>), "of RabbitMQ's queues; default classic"),
    key("ca", Text, "a file of the authorities' certificates to trust instead of the system's"),
    key("certificate", Text, "a file with the client's certificate"),
    key("key", Text, "a file with the client's key"),
    key("wait", Duration, "how long an answer of the broker is waited for; default 10s"),
    key("reconnect", Flag, "a run goes on after a lost connection; default false: it ends"),
    key(
        "queue",
        Word(names::<BrokerQueue>),
        "the run's own queues, or existing ones of the same names; default own",
    ),
];

/// A setting that is one of a few words.
pub(super) trait Choice: Copy + PartialEq + 'static {
    const WORDS: &'static [(&'static str, Self)];

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, v)| *v == self).map_or("", |(w, _)| w)
    }
}

fn names<C: Choice>() -> Vec<&'static str> {
    C::WORDS.iter().map(|(w, _)| *w).collect()
}

/// `outages.while`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum While {
    Always,
    Busy,
}

/// `outages.in_progress`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum InProgress {
    Redeliver,
    Resume,
}

macro_rules! choice {
    ($type:ty: $($word:literal => $value:ident),+ $(,)?) => {
        impl Choice for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, <$type>::$value)),+];
        }
    };
}

choice!(While: "always" => Always, "busy" => Busy);
choice!(InProgress: "redeliver" => Redeliver, "resume" => Resume);
choice!(Discipline: "fifo" => Fifo, "lifo" => Lifo, "priority" => Priority, "random" => Random, "shortest" => Shortest,
    "deadline" => Deadline, "round-robin" => RoundRobin, "processor-sharing" => ProcessorSharing);
choice!(Preemption: "none" => None, "resume" => Resume, "restart" => Restart);
choice!(Overflow: "reject-publish" => RejectPublish, "drop-head" => DropHead, "block" => Block);
choice!(Durability: "none" => None, "enqueued" => Enqueued, "fsync" => Fsync);
choice!(Deliver: "all" => All, "round-robin" => RoundRobin, "random" => Random, "shortest-queue" => ShortestQueue,
    "power-of-two" => PowerOfTwo, "by-key" => ByKey);
choice!(RedeliveryWork: "same" => Same, "drawn-again" => DrawnAgain);
choice!(Ack: "manual" => Manual, "auto" => Auto);
choice!(Connections: "shared" => Shared, "each" => Each);
choice!(QueueType: "classic" => Classic, "quorum" => Quorum);
choice!(BrokerQueue: "own" => Own, "existing" => Existing);
choice!(Work: "auto" => Auto, "sleep" => Sleep, "spin" => Spin);

/// What people call a setting elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("servers", "count"),
    ("workers", "count"),
    ("replicas", "count"),
    ("instances", "count"),
    ("capacity", "max_length"),
    ("maxlen", "max_length"),
    ("length", "max_length"),
    ("ttl", "message_ttl"),
    ("queue", "to"),
    ("queue", "from"),
    ("topic", "to"),
    ("dlq", "dead_letter"),
    ("backlog", "initial_backlog"),
    ("process", "arrivals"),
    ("distribution", "law"),
    ("dist", "law"),
    ("retries", "delivery_limit"),
    ("runs", "replications"),
    ("slo", "objectives"),
    ("think", "think_time"),
    ("clients", "concurrency"),
];

/// The key that was probably meant by an unknown one.
pub(super) fn meant<'k>(word: &str, keys: &[&'k str]) -> Option<&'k str> {
    let elsewhere = || {
        ELSEWHERE
            .iter()
            .filter(|(other, _)| *other == word)
            .find_map(|(_, ours)| keys.iter().find(|k| *k == ours))
    };
    elsewhere().copied().or_else(|| super::problem::nearest(word, keys.iter().copied()))
}
