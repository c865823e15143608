//! The command line: the only place with files, a terminal, progress bars and exit codes. A file per verb.

mod audit;
mod bench;
mod calibrate;
mod capacity;
mod compare;
mod complete;
mod explain;
mod files;
mod fit;
mod init;
mod pictures;
mod plan;
mod planned_files;
mod predict;
mod program;
mod progress;
mod recipe;
mod reference;
mod report;
mod run;
mod saved;
mod segments;
mod shard;
mod style;
mod sweep;
mod swept_points;
mod system;

use crate::answer::Method;
use crate::report::Style;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::CompleteEnv;
use std::path::PathBuf;
use std::process::ExitCode;

/// Will this queue hold? One scenario answered by theory, simulation and measurement, side by side.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true, after_help = AFTER_HELP)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

const AFTER_HELP: &str =
    "Exit codes: 0 fine; 1 an objective is missed or (with --check) methods disagree or a prediction fails; \
        2 wrong input or usage;
3 inconclusive; 4 points of a sweep are missing; 5 the run or its target failed; 130 interrupted, with what was finished saved.";

// Doc comments are help texts here.
#[allow(rustdoc::invalid_html_tags)]
#[derive(Debug, Subcommand)]
enum Verb {
    /// Answer scenarios by every method that applies, side by side, and write queuelab-results/<file stem>/
    Run(run::RunArguments),
    /// Find the smallest or largest value that meets the objectives: n passes, n-1 fails; then head-room. Of
    /// several settings, the cheapest combination
    Capacity(capacity::CapacityArguments),
    /// Answer a scenario at every point of a grid of settings: [sweep] in the file, or --vary
    Sweep(sweep::SweepArguments),
    /// Compare configurations or saved results: better, worse, or no difference seen
    Compare(compare::CompareArguments),
    /// Learn what this host adds at low loads, predict high ones, measure those, and say whether the
    /// prediction held
    Predict(predict::PredictArguments),
    /// Find the highest rate that a queue sustains when messages are no work, and its latency below that
    Bench(bench::BenchArguments),
    /// Fit laws and arrivals to a CSV of measured times, and write a ready scenario
    Fit(fit::FitArguments),
    /// Check a published table of a benchmark: which figures cannot be what they claim
    Audit(audit::AuditArguments),
    /// Say what a scenario is and which closed forms apply, or why not; runs nothing
    Explain(explain::ExplainArguments),
    /// Make one page from saved results
    Report(report::ReportArguments),
    /// Measure this host's clock, sleep, hand-off and stalls: what every measurement adds at least
    Calibrate {
        /// A message broker: also how long it takes to bring a message to a consumer, at three loads
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
        /// One JSON document on stdout, nothing else there
        #[arg(long)]
        json: bool,
    },
    /// Write a scenario to start from, or list the questions there are
    Init(init::InitArguments),
    /// List what can be measured here
    Targets {
        /// List instead what runs that were killed left on the brokers that answer
        #[arg(long)]
        clean: bool,
        /// Delete it
        #[arg(long, requires = "clean")]
        yes: bool,
    },
    /// Explain a setting of scenario files: what it takes, its default, what it means, an example
    Reference(reference::ReferenceArguments),
    /// Explain the words that are used here
    Glossary {
        /// Only what has this word
        word: Option<String>,
    },
    /// Print every setting of scenario files as text, their JSON Schema, for editors, or that of answer.json,
    /// for programs
    Schema {
        #[arg(value_enum, default_value = "scenario")]
        of: Schema,
    },
    /// Print a script that has a shell complete commands, methods, templates and the settings of a scenario:
    /// load it when the shell starts, as in source <(queuelab completions bash)
    Completions { shell: clap_complete::Shell },
}

/// What there is a schema of.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Schema {
    Scenario,
    Settings,
    Answer,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Fine = 0,
    Inconclusive = 3,
    Missed = 1,
    Incomplete = 4,
    Failed = 5,
    Wrong = 2,
    Interrupted = 130,
}

