//! The instants at which a run of a stretch of time stops: where draining begins to be watched, and where a
//! value is asked for.

use crate::answer::{MetricId, PlaceId, Quantity};
use crate::scenario::{Consumer, Scenario};
use crate::sim::{Engine, Network};
use crate::units::{nanos, seconds};
use crate::workload::Plan;
use std::iter::Peekable;
use std::slice::Iter;

/// All of them, in order of time.
pub(super) struct Stops(Vec<(u64, RunStop)>);

/// What is done at an instant.
#[derive(Debug, Clone)]
pub(super) enum RunStop {
    /// A queue's draining is watched from here on.
    Drain(usize, u64),
    /// A queue's value is asked for, under a path.
    Value(usize, Quantity, String),
    /// How many servers a group has, under a path.
    Count(usize, String),
}

impl Stops {
    /// Those of a run up to an instant.
    pub(super) fn of(scenario: &Scenario, drains: &[Option<u64>], end: u64) -> Self {
        let drain =
            |(queue, from): (usize, &Option<u64>)| from.map(|from| (from, RunStop::Drain(queue, from)));
        let value = |(id, instant): (MetricId<'_>, f64)| {
            let stop = match id.place {
                PlaceId::Queue(name) => {
                    let queue = scenario.queues.iter().position(|queue| queue.name == name)?;
                    RunStop::Value(queue, id.quantity, id.to_string())
                }
                PlaceId::Consumer(name) => {
                    // Servers without limit are as many as ever worked at once.
                    let counted = |c: &Consumer| c.name == name && c.most_servers().is_some();
                    RunStop::Count(scenario.consumers.iter().position(counted)?, id.to_string())
                }
                PlaceId::Producer(_) | PlaceId::Total => return None,
            };
            Some((nanos(instant)?, stop))
        };
        let values = scenario.asked_instants().filter_map(value);
        let all = drains.iter().enumerate().filter_map(drain).chain(values);
        let mut stops: Vec<(u64, RunStop)> = all.filter(|(at, _)| *at <= end).collect();
        stops.sort_by_key(|(at, _)| *at);
        Stops(stops)
    }

    /// One after the other.
    pub(super) fn along(&self) -> Peekable<Iter<'_, (u64, RunStop)>> {
        self.0.iter().peekable()
    }
}

impl RunStop {
    /// Does it in a run that has come so far, before anything happens at this instant; the value under its
    /// path, if one is asked for.
    pub(super) fn at(&self, network: &mut Network<Plan>) -> Option<(String, f64)> {
        let (queue, quantity, path) = match self {
            RunStop::Drain(queue, from) => {
                network.watch_drain(*queue, *from);
                return None;
            }
            RunStop::Count(group, path) => return Some((path.clone(), network.count_of(*group) as f64)),
            RunStop::Value(queue, quantity, path) => (*queue, *quantity, path),
        };
        let (now, totals) = (network.now(), network.totals().queues[queue]);
        let value = match quantity {
            Quantity::InSystem => (totals.waiting + totals.serving) as f64,
            Quantity::Blocked => totals.held.level as f64,
            Quantity::Age => network.ages(now).map_or(0.0, |ages| seconds(ages[queue])),
            _ => totals.waiting as f64,
        };
        Some((path.clone(), value))
    }
}
