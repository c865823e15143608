//! Settings that exclude one another: what no engine plays, and no target could.

use super::check::place;
use super::context::Context;
use super::exclusions::{EXCLUSIONS, Exclusion, LEAVE_OUT};
use super::feature::Feature;
use super::model::{Consumer, Discipline, LimitScope, Preemption, Queue, Scenario};
use super::named_table::NamedTable;
use super::node::Node;
use super::problem::Problem;

/// Two settings of a queue and its consumers that do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clash {
    /// The queue.
    name: String,
    one: &'static str,
    other: String,
    instead: &'static str,
    /// The settings that they are.
    settings: Vec<ClashingSetting>,
}

/// Where a setting stands that excludes another.
type ClashingSetting = (NamedTable, String, &'static str);

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
        Feature::ProcessorSharing => "processor sharing",
        Feature::ConsumerBatches => "consumer batches",
        Feature::Prefetch | Feature::PrefetchOnDemand => "prefetch above 1",
        Feature::PrefetchOnRequest => "prefetch by request",
        Feature::Autoscaling => "autoscaling",
        Feature::CountTimetable => "a count that follows the clock",
        Feature::UnlimitedServers => "unlimited servers",
        Feature::MixedGroups => "several groups of consumers",
        Feature::GroupOutages => "outages of all servers together",
        Feature::LoadDependentService => "a service rate by load",
        Feature::SharedWorkers => "servers that it shares with other queues",
        Feature::UnequalServers => "servers of several speeds",
        Feature::ResourceSlots | Feature::SharedResource => "a resource",
        Feature::ServersPerMessage => "messages that have several servers at once",
        Feature::ServerChoice => "a choice among idle servers",
        other => other.setting(),
    }
}

/// The first clash of every queue.
pub(crate) fn clashes(scenario: &Scenario) -> Vec<Clash> {
    let served = scenario.queues.iter().zip(scenario.consumers_by_queue());
    served.filter_map(|(queue, groups)| QueueWithServers::of(scenario, queue, groups).clash()).collect()
}

/// A queue with its groups, and all that they ask for.
struct QueueWithServers<'a> {
    scenario: &'a Scenario,
    queue: &'a Queue,
    groups: Vec<&'a Consumer>,
    asked: Vec<Feature>,
}

