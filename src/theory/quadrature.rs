//! Gauss–Legendre quadrature.

use std::sync::OnceLock;

/// Nodes and weights of ten points on (−1, 1), one half.
const GAUSS: [(f64, f64); 5] = [
    (0.148_874_338_981_631_2, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_36),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

/// ∫ f over (from, to), exact for polynomials up to degree 19.
pub(super) fn gauss(from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
    half * GAUSS.iter().map(|(x, w)| w * (f(middle - half * x) + f(middle + half * x))).sum::<f64>()
}

/// The ten nodes on (−1, 1), increasing.
pub(super) const HALVES: [f64; 10] = [
    -GAUSS[4].0,
    -GAUSS[3].0,
    -GAUSS[2].0,
    -GAUSS[1].0,
    -GAUSS[0].0,
    GAUSS[0].0,
    GAUSS[1].0,
    GAUSS[2].0,
    GAUSS[3].0,
    GAUSS[4].0,
];

/// From a function's values at the nodes of a piece of length 2 · `half`: its integrals from the start to
/// each node, and over the piece.
pub(super) fn integrals(half: f64, values: [f64; 10]) -> ([f64; 10], f64) {
    let table = TABLE.get_or_init(table);
    let upto = std::array::from_fn(|i| half * table[i].iter().zip(values).map(|(w, f)| w * f).sum::<f64>());
    let all = half * (0..5).map(|k| GAUSS[k].1 * (values[4 - k] + values[5 + k])).sum::<f64>();
    (upto, all)
}

static TABLE: OnceLock<[[f64; 10]; 10]> = OnceLock::new();

/// ∫ of each of Lagrange's polynomials from −1 to each node.
fn table() -> [[f64; 10]; 10] {
    let lagrange = |j: usize, x: f64| -> f64 {
        (0..10).filter(|k| *k != j).map(|k| (x - HALVES[k]) / (HALVES[j] - HALVES[k])).product()
    };
    std::array::from_fn(|i| std::array::from_fn(|j| gauss(-1.0, HALVES[i], |x| lagrange(j, x))))
}

#[cfg(test)]
mod tests {
    #[test]
    fn polynomials_are_exact() {
        assert!((super::gauss(-1.0, 2.0, |x| x.powi(18)) - (2f64.powi(19) + 1.0) / 19.0).abs() < 1e-9);
        let (upto, all) = super::integrals(0.5, super::HALVES.map(|x| (0.5 + 0.5 * x).powi(9)));
        assert!((all - 0.1).abs() < 1e-15);
        assert!(
            upto.iter()
                .zip(super::HALVES)
                .all(|(sum, x)| (sum - (0.5 + 0.5 * x).powi(10) / 10.0).abs() < 1e-15)
        );
    }
}
