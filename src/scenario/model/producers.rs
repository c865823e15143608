//! Producers: who sends, when messages are due, what they carry.

use super::{Arrivals, Batch, Destination};
use crate::workload::laws::Law;

/// Who sends: one stream of messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Producer {
    /// As in the scenario.
    pub name: String,
    /// Where its messages go.
    pub to: Destination,
    /// Messages a second, all batches counted. For a closed loop, a schedule or a trace: what follows from it
    /// (0 where nothing does).
    pub rate: f64,
    /// When its sends, or batches of them, are due.
    pub arrivals: Arrivals,
    /// How many messages a send has.
    pub batch: Batch,
    /// From due to reaching the queue; a pure delay, sends overlap.
    pub send_time: Law,
    /// Larger is sooner.
    pub priority: i32,
    /// Bytes of content.
    pub size: u32,
    /// The law of the messages' keys, where they have any.
    pub keys: Option<Keys>,
    /// The work that this producer's messages bring, instead of the consumer's.
    pub service_time: Option<Law>,
    /// Probability that handling one of its messages fails, at every delivery, instead of the consumers'.
    pub failure: Option<f64>,
}

/// The law of message keys, from 0 to `count` − 1.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Keys {
    /// Every key alike.
    Uniform {
        /// How many keys there are.
        count: u32,
    },
    /// Key k (from 1) with probability proportional to k^(−exponent).
    Zipf {
        /// How many keys there are.
        count: u32,
        /// 0 is uniform; about 1 is usual for what people ask for.
        exponent: f64,
    },
}

impl Producer {
    /// A Poisson producer.
    pub fn poisson(name: &str, queue: usize, rate: f64) -> Self {
        Producer {
            name: name.into(),
            to: Destination::Queue(queue),
            rate,
            arrivals: Arrivals::Poisson,
            batch: Batch::Fixed(1),
            send_time: Law::deterministic(0.0),
            priority: 0,
            size: 100,
            keys: None,
            service_time: None,
            failure: None,
        }
    }
}
