//! Small dense linear systems.

/// Below this a pivot is zero: the probabilities of a loop sum to 1 but for rounding.
const ZERO: f64 = 1e-12;

/// Solves A x = b by elimination with row pivots; `None` if A is singular.
pub(crate) fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&i, &j| a[i][column].abs().total_cmp(&a[j][column].abs()))?;
        if a[pivot][column].abs() < ZERO {
            return None;
        }
        a.swap(column, pivot);
        b.swap(column, pivot);
        let (above, below) = a.split_at_mut(column + 1);
        let row = &above[column];
        for (i, other) in below.iter_mut().enumerate() {
            let factor = other[column] / row[column];
            if factor != 0.0 {
                other.iter_mut().zip(row).skip(column).for_each(|(x, y)| *x -= factor * y);
                b[column + 1 + i] -= factor * b[column];
            }
        }
    }
    for column in (0..n).rev() {
        let known: f64 = (column + 1..n).map(|j| a[column][j] * b[j]).sum();
        b[column] = (b[column] - known) / a[column][column];
    }
    Some(b)
}

/// Solves x = M x + b; `None` if I − M is singular, or a figure has no bound.
pub(crate) fn fixed_point(m: &[Vec<f64>], b: &[f64]) -> Option<Vec<f64>> {
    let row =
        |(i, row): (usize, &Vec<f64>)| row.iter().enumerate().map(|(j, x)| f64::from(i == j) - x).collect();
    let system = m.iter().enumerate().map(row).collect();
    solve(system, b.to_vec()).filter(|x| x.iter().all(|v| v.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_needs_a_pivot() {
        let x = solve(vec![vec![0.0, 2.0], vec![3.0, 1.0]], vec![4.0, 5.0]).expect("regular");
        assert_eq!(x, vec![1.0, 2.0]);
        assert_eq!(solve(vec![vec![1.0, 1.0], vec![2.0, 2.0]], vec![1.0, 2.0]), None);
    }
}
