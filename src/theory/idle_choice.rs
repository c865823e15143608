//! Unequal exponential servers of one queue, of which the fastest that is idle takes the next message, or
//! any.

use super::unequal::{ServerClass, Unequal};
use crate::linear;

/// How an idle server is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdleChoice {
    /// The fastest.
    Fastest,
    /// Any, with equal probability.
    Random,
}

/// States from which on the balance equations take too long.
pub const MOST_STATES: usize = 600;

/// Solves the chain of how many servers of each kind are busy; `None` if it has too many states. Kinds are to
/// differ in rate.
///
/// # Formula
/// Who comes while n servers are idle takes one of the fastest kind that has an idle one, or one of kind k
/// with probability idle_k/n. Each busy server of kind k is done at rate μ_k. While all are busy, the number
/// waiting is geometric with ratio ρ = λ/Σμ, so that all these states count as one, which is left at 1 − ρ of
/// the rate.
/// # Domain
/// λ < Σμ.
/// # Source
/// Gumbel, *Waiting lines with heterogeneous servers*, Operations Research 8 (1960), for any idle server;
/// Singh,
/// *Two-server Markovian queues with balking*, Operations Research 18 (1970), for the fastest.
pub fn chosen(lambda: f64, kinds: &[ServerClass], choice: IdleChoice) -> Option<Unequal> {
    let total: f64 = kinds.iter().map(|k| f64::from(k.servers) * k.rate).sum();
    let states = kinds.iter().try_fold(1_usize, |n, k| n.checked_mul(k.servers as usize + 1))?;
    if states > MOST_STATES {
        return None;
    }
    let (space, full) = (States(kinds), states - 1);
    let mut flow = vec![vec![0.0; states]; states];
    let mut leave = |state: usize| {
        let busy = space.busy(state);
        let mut go = |to: usize, rate: f64| {
            flow[to][state] += rate;
            flow[state][state] -= rate;
        };
        for (kind, share) in space.shares(&busy, choice).into_iter().enumerate().filter(|(_, s)| *s > 0.0) {
            go(state + space.step(kind), share);
        }
        let alone = if state == full { 1.0 - lambda / total } else { 1.0 };
        for (kind, busy) in busy.iter().enumerate().filter(|(_, busy)| **busy > 0) {
            go(state - space.step(kind), f64::from(*busy) * kinds[kind].rate / lambda * alone);
        }
    };
    (0..states).for_each(&mut leave);
    flow[0] = vec![1.0; states];
    let mut right = vec![0.0; states];
    right[0] = 1.0;
    let p = linear::solve(flow, right)?;
    let each = |kind: usize, of: &dyn Fn(usize) -> f64| {
        (0..states).map(|state| p[state] * of(state)).sum::<f64>() / f64::from(kinds[kind].servers)
    };
    Some(Unequal {
        delayed: p[full],
        busy: (0..kinds.len()).map(|k| each(k, &|state| f64::from(space.busy(state)[k]))).collect(),
        at_once: (0..kinds.len())
            .map(|k| each(k, &|state| space.shares(&space.busy(state), choice)[k]))
            .collect(),
        spare: total - lambda,
    })
}

/// The states, numbered by how many servers of each kind are busy.
struct States<'a>(&'a [ServerClass]);

impl States<'_> {
    /// By how much the number rises when one more of a kind is busy.
    fn step(&self, kind: usize) -> usize {
        self.0[..kind].iter().map(|k| k.servers as usize + 1).product()
    }

    fn busy(&self, state: usize) -> Vec<u32> {
        let of =
            |(i, kind): (usize, &ServerClass)| (state / self.step(i) % (kind.servers as usize + 1)) as u32;
        self.0.iter().enumerate().map(of).collect()
    }

    /// The share of those who come that a server of each kind takes at once.
    fn shares(&self, busy: &[u32], choice: IdleChoice) -> Vec<f64> {
        let idle: Vec<u32> = self.0.iter().zip(busy).map(|(kind, busy)| kind.servers - busy).collect();
        let all: u32 = idle.iter().sum();
        let fastest = (0..idle.len())
            .filter(|&k| idle[k] > 0)
            .max_by(|&i, &j| self.0[i].rate.total_cmp(&self.0[j].rate));
        let share = |(k, idle): (usize, &u32)| match choice {
            _ if all == 0 => 0.0,
            IdleChoice::Fastest => f64::from(u8::from(Some(k) == fastest)),
            IdleChoice::Random => f64::from(*idle) / f64::from(all),
        };
        idle.iter().enumerate().map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::erlang::erlang_c;
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} is not {b}");
    }

    fn kinds(list: &[(u32, f64)]) -> Vec<ServerClass> {
        list.iter().map(|&(servers, rate)| ServerClass { servers, rate }).collect()
    }

    /// λ = 2, μ = 3 and 1. Fastest first: p₀ = 2/6, either alone busy 1/6, both 1/6 · 1/(1 − ½): W = 2/3 s;
    /// any idle one: W = 8/11 s, as with the longest idle.
    #[test]
    fn a_fast_and_a_slow_server() {
        let servers = kinds(&[(1, 3.0), (1, 1.0)]);
        for (choice, delayed, w) in
            [(IdleChoice::Fastest, 1.0 / 3.0, 2.0 / 3.0), (IdleChoice::Random, 4.0 / 11.0, 8.0 / 11.0)]
        {
            let law = chosen(2.0, &servers, choice).expect("four states");
            close(law.delayed, delayed);
            close((law.delayed / law.spare * 2.0 + law.busy[0] + law.busy[1]) / 2.0, w);
            close(law.at_once[0] + law.at_once[1] + law.delayed, 1.0);
            close(3.0 * law.busy[0] + law.busy[1], 2.0);
        }
    }

    #[test]
    fn alike_servers_are_m_m_c_whoever_is_chosen() {
        for choice in [IdleChoice::Fastest, IdleChoice::Random] {
            let law = chosen(6.0, &kinds(&[(8, 1.0)]), choice).expect("nine states");
            assert!((law.delayed / erlang_c(8, 6.0) - 1.0).abs() < 1e-10);
            close(law.busy[0], 0.75);
        }
    }

    #[test]
    fn too_many_states_are_not_solved() {
        assert_eq!(chosen(1.0, &kinds(&[(30, 1.0), (30, 2.0)]), IdleChoice::Random), None);
    }
}
