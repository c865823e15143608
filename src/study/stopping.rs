//! When a simulation has been run for long enough: how many more replications a precision asks for.

use crate::answer::{Caveat, Estimate, MetricId, SimulationCaveat, Statistic};
use crate::scenario::{Arrivals, Precision, Scenario};
use crate::stats::Combined;
use crate::workload::math::normal_quantile;

/// More replications than this are never made to reach a precision.
const MOST_REPLICATIONS: u32 = 1000;
/// A precision is never found reached by fewer: the fewer there are, the more often intervals are narrow by
/// chance, and to stop just then makes them cover too seldom.
const LEAST_REPLICATIONS: u32 = 30;
/// A replication's messages where theory does not tell how many, and the fewest and most where it does.
const USUAL: u64 = 1_000_000;
const SHORTEST: u64 = 20_000;
const LONGEST: u64 = 1_000_000_000;
/// A replication lasts for so many times what the start takes to be forgotten, or its own mean is biased.
pub(super) const RELAXATIONS: f64 = 250.0;
/// Allowance for the uncertainty of the half-width itself.
const ALLOWANCE: f64 = 1.1;

/// How far intervals are from the precision that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Missing<'a> {
    /// The metric that is furthest from its precision.
    pub path: &'a str,
    /// Its half-width over what was asked for; infinite where too little lies beyond a percentile to tell it.
    pub excess: f64,
}

/// The metric that is furthest from the precision; `None` when all have it.
pub(super) fn missing<'a>(precision: &'a Precision, combined: &'a Combined) -> Option<Missing<'a>> {
    let excess = |path: &'a str, share: f64| -> Missing<'a> {
        let excess = match combined.metrics.get(path) {
            Some(Estimate { value: Some(value), half_width: Some(half), .. }) if *value != 0.0 => {
                half / value.abs() / share
            }
            None if combined.withheld.contains_key(path) => f64::INFINITY,
            _ => 0.0,
        };
        Missing { path, excess }
    };
    let all: Vec<Missing> = match precision {
        Precision::None => Vec::new(),
        Precision::Means(share) => {
            let mean =
                |path: &&String| MetricId::parse(path).is_some_and(|id| id.statistic == Statistic::Mean);
            combined.metrics.keys().filter(mean).map(|path| excess(path, *share)).collect()
        }
        Precision::Paths(paths) => paths.iter().map(|(path, share)| excess(path, *share)).collect(),
    };
    all.into_iter().filter(|m| m.excess > 1.0).max_by(|a, b| a.excess.total_cmp(&b.excess))
}

/// Messages of a replication when only a precision is stated: as many as will reach it with the fewest
/// replications if the queue behaves as theory says, and long enough for the start to be forgotten.
///
/// # Formula
/// n = z² (1 + ρ)(c_a² + c_s²) / (ε (1 − ρ))² messages for the mean number in system within a share ε.
///
/// # Source
/// Whitt, *Planning queueing simulations*, Management Science 35(11), 1989: the M/M/1 queue's asymptotic
/// variance 2ρ(1 + ρ)/(1 − ρ)⁴ (Daley 1968), scaled by the squared coefficients of variation as in heavy
/// traffic.
pub(super) fn planned(scenario: &Scenario) -> u64 {
    let busiest = crate::theory::loads(scenario).iter().filter_map(|load| load.fullest()).reduce(f64::max);
    let Some(rho) = busiest.filter(|rho| (0.0..1.0).contains(rho)) else { return USUAL };
    let varies = variability(scenario);
    let share = match &scenario.simulation.precision {
        Precision::None => return USUAL,
        Precision::Means(share) => *share,
        Precision::Paths(paths) => paths.iter().map(|p| p.1).fold(1.0, f64::min),
    };
    let z = normal_quantile(0.5 + 0.5 * scenario.simulation.confidence);
    let forgotten = varies / (1.0 - rho).powi(2);
    let each = z * z * (1.0 + rho) * forgotten / (share * share) / f64::from(LEAST_REPLICATIONS);
    let each = each.max(RELAXATIONS * forgotten);
    if each.is_finite() { (each.ceil() as u64).clamp(SHORTEST, LONGEST) } else { USUAL }
}

/// How much gaps and services vary together: the sum of their largest squared coefficients of variation.
pub(super) fn variability(scenario: &Scenario) -> f64 {
    let gaps = scenario.producers.iter().map(|p| match &p.arrivals {
        Arrivals::Periodic => 0.0,
        Arrivals::Renewal { gap } => gap.scv(),
        _ => 1.0,
    });
    let work = scenario.consumers.iter().map(|c| c.service_time.scv()).fold(0.0, f64::max);
    (gaps.fold(0.0, f64::max) + work).max(0.1)
}

