//! One queue with its servers, as the models of a single queue see it.

use super::Mismatch;
use super::phase_type::{is_constant, is_exponential};
use super::service::{ProducerWork, Service};
use crate::scenario::{
    Ack, Arrivals, Batch, Consumer, Deliver, Discipline, Durability, Expiry, Feature, HeldBy, LateAck, Locks,
    Overflow, Preemption, Producer, Queue, RetryOrder, Scenario, ServerChoice, Servers,
};
use crate::workload::laws::Law;

/// The only queue of a scenario, what arrives there and who serves it.
#[derive(Debug, Clone)]
pub struct Station<'a> {
    /// The scenario that it is part of.
    pub scenario: &'a Scenario,
    /// The queue.
    pub queue: &'a Queue,
    /// One for each producer, in the scenario's order.
    pub streams: Vec<StationStream<'a>>,
    /// The groups that consume from it.
    pub groups: Vec<&'a Consumer>,
    /// All groups together; `None` is without limit.
    pub servers: Option<u32>,
    /// What a delivery takes.
    pub service: Service,
}

/// One producer's messages as they reach the queue.
#[derive(Debug, Clone)]
pub struct StationStream<'a> {
    /// Who sends them.
    pub producer: &'a Producer,
    /// Messages a second.
    pub rate: f64,
    /// What is known of the gaps.
    pub gaps: Gaps,
}

/// What is known of the gaps between arrivals (of batches, where messages come in batches).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Gaps {
    /// Exponential, independent.
    Poisson,
    /// Independent gaps of one law.
    Renewal(Law),
    /// Anything else, in words.
    Other(&'static str),
}

