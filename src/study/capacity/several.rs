//! The cheapest combination of several settings that meets the objectives.
//!
//! Of two settings of which more is never worse, such as two numbers of servers, a staircase is searched:
//! theory says where it lies, simulation decides, and few pairs are tried. How an autoscaler is set has no
//! such order, and what it costs is known only afterwards: there every combination is tried.

use super::super::trial::{Effort, Trial, trial};
use super::super::watch::{NoProgress, Watch};
use super::cheapest::{Cheapest, Combination, LookedThrough, worst};
use super::checks;
use super::prices::Prices;
use super::staircase::{Cell, Stairs, cheapest, easiest_below};
use super::{CapacityNote, ObjectiveStatus, replaced_count, theory_holds};
use crate::scenario::{Files, Problems, Scenario, Source};
use crate::study::sweep::{Grid, SweptSetting};
use std::collections::BTreeMap;

/// The most combinations that are tried one by one.
pub const MOST_TRIED: usize = 1000;

/// What is searched: settings with their values, and what each combination costs.
pub struct SeveralSearch<'a> {
    /// The scenario's text.
    pub source: &'a Source,
    /// Where the files are that it names.
    pub files: &'a dyn Files,
    /// The settings; the values of numbers go from low to high.
    pub grid: Grid,
    /// What things cost.
    pub prices: &'a Prices,
}

/// Why nothing is searched.
#[derive(Debug)]
pub enum NoSearch {
    /// The scenario is refused with some of the values.
    Refused(Box<Problems>),
    /// More of this setting costs nothing more, so that the most of it would be taken.
    Free(String),
    /// There are so many combinations to try one by one.
    TooMany(usize),
}

impl From<Box<Problems>> for NoSearch {
    fn from(problems: Box<Problems>) -> Self {
        NoSearch::Refused(problems)
    }
}

