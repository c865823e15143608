//! A message's life as data: what was planned, what became of it, and who wants to know.
//!
//! The simulator and the load generator both end here. They tell a [`Recorder`] about every stay of a message
//! in a queue; statistics, replay and traces are recorders, so that no engine knows what is computed from it.

/// A message as its producer meant it. Times are nanoseconds from the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Message {
    /// Position in the plan, from 0.
    pub id: u64,
    /// The instant at which its sending was due.
    pub due: u64,
    /// Index of its producer in the scenario.
    pub producer: u32,
    /// Bytes of content.
    pub size: u32,
    /// Larger is sooner.
    pub priority: i32,
}

/// How a message's stay in a queue ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Processed and acknowledged.
    Served,
    /// Refused on arrival because the queue was full (`reject-publish`).
    Rejected,
    /// Thrown out while waiting to make room for a newer one (`drop-head`), delivered too often, or lost by a
    /// consumer that had acknowledged it beforehand (`ack = "auto"`).
    Dropped,
    /// Its time to live ended while it waited.
    Expired,
    /// Of a stay: dropped or expired, and sent on to its queue's dead-letter queue. Of a message: it lies in
    /// a dead-letter queue that nobody consumes.
    DeadLettered,
    /// Still inside when the run ended.
    Unfinished,
}

/// One stay of one message in one queue. Times are nanoseconds from the start of the run.
///
/// For a message that was never taken, `taken` and `finished` are the instant at which it left the queue. For
/// one that was taken several times, or put aside for another, `taken` is so long before `finished` as it was
/// in service altogether, as if it had done all its waiting first: `taken − sent` is always its wait and
/// `finished − taken` its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The message as it was planned.
    pub message: Message,
    /// When it reached the queue; a message whose sender waits for room is not there yet.
    pub sent: u64,
    /// When a consumer took it.
    pub taken: u64,
    /// When its processing ended.
    pub finished: u64,
    /// Index of the queue in the scenario.
    pub queue: u32,
    /// Index of the consumer group in the scenario.
    pub consumer: u32,
    /// Which of the group's servers.
    pub server: u32,
    /// Deliveries so far, 1 for a message taken once.
    pub deliveries: u32,
    /// How the stay ended.
    pub outcome: Outcome,
}

impl Record {
    /// The end of a message whose only stay this is.
    pub fn exit(&self) -> Exit {
        let worked = self.finished - self.taken;
        Exit {
            message: self.message,
            sent: self.sent,
            held: 0,
            finished: self.finished,
            worked,
            outcome: self.outcome,
        }
    }
}

/// A run of served stays in one queue, a column for each field, in the order of arrival. All slices are
/// equally long.
#[derive(Debug, Clone, Copy)]
pub struct Served<'a> {
    /// Index of the queue in the scenario.
    pub queue: u32,
    /// The position in the plan of the first of them; the others follow without a gap.
    pub first: u64,
    /// When each one's sending was due.
    pub due: &'a [u64],
    /// When each reached the queue.
    pub sent: &'a [u64],
    /// When a consumer took each.
    pub taken: &'a [u64],
    /// When each one's processing ended.
    pub finished: &'a [u64],
    /// The producer of each; empty if all are of producer 0.
    pub producer: &'a [u32],
    /// The consumer group of each; empty if all were served by group 0.
    pub consumer: &'a [u32],
}

impl Served<'_> {
    /// Some of them.
    pub fn rows(&self, rows: std::ops::Range<usize>) -> Served<'_> {
        let some = |column: &'_ [u32]| if column.is_empty() { 0..0 } else { rows.clone() };
        Served {
            queue: self.queue,
            first: self.first + rows.start as u64,
            due: &self.due[rows.clone()],
            sent: &self.sent[rows.clone()],
            taken: &self.taken[rows.clone()],
            finished: &self.finished[rows.clone()],
            producer: &self.producer[some(self.producer)],
            consumer: &self.consumer[some(self.consumer)],
        }
    }

    /// One of them.
    pub fn record(&self, i: usize) -> Record {
        Record {
            message: Message {
                id: self.first + i as u64,
                due: self.due[i],
                producer: self.producer.get(i).copied().unwrap_or(0),
                ..Message::default()
            },
            sent: self.sent[i],
            taken: self.taken[i],
            finished: self.finished[i],
            queue: self.queue,
            consumer: self.consumer.get(i).copied().unwrap_or(0),
            server: 0,
            deliveries: 1,
            outcome: Outcome::Served,
        }
    }
}

