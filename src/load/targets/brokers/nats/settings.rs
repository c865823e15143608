//! A queue of the scenario as a stream and its consumer.

use crate::load::targets::brokers::wire::BrokerLine;
use crate::scenario::{Durability, Overflow, Scenario};
use serde_json::{Value, json};

/// The name of a stream's consumer.
pub(super) const CONSUMER: &str = "servers";

/// Nanoseconds within which a delivery is to be settled where the scenario says nothing.
const PATIENT: u64 = 3_600_000_000_000;

/// Nanoseconds by which the server's time to settle a delivery is longer than ours: it begins when the server
/// sends a message, which may be a while before we have it, and must not be over before ours is.
const LATER: u64 = 10_000_000;

/// How a queue is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NatsQueue {
    /// Nanoseconds within which a delivery is to be settled, if there is such a time.
    pub lease: Option<u64>,
    pub delivery_limit: Option<u32>,
    pub dead_letter: Option<usize>,
    /// Whether a server may ask for its next message while it settles one.
    pub asks_ahead: bool,
    /// Whether a server settles a message at once, since there is no work in it.
    pub without_work: bool,
}

impl NatsQueue {
    pub(super) fn of(scenario: &Scenario, queue: usize) -> Self {
        let of = &scenario.queues[queue];
        let nanos = |seconds: f64| (seconds * 1e9 / scenario.measurement.speed) as u64;
        let batches = scenario.consumers_of(queue).any(|(_, consumer)| consumer.batch.is_some());
        let early =
            scenario.consumers_of(queue).any(|(_, consumer)| consumer.ack == crate::scenario::Ack::Auto);
        NatsQueue {
            lease: of.visibility_timeout.map(nanos),
            delivery_limit: of.delivery_limit,
            dead_letter: of.dead_letter,
            asks_ahead: !batches && !early,
            without_work: scenario.producers.iter().all(|p| p.service_time.is_none())
                && scenario
                    .consumers_of(queue)
                    .all(|(_, c)| c.service_time.is_zero() && c.service_time_per_message.is_zero()),
        }
    }
}

/// The name of a stream: one has no dots.
pub(super) fn stream(name: &str) -> String {
    name.replace('.', "_")
}

/// What a stream is made of.
pub(super) fn stream_settings(scenario: &Scenario, line: &BrokerLine) -> Value {
    let queue = &scenario.queues[line.queue];
    // A stream counts what is being worked on, too.
    let held: u64 = scenario
        .consumers_of(line.queue)
        .map(|(_, c)| {
            u64::from(c.most_servers().unwrap_or(0)) * u64::from(c.batch.map_or(c.prefetch, |b| b.max).max(1))
        })
        .sum();
    json!({
        "name": stream(&line.name),
        "subjects": [line.name],
        "retention": "workqueue",
        "storage": storage(queue.durability),
        "max_msgs": queue.max_length.map_or(-1, |length| (length + held) as i64),
        "discard": if queue.overflow == Overflow::DropHead { "old" } else { "new" },
        "num_replicas": 1,
    })
}

/// Where messages are kept.
pub(super) fn storage(durability: Durability) -> &'static str {
    if durability == Durability::Fsync { "file" } else { "memory" }
}

/// What its consumer is made of.
pub(super) fn consumer_settings(scenario: &Scenario, line: &BrokerLine) -> Value {
    let lease =
        NatsQueue::of(scenario, line.queue).lease.map_or(PATIENT, |lease| lease.saturating_add(LATER));
    let durable = scenario.queues[line.queue].durability == Durability::Fsync;
    let kind = if durable { "durable_name" } else { "name" };
    let mut config = json!({
        "ack_policy": "explicit", "ack_wait": lease, "deliver_policy": "all",
        // A server that works for long asks for nothing meanwhile.
        "max_ack_pending": -1, "max_waiting": 4096, "inactive_threshold": PATIENT, "mem_storage": !durable,
    });
    config[kind] = json!(CONSUMER);
    if durable {
        config["name"] = json!(CONSUMER);
    }
    json!({ "stream_name": stream(&line.name), "config": config, "action": "create" })
}
