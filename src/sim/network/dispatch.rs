//! Which idle server takes a message, where it is not simply the one that has been idle longest, and how fast
//! each is.

use super::Network;
use crate::behaviour::{Draws, Role, at_speed};
use crate::rng::Key;
use crate::scenario::{Locks, Scenario, ServerChoice};
use crate::workload::Blocks;

/// How a queue's idle servers are chosen from.
#[derive(Debug, Clone)]
pub(super) enum Dispatch {
    /// The one that has been idle longest.
    LongestIdle,
    /// The one that a message's partition belongs to.
    ByPartition,
    /// One that waits at another queue with which this one shares its servers.
    Shared(u32),
    /// The one that has been idle longest, if the message's key is not locked.
    ByKey,
    /// The first that may take a message at this instant, where rates are limited.
    Limited,
    /// The first by rank, of a rank the one that has been idle longest. By the servers' numbers.
    Ranked(Vec<u32>),
    /// Any, by chance.
    Random(Key),
}

impl Dispatch {
    /// As the consumers of a queue without partitions say.
    pub(super) fn of(scenario: &Scenario, queue: usize, draws: Draws) -> Self {
        if scenario.queues[queue].locks == Locks::ByKey {
            return Dispatch::ByKey;
        }
        if scenario.consumers_of(queue).any(|(_, c)| c.rate_limit.is_some()) {
            return Dispatch::Limited;
        }
        let shared = scenario.consumers_of(queue).find(|(_, c)| c.from != queue);
        if let Some((_, c)) = shared {
            return Dispatch::Shared(c.from as u32);
        }
        let mut choices = scenario.consumers_of(queue).map(|(_, c)| c.choice);
        match choices.next().unwrap_or_default() {
            ServerChoice::LongestIdle => Dispatch::LongestIdle,
            ServerChoice::Fastest => Dispatch::Ranked(ranks(scenario, queue)),
            ServerChoice::Random => {
                Dispatch::Random(draws.key(Role::ServerChoice, &scenario.queues[queue].name))
            }
        }
    }
}

/// The ranks of a queue's servers by their numbers, 0 being the fastest.
fn ranks(scenario: &Scenario, queue: usize) -> Vec<u32> {
    let speeds: Vec<f64> = scenario
        .consumers_of(queue)
        .flat_map(|(_, c)| {
            // Those that come later, too.
            let work = c.mean_service() * c.mean_speed();
            (0..c.most_servers().unwrap_or(0)).map(move |server| c.speed_of(server) / work)
        })
        .collect();
    let mut sorted = speeds.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted.dedup();
    let rank = |speed: &f64| sorted.iter().position(|other| other == speed).unwrap_or(0) as u32;
    speeds.iter().map(rank).collect()
}

/// How fast each server is, by its number among those of all queues; empty if all are as fast as their
/// `service_time` says.
pub(super) fn speeds(scenario: &Scenario) -> Vec<f64> {
    if !scenario.consumers.iter().any(|c| c.has_speeds()) {
        return Vec::new();
    }
    let own = |queue: usize| scenario.consumers_of(queue).filter(move |(_, c)| c.from == queue);
    let groups = (0..scenario.queues.len()).flat_map(own);
    groups.flat_map(|(_, c)| (0..c.most_servers().unwrap_or(0)).map(|server| c.speed_of(server))).collect()
}

impl<S: Blocks> Network<S> {
    /// Takes the idle server that a queue's own rule gives a message, if there is one.
    #[cold]
    pub(super) fn chosen_server(&mut self, slot: u32, queue: u32) -> Option<u32> {
        let job = &self.jobs[slot];
        let station = &mut self.stations[queue as usize];
        let servers = &self.servers;
        let chosen = match &station.dispatch {
            Dispatch::ByPartition => {
                let server = station.servers[job.lane as usize];
                let paused = station.members.as_ref().is_some_and(|members| members.pause_at(self.now));
                return (servers[server as usize].is_idle() && !paused).then_some(server);
            }
            Dispatch::ByKey => return self.server_for_key(slot, queue),
            Dispatch::Shared(home) => {
                let home = *home as usize;
                return self.stations[home].idle.pop();
            }
            Dispatch::Limited => return self.server_with_token(queue),
            Dispatch::LongestIdle => station.idle.iter().next(),
            // Of several that are equal, the first.
            Dispatch::Ranked(ranks) => {
                station.idle.iter().min_by_key(|&server| ranks[servers[server as usize].number as usize])
            }
            Dispatch::Random(key) => {
                let idle = station.idle.iter().count();
                let bits = key.bits_at(job.identity.number, job.identity.count(job.deliveries));
                let place = (u128::from(bits) * idle as u128) >> 64;
                station.idle.iter().nth(place as usize)
            }
        };
        chosen.inspect(|server| station.idle.remove(*server))
    }

    /// How long a server takes for work that takes so long as `service_time` says.
    pub(super) fn at_speed(&self, server: u32, work: u64) -> u64 {
        self.speeds.get(server as usize).map_or(work, |speed| at_speed(work, *speed))
    }
}
