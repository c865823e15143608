//! How messages come, and where they go: from the plan, through topics, along routes.

use super::dispatch::Dispatch;
use super::job::{FRESH, Job, JobState, NONE};
use super::{Network, NetworkEvent};
use crate::behaviour::{MessageIdentity, Routes, WorkItem};
use crate::discipline::ServiceOrder as _;
use crate::message::{Outcome, Recorder};
use crate::scenario::{Destination, Discipline, Overflow};
use crate::workload::Blocks;

/// Tickets of messages that are gone which an order may hold beyond as many as there are of others.
const SPARSE: u64 = 1024;

impl<S: Blocks> Network<S> {
    /// Brings the next planned message into sight.
    #[inline(always)]
    pub(super) fn look_ahead(&mut self) {
        if self.cursor >= self.source.block().len() {
            self.cursor = 0;
            if !self.source.draw() {
                self.planned = u64::MAX;
                return;
            }
            let block = self.source.block();
            self.ahead.iter_mut().for_each(|ahead| ahead.draw(block.first, block.len()));
        }
        self.planned = self.source.block().sent[self.cursor];
    }

    /// The next planned message reaches the network.
    #[inline(always)]
    pub(super) fn arrive<R: Recorder>(&mut self, recorder: &mut R) {
        let (block, row, now) = (self.source.block(), self.cursor, self.now);
        let producer = block.producer_of(row);
        let mut job = Job {
            id: self.offered,
            identity: MessageIdentity::planned(block.first + row as u64),
            due: block.due[row],
            entered: now,
            producer,
            family: NONE,
            client: NONE,
            left: FRESH,
            expires: u64::MAX,
            ..Job::default()
        };
        self.offered += 1;
        match self.senders[producer as usize].to {
            Destination::Queue(queue) if self.stations[queue].plain => {
                self.places += 1;
                (job.queue, job.sent, job.place, job.alone) = (queue as u32, now, self.places, true);
                let slot = self.jobs.add(job);
                self.jobs.carry(slot, self.ahead.iter().map(|column| column.work[row]));
                self.bring_work(slot, queue as u32, Some(row));
                self.enter_plain(slot, queue as u32);
            }
            to => {
                let slot = self.jobs.add(job);
                self.jobs.carry(slot, self.ahead.iter().map(|column| column.work[row]));
                if self.senders[producer as usize].policy.resend.is_some() {
                    self.await_answer(slot);
                }
                self.send(slot, to, NONE, Some(row), recorder);
            }
        }
        self.cursor += 1;
        self.look_ahead();
    }

    /// A message goes to a queue or, in copies or not, through a topic. Says how many copies wait for room.
    #[inline(always)]
    pub(super) fn send<R: Recorder>(
        &mut self,
        slot: u32,
        to: Destination,
        holder: u32,
        row: Option<usize>,
        recorder: &mut R,
    ) -> u32 {
        match to {
            Destination::Queue(queue) => u32::from(self.enter(slot, queue as u32, holder, row, recorder)),
            Destination::Topic(topic) => self.publish(slot, topic, holder, row, recorder),
        }
    }

    #[cold]
    fn publish<R: Recorder>(
        &mut self,
        slot: u32,
        topic: usize,
        holder: u32,
        row: Option<usize>,
        recorder: &mut R,
    ) -> u32 {
        if !self.topics[topic].policy.copies() {
            let queue = self.choose(slot, topic);
            return u32::from(self.enter(slot, queue, holder, row, recorder));
        }
        let copies = self.topics[topic].policy.subscriptions.len();
        let original = self.jobs[slot];
        let family = self.found_family(slot, topic);
        let mut waiting = 0;
        for copy in 0..copies {
            let job = Job { identity: original.identity.copy(copy), family, ..original };
            let this = if copy == 0 {
                self.jobs[slot] = job;
                slot
            } else {
                self.jobs.add(job)
            };
            let queue = self.topics[topic].policy.subscriptions[copy] as u32;
            waiting += u32::from(self.enter(this, queue, holder, row, recorder));
        }
        waiting
    }

    /// One queue of a topic that shares its messages out.
    fn choose(&mut self, slot: u32, topic: usize) -> u32 {
        let (job, state) = (&self.jobs[slot], &mut self.topics[topic]);
        let inside =
            |queue: usize| self.stations[queue].waiting.level() + self.stations[queue].serving.level();
        let turn = || {
            state.turn += 1;
            state.turn - 1
        };
        state.policy.choose(job.identity, inside, turn, || self.keys.of(job.identity, job.producer)) as u32
    }

