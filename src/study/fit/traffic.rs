//! What arrivals and their work do to servers: waits, and how many servers keep them short.

use crate::scenario::{Arrivals, Consumer, Producer, Queue, Scenario};
use crate::units::NANOS_PER_SECOND;
use crate::workload::laws::Law;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Up to so many servers the one that is free first is looked for one by one; a heap is quicker for more.
const FEW_SERVERS: usize = 16;
/// The share of the messages that may wait longer than what is asked for.
const TAIL: f64 = 0.01;

/// Messages in the order of their arrival: when each comes and how long its work takes, in seconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Traffic {
    pub at: Vec<f64>,
    pub work: Vec<f64>,
}

/// The mean and the 99th percentile of waits, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Waits {
    pub mean: f64,
    pub p99: f64,
}

impl Traffic {
    /// So many messages of a process, each with work of a law: a replication of the very plan that a
    /// simulation plays.
    pub(super) fn drawn(
        arrivals: &Arrivals,
        rate: f64,
        work: &Law,
        replication: u64,
        messages: usize,
    ) -> Traffic {
        let mut producer = Producer::poisson("web", 0, rate);
        producer.arrivals = arrivals.clone();
        let scenario =
            Scenario::single(producer, Queue::default(), Consumer::group("workers", 0, 1, work.clone()));
        let Ok(plan) = scenario.plan(1, replication) else { return Traffic::default() };
        let block = plan.take_messages(messages as u64);
        let seconds = |nanos: &[u64]| nanos.iter().map(|x| *x as f64 / NANOS_PER_SECOND).collect();
        Traffic {
            at: seconds(&block.due),
            work: block.demand.first().map_or(Vec::new(), |demand| seconds(demand)),
        }
    }

    /// How long each message waits for one server, first come, first served, with all work stretched by a
    /// factor (Lindley 1952).
    fn waits_for_one(&self, factor: f64) -> Vec<f64> {
        let (mut free, mut waits) = (0.0_f64, Vec::with_capacity(self.at.len()));
        for (at, work) in self.at.iter().zip(&self.work) {
            let start = free.max(*at);
            waits.push(start - at);
            free = start + work * factor;
        }
        waits
    }

    /// How long each message waits for the first of several equal servers to be free (Kiefer & Wolfowitz
    /// 1955).
    fn waits_for(&self, servers: usize) -> Vec<f64> {
        match servers {
            0 | 1 => self.waits_for_one(1.0),
            2..=FEW_SERVERS => self.waits_for_few(servers),
            _ => self.waits_for_many(servers),
        }
    }

    fn waits_for_few(&self, servers: usize) -> Vec<f64> {
        let (mut free, mut waits) = ([f64::INFINITY; FEW_SERVERS], Vec::with_capacity(self.at.len()));
        free[..servers].fill(f64::NEG_INFINITY);
        for (at, work) in self.at.iter().zip(&self.work) {
            let first = (1..servers).fold(0, |best, i| if free[i] < free[best] { i } else { best });
            let start = free[first].max(*at);
            waits.push(start - at);
            free[first] = start + work;
        }
        waits
    }

    fn waits_for_many(&self, servers: usize) -> Vec<f64> {
        // Of numbers that are not negative the bits are in the same order.
        let origin = self.at.first().copied().unwrap_or(0.0);
        let (mut busy, mut waits) =
            (BinaryHeap::with_capacity(servers + 1), Vec::with_capacity(self.at.len()));
        for (at, work) in self.at.iter().zip(&self.work) {
            let now = at - origin;
            let free = if busy.len() < servers {
                0.0
            } else {
                busy.pop().map_or(0.0, |Reverse(bits)| f64::from_bits(bits))
            };
            let start = free.max(now);
            waits.push(start - now);
            busy.push(Reverse((start + work).max(0.0).to_bits()));
        }
        waits
    }

    /// Mean and p99 of the waits for one server whose work is stretched by a factor.
    pub(super) fn waits(&self, factor: f64) -> Waits {
        let mut waits = self.waits_for_one(factor);
        let mean = waits.iter().sum::<f64>() / waits.len().max(1) as f64;
        Waits { mean, p99: p99(&mut waits) }
    }

    /// The fewest servers for which 99 % of the messages wait no longer than a limit. The search begins near
    /// a guess.
    pub(super) fn servers_needed(&self, limit: f64, guess: usize) -> usize {
        let most = self.at.len().max(1);
        let enough = |servers: usize| servers >= most || p99(&mut self.waits_for(servers)) <= limit;
        let guess = guess.clamp(1, most);
        // From the guess outwards in steps that double, until one bound is enough and the other is not.
        let (mut low, mut high, mut step) = (0, guess, 1);
        if enough(guess) {
            while high > 1 {
                let next = high.saturating_sub(step).max(1);
                if !enough(next) {
                    low = next;
                    break;
                }
                (high, step) = (next, step * 2);
            }
        } else {
            low = guess;
            loop {
                high = (low + step).min(most);
                if enough(high) {
                    break;
                }
                (low, step) = (high, step * 2);
            }
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if enough(middle) { high = middle } else { low = middle }
        }
        high
    }
}

/// The least value that 99 % do not exceed.
fn p99(values: &mut [f64]) -> f64 {
    let rank = ((1.0 - TAIL) * values.len() as f64 - 1e-9).ceil() as usize;
    let Some(last) = values.len().checked_sub(1) else { return 0.0 };
    *values.select_nth_unstable_by(rank.saturating_sub(1).min(last), f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Erlang C: M/M/c with offered load 2.1 (rate 105/s, 20 ms). P(W > t) = C e^(−(c − a)t/S); 1 % is
    /// reached within one service time for C ≤ 0.01 e^(c − a): C(4, 2.1) = 0.2042 > 0.0669, C(5, 2.1) =
    /// 0.0723 ≤ 0.1817, so five.
    #[test]
    fn the_servers_of_an_m_m_c_are_erlangs() {
        let traffic = Traffic::drawn(&Arrivals::Poisson, 105.0, &Law::exponential(0.02), 0, 200_000);
        for guess in [1, 3, 5, 40] {
            assert_eq!(traffic.servers_needed(0.02, guess), 5, "from {guess}");
        }
        // M/M/1 at rho 0.7: W_q = 0.7/0.3 S, p99 ln(70)/0.3 S, some 2 % off over 200 000 messages.
        let waits = traffic.waits(0.7 / 2.1);
        let service = 0.7 / 105.0;
        assert!((waits.mean / (service * 7.0 / 3.0) - 1.0).abs() < 0.1, "{waits:?}");
        assert!((waits.p99 / (service * 70_f64.ln() / 0.3) - 1.0).abs() < 0.1, "{waits:?}");
    }

    /// A scan and a heap are the same recursion.
    #[test]
    fn few_and_many_servers_wait_alike() {
        let traffic = Traffic::drawn(&Arrivals::Poisson, 600.0, &Law::lognormal(0.02, 3.0), 1, 20_000);
        for servers in [2, 13, 16] {
            let pairs = traffic.waits_for_few(servers).into_iter().zip(traffic.waits_for_many(servers));
            assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-9), "{servers}");
        }
    }

    #[test]
    fn nothing_at_all_needs_one() {
        assert_eq!(Traffic::default().servers_needed(1.0, 7), 1);
        let together = Traffic { at: vec![3.0; 5], work: vec![1.0; 5] };
        assert_eq!((together.servers_needed(0.0, 2), together.servers_needed(1.0, 9)), (5, 3));
    }
}
