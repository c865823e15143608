//! What adapters of message brokers share: addresses and credentials, names of queues, bodies of messages,
//! counts.

#[cfg(feature = "activemq")]
pub(super) mod activemq;
pub(super) mod capabilities;
#[cfg(feature = "brokers-common")]
#[cfg_attr(
    not(feature = "brokers"),
    allow(dead_code, unused_imports, reason = "an adapter uses a part of it")
)]
mod common;
#[cfg(feature = "kafka")]
pub(super) mod kafka;
#[cfg(feature = "nats")]
pub(super) mod nats;
#[cfg(feature = "rabbitmq")]
pub(super) mod rabbitmq;
#[cfg(feature = "redis")]
pub(super) mod redis;
#[cfg(feature = "brokers-wire")]
#[cfg_attr(
    not(feature = "brokers"),
    allow(dead_code, unused_imports, reason = "an adapter uses a part of it")
)]
mod renewal;
#[cfg(feature = "rocketmq")]
pub(super) mod rocketmq;
#[cfg(any(feature = "rabbitmq", feature = "zeromq"))]
mod runtime;
#[cfg(any(feature = "rabbitmq", feature = "kafka", feature = "zeromq"))]
mod waker;
#[cfg(feature = "brokers-wire")]
#[cfg_attr(
    not(feature = "brokers"),
    allow(dead_code, unused_imports, reason = "an adapter uses a part of it")
)]
mod wire;
#[cfg(feature = "zeromq")]
pub(super) mod zeromq;
