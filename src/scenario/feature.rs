//! What a scenario asks for beyond messages that wait in one line for the next server: the features that an
//! engine, a model or a target may know or not.
//!
//! Whoever answers a scenario says which features it knows; what it does not know it refuses by the names and
//! words that stand here.

use super::named_table::NamedTable;

/// Something that a scenario may ask for. Its words and its setting stand in one row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Feature {
    /// Clients that wait for their answer before they send again.
    ClosedLoop,
    /// Several messages at one arrival.
    ArrivalBatches,
    /// Failures by a probability of the producer.
    OwnFailures,
    /// Clients send again what is not answered.
    Resend,
    /// Clients send another copy of what is not answered, and take whichever is done first.
    Hedge,
    /// Sends that are limited to a rate.
    SendLimit,
    /// Some producers' messages expire.
    OwnTimeToLive,
    /// Any order but that of arrival, whichever; each has a feature of its own as well.
    Order,
    /// The newest first.
    Lifo,
    /// By priority.
    Priority,
    /// In random order.
    Random,
    /// The least work first.
    Shortest,
    /// The one that expires first is first.
    Deadline,
    /// Producers take turns.
    RoundRobin,
    /// All share the servers.
    ProcessorSharing,
    /// An urgent message interrupts work in progress.
    Preemption,
    /// `max_length` with `reject-publish`.
    Room,
    /// `max_length` with `drop-head`.
    DropHead,
    /// `max_length` with `block`.
    Block,
    /// `block` in another order than that of arrival.
    BlockedOrder,
    /// Messages expire.
    TimeToLive,
    /// Messages expire after random times.
    RandomTimeToLive,
    /// Messages expire only at the head of the line.
    HeadExpiry,
    /// Messages are held back at first.
    DeliverAfter,
    /// Servers hold messages that are held back.
    HeldByConsumer,
    /// A limit of deliveries.
    DeliveryLimit,
    /// A queue for what is given up.
    DeadLetters,
    /// Deliveries that time out.
    VisibilityTimeout,
    /// What is acknowledged after its delivery timed out is done.
    LateAck,
    /// Messages are on disk before they can be taken.
    Durability,
    /// Messages that take several commits to be on disk.
    RepeatedSync,
    /// A queue split by key.
    Partitions,
    /// Messages of one key are taken one at a time, by any server.
    KeyLocks,
    /// A topic's copies rejoin.
    Join,
    /// Messages that wait from the start.
    Backlog,
    /// A server for every message.
    UnlimitedServers,
    /// Consumers take batches.
    ConsumerBatches,
    /// Messages and acknowledgements travel between queue and consumer.
    Transit,
    /// Messages are handed out ahead of time.
    Prefetch,
    /// Messages that a server fetches ahead of time when it has none left.
    PrefetchOnDemand,
    /// Messages that servers have asked for before they can work on them.
    PrefetchOnRequest,
    /// What fails or breaks is lost, because it was acknowledged when it was delivered.
    AutoAck,
    /// Deliveries that fail.
    Failures,
    /// A delay before the next delivery.
    BackOff,
    /// A server keeps what failed until it tries it again.
    BlockingRetry,
    /// Consumers that break down.
    Outages,
    /// Consumers of a group that break down all at once.
    GroupOutages,
    /// A number of consumers that changes.
    Autoscaling,
    /// Servers that pause whenever one comes or goes.
    Rebalance,
    /// Servers whose speed depends on the load.
    LoadDependentService,
    /// A number of consumers that follows the clock.
    CountTimetable,
    /// Deliveries that are limited to a rate.
    RateLimit,
    /// Consumers send messages on.
    Forwarding,
    /// Where messages go on to depends on who sent them.
    OwnRoutes,
    /// Unlike consumers of one queue.
    MixedGroups,
    /// Servers that several queues share.
    SharedWorkers,
    /// Servers of several speeds in one group.
    UnequalServers,
    /// Messages that have several servers at once.
    ServersPerMessage,
    /// Servers that need a slot of a resource.
    ResourceSlots,
    /// Servers that share a resource.
    SharedResource,
    /// Not the server that has been idle longest takes the next message.
    ServerChoice,
    /// Topics.
    Topics,
    /// A message that was copied is done before all of its copies are.
    Completion,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Feature; 63] = {
        use Feature::*;
        [
            ArrivalBatches,
            ConsumerBatches,
            Failures,
            OwnFailures,
            Resend,
            Hedge,
            SendLimit,
            OwnTimeToLive,
            BlockingRetry,
            AutoAck,
            Outages,
            GroupOutages,
            Autoscaling,
            Rebalance,
            LoadDependentService,
            CountTimetable,
            RateLimit,
            Forwarding,
            OwnRoutes,
            Partitions,
            KeyLocks,
            TimeToLive,
            DeliverAfter,
            HeldByConsumer,
            VisibilityTimeout,
            LateAck,
            Backlog,
            Room,
            DropHead,
            BlockedOrder,
            Order,
            Transit,
            Prefetch,
            PrefetchOnDemand,
            PrefetchOnRequest,
            MixedGroups,
            SharedWorkers,
            UnequalServers,
            ServersPerMessage,
            ResourceSlots,
            SharedResource,
            ServerChoice,
            Durability,
            RepeatedSync,
            ClosedLoop,
            Lifo,
            Priority,
            Random,
            Shortest,
            Deadline,
            RoundRobin,
            ProcessorSharing,
            Preemption,
            Block,
            RandomTimeToLive,
            HeadExpiry,
            DeliveryLimit,
            DeadLetters,
            UnlimitedServers,
            BackOff,
            Topics,
            Join,
            Completion,
        ]
    };

    /// The table and the setting that ask for it, and what it means, as a sentence about the scenario.
    fn row(self) -> (NamedTable, &'static str, &'static str) {
        use NamedTable::{Consumers, Producers, Queues, Topics};
        match self {
            Feature::ClosedLoop => {
                (Producers, "arrivals (closed)", "clients wait for their answer before they send again")
            }
            Feature::ArrivalBatches => (Producers, "arrivals (batches)", "messages arrive in batches"),
            Feature::OwnFailures => {
                (Producers, "failure", "some producers' messages fail by a probability of their own")
            }
            Feature::Resend => {
                (Producers, "resend", "clients send again what is not done in time, or give up (resend)")
            }
            Feature::Hedge => (
                Producers,
                "hedge",
                "clients send another copy of what is not done in time, and take whichever is done first (hedge)",
            ),
            Feature::SendLimit => {
                (Producers, "rate_limit", "sends are limited to a rate (rate_limit of a producer)")
            }
            Feature::OwnTimeToLive => {
                (Producers, "ttl", "some producers' messages expire after times of their own")
            }
            Feature::Order => (Queues, "discipline", "messages are not taken in the order of arrival"),
            Feature::Lifo => (Queues, "discipline = \"lifo\"", "the newest message is taken first"),
            Feature::Priority => (Queues, "discipline = \"priority\"", "messages are taken by priority"),
            Feature::Random => (Queues, "discipline = \"random\"", "messages are taken at random"),
            Feature::Shortest => (Queues, "discipline = \"shortest\"", "the least work is taken first"),
            Feature::Deadline => {
                (Queues, "discipline = \"deadline\"", "the message that would expire first is taken first")
            }
            Feature::RoundRobin => (Queues, "discipline = \"round-robin\"", "producers take turns"),
            Feature::ProcessorSharing => {
                (Queues, "discipline = \"processor-sharing\"", "all messages share the servers")
            }
            Feature::Preemption => (Queues, "preemption", "an urgent message interrupts work in progress"),
            Feature::Room => {
                (Queues, "max_length", "the queue has bounded room and rejects what does not fit")
            }
            Feature::DropHead => {
                (Queues, "overflow = \"drop-head\"", "the oldest message is dropped where there is no room")
            }
            Feature::Block => (Queues, "overflow = \"block\"", "senders wait for room in the queue"),
            Feature::BlockedOrder => (
                Queues,
                "overflow = \"block\"",
                "senders that wait for room are outside the order of the queue (block)",
            ),
            Feature::TimeToLive => (Queues, "message_ttl", "messages expire while they wait"),
            Feature::RandomTimeToLive => {
                (Queues, "message_ttl (random)", "messages expire after random times")
            }
            Feature::HeadExpiry => (Queues, "expiry = \"head\"", "messages expire at the head of the line"),
            Feature::DeliverAfter => {
                (Queues, "deliver_after", "messages are held back before they can be taken")
            }
            Feature::HeldByConsumer => (
                Queues,
                "held_by = \"consumer\"",
                "messages that are held back take a place of a server's window (held_by = \"consumer\")",
            ),
            Feature::DeliveryLimit => {
                (Queues, "delivery_limit", "a message is given up after so many deliveries")
            }
            Feature::DeadLetters => (Queues, "dead_letter", "what is given up goes to another queue"),
            Feature::VisibilityTimeout => {
                (Queues, "visibility_timeout", "deliveries may time out and be repeated")
            }
            Feature::LateAck => (Queues, "late_ack", "acknowledgements may count although they are late"),
            Feature::Durability => {
                (Queues, "durability", "messages are written to disk first, which takes time (durability)")
            }
            Feature::RepeatedSync => (
                Queues,
                "durability.sync_per_message",
                "a message takes several commits to be on disk (sync_per_message)",
            ),
            Feature::Partitions => (Queues, "partitions", "the queue is partitioned by key"),
            Feature::KeyLocks => {
                (Queues, "locks = \"by-key\"", "a key is locked while a message of it is in progress")
            }
            Feature::Join => {
                (Queues, "join", "a topic's copies rejoin before a queue, and go on as one message (join)")
            }
            Feature::Backlog => {
                (Queues, "initial_backlog", "the queue starts with a backlog, so it is not stationary")
            }
            Feature::UnlimitedServers => {
                (Consumers, "count = \"unlimited\"", "there is a server for every message")
            }
            Feature::ConsumerBatches => (Consumers, "batch", "consumers take messages in batches"),
            Feature::Transit => (
                Consumers,
                "transit",
                "messages and acknowledgements are on their way between queue and consumers for a time (transit)",
            ),
            Feature::Prefetch => {
                (Consumers, "prefetch", "messages are handed to consumers ahead of time (prefetch)")
            }
            Feature::PrefetchOnDemand => (
                Consumers,
                "prefetch_by = \"demand\"",
                "consumers that have nothing left fetch several messages (prefetch_by = \"demand\")",
            ),
            Feature::PrefetchOnRequest => {
                (Consumers, "prefetch_by = \"request\"", "consumers ask ahead (prefetch_by = \"request\")")
            }
            Feature::AutoAck => (
                Consumers,
                "ack = \"auto\"",
                "messages are acknowledged when they are delivered, so that what fails then is lost (ack = \
                    \"auto\")",
            ),
            Feature::Failures => (Consumers, "failure", "some deliveries fail and are repeated"),
            Feature::BackOff => (Consumers, "retry_delay", "what failed waits before it is delivered again"),
            Feature::BlockingRetry => (
                Consumers,
                "retry_order = \"blocking\"",
                "a server keeps what failed and does nothing else until it tries it again",
            ),
            Feature::Outages => (Consumers, "outages", "consumers break down"),
            Feature::GroupOutages => {
                (Consumers, "outages.together", "consumers break down together (outages.together)")
            }
            Feature::Autoscaling => (Consumers, "autoscale", "the number of consumers changes"),
            Feature::Rebalance => {
                (Consumers, "rebalance", "all servers pause whenever one of them comes or goes (rebalance)")
            }
            Feature::LoadDependentService => (
                Consumers,
                "service_rate",
                "servers work faster or slower by how many of them are at work, or how many messages wait \
                    (service_rate)",
            ),
            Feature::CountTimetable => {
                (Consumers, "count (timetable)", "the number of consumers follows a timetable")
            }
            Feature::RateLimit => (Consumers, "rate_limit", "deliveries are limited to a rate"),
            Feature::Forwarding => (Consumers, "to", "consumers forward messages"),
            Feature::OwnRoutes => {
                (Consumers, "to (by producer)", "where messages go on to depends on who sent them")
            }
            Feature::MixedGroups => {
                (Queues, "consumers of several kinds", "the queue's consumer groups differ")
            }
            Feature::SharedWorkers => {
                (Consumers, "from (several queues)", "several queues share their servers")
            }
            Feature::UnequalServers => (Consumers, "servers", "servers of one group differ in speed"),
            Feature::ServersPerMessage => {
                (Consumers, "servers_per_message", "a message has several servers at once")
            }
            Feature::ResourceSlots => {
                (Consumers, "resource (slots)", "servers need a slot of a resource to work")
            }
            Feature::SharedResource => {
                (Consumers, "resource (processor-sharing)", "servers share a resource, and are slower for it")
            }
            Feature::ServerChoice => {
                (Consumers, "choice", "not the server that has been idle longest takes the next message")
            }
            Feature::Topics => (Topics, "subscriptions", "a topic distributes messages"),
            Feature::Completion => {
                (Topics, "complete_when", "a message is done before all of its copies are")
            }
        }
    }

    /// The table whose entries ask for it.
    pub fn table(self) -> NamedTable {
        self.row().0
    }

    /// The setting that asks for it, in words of the grammar.
    pub fn setting(self) -> &'static str {
        self.row().1
    }

    /// What it means, as a sentence about a scenario: the reason why who does not know it does not apply.
    pub fn reason(self) -> &'static str {
        self.row().2
    }
}

#[cfg(test)]
mod tests;
