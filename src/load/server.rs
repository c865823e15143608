//! A server of a consumer group: takes a message or a batch, spends its demand, settles and forwards, over and over.

use super::clock::Clock;
use super::floor::Floor;
use super::message_copy::MessageCopy;
use super::outages::Breaks;
use super::roster::Duty;
use super::stays::{Origin, Who};
use super::targets::{Publisher, Receiver, Taken};
use super::work::Worker;
use crate::message::Overrun;
use crate::scenario::{Ack, Consumer};
use std::sync::atomic::Ordering;

/// How often a server that breaks looks whether all is over, in nanoseconds.
const LOOK: u64 = 20_000_000;

/// Which server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Post {
    pub group: usize,
    pub server: u32,
}

/// What a server noticed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// Messages that came although they had been taken, that were done twice, or that were never in the plan.
    pub duplicated: u64,
    /// First deliveries that came after a later message of the same line.
    pub disordered: u64,
    /// Settlements that the target would not have.
    pub unsettled: u64,
    /// What was planned and what it came to, in the first half of the run and in the second.
    pub halves: [Spent; 2],
}

/// A delivery whose work is over.
struct Case<'t> {
    taken: &'t Taken,
    stay: usize,
    copy: MessageCopy,
    who: Who,
    /// When its work was over, by the run's clock.
    done: u64,
    /// Whether the target would have its acknowledgement, if that came before the work.
    acknowledged: Option<bool>,
}

/// Nanoseconds of service that were planned, and that it really took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub planned: u64,
    pub real: u64,
}

impl Spent {
    pub(super) fn plus(self, other: Spent) -> Spent {
        Spent { planned: self.planned + other.planned, real: self.real + other.real }
    }

    /// By what share it took longer than planned.
    pub(super) fn overrun(self) -> Option<f64> {
        (self.planned > 0).then(|| self.real as f64 / self.planned as f64 - 1.0)
    }
}

impl Notes {
    pub(super) fn merge(&mut self, other: &Notes) {
        self.duplicated += other.duplicated;
        self.disordered += other.disordered;
        self.unsettled += other.unsettled;
        self.halves = [self.halves[0].plus(other.halves[0]), self.halves[1].plus(other.halves[1])];
    }

    /// All services together.
    pub(super) fn spent(&self) -> Spent {
        self.halves[0].plus(self.halves[1])
    }
}

/// A server's handles of the target.
pub(super) struct Hands<'w> {
    pub receiver: Box<dyn Receiver + 'w>,
    /// Of a server that sends messages on.
    pub publisher: Option<Box<dyn Publisher + 'w>>,
}

/// A server with all that it needs.
pub(super) struct Server<'a, 'w, C> {
    pub worker: &'w mut Worker<'a, C>,
    pub floor: Floor<'w>,
    hands: Hands<'w>,
    pub start: u64,
    pub post: Post,
    /// What its services took longer than planned.
    pub overruns: Vec<Overrun>,
    /// When it breaks, if it does, and until when it is down in a service that it did not end.
    breaks: Option<Breaks<'w>>,
    down_until: Option<u64>,
}

impl<'a, 'w, C: Clock> Server<'a, 'w, C> {
    /// A server that has room to tell of so many services.
    pub(super) fn new(worker: &'w mut Worker<'a, C>, floor: Floor<'w>, hands: Hands<'w>, start: u64, post: Post, room: usize) -> Self {
        Server { worker, floor, hands, start, post, overruns: Vec::with_capacity(room), breaks: None, down_until: None }
    }

    /// Serves until its queue is closed and settled, or the target halted. Once the worker is stopped it works no more.
    pub(super) fn serve(&mut self) -> Notes {
        let most = self.most();
        let batches = self.consumer().batch.is_some();
        let (mut notes, mut last) = (Notes::default(), None);
        let mut hand = Vec::with_capacity(most);
        self.breaks = Breaks::of(self.floor.score, self.post);
        while self.take(most, &mut hand) {
            if batches {
                self.work(&hand, &mut notes, &mut last);
                hand.clear();
            }
            // The window slides: what is done makes room for another, which waits here and no longer in the queue.
            while !hand.is_empty() {
                self.work(&hand[..1], &mut notes, &mut last);
                hand.remove(0);
                if most > 1 && !self.worker.pacer.stopped() {
                    self.hands.receiver.take(most - hand.len(), 0, &mut hand);
                }
            }
        }
        notes
    }

