//! Who sends: what a producer gives its messages.

use crate::behaviour::ProducerPolicy;
use crate::scenario::Destination;

/// A producer.
pub(super) struct Sender {
    pub to: Destination,
    pub size: u32,
    pub priority: i32,
    /// Its priority's position among all, the highest being 0.
    pub level: u64,
    pub policy: ProducerPolicy,
}
