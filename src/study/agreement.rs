//! Do the methods agree? Pairs of methods that should say the same, metric by metric.

use super::{Agreement, AgreementStatus};
use crate::answer::{
    Answer, Distribution, Estimate, Method, MetricId, PlaceId, Quantity, Statistic, Trust, Unit,
};
use crate::stats::t_quantile;

/// Confidence of a statement that two methods differ: many metrics are compared, and few may differ by
/// chance.
const CONFIDENCE: f64 = 0.999;
/// What a measurement may differ from its rehearsal (the host's share) and from its replay (the queue's
/// code).
pub(super) const REHEARSAL_TOLERANCE: f64 = 0.05;
/// The same of a mean.
pub(super) const MEAN_TOLERANCE: f64 = 0.03;
const REPLAY_TOLERANCE: f64 = 0.01;
/// What a clock read, a hand-off and a wake-up may add to a time, in seconds, whatever its size.
pub(super) const HOST_RESOLUTION: f64 = 20e-6;
/// Messages below which a simulation's intervals mean too little to hold a figure against them.
const FEW: u64 = 1000;
/// The highest percentile that is compared: not the extremes of a single run.
const HIGHEST: f64 = 0.99;

/// The pairs that should agree, the one that is believed first.
const PAIRS: &[(Method, Method)] = &[
    (Method::Theory, Method::Simulation),
    (Method::Rehearsal, Method::Measurement),
    (Method::Replay, Method::Measurement),
];

/// Compares every pair of methods that answered.
///
/// Intervals were made at `confidence` from `replications`; they are widened to hold with 99.9 %.
pub(super) fn agreement(answers: &[Answer], confidence: f64, replications: u64) -> Vec<Agreement> {
    let find = |method| answers.iter().find(|a| a.method == method);
    let mut out = Vec::new();
    for &(a, b) in PAIRS {
        if let (Some(first), Some(second)) = (find(a), find(b)) {
            let widen = if replications > 1 {
                t_quantile(CONFIDENCE, replications - 1) / t_quantile(confidence, replications - 1)
            } else {
                1.0
            };
            out.extend(pair(first, second, widen));
        }
    }
    out
}

fn pair(first: &Answer, second: &Answer, widen: f64) -> Vec<Agreement> {
    let judged = |(path, x): (&String, &Estimate)| {
        let y = second.metrics.get(path)?;
        let id = MetricId::parse(path)?;
        let unit = id.metric()?.unit;
        // Times to drain and scalings, of which a run has few, are not compared, and of other times only some
        // statistics.
        let compared = match id.statistic {
            _ if matches!(id.quantity, Quantity::DrainTime | Quantity::Scalings) => false,
            Statistic::Mean | Statistic::Within(_) | Statistic::At(_) => true,
            Statistic::Single => unit != Unit::Seconds,
            Statistic::Percentile(share) => share <= HIGHEST,
            Statistic::Sd => id.quantity.is_level(),
            Statistic::Max => false,
        };
        if !compared {
            return None;
        }
        let within = |share| within(x, y, share, id, [first, second]);
        let verdict = match first.method {
            Method::Theory if too_few(second).is_some() => AgreementStatus::Unknown,
            Method::Theory => match against_theory(first.exact, x, y, widen, grain(id, unit, x)) {
                AgreementStatus::Differ if is_unseen(id, x, y, [first, second]) => AgreementStatus::Unknown,
                verdict => verdict,
            },
            Method::Rehearsal if id.statistic == Statistic::Mean => within(MEAN_TOLERANCE),
            Method::Rehearsal => within(REHEARSAL_TOLERANCE),
            _ => within(REPLAY_TOLERANCE),
        };
        let difference = match (x.value, y.value) {
            (Some(x), Some(y)) if x != 0.0 => Some((y - x) / x),
            _ => None,
        };
        Some(Agreement { metric: path.clone(), a: first.method, b: second.method, verdict, difference })
    };
    first.metrics.iter().filter_map(judged).collect()
}

/// How many messages were simulated, if they are too few to be compared.
pub(crate) fn too_few(simulated: &Answer) -> Option<u64> {
    match &simulated.latency {
        Some(Distribution::Histogram(counted)) => Some(counted.len()).filter(|count| *count < FEW),
        _ => None,
    }
}

