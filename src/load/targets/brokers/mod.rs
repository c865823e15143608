//! What adapters of message brokers share: addresses and credentials, names of queues, bodies of messages,
//! counts.

#[cfg(feature = "activemq")]
pub(super) mod activemq;
pub(super) mod capabilities;
#[cfg(feature = "brokers-common")]
mod common;
#[cfg(feature = "nats")]
pub(super) mod nats;
#[cfg(feature = "rabbitmq")]
pub(super) mod rabbitmq;
#[cfg(feature = "redis")]
pub(super) mod redis;
#[cfg(feature = "rabbitmq")]
mod runtime;
#[cfg(feature = "brokers-wire")]
mod wire;
