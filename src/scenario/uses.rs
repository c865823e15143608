//! What a scenario asks for, read off its settings.

use super::feature::Feature;
use super::model::{
    Ack, Complete, Consumer, Deliver, Discipline, Durability, Expiry, HeldBy, LateAck, Locks, Overflow,
    Preemption, PrefetchBy, Producer, Queue, ResourceSharing, RetryOrder, Scenario, ServerChoice, Servers,
    Topic,
};

/// A feature where a scenario asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// What is asked for.
    pub feature: Feature,
    /// The name of the producer, queue, consumer group or topic.
    pub name: String,
}

impl Use {
    /// The setting that asks for it, as it can be written: `queues.jobs.discipline = "priority"`.
    pub fn setting(&self) -> String {
        format!("{}.{}.{}", self.feature.table().name(), self.name, self.feature.setting())
    }
}

/// The features that are there, of some that may be.
fn there(all: impl IntoIterator<Item = (bool, Feature)>) -> Vec<Feature> {
    all.into_iter().filter(|(there, _)| *there).map(|(_, feature)| feature).collect()
}

impl Producer {
    /// What its settings ask for.
    pub fn features(&self) -> Vec<Feature> {
        there([
            (self.is_closed(), Feature::ClosedLoop),
            (!self.batch.is_single(), Feature::ArrivalBatches),
            (self.failure.is_some(), Feature::OwnFailures),
            (self.resend.is_some(), Feature::Resend),
            (self.hedge.is_some(), Feature::Hedge),
            (self.rate_limit.is_some(), Feature::SendLimit),
            (self.ttl.is_some(), Feature::OwnTimeToLive),
        ])
    }
}

impl Queue {
    /// What its settings ask for.
    pub fn features(&self) -> Vec<Feature> {
        let order = match self.discipline {
            Discipline::Fifo => None,
            Discipline::Lifo => Some(Feature::Lifo),
            Discipline::Priority => Some(Feature::Priority),
            Discipline::Random => Some(Feature::Random),
            Discipline::Shortest => Some(Feature::Shortest),
            Discipline::Deadline => Some(Feature::Deadline),
            Discipline::RoundRobin => Some(Feature::RoundRobin),
            Discipline::ProcessorSharing => Some(Feature::ProcessorSharing),
        };
        let overflow = |which| self.max_length.is_some() && self.overflow == which;
        let settings = there([
            (self.preemption != Preemption::None, Feature::Preemption),
            (overflow(Overflow::RejectPublish), Feature::Room),
            (overflow(Overflow::DropHead), Feature::DropHead),
            (self.blocks(), Feature::Block),
            (self.blocks() && order.is_some(), Feature::BlockedOrder),
            (self.message_ttl.is_some(), Feature::TimeToLive),
            (self.message_ttl.as_ref().is_some_and(|law| law.scv() > 0.0), Feature::RandomTimeToLive),
            (self.expiry == Expiry::Head, Feature::HeadExpiry),
            (self.deliver_after.is_some(), Feature::DeliverAfter),
            (self.held_by == HeldBy::Consumer, Feature::HeldByConsumer),
            (self.delivery_limit.is_some(), Feature::DeliveryLimit),
            (self.dead_letter.is_some(), Feature::DeadLetters),
            (self.visibility_timeout.is_some(), Feature::VisibilityTimeout),
            (self.late_ack != LateAck::Void, Feature::LateAck),
            (self.durability == Durability::Fsync, Feature::Durability),
            (self.sync_per_message > 1, Feature::RepeatedSync),
            (self.partitions.is_some(), Feature::Partitions),
            (self.locks == Locks::ByKey, Feature::KeyLocks),
            (self.join.is_some(), Feature::Join),
            (self.initial_backlog > 0, Feature::Backlog),
        ]);
        order.into_iter().flat_map(|order| [Feature::Order, order]).chain(settings).collect()
    }
}

impl Consumer {
    /// What its settings ask for.
    pub fn features(&self) -> Vec<Feature> {
        let needs = |sharing| self.resource.is_some_and(|needed| needed.sharing == sharing);
        there([
            (self.count == Servers::Unlimited, Feature::UnlimitedServers),
            (self.batch.is_some(), Feature::ConsumerBatches),
            (self.transit.is_some(), Feature::Transit),
            (self.prefetch > 1 && self.prefetch_by == PrefetchBy::Turn, Feature::Prefetch),
            (self.prefetch > 1 && self.prefetch_by == PrefetchBy::Demand, Feature::PrefetchOnDemand),
            (self.prefetch > 1 && self.prefetch_by == PrefetchBy::Request, Feature::PrefetchOnRequest),
            (self.ack == Ack::Auto, Feature::AutoAck),
            (self.failure > 0.0, Feature::Failures),
            (self.retry_delay.is_some(), Feature::BackOff),
            (self.retry_order == RetryOrder::Blocking, Feature::BlockingRetry),
            (self.outages.is_some(), Feature::Outages),
            (self.outages.as_ref().is_some_and(|outages| outages.together), Feature::GroupOutages),
            (self.autoscale.is_some(), Feature::Autoscaling),
            (self.rebalance.is_some(), Feature::Rebalance),
            (self.service_rate.is_some(), Feature::LoadDependentService),
            (!self.shifts.is_empty(), Feature::CountTimetable),
            (self.rate_limit.is_some(), Feature::RateLimit),
            (!self.to.is_empty(), Feature::Forwarding),
            (!self.own_routes.is_empty(), Feature::OwnRoutes),
            (!self.also.is_empty(), Feature::SharedWorkers),
            (self.has_speeds(), Feature::UnequalServers),
            (self.needs_several(), Feature::ServersPerMessage),
            (needs(ResourceSharing::Slots), Feature::ResourceSlots),
            (needs(ResourceSharing::ProcessorSharing), Feature::SharedResource),
            (self.choice != ServerChoice::LongestIdle, Feature::ServerChoice),
        ])
    }
}

impl Topic {
    /// What its settings ask for.
    pub fn features(&self) -> Vec<Feature> {
        let early = self.deliver == Deliver::All && self.complete_when != Complete::Each;
        there([(true, Feature::Topics), (early, Feature::Completion)])
    }
}

impl Scenario {
    /// Every feature that the scenario asks for, where it does: producers first, then queues, consumers and
    /// topics.
    pub fn uses(&self) -> Vec<Use> {
        let named = |name: &String, features: Vec<Feature>| {
            features.into_iter().map(|feature| Use { feature, name: name.clone() }).collect()
        };
        let producers = self.producers.iter().map(|p| named(&p.name, p.features()));
        let queues = self.queues.iter().map(|q| named(&q.name, q.features()));
        let consumers = self.consumers.iter().map(|c| named(&c.name, c.features()));
        let topics = self.topics.iter().map(|t| named(&t.name, t.features()));
        producers.chain(queues).chain(consumers).chain(topics).flat_map(|uses: Vec<Use>| uses).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::laws::Law;

    #[test]
    fn what_a_scenario_uses_is_named_by_its_settings() {
        let mut scenario = Scenario::mgc(1.0, Law::exponential(0.5), 1);
        assert_eq!(scenario.uses(), []);
        scenario.queues[0].discipline = Discipline::Priority;
        scenario.consumers[0].prefetch = 10;
        let settings: Vec<String> =
            scenario.uses().iter().filter(|used| used.feature != Feature::Order).map(Use::setting).collect();
        assert_eq!(settings, ["queues.queue.discipline = \"priority\"", "consumers.consumers.prefetch"]);
    }
}
