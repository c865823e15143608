//! `queuelab capacity`: the smallest or largest value that meets the objectives.

use super::files::{self, LoadedScenario};
use super::progress::Bar;
use super::{Ending, Input, style};
use crate::answer::metric_of;
use crate::report::study::capacity as report;
use crate::scenario::{self, Consumer, Scenario, Servers, Source};
use crate::study::capacity::{Capacity, Search};
use crate::study::sweep::number;
use crate::study::{ObjectiveStatus, Watch};
use crate::units::plain;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct CapacityArguments {
    /// Scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The setting and its values, as in consumers.workers.count=1..60 or "producers.web.rate=100/s..900/s by
    /// 50/s"; without it, the count of the only group of consumers
    #[arg(long, value_name = "PATH=VALUES")]
    vary: Option<String>,
    /// An objective beside the file's, as in "producers.web.latency.p99 < 200ms" or, for all messages,
    /// "p99<200ms"
    #[arg(long, value_name = "OBJECTIVE")]
    slo: Vec<String>,
    /// The largest value that passes, not the smallest
    #[arg(long)]
    max: bool,
    /// What things cost, as in consumer-hour=0.05 or message=0.000001; may be given twice
    #[arg(long, value_name = "WHAT=PRICE", value_parser = price)]
    cost: Vec<(Priced, f64)>,
    #[command(flatten)]
    input: Input,
    /// The folder under which a folder for the scenario is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    speech: super::Speech,
}

/// What has a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Priced {
    ConsumerHour,
    Message,
}

fn price(text: &str) -> Result<(Priced, f64), String> {
    let instead = "write consumer-hour=PRICE or message=PRICE";
    let (what, price) = text.split_once('=').ok_or(instead)?;
    let price: f64 = price.trim().parse().ok().filter(|p: &f64| p.is_finite() && *p >= 0.0).ok_or(instead)?;
    match what.trim() {
        "consumer-hour" => Ok((Priced::ConsumerHour, price)),
        "message" => Ok((Priced::Message, price)),
        _ => Err(instead.into()),
    }
}

pub(super) fn capacity(arguments: &CapacityArguments) -> Ending {
    search(arguments).unwrap_or_else(|end| end)
}

fn search(arguments: &CapacityArguments) -> Result<Ending, Ending> {
    let given = files::read(&arguments.file, &arguments.input)?;
    let wrong = |what: &str| {
        style::note(&format!("error: {what}\n"));
        Ending::Wrong
    };
    let slos: Vec<String> = arguments
        .slo
        .iter()
        .map(|slo| long(slo, &given.scenario))
        .collect::<Result<_, _>>()
        .map_err(|what| wrong(&what))?;
    let source = slos.iter().fold(given.source.clone(), |source, slo| source.objective(slo));
    let scenario = files::checked(files::parsed(&source))?;
    if scenario.objectives.is_empty() {
        return Err(wrong(
            "there is nothing to meet; write --slo \"p99<200ms\", or [objectives] in the scenario",
        ));
    }
    let vary =
        arguments.vary.clone().map_or_else(|| consumers(&scenario), Ok).map_err(|what| wrong(&what))?;
    let (path, values) =
        vary.split_once('=').ok_or_else(|| wrong("--vary lacks its values; write PATH=LOW..HIGH"))?;
    if let Some(what) = scenario.consumers.iter().find_map(|group| counted_by_kind(group, path.trim())) {
        return Err(wrong(&what));
    }
    let values = scenario::values_of(values)
        .expand()
        .map_err(|why| why.to_string())
        .and_then(ordered)
        .map_err(|what| wrong(&format!("--vary {path}: {what}")))?;
    if let Some(folder) = folder(arguments, &given) {
        files::prepare(&folder)?;
    }
    let beside = files::ScenarioFolder::beside(&source);
    let search =
        Search { source: &source, files: &beside, path: path.trim().into(), values, largest: arguments.max };
    let bar = Bar::new(arguments.speech.quiet);
    let capacity = search.run(&bar).map_err(|problems| files::refused(&problems))?;
    bar.clear();
    if bar.stopped() && capacity.probes.is_empty() {
        style::note("interrupted before any value was judged: there is nothing to keep\n");
        return Err(Ending::Interrupted);
    }
    let said = say(arguments, &given, &source, &capacity)?;
    Ok(if bar.stopped() { said.worse(Ending::Interrupted) } else { said })
}

