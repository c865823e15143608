//! Comparison of configurations: differences with intervals, and whether they are more than chance.
//!
//! Simulations play the same plan, replication for replication, so that a difference is that of pairs and the chance they
//! share cancels. Measurements take turns, A B B A, so that a host that slows down or warms up favours neither.

use super::watch::Watch;
use super::{measurement, simulation, transient};
use crate::answer::{Answer, Better, Estimate, Method, Reason, Trust, Unanswered, metric_of};
use crate::scenario::{Length, Scenario};
use crate::stats::{half_width, t_quantile};
use crate::theory;
use serde::Serialize;
use serde_json::Value;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::collections::BTreeMap;

/// How a drain time's path ends.
pub const DRAIN: &str = ".drain_time";

/// What is compared of each producer.
const EACH: [&str; 4] = ["latency.mean", "latency.p99", "loss", "dead_lettered"];

/// The figures of one run, by metric path.
pub type Figures = BTreeMap<String, f64>;

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
    /// The probability of at least such a difference by chance alone, corrected for all that are compared (Holm).
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
    metric: String,
    a: f64,
    b: f64,
    /// Of the difference's interval, where there is one.
    pub half_width: Option<f64>,
    p: f64,
}

/// What is compared: what is asked for, then latency, loss and throughput of all messages, and latency and loss of each producer that both
/// have; before these how long backlogs last and how high they rise, where there is no steady state.
pub fn metrics(a: &Figures, b: &Figures, also: &[String]) -> Vec<String> {
    let main = ["latency.mean", "latency.p50", "latency.p99", "latency.p999", "loss", "dead_lettered", "throughput"];
    let mut out: Vec<String> = also.to_vec();
    let asked = out.len();
    for queue in a.keys().filter_map(|path| path.strip_suffix(DRAIN)) {
        out.extend([format!("{queue}{DRAIN}"), format!("{queue}.queue_length.max")]);
    }
    if out.len() > asked {
        out.push("total.latency.max".into());
    }
    out.extend(main.iter().map(|m| format!("total.{m}")));
    let producers: Vec<&str> =
        a.keys().filter(|path| path.starts_with("producers.")).filter_map(|path| path.strip_suffix(".latency.p99")).collect();
    if producers.len() > 1 {
        out.extend(producers.iter().flat_map(|p| EACH.map(|quantity| format!("{p}.{quantity}"))));
    }
    let mut seen = std::collections::BTreeSet::new();
    out.retain(|path| a.contains_key(path) && b.contains_key(path) && seen.insert(path.clone()));
    out
}

impl Row {
    /// Whether it says anything: nothing is lost and nothing was is not worth a row.
    fn says(&self) -> bool {
        !([".loss", ".dead_lettered"].iter().any(|share| self.metric.ends_with(share)) && self.a == 0.0 && self.b == 0.0)
    }
}

