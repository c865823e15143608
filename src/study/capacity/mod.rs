//! Capacity: the smallest (or largest) value of a setting that meets the objectives, with proof on both
//! sides.
//!
//! Theory brackets the answer, simulation decides it on common random numbers (every value plays the same
//! plan), and three questions are added that hurt if they are not asked: how much more traffic it bears, what
//! happens when one consumer is lost, and what burstier arrivals do.

mod cheapest;
mod checks;
mod prices;
mod search;
mod several;
mod staircase;

pub use cheapest::{Cheapest, Combination, LookedThrough};
pub use checks::{Altered, Check, Headroom};
pub use prices::{Priced, Prices, sent};
pub use several::{MOST_TRIED, NoSearch, SeveralSearch, is_autoscale};

use super::trial::{self, Effort, Trial};
use super::watch::Watch;
use super::{Judgement, ObjectiveStatus};
use crate::scenario::{self, Consumer, Files, Problems, Scenario, Servers, Source};
use crate::theory::TimetableNote;
use std::collections::BTreeMap;

/// How far beyond the found value the picture looks.
const LOOKS: [usize; 7] = [1, 2, 3, 5, 8, 12, 18];

/// What is searched: a setting, and its values from low to high.
pub struct Search<'a> {
    /// The scenario's text.
    pub source: &'a Source,
    /// Where the files are that it names.
    pub files: &'a dyn Files,
    /// The setting that is searched.
    pub path: String,
    /// What it may be, from low to high.
    pub values: Vec<String>,
    /// Whether the largest value that passes is wanted, not the smallest.
    pub largest: bool,
}

/// One value that was tried.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The setting's value.
    pub value: String,
    /// Its place among all values that were asked for.
    pub index: usize,
    /// What is known of it.
    pub trial: Trial,
}

/// The answer of a search.
#[derive(Debug, Clone)]
pub struct Capacity {
    /// The setting that was searched.
    pub path: String,
    /// Whether the largest value that holds is looked for, rather than the smallest.
    pub largest: bool,
    /// The scenario at the value that was found, or at the easiest one.
    pub scenario: Scenario,
    /// In the order of the values.
    pub probes: Vec<Probe>,
    /// Index in `probes` of the value that was found.
    pub found: Option<usize>,
    /// Index of the value next to it that does not pass; `None` if it was the hardest that was asked for.
    pub beyond: Option<usize>,
    /// Pass: found, and the next one fails. Fail: no value passes. Inconclusive: an interval straddles the
    /// objective.
    pub outcome: ObjectiveStatus,
    /// What was asked of the value that was found.
    pub checks: Vec<Check>,
    /// How much more traffic it would bear, where that is known.
    pub headroom: Option<Headroom>,
    /// Short looks at easier values, for the picture: how the objectives go on beyond what was found.
    pub curve: Vec<Probe>,
    /// What is suspicious, or to be kept in mind.
    pub notes: Vec<CapacityNote>,
    /// Whether it was interrupted before it knew: then nothing is found, and the probes are what was judged
    /// by then.
    pub interrupted: bool,
}

/// What is to be kept in mind about a search.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CapacityNote {
    /// A value that should be easier than the found one fails.
    FailsAgain {
        /// The value.
        value: String,
        /// Whether even the hardest value passes.
        hardest_passes: bool,
    },
    /// Of which rates the loads are.
    Timetable(TimetableNote),
    /// All figures are those of a sweep, and nothing was simulated beside.
    Swept,
    /// Every value is a number of servers that takes the place of what is no number.
    ReplacesCount {
        /// The group's name.
        group: String,
        /// Whether that is a timetable; else it is servers without limit.
        timetable: bool,
    },
}

