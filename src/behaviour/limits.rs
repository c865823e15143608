//! How often a group or a server may take a message.

use super::TimeScale;
use crate::scenario::RateLimit;
pub(crate) use crate::workload::TokenBucket;

/// The full bucket of a limit.
pub(crate) fn bucket(limit: RateLimit, scale: TimeScale) -> TokenBucket {
    TokenBucket::new(scale.nanos(1.0 / limit.rate), limit.burst)
}
