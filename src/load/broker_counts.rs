//! What a broker itself says of how many messages are inside, asked by a thread of its own: its answers take
//! as long as they take, and nobody is to wait for them.

use super::clock::{Clock, Monotonic};
use super::context::RunContext;
use crate::scenario::{Ack, Scenario};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Between two questions.
const EVERY: u64 = 200_000_000;
/// Between two looks whether there is something to do.
const LOOK: u64 = 10_000_000;

/// Whether a broker is measured that counts as the records do.
pub(super) fn are_told(context: &RunContext<'_>) -> bool {
    context.run_plan.on_broker && counts_alike(context.run_plan.scenario)
}

/// Instants from the start of a run and messages inside, over all queues that are consumed, from the start
/// until the run is over; nothing where the broker does not say.
pub(super) fn ask(context: &RunContext<'_>, start: &AtomicU64, over: &AtomicBool) -> Vec<(u64, u64)> {
    let mut levels = Vec::new();
    let mut next = 0;
    while !over.load(Ordering::Acquire) {
        let (begun, now) = (start.load(Ordering::Acquire), Monotonic.now());
        if begun == 0 || now < begun.max(next) {
            Monotonic.sleep_until(now + LOOK);
            continue;
        }
        next = now + EVERY;
        let counted = context.over_consumed(|queue| context.target.counted_by_broker(queue));
        let Some(inside) = counted else { break };
        levels.push((now + (Monotonic.now() - now) / 2 - begun, inside));
    }
    levels
}

/// Whether a message is inside for the broker while it is for the records. A broker may keep what has expired
/// until somebody looks, forgets what is acknowledged beforehand, and does not know of those who wait for
/// room.
fn counts_alike(scenario: &Scenario) -> bool {
    let queues = scenario.queues.iter().all(|queue| {
        queue.message_ttl.is_none() && queue.max_length.is_none() && queue.delivery_limit.is_none()
    });
    queues && scenario.consumers.iter().all(|group| group.ack != Ack::Auto && group.retry_delay.is_none())
}