/// Whether a simulation saw nothing of what is so rare that it need not have: a wait, say, that hardly ten of
/// its messages would have had.
fn is_unseen(id: MetricId<'_>, theory: &Estimate, simulated: &Estimate, of: [&Answer; 2]) -> bool {
    let Some(Distribution::Histogram(counted)) = &of[1].latency else { return false };
    let whole = match id.metric().map(|m| m.unit) {
        Some(Unit::Seconds) => part_of(id).and_then(|whole| of[0].get(&whole.to_string())?.value),
        Some(Unit::Messages | Unit::Ratio) => Some(1.0),
        _ => None,
    };
    let rare = |whole: f64| theory.value.is_some_and(|x| x.abs() * counted.len() as f64 <= UNSEEN * whole);
    simulated.value == Some(0.0) && whole.is_some_and(rare)
}

/// So many messages may not have shown what they were expected to.
const UNSEEN: f64 = 10.0;

/// How far a theory is off, from the difference (simulation − theory) / theory.
pub(crate) fn off(difference: f64) -> f64 {
    -difference / (1.0 + difference)
}

/// What may differ even where nothing is random: integer nanoseconds and buckets of a thousandth, and a whole
/// message where a percentile of a length falls on a step.
fn grain(id: MetricId<'_>, unit: Unit, theory: &Estimate) -> f64 {
    if unit == Unit::Messages && id.statistic.share().is_some() {
        1.0
    } else {
        1e-9 + 1e-3 * theory.value.unwrap_or(0.0).abs()
    }
}

/// An exact figure should lie in the interval; an approximation that does not is no contradiction.
fn against_theory(
    exact: bool,
    theory: &Estimate,
    simulated: &Estimate,
    widen: f64,
    grain: f64,
) -> AgreementStatus {
    let (Some(x), Some(y)) = (theory.value, simulated.value) else {
        // A simulation cannot show that a mean is infinite.
        return AgreementStatus::Unknown;
    };
    let arm = if x < y { y - simulated.low() } else { simulated.high() - y };
    match simulated.half_width {
        Some(_) if (x - y).abs() <= arm * widen + grain => AgreementStatus::Agree,
        None if (x - y).abs() <= grain => AgreementStatus::Agree,
        Some(_) if exact => AgreementStatus::Differ,
        _ => AgreementStatus::Unknown,
    }
}

/// A measurement should be within a share of the simulated same plan, or within what clocks and wake-ups add.
/// A send or a wait may be longer by that share of the latency that it is a part of: they are often planned
/// to take next to no time at all.
fn within(
    simulated: &Estimate,
    measured: &Estimate,
    share: f64,
    id: MetricId<'_>,
    [simulation, measurement]: [&Answer; 2],
) -> AgreementStatus {
    if measurement.trust() == Trust::Invalid {
        return AgreementStatus::Unknown;
    }
    let (Some(x), Some(y)) = (simulated.value, measured.value) else {
        return AgreementStatus::Unknown;
    };
    let floor = match id.metric().map(|m| m.unit) {
        Some(Unit::Seconds) => HOST_RESOLUTION,
        Some(Unit::Messages) => 1.0,
        Some(Unit::Ratio) => share,
        _ => 1e-9,
    };
    let whole = part_of(id).and_then(|whole| simulation.get(&whole.to_string())).and_then(|e| e.value);
    let size = whole.map_or(x.abs(), |whole| whole.max(x.abs()));
    if (x - y).abs() <= (share * size).max(floor) { AgreementStatus::Agree } else { AgreementStatus::Differ }
}

