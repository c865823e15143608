//! Service whose speed depends on the load: on how many servers of a group are at work, or on how many
//! messages wait.

use super::super::compound::{Maybe, Unspoken};
use super::super::declare::declare;
use super::super::notation::{NotNegative, Numbers, Positive, Word};
use super::super::setting::choice;

declare! {
    /// How fast the servers of a group are, relative to the service time that is written down, by the load.
    pub struct ServiceRate {
        /// A law of the total rate by the number of servers at work.
        law: Option<RateLaw> = None, Maybe(Word),
            "usl: N servers at work do N / (1 + sigma (N - 1)^exponent + kappa N (N - 1)) times what one does alone";
        /// Contention: the share of the work that is done by one at a time.
        sigma: f64 = 0.0, Unspoken(NotNegative(1e6)), "with usl: contention, the share of the work that only one \
            does at a time";
        /// Crosstalk: what keeping each in step with each other costs.
        kappa: f64 = 0.0, Unspoken(NotNegative(1e6)), "with usl: crosstalk, what it costs that each keeps in step \
            with each other";
        /// How contention grows with the number of others.
        exponent: f64 = 1.0, Positive(10.0), "with usl: how contention grows with the number of others; below 1 \
            where work is done in batches";
        /// The total rate of 1, 2, … servers at work; of more, the last.
        per_busy: Vec<f64> = Vec::new(), Unspoken(Numbers), "total rate of 1, 2, … servers at work, as multiples \
            of one's, such as [1, 1.9, 2.6]; of more, the last";
        /// The rate of each server while 0, 1, … messages wait; while more do, the last.
        by_queue_length: Vec<f64> = Vec::new(), Unspoken(Numbers), "rate of each server while 0, 1, … messages \
            wait, as multiples of what is written, such as [1, 1.5, 2]; while more do, the last";
    }
}

choice!(RateLaw: "usl" => Usl);

/// A law of the total rate by the number of servers at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateLaw {
    /// The universal scalability law (Gunther 1993): contention and crosstalk.
    Usl,
}

impl ServiceRate {
    /// What one of so many servers at work does while so many messages wait, as a multiple of what is
    /// written.
    pub fn speed(&self, busy: u32, waiting: u64) -> f64 {
        let n = f64::from(busy.max(1));
        if self.law == Some(RateLaw::Usl) {
            let contention = if n > 1.0 { self.sigma * (n - 1.0).powf(self.exponent) } else { 0.0 };
            return 1.0 / (1.0 + contention + self.kappa * n * (n - 1.0));
        }
        match (self.per_busy.as_slice(), self.by_queue_length.as_slice()) {
            ([.., last], _) => self.per_busy.get(busy.max(1) as usize - 1).unwrap_or(last) / n,
            (_, [.., last]) => usize::try_from(waiting)
                .ok()
                .and_then(|w| self.by_queue_length.get(w))
                .copied()
                .unwrap_or(*last),
            _ => 1.0,
        }
    }

    /// What one of so many servers does when all are at work and very many messages wait.
    pub fn speed_at_full_load(&self, servers: u32) -> f64 {
        self.speed(servers, u64::MAX)
    }

    /// What is wrong with it as a whole.
    pub(in super::super) fn contradiction(&self) -> Option<&'static str> {
        let ways = [self.law.is_some(), !self.per_busy.is_empty(), !self.by_queue_length.is_empty()];
        match ways.iter().filter(|way| **way).count() {
            1 if self.law.is_none() && (self.sigma, self.kappa, self.exponent) != (0.0, 0.0, 1.0) => {
                Some("sigma, kappa and exponent are of law = \"usl\"")
            }
            1 => None,
            _ => Some("write one of law, per_busy and by_queue_length"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_follow_the_load() {
        let per_busy = ServiceRate { per_busy: vec![1.0, 1.9, 2.6], ..ServiceRate::default() };
        let speeds: Vec<f64> = [1, 2, 3, 6].map(|busy| per_busy.speed(busy, 9)).to_vec();
        assert_eq!(speeds, [1.0, 0.95, 2.6 / 3.0, 2.6 / 6.0]);
        let usl =
            ServiceRate { law: Some(RateLaw::Usl), sigma: 0.05, kappa: 0.001, ..ServiceRate::default() };
        assert_eq!(usl.speed(1, 0), 1.0);
        assert!((usl.speed_at_full_load(11) * 1.61 - 1.0).abs() < 1e-12);
        let batching = ServiceRate { by_queue_length: vec![1.0, 1.5, 2.0], ..ServiceRate::default() };
        assert_eq!([0, 1, 2, 50].map(|waiting| batching.speed(3, waiting)), [1.0, 1.5, 2.0, 2.0]);
        assert_eq!(
            ServiceRate::default().contradiction(),
            Some("write one of law, per_busy and by_queue_length")
        );
        let both = ServiceRate { sigma: 0.1, ..per_busy };
        assert_eq!(both.contradiction(), Some("sigma, kappa and exponent are of law = \"usl\""));
    }
}
