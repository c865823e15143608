//! One queue with servers that are alike, event by event, in whatever order its messages are taken.
//!
//! It plays what the event engine plays where nothing can happen but waiting and service, to the nanosecond.
//! Of a server only its number is known: an idle one is a place in a line, a busy one stands in the calendar
//! together with the message that it has. So the record of that message is all that an event looks for
//! anywhere in memory, however many servers there are.

use super::days::{Days, Due, USUAL};
use super::idle::Idle;
use super::integral::TimeIntegral;
use super::network::{MANY_SERVERS, Sender, is_plain, key_of, order, sender};
use super::{BlockedSenders, Engine, GroupTotals, LevelSampler, QueueCounts, QueueTotals, Totals};
use crate::behaviour::{Draws, QueuePolicy, TimeScale};
use crate::discipline::{ServiceOrder as _, Ticket, Waiting};
use crate::message::{Level, Message, Outcome, Record, Recorder};
use crate::rng::Key;
use crate::scenario::{Destination, Discipline, Producer, Scenario, Servers};
use crate::workload::Blocks;

/// Plays a plan through one queue with one group of servers.
pub struct OneStage<S> {
    source: S,
    cursor: usize,
    /// When the next planned message comes; `u64::MAX` when there is none.
    planned: u64,
    now: u64,
    sampler: LevelSampler,
    senders: Vec<Sender>,
    servers: u64,
    discipline: Discipline,
    line: Waiting,
    idle: Idle,
    ends: Days<EndOfWork>,
    inside: Inside,
    waiting: TimeIntegral,
    serving: TimeIntegral,
    peak: u64,
    offered: u64,
    served: u64,
    /// Messages below this number that are inside.
    mark: u64,
    below: u64,
}

/// When a server will be done, its number and the slot of its message: as one number, which is compared
/// without a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct EndOfWork(u128);

/// A message that waits or is in service.
#[derive(Debug, Clone, Copy)]
struct MessageInside {
    /// [`GONE`] if the slot is free.
    id: u64,
    due: u64,
    sent: u64,
    work: u64,
    producer: u32,
}

const GONE: u64 = u64::MAX;

/// All of them, by slot; one that has become free last is used again first.
#[derive(Default)]
struct Inside {
    all: Vec<MessageInside>,
    free: Vec<u32>,
}

impl EndOfWork {
    #[inline(always)]
    fn new(at: u64, server: u32, slot: u32) -> Self {
        EndOfWork(u128::from(at) << 64 | u128::from(server) << 32 | u128::from(slot))
    }

    #[inline(always)]
    fn server(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline(always)]
    fn slot(self) -> u32 {
        self.0 as u32
    }
}

impl Due for EndOfWork {
    #[inline(always)]
    fn at(&self) -> u64 {
        (self.0 >> 64) as u64
    }
}

impl Inside {
    #[inline(always)]
    fn add(&mut self, message: MessageInside) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.all[slot as usize] = message;
            return slot;
        }
        self.all.push(message);
        (self.all.len() - 1) as u32
    }
}

