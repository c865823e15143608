//! Positions of metric paths: a run names the same paths in the same order as the run before, so that each
//! costs a comparison and not a search.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Every path that was ever named, by position.
#[derive(Debug, Clone, Default)]
pub(super) struct PathIndex {
    names: Vec<Arc<str>>,
    positions: BTreeMap<Arc<str>, usize>,
    /// Those of the last run, in the order in which it named them.
    last: Vec<usize>,
}

impl PathIndex {
    /// The position of the path that a run names as its `nth`, those before it having been asked for: a path
    /// that is new comes after all others.
    pub(super) fn position(&mut self, nth: usize, path: &str) -> usize {
        if let Some(&at) = self.last.get(nth)
            && *self.names[at] == *path
        {
            return at;
        }
        let at = self.get(path).unwrap_or_else(|| {
            let name: Arc<str> = path.into();
            self.positions.insert(name.clone(), self.names.len());
            self.names.push(name);
            self.names.len() - 1
        });
        match self.last.get_mut(nth) {
            Some(last) => *last = at,
            None => self.last.push(at),
        }
        at
    }

    /// The position of a path that was named.
    pub(super) fn get(&self, path: &str) -> Option<usize> {
        self.positions.get(path).copied()
    }

    /// Every path with its position, in increasing order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.positions.iter().map(|(path, at)| (&**path, *at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_keeps_its_position_in_whatever_order_runs_name_them() {
        let mut index = PathIndex::default();
        let mut run = |paths: &[&str]| -> Vec<usize> {
            paths.iter().enumerate().map(|(nth, path)| index.position(nth, path)).collect()
        };
        assert_eq!(run(&["b", "a", "c"]), [0, 1, 2]);
        assert_eq!(run(&["b", "c"]), [0, 2]);
        assert_eq!(run(&["a", "b", "d", "c"]), [1, 0, 3, 2]);
        assert_eq!(run(&["a", "b", "d", "c", "e"]), [1, 0, 3, 2, 4]);
        assert_eq!(index.get("d"), Some(3));
        assert_eq!(index.iter().map(|(path, _)| path).collect::<String>(), "abcde");
    }
}
