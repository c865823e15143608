//! Laplace transforms of the workload's laws, E\[e^(−sX)\], also where no closed form exists.

use super::invert::TransformCost;
use crate::workload::laws::{BoundedPareto, Law, LogLogistic, Lognormal, Normal, Pareto, Weibull};
use num_complex::Complex64;
use statrs::function::{erf::erfc, gamma::gamma};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// E\[e^(−sX)\] for Re s > 0: in closed form, by series or, for lognormal, log-logistic and Weibull, by
/// quadrature along a path on which nothing oscillates.
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
        Law::Normal(law) => normal(law, s),
        Law::LogLogistic(law) => log_logistic(law, s),
        Law::Pareto(law) => pareto(law, s),
        Law::BoundedPareto(law) => bounded_pareto(law, s),
        Law::Shifted(law) => (-s * law.offset).exp() * transform(&law.of, s),
        Law::Mixture(law) => law.parts.iter().map(|(p, part)| *p * transform(part, s)).sum(),
        _ => law.transform(s).unwrap_or(Complex64::new(f64::NAN, 0.0)),
    }
}

/// What a value of a law's transform costs.
pub fn effort(law: &Law) -> TransformCost {
    match law {
        Law::Lognormal(_)
        | Law::Normal(_)
        | Law::LogLogistic(_)
        | Law::Weibull(_)
        | Law::Pareto(_)
        | Law::BoundedPareto(_) => TransformCost::Slow,
        Law::Shifted(law) => part_effort(&law.of),
        Law::Mixture(law) => {
            law.parts.iter().map(|(_, part)| part_effort(part)).max().unwrap_or(TransformCost::Quick)
        }
        Law::Empirical(law) => match law.points().count() {
            0..=10 => TransformCost::Quick,
            11..=200 => TransformCost::Slow,
            _ => TransformCost::Endless,
        },
        _ => TransformCost::Quick,
    }
}

/// The same of a part of another law. Where it has jumps or kinks of its own, sums with that would be told
/// too roughly.
fn part_effort(law: &Law) -> TransformCost {
    match law {
        Law::Uniform(_) | Law::Empirical(_) | Law::Shifted(_) => TransformCost::Endless,
        law if !law.varies() => TransformCost::Endless,
        law => effort(law),
    }
}

