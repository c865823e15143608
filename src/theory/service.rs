//! The work that messages bring to a queue: the consumers' law, or the producers' own.

use super::TimeDistribution;
use super::invert::Transform;
use super::phase_type::{PhaseType, is_constant, is_exponential};
use crate::workload::laws::Law;

/// The work of one producer's messages.
#[derive(Debug, Clone, PartialEq)]
pub struct ProducerWork {
    /// A rate or another weight.
    pub weight: f64,
    pub law: Law,
    /// Added to it, independently.
    pub extra: Law,
}

impl ProducerWork {
    fn same(&self, other: &ProducerWork) -> bool {
        self.law == other.law && self.extra == other.extra
    }

    fn times(&self) -> TimeDistribution {
        if self.extra.is_zero() {
            TimeDistribution::of(&self.law)
        } else {
            TimeDistribution::of(&self.law).plus(&TimeDistribution::of(&self.extra))
        }
    }

    /// E[(X + extra)ⁿ], by the binomial theorem.
    fn moment(&self, n: u32) -> f64 {
        if self.extra.is_zero() {
            return self.law.moment(n);
        }
        let moment = |law: &Law, k: u32| if k == 0 { 1.0 } else { law.moment(k) };
        let mut choose = 1.0;
        (0..=n)
            .map(|k| {
                let term = choose * moment(&self.law, k) * moment(&self.extra, n - k);
                choose *= f64::from(n - k) / f64::from(k + 1);
                term
            })
            .sum()
    }
}

/// The service time of a message of any producer.
#[derive(Clone)]
pub struct Service {
    /// One for each producer.
    kinds: Vec<ProducerWork>,
    /// Of each producer. Clones share what they have found out about a law.
    times: Vec<TimeDistribution>,
}

impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.kinds == other.kinds
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl Service {
    /// The mixture of several kinds of work, by weight.
    pub fn new(mut kinds: Vec<ProducerWork>) -> Self {
        // Constants add up to a constant, which keeps the laws that are known by name.
        for kind in kinds.iter_mut().filter(|kind| is_constant(&kind.law) && is_constant(&kind.extra)) {
            kind.law = Law::deterministic(kind.law.mean() + kind.extra.mean());
            kind.extra = Law::deterministic(0.0);
        }
        let mut times: Vec<TimeDistribution> = Vec::new();
        for (i, kind) in kinds.iter().enumerate() {
            // Producers of one law share it.
            let same = kinds[..i].iter().position(|other| other.same(kind));
            times.push(same.map_or_else(|| kind.times(), |j| times[j].clone()));
        }
        Service { kinds, times }
    }

    /// The same for another mix of the producers' messages.
    #[must_use]
    pub fn weighted(&self, weights: &[f64]) -> Self {
        let kinds = weights
            .iter()
            .zip(&self.kinds)
            .map(|(weight, kind)| ProducerWork { weight: *weight, ..kind.clone() })
            .collect();
        Service { kinds, ..self.clone() }
    }

    /// The same work and a constant time more; `None` where it has two random parts already.
    pub fn longer(&self, by: f64) -> Option<Self> {
        let longer = |kind: &ProducerWork| {
            is_constant(&kind.extra)
                .then(|| ProducerWork { extra: Law::deterministic(kind.extra.mean() + by), ..kind.clone() })
        };
        Some(Service::new(self.kinds.iter().map(longer).collect::<Option<_>>()?))
    }

    /// The one law of all messages, if it is one of the workload's laws.
    pub fn law(&self) -> Option<&Law> {
        let first = self.kinds.first().filter(|_| self.is_alike())?;
        match (first.extra.is_zero(), first.law.is_zero()) {
            (true, _) => Some(&first.law),
            (false, true) => Some(&first.extra),
            _ => None,
        }
    }

    /// Whether all producers' messages bring work of one law, of whatever kind.
    pub fn is_alike(&self) -> bool {
        self.kinds.iter().all(|kind| kind.same(&self.kinds[0]))
    }

    /// E\[Sⁿ\] of one stream's messages.
    pub fn moment_of(&self, stream: usize, n: u32) -> f64 {
        self.kinds[stream].moment(n)
    }

    /// E\[e^(−sS)\] of one stream's messages.
    pub fn transform_of(&self, stream: usize) -> Transform {
        self.times_of(stream).transform().cloned().unwrap_or_else(unknown)
    }

    /// `E[Sⁿ]` over all messages; infinite if it does not exist.
    pub fn moment(&self, n: u32) -> f64 {
        let total: f64 = self.kinds.iter().map(|kind| kind.weight).sum();
        let weight = |w: f64| if total > 0.0 { w / total } else { 1.0 / self.kinds.len() as f64 };
        self.kinds
            .iter()
            .filter(|kind| weight(kind.weight) > 0.0)
            .map(|kind| weight(kind.weight) * kind.moment(n))
            .sum()
    }

    /// The service time of one stream's messages, with its law.
    pub fn times_of(&self, stream: usize) -> TimeDistribution {
        self.times[stream].clone()
    }

    /// The service time over all messages.
    pub fn times(&self) -> TimeDistribution {
        if self.is_alike() {
            return self.times_of(0);
        }
        TimeDistribution::mixture(
            &self
                .kinds
                .iter()
                .enumerate()
                .map(|(i, kind)| (kind.weight, self.times_of(i)))
                .collect::<Vec<_>>(),
        )
    }

    /// E\[e^(−sS)\] over all messages.
    pub fn transform(&self) -> Transform {
        self.times().transform().cloned().unwrap_or_else(unknown)
    }

    /// Over all messages, as phases, where the law has them.
    pub fn phases(&self) -> Option<PhaseType> {
        if let Some(law) = self.law() {
            return PhaseType::of(law);
        }
        let total: f64 = self.kinds.iter().map(|kind| kind.weight).sum();
        let kinds: Option<Vec<_>> =
            (0..self.kinds.len()).map(|i| Some((self.kinds[i].weight / total, self.phases_of(i)?))).collect();
        kinds.map(|kinds| PhaseType::mixture(&kinds))
    }

    /// Likewise, of one stream's messages.
    pub fn phases_of(&self, stream: usize) -> Option<PhaseType> {
        let kind = &self.kinds[stream];
        match (kind.extra.is_zero(), kind.law.is_zero()) {
            (true, _) => PhaseType::of(&kind.law),
            (false, true) => PhaseType::of(&kind.extra),
            _ => None,
        }
    }

    /// In seconds.
    pub fn mean(&self) -> f64 {
        self.moment(1)
    }

    /// Var / mean².
    pub fn scv(&self) -> f64 {
        let (m1, m2) = (self.moment(1), self.moment(2));
        if m2.is_infinite() {
            f64::INFINITY
        } else if m1 == 0.0 {
            0.0
        } else {
            (m2 / (m1 * m1) - 1.0).max(0.0)
        }
    }

    /// Whether it is exponential.
    pub fn is_exponential(&self) -> bool {
        self.law().is_some_and(is_exponential)
    }

    /// Whether it is constant.
    pub fn is_constant(&self) -> bool {
        self.law().is_some_and(is_constant)
    }

    /// Kendall's letter; `G` for what has none.
    pub fn kendall(&self) -> String {
        match self.law() {
            Some(law) if is_exponential(law) => "M".into(),
            Some(law) => law.kendall().into_owned(),
            None => "G".into(),
        }
    }
}

/// Every law has a transform; this one is of none.
fn unknown() -> Transform {
    Transform::new(|_| num_complex::Complex64::new(f64::NAN, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_add_up_and_mixtures_have_no_single_law() {
        let kind = |weight, law, extra| ProducerWork { weight, law, extra: Law::deterministic(extra) };
        let fixed = Service::new(vec![kind(1.0, Law::deterministic(2.0), 0.5)]);
        assert_eq!(fixed.law(), Some(&Law::deterministic(2.5)));
        let mixed =
            Service::new(vec![kind(1.0, Law::exponential(1.0), 0.0), kind(3.0, Law::exponential(2.0), 0.0)]);
        assert_eq!(mixed.law(), None);
        assert!((mixed.moment(2) - (2.0 + 3.0 * 8.0) / 4.0).abs() < 1e-12);
        let some =
            Service::new(vec![kind(1.0, Law::exponential(1.0), 0.0), kind(1.0, Law::exponential(1.0), 0.5)]);
        assert!(!some.is_alike() && some.law().is_none() && (some.mean() - 1.25).abs() < 1e-15);
    }

    #[test]
    fn moments_of_a_sum_follow_the_binomial_theorem() {
        // E[(X + 1)³] for X exponential with mean 1 is 6 + 3·2 + 3·1 + 1.
        let sum = Service::new(vec![ProducerWork {
            weight: 1.0,
            law: Law::exponential(1.0),
            extra: Law::deterministic(1.0),
        }]);
        assert!((sum.moment(3) - 16.0).abs() < 1e-12);
        assert_eq!(sum.kendall(), "G");
    }
}
