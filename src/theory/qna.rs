//! General open networks by decomposition: every queue as G/G/c with what the others send it, after Whitt's
//! Queueing Network Analyzer.

use super::Feature;
use super::Mismatch;
use super::ggc::{allen_cunneen, kraemer_langenbach_belz};
use super::jackson::{blocks, nodes, onward_means, routing};
use super::network::NetworkFigures;
use super::station::{Gaps, StationStream};
use super::{
    Answer, ClosedForm, EndToEnd, Exactness, ModelError, Station, SteadyState, TimeDistribution, stable,
};
use crate::answer::TheoryCaveat;
use crate::linear;
use crate::linear::SparseRows;
use crate::scenario::{Destination, Scenario};

/// One queue, as the decomposition sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct QnaNode {
    /// Messages a second, from outside and from all queues.
    pub lambda: f64,
    /// Load of each server.
    pub rho: f64,
    /// How many there are.
    pub servers: u32,
    /// Var / mean² of the service time.
    pub service_scv: f64,
    /// Messages a second from outside, and the scv of their gaps.
    pub outside: (f64, f64),
}

/// The scv of the gaps at each queue.
///
/// # Formula
/// c²ₐⱼ = aⱼ + Σᵢ c²ₐᵢ bᵢⱼ, with aⱼ = 1 + wⱼ{(p₀ⱼc²₀ⱼ − 1) + Σᵢ pᵢⱼ\[(1 − qᵢⱼ) + qᵢⱼρᵢ²xᵢ\]}, bᵢⱼ =
/// wⱼpᵢⱼqᵢⱼ(1 − ρᵢ²).
/// # Source
/// Whitt, *The Queueing Network Analyzer*, Bell System Technical Journal 62 (1983), eq. 24–29.
/// `routing` are the queues to which each one's messages go on, and their chances.
pub fn arrival_scvs(nodes: &[QnaNode], routing: &[Vec<(usize, f64)>]) -> Vec<f64> {
    let n = nodes.len();
    let (mut system, mut into): (SparseRows, SparseRows) = (vec![Vec::new(); n], vec![Vec::new(); n]);
    for (i, row) in routing.iter().enumerate() {
        row.iter().for_each(|&(j, chance)| into[j].push((i, chance)));
    }
    let mut right = vec![0.0; n];
    for (j, node) in nodes.iter().enumerate() {
        let from = |(i, chance): (usize, f64)| nodes[i].lambda * chance / node.lambda;
        let outside = node.outside.0 / node.lambda;
        let v = 1.0 / (outside * outside + into[j].iter().map(|&arc| from(arc).powi(2)).sum::<f64>());
        let w = 1.0 / (1.0 + 4.0 * (1.0 - node.rho).powi(2) * (v - 1.0));
        let mut a = outside * node.outside.1 - 1.0;
        for &(i, q) in &into[j] {
            let rho = nodes[i].rho;
            let x = 1.0 + (nodes[i].service_scv.max(0.2) - 1.0) / f64::from(nodes[i].servers).sqrt();
            a += from((i, q)) * (1.0 - q + q * rho * rho * x);
            system[j].push((i, w * from((i, q)) * q * (1.0 - rho * rho)));
        }
        right[j] = 1.0 + w * a;
    }
    linear::fixed_point(&system, &right).unwrap_or_else(|| vec![1.0; n])
}

/// The adapter.
#[derive(Debug)]
pub struct Qna;

