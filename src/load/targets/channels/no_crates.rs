//! What a program says that is built without the feature `channels`.

use crate::load::LoadError;
use crate::load::targets::Target;
use crate::scenario::Scenario;

pub(in super::super) fn absent(scenario: &Scenario, _messages: usize) -> Result<Box<dyn Target>, LoadError> {
    Err(LoadError::NotBuiltIn { target: scenario.measurement.target.clone(), feature: "channels" })
}

pub(in super::super) use {absent as crossbeam, absent as flume, absent as kanal};
