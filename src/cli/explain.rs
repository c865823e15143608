//! `queuelab explain`: what a scenario is. Runs nothing.

use super::{End, Input, files, style};
use crate::scenario;
use crate::theory;
use crate::units::significant;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct ExplainArguments {
    /// Scenario file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    input: Input,
    /// One JSON document on stdout, nothing else there
    #[arg(long)]
    json: bool,
}

pub fn explain(arguments: &ExplainArguments) -> End {
    let given = match files::read(&arguments.file, &arguments.input) {
        Ok(given) => given,
        Err(end) => return end,
    };
    let explanation = theory::explain(&given.scenario);
    if arguments.json {
        let document = serde_json::json!({ "explanation": explanation, "scenario": scenario::resolved(&given.scenario) });
        return style::out(&format!("{document:#}\n"));
    }
    let mut text = format!("{}\n\n", given.scenario.title.as_deref().unwrap_or(&given.stem));
    text += &format!("Kendall name   {}\n", explanation.kendall);
    for load in &explanation.loads {
        let rho = load.rho.map_or("no limit of servers".into(), |rho| format!("rho = {}", significant(rho, 4)));
        let hold = match load.rho {
            Some(rho) if rho >= 1.0 && load.bounded => " (overloaded, but its bound keeps it finite)",
            Some(rho) if rho >= 1.0 => " (does not hold: the backlog grows without end)",
            _ => "",
        };
        text += &format!("queue `{}`   offered load {} erlang, {rho}{hold}\n", load.queue, significant(load.erlang, 4));
    }
    text += "\nClosed forms, exact ones first:\n";
    for model in &explanation.models {
        let kind = if model.exact { "exact" } else { "approximate" };
        match &model.against {
            None => text += &format!("  ✓ {:<28} {kind}\n", model.name),
            Some(why) => text += &format!("  – {:<28} {kind}; does not apply: {why}\n", model.name),
        }
    }
    text += "\nThe scenario with its defaults filled in:\n\n";
    text += &scenario::resolved_toml(&given.scenario);
    style::out(&text)
}
