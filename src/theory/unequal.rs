//! Unequal exponential servers of one queue, of which the one that has been idle longest takes the next
//! message.

/// Alike servers: how many, and the messages a second that one of them does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ServerClass {
    /// How many are alike.
    pub servers: u32,
    /// Messages a second that each of them does.
    pub rate: f64,
}

/// The stationary law of who is idle.
#[derive(Debug, Clone, PartialEq)]
pub struct Unequal {
    /// P(all servers are busy): who comes then waits.
    pub delayed: f64,
    /// Of each kind, the probability that one of its servers is busy.
    pub busy: Vec<f64>,
    /// Of each kind, the share of the messages that one of its servers takes at once.
    pub at_once: Vec<f64>,
    /// Messages a second that all servers do together, less those that come: the wait of the delayed is
    /// exponential at this rate.
    pub spare: f64,
}

/// Solves the chain of the idle servers in the order in which they became idle.
///
/// # Formula
/// The probability that just the servers s₁ … s_k are idle, in this order, is P(all busy, nobody waits) ∏
/// μ(s_j)/λ: what flows into such a state by a server that ends its work and by a message that takes the
/// first of k + 1 is what flows out of it. Over all orders, the sets of k idle servers have together k!
/// e_k(μ)/λᵏ, with the elementary symmetric polynomial e_k. While all are busy, the number waiting is
/// geometric with ratio ρ = λ/Σμ.
/// # Domain
/// λ < Σμ.
/// # Source
/// Adan & Weiss, *A skill based parallel service system under FCFS–ALIS*, Stochastic Systems 4 (2014), for
/// messages that any server may take. With two servers these are the same figures as those of choosing an
/// idle one by chance (Gumbel, *Waiting lines with heterogeneous servers*, Operations Research 8 (1960);
/// Singh, *Two-server Markovian queues with balking*, Operations Research 18 (1970)).
/// # Numerics
/// All terms are positive; they are scaled down together before they overflow.
pub fn unequal(lambda: f64, kinds: &[ServerClass]) -> Unequal {
    let total: f64 = kinds.iter().map(|k| f64::from(k.servers) * k.rate).sum();
    let rho = lambda / total;
    let (all, scale) =
        weights(kinds.iter().flat_map(|k| std::iter::repeat_n(k.rate / lambda, k.servers as usize)));
    // With nobody waiting all busy has weight 1; all that wait as well, 1/(1 − ρ).
    let full = all[0] / (1.0 - rho);
    let sum = full + all[1..].iter().sum::<f64>();
    let mut out =
        Unequal { delayed: full / sum, busy: Vec::new(), at_once: Vec::new(), spare: total - lambda };
    for (i, kind) in kinds.iter().enumerate() {
        // Of the others: with this server first, or anywhere, among the idle.
        let others = kinds.iter().enumerate().flat_map(|(j, k)| {
            let servers = k.servers - u32::from(i == j);
            std::iter::repeat_n(k.rate / lambda, servers as usize)
        });
        let (rest, own) = weights(others);
        let (factor, one) = ((own - scale).exp() / sum, kind.rate / lambda);
        let first: f64 = rest.iter().sum();
        let anywhere: f64 = rest.iter().enumerate().map(|(k, weight)| (k as f64 + 1.0) * weight).sum();
        out.at_once.push(factor * one * first);
        out.busy.push(1.0 - factor * one * anywhere);
    }
    out
}

