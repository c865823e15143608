//! Linear systems: small dense ones, and large ones of which most is zero.

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

/// A matrix by rows: the columns that are not zero, and their values, which add up where one comes twice.
pub(crate) type SparseRows = Vec<Vec<(usize, f64)>>;

/// Solves x = M x + b; `None` if I − M is singular, or a figure has no bound.
///
/// Unknowns that depend on one another in a circle are solved together, after those that they depend on:
/// where there is no circle, the work is in proportion to what is not zero.
pub(crate) fn fixed_point(m: &[Vec<(usize, f64)>], b: &[f64]) -> Option<Vec<f64>> {
    let mut x = b.to_vec();
    let mut place = vec![usize::MAX; b.len()];
    for circle in circles(m) {
        circle.iter().enumerate().for_each(|(at, &i)| place[i] = at);
        let mut system = vec![vec![0.0; circle.len()]; circle.len()];
        for (at, &i) in circle.iter().enumerate() {
            system[at][at] = 1.0;
            for &(j, value) in &m[i] {
                match place[j] {
                    usize::MAX => x[i] += value * x[j],
                    to => system[at][to] -= value,
                }
            }
        }
        let right = circle.iter().map(|&i| x[i]).collect();
        for (&i, value) in circle.iter().zip(solve(system, right)?) {
            (x[i], place[i]) = (value, usize::MAX);
        }
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}

/// The unknowns that depend on one another in circles, each circle after those that it depends on (Tarjan
/// 1972, without recursion).
pub(crate) fn circles(m: &[Vec<(usize, f64)>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    const DONE: usize = usize::MAX - 1;
    let (mut low, mut seen, mut out) = (vec![NEW; m.len()], 0, Vec::new());
    let (mut open, mut way): (Vec<usize>, Vec<(usize, usize, usize)>) = (Vec::new(), Vec::new());
    for start in 0..m.len() {
        if low[start] == NEW {
            way.push((start, seen, 0));
        }
        while let Some((i, number, next)) = way.last_mut() {
            let (i, number) = (*i, *number);
            if *next == 0 {
                (low[i], seen) = (number, seen + 1);
                open.push(i);
            }
            let dependence = m[i].get(*next).map(|(j, _)| *j);
            *next += 1;
            match dependence {
                Some(j) if low[j] == NEW => way.push((j, seen, 0)),
                Some(j) if low[j] != DONE => low[i] = low[i].min(low[j]),
                Some(_) => {}
                None => {
                    if low[i] == number {
                        let first = open.iter().rposition(|other| *other == i).unwrap_or(0);
                        let mut circle = open.split_off(first);
                        circle.sort_unstable();
                        circle.iter().for_each(|&member| low[member] = DONE);
                        out.push(circle);
                    }
                    way.pop();
                    if let Some((from, ..)) = way.last()
                        && low[i] != DONE
                    {
                        low[*from] = low[*from].min(low[i]);
                    }
                }
            }
        }
    }
    out
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

    /// 1 and 2 in a circle, which 0 feeds and which feeds 3; 4 stands alone.
    #[test]
    fn circles_are_solved_after_what_they_depend_on() {
        let m = [vec![], vec![(0, 1.0), (2, 0.5)], vec![(1, 0.5)], vec![(0, 1.0), (2, 2.0)], vec![(4, 0.75)]];
        assert_eq!(circles(&m), [vec![0], vec![1, 2], vec![3], vec![4]]);
        let x = fixed_point(&m, &[3.0, 0.0, 0.0, 1.0, 1.0]).expect("regular");
        assert_eq!(x, [3.0, 4.0, 2.0, 8.0, 4.0]);
        assert_eq!(fixed_point(&[vec![(1, 1.0)], vec![(0, 1.0)]], &[1.0, 1.0]), None);
    }
}
