//! From a scenario to its plan.

use super::{Destination, Scenario};
use crate::rng::Key;
use crate::workload::plan::{Group, Plan, PlanError, Source};

impl Scenario {
    /// Every message of a replication, before anything happens.
    ///
    /// # Errors
    /// A closed loop, whose sends follow from answers.
    pub fn plan(&self, seed: u64, replication: u64) -> Result<Plan, PlanError> {
        let sources: Vec<Source<'_>> = self
            .producers
            .iter()
            .map(|p| Source {
                name: &p.name,
                arrivals: &p.arrivals,
                rate: p.rate,
                batch: &p.batch,
                send_time: &p.send_time,
                service_time: p.service_time.as_ref(),
            })
            .collect();
        let groups: Vec<Group<'_>> = self
            .consumers
            .iter()
            .map(|c| Group {
                name: &c.name,
                service_time: &c.service_time,
                per_message: &c.service_time_per_message,
                direct: self.producers.iter().any(|p| self.reaches(p.to, c.from)),
            })
            .collect();
        Plan::new(Key::new(seed, replication), &sources, &groups)
    }

    /// Whether what is sent there may come to a queue without being forwarded.
    fn reaches(&self, to: Destination, queue: usize) -> bool {
        match to {
            Destination::Queue(q) => q == queue,
            Destination::Topic(t) => self.topics[t].subscriptions.contains(&queue),
        }
    }
}
