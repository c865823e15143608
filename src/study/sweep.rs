//! Sweeps: one scenario at every point of a grid of settings.
//!
//! Points are answered side by side on all cores and handed over as they finish. Every point plays the same
//! plan as far as its settings allow (streams of chance are named, not numbered), so differences along an
//! axis are not chance.

mod refine;
mod swept;

pub use refine::Refinement;
pub use swept::Swept;

use super::watch::{WantedRuns, Watch};
use super::{ObjectiveStatus, methods, objectives, simulation};
use crate::answer::{Answer, Estimate, Method, Unanswered};
use crate::scenario::{self, Files, Objective, Problems, Scenario, Source};
use crate::theory;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A setting and the values that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweptSetting {
    /// The setting's dotted path.
    pub path: String,
    /// As they are written.
    pub values: Vec<String>,
}

/// Every combination of the values of some axes, the last one changing fastest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// The settings.
    pub axes: Vec<SweptSetting>,
}

/// What the methods say at one point.
#[derive(Debug, Clone)]
pub struct SweepPoint {
    /// Its position in the grid.
    pub index: usize,
    /// One for each axis.
    pub values: Vec<String>,
    /// What the methods found.
    pub answers: Vec<Answer>,
    /// Who has no answer, and why.
    pub unanswered: Vec<Unanswered>,
}

impl SweptSetting {
    /// Whether its values are rising numbers, so that there is something between them.
    pub fn is_ordered(&self) -> bool {
        self.numbers().is_some()
    }

    /// Its values as numbers, if they are that and rise.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        let numbers: Option<Vec<f64>> = self.values.iter().map(|value| number(value)).collect();
        numbers.filter(|n| n.windows(2).all(|w| w[0] < w[1]))
    }
}

impl Grid {
    /// How many combinations there are.
    pub fn points(&self) -> usize {
        self.axes.iter().map(|axis| axis.values.len()).product()
    }

    /// The values at a point, one for each axis.
    pub fn values(&self, index: usize) -> Vec<String> {
        let mut rest = index;
        let mut values: Vec<String> = self
            .axes
            .iter()
            .rev()
            .map(|axis| {
                let value = axis.values[rest % axis.values.len()].clone();
                rest /= axis.values.len();
                value
            })
            .collect();
        values.reverse();
        values
    }

    /// The scenario at a point.
    ///
    /// # Errors
    /// The scenario is refused with these values.
    pub fn scenario(
        &self,
        source: &Source,
        files: &dyn Files,
        index: usize,
    ) -> Result<Scenario, Box<Problems>> {
        let turned = self
            .axes
            .iter()
            .zip(self.values(index))
            .fold(source.clone(), |source, (axis, value)| source.given(VARIED, &axis.path, &value));
        Ok(scenario::parse(&turned, files).map_err(Box::new)?.scenario)
    }
}

/// What problems call the settings of a point.
pub const VARIED: &str = "--vary or [sweep]";

impl SweepPoint {
    /// A figure by the method that knows it best.
    pub fn best(&self, metric: &str) -> Option<(&Answer, &Estimate)> {
        methods::best(&self.answers, metric)
    }

    /// Whether an objective is met, as a single run judges it: a queue that grows without end meets none by
    /// how its first stretch went, unless these `starts` are what is asked for.
    pub fn meets(&self, objective: &Objective, starts: bool) -> ObjectiveStatus {
        // By its half-width, which is what a sweep keeps of an interval.
        let seen = |answer: &Answer| {
            let figure = answer.get(&objective.metric).map(|figure| Estimate { ends: None, ..*figure });
            let metrics = figure.map(|figure| (objective.metric.clone(), figure)).into_iter().collect();
            Answer { exact: answer.exact, metrics, ..Answer::new(answer.method, "") }
        };
        let counted = self.answers.iter().filter(|a| a.unstable.is_none() || starts);
        let counted: Vec<Answer> = counted.map(seen).collect();
        match &objectives::judge(std::slice::from_ref(objective), &counted)[..] {
            [judged] if judged.by.is_some() || !self.unstable() => judged.outcome,
            _ => ObjectiveStatus::Fail,
        }
    }

    /// Keeps each figure once, by the method that knows it best, but for the objectives', which are judged by
    /// several.
    pub fn thin(&mut self, objectives: &[Objective]) {
        methods::thin(&mut self.answers, &|metric| objectives.iter().any(|o| o.metric == metric));
        self.unanswered.shrink_to_fit();
    }

    /// Whether a backlog grows without end here.
    pub fn unstable(&self) -> bool {
        self.unanswered.iter().any(|u| u.reason.is_unstable())
            || self.answers.iter().any(|a| a.unstable.is_some())
    }
}

