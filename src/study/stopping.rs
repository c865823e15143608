//! When a simulation has been run for long enough: how many more replications a precision asks for.

use crate::answer::Estimate;
use crate::scenario::Precision;
use crate::stats::Combined;
use crate::units::significant;

/// More replications than this are never made to reach a precision.
const MOST_REPLICATIONS: u32 = 1000;
/// A precision is never found reached by fewer: the fewer there are, the more often intervals are narrow by chance, and
/// to stop just then makes them cover too seldom.
const LEAST_REPLICATIONS: u32 = 30;
/// Allowance for the uncertainty of the half-width itself.
const ALLOWANCE: f64 = 1.1;

/// How far intervals are from the precision that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Missing<'a> {
    /// The metric that is furthest from its precision.
    pub path: &'a str,
    /// Its half-width over what was asked for; infinite where too little lies beyond a percentile to tell it.
    pub excess: f64,
}

/// The metric that is furthest from the precision; `None` when all have it.
pub fn missing<'a>(precision: &'a Precision, combined: &'a Combined) -> Option<Missing<'a>> {
    let excess = |path: &'a str, share: f64| -> Missing<'a> {
        let excess = match combined.metrics.get(path) {
            Some(Estimate { value: Some(value), half_width: Some(half) }) if *value != 0.0 => half / value.abs() / share,
            None if combined.withheld.iter().any(|w| w == path) => f64::INFINITY,
            _ => 0.0,
        };
        Missing { path, excess }
    };
    let all: Vec<Missing> = match precision {
        Precision::None => Vec::new(),
        Precision::Means(share) => combined.metrics.keys().filter(|p| p.ends_with(".mean")).map(|p| excess(p, *share)).collect(),
        Precision::Paths(paths) => paths.iter().map(|(path, share)| excess(path, *share)).collect(),
    };
    all.into_iter().filter(|m| m.excess > 1.0).max_by(|a, b| a.excess.total_cmp(&b.excess))
}

/// How many replications to begin with, `stated` being those that were asked for.
pub fn first(precision: &Precision, stated: u32) -> u32 {
    if *precision == Precision::None { stated } else { stated.max(LEAST_REPLICATIONS) }
}

/// How many more replications are to be made, `made` of them being there; `None` if more would not help.
///
/// The half-width falls with the square root of the number. At most three times as many are added at once, for the
/// half-width that this rests on is uncertain too.
pub fn still_needed(missing: &Missing<'_>, made: u32) -> Option<u32> {
    let wanted = (f64::from(made) * missing.excess * missing.excess * ALLOWANCE).ceil();
    let wanted = wanted.min(f64::from(made) * 4.0).min(f64::from(MOST_REPLICATIONS)) as u32;
    (wanted > made).then(|| wanted - made)
}

impl Missing<'_> {
    /// What is to be said when it stays so.
    pub fn caveat(&self, made: u32) -> String {
        let path = self.path;
        if self.excess.is_infinite() {
            return format!(
                "{path} is not told after {made} replications: too few independent messages lie beyond it; make [simulation] messages larger"
            );
        }
        let times = significant(self.excess, 2);
        format!("{path} misses its precision by a factor of {times} after {made} replications; make [simulation] messages larger")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn combined(half_width: f64) -> Combined {
        let mut out = Combined::default();
        out.metrics.insert("total.latency.mean".into(), Estimate::with(2.0, Some(half_width)));
        out.withheld.push("total.latency.p999".into());
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
    fn what_is_withheld_needs_more_and_what_is_narrow_enough_nothing() {
        let near = combined(0.01);
        assert_eq!(missing(&Precision::Means(0.01), &near), None);
        assert_eq!(missing(&Precision::None, &near), None);
        let paths = Precision::Paths(vec![("total.latency.p999".into(), 0.1), ("total.latency.mean".into(), 0.1)]);
        let missing = missing(&paths, &near).expect("withheld");
        assert_eq!(still_needed(&missing, 10), Some(30));
        assert!(missing.caveat(10).contains("p999"));
    }
}
