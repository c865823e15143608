//! A broker's turnaround by load. A broker with more to do takes longer for it, and one with little to do
//! sleeps more: a line through what the low loads showed and what a short run showed that nearly saturates
//! the servers.

use super::{ATTEMPTS, HostCalibration, failing};
use crate::answer::Trust;
use crate::load::DISTURBANCES;
use crate::scenario::Scenario;
use crate::study::measurement;
use crate::study::watch::Watch;
use serde::Serialize;

/// The load of the short run. Of it nothing but the turnaround is taken.
pub(super) const SATURATING: f64 = 0.95;
/// Seconds of the real clock that it takes at most.
const DURATION: f64 = 5.0;

/// A turnaround that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TurnaroundSeen {
    /// Of the fullest queue.
    pub load: f64,
    /// Seconds, in the scenario's time.
    pub turnaround: f64,
}

impl HostCalibration {
    /// Seconds from the end of a service until the consumer has the next message, at a load: by least squares
    /// through all that was seen, their mean if that was one load only, and beyond the loads that were seen as
    /// at the nearest of them; `None` if no broker was measured.
    pub fn turnaround_at(&self, load: f64) -> Option<f64> {
        let seen = &self.turnarounds;
        let count = seen.len() as f64;
        let lowest = seen.iter().map(|s| s.load).fold(f64::INFINITY, f64::min);
        let load = seen.iter().map(|s| s.load).fold(lowest, f64::max).min(load).max(lowest);
        let mean = |of: fn(&TurnaroundSeen) -> f64| seen.iter().map(of).sum::<f64>() / count;
        let (at, turnaround) = (mean(|s| s.load), mean(|s| s.turnaround));
        let spread: f64 = seen.iter().map(|s| (s.load - at).powi(2)).sum();
        let common: f64 = seen.iter().map(|s| (s.load - at) * (s.turnaround - turnaround)).sum();
        let slope = if spread > 0.0 { common / spread } else { 0.0 };
        (!seen.is_empty()).then_some((turnaround + slope * (load - at)).max(0.0))
    }
}

/// What a short run of the scenario, which is at `SATURATING`, shows; `None` if it could not be measured, or
/// only while other work on the machine disturbed it. That the run itself is to be trusted is not needed.
pub(super) fn near_saturation(mut scenario: Scenario, watch: &dyn Watch) -> Option<TurnaroundSeen> {
    scenario.measurement.duration = scenario.measurement.duration.min(DURATION);
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let run = measurement::measured(&scenario, watch).ok().filter(|run| run.failed.is_none())?;
        let turnaround = run.turnaround?.mean();
        let disturbances = failing(&run.answers).filter(|gate| DISTURBANCES.contains(&&*gate.name));
        let worst = disturbances.map(|gate| gate.trust).max();
        last = (worst != Some(Trust::Invalid)).then_some(TurnaroundSeen { load: SATURATING, turnaround });
        if worst.is_none() || watch.stopped() {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(seen: &[(f64, f64)]) -> HostCalibration {
        let seen = seen.iter().map(|&(load, turnaround)| TurnaroundSeen { load, turnaround });
        HostCalibration { turnarounds: seen.collect(), ..HostCalibration::default() }
    }

    #[test]
    fn between_what_was_seen_lies_a_line() {
        let close = |seen: &[(f64, f64)], load, expected: f64| {
            let found = learnt(seen).turnaround_at(load).expect("seen");
            assert!((found - expected).abs() < 1e-12, "{seen:?} at {load}: {found}");
        };
        close(&[(0.3, 2e-4), (0.5, 3e-4)], 0.4, 2.5e-4);
        close(&[(0.3, 2e-4), (0.5, 2e-4), (0.95, 2e-4)], 0.8, 2e-4);
        // By hand: means 0.6 and 2e-4, slope (0.3 · 1e-4 + 0.3 · 1e-4) / 0.18.
        close(&[(0.3, 1e-4), (0.6, 2e-4), (0.9, 3e-4)], 0.75, 2.5e-4);
        close(&[(0.3, 4e-4), (0.3, 2e-4)], 0.9, 3e-4);
        // No further than what was seen.
        close(&[(0.3, 4e-4), (0.5, 1e-4)], 0.9, 1e-4);
        close(&[(0.3, 2e-4), (0.5, 3e-4)], 0.1, 2e-4);
        assert_eq!(learnt(&[]).turnaround_at(0.5), None);
    }
}
