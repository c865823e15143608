//! How messages end: served, lost, or complete when enough of their copies are.

use super::Network;
use super::dispatch::Dispatch;
use super::job::NONE;
use crate::behaviour::{Copies, MessageIdentity, copies_needed};
use crate::message::{Exit, Outcome, Recorder};
use crate::scenario::Overflow;
use crate::workload::Blocks;

/// The copies of one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct CopySet {
    /// The family that the message itself is a copy in, and what it was.
    pub(super) parent: u32,
    pub(super) original: MessageIdentity,
    client: u32,
    copies: Copies,
    /// Whether each copy counts by itself: then it is kept only for the client that waits for them all.
    each: bool,
    /// Whether they rejoin: then a copy that ends elsewhere is one that does not come.
    rejoins: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Families {
    all: Vec<CopySet>,
    free: Vec<u32>,
}

impl CopySet {
    /// Of a message that its client may send again.
    pub(super) fn of_client(client: u32, copies: Copies) -> Self {
        let original = MessageIdentity::default();
        CopySet { parent: NONE, original, client, copies, each: false, rejoins: false }
    }
}

impl Families {
    pub(super) fn copies(&mut self, family: u32) -> &mut Copies {
        &mut self.all[family as usize].copies
    }

    /// One of the copies comes to where they rejoin. Says of which family it is, and whether it is the last
    /// that the message needs to go on.
    pub(super) fn come_together(&mut self, index: u32) -> (CopySet, bool) {
        let family = &mut self.all[index as usize];
        let goes_on = family.copies.end_one(true);
        let family = *family;
        if family.copies.alive() == 0 {
            self.free.push(index);
        }
        (family, goes_on)
    }

    pub(super) fn add(&mut self, family: CopySet) -> u32 {
        if let Some(index) = self.free.pop() {
            self.all[index as usize] = family;
            return index;
        }
        self.all.push(family);
        (self.all.len() - 1) as u32
    }
}

impl<S: Blocks> Network<S> {
    /// The family of the copies that a topic makes of a message, where one is needed.
    pub(super) fn found_family(&mut self, slot: u32, topic: usize) -> u32 {
        let (policy, job) = (&self.topics[topic].policy, &self.jobs[slot]);
        let copies = policy.subscriptions.len() as u32;
        let needed = policy.rejoining.or(copies_needed(policy.complete, copies, job.family != NONE));
        if needed.is_none() && job.client == NONE {
            return NONE;
        }
        let copies = Copies::new(copies, needed.unwrap_or(copies));
        self.families.add(CopySet {
            parent: job.family,
            original: job.identity,
            client: job.client,
            copies,
            each: needed.is_none(),
            rejoins: policy.rejoining.is_some(),
        })
    }

    /// Tells of a message's stay in its queue, which has ended.
    #[inline(always)]
    pub(super) fn tell<R: Recorder>(
        &mut self,
        slot: u32,
        group: u32,
        number: u32,
        outcome: Outcome,
        recorder: &mut R,
    ) {
        let job = &self.jobs[slot];
        recorder.record(&job.stay(&self.senders, self.now, (group, number), outcome));
        let station = &mut self.stations[job.queue as usize];
        let counts = &mut station.counts;
        match outcome {
            Outcome::Served => counts.served += 1,
            Outcome::Rejected => counts.rejected += 1,
            Outcome::Dropped => counts.dropped += 1,
            Outcome::Expired => counts.expired += 1,
            Outcome::DeadLettered => counts.dead_lettered += 1,
            Outcome::Unfinished => return,
        }
        if job.deliveries > 0 {
            counts.deliveries += u64::from(job.deliveries);
            counts.delivered += 1;
        }
        if matches!(station.dispatch, Dispatch::ByKey) {
            self.unlock(slot, group, outcome, recorder);
        }
    }