/// Values from low to high. What has no order, such as a discipline, is not searched.
fn ordered(values: Vec<String>) -> Result<Vec<String>, String> {
    let numbers: Option<Vec<(f64, String)>> =
        values.into_iter().map(|value| Some((number(&value)?, value))).collect();
    let mut numbers = numbers.ok_or(
        "values without an order cannot be searched; `queuelab sweep` or `compare` tries each of them",
    )?;
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(numbers.into_iter().map(|(_, value)| value).collect())
}

/// An objective's whole path: `p99<200ms` is for the latency of all messages, `loss<0.1%` for all messages,
/// `queue_length<100` for the only queue. What begins with a place is whole already.
fn long(slo: &str, scenario: &Scenario) -> Result<String, String> {
    let slo = slo.trim();
    let end = slo.find(['<', '>', '=']).unwrap_or(slo.len());
    let (metric, limit) = (slo[..end].trim(), &slo[end..]);
    let of_latency = format!("total.latency.{metric}");
    if !metric.is_empty() && !limit.is_empty() && metric_of(&of_latency).is_some() {
        return Ok(format!("{of_latency}{limit}"));
    }
    let (first, statistic) =
        metric.split_once('.').map_or((metric, None), |(first, rest)| (first, Some(rest)));
    let with = |place: &str, usual: &str| {
        format!("{place}.{first}{}{limit}", statistic.map_or(usual.to_string(), |s| format!(".{s}")))
    };
    match first {
        "" => Err(format!(
            "`{slo}` is not an objective; write what is to be met, as in \"p99<200ms\" or \"loss<0.1%\""
        )),
        _ if limit.is_empty() => {
            Err(format!("`{slo}` lacks its limit; write \"{slo}<LIMIT\", as in \"p99<200ms\""))
        }
        "loss" | "throughput" => Ok(with("total", "")),
        "latency" | "wait" | "send" | "service" => Ok(with("total", ".mean")),
        "queue_length" | "in_system" | "utilization" | "delayed" | "attempts" | "drain_time" => {
            match scenario.queues.as_slice() {
                [only] => Ok(with(
                    &format!("queues.{}", only.name),
                    if matches!(first, "queue_length" | "in_system") { ".mean" } else { "" },
                )),
                _ => Err(format!("there are several queues; write which: \"queues.NAME.{slo}\"")),
            }
        }
        _ if statistic.is_none() => Ok(format!("total.latency.{metric}{limit}")),
        _ => Ok(slo.into()),
    }
}

/// Where the answer is kept, if it is.
fn folder(arguments: &CapacityArguments, given: &LoadedScenario) -> Option<PathBuf> {
    arguments.speech.folder(arguments.out.as_ref(), &given.stem)
}

/// The search that is meant when none is given: how many consumers.
fn consumers(scenario: &Scenario) -> Result<String, String> {
    let [only] = scenario.consumers.as_slice() else {
        return Err(
            "there are several groups of consumers; say what to vary: --vary consumers.NAME.count=1..60"
                .into(),
        );
    };
    if let Some(instead) = no_count(only) {
        return Err(instead);
    }
    let loads = crate::theory::loads(scenario);
    let load: f64 = loads.iter().filter_map(|load| Some(load.at_least? * f64::from(load.servers?))).sum();
    let most = (2.0 * load + 20.0).min(900.0).max(load + 60.0) as u64;
    let least = (load.floor() as u64).clamp(1, most);
    Ok(format!("consumers.{}.count={least}..{}", only.name, most.min(least + 999)))
}

/// What to vary instead of the count of a group that has none of its own.
fn no_count(group: &Consumer) -> Option<String> {
    let name = &group.name;
    let count = format!("consumers.{name}.count");
    counted_by_kind(group, &count).or_else(|| {
        let (is, instead) = if !group.shifts.is_empty() {
            ("follows a timetable", format!("--vary {count}=1..60 tries one number for all of the day"))
        } else if group.count == Servers::Unlimited {
            ("has no limit", format!("--vary {count}=1..60 tries limits"))
        } else if group.autoscale.is_some() {
            (
                "follows the backlog",
                format!("--vary consumers.{name}.autoscale.max=1..60 tries how many it may have"),
            )
        } else {
            return None;
        };
        Some(format!("the number of servers of `{name}` {is}; say what to vary: {instead}"))
    })
}

