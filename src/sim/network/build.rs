//! From a scenario to a network, or why there is none.

use super::commit::FSYNC;
use super::dispatch::{Dispatch, speeds};
use super::ends::Ends;
use super::job::Jobs;
use super::leave::Families;
use super::limits::GroupLimit;
use super::members::Members;
use super::pace::paced;
use super::parts::{Client, GroupState, Phase, QueueState, SimServer, TopicState, Unmade};
use super::plain::is_plain;
use super::predrawn::columns;
use super::replay::Host;
use super::resources::resources;
use super::sender::{level, levels, sender};
use super::servers_needed::SeveralServers;
use super::shared::SharedQueues;
use super::sharing::ProcessorSharing;
use super::squares::squares;
use super::{Network, NetworkEvent, heads::LineHeads};
use crate::behaviour::{
    ConsumerPolicy, Draws, MessageKeys, QueuePolicy, Role, ServerScaler, TimeScale, TopicPolicy,
};
use crate::discipline::{Fifo, Lifo, Priority, Random, RoundRobin, Sorted, Waiting};
use crate::message::Recorder;
use crate::rng::Key;
use crate::scenario::{
    Ack, Consumer, Discipline, Durability, Feature, HeldBy, Locks, Queue, ResourceSharing, RetryOrder,
    Scenario, Servers,
};
use crate::sim::integral::TimeIntegral;
use crate::sim::{LevelSampler, QueueCounts, Unplayable};
use crate::units::{MAX_NANOS, nanos};
use crate::workload::Blocks;
use std::collections::{HashMap, VecDeque};

fn time(seconds: f64) -> u64 {
    nanos(seconds).unwrap_or(MAX_NANOS)
}

impl<S: Blocks> Network<S> {
    /// The network of a scenario that plays `source`; `key` is that of the run, for all that no plan knows.
    ///
    /// # Errors
    /// What cannot be played or would never end.
    pub fn new(
        scenario: &Scenario,
        source: S,
        key: Key,
        sampler: Option<LevelSampler>,
    ) -> Result<Self, Unplayable> {
        super::check::playable(scenario)?;
        let draws = Draws::new(key, TimeScale::REAL);
        let mut stations: Vec<QueueState> =
            (0..scenario.queues.len()).map(|q| station(scenario, q, draws)).collect();
        let width = stations.iter().map(|s| s.groups.len()).max().unwrap_or(0).max(1);
        let ahead = columns(scenario, &mut stations, draws, width);
        let mut network = Network {
            source,
            cursor: 0,
            planned: 0,
            now: 0,
            calendar: Default::default(),
            ends: Ends::default(),
            sequence: 0,
            at_once: (0, 0),
            resources: resources(scenario),
            groups: scenario
                .consumers
                .iter()
                .enumerate()
                .map(|(i, c)| group(scenario, i, c, draws))
                .collect(),
            stations,
            servers: Vec::new(),
            topics: (0..scenario.topics.len())
                .map(|t| TopicState { policy: TopicPolicy::new(scenario, t, draws), turn: 0 })
                .collect(),
            senders: scenario.producers.iter().map(|p| sender(scenario, p, draws)).collect(),
            clients: Vec::new(),
            nobody: level(scenario, 0),
            thinking: 0,
            jobs: Jobs::new(width + ahead.len()),
            ahead,
            families: Families::default(),
            brought: HashMap::new(),
            late: Default::default(),
            heads: LineHeads::of(scenario),
            offered: 0,
            backlog: scenario.queues.iter().map(|q| q.initial_backlog).collect(),
            begun: false,
            places: 0,
            stamps: 0,
            released: VecDeque::new(),
            hand: Vec::new(),
            forwarding: false,
            gathering: Vec::new(),
            keys: MessageKeys::new(scenario, draws),
            sampler: sampler.unwrap_or(LevelSampler::never()),
            tells_age: scenario.asks_age(),
            paced: paced(scenario),
            squares: squares(scenario),
            host: Host::new(&scenario.simulation.overheads, draws),
            speeds: speeds(scenario),
            as_planned: true,
        };
        let ideal = network.host.is_ideal() && network.paced.is_empty();
        network.as_planned = ideal && network.speeds.is_empty();
        if !ideal {
            network = network.without_shortcuts();
        }
        network.staff(scenario);
        network.ends.grow(network.servers.len());
        network.look_ahead();
        Ok(network)
    }

