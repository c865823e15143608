//! How slow messages were, by when they were due.

/// Messages in cells of time and latency.
#[derive(Debug, Clone, PartialEq)]
pub struct LatencyMap {
    /// Seconds for which a column lasts; the first begins at zero.
    pub width: f64,
    /// Seconds at which the last column ends, or what was watched.
    pub end: f64,
    /// Seconds at which each row begins, and the last ends.
    pub edges: Vec<f64>,
    /// Of each column, the messages that were due in it, by row.
    pub columns: Vec<Vec<u64>>,
}

impl LatencyMap {
    /// The same with neighbouring columns put together until there are no more than so many.
    pub fn narrowed(&self, most: usize) -> LatencyMap {
        let together = self.columns.len().div_ceil(most.max(1)).max(1);
        let sum = |columns: &[Vec<u64>]| {
            (0..self.edges.len() - 1).map(|row| columns.iter().map(|column| column[row]).sum()).collect()
        };
        LatencyMap {
            width: self.width * together as f64,
            columns: self.columns.chunks(together).map(sum).collect(),
            ..self.clone()
        }
    }

    /// The latency below which a share of a column's messages lies, in seconds, as near as a row is high;
    /// `None` where fewer than ten messages lie beyond it.
    pub fn quantile(&self, column: usize, share: f64) -> Option<f64> {
        const BEYOND: f64 = 10.0;
        let counts = &self.columns[column];
        let total = counts.iter().sum::<u64>() as f64;
        if (1.0 - share) * total < BEYOND {
            return None;
        }
        let mut below = 0.0;
        for (row, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = count as f64;
            if below + count >= share * total {
                let within = (share * total - below) / count;
                return Some(self.edges[row] + within * (self.edges[row + 1] - self.edges[row]));
            }
            below += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map() -> LatencyMap {
        let columns = vec![vec![100, 0, 0], vec![0, 50, 50], vec![0, 0, 4]];
        LatencyMap { width: 2.0, end: 5.0, edges: vec![1.0, 2.0, 4.0, 8.0], columns }
    }

    #[test]
    fn quantiles_of_a_column_are_read_within_its_rows() {
        let map = map();
        assert_eq!(map.quantile(0, 0.5), Some(1.5));
        assert_eq!((map.quantile(1, 0.5), map.quantile(1, 0.75)), (Some(4.0), Some(6.0)));
        assert_eq!((map.quantile(0, 0.99), map.quantile(2, 0.5)), (None, None), "too few lie beyond");
    }

    #[test]
    fn columns_are_put_together() {
        let narrow = map().narrowed(2);
        assert_eq!((narrow.width, narrow.columns), (4.0, vec![vec![100, 50, 50], vec![0, 0, 4]]));
        assert_eq!(map().narrowed(10), map());
    }
}
