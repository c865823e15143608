//! Differences between two sides, metric by metric, and whether they are more than chance.

use super::{ComparisonNote, RunFigures};
use crate::answer::{Better, Estimate, MetricId, PlaceId, Quantity, Statistic, metric_of};
use crate::stats::{half_width, t_quantile};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::collections::BTreeMap;

/// What is compared of each producer.
const EACH: [(Quantity, Statistic); 4] = [
    (Quantity::Latency, Statistic::Mean),
    (Quantity::Latency, Statistic::P99),
    (Quantity::Loss, Statistic::Single),
    (Quantity::DeadLettered, Statistic::Single),
];

/// What two configurations differ in, metric by metric.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// The metric's path.
    pub metric: String,
    /// The first side's value.
    pub a: f64,
    /// The second side's value.
    pub b: f64,
    /// b − a.
    pub difference: f64,
    /// Half the width of its confidence interval; `None` where both are exact.
    pub half_width: Option<f64>,
    /// The probability of at least such a difference by chance alone, corrected for all that are compared
    /// (Holm).
    pub p: f64,
    /// Whether it is better.
    pub verdict: Verdict,
}

/// Whether a difference is for the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The second is better.
    Better,
    /// It is worse.
    Worse,
    /// Better in some of what is compared and worse in other; of several rows together.
    Mixed,
    /// Other than before, which is neither good nor bad.
    Changed,
    /// No difference seen.
    Same,
}

impl Difference {
    /// (b − a) / a; `None` if a is zero.
    pub fn relative(&self) -> Option<f64> {
        (self.a != 0.0).then(|| self.difference / self.a)
    }

    /// How large the difference could be, either way, as a share of a.
    pub fn could_be(&self) -> Option<f64> {
        (self.a != 0.0).then(|| (self.difference.abs() + self.half_width.unwrap_or(0.0)) / self.a.abs())
    }
}

/// A row before it is judged: the verdict needs all rows.
#[derive(Debug, Clone)]
pub struct Row {
    pub(super) metric: String,
    pub(super) a: f64,
    pub(super) b: f64,
    /// Of the difference's interval, where there is one.
    pub half_width: Option<f64>,
    pub(super) p: f64,
}

impl Row {
    /// Whether it says anything: nothing is lost and nothing was is not worth a row.
    fn says(&self) -> bool {
        let share = MetricId::parse(&self.metric).is_some_and(|id| id.quantity.is_lost());
        !(share && self.a == 0.0 && self.b == 0.0)
    }
}

/// What is compared: what is asked for, then latency, loss and throughput of all messages, and latency and
/// loss of each producer that both have; before these how long backlogs last and how high they rise, where
/// there is no steady state.
pub fn metrics(a: &RunFigures, b: &RunFigures, also: &[String]) -> Vec<String> {
    let main =
        ["latency.mean", "latency.p50", "latency.p99", "latency.p999", "loss", "dead_lettered", "throughput"];
    let mut out: Vec<String> = also.to_vec();
    let asked = out.len();
    let known = || a.keys().filter_map(|path| MetricId::parse(path));
    for drain in known().filter(|id| id.quantity == Quantity::DrainTime) {
        let length = MetricId { quantity: Quantity::QueueLength, statistic: Statistic::Max, ..drain };
        out.extend([drain, length].map(|id| id.to_string()));
    }
    if out.len() > asked {
        out.push("total.latency.max".into());
    }
    out.extend(main.iter().map(|m| format!("total.{m}")));
    let producers: Vec<PlaceId<'_>> = known()
        .filter(|id| id.quantity == Quantity::Latency && id.statistic == Statistic::P99)
        .map(|id| id.place)
        .filter(|place| matches!(place, PlaceId::Producer(_)))
        .collect();
    if producers.len() > 1 {
        let each =
            |&place| EACH.map(|(quantity, statistic)| MetricId { place, quantity, statistic }.to_string());
        out.extend(producers.iter().flat_map(each));
    }
    let mut seen = std::collections::BTreeSet::new();
    out.retain(|path| a.contains_key(path) && b.contains_key(path) && seen.insert(path.clone()));
    out
}