impl SeveralSearch<'_> {
    /// Searches.
    ///
    /// # Errors
    /// Why nothing can be searched.
    pub fn run(&self, watch: &dyn Watch) -> Result<Cheapest, NoSearch> {
        // Each value is read first, so that one that will not do is told before anything runs.
        let first = self.at(0)?;
        for (a, axis) in self.grid.axes.iter().enumerate() {
            let stride: usize = self.grid.axes[a + 1..].iter().map(|axis| axis.values.len()).product();
            (1..axis.values.len()).try_for_each(|i| self.at(i * stride).map(drop))?;
        }
        if self.is_staircase(&first) { self.staircase(watch) } else { self.each(watch) }
    }

    /// Searches among all combinations, each of which is known already: nothing is simulated.
    ///
    /// # Errors
    /// The scenario is refused.
    pub fn among(&self, known: Vec<Trial>) -> Result<Cheapest, NoSearch> {
        let known = known.into_iter().enumerate();
        let tried = known.map(|(index, trial)| Ok(self.combination(index, &self.at(index)?, trial)));
        let tried = tried.collect::<Result<Vec<_>, NoSearch>>()?;
        let mut out = self.nothing(tried, &NoProgress)?.of_each();
        if let Some(found) = out.found() {
            out.scenario = self.at(found.index)?;
        }
        out.notes.push(CapacityNote::Swept);
        Ok(out)
    }

    /// Whether more of either of two settings can be taken to be never worse, and its price is known before.
    fn is_staircase(&self, scenario: &Scenario) -> bool {
        self.grid.axes.len() == 2
            && self.grid.axes.iter().all(|axis| !is_autoscale(&axis.path) && axis.is_ordered())
            && self.prices.hourly(scenario, &[]).is_some()
    }

    fn staircase(&self, watch: &dyn Watch) -> Result<Cheapest, NoSearch> {
        let size = (self.grid.axes[0].values.len(), self.grid.axes[1].values.len());
        let mut costs: BTreeMap<Cell, f64> = BTreeMap::new();
        let mut cost = |cell: Cell| -> Result<f64, NoSearch> {
            if let Some(known) = costs.get(&cell) {
                return Ok(*known);
            }
            let cost = self.prices.hourly(&self.at(self.index(cell))?, &[]).and_then(|cost| cost.value);
            let cost = cost.unwrap_or(f64::INFINITY);
            costs.insert(cell, cost);
            Ok(cost)
        };
        let along = [(0..size.0).map(|at| (at, 0)).collect(), (0..size.1).map(|at| (0, at)).collect()];
        for (axis, along) in self.grid.axes.iter().zip(along) {
            let along: Vec<Cell> = along;
            let each = along.into_iter().map(&mut cost).collect::<Result<Vec<f64>, _>>()?;
            if each.windows(2).any(|pair| pair[1] <= pair[0]) {
                return Err(NoSearch::Free(axis.path.clone()));
            }
        }
        let last = (size.0 - 1, size.1 - 1);
        let far = Stairs { least: last, best: last };
        let mut by_theory = |cell: Cell| Ok(theory_holds(&self.at(self.index(cell))?));
        let hint = cheapest(size, far, &mut cost, watch, &mut by_theory)?.unwrap_or(far);
        let mut tried: BTreeMap<usize, Trial> = BTreeMap::new();
        let mut judge = |cell: Cell| -> Result<bool, NoSearch> {
            let trial = trial(&self.at(self.index(cell))?, Effort::Decide, watch);
            let passes = trial.outcome == ObjectiveStatus::Pass;
            // What was cut short says nothing of its pair.
            if !watch.stopped() {
                tried.insert(self.index(cell), trial);
            }
            Ok(passes)
        };
        let found = cheapest(size, hint, &mut cost, watch, &mut judge)?.map(|stairs| stairs.best);
        // A queue that got worse at the far end would not be found otherwise.
        if found.is_some() && !watch.stopped() && !tried.contains_key(&self.index(last)) {
            tried.insert(self.index(last), trial(&self.at(self.index(last))?, Effort::Decide, watch));
        }
        let edge = match found {
            Some(found) => self.edge(size, cost(found)?, &mut cost)?,
            None => Vec::new(),
        };
        let tried = tried
            .into_iter()
            .map(|(index, trial)| Ok(self.combination(index, &self.at(index)?, trial)))
            .collect::<Result<Vec<_>, NoSearch>>()?;
        let place = |cell: Cell| tried.iter().position(|t| t.index == self.index(cell));
        let (found_at, last_at) = (found.and_then(place), place(last));
        let (proof, proved) = proof(&tried, &edge, size.1);
        let outcome = match found_at {
            Some(_) if proved => ObjectiveStatus::Pass,
            Some(_) => ObjectiveStatus::Inconclusive,
            None => worst(&tried),
        };
        let fails = |at: &usize| tried[*at].trial.outcome == ObjectiveStatus::Fail;
        let mut out = Cheapest {
            found: found_at,
            proof,
            fails_again: last_at.filter(|at| found_at.is_some() && fails(at)),
            looked: LookedThrough::Staircase,
            outcome,
            ..self.nothing(tried, watch)?
        };
        if out.fails_again.is_some() {
            out.outcome = ObjectiveStatus::Inconclusive;
        }
        self.finish(out, watch)
    }

    /// The easiest pair of each row that is cheaper than so much.
    fn edge(
        &self,
        (rows, columns): Cell,
        limit: f64,
        cost: &mut dyn FnMut(Cell) -> Result<f64, NoSearch>,
    ) -> Result<Vec<Cell>, NoSearch> {
        let mut edge = Vec::new();
        for row in 0..rows {
            let Some(column) = easiest_below(limit, row, (0, columns - 1), cost)? else { break };
            edge.push((row, column));
        }
        Ok(edge)
    }

    fn each(&self, watch: &dyn Watch) -> Result<Cheapest, NoSearch> {
        let all = self.grid.points();
        if all > MOST_TRIED {
            return Err(NoSearch::TooMany(all));
        }
        let mut tried: Vec<Combination> = Vec::new();
        for index in 0..all {
            watch.says(
                "capacity",
                index as f64 / all as f64,
                &format!("{} of {all} combinations", index + 1),
            );
            let scenario = self.at(index)?;
            let trial = trial(&scenario, Effort::Short, watch);
            if watch.stopped() {
                break;
            }
            tried.push(self.combination(index, &scenario, trial));
        }
        // What has not failed is looked at more closely, the cheapest first, until nothing can be cheaper.
        let mut order: Vec<usize> =
            (0..tried.len()).filter(|at| tried[*at].trial.outcome != ObjectiveStatus::Fail).collect();
        order.sort_by(|a, b| tried[*a].least().total_cmp(&tried[*b].least()));
        let mut best = f64::INFINITY;
        for at in order {
            if watch.stopped() || tried[at].least() > best {
                break;
            }
            let scenario = self.at(tried[at].index)?;
            let trial = trial(&scenario, Effort::Decide, watch);
            if watch.stopped() {
                break;
            }
            tried[at] = self.combination(tried[at].index, &scenario, trial);
            if tried[at].trial.outcome == ObjectiveStatus::Pass {
                best = best.min(tried[at].most());
            }
        }
        let out = self.nothing(tried, watch)?.of_each();
        self.finish(out, watch)
    }

    /// The answer before anything is found.
    fn nothing(&self, tried: Vec<Combination>, watch: &dyn Watch) -> Result<Cheapest, NoSearch> {
        Ok(Cheapest {
            grid: self.grid.clone(),
            scenario: self.at(self.grid.points() - 1)?,
            tried,
            found: None,
            proof: Vec::new(),
            rivals: Vec::new(),
            fails_again: None,
            prices: self.prices.clone(),
            looked: LookedThrough::Each,
            outcome: ObjectiveStatus::Inconclusive,
            checks: Vec::new(),
            headroom: None,
            notes: Vec::new(),
            interrupted: watch.stopped(),
        })
    }

    /// What else is asked of what was found.
    fn finish(&self, mut out: Cheapest, watch: &dyn Watch) -> Result<Cheapest, NoSearch> {
        if out.interrupted {
            (out.found, out.outcome) = (None, ObjectiveStatus::Inconclusive);
        }
        if let Some(found) = out.found {
            out.scenario = self.at(out.tried[found].index)?;
            let known = |scenario: &Scenario| {
                let same = |t: &&Combination| self.at(t.index).is_ok_and(|tried| tried == *scenario);
                out.tried.iter().find(same).map(|t| t.trial.clone())
            };
            out.checks = checks::checks(&out.scenario, &known, watch);
            out.headroom = checks::headroom(&out.scenario, watch);
        }
        out.notes.extend(crate::theory::timetables(&out.scenario).into_iter().map(CapacityNote::Timetable));
        let replaced = |axis: &SweptSetting| replaced_count(self.source, self.files, &axis.path);
        out.notes.extend(self.grid.axes.iter().filter_map(replaced));
        Ok(out)
    }

    fn index(&self, (row, column): Cell) -> usize {
        row * self.grid.axes[1].values.len() + column
    }

    fn at(&self, index: usize) -> Result<Scenario, Box<Problems>> {
        self.grid.scenario(self.source, self.files, index)
    }

    fn combination(&self, index: usize, scenario: &Scenario, mut trial: Trial) -> Combination {
        // There may be very many.
        for answer in &mut trial.answers {
            answer.latency = None;
            answer.timelines.clear();
        }
        let cost = self.prices.hourly(scenario, &trial.answers);
        Combination { index, values: self.grid.values(index), trial, cost }
    }
}

