//! A law behind a constant: what takes a time of its own, and some time at least.

use super::{Arguments, Law, Parameter, Shape};
use crate::rng::{BLOCK, Stream};
use num_complex::Complex64;
use std::borrow::Cow;

/// A constant and a time of another law, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Shifted {
    /// In seconds, not negative.
    pub offset: f64,
    /// The law of the rest.
    pub of: Box<Law>,
}

impl Shape for Shifted {
    const NAME: &'static str = "shifted";
    const PARAMETERS: &'static [&'static str] = &["offset", "of"];

    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])> {
        let of = Box::new(Law::uniform(0.001, 0.01));
        let uniform = [0.005916419073806341, 0.0012865548556832242, 0.00699067043404033];
        vec![(Shifted { offset: 0.0005, of }, uniform.map(|x| 0.0005 + x))]
    }

    fn read(arguments: &mut dyn Arguments) -> Option<Self> {
        let (offset, of) = (arguments.time("offset"), arguments.law("of"));
        Some(Shifted { offset: offset?, of: Box::new(of?) })
    }

    fn parameters(&self) -> Vec<(&'static str, Parameter)> {
        vec![("offset", Parameter::Seconds(self.offset)), ("of", Parameter::Nested(self.of.clone()))]
    }

    fn kendall(&self) -> Cow<'static, str> {
        format!("D+{}", self.of.kendall()).into()
    }

    /// By the binomial theorem.
    fn moment(&self, n: u32) -> f64 {
        let mut choose = 1.0;
        let term = |k: u32| {
            let moment = if k == 0 { 1.0 } else { self.of.moment(k) };
            let term = choose * self.offset.powi((n - k) as i32) * moment;
            choose *= f64::from(n - k) / f64::from(k + 1);
            term
        };
        (0..=n).map(term).sum()
    }

    fn scaled(&self, factor: f64) -> Self {
        Shifted { offset: self.offset * factor, of: Box::new(self.of.scaled(factor)) }
    }

    fn cdf(&self, x: f64) -> f64 {
        if x < self.offset { 0.0 } else { self.of.cdf(x - self.offset) }
    }

    fn transform(&self, s: Complex64) -> Option<Complex64> {
        Some((-s * self.offset).exp() * self.of.transform(s)?)
    }

    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) {
        self.of.fill(stream, out);
        out.iter_mut().for_each(|x| *x += self.offset);
    }

    fn quantile(&self, u: f64) -> Option<f64> {
        self.of.quantile(u).map(|x| self.offset + x)
    }
}
