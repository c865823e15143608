//! Jackson networks: exponential servers, Poisson arrivals from outside, routing by chance; tandems and
//! feedback among them.

use super::Feature;
use super::Mismatch;
use super::network::NetworkFigures;
use super::station::{Gaps, StationStream};
use super::traffic::demands;
use super::{
    Answer, ClosedForm, EndToEnd, Exactness, ModelError, QueueModel, Station, TimeDistribution, mmc,
};
use crate::linear::{self, SparseRows};
use crate::scenario::{Consumer, Destination, Discipline, Scenario, Servers, shares};
use std::collections::BTreeMap;

/// The adapter.
///
/// # Source
/// Jackson, *Networks of waiting lines*, Operations Research 5 (1957); the sojourns along a path on which
/// nobody overtakes are independent: Reich (1957), Burke (1969), Walrand & Varaiya (1980).
#[derive(Debug)]
pub struct Jackson;

impl ClosedForm for Jackson {
    fn name(&self) -> &'static str {
        "Jackson network"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        let forwards = scenario.consumers.iter().any(|c| c.to.iter().any(|r| r.probability > 0.0));
        if !forwards && scenario.queues.len() == 1 {
            return Err("needs consumers that forward messages".into());
        }
        if scenario.producers.iter().any(|p| p.service_time.is_some()) {
            return Err("producers bring their own work".into());
        }
        if blocks(scenario) {
            return Err("full queues make those wait who send or forward to them".into());
        }
        for producer in &scenario.producers {
            if StationStream::of(producer).gaps != Gaps::Poisson || !producer.batch.is_single() {
                return Err("needs Poisson arrivals from outside".into());
            }
            queue_of(producer.to)?;
        }
        for consumer in &scenario.consumers {
            consumer.to.iter().try_for_each(|route| queue_of(route.to).map(|_| ()))?;
        }
        nodes(scenario)?.iter().try_for_each(|station| {
            station
                .only(&[Feature::Forwarding])
                .map_err(|why| format!("at `{}`: {why}", station.queue.name))?;
            if station.service.is_exponential() && station.servers.is_some() && station.groups.len() == 1 {
                return Ok(());
            }
            Err(format!(
                "the servers of `{}` are not a limited number of alike exponential ones",
                station.queue.name
            )
            .into())
        })
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let stations = nodes(scenario)?;
        let mut places = Vec::new();
        for station in stations {
            // In steady state every queue is as if alone with Poisson arrivals.
            let figures = mmc::Mmc.figures(&station)?;
            places.push((station, figures));
        }
        let sojourns: Vec<TimeDistribution> =
            places.iter().map(|(station, figures)| figures.whole(station)).collect();
        let chances = routing(scenario);
        let means = |of: &dyn Fn(usize) -> f64| {
            onward_means(&chances, &(0..places.len()).map(of).collect::<Vec<_>>())
        };
        let overtaking = overtaking(scenario, &chances);
        let (latency, waits) = (means(&|j| sojourns[j].mean), means(&|j| places[j].1.wait.mean));
        let services: Vec<TimeDistribution> =
            places.iter().map(|(station, _)| station.service.times()).collect();
        let service = means(&|j| services[j].mean);
        let ends = scenario
            .producers
            .iter()
            .map(|producer| {
                let entry = queue_of(producer.to).unwrap_or(0);
                let along = |times: &[TimeDistribution]| {
                    path(&chances, entry, times, &mut vec![false; places.len()], true)
                };
                let whole = along(&sojourns).filter(|_| overtaking.iter().all(|queue| *queue == entry));
                let send = TimeDistribution::of(&producer.send_time);
                EndToEnd {
                    throughput: producer.rate,
                    loss: 0.0,
                    latency: send
                        .plus(&whole.unwrap_or_else(|| TimeDistribution::moments(latency[entry], None))),
                    send: Some(send),
                    blocked: None,
                    wait: Some(TimeDistribution::moments(waits[entry], None)),
                    service: Some(
                        along(&services).unwrap_or_else(|| TimeDistribution::moments(service[entry], None)),
                    ),
                }
            })
            .collect();
        let name = format!(
            "Jackson network of {} {}",
            places.len(),
            if places.len() == 1 { "queue" } else { "queues" }
        );
        Ok(NetworkFigures { nodes: places, ends, exact: true, caveats: Vec::new() }.answer(scenario, &name))
    }
}

pub(super) fn queue_of(to: Destination) -> Result<usize, Mismatch> {
    match to {
        Destination::Queue(queue) => Ok(queue),
        Destination::Topic(_) => Err("messages pass through a topic".into()),
    }
}

/// Whether a full queue makes those wait who send or forward to it, of which no product form knows. A queue
/// by itself, to which nobody forwards, only delays its own senders.
pub(super) fn blocks(scenario: &Scenario) -> bool {
    let forwards = scenario.consumers.iter().any(|c| !c.to.is_empty());
    (forwards || scenario.queues.len() > 1) && scenario.queues.iter().any(|queue| queue.blocks())
}

