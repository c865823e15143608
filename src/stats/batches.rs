//! Batch means: one long run cut into batches that are long enough for one to know nothing of the next.

use super::checks::broken;
use super::collector::{AfterWindow, Collector};
use super::combine::{Combined, combine};
use super::places::Places;
use super::span::Span;
use super::summary::Summary;
use crate::answer::{MetricId, SimulationCaveat, Statistic};
use crate::message::{Exit, Level, Record, Recorder, Served};
use std::collections::BTreeMap;
use std::ops::Range;

/// How many batches a run is cut into at first.
pub const BATCHES: u64 = 64;
/// Fewer batches than this make no interval.
const LEAST: usize = 8;
/// The quantile of the normal law beyond which neighbours are held to be alike: one chance in ten of a false
/// alarm.
const ALIKE: f64 = 1.281_551_565_544_6;

/// Listens to a run, a collector for each batch of equally many messages.
#[derive(Debug, Clone)]
pub struct Batches {
    start: u64,
    length: u64,
    parts: Vec<Collector>,
    /// The batch that time has come to; their number when all have ended.
    now: usize,
}

impl Batches {
    /// Cuts a window of the plan, of at least [`BATCHES`] messages, into parts; what is left over at its end
    /// belongs to the last.
    pub fn new(places: &Places, window: Range<u64>) -> Self {
        let length = ((window.end - window.start) / BATCHES).max(1);
        let part = |i: u64| {
            let start = window.start + i * length;
            Collector::new(places, start..if i + 1 == BATCHES { window.end } else { start + length })
        };
        Batches { start: window.start, length, parts: (0..BATCHES).map(part).collect(), now: 0 }
    }

    /// How many messages belong to each batch, in order.
    pub fn lengths(&self) -> Vec<u64> {
        self.parts.iter().map(|p| p.window().end - p.window().start).collect()
    }

    /// The batch that time has come to, `None` when all have ended.
    pub fn now(&mut self) -> Option<&mut Collector> {
        self.parts.get_mut(self.now)
    }

    /// From here on time is the next batch's.
    pub fn next(&mut self) {
        self.now = (self.now + 1).min(self.parts.len());
    }

    fn part(&self, id: u64) -> Option<usize> {
        let past = id.checked_sub(self.start)?;
        Some(((past / self.length) as usize).min(self.parts.len() - 1))
    }

    /// The run's figures with intervals from its batches, `spans` being the batches' own.
    ///
    /// For every metric the number of batches is halved until the von Neumann ratio shows nothing that
    /// neighbours have in common; then it is halved once more, for what such a test cannot see.
    ///
    /// # Source
    /// von Neumann (1941), *Distribution of the ratio of the mean square successive difference to the
    /// variance*; Fishman (1978), *Grouping observations in digital simulation*.
    pub fn combined(self, spans: &[Span], confidence: f64) -> (Combined, Summary) {
        let mut parts: Vec<(Collector, Span)> = self.parts.into_iter().zip(spans.iter().cloned()).collect();
        let mut finer: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let (mut out, mut alike): (Option<Combined>, Vec<String>) = (None, Vec::new());
        while parts.len() >= LEAST {
            let mut summaries: Vec<Summary> =
                parts.iter().map(|(part, span)| part.clone().summary(span)).collect();
            // Laws are checked over the whole run, whose edges are seen.
            summaries.iter_mut().for_each(|s| s.balances.clear());
            if !finer.is_empty() {
                let coarser = combine(&summaries, confidence);
                match &mut out {
                    None => {
                        (out, alike) = (
                            Some(coarser.clone()),
                            coarser.metrics.keys().chain(coarser.withheld.keys()).cloned().collect(),
                        )
                    }
                    Some(out) => out.take(&coarser, &alike),
                }
                alike.retain(|path| finer.get(path).is_some_and(|values| have_in_common(values)));
            }
            finer.clear();
            for (path, &value) in summaries.iter().flat_map(|s| &s.values) {
                finer.entry(path.clone()).or_default().push(value);
            }
            parts = halved(parts);
        }
        let mut out = out.unwrap_or_default();
        if alike.iter().any(|path| statistic(path) == Some(Statistic::Mean)) {
            out.caveats.push(SimulationCaveat::BatchesAlike.into());
        }
        while parts.len() > 1 {
            parts = halved(parts);
        }
        let whole = parts.pop().map_or_else(Summary::default, |(part, span)| part.summary(&span));
        out.caveats.extend(broken(&whole.balances).map(|(law, balance)| balance.caveat(law.clone())));
        for (path, estimate) in &mut out.metrics {
            // A mean of ratios differs from the ratio of the whole run, which is the better value.
            if statistic(path).and_then(Statistic::share).is_none()
                && let Some(&value) = whole.values.get(path)
            {
                estimate.value = Some(value);
                estimate.ends = estimate.ends.map(|(low, high)| (low.min(value), high.max(value)));
            }
        }
        (out, whole)
    }
}

