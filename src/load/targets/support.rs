//! What each target plays of what a scenario may ask for: one table, from which refusals, help and lists
//! follow.

use super::{TARGETS, TargetEntry};
use crate::answer::MeasurementCaveat;
use crate::load::UnmeasurableSetting;
use crate::scenario::{Expiry, Feature, Scenario, Use};

/// How a target plays a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    /// As the simulation does.
    Played,
    /// Otherwise than the simulation does, as the text says.
    Otherwise(&'static str),
    /// Not at all, and what to write instead.
    Refused(&'static str),
}

/// What no target plays, because the harness cannot.
fn harness(feature: Feature) -> Option<Support> {
    match feature {
        Feature::Preemption | Feature::ProcessorSharing => {
            Some(Support::Refused("measurements do not support preemption: leave it out"))
        }
        Feature::RepeatedSync => Some(Support::Refused(
            "how often a disk is asked for a message is the target's own: write durability = \"fsync\"",
        )),
        Feature::LoadDependentService => Some(Support::Refused(
            "a thread that works does not become faster or slower by what others do: leave it out",
        )),
        Feature::DeliverAfter | Feature::HeldByConsumer => Some(Support::Refused(
            "no target holds a message back before its first delivery: give its producer a send_time",
        )),
        Feature::Resend | Feature::Hedge => Some(Support::Refused(
            "who sends does not wait for what becomes of it: leave it out, or let the consumers fail and retry",
        )),
        Feature::OwnTimeToLive => {
            Some(Support::Refused("targets know times to live of queues: write message_ttl there"))
        }
        Feature::LateAck => Some(Support::Refused(
            "what timed out is taken from its server here, whose word counts for nothing since: leave it out",
        )),
        Feature::Rebalance => {
            Some(Support::Refused("how long dealing takes is the target's own: leave it out"))
        }
        Feature::Transit => {
            Some(Support::Refused("messages travel as fast as this host and its network are: leave it out"))
        }
        Feature::Join => Some(Support::Refused(
            "no thread waits for the other copies of what it forwards: write complete_when = \"all\" at the topic",
        )),
        Feature::ResourceSlots | Feature::SharedResource => {
            Some(Support::Refused("threads have no resource beside their processors: leave it out"))
        }
        Feature::ServersPerMessage => {
            Some(Support::Refused("a thread works on a message by itself: leave it out"))
        }
        Feature::ServerChoice => {
            Some(Support::Refused("the queue decides which of the waiting threads it wakes: leave it out"))
        }
        Feature::UnlimitedServers => Some(Support::Refused("each server is a thread: write a number")),
        _ => None,
    }
}

/// This crate's own queue.
pub(super) fn in_process(feature: Feature) -> Support {
    match feature {
        Feature::RoundRobin => {
            Support::Refused("it has one line and does not take turns among producers: write \"fifo\"")
        }
        Feature::PrefetchOnDemand | Feature::PrefetchOnRequest => {
            Support::Refused("it deals messages to the windows in turn: leave prefetch_by out")
        }
        Feature::RandomTimeToLive => Support::Otherwise(
            "what has expired is thrown out when it comes to the head of the line, and at once in the \
                simulation but with expiry = \"head\"",
        ),
        _ => Support::Played,
    }
}

/// What only hands messages over.
pub(super) fn channel(feature: Feature) -> Support {
    match feature {
        Feature::ClosedLoop
        | Feature::ArrivalBatches
        | Feature::Room
        | Feature::Block
        | Feature::Backlog
        | Feature::Forwarding
        | Feature::OwnRoutes
        | Feature::MixedGroups
        | Feature::UnequalServers
        | Feature::RateLimit
        | Feature::AutoAck
        | Feature::BackOff
        | Feature::Topics
        | Feature::Completion => Support::Played,
        _ => Support::Refused("it only hands messages over"),
    }
}

/// Two counters in the place of a queue.
pub(super) fn null(feature: Feature) -> Support {
    match feature {
        Feature::Room | Feature::Block | Feature::Forwarding | Feature::OwnRoutes | Feature::Topics => {
            Support::Refused("it is one queue without bound")
        }
        _ => channel(feature),
    }
}

/// Those of a target that plays all scenarios of its features.
pub(super) fn no_limits(_: &Scenario) -> Vec<UnmeasurableSetting> {
    Vec::new()
}

/// Two counters are one queue.
pub(super) fn null_limits(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let several = UnmeasurableSetting { setting: "more than one queue".into(), why: "it is two counters" };
    if scenario.queues.len() == 1 { Vec::new() } else { vec![several] }
}

impl TargetEntry {
    /// How it plays a feature.
    pub(crate) fn support(&self, feature: Feature) -> Support {
        // When a message may be sent is known beforehand.
        if feature == Feature::SendLimit {
            return Support::Played;
        }
        // Who plays outages plays those of a whole group, and says there what is otherwise.
        if feature == Feature::GroupOutages {
            return match self.support(Feature::Outages) {
                Support::Otherwise(_) => Support::Played,
                plays => plays,
            };
        }
        // Who lets messages expire does so at the head of the line.
        if feature == Feature::HeadExpiry {
            return match (self.plays)(Feature::TimeToLive) {
                Support::Otherwise(_) => Support::Played,
                plays => plays,
            };
        }
        if feature == Feature::SharedWorkers && self.broker.is_some() {
            return Support::Refused(
                "a client waits for what one queue brings: write one queue with priorities, or target = \"in-process\"",
            );
        }
        if feature == Feature::KeyLocks && self.broker.is_some() {
            return Support::Refused(
                "a message whose key is locked is set aside in memory, where a broker does not see it: write \
                    partitions, or target = \"in-process\"",
            );
        }
        harness(feature).unwrap_or_else(|| (self.plays)(feature))
    }

    /// What it does not play of a scenario, all of it.
    pub(crate) fn refusals(&self, scenario: &Scenario) -> Vec<UnmeasurableSetting> {
        let uses = scenario
            .uses()
            .into_iter()
            .filter(|used| used.feature != Feature::Order && used.feature != Feature::BlockedOrder);
        uses.filter_map(|used| match self.support(used.feature) {
            Support::Refused(why) => Some(UnmeasurableSetting { setting: used.setting(), why }),
            Support::Played | Support::Otherwise(_) => None,
        })
        .chain((self.limits)(scenario))
        .collect()
    }
}

impl TargetEntry {
    /// What it plays otherwise than the simulation does, of a scenario.
    pub(in crate::load) fn caveats(&self, scenario: &Scenario) -> Vec<MeasurementCaveat> {
        let at_head = |used: &Use| {
            used.feature == Feature::RandomTimeToLive
                && scenario.queues.iter().any(|q| q.name == used.name && q.expiry == Expiry::Head)
        };
        let otherwise = |used: &Use| match self.support(used.feature) {
            Support::Otherwise(_) if self.broker.is_none() && at_head(used) => None,
            Support::Otherwise(how) => {
                Some(MeasurementCaveat::PlayedOtherwise { setting: used.setting(), target: self.name, how })
            }
            Support::Played | Support::Refused(_) => None,
        };
        scenario.uses().iter().filter_map(otherwise).collect()
    }
}

/// The first other target that plays all of a scenario.
pub(in crate::load) fn other(scenario: &Scenario, but: &str) -> Option<&'static str> {
    TARGETS
        .iter()
        .find(|entry| entry.name != but && entry.open.is_some() && entry.refusals(scenario).is_empty())
        .map(|entry| entry.name)
}

