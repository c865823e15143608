//! What holds for every law: draws, distribution function, moments and transform tell of one and the same
//! law.

use super::*;
use crate::rng::Key;

fn all() -> Vec<Law> {
    Law::examples().into_iter().map(|(law, _)| law).collect()
}

/// Whether the law has atoms.
fn jumps(law: &Law) -> bool {
    matches!(law, Law::Deterministic(_) | Law::Empirical(_))
}

fn draws(law: &Law, blocks: usize) -> Vec<f64> {
    let mut stream = Stream::new(Key::new(1, 0).role("service", "workers"));
    let mut block = [0.0; BLOCK];
    let mut all = Vec::new();
    for _ in 0..blocks {
        law.fill(&mut stream, &mut block);
        all.extend_from_slice(&block);
    }
    all
}

/// Weights and points x of ∫ f(x) dx, and P(X > x) there: the trapezoidal rule in ln x, up to where 1 − F is
/// no longer a number.
fn grid(law: &Law) -> Vec<(f64, f64, f64)> {
    let step = 2e-4;
    (0..300_000)
        .map(|i| law.mean() * (f64::from(i) * step - 30.0).exp())
        .map(|x| (x * step, x, 1.0 - law.cdf(x)))
        .take_while(|p| p.2 > 1e-13)
        .collect()
}

#[test]
fn means_and_squares_are_those_told() {
    for law in all() {
        let x = draws(&law, 100);
        assert!(x.iter().all(|x| *x >= 0.0 && x.is_finite()), "{law:?}");
        let n = x.len() as f64;
        for order in [1, 2] {
            let seen = x.iter().map(|x| x.powi(order as i32)).sum::<f64>() / n;
            let told = law.moment(order);
            let error = ((law.moment(2 * order) - told * told).max(0.0) / n).sqrt();
            // Five standard errors: one false alarm in 1.7 million.
            assert!((seen - told).abs() <= 5.0 * error + 1e-11 * told, "{law:?}: {seen} {told}");
        }
    }
}

#[test]
fn draws_follow_the_distribution_function() {
    for law in all() {
        let mut x = draws(&law, 40);
        x.sort_by(f64::total_cmp);
        let n = x.len() as f64;
        let mut distance = 0.0_f64;
        let mut from = 0;
        while from < x.len() {
            let to = from + x[from..].partition_point(|y| *y <= x[from]);
            distance = distance.max((to as f64 / n - law.cdf(x[from])).abs());
            distance = distance.max((law.cdf(x[from] * (1.0 - 1e-12) - 1e-300) - from as f64 / n).abs());
            from = to;
        }
        // Kolmogorov–Smirnov at 10⁻⁶: √(ln(2/α)/2) = 2.69. With atoms the error rate is smaller still.
        assert!(distance * n.sqrt() < 2.69, "{law:?}: {distance}");
    }
}

#[test]
fn moments_are_integrals_of_the_tail() {
    for law in all() {
        let grid = grid(&law);
        for n in 1..=3 {
            let integral: f64 =
                grid.iter().map(|(w, x, tail)| w * f64::from(n) * x.powi(n as i32 - 1) * tail).sum();
            let bound = if jumps(&law) { 1e-3 } else { 1e-4 };
            assert!(
                (integral / law.moment(n) - 1.0).abs() < bound,
                "{law:?}, moment {n}: {integral} {}",
                law.moment(n)
            );
        }
    }
}

#[test]
fn transforms_are_integrals_of_the_tail() {
    for law in all() {
        let grid = grid(&law);
        for s in [
            Complex64::new(1e-6, 0.0),
            Complex64::new(0.5, 0.0),
            Complex64::new(0.5, 2.0),
            Complex64::new(3.0, -1.0),
        ] {
            let s = s / law.mean();
            let Some(told) = law.transform(s) else { continue };
            let integral =
                1.0 - s * grid.iter().map(|(w, x, tail)| (-s * x).exp() * (w * tail)).sum::<Complex64>();
            let bound = if jumps(&law) { 1e-3 } else { 1e-7 };
            assert!((integral - told).norm() < bound, "{law:?} at {s}: {integral} {told}");
        }
        assert!(law.transform(Complex64::ZERO).is_none_or(|one| (one - 1.0).norm() < 1e-14));
    }
}

