//! What ActiveMQ Classic plays.

use super::{beside_the_broker, by_hand};
use crate::load::UnmeasurableSetting;
use crate::load::targets::Support;
use crate::scenario::{Discipline, Feature, Scenario};

/// How a broker is started on this machine.
pub(in crate::load::targets) const START: &str = "docker run --rm -p 61613:61613 apache/activemq-classic";

/// How what a killed run left goes away.
pub(in crate::load::targets) const CLEARING: &str = "STOMP deletes no queue: the broker deletes one that is empty and that nobody uses where its policy says \
     gcInactiveDestinations=\"true\", and its console deletes the others (their names begin with queuelab.)";

/// How it plays each feature.
pub(in crate::load::targets) fn plays(feature: Feature) -> Support {
    match feature {
        Feature::Outages | Feature::Autoscaling | Feature::CountTimetable | Feature::Prefetch => {
            Support::Played
        }
        Feature::Priority => Support::Otherwise(
            "in the order of priorities only where the broker's policy says prioritizedMessages=\"true\"",
        ),
        Feature::Failures => Support::Otherwise(
            "what fails is sent again and comes to the end of the line, for a NACK makes it a dead letter",
        ),
        Feature::BackOff => Support::Otherwise(
            "the broker's scheduler looks twice a second, and only where its settings say \
                schedulerSupport=\"true\"",
        ),
        Feature::ConsumerBatches => {
            Support::Otherwise("messages are dealt to the servers in turn, up to a batch for each")
        }
        Feature::Partitions => {
            Support::Otherwise("each server has a queue of its own, and the harness picks it by key")
        }
        Feature::Durability => Support::Otherwise(
            "a message is confirmed when the broker's store has it, and may be taken before",
        ),
        Feature::PrefetchOnDemand | Feature::PrefetchOnRequest => {
            Support::Refused("it deals messages to its consumers in turn: leave prefetch_by out")
        }
        Feature::Room | Feature::DropHead | Feature::Block => {
            Support::Refused("its queues are bounded by bytes and not by messages: leave max_length out")
        }
        Feature::TimeToLive | Feature::RandomTimeToLive => Support::Refused(
            "what expires goes to a queue of dead letters that belongs to all: leave message_ttl out",
        ),
        Feature::VisibilityTimeout => {
            Support::Refused("a delivery lasts as long as its connection: leave visibility_timeout out")
        }
        _ => beside_the_broker(feature).unwrap_or(Support::Refused(
            "it knows arrival and priorities alone: write discipline = \"fifo\" or \"priority\"",
        )),
    }
}

/// Settings beyond what its queues know.
pub(in crate::load::targets) fn limits(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let ordered = scenario.queues.iter().any(|queue| queue.discipline == Discipline::Priority);
    let beyond =
        scenario.producers.iter().filter(|producer| ordered && !(0..=9).contains(&producer.priority));
    let priorities = beyond.map(|producer| UnmeasurableSetting {
        setting: format!("producers.{}.priority = {}", producer.name, producer.priority),
        why: "its priorities are 0 to 9: write one of them",
    });
    priorities.chain(by_hand(scenario)).collect()
}
