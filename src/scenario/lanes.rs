//! The loads of servers each by itself, where partitions bind messages to servers.

use super::capacity::up;
use super::deal;
use super::deliveries::work_of;
use super::keys;
use super::model::{Consumer, Scenario};
use super::range::Range;

/// Partitions dealt to servers in turn: server i of n has the partitions i, i + n and so on, and a queue of
/// its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PartitionAssignment {
    /// Servers that have a partition; those beyond have none.
    pub servers: u32,
    /// Load of the busiest of them.
    pub rho: Range,
    /// Partitions to which no key leads.
    pub empty: usize,
}

impl PartitionAssignment {
    /// Of a queue to which so much comes; `None` where messages are not bound to servers.
    pub(super) fn of(scenario: &Scenario, queue: usize, arrivals: Range) -> Option<PartitionAssignment> {
        let partitions = scenario.queues[queue].partitions? as usize;
        let counts = scenario.consumers_of(queue).map(|(_, c)| c.most_servers().map(|n| (c, n as usize)));
        let groups: Vec<(&Consumer, usize)> = counts.collect::<Option<_>>()?;
        let servers = groups.iter().map(|(_, n)| n).sum::<usize>().min(partitions);
        if servers == 0 {
            return None;
        }
        let group_of = |server: usize| {
            let mut before = 0;
            let mine = |&&(_, n): &&(&Consumer, usize)| {
                before += n;
                server < before
            };
            groups.iter().find(mine).map_or(groups[0].0, |(c, _)| *c)
        };
        // Messages a second of each partition, and their work if the first, second, … group does it.
        let mut rates = vec![0.0; partitions];
        let mut work = vec![0.0; servers];
        for producer in &scenario.producers {
            for (partition, share) in scenario.direct(producer, queue).into_iter().enumerate() {
                let server = partition % servers;
                rates[partition] += producer.rate * share;
                work[server] += producer.rate * share * work_of(scenario, group_of(server), Some(producer));
            }
        }
        let direct: f64 = rates.iter().sum();
        // Summed another way, what comes straight from producers is no more than all.
        let rest = |all: f64| {
            if all.is_infinite() {
                all
            } else {
                Some(all - direct).filter(|r| *r > 1e-9 * all).unwrap_or(0.0)
            }
        };
        let forwarded = Range { least: rest(arrivals.least), most: rest(arrivals.most) };
        let shares =
            deal::mixed(scenario, queue, |keys| keys::shares(keys, scenario.choice_of_partition(queue)));
        let share = |server: usize| match &shares {
            Some(shares) => {
                let mine = || shares.iter().skip(server).step_by(servers);
                Range { least: mine().map(|s| s.least).sum(), most: mine().map(|s| s.most).sum() }
            }
            None => Range { least: 0.0, most: 1.0 },
        };
        let load = |(server, direct): (usize, &f64)| {
            let (group, share) = (group_of(server), share(server));
            let more = work_of(scenario, group, None);
            let all = |rate: f64, share: f64| {
                (direct + if rate > 0.0 { rate * share * more } else { 0.0 }) / up(group)
            };
            Range { least: all(forwarded.least, share.least), most: all(forwarded.most, share.most) }
        };
        let busiest = |a: Range, b: Range| Range { least: a.least.max(b.least), most: a.most.max(b.most) };
        let rho = work.iter().enumerate().map(load).reduce(busiest)?;
        let empty = if forwarded.most > 0.0 { 0 } else { rates.iter().filter(|rate| **rate == 0.0).count() };
        Some(PartitionAssignment {
            servers: servers as u32,
            rho,
            empty: if direct > 0.0 { empty } else { 0 },
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::{Consumer, Keys, Scenario, demands};
    use crate::workload::laws::Law;

    fn busiest(scenario: &Scenario) -> f64 {
        demands(scenario, &|_| None)[0]
            .lanes
            .as_ref()
            .expect("partitions")
            .rho
            .known()
            .expect("nothing is lost")
    }

    #[test]
    fn servers_beyond_the_partitions_do_nothing() {
        let mut s = Scenario::mgc(202.0, Law::exponential(0.01), 3);
        s.queues[0].partitions = Some(2);
        assert!((busiest(&s) - 1.01).abs() < 1e-12);
        // Three partitions of two servers: the first has two of them.
        s.queues[0].partitions = Some(3);
        s.consumers[0].count = crate::scenario::Servers::Count(2);
        assert!((busiest(&s) - 2.02 * 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_hot_key_is_the_load_of_one_server() {
        let mut s = Scenario::mgc(100.0, Law::exponential(0.01), 4);
        s.queues[0].partitions = Some(4);
        s.producers[0].keys = Some(Keys::Zipf { count: 4, exponent: 1.0 });
        assert!((busiest(&s) - 12.0 / 25.0).abs() < 1e-12);
        // The second server is of a slow group, and fails every other time: 2 · 0.24 · 5.
        s.consumers[0].count = crate::scenario::Servers::Count(1);
        s.consumers.push(Consumer { failure: 0.5, ..Consumer::group("slow", 0, 3, Law::exponential(0.05)) });
        assert!((busiest(&s) - 2.4).abs() < 1e-12);
    }

    #[test]
    fn keys_that_are_too_few_leave_partitions_without_messages() {
        let mut s = Scenario::mgc(1.0, Law::exponential(0.01), 4);
        s.queues[0].partitions = Some(4);
        s.producers[0].keys = Some(Keys::Uniform { count: 3 });
        assert_eq!(demands(&s, &|_| None)[0].lanes.as_ref().map(|lanes| lanes.empty), Some(1));
    }
}
