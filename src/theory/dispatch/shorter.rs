//! Topics that look at queue lengths, their queues being alike: the shorter of two, and the power of two
//! choices.

use super::{lacks, topic};
use crate::answer::{Caveat, TheoryCaveat};
use crate::scenario::{Deliver, Scenario, Servers};
use crate::theory::matrix::Matrix;
use crate::theory::network::NetworkFigures;
use crate::theory::phase_type::is_exponential;
use crate::theory::qbd::Qbd;
use crate::theory::station::{Gaps, StationStream};
use crate::theory::{
    Answer, ClosedForm, EndToEnd, Exactness, Mismatch, ModelError, Station, SteadyState, TimeDistribution,
    stable,
};

/// Why the queues of a topic are not alike, each with one exponential server behind unbounded room.
fn alike(scenario: &Scenario) -> Result<Vec<Station<'_>>, Mismatch> {
    let topic = topic(scenario)?;
    let n = topic.subscriptions.len() as f64;
    let streams: Vec<StationStream<'_>> = scenario.producers.iter().map(StationStream::of).collect();
    if streams.iter().any(|s| s.gaps != Gaps::Poisson) {
        return Err("needs Poisson arrivals".into());
    }
    let each: Vec<StationStream<'_>> =
        streams.into_iter().map(|s| StationStream { rate: s.rate / n, ..s }).collect();
    let stations: Vec<Station<'_>> = topic
        .subscriptions
        .iter()
        .map(|queue| Station::at(scenario, *queue, each.clone()))
        .collect::<Result<_, _>>()?;
    for station in &stations {
        station.only(&[])?;
        let [group] = station.groups.as_slice() else {
            return Err("needs one consumer group for each queue".into());
        };
        let law = station.service.law().filter(|law| is_exponential(law) && group.count == Servers::Count(1));
        if law.is_none() || station.service != stations[0].service {
            return Err("needs one exponential server for each queue, all alike".into());
        }
    }
    Ok(stations)
}

