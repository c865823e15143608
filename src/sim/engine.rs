//! What all engines can do.

use super::totals::Totals;
use crate::message::Recorder;

/// An engine that plays a plan, message by message.
///
/// Recorders are type parameters, so that the loop over messages is compiled for each of them.
pub trait Engine {
    /// What it is called in an answer.
    fn name(&self) -> &'static str;

    /// Plays so many further messages (fewer if the plan ends) and says how many.
    fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64;

    /// Plays on until every message offered so far has left, for at most as many further messages; what is
    /// still inside then is told of as unfinished.
    fn settle(&mut self, recorder: &mut impl Recorder);

    /// What happened so far, in queues and consumer groups.
    fn totals(&mut self) -> Totals;

    /// Begins a new search for the largest numbers of messages that wait at once.
    fn forget_peaks(&mut self);
}

/// An engine that can stop at any instant, and not only at an arrival.
pub trait AnyInstant: Engine {
    /// Plays all that happens up to an instant: what is done at it is, and who arrives at it is not there
    /// yet.
    fn advance_to(&mut self, instant: u64, recorder: &mut impl Recorder);

    /// Lets time pass until every message offered so far has left, in which further ones may arrive.
    fn work_off(&mut self, recorder: &mut impl Recorder);
}
