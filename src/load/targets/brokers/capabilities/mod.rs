//! What brokers play of a scenario: known to every program, whether it has their clients or not.

pub(in crate::load::targets) mod rabbitmq;

use crate::load::UnmeasurableSetting;
use crate::scenario::{BrokerQueue, Discipline, Queue, Scenario};

/// Bytes of the smallest body: a message's position and a checksum.
pub(in crate::load::targets) const SMALLEST_BODY: u32 = 12;

/// What no broker plays.
fn of_all(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let existing = scenario.measurement.broker.queue == BrokerQueue::Existing;
    let small = scenario.producers.iter().filter(|p| p.size < SMALLEST_BODY).map(|p| UnmeasurableSetting {
        setting: format!("producers.{}.size", p.name),
        why: "a body holds a message's number and its checksum: write 12B or more",
    });
    let own =
        scenario.queues.iter().filter(|q| existing && has_own_settings(q)).map(|q| UnmeasurableSetting {
            setting: format!("queues.{} with settings of its own", q.name),
            why: "an existing queue has those that it was declared with: leave them out, or leave \
              measurement.broker.queue out",
        });
    small.chain(own).collect()
}

/// Whether a queue has settings that a broker is told when it is declared.
fn has_own_settings(queue: &Queue) -> bool {
    queue.max_length.is_some()
        || queue.message_ttl.is_some()
        || queue.dead_letter.is_some()
        || queue.partitions.is_some()
        || queue.discipline != Discipline::Fifo
}