/// An answer from the mean number in each of the alike queues.
fn from_level(
    scenario: &Scenario,
    in_system: f64,
    delayed: f64,
    exact: bool,
    name: &str,
    caveats: Vec<Caveat>,
) -> Result<Answer, ModelError> {
    let mut nodes = Vec::new();
    for station in alike(scenario)? {
        let mean = in_system / station.lambda() - station.service.mean();
        let figures = SteadyState {
            exact,
            ..SteadyState::lossless(&station, Some(delayed), TimeDistribution::moments(mean, None))
        };
        nodes.push((station, figures));
    }
    let ends = scenario
        .producers
        .iter()
        .map(|producer| {
            let (send, service) = (TimeDistribution::of(&producer.send_time), nodes[0].0.service.times());
            let wait = nodes[0].1.wait.clone();
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
    Ok(NetworkFigures { nodes, ends, exact, caveats }.answer(scenario, name))
}

/// Mean number in each of two alike exponential queues of rate 1 when every message joins the shorter, and
/// the probability that it finds both busy.
///
/// # Numerics
/// A chain with the smaller of the two numbers as its level and their difference as its phase, cut off at 60:
/// the difference decays like ρ^(2·difference) or faster.
/// # Source
/// The model: Haight (1958), Kingman (1961).
///
/// ```
/// use queuelab::theory::dispatch::shortest_of_two;
/// let (each, _) = shortest_of_two(1.8);
/// assert!((2.0 * each / 9.854843078223018 - 1.0).abs() < 1e-9);
/// ```
pub fn shortest_of_two(lambda: f64) -> (f64, f64) {
    const GAP: usize = 60;
    let n = GAP + 1;
    let (mut up, mut local, mut down) = (Matrix::zero(n, n), Matrix::zero(n, n), Matrix::zero(n, n));
    let mut ground = Matrix::zero(n, n);
    for gap in 0..n {
        if gap == 0 {
            // Either may be joined, and either may end; the difference becomes 1.
            local[(0, 1)] += lambda;
            down[(0, 1)] += 2.0;
            ground[(0, 1)] += lambda;
        } else {
            // The shorter is joined: the level goes up, the gap down.
            up[(gap, gap - 1)] += lambda;
            // The longer ends.
            local[(gap, gap - 1)] += 1.0;
            ground[(gap, gap - 1)] += 1.0;
            // The shorter ends.
            if gap < GAP {
                down[(gap, gap + 1)] += 1.0;
            } else {
                down[(gap, gap)] += 1.0;
            }
        }
    }
    let out = |rows: &[&Matrix], i: usize| rows.iter().map(|m| m.row(i).iter().sum::<f64>()).sum::<f64>();
    for i in 0..n {
        let (all, low) = (out(&[&up, &local, &down], i), out(&[&up, &ground], i));
        local[(i, i)] -= all;
        ground[(i, i)] -= low;
    }
    let chain =
        Qbd { ups: vec![up.clone()], locals: vec![ground], downs: vec![down.clone()], up, local, down };
    let law = chain.stationary();
    let gaps: Vec<f64> = law.levels[0].iter().zip(law.upper()).map(|(a, b)| a + b).collect();
    let gap: f64 = gaps.iter().enumerate().map(|(gap, p)| gap as f64 * p).sum();
    (law.mean() + 0.5 * gap, law.upper().iter().sum())
}

/// The adapter for `shortest-queue` and `power-of-two` with two queues.
#[derive(Debug)]
pub struct ShortestOfTwo;

impl ClosedForm for ShortestOfTwo {
    fn name(&self) -> &'static str {
        "the shorter of two M queues"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        // Both of two are looked at.
        if !matches!(topic(scenario)?.deliver, Deliver::ShortestQueue | Deliver::PowerOfTwo) {
            return Err("needs messages that join the shortest queue".into());
        }
        let stations = alike(scenario)?;
        if stations.len() == 2 { Ok(()) } else { Err("needs two queues".into()) }
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        lacks(scenario, |deliver| deliver == Deliver::ShortestQueue)
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let stations = alike(scenario)?;
        stable(&stations[0])?;
        let (each, both) = shortest_of_two(2.0 * stations[0].offered_load());
        from_level(scenario, each, both, true, "join the shorter of two", Vec::new())
    }
}

/// The mean number at a server when every message joins the shorter of `d` chosen at random, for ever more
/// servers.
///
/// # Formula
/// P(N ≥ k) = ρ^((dᵏ − 1)/(d − 1)).
/// # Source
/// Vvedenskaya, Dobrushin & Karpelevich (1996); Mitzenmacher, IEEE Transactions on Parallel and Distributed
/// Systems 12 (2001).
///
/// ```
/// use queuelab::theory::dispatch::power_of_choices;
/// assert!((power_of_choices(0.5, 2) / 0.5 - 1.2656860360875726).abs() < 1e-14);
/// ```
pub fn power_of_choices(rho: f64, d: u32) -> f64 {
    let (mut sum, mut exponent) = (0.0, 1.0);
    for _ in 0..100_000 {
        let term = rho.powf(exponent);
        sum += term;
        if term < 1e-18 {
            break;
        }
        exponent = exponent * f64::from(d) + 1.0;
    }
    sum
}

/// The adapter for `power-of-two`.
#[derive(Debug)]
pub struct PowerOfTwo;

impl ClosedForm for PowerOfTwo {
    fn name(&self) -> &'static str {
        "power of two choices (mean field)"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Approximate
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        if topic(scenario)?.deliver != Deliver::PowerOfTwo {
            return Err("needs messages that choose between two queues".into());
        }
        alike(scenario).map(|_| ())
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        lacks(scenario, |deliver| deliver == Deliver::PowerOfTwo)
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let stations = alike(scenario)?;
        stable(&stations[0])?;
        let rho = stations[0].rho();
        let caveats = vec![TheoryCaveat::MeanField { queues: stations.len() }.into()];
        from_level(scenario, power_of_choices(rho, 2), rho * rho, false, "power of two choices", caveats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_traffic_never_finds_both_busy() {
        let (each, both) = shortest_of_two(1e-3);
        assert!((2.0 * each / 1e-3 - 1.0).abs() < 1e-5 && both < 1e-6);
        // Joining the shorter is better than chance, and worse than one queue for both.
        for lambda in [0.5, 1.2, 1.9] {
            let (each, _) = shortest_of_two(lambda);
            let (chance, shared) =
                (0.5 * lambda / (1.0 - 0.5 * lambda), crate::theory::jackson::in_system(lambda, 1.0, 2));
            assert!(each < chance && 2.0 * each > shared);
        }
    }

    #[test]
    fn one_choice_is_m_m_1() {
        assert!((power_of_choices(0.7, 1) - 0.7 / 0.3).abs() < 1e-12);
    }
}
