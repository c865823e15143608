//! What ZeroMQ plays: two sockets that hand messages over, and nothing that remembers them.

use crate::load::UnmeasurableSetting;
use crate::load::targets::Support;
use crate::load::targets::support::channel;
use crate::scenario::{Connections, Consumer, Feature, Scenario};

/// Messages that the sockets of one queue hold: what the sending one keeps for its peer. The system's buffers
/// hold some more.
const ROOM: u64 = 100_000;

/// How ZeroMQ plays a feature.
pub(in crate::load::targets) fn plays(feature: Feature) -> Support {
    match feature {
        Feature::ConsumerBatches | Feature::Autoscaling | Feature::CountTimetable => Support::Played,
        Feature::Backlog => Support::Otherwise("it waits in the buffers of the sockets"),
        Feature::Outages => Support::Otherwise("what a server has taken stays with it until it is repaired"),
        Feature::Room | Feature::DropHead | Feature::Block | Feature::BlockedOrder => {
            Support::Refused("the sockets hold a fixed number of messages: leave max_length out")
        }
        other => match channel(other) {
            Support::Refused(_) => Support::Refused(
                "its sockets hand messages over, and nobody remembers or orders them: leave it out",
            ),
            played => played,
        },
    }
}

/// What ZeroMQ does not play of features that it plays.
pub(in crate::load::targets) fn limits(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let refused = |setting: String, why: &'static str| UnmeasurableSetting { setting, why };
    let backlogs = scenario.queues.iter().filter(|queue| queue.initial_backlog > ROOM).map(|queue| {
        let setting = format!("queues.{}.initial_backlog", queue.name);
        refused(setting, "the sockets hold 100,000 messages: write no more than that")
    });
    let redelivers = |c: &&Consumer| c.outages.as_ref().is_some_and(|o| o.redeliver);
    let outages = scenario.consumers.iter().filter(redelivers).map(|consumer| {
        let setting = format!("consumers.{}.outages (redeliver)", consumer.name);
        refused(setting, "nobody has a message any more that a server has taken: let it resume its work")
    });
    let each = scenario.measurement.broker.connections == Connections::Each;
    let each = each.then(|| {
        let setting = "measurement.broker.connections = \"each\"".into();
        refused(
            setting,
            "its servers take turns among connections, not in the order of sending: leave it out",
        )
    });
    super::of_all(scenario)
        .into_iter()
        .chain(backlogs)
        .chain(outages)
        .chain(each)
        .chain(super::without_reconnect(scenario))
        .collect()
}