/// Whether a path is that of how an autoscaler is set.
pub fn is_autoscale(path: &str) -> bool {
    path.starts_with("consumers.") && path.contains(".autoscale.")
}

/// What of all that was tried and does not pass has at least as much of both settings as every pair at the
/// edge of what is cheaper; and whether all of it fails, rather than being undecided.
fn proof(tried: &[Combination], edge: &[Cell], columns: usize) -> (Vec<usize>, bool) {
    let covers = |at: usize, cell: &Cell| {
        let (row, column) = (tried[at].index / columns, tried[at].index % columns);
        row >= cell.0 && column >= cell.1
    };
    let (mut proof, mut proved): (Vec<usize>, bool) = (Vec::new(), true);
    for cell in edge {
        let by = |outcome: ObjectiveStatus| {
            let these = (0..tried.len()).filter(move |at| tried[*at].trial.outcome == outcome);
            // One that speaks for many pairs is worth more than many that speak for one.
            these
                .filter(|at| covers(*at, cell))
                .max_by_key(|at| edge.iter().filter(|cell| covers(*at, cell)).count())
        };
        let failed = by(ObjectiveStatus::Fail);
        proved &= failed.is_some();
        proof.extend(failed.or_else(|| by(ObjectiveStatus::Inconclusive)));
    }
    proof.sort_unstable();
    proof.dedup();
    (proof, proved)
}
