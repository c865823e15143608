//! Settings that exclude one another: what no engine plays, and no target could.

use super::check::place;
use super::context::Context;
use super::feature::{Feature, NamedTable};
use super::model::{Consumer, Discipline, Preemption, Scenario};
use super::node::Node;
use super::problem::Problem;

/// Two settings of a queue and its consumers that do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clash {
    /// The queue.
    name: String,
    /// The setting of the queue that one of them is, if it is one.
    setting: Option<&'static str>,
    one: &'static str,
    other: String,
    instead: &'static str,
}

impl Clash {
    /// What does not go together, as a phrase.
    fn what(&self) -> String {
        format!("queue `{}` has {}, which does not go with {}", self.name, self.one, self.other)
    }

    /// The same with what to write instead.
    pub(crate) fn text(&self) -> String {
        format!("{}; {}", self.what(), self.instead)
    }
}

/// What a queue or its consumers have that may exclude other things.
fn words(feature: Feature) -> &'static str {
    match feature {
        Feature::ConsumerBatches => "consumer batches",
        Feature::Prefetch => "prefetch above 1",
        Feature::Autoscaling => "autoscaling",
        Feature::UnlimitedServers => "unlimited servers",
        Feature::MixedGroups => "several groups of consumers",
        Feature::GroupOutages => "outages of all servers together",
        Feature::LoadDependentService => "a service rate by load",
        other => other.setting(),
    }
}

const LEAVE_OUT: &str = "leave one of them out";

/// The first clash of every queue.
pub(crate) fn clashes(scenario: &Scenario) -> Vec<Clash> {
    (0..scenario.queues.len()).filter_map(|queue| of_queue(scenario, queue)).collect()
}

fn of_queue(scenario: &Scenario, index: usize) -> Option<Clash> {
    use Feature::{
        Autoscaling, ConsumerBatches, GroupOutages, LoadDependentService, MixedGroups, Outages, Partitions,
        Prefetch, ProcessorSharing, UnlimitedServers, VisibilityTimeout,
    };
    let queue = &scenario.queues[index];
    let groups: Vec<&Consumer> = scenario.consumers_of(index).map(|(_, c)| c).collect();
    let servers = groups.iter().try_fold(0u32, |sum, c| Some(sum.saturating_add(c.most_servers()?)));
    let asked: Vec<Feature> =
        queue.features().into_iter().chain(groups.iter().flat_map(|c| c.features())).collect();
    let has = |what: Feature| match what {
        Partitions => queue.binding_partitions(servers).is_some() || queue.partitions.is_some_and(|p| p > 1),
        MixedGroups => groups.len() > 1,
        other => asked.contains(&other),
    };
    let first =
        |others: &[Feature]| others.iter().find(|other| has(**other)).map(|other| words(*other).to_string());
    let clash = |setting: Option<&'static str>, one, other: String, instead| {
        Some(Clash { name: queue.name.clone(), setting, one, other, instead })
    };
    if queue.discipline == Discipline::ProcessorSharing {
        let (setting, one) = (Some("discipline"), "processor sharing");
        let others =
            [ConsumerBatches, Prefetch, Outages, Autoscaling, VisibilityTimeout, Partitions, MixedGroups];
        if let Some(other) = first(&others) {
            return clash(setting, one, other, LEAVE_OUT);
        }
        if queue.preemption != Preemption::None {
            return clash(setting, one, "preemption".into(), "leave preemption out");
        }
        let blocks = |c: &&Consumer| {
            c.to.iter().flat_map(|r| scenario.queues_of(r.to)).any(|q| scenario.queues[q].blocks())
        };
        if groups.iter().any(blocks) {
            let other = "forwarding to a queue that blocks: there is no one server that could be held up";
            return clash(setting, one, other.into(), "write another overflow for that queue");
        }
    }
    if queue.preemption != Preemption::None {
        let (setting, one) = (Some("preemption"), "preemption");
        if !queue.discipline.interrupts() {
            let other = "an order in which no newcomer is more urgent";
            return clash(setting, one, other.into(), "use priority, lifo, shortest or deadline");
        }
        if let Some(other) = first(&[ConsumerBatches, Prefetch, VisibilityTimeout, Partitions]) {
            return clash(setting, one, other, LEAVE_OUT);
        }
    }
    if has(UnlimitedServers) && has(Outages) {
        let other = "outages: there is no end of servers to take a broken one's place";
        return clash(None, words(UnlimitedServers), other.into(), "write a number of servers");
    }
    if has(Partitions)
        && let Some(other) = first(&[ConsumerBatches, Prefetch, Autoscaling, UnlimitedServers])
    {
        let instead =
            "a partition belongs to one server, which takes its messages one by one: leave one of them out";
        return clash(Some("partitions"), words(Partitions), other, instead);
    }
    let together = groups.iter().filter_map(|c| c.outages.as_ref()).filter(|outages| outages.together);
    if together.clone().any(|outages| outages.only_busy) {
        let other = "outages while a server is busy: each is busy at other times";
        return clash(None, words(GroupOutages), other.into(), "write while = \"always\"");
    }
    if together.count() > 0 && has(Autoscaling) {
        return clash(None, words(GroupOutages), words(Autoscaling).into(), LEAVE_OUT);
    }
    if has(LoadDependentService) {
        let one = words(LoadDependentService);
        let others = [ProcessorSharing, Outages, VisibilityTimeout, Partitions, UnlimitedServers];
        if let Some(other) = first(&others) {
            return clash(None, one, other, LEAVE_OUT);
        }
        if queue.preemption != Preemption::None {
            return clash(Some("preemption"), one, "preemption".into(), "leave preemption out");
        }
    }
    if has(ConsumerBatches) && has(Prefetch) {
        let instead = "a consumer takes batches or holds a window: leave one of them out";
        return clash(None, words(ConsumerBatches), words(Prefetch).into(), instead);
    }
    if has(ConsumerBatches) && groups.iter().any(|c| c.outages.as_ref().is_some_and(|o| !o.redeliver)) {
        return clash(
            None,
            words(ConsumerBatches),
            "outages that resume".into(),
            "write in_progress = \"redeliver\"",
        );
    }
    None
}

/// Tells of settings that exclude one another, where they stand.
pub(super) fn check(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario) {
    if cx.broken {
        return;
    }
    for clash in clashes(scenario) {
        let of = |setting| place(tree, NamedTable::Queues.name(), &clash.name, setting);
        let at = clash.setting.and_then(of).or_else(|| of("")).unwrap_or_default();
        cx.tell(Problem::error(at, clash.what()).help(clash.instead));
    }
}

impl Discipline {
    /// Whether a newcomer may be more urgent than a message in service.
    pub(crate) fn interrupts(self) -> bool {
        matches!(self, Discipline::Lifo | Discipline::Priority | Discipline::Shortest | Discipline::Deadline)
    }
}