impl Qna {
    fn parts(scenario: &Scenario) -> Result<(Vec<Station<'_>>, Vec<QnaNode>), Mismatch> {
        if scenario.queues.len() < 2 {
            return Err("needs several queues".into());
        }
        if blocks(scenario) {
            return Err("full queues block the consumers that forward to them".into());
        }
        if scenario.producers.iter().any(|p| {
            p.service_time.is_some() || matches!(p.to, Destination::Topic(_)) || !p.batch.is_single()
        }) {
            return Err("producers bring their own work, send to topics or send in batches".into());
        }
        if scenario.consumers.iter().any(|c| c.to.iter().any(|r| matches!(r.to, Destination::Topic(_)))) {
            return Err("messages pass through a topic".into());
        }
        let stations = nodes(scenario)?;
        let mut list = Vec::new();
        for (queue, station) in stations.iter().enumerate() {
            station
                .only(&[Feature::Forwarding])
                .map_err(|why| format!("at `{}`: {why}", station.queue.name))?;
            let mut outside = Vec::new();
            for producer in scenario.producers.iter().filter(|p| p.to == Destination::Queue(queue)) {
                match StationStream::of(producer).gaps {
                    Gaps::Poisson => outside.push((producer.rate, 1.0)),
                    Gaps::Renewal(law) if law.scv().is_infinite() => {
                        return Err("the variance of the gaps between arrivals is infinite".into());
                    }
                    Gaps::Renewal(law) => outside.push((producer.rate, law.scv())),
                    Gaps::Other(why) => return Err(why.into()),
                }
            }
            let rate: f64 = outside.iter().map(|(rate, _)| rate).sum();
            let scv =
                if rate > 0.0 { outside.iter().map(|(r, scv)| r * scv).sum::<f64>() / rate } else { 1.0 };
            let servers = station
                .servers
                .ok_or_else(|| format!("the servers of `{}` are without limit", station.queue.name))?;
            let service_scv = station.service.scv();
            if !service_scv.is_finite() {
                return Err(format!("the service time at `{}` has no variance", station.queue.name).into());
            }
            list.push(QnaNode {
                lambda: station.lambda(),
                rho: station.rho(),
                servers,
                service_scv,
                outside: (rate, scv),
            });
        }
        Ok((stations, list))
    }
}

impl ClosedForm for Qna {
    fn name(&self) -> &'static str {
        "network of G/G/c (Whitt's QNA)"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Approximate
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        Self::parts(scenario).map(|_| ())
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let (stations, list) = Self::parts(scenario)?;
        stations.iter().try_for_each(stable)?;
        let chances = routing(scenario);
        let scvs = arrival_scvs(&list, &chances);
        let mut places = Vec::new();
        for ((station, node), scv) in stations.into_iter().zip(&list).zip(&scvs) {
            let mu = 1.0 / station.service.mean();
            let mean = match node.servers {
                1 => {
                    kraemer_langenbach_belz(node.lambda, mu, scv.min(1.0), node.service_scv)
                        * if *scv > 1.0 { (scv + node.service_scv) / (1.0 + node.service_scv) } else { 1.0 }
                }
                c => allen_cunneen(node.lambda, mu, c, *scv, node.service_scv),
            };
            let figures = SteadyState {
                exact: false,
                ..SteadyState::lossless(&station, None, TimeDistribution::moments(mean, None))
            };
            places.push((station, figures));
        }
        let totals = |of: &dyn Fn(&Station<'_>, &SteadyState) -> f64| {
            onward_means(&chances, &places.iter().map(|(s, f)| of(s, f)).collect::<Vec<_>>())
        };
        let (waits, services) = (totals(&|_, f| f.wait.mean), totals(&|s, _| s.service.mean()));
        let ends = scenario
            .producers
            .iter()
            .map(|producer| {
                let entry = if let Destination::Queue(queue) = producer.to { queue } else { 0 };
                let send = TimeDistribution::of(&producer.send_time);
                let (wait, service) = (
                    TimeDistribution::moments(waits[entry], None),
                    TimeDistribution::moments(services[entry], None),
                );
                EndToEnd {
                    throughput: producer.rate,
                    loss: 0.0,
                    latency: send.plus(&wait).plus(&service),
                    send: Some(send),
                    blocked: None,
                    wait: Some(wait),
                    service: Some(service),
                }
            })
            .collect();
        let caveats = vec![TheoryCaveat::Decomposed { scvs }.into()];
        let name = format!("network of {} queues", places.len());
        Ok(NetworkFigures { nodes: places, ends, exact: false, caveats }.answer(scenario, &name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_and_exponential_stay_so() {
        let node = |lambda: f64, outside: f64| QnaNode {
            lambda,
            rho: 0.7,
            servers: 1,
            service_scv: 1.0,
            outside: (outside, 1.0),
        };
        let scvs = arrival_scvs(&[node(1.25, 1.0), node(1.25, 0.0)], &[vec![(1, 1.0)], vec![(0, 0.2)]]);
        assert!(scvs.iter().all(|scv| (scv - 1.0).abs() < 1e-12), "{scvs:?}");
    }

    #[test]
    fn busy_regular_servers_smooth_what_they_pass_on() {
        let node = |rho: f64, outside: f64| QnaNode {
            lambda: 1.0,
            rho,
            servers: 1,
            service_scv: 0.0,
            outside: (outside, 1.0),
        };
        let scvs = arrival_scvs(&[node(0.95, 1.0), node(0.5, 0.0)], &[vec![(1, 1.0)], vec![]]);
        assert!(scvs[0] == 1.0 && scvs[1] < 0.3, "{scvs:?}");
    }
}
