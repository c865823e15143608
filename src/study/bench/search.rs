//! The search for the highest rate that a target sustains: doubled until it does not, halved between, and
//! seen a second time.

use super::{BenchCase, BenchError, BenchRun, BenchWatch, run};
use crate::answer::Reason;
use crate::study::watch::Watch;

/// The first rate of the search, in messages a second, and the most steps of it.
const FIRST: f64 = 2_000.0;
const DOUBLINGS: u32 = 10;
/// Steps that halve what is left between a rate that is sustained and one that is not, on a scale of
/// logarithms: to 4 % of a doubling.
const HALVINGS: u32 = 4;
/// What is tried where a rate was not sustained a second time, and how often.
const LOWER: f64 = 0.95;
const LOWERINGS: u32 = 10;
/// Runs of a search, roughly.
const RUNS: f64 = 15.0;
/// Runs without an answer, one after another, that say that the target is broken.
const BROKEN: usize = 2;

/// What one search found.
#[derive(Debug, Default)]
pub(super) struct Search {
    pub runs: Vec<BenchRun>,
    /// The highest rate that was sustained twice, in messages a second.
    pub highest: Option<f64>,
    /// Why the target could not be measured any more.
    pub broken: Option<Reason>,
}

/// # Errors
/// Why not even the first run was possible.
pub(super) fn highest(case: &BenchCase, watch: &BenchWatch) -> Result<Search, BenchError> {
    let mut out = Search::default();
    let attempt = |out: &mut Search, rate: f64| {
        let run = match run(case, rate, &watch.after(out.runs.len() as f64 / RUNS)) {
            Ok(run) => run,
            Err(why) if out.runs.is_empty() => return Err(why),
            // Such as too few messages in the time of a run.
            Err(BenchError::Measurement { reason, .. }) => BenchRun::without_answer(rate, reason),
            Err(why) => return Err(why),
        };
        let sustains = run.sustains();
        out.runs.push(run);
        Ok::<bool, BenchError>(sustains)
    };
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut rate = FIRST;
    for _ in 0..DOUBLINGS {
        if watch.stopped() {
            return Ok(out);
        }
        if attempt(&mut out, rate)? {
            (low, rate) = (rate, 2.0 * rate);
        } else {
            high = rate;
            break;
        }
    }
    // Not even the first rate: look below it.
    let mut least = FIRST;
    while low == 0.0 && least > 10.0 && !watch.stopped() {
        least /= 4.0;
        if attempt(&mut out, least)? {
            low = least;
        } else {
            high = least;
        }
    }
    for _ in 0..HALVINGS {
        if watch.stopped() || low == 0.0 || high.is_infinite() {
            break;
        }
        let middle = (low * high).sqrt();
        *(if attempt(&mut out, middle)? { &mut low } else { &mut high }) = middle;
    }
    for _ in 0..LOWERINGS {
        out.broken = broken(&out.runs);
        if low == 0.0 || out.highest.is_some() || out.broken.is_some() || watch.stopped() {
            break;
        }
        if attempt(&mut out, low)? {
            out.highest = Some(low);
        }
        low *= LOWER;
    }
    Ok(out)
}

/// Why a target cannot be measured any more, if its last runs had no answer.
fn broken(runs: &[BenchRun]) -> Option<Reason> {
    let last = runs.iter().rev().take(BROKEN);
    let silent = last.clone().count() == BROKEN && last.clone().all(|run| run.failed.is_some());
    last.take(usize::from(silent)).find_map(|run| run.failed.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_without_an_answer_twice_is_broken() {
        let run = BenchRun { offered: 100.0, served: 99.0, answer: None, failed: None };
        let silent = BenchRun::without_answer(100.0, Reason::Failed("gone".into()));
        assert_eq!(broken(&[run.clone(), silent.clone()]), None);
        assert_eq!(broken(&[run, silent.clone(), silent]), Some(Reason::Failed("gone".into())));
    }
}