/// Whether a queue prefers messages by who sent them, which one stream of all does not show.
fn tells_producers_apart(scenario: &Scenario, queue: usize) -> bool {
    match scenario.queues[queue].discipline {
        Discipline::Priority => scenario.producers.windows(2).any(|w| w[0].priority != w[1].priority),
        Discipline::RoundRobin => scenario.producers.len() > 1,
        _ => false,
    }
}

/// Every queue with all that reaches it as one stream.
///
/// # Errors
/// Why there is no such thing.
pub(super) fn nodes(scenario: &Scenario) -> Result<Vec<Station<'_>>, Mismatch> {
    let producer = scenario.producers.first().ok_or("nothing is produced")?;
    if scenario.producers.iter().any(|p| p.failure.is_some()) {
        return Err(Feature::OwnFailures.into());
    }
    if scenario.producers.iter().any(|p| p.ttl.is_some()) {
        return Err(Feature::OwnTimeToLive.into());
    }
    let demands = demands(scenario);
    let served = scenario.consumers_by_queue().into_iter().enumerate();
    served
        .map(|(queue, groups)| {
            let rate = demands[queue].arrivals.known().ok_or_else(|| {
                format!(
                    "what reaches `{}` depends on what is lost on the way, or on clients who wait",
                    scenario.queues[queue].name
                )
            })?;
            if !rate.is_finite() {
                return Err("messages circulate for ever".into());
            }
            if rate == 0.0 {
                return Err(format!("nothing reaches `{}`", scenario.queues[queue].name).into());
            }
            if tells_producers_apart(scenario, queue) {
                return Err(
                    format!("at `{}`: {}", scenario.queues[queue].name, Feature::Order.reason()).into()
                );
            }
            let groups = groups.into_iter().map(|(_, group)| group).collect();
            let stream = StationStream { producer, rate, gaps: Gaps::Poisson };
            Station::served_by(scenario, queue, groups, vec![stream])
        })
        .collect()
}

/// The chance to go from a queue to each other one after service, where several groups serve in proportion to
/// what they can.
pub(super) fn routing(scenario: &Scenario) -> SparseRows {
    let row = |groups: Vec<(usize, &Consumer)>| {
        let groups: Vec<&Consumer> = groups.into_iter().map(|(_, group)| group).collect();
        let mut chances: BTreeMap<usize, f64> = BTreeMap::new();
        for (group, share) in groups.iter().zip(shares(&groups)) {
            for route in &group.to {
                if let Destination::Queue(to) = route.to {
                    *chances.entry(to).or_default() += share * route.probability;
                }
            }
        }
        chances.into_iter().collect()
    };
    scenario.consumers_by_queue().into_iter().map(row).collect()
}

/// Mean totals from each queue to the end: m = x + P m.
pub(super) fn onward_means(chances: &SparseRows, each: &[f64]) -> Vec<f64> {
    linear::fixed_point(chances, each).unwrap_or_else(|| vec![f64::INFINITY; each.len()])
}

/// The law of the total along all paths from a queue, if they form a tree and the times at each queue are
/// independent.
fn path(
    chances: &SparseRows,
    queue: usize,
    times: &[TimeDistribution],
    seen: &mut Vec<bool>,
    root: bool,
) -> Option<TimeDistribution> {
    if std::mem::replace(&mut seen[queue], true) {
        return None;
    }
    let mut kinds = Vec::new();
    for (next, chance) in chances[queue].iter().filter(|(_, chance)| *chance > 0.0) {
        kinds.push((*chance, path(chances, *next, times, seen, false)?));
    }
    let done = 1.0 - chances[queue].iter().map(|(_, chance)| chance).sum::<f64>();
    if done > 1e-12 {
        kinds.push((done, TimeDistribution::constant(0.0)));
    }
    debug_assert!(root || !kinds.is_empty(), "a queue leads on or out");
    Some(times[queue].plus(&TimeDistribution::mixture(&kinds)))
}

/// The queues that lead on and have several servers: messages may overtake one another there, which makes no
/// difference in the first queue of a way.
fn overtaking(scenario: &Scenario, chances: &SparseRows) -> Vec<usize> {
    let many = |c: &&Consumer| c.count != Servers::Count(1);
    let leads_on = |queue: &usize| chances[*queue].iter().any(|(_, chance)| *chance > 0.0);
    scenario.consumers.iter().filter(many).flat_map(Consumer::queues).filter(leads_on).collect()
}

/// The mean number at one queue of a Jackson network, by itself an M/M/c queue.
///
/// ```
/// use queuelab::theory::jackson::in_system;
/// // Lazowska et al., Quantitative System Performance (1984), section 6.5: 36.3 visits/s of 5 ms.
/// assert!((in_system(36.3, 0.005, 1) - 0.222).abs() < 1e-3);
/// ```
pub fn in_system(lambda: f64, service: f64, servers: u32) -> f64 {
    lambda * (mmc::wait_mean(lambda, 1.0 / service, servers) + service)
}
