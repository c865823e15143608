//! Markov-modulated Poisson processes whose states take turns, by expectation–maximisation from counts in
//! windows and, with two states, by maximum likelihood from the gaps.

use super::arrivals::{ArrivalStream, counts};
use super::mmpp::Mmpp;

/// Messages a window, on average, and the most windows.
const MESSAGES: f64 = 10.0;
const MOST: f64 = 20_000.0;
/// Fewer windows than this for each state say nothing about it.
const FEWEST: usize = 20;
/// Steps of the search from every order of the states, and from the best of them.
const FIRST_STEPS: usize = 15;
const STEPS: usize = 80;
/// Gaps that a likelihood is taken of, and the changes of state and back that must be among them.
const LIKELY: usize = 50_000;
const CYCLES: f64 = 20.0;
/// Rates are never quite zero in the search: a window without arrivals would decide too much.
const LEAST: f64 = 1e-6;

/// States in turn: messages a second and mean dwells in seconds.
pub(super) type States = (Vec<f64>, Vec<f64>);

/// The likeliest process of so many states (two to four); `None` if the file is too short for them.
pub(super) fn fitted(instants: &[f64], stream: &ArrivalStream, states: usize) -> Option<States> {
    let window = (MESSAGES / stream.rate).max(stream.lasted / MOST);
    let counts = counts(instants, window);
    if counts.len() < FEWEST * states {
        return None;
    }
    let rates = levels(&counts, states);
    let starts = orders(&rates)
        .into_iter()
        .map(|rates| HiddenChain { leave: vec![0.1; states], rates }.searched(&counts, FIRST_STEPS));
    let (best, _) = starts.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let (chain, _) = best.searched(&counts, STEPS);
    let rates: Vec<f64> =
        chain.rates.iter().map(|rate| if *rate > LEAST { rate / window } else { 0.0 }).collect();
    let leave: Vec<f64> = chain.leave.iter().map(|leave| leave / window).collect();
    let (rates, leave) = if states == 2 { by_gaps(instants, stream, rates, leave) } else { (rates, leave) };
    let dwell: Vec<f64> = leave.iter().map(|leave| 1.0 / leave).collect();
    let mean = rates.iter().zip(&dwell).map(|(r, d)| r * d).sum::<f64>() / dwell.iter().sum::<f64>();
    let sound =
        mean > 0.0 && dwell.iter().chain(&rates).all(|x| x.is_finite()) && dwell.iter().all(|d| *d > 0.0);
    sound.then(|| (rates.iter().map(|rate| rate * stream.rate / mean).collect(), dwell))
}

/// Windows blur states that change within them; gap by gap nothing is lost, if enough changes are among them.
fn by_gaps(
    instants: &[f64],
    stream: &ArrivalStream,
    rates: Vec<f64>,
    leave: Vec<f64>,
) -> (Vec<f64>, Vec<f64>) {
    let guess = Mmpp {
        rates: [rates[0].max(1e-3 * stream.rate), rates[1].max(1e-3 * stream.rate)],
        leave: [leave[0], leave[1]],
    };
    let gaps: Vec<f64> = instants.windows(2).map(|w| w[1] - w[0]).take(LIKELY).collect();
    let cycles = gaps.iter().sum::<f64>() / (1.0 / leave[0] + 1.0 / leave[1]);
    if cycles < CYCLES {
        return (rates, leave);
    }
    let found = guess.likeliest(&gaps);
    (found.rates.to_vec(), found.leave.to_vec())
}

/// Rates of groups of similar counts, ascending: k means of their square roots, whose spread is the same for
/// every rate.
fn levels(counts: &[f64], states: usize) -> Vec<f64> {
    let mut roots: Vec<f64> = counts.iter().map(|c| c.sqrt()).collect();
    roots.sort_by(f64::total_cmp);
    let (low, high) = (roots[0], roots[roots.len() - 1]);
    let mut centres: Vec<f64> =
        (0..states).map(|i| low + (high - low) * (i as f64 + 0.5) / states as f64).collect();
    for _ in 0..30 {
        let mut from = 0;
        for i in 0..states {
            let to = if i + 1 < states {
                roots.partition_point(|r| *r <= 0.5 * (centres[i] + centres[i + 1]))
            } else {
                roots.len()
            };
            if to > from {
                centres[i] = roots[from..to].iter().sum::<f64>() / (to - from) as f64;
            }
            from = to.max(from);
        }
    }
    centres.iter().map(|c| (c * c).max(0.1)).collect()
}

/// The orders in which states can take turns, the first always the same.
fn orders(rates: &[f64]) -> Vec<Vec<f64>> {
    let [first, rest @ ..] = rates else { return Vec::new() };
    fn all(rest: &[f64]) -> Vec<Vec<f64>> {
        if rest.is_empty() {
            return vec![Vec::new()];
        }
        let with = |i: usize| {
            let others: Vec<f64> =
                rest.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, r)| *r).collect();
            all(&others).into_iter().map(move |tail| [vec![rest[i]], tail].concat())
        };
        (0..rest.len()).flat_map(with).collect()
    }
    all(rest).into_iter().map(|tail| [vec![*first], tail].concat()).collect()
}

