//! What brokers play of a scenario: known to every program, whether it has their clients or not.

pub(in crate::load::targets) mod activemq;
pub(in crate::load::targets) mod kafka;
pub(in crate::load::targets) mod nats;
pub(in crate::load::targets) mod rabbitmq;
pub(in crate::load::targets) mod redis;
pub(in crate::load::targets) mod rocketmq;
pub(in crate::load::targets) mod zeromq;

use crate::load::UnmeasurableSetting;
use crate::load::targets::Support;
use crate::scenario::{Ack, BrokerQueue, Consumer, Discipline, Feature, Queue, Scenario};

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

/// What a run has whose connections are never made anew.
fn without_reconnect(scenario: &Scenario) -> Option<UnmeasurableSetting> {
    scenario.measurement.broker.reconnect.then(|| UnmeasurableSetting {
        setting: RECONNECT.into(),
        why: "the run ends with its connections: leave it out, or write target = \"rabbitmq\", \"nats\", \"redis\" or \
            \"activemq\"",
    })
}

/// The setting that lets connections be made anew.
const RECONNECT: &str = "measurement.broker.reconnect = true";

/// What a run cannot have whose connections are made anew: whatever counts on knowing what became of each
/// delivery, and publishes of which nobody knows whether they arrived.
fn with_reconnect(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let broker = &scenario.measurement.broker;
    if !broker.reconnect {
        return Vec::new();
    }
    let refused =
        |what: String, why| UnmeasurableSetting { setting: format!("{RECONNECT} with {what}"), why };
    let confirms = (!broker.confirm).then(|| {
        let why = "nobody would know what was lost with a connection: leave confirm = false out";
        refused("confirm = false".into(), why)
    });
    let existing = (broker.queue == BrokerQueue::Existing).then(|| {
        let why =
            "a queue that is in use when the connection is back is not touched: leave one of the two out";
        refused("queue = \"existing\"".into(), why)
    });
    let counts = "who delivers again after a lost connection counts anew: leave one of the two out";
    let queue = |queue: &Queue| {
        let losses = queue.max_length.is_some() || queue.message_ttl.is_some() || queue.dead_letter.is_some();
        let counted = queue.delivery_limit.is_some() || queue.visibility_timeout.is_some();
        let what =
            "a bound, a time to live, dead letters, a delivery limit or a visibility timeout of queues";
        (losses || counted).then(|| refused(format!("{what}.{}", queue.name), counts))
    };
    let group = |consumer: &Consumer| {
        let early = consumer.ack == Ack::Auto;
        let what = "failures or ack = \"auto\" of consumers";
        (early || consumer.failure > 0.0).then(|| refused(format!("{what}.{}", consumer.name), counts))
    };
    let queues = scenario.queues.iter().filter_map(queue);
    confirms
        .into_iter()
        .chain(existing)
        .chain(queues)
        .chain(scenario.consumers.iter().filter_map(group))
        .collect()
}

/// Whether a queue has settings that a broker is told when it is declared.
fn has_own_settings(queue: &Queue) -> bool {
    queue.max_length.is_some()
        || queue.message_ttl.is_some()
        || queue.dead_letter.is_some()
        || queue.partitions.is_some()
        || queue.discipline != Discipline::Fifo
}

/// Whatever the harness itself does beside a broker, and so can be played on each; `None` for the rest.
fn beside_the_broker(feature: Feature) -> Option<Support> {
    match feature {
        Feature::ClosedLoop
        | Feature::ArrivalBatches
        | Feature::OwnFailures
        | Feature::Failures
        | Feature::Backlog
        | Feature::Forwarding
        | Feature::OwnRoutes
        | Feature::MixedGroups
        | Feature::UnequalServers
        | Feature::RateLimit
        | Feature::BlockingRetry
        | Feature::AutoAck
        | Feature::Topics
        | Feature::Completion
        | Feature::DeliveryLimit
        | Feature::DeadLetters => Some(Support::Played),
        _ => None,
    }
}

/// What brokers play alike that keep a log: messages stay in it in the order of arrival, settled or not.
fn of_a_log(feature: Feature) -> Support {
    match feature {
        Feature::Lifo
        | Feature::Priority
        | Feature::Random
        | Feature::Shortest
        | Feature::Deadline
        | Feature::RoundRobin => {
            Support::Refused("its log has one order, that of arrival: write discipline = \"fifo\"")
        }
        Feature::Room | Feature::DropHead | Feature::Block | Feature::BlockedOrder => Support::Refused(
            "a topic is bounded by time and by bytes, a file of its log at a time: leave max_length out",
        ),
        Feature::TimeToLive | Feature::RandomTimeToLive => Support::Refused(
            "messages expire with the file of the log that they are in: leave message_ttl out",
        ),
        Feature::DeadLetters => {
            Support::Otherwise("the consumer sends what it gives up to the other queue's topic")
        }
        Feature::Topics => Support::Otherwise(
            "each subscription is a topic of the broker's own, to which a copy is sent; a group for each on \
                one topic would store the message once",
        ),
        _ => Support::Played,
    }
}

/// What the adapters do not play that speak a protocol by hand: they move dead letters themselves, and use
/// queues of their own alone.
fn by_hand(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let bounded =
        |queue: &&Queue| queue.dead_letter.is_some_and(|dead| scenario.queues[dead].max_length.is_some());
    let setting = |queue: &Queue| UnmeasurableSetting {
        setting: format!("queues.{}.dead_letter with a max_length there", queue.name),
        why: "nobody is told of a dead letter that finds no room: leave max_length out there",
    };
    let existing =
        (scenario.measurement.broker.queue == BrokerQueue::Existing).then(|| UnmeasurableSetting {
            setting: "measurement.broker.queue = \"existing\"".into(),
            why: "it makes queues of its own: leave that out",
        });
    let dead = scenario.queues.iter().filter(bounded).map(setting);
    of_all(scenario).into_iter().chain(dead).chain(existing).chain(with_reconnect(scenario)).collect()
}
