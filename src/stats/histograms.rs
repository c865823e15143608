//! The histograms of several runs by metric path, merged as the runs end; places whose times are the same
//! share one.

use super::histogram::{BucketCounts, Ranks};
use super::path_index::PathIndex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Merged histograms, by path without statistic.
#[derive(Debug, Clone, Default)]
pub(super) struct Histograms {
    all: Vec<Arc<BucketCounts>>,
    paths: PathIndex,
    /// Which of them is each path's, by its position.
    slots: Vec<usize>,
}

/// Answers for one path after the other, each of which often is that of the one before.
pub(super) struct HistogramReader<'a> {
    of: &'a Histograms,
    /// The path that was asked for last, and which histogram it has.
    path: Option<(String, Option<usize>)>,
    last: Option<(usize, Ranks<'a>)>,
}

impl Histograms {
    /// Adds those of a run, each path once; the run is one of so many that are to be added.
    pub(super) fn add(&mut self, run: impl Iterator<Item = (String, Arc<BucketCounts>)>, runs: usize) {
        // What each of the run's histograms is added to, and from which of the run's each of these gets its.
        let mut added: HashMap<(*const BucketCounts, Option<usize>), usize> = HashMap::new();
        let mut source: HashMap<usize, *const BucketCounts> = HashMap::new();
        let mut pairs = Vec::new();
        for (nth, (path, counts)) in run.enumerate() {
            let at = self.paths.position(nth, &path);
            let (from, known) = (Arc::as_ptr(&counts), self.slots.get(at).copied());
            let to = *added.entry((from, known)).or_insert_with(|| {
                let own = known.filter(|to| *source.entry(*to).or_insert(from) == from);
                // Paths that were alike so far and now are not go separate ways from here.
                let to = own.unwrap_or_else(|| {
                    self.all.push(known.map_or_else(Arc::default, |known| self.all[known].clone()));
                    self.all.len() - 1
                });
                pairs.push((to, counts));
                to
            });
            match known {
                Some(_) => self.slots[at] = to,
                None => self.slots.push(to),
            }
        }
        for (to, counts) in pairs {
            let whole = &mut self.all[to];
            if whole.total() == 0 {
                *whole = if runs > 1 { Arc::new(counts.with_room(runs)) } else { counts };
            } else {
                Arc::make_mut(whole).merge(&counts);
            }
        }
    }

    /// Which of them is a path's.
    fn slot(&self, path: &str) -> Option<usize> {
        self.paths.get(path).map(|at| self.slots[at])
    }

    pub(super) fn get(&self, path: &str) -> Option<&BucketCounts> {
        self.slot(path).map(|at| &*self.all[at])
    }

    pub(super) fn by_path(&self) -> BTreeMap<String, Arc<BucketCounts>> {
        self.paths.iter().map(|(path, at)| (path.into(), self.all[self.slots[at]].clone())).collect()
    }

    pub(super) fn reader(&self) -> HistogramReader<'_> {
        HistogramReader { of: self, path: None, last: None }
    }
}

impl<'a> HistogramReader<'a> {
    /// Which histogram a path has.
    fn find(&mut self, path: &str) -> Option<usize> {
        match &self.path {
            Some((last, at)) if last == path => *at,
            _ => {
                let at = self.of.slot(path);
                self.path = Some((path.into(), at));
                at
            }
        }
    }

    /// Whether a path has a histogram.
    pub(super) fn has(&mut self, path: &str) -> bool {
        self.find(path).is_some()
    }

    /// The values of a path's histogram in their order.
    pub(super) fn of(&mut self, path: &str) -> Option<&Ranks<'a>> {
        let at = self.find(path)?;
        if self.last.as_ref().is_none_or(|last| last.0 != at) {
            self.last = Some((at, self.of.all[at].ranks()));
        }
        self.last.as_ref().map(|last| &last.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(values: &[u64]) -> Arc<BucketCounts> {
        let mut out = BucketCounts::new();
        values.iter().for_each(|&value| out.record(value));
        Arc::new(out)
    }

    fn run(of: &[(&str, &Arc<BucketCounts>)]) -> impl Iterator<Item = (String, Arc<BucketCounts>)> {
        of.iter().map(|(path, counts)| (path.to_string(), Arc::clone(counts))).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn what_is_the_same_in_every_run_is_held_once_and_what_differs_apart() {
        let (first, second, third) = (counts(&[1, 2]), counts(&[3]), counts(&[4]));
        let mut all = Histograms::default();
        all.add(run(&[("a", &first), ("b", &first)]), 3);
        all.add(run(&[("a", &second), ("b", &second)]), 3);
        assert!(all.all.len() == 1 && all.get("b") == Some(&counts(&[1, 2, 3])));
        all.add(run(&[("a", &third), ("b", &second), ("c", &third)]), 3);
        assert_eq!(all.get("a"), Some(&*counts(&[1, 2, 3, 4])));
        assert_eq!(all.get("b"), Some(&*counts(&[1, 2, 3, 3])));
        assert_eq!(all.get("c"), Some(&*counts(&[4])));
        assert_eq!(all.reader().of("b").and_then(|ranks| ranks.quantile(1.0)), Some(3e-9));
    }
}
