//! `queuelab explain`: what a scenario is. Runs nothing, unless it is asked what matters.

use super::progress::Bar;
use super::{End, Input, files, style};
use crate::scenario;
use crate::study::sensitivity::{self, Lag, Sensitivity};
use crate::theory;
use crate::units::{self, Time, plain, significant};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct ExplainArguments {
    /// Scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    input: Input,
    /// The lag at which to page so that messages are done within this time, such as 60s
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = span)]
    lag_for: Option<f64>,
    /// How p99 latency answers to each rate; where theory does not know, by short simulations
    #[arg(long)]
    sensitivity: bool,
    /// One JSON document on stdout, nothing else there
    #[arg(long)]
    json: bool,
}

/// A time that is more than none.
fn span(text: &str) -> Result<f64, String> {
    let seconds = units::duration(text).map_err(|e| e.to_string())?;
    if seconds > 0.0 { Ok(seconds) } else { Err("no lag is worked off in no time; write the time that is promised, such as 60s".into()) }
}

pub fn explain(arguments: &ExplainArguments) -> End {
    let given = match files::read(&arguments.file, &arguments.input) {
        Ok(given) => given,
        Err(end) => return end,
    };
    let explanation = theory::explain(&given.scenario);
    let bar = Bar::new(arguments.json);
    let lags = arguments.lag_for.map(|within| sensitivity::lags(&given.scenario, within)).unwrap_or_default();
    let sensitivities = if arguments.sensitivity { sensitivity::sensitivities(&given.scenario, &bar) } else { Vec::new() };
    let dominant = if arguments.sensitivity { sensitivity::dominant(&given.scenario, &bar) } else { None };
    bar.clear();
    if arguments.json {
        let lags: Vec<_> = lags
            .iter()
            .map(|l| json!({ "queue": l.queue, "messages": l.messages, "per_partition": l.per_partition, "false_alarm": l.false_alarm }))
            .collect();
        let slopes: Vec<_> =
            sensitivities.iter().map(|s| json!({ "what": s.what, "elasticity": s.elasticity, "half_width": s.half_width })).collect();
        let resolved = scenario::resolved(&given.scenario);
        let document =
            json!({ "explanation": explanation, "lags": lags, "sensitivities": slopes, "dominant": dominant, "scenario": resolved });
        return style::out(&format!("{document:#}\n"));
    }
    let mut text = format!("{}\n\n", given.scenario.title.as_deref().unwrap_or(&given.stem));
    text += &format!("Kendall name   {}\n", explanation.kendall);
    for load in &explanation.loads {
        let scales = given.scenario.consumers.iter().any(|c| c.autoscale.is_some() && given.scenario.queues[c.from].name == load.queue);
        let most = load.servers.filter(|_| scales).map_or(String::new(), |n| format!(" with {n} servers, the most"));
        let rho = load.rho.map_or("no limit of servers".into(), |rho| format!("rho = {}{most}", significant(rho, 4)));
        let hold = match load.rho {
            Some(rho) if rho >= 1.0 && load.bounded => " (overloaded, but its bound keeps it finite)",
            Some(rho) if rho >= 1.0 => " (does not hold: the backlog grows without end)",
            _ => "",
        };
        text += &format!("queue `{}`   offered load {} erlang, {rho}{hold}\n", load.queue, significant(load.erlang, 4));
    }
    text += &said(&lags, arguments.lag_for.unwrap_or_default());
    text += &mattering(&sensitivities, dominant.as_deref());
    text += "\nClosed forms, exact ones first:\n";
    for model in &explanation.models {
        let kind = if model.exact { "exact" } else { "approximate" };
        match &model.against {
            None => text += &format!("  ✓ {:<41} {kind}\n", model.name),
            Some(why) => text += &format!("  – {:<41} {kind}; does not apply: {why}\n", model.name),
        }
    }
    text += "\nThe scenario with its defaults filled in:\n\n";
    text += &scenario::resolved_toml(&given.scenario);
    style::out(&text)
}

/// The lags to page at, a sentence each.
fn said(lags: &[Lag], within: f64) -> String {
    let one = |lag: &Lag| {
        let parts = lag.per_partition.map_or(String::new(), |n| format!(", {} in each partition", plain(n.floor(), 12)));
        let alarm = lag.false_alarm.map_or(String::new(), |share| {
            let rare = if share < 1e-9 { "never".into() } else { format!("{} % of the time", significant(share * 100.0, 2)) };
            format!("; in steady state chance alone reaches it {rare}")
        });
        let capacity = plain(lag.capacity, 4);
        let (messages, queue) = (plain(lag.messages.floor(), 12), &lag.queue);
        format!("page at a lag of {messages} messages in `{queue}`{parts}: at {capacity}/s they take {} to work off{alarm}\n", Time(within))
    };
    if lags.is_empty() { String::new() } else { format!("\n{}", lags.iter().map(one).collect::<String>()) }
}

/// What matters most, the largest first.
fn mattering(sensitivities: &[Sensitivity], dominant: Option<&str>) -> String {
    let one = |s: &Sensitivity| {
        let half = s.half_width.map_or(String::new(), |h| format!(" ± {}", significant(h, 2)));
        format!(
            "  1 % more of {:<34} {}{} %{half} in p99 latency\n",
            s.what,
            if s.elasticity < 0.0 { "" } else { "+" },
            significant(s.elasticity, 3)
        )
    };
    let mut out = dominant.map_or(String::new(), |sentence| format!("\n{sentence}\n"));
    out.extend(sensitivities.iter().map(one));
    out
}
