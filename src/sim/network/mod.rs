//! The event engine: any scenario, message by message, in integer nanoseconds.
//!
//! Arrivals come from the plan in their order; when servers will be done is known of each; everything else
//! that is to happen stands in one calendar. A file for each concept says what an event does: [`arrive`] how
//! messages come and where they go, [`serve`] how servers take and finish them, [`leave`] how they end, and
//! so on. What a message's chance decides (later demands, routes, failures, jitter) depends on its position
//! in the plan, its way and its delivery alone, so that neither the order of events nor another configuration
//! changes it.
//!
//! At one instant ends of service come first, by the servers' numbers, then those of shared service, then
//! timers in the order in which they were set, then ends of times to live by the messages' places, then
//! arrivals in the order of the plan. So a place is free before a newcomer wants it, who is done when the
//! visibility timeout ends is in time, and a message is taken even at the instant at which its time to live
//! ends. A server that becomes free takes the next message before its own goes on; only where its own may
//! have to wait for room it hands that over first. Who waits for room is let in in the order of coming;
//! servers that were held go on in the order in which their messages found room, when the event that made it
//! is over.
//!
//! A delivery begins when a message is handed to a consumer, be it into its own line, and with it the
//! visibility timeout. When that is over it is void: the message waits again in its old place, or is lost if
//! that was its last. The consumer does not know, and works on; what its word is worth then says [`late`].
//!
//! Messages *wait* from the instant at which they reach a queue until a server takes them, whatever they wait
//! for: a server, a commit, their turn in a consumer's own line, or the next attempt. A message whose sender
//! waits for room (`overflow = "block"`) has not reached its queue: until it does, it is its sender who is
//! held up.

mod arrive;
mod autoscale;
mod backlog;
mod batch;
mod build;
mod check;
mod clients;
mod commit;
mod dispatch;
mod ends;
mod engine;
mod finish;
mod heads;
mod job;
mod join;
mod late;
mod leave;
mod limits;
mod locks;
mod members;
mod outages;
mod pace;
mod parts;
mod plain;
mod predrawn;
mod preempt;
mod prefetch;
mod rebalance;
mod redeliver;
mod replay;
mod requests;
mod resend;
mod resources;
mod retry;
mod room;
mod sender;
mod serve;
mod servers_needed;
mod several_servers;
mod shared;
mod sharing;
mod squares;
mod totals;
mod transit;

pub(super) use build::order;
pub use check::playable;
pub(super) use ends::MANY as MANY_SERVERS;
pub(super) use plain::is_plain;
pub(super) use predrawn::PredrawnWork;
pub(super) use sender::{Sender, sender};
pub(super) use serve::key_of;

use super::LevelSampler;
use super::calendar::Calendar;
use crate::behaviour::MessageKeys;
use crate::discipline::ServiceOrder as _;
use crate::message::Recorder;
use crate::scenario::Discipline;
use crate::workload::Blocks;
use ends::Ends;
use heads::LineHeads;
use job::{JobState, Jobs};
use late::LateDeliveries;
use leave::Families;
use parts::{Client, GroupState, QueueState, SimServer, TopicState};
use resources::ResourceState;
use sender::turn_of;
use std::collections::{HashMap, VecDeque};

/// Events at one instant without end are an endless loop: no scenario has that many for a reason.
const MOST_AT_ONCE: u64 = 50_000_000;

/// What stands in the calendar.
#[derive(Debug, Clone, Copy)]
enum NetworkEvent {
    /// The message that is done first where all share the servers.
    Share {
        queue: u32,
        epoch: u32,
    },
    /// A message's time to live ends.
    Expire {
        slot: u32,
        place: u32,
    },
    /// A message's back-off ends.
    Retry {
        slot: u32,
        place: u32,
    },
    /// A message reaches the server that it was sent to.
    Received {
        server: u32,
        slot: u32,
    },
    /// The acknowledgement of a server's delivery is back.
    Acknowledged {
        server: u32,
    },
    /// The word of a failure is back.
    Refused {
        slot: u32,
        group: u32,
    },
    /// A server tries again what failed.
    RetryInPlace {
        server: u32,
        slot: u32,
    },
    /// A delivery has not been acknowledged in time.
    Visible {
        slot: u32,
        stamp: u32,
    },
    /// A group commit is on disk.
    Commit {
        queue: u32,
    },
    /// A batch has waited long enough.
    Linger {
        queue: u32,
        timer: u32,
    },
    Break {
        server: u32,
        epoch: u32,
    },
    Repair {
        server: u32,
    },
    /// A server of a group with a limited rate may take a message.
    Tokens {
        queue: u32,
    },
    /// The partitions of a queue have been dealt anew.
    Dealt {
        queue: u32,
    },
    /// Autoscaling looks at the backlog.
    Poll {
        group: u32,
    },
    Started {
        server: u32,
        epoch: u32,
    },
    /// A client has waited for an answer.
    Resend {
        slot: u32,
    },
    /// A client's message reaches its queue.
    Send {
        client: u32,
    },
}

