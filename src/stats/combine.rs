//! Several replications become one set of estimates.

use super::checks::{Balance, broken};
use super::histogram::{BucketCounts, Ranks};
use super::histograms::Histograms;
use super::interval::{half_width, t_quantile};
use super::path_index::PathIndex;
use super::share;
use super::summary::Summary;
use crate::answer::{BalanceLaw, Caveat, Estimate, MetricId, PlaceId, Quantity, SimulationCaveat, Statistic};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What several replications say together.
#[derive(Debug, Clone, Default)]
pub struct Combined {
    /// Estimates by metric path.
    pub metrics: BTreeMap<String, Estimate>,
    /// Merged over replications, by path without statistic.
    pub counts: BTreeMap<String, Arc<BucketCounts>>,
    /// Percentiles beyond which too little lies, as they would be told.
    pub withheld: BTreeMap<String, Estimate>,
    /// What is wrong with them.
    pub caveats: Vec<Caveat>,
}

/// How many independent messages must lie beyond a percentile before it is told, where the runs themselves
/// say how many are.
const LEAST_BEYOND: f64 = 10.0;
/// Quantities that are shares of messages to which something happens, if seldom.
const EVENTS: [Quantity; 3] = [Quantity::Loss, Quantity::Delayed, Quantity::DeadLettered];
/// The most messages that are taken to be lost one after the other where none was seen.
const LONGEST_BUNCH: f64 = 1000.0;

/// The summaries of independent runs so far: a number per run and metric, and the merged counts. What it
/// keeps of a run is small, however many there are.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    paths: PathIndex,
    /// By the positions of their paths.
    figures: Vec<FigureOfRuns>,
    counts: Histograms,
    levels: Histograms,
    broken: BTreeMap<BalanceLaw, Balance>,
    unfinished: u64,
    /// How many runs are to be added in all.
    expected: usize,
}

/// A figure in every run.
#[derive(Debug, Clone)]
struct FigureOfRuns {
    values: Vec<f64>,
    is_utilization: bool,
}

/// Estimates from the summaries of independent runs, see [`Gathered::combined`].
pub fn combine(summaries: &[Summary], confidence: f64) -> Combined {
    let mut gathered = Gathered::default();
    gathered.expect(summaries.len());
    summaries.iter().for_each(|s| gathered.add(s.clone()));
    gathered.combined(confidence)
}

impl Gathered {
    /// Makes room for so many runs in all, of which there may be fewer or more.
    pub fn expect(&mut self, runs: usize) {
        self.expected = runs;
    }

    /// Adds a run.
    pub fn add(&mut self, run: Summary) {
        self.unfinished += run.unfinished;
        let mut parts = run.into_parts();
        self.counts.add(parts.iter_mut().flat_map(|part| std::mem::take(&mut part.counts)), self.expected);
        self.levels.add(parts.iter_mut().flat_map(|part| std::mem::take(&mut part.levels)), self.expected);
        let values = parts.iter_mut().flat_map(|part| std::mem::take(&mut part.values));
        for (nth, (path, value)) in values.enumerate() {
            let at = self.paths.position(nth, &path);
            if at == self.figures.len() {
                let (values, is_utilization) =
                    (Vec::with_capacity(self.expected.max(1)), Quantity::Utilization.is_of(&path));
                self.figures.push(FigureOfRuns { values, is_utilization });
            }
            let figure = &mut self.figures[at];
            figure.values.push(value);
            if figure.is_utilization && Balance::share(value).is_broken() {
                self.broken.entry(BalanceLaw::Share(path)).or_insert(Balance::share(value));
            }
        }
        for (law, balance) in parts.iter().flat_map(|part| broken(&part.balances)) {
            // Of many runs, the first says enough.
            self.broken.entry(law.clone()).or_insert(*balance);
        }
    }

    /// One value for each run; empty if the metric is not known.
    pub fn values(&self, path: &str) -> &[f64] {
        self.paths.get(path).map_or(&[], |at| &self.figures[at].values)
    }

