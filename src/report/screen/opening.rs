//! The first sentence on the screen: whether it holds, by how much, where it is tightest, and when it breaks.

use crate::answer::{Estimate, Method, MetricId, PlaceId, Quantity, Statistic, metric_of};
use crate::report::headline::{Told, capitalized, source, spare};
use crate::report::number::Scale;
use crate::report::rows::known;
use crate::report::words;
use crate::scenario::{Objective, Relation, Scenario, Servers};
use crate::study::{
    Bearing, Beyond, Bottleneck, FewestServers, Judgement, ObjectiveStatus, Study, bottleneck,
};
use crate::units::{Time, near_one, plain, significant};

/// The answer in a sentence.
pub(in crate::report) fn opening(study: &Study, bearing: &Bearing) -> String {
    if let Some(why) = study.unstable().filter(|_| !study.scenario.is_of_the_start()) {
        let said = why.to_string();
        let growth = said.strip_prefix("unstable: ").unwrap_or(&said).to_string();
        return sentence(
            "No, it does not hold: ",
            [growth].into_iter().chain(would_hold(study, bearing)),
            None,
        );
    }
    if study.answers.is_empty() {
        return "No method answers this; the reasons are below.".into();
    }
    match study.tightest_objective() {
        Some((judgement, margin)) => judged(study, bearing, judgement, margin),
        None => described(study, bearing),
    }
}

/// Parts of a sentence, and by whom it is.
fn sentence(start: &str, parts: impl Iterator<Item = String>, by: Option<String>) -> String {
    let parts: Vec<String> = parts.collect();
    let by = by.map_or(String::new(), |by| format!(" ({by})"));
    format!("{start}{}{by}.", parts.join("; "))
}

/// Without an objective: how long messages take, and what breaks first.
fn described(study: &Study, bearing: &Bearing) -> String {
    let Some(Told { by, latency, rest }) = Told::of(study, study.telling()) else {
        let limit = at_its_limit(bearing).map_or(String::new(), |said| format!("; {said}"));
        return format!("Nothing is known of its messages{limit}.");
    };
    let (tightest, breaks) = (tightest(study), breaks_first(study, bearing));
    let tightest = match (tightest, breaks) {
        (Some(tightest), Some(breaks)) => Some(format!("{tightest}, and {breaks}")),
        (tightest, breaks) => tightest.or(breaks),
    };
    let parts = latency.into_iter().chain(rest).chain(tightest).chain(at_its_limit(bearing));
    capitalized(&sentence("", parts, Some(source(study, by))))
}

/// Where it is tightest.
fn tightest(study: &Study) -> Option<String> {
    let over = study.stretch().map_or(String::new(), |stretch| format!(" over the first {}", Time(stretch)));
    let percent = |rho: f64| format!("busy {} %{over}", share(rho));
    Some(match bottleneck(study, &study.answers)? {
        Bottleneck::Partition { queue, rho } => {
            format!("the busiest partition of `{queue}` is the bottleneck, {}", percent(rho))
        }
        Bottleneck::Only { queue, rho } => format!("the servers of `{queue}` are {}", percent(rho)),
        Bottleneck::Fullest { queue, rho } => format!("`{queue}` is the bottleneck, {}", percent(rho)),
    })
}

/// A load in per cent, never rounded up to all of it.
fn share(rho: f64) -> String {
    if (0.9995..1.0).contains(&rho) { near_one(rho * 100.0) } else { significant(rho * 100.0, 3) }
}

fn breaks_first(study: &Study, bearing: &Bearing) -> Option<String> {
    let rate = bearing.rate.as_ref().filter(|rate| rate.beyond == Beyond::Growth)?;
    let rate = down(rate.rate);
    // Without chance it is only more than can be done that grows.
    Some(match study.scenario.has_chance() {
        true => format!("from {rate}/s on the backlog grows"),
        false => format!("beyond {rate}/s the backlog grows"),
    })
}

