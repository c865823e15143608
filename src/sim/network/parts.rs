//! The parts of a network: queues, groups of servers, servers, topics, clients; their settings in plain
//! numbers, and their state.

use super::dispatch::Dispatch;
use super::job::NONE;
use super::limits::GroupLimit;
use super::members::Members;
use super::requests::Requests;
use super::servers_needed::SeveralServers;
use super::shared::SharedQueues;
use super::sharing::ProcessorSharing;
use crate::behaviour::{ConsumerPolicy, QueuePolicy, RandomTime, Routes, ServerScaler, TopicPolicy};
use crate::discipline::Waiting;
use crate::scenario::{Batching, Discipline, LateAck, Overflow, Preemption, PrefetchBy, ServiceRate};
use crate::sim::QueueCounts;
use crate::sim::idle::Idle;
use crate::sim::integral::TimeIntegral;
use std::collections::VecDeque;

/// A queue.
pub(super) struct QueueState {
    pub discipline: Discipline,
    pub preemption: Preemption,
    pub room: Option<u64>,
    pub overflow: Overflow,
    pub policy: QueuePolicy,
    pub limit: u32,
    pub dead_letter: Option<u32>,
    /// Whether a topic's copies rejoin before they come in.
    pub joins: bool,
    /// Nobody consumes here, and nothing expires: what comes stays for good.
    pub parked: bool,
    /// Whether some producers' messages have a time to live of their own here.
    pub some_expire: bool,
    /// Nanoseconds; `None` is for ever.
    pub visibility: Option<u64>,
    /// What an acknowledgement is worth that comes later.
    pub late_ack: LateAck,
    /// Whether a message that comes may not be taken at once: it is to be on disk first, or held back.
    pub admits_later: bool,
    /// Nanoseconds that a group commit takes.
    pub commit: Option<u64>,
    /// What the next commits took, where that is known; a law for the others, if there is one, and how many
    /// there were.
    pub commits: VecDeque<u64>,
    pub sync: Option<RandomTime>,
    pub committed: u64,
    pub partitions: u32,
    /// Which servers have them, where servers come and go.
    pub members: Option<Members>,
    /// Whether nothing but waiting for a server and service ever happens here.
    pub plain: bool,
    /// Where its messages' work begins among what they carry: 0, or what was drawn ahead.
    pub ahead: usize,
    /// Messages at the head of its line that are not made yet.
    pub unmade: Unmade,
    pub batching: bool,
    /// Whether its servers take messages otherwise than one as soon as they are free: in batches, at a
    /// limited rate, from a distance, several servers at once, from partitions that may be another's soon, or
    /// from other queues, too.
    pub takes_otherwise: bool,
    /// Whether who comes at the same instant is waited for before a batch is taken: where there is room for
    /// one.
    pub gathers: bool,
    pub prefetching: bool,
    /// Whether messages and acknowledgements travel between the queue and its servers.
    pub transits: bool,
    /// Whether some of its messages have several servers at once, or its servers need slots of a resource.
    pub several: bool,
    pub slots: bool,
    /// Its groups in the scenario's order, and its servers.
    pub groups: Vec<u32>,
    pub servers: Vec<u32>,
    /// Where among its servers the turn is, where messages are dealt to them.
    pub turn: usize,
    /// What its servers have asked for, where messages are dealt to who has asked.
    pub requests: Option<Box<Requests>>,
    /// The group that never runs out of servers.
    pub unlimited: Option<u32>,

    /// Who waits: one order for the queue, or one for each server where partitions bind messages to servers.
    pub lanes: Vec<Waiting>,
    /// Messages that count against `max_length`.
    pub ready: u64,
    /// Messages that wait in any way, and those in service.
    pub waiting: TimeIntegral,
    pub serving: TimeIntegral,
    /// Message-nanoseconds until servers were awake, which count as service above and are waits.
    pub woken: u128,
    /// Servers that wait for work, and how one of them is chosen.
    pub idle: Idle,
    pub dispatch: Dispatch,
    /// When it is looked whether a server may take a message, where that is limited; else `u64::MAX`.
    pub tokens_at: u64,
    /// Senders that wait for room: the message and the server that holds it, if one does.
    pub blocked: VecDeque<(u32, u32)>,
    /// How many they are, and were at most at once.
    pub held_up: TimeIntegral,
    pub held_peak: u64,
    /// Messages that are written but not on disk, each with its place: those of the commit under way, and
    /// those for the next.
    pub committing: Vec<WrittenMessage>,
    pub uncommitted: Vec<WrittenMessage>,
    /// Commits that each message takes.
    pub syncs: u32,
    pub shared: ProcessorSharing,
    /// When the timer of a lingering batch goes off, and its number.
    pub lingering: Option<(u64, u32)>,
    pub peak: u64,
    pub counts: QueueCounts,
    /// From when on an empty line is looked for, and when it was found.
    pub drain_from: u64,
    pub drained: Option<u64>,
}

impl QueueState {
    /// More may wait than ever before.
    pub(super) fn note_peak(&mut self) {
        self.peak = self.peak.max(self.waiting.level());
    }

    /// One less waits.
    #[inline(always)]
    pub(super) fn less(&mut self, now: u64) {
        self.waiting.down(now);
        self.note_drained(now);
    }

    /// Perhaps nobody waits any more.
    #[inline(always)]
    pub(super) fn note_drained(&mut self, now: u64) {
        // What is known beforehand comes first: whether the line is empty now is chance.
        if now >= self.drain_from
            && self.drained.is_none()
            && self.waiting.level() + self.held_up.level() == 0
        {
            self.drained = Some(now);
        }
    }
}