impl<'a> Station<'a> {
    /// The scenario as a single queue.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn of(scenario: &'a Scenario) -> Result<Self, Mismatch> {
        if scenario.queues.len() != 1 {
            return Err(format!("there are {} queues, and this form knows one", scenario.queues.len()).into());
        }
        if scenario.producers.is_empty() {
            return Err("nothing is produced".into());
        }
        if scenario.topics.iter().any(|t| t.subscriptions.len() > 1 && t.deliver == Deliver::All) {
            return Err("a topic copies messages".into());
        }
        Station::at(scenario, 0, scenario.producers.iter().map(StationStream::of).collect())
    }

    /// One queue of a scenario, with what arrives there.
    ///
    /// # Errors
    /// Nobody consumes from it.
    pub fn at(
        scenario: &'a Scenario,
        queue: usize,
        streams: Vec<StationStream<'a>>,
    ) -> Result<Self, Mismatch> {
        let groups = scenario.consumers_of(queue).map(|(_, c)| c).collect();
        Station::served_by(scenario, queue, groups, streams)
    }

    /// The same where its groups are known.
    pub(super) fn served_by(
        scenario: &'a Scenario,
        queue: usize,
        groups: Vec<&'a Consumer>,
        streams: Vec<StationStream<'a>>,
    ) -> Result<Self, Mismatch> {
        let queue = &scenario.queues[queue];
        let first = *groups.first().ok_or_else(|| format!("nobody consumes from `{}`", queue.name))?;
        let servers = groups.iter().try_fold(0u32, |sum, c| match c.count {
            // One that scales to nothing is named after the most that it has.
            Servers::Count(0) => Some(sum.saturating_add(c.autoscale.map_or(0, |scale| scale.max))),
            Servers::Count(n) => Some(sum.saturating_add(n)),
            Servers::Unlimited => None,
        });
        let kind = |s: &StationStream<'_>| match &s.producer.service_time {
            // Instead of all that the consumer would need.
            Some(own) => ProducerWork { weight: s.rate, law: own.clone(), extra: Law::deterministic(0.0) },
            None => ProducerWork {
                weight: s.rate,
                law: first.service_time.clone(),
                extra: first.service_time_per_message.clone(),
            },
        };
        let service = Service::new(streams.iter().map(kind).collect());
        Ok(Station { scenario, queue, streams, groups, servers, service })
    }

    /// Whether messages are the same work at each delivery; `None` if some are and others are not.
    pub fn repeats_work(&self) -> Option<bool> {
        let each = |s: &StationStream<'_>| {
            self.groups.iter().map(|g| g.repeats_work(s.producer.service_time.is_some())).collect::<Vec<_>>()
        };
        let all: Vec<bool> = self.streams.iter().flat_map(each).collect();
        all.first().copied().filter(|first| all.iter().all(|one| one == first))
    }

    /// Messages a second, offered.
    pub fn lambda(&self) -> f64 {
        self.streams.iter().map(|s| s.rate).sum()
    }

    /// `lambda · E[S]`, in erlangs.
    pub fn offered_load(&self) -> f64 {
        self.lambda() * self.service.mean()
    }

    /// a / c; zero for servers without limit.
    pub fn rho(&self) -> f64 {
        self.servers.map_or(0.0, |c| self.offered_load() / f64::from(c))
    }

    /// Whether all streams together are Poisson.
    pub fn is_poisson(&self) -> bool {
        self.streams.iter().all(|s| s.gaps == Gaps::Poisson)
    }

    /// The law of the gaps, if the arrivals are one renewal process.
    pub fn gaps(&self) -> Option<Law> {
        match self.streams.as_slice() {
            _ if self.is_poisson() => Some(Law::exponential(1.0 / self.lambda())),
            [StationStream { gaps: Gaps::Renewal(law), .. }] => Some(law.clone()),
            _ => None,
        }
    }

    /// The messages that may wait, if there is a bound that costs messages.
    pub fn room(&self) -> Option<u64> {
        self.queue.max_length.filter(|_| self.queue.overflow != Overflow::Block)
    }

    /// The first feature of the scenario that is not among those a model knows, as a reason against it.
    ///
    /// # Errors
    /// The reason.
    pub fn only(&self, known: &[Feature]) -> Result<(), Mismatch> {
        match Feature::ALL.iter().find(|f| !known.contains(f) && self.has(**f)) {
            Some(feature) => Err((*feature).into()),
            None => Ok(()),
        }
    }

    /// How many features the scenario has beyond those that a model knows.
    pub fn lacking(&self, known: &[Feature]) -> usize {
        Feature::ALL.iter().filter(|f| !known.contains(f) && self.has(**f)).count()
    }

    /// Whether a feature makes the queue behave otherwise than one without it: prefetch by a single server,
    /// say, does not.
    pub fn has(&self, feature: Feature) -> bool {
        let (queue, groups) = (self.queue, &self.groups);
        match feature {
            Feature::ArrivalBatches => self.streams.iter().any(|s| !s.producer.batch.is_single()),
            Feature::ConsumerBatches => groups.iter().any(|c| c.batch.is_some_and(|b| b.max > 1)),
            Feature::Failures => groups.iter().any(|c| c.failure > 0.0),
            Feature::OwnFailures => self.streams.iter().any(|s| s.producer.failure.is_some()),
            Feature::OwnTimeToLive => self.streams.iter().any(|s| s.producer.ttl.is_some()),
            Feature::SendLimit => self.streams.iter().any(|s| s.producer.rate_limit.is_some()),
            Feature::Resend => self.streams.iter().any(|s| s.producer.resend.is_some()),
            Feature::Hedge => self.streams.iter().any(|s| s.producer.hedge.is_some()),
            Feature::BlockingRetry => {
                let fails = self.has(Feature::Failures) || self.has(Feature::OwnFailures);
                fails && groups.iter().any(|c| c.retry_order == RetryOrder::Blocking)
            }
            Feature::AutoAck => {
                let fails =
                    |c: &Consumer| c.failure > 0.0 || c.outages.is_some() || self.has(Feature::OwnFailures);
                groups.iter().any(|c| c.ack == Ack::Auto && fails(c))
            }
            Feature::Outages => groups.iter().any(|c| c.outages.is_some()),
            // One server alone is always together.
            Feature::GroupOutages => {
                let together = |c: &&Consumer| c.outages.as_ref().is_some_and(|outages| outages.together);
                self.servers != Some(1) && groups.iter().any(together)
            }
            Feature::Autoscaling => groups.iter().any(|c| c.autoscale.is_some_and(|a| a.min != a.max)),
            Feature::Rebalance => groups.iter().any(|c| c.rebalance.is_some()),
            Feature::LoadDependentService => groups.iter().any(|c| c.service_rate.is_some()),
            Feature::CountTimetable => groups.iter().any(|c| !c.shifts.is_empty()),
            Feature::RateLimit => groups.iter().any(|c| c.rate_limit.is_some()),
            Feature::Forwarding => groups.iter().any(|c| c.to.iter().any(|r| r.probability > 0.0)),
            Feature::OwnRoutes => groups.iter().any(|c| !c.own_routes.is_empty()),
            Feature::Partitions => queue.binding_partitions(self.servers).is_some(),
            // One server takes one message at a time anyway, unless it passes over one that is to come back.
            Feature::KeyLocks => {
                let back = [Feature::Failures, Feature::OwnFailures, Feature::VisibilityTimeout];
                queue.locks == Locks::ByKey && (self.servers != Some(1) || back.iter().any(|f| self.has(*f)))
            }
            Feature::Transit => groups.iter().any(|c| c.transit.is_some()),
            Feature::DeliverAfter => queue.deliver_after.is_some(),
            Feature::HeldByConsumer => queue.held_by == HeldBy::Consumer,
            Feature::TimeToLive => queue.message_ttl.is_some(),
            // What came first expires first, if all may wait for as long.
            Feature::HeadExpiry => {
                queue.expiry == Expiry::Head && queue.message_ttl.as_ref().is_none_or(|ttl| ttl.scv() > 0.0)
            }
            Feature::VisibilityTimeout => {
                // In a consumer's own line a delivery ages before its work begins.
                let whole =
                    queue.preemption == Preemption::None && queue.discipline != Discipline::ProcessorSharing;
                let alone = !self.has(Feature::Outages)
                    && !self.has(Feature::ConsumerBatches)
                    && groups.iter().all(|c| c.prefetch <= 1);
                let sure = self.service.is_constant() && whole && alone;
                queue.visibility_timeout.is_some_and(|limit| !(sure && self.service.mean() < limit))
            }
            Feature::LateAck => queue.late_ack != LateAck::Void && self.has(Feature::VisibilityTimeout),
            Feature::Join => queue.join.is_some(),
            Feature::Backlog => queue.initial_backlog > 0,
            // Without a place to wait there is no oldest message to drop.
            Feature::Room => self.room().is_some_and(|m| m == 0 || queue.overflow == Overflow::RejectPublish),
            Feature::DropHead => self.room().is_some_and(|m| m > 0) && queue.overflow == Overflow::DropHead,
            Feature::BlockedOrder => queue.blocks() && !self.is_in_order(),
            Feature::Order => !self.is_in_order(),
            // One server that takes its own line in the order of arrival does what it would have done anyway,
            // unless something comes back behind that line, or leaves the queue for it.
            Feature::Prefetch => {
                use Feature::{Autoscaling, ConsumerBatches, Failures, Outages, OwnFailures};
                let back = queue.visibility_timeout.is_some()
                    || [Failures, OwnFailures, Outages].iter().any(|f| self.has(*f));
                let counted = queue.max_length.is_some()
                    || queue.message_ttl.is_some()
                    || self.has(Feature::OwnTimeToLive)
                    || queue.delivery_limit.is_some();
                let other =
                    [Autoscaling, ConsumerBatches].iter().any(|f| self.has(*f)) || !self.is_in_order();
                groups.iter().any(|c| c.prefetch > 1)
                    && !(self.servers == Some(1) && !back && !counted && !other)
            }
            Feature::Durability => queue.durability == Durability::Fsync,
            Feature::RepeatedSync => queue.sync_per_message > 1,
            // Each order is judged as one, what is given up is followed where deliveries fail, and the rest
            // by who sends and takes.
            Feature::PrefetchOnDemand
            | Feature::PrefetchOnRequest
            | Feature::Lifo
            | Feature::Priority
            | Feature::Random
            | Feature::Shortest
            | Feature::Deadline
            | Feature::RoundRobin
            | Feature::ProcessorSharing
            | Feature::Preemption
            | Feature::Block
            | Feature::RandomTimeToLive
            | Feature::DeliveryLimit
            | Feature::DeadLetters
            | Feature::UnlimitedServers
            | Feature::BackOff
            | Feature::ClosedLoop
            | Feature::Topics
            | Feature::Completion => false,
            Feature::MixedGroups => {
                let same = |c: &&Consumer| {
                    c.service_time == groups[0].service_time
                        && c.service_time_per_message == groups[0].service_time_per_message
                };
                !groups.iter().all(same)
            }
            Feature::SharedWorkers => groups.iter().any(|c| !c.also.is_empty()),
            Feature::UnequalServers => groups.iter().any(|c| c.has_speeds()),
            Feature::ResourceSlots | Feature::SharedResource => {
                groups.iter().any(|c| c.features().contains(&feature))
            }
            Feature::ServersPerMessage => groups.iter().any(|c| c.needs_several()),
            // Of alike servers any will do.
            Feature::ServerChoice => {
                self.is_mixed() && groups.iter().any(|c| c.choice != ServerChoice::LongestIdle)
            }
        }
    }

    /// Whether messages are taken in the order in which they came.
    pub(super) fn is_in_order(&self) -> bool {
        let of_one_priority =
            self.streams.windows(2).all(|w| w[0].producer.priority == w[1].producer.priority);
        match self.queue.discipline {
            Discipline::Fifo => true,
            Discipline::Priority => of_one_priority,
            Discipline::Shortest => self.service.is_constant(),
            // Within a producer they are.
            Discipline::RoundRobin if self.streams.len() == 1 => true,
            // Everybody is served at once.
            Discipline::Lifo | Discipline::Random | Discipline::Deadline | Discipline::RoundRobin => {
                self.servers.is_none()
                    && self.queue.preemption == Preemption::None
                    && !self.has(Feature::RateLimit)
            }
            Discipline::ProcessorSharing => false,
        }
    }

    /// Whether its servers are not all alike.
    pub(super) fn is_mixed(&self) -> bool {
        self.has(Feature::MixedGroups) || self.has(Feature::UnequalServers)
    }

    /// Whether it is several servers that have partitions of their own.
    pub(super) fn has_servers_of_their_own(&self) -> bool {
        let partitions = self.queue.binding_partitions(self.servers);
        partitions.zip(self.servers).is_some_and(|(partitions, servers)| partitions.min(servers) > 1)
    }
}