    /// Estimates with Student's intervals over the runs.
    ///
    /// A percentile is that of the merged counts, and its interval comes from how far the runs' own
    /// percentiles lie from it: *sectioning*, which leaves no bias in the value and pays for that of the
    /// sections in the width. It is withheld where fewer than ten independent messages lie beyond. A maximum
    /// is the largest of all and has no interval.
    ///
    /// # Source
    /// Asmussen & Glynn, *Stochastic Simulation* (2007), III.5; Nakayama, *Confidence intervals for quantiles
    /// using sectioning when applying variance-reduction techniques*, ACM TOMACS 24(4), 2014.
    pub fn combined(&self, confidence: f64) -> Combined {
        let mut out = Combined { counts: self.counts.by_path(), ..Combined::default() };
        let (mut ranks, mut level_ranks) = (self.counts.reader(), self.levels.reader());
        let (busiest, mut metrics) = (OnceCell::new(), Vec::with_capacity(self.figures.len()));
        for (path, at) in self.paths.iter() {
            let values = &self.figures[at].values;
            let (mean, half) = half_width(values, confidence);
            let Some(id) = MetricId::parse(path) else { continue };
            let stem = id.stem();
            let estimate = match id.statistic.share() {
                Some(share) if ranks.has(&stem) => {
                    match ranks.of(&stem).and_then(|r| percentile(r, share, values, confidence)) {
                        Some((estimate, true)) => Some(estimate),
                        Some((estimate, false)) => {
                            out.withheld.insert(path.into(), estimate);
                            None
                        }
                        None => None,
                    }
                }
                Some(share) if level_ranks.has(&stem) => {
                    let level = level_ranks.of(&stem).and_then(|ranks| ranks.level(share));
                    let level = level.map_or(mean, |level| level as f64);
                    Some(Estimate::with(level, spread_about(level, values, confidence)))
                }
                _ if id.statistic == Statistic::Max => {
                    Some(Estimate::exact(values.iter().copied().fold(0.0, f64::max)))
                }
                _ if id.statistic == Statistic::Sd && means_levels(&id) => {
                    Some(self.spread(&stem, values, confidence))
                }
                _ if EVENTS.contains(&id.quantity) => {
                    Some(self.share(&id.place.to_string(), (mean, half), values, confidence, &busiest))
                }
                _ if matches!(id.statistic, Statistic::Within(_)) => {
                    Some(self.share_within(&stem, &id.place.to_string(), values, confidence, &busiest))
                }
                _ => Some(Estimate::with(mean, half)),
            };
            if let Some(estimate) = estimate {
                metrics.push((path.to_string(), estimate));
            }
        }
        out.metrics = metrics.into_iter().collect();
        out.caveats.extend(self.broken.iter().map(|(law, balance)| balance.caveat(law.clone())));
        if self.unfinished > 0 {
            out.caveats.push(SimulationCaveat::Unfinished { messages: self.unfinished }.into());
        }
        out
    }

    /// The share of a place's messages to which something happens; next to 0 or 1, where it is rare, with
    /// ends of its own.
    fn share(
        &self,
        place: &str,
        (mean, half): (f64, Option<f64>),
        values: &[f64],
        confidence: f64,
        busiest: &OnceCell<f64>,
    ) -> Estimate {
        let messages = |stem: &str| self.counts.get(stem).map_or(0, BucketCounts::total) as f64;
        let own = messages(&format!("{place}.wait"));
        let messages = if own > 0.0 { own } else { messages("total.latency") };
        let rare = mean <= 0.5;
        let seldom: Vec<f64> = values.iter().map(|value| if rare { *value } else { 1.0 - value }).collect();
        match share::ends(&seldom, messages, self.bunch(place, busiest), confidence) {
            Some((low, high)) if rare => Estimate::between(mean, low, high),
            // That all messages share a fate is no accident.
            Some((low, high)) if mean < 1.0 => Estimate::between(mean, 1.0 - high, 1.0 - low),
            _ => Estimate::with(mean, half),
        }
    }

