//! Servers that need time until they have a message, as behind a broker: the *hand-off* to one that had
//! nothing to do, and the *turnaround* from one message to the next that waits. For one server that is M/G/1
//! with an exceptional first service.

use super::erlang::erlang_c;
use super::invert::{Inverse, Transform, TransformCost};
use super::phase_type::is_constant;
use super::requires::poisson;
use super::transform::{effort, transform};
use super::{Exactness, MODELS, Mismatch, ModelError, QueueModel, Station, SteadyState, TimeDistribution};
use super::{enough, stable};
use crate::workload::laws::Law;

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

/// The first three moments of the sum of two independent times.
fn longer([m1, m2, m3]: [f64; 3], [b1, b2, b3]: [f64; 3]) -> [f64; 3] {
    [m1 + b1, m2 + 2.0 * b1 * m1 + b2, m3 + 3.0 * b1 * m2 + 3.0 * b2 * m1 + b3]
}

/// The hand-off and the turnaround of a station's host, if messages are not with its servers at once.
fn host<'s>(station: &Station<'s>) -> Result<(&'s Law, &'s Law), Mismatch> {
    let overheads = &station.scenario.simulation.overheads;
    if overheads.delivers_at_once() {
        return Err("needs a hand_off or a turnaround".into());
    }
    Ok((&overheads.hand_off, &overheads.turnaround))
}

/// The same where both always take as long, in seconds.
fn constants(station: &Station<'_>) -> Result<(f64, f64), Mismatch> {
    let (hand_off, turnaround) = host(station)?;
    if !(is_constant(hand_off) && is_constant(turnaround)) {
        return Err("needs one server, or a hand_off and a turnaround that are constant".into());
    }
    Ok((hand_off.mean(), turnaround.mean()))
}

/// The wait of messages of which a share finds servers with nothing to do: they wait for the hand-off, all
/// others for their turn and the turnaround after it. `turn` is the wait of those others, P(turn > t)
/// together with their share.
fn reached(
    idle: f64,
    hand_off: Law,
    moments: [f64; 2],
    turn: impl Fn(f64) -> f64 + Send + Sync + 'static,
) -> TimeDistribution {
    let [mean, second] = moments;
    let sd = (second - mean * mean).max(0.0).sqrt();
    TimeDistribution::law(mean, sd, move |t| idle * (1.0 - hand_off.cdf(t)) + turn(t).min(1.0 - idle))
}

