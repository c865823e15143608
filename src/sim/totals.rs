//! What an engine knows of itself at an instant. What happened between two instants is a difference.

/// All queues and groups, in the scenario's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Totals {
    /// Nanoseconds.
    pub at: u64,
    /// Messages that reached the first of their queues.
    pub offered: u64,
    /// Messages that were served and left, where recorders are told of that before it happens; else what they
    /// were told is as good.
    pub done: Option<u64>,
    /// Of each queue, in the scenario's order.
    pub queues: Vec<QueueTotals>,
    /// Of each group of consumers, in the scenario's order.
    pub groups: Vec<GroupTotals>,
}

/// Running totals of one queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueTotals {
    /// Messages that wait and are in service, and the integrals of both in message-nanoseconds. Until its
    /// server is awake a message waits, though it is counted as in service.
    pub waiting: u64,
    /// See [`QueueTotals::waiting`].
    pub serving: u64,
    /// See [`QueueTotals::waiting`].
    pub waiting_area: u128,
    /// See [`QueueTotals::waiting`].
    pub serving_area: u128,
    /// The most messages that waited at once since [`super::Engine::forget_peaks`].
    pub peak: u64,
    /// What became of those who came.
    pub counts: QueueCounts,
    /// Senders that wait for room.
    pub held: BlockedSenders,
    /// When nobody waited for the first time since the instant given to [`super::Network::watch_drain`].
    pub drained: Option<u64>,
    /// Message-nanoseconds after this instant of stays that recorders were told of already, and what of them
    /// is service: an engine that knows of a whole stay when it begins tells of it then.
    pub to_stay: u128,
    /// See [`QueueTotals::to_stay`].
    pub to_serve: u128,
    /// The integrals of the squares of how many messages wait, how many are there, and how many senders wait
    /// for room, if anybody asks.
    pub squares: Option<[u128; 3]>,
}

impl QueueTotals {
    /// Every message that came was served, was lost in one way, or is inside.
    pub fn is_conserved(&self) -> bool {
        self.counts.offered == self.accounted()
    }

    /// Messages that were served, were lost in one way, or are inside: as many as were offered.
    pub fn accounted(&self) -> u64 {
        let c = &self.counts;
        c.served
            + c.rejected
            + c.dropped
            + c.expired
            + c.dead_lettered
            + self.waiting
            + self.serving
            + self.held.level
    }
}

/// Senders that wait for room: how many there are, their integral in sender-nanoseconds, and the most since
/// [`super::Engine::forget_peaks`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BlockedSenders {
    /// How many wait.
    pub level: u64,
    /// Their integral.
    pub area: u128,
    /// The most of them.
    pub peak: u64,
}

/// Running totals of one group of consumers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GroupTotals {
    /// Integrals of the servers at work, from when they are awake, of those that are down and keep their
    /// messages, and of those that there are, in server-nanoseconds. A recursion counts the work of one of
    /// several groups when it begins.
    pub busy_area: u128,
    /// See [`GroupTotals::busy_area`].
    pub absent_area: u128,
    /// See [`GroupTotals::busy_area`].
    pub count_area: u128,
    /// Messages whose handling ended, failed ones included, and the batches that they came in.
    pub handled: u64,
    /// See [`GroupTotals::handled`].
    pub batches: u64,
    /// Looks at which servers were started or stopped; `None` if their number does not follow the backlog.
    pub scalings: Option<u64>,
}

/// What happened in a queue so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Messages that reached it.
    pub offered: u64,
    /// Messages that were served.
    pub served: u64,
    /// Messages that were refused on arrival.
    pub rejected: u64,
    /// Messages that were thrown out.
    pub dropped: u64,
    /// Messages whose time to live ended while they waited.
    pub expired: u64,
    /// Messages that went on to the dead-letter queue.
    pub dead_lettered: u64,
    /// Deliveries of messages that left after at least one, and how many these messages were.
    pub deliveries: u64,
    /// See [`QueueCounts::deliveries`].
    pub delivered: u64,
}

impl QueueCounts {
    /// Where each message that is served has been delivered once, and none is lost.
    pub(super) fn of_one_delivery_each(offered: u64, served: u64) -> Self {
        QueueCounts { offered, served, deliveries: served, delivered: served, ..QueueCounts::default() }
    }
}
