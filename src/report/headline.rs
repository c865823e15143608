//! The first sentence: what happens to messages, where it is tightest, and whether the objectives are met.

use super::number::Scale;
use crate::answer::{Answer, Estimate, Method, Unit};
use crate::scenario::Length;
use crate::study::{Bottleneck, Judgement, ObjectiveStatus, Study, best, bottleneck};
use crate::units::{Time, plain, significant};

/// What matters most, by the methods that know it best.
pub(super) fn headline(study: &Study) -> String {
    let objective = objective(study).map_or(String::new(), |said| format!(" {said}"));
    let told = match study.unstable() {
        None if study.answers.is_empty() => "No method answers this scenario; the reasons are below.".into(),
        None => told(study, study.telling()),
        Some(why) => {
            let first = of_the_start(study);
            let gap = if first.is_empty() { "" } else { " " };
            format!("This queue does not hold: {why}.{gap}{first}")
        }
    };
    told + &objective
}

/// What was seen of a queue that grows, which is true of that time alone; empty if nothing was.
pub(super) fn of_the_start(study: &Study) -> String {
    let of = |method| study.answers.iter().filter(|a| a.method == method).cloned().collect::<Vec<_>>();
    let (simulated, measured) = (of(Method::Simulation), of(Method::Measurement));
    match study.scenario.simulation.length {
        Length::Duration(lasts) if !simulated.is_empty() => {
            format!("In its first {}: {}", Time(lasts), told(study, &simulated))
        }
        _ if !simulated.is_empty() || measured.is_empty() => String::new(),
        _ => {
            let lasted = Time(study.scenario.measurement.duration);
            format!("In the {lasted} that it was measured: {}", told(study, &measured))
        }
    }
}

/// What happens to messages by some answers, part by part.
pub(super) struct Told<'a> {
    /// Whose figures these are, where no other is said.
    pub by: &'a Answer,
    /// How long messages take.
    pub latency: Vec<String>,
    /// The slowest, drains and losses, where there are any.
    pub rest: Vec<String>,
}

impl<'a> Told<'a> {
    /// `None` if nothing is known of messages.
    pub(super) fn of(study: &Study, answers: &'a [Answer]) -> Option<Told<'a>> {
        let best = |metric: &str| best(answers, metric);
        let first = best("total.latency.mean")
            .or_else(|| answers.iter().find_map(|a| Some((a, a.metrics.values().next()?))))?
            .0;
        // A figure of another method than the sentence's is said to be.
        let by = |answer: &Answer| {
            if answer.method == first.method {
                String::new()
            } else {
                format!(" (by {})", answer.method.name())
            }
        };
        let mut latency = Vec::new();
        let p99 =
            best("total.latency.p99").map(|(a, e)| format!("99 % are done within {}{}", time(e), by(a)));
        match (best("total.latency.mean"), p99) {
            (Some((_, mean)), p99) if mean.value.is_none() => {
                latency.push(
                    "the mean latency is infinite: however long it is watched, no average settles".into(),
                );
                latency.extend(p99);
            }
            (Some((_, mean)), Some(p99)) => {
                latency.push(format!("a message takes {} on average, and {p99}", time(mean)));
            }
            (Some((_, mean)), None) => latency.push(format!("a message takes {} on average", time(mean))),
            (None, p99) => latency.extend(p99),
        }
        let mut rest = Vec::new();
        // Only where there is no steady state has a maximum an interval.
        if let Some((answer, worst)) = best("total.latency.max").filter(|(_, e)| e.half_width.is_some()) {
            rest.push(format!("the slowest takes {}{}", time(worst), by(answer)));
        }
        for queue in &study.scenario.queues {
            if let Some((answer, drain)) = best(&format!("queues.{}.drain_time", queue.name)) {
                let since = if queue.initial_backlog > 0 { "" } else { " after its overload" };
                rest.push(format!("`{}` takes {} to drain{since}{}", queue.name, time(drain), by(answer)));
            }
        }
        if let Some((answer, loss)) = best("total.loss")
            && let Some(lost) = lost(loss, latency.is_empty() && rest.is_empty())
        {
            rest.push(format!("{lost}{}", by(answer)));
        }
        if let Some(dead) = best("total.dead_lettered").and_then(|(_, e)| e.value).filter(|&d| d > 0.0) {
            rest.push(format!("{} % end as dead letters", significant(dead * 100.0, 3)));
        }
        Some(Told { by: first, latency, rest })
    }
}

/// What happens to messages by some answers.
fn told(study: &Study, answers: &[Answer]) -> String {
    let Some(Told { by, latency, rest }) = Told::of(study, answers) else {
        return "Nothing is known of its messages.".into();
    };
    let words: Vec<String> = latency.into_iter().chain(rest).chain(tightest(study, answers)).collect();
    format!("{} ({}).", capitalized(&words.join("; ")), source(study, by))
}

/// By whom a sentence is.
pub(super) fn source(study: &Study, answer: &Answer) -> String {
    match answer.method {
        Method::Simulation => {
            format!("simulation, {} % confidence", plain(study.scenario.simulation.confidence * 100.0, 3))
        }
        Method::Theory if answer.exact => format!("theory, {}, exact", answer.by),
        method => format!("{}, {}", method.name(), answer.by),
    }
}

/// A sentence with a capital at its start.
pub(super) fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or(String::new(), |first| first.to_uppercase().chain(rest).collect())
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

/// Where it is tightest.
fn tightest(study: &Study, answers: &[Answer]) -> Option<String> {
    let percent = |rho: f64| format!("{} % of the time", significant(rho * 100.0, 3));
    Some(match bottleneck(study, answers)? {
        Bottleneck::Partition { queue, rho } => {
            format!("the busiest partition of `{queue}` is busy {}", percent(rho))
        }
        Bottleneck::Only { queue, rho } => format!("the servers of `{queue}` are busy {}", percent(rho)),
        Bottleneck::Fullest { queue, rho } => {
            format!("`{queue}` is the fullest queue, its servers busy {}", percent(rho))
        }
    })
}

/// Whether the objective that matters most is met.
fn objective(study: &Study) -> Option<String> {
    let (Judgement { objective, outcome, .. }, margin) = study.tightest_objective()?;
    let verb = match outcome {
        ObjectiveStatus::Pass => "is met",
        ObjectiveStatus::Fail => "is missed",
        ObjectiveStatus::Inconclusive => "is undecided",
    };
    let spare = margin.map_or(String::new(), |m| format!(", {}", spare(m)));
    let which = match study.objectives.len() {
        1 => "The objective",
        _ if *outcome == ObjectiveStatus::Pass => "The tightest objective",
        _ => "The objective",
    };
    Some(format!("{which} {} {} {verb}{spare}.", objective.metric, objective.text))
}

/// From so many times the limit on a figure is told as its multiple.
const MANY_TIMES: f64 = 9.0;

/// A margin in words.
pub(super) fn spare(share: f64) -> String {
    let percent = significant(share.abs() * 100.0, 2);
    // Of a limit that is missed by far, the multiple says more.
    if share < -MANY_TIMES {
        return format!("{} times the limit", significant(1.0 - share, 2));
    }
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
    Scale::of(Unit::Seconds, estimate.value.into_iter()).show_with_unit(Some(estimate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_of_nothing_is_not_told() {
        assert_eq!(time(&Estimate::with(1e-9, Some(1.6e-25))), "1.00 ns");
        assert_eq!(time(&Estimate::with(0.012, Some(0.0002))), "12.0 ±0.2 ms");
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