/// What an instant looked like in one queue: how many messages waited and how many were in service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Nanoseconds from the start of the run.
    pub at: u64,
    /// Index of the queue in the scenario.
    pub queue: u32,
    /// Messages that wait.
    pub waiting: u64,
    /// As many as servers are busy, but for batches.
    pub busy: u64,
    /// Nanoseconds for which the oldest of those that wait has waited, 0 if none does; `None` if nobody asks.
    pub oldest: Option<u64>,
    /// Servers that are there, where their number changes.
    pub servers: Option<u64>,
}

/// A message's end: it left the last of its queues, or was lost in one.
///
/// Of a message that became several copies and is complete when some of them are, the copy that completed it
/// tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// The message as it was planned.
    pub message: Message,
    /// When it reached its first queue, and nanoseconds before that for which its sender had to wait for room
    /// there.
    pub sent: u64,
    /// See [`Exit::sent`].
    pub held: u64,
    /// When it left.
    pub finished: u64,
    /// Nanoseconds in service in all queues on its way; the rest since `sent` it waited.
    pub worked: u64,
    /// How it left.
    pub outcome: Outcome,
}

/// By how much a real service differed from the planned one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overrun {
    /// Index of the consumer group in the scenario.
    pub consumer: u32,
    /// What the message's draws depend on: its position in the plan, and its way and delivery as one number
    /// (deliveries count from 0).
    pub message: u64,
    /// See [`Overrun::message`].
    pub count: u64,
    /// What it took longer than planned. Of a batch the first message tells for all.
    pub nanos: i64,
}

/// How long a delivery took that a server was free for: from the instant at which both were there until the
/// server had the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandOff {
    /// Index of the consumer group in the scenario.
    pub consumer: u32,
    /// See [`Overrun::message`].
    pub message: u64,
    /// See [`Overrun::message`].
    pub count: u64,
    /// What it took.
    pub nanos: u64,
}

/// What a host added to a run: enough to play it again as it really happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Happened {
    /// Of every delivery of a message, or of its first in a batch.
    pub overruns: Vec<Overrun>,
    /// Of deliveries that a broker made, where each is on record; the others take what the scenario says.
    pub hand_offs: Vec<HandOff>,
    /// Nanoseconds of each group commit, queue by queue of the scenario.
    pub commits: Vec<Vec<u64>>,
}

/// Receives the lives of messages from an engine or a load generator, in blocks where it can.
///
/// The calls of one run come from one thread. A recorder keeps no reference to what it is shown.
pub trait Recorder {
    /// One stay ended, in any way.
    fn record(&mut self, record: &Record);

    /// Many messages were served in the only queue on their way. The default tells of each by
    /// [`Recorder::passed`].
    fn served(&mut self, run: &Served<'_>) {
        for i in 0..run.due.len() {
            self.passed(&run.record(i));
        }
    }

    /// [`Recorder::passed`] of each of many messages that follow one another in the plan.
    fn passed_all(&mut self, run: &Served<'_>) {
        (0..run.due.len()).for_each(|i| self.passed(&run.record(i)));
    }

    /// Many messages that follow one another in the plan were served in one of several queues on their way.
    /// The default tells of each by [`Recorder::record`].
    fn stays(&mut self, run: &Served<'_>) {
        (0..run.due.len()).for_each(|i| self.record(&run.record(i)));
    }

    /// A look at a queue at an instant chosen by chance or by a fixed grid.
    fn level(&mut self, _level: &Level) {}

    /// The same where a queue looked alike at several instants.
    fn level_held(&mut self, level: &Level, instants: &[u64]) {
        instants.iter().for_each(|&at| self.level(&Level { at, ..*level }));
    }

    /// A message was served in the only queue on its way and left: [`Recorder::record`] and
    /// [`Recorder::left`] in one.
    fn passed(&mut self, stay: &Record) {
        self.record(stay);
        self.left(&stay.exit());
    }

    /// A server of a group that may have to do a message's work again ended a delivery of one, on which it
    /// worked for so long.
    fn delivery(&mut self, _group: u32, _ended: u64, _worked: u64) {}

    /// A message left the last of its queues, or was lost in one.
    fn left(&mut self, _exit: &Exit) {}

    /// An autoscaler started servers of a group, or let some go.
    fn scaled(&mut self, _group: u32, _at: u64) {}
}

/// Forgets everything: for warm-up and for measuring an engine alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forget;

impl Recorder for Forget {
    fn record(&mut self, _: &Record) {}
    fn served(&mut self, _: &Served<'_>) {}
    fn passed_all(&mut self, _: &Served<'_>) {}
    fn stays(&mut self, _: &Served<'_>) {}
}

/// Keeps every record, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Keep(pub Vec<Record>);

impl Recorder for Keep {
    fn record(&mut self, record: &Record) {
        self.0.push(*record);
    }
}
