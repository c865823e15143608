//! A run's numbers as what is written of them, for whoever combines runs that others have played.

use super::checks::broken;
use super::histogram::{BucketCounts, PackedCounts};
use super::summary::Summary;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is written of a summary: all that estimates are made of, but for levels over time.
#[derive(Debug, Serialize, Deserialize)]
pub struct PackedSummary {
    offered: u64,
    served: u64,
    unfinished: u64,
    /// The bits of figures by path: some are infinite.
    values: BTreeMap<String, u64>,
    histograms: Vec<PackedCounts>,
    /// Which of the histograms is each path's.
    counts: BTreeMap<String, usize>,
    levels: BTreeMap<String, usize>,
}

/// Histograms by path, each as its position among those that differ.
fn listed<'a>(
    of: &'a BTreeMap<String, Arc<BucketCounts>>,
    all: &mut Vec<&'a Arc<BucketCounts>>,
) -> BTreeMap<String, usize> {
    let mut position = |counts: &'a Arc<BucketCounts>| {
        let known = all.iter().position(|other| Arc::ptr_eq(other, counts));
        known.unwrap_or_else(|| {
            all.push(counts);
            all.len() - 1
        })
    };
    of.iter().map(|(path, counts)| (path.clone(), position(counts))).collect()
}

impl Summary {
    /// What is written of it; `None` of a run that breaks a law, which is to be looked at where it is played.
    pub fn packed(&self) -> Option<PackedSummary> {
        if broken(&self.balances).next().is_some() {
            return None;
        }
        let mut all = Vec::new();
        let (counts, levels) = (listed(&self.counts, &mut all), listed(&self.levels, &mut all));
        Some(PackedSummary {
            offered: self.offered,
            served: self.served,
            unfinished: self.unfinished,
            values: self.values.iter().map(|(path, value)| (path.clone(), value.to_bits())).collect(),
            histograms: all.into_iter().map(|counts| counts.packed()).collect(),
            counts,
            levels,
        })
    }
}

impl PackedSummary {
    /// The summary; `None` if none is written so.
    pub fn unpacked(self) -> Option<Summary> {
        let all: Vec<Arc<BucketCounts>> =
            self.histograms.into_iter().map(|h| h.unpacked().map(Arc::new)).collect::<Option<_>>()?;
        let of = |paths: BTreeMap<String, usize>| -> Option<BTreeMap<String, Arc<BucketCounts>>> {
            paths.into_iter().map(|(path, at)| Some((path, all.get(at)?.clone()))).collect()
        };
        Some(Summary {
            values: self.values.into_iter().map(|(path, bits)| (path, f64::from_bits(bits))).collect(),
            counts: of(self.counts)?,
            levels: of(self.levels)?,
            offered: self.offered,
            served: self.served,
            unfinished: self.unfinished,
            ..Summary::default()
        })
    }
}
