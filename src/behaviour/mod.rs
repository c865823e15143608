//! What happens to messages, decided once for simulation and measurement: pure rules, with time and random
//! draws as parameters.
//!
//! The simulation and the threads of a measurement play the same plan by two clocks. What does not depend on
//! a clock is decided here: the random [draws](Draws) of a [message](MessageIdentity), the work of a
//! delivery, whether it fails and when it is tried again, where a message goes, how many servers there should
//! be, and when a message with copies is done. So a measurement can be compared message by message with a
//! simulation of the same plan.

mod completion;
mod consumer;
mod draws;
mod identity;
mod keys;
mod limits;
mod producer;
mod queue;
pub(crate) mod retry;
mod routing;
mod scaling;
mod work;

pub(crate) use completion::{Copies, copies_needed};
pub(crate) use consumer::{Breakdowns, ConsumerPolicy};
pub(crate) use draws::{Draws, RandomTime, Role, TimeScale};
pub(crate) use identity::MessageIdentity;
pub(crate) use keys::MessageKeys;
pub(crate) use limits::{TokenBucket, bucket};
pub(crate) use producer::ProducerPolicy;
pub(crate) use queue::QueuePolicy;
pub(crate) use routing::{Routes, TopicPolicy};
pub(crate) use scaling::{ServerScaler, ServerState};
pub(crate) use work::{WorkItem, WorkPolicy, at_speed};
