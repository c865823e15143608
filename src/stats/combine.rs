//! Several replications become one set of estimates.

use super::collector::Summary;
use super::histogram::Counts;
use super::interval::half_width;
use crate::answer::{Estimate, PERCENTILES};
use std::collections::BTreeMap;

/// What several replications say together.
#[derive(Debug, Clone, Default)]
pub struct Combined {
    pub metrics: BTreeMap<String, Estimate>,
    /// Merged over replications, by path without statistic.
    pub counts: BTreeMap<String, Counts>,
    /// What is wrong with them, in sentences.
    pub caveats: Vec<String>,
}

/// How many messages must lie beyond a percentile, over all replications, before it is told.
const LEAST_BEYOND: f64 = 10.0;

/// Estimates with Student's intervals over replications, which must be independent.
///
/// Percentiles are those of the merged counts, with the spread of the replications' own; they are withheld where fewer than
/// ten messages lie beyond. A maximum is the largest of all and has no interval.
pub fn combine(summaries: &[Summary], confidence: f64) -> Combined {
    let mut out = Combined::default();
    for summary in summaries {
        for (path, counts) in &summary.counts {
            out.counts.entry(path.clone()).and_modify(|c| c.merge(counts)).or_insert_with(|| counts.clone());
        }
    }
    let mut levels: BTreeMap<&str, Counts> = BTreeMap::new();
    for (path, counts) in summaries.iter().flat_map(|s| &s.levels) {
        levels.entry(path).and_modify(|c| c.merge(counts)).or_insert_with(|| counts.clone());
    }
    let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (path, &value) in summaries.iter().flat_map(|s| &s.values) {
        values.entry(path).or_default().push(value);
    }
    for (path, values) in values {
        let (mean, half) = half_width(&values, confidence);
        let (stem, statistic) = path.rsplit_once('.').unwrap_or((path, ""));
        let share = PERCENTILES.iter().find(|p| p.0 == statistic).map(|p| p.1);
        let estimate = match (share, out.counts.get(stem)) {
            (Some(share), Some(counts)) => {
                if (1.0 - share) * (counts.total() as f64) < LEAST_BEYOND {
                    continue;
                }
                Estimate::with(counts.quantile(share).unwrap_or(mean), half)
            }
            (Some(share), None) if levels.contains_key(stem) => {
                Estimate::with(levels[stem].level(share).map_or(mean, |level| level as f64), half)
            }
            _ if statistic == "max" => Estimate::exact(values.iter().copied().fold(0.0, f64::max)),
            _ => Estimate::with(mean, half),
        };
        out.metrics.insert(path.to_string(), estimate);
    }
    let gaps: Vec<f64> = summaries.iter().filter_map(|s| s.little_gap).collect();
    if let (gap, Some(half)) = half_width(&gaps, 0.9999)
        && gap.abs() > half + 1e-6
    {
        out.caveats.push(format!("Little's law is broken: L differs from λW by {gap:.3} messages"));
    }
    let broken: std::collections::BTreeSet<&String> = summaries.iter().flat_map(|s| &s.broken).collect();
    out.caveats.extend(broken.into_iter().cloned());
    let unfinished: u64 = summaries.iter().map(|s| s.unfinished).sum();
    if unfinished > 0 {
        out.caveats.push(format!("{unfinished} messages were unfinished at the end and are in no latency"));
    }
    out
}
