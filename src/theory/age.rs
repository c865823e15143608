//! The age of the oldest waiting message, the lag of a queue as a time.

use super::station::Station;
use super::times::TimeDistribution;

/// Mean age of the oldest waiting message over time, 0 while none waits, behind any number of servers that
/// take messages in the order in which they come as a Poisson process.
///
/// `wait` is the mean wait and `none` the probability that no message comes during one, E\[e^(−λW)\].
///
/// # Formula
/// A message is the oldest from when the one before is taken until it is taken itself: λ/2 E\[W² − (max(0, W′
/// − A))²\], W′ being the wait of the one before and A the gap between them, which is W − (1 −
/// E\[e^(−λW)\])/λ.
/// # Domain
/// A stable queue.
/// # Source
/// Little's law for the time as the first in line.
///
/// ```
/// use queuelab::theory::age::oldest_waiting;
/// // M/M/1 at 0.8: E[e^(−λW)] is 1 − ρ², and the age ρ²/(μ(1 − ρ)), L_q services.
/// assert!((oldest_waiting(0.8, 4.0, 1.0 - 0.64) - 3.2).abs() < 1e-12);
/// ```
pub fn oldest_waiting(lambda: f64, wait: f64, none: f64) -> f64 {
    wait - (1.0 - none) / lambda
}

/// Steps of the integral of a wait's tail.
const STEPS: u32 = 4000;

/// The same of a queue whose wait is known exactly and which loses nothing; `None` where it is not of this
/// kind.
pub(super) fn of(station: &Station<'_>, wait: &TimeDistribution) -> Option<f64> {
    let lambda = station.lambda();
    let plain = station.only(&[]).is_ok() && station.is_poisson() && station.servers.is_some();
    if !plain || lambda <= 0.0 {
        return None;
    }
    let none = match wait.transform() {
        Some(transform) => transform.at(lambda.into()).re,
        // 1 − ∫ P(W > t) λ e^(−λt) dt over the share of gaps that are longer.
        None => {
            let tail = |step: u32| {
                let share = (f64::from(step) + 0.5) / f64::from(STEPS);
                wait.tail(-share.ln() / lambda)
            };
            1.0 - (0..STEPS).map(tail).sum::<Option<f64>>()? / f64::from(STEPS)
        }
    };
    Some(oldest_waiting(lambda, wait.mean, none).max(0.0))
}