/// Messages that wait from the start and are made when they are taken.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Unmade {
    pub left: u64,
    /// The next one's position in the backlog, its id and its place.
    pub position: u64,
    pub id: u64,
    pub place: u64,
}

/// A group of consumers.
pub(super) struct GroupState {
    pub queue: u32,
    /// Which of its queue's groups.
    pub column: u32,
    pub policy: ConsumerPolicy,
    pub prefetch: u32,
    pub prefetch_by: PrefetchBy,
    pub batch: Option<Batching>,
    pub auto_ack: bool,
    /// Whether any delivery to it may fail, and is then tried again by the same server, which waits for that.
    pub fails: bool,
    pub in_place: bool,
    /// Whether each delivery is told of.
    pub tells: bool,
    /// How the servers' speed depends on the load, and what it is now.
    pub service_rate: Option<ServiceRate>,
    pub speed: f64,
    pub scaler: Option<ServerScaler>,
    /// Whether servers beyond the partitions with waiting messages are not wanted.
    pub only_with_lag: bool,
    /// Its queues, if it has several.
    pub shared: Option<Box<SharedQueues>>,
    /// The resource of which its servers need a slot, or a share.
    pub slot_of: Option<u32>,
    pub share_of: Option<u32>,
    /// How many servers its messages have at once, where that is not one.
    pub several: Option<Box<SeveralServers>>,
    /// How often its servers may take a message, if that is limited.
    pub limit: Option<Box<GroupLimit>>,
    /// Whether a destination may let it wait for room.
    pub may_wait: bool,

    pub busy: TimeIntegral,
    /// Server-nanoseconds until they were awake, which count as work above and are none.
    pub woken: u128,
    /// Of those, the servers that are down and keep their messages: taken, and not at work.
    pub absent: TimeIntegral,
    /// Servers that there are: started and not yet stopped.
    pub count: TimeIntegral,
    /// Messages that its servers ended work on, and the batches that they came in (counted only where there
    /// is more than the usual way of [`super::plain`]; there each message is one).
    pub handled: u64,
    pub batches: u64,
}

impl GroupState {
    /// Whether all messages leave from here.
    #[inline(always)]
    pub(super) fn is_last(&self) -> bool {
        matches!(self.policy.routes, Routes::Out)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    Busy,
    /// Done, but its message finds no room where it goes, or is to be tried again.
    Blocked,
    Down,
    /// Not there, by autoscaling.
    Off,
    Starting,
}

/// A delivery in a server's own line.
#[derive(Debug, Clone, Copy)]
pub(super) struct PrefetchedDelivery {
    pub slot: u32,
    pub stamp: u32,
    /// What it takes, known where it may have timed out before it begins and its message be gone.
    pub work: u64,
}

/// A message that is written and not yet on disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct WrittenMessage {
    pub slot: u32,
    pub place: u64,
    /// Commits that it still takes.
    pub syncs: u32,
}

/// One server.
pub(super) struct SimServer {
    pub group: u32,
    pub queue: u32,
    /// Which of its queue's servers, and which of its groups that of the server is.
    pub number: u32,
    pub column: u32,
    pub phase: Phase,
    /// Rises whenever what was planned for it no longer holds.
    pub epoch: u32,
    /// What it works on, with the stamp by which to know whether the delivery still counts.
    pub job: u32,
    pub place: u64,
    pub stamp: u32,
    /// When it began and will be done, and the whole of the work.
    pub start: u64,
    pub end: u64,
    /// The rest of a batch.
    pub more: Vec<(u32, u32)>,
    /// Its own line (prefetch).
    pub buffer: VecDeque<PrefetchedDelivery>,
    /// Messages that it was sent and of which the queue has not heard, where they travel.
    pub unacknowledged: u32,
    /// Messages that it holds because their senders, it itself, wait for room.
    pub pending: u32,
    /// To be switched off when it is done.
    pub retire: bool,
    /// Work until it breaks, where it breaks only while it works.
    pub until_break: u64,
    pub breaks: u64,
    /// Whether it holds a message while it is down, and what is left of its work.
    pub holds: Option<u64>,
    /// Since when it sleeps, if it does.
    pub sleeps: Option<u64>,
    /// When it was or will be awake for what it works on.
    pub awake: u64,
}

impl SimServer {
    /// Whether it waits for work.
    pub(super) fn is_idle(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// Of a group of this index, and this column among its queue's.
    pub(super) fn new((group, column): (u32, u32), queue: u32, number: u32, phase: Phase) -> Self {
        SimServer {
            group,
            queue,
            number,
            column,
            phase,
            epoch: 0,
            job: NONE,
            place: 0,
            stamp: 0,
            start: 0,
            end: 0,
            more: Vec::new(),
            buffer: VecDeque::new(),
            unacknowledged: 0,
            pending: 0,
            retire: false,
            until_break: u64::MAX,
            breaks: 0,
            holds: None,
            sleeps: Some(0),
            awake: 0,
        }
    }
}

/// A topic, and how many messages it has shared out in turn.
pub(super) struct TopicState {
    pub policy: TopicPolicy,
    pub turn: u64,
}

/// One of the clients of a closed loop.
pub(super) struct Client {
    pub producer: u32,
    pub number: u64,
    pub round: u64,
    pub due: u64,
}
