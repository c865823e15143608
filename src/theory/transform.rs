//! Laplace transforms of the workload's laws, E\[e^(−sX)\], also where no closed form exists.

use crate::workload::laws::{Law, Lognormal, Pareto, Weibull};
use num_complex::Complex64;
use statrs::function::gamma::gamma;
use std::f64::consts::PI;

/// E\[e^(−sX)\] for Re s > 0: in closed form or, for lognormal, Weibull and Pareto, by quadrature along a path on which nothing
/// oscillates.
///
/// ```
/// use num_complex::Complex64;
/// use queuelab::{theory::transform::transform, workload::laws::Law};
/// // Asmussen, Jensen & Rojas-Nandayapa (2016), table 1: lognormal with σ = 1, θ = 1.
/// let law = Law::lognormal(0.5f64.exp(), 1f64.exp() - 1.0);
/// assert!((transform(&law, Complex64::new(1.0, 0.0)).re - 0.381756).abs() < 1e-6);
/// ```
pub fn transform(law: &Law, s: Complex64) -> Complex64 {
    match law {
        Law::Lognormal(law) => lognormal(law, s),
        Law::Weibull(law) => weibull(law, s),
        Law::Pareto(law) => pareto(law, s),
        _ => law.transform(s).unwrap_or(Complex64::new(f64::NAN, 0.0)),
    }
}

/// Whether a law's distribution function has jumps or kinks, near which Fourier series converge slowly.
pub fn is_rough(law: &Law) -> bool {
    matches!(law, Law::Deterministic(_) | Law::Uniform(_) | Law::Empirical(_))
}

/// Whether a transform takes microseconds rather than nanoseconds.
pub fn is_slow(law: &Law) -> bool {
    match law {
        Law::Lognormal(_) | Law::Weibull(_) | Law::Pareto(_) => true,
        Law::Empirical(law) => law.points().count() > 10,
        _ => false,
    }
}

/// # Formula
/// With W = W(sσ²e^μ), Lambert's function: exp(−(W + W²/2)/σ²)/√(2πσ²) ∫ exp(−(W(eᵘ − 1 − u) + u²/2)/σ²) du.
/// # Source
/// The path runs through the saddle point as in Asmussen, Jensen & Rojas-Nandayapa, *On the Laplace transform of the lognormal
/// distribution*, Methodology and Computing in Applied Probability 18 (2016).
fn lognormal(law: &Lognormal, s: Complex64) -> Complex64 {
    let square = law.scv.ln_1p();
    let w = lambert(s * square * (law.mean / (1.0 + law.scv).sqrt()));
    let step = 0.25 * (square / (1.0 + w.norm())).sqrt();
    let sum = trapezoid(step, |u| (-(w * (u.exp_m1() - u) + 0.5 * u * u) / square).exp());
    (-(w + 0.5 * w * w) / square).exp() * sum / (2.0 * PI * square).sqrt()
}

/// The principal branch of Lambert's function, W e^W = z, for Re z ≥ 0.
fn lambert(z: Complex64) -> Complex64 {
    let mut w = (1.0 + z).ln();
    for _ in 0..40 {
        // Newton's step for w + ln w = ln z, in the form that is right at zero too.
        let e = (-w).exp();
        let step = (w - z * e) / (1.0 + w);
        w -= step;
        if step.norm() <= 1e-15 * (1e-300 + w.norm()) {
            break;
        }
    }
    w
}

/// ∫ exp(kw − e^(kw) − s e^w) k dw, w the logarithm of the time, along Im w = const through the saddle point, or as near to it as
/// the integrand allows.
fn weibull(law: &Weibull, s: Complex64) -> Complex64 {
    let k = law.shape;
    let s = s * (law.mean / gamma(1.0 + 1.0 / k));
    let mut w = -(1.0 + s / k).ln();
    for _ in 0..60 {
        let (own, kernel) = ((k * w).exp() * k, s * w.exp());
        let step = (k - own - kernel) / (k * own + kernel);
        // Damped, so that the first steps do not leave for another sheet.
        w += if step.norm() > 1.0 { step / step.norm() } else { step };
        if step.norm() < 1e-14 {
            break;
        }
    }
    let limit = 0.25 * PI / k;
    let clipped = w.im.abs() > limit && k > 1.0;
    if clipped {
        w.im = w.im.clamp(-limit, limit);
    }
    let curvature = ((k * w).exp() * k * k + s * w.exp()).norm();
    let step = if clipped { 0.04 / k } else { (0.25 / curvature.sqrt()).min(0.25 / k) };
    trapezoid(step, |u| (k * (w + u) - (k * (w + u)).exp() - s * (w + u).exp()).exp()) * k
}

