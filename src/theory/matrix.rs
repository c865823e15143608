//! Small dense matrices, for the blocks of Markov chains.

use std::ops::{Index, IndexMut};

/// A matrix by rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub columns: usize,
    data: Vec<f64>,
}

impl Index<(usize, usize)> for Matrix {
    type Output = f64;
    fn index(&self, (i, j): (usize, usize)) -> &f64 {
        &self.data[i * self.columns + j]
    }
}

impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut f64 {
        &mut self.data[i * self.columns + j]
    }
}

impl Matrix {
    /// All zeros.
    pub fn zero(rows: usize, columns: usize) -> Self {
        Matrix { rows, columns, data: vec![0.0; rows * columns] }
    }

    /// Ones on the diagonal.
    pub fn identity(n: usize) -> Self {
        Matrix::diagonal(&vec![1.0; n])
    }

    /// These values on the diagonal.
    pub fn diagonal(values: &[f64]) -> Self {
        let mut this = Matrix::zero(values.len(), values.len());
        values.iter().enumerate().for_each(|(i, x)| this[(i, i)] = *x);
        this
    }

    /// One row.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.data[i * self.columns..(i + 1) * self.columns]
    }

    /// Σ over every row.
    pub fn row_sums(&self) -> Vec<f64> {
        (0..self.rows).map(|i| self.row(i).iter().sum()).collect()
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Matrix) -> Matrix {
        assert!(self.rows == other.rows && self.columns == other.columns, "matrices of one size are added");
        Matrix { data: self.data.iter().zip(&other.data).map(|(a, b)| a + b).collect(), ..*self }
    }

    /// Every entry times the factor.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Matrix {
        Matrix { data: self.data.iter().map(|x| x * factor).collect(), ..*self }
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Matrix) -> Matrix {
        assert_eq!(self.columns, other.rows, "the inner sizes of a product agree");
        let mut product = Matrix::zero(self.rows, other.columns);
        for (i, target) in product.data.chunks_mut(other.columns).enumerate() {
            for (k, factor) in self.row(i).iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
                target.iter_mut().zip(other.row(k)).for_each(|(sum, x)| *sum += factor * x);
            }
        }
        product
    }

    /// Row vector times matrix.
    pub fn left(&self, vector: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns];
        for (i, factor) in vector.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
            sums.iter_mut().zip(self.row(i)).for_each(|(sum, x)| *sum += factor * x);
        }
        sums
    }

    /// Rows and columns exchanged.
    #[must_use]
    pub fn transposed(&self) -> Matrix {
        let mut this = Matrix::zero(self.columns, self.rows);
        (0..self.rows).for_each(|i| (0..self.columns).for_each(|j| this[(j, i)] = self[(i, j)]));
        this
    }

    /// Kronecker's product: every entry of `self` times `other`.
    #[must_use]
    pub fn kronecker(&self, other: &Matrix) -> Matrix {
        let mut this = Matrix::zero(self.rows * other.rows, self.columns * other.columns);
        for i in 0..self.rows {
            for j in 0..self.columns {
                let factor = self[(i, j)];
                if factor == 0.0 {
                    continue;
                }
                for k in 0..other.rows {
                    for l in 0..other.columns {
                        this[(i * other.rows + k, j * other.columns + l)] = factor * other[(k, l)];
                    }
                }
            }
        }
        this
    }

    /// X with `self` X = `right`, by elimination with row pivots.
    #[must_use]
    pub fn solve(&self, right: &Matrix) -> Matrix {
        let (n, mut a, mut x) = (self.rows, self.clone(), right.clone());
        for column in 0..n {
            let pivot = (column..n)
                .max_by(|&i, &j| a[(i, column)].abs().total_cmp(&a[(j, column)].abs()))
                .unwrap_or(column);
            a.swap_rows(column, pivot);
            x.swap_rows(column, pivot);
            let lead = 1.0 / a[(column, column)];
            for i in column + 1..n {
                let factor = a[(i, column)] * lead;
                if factor != 0.0 {
                    a.subtract(i, column, factor, column);
                    x.subtract(i, column, factor, 0);
                }
            }
        }
        for i in (0..n).rev() {
            for k in i + 1..n {
                let factor = a[(i, k)];
                if factor != 0.0 {
                    x.subtract(i, k, factor, 0);
                }
            }
            let lead = 1.0 / a[(i, i)];
            (0..x.columns).for_each(|j| x[(i, j)] *= lead);
        }
        x
    }

    fn swap_rows(&mut self, i: usize, j: usize) {
        if i != j {
            (0..self.columns).for_each(|k| self.data.swap(i * self.columns + k, j * self.columns + k));
        }
    }

    /// Subtracts a multiple of row `from` from row `to`, from a column on.
    fn subtract(&mut self, to: usize, from: usize, factor: f64, start: usize) {
        let width = self.columns;
        let (low, high) = self.data.split_at_mut(to.max(from) * width);
        let (target, source) = if to > from {
            (&mut high[..width], &low[from * width..][..width])
        } else {
            (&mut low[to * width..][..width], &high[..width])
        };
        target[start..].iter_mut().zip(&source[start..]).for_each(|(x, y)| *x -= factor * y);
    }
}

/// The probability vector with x Q = 0, for a generator with one closed class: by Grassmann, Taksar &
/// Heyman's elimination (1985), which never subtracts. The diagonal is not read.
pub fn stationary(generator: &Matrix) -> Vec<f64> {
    let n = generator.rows;
    let mut a = generator.clone();
    // The first state of what is left when nothing leads further down: all before it are transient.
    let mut first = 0;
    for k in (1..n).rev() {
        let total: f64 = (0..k).map(|j| a[(k, j)]).sum();
        if total <= 0.0 {
            first = k;
            break;
        }
        for i in 0..k {
            let share = a[(i, k)] / total;
            a[(i, k)] = share;
            for j in 0..k {
                if i != j {
                    a[(i, j)] += share * a[(k, j)];
                }
            }
        }
    }
    let mut x = vec![0.0; n];
    x[first] = 1.0;
    for k in first + 1..n {
        x[k] = (0..k).map(|i| x[i] * a[(i, k)]).sum();
    }
    let total: f64 = x.iter().sum();
    x.iter().map(|p| p / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solving_undoes_multiplying() {
        let mut a = Matrix::identity(3);
        (a[(0, 0)], a[(0, 1)], a[(1, 0)], a[(2, 1)]) = (0.0, 2.0, 3.0, -1.0);
        let x = Matrix::identity(3).kronecker(&Matrix::identity(1)).plus(&a.scaled(0.5));
        let back = a.solve(&a.times(&x));
        assert!((0..9).all(|k| (back[(k / 3, k % 3)] - x[(k / 3, k % 3)]).abs() < 1e-14));
    }

    #[test]
    fn a_cycle_spends_its_dwell_times() {
        let mut q = Matrix::zero(3, 3);
        (q[(0, 1)], q[(1, 2)], q[(2, 0)]) = (1.0, 0.5, 0.25);
        assert_eq!(stationary(&q), [1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0]);
        // Left for good.
        q[(2, 0)] = 0.0;
        q[(2, 1)] = 0.5;
        assert_eq!(stationary(&q), [0.0, 0.5, 0.5]);
    }
}
