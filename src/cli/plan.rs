//! A sweep's plan: what is to be answered, as `plan.json` in the sweep's folder.

use super::files;
use super::planned_files::{FilesSeen, PlannedFiles, checksum};
use super::program::program;
use super::segments::{PointKind, Segments};
use super::{Ending, Input, style, system};
use crate::answer::Method;
use crate::scenario::{self, Override, Scenario, Source, values_of};
use crate::study::sweep::{Grid, Refinement, SweepPoint, Swept, SweptSetting};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The most points of a sweep.
const MOST_POINTS: usize = 1_000_000;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct PlanArguments {
    /// Scenario file
    // Optional to the parser alone: a step such as `sweep status` has none.
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,
    /// A setting and its values, instead of the [sweep] table: consumers.workers.count=2..8; may be given
    /// often
    #[arg(long, value_name = "PATH=VALUES")]
    vary: Vec<String>,
    #[command(flatten)]
    input: Input,
    /// Only these methods: theory, simulation, measurement, separated by commas
    #[arg(long, value_name = "METHODS", value_parser = super::methods)]
    only: Option<std::vec::Vec<Method>>,
    /// Add replications where an objective is undecided, up to N times as many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=100))]
    refine: Option<u32>,
    /// The folder under which a folder for the scenario is written
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Throw away what another sweep left in the folder
    #[arg(long)]
    fresh: bool,
}

/// What a sweep is.
pub(super) struct SweepPlan {
    pub source: Source,
    pub grid: Grid,
    pub methods: Vec<Method>,
    pub refinement: Refinement,
    /// By the path that the scenario has: the bytes of a file that it names, until they are copied.
    inputs: BTreeMap<String, Vec<u8>>,
    checksums: BTreeMap<String, u32>,
    scenario: Scenario,
    command: String,
    fresh: bool,
}

impl SweepPlan {
    /// The plan that the arguments mean, every point of it tried, and its folder.
    pub(super) fn make(arguments: &PlanArguments) -> Result<(SweepPlan, PathBuf), Ending> {
        let file = arguments.file.as_deref().unwrap_or(Path::new("FILE"));
        let (source, stem) = files::source(file, &arguments.input)?;
        let seen = FilesSeen::beside(files::ScenarioFolder::beside(&source));
        let scenario = files::checked(scenario::parse(&source, &seen))?;
        let wrong = |what: String| {
            style::note(&format!("error: {what}\n"));
            Ending::Wrong
        };
        let axes: Result<Vec<SweptSetting>, String> = if arguments.vary.is_empty() {
            Ok(scenario
                .sweep
                .iter()
                .map(|(path, values)| SweptSetting { path: path.clone(), values: values.clone() })
                .collect())
        } else {
            arguments.vary.iter().map(|vary| axis(vary)).collect()
        };
        let grid = Grid { axes: axes.map_err(wrong)? };
        if grid.axes.is_empty() {
            return Err(wrong(
                "there is nothing to sweep; write --vary consumers.NAME.count=2..8, or a [sweep] table"
                    .into(),
            ));
        }
        let twice = grid
            .axes
            .iter()
            .enumerate()
            .find(|(i, axis)| grid.axes[..*i].iter().any(|other| other.path == axis.path));
        if let Some((_, axis)) = twice {
            return Err(wrong(format!(
                "{0} is varied twice; write all its values at once: --vary {0}=A,B,C",
                axis.path
            )));
        }
        let points = grid.axes.iter().map(|a| a.values.len()).try_fold(1_usize, |n, len| n.checked_mul(len));
        if points.is_none_or(|n| n > MOST_POINTS) {
            return Err(wrong(format!("the sweep has more than {MOST_POINTS} points; take larger steps")));
        }
        let methods = arguments.only.clone().unwrap_or(vec![Method::Theory, Method::Simulation]);
        let refinement = arguments.refine.map_or(Refinement::NONE, Refinement);
        let refines = |scenario: &Scenario| {
            if refinement.adds() { refinable(scenario, &methods).map_err(wrong) } else { Ok(()) }
        };
        // Each value is tried alone before anything runs.
        for (a, axis) in grid.axes.iter().enumerate() {
            let stride: usize = grid.axes[a + 1..].iter().map(|x| x.values.len()).product();
            for i in 0..axis.values.len() {
                refines(&grid.scenario(&source, &seen, i * stride).map_err(|p| files::refused(&p))?)?;
            }
        }
        let folder = super::results(arguments.out.as_ref(), &stem).join("sweep");
        let command = super::command();
        let inputs = seen.seen();
        Ok((
            SweepPlan {
                source,
                grid,
                methods,
                refinement,
                checksums: inputs.iter().map(|(name, bytes)| (name.clone(), checksum(bytes))).collect(),
                inputs,
                scenario,
                command,
                fresh: arguments.fresh,
            },
            folder,
        ))
    }

