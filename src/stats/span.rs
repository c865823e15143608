//! What an engine's totals say about a window of time.

/// What happened in all queues and groups between two instants, in the scenario's order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Span {
    /// Seconds.
    pub lasted: f64,
    /// Messages that were served and left, where the engine counts them better than who is told of them.
    pub done: Option<u64>,
    /// Of each queue.
    pub queues: Vec<QueueSpan>,
    /// Of each group of consumers.
    pub groups: Vec<GroupSpan>,
}

/// What happened in one queue.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct QueueSpan {
    /// Mean number waiting and in service, over time.
    pub waiting: f64,
    /// See [`QueueSpan::waiting`].
    pub serving: f64,
    /// Messages inside at its start and at its end.
    pub before: f64,
    /// See [`QueueSpan::before`].
    pub after: f64,
    /// Senders that waited for room: how many over time, at its start, at its end and at most.
    pub held: f64,
    /// See [`QueueSpan::held`].
    pub held_before: f64,
    /// See [`QueueSpan::held`].
    pub held_after: f64,
    /// See [`QueueSpan::held`].
    pub held_peak: u64,
    /// The most messages that waited at once.
    pub peak: u64,
    /// Messages that came, and that were served.
    pub offered: u64,
    /// See [`QueueSpan::offered`].
    pub served: u64,
    /// Messages that ever came, and those of them that were served, lost in one way or other, or are inside.
    pub came: u64,
    /// See [`QueueSpan::came`].
    pub accounted: u64,
    /// The mean squares over time of how many messages wait, how many are there, and how many senders wait
    /// for room, if anybody asks.
    pub squares: Option<[f64; 3]>,
}

/// What happened in one group of consumers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GroupSpan {
    /// Mean servers at work, that are down and keep their messages, and that there are, over time.
    pub busy: f64,
    /// See [`GroupSpan::busy`].
    pub absent: f64,
    /// See [`GroupSpan::busy`].
    pub count: f64,
    /// Messages whose handling ended, and the batches that they came in.
    pub handled: u64,
    /// See [`GroupSpan::handled`].
    pub batches: u64,
    /// Looks at which servers were started or stopped; `None` if their number does not follow the backlog.
    pub scalings: Option<u64>,
}

impl Span {
    /// This one and the one that follows.
    #[must_use]
    pub fn and(&self, next: &Span) -> Span {
        let lasted = self.lasted + next.lasted;
        let mean = |a: f64, b: f64| (a * self.lasted + b * next.lasted) / lasted;
        let queue = |(a, b): (&QueueSpan, &QueueSpan)| QueueSpan {
            waiting: mean(a.waiting, b.waiting),
            serving: mean(a.serving, b.serving),
            before: a.before,
            held: mean(a.held, b.held),
            held_before: a.held_before,
            held_peak: a.held_peak.max(b.held_peak),
            peak: a.peak.max(b.peak),
            offered: a.offered + b.offered,
            served: a.served + b.served,
            squares: a.squares.zip(b.squares).map(|(a, b)| std::array::from_fn(|i| mean(a[i], b[i]))),
            ..*b
        };
        let group = |(a, b): (&GroupSpan, &GroupSpan)| GroupSpan {
            busy: mean(a.busy, b.busy),
            absent: mean(a.absent, b.absent),
            count: mean(a.count, b.count),
            handled: a.handled + b.handled,
            batches: a.batches + b.batches,
            scalings: a.scalings.zip(b.scalings).map(|(a, b)| a + b),
        };
        Span {
            lasted,
            done: self.done.zip(next.done).map(|(a, b)| a + b),
            queues: self.queues.iter().zip(&next.queues).map(queue).collect(),
            groups: self.groups.iter().zip(&next.groups).map(group).collect(),
        }
    }
}