impl<'a> QueueWithServers<'a> {
    fn of(scenario: &'a Scenario, queue: &'a Queue, groups: Vec<(usize, &'a Consumer)>) -> Self {
        let groups: Vec<&Consumer> = groups.into_iter().map(|(_, c)| c).collect();
        let asked = queue.features().into_iter().chain(groups.iter().flat_map(|c| c.features())).collect();
        QueueWithServers { scenario, queue, groups, asked }
    }

    fn has(&self, what: Feature) -> bool {
        match what {
            Feature::Partitions => {
                let servers =
                    self.groups.iter().try_fold(0u32, |sum, c| Some(sum.saturating_add(c.most_servers()?)));
                self.queue.binding_partitions(servers).is_some()
                    || self.queue.partitions.is_some_and(|partitions| partitions > 1)
            }
            Feature::MixedGroups => self.groups.len() > 1,
            other => self.asked.contains(&other),
        }
    }

    fn clash(&self) -> Option<Clash> {
        let excluded = |(one, others, instead): &Exclusion| {
            let other = *others.iter().find(|other| self.has(*one) && self.has(**other))?;
            let settings = self.setting(*one).into_iter().chain(self.setting(other)).collect();
            let clash = self.between(*one, words(other), instead)?;
            Some(Clash { settings, ..clash })
        };
        EXCLUSIONS
            .iter()
            .find_map(excluded)
            .or_else(|| self.of_acknowledgements())
            .or_else(|| self.of_order())
            .or_else(|| self.of_servers())
    }

    fn between(&self, one: Feature, other: &str, instead: &'static str) -> Option<Clash> {
        let settings = self.setting(one).into_iter().collect();
        Some(Clash { name: self.queue.name.clone(), one: words(one), other: other.into(), instead, settings })
    }

    /// Where it is asked for.
    fn setting(&self, what: Feature) -> Option<ClashingSetting> {
        let written = what.setting();
        let key = &written[..written.find([' ', '.']).unwrap_or(written.len())];
        match what.table() {
            NamedTable::Queues => Some((NamedTable::Queues, self.queue.name.clone(), key)),
            NamedTable::Consumers => {
                let group = self.groups.iter().find(|c| c.features().contains(&what))?;
                Some((NamedTable::Consumers, group.name.clone(), key))
            }
            _ => None,
        }
    }

    /// Late acknowledgements where none is late, or a place for what expires or is held where nothing is.
    fn of_acknowledgements(&self) -> Option<Clash> {
        let producers = self.scenario.producers.iter();
        let of = |p: &crate::scenario::Producer| {
            p.ttl.is_some()
                && self.scenario.queues_of(p.to).iter().any(|q| self.scenario.queues[*q] == *self.queue)
        };
        if self.has(Feature::HeadExpiry) && self.queue.message_ttl.is_none() && !producers.into_iter().any(of)
        {
            let instead = "leave it out, or add a message_ttl";
            return self.between(Feature::HeadExpiry, "no message_ttl: nothing expires", instead);
        }
        if self.has(Feature::HeldByConsumer) && !self.has(Feature::DeliverAfter) {
            let other = "no deliver_after: nothing is held back";
            return self.between(Feature::HeldByConsumer, other, "leave it out, or add a deliver_after");
        }
        let late = self.has(Feature::LateAck) && !self.has(Feature::VisibilityTimeout);
        let instead = "leave it out, or add a visibility_timeout";
        late.then(|| self.between(Feature::LateAck, "no visibility_timeout: nothing is late", instead))?
    }

    /// An order, or none, that does not go with who is more urgent or where messages go on to.
    fn of_order(&self) -> Option<Clash> {
        let (queue, scenario) = (self.queue, self.scenario);
        let blocks = |c: &&Consumer| {
            c.to.iter().flat_map(|r| scenario.queues_of(r.to)).any(|q| scenario.queues[q].blocks())
        };
        if queue.discipline == Discipline::ProcessorSharing && self.groups.iter().any(blocks) {
            let other = "forwarding to a queue that blocks: there is no one server that could be held up";
            let instead = "write another overflow for that queue";
            return self.between(Feature::ProcessorSharing, other, instead);
        }
        let windows =
            [Feature::Transit, Feature::HeldByConsumer].into_iter().find(|window| self.has(*window));
        if let Some(window) = windows.filter(|_| self.groups.iter().any(blocks)) {
            let other = "forwarding to a queue that blocks, for which acknowledgements would have to wait";
            return self.between(window, other, "write another overflow for that queue");
        }
        if queue.preemption != Preemption::None && !queue.discipline.interrupts() {
            let other = "an order in which no newcomer is more urgent";
            let instead = "use priority, lifo, shortest or deadline";
            return self.between(Feature::Preemption, other, instead);
        }
        None
    }

    /// Servers that do not go with one another, or with what is theirs.
    fn of_servers(&self) -> Option<Clash> {
        let (queue, groups) = (self.queue, &self.groups);
        let first = groups.first()?;
        let unlike = |other: usize| {
            let other = &self.scenario.queues[other];
            (other.delivery_limit, other.visibility_timeout, other.late_ack)
                != (queue.delivery_limit, queue.visibility_timeout, queue.late_ack)
        };
        let each = |c: &&Consumer| c.rate_limit.is_some_and(|limit| limit.by == LimitScope::Server);
        let while_busy = |c: &&Consumer| c.outages.as_ref().is_some_and(|o| o.together && o.only_busy);
        let resumes = |c: &&Consumer| c.outages.as_ref().is_some_and(|o| !o.redeliver);
        if first.queues().any(unlike) {
            let other = "another delivery_limit, visibility_timeout or late_ack of another of these queues";
            return self.between(Feature::SharedWorkers, other, "write the same for all of them");
        }
        if groups.iter().any(|c| c.choice != first.choice) {
            let instead = "write the same choice for all groups of the queue";
            return self.between(Feature::ServerChoice, "a group that chooses otherwise", instead);
        }
        if groups.iter().any(while_busy) {
            let other = "outages while a server is busy: each is busy at other times";
            return self.between(Feature::GroupOutages, other, "write while = \"always\"");
        }
        let too_few = |c: &&Consumer| c.most_servers().is_some_and(|servers| servers < c.range_needed().1);
        if groups.iter().any(too_few) {
            let instead = "write as large a count as a message needs";
            return self.between(Feature::ServersPerMessage, "a count of fewer servers", instead);
        }
        if self.has(Feature::UnlimitedServers) && groups.iter().any(each) {
            let other = "by = \"server\" and servers without limit: together they are not limited";
            return self.between(Feature::RateLimit, other, "write by = \"group\"");
        }
        if self.has(Feature::UnlimitedServers) && self.has(Feature::Outages) {
            let other = "outages: there is no end of servers to take a broken one's place";
            return self.between(Feature::UnlimitedServers, other, "write a number of servers");
        }
        let changes = |c: &&Consumer| c.autoscale.is_some() || !c.shifts.is_empty();
        if groups.iter().any(|c| c.rebalance.is_some())
            && !(queue.partitions.is_some() && groups.iter().any(changes))
        {
            let other = "a queue without partitions whose servers come and go: there is nothing to deal anew";
            return self.between(Feature::Rebalance, other, "leave it out, or add partitions and autoscale");
        }
        if queue.partitions.is_none() && groups.iter().any(|c| c.autoscale.is_some_and(|a| a.only_with_lag)) {
            let other = "only_with_lag at a queue without partitions";
            return self.between(Feature::Autoscaling, other, "leave it out, or add partitions");
        }
        if self.has(Feature::Outages) && self.has(Feature::Partitions) && groups.iter().any(changes) {
            let other = "outages at a queue with partitions: who is down would keep its partitions";
            return self.between(Feature::Autoscaling, other, LEAVE_OUT);
        }
        if self.has(Feature::ConsumerBatches) && groups.iter().any(resumes) {
            let instead = "write in_progress = \"redeliver\"";
            return self.between(Feature::ConsumerBatches, "outages that resume", instead);
        }
        None
    }
}

/// Tells of settings that exclude one another, where they stand.
pub(super) fn check(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario) {
    if cx.broken {
        return;
    }
    for clash in clashes(scenario) {
        let at = |(table, name, key): &ClashingSetting| place(tree, table.name(), name, key);
        let mut places = clash.settings.iter().filter_map(at);
        let queue = || place(tree, NamedTable::Queues.name(), &clash.name, "");
        let first = places.next().or_else(queue).unwrap_or_default();
        let told = Problem::error(first, clash.what()).help(clash.instead);
        cx.tell(places.fold(told, |told, at| told.and(at, "does not go with this")));
    }
}

impl Discipline {
    /// Whether a newcomer may be more urgent than a message in service.
    pub(crate) fn interrupts(self) -> bool {
        matches!(self, Discipline::Lifo | Discipline::Priority | Discipline::Shortest | Discipline::Deadline)
    }
}