/// k! e_k of the numbers, for k = 0, 1, …, and the logarithm that all of them are to be multiplied with.
fn weights(numbers: impl Iterator<Item = f64>) -> (Vec<f64>, f64) {
    const LARGE: f64 = 1e200;
    let (mut list, mut scale) = (vec![1.0], 0.0);
    for x in numbers {
        list.push(0.0);
        for k in (1..list.len()).rev() {
            list[k] += k as f64 * x * list[k - 1];
        }
        if list.iter().any(|w| *w > LARGE) {
            list.iter_mut().for_each(|w| *w /= LARGE);
            scale += LARGE.ln();
        }
    }
    (list, scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear;
    use crate::theory::erlang::erlang_c;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-12 * b.abs(), "{a} is not {b}");
    }

    #[test]
    fn alike_servers_are_m_m_c() {
        for (lambda, kinds) in [
            (3.2, vec![ServerClass { servers: 1, rate: 1.0 }, ServerClass { servers: 3, rate: 1.0 }]),
            (950.0, vec![ServerClass { servers: 1000, rate: 1.0 }]),
        ] {
            let c: u32 = kinds.iter().map(|k| k.servers).sum();
            let law = unequal(lambda, &kinds);
            assert!((law.delayed / erlang_c(c, lambda) - 1.0).abs() < 1e-10, "{law:?}");
            assert!(law.busy.iter().all(|busy| (busy - lambda / f64::from(c)).abs() < 1e-10), "{law:?}");
        }
    }

    /// λ = 2, μ = 3 and 1: weights 1/(1 − ½) all busy, 3/2 and 1/2 one idle, 2 · 3/4 both idle make P(all
    /// busy) = 4/11. Choosing by chance gives the same, W = 8/11 s = 727.3 ms (Gumbel).
    #[test]
    fn a_fast_and_a_slow_server() {
        let law =
            unequal(2.0, &[ServerClass { servers: 1, rate: 3.0 }, ServerClass { servers: 1, rate: 1.0 }]);
        close(law.delayed, 4.0 / 11.0);
        close(law.busy[0], 5.0 / 11.0);
        close(law.busy[1], 7.0 / 11.0);
        close((law.delayed / law.spare * 2.0 + law.busy[0] + law.busy[1]) / 2.0, 8.0 / 11.0);
        close(law.at_once[0] + law.at_once[1] + law.delayed, 1.0);
    }

    /// What is done is what comes, whatever the speeds.
    #[test]
    fn as_much_is_done_as_comes() {
        let kinds = [
            ServerClass { servers: 2, rate: 3.0 },
            ServerClass { servers: 5, rate: 0.25 },
            ServerClass { servers: 1, rate: 1.5 },
        ];
        let law = unequal(6.5, &kinds);
        let done: f64 =
            kinds.iter().zip(&law.busy).map(|(k, busy)| f64::from(k.servers) * k.rate * busy).sum();
        close(done, 6.5);
    }

    /// Three servers, their fifteen states of who has been idle how long solved as a chain.
    #[test]
    fn the_product_solves_the_balance_equations() {
        let (lambda, mu) = (2.5, [2.0, 1.0, 0.5]);
        let mut states: Vec<Vec<usize>> = vec![Vec::new()];
        for from in 0.. {
            let Some(state) = states.get(from).cloned() else { break };
            states.extend((0..3).filter(|s| !state.contains(s)).map(|s| [state.clone(), vec![s]].concat()));
        }
        let index = |state: &[usize]| states.iter().position(|s| s == state).expect("a state");
        let n = states.len();
        let mut flow = vec![vec![0.0; n]; n];
        for (i, state) in states.iter().enumerate() {
            let mut go = |to: usize, rate: f64| {
                flow[to][i] += rate;
                flow[i][i] -= rate;
            };
            (0..3)
                .filter(|s| !state.contains(s))
                .for_each(|s| go(index(&[state.clone(), vec![s]].concat()), mu[s]));
            if let [_, rest @ ..] = state.as_slice() {
                go(index(rest), lambda);
            }
        }
        // The state of all busy counts for all that wait, of whom the first stage is the share 1 − ρ.
        let rho = lambda / mu.iter().sum::<f64>();
        (0..n).for_each(|i| flow[0][i] = if i == 0 { 1.0 / (1.0 - rho) } else { 1.0 });
        let mut right = vec![0.0; n];
        right[0] = 1.0;
        let p = linear::solve(flow, right).expect("regular");
        let law = unequal(lambda, &mu.map(|rate| ServerClass { servers: 1, rate }));
        close(law.delayed, p[0] / (1.0 - rho));
        for (s, busy) in law.busy.iter().enumerate() {
            let idle: f64 =
                states.iter().zip(&p).filter(|(state, _)| state.contains(&s)).map(|(_, p)| p).sum();
            close(*busy, 1.0 - idle);
        }
    }
}