/// # Formula
/// With W = W(sσ²e^μ), Lambert's function: exp(−(W + W²/2)/σ²)/√(2πσ²) ∫ exp(−(W(eᵘ − 1 − u) + u²/2)/σ²) du.
/// # Source
/// The path runs through the saddle point as in Asmussen, Jensen & Rojas-Nandayapa, *On the Laplace transform
/// of the lognormal distribution*, Methodology and Computing in Applied Probability 18 (2016).
/// # Numerics
/// On the real axis |exp(−W eᵘ)| swings where W is nearly imaginary; for wide laws the path bends to where W
/// eᵘ is real as soon as it matters. Trapezoids, whose error is about 1e-15 with these steps.
fn lognormal(law: &Lognormal, s: Complex64) -> Complex64 {
    let square = law.scv.ln_1p();
    let w = lambert(s * square * (law.mean / (1.0 + law.scv).sqrt()));
    let step = (0.45 * (square / (1.0 + w.norm())).sqrt()).min(0.28);
    let factor = (-(w + 0.5 * w * w) / square).exp() / (2.0 * PI * square).sqrt();
    let bend = if square > 0.2 { w.arg() } else { 0.0 };
    if bend == 0.0 {
        return factor * trapezoid(step, |u| (-(w * (u.exp_m1() - u) + 0.5 * u * u) / square).exp());
    }
    let from = 1.0 + (square / w.norm()).ln_1p();
    let sum = trapezoid(step, |v| {
        let part = 1.0 / (1.0 + (from - v).exp());
        let u = Complex64::new(v, -bend * part);
        (-(w * (u.exp() - 1.0 - u) + 0.5 * u * u) / square).exp()
            * Complex64::new(1.0, -bend * part * (1.0 - part))
    });
    factor * sum
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

/// # Formula
/// ∫ exp(kw − e^(kw) − s e^w) k dw, w the logarithm of the time.
/// # Numerics
/// Along Im w = const in the middle of the strip in which both exponentials fall, by trapezoids: the step for
/// 1e-16 follows from the strip's width. To the left, where exp(kw) falls slowly, Re w = v − e^(o−v) makes it
/// fall doubly exponentially.
fn weibull(law: &Weibull, s: Complex64) -> Complex64 {
    let k = law.shape;
    let s = s * (law.mean / gamma(1.0 + 1.0 / k));
    let (size, angle) = (s.norm(), s.arg().abs());
    let (low, high) = ((angle - 0.5 * PI).max(-0.5 * PI / k), (0.5 * PI / k).min(angle + 0.5 * PI));
    let (turned, width) = (0.5 * (low + high), 0.5 * (high - low).min(3.0));
    let step = width * 2.0 * PI / 37.0;
    // e^(−40) is nothing.
    let right = ((40.0 / (k * turned).cos()).ln() / k).min((40.0 / (size * (angle - turned).cos())).ln());
    let scale = k.max(1.0);
    let origin = (-size.ln()).min(0.0) - 2.0 / scale;
    let turned = Complex64::new(0.0, if s.im >= 0.0 { -turned } else { turned });
    let mut sum = Complex64::ZERO;
    let mut v = right;
    loop {
        let left = (scale * (origin - v)).exp();
        let w = v - left / scale + turned;
        if k * w.re < -40.0 {
            return sum * step * k;
        }
        sum += (k * w - (k * w).exp() - s * w.exp()).exp() * (1.0 + left);
        v -= step;
    }
}

/// # Formula
/// e^(−α²/2) e^(z²) erfc(z)/erfc(α/√2) with z = (α + sσ)/√2, zero being α standard deviations σ from the top
/// of the bell curve; to the left of zero by erfc(z) = 2 − erfc(−z).
fn normal(law: &Normal, s: Complex64) -> Complex64 {
    let ((top, sd), cut) = (law.bell(), law.cut());
    let z = (cut + s * sd) * FRAC_1_SQRT_2;
    let (density, left) = ((-0.5 * cut * cut).exp(), erfc(cut * FRAC_1_SQRT_2));
    if z.re >= 0.0 {
        return density * scaled_erfc(z) / left;
    }
    (2.0 * (s * (0.5 * s * sd * sd - top)).exp() - density * scaled_erfc(-z)) / left
}

/// e^(z²) erfc(z) for Re z ≥ 0.
///
/// # Formula
/// z/π ∫ e^(−t²)/(z² + t²) dt by trapezoids of step h, and 2 e^(z²)/(1 ∓ e^(2πz/h)) for the pole that they
/// miss (Re z < π/h).
/// # Source
/// Chiarella & Reichel, *On the evaluation of integrals related to the error function*, Mathematics of
/// Computation 22 (1968).
/// # Numerics
/// Of the steps at whole and at half multiples of h those are taken that are farther from the pole. The rest
/// is less than e^(−π²/h²) = 7e-18.
fn scaled_erfc(z: Complex64) -> Complex64 {
    const STEP: f64 = 0.5;
    let place = (z.im / STEP).rem_euclid(1.0);
    let whole = (0.25..0.75).contains(&place);
    let term = |t: f64| (-t * t).exp() / (z * z + t * t);
    let from = if whole { 0.0 } else { 0.5 };
    let sum: Complex64 = (0..14).map(|n| 2.0 * term((f64::from(n) + from) * STEP)).sum();
    let sum = if whole { sum - term(0.0) } else { sum };
    let sum = z * (STEP / PI) * sum;
    if z.re >= PI / STEP {
        return sum;
    }
    let sign = if whole { -1.0 } else { 1.0 };
    sum + 2.0 * (z * z).exp() / (1.0 + sign * (2.0 * PI / STEP * z).exp())
}

/// # Formula
/// ∫ exp(kw − s e^w)/(1 + e^(kw))² k dw, w the logarithm of the time over its median.
/// # Numerics
/// Along Im w = const in the middle of the strip in which e^(−s e^w) falls and 1 + e^(kw) has no zero, by
/// trapezoids: the step for 1e-16 follows from the strip's width.
fn log_logistic(law: &LogLogistic, s: Complex64) -> Complex64 {
    let (k, s) = (law.shape, s * law.median());
    let (size, angle) = (s.norm(), s.arg().abs());
    let (low, high) = ((-0.5 * PI - angle).max(-PI / k), (0.5 * PI - angle).min(PI / k));
    let (turned, width) = (0.5 * (low + high), 0.5 * (high - low));
    let step = width * 2.0 * PI / 37.0;
    // e^(−40) is nothing.
    let right = (40.0 / k).min((40.0 / (size * (angle + turned).cos())).ln());
    let turned = Complex64::new(0.0, if s.im >= 0.0 { turned } else { -turned });
    let mut sum = Complex64::ZERO;
    let mut v = right;
    while k * v > -40.0 {
        let w = v + turned;
        // The factor that would overflow is taken out.
        let grows = (if v > 0.0 { -k * w } else { k * w }).exp();
        sum += grows * (-s * w.exp()).exp() / (1.0 + grows).powi(2);
        v -= step;
    }
    sum * step * k
}

/// The law without a bound, less what lies beyond it, which is of the same kind.
fn bounded_pareto(law: &BoundedPareto, s: Complex64) -> Complex64 {
    let beyond = law.beyond();
    let from = |min| pareto(&Pareto { min, alpha: law.alpha }, s);
    (from(law.min) - beyond * from(law.max)) / (1.0 - beyond)
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
/// Legendre's continued fraction for |q| > 2, else the series. Two of its terms have poles at whole α that
/// cancel: there it has a logarithm instead, and next to there it is taken for linear in α, which is off by
/// less than 1e-11.
fn pareto(law: &Pareto, s: Complex64) -> Complex64 {
    const NEAR: f64 = 1e-5;
    const STEP: f64 = 1e-3;
    let q = s * law.min;
    if q.norm() > 2.0 {
        return law.alpha * (-q).exp() * upper_gamma_fraction(-law.alpha, q);
    }
    let whole = law.alpha.round();
    let off = law.alpha - whole;
    if whole == 0.0 || off.abs() > NEAR {
        return pareto_series(whole, off, q);
    }
    let at = pareto_whole(whole, q);
    if off == 0.0 {
        at
    } else {
        at + (pareto_series(whole, STEP, q) - pareto_series(whole, -STEP, q)) * (off / (2.0 * STEP))
    }
}

/// α Σ (−q)ⁿ/n! /(α − n), all terms but that of n = α if it is whole.
fn power_series(whole: f64, off: f64, q: Complex64) -> Complex64 {
    let a = whole + off;
    let (mut term, mut sum) = (Complex64::ONE, if a == 0.0 { Complex64::ZERO } else { Complex64::ONE });
    for n in 1..80 {
        let n = f64::from(n);
        term *= -q / n;
        if n == a {
            continue;
        }
        let part = term * (a / (whole - n + off));
        sum += part;
        if part.norm() < 1e-17 && n > a {
            break;
        }
    }
    sum
}

/// The series for α = `whole` + `off`, given in two parts for the sake of the sine near its zeros.
fn pareto_series(whole: f64, off: f64, q: Complex64) -> Complex64 {
    let a = whole + off;
    // α Γ(−α) = −π / (sin(πα) Γ(α)).
    let sine = (PI * off).sin() * if whole % 2.0 == 0.0 { 1.0 } else { -1.0 };
    power_series(whole, off, q) - q.powf(a) * (PI / (sine * gamma(a)))
}

/// The series for whole α: (−q)^α/Γ(α) · (ψ(α + 1) − ln q) instead of the two terms.
fn pareto_whole(alpha: f64, q: Complex64) -> Complex64 {
    let psi = statrs::function::gamma::digamma(alpha + 1.0);
    let sign = if alpha % 2.0 == 0.0 { 1.0 } else { -1.0 };
    power_series(alpha, 0.0, q) + sign * q.powf(alpha) / gamma(alpha) * (psi - q.ln())
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
mod tests;
