//! Queues: where messages wait, in which order they are taken, and what becomes of those that find no room or
//! no time.

use super::super::compound::{Maybe, Unspoken};
use super::super::declare::declare;
use super::super::notation::{Timespan, Whole, Word};
use super::super::setting::{SettingKey, Takes, choice, key};
use crate::workload::laws::Law;

/// The most messages that a queue is told to hold, or a replication to play: months at full speed.
pub(in super::super) const MOST_MESSAGES: u64 = 1_000_000_000_000;

declare! {
    /// Where messages wait.
    pub struct Queue {
        /// As in the scenario.
        name: String = "queue".into();
        /// Which waiting message is taken next.
        discipline: Discipline = Discipline::Fifo, Word, "which waiting message is taken";
        /// Whether a sooner message interrupts one in service.
        preemption: Preemption = Preemption::None, Word, "whether a sooner message interrupts one in service; \
            not where it finds the queue full";
        /// Messages that may wait (ready ones, not those in service); `None` is without bound.
        max_length: Option<u64> = None, Maybe(Whole(0, MOST_MESSAGES)),
            "waiting messages that fit, those in a retry_delay not counted; without bound if absent";
        /// What happens to a message that finds it full.
        overflow: Overflow = Overflow::RejectPublish, Word, "what happens when it is full";
        /// How long a message may wait; `None` is for ever.
        message_ttl: Option<Law> = None, Maybe(Timespan::AboveZero), "how long after it came to the queue a message \
            may still wait; one in a retry_delay expires at its end, and one whose sender waits for room (overflow = \
            \"block\") has not come yet";
        /// Where in the line a message is thrown out whose time to live is over.
        expiry: Expiry = Expiry::Anywhere, Unspoken(Word),
            "anywhere: what waits for too long is thrown out at once; head: when it comes to the head of the line, and \
             takes room until then, as of RabbitMQ; default anywhere";
        /// How long a message is held back before it can be taken for the first time; `None` is not at all.
        deliver_after: Option<Law> = None, Maybe(Timespan::AboveZero),
            "how long a message is held back before it can be taken";
        /// Who holds it meanwhile.
        held_by: HeldBy = HeldBy::Broker, Unspoken(Word),
            "who holds what is held back by deliver_after. broker: it is not handed out before its time; consumer: it is \
             dealt to a server at once, in turn as by prefetch_by, which keeps it in its window (prefetch) and works on \
             others until its time has come, on what is due in the order in which it became so, as of Celery's \
             countdown; default broker";
        /// Deliveries before a message is dead-lettered.
        delivery_limit: Option<u32> = None, Maybe(Whole(1, 1_000_000)), "deliveries before dead-lettering";
        /// The queue that takes what is dead-lettered.
        dead_letter: Option<usize> = None => {
            dead_letter: Takes::Text, "the queue for what expired or failed too often"
        };
        /// Seconds.
        visibility_timeout: Option<f64> = None, Maybe(Timespan::AboveZero),
            "until an unacknowledged message is delivered again";
        /// What an acknowledgement is worth that comes after it.
        late_ack: LateAck = LateAck::Void, Unspoken(Word),
            "of a delivery whose visibility_timeout is over. void: it counts for nothing, and the message comes again \
             although it was done, as where a lock is lost or a channel closed (Service Bus, RabbitMQ, Kafka); \
             until-redelivered: the message is done unless it was handed out again meanwhile (SQS, by its latest \
             receipt handle); accepted: it is done even then, and who has it works for nothing (NATS JetStream, Redis \
             Streams). What failed late counts for nothing, nor does what comes after the last delivery of a \
             delivery_limit, which is given up when its time is over; default void";
        /// What a publish waits for.
        durability: Durability = Durability::None => {
            durability: Takes::Any, "what a publish waits for: none, enqueued or fsync, or { sync_per_message = 2 } \
                where the disk takes a message in several commits; default none"
        };
        /// How many commits, one after the other, a message takes to be on the disk.
        sync_per_message: u32 = 1;
        /// How many parts it has by key, each with one consumer; `None` if it is whole.
        partitions: Option<u32> = None, Maybe(Whole(1, 1_000_000)),
            "by key; each is served by at most one consumer";
        /// What keeps messages of one key apart.
        locks: Locks = Locks::None, Unspoken(Word),
            "by-key: any free server takes the next message of a key of which none is in progress, and those of a \
             key in their order; default none";
        /// The topic whose copies rejoin in front of it; `None` if what comes waits each by itself.
        join: Option<usize> = None => {
            join: Takes::Text, "the topic whose copies rejoin here: when all of a message's have come, or as many as \
                complete_when says, it goes on once"
        };
        /// Messages that wait at the start.
        initial_backlog: u64 = 0, Whole(0, MOST_MESSAGES), "messages waiting at the start";
    }
}

choice!(Discipline: "fifo" => Fifo, "lifo" => Lifo, "priority" => Priority, "random" => Random,
    "shortest" => Shortest, "deadline" => Deadline, "round-robin" => RoundRobin,
    "processor-sharing" => ProcessorSharing);
choice!(Preemption: "none" => None, "resume" => Resume, "restart" => Restart);
choice!(Overflow: "reject-publish" => RejectPublish, "drop-head" => DropHead, "block" => Block);
/// The most commits that a message is told to take.
pub(in super::super) const MOST_SYNCS: u32 = 100;

pub(in super::super) const SYNCS: &[SettingKey] = &[key(
    "sync_per_message",
    Takes::Whole(1, MOST_SYNCS as i64),
    "commits, one after the other, that a message takes",
)];

choice!(Expiry: "anywhere" => Anywhere, "head" => Head);
choice!(HeldBy: "broker" => Broker, "consumer" => Consumer);
choice!(LateAck: "void" => Void, "until-redelivered" => UntilRedelivered, "accepted" => Accepted);
choice!(Locks: "none" => None, "by-key" => ByKey);
choice!(Durability: "none" => None, "enqueued" => Enqueued, "fsync" => Fsync);

impl Queue {
    /// The partitions, where they decide which of the queue's servers may take a message: each has one
    /// consumer, even if it is the only one, so that a single server takes what it would have taken anyway.
    pub fn binding_partitions(&self, servers: Option<u32>) -> Option<u32> {
        self.partitions.filter(|_| servers != Some(1))
    }

    /// Whether senders wait for room, forwarding consumers among them.
    pub fn blocks(&self) -> bool {
        self.max_length.is_some() && self.overflow == Overflow::Block
    }

    /// Whether it stays short whatever comes, where its messages may expire or not: what does not fit or
    /// waits for too long is lost, and nobody waits outside for room, where no time runs.
    pub(crate) fn is_bounded(&self, expires: bool) -> bool {
        !self.blocks() && (self.max_length.is_some() || expires)
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

/// Where in the line a message is thrown out whose time to live is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Expiry {
    /// Wherever it is.
    #[default]
    Anywhere,
    /// At the head.
    Head,
}

/// Who holds a message that cannot be worked on yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HeldBy {
    /// The queue.
    #[default]
    Broker,
    /// A server, in its window.
    Consumer,
}

/// What the acknowledgement of a delivery is worth whose visibility timeout is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LateAck {
    /// Nothing: the message is delivered again, although it was done.
    #[default]
    Void,
    /// The message is done, unless it was handed to a server again meanwhile.
    UntilRedelivered,
    /// The message is done even then, and the server that has it works for nothing.
    Accepted,
}

/// What keeps messages of one key apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Locks {
    /// Nothing.
    #[default]
    None,
    /// A key is locked while a message of it is in progress or waits to be delivered again.
    ByKey,
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
