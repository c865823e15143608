//! What NATS JetStream plays.

use super::{beside_the_broker, by_hand};
use crate::load::UnmeasurableSetting;
use crate::load::targets::Support;
use crate::scenario::{Feature, Scenario};

/// How a broker is started on this machine.
pub(in crate::load::targets) const START: &str = "docker run --rm -p 4222:4222 nats:2 -js";

/// How it plays each feature.
pub(in crate::load::targets) fn plays(feature: Feature) -> Support {
    match feature {
        Feature::PrefetchOnRequest
        | Feature::BackOff
        | Feature::ConsumerBatches
        | Feature::Outages
        | Feature::Autoscaling
        | Feature::CountTimetable => Support::Played,
        Feature::Room => Support::Otherwise(
            "a stream counts what is being worked on, too: its bound is max_length and what the servers can \
                hold",
        ),
        Feature::PrefetchOnDemand => Support::Refused(
            "its server shares messages among the requests that wait: write prefetch_by = \"request\"",
        ),
        Feature::Prefetch => Support::Otherwise(
            "its server deals messages to the requests that wait, and not to the servers in turn",
        ),
        Feature::Partitions => {
            Support::Otherwise("each server has a stream of its own, and the harness picks it by key")
        }
        Feature::VisibilityTimeout => Support::Otherwise(
            "the server delivers again 10 ms late, so that nobody has a message who may still settle it",
        ),
        Feature::Durability => Support::Otherwise(
            "a message may be taken before it is on the disk, and is confirmed when it is in the file: the \
                disk is synced every 2 minutes unless the server is told sync_interval: always",
        ),
        Feature::DropHead => {
            Support::Refused("a stream does not tell what it drops: write overflow = \"reject-publish\"")
        }
        Feature::Block => {
            Support::Refused("it makes no sender wait for room: write overflow = \"reject-publish\"")
        }
        Feature::TimeToLive | Feature::RandomTimeToLive => {
            Support::Refused("a stream does not tell what has expired: leave message_ttl out")
        }
        _ => beside_the_broker(feature)
            .unwrap_or(Support::Refused("a stream has one order: write discipline = \"fifo\"")),
    }
}

/// What it does not play although it plays the features.
pub(in crate::load::targets) fn limits(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let confirm = scenario.measurement.broker.confirm;
    let unheard = scenario.queues.iter().filter(|queue| queue.max_length.is_some() && !confirm);
    let unheard = unheard.map(|queue| UnmeasurableSetting {
        setting: format!("queues.{}.max_length without publisher confirms", queue.name),
        why: "the confirm tells whether there was room: leave measurement.broker.confirm out",
    });
    unheard.chain(by_hand(scenario)).collect()
}
