use super::*;

#[test]
fn every_law_has_a_transform() {
    for (law, _) in Law::examples() {
        let value = transform(&law, Complex64::new(0.5, 2.0) / law.mean());
        assert!(
            value.norm() < 1.0,
            "{law:?}: its file gives no closed transform, so it needs a quadrature here"
        );
    }
}

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

/// Shape 1/2 has a closed form: √π x e^(x²) erfc(x) with x = 1/(2√s) and scale 1, in the continued
/// fraction of erfc.
#[test]
fn shape_one_half_is_an_error_function() {
    let law = Law::weibull(2.0, 0.5);
    for s in [Complex64::new(0.01, 0.03), Complex64::new(0.002, 0.05)] {
        let x = 0.5 / s.sqrt();
        let fraction = (1..400).rev().fold(x, |f, n| x + 0.5 * f64::from(n) / f);
        let exact = x / fraction;
        assert!((transform(&law, s) - exact).norm() < 1e-14, "{s}: {} {exact}", transform(&law, s));
    }
}

#[test]
fn quadratures_agree_with_sums_over_quantiles() {
    for law in [
        Law::lognormal(1.0, 2.0),
        Law::lognormal(1.0, 0.05),
        Law::lognormal(1.0, 20.0),
        Law::weibull(1.0, 0.5),
        Law::weibull(1.0, 2.5),
        Law::Normal(Normal::of(1.0, 0.01)),
        Law::Normal(Normal::of(1.0, 0.8)),
        Law::pareto(1.0, 2.5),
        Law::pareto(1.0, 3.0),
        Law::pareto(1.0, 1.2),
        Law::LogLogistic(LogLogistic { mean: 1.0, shape: 1.5 }),
        Law::LogLogistic(LogLogistic { mean: 1.0, shape: 8.0 }),
        Law::BoundedPareto(BoundedPareto { min: 0.1, max: 10.0, alpha: 1.0 }),
        Law::BoundedPareto(BoundedPareto { min: 0.3, max: 3.0, alpha: 2.2 }),
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
    for law in [0.01, 0.1, 0.5, 2.0, 4.0, 20.0, 100.0]
        .map(|scv| Law::lognormal(1.0, scv))
        .into_iter()
        .chain([0.3, 0.6, 1.5, 3.0, 10.0].map(|shape| Law::weibull(1.0, shape)))
        .chain([1.2, 2.0, 2.5, 3.000_001, 4.0].map(|alpha| Law::pareto(1.0, alpha)))
        .chain([0.02, 0.1, 0.571, 0.9].map(|scv| Law::Normal(Normal::of(1.0, scv))))
        .chain([1.1, 2.0, 3.7, 20.0].map(|shape| Law::LogLogistic(LogLogistic { mean: 1.0, shape })))
        .chain([0.7, 2.0].map(|alpha| Law::BoundedPareto(BoundedPareto { min: 0.2, max: 9.0, alpha })))
    {
        for centre in [(1.0, 0.0), (0.4, 1.0), (1.0, 5.0), (0.5, 40.0), (0.4, 4000.0)]
            .map(|(re, im)| Complex64::new(re, im))
        {
            let around: Complex64 = (0..32)
                .map(|k| transform(&law, centre + Complex64::from_polar(0.3, f64::from(k) * PI / 16.0)))
                .sum();
            let error = (around / 32.0 - transform(&law, centre)).norm();
            assert!(error < 1e-13, "{law:?} at {centre}: {error}");
        }
    }
}

#[test]
fn shape_one_is_exponential() {
    let s = Complex64::new(0.7, 3.0);
    assert!((transform(&Law::weibull(2.0, 1.0), s) - 1.0 / (1.0 + 2.0 * s)).norm() < 1e-14);
}
