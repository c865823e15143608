//! `queuelab predict`: what a host adds learnt at low loads, high ones predicted, measured and judged.

use super::files;
use super::progress::Bar;
use super::{Ending, Input, style};
use crate::report::study::predict as report;
use crate::scenario;
use crate::study::Watch;
use crate::study::predict::{self, PredictError, PredictionStatus};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct PredictArguments {
    /// Scenario file
    #[arg(value_name = "FILE", add = super::complete::scenarios())]
    file: PathBuf,
    /// Loads to learn from: shares of what the fullest queue can do
    #[arg(long, value_name = "LOADS", value_delimiter = ',', default_value = "0.3,0.5", value_parser = load, allow_negative_numbers = true)]
    learn: Vec<f64>,
    /// Loads to predict, then to measure
    #[arg(long, value_name = "LOADS", value_delimiter = ',', default_value = "0.7,0.8,0.9", value_parser = load, allow_negative_numbers = true)]
    judge: Vec<f64>,
    /// Exit with 1 if a prediction is rejected, 3 if it cannot be judged
    #[arg(long)]
    check: bool,
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

fn load(text: &str) -> Result<f64, String> {
    let share = text.trim().parse().ok().filter(|load: &f64| *load > 0.0 && *load < 1.0);
    share.ok_or("a load lies between 0 and 1, as in 0.3,0.5".into())
}

/// What is wrong with the loads, if something is.
fn impossible(learn: &[f64], judge: &[f64]) -> Option<String> {
    for (loads, flag) in [(learn, "--learn"), (judge, "--judge")] {
        if let Some(twice) = loads.iter().enumerate().find(|(i, load)| loads[..*i].contains(load)) {
            return Some(format!("load {} is twice in {flag}; once is enough", twice.1));
        }
    }
    let highest = learn.iter().copied().fold(0.0, f64::max);
    let low = judge.iter().copied().find(|load| *load <= highest)?;
    Some(format!(
        "load {low} in --judge is not above {highest} in --learn; what is learnt at low loads is tested at \
            higher ones, as in --learn 0.3,0.5 --judge 0.7,0.9"
    ))
}

pub(super) fn predict(arguments: &PredictArguments) -> Ending {
    predicted(arguments).unwrap_or_else(|end| end)
}

fn predicted(arguments: &PredictArguments) -> Result<Ending, Ending> {
    if let Some(why) = impossible(&arguments.learn, &arguments.judge) {
        style::note(&format!("error: {why}\n"));
        return Err(Ending::Wrong);
    }
    let given = files::read(&arguments.file, &arguments.input)?;
    let folder = arguments.speech.folder(arguments.out.as_ref(), &given.stem);
    folder.as_ref().map_or(Ok(()), |folder| files::prepare(folder))?;
    let bar = Bar::new(arguments.speech.quiet);
    let outcome = predict::predict(&given.scenario, &arguments.learn, &arguments.judge, &bar);
    bar.clear();
    if bar.stopped() && outcome.as_ref().map_or(true, |prediction| prediction.points.is_empty()) {
        style::note("interrupted before the first load was measured: there is nothing to keep\n");
        return Err(Ending::Interrupted);
    }
    let prediction = outcome.map_err(|refusal| {
        let (why, end) = match &refusal {
            PredictError::Scenario(why) => (why, Ending::Wrong),
            PredictError::Run(why) => (why, Ending::Failed),
        };
        style::note(&format!("error: cannot predict: {why}\n"));
        end
    })?;
    let (resolved, command) = (scenario::resolved(&given.scenario), super::command());
    let document = report::document(&prediction, &resolved, &command);
    let written = folder.map_or(Ok(Vec::new()), |folder| {
        let made = report::files(&prediction, &document, &resolved, &command);
        files::add(&folder, &arguments.pictures.of(made)?)
    })?;
    let said = arguments.speech.say(&document, &written, |style| report::text(&prediction, &style));
    let end = |held: &PredictionStatus| match held {
        _ if !arguments.check => Ending::Fine,
        PredictionStatus::Accepted => Ending::Fine,
        PredictionStatus::Rejected(_) => Ending::Missed,
        PredictionStatus::Undecided(_) => Ending::Inconclusive,
    };
    if bar.stopped() {
        let (done, all) = (prediction.points.len(), arguments.learn.len() + arguments.judge.len());
        style::note(&format!("interrupted: {done} of {all} loads were measured\n"));
        return Ok(Ending::Interrupted);
    }
    Ok(report::sentences(&prediction).iter().fold(said, |worst, (held, _)| worst.worse(end(held))))
}
