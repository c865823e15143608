//! The first sentence: what happens to messages, where it is tightest, and whether the objectives are met.

use super::{Judgement, ObjectiveStatus, Study, lanes, methods, objectives};
use crate::answer::{Answer, Estimate, Method};
use crate::scenario::Length;
use crate::theory;
use crate::theory::partitions::UNEVEN;
use crate::units::{NOTHING, Time, plain, significant};

/// What matters most, by the methods that know it best.
pub(super) fn headline(study: &Study) -> String {
    let unstable = study.unstable().map(|why| format!("This queue does not hold: {why}."));
    let growing =
        |method| study.answers.iter().filter(move |a| a.method == method).cloned().collect::<Vec<_>>();
    let objective = objective(study).map_or(String::new(), |said| format!(" {said}"));
    let told = match unstable {
        None if study.answers.is_empty() => "No method answers this scenario; the reasons are below.".into(),
        None => told(study, &study.answers),
        // What was seen of a queue that grows is true of that time alone.
        Some(falls) => match [Method::Simulation, Method::Measurement].map(growing) {
            [simulated, _] if !simulated.is_empty() => match study.scenario.simulation.length {
                Length::Duration(lasts) => {
                    format!("{falls} In its first {}: {}", Time(lasts), told(study, &simulated))
                }
                _ => falls,
            },
            [_, measured] if !measured.is_empty() => {
                let lasted = Time(study.scenario.measurement.duration);
                format!("{falls} In the {lasted} that it was measured: {}", told(study, &measured))
            }
            _ => falls,
        },
    };
    told + &objective
}

/// What happens to messages by some answers.
fn told(study: &Study, answers: &[Answer]) -> String {
    let best = |metric: &str| methods::best(answers, metric);
    let first = best("total.latency.mean")
        .or_else(|| answers.iter().find_map(|a| Some((a, a.metrics.values().next()?))));
    let Some(first) = first.map(|(answer, _)| answer) else {
        return "Nothing is known of its messages.".into();
    };
    // A figure of another method than the sentence's is said to be.
    let by = |answer: &Answer| {
        if answer.method == first.method { String::new() } else { format!(" (by {})", answer.method.name()) }
    };
    let mut words = Vec::new();
    let p99 = best("total.latency.p99").map(|(a, e)| format!("99 % are done within {}{}", time(e), by(a)));
    match (best("total.latency.mean"), p99) {
        (Some((_, mean)), p99) if mean.value.is_none() => {
            words.push("the mean latency is infinite: however long it is watched, no average settles".into());
            words.extend(p99);
        }
        (Some((_, mean)), Some(p99)) => {
            words.push(format!("a message takes {} on average, and {p99}", time(mean)))
        }
        (Some((_, mean)), None) => words.push(format!("a message takes {} on average", time(mean))),
        (None, p99) => words.extend(p99),
    }
    // Only where there is no steady state has a maximum an interval.
    if let Some((answer, worst)) = best("total.latency.max").filter(|(_, e)| e.half_width.is_some()) {
        words.push(format!("the slowest takes {}{}", time(worst), by(answer)));
    }
    for queue in &study.scenario.queues {
        if let Some((answer, drain)) = best(&format!("queues.{}.drain_time", queue.name)) {
            let since = if queue.initial_backlog > 0 { "" } else { " after its overload" };
            words.push(format!("`{}` takes {} to drain{since}{}", queue.name, time(drain), by(answer)));
        }
    }
    if let Some((answer, loss)) = best("total.loss")
        && let Some(lost) = lost(loss, words.is_empty())
    {
        words.push(format!("{lost}{}", by(answer)));
    }
    if let Some(dead) = best("total.dead_lettered").and_then(|(_, e)| e.value).filter(|&d| d > 0.0) {
        words.push(format!("{} % end as dead letters", significant(dead * 100.0, 3)));
    }
    words.extend(bottleneck(study, answers));
    let source = match first.method {
        Method::Simulation => {
            format!("simulation, {} % confidence", plain(study.scenario.simulation.confidence * 100.0, 3))
        }
        Method::Theory if first.exact => format!("theory, {}, exact", first.by),
        method => format!("{}, {}", method.name(), first.by),
    };
    let mut sentence = words.join("; ");
    if let Some(first) = sentence.get(..1) {
        sentence = first.to_uppercase() + &sentence[1..];
    }
    format!("{sentence} ({source}).")
}

