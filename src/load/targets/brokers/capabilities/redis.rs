//! What Redis Streams play.

use super::{beside_the_broker, by_hand};
use crate::load::UnmeasurableSetting;
use crate::load::targets::Support;
use crate::scenario::{Feature, Scenario};

/// How a broker is started on this machine.
pub(in crate::load::targets) const START: &str = "docker run --rm -p 6379:6379 redis:7";

/// How it plays each feature.
pub(in crate::load::targets) fn plays(feature: Feature) -> Support {
    match feature {
        Feature::PrefetchOnDemand
        | Feature::ConsumerBatches
        | Feature::Outages
        | Feature::Autoscaling
        | Feature::CountTimetable => Support::Played,
        Feature::BackOff => Support::Otherwise(
            "the delay is kept by the harness, and a server that waits looks every 10 ms for what is due",
        ),
        Feature::Room => Support::Otherwise(
            "a script compares the stream's length, which counts what is being worked on, too: its bound is \
                max_length and what the servers can hold",
        ),
        Feature::PrefetchOnRequest => {
            Support::Refused("a server reads when it has nothing left: write prefetch_by = \"demand\"")
        }
        Feature::Prefetch => Support::Otherwise(
            "as many messages are read at once when the last of the earlier ones is done, and not dealt in \
                turn",
        ),
        Feature::Partitions => {
            Support::Otherwise("each server has a stream of its own, and the harness picks it by key")
        }
        Feature::VisibilityTimeout => {
            Support::Otherwise("a server that waits looks every 10 ms for messages whose time is over")
        }
        Feature::Durability => Support::Otherwise(
            "a message may be taken before it is on the disk; the server must have appendfsync always",
        ),
        Feature::DropHead => Support::Refused(
            "a stream that is trimmed loses what is being worked on, too: write overflow = \"reject-publish\"",
        ),
        Feature::Block => {
            Support::Refused("it makes no sender wait for room: write overflow = \"reject-publish\"")
        }
        Feature::TimeToLive | Feature::RandomTimeToLive => {
            Support::Refused("entries of a stream do not expire: leave message_ttl out")
        }
        _ => beside_the_broker(feature)
            .unwrap_or(Support::Refused("a stream has one order: write discipline = \"fifo\"")),
    }
}

/// What goes together on no stream.
pub(in crate::load::targets) fn limits(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let both = scenario.consumers.iter().filter(|consumer| {
        consumer.retry_delay.is_some() && scenario.queues[consumer.from].visibility_timeout.is_some()
    });
    let delayed = both.map(|consumer| UnmeasurableSetting {
        setting: format!("consumers.{}.retry_delay with a visibility_timeout", consumer.name),
        why: "what waits for its retry would time out: leave one of them out",
    });
    delayed.chain(by_hand(scenario)).collect()
}