/// Of what is as full as it can be and does not grow.
fn at_its_limit(bearing: &Bearing) -> Option<String> {
    let queue = bearing.at_its_limit.as_ref()?;
    Some(format!(
        "`{queue}` is exactly at its limit: it does not grow, but nothing is left for any variation"
    ))
}

/// The objective that is tightest, and what decides it.
fn judged(study: &Study, bearing: &Bearing, judgement: &Judgement, margin: Option<f64>) -> String {
    let all = study.objectives.len();
    let of = |outcome| study.objectives.iter().filter(|j| j.outcome == outcome).count();
    let start = match judgement.outcome {
        ObjectiveStatus::Pass if all == 2 => "Yes, it holds, both objectives are met: ".into(),
        ObjectiveStatus::Pass if all > 1 => format!("Yes, it holds, all {all} objectives are met: "),
        ObjectiveStatus::Pass => "Yes, it holds: ".into(),
        ObjectiveStatus::Fail if all > 1 => {
            format!("No, it misses {} of {all} objectives: ", of(ObjectiveStatus::Fail))
        }
        ObjectiveStatus::Fail => "No, it does not hold: ".into(),
        ObjectiveStatus::Inconclusive if study.is_untold_broker() => {
            let target = &study.scenario.measurement.target;
            format!("Undecided, for no measurement on {target} can be trusted; without a broker: ")
        }
        ObjectiveStatus::Inconclusive => "Undecided: ".into(),
    };
    let decided = judgement.by.and_then(|method| study.answer(method));
    let figure = match decided.and_then(|answer| known(study, answer, &judgement.objective.metric)) {
        Some(estimate) => {
            let spare = margin.map_or(String::new(), |margin| format!(" ({})", spare(margin)));
            format!("{}{spare}", against(&study.scenario, &judgement.objective, estimate))
        }
        None => without_figure(study, judgement),
    };
    let alone = words::work_alone(&study.scenario).filter(|_| judgement.outcome == ObjectiveStatus::Fail);
    let mut limits = match judgement.outcome {
        ObjectiveStatus::Pass => at_its_limit(bearing).into_iter().chain(breaks(study, bearing)).collect(),
        ObjectiveStatus::Fail if alone.is_some() => Vec::new(),
        ObjectiveStatus::Fail => would_hold(study, bearing),
        ObjectiveStatus::Inconclusive => Vec::new(),
    };
    // The sentence ends with who decided.
    if let Some(last) = limits.last_mut().filter(|_| decided.is_some_and(|a| a.method != Method::Theory)) {
        last.push_str(" by theory");
    }
    let rest = Told::of(study, study.telling()).map_or(Vec::new(), |told| told.rest);
    let alone = alone.map(|said| format!("{said}, so that neither fewer messages nor more consumers help"));
    let parts = [figure].into_iter().chain(rest).chain(tightest(study)).chain(limits).chain(alone);
    sentence(&start, parts, decided.map(|answer| source(study, answer)))
}

/// Why a metric has no figure.
fn without_figure(study: &Study, judgement: &Judgement) -> String {
    let metric = &judgement.objective.metric;
    let id = MetricId::parse(metric);
    let queue = id.as_ref().filter(|id| id.quantity == Quantity::DrainTime).and_then(|id| match id.place {
        PlaceId::Queue(name) => Some(name),
        _ => None,
    });
    match (queue, judgement.outcome, judgement.by) {
        (Some(queue), ObjectiveStatus::Fail, Some(_)) => {
            let limit = Time(judgement.objective.limit);
            format!("in no replication is the backlog of `{queue}` gone within {limit}")
        }
        (Some(queue), ObjectiveStatus::Fail, None) => {
            format!("the backlog of `{queue}` grows without end and so never drains")
        }
        (None, ObjectiveStatus::Fail, None) => {
            format!("{metric} has no bound, for a backlog grows without end")
        }
        (Some(queue), ..) if study.has_nothing_to_drain(metric) => {
            format!("`{queue}` is never overloaded, so that there is no {}", named(&study.scenario, metric))
        }
        _ => format!("no method knows {metric}"),
    }
}

