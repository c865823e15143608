//! The same scenario with more traffic, or with burstier traffic.

use crate::scenario::{Arrivals, Scenario};
use crate::workload::laws::Law;

/// The scenario with so many times the traffic, its pattern in time unchanged but for the gaps.
pub(super) fn times(scenario: &Scenario, factor: f64) -> Scenario {
    let mut out = scenario.clone();
    for producer in &mut out.producers {
        producer.rate *= factor;
        producer.arrivals.denser(factor);
    }
    out
}

/// The scenario with gaps whose scv is so many times as large; `None` if no producer sends at independent
/// random gaps.
pub(super) fn burstier(scenario: &Scenario, factor: f64) -> Option<Scenario> {
    let mut out = scenario.clone();
    let mut changed = false;
    for producer in &mut out.producers {
        let scv = match &producer.arrivals {
            Arrivals::Poisson => 1.0,
            Arrivals::Renewal { gap } => gap.scv(),
            _ => continue,
        };
        let (mean, scv) = (producer.batch.mean() / producer.rate, scv * factor);
        if !(mean.is_finite() && mean > 0.0 && scv.is_finite() && scv > 0.0) {
            continue;
        }
        let gap = if scv >= 1.0 { Law::hyperexponential(mean, scv) } else { Law::gamma(mean, scv) };
        producer.arrivals = Arrivals::Renewal { gap };
        changed = true;
    }
    changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_scaled_and_made_burstier() {
        let scenario = Scenario::mgc(100.0, Law::exponential(0.005), 1);
        assert_eq!(times(&scenario, 1.5).producers[0].rate, 150.0);
        let bursts = burstier(&scenario, 4.0).expect("Poisson arrivals have gaps");
        let Arrivals::Renewal { gap } = &bursts.producers[0].arrivals else { panic!("gaps of a law") };
        assert!((gap.scv() - 4.0).abs() < 1e-9 && (gap.mean() - 0.01).abs() < 1e-12);
        let again = times(&bursts, 2.0);
        let Arrivals::Renewal { gap } = &again.producers[0].arrivals else { panic!("gaps of a law") };
        assert!((gap.mean() - 0.005).abs() < 1e-12);
        let mut clockwork = scenario;
        clockwork.producers[0].arrivals = Arrivals::Periodic;
        assert!(burstier(&clockwork, 4.0).is_none());
    }
}
