//! The usual way of a message: through a queue where nothing can happen but waiting and service.
//!
//! Most queues have no bound, no time limits, no failures. There a message is taken once and then done, and a
//! server that goes on with the next message changes neither the number in service nor that of busy servers.
//! These few lines say the same as the general rules of [`super::serve`] in fewer steps;
//! [`Network::without_shortcuts`] plays by those alone.

use super::Network;
use super::job::{JobState, Jobs, NONE};
use super::parts::{Phase, QueueState, SimServer};
use crate::discipline::ServiceOrder as _;
use crate::message::{Outcome, Recorder};
use crate::scenario::{Consumer, Destination, Feature, Producer, Scenario};
use crate::workload::Blocks;

/// What changes nothing in the usual way: who is next, where a message goes afterwards, and what happens
/// where deliveries fail, which is a feature of its own.
const USUAL: &[Feature] = &[
    Feature::Order,
    Feature::Lifo,
    Feature::Priority,
    Feature::Random,
    Feature::Shortest,
    Feature::Deadline,
    Feature::RoundRobin,
    Feature::DeliveryLimit,
    Feature::DeadLetters,
    Feature::Backlog,
    Feature::UnlimitedServers,
    Feature::AutoAck,
    Feature::BackOff,
    Feature::Forwarding,
    Feature::OwnRoutes,
];

/// Whether the usual way is all that there is in a queue.
pub(crate) fn is_plain(scenario: &Scenario, queue: usize, groups: &[(usize, &Consumer)]) -> bool {
    let usual = |features: Vec<Feature>| features.iter().all(|feature| USUAL.contains(feature));
    let group = |c: &Consumer| usual(c.features()) && !scenario.may_fail(c) && !scenario.may_wait(c);
    let again = |p: &Producer| {
        (p.most_copies().is_some() || p.ttl.is_some()) && scenario.queues_of(p.to).contains(&queue)
    };
    if scenario.producers.iter().any(again) {
        return false;
    }
    !groups.is_empty() && usual(scenario.queues[queue].features()) && groups.iter().all(|(_, c)| group(c))
}

impl<S: Blocks> Network<S> {
    /// Plays everything by the general rules: slower, and to the same end.
    #[must_use]
    pub fn without_shortcuts(mut self) -> Self {
        for station in &mut self.stations {
            (station.plain, station.ahead) = (false, 0);
        }
        self.ahead.clear();
        self
    }

    /// A message reaches a queue: a server takes it at once, or it waits.
    #[inline(always)]
    pub(super) fn enter_plain(&mut self, slot: u32, queue: u32) {
        let now = self.now;
        let station = &mut self.stations[queue as usize];
        station.counts.offered += 1;
        if station.idle.is_empty() && station.unlimited.is_none() {
            let ticket = station.ticket(slot, &self.jobs, &self.senders, self.nobody);
            station.lanes[0].push(ticket);
            station.waiting.up(now);
            return station.note_peak();
        }
        if let Some(server) = self.idle_server(slot, queue) {
            let (s, station) = (&mut self.servers[server as usize], &mut self.stations[queue as usize]);
            s.phase = Phase::Busy;
            station.serving.up(now);
            self.groups[s.group as usize].busy.up(now);
            let end = take(s, slot, station, &mut self.jobs, now);
            self.ends.set(server, end);
        }
    }

    /// A server has done its work: it takes the next message, and then its own goes on.
    ///
    /// When that one will be done decides what happens next, which a processor has to guess until it knows:
    /// so it comes first.
    #[inline(always)]
    pub(super) fn done_plain<R: Recorder>(&mut self, server: u32, recorder: &mut R) {
        let now = self.now;
        let queue = self.servers[server as usize].queue;
        let unmade = self.stations[queue as usize].unmade.left > 0;
        let made = if unmade { Some(self.make_next(queue)) } else { None };
        let s = &mut self.servers[server as usize];
        let (slot, g, number) = (s.job, s.group, s.number);
        let (group, station) = (&mut self.groups[g as usize], &mut self.stations[queue as usize]);
        let end = if let Some(next) = made.or_else(|| station.lanes[0].pop().map(|next| next.slot)) {
            station.less(now);
            take(s, next, station, &mut self.jobs, now)
        } else {
            (s.job, s.phase) = (NONE, Phase::Idle);
            station.serving.down(now);
            group.busy.down(now);
            station.idle.push(now, server);
            u64::MAX
        };
        self.ends.set(server, end);
        group.handled += 1;
        let job = &mut self.jobs[slot];
        job.worked = now - job.began;
        // Those that were there from the start came by the general rules.
        job.state = JobState::Away;
        let stay = job.stay(&self.senders, now, (g, number), Outcome::Served);
        if group.is_last() && job.alone {
            recorder.passed(&stay);
            return self.jobs.remove(slot);
        }
        recorder.record(&stay);
        match self.route(slot, g) {
            Some(Destination::Queue(to)) if self.stations[to].plain => {
                self.turn(slot);
                self.move_to(slot, to as u32, None);
                self.enter_plain(slot, to as u32);
            }
            Some(to) => {
                self.forward(slot, to, NONE, recorder);
            }
            None => self.leaves(slot, Outcome::Served, recorder),
        }
    }
}

/// A server works on a message, until the instant that is returned.
#[inline(always)]
fn take(s: &mut SimServer, slot: u32, station: &QueueState, jobs: &mut Jobs, now: u64) -> u64 {
    s.job = slot;
    let job = &mut jobs[slot];
    (job.began, job.deliveries) = (now, 1);
    now.saturating_add(jobs.demand(slot, station.ahead + s.column as usize))
}