impl Search<'_> {
    /// Searches.
    ///
    /// # Errors
    /// The scenario with one of the values is refused.
    pub fn run(&self, watch: &dyn Watch) -> Result<Capacity, Box<Problems>> {
        // Both ends are read first, so that a value that will not do is told before anything runs.
        let last = self.values.len() - 1;
        let (hardest, easiest) = (self.at(0)?, self.at(last)?);
        drop(hardest);
        let hint = search::bracket(last + 1, &mut |position| {
            self.at(position).map(|scenario| theory_holds(&scenario))
        })?;
        let mut tried: BTreeMap<usize, Trial> = BTreeMap::new();
        let mut judge = |position: usize| -> Result<bool, Box<Problems>> {
            let trial = trial::trial(&self.at(position)?, Effort::Decide, watch);
            let passes = trial.outcome == ObjectiveStatus::Pass;
            // What was cut short says nothing of its value.
            if !watch.stopped() {
                tried.insert(position, trial);
            }
            Ok(passes)
        };
        let found = search::boundary(last + 1, hint.first, watch, &mut judge)?;
        let proven =
            |first: usize| tried.contains_key(&first) && (first == 0 || tried.contains_key(&(first - 1)));
        let interrupted = watch.stopped() && !found.map_or_else(|| tried.contains_key(&last), proven);
        let found = found.filter(|_| !interrupted);
        if found.is_some_and(|first| last < 4 * first + 8) && !tried.contains_key(&last) && !watch.stopped() {
            // The far end is near enough to be worth a look: a queue that got worse there would not be found
            // otherwise.
            tried.insert(last, trial::trial(&easiest, Effort::Decide, watch));
        }
        let scenario = found.map_or(Ok(easiest), |position| self.at(position))?;
        let curve = self.curve(found, &tried, watch)?;
        let capacity = self.capacity(found, tried, hint.first_fall, scenario, Some(watch));
        let outcome = if interrupted { ObjectiveStatus::Inconclusive } else { capacity.outcome };
        Ok(Capacity { curve, interrupted, outcome, ..capacity })
    }

    /// Searches among values each of which is known already: nothing is simulated.
    ///
    /// # Errors
    /// The scenario with one of the values is refused.
    pub fn among(&self, known: Vec<Trial>) -> Result<Capacity, Box<Problems>> {
        let last = known.len() - 1;
        let tried: BTreeMap<usize, Trial> =
            known.into_iter().enumerate().map(|(index, trial)| (self.index(index), trial)).collect();
        let passes = |trial: &Trial| trial.outcome == ObjectiveStatus::Pass;
        let found = tried.iter().find(|(_, trial)| passes(trial)).map(|(position, _)| *position);
        let scenario = self.at(found.unwrap_or(last))?;
        let mut capacity = self.capacity(found, tried, None, scenario, None);
        capacity.notes.push(CapacityNote::Swept);
        Ok(capacity)
    }

    /// Short looks at values that are easier than the found one.
    fn curve(
        &self,
        found: Option<usize>,
        tried: &BTreeMap<usize, Trial>,
        watch: &dyn Watch,
    ) -> Result<Vec<Probe>, Box<Problems>> {
        let Some(found) = found else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        for position in
            LOOKS.iter().map(|step| found + step).filter(|p| *p < self.values.len() && !tried.contains_key(p))
        {
            if watch.stopped() {
                break;
            }
            out.push(self.probe(position, trial::trial(&self.at(position)?, Effort::Short, watch)));
        }
        Ok(out)
    }

    fn probe(&self, position: usize, trial: Trial) -> Probe {
        Probe { value: self.value(position).to_string(), index: self.index(position), trial }
    }

    fn capacity(
        &self,
        found: Option<usize>,
        tried: BTreeMap<usize, Trial>,
        fall: Option<usize>,
        scenario: Scenario,
        watch: Option<&dyn Watch>,
    ) -> Capacity {
        let mut notes = Vec::new();
        let falls = found.and_then(|f| {
            tried.iter().find(|(p, t)| **p > f && t.outcome == ObjectiveStatus::Fail).map(|(p, _)| *p)
        });
        if let Some(position) = falls.or(fall) {
            // The hardest value passes and an easier one does not: most likely it is the other end that was
            // meant.
            let hardest_passes = found == Some(0);
            notes.push(CapacityNote::FailsAgain { value: self.value(position).into(), hardest_passes });
        }
        notes.extend(crate::theory::timetables(&scenario).into_iter().map(CapacityNote::Timetable));
        notes.extend(replaced_count(self.source, self.files, &self.path));
        let beyond = found.filter(|f| *f > 0).map(|f| f - 1);
        let outcome = match (found, beyond.and_then(|b| tried.get(&b))) {
            (Some(_), Some(trial)) if trial.outcome != ObjectiveStatus::Fail => ObjectiveStatus::Inconclusive,
            (Some(_), _) => ObjectiveStatus::Pass,
            (None, _) if tried.values().any(|t| t.outcome == ObjectiveStatus::Inconclusive) => {
                ObjectiveStatus::Inconclusive
            }
            (None, _) => ObjectiveStatus::Fail,
        };
        // Positions go from hard to easy, values from low to high.
        let mut order: Vec<usize> = tried.keys().copied().collect();
        if self.largest {
            order.reverse();
        }
        let place = |position: Option<usize>| position.and_then(|p| order.iter().position(|o| *o == p));
        let (found_at, beyond_at) = (place(found), place(beyond));
        let known = |scenario: &Scenario| {
            let same = |position: &usize| self.at(*position).is_ok_and(|tried| tried == *scenario);
            tried.keys().find(|position| same(position)).map(|position| tried[position].clone())
        };
        let (checks, headroom) = match watch.filter(|watch| found.is_some() && !watch.stopped()) {
            Some(watch) => (checks::checks(&scenario, &known, watch), checks::headroom(&scenario, watch)),
            None => (Vec::new(), None),
        };
        let mut tried = tried;
        let probes = order.iter().filter_map(|p| Some(self.probe(*p, tried.remove(p)?))).collect();
        Capacity {
            path: self.path.clone(),
            largest: self.largest,
            scenario,
            probes,
            found: found_at,
            beyond: beyond_at,
            outcome,
            checks,
            headroom,
            curve: Vec::new(),
            notes,
            interrupted: false,
        }
    }

    /// The place among the values of a position; positions go from the hardest to the easiest.
    fn index(&self, position: usize) -> usize {
        if self.largest { self.values.len() - 1 - position } else { position }
    }

    fn value(&self, position: usize) -> &str {
        &self.values[self.index(position)]
    }

    fn at(&self, position: usize) -> Result<Scenario, Box<Problems>> {
        Ok(scenario::parse(&self.source.given("--vary", &self.path, self.value(position)), self.files)
            .map_err(Box::new)?
            .scenario)
    }
}