/// Answers these points by theory and simulation, as far as they are wanted, and hands each over as soon as
/// it is done. A point that is interrupted is not handed over, nor is one that has no scenario. A point that
/// has more replications is as if its scenario had asked for them.
pub fn sweep(
    points: &[usize],
    scenario: &(dyn Fn(usize) -> Option<Scenario> + Sync),
    grid: &Grid,
    wanted: &[Method],
    refinement: Refinement,
    watch: &dyn Watch,
    keep: &(dyn Fn(SweepPoint) + Sync),
) {
    let done = AtomicUsize::new(0);
    points.par_iter().for_each(|&index| {
        if watch.stopped() {
            return;
        }
        let Some(scenario) = scenario(index) else { return };
        let point = answered(index, &scenario, grid, wanted, refinement, watch);
        if watch.stopped() {
            return;
        }
        keep(point);
        let so_far = done.fetch_add(1, Ordering::Relaxed) + 1;
        watch.says(
            "sweep",
            so_far as f64 / points.len() as f64,
            &format!("{so_far} of {} points", points.len()),
        );
    });
}

fn answered(
    index: usize,
    scenario: &Scenario,
    grid: &Grid,
    wanted: &[Method],
    refinement: Refinement,
    watch: &dyn Watch,
) -> SweepPoint {
    let mut point =
        SweepPoint { index, values: grid.values(index), answers: Vec::new(), unanswered: Vec::new() };
    if wanted.contains(&Method::Theory) {
        point.take(Method::Theory, theory::answer(scenario));
    }
    if wanted.contains(&Method::Simulation) {
        let simulate =
            |scenario: &Scenario| simulation::simulate(scenario, &PointWatch { watch, point: index });
        point.take(Method::Simulation, simulate(scenario));
        let first = point.replications().unwrap_or(0);
        while let Some(more) = refinement.further(scenario, &point, first).filter(|_| !watch.stopped()) {
            point.take(Method::Simulation, simulate(&more));
        }
    }
    point
}

/// Plays replications of a point's scenario for whoever answers the point, on all threads: each `next`, until
/// there is none; `give` gets what [`Watch::played_elsewhere`] hands over there.
pub fn help(
    scenario: &Scenario,
    wanted: &WantedRuns,
    watch: &dyn Watch,
    next: &(dyn Fn() -> Option<u32> + Sync),
    give: &(dyn Fn(u32, &[u8]) + Sync),
) {
    simulation::help(scenario, wanted, watch, next, give);
}

/// Passes on all but progress, which the sweep tells itself, and says which point is asked about.
struct PointWatch<'a> {
    watch: &'a dyn Watch,
    point: usize,
}

impl Watch for PointWatch<'_> {
    fn says(&self, _: &str, _: f64, _: &str) {}

    fn stopped(&self) -> bool {
        self.watch.stopped()
    }

    fn wants(&self, wanted: &WantedRuns) {
        self.watch.wants(&WantedRuns { point: self.point, ..*wanted });
    }

    fn played_elsewhere(&self, wanted: &WantedRuns, replication: u32) -> Option<Vec<u8>> {
        self.watch.played_elsewhere(&WantedRuns { point: self.point, ..*wanted }, replication)
    }
}

/// A value's number, whatever its unit, for the place on an axis; `None` if it has none.
pub fn number(value: &str) -> Option<f64> {
    use crate::units::{duration, rate, size};
    let plain = value.replace('_', "").parse::<f64>().ok().filter(|x| x.is_finite());
    let percent = || value.strip_suffix('%').and_then(|v| v.trim().parse::<f64>().ok()).map(|v| v / 100.0);
    plain
        .or_else(|| rate(value).ok())
        .or_else(|| duration(value).ok())
        .or_else(|| size(value).ok().map(|b| b as f64))
        .or_else(percent)
}

/// A curve whose ends differ by no more than such a share does not bend.
const FLAT: f64 = 0.02;