/// How many messages are lost, if any may be.
fn lost(loss: &Estimate, alone: bool) -> Option<String> {
    let percent = |share: f64| format!("{} %", significant(share * 100.0, 3));
    match (loss.value?, loss.ends) {
        (0.0, Some((_, high))) => Some(format!("none was seen to be lost: at most {}", percent(high))),
        (0.0, None) => None,
        (value, ends) => {
            let whose = if alone { "all messages" } else { "them" };
            let between = ends.map_or(String::new(), |(low, high)| {
                format!(" (between {} and {})", percent(low), percent(high))
            });
            Some(format!("{} of {whose} are lost{between}", percent(value)))
        }
    }
}

/// Where it is tightest: the queue whose servers are busiest.
fn bottleneck(study: &Study, answers: &[Answer]) -> Option<String> {
    let queues = &study.scenario.queues;
    let load =
        |name: &str| methods::best(answers, &format!("queues.{name}.utilization")).and_then(|(_, e)| e.value);
    let loads = queues.iter().filter_map(|queue| Some((load(&queue.name)?, queue.name.as_str())));
    let (rho, name) = loads.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let busy = format!("{} % of the time", significant(rho * 100.0, 3));
    let explained = theory::explain(&study.scenario).loads;
    let lane = explained.iter().filter_map(|load| {
        let lane = lanes::busiest(load).filter(|lane| lane.rho < 1.0)?;
        Some((lane.rho, load.queue.clone()))
    });
    if let Some((full, queue)) =
        lane.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(full, _)| *full > rho * (1.0 + UNEVEN))
    {
        return Some(format!(
            "the busiest partition of `{queue}` is busy {} % of the time",
            significant(full * 100.0, 3)
        ));
    }
    let served = queues.iter().filter(|q| load(&q.name).is_some()).count();
    Some(match served {
        1 => format!("the servers of `{name}` are busy {busy}"),
        _ => format!("`{name}` is the fullest queue, its servers busy {busy}"),
    })
}

/// The objective that matters most: one that is missed by most, one that is undecided, or the one that is met
/// with the least to spare.
fn objective(study: &Study) -> Option<String> {
    let margin = |j: &Judgement| {
        methods::best(&study.answers, &j.objective.metric)
            .and_then(|(_, e)| objectives::margin(&j.objective, e))
    };
    let least = |outcome: ObjectiveStatus| {
        let all = study.objectives.iter().filter(|j| j.outcome == outcome);
        all.min_by(|a, b| margin(a).unwrap_or(0.0).total_cmp(&margin(b).unwrap_or(0.0)))
    };
    let judgement = least(ObjectiveStatus::Fail)
        .or_else(|| least(ObjectiveStatus::Inconclusive))
        .or_else(|| least(ObjectiveStatus::Pass))?;
    let verb = match judgement.outcome {
        ObjectiveStatus::Pass => "is met",
        ObjectiveStatus::Fail => "is missed",
        ObjectiveStatus::Inconclusive => "is undecided",
    };
    let spare = margin(judgement)
        .filter(|_| judgement.outcome != ObjectiveStatus::Inconclusive)
        .map_or(String::new(), |m| format!(", {}", spare(m)));
    let which = match study.objectives.len() {
        1 => "The objective",
        _ if judgement.outcome == ObjectiveStatus::Pass => "The tightest objective",
        _ => "The objective",
    };
    Some(format!("{which} {} {} {verb}{spare}.", judgement.objective.metric, judgement.objective.text))
}

/// A margin in words.
pub(crate) fn spare(share: f64) -> String {
    let percent = significant(share.abs() * 100.0, 2);
    if share == 0.0 {
        "exactly the limit".into()
    } else if share < 0.0 {
        format!("{percent} % beyond the limit")
    } else {
        format!("{percent} % to spare")
    }
}

/// A time with its interval, in one unit.
fn time(estimate: &Estimate) -> String {
    let Some(value) = estimate.value else { return "∞".into() };
    match estimate.half_width.filter(|half| *half > NOTHING * value.abs()) {
        Some(half) => {
            let (scale, unit) = crate::units::time_scale(value);
            format!("{} ± {} {unit}", significant(value / scale, 3), significant(half / scale, 2))
        }
        None => Time(value).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_of_nothing_is_not_told() {
        assert_eq!(time(&Estimate::with(1e-9, Some(1.6e-25))), "1.00 ns");
        assert_eq!(time(&Estimate::with(0.012, Some(0.0002))), "12.0 ± 0.20 ms");
    }

    #[test]
    fn none_seen_is_at_most_so_many() {
        assert_eq!(
            lost(&Estimate::between(0.0, 0.0, 1.5e-5), false).as_deref(),
            Some("none was seen to be lost: at most 0.00150 %")
        );
        assert_eq!(lost(&Estimate::exact(0.0), false), None);
        let few = Estimate::between(0.001, 0.0005, 0.002);
        assert_eq!(
            lost(&few, false).as_deref(),
            Some("0.100 % of them are lost (between 0.0500 % and 0.200 %)")
        );
    }
}