/// Runs that belong together pair by pair.
pub fn paired(a: &[Figures], b: &[Figures], confidence: f64, also: &[String]) -> Vec<Row> {
    let (Some(first), Some(second)) = (a.first(), b.first()) else { return Vec::new() };
    // A backlog that did not drain would be left out just where it lasts longest.
    let told = |metric: &String| !metric.ends_with(DRAIN) || a.iter().zip(b).all(|(a, b)| a.contains_key(metric) && b.contains_key(metric));
    let row = |metric: String| {
        let pairs: Vec<(f64, f64)> = a.iter().zip(b).filter_map(|(a, b)| Some((*a.get(&metric)?, *b.get(&metric)?))).collect();
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

/// What is to be said about backlogs that had not drained by the end of some replication: a sentence for each and whose it is.
pub fn undrained(sides: &[(&str, &[Figures])]) -> Vec<String> {
    let all = sides.iter().flat_map(|(_, runs)| runs.iter().flat_map(BTreeMap::keys));
    let paths: std::collections::BTreeSet<&String> = all.filter(|path| path.ends_with(DRAIN)).collect();
    let mut out = Vec::new();
    for (path, (name, runs)) in paths.into_iter().flat_map(|path| sides.iter().map(move |side| (path, side))) {
        let late = runs.iter().filter(|run| !run.contains_key(path)).count();
        if late > 0 {
            let all = runs.len();
            out.push(format!("{path} is not compared: in {late} of {all} replications of {name} the backlog outlasts what is played; make simulation.duration longer"));
        }
    }
    out
}

/// Two results that were made apart from one another: variances add. `degrees` are those of each one's interval.
pub fn unpaired(
    a: &BTreeMap<String, Estimate>,
    b: &BTreeMap<String, Estimate>,
    confidence: f64,
    degrees: u64,
    also: &[String],
) -> Vec<Row> {
    let values = |m: &BTreeMap<String, Estimate>| m.iter().filter_map(|(k, e)| Some((k.clone(), e.value?))).collect::<Figures>();
    let row = |metric: String| {
        let (x, y) = (a[&metric], b[&metric]);
        let half = (x.half_width.unwrap_or(0.0).powi(2) + y.half_width.unwrap_or(0.0).powi(2)).sqrt();
        let (x, y) = (x.value.unwrap_or_default(), y.value.unwrap_or_default());
        Row { a: x, b: y, p: chance(y - x, half, confidence, degrees), half_width: (half > 0.0).then_some(half), metric }
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
/// Holm (1979), *A simple sequentially rejective multiple test procedure*: the i-th smallest of m probabilities counts
/// (m − i + 1)-fold.
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
        Difference { metric: row.metric, a: row.a, b: row.b, difference, half_width: row.half_width, p, verdict }
    };
    comparisons.into_iter().map(|rows| rows.into_iter().map(&mut judge).collect()).collect()
}

/// What a scenario is asked with, beside its own settings, so that all are asked alike. Where there is no steady state all
/// are played for as long as the one that takes longest.
///
/// # Errors
/// Only some of them have a steady state, or nothing says how long to play.
pub fn alike(scenarios: &mut [Scenario]) -> Result<(), Reason> {
    let Some((seed, mut simulation, measurement)) = scenarios.first().map(|s| (s.seed, s.simulation.clone(), s.measurement.clone())) else {
        return Ok(());
    };
    let transient = scenarios.iter().filter(|s| transient::applies(s) || s.is_of_the_start()).count();
    if transient > 0 && transient < scenarios.len() {
        return Err("one has a beginning and an end (a timetable that changes, or a backlog), another a steady state: they have no figure in common".into());
    }
    if transient > 0 && !matches!(simulation.length, Length::Duration(_)) {
        let longest = scenarios.iter().map(transient::horizon).try_fold(0.0, |longest, one| Ok::<f64, Reason>(f64::max(longest, one?)))?;
        simulation.length = Length::Duration(longest);
    }
    for scenario in scenarios {
        (scenario.seed, scenario.simulation, scenario.measurement) = (seed, simulation.clone(), measurement.clone());
        // Pairs need equally many replications.
        scenario.simulation.precision = crate::scenario::Precision::None;
        scenario.simulation.replications = scenario.simulation.replications.max(2);
    }
    Ok(())
}

/// Every replication of a scenario.
///
/// # Errors
/// Why there is no simulation.
pub fn simulated(scenario: &Scenario, watch: &dyn Watch) -> Result<Vec<Figures>, Unanswered> {
    simulation::replications(scenario, watch)
}

/// What is to be said where the replications of a scenario are too short for percentiles of their own.
pub fn too_short(scenarios: &[Scenario]) -> Option<String> {
    scenarios.iter().find_map(simulation::short_for_percentiles)
}

/// Theory's figures.
///
/// # Errors
/// Why there are none.
pub fn by_theory(scenario: &Scenario) -> Result<Answer, Unanswered> {
    theory::answer(scenario)
}

/// What was measured of one side.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Of each run.
    pub figures: Vec<Figures>,
    /// What makes a run less than valid, one sentence a run.
    pub doubts: Vec<String>,
}

/// Measures two scenarios in turns, A B B A, so many times over.
///
/// # Errors
/// The target failed.
pub fn measured(a: &Scenario, b: &Scenario, rounds: u32, watch: &dyn Watch) -> Result<(Measured, Measured), Unanswered> {
    let (mut first, mut second) = (Measured::default(), Measured::default());
    for turn in 0..4 * rounds {
        let is_first = matches!(turn % 4, 0 | 3);
        let answers = measurement::measure(if is_first { a } else { b }, watch)?;
        let side = if is_first { &mut first } else { &mut second };
        if let Some(answer) = answers.into_iter().find(|x| x.method == Method::Measurement) {
            side.doubts.extend(doubt(&answer));
            side.figures.push(answer.metrics.into_iter().filter_map(|(path, e)| Some((path, e.value?))).collect());
        }
        if watch.stopped() {
            break;
        }
    }
    Ok((first, second))
}

/// Why a measurement is not to be trusted; `None` if it is.
fn doubt(answer: &Answer) -> Option<String> {
    let worst = answer.gates.iter().filter(|gate| gate.trust == Trust::Invalid).map(|gate| gate.name.to_string());
    (answer.trust() == Trust::Invalid).then(|| worst.collect::<Vec<_>>().join(", "))
}

/// Which runs are not to be trusted, a sentence for each side that has some.
pub fn untrusted(sides: &[(&str, &Measured)]) -> Vec<String> {
    let doubted = sides.iter().filter(|(_, side)| !side.doubts.is_empty());
    let said = |(name, side): &(&str, &Measured)| {
        let (some, all, first) = (side.doubts.len(), side.figures.len(), &side.doubts[0]);
        format!("{some} of {all} measurements of {name} are INVALID ({first}): `queuelab run` says more")
    };
    doubted.map(said).collect()
}

/// What the traffic of two resolved scenarios differs in: then they are different questions. How messages are handled
/// (queues, priorities, keys, consumers) may differ, that is what is compared.
pub fn other_questions(a: &Value, b: &Value) -> Vec<String> {
    const HANDLING: [&str; 3] = ["to", "priority", "keys"];
    let empty = serde_json::Map::new();
    let backlogs =
        |v: &Value| -> f64 { v["queues"].as_object().unwrap_or(&empty).values().filter_map(|q| q["initial_backlog"].as_f64()).sum() };
    let waiting = (backlogs(a), backlogs(b));
    let producers = |v: &'_ Value| v["producers"].as_object().unwrap_or(&empty).clone();
    let (a, b) = (producers(a), producers(b));
    let mut out = Vec::new();
    if waiting.0 != waiting.1 {
        out.push(format!("initial_backlog of all queues together: {} and {}", waiting.0, waiting.1));
    }
    out.extend(a.keys().filter(|name| !b.contains_key(*name)).map(|n| format!("producers.{n} is only in the first")));
    out.extend(b.keys().filter(|name| !a.contains_key(*name)).map(|n| format!("producers.{n} is only in the second")));
    for (name, x) in &a {
        let (Some(x), Some(y)) = (x.as_object(), b.get(name).and_then(Value::as_object)) else { continue };
        let keys: std::collections::BTreeSet<&String> = x.keys().chain(y.keys()).filter(|k| !HANDLING.contains(&k.as_str())).collect();
        let show = |v: Option<&Value>| v.map_or("nothing".to_string(), |v| v.as_str().map_or_else(|| v.to_string(), String::from));
        let differs = keys.into_iter().filter(|k| x.get(*k) != y.get(*k));
        out.extend(differs.map(|k| format!("producers.{name}.{k}: {} and {}", show(x.get(k)), show(y.get(k)))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Blind;
    use crate::workload::laws::Law;

    fn runs(servers: u32) -> Vec<Figures> {
        let mut scenario = Scenario::mgc(180.0, Law::exponential(0.01), servers);
        scenario.simulation.length = crate::scenario::Length::Messages(20_000);
        simulated(&scenario, &Blind).expect("stable")
    }

    #[test]
    fn pairs_see_what_separate_runs_would_not() {
        let (two, three) = (runs(2), runs(3));
        let rows = judged(vec![paired(&two, &three, 0.95, &[])], 0.95).remove(0);
        let p99 = rows.iter().find(|r| r.metric == "total.latency.p99").expect("compared");
        assert_eq!(p99.verdict, Verdict::Better);
        let same = judged(vec![paired(&two, &two, 0.95, &[])], 0.95).remove(0);
        assert!(same.iter().all(|r| r.verdict == Verdict::Same && r.difference == 0.0), "{same:?}");
    }

    /// 1 000 messages wait before c servers of 10 ms while 50/s come: they drain in 1 000 / (100 c − 50) s.
    fn draining(servers: u32) -> Scenario {
        let mut scenario = Scenario::mgc(50.0, Law::exponential(0.01), servers);
        scenario.queues[0].initial_backlog = 1000;
        scenario
    }

    #[test]
    fn backlogs_are_compared_by_how_long_they_last() {
        let mut both = [draining(1), draining(2)];
        alike(&mut both).expect("both drain");
        assert_eq!(both[0].simulation.length, both[1].simulation.length);
        let [one, two] = both.map(|s| simulated(&s, &Blind).expect("played"));
        let rows = judged(vec![paired(&one, &two, 0.95, &[])], 0.95).remove(0);
        let drain = &rows[0];
        assert!(drain.metric.ends_with(".drain_time") && drain.verdict == Verdict::Better, "{drain:?}");
        // 20 s and 6.67 s. Twice the half-width: a right program fails once in some 1 000 seeds.
        assert!((drain.difference + 13.33).abs() < 2.0 * drain.half_width.expect("ten replications"), "{drain:?}");
        assert!(undrained(&[("one", &one), ("two", &two)]).is_empty());
    }

    #[test]
    fn what_did_not_drain_is_not_compared_but_told() {
        let mut both = [draining(1), draining(2)];
        // One server needs 20 s, two a third of that.
        both[0].simulation.length = Length::Duration(10.0);
        alike(&mut both).expect("a duration is stated");
        let [one, two] = both.map(|s| simulated(&s, &Blind).expect("played"));
        assert!(paired(&one, &two, 0.95, &[]).iter().all(|row| !row.metric.ends_with(DRAIN)));
        let said = undrained(&[("one", &one), ("two", &two)]);
        assert!(said.len() == 1 && said[0].contains("10 of 10 replications of one"), "{said:?}");
    }

    #[test]
    fn a_backlog_and_a_steady_state_have_nothing_in_common() {
        let mut both = [draining(1), Scenario::mgc(50.0, Law::exponential(0.01), 1)];
        assert!(alike(&mut both).is_err());
        let [a, b] = both.map(|s| crate::scenario::resolved(&s));
        assert_eq!(other_questions(&a, &b), ["initial_backlog of all queues together: 1000 and 0"]);
    }

    #[test]
    fn holm_corrects_for_everything_that_is_compared() {
        let row = |p| Row { metric: "total.latency.mean".into(), a: 1.0, b: 0.9, half_width: Some(0.05), p };
        let judged = judged(vec![vec![row(0.01), row(0.04)], vec![row(0.03)]], 0.95);
        let p: Vec<f64> = judged.iter().flatten().map(|d| d.p).collect();
        // Holm's example worked by hand: 3 × 0.01, then 2 × 0.03, then the larger of that and 0.04.
        assert!(p.iter().zip([0.03, 0.06, 0.06]).all(|(a, b)| (a - b).abs() < 1e-12), "{p:?}");
        assert_eq!(judged[0][0].verdict, Verdict::Better);
        assert_eq!(judged[1][0].verdict, Verdict::Same);
    }

    #[test]
    fn other_traffic_is_another_question() {
        let a = crate::scenario::resolved(&Scenario::mgc(180.0, Law::exponential(0.01), 2));
        let more_servers = crate::scenario::resolved(&Scenario::mgc(180.0, Law::exponential(0.01), 3));
        let more_traffic = crate::scenario::resolved(&Scenario::mgc(190.0, Law::exponential(0.01), 2));
        assert!(other_questions(&a, &more_servers).is_empty());
        assert_eq!(other_questions(&a, &more_traffic), ["producers.producer.rate: 180/s and 190/s"]);
    }

    #[test]
    fn results_made_apart_add_their_variances() {
        let of = |value, half| BTreeMap::from([("total.latency.mean".to_string(), Estimate::with(value, Some(half)))]);
        let rows = judged(vec![unpaired(&of(1.0, 0.03), &of(1.2, 0.04), 0.95, 9, &[])], 0.95).remove(0);
        assert!((rows[0].half_width.expect("both have one") - 0.05).abs() < 1e-12);
        assert_eq!(rows[0].verdict, Verdict::Worse);
    }
}