/// h Σ f(jh), outwards from 0 until the terms vanish.
fn trapezoid(step: f64, f: impl Fn(f64) -> Complex64) -> Complex64 {
    let mut sum = f(0.0);
    let mut largest = sum.norm();
    for sign in [1.0, -1.0] {
        for j in 1..20_000 {
            let term = f(sign * step * f64::from(j));
            sum += term;
            largest = largest.max(term.norm());
            if term.norm() <= 1e-18 * largest {
                break;
            }
        }
    }
    sum * step
}

/// # Formula
/// α q^α Γ(−α, q) with q = s·min.
/// # Numerics
/// Legendre's continued fraction for |q| > 2, else the series. At whole α two of its terms have poles that cancel: there the mean of
/// two values of α, 3e-6 to each side, is off by about 1e-11.
fn pareto(law: &Pareto, s: Complex64) -> Complex64 {
    const APART: f64 = 3e-6;
    let q = s * law.min;
    if q.norm() > 2.0 {
        return law.alpha * (-q).exp() * upper_gamma_fraction(-law.alpha, q);
    }
    let whole = law.alpha.round();
    let off = law.alpha - whole;
    if off.abs() < APART && whole > 0.0 {
        return 0.5 * (pareto_series(whole, APART, q) + pareto_series(whole, -APART, q));
    }
    pareto_series(whole, off, q)
}

/// The series for α = `whole` + `off`, given in two parts for the sake of the sine near its zeros.
fn pareto_series(whole: f64, off: f64, q: Complex64) -> Complex64 {
    let a = whole + off;
    let (mut term, mut sum) = (Complex64::ONE, Complex64::ONE);
    for n in 1..80 {
        let n = f64::from(n);
        term *= -q / n;
        let part = term * (a / (whole - n + off));
        sum += part;
        if part.norm() < 1e-17 {
            break;
        }
    }
    // α Γ(−α) = −π / (sin(πα) Γ(α)).
    let sine = (PI * off).sin() * if whole % 2.0 == 0.0 { 1.0 } else { -1.0 };
    sum - q.powf(a) * (PI / (sine * gamma(a)))
}

/// Γ(a, q) e^q q^(−a) by Lentz's method.
fn upper_gamma_fraction(a: f64, q: Complex64) -> Complex64 {
    let mut b = q + 1.0 - a;
    let mut c = Complex64::new(1e300, 0.0);
    let mut d = 1.0 / b;
    let mut value = d;
    for i in 1..500 {
        let n = f64::from(i);
        let an = -n * (n - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).norm() < 1e-16 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E\[e^(−sX)\] for real s by plain summation over quantiles.
    fn by_quantiles(law: &Law, s: f64) -> f64 {
        // u = Φ-like substitution: tanh-sinh on (0, 1) through logistic steps.
        let h = 0.01;
        (-2500..=2500)
            .map(|j| {
                let y = f64::from(j) * h;
                let (up, weight) = (1.0 / (1.0 + (-y).exp()), 1.0 / (2.0 + y.exp() + (-y).exp()));
                law.quantile(up).map_or(f64::NAN, |x| h * weight * (-s * x).exp())
            })
            .sum()
    }

    #[test]
    fn quadratures_agree_with_sums_over_quantiles() {
        for law in [
            Law::lognormal(1.0, 2.0),
            Law::lognormal(1.0, 0.05),
            Law::lognormal(1.0, 20.0),
            Law::weibull(1.0, 0.5),
            Law::weibull(1.0, 2.5),
            Law::pareto(1.0, 2.5),
            Law::pareto(1.0, 3.0),
            Law::pareto(1.0, 1.2),
        ] {
            for s in [1e-3, 0.1, 1.0, 7.0, 100.0] {
                let (ours, plain) = (transform(&law, Complex64::new(s, 0.0)).re, by_quantiles(&law, s));
                assert!((ours - plain).abs() < 1e-7, "{law:?} at {s}: {ours} {plain}");
            }
        }
    }

    /// Cauchy: the mean of an analytic function over a circle is its value at the centre.
    #[test]
    fn transforms_are_analytic() {
        for law in
            [Law::lognormal(1.0, 2.0), Law::lognormal(1.0, 0.1), Law::weibull(1.0, 0.6), Law::weibull(1.0, 3.0), Law::pareto(1.0, 2.5)]
        {
            for centre in [Complex64::new(1.0, 0.0), Complex64::new(1.0, 5.0), Complex64::new(0.5, 40.0)] {
                let around: Complex64 =
                    (0..32).map(|k| transform(&law, centre + Complex64::from_polar(0.3, f64::from(k) * PI / 16.0))).sum();
                let error = (around / 32.0 - transform(&law, centre)).norm();
                assert!(error < 1e-12, "{law:?} at {centre}: {error}");
            }
        }
    }

    #[test]
    fn shape_one_is_exponential() {
        let s = Complex64::new(0.7, 3.0);
        assert!((transform(&Law::weibull(2.0, 1.0), s) - 1.0 / (1.0 + 2.0 * s)).norm() < 1e-14);
    }
}
