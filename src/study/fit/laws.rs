//! Laws by maximum likelihood, the best first by Akaike's criterion.

use super::rounded;
use crate::units::{Time, plain};
use crate::workload::laws::{Empirical, Hyperexponential, Law, Parameter, Pareto};
use statrs::function::gamma::{digamma, ln_gamma};

/// Values used for iterative fits; more change nothing that can be seen.
const ENOUGH: usize = 20_000;
/// Points of a Q–Q plot.
const POINTS: usize = 200;
/// Equal parts that stand for a sample that no law comes near; of the last of them each part is such a share
/// of what is left.
const SLICES: usize = 50;
const TAIL_SLICES: usize = 5;
/// Shares at which tails are compared, how far off a law may be there, and how many standard errors of the
/// number of values beyond are no chance.
const TAILS: [f64; 3] = [0.95, 0.99, 0.999];
const TAIL_OFF: f64 = 0.2;
const MEAN_OFF: f64 = 0.05;
const CHANCE: f64 = 2.6;
/// A distribution function that is nowhere farther off than this comes near; chance alone takes few values as
/// far.
const NEAR: f64 = 0.1;

/// Measured times, in seconds.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Ascending.
    pub sorted: Vec<f64>,
    /// The mean.
    pub mean: f64,
    /// Var / mean².
    pub scv: f64,
    /// Correlation of neighbours in the file's order: a law alone knows none.
    pub correlation: f64,
}

/// A law that could have given a sample.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The law.
    pub law: Law,
    /// 2 × parameters − 2 ln L, less than the best candidate's by so much.
    pub aic: f64,
    /// Kolmogorov's distance: the largest between both distribution functions.
    pub distance: f64,
    /// Pairs of the law's and the sample's quantiles, in seconds.
    pub quantiles: Vec<(f64, f64)>,
}

impl Sample {
    /// A sample that is not empty, in the file's order.
    pub fn of(values: Vec<f64>) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        // What is left of equal values by rounding is nothing.
        let variance = if variance > 1e-12 * mean * mean { variance } else { 0.0 };
        let products: f64 = values.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum();
        let correlation = if variance > 0.0 { products / (n * variance) } else { 0.0 };
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        Sample { sorted, mean, scv: if mean > 0.0 { variance / (mean * mean) } else { 0.0 }, correlation }
    }

    /// The means of parts of the sample in order of size, rounded, each as likely as its part is large: equal
    /// parts, but for ever smaller ones towards the longest, which decide how long others wait.
    pub fn slices(&self) -> Empirical {
        let n = self.sorted.len();
        let mut ends: Vec<usize> = (1..SLICES).map(|i| i * n / SLICES).collect();
        let mut rest = n - ends.last().copied().unwrap_or(0);
        while rest > 0 {
            let part = (rest / TAIL_SLICES).max(1);
            ends.push(n - rest + part);
            rest -= part;
        }
        ends.dedup();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let slices: Vec<&[f64]> = starts
            .zip(&ends)
            .map(|(from, to)| &self.sorted[from..*to])
            .filter(|slice| !slice.is_empty())
            .collect();
        let values: Vec<f64> =
            slices.iter().map(|slice| rounded(slice.iter().sum::<f64>() / slice.len() as f64)).collect();
        let weights: Vec<f64> = slices.iter().map(|slice| slice.len() as f64).collect();
        Empirical::new(&values, &weights).expect("a sample is not empty, its times not negative")
    }

    /// Whether neighbours are more alike than chance makes them: four standard errors of a sample without
    /// memory.
    pub fn remembers(&self) -> bool {
        self.correlation.abs() > (4.0 / (self.sorted.len() as f64).sqrt()).max(0.1)
    }

    /// The value below which a share lies.
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.sorted.len() - 1;
        self.sorted[((share * self.sorted.len() as f64) as usize).min(last)]
    }

    /// At most so many values, evenly over the order.
    fn thinned(&self) -> Vec<f64> {
        let n = self.sorted.len();
        if n <= ENOUGH {
            self.sorted.clone()
        } else {
            (0..ENOUGH).map(|i| self.sorted[(2 * i + 1) * n / (2 * ENOUGH)]).collect()
        }
    }
}

impl Candidate {
    /// Whether the law does not come near the sample: farther than a law of its kind would be by chance.
    pub fn is_far(&self, sample: &Sample) -> bool {
        self.distance > NEAR.max(2.0 / (sample.sorted.len() as f64).sqrt())
    }

    /// Whether the law's mean or its far quantiles are off by more than a sample of this size would be by
    /// chance: what is served seldom but long decides how long others wait.
    pub fn misses_tail(&self, sample: &Sample) -> bool {
        let n = sample.sorted.len() as f64;
        let mean = self.law.mean() / sample.mean - 1.0;
        if mean.is_nan() || mean.abs() > MEAN_OFF.max(CHANCE * (sample.scv / n).sqrt()) {
            return true;
        }
        TAILS.into_iter().filter(|share| (1.0 - share) * n >= 5.0).any(|share| {
            let Some(quantile) = inverse(&self.law, share, sample.mean) else { return true };
            let expected = (1.0 - share) * n;
            let beyond = n - sample.sorted.partition_point(|x| *x <= quantile) as f64;
            (quantile / sample.quantile(share) - 1.0).abs() > TAIL_OFF
                && (beyond - expected).abs() > CHANCE * expected.sqrt()
        })
    }

