//! `queuelab capacity`: the smallest or largest value that meets the objectives, or the cheapest combination.

mod from_sweep;
mod several;

use super::files::{self, LoadedScenario};
use super::progress::Bar;
use super::{Ending, Input, style};
use crate::answer::metric_of;
use crate::report::study::capacity as report;
use crate::scenario::{self, Consumer, Scenario, Servers, Source};
use crate::study::capacity::{Capacity, Priced, Prices, Search, is_autoscale, sent};
use crate::study::sweep::{SweptSetting, number};
use crate::study::{ObjectiveStatus, Watch};
use crate::units::plain;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct CapacityArguments {
    /// Scenario file
    // Optional to the parser alone: a sweep has its own.
    #[arg(value_name = "FILE", required_unless_present = "from_sweep")]
    file: Option<PathBuf>,
    /// The setting and its values, as in consumers.workers.count=1..60 or "producers.web.rate=100/s..900/s by
    /// 50/s"; without it, the count of the only group of consumers. Given twice or more, the cheapest
    /// combination is sought, as it is of how an autoscaler is set, such as
    /// consumers.workers.autoscale.cooldown=1min,5min
    #[arg(long, value_name = "PATH=VALUES")]
    vary: Vec<String>,
    /// An objective beside the file's, as in "producers.web.latency.p99 < 200ms" or, for all messages,
    /// "p99<200ms"
    #[arg(long, value_name = "OBJECTIVE")]
    slo: Vec<String>,
    /// The largest value that passes, not the smallest
    #[arg(long)]
    max: bool,
    /// What things cost an hour, as in consumer-hour=0.05, message=0.000001 or, for each unit of a setting,
    /// consumers.workers.count=3; may be given often. Without it servers are counted
    #[arg(long, value_name = "WHAT=PRICE", value_parser = price)]
    cost: Vec<(Priced, f64)>,
    /// Answer from the points of a sweep that was run, on one machine or many: its folder, which has the
    /// scenario. Nothing is simulated; --vary picks some of its values
    #[arg(long, value_name = "DIR", conflicts_with_all = ["file", "set", "calibration", "seed"])]
    from_sweep: Option<PathBuf>,
    #[command(flatten)]
    input: Input,
    /// The folder under which a folder for the scenario is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pictures: super::pictures::Pictures,
    #[command(flatten)]
    speech: super::Speech,
}

fn price(text: &str) -> Result<(Priced, f64), String> {
    let instead = "write consumer-hour=PRICE, message=PRICE, or a setting and what each unit of it costs an \
        hour, such as consumers.workers.count=3; each price by itself";
    let (what, price) = text.rsplit_once('=').ok_or(instead)?;
    let price: f64 = price.trim().parse().ok().filter(|p: &f64| p.is_finite() && *p >= 0.0).ok_or(instead)?;
    match what.trim() {
        "consumer-hour" => Ok((Priced::ConsumerHour, price)),
        "message" => Ok((Priced::Message, price)),
        path if path.contains('.') && !path.contains(['*', '+', ' ', '=']) => {
            Ok((Priced::Setting(path.into()), price))
        }
        _ => Err(instead.into()),
    }
}

pub(super) fn capacity(arguments: &CapacityArguments) -> Ending {
    search(arguments).unwrap_or_else(|end| end)
}

fn search(arguments: &CapacityArguments) -> Result<Ending, Ending> {
    if let Some(folder) = &arguments.from_sweep {
        return from_sweep::search(arguments, folder);
    }
    let file = arguments.file.as_deref().unwrap_or(Path::new("FILE"));
    let given = files::read(file, &arguments.input)?;
    let wrong = |what: &str| {
        style::note(&format!("error: {what}\n"));
        Ending::Wrong
    };
    let source = asked(arguments, &given).map_err(|what| wrong(&what))?;
    let scenario = files::checked(files::parsed(&source))?;
    let prices = prices(arguments, &scenario).map_err(|what| wrong(&what))?;
    let axes = axes(arguments, &scenario).map_err(|what| wrong(&what))?;
    if let Some(folder) = folder(arguments, &given) {
        files::prepare(&folder)?;
    }
    let Some(SweptSetting { path, values }) = alone(arguments, &axes) else {
        return several::search(arguments, &given, &source, axes, prices);
    };
    let beside = files::ScenarioFolder::beside(&source);
    let search = Search { source: &source, files: &beside, path, values, largest: arguments.max };
    let bar = Bar::new(arguments.speech.quiet);
    let capacity = search.run(&bar).map_err(|problems| files::refused(&problems))?;
    bar.clear();
    if bar.stopped() && capacity.probes.is_empty() {
        style::note("interrupted before any value was judged: there is nothing to keep\n");
        return Err(Ending::Interrupted);
    }
    let costs = costs(&prices, &source, &beside, &capacity);
    let said = say(arguments, &given, &costs, &capacity)?;
    Ok(if bar.stopped() { said.worse(Ending::Interrupted) } else { said })
}