#[test]
fn scaling_stretches_time_alone() {
    for law in all() {
        let long = law.scaled(3.0);
        assert_eq!((long.name(), long.kendall()), (law.name(), law.kendall()));
        assert!((long.mean() / law.mean() - 3.0).abs() < 1e-12 && (long.scv() - law.scv()).abs() < 1e-9);
        for share in [0.01, 0.5, 0.999, 1.0, 1.7, 4.0] {
            let x = share * law.mean();
            assert!((long.cdf(3.0 * x) - law.cdf(x)).abs() < 1e-12 || jumps(&law), "{law:?}");
        }
    }
}

#[test]
fn quantiles_invert_the_distribution_function() {
    for law in all() {
        for u in [1e-6, 0.01, 0.5, 0.9, 0.999] {
            if let Some(x) = law.quantile(u) {
                assert!((law.cdf(x) - u).abs() < 1e-9 || (jumps(&law) && law.cdf(x) >= u), "{law:?} at {u}");
            }
        }
    }
}

/// Value stability: a seed keeps its results from one version to the next. Change these only with a word to
/// the users.
#[test]
fn first_draws_stay_what_they_are() {
    for (law, frozen) in Law::examples() {
        let draws = draws(&law, 1);
        let seen: [f64; 3] = std::array::from_fn(|i| draws[i * 500]);
        // The logarithms behind a law's parameters are the standard library's: a last bit may differ between
        // machines.
        let same = seen.iter().zip(frozen).all(|(a, b)| (a - b).abs() <= 1e-13 * b);
        assert!(same, "{law:?}: {seen:?} {frozen:?}");
    }
}