impl Ending {
    /// The more serious of two.
    fn worse(self, other: Ending) -> Ending {
        let rank = |e: Ending| {
            [
                Ending::Fine,
                Ending::Inconclusive,
                Ending::Missed,
                Ending::Incomplete,
                Ending::Failed,
                Ending::Wrong,
                Ending::Interrupted,
            ]
            .iter()
            .position(|x| *x == e)
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

/// The program.
pub fn main() -> ExitCode {
    if system::is_stdout_closed() {
        style::note(
            "error: stdout is closed, so that no answer could be read; open it, or send it to a file\n",
        );
        return ExitCode::from(Ending::Failed as u8);
    }
    CompleteEnv::with_factory(CommandLine::command).var(complete::VARIABLE).complete();
    let end = match CommandLine::parse().verb {
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Bench(arguments) => bench::bench(&arguments),
        Verb::Capacity(arguments) => capacity::capacity(&arguments),
        Verb::Sweep(arguments) => sweep::sweep(&arguments),
        Verb::Compare(arguments) => compare::compare(&arguments),
        Verb::Predict(arguments) => predict::predict(&arguments),
        Verb::Fit(arguments) => fit::fit(&arguments),
        Verb::Audit(arguments) => audit::audit(&arguments),
        Verb::Report(arguments) => report::report(&arguments),
        Verb::Explain(arguments) => explain::explain(&arguments),
        Verb::Calibrate { target, json } => calibrate::calibrate(target.as_deref(), json),
        Verb::Init(arguments) => init::init(&arguments),
        Verb::Targets { clean: false, .. } => style::out(&crate::report::targets::text(&plain_style())),
        Verb::Targets { yes, .. } => style::out(&crate::report::targets::leftovers(yes, &plain_style())),
        Verb::Reference(arguments) => reference::explain_settings(&arguments),
        Verb::Glossary { word } => reference::explain_words(word.as_deref()),
        Verb::Schema { of: Schema::Scenario } => style::out(&format!("{:#}\n", crate::scenario::schema())),
        Verb::Schema { of: Schema::Settings } => style::out(&crate::scenario::reference()),
        Verb::Schema { of: Schema::Answer } => style::out(crate::study::document::SCHEMA),
        Verb::Completions { shell } => style::out(&complete::script(shell)),
    };
    ExitCode::from(end as u8)
}

/// What makes a scenario out of files and flags.
#[derive(Debug, Clone, clap::Args)]
struct Input {
    /// Set a value by its dotted path, as in producers.web.rate=900/s; may be given often
    #[arg(long = "set", value_name = "PATH=VALUE", add = complete::settings())]
    set: Vec<String>,
    /// Apply this host's measured overheads to the simulation: a file that `queuelab calibrate --json` wrote
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    /// Random seed, instead of the scenario's
    #[arg(long, allow_hyphen_values = true, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Option<u64>,
}

/// How a study speaks.
#[derive(Debug, Clone, clap::Args)]
struct Speech {
    /// One JSON document on stdout, nothing else there; no files unless --out is given
    #[arg(long)]
    json: bool,
    /// Print errors only; still write files
    #[arg(long, short)]
    quiet: bool,
    /// Plain ASCII signs
    #[arg(long)]
    ascii: bool,
    /// Show all that is known, not what fits on a screen: every metric, every gate of a measurement, every row
    #[arg(long, short, alias = "gates")]
    verbose: bool,
}

impl Speech {
    /// Where an answer is kept, if it is: a document on stdout is not, unless a place is named.
    fn folder(&self, out: Option<&PathBuf>, stem: &str) -> Option<PathBuf> {
        (!self.json || out.is_some()).then(|| results(out, stem))
    }

    /// Says an answer: as the document of machines, in words, or not at all.
    fn say(&self, document: &str, written: &[PathBuf], text: impl FnOnce(Style) -> String) -> Ending {
        if self.json {
            style::out(document)
        } else if self.quiet {
            Ending::Fine
        } else {
            style::out(&text(Style {
                width: style::width(),
                ascii: self.ascii,
                verbose: self.verbose,
                colour: style::colour_on_stdout(),
                written: written.iter().map(|path| path.display().to_string()).collect(),
            }))
        }
    }
}

/// Text as wide as the terminal.
fn plain_style() -> Style {
    Style { width: style::width(), ..Style::default() }
}

/// A list of methods as `--only` takes it.
fn methods(text: &str) -> Result<Vec<Method>, String> {
    text.split(',')
        .map(|name| match name.trim() {
            "theory" => Ok(Method::Theory),
            "simulation" => Ok(Method::Simulation),
            "measurement" => Ok(Method::Measurement),
            "rehearsal" | "replay" => {
                Err(format!("`{name}` comes with measurement; write --only measurement"))
            }
            _ => Err(format!(
                "`{name}` is not a method; write theory, simulation or measurement, separated by commas"
            )),
        })
        .collect()
}

/// Where results go unless `--out` names a place: a folder that no project has already, and that none keeps
/// under version control.
const RESULTS: &str = "queuelab-results";

/// Where results go.
fn results(out: Option<&PathBuf>, stem: &str) -> PathBuf {
    out.cloned().unwrap_or_else(|| PathBuf::from(RESULTS)).join(stem)
}

/// The command as it was typed, for making the result again. The number of threads is left out: no result
/// depends on it.
fn command() -> String {
    let quote = |word: String| {
        if word.chars().all(|c| c.is_alphanumeric() || "-_./=,:%".contains(c)) {
            word
        } else {
            format!("'{word}'")
        }
    };
    let mut typed = std::env::args().skip(1);
    let mut words = vec!["queuelab".to_string()];
    while let Some(word) = typed.next() {
        if word == "--threads" {
            typed.next();
        } else if !word.starts_with("--threads=") {
            words.push(quote(word));
        }
    }
    words.join(" ")
}
