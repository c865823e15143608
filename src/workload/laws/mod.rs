//! Laws of times: one file per law, one line each in `laws!` below.
//!
//! A law is sampled in blocks by inversion where it can be (one uniform number a variate, which keeps the
//! streams of compared configurations aligned), and tells theory what it needs: moments, distribution
//! function, transform.

mod bounded_pareto;
mod deterministic;
mod empirical;
mod erlang;
mod exponential;
mod gamma;
mod hyperexponential;
mod inverse;
mod log_logistic;
mod lognormal;
mod mixture;
mod normal;
mod pareto;
mod shifted;
#[cfg(test)]
mod tests;
mod triangular;
mod uniform;
mod weibull;

pub use bounded_pareto::BoundedPareto;
pub use deterministic::Deterministic;
pub use empirical::Empirical;
pub use erlang::Erlang;
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use hyperexponential::Hyperexponential;
pub use log_logistic::LogLogistic;
pub use lognormal::Lognormal;
pub use mixture::Mixture;
pub use normal::Normal;
pub use pareto::Pareto;
pub use shifted::Shifted;
pub use triangular::Triangular;
pub use uniform::Uniform;
pub use weibull::Weibull;

use crate::rng::{BLOCK, Stream};
use num_complex::Complex64;
use std::borrow::Cow;

/// What a law's file provides. Times are in seconds and never negative.
pub trait Shape: Clone + PartialEq + std::fmt::Debug {
    /// Its name in a scenario.
    const NAME: &'static str;
    /// The keys that it reads besides `mean` and `rate`, for help texts and did-you-means.
    const PARAMETERS: &'static [&'static str];

    /// Laws of its kind for the tests that every law passes: one for each branch of its code, with four
    /// moments, so that five standard errors can be told; each with the draws 0, 500 and 1000 of a fixed
    /// stream, which stay what they are.
    #[cfg(test)]
    fn examples() -> Vec<(Self, [f64; 3])>;

    /// Reads it from a scenario. What is missing or wrong is told to `arguments`; `None` then.
    fn read(arguments: &mut dyn Arguments) -> Option<Self>;

    /// What it was read from, for the echo of the scenario: pairs of key and value, `mean` in seconds
    /// included.
    fn parameters(&self) -> Vec<(&'static str, Parameter)>;

    /// Kendall's letter: `M`, `D`, `E4`, …
    fn kendall(&self) -> Cow<'static, str>;

    /// The mean; infinite if it does not exist.
    fn mean(&self) -> f64 {
        self.moment(1)
    }

    /// The `n`-th moment about zero, n ≥ 1; infinite if it does not exist.
    fn moment(&self, n: u32) -> f64;

    /// The same law of a time `factor` times as long.
    fn scaled(&self, factor: f64) -> Self;

    /// P(X ≤ x).
    fn cdf(&self, x: f64) -> f64;

    /// E[e^(−sX)] for Re s ≥ 0, where a closed form exists.
    fn transform(&self, s: Complex64) -> Option<Complex64>;

    /// Fills a block with variates.
    fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]);

    /// The time below which a share `u` of (0, 1] lies, where it can be inverted in closed form.
    fn quantile(&self, u: f64) -> Option<f64>;
}

/// A value that a law was given.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Parameter {
    /// A plain number.
    Number(f64),
    /// A time.
    Seconds(f64),
    /// A text, such as the name of a file.
    Text(String),
    /// Plain numbers.
    Numbers(Vec<f64>),
    /// Times.
    SecondsList(Vec<f64>),
    /// Pairs of probability and mean in seconds.
    Branches(Vec<(f64, f64)>),
    /// Another law.
    Nested(Box<Law>),
    /// Pairs of probability and law.
    Parts(Vec<(f64, Law)>),
}

/// Times that were read from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// As the scenario names it.
    pub file: String,
    /// The column that was asked for.
    pub column: Option<String>,
    /// Seconds.
    pub values: Vec<f64>,
}

/// Where a law reads its parameters from. A missing key is told of only when it is asked for as required.
pub trait Arguments {
    /// `mean = "4ms"` or `rate = "250/s"` in seconds. Where the mean follows from elsewhere (a gap's from the
    /// producer's rate) this is 1 without either.
    fn mean(&mut self) -> Option<f64>;
    /// A required plain number that must be positive.
    fn number(&mut self, key: &str) -> Option<f64>;
    /// A required whole number of at least 1.
    fn count(&mut self, key: &str) -> Option<u32>;
    /// A required time, in seconds.
    fn time(&mut self, key: &str) -> Option<f64>;
    /// Whether a key is there.
    fn has(&self, key: &str) -> bool;
    /// An optional list of plain numbers, none negative.
    fn numbers(&mut self, key: &str) -> Option<Vec<f64>>;
    /// An optional list of times, in seconds.
    fn times(&mut self, key: &str) -> Option<Vec<f64>>;
    /// An optional list of tables `{ probability, mean }`.
    fn branches(&mut self, key: &str) -> Option<Vec<(f64, f64)>>;
    /// A required law.
    fn law(&mut self, key: &str) -> Option<Law>;
    /// A required list of tables `{ probability, of }`, whose `of` is a law.
    fn parts(&mut self, key: &str) -> Option<Vec<(f64, Law)>>;
    /// The times of an optional file named by a key, of the column that `column` may name.
    fn file(&mut self, key: &str) -> Option<Sampled>;
    /// Says that a key's value (or the law itself if empty) will not do: why, in a sentence without its stop,
    /// and what to write instead. Keys that a law does not read need no refusal.
    fn refuse(&mut self, key: &str, why: &str, instead: &str);
}