    /// Gives the groups their servers.
    fn staff(&mut self, scenario: &Scenario) {
        for (queue, station) in self.stations.iter_mut().enumerate() {
            for &g in &station.groups {
                let consumer = &scenario.consumers[g as usize];
                let Servers::Count(count) = consumer.count else { continue };
                if consumer.from != queue {
                    // They are those of another queue.
                    continue;
                }
                let most = consumer.most_servers().unwrap_or(count);
                for i in 0..most {
                    let index = self.servers.len() as u32;
                    let phase = if i < count { Phase::Idle } else { Phase::Off };
                    let (column, number) = (self.groups[g as usize].column, station.servers.len() as u32);
                    self.servers.push(SimServer::new((g, column), queue as u32, number, phase));
                    station.servers.push(index);
                    if i < count {
                        self.groups[g as usize].count.up(0);
                        station.idle.push(0, index);
                        if let Some(requests) = &mut station.requests {
                            requests.ask(index, number as usize, consumer.prefetch);
                        }
                    }
                }
            }
            if station.partitions > 0 {
                // A partition belongs to one server; servers beyond the partitions have none, and share a
                // line that stays empty.
                let servers = station.servers.len();
                let most = if station.members.is_some() { servers } else { station.partitions as usize };
                let lanes = servers.min(most).max(2).min(servers).max(1);
                station.lanes = vec![station.lanes[0].clone(); lanes];
                if lanes > 1 {
                    station.dispatch = Dispatch::ByPartition;
                }
            }
        }
    }

    /// Everything that is there before the plan begins: backlogs, clocks of outages and autoscaling, clients.
    pub(super) fn begin<R: Recorder>(&mut self, recorder: &mut R) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        for server in 0..self.servers.len() as u32 {
            if self.servers[server as usize].phase != Phase::Off {
                self.comes_up(server);
            }
        }
        for queue in 0..self.stations.len() {
            self.deal_at_first(queue as u32);
            self.wait_from_start(queue as u32, recorder);
            self.open(queue as u32, recorder);
            let station = &mut self.stations[queue];
            station.peak = station.waiting.level();
        }
        for g in 0..self.groups.len() as u32 {
            if let Some(scaler) = &self.groups[g as usize].scaler {
                self.timer(scaler.next_after(0), NetworkEvent::Poll { group: g });
            }
        }
        for client in 0..self.clients_of_all() {
            self.think(client);
        }
        self.keep_pace();
        self.keep_squares();
    }

    fn clients_of_all(&mut self) -> u32 {
        for (producer, sender) in self.senders.iter().enumerate() {
            for number in 0..sender.policy.closed_loop.as_ref().map_or(0, |c| c.concurrency) {
                self.clients.push(Client {
                    producer: producer as u32,
                    number: u64::from(number),
                    round: 0,
                    due: 0,
                });
            }
        }
        self.clients.len() as u32
    }
}

/// The empty line of a queue.
pub(in crate::sim) fn order(scenario: &Scenario, queue: &Queue, policy: &QueuePolicy) -> Waiting {
    match queue.discipline {
        Discipline::Fifo if queue.locks == Locks::ByKey => Waiting::Keyed(Box::default()),
        Discipline::Fifo | Discipline::ProcessorSharing => Waiting::Fifo(Fifo::default()),
        Discipline::Lifo => Waiting::Lifo(Lifo::default()),
        Discipline::Priority => Waiting::Priority(Priority::new(levels(scenario).len().max(1))),
        Discipline::RoundRobin => Waiting::RoundRobin(RoundRobin::new(scenario.producers.len() + 1)),
        Discipline::Random => Waiting::Random(Random::new(policy.order)),
        Discipline::Shortest | Discipline::Deadline => Waiting::Sorted(Sorted::default()),
    }
}

