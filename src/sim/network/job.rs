//! Messages inside the network, each in a slot that is used again when it has left.

use super::sender::Sender;
use crate::behaviour::MessageIdentity;
use crate::message::{Message, Outcome, Record};

/// No slot, no server, no client, no family.
pub(super) const NONE: u32 = u32::MAX;
/// No work begun.
pub(super) const FRESH: u64 = u64::MAX;

/// Where a message is within its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum JobState {
    /// The slot is free, or the message is between two queues, or in one where this makes no difference (see
    /// [`super::plain`]).
    #[default]
    Away,
    /// Its sender waits for room.
    Blocked,
    /// It is no copy: its client waits for the answer to those that there are.
    Awaited,
    /// Written, but not yet on disk.
    Committing,
    /// In the line.
    Ready,
    /// In a consumer's own line (prefetch).
    Held,
    /// Waits for its next attempt (back-off).
    Delayed,
    InService,
}

/// One copy of a message, in one queue.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Job {
    /// Position among all that ever reached the network.
    pub id: u64,
    /// What its draws depend on.
    pub identity: MessageIdentity,
    pub due: u64,
    /// When it reached its first queue, and for how long its sender waited for room there.
    pub entered: u64,
    pub held: u64,
    /// When it reached this queue.
    pub sent: u64,
    /// Its place in this queue's order, never given twice.
    pub place: u64,
    /// When its time to live ends in this queue.
    pub expires: u64,
    /// Work that is left of a service that was broken off, in nanoseconds of `left_of`; [`FRESH`] if none
    /// was.
    pub left: u64,
    /// Since when it is in service, if it is.
    pub began: u64,
    /// Nanoseconds in service in this queue so far, and in the queues before.
    pub worked: u64,
    pub worked_before: u64,
    /// The group whose server broke it off.
    pub left_of: u32,
    pub producer: u32,
    pub queue: u32,
    /// Which of the queue's orders it waits in.
    pub lane: u32,
    pub deliveries: u32,
    /// Which delivery this is, among all of the run: what a visibility timeout is for.
    pub stamp: u32,
    pub family: u32,
    pub client: u32,
    pub state: JobState,
    /// Whether it is neither one of several copies nor awaited by a client, and has been in no queue before.
    pub alone: bool,
}

impl Job {
    /// As its producer meant it.
    #[inline(always)]
    pub(super) fn message(&self, senders: &[Sender]) -> Message {
        let (size, priority) = senders.get(self.producer as usize).map_or((0, 0), |s| (s.size, s.priority));
        Message { id: self.id, due: self.due, producer: self.producer, size, priority }
    }

    /// Its stay in its queue, which ends now, with the group and which of its servers.
    #[inline(always)]
    pub(super) fn stay(
        &self,
        senders: &[Sender],
        now: u64,
        (consumer, server): (u32, u32),
        outcome: Outcome,
    ) -> Record {
        Record {
            message: self.message(senders),
            sent: self.sent,
            taken: now - self.worked,
            finished: now,
            queue: self.queue,
            consumer,
            server,
            deliveries: self.deliveries,
            outcome,
        }
    }

    /// What [`Job::alone`] is to say.
    #[inline(always)]
    pub(super) fn is_alone(&self) -> bool {
        self.family == NONE && self.client == NONE && self.entered == self.sent && self.worked_before == 0
    }
}

/// All messages inside, and the work that each brings to its queue.
#[derive(Debug, Clone, Default)]
pub(super) struct Jobs {
    all: Vec<Job>,
    free: Vec<u32>,
    /// What each would take of each group of its queue, and what it carries along, `width` a slot.
    demands: Vec<u64>,
    width: usize,
    /// Messages with ids below `mark` that are inside.
    mark: u64,
    before_mark: u64,
    /// Those that wait from the start and are not made yet: their ids are below any mark.
    pub unmade: u64,
}

impl Jobs {
    /// For so many columns of work.
    pub(super) fn new(width: usize) -> Self {
        Jobs { width, ..Jobs::default() }
    }

    /// Makes room for so many more, and for no more than these.
    pub(super) fn reserve(&mut self, more: usize) {
        self.all.reserve_exact(more);
        self.demands.reserve_exact(more * self.width);
    }

    pub(super) fn live(&self) -> usize {
        self.all.len() - self.free.len() + self.unmade as usize
    }

    #[inline(always)]
    pub(super) fn add(&mut self, job: Job) -> u32 {
        if job.id < self.mark {
            self.before_mark += 1;
        }
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => self.grow(),
        };
        self.all[slot as usize] = job;
        slot
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> u32 {
        self.all.push(Job::default());
        self.demands.resize(self.all.len() * self.width, 0);
        (self.all.len() - 1) as u32
    }

    #[inline(always)]
    pub(super) fn remove(&mut self, slot: u32) {
        let job = &mut self.all[slot as usize];
        if job.id < self.mark {
            self.before_mark -= 1;
        }
        job.state = JobState::Away;
        job.place = u64::MAX;
        self.free.push(slot);
    }

    #[inline(always)]
    pub(super) fn demands(&mut self, slot: u32) -> &mut [u64] {
        &mut self.demands[slot as usize * self.width..][..self.width]
    }

    /// What one group would take.
    #[inline(always)]
    pub(super) fn demand(&self, slot: u32, column: usize) -> u64 {
        self.demands[slot as usize * self.width + column]
    }

    /// Gives a message what it will bring to queues on its way, in the last columns.
    #[inline(always)]
    pub(super) fn carry(&mut self, slot: u32, ahead: impl ExactSizeIterator<Item = u64>) {
        if ahead.len() == 0 {
            return;
        }
        let end = (slot as usize + 1) * self.width;
        for (demand, work) in self.demands[end - ahead.len()..end].iter_mut().zip(ahead) {
            *demand = work;
        }
    }

    /// From now on, counts the messages inside whose ids are below `mark`.
    pub(super) fn count_below(&mut self, mark: u64) {
        self.mark = mark;
        self.before_mark = self.inside().filter(|(_, job)| job.id < mark).count() as u64;
    }

    pub(super) fn below(&self) -> u64 {
        self.before_mark + self.unmade
    }

    /// Slots and messages that are inside.
    pub(super) fn inside(&self) -> impl Iterator<Item = (u32, &Job)> {
        // A free slot's place is none that was ever given.
        self.all
            .iter()
            .enumerate()
            .filter(|(_, job)| job.place != u64::MAX)
            .map(|(slot, job)| (slot as u32, job))
    }
}

impl std::ops::Index<u32> for Jobs {
    type Output = Job;
    #[inline(always)]
    fn index(&self, slot: u32) -> &Job {
        &self.all[slot as usize]
    }
}

impl std::ops::IndexMut<u32> for Jobs {
    #[inline(always)]
    fn index_mut(&mut self, slot: u32) -> &mut Job {
        &mut self.all[slot as usize]
    }
}