    /// Takes a message, a window of them or a whole batch; false once there are none any more.
    fn take(&mut self, most: usize, hand: &mut Vec<Taken>) -> bool {
        if self.breaks.is_some() {
            return self.take_while_up(most, hand);
        }
        if self.floor.rosters[self.post.group].is_some() {
            return self.take_on_duty(most, hand);
        }
        let score = self.floor.score;
        let _baton = score.baton(self.post.group);
        let taken = self.hands.receiver.take(most, u64::MAX, hand);
        self.fill(most, hand);
        taken
    }

    /// Takes what comes until an instant of the run's clock.
    fn take_until(&mut self, until: u64, most: usize, hand: &mut Vec<Taken>) {
        let score = self.floor.score;
        let _baton = score.baton(self.post.group);
        self.hands.receiver.take(most, until, hand);
        self.fill(most, hand);
    }

    /// Takes a message while it is on duty.
    fn take_on_duty(&mut self, most: usize, hand: &mut Vec<Taken>) -> bool {
        let (rosters, server) = (self.floor.rosters, self.post.server);
        let Some(roster) = &rosters[self.post.group] else { return false };
        roster.set_busy(server, 0);
        while !self.floor.closed.load(Ordering::SeqCst) && !self.worker.pacer.stopped() {
            let now = self.worker.pacer.now().saturating_sub(self.start);
            match roster.duty(server, now) {
                Duty::Off => roster.wait(LOOK),
                Duty::Starting(at) => self.stay_down(at),
                Duty::On => {
                    let until = roster.next().min(now + LOOK).max(now + 1_000_000);
                    self.take_until(self.start + until, most, hand);
                }
            }
            if !hand.is_empty() {
                roster.set_busy(server, hand.len() as u64);
                return true;
            }
        }
        false
    }

    /// Takes a message between breaks, which an idle server has, too.
    fn take_while_up(&mut self, most: usize, hand: &mut Vec<Taken>) -> bool {
        while !self.floor.closed.load(Ordering::SeqCst) && !self.worker.pacer.stopped() {
            let Some(breaks) = &mut self.breaks else { return false };
            // One that breaks only while it works looks again at times, whether all is over.
            let now = self.worker.pacer.now().saturating_sub(self.start);
            let next = breaks.when_idle().unwrap_or(now + LOOK);
            if next <= now {
                let repaired = breaks.breaks(next);
                self.stay_down(repaired);
                continue;
            }
            self.take_until(self.start + next.min(now + LOOK), most, hand);
            if !hand.is_empty() {
                return true;
            }
        }
        false
    }

    /// Does nothing until it is repaired, or all is over.
    fn stay_down(&mut self, until: u64) {
        loop {
            let now = self.worker.pacer.now().saturating_sub(self.start);
            if now >= until || self.floor.closed.load(Ordering::SeqCst) || self.worker.pacer.stopped() {
                return;
            }
            self.worker.pacer.wait_until(self.start + until.min(now + LOOK));
        }
    }

    /// Spends a demand, breaks included. Says when it was over, how much of that it was down, and whether the work was done.
    fn spend(&mut self, at: u64, planned: u64) -> (u64, u64, bool) {
        let (mut from, mut left, mut down) = (at, planned, 0);
        loop {
            let since = from.saturating_sub(self.start);
            let Some((breaks, broken)) = self.breaks.as_mut().and_then(|b| b.within(since, left).map(|at| (b, at))) else {
                let done = self.worker.spend(from, left);
                self.breaks.iter_mut().for_each(|b| b.worked(left));
                return (done, down, true);
            };
            let repaired = breaks.breaks(broken);
            let resumes = breaks.resumes();
            let done = self.worker.spend(from, broken - since);
            if !resumes {
                self.down_until = Some(repaired);
                return (done, down, false);
            }
            left -= broken - since;
            down += repaired - broken;
            self.stay_down(repaired);
            from = self.start + repaired;
        }
    }

    fn queue(&self) -> usize {
        self.floor.score.groups[self.post.group].queue
    }

    fn lease(&self) -> Option<u64> {
        self.floor.score.groups[self.post.group].lease
    }

