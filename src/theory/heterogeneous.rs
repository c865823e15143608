//! M/M/c with unequal servers: exponential servers of different speeds at one queue, in one group or several.

use super::Mismatch;
use super::idle_choice::{IdleChoice, MOST_STATES, chosen};
use super::levels::first_below;
use super::phase_type::is_exponential;
use super::requires::poisson;
use super::unequal::{ServerClass, Unequal, unequal};
use super::{
    Feature, GroupFigures, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution,
};
use crate::scenario::{ServerChoice, ServerKind, Servers};
use crate::workload::laws::Law;

/// The adapter.
#[derive(Debug)]
pub struct UnequalServers;

/// A kind of servers of a group, by the group's position at its queue.
type KindOfGroup = (usize, ServerClass);

impl UnequalServers {
    /// The kinds of each group, one after the other.
    fn kinds(station: &Station<'_>) -> Result<Vec<KindOfGroup>, Mismatch> {
        let mut kinds = Vec::new();
        for (position, group) in station.groups.iter().enumerate() {
            if group.count == Servers::Unlimited {
                return Err("needs a limited number of servers".into());
            }
            if !(is_exponential(&group.service_time) && group.service_time_per_message.is_zero()) {
                return Err("needs exponential service times".into());
            }
            let rate = |speed: f64| speed / group.service_time.mean();
            let class = |kind: &ServerKind| ServerClass { servers: kind.count, rate: rate(kind.speed) };
            kinds.extend(group.kinds().iter().map(|kind| (position, class(kind))));
        }
        Ok(kinds)
    }

    /// Who is idle how often, by kind; `None` if there are too many states.
    fn law(station: &Station<'_>, kinds: &[KindOfGroup]) -> Option<Unequal> {
        let classes: Vec<ServerClass> = kinds.iter().map(|(_, class)| *class).collect();
        let lambda = station.lambda();
        let choice = match station.groups.first().map_or(ServerChoice::LongestIdle, |group| group.choice) {
            ServerChoice::LongestIdle => return Some(unequal(lambda, &classes)),
            ServerChoice::Fastest => IdleChoice::Fastest,
            ServerChoice::Random => IdleChoice::Random,
        };
        let merged = by_rate(kinds);
        let law = chosen(lambda, &merged, choice)?;
        let of = |list: &[f64]| {
            let same = |class: &ServerClass| merged.iter().position(|other| other.rate == class.rate);
            classes.iter().filter_map(|class| same(class).map(|i| list[i])).collect()
        };
        Some(Unequal { busy: of(&law.busy), at_once: of(&law.at_once), ..law })
    }
}

/// Servers from which on the sums take too long.
const MOST_SERVERS: u32 = 5_000;

impl QueueModel for UnequalServers {
    const NAME: &'static str = "M/M/c with unequal servers";
    const KNOWS: &'static [Feature] = &[Feature::MixedGroups, Feature::UnequalServers, Feature::ServerChoice];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        if !station.has(Feature::MixedGroups) && !station.has(Feature::UnequalServers) {
            return Err("needs servers that differ".into());
        }
        poisson(station)?;
        if station.streams.iter().any(|s| s.producer.service_time.is_some()) {
            return Err("producers bring their own work".into());
        }
        if station.queue.blocks() {
            return Err("senders wait for room".into());
        }
        if station.servers.is_some_and(|c| c > MOST_SERVERS) {
            return Err("there are too many servers".into());
        }
        let kinds = Self::kinds(station)?;
        if station.has(Feature::ServerChoice) && states(&kinds) > MOST_STATES {
            return Err("there are too many kinds of servers to choose from".into());
        }
        Ok(())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let of_groups = Self::kinds(station)?;
        let kinds: Vec<ServerClass> = of_groups.iter().map(|(_, class)| *class).collect();
        let lambda = station.lambda();
        let total: f64 = kinds.iter().map(|k| f64::from(k.servers) * k.rate).sum();
        super::enough(lambda, total)?;
        let law = Self::law(station, &of_groups)
            .ok_or_else(|| ModelError::Other("the balance equations have no solution".into()))?;
        let rho = lambda / total;
        let wait = TimeDistribution::delayed_exponential(law.delayed, law.spare);
        let services: Vec<TimeDistribution> =
            kinds.iter().map(|k| TimeDistribution::of(&Law::exponential(1.0 / k.rate))).collect();
        let servers = || kinds.iter().map(|k| f64::from(k.servers));
        // Who waits is taken by the first server to be free, whichever that is: its kind and the wait are
        // independent.
        let delayed = TimeDistribution::delayed_exponential(1.0, law.spare);
        let parts = servers().zip(&kinds).zip(&services).zip(&law.at_once).flat_map(
            |(((n, kind), service), at_once)| {
                let later = law.delayed * n * kind.rate / total;
                [(n * at_once, service.clone()), (later, delayed.plus(service))]
            },
        );
        let parts: Vec<(f64, TimeDistribution)> = parts.collect();
        let of_kind: Vec<(f64, TimeDistribution)> = servers()
            .zip(&kinds)
            .zip(&services)
            .zip(&law.busy)
            .map(|(((n, kind), service), busy)| (n * busy * kind.rate, service.clone()))
            .collect();
        let of_group = |group: usize| {
            let own: Vec<usize> = (0..kinds.len()).filter(|&i| of_groups[i].0 == group).collect();
            let mix: Vec<(f64, TimeDistribution)> = own.iter().map(|&i| of_kind[i].clone()).collect();
            GroupFigures {
                throughput: mix.iter().map(|(rate, _)| rate).sum(),
                busy: own.iter().map(|&i| f64::from(kinds[i].servers) * law.busy[i]).sum(),
                service: match &mix[..] {
                    [(_, only)] => only.clone(),
                    _ => TimeDistribution::mixture(&mix),
                },
            }
        };
        let groups: Vec<GroupFigures> = (0..station.groups.len()).map(of_group).collect();
        let busy: f64 = groups.iter().map(|g| g.busy).sum();
        let above = |k: u64| law.delayed * rho.powf(k as f64 + 1.0);
        Ok(SteadyState {
            queue_length: LevelSummary { mean: lambda * wait.mean, p99: Some(first_below(0.01, above)) },
            in_system: LevelSummary { mean: lambda * wait.mean + busy, p99: None },
            sojourn: Some(TimeDistribution::mixture(&parts)),
            service: Some(TimeDistribution::mixture(&of_kind)),
            busy: Some(busy),
            groups,
            ..SteadyState::lossless(station, Some(law.delayed), wait)
        })
    }
}

/// Servers of one rate are one kind, wherever they stand.
fn by_rate(kinds: &[KindOfGroup]) -> Vec<ServerClass> {
    let mut merged: Vec<ServerClass> = Vec::new();
    for (_, class) in kinds {
        match merged.iter_mut().find(|other| other.rate == class.rate) {
            Some(same) => same.servers += class.servers,
            None => merged.push(*class),
        }
    }
    merged
}

/// The states of how many servers of each rate are busy.
fn states(kinds: &[KindOfGroup]) -> usize {
    by_rate(kinds).iter().fold(1, |states, class| states.saturating_mul(class.servers as usize + 1))
}
