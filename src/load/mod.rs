//! Measurement: the same plan that is simulated, played against a real queue and the real clock.
//!
//! One generator thread sends at the plan's absolute instants, every server of a consumer group is a thread
//! that takes, spends the planned demand and acknowledges. Each message's life is written down where it
//! happens and read when all is over; what the host did meanwhile is judged by gates beside the result.
//! Nothing here computes an answer from the records.

mod broker_counts;
mod calibrate;
mod calibrate_target;
mod clients;
mod clock;
mod connected;
mod context;
mod delivery_sample;
mod error;
mod exits;
mod gates;
mod generator;
mod hand_offs;
mod host;
mod interference;
mod key_locks;
mod message_copy;
mod outages;
mod pacing;
mod playable;
mod records;
mod rules;
mod run;
mod run_length;
mod run_listener;
mod run_plan;
mod runner;
mod scaler;
mod server;
mod shared_queues;
mod system;
pub(crate) mod targets;
mod visit_log;
mod warm_up;
mod work;

pub(crate) use calibrate::calibrate;
pub(crate) use calibrate_target::calibrate_target;
pub(crate) use delivery_sample::DeliveryTimes;
pub(crate) use error::{LoadError, UnmeasurableSetting};
pub(crate) use gates::DISTURBANCES;
pub(crate) use host::host;
pub(crate) use playable::refusals;
pub(crate) use run::{BrokerTimes, Control, likely_time, measure};
pub(crate) use targets::{Support, TARGETS, TargetEntry, is_broker, leftovers, prefetches_by, told};