/// P(turn > t) of a turn that is longer by a constant, from that of the turn itself; `all` is P(turn ≥ 0).
fn later(
    by: f64,
    all: f64,
    turn: impl Fn(f64) -> f64 + Send + Sync + 'static,
) -> impl Fn(f64) -> f64 + Send + Sync + 'static {
    move |t| if t < by { all } else { turn(t - by) }
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
        enough(lambda, 1.0 / (service.mean() + turnaround.mean()))?;
        let moments = |of: &dyn Fn(u32) -> f64| [1, 2, 3].map(of);
        let own = moments(&|n| service.moment(n));
        let [first, usual] = [hand_off, turnaround].map(|law| moments(&|n| law.moment(n)));
        let queue = exceptional_first(lambda, longer(own, first), longer(own, usual));
        let (idle, busy) = (queue.idle, 1.0 - queue.idle);
        let mean = idle * first[0] + queue.start + busy * usual[0];
        let second = idle * first[1] + queue.start_squared + 2.0 * usual[0] * queue.start + busy * usual[1];
        let work = service.transform();
        let [reaches, follows] = [hand_off, turnaround].map(|law| {
            let own = law.clone();
            Transform::new(move |s| transform(&own, s)).costing(effort(law)).remembered()
        });
        let [starts, goes_on] = [work.times(&reaches), work.times(&follows)];
        let turn = Transform::new({
            let (starts, goes_on) = (starts.clone(), goes_on.clone());
            move |s| idle * lambda * (1.0 - starts.at(s)) / (s - lambda * (1.0 - goes_on.at(s)))
        })
        .like(&starts)
        .like(&goes_on)
        .remembered();
        let followed = turn.times(&follows);
        let law = Transform::new({
            let followed = followed.clone();
            move |s| idle * reaches.at(s) + followed.at(s)
        })
        .like(&starts)
        .like(&followed);
        let tail = |inverse: Inverse| move |t: f64| if t > 0.0 { inverse.tail(t) } else { busy };
        let wait = if law.effort == TransformCost::Endless {
            // A long table of times: its many kinks would take seconds.
            TimeDistribution::moments(mean, Some((second - mean * mean).max(0.0).sqrt()))
        } else if is_constant(turnaround) {
            let turn = later(turnaround.mean(), busy, tail(turn.inverse_of(busy)));
            reached(idle, hand_off.clone(), [mean, second], turn)
        } else {
            reached(idle, hand_off.clone(), [mean, second], tail(followed.inverse_of(busy)))
        };
        let wait = wait.with(law);
        let delayed = busy + if hand_off.is_zero() { 0.0 } else { idle };
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
        constants(station)?;
        if station.servers.is_none() {
            return Err("needs a limited number of servers".into());
        }
        ideal(station, 0.0).map(|_| ())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        let (hand_off, turnaround) = constants(station)?;
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
                let tail = later(turnaround, busy, move |t| more * turn.tail(t).unwrap_or(0.0));
                let wait = reached(idle, Law::deterministic(hand_off), [mean, second], tail);
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
    use crate::scenario::Scenario;

    /// Setup times before the first service of a busy period: Takagi, *Queueing Analysis* 1 (1991), eq. 2.32:
    /// W = λE[S²]/(2(1 − ρ)) + (2E[D] + λE[D²])/(2(1 + λE[D])).
    #[test]
    fn a_hand_off_is_a_setup_time() {
        let (lambda, service, setup) = (0.7, [1.0, 2.0, 6.0], 0.4);
        let queue =
            exceptional_first(lambda, longer(service, [setup, setup * setup, setup.powi(3)]), service);
        let wait = queue.start + queue.idle * setup;
        let takagi = lambda * service[1] / (2.0 * (1.0 - lambda))
            + (2.0 * setup + lambda * setup * setup) / (2.0 * (1.0 + lambda * setup));
        assert!((wait - takagi).abs() < 1e-12, "{wait} {takagi}");
    }

    /// Random setup times: the same formula, with the moments of an exponential time.
    #[test]
    fn a_random_hand_off_is_a_random_setup_time() {
        let (lambda, service, setup) = (0.7, [1.0, 2.0, 6.0], [0.4, 2.0 * 0.4 * 0.4, 6.0 * 0.4_f64.powi(3)]);
        let queue = exceptional_first(lambda, longer(service, setup), service);
        let wait = queue.start + queue.idle * setup[0];
        let takagi = lambda * service[1] / (2.0 * (1.0 - lambda))
            + (2.0 * setup[0] + lambda * setup[1]) / (2.0 * (1.0 + lambda * setup[0]));
        assert!((wait - takagi).abs() < 1e-12, "{wait} {takagi}");
    }

    /// A hand-off and a turnaround of one law are a part of the service: M/E₂/1 where all three are
    /// exponential with one mean.
    #[test]
    fn alike_for_all_they_are_part_of_the_service() {
        let mut slow = Scenario::mgc(80.0, Law::exponential(0.004), 1);
        slow.simulation.overheads.hand_off = Law::exponential(0.004);
        slow.simulation.overheads.turnaround = Law::exponential(0.004);
        let whole = Scenario::mgc(80.0, Law::erlang(0.008, 2), 1);
        let [slow, whole] = [slow, whole].map(|scenario| crate::theory::answer(&scenario).expect("stable"));
        for statistic in ["mean", "sd", "p50", "p90", "p99", "p999"] {
            let of = |answer: &crate::answer::Answer| {
                answer.get(&format!("total.latency.{statistic}")).and_then(|e| e.value).expect("known")
            };
            let (slow, whole) = (of(&slow), of(&whole));
            assert!((slow / whole - 1.0).abs() < 1e-6, "{statistic}: {slow} {whole}");
        }
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
