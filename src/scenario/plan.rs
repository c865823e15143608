//! From a scenario to its plan.

use super::{Arrivals, Consumer, Deliver, Destination, Producer, Scenario};
use crate::rng::Key;
use crate::workload::PlanError;
use crate::workload::plan::{Group, Plan, PlannedProducer};
use std::collections::BTreeSet;

impl Scenario {
    /// Every message of a replication, before anything happens.
    ///
    /// # Errors
    /// A closed loop, whose sends follow from answers.
    pub fn plan(&self, seed: u64, replication: u64) -> Result<Plan, PlanError> {
        self.plan_of(seed, replication, &|_| false)
    }

    /// The same of all producers but closed loops, which send when answers come.
    ///
    /// # Errors
    /// A producer whose sends never leave the first instant.
    pub fn open_plan(&self, seed: u64, replication: u64) -> Result<Plan, PlanError> {
        self.plan_of(seed, replication, &|p| p.is_closed())
    }

    /// When one producer alone sends its messages, without their work.
    ///
    /// # Errors
    /// A closed loop, and a producer whose sends never leave the first instant.
    pub(crate) fn sends_of(&self, producer: usize, replication: u64) -> Result<Plan, PlanError> {
        let p = &self.producers[producer];
        let source = PlannedProducer {
            name: &p.name,
            arrivals: &p.arrivals,
            rate: p.rate,
            batch: &p.batch,
            limit: p.rate_limit.map(|limit| (limit.rate, limit.burst)),
            send_time: &p.send_time,
            service_time: None,
            to: &[],
        };
        Plan::new(Key::new(self.seed, replication), &[source], &[])
    }

    fn plan_of(
        &self,
        seed: u64,
        replication: u64,
        silent: &dyn Fn(&Producer) -> bool,
    ) -> Result<Plan, PlanError> {
        let met = self.groups_met();
        let sources: Vec<PlannedProducer<'_>> = self
            .producers
            .iter()
            .zip(&met)
            .map(|(p, to)| PlannedProducer {
                to,
                name: &p.name,
                arrivals: if silent(p) { &Arrivals::Poisson } else { &p.arrivals },
                rate: if silent(p) { 0.0 } else { p.rate },
                batch: &p.batch,
                limit: p.rate_limit.map(|limit| (limit.rate, limit.burst)),
                send_time: &p.send_time,
                service_time: p.service_time.as_ref(),
            })
            .collect();
        let groups: Vec<Group<'_>> = self
            .consumers
            .iter()
            .zip(self.copied_to())
            .map(|(c, copied)| Group {
                name: &c.name,
                service_time: &c.service_time,
                per_message: &c.service_time_per_message,
                direct: !copied,
            })
            .collect();
        Plan::new(Key::new(seed, replication), &sources, &groups)
    }

    /// The groups that each producer's messages may meet without being forwarded, in the scenario's order.
    pub(crate) fn groups_met(&self) -> Vec<Vec<usize>> {
        let mut at_queue: Vec<Vec<usize>> = vec![Vec::new(); self.queues.len()];
        for (g, group) in self.consumers.iter().enumerate() {
            group.queues().for_each(|queue| at_queue[queue].push(g));
        }
        let met = |p: &Producer| {
            let mut all: Vec<usize> =
                self.queues_of(p.to).iter().flat_map(|queue| &at_queue[*queue]).copied().collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        self.producers.iter().map(met).collect()
    }

    /// Whether several copies of a message come to the queues of each group: each is work of its own.
    fn copied_to(&self) -> Vec<bool> {
        let copies = |t: usize| self.topics[t].deliver == Deliver::All;
        let used: BTreeSet<usize> = self
            .producers
            .iter()
            .filter_map(|p| if let Destination::Topic(t) = p.to { Some(t) } else { None })
            .filter(|t| copies(*t))
            .collect();
        let twice = |group: &Consumer, t: &usize| {
            !group.also.is_empty()
                && group.queues().filter(|queue| self.topics[*t].subscriptions.contains(queue)).count() > 1
        };
        self.consumers.iter().map(|group| used.iter().any(|t| twice(group, t))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Complete, Consumer, Deliver, Queue, Topic};
    use crate::workload::laws::Law;

    /// Value stability: a seed keeps its plan from one version to the next. Change this only with a word to
    /// the users.
    #[test]
    fn the_first_messages_of_a_seed_stay_what_they_are() {
        let scenario = Scenario::mgc(900.0, Law::exponential(0.004), 4);
        let block = scenario.plan(1, 0).unwrap().take_messages(4);
        assert_eq!(block.due, [2_663_471, 7_805_102, 9_373_292, 9_481_336]);
        assert_eq!(block.demand, [[3_968_346, 10_962_092, 2_062_666, 1_130_143]]);
        assert_ne!(scenario.plan(1, 1).unwrap().take_messages(4), block);
        assert_ne!(scenario.plan(2, 0).unwrap().take_messages(4), block);
    }

    #[test]
    fn groups_behind_a_topic_have_demands_and_those_behind_a_group_have_none() {
        let mut scenario = Scenario::mgc(900.0, Law::exponential(0.004), 4);
        scenario.queues = vec![Queue::default(); 3];
        scenario.consumers =
            (0..3).map(|i| Consumer::group(&format!("group {i}"), i, 1, Law::exponential(0.001))).collect();
        scenario.topics = vec![Topic {
            name: "events".into(),
            subscriptions: vec![0, 2],
            deliver: Deliver::All,
            complete_when: Complete::Each,
        }];
        scenario.producers[0].to = Destination::Topic(0);
        let block = scenario.plan(1, 0).unwrap().take_messages(10);
        let lengths: Vec<usize> = (0..3).map(|group| block.work_for(group).len()).collect();
        assert_eq!(lengths, [10, 0, 10]);
    }
}