/// Timers come after the ends of shared service at the same instant, and ends of times to live after all
/// others.
const TIMERS: u64 = 1 << 62;
const LIVES: u64 = 1 << 63;

/// Plays a plan through a whole scenario.
pub struct Network<S> {
    source: S,
    cursor: usize,
    /// When the next planned message reaches the network; `u64::MAX` when there is none.
    planned: u64,
    now: u64,
    calendar: Calendar<NetworkEvent>,
    /// When each server will be done.
    ends: Ends,
    sequence: u64,
    /// An instant at which several events happened, and how many more than one did so far.
    at_once: (u64, u64),
    stations: Vec<QueueState>,
    groups: Vec<GroupState>,
    servers: Vec<SimServer>,
    topics: Vec<TopicState>,
    resources: Vec<ResourceState>,
    senders: Vec<Sender>,
    /// The level of priority of messages that no producer sent.
    nobody: u64,
    clients: Vec<Client>,
    /// Clients that think or whose message is on its way.
    thinking: usize,
    jobs: Jobs,
    /// What the messages of the plan's block will bring to the queues on their ways.
    ahead: Vec<PredrawnWork>,
    families: Families,
    /// By slot: a dead letter's number and the work that its producer gave it, which it brings again where it
    /// comes back.
    brought: HashMap<u32, (u64, u64)>,
    late: LateDeliveries,
    heads: LineHeads,
    /// Messages that reached the network so far.
    offered: u64,
    /// Messages that wait in each queue before the plan begins.
    backlog: Vec<u64>,
    begun: bool,
    places: u64,
    stamps: u32,
    /// Servers whose messages found room at last, in the order in which they did.
    released: VecDeque<u32>,
    /// Room for a batch in hand.
    hand: Vec<(u32, u32)>,
    /// Whether a batch is done and its messages fail or are sent on, one after the other.
    forwarding: bool,
    /// Queues from which batches are taken as soon as all that come at this instant are there.
    gathering: Vec<u32>,
    keys: MessageKeys,
    sampler: LevelSampler,
    /// Whether somebody asks for how long the oldest message has waited.
    tells_age: bool,
    /// The groups whose servers' speed depends on the load.
    paced: Vec<u32>,
    /// Of the queues whose levels' standard deviation somebody asks for.
    squares: Vec<squares::LevelSquares>,
    /// What a host adds that is not ideal.
    host: replay::Host,
    /// How fast each server is; empty if all are as fast as planned.
    speeds: Vec<f64>,
    /// Whether services take what is planned, whoever does them and wherever.
    as_planned: bool,
}

impl<S: Blocks> Network<S> {
    /// The same as [`Network::step`], from where speed matters less than code that is made only once.
    #[inline(never)]
    fn one_step<R: Recorder>(&mut self, before: u64, recorder: &mut R) -> bool {
        let happened = self.step(before, recorder);
        if !self.paced.is_empty() {
            self.keep_pace();
        }
        if !self.squares.is_empty() {
            self.keep_squares();
        }
        happened
    }

    /// The next thing happens, if it is before an instant and if there is any message left that it could
    /// matter to.
    #[inline(always)]
    fn step<R: Recorder>(&mut self, before: u64, recorder: &mut R) -> bool {
        let (end, event) = (self.ends.first(), self.calendar.next_at());
        let next = end.min(event).min(self.planned);
        let usual =
            next < before && next <= self.sampler.next && next != self.now && self.planned != u64::MAX;
        if !usual && !self.may_happen(next, before, recorder) {
            return false;
        }
        self.now = next;
        if end == next {
            self.done(self.ends.which(), recorder);
        } else if event == next {
            if let Some((_, event)) = self.calendar.pop() {
                self.happen(event, recorder);
            }
        } else {
            self.arrive(recorder);
        }
        while let Some(server) = self.released.pop_front() {
            self.release(server, recorder);
        }
        if !self.gathering.is_empty() && !self.awaits_more() {
            self.take_gathered();
        }
        if !self.heads.is_empty() {
            self.throw_out(recorder);
        }
        true
    }