/// The scenario with the objectives of `--slo`.
fn asked(arguments: &CapacityArguments, given: &LoadedScenario) -> Result<Source, String> {
    let slos = arguments.slo.iter().map(|slo| long(slo, &given.scenario));
    let slos = slos.collect::<Result<Vec<String>, _>>()?;
    Ok(slos.iter().fold(given.source.clone(), |source, slo| source.objective(slo)))
}

/// What things cost in a scenario, which has something to meet.
fn prices(arguments: &CapacityArguments, scenario: &Scenario) -> Result<Prices, String> {
    if scenario.objectives.is_empty() {
        return Err(
            "there is nothing to meet; write --slo \"p99<200ms\", or [objectives] in the scenario".into()
        );
    }
    let prices = Prices(arguments.cost.clone());
    match prices.unknown(scenario) {
        Some(path) => Err(format!("--cost {path}: the scenario has no number at this path")),
        None => Ok(prices),
    }
}

/// What is varied, each with its values, those of numbers from low to high.
fn axes(arguments: &CapacityArguments, scenario: &Scenario) -> Result<Vec<SweptSetting>, String> {
    let varied = match arguments.vary.as_slice() {
        [] => vec![consumers(scenario)?],
        varied => varied.to_vec(),
    };
    let mut axes: Vec<SweptSetting> = Vec::new();
    for vary in &varied {
        let (path, values) = vary.split_once('=').ok_or("--vary lacks its values; write PATH=LOW..HIGH")?;
        let path = path.trim();
        if let Some(what) = scenario.consumers.iter().find_map(|group| counted_by_kind(group, path)) {
            return Err(what);
        }
        if axes.iter().any(|axis| axis.path == path) {
            return Err(format!("{path} is varied twice; write all its values at once: --vary {path}=A,B,C"));
        }
        let values = scenario::values_of(values).expand().map_err(|why| format!("--vary {path}: {why}"))?;
        // Of several settings, or of an autoscaler's, every combination can be tried.
        let values = match ordered(values.clone()) {
            Err(_) if varied.len() > 1 || is_autoscale(path) => values,
            ordered => ordered.map_err(|what| format!("--vary {path}: {what}"))?,
        };
        axes.push(SweptSetting { path: path.into(), values });
    }
    Ok(axes)
}

/// The only setting that is varied, unless the cheapest of its values is sought.
fn alone(arguments: &CapacityArguments, axes: &[SweptSetting]) -> Option<SweptSetting> {
    let [only] = axes else { return None };
    let by_cost = is_autoscale(&only.path) && !only.path.ends_with(".max") && !arguments.max;
    (!by_cost).then(|| only.clone())
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
        "scalings" => match scenario.consumers.as_slice() {
            [only] => Ok(with(&format!("consumers.{}", only.name), "")),
            _ => Err(format!("there are several groups; write which: \"consumers.NAME.{slo}\"")),
        },
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
    costs: &[String],
    capacity: &Capacity,
) -> Result<Ending, Ending> {
    let resolved = scenario::resolved(&capacity.scenario);
    let document = report::document(capacity, costs, &resolved, &super::command());
    let made = report::files(
        capacity,
        costs,
        &document,
        &scenario::resolved_toml(&capacity.scenario),
        &super::command(),
    );
    let written = folder(arguments, given)
        .map_or(Ok(Vec::new()), |folder| files::add(&folder, &arguments.pictures.of(made)?))?;
    let said = arguments.speech.say(&document, &written, |style| report::text(capacity, costs, &style));
    Ok(said.worse(ending(capacity.outcome)))
}

/// How a search ends that turned out so.
fn ending(outcome: ObjectiveStatus) -> Ending {
    match outcome {
        ObjectiveStatus::Pass => Ending::Fine,
        ObjectiveStatus::Fail => Ending::Missed,
        ObjectiveStatus::Inconclusive => Ending::Inconclusive,
    }
}

/// What the answer costs, and each of its neighbours that pass, so that a step's price is seen.
fn costs(prices: &Prices, source: &Source, beside: &dyn scenario::Files, capacity: &Capacity) -> Vec<String> {
    if prices.0.is_empty() {
        return Vec::new();
    }
    let passing = capacity.probes.iter().filter(|p| p.trial.outcome == ObjectiveStatus::Pass);
    let priced = passing.filter_map(|probe| {
        let scenario = scenario::parse(&source.with(&capacity.path, &probe.value), beside).ok()?.scenario;
        Some((prices.hourly(&scenario, &probe.trial.answers)?.value?, sent(&scenario), probe))
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
