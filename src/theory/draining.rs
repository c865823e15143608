//! The time in which a backlog drains, as a law: a sum of busy periods.

use super::busy::busy_period;
use super::invert::Transform;
use super::times::TimeDistribution;
use crate::answer::{Answer, Estimate, MetricId, Quantity, Statistic};
use num_complex::Complex64;

/// The time until nobody waits, where `waiting[k]` is the probability that k messages wait, all servers are
/// at work, and others come as a Poisson process: one server of any law of services that has just begun one,
/// or several of exponential services, which together are one that is as much faster.
///
/// # Formula
/// Each of those who wait takes a busy period B, with those who come meanwhile: E\[e^(−sD)\] = Σ p_k B*(s)ᵏ,
/// E\[D\] = E\[K\] E\[B\], Var(D) = E\[K\] Var(B) + Var(K) E\[B\]², E\[B\] = E\[S\]/(1 − ρ), Var(B) =
/// Var(S)/(1 − ρ)³ + λ E\[S\]³/(1 − ρ)³. Without arrivals it is a sum of services: of exponential ones
/// Erlang's law.
/// # Domain
/// λ E\[S\] < 1.
/// # Source
/// Kleinrock, *Queueing Systems* I (1975), section 5.8, for B; a backlog as so many busy periods: Takács
/// (1962).
///
/// ```
/// use queuelab::theory::{TimeDistribution, draining::drain_time};
/// use queuelab::workload::laws::Law;
/// let service = TimeDistribution::of(&Law::exponential(1.0));
/// // Twenty wait and nobody comes: Erlang's law of twenty phases, P(D > 30) = Σ e^(−30) 30ᵏ/k! for k < 20.
/// let mut waiting = vec![0.0; 21];
/// waiting[20] = 1.0;
/// let alone = drain_time(&waiting, 0.0, &service);
/// assert!((alone.mean - 20.0).abs() < 1e-12 && (alone.sd.unwrap() - 20f64.sqrt()).abs() < 1e-12);
/// assert!((alone.tail(30.0).unwrap() - 0.021_873_468).abs() < 1e-8);
/// // With arrivals at 0.5: each takes 2 on average, with a variance of (λ + μ)/(μ − λ)³ = 12.
/// let others = drain_time(&waiting, 0.5, &service);
/// assert!((others.mean - 40.0).abs() < 1e-12 && (others.sd.unwrap() - 240f64.sqrt()).abs() < 1e-12);
/// ```
pub fn drain_time(waiting: &[f64], lambda: f64, service: &TimeDistribution) -> TimeDistribution {
    let moment = |n: i32| waiting.iter().enumerate().map(|(k, p)| (k as f64).powi(n) * p).sum::<f64>();
    let (first, second) = (moment(1), moment(2));
    let (m1, free) = (service.mean, 1.0 - lambda * service.mean);
    let variance = service.sd.map(|sd| (sd * sd + lambda * m1.powi(3)) / free.powi(3));
    let mean = first * m1 / free;
    let spread = (second - first * first).max(0.0) * (m1 / free).powi(2);
    let sd = variance.map(|each| (first * each + spread).sqrt());
    if first == 0.0 {
        return TimeDistribution::constant(0.0);
    }
    if sd == Some(0.0) {
        return TimeDistribution::constant(mean);
    }
    let (Some(transform), Some(sd)) = (service.transform().cloned(), sd) else {
        return TimeDistribution::moments(mean, sd);
    };
    let (probabilities, cost) = (waiting.to_vec(), transform.clone());
    let all = Transform::new(move |s| {
        let each = if lambda > 0.0 { busy_period(lambda, &transform, s) } else { transform.at(s) };
        probabilities.iter().rev().fold(Complex64::ZERO, |sum, p| sum * each + p)
    });
    TimeDistribution::transformed(mean, sd, 1.0 - waiting[0], all.like(&cost))
}