/// A hidden chain seen through Poisson counts: messages a window in each state, and the probability of going
/// on to the next.
#[derive(Debug, Clone)]
struct HiddenChain {
    rates: Vec<f64>,
    leave: Vec<f64>,
}

impl HiddenChain {
    /// After so many steps, and the logarithm of its likelihood before the last.
    fn searched(mut self, counts: &[f64], steps: usize) -> (HiddenChain, f64) {
        let mut likelihood = f64::NEG_INFINITY;
        for _ in 0..steps {
            likelihood = self.step(counts);
        }
        (self, likelihood)
    }

    /// One step of expectation–maximisation.
    ///
    /// # Source
    /// Rabiner (1989), section III: scaled forward and backward probabilities; only transitions to the next
    /// state are let be.
    fn step(&mut self, counts: &[f64]) -> f64 {
        let k = self.rates.len();
        let seen = self.seen(counts);
        let (forward, likelihood) = self.forward(&seen);
        let mut back = vec![1.0; k];
        let (mut stays, mut goes, mut time, mut messages) =
            (vec![0.0; k], vec![0.0; k], vec![0.0; k], vec![0.0; k]);
        for t in (0..counts.len()).rev() {
            let now = &forward[t * k..(t + 1) * k];
            let total: f64 = now.iter().zip(&back).map(|(f, b)| f * b).sum();
            for i in 0..k {
                let share = now[i] * back[i] / total;
                time[i] += share;
                messages[i] += share * counts[t];
            }
            if t == 0 {
                break;
            }
            let before = &forward[(t - 1) * k..t * k];
            let weighted: Vec<f64> = (0..k).map(|i| seen[t * k + i] * back[i]).collect();
            let mut scale = 0.0;
            for i in 0..k {
                let (stay, go) = ((1.0 - self.leave[i]) * weighted[i], self.leave[i] * weighted[(i + 1) % k]);
                back[i] = stay + go;
                scale += before[i] * back[i];
            }
            for i in 0..k {
                stays[i] += before[i] * (1.0 - self.leave[i]) * weighted[i] / scale;
                goes[i] += before[i] * self.leave[i] * weighted[(i + 1) % k] / scale;
                back[i] /= scale;
            }
        }
        for i in 0..k {
            self.rates[i] = (messages[i] / time[i].max(1e-9)).max(LEAST);
            self.leave[i] = (goes[i] / (goes[i] + stays[i]).max(1e-9)).clamp(1e-9, 1.0);
        }
        likelihood
    }

    /// How likely each count is in each state, next to the likeliest state.
    fn seen(&self, counts: &[f64]) -> Vec<f64> {
        let logs: Vec<f64> = self.rates.iter().map(|rate| rate.ln()).collect();
        let mut out = Vec::with_capacity(counts.len() * self.rates.len());
        for count in counts {
            let from = out.len();
            out.extend(self.rates.iter().zip(&logs).map(|(rate, log)| count * log - rate));
            let largest = out[from..].iter().copied().fold(f64::NEG_INFINITY, f64::max);
            out[from..].iter_mut().for_each(|x| *x = (*x - largest).exp().max(1e-300));
        }
        out
    }

    /// The probability of each state after each count, and the logarithm of the likelihood.
    fn forward(&self, seen: &[f64]) -> (Vec<f64>, f64) {
        let k = self.rates.len();
        let mut out = Vec::with_capacity(seen.len());
        let (mut row, mut log) = (vec![1.0 / k as f64; k], 0.0);
        for (t, seen) in seen.chunks_exact(k).enumerate() {
            let comes = |i: usize, row: &[f64]| {
                let before = (i + k - 1) % k;
                if t == 0 {
                    row[i]
                } else {
                    row[i] * (1.0 - self.leave[i]) + row[before] * self.leave[before]
                }
            };
            let next: Vec<f64> = (0..k).map(|i| comes(i, &row) * seen[i]).collect();
            let sum: f64 = next.iter().sum::<f64>().max(1e-300);
            log += sum.ln();
            row = next.into_iter().map(|x| x / sum).collect();
            out.extend_from_slice(&row);
        }
        (out, log)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{arrivals::stream, traffic::Traffic};
    use super::*;
    use crate::scenario::Arrivals;
    use crate::workload::laws::Law;

    /// Some 100 cycles of 60 s: dwells are known within 10 %, rates within 2 %.
    #[test]
    fn three_states_in_turn_are_found_again() {
        let (rates, dwell) = (vec![5.0, 80.0, 25.0], vec![30.0, 10.0, 20.0]);
        let made = Arrivals::Mmpp { rates: rates.clone(), dwell: dwell.clone() };
        let at = Traffic::drawn(&made, 24.0, &Law::ZERO, 0, 150_000).at;
        let (found, dwelt) = fitted(&at, &stream(&at), 3).expect("long enough");
        for (a, b) in found.iter().chain(&dwelt).zip(rates.iter().chain(&dwell)) {
            assert!((0.7..1.4).contains(&(a / b)), "{found:?} {dwelt:?}");
        }
    }

    #[test]
    fn states_take_turns_in_every_order() {
        assert_eq!(orders(&[1.0, 2.0]), [[1.0, 2.0]]);
        assert_eq!(orders(&[1.0, 2.0, 3.0]), [[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]]);
        assert_eq!(orders(&[1.0, 2.0, 3.0, 4.0]).len(), 6);
    }
}