    /// Which of a queue's orders a message waits in: that of its partition.
    pub(super) fn lane_of(&self, slot: u32, queue: u32) -> u32 {
        let station = &self.stations[queue as usize];
        let partition = self.partition_of(slot, queue);
        match &station.members {
            Some(members) if station.lanes.len() > 1 => members.owner(partition),
            _ => (partition % station.lanes.len()) as u32,
        }
    }

    /// Which of a queue's partitions a message belongs to.
    pub(super) fn partition_of(&self, slot: u32, queue: u32) -> usize {
        let (station, job) = (&self.stations[queue as usize], &self.jobs[slot]);
        station.policy.partition(job.identity, || self.keys.of(job.identity, job.producer))
    }

    /// A message reaches a queue. Says whether its sender has to wait for room; `holder` is the server that
    /// then holds it.
    #[inline(always)]
    pub(super) fn enter<R: Recorder>(
        &mut self,
        slot: u32,
        queue: u32,
        holder: u32,
        row: Option<usize>,
        recorder: &mut R,
    ) -> bool {
        self.move_to(slot, queue, row);
        if !self.stations[queue as usize].plain {
            return self.enter_special(slot, queue, holder, recorder);
        }
        self.enter_plain(slot, queue);
        false
    }

    /// A message comes to a queue, with nothing that it brings from another but itself.
    #[inline(always)]
    pub(super) fn move_to(&mut self, slot: u32, queue: u32, row: Option<usize>) {
        self.bring_work(slot, queue, row);
        self.places += 1;
        let job = &mut self.jobs[slot];
        (job.queue, job.sent, job.place, job.left, job.expires) =
            (queue, self.now, self.places, FRESH, u64::MAX);
        job.worked_before += job.worked;
        // A timer of a delivery in the queue before must not take this one for it.
        (job.worked, job.deliveries, job.lane, job.stamp) = (0, 0, 0, 0);
        job.alone = job.is_alone();
    }

    /// The same as [`Network::enter`] where a queue has more to it than servers.
    #[inline(never)]
    fn enter_special<R: Recorder>(&mut self, slot: u32, queue: u32, holder: u32, recorder: &mut R) -> bool {
        if self.stations[queue as usize].joins && !self.rejoins(slot, queue) {
            return false;
        }
        let station = &mut self.stations[queue as usize];
        station.counts.offered += 1;
        if station.parked {
            self.park(slot, recorder);
            return false;
        }
        if !matches!(station.dispatch, Dispatch::LongestIdle) {
            self.sort_in(slot, queue);
        }
        // Who waits for room has not come to the queue yet.
        let blocks = self.stations[queue as usize].overflow == Overflow::Block;
        let outside = blocks && self.finds_no_room(slot);
        if !outside
            && let Some(expires) = self.starts_time_to_live(slot)
            && !self.hands_over_at_once(slot)
        {
            self.live_until(slot, expires);
        }
        if outside || !blocks && self.finds_no_room(slot) {
            let overflow = self.stations[queue as usize].overflow;
            match overflow {
                Overflow::Block => {
                    let station = &mut self.stations[queue as usize];
                    station.blocked.push_back((slot, holder));
                    station.held_up.up(self.now);
                    station.held_peak = station.held_peak.max(station.held_up.level());
                    self.jobs[slot].state = JobState::Blocked;
                    if self.stations[queue as usize].batching {
                        // With those who wait for room there may be a full batch.
                        self.take_batches(queue);
                    }
                    return true;
                }
                Overflow::DropHead if self.drop_oldest(queue, recorder) => {}
                Overflow::DropHead | Overflow::RejectPublish => {
                    self.lose(slot, Outcome::Rejected, recorder);
                    return false;
                }
            }
        }
        self.admit(slot);
        let station = &mut self.stations[queue as usize];
        station.peak = station.peak.max(station.waiting.level());
        false
    }

    /// A message that has found room: to disk first if need be, then to a server or into the line.
    pub(super) fn admit(&mut self, slot: u32) {
        let queue = self.jobs[slot].queue;
        let station = &mut self.stations[queue as usize];
        if !station.admits_later {
            self.offer(slot);
        } else if station.commit.is_some() {
            self.jobs[slot].state = JobState::Committing;
            station.waiting.up(self.now);
            station.ready += 1;
            self.write(slot);
        } else {
            self.hold_back(slot);
        }
    }

    /// A message may be taken as soon as it is no longer held back, if it is at all.
    pub(super) fn hold_back(&mut self, slot: u32) {
        let (queue, identity) = (self.jobs[slot].queue, self.jobs[slot].identity);
        let station = &mut self.stations[queue as usize];
        let Some(time) = station.policy.deliver_after(identity) else { return self.offer(slot) };
        station.waiting.up(self.now);
        let job = &mut self.jobs[slot];
        job.state = JobState::Delayed;
        let place = job.place as u32;
        self.timer(self.now.saturating_add(time), NetworkEvent::Retry { slot, place });
    }

