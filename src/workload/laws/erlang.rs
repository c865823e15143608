//! The Erlang law: the sum of k equal exponential stages, Kendall's E_k.

use super::{Arguments, Gamma, Parameter, Shape, positive_mean};
use crate::rng::{BLOCK, Stream};
use crate::workload::math;
use num_complex::Complex64;
use std::borrow::Cow;

/// Stages beyond which the gamma law's sampler is cheaper than a uniform number for every stage.
const MANY: u32 = 64;

/// Uniform numbers whose product is certainly a normal number: each is at least 2⁻⁵².
const SAFE: u32 = 16;

/// The sum of `k` independent exponential times of mean `mean`/`k`.
#[derive(Debug, Clone, PartialEq)]
pub struct Erlang {
    /// In seconds, positive.
    pub mean: f64,
    /// Stages, at least 1.
    pub k: u32,
}

impl Erlang {
    fn as_gamma(&self) -> Gamma {
        Gamma { mean: self.mean, scv: 1.0 / f64::from(self.k) }
    }
}

impl Shape for Erlang {
    const NAME: &'static str = "erlang";
    const PARAMETERS: &'static [&'static str] = &["k"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        vec![
            (
                Erlang { mean: 0.004, k: 4 },
                [0.003359777254509991, 0.013657829081759235, 0.002018584417338233],
            ),
            (
                Erlang { mean: 0.004, k: 40 },
                [0.004736057728626241, 0.005051621404068314, 0.004159727708647283],
            ),
            (
                Erlang { mean: 0.004, k: 100 },
                [0.004419711639790138, 0.00405642522972513, 0.003375453266096313],
            ),
        ]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let (mean, k) = (positive_mean(arguments), arguments.count("k"));
        Some(Erlang { mean: mean?, k: k? })
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("mean", Parameter::Seconds(self.mean)), ("k", Parameter::Number(f64::from(self.k)))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        format!("E{}", self.k).into()
    }

    fn moment(&self, n: u32) -> f64 {
        let stage = self.mean / f64::from(self.k);
        (0..n).map(|i| f64::from(self.k + i) * stage).product()
    }

    fn scaled(&self, factor: f64) -> Self {
        Erlang { mean: self.mean * factor, k: self.k }
    }

    fn cdf(&self, x: f64) -> f64 {
        self.as_gamma().cdf(x)
    }

    fn transform(&self, s: Complex64) -> Option<Complex64> {
        let stages = f64::from(self.k);
        Some((1.0 + s * (self.mean / stages)).powf(-stages))
    }

    /// −ln of the product of `k` uniform numbers, a logarithm for every `SAFE` of them.
    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        if self.k > MANY {
            return self.as_gamma().fill(stream, out);
        }
        let stage = self.mean / f64::from(self.k);
        product(stream, out, self.k.min(SAFE));
        math::scaled_ln(out, -stage);
        let mut left = self.k - self.k.min(SAFE);
        let mut more = [0.0; BLOCK];
        while left > 0 {
            let some = left.min(SAFE);
            product(stream, &mut more, some);
            math::scaled_ln(&mut more, -stage);
            for (x, y) in out.iter_mut().zip(&more) {
                *x += y;
            }
            left -= some;
        }
    }

    fn quantile(&self, _: f64) -> Option<f64> {
        None
    }
}

/// Fills a block with products of `count` uniform numbers.
fn product(stream: &mut Stream, out: &mut [f64; BLOCK], count: u32) {
    stream.uniform(out);
    let mut factor = [0.0; BLOCK];
    for _ in 1..count {
        stream.uniform(&mut factor);
        for (x, f) in out.iter_mut().zip(&factor) {
            *x *= f;
        }
    }
}