    fn consumer(&self) -> &'w Consumer {
        &self.floor.score.scenario.consumers[self.post.group]
    }

    /// How many messages it holds at most: those of a batch, or of its window where no dealer hands them out one by one.
    fn most(&self) -> usize {
        let consumer = self.consumer();
        match self.floor.score.window(self.post.group, self.post.server) {
            Some(_) => 1,
            None => consumer.batch.map_or(consumer.prefetch, |b| b.max).max(1) as usize,
        }
    }

    /// Waits for the rest of a batch, if it is one, until its first message has waited for the linger.
    fn fill(&mut self, most: usize, hand: &mut Vec<Taken>) {
        let Some(batch) = self.consumer().batch else { return };
        let linger = self.floor.score.rules.scale.nanos(batch.linger);
        let Some((stay, _)) = hand.first().and_then(|taken| self.stay(taken)) else { return };
        let until = self.start + self.floor.stays.sent(stay) + linger;
        while hand.len() < most && self.worker.pacer.now() < until && !self.worker.pacer.stopped() {
            self.hands.receiver.take(most - hand.len(), until, hand);
        }
        if self.lease().is_some() && linger > 0 {
            // A batch is taken when it is whole. What was taken away meanwhile is somebody else's.
            hand.retain_mut(|taken| self.hands.receiver.extend(taken));
        }
    }

    /// The stay that a delivery belongs to, and its message's way; `None` if nobody has ever sent it.
    fn stay(&self, taken: &Taken) -> Option<(usize, MessageCopy)> {
        let (mut stay, queue) = (taken.message as usize, self.queue() as u32);
        let mut origin = *self.floor.stays.origin(stay)?;
        // What was sent to another queue has been thrown here from there, maybe by way of others.
        while origin.queue != queue {
            let next = self.floor.score.scenario.queues[origin.queue as usize].dead_letter?;
            let dead = origin.thrown(next as u32, stay);
            let now = self.worker.pacer.now().saturating_sub(self.start);
            stay = self.floor.stays.afterlife(stay, || self.floor.stays.begin(dead, now))?;
            origin = dead;
        }
        Some((stay, origin.copy))
    }

    /// Spends the demand of messages that are served together, and settles them.
    fn work(&mut self, batch: &[Taken], notes: &mut Notes, last: &mut Option<u64>) {
        if self.worker.pacer.stopped() {
            // What is not settled would be waited for.
            batch.iter().for_each(|taken| _ = self.acknowledge(taken, &mut Notes::default()));
            return;
        }
        let at = self.worker.pacer.now();
        let taken_at = at.saturating_sub(self.start);
        let group = self.post.group;
        let auto = self.consumer().ack == Ack::Auto;
        // Between its acknowledgement and its end a message is in no queue.
        let early = auto || self.lease().is_some();
        self.floor.busy.fetch_add(u64::from(early), Ordering::SeqCst);
        let acknowledged: Vec<bool> = if auto { batch.iter().map(|taken| self.acknowledge(taken, notes)).collect() } else { Vec::new() };
        let known: Vec<(&Taken, Option<(usize, MessageCopy)>)> = batch.iter().map(|taken| (taken, self.stay(taken))).collect();
        let mut journeys = known.iter().filter_map(|(taken, stay)| stay.map(|(_, copy)| (copy, taken.deliveries)));
        let first = journeys.clone().next();
        let planned = match self.consumer().batch {
            Some(_) => self.floor.score.work(group, journeys),
            None => journeys.next().map_or(0, |(copy, deliveries)| self.floor.score.demand(group, copy, deliveries)),
        };
        let (done, down, whole) = self.spend(at, planned);
        let planned = planned + down;
        for (at_hand, (taken, stay)) in known.into_iter().enumerate() {
            let Some((stay, copy)) = stay else {
                notes.duplicated += 1;
                self.acknowledge(taken, &mut Notes::default());
                continue;
            };
            let who = Who { group: group as u32, server: self.post.server, deliveries: taken.deliveries };
            notes.duplicated += u64::from(!self.floor.stays.take(stay, taken_at, who));
            if taken.deliveries == 1 {
                notes.disordered += u64::from(self.floor.score.groups[group].ordered && *last > Some(taken.message));
                *last = Some(taken.message);
            }
            let case = Case { taken, stay, copy, who, done, acknowledged: acknowledged.get(at_hand).copied() };
            let counts = if whole { self.settle(&case, notes) } else { self.give_back(&case, notes) };
            // What timed out was in service until then, and waits or is in another's since.
            let until = if counts { done } else { done.min(taken.until) };
            self.floor.stays.work(stay, until.saturating_sub(at));
        }
        self.floor.busy.fetch_sub(u64::from(early), Ordering::SeqCst);
        if let Some(repaired) = self.down_until.take() {
            self.stay_down(repaired);
        } else if !self.worker.pacer.stopped() {
            let real = done.saturating_sub(at);
            let half = &mut notes.halves[usize::from(taken_at > self.floor.score.span() / 2)];
            *half = half.plus(Spent { planned, real });
            self.overruns.extend(first.map(|(copy, deliveries)| Overrun {
                consumer: group as u32,
                message: copy.identity.number,
                count: copy.identity.count(deliveries.saturating_sub(1)),
                nanos: real as i64 - planned as i64,
            }));
        }
    }

    /// A server that breaks has done nothing: another takes the message, unless it was acknowledged beforehand. Says whether that counts.
    fn give_back(&mut self, case: &Case, notes: &mut Notes) -> bool {
        match case.acknowledged {
            Some(counts) => self.lost_if(counts, case),
            None => self.nack(case, 0, notes),
        }
    }

    /// A message's work is over: it is done, or it failed and comes again. Says whether that counts: it does not after the delivery timed out.
    fn settle(&mut self, case: &Case, notes: &mut Notes) -> bool {
        let (group, deliveries) = (self.post.group, case.taken.deliveries);
        if self.worker.pacer.stopped() {
            return match case.acknowledged {
                Some(counts) => counts,
                None => self.acknowledge(case.taken, &mut Notes::default()),
            };
        }
        let rules = &self.floor.score.rules;
        if rules.fails(group, case.copy, deliveries) {
            let delay = rules.consumers[group].retry_delay(case.copy.identity, deliveries);
            return match case.acknowledged {
                Some(counts) => self.lost_if(counts, case),
                None => self.nack(case, delay, notes),
            };
        }
        if case.acknowledged.is_none() && self.lease().is_none() {
            // Sent on before it is acknowledged: it may come twice but is not lost.
            if self.done(case) {
                self.forward(case);
            }
            return self.acknowledge(case.taken, notes);
        }
        // Where another may have it, only the acknowledgement tells who has done it.
        let counts = match case.acknowledged {
            Some(counts) => counts,
            None => self.acknowledge(case.taken, notes),
        };
        if counts {
            notes.duplicated += u64::from(!self.done(case));
            self.forward(case);
        }
        counts
    }

    fn done(&self, case: &Case) -> bool {
        self.floor.stays.finish(case.stay, case.done.saturating_sub(self.start), case.who)
    }

    /// What failed after it was acknowledged is lost, if that acknowledgement counted.
    fn lost_if(&self, counts: bool, case: &Case) -> bool {
        if counts {
            let at = case.done.saturating_sub(self.start);
            self.floor.stays.fail(case.stay, at);
            self.floor.clients.less(self.floor.stays.origin(case.stay).and_then(|o| o.client), at);
        }
        counts
    }

    /// Gives a message back. Said beforehand, for it may come again at once.
    fn nack(&mut self, case: &Case, delay: u64, notes: &mut Notes) -> bool {
        self.floor.stays.give_back(case.stay);
        let kept = self.hands.receiver.nack(case.taken, delay);
        if !kept {
            self.floor.stays.not_given_back(case.stay);
            notes.unsettled += u64::from(!self.may_be_over(case.taken));
        }
        kept
    }

    /// Says that a message is done, and whether the target will have it.
    fn acknowledge(&mut self, taken: &Taken, notes: &mut Notes) -> bool {
        let settled = self.hands.receiver.ack(taken);
        notes.unsettled += u64::from(!settled && !self.may_be_over(taken));
        settled
    }

    /// Whether the time in which a delivery is to be settled may be over, which is no fault of the target: the queue had its message for
    /// that long.
    fn may_be_over(&self, taken: &Taken) -> bool {
        let (now, stays) = (self.worker.pacer.now().saturating_sub(self.start), self.floor.stays);
        let sent = self.stay(taken).map_or(0, |(stay, _)| stays.sent(stay).min(stays.sent(taken.message as usize)));
        self.lease().is_some_and(|lease| now >= sent + lease)
    }

    /// Sends a processed message on.
    fn forward(&mut self, case: &Case) {
        let (stay, copy, deliveries) = (case.stay, case.copy, case.taken.deliveries);
        let Some(origin) = self.floor.stays.origin(stay) else { return };
        let to = self.floor.score.rules.consumers[self.post.group].route(copy.identity, deliveries, copy.producer);
        let now = self.worker.pacer.now().saturating_sub(self.start);
        if let Some(to) = to {
            // Its copies are counted before it is no more.
            let onward = Origin { copy: copy.forwarded(deliveries), before: Some(stay), topic: None, dead: false, ..*origin };
            if let Some(publisher) = &mut self.hands.publisher {
                let (worker, start) = (&self.worker, self.start);
                self.floor.send(publisher.as_mut(), to, onward, now, || worker.pacer.now().saturating_sub(start));
            }
        }
        self.floor.clients.less(origin.client, now);
    }
}