/// A figure beside its limit, as `p99 latency 48.8 ms of 60 ms allowed`.
fn against(scenario: &Scenario, objective: &Objective, estimate: &Estimate) -> String {
    let unit = metric_of(&objective.metric).map_or(crate::answer::Unit::Messages, |m| m.unit);
    let value = Scale::of(unit, estimate.value.into_iter());
    let limit = Scale::of(unit, std::iter::once(objective.limit));
    let gap = if limit.unit.is_empty() || limit.unit.starts_with('/') { "" } else { " " };
    let limit = format!("{}{gap}{}", plain(objective.limit / limit.size, 4), limit.unit);
    let wanted = match objective.relation {
        Relation::Less | Relation::LessOrEqual => "allowed",
        Relation::Greater | Relation::GreaterOrEqual => "wanted",
    };
    let name = named(scenario, &objective.metric);
    format!("{name} {} of {limit} {wanted}", value.show_with_unit(Some(estimate)))
}

/// A metric in words: `p99 latency`, and where, if there are several such places.
pub(in crate::report) fn named(scenario: &Scenario, path: &str) -> String {
    let Some(id) = MetricId::parse(path) else { return path.into() };
    let quantity = match id.quantity {
        Quantity::Count => "servers".into(),
        Quantity::DrainTime => "time to drain".into(),
        Quantity::InSystem => "number in system".into(),
        Quantity::Attempts => "deliveries a message".into(),
        Quantity::ArrivalRate => "arrivals".into(),
        Quantity::DeadLettered => "dead-lettered".into(),
        other => other.name().replace('_', " "),
    };
    let words = match id.statistic {
        Statistic::Single => quantity,
        Statistic::Mean => format!("mean {quantity}"),
        Statistic::Sd => format!("standard deviation of the {quantity}"),
        Statistic::Max => format!("largest {quantity}"),
        Statistic::Within(time) => format!("{quantity} within {}", Time(time)),
        Statistic::At(instant) => format!("{quantity} at {}", Time(instant)),
        Statistic::Percentile(share) => format!("p{} {quantity}", plain(share * 100.0, 7)),
    };
    let of = |name: &str, several: bool| if several { format!("{words} of `{name}`") } else { words.clone() };
    match id.place {
        PlaceId::Total => words,
        PlaceId::Producer(name) => of(name, scenario.producers.len() > 1),
        PlaceId::Queue(name) => of(name, scenario.queues.len() > 1),
        PlaceId::Consumer(name) => of(name, scenario.consumers.len() > 1),
    }
}

/// Several metrics in words: where two would be told alike, with their places.
pub(in crate::report) fn named_apart(scenario: &Scenario, paths: &[&str]) -> Vec<String> {
    let names: Vec<String> = paths.iter().map(|path| named(scenario, path)).collect();
    let alike = |i: usize| names.iter().zip(paths).any(|(name, path)| *name == names[i] && *path != paths[i]);
    let told = |i: usize| match MetricId::parse(paths[i]).map(|id| id.place) {
        _ if !alike(i) => names[i].clone(),
        Some(PlaceId::Total) => format!("{} of all", names[i]),
        Some(PlaceId::Producer(name) | PlaceId::Queue(name) | PlaceId::Consumer(name)) => {
            format!("{} of `{name}`", names[i])
        }
        None => names[i].clone(),
    };
    (0..paths.len()).map(told).collect()
}

