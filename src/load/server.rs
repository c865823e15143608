//! A server of a consumer group: takes a message or a batch, spends its demand, settles and forwards, over and over.

use super::chance::Journey;
use super::clock::Clock;
use super::lives::{Lives, Who};
use super::score::Score;
use super::targets::{Sent, Taken, Target, Want};
use super::work::Worker;
use crate::message::Overrun;
use crate::scenario::{Ack, Consumer, Destination};

/// Which server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Post {
    pub group: usize,
    pub server: u32,
}

/// What a server noticed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notes {
    /// Messages that came although they had been taken, or that were never in the plan.
    pub duplicated: u64,
    /// First deliveries that came after a later message of the same line.
    pub disordered: u64,
    /// Settlements that the target would not have.
    pub unsettled: u64,
    /// Nanoseconds of service that were planned, and that it really took.
    pub planned: u64,
    pub real: u64,
}

impl Notes {
    pub fn merge(&mut self, other: &Notes) {
        self.duplicated += other.duplicated;
        self.disordered += other.disordered;
        self.unsettled += other.unsettled;
        self.planned += other.planned;
        self.real += other.real;
    }
}

/// A server with all that it needs.
pub struct Server<'a, 'w, C> {
    pub worker: &'w mut Worker<'a, C>,
    pub score: &'w Score<'w>,
    pub target: &'w dyn Target,
    pub lives: &'w Lives,
    pub start: u64,
    pub post: Post,
    /// What its services took longer than planned.
    pub overruns: Vec<Overrun>,
}

impl<C: Clock> Server<'_, '_, C> {
    /// Serves until its queue is closed and settled, or the target halted. Once the worker is stopped it works no more.
    pub fn serve(&mut self) -> Notes {
        let (want, queue) = (self.want(), self.queue());
        let batches = self.consumer().batch.is_some();
        let (mut notes, mut last) = (Notes::default(), None);
        let mut hand = Vec::with_capacity(want.max);
        while self.take(&want, &mut hand) {
            if batches {
                self.work(&hand, &mut notes, &mut last);
                hand.clear();
            }
            // The window slides: what is done makes room for another, which waits here and no longer in the queue.
            while !hand.is_empty() {
                self.work(&hand[..1], &mut notes, &mut last);
                hand.remove(0);
                if want.max > 1 && !self.worker.pacer.stopped() {
                    self.target.refill(queue, &Want { max: want.max - hand.len(), ..want }, 0, &mut hand);
                }
            }
        }
        notes
    }

    /// Takes a message, a window of them or a whole batch; false once there are none any more.
    fn take(&self, want: &Want, hand: &mut Vec<Taken>) -> bool {
        let _baton = self.score.baton(self.post.group);
        let taken = self.target.consume(self.queue(), want, hand);
        if taken && self.consumer().batch.is_some() {
            self.fill(want, hand);
        }
        taken
    }

    fn queue(&self) -> usize {
        self.score.groups[self.post.group].queue
    }

    fn consumer(&self) -> &Consumer {
        &self.score.scenario.consumers[self.post.group]
    }

    fn want(&self) -> Want {
        let consumer = self.consumer();
        if let Some(window) = self.score.window(self.post.group, self.post.server) {
            return Want { max: 1, part: window };
        }
        let partitioned = self.score.scenario.queues[consumer.from].partitions.is_some();
        Want {
            max: consumer.batch.map_or(consumer.prefetch, |b| b.max).max(1) as usize,
            part: if partitioned { self.post.server as usize } else { 0 },
        }
    }

    /// Waits for the rest of a batch until its first message has waited for the linger.
    fn fill(&self, want: &Want, hand: &mut Vec<Taken>) {
        let linger = self.consumer().batch.map_or(0, |b| self.score.chance.played(b.linger));
        let first = hand.first().map(|taken| taken.message as usize).filter(|&message| message < self.score.len());
        let sent = first.and_then(|message| self.lives.past(self.life(message)).sent).unwrap_or(0);
        let until = self.start + sent + linger;
        while hand.len() < want.max && self.worker.pacer.now() < until && !self.worker.pacer.stopped() {
            self.target.refill(self.queue(), &Want { max: want.max - hand.len(), ..*want }, until, hand);
        }
    }

