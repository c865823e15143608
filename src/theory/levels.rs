//! Numbers of messages: quantiles of birth-and-death levels and Poisson averages.

/// The smallest k with `tail(k)` ≤ `left`.
pub(super) fn first_below(left: f64, tail: impl Fn(u64) -> f64) -> f64 {
    let left = left * (1.0 + 1e-12);
    if tail(0) <= left {
        return 0.0;
    }
    let mut high = 1u64;
    while tail(high) > left {
        high *= 2;
    }
    let mut low = high / 2;
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if tail(middle) > left { low = middle } else { high = middle }
    }
    high as f64
}

/// The smallest n with P(N ≤ n) ≥ `share` for a system of `c` servers whose lower part is that of a Poisson
/// birth-and-death chain: below c, p_{n−1} = p_n·n/a. `p_c` is P(N = c), `above(k)` is P(N > c + k).
pub fn quantile(share: f64, c: u32, a: f64, p_c: f64, above: impl Fn(u64) -> f64) -> f64 {
    let left = (1.0 - share) * (1.0 + 1e-12);
    if above(0) > left {
        let mut high = 1u64;
        while above(high) > left {
            high *= 2;
        }
        let mut low = high / 2;
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if above(middle) > left { low = middle } else { high = middle }
        }
        return f64::from(c) + high as f64;
    }
    let (mut n, mut p, mut tail) = (f64::from(c), p_c, above(0));
    while n > 0.0 && tail + p <= left {
        tail += p;
        p *= n / a;
        n -= 1.0;
    }
    n
}

/// Σ f(m) over a Poisson number m of mean `x`: a positive average without cancellation.
///
/// # Numerics
/// Weights run outwards from the mode, where they are 1, until they are below 1e-20, and are divided by their
/// own sum: no factorial is ever formed. The error is about 1e-15 of the largest f.
pub fn poisson_average(x: f64, f: impl Fn(u64) -> f64) -> f64 {
    const NEGLIGIBLE: f64 = 1e-20;
    let mode = x.floor();
    let (mut weights, mut sum) = (1.0, f(mode as u64));
    let (mut m, mut weight) = (mode, 1.0);
    while m > 0.0 && weight > NEGLIGIBLE {
        weight *= m / x;
        m -= 1.0;
        weights += weight;
        sum += weight * f(m as u64);
    }
    (m, weight) = (mode, 1.0);
    while weight > NEGLIGIBLE {
        m += 1.0;
        weight *= x / m;
        weights += weight;
        sum += weight * f(m as u64);
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_averages_of_powers_are_exponentials() {
        // E[zᴺ] = e^(−x(1−z)).
        for (x, z) in [(0.0, 0.3), (0.7, 0.5), (30.0, 0.9), (1e4, 0.999)] {
            let average = poisson_average(x, |m| f64::powf(z, m as f64));
            assert!((average / f64::exp(-x * (1.0 - z)) - 1.0).abs() < 1e-12, "{x} {z}: {average}");
        }
    }

    #[test]
    fn the_quantile_of_a_geometric_level() {
        // M/M/1, rho = 0.8: P(N > n) = 0.8ⁿ⁺¹ falls below 0.01 at n = 20.
        let n = quantile(0.99, 1, 0.8, 0.2 * 0.8, |k| 0.8f64.powi(k as i32 + 2));
        assert_eq!(n, 20.0);
        // rho = 0.05: P(N > 1) = 0.0025, P(N > 0) = 0.05.
        assert_eq!(quantile(0.99, 1, 0.05, 0.95 * 0.05, |k| 0.05f64.powi(k as i32 + 2)), 1.0);
        assert_eq!(quantile(0.5, 1, 0.05, 0.95 * 0.05, |k| 0.05f64.powi(k as i32 + 2)), 0.0);
    }
}