/// From where on what holds does not any more.
fn breaks(study: &Study, bearing: &Bearing) -> Vec<String> {
    let rate = bearing.rate.as_ref().map(|rate| match rate.beyond {
        Beyond::Missed { exact } => format!("breaks at {}{}/s", about(exact), down(rate.rate)),
        Beyond::Growth => format!("breaks at {}/s at the latest", down(rate.rate)),
    });
    let rate = rate.map(|said| match bearing.at_its_limit {
        Some(_) => said.replacen("breaks at", "breaks beyond", 1),
        None => said,
    });
    // That there must be a server at all is no news.
    let told = |fewest: &&FewestServers| fewest.count > 1 || !matches!(fewest.beyond, Beyond::Growth);
    let servers = bearing.servers.as_ref().filter(told).map(|fewest| {
        let (group, count) = (&fewest.group, fewest.count);
        match fewest.beyond {
            Beyond::Missed { .. } if Some(count) == servers_of(&study.scenario, group) => match count {
                1 => format!("1 of `{group}` is enough"),
                _ => format!("the {} of `{group}` is needed", ordinal(count)),
            },
            Beyond::Missed { exact } => format!("{}{count} of `{group}` would do", about(exact)),
            Beyond::Growth => format!("fewer than {count} of `{group}` cannot hold"),
        }
    });
    rate.into_iter().chain(servers).collect()
}

/// Where what does not hold would.
fn would_hold(study: &Study, bearing: &Bearing) -> Vec<String> {
    let rate = bearing.rate.as_ref().map(|rate| match rate.beyond {
        Beyond::Missed { .. } if rate.rate <= 0.0 => "no rate is low enough".into(),
        Beyond::Missed { exact } => format!("it would hold up to {}{}/s", about(exact), down(rate.rate)),
        Beyond::Growth => format!("it cannot hold beyond {}/s", down(rate.rate)),
    });
    let servers = bearing
        .servers
        .as_ref()
        .filter(|fewest| servers_of(&study.scenario, &fewest.group).is_none_or(|there| there < fewest.count));
    let servers = servers.map(|FewestServers { group, count, beyond }| match beyond {
        Beyond::Missed { exact } => format!("{}{count} of `{group}` would hold", about(*exact)),
        Beyond::Growth => format!("it takes {count} of `{group}` at least"),
    });
    rate.into_iter().chain(servers).collect()
}

fn servers_of(scenario: &Scenario, group: &str) -> Option<u32> {
    let group = scenario.consumers.iter().find(|c| c.name == group)?;
    match group.count {
        Servers::Count(count) => Some(count),
        Servers::Unlimited => None,
    }
}

fn about(exact: bool) -> &'static str {
    if exact { "" } else { "about " }
}

/// `4th`.
fn ordinal(n: u32) -> String {
    let end = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}

/// The next smaller number of three digits: more than that is not known to hold.
fn down(rate: f64) -> String {
    if rate <= 0.0 {
        return plain(rate, 3);
    }
    let unit = 10f64.powf(rate.log10().floor() - 2.0);
    plain((rate / unit * (1.0 + 1e-12)).floor() * unit, 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_that_are_told_alike_have_their_places() {
        let scenario = crate::report::fixtures::bare().scenario;
        let producer = format!("producers.{}.latency.p99", scenario.producers[0].name);
        let told = named_apart(&scenario, &["total.latency.p99", &producer, "total.latency.mean"]);
        let of = format!("p99 latency of `{}`", scenario.producers[0].name);
        assert_eq!(told, ["p99 latency of all", &of, "mean latency"]);
    }

    #[test]
    fn a_rate_is_rounded_down_and_a_load_not_up() {
        assert_eq!([924.7, 1000.0, 0.12399, 0.0].map(down), ["924", "1000", "0.123", "0"]);
        assert_eq!([0.9, 0.99996, 1.0].map(share), ["90.0", "99.996", "100"]);
        assert_eq!([1, 2, 3, 4, 11, 21, 112].map(ordinal).join(" "), "1st 2nd 3rd 4th 11th 21st 112th");
    }
}