fn statistic(path: &str) -> Option<Statistic> {
    MetricId::parse(path).map(|id| id.statistic)
}

impl Combined {
    /// Takes the estimates of some metrics from coarser batches.
    fn take(&mut self, coarser: &Combined, paths: &[String]) {
        for path in paths {
            match coarser.metrics.get(path) {
                Some(estimate) => {
                    self.metrics.insert(path.clone(), *estimate);
                    self.withheld.remove(path);
                }
                None => {
                    self.metrics.remove(path);
                    if let Some(estimate) = coarser.withheld.get(path) {
                        self.withheld.insert(path.clone(), *estimate);
                    }
                }
            }
        }
    }
}

/// Puts neighbours together.
fn halved(parts: Vec<(Collector, Span)>) -> Vec<(Collector, Span)> {
    let mut out: Vec<(Collector, Span)> = Vec::with_capacity(parts.len().div_ceil(2));
    for (i, (part, span)) in parts.into_iter().enumerate() {
        match out.last_mut() {
            Some((before, lasted)) if i % 2 == 1 => {
                before.merge(part);
                *lasted = lasted.and(&span);
            }
            _ => out.push((part, span)),
        }
    }
    out
}

/// Whether neighbours in a series are more alike than chance makes them.
///
/// # Formula
/// The ratio Σ(xᵢ₊₁ − xᵢ)² / Σ(xᵢ − x̄)² of n independent values has mean 2 and variance 4(n − 2)/(n² − 1).
fn have_in_common(values: &[f64]) -> bool {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let steps: f64 = values.windows(2).map(|w| (w[1] - w[0]).powi(2)).sum();
    let spread: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    spread > 0.0 && (steps / spread - 2.0) < -ALIKE * (4.0 * (n - 2.0) / (n * n - 1.0)).sqrt()
}

impl Recorder for Batches {
    /// Every batch that a stay overlaps is told of it.
    #[inline]
    fn record(&mut self, r: &Record) {
        let others = match self.part(r.message.id) {
            Some(own) if own == self.now => return self.parts[own].record(r),
            Some(own) => {
                AfterWindow(&mut self.parts[own]).record(r);
                own + 1
            }
            None => 0,
        };
        self.parts.iter_mut().take(self.now + 1).skip(others).for_each(|part| part.record(r));
    }

    fn served(&mut self, run: &Served<'_>) {
        let (mut from, all) = (0, run.due.len());
        while from < all {
            let first = run.first + from as u64;
            let part = self.part(first);
            let end = part.map_or(self.start, |p| self.parts[p].window().end);
            let to = if end > first { all.min(from + (end - first) as usize) } else { all };
            if let Some(part) = part {
                self.parts[part].served(&run.rows(from..to));
            }
            from = to;
        }
    }

    fn stays(&mut self, run: &Served<'_>) {
        let last = (run.first + run.due.len() as u64).saturating_sub(1);
        if [run.first, last].iter().all(|id| self.part(*id) == Some(self.now)) {
            return self.parts[self.now].stays(run);
        }
        (0..run.due.len()).for_each(|i| self.record(&run.record(i)));
    }

    #[inline]
    fn passed(&mut self, stay: &Record) {
        match self.part(stay.message.id) {
            Some(own) if own == self.now => self.parts[own].passed(stay),
            _ => {
                self.record(stay);
                self.left(&stay.exit());
            }
        }
    }

    fn delivery(&mut self, group: u32, ended: u64, worked: u64) {
        if let Some(part) = self.now() {
            part.delivery(group, ended, worked);
        }
    }

    fn level(&mut self, level: &Level) {
        if let Some(part) = self.now() {
            part.level(level);
        }
    }

    fn level_held(&mut self, level: &Level, instants: &[u64]) {
        if let Some(part) = self.now() {
            part.level_held(level, instants);
        }
    }

    /// Its own batch hears of a message, and the one in whose time it left.
    #[inline]
    fn left(&mut self, exit: &Exit) {
        let own = self.part(exit.message.id);
        if let Some(own) = own {
            self.parts[own].left(exit);
        }
        if own != Some(self.now)
            && let Some(part) = self.now()
        {
            part.left(exit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    #[test]
    fn what_follows_from_the_value_before_is_noticed() {
        let key = Key::new(1, 0);
        let (mut false_alarms, mut found) = (0, 0);
        for run in 0..1000 {
            let noise: Vec<f64> = (0..64).map(|i| key.uniform_at(run, i)).collect();
            false_alarms += u32::from(have_in_common(&noise));
            let sums: Vec<f64> = noise.windows(2).map(|w| w[0] + w[1]).collect();
            found += u32::from(have_in_common(&sums));
        }
        // One in ten of 1000 runs: five standard errors are 47.
        assert!((53..=147).contains(&false_alarms), "{false_alarms}");
        assert!(found > 950, "{found}");
        assert!(!have_in_common(&[1.0; 64]));
    }
}
