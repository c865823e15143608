//! What Kafka plays: a log in the order of arrival, read by one consumer of each partition.

use super::of_a_log;
use crate::load::UnmeasurableSetting;
use crate::load::targets::Support;
use crate::scenario::{Feature, Scenario};

/// How a broker is started on this machine.
pub(in crate::load::targets) const START: &str = "docker run --rm -p 9092:9092 apache/kafka";

/// How Kafka plays a feature.
pub(in crate::load::targets) fn plays(feature: Feature) -> Support {
    match feature {
        Feature::VisibilityTimeout => Support::Refused(
            "a consumer that takes too long loses its partitions, not a message: leave it out",
        ),
        Feature::BackOff => {
            Support::Refused("a partition goes on with the message or without it: leave retry_delay out")
        }
        Feature::Failures | Feature::OwnFailures => Support::Otherwise(
            "no message can be given back: the consumer works on it again, before those behind it, and \
                the broker does not know",
        ),
        Feature::DeliveryLimit => Support::Otherwise("the consumer counts, for the broker does not"),
        Feature::Durability => Support::Otherwise(
            "the broker flushes each message to its disk before it confirms it (flush.messages = 1, acks = \
                all)",
        ),
        Feature::Partitions => Support::Otherwise(
            "each server reads a partition of its own, which has all keys of the partitions dealt to it",
        ),
        Feature::Prefetch | Feature::PrefetchOnDemand | Feature::PrefetchOnRequest => Support::Otherwise(
            "the client fetches ahead by bytes, whatever is written: one consumer has the whole line anyway",
        ),
        Feature::Outages | Feature::Autoscaling | Feature::CountTimetable => Support::Otherwise(
            "servers go and come within a process that keeps its partition: no rebalance is waited for",
        ),
        _ => of_a_log(feature),
    }
}

/// What Kafka does not play of features that it plays.
pub(in crate::load::targets) fn limits(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let dealt = |index: usize| {
        let groups = || scenario.consumers_of(index).map(|(_, consumer)| consumer);
        let servers: u32 = groups().map(|consumer| consumer.most_servers().unwrap_or(0)).sum();
        servers > 1 && groups().any(|consumer| consumer.prefetch > 1)
    };
    let windows = scenario
        .queues
        .iter()
        .enumerate()
        .filter(|(index, queue)| queue.partitions.is_none() && dealt(*index));
    let windows = windows.map(|(_, queue)| UnmeasurableSetting {
        setting: format!("prefetch of several consumers of queues.{}", queue.name),
        why: "nobody deals its messages to windows: leave prefetch out",
    });
    super::of_all(scenario).into_iter().chain(windows).chain(super::without_reconnect(scenario)).collect()
}
