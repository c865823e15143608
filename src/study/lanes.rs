//! The busiest partition of a queue: it decides, not the mean of them all.

use crate::theory::Load;

/// The busiest server of a queue in partitions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct BusiestServer {
    /// Of the queue's messages, what part is this server's.
    pub share: f64,
    /// How busy it is.
    pub rho: f64,
}

/// The busiest server of a queue whose messages go to partitions by key; `None` for another queue, or where
/// shares are not known.
pub(super) fn busiest(load: &Load) -> Option<BusiestServer> {
    let rho = load.partitions.as_ref().filter(|parts| parts.servers > 1)?.rho?;
    let share = rho / (load.rho? * f64::from(load.servers?));
    share.is_finite().then_some(BusiestServer { share, rho })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Keys, Scenario};
    use crate::theory::explain;
    use crate::workload::laws::Law;

    #[test]
    fn a_hot_key_fills_one_partition() {
        // Zipf's 1, 1/2, 1/3 and 1/4 to two partitions: the first has 16/25 of 120/s, of which its server can
        // do 100/s.
        let mut scenario = Scenario::mgc(120.0, Law::exponential(0.01), 2);
        assert_eq!(busiest(&explain(&scenario).loads[0]), None);
        scenario.queues[0].partitions = Some(2);
        scenario.producers[0].keys = Some(Keys::Zipf { count: 4, exponent: 1.0 });
        let lane = busiest(&explain(&scenario).loads[0]).expect("two partitions");
        assert!((lane.share - 0.64).abs() < 1e-12 && (lane.rho - 0.768).abs() < 1e-12, "{lane:?}");
    }
}