    /// The law as people write it: `lognormal(20.0 ms, scv 2.01)`.
    pub fn described(&self) -> String {
        let one = |(key, value): &(&str, Parameter)| match value {
            Parameter::Seconds(s) if *key == "mean" => Time(*s).to_string(),
            Parameter::Seconds(s) => format!("{key} {}", Time(*s)),
            Parameter::Number(x) => format!("{key} {}", plain(*x, 3)),
            Parameter::Text(text) => format!("{key} {text}"),
            Parameter::Branches(list) => list
                .iter()
                .map(|(p, m)| format!("{} % of {}", plain(p * 100.0, 3), Time(*m)))
                .collect::<Vec<_>>()
                .join(" + "),
            Parameter::Nested(law) => law.name().into(),
            Parameter::Parts(list) => list
                .iter()
                .map(|(p, law)| format!("{} % {}", plain(p * 100.0, 3), law.name()))
                .collect::<Vec<_>>()
                .join(" + "),
            Parameter::Numbers(list) | Parameter::SecondsList(list) => format!("{} {key}", list.len()),
        };
        format!(
            "{}({})",
            self.law.name(),
            self.law.parameters().iter().map(one).collect::<Vec<_>>().join(", ")
        )
    }
}

/// Every law that fits the sample's range, the best first. All of one length is a constant and nothing else.
pub(super) fn candidates(sample: &Sample) -> Vec<Candidate> {
    if sample.scv == 0.0 {
        let law = Law::deterministic(rounded(sample.mean));
        return vec![Candidate { law, aic: 0.0, distance: 0.0, quantiles: Vec::new() }];
    }
    let thin = sample.thinned();
    let weight = sample.sorted.len() as f64 / thin.len() as f64;
    let mut fitted: Vec<(f64, Law)> = Vec::new();
    let mut add = |law: Law, parameters: f64, density: &dyn Fn(f64) -> f64| {
        let log: f64 = thin.iter().map(|x| density(*x)).sum::<f64>() * weight;
        if log.is_finite() {
            fitted.push((2.0 * parameters - 2.0 * log, law));
        }
    };
    let mean = sample.mean;
    add(Law::exponential(rounded(mean)), 1.0, &|x| -mean.ln() - x / mean);
    let (low, high) = (sample.sorted[0], sample.sorted[sample.sorted.len() - 1]);
    add(Law::uniform(rounded(low), rounded(high)), 2.0, &|_| -(high - low).ln());
    if low > 0.0 {
        positive(&thin, mean, &mut add);
    }
    if sample.scv > 1.05 {
        let branches = two_branches(&thin, mean, sample.scv);
        let density = |x: f64| {
            branches.iter().map(|(p, m)| p / m * (-x / m).exp()).sum::<f64>().max(f64::MIN_POSITIVE).ln()
        };
        // The second takes what is left, so that rounding leaves nothing over.
        let first = rounded(branches[0].0);
        let told = vec![(first, rounded(branches[0].1)), (1.0 - first, rounded(branches[1].1))];
        add(Law::Hyperexponential(Hyperexponential { branches: told, scv: None }), 3.0, &density);
    }
    fitted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let best = fitted.first().map_or(0.0, |f| f.0);
    let candidate = |(aic, law): (f64, Law)| Candidate {
        distance: distance(&thin, &law),
        quantiles: quantiles(sample, &law),
        aic: aic - best,
        law,
    };
    fitted.into_iter().map(candidate).collect()
}

/// Takes a law, the number of its free parameters and the logarithm of its density.
type Add<'a> = dyn FnMut(Law, f64, &dyn Fn(f64) -> f64) + 'a;

/// Laws whose likelihood needs the logarithm of every value.
fn positive(x: &[f64], mean: f64, add: &mut Add<'_>) {
    let n = x.len() as f64;
    let own = x.iter().sum::<f64>() / n;
    let logs = x.iter().map(|x| x.ln()).sum::<f64>() / n;
    let spread = x.iter().map(|x| (x.ln() - logs).powi(2)).sum::<f64>() / n;
    let k = gamma_shape(own.ln() - logs);
    let gamma = |k: f64| move |x: f64| k * (k / mean).ln() + (k - 1.0) * x.ln() - k * x / mean - ln_gamma(k);
    add(Law::gamma(rounded(mean), rounded(1.0 / k)), 2.0, &gamma(k));
    if (1.5..1000.0).contains(&k) {
        let whole = k.round();
        // A whole shape is no free parameter: of two that fit alike the simpler law is taken.
        add(Law::erlang(rounded(mean), whole as u32), 1.0, &gamma(whole));
    }
    let lognormal = |x: f64| {
        -x.ln() - 0.5 * (std::f64::consts::TAU * spread).ln() - (x.ln() - logs).powi(2) / (2.0 * spread)
    };
    add(Law::lognormal(rounded((logs + spread / 2.0).exp()), rounded(spread.exp_m1())), 2.0, &lognormal);
    let shape = weibull_shape(x, logs);
    let scale = (x.iter().map(|x| x.powf(shape)).sum::<f64>() / n).powf(1.0 / shape);
    let weibull = |x: f64| (shape / scale).ln() + (shape - 1.0) * (x / scale).ln() - (x / scale).powf(shape);
    add(Law::weibull(rounded(scale * ln_gamma(1.0 + 1.0 / shape).exp()), rounded(shape)), 2.0, &weibull);
    let least = x[0];
    let alpha = 1.0 / (logs - least.ln());
    if alpha.is_finite() && alpha > 0.0 {
        let pareto = |x: f64| alpha.ln() + alpha * least.ln() - (alpha + 1.0) * x.ln();
        add(Law::Pareto(Pareto { min: rounded(least), alpha: rounded(alpha) }), 2.0, &pareto);
    }
}

