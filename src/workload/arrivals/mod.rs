//! Arrival processes: when a producer's messages are due. A file per process.

mod batch;
mod mmpp;
mod modulated;
mod renewal;
mod schedule;
mod trace;

pub use batch::Batch;

use super::laws::Law;
use super::plan_error::PlanError;
use crate::rng::Key;
use crate::units::NANOS_PER_SECOND;
use renewal::{Periodic, Renewal};
use std::path::PathBuf;
use std::sync::Arc;
use trace::Trace;
pub use trace::rate_of;

/// When a producer's sends (or batches of them) are due.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Arrivals {
    /// Independent exponential gaps.
    Poisson,
    /// Equal gaps; the first message comes after one.
    Periodic,
    /// Independent gaps of this law; its mean is that of the gaps between batches.
    Renewal {
        /// In seconds.
        gap: Law,
    },
    /// Poisson at a rate that jumps from state to state in their order, and from the last to the first, after
    /// exponential sojourns: rates in messages a second, mean dwells in seconds.
    Mmpp {
        /// Messages a second in each state.
        rates: Vec<f64>,
        /// Mean time in each state, in seconds.
        dwell: Vec<f64>,
    },
    /// Poisson at a rate that follows a timetable; after the last step it starts again if `repeat`, else
    /// stays at the last rate.
    Schedule {
        /// One after the other.
        steps: Vec<Step>,
        /// Whether it begins again after the last step.
        repeat: bool,
        /// Whether the rate moves from each step's to the next one's.
        ramp: bool,
    },
    /// Instants, in seconds from the start, read from a file.
    Trace {
        /// As the scenario names it.
        file: PathBuf,
        /// The column that was asked for.
        column: Option<String>,
        /// In order; there may be millions, so that all who read them share one list.
        instants: Arc<Vec<f64>>,
    },
    /// So many clients that each send, wait for the answer, and think.
    Closed {
        /// How many clients there are.
        concurrency: u32,
        /// Between an answer and the next message.
        think_time: Law,
    },
}

impl Arrivals {
    /// The process on a faster clock: every time divided by the factor, every rate multiplied.
    pub fn faster(&mut self, factor: f64) {
        match self {
            Arrivals::Mmpp { dwell, .. } => dwell.iter_mut().for_each(|time| *time /= factor),
            Arrivals::Schedule { steps, .. } => steps.iter_mut().for_each(|step| step.lasts /= factor),
            Arrivals::Closed { think_time, .. } => *think_time = think_time.scaled(1.0 / factor),
            Arrivals::Poisson | Arrivals::Periodic | Arrivals::Renewal { .. } | Arrivals::Trace { .. } => {}
        }
        self.denser(factor);
    }

    /// The process with so many times the messages, its pattern in time unchanged but for the gaps.
    pub fn denser(&mut self, factor: f64) {
        match self {
            Arrivals::Renewal { gap } => *gap = gap.scaled(1.0 / factor),
            Arrivals::Mmpp { rates, .. } => rates.iter_mut().for_each(|rate| *rate *= factor),
            Arrivals::Schedule { steps, .. } => steps.iter_mut().for_each(|step| step.rate *= factor),
            Arrivals::Trace { instants, .. } => {
                Arc::make_mut(instants).iter_mut().for_each(|at| *at /= factor);
            }
            Arrivals::Poisson | Arrivals::Periodic | Arrivals::Closed { .. } => {}
        }
    }

    /// Whether its instants are the same for every seed.
    pub fn is_regular(&self) -> bool {
        match self {
            Arrivals::Periodic | Arrivals::Trace { .. } => true,
            Arrivals::Renewal { gap } => !gap.varies(),
            Arrivals::Closed { think_time, .. } => !think_time.varies(),
            Arrivals::Poisson | Arrivals::Mmpp { .. } | Arrivals::Schedule { .. } => false,
        }
    }
}

/// A step of a schedule. With `ramp`, the rate moves from this step's to the next one's during it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Seconds.
    pub lasts: f64,
    /// Messages a second.
    pub rate: f64,
}

/// The instants of one producer's messages, in nanoseconds from the start of the run, never decreasing.
///
/// The plan asks for them in blocks, from one thread.
pub trait ArrivalProcess: Send {
    /// Replaces `out` by the next instants: a full block of [`BLOCK`](crate::rng::BLOCK), or fewer when the
    /// process ends within it, and none ever after.
    fn next(&mut self, out: &mut Vec<u64>);
}

/// Ends at once: a producer without a rate.
struct Never;

impl ArrivalProcess for Never {
    fn next(&mut self, out: &mut Vec<u64>) {
        out.clear();
    }
}

/// The process of a producer of this name, batches included.
pub(super) fn process(
    key: Key,
    name: &str,
    arrivals: &Arrivals,
    rate: f64,
    batch: &Batch,
) -> Result<Box<dyn ArrivalProcess>, PlanError> {
    let size = batch.mean();
    let gap = NANOS_PER_SECOND * size / rate;
    let stream = key.role("arrivals", name);
    let any = size > 0.0;
    let batches: Box<dyn ArrivalProcess> = match arrivals {
        Arrivals::Closed { .. } => return Err(PlanError::Closed(name.into())),
        _ if !any => Box::new(Never),
        Arrivals::Renewal { gap } if gap.is_zero() => return Err(PlanError::NoGap(name.into())),
        Arrivals::Poisson | Arrivals::Periodic if gap == 0.0 => return Err(PlanError::NoGap(name.into())),
        Arrivals::Poisson | Arrivals::Periodic if !gap.is_finite() => Box::new(Never),
        Arrivals::Poisson => Box::new(Renewal::new(stream, Law::exponential(gap))),
        Arrivals::Periodic => Box::new(Periodic::new(gap)),
        Arrivals::Renewal { gap } => Box::new(Renewal::new(stream, gap.scaled(NANOS_PER_SECOND))),
        Arrivals::Mmpp { rates, dwell } => mmpp::mmpp(stream, rates, dwell, size),
        Arrivals::Schedule { steps, repeat, ramp } => schedule::schedule(stream, steps, *repeat, *ramp, size),
        Arrivals::Trace { instants, .. } => Box::new(Trace::new(instants)),
    };
    Ok(if batch.is_single() {
        batches
    } else {
        Box::new(batch::BatchProcess::new(key.role("batch", name), batches, batch))
    })
}
