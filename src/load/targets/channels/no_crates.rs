//! What a program says that is built without the feature `channels`.

use crate::load::LoadError;
use crate::load::targets::Target;
use crate::scenario::Scenario;

pub(in super::super) fn absent(scenario: &Scenario, _messages: usize) -> Result<Box<dyn Target>, LoadError> {
    Err(LoadError::Unsupported {
        what: format!("{} is a crate that this program was built without", scenario.measurement.target),
        instead: "build it with the feature `channels`, or measure with target = \"in-process\"".into(),
    })
}

pub(in super::super) use {absent as crossbeam, absent as flume, absent as kanal};
