//! The models of arrivals that are tried on a file, and the one that is offered.

use super::arrivals::ArrivalStream;
use super::judge::{Judged, LIMITS, Truth};
use super::schedule::{self, DAY, WEEK};
use super::{rounded, states};
use crate::scenario::Arrivals;
use crate::workload::laws::Law;
use std::path::PathBuf;
use std::sync::Arc;

/// A state that lasts longer than this share of the file was hardly seen to end.
const LONGEST: f64 = 0.25;
/// What the file of a trace is called beside its scenario.
pub const TRACE_FILE: &str = "arrivals.csv";

/// What a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelFamily {
    /// Poisson at one rate.
    Poisson,
    /// The rate by time of day, over and over.
    Daily,
    /// The rate by time of the week.
    Weekly,
    /// Independent gaps of one law.
    Renewal,
    /// A Markov-modulated Poisson process of so many states.
    States(usize),
    /// The file's rate piece by piece, once.
    Piecewise,
    /// The file's own instants.
    Trace,
}

/// What came of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ModelVerdict {
    /// The simplest that fits: it is in the scenario.
    Offered,
    /// It would do as well.
    Fits,
    /// A wait is so far off (a share of the file's).
    Off(f64),
    /// As long as the file, its runs differ too much from one another to say what the file says.
    Uncertain,
    /// It asks for two consumers more or fewer than the file, or even more or fewer.
    AsksOtherwise,
    /// A state of so many seconds on average: too long for the file to show.
    LongState(f64),
}

/// A model and how it does.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// What kind it is.
    pub family: ModelFamily,
    /// The process.
    pub arrivals: Arrivals,
    /// How its waits stand to the file's.
    pub judged: Judged,
    /// What came of it.
    pub outcome: ModelVerdict,
}

/// All models that were tried.
#[derive(Debug, Clone)]
pub struct Models {
    /// The simplest first; the trace is the last.
    pub tried: Vec<Model>,
    /// Seconds that 99 % of the messages may wait, and how many consumers the file itself needs for that.
    pub limit: f64,
    /// See [`Models::limit`].
    pub consumers: usize,
    /// Of the file, and of each run of a model.
    pub messages: usize,
}

impl Models {
    /// The one in the scenario.
    pub fn offered(&self) -> Option<&Model> {
        self.tried.iter().find(|m| m.outcome == ModelVerdict::Offered)
    }

    /// The trace itself: what its waits differ by is due to the law of the work alone.
    pub fn trace(&self) -> Option<&Model> {
        self.tried.last()
    }
}

/// Tries every model; `rejected` says that a test found the arrivals not to be Poisson. Without a law of the
/// gaps, or with an exponential one, independent gaps are Poisson arrivals.
pub(super) fn tried(truth: &Truth<'_>, gap: Option<Law>, rejected: bool) -> Models {
    let (instants, stream) = (truth.instants, truth.stream);
    let mut candidates = vec![(ModelFamily::Poisson, Arrivals::Poisson)];
    let mut add = |family: ModelFamily, arrivals: Option<Arrivals>| {
        candidates.extend(arrivals.map(|arrivals| (family, arrivals)))
    };
    add(ModelFamily::Daily, schedule::repeating(instants, stream, DAY));
    add(ModelFamily::Weekly, schedule::repeating(instants, stream, WEEK));
    add(ModelFamily::Renewal, renewal(gap, stream));
    for states in 2..=4 {
        add(ModelFamily::States(states), states::fitted(instants, stream, states).map(mmpp));
    }
    add(ModelFamily::Piecewise, schedule::piecewise(instants, stream));
    let own = trace(instants);
    let own = Model {
        family: ModelFamily::Trace,
        judged: truth.judge(&own),
        arrivals: own,
        outcome: ModelVerdict::Fits,
    };
    let mut tried: Vec<Model> = Vec::new();
    for (family, arrivals) in candidates {
        let judged = truth.judge(&arrivals);
        let poisson = tried.first().map_or(&judged, |m| &m.judged);
        let outcome = outcome(&arrivals, &judged, &Beside { poisson, trace: &own.judged, rejected }, truth);
        tried.push(Model { family, arrivals, judged, outcome });
    }
    let unlike = !own.judged.is_near();
    tried.push(Model {
        outcome: if unlike { ModelVerdict::Off(own.judged.worst()) } else { ModelVerdict::Fits },
        ..own
    });
    let chosen = tried.iter().position(|m| m.outcome == ModelVerdict::Fits).unwrap_or(tried.len() - 1);
    tried[chosen].outcome = ModelVerdict::Offered;
    Models {
        tried,
        limit: LIMITS[0] * truth.mean_work,
        consumers: truth.consumers[0],
        messages: instants.len(),
    }
}

/// Whether the file's own arrivals, with work of a law alone, have the waits of the file.
pub(super) fn law_will_do(truth: &Truth<'_>) -> bool {
    truth.judge(&trace(truth.instants)).is_near()
}

/// The file's instants, under the name of the file that they are written to.
fn trace(instants: &[f64]) -> Arrivals {
    Arrivals::Trace {
        file: PathBuf::from(TRACE_FILE),
        column: None,
        instants: Arc::new(instants.iter().map(|at| at - instants[0]).collect()),
    }
}

fn renewal(gap: Option<Law>, stream: &ArrivalStream) -> Option<Arrivals> {
    match gap? {
        Law::Exponential(_) => None,
        Law::Deterministic(_) => Some(Arrivals::Periodic),
        gap => Some(Arrivals::Renewal { gap: gap.scaled(1.0 / rounded(stream.rate) / gap.mean()) }),
    }
}

fn mmpp((rates, dwell): states::States) -> Arrivals {
    let list = |values: Vec<f64>| values.into_iter().map(rounded).collect();
    Arrivals::Mmpp { rates: list(rates), dwell: list(dwell) }
}

/// What a model is compared with besides the file.
struct Beside<'a> {
    poisson: &'a Judged,
    trace: &'a Judged,
    /// Arrivals are not Poisson: being near by chance is not enough.
    rejected: bool,
}

fn outcome(arrivals: &Arrivals, judged: &Judged, beside: &Beside<'_>, truth: &Truth<'_>) -> ModelVerdict {
    if let Arrivals::Mmpp { dwell, .. } = arrivals
        && let Some(long) =
            dwell.iter().copied().reduce(f64::max).filter(|long| *long > LONGEST * truth.stream.lasted)
    {
        return ModelVerdict::LongState(long);
    }
    // Poisson that a test has rejected gets no allowance for chance.
    let rejected = beside.rejected && *arrivals == Arrivals::Poisson;
    let near = judged.is_close() || !rejected && judged.is_as_near_as(beside.trace);
    if !near {
        return ModelVerdict::Off(judged.worst());
    }
    if !judged.is_as_certain_as(beside.poisson) && !judged.is_as_certain_as(beside.trace) {
        return ModelVerdict::Uncertain;
    }
    if judged.asks_alike(truth) { ModelVerdict::Fits } else { ModelVerdict::AsksOtherwise }
}

impl ModelFamily {
    /// What it is called in a table.
    pub fn name(self) -> String {
        match self {
            ModelFamily::Poisson => "Poisson".into(),
            ModelFamily::Daily => "rate by time of day".into(),
            ModelFamily::Weekly => "rate by time of the week".into(),
            ModelFamily::Renewal => "renewal".into(),
            ModelFamily::States(n) => format!("MMPP, {n} states"),
            ModelFamily::Piecewise => "rate piece by piece".into(),
            ModelFamily::Trace => "the trace itself".into(),
        }
    }
}