    /// Whether anything is to happen at an instant that is before another. Looks at the queues if it is time
    /// for that.
    #[cold]
    #[inline(never)]
    fn may_happen<R: Recorder>(&mut self, next: u64, before: u64, recorder: &mut R) -> bool {
        let over =
            before == u64::MAX && self.planned == u64::MAX && self.jobs.live() == 0 && self.thinking == 0;
        if next >= before || over || self.is_stuck() {
            return false;
        }
        self.look_until(next, recorder);
        if next == self.now {
            let so_far = if self.at_once.0 == next { self.at_once.1 } else { 0 };
            self.at_once = (next, so_far + 1);
        }
        true
    }

    #[inline(never)]
    fn happen<R: Recorder>(&mut self, event: NetworkEvent, recorder: &mut R) {
        match event {
            NetworkEvent::Share { queue, epoch } => self.shares_done(queue, epoch, recorder),
            NetworkEvent::Expire { slot, place } => self.expire(slot, place, recorder),
            NetworkEvent::Retry { slot, place } => self.retry(slot, place, recorder),
            NetworkEvent::Received { server, slot } => self.received(server, slot),
            NetworkEvent::Acknowledged { server } => self.acknowledged(server),
            NetworkEvent::Refused { slot, group } => self.refused(slot, group, recorder),
            NetworkEvent::RetryInPlace { server, slot } => self.retry_in_place(server, slot),
            NetworkEvent::Visible { slot, stamp } => self.visible(slot, stamp, recorder),
            NetworkEvent::Commit { queue } => self.committed(queue),
            NetworkEvent::Linger { queue, timer } => self.lingered(queue, timer),
            NetworkEvent::Break { server, epoch } => self.breaks(server, epoch, recorder),
            NetworkEvent::Repair { server } => self.repaired(server, recorder),
            NetworkEvent::Tokens { queue } => self.tokens(queue),
            NetworkEvent::Dealt { queue } => self.dealt(queue, recorder),
            NetworkEvent::Poll { group } => self.poll(group, recorder),
            NetworkEvent::Started { server, epoch } => self.started(server, epoch, recorder),
            NetworkEvent::Resend { slot } => self.resend(slot, recorder),
            NetworkEvent::Send { client } => self.send_of(client, recorder),
        }
    }

    #[inline(never)]
    fn timer(&mut self, at: u64, event: NetworkEvent) {
        self.sequence += 1;
        self.calendar.plan(at, TIMERS | self.sequence, event);
    }

    /// A message's time to live ends at an instant. Among those that end together, the first in line goes
    /// first.
    pub(super) fn live_until(&mut self, slot: u32, at: u64) {
        let place = self.jobs[slot].place;
        self.calendar.plan(at, LIVES | place, NetworkEvent::Expire { slot, place: place as u32 });
    }

    /// Takes a message out of the count of those that wait or are served.
    #[inline(always)]
    fn uncount(&mut self, slot: u32) {
        let (now, job) = (self.now, &mut self.jobs[slot]);
        let station = &mut self.stations[job.queue as usize];
        match job.state {
            JobState::Away | JobState::Awaited => {}
            JobState::InService => {
                station.serving.down(now);
                // Who is still being woken has not begun.
                station.woken -= u128::from(job.began.saturating_sub(now));
                job.worked += now.saturating_sub(job.began);
            }
            JobState::Ready => {
                station.ready -= 1;
                station.less(now);
                if station.discipline == Discipline::RoundRobin {
                    station.lanes[job.lane as usize].gone(turn_of(job.producer, self.senders.len()));
                }
            }
            JobState::Committing => {
                station.ready -= 1;
                station.less(now);
            }
            JobState::Held | JobState::Delayed => station.less(now),
            JobState::Blocked => {
                // Its sender's wait is over: it reaches the queue now.
                station.held_up.down(now);
                station.note_drained(now);
                if job.entered == job.sent && job.worked_before == 0 {
                    (job.held, job.entered) = (now - job.sent, now);
                }
                job.sent = now;
            }
        }
        job.state = JobState::Away;
    }
}