fn station(scenario: &Scenario, index: usize, draws: Draws) -> QueueState {
    let queue: &Queue = &scenario.queues[index];
    let groups: Vec<(usize, &Consumer)> = scenario.consumers_of(index).collect();
    let unlimited = groups.iter().find(|(_, c)| c.count == Servers::Unlimited).map(|(i, _)| *i as u32);
    let batching = groups.iter().any(|(_, c)| c.batch.is_some());
    let by_servers = queue.held_by == HeldBy::Consumer;
    let transits = by_servers || groups.iter().any(|(_, c)| c.transit.is_some());
    let prefetching = groups.iter().any(|(_, c)| c.prefetch > 1) && !batching && !transits;
    let by_request = groups.iter().any(|(_, c)| c.features().contains(&Feature::PrefetchOnRequest));
    let alone: Vec<&Consumer> = groups.iter().map(|(_, c)| *c).collect();
    let members = Members::of(queue, &alone, time);
    let policy = QueuePolicy::new(scenario, index, draws);
    let order = order(scenario, queue, &policy);
    let shared = groups.first().map_or(Some(1), |(_, c)| match c.count {
        Servers::Count(n) => Some(n),
        Servers::Unlimited => None,
    });
    // Of what waits in a plain queue nobody keeps the state.
    let plain = is_plain(scenario, index, &groups) && !scenario.asks_age();
    let dispatch = Dispatch::of(scenario, index, draws);
    let several = groups.iter().any(|(_, c)| c.needs_several());
    let slots = groups.iter().any(|(_, c)| c.features().contains(&Feature::ResourceSlots));
    QueueState {
        discipline: queue.discipline,
        preemption: queue.preemption,
        room: queue.max_length,
        overflow: queue.overflow,
        policy,
        limit: queue.delivery_limit.unwrap_or(u32::MAX),
        dead_letter: queue.dead_letter.map(|q| q as u32),
        joins: queue.join.is_some(),
        some_expire: scenario.some_expire(index),
        parked: scenario.keeps_for_good(index),
        visibility: queue.visibility_timeout.map(time),
        late_ack: queue.late_ack,
        admits_later: queue.durability == Durability::Fsync || queue.deliver_after.is_some() && !by_servers,
        commit: (queue.durability == Durability::Fsync).then_some(FSYNC),
        commits: VecDeque::new(),
        sync: scenario
            .simulation
            .overheads
            .sync
            .as_ref()
            .map(|law| draws.times(law, Role::Commit, &queue.name)),
        committed: 0,
        partitions: queue.partitions.unwrap_or(0),
        plain,
        ahead: 0,
        unmade: Unmade::default(),
        batching,
        transits,
        several,
        slots,
        takes_otherwise: batching
            || by_request
            || several
            || slots
            || members.is_some()
            || transits
            || matches!(dispatch, Dispatch::Limited)
            || groups.iter().any(|(_, c)| !c.also.is_empty()),
        gathers: batching
            && queue.max_length.is_none_or(|room| {
                groups.iter().all(|(_, c)| room >= u64::from(c.batch.map_or(1, |b| b.max)))
            }),
        prefetching,
        groups: groups.iter().map(|(i, _)| *i as u32).collect(),
        servers: Vec::new(),
        turn: 0,
        requests: by_request.then(Box::default),
        unlimited,
        members,
        lanes: vec![order],
        ready: 0,
        waiting: TimeIntegral::default(),
        serving: TimeIntegral::default(),
        woken: 0,
        idle: Default::default(),
        dispatch,
        tokens_at: u64::MAX,
        blocked: Default::default(),
        held_up: TimeIntegral::default(),
        held_peak: 0,
        syncs: queue.sync_per_message,
        committing: Vec::new(),
        uncommitted: Vec::new(),
        shared: ProcessorSharing::new(shared),
        lingering: None,
        peak: 0,
        counts: QueueCounts::default(),
        drain_from: u64::MAX,
        drained: None,
    }
}

fn group(scenario: &Scenario, index: usize, consumer: &Consumer, draws: Draws) -> GroupState {
    let needed = |sharing| consumer.resource.filter(|needed| needed.sharing == sharing);
    let needs = |sharing| needed(sharing).map(|needed| needed.index as u32);
    GroupState {
        queue: consumer.from as u32,
        column: scenario.consumers_of(consumer.from).position(|(i, _)| i == index).unwrap_or(0) as u32,
        policy: ConsumerPolicy::new(scenario, consumer, draws),
        prefetch: consumer.prefetch,
        prefetch_by: consumer.prefetch_by,
        batch: consumer.batch,
        auto_ack: consumer.ack == Ack::Auto,
        fails: scenario.may_fail(consumer),
        in_place: consumer.retry_order == RetryOrder::Blocking,
        tells: scenario.counts_deliveries(consumer),
        service_rate: consumer.service_rate.clone(),
        speed: 1.0,
        shared: SharedQueues::of(consumer, draws),
        slot_of: needs(ResourceSharing::Slots),
        share_of: needs(ResourceSharing::ProcessorSharing),
        several: SeveralServers::of(consumer, draws),
        limit: GroupLimit::of(consumer, draws.scale),
        only_with_lag: consumer.autoscale.is_some_and(|scale| scale.only_with_lag),
        scaler: ServerScaler::of(consumer, draws.scale),
        may_wait: scenario.may_wait(consumer),
        busy: TimeIntegral::default(),
        woken: 0,
        absent: TimeIntegral::default(),
        count: TimeIntegral::default(),
        handled: 0,
        batches: 0,
    }
}