    /// Spends the demand of messages that are served together, and settles them.
    fn work(&mut self, batch: &[Taken], notes: &mut Notes, last: &mut Option<usize>) {
        if self.worker.pacer.stopped() {
            // What is not settled would be waited for.
            batch.iter().for_each(|taken| self.acknowledge(taken, &mut Notes::default()));
            return;
        }
        let at = self.worker.pacer.now();
        let taken_at = at.saturating_sub(self.start);
        if self.consumer().ack == Ack::Auto {
            batch.iter().for_each(|taken| self.acknowledge(taken, notes));
        }
        let group = self.post.group;
        let mut known = batch.iter().filter(|t| (t.message as usize) < self.score.len()).map(|t| (self.journey(t), t.deliveries));
        let first = known.clone().next();
        let planned = match self.consumer().batch {
            Some(_) => self.score.work(group, known),
            None => known.next().map_or(0, |(journey, deliveries)| self.score.demand(group, journey, deliveries)),
        };
        let done = self.worker.spend(at, planned);
        for taken in batch {
            let message = taken.message as usize;
            if message >= self.score.len() {
                notes.duplicated += 1;
                self.acknowledge(taken, &mut Notes::default());
                continue;
            }
            let who = Who { group: group as u32, server: self.post.server, deliveries: taken.deliveries };
            notes.duplicated += u64::from(!self.lives.take(self.life(message), taken_at, who));
            self.lives.work(self.life(message), done.saturating_sub(at));
            if taken.deliveries == 1 {
                notes.disordered += u64::from(self.score.groups[group].ordered && *last > Some(message));
                *last = Some(message);
            }
            self.settle(taken, done, notes);
        }
        if !self.worker.pacer.stopped() {
            let real = done.saturating_sub(at);
            notes.planned += planned;
            notes.real += real;
            self.overruns.extend(first.map(|(journey, deliveries)| Overrun {
                consumer: group as u32,
                message: journey.message as u64,
                count: journey.path.wrapping_add(deliveries.saturating_sub(1).into()),
                nanos: real as i64 - planned as i64,
            }));
        }
    }

    fn journey(&self, taken: &Taken) -> Journey {
        let message = taken.message as usize;
        let life = |queue: usize| queue * self.score.len() + message;
        let came = |queue: &usize| self.lives.past(life(*queue)).sent.is_some();
        let sent = Journey { message, path: self.lives.path(self.life(message)) };
        // What nobody sent here has been thrown here.
        let from = self.score.dead_from(self.queue()).filter(|_| !came(&self.queue())).find(came);
        from.map_or(sent, |queue| Journey { message, path: self.lives.path(life(queue)) }.dead())
    }

    fn life(&self, message: usize) -> usize {
        self.queue() * self.score.len() + message
    }

    /// A message's work is over: it is done, or it failed and comes again.
    fn settle(&mut self, taken: &Taken, done: u64, notes: &mut Notes) {
        let (group, consumer, journey) = (self.post.group, self.consumer(), self.journey(taken));
        let life = self.life(journey.message);
        if self.worker.pacer.stopped() {
            self.acknowledge(taken, &mut Notes::default());
        } else if self.score.chance.fails(consumer, group, journey, taken.deliveries) {
            let delay = self.score.chance.retry_delay(consumer, group, journey, taken.deliveries);
            let kept = self.target.nack(self.queue(), taken, delay);
            notes.unsettled += u64::from(!kept && !self.score.groups[group].leased);
        } else {
            self.lives.finish(life, done.saturating_sub(self.start));
            self.forward(journey, taken.deliveries);
            if consumer.ack == Ack::Manual {
                self.acknowledge(taken, notes);
            }
        }
    }

    fn acknowledge(&self, taken: &Taken, notes: &mut Notes) {
        let settled = self.target.ack(self.queue(), taken);
        // A lease that has run out is a redelivery and no fault of the target.
        notes.unsettled += u64::from(!settled && !self.score.groups[self.post.group].leased);
    }

