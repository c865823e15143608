//! What a scenario is in the literature's words: Kendall's name, loads, and which models fit.

use super::traffic::demands;
use super::{Exactness, MODELS, Station, partitions};
use crate::scenario::{Demand, PartitionAssignment, Producer, Queue, Scenario, lasts, leaks};
use serde::Serialize;

/// A scenario as theory sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Kendall's name, or what the network consists of.
    pub kendall: String,
    /// Erlangs over all queues; `None` if that of some queue is not known.
    pub offered_load: Option<f64>,
    /// Of every queue, in the scenario's order.
    pub loads: Vec<Load>,
    /// Those that fit first, exact ones before approximate ones; else in the order in which they are asked.
    pub models: Vec<ModelNote>,
}

/// The load of one queue. What reaches it past a queue that loses messages may be known between two bounds
/// only.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    /// The queue's name.
    pub queue: String,
    /// Messages a second that reach it, forwarded ones and dead letters included; `None` if that is not
    /// known.
    pub arrival_rate: Option<f64>,
    /// Deliveries a message, failures included.
    pub attempts: f64,
    /// The offered load; `None` if it is not known.
    pub erlang: Option<f64>,
    /// `None` is without limit, 0 where nobody consumes.
    pub servers: Option<u32>,
    /// Messages a second that its servers can do, outages taken off; `None` is without limit.
    pub capacity: Option<f64>,
    /// Mean share of the servers' capacity that outages leave.
    pub up: f64,
    /// Of what the servers can do; `None` for servers without limit, where nobody consumes, or if it is not
    /// known.
    pub rho: Option<f64>,
    /// What rho is at least and at most; `None` where nothing bounds it, and for servers without limit.
    pub at_least: Option<f64>,
    /// See [`Load::at_least`].
    pub at_most: Option<f64>,
    /// Where producers follow timetables, which rho has at their mean or last rates: what it is when all of
    /// them send at their highest.
    pub peak: Option<f64>,
    /// Queues before it whose losses decide its load, if it is not known; if there are none, clients do who
    /// wait for their answers.
    pub depends_on: Vec<String>,
    /// Whether something (room, time to live, waiting clients) keeps the queue finite at any load.
    pub bounded: bool,
    /// Whether nothing in the scenario depends on chance, so that a load of 1 need not grow.
    pub certain: bool,
    /// Of its servers each by itself, where partitions bind messages to servers.
    pub partitions: Option<Parts>,
}

/// The loads of a queue's servers, each with partitions of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parts {
    /// Servers that have a partition; those beyond have nothing to do.
    pub servers: u32,
    /// Of the busiest one; `None` if it is not known.
    pub rho: Option<f64>,
    /// What that is at least and at most; `None` where nothing bounds it.
    pub at_least: f64,
    /// See [`Parts::at_least`].
    pub at_most: Option<f64>,
    /// Partitions to which no key leads.
    pub empty: usize,
}

impl Parts {
    fn of(lanes: &PartitionAssignment) -> Parts {
        let PartitionAssignment { servers, rho, empty } = lanes;
        let at_most = Some(rho.most).filter(|most| most.is_finite());
        Parts { servers: *servers, rho: rho.known(), at_least: rho.least, at_most, empty: *empty }
    }
}

impl Load {
    /// Whether its servers cannot keep up, whatever is lost before it: without chance, as much may come as
    /// can be done.
    pub fn is_overloaded(&self) -> bool {
        self.fullest().is_some_and(overloads) && !self.is_at_its_limit()
    }

    /// Whether exactly as much comes as its servers can do, and nothing is left to chance: it does not grow.
    pub fn is_at_its_limit(&self) -> bool {
        self.certain && self.fullest().is_some_and(|rho| overloads(rho) && rho <= 1.0 + ROUNDING)
    }

    /// The load at least of its servers, or of the busiest of them where each has a queue of its own.
    pub fn fullest(&self) -> Option<f64> {
        let of_parts = self.partitions.as_ref().map(|parts| parts.at_least);
        self.at_least.into_iter().chain(of_parts).reduce(f64::max)
    }

    /// Whether its backlog grows without end: what comes back for ever does in spite of bounds.
    pub fn grows(&self) -> bool {
        self.fullest().is_some_and(f64::is_infinite) || self.is_overloaded() && !self.bounded
    }

    /// Whether its load is known.
    pub fn is_known(&self) -> bool {
        self.arrival_rate.is_some() && self.rho.is_some() == self.at_least.is_some()
    }
}

/// By how much a load is wrong at most that is summed up.
const ROUNDING: f64 = 1e-12;

/// Whether a load is too much, but for rounding.
fn overloads(rho: f64) -> bool {
    rho >= 1.0 - ROUNDING
}

/// Whether a model fits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelNote {
    /// The model's name.
    pub name: &'static str,
    /// Whether it is a theorem, not an approximation.
    pub exact: bool,
    /// The first reason against it; `None` if it fits.
    pub against: Option<String>,
}

