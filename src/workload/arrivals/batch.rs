//! Batches: how many messages come at one instant.

use super::ArrivalProcess;
use crate::rng::{BLOCK, Key, Stream};
use crate::workload::laws::{Empirical, Shape};

/// The law of batch sizes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Batch {
    /// Always as many.
    Fixed(u32),
    /// On 1, 2, …
    Geometric {
        /// Messages a batch, on average.
        mean: f64,
    },
    /// All whole numbers from `min` to `max` alike.
    Uniform {
        /// The smallest batch.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// These sizes.
    Values {
        /// The sizes.
        values: Vec<u32>,
        /// How often each comes, beside the others.
        weights: Vec<f64>,
    },
}

impl Batch {
    /// Messages a batch, on average.
    pub fn mean(&self) -> f64 {
        match self {
            Batch::Fixed(n) => f64::from(*n),
            Batch::Geometric { mean } => *mean,
            Batch::Uniform { min, max } => (f64::from(*min) + f64::from(*max)) / 2.0,
            Batch::Values { values, weights } => {
                values.iter().zip(weights).map(|(&v, w)| f64::from(v) * w).sum::<f64>()
                    / weights.iter().sum::<f64>()
            }
        }
    }

    /// Whether every batch is a single message.
    pub fn is_single(&self) -> bool {
        *self == Batch::Fixed(1)
    }

    /// The size that belongs to a uniform number of (0, 1]; none decreases with it but the geometric.
    fn size(&self, table: Option<&Empirical>, u: f64) -> u64 {
        match self {
            Batch::Fixed(n) => u64::from(*n),
            // Inversion of P(N > n) = (1 − 1/mean)ⁿ.
            Batch::Geometric { mean } if *mean > 1.0 => 1 + (u.ln() / (-1.0 / mean).ln_1p()) as u64,
            Batch::Geometric { .. } => 1,
            Batch::Uniform { min, max } => {
                u64::from(*min) + ((f64::from(*max - *min) + 1.0) * (1.0 - u)) as u64
            }
            Batch::Values { .. } => table.and_then(|t| t.quantile(u)).unwrap_or(0.0) as u64,
        }
    }
}

/// The messages of a process of batches.
pub(super) struct BatchProcess {
    batches: Box<dyn ArrivalProcess>,
    batch: Batch,
    /// For sizes given as values.
    table: Option<Empirical>,
    stream: Stream,
    uniform: Box<[f64; BLOCK]>,
    instants: Vec<u64>,
    /// The next batch of the block at hand.
    at: usize,
    /// Messages of the current batch still to come, and their instant.
    left: u64,
    now: u64,
}

impl BatchProcess {
    pub(super) fn new(key: Key, batches: Box<dyn ArrivalProcess>, batch: &Batch) -> Self {
        let table = match batch {
            Batch::Values { values, weights } => {
                Empirical::new(&values.iter().copied().map(f64::from).collect::<Vec<_>>(), weights)
            }
            _ => None,
        };
        let (stream, uniform) = (Stream::new(key), Box::new([0.0; BLOCK]));
        BatchProcess {
            batches,
            batch: batch.clone(),
            table,
            stream,
            uniform,
            instants: Vec::new(),
            at: 0,
            left: 0,
            now: 0,
        }
    }

    /// Goes to the next batch; false if there is none.
    fn advance(&mut self) -> bool {
        if self.at == self.instants.len() {
            self.batches.next(&mut self.instants);
            self.stream.uniform(&mut self.uniform);
            self.at = 0;
        }
        let Some(now) = self.instants.get(self.at) else { return false };
        self.now = *now;
        self.left = self.batch.size(self.table.as_ref(), self.uniform[self.at]);
        self.at += 1;
        true
    }
}

impl ArrivalProcess for BatchProcess {
    fn next(&mut self, out: &mut Vec<u64>) {
        out.clear();
        while out.len() < BLOCK && (self.left > 0 || self.advance()) {
            let some = self.left.min((BLOCK - out.len()) as u64);
            out.resize(out.len() + some as usize, self.now);
            self.left -= some;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arrivals, process};
    use super::*;

    #[test]
    fn sizes_follow_their_law() {
        let laws = [
            (Batch::Geometric { mean: 4.0 }, 4.0, 12.0),
            (Batch::Uniform { min: 1, max: 5 }, 3.0, 2.0),
            (Batch::Values { values: vec![10, 1], weights: vec![1.0, 3.0] }, 3.25, 15.1875),
        ];
        for (batch, mean, variance) in laws {
            assert_eq!(batch.mean(), mean);
            let table = BatchProcess::new(Key::new(1, 0), Box::new(super::super::Never), &batch).table;
            let mut stream = Stream::new(Key::new(1, 0));
            let (mut block, mut sum, n) = ([0.0; BLOCK], 0, 100 * BLOCK);
            for _ in 0..100 {
                stream.uniform(&mut block);
                sum += block.iter().map(|u| batch.size(table.as_ref(), *u)).sum::<u64>();
            }
            // Five standard errors: one false alarm in 1.7 million.
            assert!((sum as f64 / n as f64 - mean).abs() < 5.0 * f64::sqrt(variance / n as f64), "{batch:?}");
        }
        let sizes: Vec<u64> =
            [1e-9, 0.2, 0.5, 1.0].map(|u| Batch::Uniform { min: 1, max: 5 }.size(None, u)).to_vec();
        assert_eq!(sizes, [5, 5, 3, 1]);
    }

    #[test]
    fn messages_of_a_batch_are_due_together() {
        let mut threes = process(Key::new(1, 0), "web", &Arrivals::Periodic, 3e9, &Batch::Fixed(3)).unwrap();
        let mut out = Vec::new();
        let mut all = Vec::new();
        for _ in 0..3 {
            threes.next(&mut out);
            assert_eq!(out.len(), BLOCK);
            all.extend_from_slice(&out);
        }
        assert!(all.iter().enumerate().all(|(i, t)| *t == 1 + i as u64 / 3));
    }
}