/// The latency of which a send or a wait is a part.
fn part_of(id: MetricId<'_>) -> Option<MetricId<'_>> {
    let place = if let PlaceId::Queue(_) = id.place { PlaceId::Total } else { id.place };
    let part = matches!(id.quantity, Quantity::Wait | Quantity::Send);
    part.then_some(MetricId { place, quantity: Quantity::Latency, ..id })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(method: Method, value: f64, half_width: Option<f64>) -> Answer {
        let mut out = Answer::new(method, "test");
        out.set("total", "latency", "mean", Estimate::with(value, half_width));
        out
    }

    fn verdict(a: &Answer, b: &Answer) -> AgreementStatus {
        agreement(&[a.clone(), b.clone()], 0.95, 10)[0].verdict
    }

    #[test]
    fn theory_must_lie_in_the_widened_interval() {
        let theory = answer(Method::Theory, 0.010, None);
        assert_eq!(
            verdict(&theory, &answer(Method::Simulation, 0.0103, Some(0.0002))),
            AgreementStatus::Agree
        );
        assert_eq!(
            verdict(&theory, &answer(Method::Simulation, 0.0110, Some(0.0002))),
            AgreementStatus::Differ
        );
        let approximate = Answer { exact: false, ..theory };
        assert_eq!(
            verdict(&approximate, &answer(Method::Simulation, 0.0110, Some(0.0002))),
            AgreementStatus::Unknown
        );
    }

    #[test]
    fn of_few_messages_nothing_is_said() {
        let with = |count: u64| {
            let mut counted = hdrhistogram::Histogram::new(3).expect("three digits");
            counted.record_n(1, count).expect("it fits");
            Answer {
                latency: Some(Distribution::Histogram(counted)),
                ..answer(Method::Simulation, 0.02, Some(0.0002))
            }
        };
        let theory = answer(Method::Theory, 0.010, None);
        assert_eq!(
            (verdict(&theory, &with(10)), verdict(&theory, &with(1000))),
            (AgreementStatus::Unknown, AgreementStatus::Differ)
        );
        assert_eq!((too_few(&with(10)), too_few(&with(1000))), (Some(10), None));
    }

    #[test]
    fn a_wait_that_is_next_to_nothing_of_the_latency_agrees() {
        let with = |method, wait: f64| {
            let mut out = Answer::new(method, "test");
            out.set("queues.a", "wait", "mean", Estimate::exact(wait));
            out.set("total", "latency", "mean", Estimate::exact(0.1));
            out
        };
        let verdict = |wait| {
            let found = agreement(&[with(Method::Replay, 3e-9), with(Method::Measurement, wait)], 0.95, 10);
            found.into_iter().find(|a| a.metric == "queues.a.wait.mean").expect("compared").verdict
        };
        // A hundredth of the latency is 1 ms.
        assert_eq!((verdict(0.0009), verdict(0.0011)), (AgreementStatus::Agree, AgreementStatus::Differ));
    }

    #[test]
    fn a_simulation_that_saw_no_wait_contradicts_only_what_is_not_rare() {
        let with = |mut answer: Answer, wait: f64, half_width| {
            answer.set("total", "wait", "mean", Estimate::with(wait, half_width));
            answer.set("total", "latency", "mean", Estimate::exact(1.0));
            answer
        };
        let mut counted = hdrhistogram::Histogram::new(3).expect("three digits");
        counted.record_n(1_000_000_000, 1_000_000).expect("it fits");
        let simulated = Answer {
            latency: Some(Distribution::Histogram(counted)),
            ..with(Answer::new(Method::Simulation, "test"), 0.0, Some(0.0))
        };
        let verdict = |wait| {
            let theory = with(answer(Method::Theory, 1.0, None), wait, None);
            let found = agreement(&[theory, simulated.clone()], 0.95, 10);
            found.into_iter().find(|a| a.metric == "total.wait.mean").expect("compared").verdict
        };
        // Nobody ever waits; one in a million does for as long as the work takes; one in a thousand does.
        assert_eq!(
            [verdict(0.0), verdict(1e-6), verdict(1e-3)],
            [AgreementStatus::Agree, AgreementStatus::Unknown, AgreementStatus::Differ]
        );
    }

    #[test]
    fn a_send_may_be_late_by_a_share_of_the_latency() {
        let with = |mut answer: Answer, late: f64| {
            answer.set("total", "send", "p99", Estimate::exact(late));
            answer.set("total", "latency", "p99", Estimate::exact(0.01));
            answer
        };
        let verdict = |late| {
            let answers = [
                with(Answer::new(Method::Rehearsal, "test"), 0.0),
                with(Answer::new(Method::Measurement, "test"), late),
            ];
            agreement(&answers, 0.95, 10)
                .into_iter()
                .find(|a| a.metric == "total.send.p99")
                .expect("compared")
                .verdict
        };
        assert_eq!(verdict(0.0004), AgreementStatus::Agree);
        assert_eq!(verdict(0.0006), AgreementStatus::Differ);
    }

    #[test]
    fn a_measurement_must_be_near_its_rehearsal_and_nearer_its_replay() {
        let measured = answer(Method::Measurement, 0.0103, None);
        assert_eq!(verdict(&answer(Method::Rehearsal, 0.010, None), &measured), AgreementStatus::Agree);
        assert_eq!(verdict(&answer(Method::Replay, 0.010, None), &measured), AgreementStatus::Differ);
    }
}