/// What every value of a setting replaces, if that is no number of servers.
fn replaced_count(source: &Source, files: &dyn Files, path: &str) -> Option<CapacityNote> {
    let scenario = scenario::parse(source, files).ok()?.scenario;
    let varied = |group: &&Consumer| path == format!("consumers.{}.count", group.name);
    let group = scenario.consumers.iter().find(varied)?;
    let timetable = !group.shifts.is_empty();
    (timetable || group.count == Servers::Unlimited)
        .then(|| CapacityNote::ReplacesCount { group: group.name.clone(), timetable })
}

/// What theory says about a configuration, or whether its servers keep up at all.
fn theory_holds(scenario: &Scenario) -> bool {
    match trial::by_theory_alone(scenario) {
        Some(ObjectiveStatus::Pass) => true,
        Some(ObjectiveStatus::Fail) => false,
        _ => crate::theory::loads(scenario).iter().all(|load| !load.grows()),
    }
}

impl Capacity {
    /// The value that was looked for, and what is known of it.
    pub fn found(&self) -> Option<&Probe> {
        self.probes.get(self.found?)
    }

    /// The next value, which does not hold.
    pub fn beyond(&self) -> Option<&Probe> {
        self.probes.get(self.beyond?)
    }

    /// The objectives of a probe that it does not meet.
    pub fn missed(probe: &Probe) -> impl Iterator<Item = &Judgement> {
        probe.trial.objectives.iter().filter(|j| j.outcome != ObjectiveStatus::Pass)
    }
}

#[cfg(test)]
mod tests;