/// Tells what is asked of a queue's time to drain.
pub(super) fn tell<'a>(
    answer: &mut Answer,
    asked: impl Iterator<Item = MetricId<'a>>,
    law: &TimeDistribution,
) {
    for id in asked.filter(|id| id.quantity == Quantity::DrainTime) {
        let value = match id.statistic {
            Statistic::Sd => law.sd,
            Statistic::Percentile(share) => law.quantile(share).filter(|time| !law.is_open_at(share, *time)),
            Statistic::Within(time) => law.tail(time).map(|late| (1.0 - late).clamp(0.0, 1.0)),
            _ => None,
        };
        value.into_iter().for_each(|value| {
            answer.metrics.insert(id.to_string(), Estimate::exact(value));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::laws::Law;

    fn sure(waiting: usize) -> Vec<f64> {
        let mut law = vec![0.0; waiting + 1];
        law[waiting] = 1.0;
        law
    }

    /// First passage of the random walk that M/M/1 is, from another hand: uniformised, step by step.
    fn stepped(waiting: usize, lambda: f64, mu: f64, time: f64) -> f64 {
        let (up, rate) = (lambda / (lambda + mu), (lambda + mu) * time);
        let mut law = vec![0.0; waiting + 4000];
        law[waiting] = 1.0;
        let (mut weight, mut late) = ((-rate).exp(), 0.0);
        for step in 1..(rate + 12.0 * rate.sqrt() + 50.0) as usize {
            late += weight * law[1..].iter().sum::<f64>();
            weight *= rate / step as f64;
            let mut next = vec![0.0; law.len()];
            for n in 1..law.len() - 1 {
                next[n + 1] += up * law[n];
                next[n - 1] += (1.0 - up) * law[n];
            }
            next[0] += law[0];
            law = next;
        }
        late
    }

    #[test]
    fn a_backlog_with_arrivals_is_a_random_walk_s_first_passage() {
        let service = TimeDistribution::of(&Law::exponential(1.0));
        for (waiting, lambda, time) in [(1, 0.5, 3.0), (10, 0.5, 25.0), (40, 0.8, 150.0), (40, 0.8, 300.0)] {
            let found = drain_time(&sure(waiting), lambda, &service).tail(time).expect("a law");
            let exact = stepped(waiting, lambda, 1.0, time);
            assert!((found - exact).abs() < 1e-8, "{waiting} {lambda} {time}: {found} is not {exact}");
        }
    }

    /// So many constant services; a mixture of two backlogs.
    #[test]
    fn without_chance_it_is_a_sum_and_backlogs_mix() {
        let service = TimeDistribution::constant(2.0);
        let all = drain_time(&sure(9), 0.0, &service);
        assert_eq!((all.mean, all.sd), (18.0, Some(0.0)));
        assert!((all.quantile(0.99).expect("a law") - 18.0).abs() < 1e-12);
        let exponential = TimeDistribution::of(&Law::exponential(1.0));
        let mixed = drain_time(&[0.5, 0.0, 0.5], 0.0, &exponential);
        let erlang = |t: f64| (1.0 + t) * f64::exp(-t);
        assert!((mixed.tail(1.5).expect("a law") - 0.5 * erlang(1.5)).abs() < 1e-9);
        assert!((mixed.mean - 1.0).abs() < 1e-12 && (mixed.sd.expect("known").powi(2) - 2.0).abs() < 1e-12);
    }

    /// A thousand phases: as narrow as laws of backlogs are.
    #[test]
    fn a_large_backlog_has_percentiles() {
        let service = TimeDistribution::of(&Law::exponential(1.0));
        let p95 = drain_time(&sure(1000), 0.0, &service).quantile(0.95).expect("a law");
        // Wilson & Hilferty's cube, within 1e-5 of the mean.
        let cube = 1000.0 * (1.0f64 - 1.0 / 9000.0 + 1.644_853_6 / 3.0 / 1000f64.sqrt()).powi(3);
        assert!((p95 - cube).abs() < 0.02, "{p95} {cube}");
    }
}
