//! The cheapest pair on a grid of two settings, of which more is never worse and always costs more.
//!
//! Whatever holds keeps holding with more of either setting, so what holds is bounded by a staircase. A pair
//! that was tried therefore speaks for all pairs with less of both, or with more of both, and of each row
//! only the easiest pair that is cheaper than the best known one has to be tried.

use super::super::watch::Watch;
use super::search::boundary;

/// A place on the grid: the positions of the two values, from low to high.
pub(super) type Cell = (usize, usize);

/// Where the staircase lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stairs {
    /// The least of each setting that holds with the most of the other.
    pub least: Cell,
    /// The cheapest that holds.
    pub best: Cell,
}

/// What is known of pairs.
#[derive(Default)]
struct Known {
    passed: Vec<Cell>,
    failed: Vec<Cell>,
}

impl Known {
    /// Whether a pair holds, by those that were tried.
    fn says(&self, (row, column): Cell) -> Option<bool> {
        if self.passed.iter().any(|p| p.0 <= row && p.1 <= column) {
            Some(true)
        } else if self.failed.iter().any(|f| f.0 >= row && f.1 >= column) {
            Some(false)
        } else {
            None
        }
    }
}

/// Finds the cheapest pair that passes, beginning where a hint says; `None` if the easiest does not pass.
///
/// Costs must grow along both settings.
pub(super) fn cheapest<E>(
    (rows, columns): Cell,
    hint: Stairs,
    cost: &mut dyn FnMut(Cell) -> Result<f64, E>,
    watch: &dyn Watch,
    passes: &mut dyn FnMut(Cell) -> Result<bool, E>,
) -> Result<Option<Stairs>, E> {
    let last = (rows - 1, columns - 1);
    let mut known = Known::default();
    let mut ask = |cell: Cell| -> Result<bool, E> {
        if let Some(said) = known.says(cell) {
            return Ok(said);
        }
        let passed = passes(cell)?;
        if passed {
            known.passed.push(cell)
        } else {
            known.failed.push(cell)
        }
        Ok(passed)
    };
    let Some(row) = boundary(rows, hint.least.0, watch, &mut |row| ask((row, last.1)))? else {
        return Ok(None);
    };
    let column = boundary(columns, hint.least.1, watch, &mut |column| ask((last.0, column)))?;
    let column = column.unwrap_or(last.1);
    let mut best: Option<(f64, Cell)> = None;
    let first = hint.best.0.max(row);
    for row in std::iter::once(first).chain((row..rows).filter(|row| *row != first)) {
        if watch.stopped() {
            break;
        }
        let limit = match best {
            Some((most, _)) => easiest_below(most, row, (column, last.1), cost)?,
            None => Some(last.1),
        };
        let Some(limit) = limit else { continue };
        if !ask((row, limit))? {
            continue;
        }
        let hinted = if row == hint.best.0 { hint.best.1 } else { limit };
        let from = hinted.clamp(column, limit) - column;
        if let Some(at) = boundary(limit - column + 1, from, watch, &mut |at| ask((row, column + at)))? {
            let cell = (row, column + at);
            best = Some((cost(cell)?, cell));
        }
    }
    Ok(best.map(|(_, best)| Stairs { least: (row, column), best }))
}

/// The last column of a row, among some, whose cost is below a limit.
pub(super) fn easiest_below<E>(
    limit: f64,
    row: usize,
    (from, to): (usize, usize),
    cost: &mut dyn FnMut(Cell) -> Result<f64, E>,
) -> Result<Option<usize>, E> {
    if cost((row, from))? >= limit {
        return Ok(None);
    }
    let (mut low, mut high) = (from, to + 1);
    while high - low > 1 {
        let middle = low.midpoint(high);
        if cost((row, middle))? < limit {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(Some(low))
}

#[cfg(test)]
mod tests {
    use super::super::super::watch::NoProgress;
    use super::*;
    use std::convert::Infallible;

    /// Hyperbolas, corners and lines, from any hint: the pair is that of a look at every one, in far fewer
    /// trials, and every cheaper pair has less of both than one that was tried and failed.
    #[test]
    fn the_cheapest_pair_is_found_and_proved() {
        let shapes: [&dyn Fn(usize, usize) -> bool; 6] = [
            &|a, b| (a + 1) * (b + 1) >= 60,
            &|a, b| a >= 4 && b >= 11,
            &|a, b| 3 * a + b >= 20,
            &|_, _| true,
            &|a, b| a + b >= 38,
            &|a, b| a + b >= 39,
        ];
        for (shape, holds) in shapes.iter().enumerate() {
            for (first, second) in [(1.0, 1.0), (3.0, 1.1), (1.0, 7.3)] {
                for hint in [(0, 0), (4, 11), (19, 19), (19, 0), (7, 7)] {
                    let price = |(a, b): Cell| first * a as f64 + second * b as f64;
                    let all = (0..20).flat_map(|a| (0..20).map(move |b| (a, b)));
                    let least = all.clone().filter(|c| holds(c.0, c.1)).map(price).min_by(f64::total_cmp);
                    let mut tried = Vec::new();
                    let found = cheapest(
                        (20, 20),
                        Stairs { least: hint, best: hint },
                        &mut |cell| Ok::<_, Infallible>(price(cell)),
                        &NoProgress,
                        &mut |cell| {
                            tried.push(cell);
                            Ok(holds(cell.0, cell.1))
                        },
                    );
                    let Ok(found) = found;
                    assert_eq!(found.map(|f| price(f.best)), least, "shape {shape} from {hint:?}");
                    assert!(tried.len() <= 45, "shape {shape}: {} of 400", tried.len());
                    let Some(Stairs { best, .. }) = found else { continue };
                    assert!(tried.contains(&best));
                    let failed: Vec<&Cell> = tried.iter().filter(|t| !holds(t.0, t.1)).collect();
                    for cell in all.filter(|c| price(*c) < price(best)) {
                        let proved = failed.iter().any(|f| f.0 >= cell.0 && f.1 >= cell.1);
                        assert!(proved, "shape {shape}: {cell:?} is cheaper than {best:?}");
                    }
                }
            }
        }
    }

    /// Where neither setting can stand in for the other, both single answers are proved by their neighbours.
    #[test]
    fn a_corner_takes_five_trials() {
        let mut tried = Vec::new();
        let hint = Stairs { least: (4, 11), best: (4, 11) };
        let found = cheapest(
            (20, 20),
            hint,
            &mut |c| Ok::<_, Infallible>((c.0 + c.1) as f64),
            &NoProgress,
            &mut |c| {
                tried.push(c);
                Ok(c.0 >= 4 && c.1 >= 11)
            },
        );
        assert_eq!(found, Ok(Some(hint)));
        assert_eq!(tried, [(4, 19), (3, 19), (19, 11), (19, 10), (4, 11)]);
    }
}