impl<S: Blocks> OneStage<S> {
    /// The stage that a scenario consists of; `None` if it is anything else, or has 257 to 4,095 servers.
    /// `run` is the key that a [`super::Network`] would be given.
    pub fn new(
        scenario: &Scenario,
        source: impl FnOnce() -> S,
        run: Key,
        sampler: Option<LevelSampler>,
    ) -> Option<Self> {
        let ([queue], [group]) = (&scenario.queues[..], &scenario.consumers[..]) else { return None };
        let Servers::Count(servers) = group.count else { return None };
        // Few ends lie in one list; of some hundred a network's tournament finds the first sooner.
        let pays = servers as usize <= USUAL || servers as usize >= MANY_SERVERS;
        let straight = |p: &Producer| !p.is_closed() && p.to == Destination::Queue(0);
        let is_played = pays
            && scenario.producers.iter().all(straight)
            && is_plain(scenario, 0, &[(0, group)])
            && group.to.is_empty()
            && group.own_routes.is_empty()
            && scenario.backlog() == 0
            && scenario.simulation.overheads.delivers_at_once()
            && !scenario.asks_age()
            && !scenario.asks_spread(queue);
        if !is_played {
            return None;
        }
        let draws = Draws::new(run, TimeScale::REAL);
        let mut idle = Idle::default();
        (0..servers).for_each(|server| idle.push(0, server));
        let mut stage = OneStage {
            source: source(),
            cursor: 0,
            planned: 0,
            now: 0,
            sampler: sampler.unwrap_or(LevelSampler::never()),
            senders: scenario.producers.iter().map(|p| sender(scenario, p, draws)).collect(),
            servers: u64::from(servers),
            discipline: queue.discipline,
            line: order(scenario, queue, &QueuePolicy::new(scenario, 0, draws)),
            idle,
            ends: Days::default(),
            inside: Inside::default(),
            waiting: TimeIntegral::default(),
            serving: TimeIntegral::default(),
            peak: 0,
            offered: 0,
            served: 0,
            mark: 0,
            below: 0,
        };
        stage.look_ahead();
        Some(stage)
    }

    /// Brings the next planned message into sight.
    #[inline(always)]
    fn look_ahead(&mut self) {
        if self.cursor >= self.source.block().len() {
            self.cursor = 0;
            if !self.source.draw() {
                self.planned = u64::MAX;
                return;
            }
        }
        self.planned = self.source.block().sent[self.cursor];
    }

    /// The next thing happens: at one instant ends of service come before arrivals. False if there is none.
    #[inline(always)]
    fn step<R: Recorder>(&mut self, recorder: &mut R) -> bool {
        if !self.ends.unsorted().is_empty() {
            self.bring_near();
        }
        let end = self.ends.first().map_or(u64::MAX, |first| first.at());
        let next = end.min(self.planned);
        if next == u64::MAX {
            return false;
        }
        if self.sampler.next < next {
            self.look_until(next, recorder);
        }
        self.now = next;
        if end == next {
            self.done(recorder);
        } else {
            self.arrive();
        }
        true
    }

    /// Looks at the messages that will be done soon, one right after the other: so a processor waits for many
    /// of them at once, and has them near when they are done.
    #[cold]
    #[inline(never)]
    fn bring_near(&self) {
        let message = |end: &EndOfWork| &self.inside.all[end.slot() as usize];
        let edges = |message: &MessageInside| message.id ^ u64::from(message.producer);
        std::hint::black_box(self.ends.unsorted().iter().map(message).fold(0, |all, one| all ^ edges(one)));
    }

    #[cold]
    #[inline(never)]
    fn look_until<R: Recorder>(&mut self, instant: u64, recorder: &mut R) {
        while self.sampler.next < instant {
            let (at, waiting, busy) = (self.sampler.next, self.waiting.level(), self.serving.level());
            recorder.level(&Level { at, queue: 0, waiting, busy, oldest: None, servers: None });
            self.sampler.pass();
        }
    }

    /// The next planned message comes: the server takes it that has been idle longest, or it waits.
    #[inline(always)]
    fn arrive(&mut self) {
        let (block, row, now) = (self.source.block(), self.cursor, self.now);
        let (id, work, producer) = (self.offered, block.work_for(0)[row], block.producer_of(row));
        let slot = self.inside.add(MessageInside { id, due: block.due[row], sent: now, work, producer });
        self.offered += 1;
        if let Some(server) = self.idle.pop() {
            self.serving.up(now);
            self.ends.plan(EndOfWork::new(now.saturating_add(work), server, slot));
        } else {
            // Nobody is without a producer here, and no time to live ends.
            let key = key_of(self.discipline, producer, &self.senders, 0, || work, u64::MAX);
            self.line.push(Ticket { key, place: id, slot });
            self.waiting.up(now);
            self.peak = self.peak.max(self.waiting.level());
        }
        self.cursor += 1;
        self.look_ahead();
    }

