//! Poisson arrivals and exponential servers whose senders wait for room: who is in the queue, and who is held
//! up before it.

use super::{LevelSummary, Station, SteadyState, TimeDistribution};

/// Splits those who wait at a queue of M/M/c with room for so many.
///
/// # Formula
/// Who waits for room keeps its place, so that as many wait for a server as without a bound: k or more with
/// probability C ρᵏ, C being Erlang's. The queue holds the first m of them: L_q = C ρ (1 − ρᵐ)/(1 − ρ); held
/// up are C ρᵐ⁺¹/(1 − ρ).
///
/// ```
/// use queuelab::theory::room::split;
/// let (queue, held) = split(0.5, 0.5, 1);
/// // Without a bound 0.5 wait: half of them in the only place.
/// assert!((queue - 0.25).abs() < 1e-15 && (held - 0.25).abs() < 1e-15);
/// assert_eq!(split(0.5, 0.5, 0), (0.0, 0.5));
/// ```
pub fn split(delayed: f64, rho: f64, room: u64) -> (f64, f64) {
    let all = delayed * rho / (1.0 - rho);
    let held = all * rho.powf(room as f64);
    (all - held, held)
}

/// The figures of M/M/c with those who are held up apart, if senders wait for room.
pub(super) fn apart(figures: SteadyState, station: &Station<'_>, delayed: f64) -> SteadyState {
    let Some(room) = station.queue.max_length.filter(|_| station.queue.blocks()) else { return figures };
    let (waiting, held) = split(delayed, station.rho(), room);
    // Without a place to wait, who is not taken at once is held up.
    let delayed = if room > 0 { delayed } else { 0.0 };
    SteadyState {
        queue_length: LevelSummary { mean: waiting, p99: None },
        in_system: LevelSummary { mean: waiting + station.offered_load(), p99: None },
        wait: TimeDistribution::moments(waiting / station.lambda(), None),
        delayed: Some(delayed),
        held: Some(held),
        ..figures
    }
}
