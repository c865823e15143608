//! A tandem of two exponential servers with bounded room between them: the first holds what it finished until
//! there is room.

use super::Feature;
use super::Mismatch;
use super::matrix::{Matrix, stationary};
use super::network::NetworkFigures;
use super::qbd::Qbd;
use super::station::{Gaps, StationStream};
use super::{
    Answer, ClosedForm, EndToEnd, Exactness, LevelSummary, ModelError, Station, SteadyState, TimeDistribution,
};
use crate::answer::{Growth, TheoryCaveat};
use crate::scenario::{Destination, Overflow, Scenario};

/// The chain: its level is the number at the first server (a held message included), its phase the number at
/// the second, and last the state in which the first is blocked.
///
/// # Source
/// Blocking after service: Avi-Itzhak & Yadin (1965); Perros, *Queueing Networks with Blocking* (1994),
/// chapter 3.
///
/// ```
/// use queuelab::theory::blocking::{capacity, chain};
/// // No room between two servers of rate 1: 2/3 is the most that passes.
/// assert!((capacity(&chain(0.6, 1.0, 1.0, 0)) - 2.0 / 3.0).abs() < 1e-14);
/// ```
pub fn chain(lambda: f64, first: f64, second: f64, room: usize) -> Qbd {
    let (full, blocked) = (room + 1, room + 2);
    let n = room + 3;
    let (mut ground, mut local, mut down) = (Matrix::zero(n, n), Matrix::zero(n, n), Matrix::zero(n, n));
    for k in 0..=full {
        if k > 0 {
            ground[(k, k - 1)] = second;
            local[(k, k - 1)] = second;
        }
        if k < full {
            down[(k, k + 1)] = first;
        } else {
            local[(k, blocked)] = first;
        }
    }
    down[(blocked, full)] = second;
    // Nobody is held where nobody is: the state is left at once and never entered.
    ground[(blocked, full)] = second;
    for i in 0..n {
        let out = |matrix: &Matrix| matrix.row(i).iter().sum::<f64>();
        let (low, high) = (out(&ground) + lambda, out(&local) + out(&down) + lambda);
        ground[(i, i)] -= low;
        local[(i, i)] -= high;
    }
    let up = Matrix::identity(n).scaled(lambda);
    Qbd { ups: vec![up.clone()], locals: vec![ground], downs: vec![down.clone()], up, local, down }
}

/// Messages a second that pass when the first server never lacks work.
pub fn capacity(chain: &Qbd) -> f64 {
    let phases = stationary(&chain.local.plus(&chain.down));
    phases.iter().zip(chain.down.row_sums()).map(|(p, rate)| p * rate).sum()
}

/// The adapter.
#[derive(Debug)]
pub struct BlockingTandem;