type Keys = Vec<(&'static str, Parameter)>;

/// A law's table as a scenario would give it.
#[derive(Default)]
struct Given {
    keys: Keys,
    refused: Vec<String>,
}

impl Given {
    fn get(&self, key: &str) -> Option<&Parameter> {
        self.keys.iter().find(|k| k.0 == key).map(|k| &k.1)
    }
}

impl Arguments for Given {
    fn mean(&mut self) -> Option<f64> {
        self.time("mean")
    }
    fn number(&mut self, key: &str) -> Option<f64> {
        match self.get(key) {
            Some(Parameter::Number(x)) if *x > 0.0 => Some(*x),
            _ => None,
        }
    }
    fn count(&mut self, key: &str) -> Option<u32> {
        self.number(key).map(|x| x as u32)
    }
    fn time(&mut self, key: &str) -> Option<f64> {
        match self.get(key) {
            Some(Parameter::Seconds(x)) => Some(*x),
            _ => None,
        }
    }
    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
    fn numbers(&mut self, key: &str) -> Option<Vec<f64>> {
        match self.get(key) {
            Some(Parameter::Numbers(list)) => Some(list.clone()),
            _ => None,
        }
    }
    fn times(&mut self, key: &str) -> Option<Vec<f64>> {
        match self.get(key) {
            Some(Parameter::SecondsList(list)) => Some(list.clone()),
            _ => None,
        }
    }
    fn branches(&mut self, key: &str) -> Option<Vec<(f64, f64)>> {
        match self.get(key) {
            Some(Parameter::Branches(list)) => Some(list.clone()),
            _ => None,
        }
    }
    fn law(&mut self, key: &str) -> Option<Law> {
        match self.get(key) {
            Some(Parameter::Nested(law)) => Some(Law::clone(law)),
            _ => None,
        }
    }
    fn parts(&mut self, key: &str) -> Option<Vec<(f64, Law)>> {
        match self.get(key) {
            Some(Parameter::Parts(list)) => Some(list.clone()),
            _ => None,
        }
    }
    fn file(&mut self, key: &str) -> Option<Sampled> {
        let values = self.times("values")?;
        self.has(key).then(|| Sampled { file: "times.csv".into(), column: None, values })
    }
    fn refuse(&mut self, key: &str, _: &str, instead: &str) {
        assert!(!instead.is_empty());
        self.refused.push(key.to_string());
    }
}

#[test]
fn laws_read_back_from_their_own_parameters() {
    for law in all() {
        let mut given = Given { keys: law.parameters(), ..Given::default() };
        let back = Law::read(law.name(), &mut given).unwrap();
        assert_eq!((back.name(), given.refused.len()), (law.name(), 0));
        assert!(
            (back.mean() / law.mean() - 1.0).abs() < 1e-12 && (back.scv() - law.scv()).abs() < 1e-9,
            "{law:?} {back:?}"
        );
    }
}

#[test]
fn what_will_not_do_is_refused_by_key() {
    use Parameter::*;
    let mean = ("mean", Seconds(1.0));
    let cases: Vec<(&str, Keys, &str)> = vec![
        ("exponential", vec![("mean", Seconds(0.0))], "mean"),
        ("uniform", vec![("min", Seconds(2.0)), ("max", Seconds(1.0))], "max"),
        ("hyperexponential", vec![mean.clone(), ("scv", Number(0.5))], "scv"),
        ("hyperexponential", vec![("branches", Branches(vec![(0.5, 1.0), (0.4, 2.0)]))], "branches"),
        ("weibull", vec![mean.clone(), ("shape", Number(0.001))], "shape"),
        ("pareto", vec![mean.clone(), ("alpha", Number(1.0))], "alpha"),
        ("pareto", vec![("min", Seconds(0.0)), ("alpha", Number(0.9))], "min"),
        ("triangular", vec![("min", Seconds(2.0)), ("mode", Seconds(2.0)), ("max", Seconds(2.0))], "max"),
        ("triangular", vec![("min", Seconds(1.0)), ("mode", Seconds(3.0)), ("max", Seconds(2.0))], "mode"),
        ("log-logistic", vec![mean.clone(), ("shape", Number(1.0))], "shape"),
        ("bounded-pareto", vec![("min", Seconds(0.0)), ("max", Seconds(1.0)), ("alpha", Number(1.0))], "min"),
        ("bounded-pareto", vec![("min", Seconds(2.0)), ("max", Seconds(1.0)), ("alpha", Number(1.0))], "max"),
        (
            "bounded-pareto",
            vec![("min", Seconds(1.0)), ("max", Seconds(2.0)), ("alpha", Number(1e-7))],
            "alpha",
        ),
        ("normal", vec![mean.clone(), ("scv", Number(0.95))], "scv"),
        ("mixture", vec![("parts", Parts(vec![(0.5, Law::exponential(1.0))]))], "parts"),
        ("normal", vec![mean.clone(), ("sd", Seconds(2.0))], "sd"),
        ("empirical", vec![], ""),
        ("empirical", vec![("values", SecondsList(vec![]))], "values"),
        ("empirical", vec![("values", SecondsList(vec![1.0])), ("weights", Numbers(vec![0.0]))], "weights"),
        ("empirical", vec![("values", SecondsList(vec![0.0])), mean.clone()], "values"),
    ];
    for (law, keys, key) in cases {
        let mut given = Given { keys, ..Given::default() };
        assert!(Law::read(law, &mut given).is_none());
        assert_eq!(given.refused, [key], "{law}");
    }
    let mut heavy = Given { keys: vec![("min", Seconds(2.0)), ("alpha", Number(0.9))], ..Given::default() };
    assert_eq!(Law::read("pareto", &mut heavy).map(|l| l.mean()), Some(f64::INFINITY));
    let mut stretched =
        Given { keys: vec![("values", SecondsList(vec![1.0, 3.0])), mean], ..Given::default() };
    assert_eq!(Law::read("empirical", &mut stretched).map(|l| l.mean()), Some(1.0));
}

#[test]
fn hyperexponential_means_are_balanced() {
    let law = Hyperexponential::balanced(1.0, 4.0);
    // Tijms: p₁ = ½ (1 + √((scv − 1)/(scv + 1))).
    assert!((law.branches[0].0 - 0.887_298_334_620_741_7).abs() < 1e-15);
    assert!((law.branches[0].0 * law.branches[0].1 - 0.5).abs() < 1e-15);
    assert!((law.branches[0].0 + law.branches[1].0 - 1.0).abs() < 1e-15);
    assert!((Hyperexponential::balanced(2.0, 1.0).moment(2) - 8.0).abs() < 1e-12);
}