    /// Sends a processed message on, before it is acknowledged: it may come twice but is not lost.
    fn forward(&self, journey: Journey, deliveries: u32) {
        let consumer = self.consumer();
        if consumer.to.is_empty() {
            return;
        }
        let chance = self.score.chance.route(self.post.group, journey, deliveries);
        let mut sum = 0.0;
        let route = consumer.to.iter().find(|route| {
            sum += route.probability;
            // A sum of probabilities that is 1 but for rounding is 1.
            chance <= if sum > 1.0 - 1e-9 { 1.0 } else { sum }
        });
        if let Some(route) = route {
            let now = self.worker.pacer.now().saturating_sub(self.start);
            send(self.score, self.target, self.lives, route.to, journey.branch(deliveries.into()), now);
        }
    }
}

/// Sends a message to a destination at an instant from the start; false once the target is closed.
pub fn send(score: &Score<'_>, target: &dyn Target, lives: &Lives, to: Destination, journey: Journey, at: u64) -> bool {
    let mut open = true;
    score.deliver(to, journey, target, |queue, journey| {
        let life = queue * score.len() + journey.message;
        if journey.path != 0 {
            lives.come_by(life, journey.path);
        }
        lives.send(life, at);
        match target.publish(queue, &score.offer(queue, journey)) {
            Sent::Accepted => {}
            Sent::Rejected => lives.refuse(life),
            Sent::Closed => open = false,
        }
    });
    open
}

#[cfg(test)]
mod tests {
    use super::super::clock::Fake;
    use super::super::pacing::{MARGIN, Pacer};
    use super::super::targets::{Lost, Offer};
    use super::*;
    use crate::scenario::{Scenario, Work};
    use crate::workload::Block;
    use crate::workload::laws::Law;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicBool;

    /// Hands out the messages that it was made with.
    struct Script(Mutex<Vec<u64>>);

    impl Target for Script {
        fn publish(&self, _: usize, _: &Offer) -> Sent {
            Sent::Closed
        }
        fn consume(&self, _: usize, _: &Want, out: &mut Vec<Taken>) -> bool {
            let message = self.0.lock().expect("no thread panicked").pop();
            out.extend(message.map(|message| Taken { message, deliveries: 1, tag: 0, part: 0 }));
            message.is_some()
        }
        fn refill(&self, _: usize, _: &Want, _: u64, _: &mut Vec<Taken>) {}
        fn ack(&self, _: usize, taken: &Taken) -> bool {
            taken.message != 2
        }
        fn nack(&self, _: usize, _: &Taken, _: u64) -> bool {
            false
        }
        fn close(&self, _: usize) {}
        fn halt(&self) {}
        fn in_system(&self, _: usize) -> Option<u64> {
            None
        }
        fn lost(&self) -> Vec<Lost> {
            Vec::new()
        }
    }

    #[test]
    fn faults_of_a_target_are_counted() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 1);
        let plan = Block { due: vec![0; 4], sent: vec![0; 4], demand: vec![vec![1_000_000; 4]], ..Block::default() };
        let score = Score::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let (clock, stop, lives) = (Fake { read: 20, ..Fake::default() }, AtomicBool::new(false), Lives::new(4));
        let mut worker = Worker::new(Pacer::new(&clock, &stop, MARGIN), &clock, Work::Auto);
        let target = Script(Mutex::new(vec![9, 1, 2, 3, 1, 0]));
        let post = Post { group: 0, server: 0 };
        let mut server =
            Server { worker: &mut worker, score: &score, target: &target, lives: &lives, start: 0, post, overruns: Vec::new() };
        let notes = server.serve();
        // 1 came twice and 9 is unknown; 2 came after 3 and 1 after 2; 2 was not to be settled.
        assert_eq!((notes.duplicated, notes.disordered, notes.unsettled), (2, 2, 1));
        assert_eq!(notes.planned, 5_000_000);
        assert!((5_000_000..5_000_500).contains(&notes.real), "{}", notes.real);
        let past = lives.past(0);
        let spent = past.finished.expect("served") - past.taken.expect("served").0;
        assert!((1_000_000..1_000_100).contains(&spent), "{spent}");
    }
}