impl BlockingTandem {
    /// The first and the second queue, and the room between them.
    fn parts(scenario: &Scenario) -> Result<([Station<'_>; 2], usize), Mismatch> {
        let [producer] = scenario.producers.as_slice() else {
            return Err("needs one producer".into());
        };
        if scenario.queues.len() != 2 || scenario.consumers.len() != 2 {
            return Err("needs two queues with a consumer each".into());
        }
        let Destination::Queue(entry) = producer.to else {
            return Err("messages pass through a topic".into());
        };
        let exit = 1 - entry;
        let (_, server) =
            scenario.consumers_of(entry).next().ok_or("nobody consumes from the first queue")?;
        let straight = matches!(server.to.as_slice(), [route] if route.to == Destination::Queue(exit) && route.probability == 1.0);
        if !straight || scenario.consumers_of(exit).any(|(_, c)| c.to.iter().any(|r| r.probability > 0.0)) {
            return Err("the queues are not in a row".into());
        }
        let room = match (scenario.queues[exit].max_length, scenario.queues[exit].overflow) {
            (Some(room), Overflow::Block) if room <= 200 => room as usize,
            (Some(_), Overflow::Block) => {
                return Err("there is room for more than 200 messages between the queues".into());
            }
            _ => return Err("the second queue does not block the first".into()),
        };
        let stream = StationStream::of(producer);
        if stream.gaps != Gaps::Poisson || !producer.batch.is_single() || producer.service_time.is_some() {
            return Err("needs Poisson arrivals, one by one".into());
        }
        let stations =
            [Station::at(scenario, entry, vec![stream.clone()])?, Station::at(scenario, exit, vec![stream])?];
        for station in &stations {
            station.only(&[Feature::Forwarding])?;
            if station.servers != Some(1) || !station.service.is_exponential() {
                return Err(format!("`{}` does not have one exponential server", station.queue.name).into());
            }
        }
        if stations[0].queue.max_length.is_some() {
            return Err("the first queue is bounded too".into());
        }
        Ok((stations, room))
    }
}

impl ClosedForm for BlockingTandem {
    fn name(&self) -> &'static str {
        "M/M/1 → M/1 with blocking"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        Self::parts(scenario).map(|_| ())
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let ([first, second], room) = Self::parts(scenario)?;
        let (lambda, rates) = (first.lambda(), [1.0 / first.service.mean(), 1.0 / second.service.mean()]);
        let chain = chain(lambda, rates[0], rates[1], room);
        let most = capacity(&chain);
        if lambda >= most {
            return Err(Growth::Load { rho: lambda / most, growth: lambda - most }.into());
        }
        let law = chain.stationary();
        let phases: Vec<f64> = law.levels[0].iter().zip(law.upper()).map(|(a, b)| a + b).collect();
        let blocked = phases[room + 2];
        let upstream = law.mean();
        let busy = |k: usize| k.min(room + 1) as f64;
        let downstream: f64 = phases.iter().enumerate().map(|(k, p)| busy(k) * p).sum();
        let service = [first.service.mean(), second.service.mean()];
        let figures = |station: &Station<'_>, inside: f64, taken: f64| {
            let waiting = (inside - taken).max(0.0);
            let mut figures =
                SteadyState::lossless(station, None, TimeDistribution::moments(waiting / lambda, None));
            figures.in_system = LevelSummary { mean: inside, p99: None };
            figures.queue_length = LevelSummary { mean: waiting, p99: None };
            figures
        };
        // A message that the first server holds has left the first queue and is not yet in the second.
        let nodes = vec![
            (first.clone(), figures(&first, upstream - blocked, lambda * service[0])),
            (
                second.clone(),
                SteadyState { held: Some(blocked), ..figures(&second, downstream, lambda * service[1]) },
            ),
        ];
        let total = (upstream + downstream) / lambda;
        let send = TimeDistribution::of(&scenario.producers[0].send_time);
        let end = EndToEnd {
            throughput: lambda,
            loss: 0.0,
            latency: send.plus(&TimeDistribution::moments(total, None)),
            send: Some(send),
            blocked: None,
            wait: None,
            service: None,
        };
        let caveats = vec![TheoryCaveat::FirstBlocked { share: blocked }.into()];
        let name = "tandem with blocking";
        Ok(NetworkFigures { nodes, ends: vec![end], exact: true, caveats }.answer(scenario, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_room_is_a_jackson_tandem() {
        let law = chain(0.6, 1.0, 1.2, 120).stationary();
        assert!((law.mean() - 1.5).abs() < 1e-9, "{}", law.mean());
    }

    #[test]
    fn no_room_blocks() {
        let law = chain(0.6, 1.0, 1.0, 0).stationary();
        let phases: Vec<f64> = law.levels[0].iter().zip(law.upper()).map(|(a, b)| a + b).collect();
        assert!((phases[2] - 0.27692307692307644).abs() < 1e-11);
        assert!((law.mean() + phases[1] + phases[2] - 7.569230769230681).abs() < 1e-10);
    }
}