/// What to vary instead of the count of a group whose servers are counted by kind.
fn counted_by_kind(group: &Consumer, path: &str) -> Option<String> {
    let name = &group.name;
    (!group.servers.is_empty() && path == format!("consumers.{name}.count")).then(|| {
        format!(
            "the servers of `{name}` are counted by kind; say which to vary: --vary \
                consumers.{name}.servers.0.count=1..60 is the first"
        )
    })
}

fn say(
    arguments: &CapacityArguments,
    given: &LoadedScenario,
    source: &Source,
    capacity: &Capacity,
) -> Result<Ending, Ending> {
    let resolved = scenario::resolved(&capacity.scenario);
    let costs = costs(arguments, source, capacity);
    let document = report::document(capacity, &costs, &resolved, &super::command());
    let made = report::files(
        capacity,
        &costs,
        &document,
        &scenario::resolved_toml(&capacity.scenario),
        &super::command(),
    );
    let written = folder(arguments, given).map_or(Ok(Vec::new()), |folder| files::add(&folder, &made))?;
    let said = arguments.speech.say(&document, &written, |style| report::text(capacity, &costs, &style));
    Ok(said.worse(match capacity.outcome {
        ObjectiveStatus::Pass => Ending::Fine,
        ObjectiveStatus::Fail => Ending::Missed,
        ObjectiveStatus::Inconclusive => Ending::Inconclusive,
    }))
}

/// What the answer costs, and each of its neighbours that pass, so that a step's price is seen.
fn costs(arguments: &CapacityArguments, source: &Source, capacity: &Capacity) -> Vec<String> {
    if arguments.cost.is_empty() {
        return Vec::new();
    }
    let passing = capacity.probes.iter().filter(|p| p.trial.outcome == ObjectiveStatus::Pass);
    let priced = passing.filter_map(|probe| {
        let scenario = files::parsed(&source.with(&capacity.path, &probe.value)).ok()?.scenario;
        Some((
            hourly(&arguments.cost, &scenario)?,
            scenario.producers.iter().map(|p| p.rate).sum::<f64>(),
            probe,
        ))
    });
    let mut all: Vec<_> = priced.collect();
    // By what a message costs: where the rate is what varies, the least traffic is cheapest by the hour and
    // no bargain.
    all.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let line = |(i, (cost, rate, probe)): (usize, &(f64, f64, &crate::study::capacity::Probe))| {
        let million = cost / (rate * 3600.0) * 1e6;
        let cheapest = if i == 0 { ", the cheapest that passes" } else { "" };
        format!(
            "cost at {}: {} an hour, {} a million messages{cheapest}",
            probe.value,
            plain(*cost, 4),
            plain(million, 4)
        )
    };
    all.iter().take(3).enumerate().map(line).collect()
}

/// Servers of a group at any time; `None` where that is known from no setting.
fn servers_on_average(group: &Consumer) -> Option<f64> {
    if !group.shifts.is_empty() {
        let all: f64 = group.shifts.iter().map(|shift| shift.lasts * f64::from(shift.count)).sum();
        return Some(all / group.shifts.iter().map(|shift| shift.lasts).sum::<f64>());
    }
    match group.count {
        Servers::Count(count) if group.autoscale.is_none() => Some(f64::from(count)),
        _ => None,
    }
}

/// `None` where consumers have no number.
fn hourly(prices: &[(Priced, f64)], scenario: &Scenario) -> Option<f64> {
    let servers = scenario.consumers.iter().map(servers_on_average).sum::<Option<f64>>()?;
    let rate: f64 = scenario.producers.iter().map(|p| p.rate).sum();
    let each = |(what, price): &(Priced, f64)| match what {
        Priced::ConsumerHour => servers * price,
        Priced::Message => rate * 3600.0 * price,
    };
    Some(prices.iter().map(each).sum())
}
