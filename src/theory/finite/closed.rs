//! The model of closed loops of several queues, or of several classes that share one server.

use super::networks::{Stop, many_classes, one_class};
use crate::scenario::{Arrivals, Destination, Discipline, Scenario};
use crate::theory::network::NetworkFigures;
use crate::theory::station::{Gaps, StationStream};
use crate::theory::{
    Answer, ClosedForm, EndToEnd, Exactness, Feature, Mismatch, ModelError, Station, SteadyState,
    TimeDistribution, jackson,
};

/// The adapter for networks, and for several classes that share one server.
#[derive(Debug)]
pub struct Closed;

/// Clients and think times of every producer.
fn loops(scenario: &Scenario) -> Result<Vec<(u32, f64)>, Mismatch> {
    scenario
        .producers
        .iter()
        .map(|p| match &p.arrivals {
            Arrivals::Closed { concurrency, think_time } => {
                Ok((*concurrency, think_time.mean() + p.send_time.mean()))
            }
            _ => Err("needs producers that are all closed loops".into()),
        })
        .collect()
}

/// Visits to each queue of a message that starts at one.
fn visits(scenario: &Scenario, entry: usize) -> Vec<f64> {
    (0..scenario.queues.len())
        .map(|queue| {
            let here: Vec<f64> =
                (0..scenario.queues.len()).map(|j| f64::from(u8::from(j == queue))).collect();
            jackson::onward_means(&jackson::routing(scenario), &here)[entry]
        })
        .collect()
}

impl Closed {
    /// Stations with the demand of each producer, if the network has product form.
    fn stops(scenario: &Scenario) -> Result<(Vec<Stop>, Vec<Vec<f64>>), Mismatch> {
        let loops = loops(scenario)?;
        if loops.is_empty() {
            return Err("nothing is produced".into());
        }
        let entries: Vec<usize> = scenario
            .producers
            .iter()
            .map(|p| match p.to {
                Destination::Queue(queue) => Ok(queue),
                Destination::Topic(_) => Err("messages pass through a topic".to_string()),
            })
            .collect::<Result<_, _>>()?;
        let visits: Vec<Vec<f64>> = entries.iter().map(|entry| visits(scenario, *entry)).collect();
        let several = loops.len() > 1;
        if scenario.queues.iter().any(|queue| queue.blocks()) {
            return Err("full queues make those wait who send or forward to them".into());
        }
        if scenario.consumers.iter().any(|c| c.to.iter().any(|r| matches!(r.to, Destination::Topic(_)))) {
            return Err("messages pass through a topic".into());
        }
        let forwards = scenario.consumers.iter().any(|c| !c.to.is_empty());
        if forwards && scenario.producers.iter().any(|p| p.service_time.is_some()) {
            return Err(
                "producers bring their own work, which is the same at every queue that a message passes"
                    .into(),
            );
        }
        let mut stops = Vec::new();
        for queue in 0..scenario.queues.len() {
            let streams = scenario
                .producers
                .iter()
                .map(|producer| StationStream { producer, rate: 1.0, gaps: Gaps::Other("") })
                .collect();
            let station = Station::at(scenario, queue, streams)?;
            station.only(&[Feature::Forwarding, Feature::Order])?;
            if station.groups.iter().any(|group| group.to != station.groups[0].to) {
                return Err("consumer groups of a queue forward differently".into());
            }
            let shared = station.queue.discipline == Discipline::ProcessorSharing;
            let alike = station.service.is_exponential();
            if !(shared || alike && station.queue.discipline == Discipline::Fifo) {
                return Err(format!("the network has no product form at `{}`", station.queue.name).into());
            }
            let servers = station.servers.ok_or("needs a limited number of servers")?;
            if several && servers > 1 {
                return Err("there are several classes and several servers".into());
            }
            let demand =
                visits.iter().enumerate().map(|(r, v)| v[queue] * station.service.moment_of(r, 1)).collect();
            stops.push(Stop { demand, servers });
        }
        let populations: f64 = loops.iter().map(|(n, _)| f64::from(*n) + 1.0).product();
        // All populations at all stations, or all pairs of populations.
        let work = populations * stops.len() as f64 * if several { 1.0 } else { populations };
        if work > 5e7 {
            return Err("there are too many clients".into());
        }
        Ok((stops, visits))
    }
}

impl ClosedForm for Closed {
    fn name(&self) -> &'static str {
        "closed network (convolution, mean value analysis)"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        Self::stops(scenario).map(|_| ())
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let (stops, visits) = Self::stops(scenario)?;
        let loops = loops(scenario)?;
        let found = match loops.as_slice() {
            [(clients, think)] => one_class(*clients, *think, &stops),
            _ => many_classes(
                &loops.iter().map(|l| l.0).collect::<Vec<_>>(),
                &loops.iter().map(|l| l.1).collect::<Vec<_>>(),
                &stops,
            ),
        };
        let mut nodes = Vec::new();
        for (queue, level) in found.level.iter().enumerate() {
            let rate = |r: usize| found.throughput[r] * visits[r][queue];
            let streams = scenario
                .producers
                .iter()
                .enumerate()
                .map(|(r, producer)| StationStream {
                    producer,
                    rate: rate(r),
                    gaps: Gaps::Other("closed loops"),
                })
                .collect();
            let station = Station::at(scenario, queue, streams)?;
            let (inside, lambda) = (level.iter().sum::<f64>(), station.lambda());
            let wait = if lambda > 0.0 { (inside / lambda - station.service.mean()).max(0.0) } else { 0.0 };
            let mut figures = SteadyState::lossless(&station, None, TimeDistribution::moments(wait, None));
            figures.shared = station.queue.discipline == Discipline::ProcessorSharing;
            nodes.push((station, figures));
        }
        let end = |(r, producer): (usize, &crate::scenario::Producer)| {
            let throughput = found.throughput[r];
            let inside: f64 = found.level.iter().map(|level| level[r]).sum();
            let service: f64 = stops.iter().map(|stop| stop.demand[r]).sum();
            let send = TimeDistribution::of(&producer.send_time);
            let known = nodes.iter().all(|(_, f)| !f.shared);
            EndToEnd {
                throughput,
                loss: 0.0,
                latency: send.plus(&TimeDistribution::moments(inside / throughput, None)),
                send: Some(send),
                blocked: None,
                wait: known
                    .then(|| TimeDistribution::moments((inside / throughput - service).max(0.0), None)),
                service: known.then(|| TimeDistribution::moments(service, None)),
            }
        };
        let ends = scenario.producers.iter().enumerate().map(end).collect();
        let name = format!(
            "closed network of {} {}",
            nodes.len(),
            if nodes.len() == 1 { "queue" } else { "queues" }
        );
        Ok(NetworkFigures { nodes, ends, exact: true, caveats: Vec::new() }.answer(scenario, &name))
    }
}