/// Runs that belong together pair by pair.
pub fn paired(a: &[RunFigures], b: &[RunFigures], confidence: f64, also: &[String]) -> Vec<Row> {
    let (Some(first), Some(second)) = (a.first(), b.first()) else { return Vec::new() };
    // A backlog that did not drain would be left out just where it lasts longest.
    let told = |metric: &String| {
        !Quantity::DrainTime.is_of(metric)
            || a.iter().zip(b).all(|(a, b)| a.contains_key(metric) && b.contains_key(metric))
    };
    let row = |metric: String| {
        let pairs: Vec<(f64, f64)> =
            a.iter().zip(b).filter_map(|(a, b)| Some((*a.get(&metric)?, *b.get(&metric)?))).collect();
        let differences: Vec<f64> = pairs.iter().map(|(a, b)| b - a).collect();
        let n = pairs.len() as f64;
        let (difference, half) = half_width(&differences, confidence);
        let degrees = pairs.len().saturating_sub(1) as u64;
        Row {
            a: pairs.iter().map(|p| p.0).sum::<f64>() / n,
            b: pairs.iter().map(|p| p.1).sum::<f64>() / n,
            p: half.map_or(1.0, |half| chance(difference, half, confidence, degrees)),
            half_width: half,
            metric,
        }
    };
    metrics(first, second, also).into_iter().filter(told).map(row).filter(Row::says).collect()
}

/// The backlogs that had not drained by the end of some replication, and whose they are.
pub fn undrained(sides: &[(&str, &[RunFigures])]) -> Vec<ComparisonNote> {
    let all = sides.iter().flat_map(|(_, runs)| runs.iter().flat_map(BTreeMap::keys));
    let paths: std::collections::BTreeSet<&String> =
        all.filter(|path| Quantity::DrainTime.is_of(path)).collect();
    let mut out = Vec::new();
    for (path, (name, runs)) in paths.into_iter().flat_map(|path| sides.iter().map(move |side| (path, side)))
    {
        let late = runs.iter().filter(|run| !run.contains_key(path)).count();
        if late > 0 {
            let (metric, name, all) = (path.clone(), (*name).to_string(), runs.len());
            out.push(ComparisonNote::Undrained { metric, name, late, all });
        }
    }
    out
}

/// Two results that were made apart from one another: variances add. `degrees` are those of each one's
/// interval.
pub fn unpaired(
    a: &BTreeMap<String, Estimate>,
    b: &BTreeMap<String, Estimate>,
    confidence: f64,
    degrees: u64,
    also: &[String],
) -> Vec<Row> {
    let values = |m: &BTreeMap<String, Estimate>| {
        m.iter().filter_map(|(k, e)| Some((k.clone(), e.value?))).collect::<RunFigures>()
    };
    let row = |metric: String| {
        let (x, y) = (a[&metric], b[&metric]);
        let half = (x.half_width.unwrap_or(0.0).powi(2) + y.half_width.unwrap_or(0.0).powi(2)).sqrt();
        let (x, y) = (x.value.unwrap_or_default(), y.value.unwrap_or_default());
        Row {
            a: x,
            b: y,
            p: chance(y - x, half, confidence, degrees),
            half_width: (half > 0.0).then_some(half),
            metric,
        }
    };
    metrics(&values(a), &values(b), also).into_iter().map(row).filter(Row::says).collect()
}

/// The two-sided probability of at least such a difference if there is none.
fn chance(difference: f64, half: f64, confidence: f64, degrees: u64) -> f64 {
    if difference == 0.0 {
        return 1.0;
    }
    if half <= 0.0 || degrees == 0 {
        return if half <= 0.0 { 0.0 } else { 1.0 };
    }
    let t = difference.abs() / (half / t_quantile(confidence, degrees));
    let law = StudentsT::new(0.0, 1.0, degrees as f64).expect("degrees of freedom are positive");
    2.0 * law.sf(t)
}

/// Judges rows of any number of comparisons together.
///
/// # Source
/// Holm (1979), *A simple sequentially rejective multiple test procedure*: the i-th smallest of m
/// probabilities counts (m − i + 1)-fold.
pub fn judged(comparisons: Vec<Vec<Row>>, confidence: f64) -> Vec<Vec<Difference>> {
    let all: Vec<f64> = comparisons.iter().flatten().map(|row| row.p).collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|i, j| all[*i].total_cmp(&all[*j]));
    let (mut corrected, mut most) = (vec![1.0; all.len()], 0.0_f64);
    for (rank, i) in order.into_iter().enumerate() {
        most = most.max((all.len() - rank) as f64 * all[i]).min(1.0);
        corrected[i] = most;
    }
    let mut corrected = corrected.into_iter();
    let mut judge = |row: Row| {
        let p = corrected.next().unwrap_or(1.0);
        let difference = row.b - row.a;
        let verdict = match metric_of(&row.metric).map(|m| m.better) {
            _ if p >= 1.0 - confidence => Verdict::Same,
            Some(Better::Lower) if difference < 0.0 => Verdict::Better,
            Some(Better::Higher) if difference > 0.0 => Verdict::Better,
            Some(Better::Lower | Better::Higher) => Verdict::Worse,
            _ => Verdict::Changed,
        };
        Difference {
            metric: row.metric,
            a: row.a,
            b: row.b,
            difference,
            half_width: row.half_width,
            p,
            verdict,
        }
    };
    comparisons.into_iter().map(|rows| rows.into_iter().map(&mut judge).collect()).collect()
}