/// Where a convex curve bends most: the index of the point farthest below the chord between its ends, both
/// axes scaled to their range. `None` if no point is a tenth of the way below.
///
/// # Source
/// Satopää et al. (2011), *Finding a "kneedle" in a haystack*, without its smoothing.
pub fn knee(points: &[(f64, f64)]) -> Option<usize> {
    let (first, last) = (points.first()?, points.last()?);
    let (width, height) = (last.0 - first.0, (last.1 - first.1).abs());
    let flat = height <= FLAT * first.1.abs().max(last.1.abs());
    if points.len() < 4 || width.is_nan() || width <= 0.0 || height.is_nan() || flat {
        return None;
    }
    let below = |p: &(f64, f64)| (first.1 + (last.1 - first.1) * (p.0 - first.0) / width - p.1) / height;
    let (index, depth) = points.iter().map(below).enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (depth > 0.1).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, Override};
    use crate::study::NoProgress;
    use std::sync::Mutex;

    fn grid() -> Grid {
        let axis = |path: &str, values: &[&str]| SweptSetting {
            path: path.into(),
            values: values.iter().map(|v| v.to_string()).collect(),
        };
        Grid {
            axes: vec![
                axis("producers.producer.rate", &["50/s", "80/s"]),
                axis("consumers.consumers.count", &["1", "2", "3"]),
            ],
        }
    }

    #[test]
    fn every_combination_is_a_point() {
        let grid = grid();
        assert_eq!(grid.points(), 6);
        assert_eq!(grid.values(0), ["50/s", "1"]);
        assert_eq!(grid.values(4), ["80/s", "2"]);
    }

    #[test]
    fn every_point_is_answered_once_and_as_if_it_were_alone() {
        let set = ["simulation.messages=2000", "simulation.replications=3"].map(Override::from).to_vec();
        let source = scenario::quick("1/s", "exponential(10ms)", "1", set);
        let grid = grid();
        let at = |i| Some(grid.scenario(&source, &NoFiles, i).expect("sound"));
        let kept = Mutex::new(Vec::new());
        sweep(
            &[0, 1, 2, 3, 4, 5],
            &at,
            &grid,
            &[Method::Theory, Method::Simulation],
            Refinement::NONE,
            &NoProgress,
            &|point| kept.lock().expect("no panic").push(point),
        );
        let mut kept = kept.into_inner().expect("no panic");
        kept.sort_by_key(|p| p.index);
        assert_eq!(kept.iter().map(|p| p.index).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
        let alone = simulation::simulate(&at(4).expect("sound"), &NoProgress).expect("stable");
        assert_eq!(kept[4].answers[1].metrics, alone.metrics);
    }

    #[test]
    fn a_thin_point_has_each_figure_once_by_the_method_that_knows_it_best() {
        let answer = |method, exact, metrics: &[&str]| {
            let mut answer = Answer { exact, ..Answer::new(method, "by hand") };
            for (i, metric) in metrics.iter().enumerate() {
                answer.metrics.insert((*metric).into(), Estimate::exact(i as f64));
            }
            answer
        };
        let objective = |metric: &str| Objective {
            metric: metric.into(),
            relation: crate::scenario::Relation::Less,
            limit: 1.0,
            text: "< 1".into(),
        };
        let all = ["total.latency.mean", "total.latency.p99", "total.loss"];
        let answers = vec![
            answer(Method::Theory, true, &all[..2]),
            answer(Method::Simulation, true, &all),
            answer(Method::Measurement, true, &all[..2]),
        ];
        let whole = SweepPoint { index: 0, values: Vec::new(), answers, unanswered: Vec::new() };
        let mut thin = whole.clone();
        thin.thin(&[objective("total.latency.p99")]);
        let known = |answer: &Answer| answer.metrics.keys().map(String::as_str).collect::<Vec<_>>().join(" ");
        let left: Vec<String> = thin.answers.iter().map(known).collect();
        assert_eq!(
            left,
            ["total.latency.mean total.latency.p99", "total.latency.p99 total.loss", "total.latency.p99"]
        );
        for metric in all {
            let best = |point: &SweepPoint| point.best(metric).map(|(a, e)| (a.method, *e));
            assert_eq!(best(&thin), best(&whole));
        }
        thin.thin(&[]);
        assert_eq!(thin.answers.len(), 2);
    }

    #[test]
    fn the_knee_of_a_hyperbola_is_where_it_turns() {
        let curve: Vec<(f64, f64)> =
            (0..100).map(|i| f64::from(i) / 100.0).map(|rho| (rho, 1.0 / (1.0 - rho))).collect();
        let at = knee(&curve).expect("it bends");
        assert!((85..=95).contains(&at), "{at}");
        assert_eq!(knee(&(0..10).map(|i| (f64::from(i), f64::from(i))).collect::<Vec<_>>()), None);
        // Rounding does not bend a flat one.
        assert_eq!(knee(&[(1.0, 92.1), (2.0, 92.1 - 2e-9), (3.0, 92.1 - 1e-9), (4.0, 92.1 - 1e-9)]), None);
    }

    #[test]
    fn values_are_numbers_whatever_their_unit() {
        assert_eq!(
            ["900/s", "4ms", "8", "5%", "fifo"].map(number),
            [Some(900.0), Some(0.004), Some(8.0), Some(0.05), None]
        );
    }
}
