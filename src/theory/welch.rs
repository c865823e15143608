//! Servers that need time until they have a message, as behind a broker: the *hand-off* to one that had
//! nothing to do, and the *turnaround* from one message to the next that waits. For one server that is M/G/1
//! with an exceptional first service.

use super::erlang::erlang_c;
use super::invert::Transform;
use super::requires::poisson;
use super::{Exactness, MODELS, Mismatch, ModelError, QueueModel, Station, SteadyState, TimeDistribution};
use super::{enough, stable};

/// What M/G/1 with an exceptional first service makes of its moments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExceptionalFirst {
    /// The share of messages that find the server with nothing to do.
    pub idle: f64,
    /// Mean time until a message's service of whichever kind begins.
    pub start: f64,
    /// Its second moment.
    pub start_squared: f64,
}

/// M/G/1 whose first service of a busy period has another law than all others.
///
/// `first` and `usual` are the first three moments of the two laws, in seconds to their powers; `lambda` is a
/// rate a second.
///
/// # Formula
/// With a = 1 − λb₁, P(idle) = a/(a + λf₁), and the time until the service begins is zero for those; of the
/// others it has the transform P(idle) λ(1 − F*(s)) / (s − λ(1 − B*(s))). Its mean is
/// W = λ/2 · (b₂/a + (f₂ − b₂)/(a + λf₁)).
/// # Domain
/// λb₁ < 1.
/// # Source
/// Welch, *On a generalized M/G/1 queuing process in which the first customer of each busy period receives
/// exceptional service*, Operations Research 12 (1964).
///
/// ```
/// use queuelab::theory::welch::exceptional_first;
/// // The same law for all is Pollaczek and Khinchine's M/G/1: here M/M/1 at 0.8.
/// let alike = exceptional_first(0.8, [1.0, 2.0, 6.0], [1.0, 2.0, 6.0]);
/// assert!((alike.start - 4.0).abs() < 1e-12 && (alike.idle - 0.2).abs() < 1e-12);
/// ```
pub fn exceptional_first(lambda: f64, first: [f64; 3], usual: [f64; 3]) -> ExceptionalFirst {
    let ([f1, f2, f3], [b1, b2, b3]) = (first, usual);
    let a = 1.0 - lambda * b1;
    let idle = a / (a + lambda * f1);
    let (c, d) = (lambda * b2 / 2.0, lambda * b3 / 6.0);
    let mass = idle * lambda / a;
    ExceptionalFirst {
        idle,
        start: mass * (f2 / 2.0 + f1 * c / a),
        start_squared: 2.0 * mass * (f3 / 6.0 + f2 * c / (2.0 * a) + f1 * (c * c / (a * a) + d / a)),
    }
}

/// The first three moments of a time that is longer by a constant.
fn longer([m1, m2, m3]: [f64; 3], by: f64) -> [f64; 3] {
    [m1 + by, m2 + 2.0 * by * m1 + by * by, m3 + 3.0 * by * m2 + 3.0 * by * by * m1 + by * by * by]
}

/// The hand-off and the turnaround of a station's host, if messages are not with its servers at once.
fn host(station: &Station<'_>) -> Result<(f64, f64), Mismatch> {
    let overheads = &station.scenario.simulation.overheads;
    if overheads.delivers_at_once() {
        return Err("needs a hand_off or a turnaround".into());
    }
    Ok((overheads.hand_off, overheads.turnaround))
}

/// The wait of messages of which a share finds servers with nothing to do: they wait for the hand-off, all
/// others for their turn and the turnaround after it. `turn` is the wait of those others, P(turn > t)
/// together with their share.
fn reached(
    idle: f64,
    (hand_off, turnaround): (f64, f64),
    moments: [f64; 2],
    turn: impl Fn(f64) -> f64 + Send + Sync + 'static,
) -> TimeDistribution {
    let [mean, second] = moments;
    let sd = (second - mean * mean).max(0.0).sqrt();
    TimeDistribution::law(mean, sd, move |t| {
        let first = if t < hand_off { idle } else { 0.0 };
        first + if t < turnaround { 1.0 - idle } else { turn(t - turnaround).min(1.0 - idle) }
    })
}

/// The adapter of one server.
#[derive(Debug)]
pub struct SlowHandOver;

impl QueueModel for SlowHandOver {
    const NAME: &'static str = "M/G/1 with an exceptional first service (Welch)";
    const HANDS_OVER: bool = true;

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        host(station)?;
        poisson(station)?;
        (station.servers == Some(1)).then_some(()).ok_or_else(|| "needs one server".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (hand_off, turnaround) = host(station)?;
        stable(station)?;
        let (lambda, service) = (station.lambda(), &station.service);
        enough(lambda, 1.0 / (service.mean() + turnaround))?;
        let moments = [1, 2, 3].map(|n| service.moment(n));
        let queue = exceptional_first(lambda, longer(moments, hand_off), longer(moments, turnaround));
        let (idle, busy) = (queue.idle, 1.0 - queue.idle);
        let mean = idle * hand_off + queue.start + busy * turnaround;
        let second = idle * hand_off * hand_off
            + queue.start_squared
            + 2.0 * turnaround * queue.start
            + busy * turnaround * turnaround;
        let work = service.transform();
        let own = work.clone();
        let turn = Transform::new(move |s| {
            let served = own.at(s);
            let (first, usual) = (served * (-s * hand_off).exp(), served * (-s * turnaround).exp());
            idle * lambda * (1.0 - first) / (s - lambda * (1.0 - usual))
        })
        .like(&work)
        .remembered();
        let law = Transform::new({
            let turn = turn.clone();
            move |s| idle * (-s * hand_off).exp() + turn.at(s) * (-s * turnaround).exp()
        })
        .like(&turn);
        let turn = turn.inverse_of(busy);
        let tail = move |t: f64| if t > 0.0 { turn.tail(t) } else { busy };
        let wait = reached(idle, (hand_off, turnaround), [mean, second], tail).with(law);
        let delayed = busy + if hand_off > 0.0 { idle } else { 0.0 };
        let hand_over = Some(" with hand-off and turnaround (Welch 1964)");
        Ok(SteadyState { hand_over, ..SteadyState::lossless(station, Some(delayed), wait) })
    }
}