/// The mean of a law that has no shape at zero.
fn positive_mean(arguments: &mut dyn Arguments) -> Option<f64> {
    let mean = arguments.mean()?;
    if mean > 0.0 {
        return Some(mean);
    }
    arguments.refuse(
        "mean",
        "this law has no shape at a mean of zero",
        "write a positive time, or a plain \"0s\" for a constant",
    );
    None
}

macro_rules! laws {
    ($($law:ident),+ $(,)?) => {
        /// Any law.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Law { $(#[doc = concat!("`", stringify!($law), "`")] $law($law)),+ }

        /// Names and parameters of the laws, for help texts and did-you-means.
        pub const LAWS: &[(&str, &[&str])] = &[$(($law::NAME, $law::PARAMETERS)),+];

        impl Law {
            /// Reads the law of this name, or `None` if there is none or its parameters will not do (which
            /// `arguments` is told).
            pub fn read(name: &str, arguments: &mut dyn Arguments) -> Option<Law> {
                $(if name == $law::NAME { return $law::read(arguments).map(Law::$law); })+
                None
            }
            /// Every law's examples.
            #[cfg(test)]
            pub(crate) fn examples() -> Vec<(Law, [f64; 3])> {
                let mut all = Vec::new();
                $(all.extend($law::examples().into_iter().map(|(law, draws)| (Law::$law(law), draws)));)+
                all
            }
            /// Its name in a scenario.
            pub fn name(&self) -> &'static str { match self { $(Law::$law(_) => $law::NAME),+ } }
            /// What it was read from: pairs of key and value.
            pub fn parameters(&self) -> Vec<(&'static str, Parameter)> { match self { $(Law::$law(l) => l.parameters()),+ } }
            /// Kendall's letter.
            pub fn kendall(&self) -> Cow<'static, str> { match self { $(Law::$law(l) => l.kendall()),+ } }
            /// In seconds; infinite if it does not exist.
            pub fn mean(&self) -> f64 { match self { $(Law::$law(l) => l.mean()),+ } }
            /// The `n`-th moment about zero, in secondsⁿ; infinite if it does not exist.
            pub fn moment(&self, n: u32) -> f64 { match self { $(Law::$law(l) => l.moment(n)),+ } }
            /// The law of a time `factor` times as long.
            #[must_use]
            pub fn scaled(&self, factor: f64) -> Law { match self { $(Law::$law(l) => Law::$law(l.scaled(factor))),+ } }
            /// P(X ≤ x), x in seconds.
            pub fn cdf(&self, x: f64) -> f64 { match self { $(Law::$law(l) => l.cdf(x)),+ } }
            /// E[e^(−sX)] for Re s ≥ 0, where a closed form exists.
            pub fn transform(&self, s: Complex64) -> Option<Complex64> { match self { $(Law::$law(l) => l.transform(s)),+ } }
            /// Fills a block with variates, in seconds.
            pub fn fill(&self, stream: &mut Stream, out: &mut [f64; BLOCK]) { match self { $(Law::$law(l) => l.fill(stream, out)),+ } }
            /// The time below which a share `u` of (0, 1] lies, where it can be inverted in closed form.
            pub fn quantile(&self, u: f64) -> Option<f64> { match self { $(Law::$law(l) => l.quantile(u)),+ } }
        }
    };
}

laws!(
    Exponential,
    Deterministic,
    Uniform,
    Triangular,
    Erlang,
    Gamma,
    Hyperexponential,
    Lognormal,
    Normal,
    LogLogistic,
    Weibull,
    Pareto,
    BoundedPareto,
    Empirical,
    Shifted,
    Mixture
);

impl Law {
    /// No time at all.
    pub const ZERO: Law = Law::Deterministic(Deterministic { value: 0.0 });

    /// Of a mean in seconds.
    pub fn exponential(mean: f64) -> Law {
        Law::Exponential(Exponential { mean })
    }

    /// Always the same time, in seconds.
    pub fn deterministic(value: f64) -> Law {
        Law::Deterministic(Deterministic { value })
    }

    /// All times between two alike, in seconds.
    pub fn uniform(min: f64, max: f64) -> Law {
        Law::Uniform(Uniform { min, max })
    }

    /// The sum of `k` exponential times, of a mean in seconds.
    pub fn erlang(mean: f64, k: u32) -> Law {
        Law::Erlang(Erlang { mean, k })
    }

    /// Of a mean in seconds and an scv.
    pub fn gamma(mean: f64, scv: f64) -> Law {
        Law::Gamma(Gamma { mean, scv })
    }

    /// Two branches with balanced means; the scv is at least 1.
    pub fn hyperexponential(mean: f64, scv: f64) -> Law {
        Law::Hyperexponential(Hyperexponential::balanced(mean, scv))
    }

    /// Of a mean in seconds and an scv.
    pub fn lognormal(mean: f64, scv: f64) -> Law {
        Law::Lognormal(Lognormal { mean, scv })
    }

    /// Of a mean in seconds and a shape.
    pub fn weibull(mean: f64, shape: f64) -> Law {
        Law::Weibull(Weibull { mean, shape })
    }

    /// Type I; `alpha` is above 1.
    pub fn pareto(mean: f64, alpha: f64) -> Law {
        Law::Pareto(Pareto::of_mean(mean, alpha))
    }

    /// Var / mean²; infinite if the variance is.
    pub fn scv(&self) -> f64 {
        let (mean, square) = (self.mean(), self.moment(2));
        if square.is_infinite() {
            f64::INFINITY
        } else if mean == 0.0 {
            0.0
        } else {
            (square / (mean * mean) - 1.0).max(0.0)
        }
    }

    /// Whether its times differ by more than rounding.
    pub fn varies(&self) -> bool {
        self.scv() > 1e-14
    }

    /// Whether it is the constant zero.
    pub fn is_zero(&self) -> bool {
        self.mean() == 0.0
    }
}
