//! `queuelab report`: one page to send to somebody, from a folder of saved results.

use super::plan::SweepPlan;
use super::{Ending, files, saved, style, system};
use crate::report::study::index;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct ReportArguments {
    /// A folder of results of any command, or a folder that holds several such folders
    folder: PathBuf,
    /// The page to write, `report.html` in the folder if not given
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub(super) fn report(arguments: &ReportArguments) -> Ending {
    made(arguments).unwrap_or_else(|end| end)
}

fn made(arguments: &ReportArguments) -> Result<Ending, Ending> {
    let folder = &arguments.folder;
    let mut found: Vec<PathBuf> = if holds(folder) { vec![folder.clone()] } else { inside(folder)? };
    found.sort();
    if found.is_empty() {
        style::note(&format!("error: {} holds no result; `queuelab run` writes one\n", folder.display()));
        return Err(Ending::Wrong);
    }
    let entries: Vec<index::SavedResult> = found.iter().map(|path| entry(path)).collect::<Result<_, _>>()?;
    let page = index::page(&folder.display().to_string(), &entries);
    let output = arguments
        .output
        .clone()
        .unwrap_or_else(|| folder.join(if holds(folder) { "summary.html" } else { "report.html" }));
    files::write_alone(&output, page.into_bytes())?;
    Ok(style::out(&format!("{}\n", output.display())))
}

/// In place of pictures that a page cannot hold.
const ONLY_PNG: &str =
    "<p>Its plots were kept as PNG alone: they lie beside its files, and are not in this page.</p>";

/// What commands other than `run` write.
const DOCUMENTS: [&str; 6] =
    ["sweep.json", "capacity.json", "comparison.json", "prediction.json", "fit.json", "bench.json"];

fn holds(folder: &Path) -> bool {
    DOCUMENTS.iter().chain(&["answer.json"]).any(|name| folder.join(name).exists())
}

/// The folders below that hold results, two levels deep: a sweep lies inside its scenario's folder.
fn inside(folder: &Path) -> Result<Vec<PathBuf>, Ending> {
    let list = |folder: &Path| -> std::io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        Ok(entries.into_iter().map(|e| e.path()).filter(|p| p.is_dir()).collect())
    };
    let failed = |e: std::io::Error| {
        style::note(&format!("error: cannot read {}: {}\n", folder.display(), system::reason(&e)));
        Ending::Wrong
    };
    let mut found = Vec::new();
    for below in list(folder).map_err(failed)? {
        if holds(&below) {
            found.push(below.clone());
        }
        found.extend(list(&below).map_err(failed)?.into_iter().filter(|p| holds(p)));
    }
    Ok(found)
}

/// What a folder says: its documents' verdicts, its figures and its pictures.
fn entry(folder: &Path) -> Result<index::SavedResult, Ending> {
    let mut entry = index::SavedResult { name: folder.display().to_string(), ..Default::default() };
    if folder.join("answer.json").exists() {
        let document = saved::read(folder)?;
        entry.title = document.scenario["title"].as_str().map(String::from);
        (entry.verdict, entry.answers) = (document.verdict.into_owned(), document.answers.into_owned());
    }
    for name in DOCUMENTS {
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else { continue };
        let document: serde_json::Value = serde_json::from_str(&text).map_err(|e| {
            style::note(&format!("error: {} is no JSON document: {e}\n", folder.join(name).display()));
            Ending::Wrong
        })?;
        entry.add(&document);
    }
    if folder.join("plan.json").exists() {
        entry.command = SweepPlan::read(folder)?.command().to_string();
    }
    let there: Vec<PathBuf> =
        std::fs::read_dir(folder).map(|list| list.flatten().map(|e| e.path()).collect()).unwrap_or_default();
    let of_kind = |kind: &'static str| there.iter().filter(move |p| p.extension().is_some_and(|e| e == kind));
    let mut pictures: Vec<&PathBuf> = of_kind("svg").collect();
    pictures.sort();
    entry.pictures = pictures.iter().filter_map(|p| std::fs::read_to_string(p).ok()).collect();
    if pictures.is_empty() && of_kind("png").next().is_some() {
        entry.pictures.push(ONLY_PNG.into());
    }
    Ok(entry)
}