/// The adapter of several servers: who must wait does so as behind servers whose services are longer by the
/// turnaround, and how many must follows from the mean time that a delivery takes a server.
#[derive(Debug)]
pub struct SlowHandOvers;

/// Steps of the search for the share of messages that must wait: each changes it less than the one before.
const STEPS: u32 = 60;

impl QueueModel for SlowHandOvers {
    const NAME: &'static str = "G/G/c with a hand-off and a turnaround";
    const EXACTNESS: Exactness = Exactness::Approximate;
    const HANDS_OVER: bool = true;

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        host(station)?;
        if station.servers.is_none() {
            return Err("needs a limited number of servers".into());
        }
        ideal(station, 0.0).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (hand_off, turnaround) = host(station)?;
        stable(station)?;
        let (lambda, servers) = (station.lambda(), station.servers.unwrap_or(u32::MAX));
        let (work, limit) = (station.service.mean(), f64::from(servers));
        enough(lambda, limit / (work + turnaround))?;
        let must_wait = |each: f64| erlang_c(servers, (lambda * each).min(limit * (1.0 - 1e-9)));
        let mut busy = must_wait(work + turnaround);
        for _ in 0..STEPS {
            busy = 0.5 * (busy + must_wait(work + (1.0 - busy) * hand_off + busy * turnaround));
        }
        let usual = ideal(station, turnaround)??;
        let more =
            busy / usual.delayed.unwrap_or_else(|| must_wait(work + turnaround)).max(f64::MIN_POSITIVE);
        let (idle, turn) = (1.0 - busy, usual.wait);
        let mean = idle * hand_off + more * turn.mean + busy * turnaround;
        let wait = match (turn.sd, turn.tail(0.0)) {
            (Some(sd), Some(_)) => {
                let second = more * (sd * sd + turn.mean * turn.mean + 2.0 * turnaround * turn.mean)
                    + busy * turnaround * turnaround
                    + idle * hand_off * hand_off;
                let law = turn.transform().cloned().map(|law| {
                    let all = 1.0 - busy / more;
                    Transform::new({
                        let law = law.clone();
                        move |s| {
                            idle * (-s * hand_off).exp() + more * (law.at(s) - all) * (-s * turnaround).exp()
                        }
                    })
                    .like(&law)
                });
                let tail = move |t: f64| more * turn.tail(t).unwrap_or(0.0);
                let wait = reached(idle, (hand_off, turnaround), [mean, second], tail);
                law.map_or(wait.clone(), |law| wait.with(law))
            }
            _ => TimeDistribution::moments(mean, None),
        };
        let delayed = busy + if hand_off > 0.0 { idle } else { 0.0 };
        let mut figures = SteadyState::lossless(station, Some(delayed), wait);
        (figures.exact, figures.caveats) = (false, usual.caveats);
        figures.hand_over = Some(" with hand-off and turnaround");
        Ok(figures)
    }
}

/// The same station on an ideal host, whose services take longer by a constant time.
fn ideal(station: &Station<'_>, by: f64) -> Result<Result<SteadyState, ModelError>, Mismatch> {
    let service = station.service.longer(by).ok_or("needs services of one part")?;
    let usual = Station { service, ..station.clone() };
    let first = MODELS.iter().filter(|model| !model.hands_over()).find_map(|model| model.at(&usual));
    first.ok_or_else(|| "no closed form fits the same queue on an ideal host".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Setup times before the first service of a busy period: Takagi, *Queueing Analysis* 1 (1991), eq. 2.32:
    /// W = λE[S²]/(2(1 − ρ)) + (2E[D] + λE[D²])/(2(1 + λE[D])).
    #[test]
    fn a_hand_off_is_a_setup_time() {
        let (lambda, service, setup) = (0.7, [1.0, 2.0, 6.0], 0.4);
        let queue = exceptional_first(lambda, longer(service, setup), service);
        let wait = queue.start + queue.idle * setup;
        let takagi = lambda * service[1] / (2.0 * (1.0 - lambda))
            + (2.0 * setup + lambda * setup * setup) / (2.0 * (1.0 + lambda * setup));
        assert!((wait - takagi).abs() < 1e-12, "{wait} {takagi}");
    }

    /// Welch's own mean: λ/2 · (b₂/a + (f₂ − b₂)/(a + λf₁)).
    #[test]
    fn the_mean_is_welchs() {
        let (lambda, first, usual) = (0.5, [1.7, 4.0, 15.0], [1.2, 3.0, 12.0]);
        let a = 1.0 - lambda * usual[0];
        let welch = lambda / 2.0 * (usual[1] / a + (first[1] - usual[1]) / (a + lambda * first[0]));
        assert!((exceptional_first(lambda, first, usual).start - welch).abs() < 1e-12);
    }

    /// The same law for all is M/G/1, variance included.
    #[test]
    fn one_law_for_all_is_m_g_1() {
        let (lambda, law) = (0.8, [1.0, 2.0, 6.0]);
        let queue = exceptional_first(lambda, law, law);
        let variance = queue.start_squared - queue.start * queue.start;
        assert!((variance - crate::theory::mg1::wait_variance(lambda, 1.0, 2.0, 6.0)).abs() < 1e-11);
    }
}
