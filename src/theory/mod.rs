//! Theory: what mathematics knows about a scenario, exactly or as an approximation that says so.
//!
//! One file per model: its formulas are plain functions over numbers, documented with source and domain, and
//! below them an adapter says which scenarios they fit. [`MODELS`] lists the adapters, exact ones first;
//! [`answer`] asks the first that applies, and [`explain`] tells for each why it does not.
//!
//! | file | model | exact | what it yields | cost |
//! |---|---|---|---|---|
//! | `mginf` | M/G/∞, M/G/c/c (Erlang loss) | yes | everything | 62 µs – 111 µs |
//! | `held_back` | any queue of these, behind a delay | as the queue alone | the same, later | as the queue alone |
//! | `transit` | any queue of these, far from its consumers (a window of one message) | as the queue alone | the same, later | as the queue alone |
//! | `several_servers` | any queue of these, each message with several servers at once | as the queue alone | the same | as the queue alone |
//! | `resources` | any queue of these, its servers alone with a resource | as the queue alone | the same | as the queue alone |
//! | `token_bucket` | M/G/∞ behind a token bucket | yes | means; percentiles of the wait | microseconds |
//! | `ddc` | D/D/c | yes | everything | microseconds |
//! | `mm1`, `mmc` | M/M/1, M/M/c | yes | everything | 49 µs – 265 µs |
//! | `heterogeneous` | M/M/c, unequal servers: the longest idle first, the fastest or any | yes | everything but the percentiles of the number in the system | microseconds |
//! | `load_dependent` | M/M/c whose servers' speed depends on how many are at work, or how many wait | yes | everything in the first case; means and lengths in the second | microseconds |
//! | `mmck` | M/M/c/K, rejecting or dropping the oldest | yes | everything; the latter without percentiles of times | 40 µs – 2.3 ms |
//! | `priority` | M/G/1 and M/M/c, with and without preemption | yes | per class; no percentiles behind preemption in M/M/c | 2.3 ms – 54 ms (M/LN/1-PRIO, resume) |
//! | `orders`, `tagged_customer` | last first, at random, shared | yes | means, spreads; percentiles of the last first, and of exponential services otherwise | 270 µs – 30 ms (M/LN/1-LIFO) |
//! | `shortest` | M/G/1, shortest or shortest remaining first | yes | means: the wait depends on the work | 166 µs – 169 µs |
//! | `patience` | M/M/c+G (time to live of any law) | yes | losses, waits of the served with percentiles | 278 µs – 3.0 ms (M/M/10+LN) |
//! | `retries`, `held_retries` | failing deliveries: M/G/1 (with a limit), M/M/c; with back-off M/M/c, M/G/∞, in place M/G/1 | yes | everything but lengths' percentiles; means with back-off | 21 µs – 4.6 ms (M/LN/1, retries) |
//! | `breakdowns` | M/G/1 and M/M/c with outages | yes | means; percentiles for one server that breaks while busy | 171 µs – 4.6 ms (M/LN/1, breaks while busy) |
//! | `partitions` | partitions by key, M/G/1 each | yes | percentiles of times | 892 µs |
//! | `batches` | M^X/G/1 | yes | percentiles of times | 690 µs |
//! | `bulk` | M/M^\[1,b\]/1 | yes | percentiles of times | 506 µs |
//! | `linger` | batches by size or time where none waits for a server | servers without limit; else approximate | percentiles where the batch's time is constant, of phases or lognormal; means of times by size | microseconds |
//! | `mdc` | M/D/c | yes | everything | 154 µs – 490 µs |
//! | `mg1` | M/G/1, every law | yes | percentiles of times by transform inversion, absolute error of the tail about 1e-11 | 568 µs – 22 ms (M/LN/1, scv 100) |
//! | `gim1`, `gimc` | GI/M/1, GI/M/c | yes | everything | 101 µs – 539 µs |
//! | `phph` | MAP/PH/c: E, H and MMPP in any mixture | yes | everything | 453 µs – 11 ms (M/H2/20) |
//! | `finite` | M/M/c//N; closed networks by convolution and mean value analysis | yes | everything; means for networks | 53 µs – 528 µs |
//! | `jackson` | Jackson networks, tandems, feedback | yes | percentiles end to end where nobody overtakes | 608 µs |
//! | `bcmp` | open networks of several classes with ways of their own: first come first served (exponential), shared, without limit, last first with interruption | yes | means; percentiles of waits in order of arrival | microseconds |
//! | `blocking` | two exponential servers with bounded room between | yes | means | 114 µs |
//! | `dispatch` | topics: in turn, at random, by key, to all; shorter of two; power of two | mostly | percentiles where the queues' are known; means of the last two | 147 µs – 3.5 ms (shorter of two) |
//! | `forkjoin`, `rejoined` | all or k of n copies; what rejoins and goes on to servers without limit | two alike, or nobody waits | means of all; percentiles of k of n | 28 µs – 377 µs |
//! | `ggc`, `qna` | G/G/c, networks of them | no | means | 37 µs – 42 µs |
//! | `transient`, `draining` | M(t)/M/c; fluid | yes; no | means over time and at an instant, time to drain and its law | 27 µs – 870 µs |
//!
//! The cost is that of a whole answer: every metric, and the latency's law in 200 points (median of `cargo
//! bench --bench theory` on an idle machine; where it differs, from the cheapest to the dearest of the
//! family's scenarios there).

