//! What RocketMQ plays of a scenario.

use super::of_a_log;
use crate::load::UnmeasurableSetting;
use crate::load::targets::Support;
use crate::scenario::{BrokerQueue, Feature, Scenario};

/// How a broker is started on this machine: its name server, then itself.
pub(in crate::load::targets) const START: &str = "docker run --rm --network host apache/rocketmq sh mqnamesrv & docker run --rm --network host \
     apache/rocketmq sh mqbroker -n 127.0.0.1:9876";

/// Messages of one request for a batch.
const LARGEST_BATCH: u32 = 32;

/// How it plays each feature.
pub(in crate::load::targets) fn plays(feature: Feature) -> Support {
    match feature {
        Feature::VisibilityTimeout => {
            Support::Refused("what was not settled in time comes again seconds later than that: leave it out")
        }
        Feature::Durability => Support::Refused(
            "whether it waits for the disk is its own setting, flushDiskType: leave durability out",
        ),
        Feature::Prefetch | Feature::PrefetchOnDemand | Feature::PrefetchOnRequest => {
            Support::Refused("it hands out what is asked for and knows no windows: leave it out")
        }
        Feature::Failures | Feature::OwnFailures | Feature::BackOff => Support::Otherwise(
            "what is given back is shown again when the broker next looks, up to some seconds later",
        ),
        Feature::DeliveryLimit => Support::Otherwise("the consumer gives messages up, by the broker's count"),
        Feature::Outages => {
            Support::Otherwise("what a broken server had is shown again up to some seconds later")
        }
        Feature::Partitions => {
            Support::Otherwise("each server has a topic of its own, and the harness picks it by key")
        }
        _ => of_a_log(feature),
    }
}

/// What it does not play although it plays the features.
pub(in crate::load::targets) fn limits(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let large = scenario.consumers.iter().filter(|c| c.batch.is_some_and(|batch| batch.max > LARGEST_BATCH));
    let large = large.map(|consumer| UnmeasurableSetting {
        setting: format!("consumers.{}.batch.max", consumer.name),
        why: "one request brings 32 messages: write no more than that",
    });
    let existing = scenario.measurement.broker.queue == BrokerQueue::Existing;
    let existing = existing.then(|| UnmeasurableSetting {
        setting: "measurement.broker.queue = \"existing\"".into(),
        why: "its topics keep what was settled, so that nobody can tell whether one is empty: leave it out",
    });
    super::of_all(scenario)
        .into_iter()
        .chain(large)
        .chain(existing)
        .chain(super::without_reconnect(scenario))
        .collect()
}
