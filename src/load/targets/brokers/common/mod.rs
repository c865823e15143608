//! What adapters of message brokers share: addresses and credentials, names of queues, bodies of messages,
//! counts.

mod body;
mod counts;
mod names;
mod secret;
mod url;

pub(super) use body::MessageBodies;
pub(super) use counts::{MessagesInside, Redeliveries};
pub(super) use names::{RunNames, is_of_a_run};
pub(super) use url::BrokerUrl;

use crate::load::LoadError;

/// A broker that cannot be used, and why, as a clause.
pub(super) fn failed(target: &str, why: impl Into<String>) -> LoadError {
    LoadError::Broker { target: target.into(), why: why.into() }
}

/// The contents of a file that the scenario names for a secured connection.
pub(super) fn read_file(target: &str, setting: &str, path: &str) -> Result<Vec<u8>, LoadError> {
    std::fs::read(path).map_err(|why| {
        failed(target, format!("measurement.broker.{setting} = \"{path}\" cannot be read: {why}"))
    })
}