/// Messages that a replication must have at a load of its busiest queue for its own figures to be hardly
/// biased by its start, and for their intervals to cover; `None` where it never settles.
pub(super) fn settled(scenario: &Scenario, rho: f64) -> Option<u64> {
    let messages = RELAXATIONS * variability(scenario) / (1.0 - rho).powi(2);
    (rho < 1.0 && messages.is_finite()).then(|| (messages.ceil() as u64).max(SHORTEST))
}

/// How many replications to begin with, `stated` being those that were asked for.
pub(super) fn first(precision: &Precision, stated: u32) -> u32 {
    if *precision == Precision::None { stated } else { stated.max(LEAST_REPLICATIONS) }
}

/// How many more replications are to be made, `made` of them being there; `None` if more would not help.
///
/// The half-width falls with the square root of the number. At most three times as many are added at once,
/// for the half-width that this rests on is uncertain too.
pub(super) fn still_needed(missing: &Missing<'_>, made: u32) -> Option<u32> {
    let wanted = (f64::from(made) * missing.excess * missing.excess * ALLOWANCE).ceil();
    let wanted = wanted.min(f64::from(made) * 4.0).min(f64::from(MOST_REPLICATIONS)) as u32;
    (wanted > made).then(|| wanted - made)
}

/// Metrics that a precision is stated for and that have no interval to be narrowed, whatever is played.
pub(super) fn without_interval<'a>(precision: &'a Precision, combined: &Combined) -> Vec<&'a str> {
    let Precision::Paths(paths) = precision else { return Vec::new() };
    let told = |path: &str| combined.metrics.get(path).is_some_and(|e| e.half_width.is_some());
    paths.iter().map(|p| p.0.as_str()).filter(|p| !told(p) && !combined.withheld.contains_key(*p)).collect()
}

impl Missing<'_> {
    /// What is to be said when it stays so.
    pub(super) fn caveat(&self, replications: u32) -> Caveat {
        let (path, factor) = (self.path.to_string(), self.excess);
        let missed = match factor.is_infinite() {
            true => SimulationCaveat::Withheld { path, replications },
            false => SimulationCaveat::PrecisionMissed { path, factor, replications },
        };
        missed.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_as_long_as_the_precision_and_the_load_ask_for() {
        use crate::scenario::Length;
        use crate::workload::laws::Law;
        let planned_for = |rho: f64, share: f64| {
            let mut scenario = Scenario::mgc(rho, Law::exponential(1.0), 1);
            scenario.simulation.length = Length::Auto;
            scenario.simulation.precision = Precision::Means(share);
            planned(&scenario)
        };
        // 1.96² · 1.9 · 2 / (0.01 · 0.1)² = 14.6 million messages, over 30 replications.
        assert!((planned_for(0.9, 0.01) as f64 / 14.6e6 * 30.0 - 1.0).abs() < 0.01);
        assert_eq!(planned_for(0.5, 0.1), SHORTEST);
        assert_eq!(planned_for(1.2, 0.1), USUAL);
    }

    fn combined(half_width: f64) -> Combined {
        let mut out = Combined::default();
        out.metrics.insert("total.latency.mean".into(), Estimate::with(2.0, Some(half_width)));
        out.withheld.insert("total.latency.p999".into(), Estimate::with(9.0, Some(5.0)));
        out
    }

    #[test]
    fn a_tenth_of_the_width_takes_a_hundred_times_the_runs_in_steps_of_four() {
        let precision = Precision::Means(0.01);
        let far = combined(0.2);
        let missing = missing(&precision, &far).expect("ten times too wide");
        assert!((missing.excess - 10.0).abs() < 1e-9);
        assert_eq!(still_needed(&missing, 10), Some(30));
        assert_eq!(still_needed(&missing, 400), Some(600));
        assert_eq!(still_needed(&missing, MOST_REPLICATIONS), None);
    }

    #[test]
    fn what_has_no_interval_is_named() {
        let paths = ["total.latency.mean", "total.latency.max", "total.latency.p999", "queues.q.drain_time"];
        let precision = Precision::Paths(paths.iter().map(|p| (p.to_string(), 0.1)).collect());
        assert_eq!(
            without_interval(&precision, &combined(0.01)),
            ["total.latency.max", "queues.q.drain_time"]
        );
    }

    #[test]
    fn what_is_withheld_needs_more_and_what_is_narrow_enough_nothing() {
        let near = combined(0.01);
        assert_eq!(missing(&Precision::Means(0.01), &near), None);
        assert_eq!(missing(&Precision::None, &near), None);
        let paths =
            Precision::Paths(vec![("total.latency.p999".into(), 0.1), ("total.latency.mean".into(), 0.1)]);
        let missing = missing(&paths, &near).expect("withheld");
        assert_eq!(still_needed(&missing, 10), Some(30));
        assert!(missing.caveat(10).to_string().contains("p999"));
    }
}
