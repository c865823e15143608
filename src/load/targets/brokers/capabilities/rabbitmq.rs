//! What RabbitMQ plays of a scenario.

use crate::load::UnmeasurableSetting;
use crate::load::targets::Support;
use crate::scenario::{Discipline, Feature, Overflow, QueueType, Scenario};

/// How a broker is started on this machine.
pub(in crate::load::targets) const START: &str = "docker run --rm -p 5672:5672 rabbitmq:4";

/// How what a killed run left goes away.
pub(in crate::load::targets) const CLEARING: &str =
    "a queue that nobody uses deletes itself a minute after its run would have ended, or a little later";

/// How it plays each feature.
pub(in crate::load::targets) fn plays(feature: Feature) -> Support {
    match feature {
        Feature::Lifo | Feature::Random | Feature::Shortest | Feature::Deadline | Feature::RoundRobin => {
            Support::Refused("its queues know arrival and priority: write \"fifo\" or \"priority\"")
        }
        Feature::PrefetchOnDemand | Feature::PrefetchOnRequest => {
            Support::Refused("it deals messages to its consumers in turn: leave prefetch_by out")
        }
        Feature::Block => Support::Refused(
            "it makes no sender wait for room in one queue: write \"reject-publish\" or \"drop-head\"",
        ),
        Feature::VisibilityTimeout => {
            Support::Refused("its consumer_timeout closes the channel, after a minute or more: leave it out")
        }
        Feature::Room => Support::Otherwise(
            "whether there is room is told with the confirm, and a burst may overshoot, since a queue decides in batches",
        ),
        Feature::TimeToLive | Feature::RandomTimeToLive => Support::Otherwise(
            "in whole milliseconds, and what has expired is thrown out when it comes to the head of the line",
        ),
        Feature::BackOff => Support::Otherwise(
            "what failed waits in the harness and is published again to the end of the line",
        ),
        Feature::Partitions => Support::Otherwise("as many queues, of which the harness picks one by key"),
        Feature::Durability => Support::Otherwise(
            "a message may be delivered before it is on the disk: its confirm waits for that, its consumer does not",
        ),
        _ => Support::Played,
    }
}

/// What it does not play although it plays the features.
pub(in crate::load::targets) fn limits(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let broker = &scenario.measurement.broker;
    let mut out = super::of_all(scenario);
    out.extend(super::with_reconnect(scenario));
    let mut refuse = |there: bool, setting: String, why: &'static str| {
        out.extend(there.then_some(UnmeasurableSetting { setting, why }));
    };
    let priorities = || scenario.producers.iter().map(|p| i64::from(p.priority)).chain([0]);
    let span = priorities().max().unwrap_or(0) - priorities().min().unwrap_or(0);
    for queue in &scenario.queues {
        let name = &queue.name;
        let ordered = queue.discipline == Discipline::Priority;
        refuse(
            ordered && span > 255,
            format!("queues.{name}.discipline = \"priority\" with more than 256 priorities"),
            "its priorities are from 0 to 255: write smaller ones",
        );
        refuse(
            ordered && broker.queue_type == QueueType::Quorum,
            format!("queues.{name}.discipline = \"priority\" in a quorum queue"),
            "only classic queues are ordered by priority: leave queue_type out",
        );
        refuse(
            queue.max_length.is_some() && queue.overflow == Overflow::RejectPublish && !broker.confirm,
            format!("queues.{name}.max_length without publisher confirms"),
            "the confirm tells whether there was room: leave measurement.broker.confirm out",
        );
        refuse(
            queue.message_ttl.as_ref().is_some_and(|ttl| ttl.mean() / scenario.measurement.speed < 1e-3),
            format!("queues.{name}.message_ttl below a millisecond"),
            "it counts milliseconds: write a longer one, or a smaller measurement.speed",
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::BrokerQueue;
    use crate::workload::laws::Law;

    #[test]
    fn what_cannot_be_played_is_named_with_all_of_it() {
        let mut scenario = Scenario::mgc(100.0, Law::exponential(0.001), 1);
        assert_eq!(limits(&scenario), []);
        scenario.producers[0].size = 4;
        scenario.queues[0].max_length = Some(5);
        scenario.measurement.broker.confirm = false;
        scenario.measurement.broker.queue = BrokerQueue::Existing;
        let settings: Vec<String> = limits(&scenario).into_iter().map(|refusal| refusal.setting).collect();
        assert_eq!(
            settings,
            [
                "producers.producer.size",
                "queues.queue with settings of its own",
                "queues.queue.max_length without publisher confirms"
            ]
        );
    }
}