    /// A server has done its work: it takes the next message, and its own leaves.
    #[inline(always)]
    fn done<R: Recorder>(&mut self, recorder: &mut R) {
        let (now, Some(end)) = (self.now, self.ends.pop()) else { return };
        let (server, slot) = (end.server(), end.slot());
        if self.waiting.level() > 0
            && let Some(next) = self.line.pop()
        {
            self.waiting.down(now);
            let work = self.inside.all[next.slot as usize].work;
            self.ends.plan(EndOfWork::new(now.saturating_add(work), server, next.slot));
        } else {
            self.serving.down(now);
            self.idle.push(now, server);
        }
        self.served += 1;
        let gone = std::mem::replace(&mut self.inside.all[slot as usize].id, GONE);
        self.below -= u64::from(gone < self.mark);
        let message = MessageInside { id: gone, ..self.inside.all[slot as usize] };
        recorder.passed(&Record {
            taken: now - message.work,
            server,
            deliveries: 1,
            outcome: Outcome::Served,
            ..self.unfinished(&message)
        });
        self.inside.free.push(slot);
    }

    /// The stay of a message that nobody has taken yet, if it ended now.
    #[inline(always)]
    fn unfinished(&self, message: &MessageInside) -> Record {
        let &MessageInside { id, due, sent, producer, .. } = message;
        let (size, priority) = self.senders.get(producer as usize).map_or((0, 0), |s| (s.size, s.priority));
        Record {
            message: Message { id, due, producer, size, priority },
            sent,
            taken: self.now,
            finished: self.now,
            queue: 0,
            consumer: 0,
            server: 0,
            deliveries: 0,
            outcome: Outcome::Unfinished,
        }
    }
}

impl<S: Blocks> Engine for OneStage<S> {
    fn name(&self) -> &'static str {
        "event calendar"
    }

    fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64 {
        let from = self.offered;
        let goal = from.saturating_add(messages);
        while self.offered < goal && self.step(recorder) {}
        self.offered - from
    }

    fn settle(&mut self, recorder: &mut impl Recorder) {
        self.sampler = LevelSampler::never();
        (self.mark, self.below) = (self.offered, self.waiting.level() + self.serving.level());
        let last = self.mark.saturating_mul(2).max(10_000);
        while self.below > 0 && self.offered < last && self.step(recorder) {}
        let mut deliveries = vec![0; self.inside.all.len()];
        self.ends.iter().for_each(|end| deliveries[end.slot() as usize] = 1);
        for (message, deliveries) in self.inside.all.iter().zip(deliveries) {
            if message.id < self.mark {
                let stay = Record { deliveries, ..self.unfinished(message) };
                recorder.record(&stay);
                recorder.left(&stay.exit());
            }
        }
    }

    fn totals(&mut self) -> Totals {
        let (at, served) = (self.now, self.served);
        let counts = QueueCounts::of_one_delivery_each(self.offered, served);
        let queue = QueueTotals {
            waiting: self.waiting.level(),
            serving: self.serving.level(),
            waiting_area: self.waiting.area(at),
            serving_area: self.serving.area(at),
            peak: self.peak,
            counts,
            held: BlockedSenders::default(),
            drained: None,
            to_stay: 0,
            to_serve: 0,
            squares: None,
        };
        let group = GroupTotals {
            busy_area: queue.serving_area,
            count_area: u128::from(self.servers) * u128::from(at),
            handled: served,
            batches: served,
            ..GroupTotals::default()
        };
        Totals { at, offered: self.offered, done: None, queues: vec![queue], groups: vec![group] }
    }

    fn forget_peaks(&mut self) {
        self.peak = self.waiting.level();
    }
}