    /// The share of the messages within a time; that all are, or none, may be for want of messages.
    fn share_within(
        &self,
        stem: &str,
        place: &str,
        values: &[f64],
        confidence: f64,
        busiest: &OnceCell<f64>,
    ) -> Estimate {
        let (mean, half) = half_width(values, confidence);
        let messages = self.counts.get(stem).map_or(0, BucketCounts::total) as f64;
        let rare = mean <= 0.5;
        let seldom: Vec<f64> = values.iter().map(|value| if rare { *value } else { 1.0 - value }).collect();
        match share::ends(&seldom, messages, self.bunch(place, busiest), confidence) {
            Some((low, high)) if rare => Estimate::between(mean, low, high),
            Some((low, high)) => Estimate::between(mean, 1.0 - high, 1.0 - low),
            None => Estimate::with(mean, half),
        }
    }

    /// The standard deviation of a level over time: of the runs' mean squares, as a run's own spread is too
    /// small by that of its mean.
    fn spread(&self, stem: &str, values: &[f64], confidence: f64) -> Estimate {
        let runs = values.len() as f64;
        let means = self.values(&format!("{stem}.mean"));
        let mean = means.iter().sum::<f64>() / runs;
        let squares = values.iter().zip(means).map(|(sd, mean)| sd * sd + mean * mean);
        let sd = (squares.clone().sum::<f64>() / runs - mean * mean).max(0.0).sqrt();
        // What a run adds to the variance, to first order.
        let parts: Vec<f64> = squares.zip(means).map(|(square, own)| square - 2.0 * mean * own).collect();
        let half = half_width(&parts, confidence).1;
        Estimate::with(sd, half.map(|half| if sd > 0.0 { half / (2.0 * sd) } else { 0.0 }))
    }

    /// How many messages follow one another into a full line: while one of load ρ drains by a message, 1 / (1
    /// − ρ) come.
    fn bunch(&self, place: &str, busiest: &OnceCell<f64>) -> f64 {
        let mean = |figure: &FigureOfRuns| figure.values.iter().sum::<f64>() / figure.values.len() as f64;
        let own = self.paths.get(&format!("{place}.utilization")).map(|at| mean(&self.figures[at]));
        let of_all =
            || self.figures.iter().filter(|figure| figure.is_utilization).map(mean).fold(0.0, f64::max);
        (1.0 / (1.0 - own.unwrap_or_else(|| *busiest.get_or_init(of_all))).max(0.0)).min(LONGEST_BUNCH)
    }
}

/// Whether a metric is that of a number of messages in a queue.
fn means_levels(id: &MetricId<'_>) -> bool {
    id.quantity.is_level() && matches!(id.place, PlaceId::Queue(_))
}

impl Combined {
    /// What is to be said where the latency's p99 is not told.
    pub fn p99_withheld(&self) -> Option<Caveat> {
        let messages = self.counts.get("total.latency").map_or(0, |counts| counts.total());
        let withheld = self.withheld.contains_key("total.latency.p99");
        withheld.then(|| SimulationCaveat::P99Withheld { messages }.into())
    }
}

/// A percentile of merged counts with its interval from the runs' own, and whether enough lies beyond it;
/// `None` if there is none.
fn percentile(counts: &Ranks<'_>, share: f64, values: &[f64], confidence: f64) -> Option<(Estimate, bool)> {
    let value = counts.quantile(share)?;
    let spread = spread_about(value, values, confidence);
    let half = spread.map(|spread| 0.5 * (spread + upwards(counts, share, value, spread)));
    let error = spread.map_or(0.0, |spread| spread / t_quantile(confidence, values.len() as u64 - 1));
    let beyond = share.min(1.0 - share) * independent(counts, share, error).min(counts.total() as f64);
    Some((Estimate::with(value, half), beyond >= LEAST_BEYOND))
}

