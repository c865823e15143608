//! The busiest partition of a queue: it decides, not the mean of them all.

use crate::scenario::{Destination, Scenario};
use crate::theory::{Load, partitions};

/// The busiest server of a queue in partitions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lane {
    /// Of the queue's messages, what part is this server's.
    pub share: f64,
    /// How busy it is.
    pub rho: f64,
}

/// The busiest server of a queue whose messages go to partitions by key; `None` for another queue, or where shares are not known.
pub(super) fn busiest(scenario: &Scenario, queue: usize, load: &Load) -> Option<Lane> {
    let parts = scenario.queues[queue].partitions.filter(|partitions| *partitions > 1)?;
    let (servers, rho) = (load.servers.filter(|servers| *servers > 0)?, load.rho?);
    let lanes = parts.min(servers);
    let senders = scenario.producers.iter().filter(|p| p.to == Destination::Queue(queue) && p.rate > 0.0);
    let (mut sums, mut all) = (vec![0.0; lanes as usize], 0.0);
    for producer in senders {
        let shares = partitions::shares(producer.keys.as_ref(), parts, lanes)?;
        sums.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share * producer.rate);
        all += producer.rate;
    }
    let share = sums.into_iter().fold(0.0, f64::max) / all;
    share.is_finite().then_some(Lane { share, rho: rho * f64::from(servers) * share })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Keys;
    use crate::theory::explain;
    use crate::workload::laws::Law;

    #[test]
    fn a_hot_key_fills_one_partition() {
        // Zipf's 1, 1/2, 1/3 and 1/4 to two partitions: the first has 16/25 of 120/s, of which its server can do 100/s.
        let mut scenario = Scenario::mgc(120.0, Law::exponential(0.01), 2);
        assert_eq!(busiest(&scenario, 0, &explain(&scenario).loads[0]), None);
        scenario.queues[0].partitions = Some(2);
        scenario.producers[0].keys = Some(Keys::Zipf { count: 4, exponent: 1.0 });
        let lane = busiest(&scenario, 0, &explain(&scenario).loads[0]).expect("two partitions");
        assert!((lane.share - 0.64).abs() < 1e-12 && (lane.rho - 0.768).abs() < 1e-12, "{lane:?}");
    }
}
