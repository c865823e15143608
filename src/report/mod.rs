//! Reports: a study becomes text for a terminal and bytes for files. Where they are written says the caller.
//!
//! [`text`] is what a person sees, [`files`] and [`long_files`] what is kept. Each format is one module; a plot is one entry of
//! `plots::PLOTS`.

mod csv;
mod dead_letters;
mod difference;
mod escape;
#[cfg(test)]
mod fixtures;
mod flow;
mod headline;
mod hgrm;
mod hlog;
mod html;
mod json;
mod number;
mod openmetrics;
mod page;
mod plot;
#[cfg(feature = "plots")]
mod plots;
#[cfg(not(feature = "plots"))]
#[path = "no_plots.rs"]
mod plots;
#[cfg(feature = "png")]
mod png;
#[cfg(not(feature = "png"))]
#[path = "no_png.rs"]
mod png;
mod rows;
mod rulers;
mod screen;
mod shown;
#[doc(hidden)]
pub mod study;
mod style;
mod table;
pub mod targets;
mod text;
mod verdict;
mod words;

pub use json::document;
pub use openmetrics::openmetrics;
pub use plot::{Frame, Plot};
pub use png::{PngError, png};
pub use style::Style;
pub use table::text;
pub use verdict::verdict;
pub use words::shortfalls;

use crate::answer::Method;
use crate::study::{Bearing, Study};
use std::io::{self, Write};

/// What a report says beside the study.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// The scenario as it was run, defaults included.
    pub scenario: serde_json::Value,
    /// The command that makes this result again.
    pub command: String,
    /// The scenario's file as it was written, where there was one.
    pub source: Option<String>,
    /// What the scenario bears.
    pub bearing: Bearing,
}

/// Writes a file bit by bit.
pub type WritesFile<'a> = Box<dyn Fn(&mut dyn Write) -> io::Result<()> + 'a>;

/// The files of a result that grow with the number of queues, by name.
pub fn long_files<'a>(study: &'a Study, extras: &'a Extras) -> [(&'static str, WritesFile<'a>); 2] {
    [
        ("answer.json", Box::new(move |out| json::write(study, extras, out))),
        ("metrics.csv", Box::new(move |out| csv::metrics(study, out))),
    ]
}

/// Every other file of a result, by name.
pub fn files(study: &Study, extras: &Extras) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    files.extend(csv::timeline(study).map(|text| ("timeline.csv".to_string(), text)));
    for answer in &study.answers {
        let text = answer.latency.as_ref().and_then(hgrm::text);
        files.extend(text.map(|text| (format!("latency.{}.hgrm", answer.method.name()), text)));
        let log = hlog::text(study, answer);
        files.extend(log.map(|text| (format!("latency.{}.hlog", answer.method.name()), text)));
    }
    let page = html::page(study, extras);
    files.extend(
        plots::drawn(study, Frame::Alone).into_iter().map(|(plot, svg)| (plot.file.to_string(), svg)),
    );
    files.push(("report.html".to_string(), page));
    files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

/// Every name that [`long_files`] and [`files`] may give.
pub fn every_name() -> impl Iterator<Item = String> {
    let fixed = ["answer.json", "metrics.csv", "timeline.csv", "report.html"].into_iter().map(str::to_string);
    let named = |end: &str| Method::ALL.map(|method| format!("latency.{}.{end}", method.name()));
    let levels = named("hgrm").into_iter().chain(named("hlog"));
    let plots = || plots::PLOTS.iter().map(|plot| plot.file.to_string());
    fixed.chain(levels).chain(plots()).chain(plots().map(|file| file.replace(".svg", ".png")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_study_makes_every_file_and_an_empty_one_only_what_it_can() {
        let names = |study: &Study| {
            let extras = fixtures::extras();
            let long = long_files(study, &extras).map(|file| file.0.to_string());
            long.into_iter().chain(files(study, &extras).into_iter().map(|file| file.0)).collect::<Vec<_>>()
        };
        let counted = ["simulation", "rehearsal", "measurement", "replay"];
        let levels = std::iter::once("latency.theory.hgrm".to_string()).chain(
            counted.into_iter().flat_map(|m| [format!("latency.{m}.hgrm"), format!("latency.{m}.hlog")]),
        );
        let before =
            ["answer.json", "metrics.csv", "timeline.csv"].map(String::from).into_iter().chain(levels);
        // Nothing changes with time here, and no broker was measured.
        let all = plots::PLOTS.iter().map(|plot| plot.file.to_string());
        let others = ["over-time.svg", "latency-over-time.svg", "deliveries.svg"];
        let plots = all.filter(|file| !others.contains(&file.as_str()));
        let mut expected: Vec<String> = before.chain(plots).chain(["report.html".to_string()]).collect();
        assert_eq!(names(&fixtures::five_methods()), expected);
        expected.extend(others.into_iter().chain(["latency.theory.hlog"]).map(String::from));
        // Plots are PNG where that is asked for.
        let png = |file: &String| file.strip_suffix(".svg").map(|stem| format!("{stem}.png"));
        expected.extend(expected.clone().iter().filter_map(png));
        let mut known: Vec<_> = every_name().collect();
        known.sort_unstable();
        expected.sort_unstable();
        assert_eq!(known, expected);
        assert_eq!(names(&fixtures::bare()), ["answer.json", "metrics.csv", "report.html"]);
    }
}