pub mod age;
pub mod batches;
pub mod bcmp;
pub mod blocking;
pub mod breakdowns;
pub mod bulk;
pub mod busy;

pub mod ddc;
mod dead_letters;
pub mod dispatch;
pub mod draining;
pub mod erlang;
mod explain;
mod fft;
mod figures;
pub mod finite;
pub mod forkjoin;
mod formulas;
pub mod ggc;
pub mod gim1;
pub mod gimc;
pub mod held_back;
pub mod held_retries;
pub mod heterogeneous;
pub mod idle_choice;
pub mod invert;
pub mod jackson;
mod kendall;
pub mod levels;
pub mod linger;
pub mod load_dependent;
pub mod matrix;
pub mod mdc;
pub mod mg1;
pub mod mginf;
mod mismatch;
pub mod mm1;
pub mod mmc;
pub mod mmck;
mod network;
pub mod orders;
pub mod partitions;
pub mod patience;
mod phase_type;
pub mod phases;
pub mod phph;
pub mod priority;
pub mod qbd;
pub mod qna;
mod quadrature;
pub mod rejoined;
mod requires;
pub mod resources;
pub mod retries;
pub mod room;
mod service;
pub mod several_servers;
pub mod shortest;
pub mod spread;
mod stability;
mod station;
pub mod tagged_customer;
pub mod times;
mod timetable;
pub mod token_bucket;
mod traffic;
pub mod transform;
pub mod transient;
pub mod transit;
pub mod unequal;
pub mod welch;

pub use crate::scenario::Feature;
pub use explain::{Explanation, Load, ModelNote, Parts, TimetableNote, explain, growing, loads, timetables};
pub use figures::{EndToEnd, GroupFigures, LevelSummary, SteadyState, StreamFigures};
pub use formulas::formulas;
pub use mismatch::Mismatch;
pub use service::Service;
use stability::enough;
pub use stability::stable;
pub use station::{Gaps, Station, StationStream};
pub use times::TimeDistribution;

use crate::answer::{Answer, Growth, Method, Reason, TheoryCaveat, Unanswered};
use crate::scenario::Scenario;

/// Whether a model is a theorem or an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exactness {
    /// A theorem, to the accuracy of its numerics.
    Exact,
    /// An estimate.
    Approximate,
}

/// Why a model that applies gives no figures.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A backlog grows without end.
    #[error("{0}")]
    Unstable(#[from] Growth),
    /// Anything else, as a sentence.
    #[error("{0}")]
    Other(String),
}