impl<'a> StationStream<'a> {
    /// A producer's messages. A random send time moves the points of a Poisson process without making it
    /// another one, but makes independent gaps dependent.
    pub fn of(producer: &'a Producer) -> Self {
        let gaps = match gaps_of(&producer.arrivals, producer.rate, &producer.batch) {
            _ if producer.rate_limit.is_some() => Gaps::Other("sends are limited to a rate"),
            Gaps::Renewal(_) if !is_constant(&producer.send_time) => {
                Gaps::Other("random send times make the gaps between arrivals dependent")
            }
            gaps => gaps,
        };
        StationStream { producer, rate: producer.rate, gaps }
    }
}

fn gaps_of(arrivals: &Arrivals, rate: f64, batch: &Batch) -> Gaps {
    match arrivals {
        Arrivals::Poisson => Gaps::Poisson,
        Arrivals::Periodic => Gaps::Renewal(Law::deterministic(batch.mean() / rate)),
        Arrivals::Renewal { gap } if is_exponential(gap) => Gaps::Poisson,
        Arrivals::Renewal { gap } => Gaps::Renewal(gap.clone()),
        Arrivals::Mmpp { rates, .. } if rates.windows(2).all(|w| w[0] == w[1]) => Gaps::Poisson,
        Arrivals::Mmpp { .. } => Gaps::Other("the arrival rate jumps between states"),
        Arrivals::Schedule { steps, .. }
            if steps.windows(2).all(|w| w[0].rate == w[1].rate) && rate > 0.0 =>
        {
            Gaps::Poisson
        }
        Arrivals::Schedule { .. } => Gaps::Other("the arrival rate follows a timetable"),
        Arrivals::Trace { .. } => Gaps::Other("the arrivals are read from a trace"),
        Arrivals::Closed { .. } => Gaps::Other("clients wait for their answer before they send again"),
    }
}

#[cfg(test)]
mod tests;
