//! What partitions and outages mean here, where a reader may take them for something else.

use super::model::{Ack, Consumer, Queue, Scenario};
use crate::units::plain;
use crate::workload::laws::Law;

impl Scenario {
    /// What the partitions of its queues and the outages of its consumers are, in sentences, where others would give other figures.
    pub fn caveats(&self) -> Vec<String> {
        let partitions = (0..self.queues.len()).flat_map(|queue| self.partition_caveats(queue));
        partitions.chain(self.consumers.iter().filter_map(outage_caveat)).collect()
    }

    fn partition_caveats(&self, queue: usize) -> Vec<String> {
        let groups: Vec<&Consumer> = self.consumers_of(queue).map(|(_, c)| c).collect();
        let queue = &self.queues[queue];
        let Some(partitions) = queue.partitions else { return Vec::new() };
        let mut caveats = Vec::new();
        if groups.iter().any(|c| self.comes_back_later(queue, c)) {
            caveats.push(format!(
                "in `{}`, what is delivered again comes after those that follow it in its partition, which are served meanwhile; a consumer that tries again in place holds all of them up",
                queue.name
            ));
        }
        let servers = groups.iter().try_fold(0u32, |sum, c| Some(sum.saturating_add(c.most_servers()?)));
        if let Some(servers) = servers.filter(|n| (2..partitions).contains(n)) {
            caveats.push(format!(
                "each of the {} partitions of `{}` belongs to one of {} servers for good, as in a consumer group; where a key is locked only while a message of its is in flight (message groups, sessions), a free server takes what another's line would hold, and waits are shorter",
                plain(f64::from(partitions), 7),
                queue.name,
                plain(f64::from(servers), 7)
            ));
        }
        caveats
    }

    /// Whether what a consumer did not finish waits aside, so that others pass it.
    fn comes_back_later(&self, queue: &Queue, consumer: &Consumer) -> bool {
        let fails = consumer.failure > 0.0 || self.producers.iter().any(|p| p.failure.is_some_and(|f| f > 0.0));
        let aside = consumer.retry_delay.is_some_and(|delay| delay.max > 0.0) && fails && queue.delivery_limit != Some(1);
        consumer.ack == Ack::Manual && (aside || queue.visibility_timeout.is_some())
    }
}

/// Servers that stop at times of their own, where an outage of all at once would be another question.
fn outage_caveat(consumer: &Consumer) -> Option<String> {
    let outages = consumer.outages.as_ref()?;
    let random = !matches!((&outages.up, &outages.down), (Law::Deterministic(_), Law::Deterministic(_)));
    let several = consumer.most_servers().is_none_or(|n| n > 1);
    (random && several).then(|| {
        format!(
            "each server of `{}` breaks down by itself; where one cause stops all at once (a rebalance, a lost node, a shared database), waits are longer",
            consumer.name
        )
    })
}