    /// Writes the plan into its folder, or finds it there; the one that is there counts.
    pub(super) fn keep(self, folder: &Path) -> Result<SweepPlan, Ending> {
        let path = folder.join("plan.json");
        if self.fresh && folder.join("points").exists() {
            std::fs::remove_dir_all(folder.join("points")).map_err(|e| {
                style::note(&format!(
                    "error: cannot clear {}: {}\n",
                    folder.join("points").display(),
                    system::reason(&e)
                ));
                Ending::Failed
            })?;
        } else if path.exists() {
            let (mut there, _) = document(folder)?;
            let command = there.as_object_mut().and_then(|there| there.remove("command"));
            if there != self.question() {
                let folder = folder.display();
                style::note(&format!(
                    "error: {folder} holds another sweep; throw it away with --fresh, or choose another \
                        folder with --out\n"
                ));
                return Err(Ending::Wrong);
            }
            let command = command.as_ref().and_then(Value::as_str).map_or(self.command, String::from);
            return Ok(SweepPlan { command, ..self });
        }
        let copies =
            self.inputs.iter().map(|(name, bytes)| (PlannedFiles::name(self.checksums[name]), bytes.clone()));
        if !self.inputs.is_empty() {
            files::add(&folder.join("inputs"), &copies.collect::<Vec<_>>())?;
        }
        let mut document = self.question();
        document["command"] = json!(self.command);
        files::add(folder, &[("plan.json".to_string(), format!("{document:#}\n").into_bytes())])?;
        Ok(self)
    }

    /// The command that planned it.
    pub(super) fn command(&self) -> &str {
        &self.command
    }

    /// All that decides about the answers.
    fn question(&self) -> Value {
        let axes: Vec<Value> =
            self.grid.axes.iter().map(|a| json!({ "path": a.path, "values": a.values })).collect();
        json!({
            "queuelab": env!("CARGO_PKG_VERSION"),
            "program": program(),
            "inputs": self.checksums,
            "name": self.source.name,
            "text": self.source.text,
            "overrides": self.source.overrides.iter().map(|o| &o.setting).collect::<Vec<_>>(),
            "axes": axes,
            "methods": self.methods,
            "refine": self.refinement.0,
        })
    }

    /// The plan of a folder.
    pub(super) fn read(folder: &Path) -> Result<SweepPlan, Ending> {
        let (_, (source, grid, methods, refinement, checksums, command)) = document(folder)?;
        let copies = PlannedFiles::of(folder, checksums.clone());
        let scenario = files::checked(scenario::parse(&source, &copies))?;
        Ok(SweepPlan {
            source,
            grid,
            methods,
            refinement,
            inputs: BTreeMap::new(),
            checksums,
            scenario,
            command,
            fresh: false,
        })
    }

    /// The files that its scenario names, as they were planned.
    pub(super) fn files(&self, folder: &Path) -> PlannedFiles {
        PlannedFiles::of(folder, self.checksums.clone())
    }

    /// How many queues its scenario has.
    pub(super) fn queues(&self) -> usize {
        self.scenario.queues.len()
    }