/// What is told of targets, table by table: features that a target may play or not.
pub(crate) fn told() -> Vec<Feature> {
    // Every order has a feature of its own, and who waits for room in one is its owner's matter.
    let whole =
        |feature: &Feature| !matches!(feature, Feature::Order | Feature::BlockedOrder | Feature::MixedGroups);
    let mut out: Vec<Feature> = Feature::ALL.into_iter().filter(whole).collect();
    out.sort_by_key(|feature| feature.table());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Discipline;
    use crate::workload::laws::Law;

    #[test]
    fn all_that_a_target_does_not_play_is_named_and_the_nearest_that_does() {
        let mut scenario = Scenario::mgc(100.0, Law::exponential(0.001), 1);
        scenario.queues[0].discipline = Discipline::Priority;
        scenario.consumers[0].prefetch = 4;
        let flume = TARGETS.iter().find(|entry| entry.name == "flume").expect("a target");
        let settings: Vec<String> =
            flume.refusals(&scenario).into_iter().map(|refusal| refusal.setting).collect();
        assert_eq!(settings, ["queues.queue.discipline = \"priority\"", "consumers.consumers.prefetch"]);
        assert_eq!(other(&scenario, "flume"), Some("in-process"));
        scenario.queues[0].discipline = Discipline::ProcessorSharing;
        assert_eq!(other(&scenario, "flume"), None);
    }
}