/// The upper arm of a percentile's interval where `spread` is the mean of both.
///
/// Messages are thinner above a percentile than below, so that the same share of them reaches further up.
/// Intervals that leave this out cover 93 % where 3 independent messages a run lie beyond a p99, for nearly
/// all that miss are too low; the wider arm to both sides covers up to 97 %. Half way lies between
/// (`benches/coverage.md`).
fn upwards(counts: &Ranks<'_>, share: f64, value: f64, spread: f64) -> f64 {
    let both = counts.share_up_to(value + spread) - counts.share_up_to(value - spread);
    let above = counts.quantile((share + 0.5 * both).min(1.0)).map_or(spread, |top| top - value);
    // A lump of equal times below it says nothing of what is above.
    above.clamp(spread, 2.0 * spread)
}

/// Half the width of the interval about a value that all runs share, from their own; `None` for fewer than
/// two.
fn spread_about(value: f64, values: &[f64], confidence: f64) -> Option<f64> {
    let n = values.len() as f64;
    let square: f64 = values.iter().map(|v| (v - value).powi(2)).sum();
    (values.len() > 1)
        .then(|| t_quantile(confidence, values.len() as u64 - 1) * (square / (n * (n - 1.0))).sqrt())
}

/// How many independent messages would give a percentile with this standard error: latencies of neighbours
/// are alike, so they are far fewer than messages.
///
/// # Formula
/// n = p(1 − p) / (f · se)², where f is the density at the percentile, here over half of what lies beyond
/// (below, for one under the median) to either side.
fn independent(counts: &Ranks<'_>, share: f64, error: f64) -> f64 {
    let step = 0.5 * share.min(1.0 - share);
    let (Some(low), Some(high)) = (counts.quantile(share - step), counts.quantile(share + step)) else {
        return 0.0;
    };
    let apart = error * 2.0 * step / (high - low);
    if apart > 0.0 { share * (1.0 - share) / (apart * apart) } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::PERCENTILES;
    use crate::rng::Key;

    /// Runs of exponential times of mean 1 s, each message told `alike` times.
    fn runs(messages: u64, alike: u64) -> Vec<Summary> {
        let key = Key::new(1, 0);
        let run = |r: u64| {
            let mut counts = BucketCounts::new();
            for i in 0..messages {
                let time = (-1e9 * key.uniform_at(r, i / alike).ln()) as u64;
                counts.record(time);
            }
            let mut out = Summary::default();
            for (name, share) in PERCENTILES {
                out.values
                    .insert(format!("total.latency.{name}"), counts.quantile(*share).expect("not empty"));
            }
            out.counts.insert("total.latency".into(), Arc::new(counts));
            out
        };
        (0..10).map(run).collect()
    }

    #[test]
    fn percentiles_are_told_while_enough_independent_messages_lie_beyond() {
        // 100 000 messages: 100 beyond p999, independent; then in groups of 100 alike, as if there were 1000.
        let told = combine(&runs(10_000, 1), 0.95);
        let p999 = told.metrics["total.latency.p999"];
        assert!(
            (p999.value.expect("finite") - 6.908).abs() <= p999.half_width.expect("ten runs"),
            "{p999:?}"
        );
        assert!(told.withheld.is_empty() && told.caveats.is_empty());
        let alike = combine(&runs(10_000, 100), 0.95);
        assert_eq!(alike.withheld.keys().collect::<Vec<_>>(), ["total.latency.p999"]);
        let few = combine(&runs(10_000, 1000), 0.95);
        let withheld = SimulationCaveat::P99Withheld { messages: 100_000 }.into();
        assert_eq!(few.p99_withheld(), Some(withheld), "{:?}", few.withheld);
        assert!(alike.metrics.contains_key("total.latency.p90"));
    }

    #[test]
    fn the_number_of_independent_messages_is_found_again() {
        for alike in [1, 20] {
            let mut counts = BucketCounts::new();
            runs(10_000, alike).iter().for_each(|r| counts.merge(&r.counts["total.latency"]));
            // The standard error of the median of n exponential times is 1 / √n; p90's is 3 / √n.
            for (share, error) in [(0.5, 1.0), (0.9, 3.0)] {
                let n = independent(&counts.ranks(), share, error / 1e3);
                assert!((n / 1e6 - 1.0).abs() < 0.3, "{share}: {n}");
            }
        }
    }
}