impl From<Mismatch> for ModelError {
    fn from(mismatch: Mismatch) -> Self {
        ModelError::Other(mismatch.to_string())
    }
}

impl From<ModelError> for Reason {
    fn from(refusal: ModelError) -> Self {
        match refusal {
            ModelError::Other(why) => Reason::Unsupported(why),
            ModelError::Unstable(growth) => growth.into(),
        }
    }
}

/// A model: which scenarios it fits, and what it says about them.
pub trait ClosedForm: Sync {
    /// Kendall's name, or what the literature calls it.
    fn name(&self) -> &'static str;

    /// Whether it is a theorem or an estimate.
    fn exactness(&self) -> Exactness;

    /// Whether it fits.
    ///
    /// # Errors
    /// The first reason against it, as a phrase.
    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch>;

    /// Whether it knows hosts that need time until a consumer has its message; all others are of ideal ones.
    fn hands_over(&self) -> bool {
        false
    }

    /// Whether its figures of a scenario that it fits are a theorem, the host's time included.
    fn is_exact(&self, scenario: &Scenario) -> bool {
        let ideal = scenario.simulation.overheads.delivers_at_once();
        self.exactness() == Exactness::Exact && (ideal || self.hands_over())
    }

    /// How many of the scenario's features it does not know: how far it is from fitting. Models of networks
    /// are far from a single queue, and from queues behind a topic.
    fn lacks(&self, scenario: &Scenario) -> usize {
        let forwards = scenario.consumers.iter().any(|c| !c.to.is_empty());
        match (scenario.queues.len(), scenario.topics.is_empty(), forwards) {
            (1, true, false) => usize::MAX,
            (_, true, _) => 0,
            (_, false, _) => 2,
        }
    }

    /// Its figures, for a scenario that it fits.
    ///
    /// # Errors
    /// Why there are none after all, such as instability.
    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError>;

    /// Its figures for one queue of a larger scenario; `None` if it does not fit.
    fn at(&self, _station: &Station<'_>) -> Option<Result<SteadyState, ModelError>> {
        None
    }
}

/// A model of a single queue. Every such model is a [`ClosedForm`].
pub trait QueueModel: Sync {
    /// Kendall's name, or what the literature calls it.
    const NAME: &'static str;
    /// Whether it is a theorem or an estimate.
    const EXACTNESS: Exactness = Exactness::Exact;
    /// Whether it knows hosts that need time until a consumer has its message.
    const HANDS_OVER: bool = false;
    /// What it knows beyond plain queueing in order of arrival with unbounded room.
    const KNOWS: &'static [Feature] = &[];

    /// Whether the station is of its kind, given that it asks for no feature that the model does not know.
    ///
    /// # Errors
    /// The first reason against it.
    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch>;

    /// # Errors
    /// Why there are no figures.
    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError>;
}

impl<M: QueueModel> ClosedForm for M {
    fn name(&self) -> &'static str {
        M::NAME
    }

    fn exactness(&self) -> Exactness {
        M::EXACTNESS
    }

    fn hands_over(&self) -> bool {
        M::HANDS_OVER
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        let station = Station::of(scenario)?;
        station.only(M::KNOWS)?;
        self.fits(&station)
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        Station::of(scenario).map_or(usize::MAX, |station| station.lacking(M::KNOWS))
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let station = Station::of(scenario).map_err(ModelError::from)?;
        Ok(self.figures(&station)?.answer(&station))
    }

    fn at(&self, station: &Station<'_>) -> Option<Result<SteadyState, ModelError>> {
        let fits = station.only(M::KNOWS).and_then(|()| self.fits(station));
        fits.is_ok().then(|| self.figures(station))
    }
}

/// What the first model that fits says about one queue of a larger scenario.
///
/// # Errors
/// No model fits, or the queue is unstable.
pub fn figures_at(station: &Station<'_>) -> Result<SteadyState, ModelError> {
    let first = MODELS.iter().find_map(|model| model.at(station));
    first.unwrap_or_else(|| {
        Err(ModelError::Other(format!("no closed form fits the queue `{}`", station.queue.name)))
    })
}