    /// A message ends in its queue without having been served. If it was accepted here it goes on to the
    /// dead-letter queue, if there is one; else it is lost.
    #[inline(never)]
    pub(super) fn lose<R: Recorder>(&mut self, slot: u32, cause: Outcome, recorder: &mut R) {
        let dead = self.stations[self.jobs[slot].queue as usize].dead_letter;
        let Some(dead) = dead.filter(|_| cause != Outcome::Rejected) else {
            return self.lose_for_good(slot, cause, recorder);
        };
        self.tell(slot, 0, 0, Outcome::DeadLettered, recorder);
        self.keep_work(slot);
        let job = &mut self.jobs[slot];
        job.identity = job.identity.dead_lettered();
        self.enter(slot, dead, NONE, None, recorder);
    }

    /// A message is lost that no dead-letter queue gets: what was acknowledged beforehand is nobody's any
    /// more.
    pub(super) fn lose_for_good<R: Recorder>(&mut self, slot: u32, cause: Outcome, recorder: &mut R) {
        self.tell(slot, 0, 0, cause, recorder);
        self.leaves(slot, cause, recorder);
    }

    /// A message comes to a queue that it never leaves: it is out of sight. Says nothing of those that had to
    /// make room for it, which are dead letters like it.
    pub(super) fn park<R: Recorder>(&mut self, slot: u32, recorder: &mut R) {
        let station = &mut self.stations[self.jobs[slot].queue as usize];
        if station.room.is_some_and(|room| station.waiting.level() >= room) {
            if station.overflow != Overflow::DropHead || station.room == Some(0) {
                return self.lose(slot, Outcome::Rejected, recorder);
            }
            station.counts.dropped += 1;
        } else {
            station.waiting.up(self.now);
        }
        self.leaves(slot, Outcome::DeadLettered, recorder);
    }

    /// A message leaves the network.
    #[inline(always)]
    pub(super) fn leaves<R: Recorder>(&mut self, slot: u32, outcome: Outcome, recorder: &mut R) {
        self.told(slot, outcome, recorder);
        self.jobs.remove(slot);
    }

    /// Tells of a message's end, if it is one: the copy that completes its family, or makes that impossible,
    /// tells for all.
    #[inline(always)]
    pub(super) fn told<R: Recorder>(&mut self, slot: u32, outcome: Outcome, recorder: &mut R) {
        let job = &self.jobs[slot];
        if job.family == NONE {
            let client = job.client;
            self.tell_exit(slot, outcome, recorder);
            if client != NONE && outcome != Outcome::Unfinished {
                self.think(client);
            }
            return;
        }
        self.told_of_copy(slot, outcome, recorder);
    }

    /// A client has its answer, or gives up, and thinks.
    pub(super) fn answered(&mut self, client: u32) {
        if client != NONE {
            self.think(client);
        }
    }

    #[cold]
    pub(super) fn told_of_copy<R: Recorder>(&mut self, slot: u32, outcome: Outcome, recorder: &mut R) {
        let mut index = self.jobs[slot].family;
        while index != NONE {
            let family = &mut self.families.all[index as usize];
            let served = outcome == Outcome::Served && !family.rejoins;
            let ends = family.copies.end_one(served) && !family.each;
            let (family, left) = (*family, family.copies.alive());
            if family.each {
                self.tell_exit(slot, outcome, recorder);
            }
            if ends && family.parent == NONE {
                self.tell_exit(slot, outcome, recorder);
            }
            let back = if family.each { left == 0 } else { ends };
            if back && family.client != NONE && family.parent == NONE && outcome != Outcome::Unfinished {
                self.think(family.client);
            }
            if left == 0 {
                self.families.free.push(index);
            }
            if !ends {
                return;
            }
            index = family.parent;
        }
    }

    #[inline(always)]
    pub(super) fn tell_exit<R: Recorder>(&self, slot: u32, outcome: Outcome, recorder: &mut R) {
        let job = &self.jobs[slot];
        recorder.left(&Exit {
            message: job.message(&self.senders),
            sent: job.entered,
            held: job.held,
            finished: self.now,
            worked: job.worked_before + job.worked,
            outcome,
        });
    }
}