    /// What is answered of each point.
    pub(super) fn kinds(&self) -> &'static [PointKind] {
        let measures = self.methods.contains(&Method::Measurement);
        if measures { &[PointKind::Answered, PointKind::Measured] } else { &[PointKind::Answered] }
    }

    /// The segments in its folder.
    pub(super) fn segments(&self, folder: &Path) -> Segments {
        Segments::of(folder, checksum(self.question().to_string().as_bytes()))
    }

    /// The sweep with its points.
    pub(super) fn swept(&self, points: Vec<SweepPoint>) -> Swept {
        Swept {
            title: self.scenario.title.clone().unwrap_or_else(|| self.source.name.clone()),
            grid: self.grid.clone(),
            points,
            objectives: self.scenario.objectives.clone(),
            refinement: self.refinement,
            starts: self.scenario.is_of_the_start(),
            scenario: scenario::resolved(&self.scenario),
            command: self.command.clone(),
            seed: self.scenario.seed,
            confidence: self.scenario.simulation.confidence,
        }
    }
}

type PlanParts = (Source, Grid, Vec<Method>, Refinement, BTreeMap<String, u32>, String);

/// Whether replications can be added where an objective is undecided.
fn refinable(scenario: &Scenario, methods: &[Method]) -> Result<(), String> {
    if scenario.objectives.is_empty() {
        return Err("--refine adds replications where an objective is undecided, and there is none; write \
            [objectives] into the scenario, such as \"total.latency.p99\" = \"< 200ms\""
            .into());
    }
    if !methods.contains(&Method::Simulation) {
        return Err("--refine adds replications of the simulation; write simulation after --only, too".into());
    }
    if scenario.simulation.replications < 2 {
        return Err("--refine adds replications, and one long run has none; write \
            --set simulation.replications=10"
            .into());
    }
    Ok(())
}

/// Says why a folder's plan is not taken.
fn refused(folder: &Path, why: &str) -> Ending {
    let path = folder.join("plan.json");
    style::note(&format!("error: {}: {why}; `queuelab sweep plan FILE` writes one\n", path.display()));
    Ending::Wrong
}

/// The document of a folder's plan and its parts, if this program has written it.
fn document(folder: &Path) -> Result<(Value, PlanParts), Ending> {
    let text = std::fs::read_to_string(folder.join("plan.json"));
    let text = text.map_err(|e| refused(folder, &system::reason(&e)))?;
    let document: Value = serde_json::from_str(&text).map_err(|e| refused(folder, &e.to_string()))?;
    let plan = read(&document).ok_or_else(|| refused(folder, "it is no plan of a sweep"))?;
    if document["queuelab"] != env!("CARGO_PKG_VERSION") {
        return Err(refused(folder, "it was made by another version"));
    }
    if document["program"] != program() {
        let by = document["program"].as_str().unwrap_or_default();
        return Err(refused(folder, &format!("it was made by another build of this program ({by})")));
    }
    Ok((document, plan))
}

/// The parts of a plan's document; `None` if one is not as it is written.
fn read(document: &Value) -> Option<PlanParts> {
    let texts = |value: &Value| {
        value.as_array()?.iter().map(|v| v.as_str().map(String::from)).collect::<Option<Vec<_>>>()
    };
    let text = |key: &str| document[key].as_str().map(String::from);
    let overrides = texts(&document["overrides"])?.into_iter().map(Override::from).collect();
    let source = Source { name: text("name")?, text: text("text")?, overrides };
    let axis =
        |v: &Value| Some(SweptSetting { path: v["path"].as_str()?.into(), values: texts(&v["values"])? });
    let axes = document["axes"].as_array()?.iter().map(axis).collect::<Option<Vec<_>>>()?;
    let method = |name: String| Method::ALL.into_iter().find(|m| m.name() == name);
    let methods = texts(&document["methods"])?.into_iter().map(method).collect::<Option<Vec<_>>>()?;
    let sound = !axes.is_empty() && axes.iter().all(|a| !a.values.is_empty());
    let checksums = serde_json::from_value(document["inputs"].clone()).ok()?;
    let refine = document["refine"].as_u64().and_then(|times| u32::try_from(times).ok())?;
    sound.then_some((source, Grid { axes }, methods, Refinement(refine), checksums, text("command")?))
}

/// An axis as `--vary` takes it.
pub(super) fn axis(vary: &str) -> Result<SweptSetting, String> {
    let (path, values) =
        vary.split_once('=').ok_or("--vary lacks its values; write PATH=LOW..HIGH or PATH=A,B,C")?;
    let values = values_of(values).expand().map_err(|what| format!("--vary {path}: {what}"))?;
    Ok(SweptSetting { path: path.trim().into(), values })
}