#[cfg(test)]
mod tests {
    use super::super::clients::Clients;
    use super::super::clock::Fake;
    use super::super::message_copy::MessageCopy;
    use super::super::pacing::{MARGIN, Pacer};
    use super::super::score::Score;
    use super::super::stays::Stays;
    use super::super::targets::{Direct, Offer, Sent, SharedQueue, Subscription, Target};
    use super::*;
    use crate::scenario::{Scenario, Work};
    use crate::workload::Block;
    use crate::workload::laws::Law;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicU64};

    /// Hands out the messages that it was made with, each with the number of its delivery.
    struct Script(Mutex<Vec<(u64, u32)>>);

    impl SharedQueue for Script {
        fn publish(&self, _: usize, _: &Offer) -> Sent {
            Sent::Closed
        }
        fn consume(&self, _: Subscription, _: usize, out: &mut Vec<Taken>) -> bool {
            let message = self.0.lock().expect("no thread panicked").pop();
            out.extend(message.map(|(message, deliveries)| Taken { message, deliveries, tag: 0, part: 0, until: u64::MAX }));
            message.is_some()
        }
        fn ack(&self, _: usize, taken: &Taken) -> bool {
            taken.message != 2
        }
        fn close(&self, _: usize) {}
        fn halt(&self) {}
        fn in_system(&self, _: usize) -> Option<u64> {
            None
        }
    }

    fn hands(target: &Direct<Script>) -> Hands<'_> {
        let receiver = target.receiver(Subscription { queue: 0, part: 0 }).expect("a handle");
        Hands { receiver, publisher: None }
    }

    #[test]
    fn faults_of_a_target_are_counted() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 1);
        let plan = Block { due: vec![0; 4], sent: vec![0; 4], demand: vec![vec![1_000_000; 4]], ..Block::default() };
        let score = Score::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let (clock, stop, stays) = (Fake { read: 20, ..Fake::default() }, AtomicBool::new(false), Stays::new(4, 4));
        for id in 0..4 {
            let copy = MessageCopy::planned(id, 0);
            stays.begin(Origin::new(id, 0, copy), 0).expect("room");
        }
        let (clients, busy, closed) = (Clients::new(&score), AtomicU64::new(0), AtomicBool::new(false));
        let mut worker = Worker::new(Pacer::new(&clock, &stop, MARGIN), &clock, Work::Auto);
        let target = Direct(Script(Mutex::new([9, 1, 2, 3, 1, 0].map(|message| (message, 1)).to_vec())));
        let post = Post { group: 0, server: 0 };
        let floor =
            Floor { score: &score, target: &target, stays: &stays, clients: &clients, busy: &busy, rosters: &[None], closed: &closed };
        let mut server = Server::new(&mut worker, floor, hands(&target), 0, post, 0);
        let notes = server.serve();
        // 1 came twice and 9 is unknown; 2 came after 3 and 1 after 2; 2 was not to be settled.
        assert_eq!((notes.duplicated, notes.disordered, notes.unsettled), (2, 2, 1));
        let spent = notes.spent();
        assert_eq!(spent.planned, 5_000_000);
        assert!((5_000_000..5_000_500).contains(&spent.real), "{spent:?}");
        assert!(server.overruns.iter().all(|o| o.nanos < 100));
        let past = stays.past(0);
        let spent = past.finished.expect("served") - past.taken.expect("served").0;
        assert!((1_000_000..1_000_100).contains(&spent), "{spent}");
    }

    /// What a server of a queue whose deliveries time out after so many seconds notices of services of a millisecond.
    fn notes_of(timeout: f64, script: Vec<(u64, u32)>) -> Notes {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(0.001), 1);
        scenario.queues[0].visibility_timeout = Some(timeout);
        let plan = Block { due: vec![0; 4], sent: vec![0; 4], demand: vec![vec![1_000_000; 4]], ..Block::default() };
        let score = Score::new(&scenario, &plan).expect("it can be played");
        let (clock, stop, stays) = (Fake { read: 20, ..Fake::default() }, AtomicBool::new(false), Stays::new(4, 4));
        for id in 0..4 {
            stays.begin(Origin::new(id, 0, MessageCopy::planned(id, 0)), 0).expect("room");
        }
        let (clients, busy, closed) = (Clients::new(&score), AtomicU64::new(0), AtomicBool::new(false));
        let mut worker = Worker::new(Pacer::new(&clock, &stop, MARGIN), &clock, Work::Auto);
        let target = Direct(Script(Mutex::new(script)));
        let post = Post { group: 0, server: 0 };
        let floor =
            Floor { score: &score, target: &target, stays: &stays, clients: &clients, busy: &busy, rosters: &[None], closed: &closed };
        let notes = Server::new(&mut worker, floor, hands(&target), 0, post, 0).serve();
        assert_eq!(busy.into_inner(), 0);
        notes
    }

    #[test]
    fn only_what_is_in_time_may_be_acknowledged_and_only_once() {
        // Message 2 is never to be settled: after a millisecond and two that may be so for a timeout of two, and not for one of an hour.
        let faults = |notes: Notes| (notes.duplicated, notes.disordered, notes.unsettled);
        assert_eq!(faults(notes_of(0.002, vec![(2, 1), (1, 1), (0, 1)])), (0, 0, 0));
        assert_eq!(faults(notes_of(3600.0, vec![(2, 1), (1, 1), (0, 1)])), (0, 0, 1));
        assert_eq!(faults(notes_of(0.002, vec![(1, 2), (1, 1), (0, 1)])), (1, 0, 0), "both acknowledgements of 1 were accepted");
    }

    #[test]
    fn what_the_host_takes_from_a_service_is_told() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 1);
        let plan = Block { due: vec![0; 2], sent: vec![0; 2], demand: vec![vec![1_000_000; 2]], ..Block::default() };
        let score = Score::new(&scenario, &plan).expect("the scenario is the simplest there is");
        // The program stands still from the middle of the second service until 300 µs after its end.
        let clock = Fake { read: 20, stall: Some((1_500_000, 800_000)), ..Fake::default() };
        let (stop, stays) = (AtomicBool::new(false), Stays::new(2, 2));
        for id in 0..2 {
            stays.begin(Origin::new(id, 0, MessageCopy::planned(id, 0)), 0).expect("room");
        }
        let (clients, busy, closed) = (Clients::new(&score), AtomicU64::new(0), AtomicBool::new(false));
        let mut worker = Worker::new(Pacer::new(&clock, &stop, MARGIN), &clock, Work::Auto);
        let target = Direct(Script(Mutex::new(vec![(1, 1), (0, 1)])));
        let post = Post { group: 0, server: 0 };
        let floor =
            Floor { score: &score, target: &target, stays: &stays, clients: &clients, busy: &busy, rosters: &[None], closed: &closed };
        let mut server = Server::new(&mut worker, floor, hands(&target), 0, post, 0);
        let spent = server.serve().spent();
        let near = |nanos: i64, expected: i64| (nanos - expected).abs() < 500;
        assert!(near(spent.real as i64 - spent.planned as i64, 300_000), "{spent:?}");
        let overruns: Vec<i64> = server.overruns.iter().map(|o| o.nanos).collect();
        assert!(near(overruns[0], 0) && near(overruns[1], 300_000), "{overruns:?}");
        assert!(stays.past(1).finished.is_some_and(|at| near(at as i64, 2_300_000)));
    }
}
