//! The mixture: a time of one of several laws, chosen by chance, such as of a hit and of a miss.

use super::{Arguments, Law, Parameter, Shape};
use crate::rng::{BLOCK, Stream};
use num_complex::Complex64;
use std::borrow::Cow;

/// With probability `p` a time of a law, for every part (p, law).
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    /// Probabilities, which are positive and sum to 1, and laws.
    pub parts: Vec<(f64, Law)>,
}

/// Halvings of what the parts leave between them.
const HALVINGS: u32 = 80;

impl Mixture {
    /// A sum over the parts, by their probabilities.
    fn over(&self, of: impl Fn(&Law) -> f64) -> f64 {
        self.parts.iter().map(|(p, law)| p * of(law)).sum()
    }

    /// Where a uniform number falls among the probabilities chooses the part, and where it falls within that
    /// one's is its uniform number.
    fn value(&self, u: f64) -> f64 {
        let mut sum = 0.0;
        for (p, law) in &self.parts {
            if u <= sum + p {
                return law.inverse(((u - sum) / p).clamp(f64::EPSILON, 1.0 - f64::EPSILON));
            }
            sum += p;
        }
        self.parts.last().map_or(0.0, |(_, law)| law.inverse(1.0 - f64::EPSILON))
    }
}

impl Shape for Mixture {
    const NAME: &'static str = "mixture";
    const PARAMETERS: &'static [&'static str] = &["parts"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        let parts = vec![(0.9, Law::uniform(0.001, 0.01)), (0.1, Law::lognormal(0.08, 1.0))];
        vec![(Mixture { parts }, [0.006462687859784823, 0.0013183942840924714, 0.007656300482267033])]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let mut parts = arguments.parts("parts")?;
        parts.retain(|(p, _)| *p != 0.0);
        let sum: f64 = parts.iter().map(|part| part.0).sum();
        // Ten decimals by hand are enough; the rest is made up for.
        if parts.iter().all(|(p, _)| *p > 0.0) && (sum - 1.0).abs() < 1e-9 {
            parts.iter_mut().for_each(|part| part.0 /= sum);
            return Some(Mixture { parts });
        }
        let instead = "write positive probabilities that sum to 1";
        arguments.refuse("parts", &format!("the probabilities sum to {sum}"), instead);
        None
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("parts", Parameter::Parts(self.parts.clone()))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        "Mix".into()
    }

    fn moment(&self, n: u32) -> f64 {
        self.over(|law| law.moment(n))
    }

    fn scaled(&self, factor: f64) -> Self {
        Mixture { parts: self.parts.iter().map(|(p, law)| (*p, law.scaled(factor))).collect() }
    }

    fn cdf(&self, x: f64) -> f64 {
        self.over(|law| law.cdf(x))
    }

    fn transform(&self, s: Complex64) -> Option<Complex64> {
        self.parts.iter().map(|(p, law)| Some(*p * law.transform(s)?)).sum()
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        stream.uniform(out);
        out.iter_mut().for_each(|x| *x = self.value(*x));
    }

    /// Between those of the parts.
    fn quantile(&self, u: f64) -> Option<f64> {
        let all = || self.parts.iter().map(|(_, law)| law.inverse(u));
        let (mut low, mut high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
        if !high.is_finite() {
            return Some(high);
        }
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.cdf(middle) < u { low = middle } else { high = middle }
        }
        Some(high)
    }
}
