//! Erlang's two formulas: the share that is lost, and the share that must wait.

/// Erlang B: the probability that all `servers` are busy when nobody can wait, at an offered load of `a`
/// erlangs.
///
/// # Formula
/// B = (aᶜ/c!) / Σₙ aⁿ/n!, by B₀ = 1, B_k = a·B_{k−1} / (k + a·B_{k−1}).
/// # Domain
/// a ≥ 0, any number of servers. Insensitive to the law of the service time.
/// # Source
/// A. K. Erlang (1917); Cooper, *Introduction to Queueing Theory* (1981), eq. 3.5.
/// # Numerics
/// No factorials, so nothing overflows. A step multiplies a relative error by k/(k + a·B) < 1; from 12√a +
/// 100 steps below min(a, c) an error of the start has shrunk by more than e⁻⁷², so earlier steps are left
/// out and billions of servers cost little.
///
/// ```
/// use queuelab::theory::erlang::erlang_b;
/// // Tables of the telephone traffic: 30 lines and 25 erlangs lose about 5 %.
/// assert!((erlang_b(30, 25.0) - 0.0526).abs() < 1e-4);
/// assert!((erlang_b(1000, 1000.0) / 0.02481191764616041 - 1.0).abs() < 1e-12);
/// ```
pub fn erlang_b(servers: u32, a: f64) -> f64 {
    if a <= 0.0 {
        return if servers == 0 { 1.0 } else { 0.0 };
    }
    let start = (f64::from(servers).min(a) - 12.0 * a.sqrt() - 100.0).floor().max(0.0);
    let mut b = 1.0 - start / a;
    for k in (start as u32 + 1)..=servers {
        b = a * b / (f64::from(k) + a * b);
        if b < f64::MIN_POSITIVE {
            return 0.0;
        }
    }
    b
}

/// Erlang C: the probability that a message has to wait, at an offered load of `a` erlangs.
///
/// # Formula
/// C = B / (1 − ρ(1 − B)), ρ = a/c.
/// # Domain
/// 0 ≤ a < c; 1 beyond.
/// # Source
/// Erlang (1917); Cooper (1981), eq. 3.7.
///
/// ```
/// use queuelab::theory::erlang::erlang_c;
/// assert!((erlang_c(2, 1.0) - 1.0 / 3.0).abs() < 1e-15);
/// assert!((erlang_c(1000, 990.0) / 0.6590804218808545 - 1.0).abs() < 1e-12);
/// ```
pub fn erlang_c(servers: u32, a: f64) -> f64 {
    let rho = a / f64::from(servers);
    if rho >= 1.0 {
        return 1.0;
    }
    let b = erlang_b(servers, a);
    b / ((1.0 - rho) + rho * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b}");
    }

    #[test]
    fn large_systems_neither_overflow_nor_vanish() {
        close(erlang_b(1000, 950.0), 0.00364929368894, 1e-11);
        close(erlang_c(1000, 950.0), 0.0682534153771, 1e-11);
        close(erlang_b(10_000, 9_990.0), 0.00731718688727, 1e-11);
        close(erlang_c(10_000, 9_990.0), 0.880541711374, 1e-11);
        close(erlang_b(200, 20.0), 4.199725e-124, 1e-6);
    }

    #[test]
    fn the_shortened_recursion_is_the_whole_one() {
        for (servers, a) in
            [(5_000u32, 5_100.0f64), (20_000, 19_900.0), (1_000_000, 999_000.0), (3_000, 90_000.0)]
        {
            let whole = (1..=servers).fold(1.0, |b, k| a * b / (f64::from(k) + a * b));
            close(erlang_b(servers, a), whole, 1e-12);
        }
    }

    #[test]
    fn limits() {
        assert_eq!(erlang_b(3, 0.0), 0.0);
        assert_eq!(erlang_b(0, 0.0), 1.0);
        close(erlang_b(1, 0.5), 1.0 / 3.0, 1e-15);
        close(erlang_c(1, 0.7), 0.7, 1e-15);
        assert_eq!(erlang_c(4, 4.0), 1.0);
        assert!(erlang_b(4_000_000_000, 3_999_990_000.0) > 0.0);
    }
}
