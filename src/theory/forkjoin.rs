//! Fork–join: a message is copied to several queues and done when all copies are, or k of them.

use super::{ModelError, Station, SteadyState, TimeDistribution};
use crate::answer::{Caveat, TheoryCaveat};
use crate::scenario::Complete;

/// Mean time until both copies are done, two alike M/M/1 queues fed by the same messages.
///
/// # Formula
/// R₂ = (12 − ρ)/8 · 1/(μ − λ).
/// # Source
/// Flatto & Hahn (1984); Nelson & Tantawi, *Approximate analysis of fork/join synchronization in parallel
/// queues*, IEEE Transactions on Computers 37 (1988).
///
/// ```
/// use queuelab::theory::forkjoin::both;
/// assert!((both(0.8, 1.0) - 7.0).abs() < 1e-13);
/// ```
pub fn both(lambda: f64, mu: f64) -> f64 {
    (12.0 - lambda / mu) / 8.0 / (mu - lambda)
}

/// Nelson and Tantawi's mean for `n` copies, scaled up from two.
///
/// # Formula
/// Rₙ ≈ \[Hₙ/H₂ + 4ρ/11 (1 − Hₙ/H₂)\] R₂.
/// # Domain
/// Exact for n = 2; within 5 % up to 32.
///
/// ```
/// use queuelab::theory::forkjoin::nelson_tantawi;
/// assert!((nelson_tantawi(0.5, 1.0, 3) - 3.3977272727272725).abs() < 1e-13);
/// ```
pub fn nelson_tantawi(lambda: f64, mu: f64, n: u32) -> f64 {
    let ratio = harmonic(n) / 1.5;
    (ratio + 4.0 * lambda / mu / 11.0 * (1.0 - ratio)) * both(lambda, mu)
}

fn harmonic(n: u32) -> f64 {
    (1..=n).map(|k| 1.0 / f64::from(k)).sum()
}

/// Mean of the k-th of `n` independent exponential times of rate 1.
pub fn kth_of(k: u32, n: u32) -> f64 {
    (n - k + 1..=n).map(|i| 1.0 / f64::from(i)).sum()
}

/// When enough copies are done, whether that is exact, and what to say.
pub(super) type Joined = (Option<TimeDistribution>, bool, Option<Caveat>);

/// # Errors
/// Copies are lost.
pub(super) fn joined(nodes: &[(Station<'_>, SteadyState)], complete: Complete) -> Result<Joined, ModelError> {
    if nodes.iter().any(|(_, figures)| figures.loss > 0.0) {
        return Err(ModelError::Other("copies are lost, and how often all are is not known".into()));
    }
    let n = nodes.len() as u32;
    let needed = match complete {
        Complete::Some(k) => k.clamp(1, n),
        Complete::All | Complete::Each => n,
    };
    let first = &nodes[0].0;
    // Copies whose work comes with the message are as long as each other.
    let brought =
        nodes.iter().any(|(s, _)| s.streams.iter().any(|stream| stream.producer.service_time.is_some()));
    // Of servers that need time to take a message nothing is known here.
    let at_once = first.scenario.simulation.overheads.delivers_at_once();
    let usual = |s: &Station<'_>| {
        at_once && s.service.is_exponential() && s.servers == Some(1) && s.is_poisson() && s.only(&[]).is_ok()
    };
    let alike = !brought && nodes.iter().all(|(s, _)| usual(s) && s.service == first.service);
    if alike && needed == n {
        let (lambda, mu) = (first.lambda(), 1.0 / first.service.mean());
        let exact = n == 2;
        let caveat = (!exact).then(|| TheoryCaveat::NelsonTantawi { copies: n }.into());
        return Ok((Some(TimeDistribution::moments(nelson_tantawi(lambda, mu, n), None)), exact, caveat));
    }
    let sojourns: Vec<TimeDistribution> = nodes.iter().map(|(s, f)| f.whole(s)).collect();
    if !brought
        && at_once
        && nodes.iter().all(|(s, _)| s.servers.is_none() && s.service.is_exponential() && s.only(&[]).is_ok())
    {
        // Nobody waits, so that copies have nothing in common.
        let joined = independent(needed, sojourns).ok_or_else(|| unknown(nodes))?;
        return Ok((Some(joined), true, None));
    }
    let joined = independent(needed, sojourns).ok_or_else(|| unknown(nodes))?;
    Ok((Some(joined), false, Some(TheoryCaveat::IndependentCopies { needed, copies: n }.into())))
}

/// Why nothing is known of the time until enough copies are done, although each queue's mean may be.
fn unknown(nodes: &[(Station<'_>, SteadyState)]) -> ModelError {
    let without = nodes.iter().filter(|(s, f)| f.whole(s).tail(0.0).is_none());
    let names: Vec<String> = without.map(|(s, _)| format!("`{}`", s.queue.name)).collect();
    let what = match names.as_slice() {
        [] => "a time that may have no mean".to_string(),
        names => format!("{}, of which no more than the mean is known", names.join(" and ")),
    };
    ModelError::Other(format!(
        "no closed form of the time until enough copies are done: it depends on the law of the time at {what}"
    ))
}

/// The k-th of several independent times; `None` if a law is not known, or the mean of some does not exist.
fn independent(k: u32, times: Vec<TimeDistribution>) -> Option<TimeDistribution> {
    if times.iter().any(|time| !time.mean.is_finite() || time.tail(0.0).is_none()) {
        return None;
    }
    let of = move |t: f64| {
        let tails: Vec<f64> = times.iter().map(|time| time.tail(t).unwrap_or(0.0)).collect();
        fewer_than(k, &tails)
    };
    let (mean, square) = moments(&of);
    Some(TimeDistribution::law(mean, (square - mean * mean).max(0.0).sqrt(), of))
}

/// P(fewer than k are done), from the chance of each not to be done.
fn fewer_than(k: u32, tails: &[f64]) -> f64 {
    let mut done = vec![1.0];
    for open in tails {
        let mut next = vec![0.0; done.len() + 1];
        for (i, p) in done.iter().enumerate() {
            next[i] += p * open;
            next[i + 1] += p * (1.0 - open);
        }
        done = next;
    }
    done.iter().take(k as usize).sum()
}

/// ∫ P(T > t) dt and ∫ 2t P(T > t) dt by trapezoids in ln t.
fn moments(tail: &dyn Fn(f64) -> f64) -> (f64, f64) {
    let mut scale = 1.0;
    while tail(scale) > 0.5 && scale < 1e12 {
        scale *= 2.0;
    }
    while tail(scale) < 0.5 && scale > 1e-12 {
        scale *= 0.5;
    }
    const STEP: f64 = 1.0 / 24.0;
    (-800..=200).fold((0.0, 0.0), |(mean, square), i| {
        let t = scale * (f64::from(i) * STEP).exp();
        let part = STEP * t * tail(t);
        (mean + part, square + 2.0 * t * part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn independent_copies_have_harmonic_means() {
        let copies =
            |n: usize| (0..n).map(|_| TimeDistribution::delayed_exponential(1.0, 4.0)).collect::<Vec<_>>();
        let all = independent(4, copies(4)).expect("laws are known");
        assert!((all.mean - 0.5208333333333333).abs() < 1e-9, "{}", all.mean);
        assert!((all.quantile(0.99).expect("known") - 1.4969249042083141).abs() < 1e-9);
        assert!((independent(2, copies(3)).expect("laws are known").mean - kth_of(2, 3) / 4.0).abs() < 1e-9);
    }
}