/// The load of every queue, in the scenario's order.
pub fn loads(scenario: &Scenario) -> Vec<Load> {
    let peaks = scenario.at_its_peak().map(|peak| demands(&peak));
    let (certain, expiring) = (!scenario.has_chance(), scenario.expiring());
    let closed = scenario.producers.iter().all(|p| p.is_closed());
    let load = |(i, (queue, demand)): (usize, (&Queue, Demand))| {
        let (rho, arrival_rate) = (demand.rho(), demand.arrivals.known());
        Load {
            queue: queue.name.clone(),
            arrival_rate,
            attempts: demand.attempts,
            erlang: demand.offered_load().known(),
            servers: demand.servers,
            capacity: demand.capacity().map(|deliveries| deliveries / demand.attempts),
            up: demand.up,
            rho: rho.and_then(|rho| rho.known()),
            at_least: rho.map(|rho| rho.least),
            peak: peaks.as_ref().and_then(|peaks| peaks[i].rho()).map(|rho| rho.least),
            at_most: rho.map(|rho| rho.most).filter(|most| most.is_finite()),
            depends_on: if arrival_rate.is_some() { Vec::new() } else { losing_before(scenario, i) },
            bounded: closed || queue.is_bounded(expiring[i]),
            certain,
            partitions: demand.lanes.as_ref().map(Parts::of),
        }
    };
    scenario.queues.iter().zip(demands(scenario)).enumerate().map(load).collect()
}

/// Explains a scenario. Runs nothing.
pub fn explain(scenario: &Scenario) -> Explanation {
    let loads = loads(scenario);
    let mut models: Vec<ModelNote> = MODELS
        .iter()
        .map(|m| {
            let against = super::fits(*m, scenario).err().map(|why| why.to_string());
            let exact =
                if against.is_none() { m.is_exact(scenario) } else { m.exactness() == Exactness::Exact };
            ModelNote { name: m.name(), exact, against }
        })
        .collect();
    models.sort_by_key(|note| (note.against.is_some(), !note.exact));
    Explanation {
        kendall: kendall(scenario),
        offered_load: loads.iter().map(|q| q.erlang).sum(),
        loads,
        models,
    }
}

/// The queues that lose messages and from which a queue can be reached, by name.
fn losing_before(scenario: &Scenario, queue: usize) -> Vec<String> {
    let leads = |from: usize, to: usize| {
        let forwards = || {
            scenario
                .consumers_of(from)
                .any(|(_, c)| c.to.iter().any(|route| scenario.queues_of(route.to).contains(&to)))
        };
        scenario.queues[from].dead_letter == Some(to) || forwards()
    };
    let (mut before, mut open) = (vec![false; scenario.queues.len()], vec![queue]);
    while let Some(to) = open.pop() {
        for from in (0..before.len()).filter(|&from| leads(from, to)) {
            if !std::mem::replace(&mut before[from], true) {
                open.push(from);
            }
        }
    }
    let losing = (0..before.len()).filter(|&q| before[q] && leaks(scenario, q));
    losing.map(|q| scenario.queues[q].name.clone()).collect()
}

/// The queues whose backlog grows without end, by number.
pub fn growing(scenario: &Scenario) -> Vec<usize> {
    loads(scenario).iter().enumerate().filter(|(_, load)| load.grows()).map(|(i, _)| i).collect()
}

/// Of which rate the loads are where producers follow timetables, and what they are at the highest.
#[derive(Debug, Clone, PartialEq)]
pub enum TimetableNote {
    /// Loads are those of a producer's mean or last rate.
    Producer {
        /// The producer's name.
        name: String,
        /// How long its timetable is, in seconds.
        lasts: f64,
        /// Whether it repeats: else its last rate stays.
        repeats: bool,
        /// The rate that counts, in messages a second.
        rate: f64,
        /// The highest one.
        highest: f64,
    },
    /// What a queue's load is at the rates that count and at the highest.
    Queue {
        /// The queue's name.
        name: String,
        /// Its load at the rates that count.
        rho: f64,
        /// And at the highest.
        peak: f64,
    },
}

/// What is to be said of timetables; nothing where nobody follows one.
pub fn timetables(scenario: &Scenario) -> Vec<TimetableNote> {
    let followed = |p: &Producer| {
        let (steps, _, repeats) = p.arrivals.timetable()?;
        let highest = steps.iter().map(|step| step.rate).fold(0.0, f64::max);
        let (name, lasts) = (p.name.clone(), lasts(steps));
        Some(TimetableNote::Producer { name, lasts, repeats, rate: p.rate, highest })
    };
    let mut out: Vec<TimetableNote> = scenario.producers.iter().filter_map(followed).collect();
    if !out.is_empty() {
        out.extend(loads(scenario).into_iter().filter_map(|load| {
            Some(TimetableNote::Queue { rho: load.at_least?, peak: load.peak?, name: load.queue })
        }));
    }
    out
}

fn kendall(scenario: &Scenario) -> String {
    match Station::of(scenario) {
        Ok(station) => {
            let lanes = partitions::busiest(&station).unwrap_or_default();
            station.kendall() + &station.beside_the_name() + &lanes
        }
        Err(_) => format!("network of {} queues", scenario.queues.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::laws::Law;

    #[test]
    fn every_model_fits_or_says_why_not() {
        let explanation = explain(&Scenario::mgc(900.0, Law::exponential(0.004), 4));
        assert_eq!(explanation.kendall, "M/M/4");
        assert!((explanation.offered_load.expect("known") - 3.6).abs() < 1e-12);
        assert!((explanation.loads[0].rho.expect("limited") - 0.9).abs() < 1e-12);
        assert_eq!(explanation.models.len(), MODELS.len());
        let of = |name: &str| explanation.models.iter().find(|m| m.name == name).map(|m| m.against.clone());
        assert_eq!(of("M/M/c"), Some(None));
        assert_eq!(of("M/G/1"), Some(Some("needs one server".into())));
    }
}
