//! Whichever engine plays a scenario, as one type.

use super::engine::Engine;
use super::{Chain, Network, OneStage, Recursion, Tandem, Totals};
use crate::message::Recorder;
use crate::workload::Blocks;

/// The engine that plays a scenario, whichever it is.
pub enum Simulator<S> {
    /// One queue, from message to message.
    Recursion(Box<Recursion<S>>),
    /// Queues in a row, many messages at a time.
    Tandem(Box<Tandem<S>>),
    /// Several queues that are passed in a fixed order, one after the other.
    Chain(Box<Chain<S>>),
    /// One queue in any order, event by event.
    OneStage(Box<OneStage<S>>),
    /// Anything, event by event.
    Network(Box<Network<S>>),
}

/// The same call of whichever engine it is.
macro_rules! of_each {
    ($simulator:ident, $engine:ident => $call:expr) => {
        match $simulator {
            Simulator::Recursion($engine) => $call,
            Simulator::Tandem($engine) => $call,
            Simulator::Chain($engine) => $call,
            Simulator::OneStage($engine) => $call,
            Simulator::Network($engine) => $call,
        }
    };
}

impl<S: Blocks> Engine for Simulator<S> {
    fn name(&self) -> &'static str {
        of_each!(self, engine => engine.name())
    }

    fn advance(&mut self, messages: u64, recorder: &mut impl Recorder) -> u64 {
        of_each!(self, engine => engine.advance(messages, recorder))
    }

    fn settle(&mut self, recorder: &mut impl Recorder) {
        of_each!(self, engine => engine.settle(recorder));
    }

    fn totals(&mut self) -> Totals {
        of_each!(self, engine => engine.totals())
    }

    fn forget_peaks(&mut self) {
        of_each!(self, engine => engine.forget_peaks());
    }
}
