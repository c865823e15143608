//! What a queue is told once, when it is made.

/// What happens to a message that finds the queue full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// It is given back.
    #[default]
    RejectPublish,
    /// The oldest waiting one is thrown out.
    DropHead,
    /// Its publisher waits.
    Block,
}

/// In what order waiting messages are delivered. A message that comes back at once takes its old place in any
/// of them; after a delay it is the last to have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Order {
    /// As they were published.
    #[default]
    Fifo,
    /// The youngest first.
    Lifo,
    /// The smallest [`Terms::rank`] first, equals as they were published: priorities, shortest job, earliest
    /// deadline.
    Ranked,
}

/// The settings of one queue. Times are nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which ready message is taken next.
    pub order: Order,
    /// Ready messages that may wait, those in service not counted; `None` is without bound.
    pub max_length: Option<u64>,
    /// What happens to a message that finds it full.
    pub overflow: Overflow,
    /// How long a message may wait; it is thrown out when it is the next to be delivered and its time is
    /// over.
    pub message_ttl: Option<u64>,
    /// Deliveries after which a message that comes back is dead.
    pub delivery_limit: Option<u32>,
    /// How long a delivery may stay unsettled before the message is given to somebody else.
    pub visibility_timeout: Option<u64>,
    /// How much room there must be before publishers that wait for it are woken. One at a time is fair and
    /// exact; a good part of the bound is several times faster under pressure, because a wake-up then moves
    /// many messages.
    pub wake_room: u64,
    /// Messages for which room is made beforehand, so that a measured run allocates nothing.
    pub reserve: usize,
    /// How often a consumer looks before it parks. One look is 10 to 40 ns; parking and waking cost 15 µs and
    /// more, so that looking for half as long, as it is by itself, costs never much more than the better of
    /// the two.
    pub spins: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            order: Order::default(),
            max_length: None,
            overflow: Overflow::default(),
            message_ttl: None,
            delivery_limit: None,
            visibility_timeout: None,
            wake_room: 1,
            reserve: 0,
            spins: 200,
        }
    }
}

/// What is said of one message when it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terms {
    /// Smaller is sooner, in a queue that is [`Order::Ranked`].
    pub rank: i64,
    /// How long it may wait, in nanoseconds; of this and the queue's the lower counts.
    pub ttl: Option<u64>,
}
