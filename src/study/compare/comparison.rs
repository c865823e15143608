//! Several configurations, each compared with the first: by simulation, theory or measurement, or as saved.

use super::differences::{Difference, Row, judged, paired, undrained, unpaired};
use super::{alike, measured, simulated};
use crate::answer::{Answer, Caveat, Method, Reason, Unanswered};
use crate::scenario::{self, Scenario};
use crate::study::differing::TurnedSetting;
use crate::study::document::{Document, Intervals};
use crate::study::{Watch, differing, simulation};
use crate::theory;
use serde_json::Value;

/// Several configurations, each compared with the first.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Comparison {
    /// What they are called.
    pub names: Vec<String>,
    /// The setting that each is named by, if it is.
    pub turned: Vec<Option<TurnedSetting>>,
    /// For each of them, why it has no steady state; `None` if it has.
    pub unstable: Vec<Option<Reason>>,
    /// How the figures were made.
    pub by: ComparedBy,
    /// Of every interval.
    pub confidence: f64,
    /// Metrics that have an objective: what matters first.
    pub asked: Vec<String>,
    /// For each configuration after the first.
    pub differences: Vec<Vec<Difference>>,
    /// Defaults included.
    pub scenarios: Vec<Value>,
    /// What is to be kept in mind.
    pub notes: Vec<ComparisonNote>,
}

/// How figures that are compared were made.
#[derive(Debug, Clone, PartialEq)]
pub enum ComparedBy {
    /// On the same random numbers.
    Simulation {
        /// Of each configuration.
        replications: u32,
    },
    /// By these models.
    Theory(Vec<String>),
    /// In turns, A B B A.
    Measurement {
        /// So many times.
        rounds: u32,
    },
    /// As results that were made apart say.
    Saved(Method),
}

/// What is to be kept in mind about a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum ComparisonNote {
    /// In some replications of a side a backlog outlasts what is played, so that a drain time is left out.
    Undrained {
        /// The drain time's path.
        metric: String,
        /// Whose.
        name: String,
        /// Replications without its end.
        late: usize,
        /// All replications.
        all: usize,
    },
    /// Some measurements of a side are invalid.
    Untrusted {
        /// Whose.
        name: String,
        /// How many.
        some: usize,
        /// Of so many.
        all: usize,
        /// What failed in the first of them.
        first: String,
    },
    /// Replications are too short for percentiles of their own.
    Short(Caveat),
    /// These are the replications or rounds that were finished when it was interrupted.
    Interrupted,
    /// Results that were made apart do not share their chance.
    MadeApart,
}

/// Why there is no comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum CompareError {
    /// The scenarios have no figure in common.
    Unlike(Reason),
    /// A side could not be answered: its name, where it is one side's alone, and why.
    Refused(Option<String>, Reason),
    /// No method answered in all of the saved results.
    NoMethod,
    /// It was interrupted before both sides had an interval.
    Interrupted,
}

/// How a comparison is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareMethod {
    /// On the same random numbers.
    Simulation,
    /// Closed forms.
    Theory,
    /// So many rounds of A B B A.
    Measurement(u32),
}

/// Rows for each side after the first, with how they were made.
type Compared = (ComparedBy, Vec<Vec<Row>>);

impl Comparison {
    /// Asks every scenario, each with its name as it was given, by one method. All are asked alike.
    ///
    /// # Errors
    /// Why there is nothing to compare.
    pub fn of_scenarios(
        given: Vec<(String, Scenario)>,
        method: CompareMethod,
        watch: &dyn Watch,
    ) -> Result<Comparison, CompareError> {
        let (names, mut scenarios): (Vec<String>, Vec<Scenario>) = given.into_iter().unzip();
        let resolved: Vec<Value> = scenarios.iter().map(scenario::resolved).collect();
        alike(&mut scenarios).map_err(CompareError::Unlike)?;
        let mut out = Comparison {
            names: differing::names(&names, &resolved),
            turned: differing::turned(&names, &resolved),
            unstable: vec![None; scenarios.len()],
            by: ComparedBy::Theory(Vec::new()),
            confidence: scenarios[0].simulation.confidence,
            asked: scenarios.iter().flat_map(|s| s.objectives.iter().map(|o| o.metric.clone())).collect(),
            differences: Vec::new(),
            scenarios: resolved,
            notes: Vec::new(),
        };
        let (by, rows) = match method {
            CompareMethod::Measurement(rounds) => out.by_measurement(&scenarios, rounds, watch)?,
            CompareMethod::Theory => out.by_theory(&scenarios, watch)?,
            CompareMethod::Simulation => out.by_simulation(&scenarios, watch)?,
        };
        // What was interrupted is compared as far as it went, if both sides have an interval by then.
        if watch.stopped() {
            if rows.iter().any(|rows| rows.iter().all(|row| row.half_width.is_none())) {
                return Err(CompareError::Interrupted);
            }
            out.notes.push(ComparisonNote::Interrupted);
        }
        out.differences = judged(rows, out.confidence);
        Ok(Comparison { by, ..out })
    }