/// Every model: the special before the general, the exact before the approximate.
pub const MODELS: &[&dyn ClosedForm] = &[
    &welch::SlowHandOver,
    &welch::SlowHandOvers,
    &mginf::Unlimited,
    &ddc::Ddc,
    &held_back::HeldBack,
    &transit::Transit,
    &several_servers::SeveralServers,
    &resources::AloneWithResource,
    &mginf::ErlangLoss,
    &token_bucket::TokenBucketQueue,
    &mm1::Mm1,
    &mmc::Mmc,
    &heterogeneous::UnequalServers,
    &mmck::Mmck,
    &mmck::DropHead,
    &priority::ManyServers,
    &priority::OneServer,
    &orders::LastOrAny,
    &orders::Symmetric,
    &shortest::Shortest,
    &patience::TimeToLive,
    &retries::Retries,
    &retries::BackOff,
    &held_retries::HeldRetries,
    &partitions::PartitionedQueue,
    &breakdowns::Interrupted,
    &breakdowns::MmcBreakdowns,
    &batches::BatchArrivals,
    &bulk::ConsumerBatches,
    &linger::SizeOrTime,
    &mdc::Mdc,
    &mg1::Mg1,
    &gim1::GiM1,
    &gimc::GiMc,
    &phph::Phases,
    &finite::FiniteSource,
    &load_dependent::LoadDependent,
    &finite::Closed,
    &jackson::Jackson,
    &bcmp::Classes,
    &blocking::BlockingTandem,
    &dispatch::Split,
    &rejoined::Rejoined,
    &dispatch::ShortestOfTwo,
    &transient::Schedule,
    &ggc::AllenCunneen,
    &dispatch::PowerOfTwo,
    &qna::Qna,
    &transient::Fluid,
];

/// Whether a model fits; what none of them knows, of queues and of networks, comes first.
///
/// # Errors
/// The first reason against it.
fn fits(model: &dyn ClosedForm, scenario: &Scenario) -> Result<(), Mismatch> {
    match scenario.producers.iter().any(|p| p.rate_limit.is_some()) {
        true => Err(Feature::SendLimit.into()),
        false => model.applies(scenario),
    }
}

/// What theory says about a scenario: by the first model that fits.
///
/// # Errors
/// No model fits (with the nearest one's reason), or the scenario has no stationary state.
pub fn answer(scenario: &Scenario) -> Result<Answer, Unanswered> {
    if scenario.is_of_the_start() {
        let why = "closed forms are of the steady state, and [simulation] asks for the first stretch of \
            time from an empty start";
        return Err(Reason::Unsupported(why.into()).by(Method::Theory));
    }
    if let Some(answer) = dead_letters::answer(scenario) {
        return answer;
    }
    let mut nearest: Option<(usize, &str, Mismatch)> = None;
    for model in MODELS {
        match fits(*model, scenario) {
            Ok(()) => {
                let mut answer =
                    model.solve(scenario).map_err(|refusal| Reason::from(refusal).by(Method::Theory))?;
                answer.caveats.extend(scenario.caveats());
                if !(answer.counts_host || scenario.simulation.overheads.delivers_at_once()) {
                    // An exact answer to another question: the simulation's host needs its time.
                    answer.exact = false;
                    answer.caveats.push(TheoryCaveat::IdealHost.into());
                }
                return Ok(answer);
            }
            Err(reason) => {
                // Of models that are as near, the most general one's reason says best what stands in the way.
                let lacks = model.lacks(scenario);
                if nearest.as_ref().is_none_or(|(least, ..)| lacks <= *least) {
                    nearest = Some((lacks, model.name(), reason));
                }
            }
        }
    }
    Err(Reason::Unsupported(format!(
        "no closed form fits{}",
        nearest.map_or(String::new(), |(_, name, why)| format!("; the nearest, {name}: {why}"))
    ))
    .by(Method::Theory))
}

#[cfg(test)]
mod tests;
