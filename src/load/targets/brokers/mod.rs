//! What adapters of message brokers share: addresses and credentials, names of queues, bodies of messages,
//! counts.

pub(super) mod capabilities;
#[cfg(feature = "brokers-common")]
mod common;
#[cfg(feature = "rabbitmq")]
pub(super) mod rabbitmq;
#[cfg(feature = "rabbitmq")]
mod runtime;