    fn by_measurement(
        &mut self,
        scenarios: &[Scenario],
        rounds: u32,
        watch: &dyn Watch,
    ) -> Result<Compared, CompareError> {
        let mut rows = Vec::new();
        for (name, b) in self.names[1..].iter().zip(&scenarios[1..]) {
            let (a, b) = measured(&scenarios[0], b, rounds, watch)
                .map_err(|refusal| CompareError::Refused(None, refusal.reason))?;
            for (name, side) in [(&self.names[0], &a), (name, &b)] {
                self.notes.extend(side.doubts.first().map(|first| ComparisonNote::Untrusted {
                    name: name.clone(),
                    some: side.doubts.len(),
                    all: side.figures.len(),
                    first: first.clone(),
                }));
            }
            rows.push(paired(&a.figures, &b.figures, self.confidence, &self.asked));
        }
        Ok((ComparedBy::Measurement { rounds }, rows))
    }

    fn by_theory(&mut self, scenarios: &[Scenario], watch: &dyn Watch) -> Result<Compared, CompareError> {
        let answers = self.sides(scenarios, watch, &theory::answer)?;
        let pair = |b: &Option<Answer>| match (&answers[0], b) {
            (Some(a), Some(b)) => unpaired(&a.metrics, &b.metrics, self.confidence, 1, &self.asked),
            _ => Vec::new(),
        };
        let by = answers.iter().flatten().map(|a| a.by.clone()).collect();
        Ok((ComparedBy::Theory(by), answers[1..].iter().map(pair).collect()))
    }

    fn by_simulation(&mut self, scenarios: &[Scenario], watch: &dyn Watch) -> Result<Compared, CompareError> {
        let runs = self.sides(scenarios, watch, &|scenario| simulated(scenario, watch))?;
        let known: Vec<_> = self
            .names
            .iter()
            .zip(&runs)
            .filter_map(|(name, runs)| Some((name.as_str(), runs.as_deref()?)))
            .collect();
        self.notes.extend(undrained(&known));
        let short = scenarios.iter().find_map(simulation::short_for_percentiles);
        self.notes.extend(short.map(ComparisonNote::Short));
        let rows = runs[1..].iter().map(|b| match (&runs[0], b) {
            (Some(a), Some(b)) => paired(a, b, self.confidence, &self.asked),
            _ => Vec::new(),
        });
        let replications = scenarios[0].simulation.replications;
        Ok((ComparedBy::Simulation { replications }, rows.collect()))
    }

    /// What a method says about every side; nothing about one that grows without end, which is noted down.
    fn sides<T>(
        &mut self,
        scenarios: &[Scenario],
        watch: &dyn Watch,
        ask: &dyn Fn(&Scenario) -> Result<T, Unanswered>,
    ) -> Result<Vec<Option<T>>, CompareError> {
        let mut out = Vec::new();
        for (i, scenario) in scenarios.iter().enumerate() {
            watch.says("compare", i as f64 / scenarios.len() as f64, &self.names[i]);
            out.push(match ask(scenario) {
                Ok(known) => Some(known),
                Err(refusal) if refusal.reason.is_unstable() => {
                    self.unstable[i] = Some(refusal.reason);
                    None
                }
                Err(refusal) => {
                    return Err(CompareError::Refused(Some(self.names[i].clone()), refusal.reason));
                }
            });
        }
        Ok(out)
    }

    /// Compares saved results, each with its name, by the first of some methods that answered in all of them.
    ///
    /// # Errors
    /// None did.
    pub fn of_saved(
        given: &[(String, Document<'_>)],
        methods: &[Method],
    ) -> Result<Comparison, CompareError> {
        let results: Vec<&Document<'_>> = given.iter().map(|(_, result)| result).collect();
        let scenarios: Vec<Value> =
            results.iter().map(|result| result.scenario.clone().into_owned()).collect();
        let names: Vec<String> = given.iter().map(|(name, _)| name.clone()).collect();
        // Of one that does not hold there are no figures to compare.
        let holds = |result: &&Document<'_>| result.unstable().is_none();
        let answered =
            |method: &Method| results.iter().copied().filter(holds).all(|r| r.answer(*method).is_some());
        let method = methods.iter().copied().find(answered).ok_or(CompareError::NoMethod)?;
        let Intervals { confidence, replications } = results[0].intervals;
        let degrees = u64::from(replications).saturating_sub(1).max(1);
        let first = steady(results[0], method);
        let pair = |b: &&Document<'_>| match (first, steady(b, method)) {
            (Some(a), Some(b)) => unpaired(&a.metrics, &b.metrics, confidence, degrees, &[]),
            _ => Vec::new(),
        };
        Ok(Comparison {
            names: differing::names(&names, &scenarios),
            turned: differing::turned(&names, &scenarios),
            unstable: results.iter().map(|result| result.unstable().cloned()).collect(),
            by: ComparedBy::Saved(method),
            confidence,
            asked: Vec::new(),
            differences: judged(results[1..].iter().map(pair).collect(), confidence),
            scenarios,
            notes: vec![ComparisonNote::MadeApart],
        })
    }
}

/// The figures of a saved result that has a steady state.
fn steady<'a>(result: &'a Document<'_>, method: Method) -> Option<&'a Answer> {
    result.answer(method).filter(|_| result.unstable().is_none())
}