    /// A message may be taken from now on.
    pub(super) fn offer(&mut self, slot: u32) {
        let queue = self.jobs[slot].queue;
        if self.stations[queue as usize].members.is_some() {
            // Its partition may have become another's.
            self.jobs[slot].lane = self.lane_of(slot, queue);
        }
        let station = &self.stations[queue as usize];
        let dealing = station.prefetching && station.lanes.len() == 1 && station.unlimited.is_none();
        if station.discipline == Discipline::ProcessorSharing {
            self.join(slot);
        } else if station.transits {
            if !self.send_in_turn(slot) {
                self.line_up(slot);
            }
        } else if station.batching {
            self.line_up(slot);
            self.take_batches(queue);
        } else if station.several {
            self.line_up(slot);
            self.take_together(queue);
        } else if station.slots {
            self.line_up(slot);
            self.ask_for_slot(queue);
        } else if dealing {
            if !self.deal(slot) {
                self.line_up_or_interrupt(slot);
            }
        } else if let Some(server) = self.idle_server(slot, queue) {
            self.start(server, slot);
        } else {
            self.line_up_or_interrupt(slot);
        }
    }

    /// Takes the server of a lesser message, if it may, or its place in the line.
    fn line_up_or_interrupt(&mut self, slot: u32) {
        if let Some(server) = self.victim(slot) {
            self.put_aside(server);
            self.start(server, slot);
        } else {
            self.line_up(slot);
        }
    }

    /// Takes its place in the line.
    #[inline(always)]
    pub(super) fn line_up(&mut self, slot: u32) {
        let ticket = self.ticket(slot);
        let job = &mut self.jobs[slot];
        job.state = JobState::Ready;
        let station = &mut self.stations[job.queue as usize];
        station.ready += 1;
        station.waiting.up(self.now);
        station.lanes[job.lane as usize].push(ticket);
        if station.lanes[job.lane as usize].len() as u64 > 2 * station.ready + SPARSE {
            self.sweep(slot);
        }
    }

    /// What each group of a queue would take for a message: as planned where the plan knows, else by its own
    /// chance.
    #[inline(always)]
    pub(super) fn bring_work(&mut self, slot: u32, queue: u32, row: Option<usize>) {
        let station = &self.stations[queue as usize];
        if station.ahead > 0 {
            return;
        }
        let block = self.source.block();
        for (place, &g) in self.jobs.demands(slot).iter_mut().zip(&station.groups) {
            match row.and_then(|row| block.work_for(g as usize).get(row)) {
                Some(work) => *place = *work,
                None => return self.draw_work(slot, queue),
            }
        }
    }

    /// The same where the plan knows nothing of any of the groups.
    #[inline(never)]
    fn draw_work(&mut self, slot: u32, queue: u32) {
        for i in 0..self.stations[queue as usize].groups.len() {
            let group = self.stations[queue as usize].groups[i];
            let again = self.brought_again(slot, group, queue);
            self.jobs.demands(slot)[i] = again.unwrap_or_else(|| self.work(slot, group, queue, 0));
        }
    }

    /// A message after so many deliveries in a queue, as work for its groups.
    pub(super) fn item(&self, slot: u32, queue: u32, earlier: u32) -> WorkItem<'_> {
        WorkItem { message: self.jobs[slot].identity, earlier, brought: self.brings(slot, queue) }
    }

    /// The work of a delivery that is not planned.
    #[inline(never)]
    pub(super) fn work(&self, slot: u32, group: u32, queue: u32, earlier: u32) -> u64 {
        self.groups[group as usize].policy.work.of_message(self.item(slot, queue, earlier))
    }

    /// A message goes on to where its group sends it, if anywhere.
    #[inline(always)]
    pub(super) fn route(&self, slot: u32, group: u32) -> Option<Destination> {
        let policy = &self.groups[group as usize].policy;
        match policy.routes {
            Routes::Out => None,
            Routes::Sure(to) => Some(to),
            Routes::Chance(_) | Routes::ByProducer(_) => {
                let job = &self.jobs[slot];
                policy.route(job.identity, job.deliveries, job.producer)
            }
        }
    }

    /// A message's way is another one from here.
    #[inline(always)]
    pub(super) fn turn(&mut self, slot: u32) {
        let job = &mut self.jobs[slot];
        job.identity = job.identity.forwarded(job.deliveries);
    }

    /// A message goes on.
    #[inline(never)]
    pub(super) fn forward<R: Recorder>(
        &mut self,
        slot: u32,
        to: Destination,
        holder: u32,
        recorder: &mut R,
    ) -> u32 {
        self.turn(slot);
        self.send(slot, to, holder, None, recorder)
    }
}