/// ln k − ψ(k) = ln mean − mean ln.
///
/// # Source
/// Minka (2002), *Estimating a Gamma distribution*: its starting value and Newton's step in 1/k.
fn gamma_shape(s: f64) -> f64 {
    let mut k = (3.0 - s + ((s - 3.0).powi(2) + 24.0 * s).sqrt()) / (12.0 * s);
    for _ in 0..20 {
        let trigamma = (digamma(k * (1.0 + 1e-5)) - digamma(k * (1.0 - 1e-5))) / (2e-5 * k);
        let step = (k.ln() - digamma(k) - s) / (1.0 / k - trigamma);
        k = (k - step).clamp(k / 3.0, k * 3.0);
    }
    k
}

/// The root of Σ xᵏ ln x / Σ xᵏ − 1/k = mean ln, by halves: the left side grows with k.
fn weibull_shape(x: &[f64], logs: f64) -> f64 {
    let largest = x[x.len() - 1].ln();
    let excess = |k: f64| {
        let weights = x.iter().map(|x| (x.ln(), (k * (x.ln() - largest)).exp()));
        let (sum, weighted) =
            weights.fold((0.0, 0.0), |(s, w), (log, weight)| (s + weight, w + weight * log));
        weighted / sum - 1.0 / k - logs
    };
    let (mut low, mut high) = (0.02_f64, 50.0_f64);
    for _ in 0..40 {
        let middle = (low * high).sqrt();
        if excess(middle) > 0.0 { high = middle } else { low = middle }
    }
    (low * high).sqrt()
}

/// Two exponential branches by expectation–maximisation, from balanced means; the mean is the sample's.
fn two_branches(x: &[f64], mean: f64, scv: f64) -> [(f64, f64); 2] {
    let start = Hyperexponential::balanced(mean, scv.max(1.1)).branches;
    let mut branches = [start[0], start[1]];
    for _ in 0..100 {
        let mut sums = [(0.0, 0.0); 2];
        for &x in x {
            let parts = branches.map(|(p, m)| p / m * (-x / m).exp());
            let all = parts[0] + parts[1];
            for (sum, part) in sums.iter_mut().zip(parts) {
                let share = if all > 0.0 { part / all } else { 0.5 };
                *sum = (sum.0 + share, sum.1 + share * x);
            }
        }
        for (branch, (weight, total)) in branches.iter_mut().zip(sums) {
            *branch =
                (weight / x.len() as f64, (total / weight.max(f64::MIN_POSITIVE)).max(f64::MIN_POSITIVE));
        }
    }
    let (share, fitted) = (branches[0].0 + branches[1].0, branches.iter().map(|(p, m)| p * m).sum::<f64>());
    branches.map(|(p, m)| (p / share, m * mean / fitted * share))
}

fn distance(x: &[f64], law: &Law) -> f64 {
    let n = x.len() as f64;
    let off = |(i, x): (usize, &f64)| {
        (law.cdf(*x) - i as f64 / n).abs().max((law.cdf(*x) - (i + 1) as f64 / n).abs())
    };
    x.iter().enumerate().map(off).fold(0.0, f64::max)
}

/// The law's quantile beside the sample's, at shares evenly over (0, 1) and the far tail.
fn quantiles(sample: &Sample, law: &Law) -> Vec<(f64, f64)> {
    let n = sample.sorted.len();
    let tail = [0.995, 0.998, 0.999, 0.9995, 0.9999].into_iter().filter(|p| (1.0 - p) * n as f64 >= 2.0);
    let shares = (0..POINTS).map(|i| (i as f64 + 0.5) / POINTS as f64).chain(tail);
    shares.filter_map(|p| Some((inverse(law, p, sample.mean)?, sample.quantile(p)))).collect()
}

/// Where a law's distribution function reaches a share, by halves where it has no closed form.
fn inverse(law: &Law, share: f64, scale: f64) -> Option<f64> {
    let (mut low, mut high) = (0.0, scale);
    while law.cdf(high) < share {
        high *= 2.0;
        if high > scale * 1e9 {
            return None;
        }
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if law.cdf(middle) < share { low = middle } else { high = middle }
    }
    Some(high)
}
