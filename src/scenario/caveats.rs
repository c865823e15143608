//! What partitions, back-offs and outages mean here, where a reader may take them for something else.

use super::model::{Ack, Arrivals, Consumer, Queue, RetryOrder, Scenario};
use crate::answer::{Caveat, ScenarioCaveat};
use crate::workload::laws::Law;

/// Names that a sentence has room for.
const NAMED: usize = 5;

impl Scenario {
    /// What the partitions of its queues and the outages of its consumers are, where others would give other
    /// figures.
    pub fn caveats(&self) -> Vec<Caveat> {
        let partitions = (0..self.queues.len()).flat_map(|queue| self.partition_caveats(queue));
        let outages = self.consumers.iter().flat_map(|c| [outage_caveat(c), repair_caveat(c)]).flatten();
        let own = partitions.chain(self.back_off_caveats()).chain(outages).chain(self.periodic_caveat());
        own.map(Caveat::from).collect()
    }

    /// Several producers with constant gaps: where their sends lie to one another decides the waits.
    fn periodic_caveat(&self) -> Option<ScenarioCaveat> {
        let periodic = self.producers.iter().filter(|p| matches!(p.arrivals, Arrivals::Periodic));
        let producers: Vec<String> = periodic.map(|p| p.name.clone()).take(NAMED).collect();
        (producers.len() > 1).then_some(ScenarioCaveat::PeriodicInStep { producers })
    }

    fn partition_caveats(&self, queue: usize) -> Vec<ScenarioCaveat> {
        let groups: Vec<&Consumer> = self.consumers_of(queue).map(|(_, c)| c).collect();
        let queue = &self.queues[queue];
        let Some(partitions) = queue.partitions else { return Vec::new() };
        let mut caveats = Vec::new();
        if groups.iter().any(|c| self.comes_back_later(queue, c)) {
            caveats.push(ScenarioCaveat::RedeliveriesOvertaken { queue: queue.name.clone() });
        }
        let servers = groups.iter().try_fold(0u32, |sum, c| Some(sum.saturating_add(c.most_servers()?)));
        if let Some(servers) = servers.filter(|n| (2..partitions).contains(n)) {
            caveats.push(ScenarioCaveat::PartitionsAssigned {
                queue: queue.name.clone(),
                partitions,
                servers,
            });
        }
        caveats
    }

    /// What is put aside until its back-off ends is one of the messages of its queue.
    fn back_off_caveats(&self) -> impl Iterator<Item = ScenarioCaveat> {
        let aside = |c: &Consumer| self.backs_off(&self.queues[c.from], c);
        let queues = self
            .queues
            .iter()
            .enumerate()
            .filter(move |(queue, _)| self.consumers_of(*queue).any(|(_, c)| aside(c)));
        queues.map(|(_, queue)| ScenarioCaveat::BackOffCounted {
            queue: queue.name.clone(),
            bounded: queue.max_length.is_some(),
        })
    }

    /// Whether what a consumer did not finish waits aside, so that others pass it.
    fn comes_back_later(&self, queue: &Queue, consumer: &Consumer) -> bool {
        let aside = self.backs_off(queue, consumer) && consumer.retry_order == RetryOrder::NonBlocking;
        aside || consumer.ack == Ack::Manual && queue.visibility_timeout.is_some()
    }

    /// Whether what failed waits for a time before it is delivered again.
    fn backs_off(&self, queue: &Queue, consumer: &Consumer) -> bool {
        let aside = consumer.retry_delay.is_some_and(|delay| delay.max > 0.0);
        consumer.ack == Ack::Manual && aside && self.may_fail(consumer) && queue.delivery_limit != Some(1)
    }
}

/// Servers that stop at times of their own, where an outage of all at once would be another question.
fn outage_caveat(consumer: &Consumer) -> Option<ScenarioCaveat> {
    let outages = consumer.outages.as_ref()?;
    let constant = matches!((&outages.up, &outages.down), (Law::Deterministic(_), Law::Deterministic(_)));
    let (several, group) = (consumer.most_servers().is_none_or(|n| n > 1), consumer.name.clone());
    // Those that break only while they work are busy at times of their own.
    (several && !outages.together).then_some(match constant && !outages.only_busy {
        true => ScenarioCaveat::OutagesInStep { group },
        false => ScenarioCaveat::OutagesIndependent { group },
    })
}

/// A message whose server is repaired keeps it.
fn repair_caveat(consumer: &Consumer) -> Option<ScenarioCaveat> {
    let resumes = consumer.outages.as_ref().is_some_and(|outages| !outages.redeliver);
    resumes.then(|| ScenarioCaveat::RepairsInService { group: consumer.name.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Outages, Producer};

    #[test]
    fn what_is_in_step_for_ever_is_said() {
        let mut scenario = Scenario::mgc(1.0, Law::exponential(0.1), 2);
        assert_eq!(scenario.caveats(), []);
        let periodic = Producer { arrivals: Arrivals::Periodic, ..scenario.producers[0].clone() };
        scenario.producers = vec![periodic.clone(), Producer { name: "other".into(), ..periodic }];
        let outages = Outages {
            up: Law::deterministic(600.0),
            down: Law::deterministic(30.0),
            only_busy: false,
            together: false,
            redeliver: true,
        };
        scenario.consumers[0].outages = Some(outages);
        let said: Vec<String> = scenario.caveats().iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|s| s.contains("stop at the same instants")), "{said:?}");
        assert!(said.iter().any(|s| s.starts_with("the periodic sends of")), "{said:?}");
        scenario.consumers[0].outages.as_mut().expect("just set").up = Law::exponential(600.0);
        assert!(scenario.caveats().iter().any(|s| s.to_string().contains("breaks down by itself")));
    }
}
