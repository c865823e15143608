//! Files: scenarios in, results out.

use super::system::reason;
use super::{Ending, Input, style};
use crate::answer::Method;
use crate::report::{self, WritesFile};
use crate::scenario::{self, FileError, Files, Override, Parsed, Scenario, Source};
use crate::study::document;
use parking_lot::Mutex;
use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufRead, BufReader, BufWriter, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A scenario with what it was read from.
#[derive(Debug, Clone)]
pub(super) struct LoadedScenario {
    pub scenario: Scenario,
    /// The text of the file; `None` for a scenario made of flags.
    pub text: Option<String>,
    /// The text with the settings that were given beside it.
    pub source: Source,
    /// The name of its folder under the results.
    pub stem: String,
}

/// Reads what a scenario names beside itself: traces and samples.
pub(super) struct ScenarioFolder(PathBuf);

impl ScenarioFolder {
    /// The folder of a scenario's file; for one made of flags, the present folder.
    pub(super) fn beside(source: &Source) -> Self {
        ScenarioFolder(Path::new(&source.name).parent().unwrap_or(Path::new("")).to_path_buf())
    }
}

impl Files for ScenarioFolder {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let bytes = if path == Path::new("-") {
            standard_input()
        } else {
            std::fs::read(self.0.join(path)).map_err(|e| reason(&e))
        };
        bytes.map_err(FileError)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Read + '_>, FileError> {
        if path == Path::new("-") {
            return standard_input()
                .map(|bytes| Box::new(Cursor::new(bytes)) as Box<dyn Read>)
                .map_err(FileError);
        }
        let opened = || {
            let mut file = BufReader::with_capacity(1 << 16, File::open(self.0.join(path))?);
            // A folder can be opened, but not read.
            file.fill_buf()?;
            Ok(file)
        };
        opened().map(|file| Box::new(file) as Box<dyn Read>).map_err(|e| FileError(reason(&e)))
    }
}

/// What came by standard input, which can be read only once but may be asked for again.
pub(super) fn standard_input() -> Result<Vec<u8>, String> {
    static READ: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    let read = || {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes).map_err(|e| reason(&e))
    };
    READ.get_or_init(read).clone()
}

/// The same as text.
fn standard_text() -> std::io::Result<String> {
    let bytes = standard_input().map_err(std::io::Error::other)?;
    String::from_utf8(bytes).map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e))
}

/// Parses a scenario that may name files beside it.
pub(super) fn parsed(source: &Source) -> Result<Parsed, scenario::Problems> {
    scenario::parse(source, &ScenarioFolder::beside(source))
}

/// Reads a scenario; what is wrong is said on stderr.
pub(super) fn read(file: &Path, input: &Input) -> Result<LoadedScenario, Ending> {
    let (source, stem) = source(file, input)?;
    let scenario = checked(parsed(&source))?;
    Ok(LoadedScenario { scenario, text: Some(source.text.clone()), source, stem })
}

/// The text of a scenario with the settings that are given beside it, and the name of its folder under the
/// results; what is wrong is said on stderr.
pub(super) fn source(file: &Path, input: &Input) -> Result<(Source, String), Ending> {
    let standard = file == Path::new("-");
    let text = if standard { standard_text() } else { std::fs::read_to_string(file) };
    let text = text.map_err(|e| {
        let hint = if e.kind() == std::io::ErrorKind::NotFound {
            "; `queuelab init` writes one to start from"
        } else {
            ""
        };
        style::note(&format!("error: cannot read the scenario {}: {}{hint}\n", file.display(), reason(&e)));
        Ending::Wrong
    })?;
    // A file named `...toml` has the stem `..`, which would be the folder above.
    let stem = file
        .file_stem()
        .filter(|s| *s != ".." && *s != "." && !standard)
        .map_or("scenario".into(), |s| s.to_string_lossy().into_owned());
    Ok((Source { name: file.display().to_string(), text, overrides: overrides(input)? }, stem))
}

/// A scenario without a file: a rate, a law of service, a number of consumers.
pub(super) fn quick(
    rate: &str,
    service: &str,
    consumers: &str,
    input: &Input,
) -> Result<LoadedScenario, Ending> {
    let source = scenario::quick(rate, service, consumers, overrides(input)?);
    let scenario = checked(parsed(&source))?;
    Ok(LoadedScenario { scenario, text: Some(source.text.clone()), source, stem: "quick".into() })
}

/// The settings of the flags; those that were typed one by one come after a calibration's.
fn overrides(input: &Input) -> Result<Vec<Override>, Ending> {
    let calibrated = input.calibration.as_deref().map_or(Ok(Vec::new()), overheads)?;
    let by = |option: &'static str| move |setting: String| Override { option, setting };
    let seed = input.seed.map(|seed| format!("seed={seed}"));
    Ok(calibrated
        .into_iter()
        .map(by("--calibration"))
        .chain(input.set.iter().cloned().map(by("--set")))
        .chain(seed.map(by("--seed")))
        .collect())
}

/// What a host adds, as `queuelab calibrate --json` told it.
fn overheads(file: &Path) -> Result<Vec<String>, Ending> {
    let wrong = |why: String| {
        style::note(&format!(
            "error: {} is no calibration: {why}; `queuelab calibrate --json > {0}` writes one\n",
            file.display()
        ));
        Ending::Wrong
    };
    let text = std::fs::read_to_string(file).map_err(|e| wrong(reason(&e)))?;
    let document: serde_json::Value = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    let figures =
        document["calibration"].as_array().ok_or_else(|| wrong("it has no list of figures".into()))?;
    let seconds = |name: &&str| figures.iter().find(|f| f["name"] == *name).and_then(|f| f["value"].as_f64());
    // A broker's, where there is one, before this host's own.
    let settings: [(&str, &[&str]); 3] = [
        ("simulation.hand_off", &["hand-off mean", "hand-off parked p50"]),
        ("simulation.turnaround", &["turnaround mean"]),
        ("simulation.sync", &["sync mean"]),
    ];
    let known: Vec<String> = settings
        .iter()
        .filter_map(|(path, names)| {
            Some(format!("{path}={}ns", (names.iter().find_map(seconds)? * 1e9).round()))
        })
        .collect();
    if known.is_empty() {
        Err(wrong("it has neither `hand-off parked p50` nor `sync mean`".into()))
    } else {
        Ok(known)
    }
}

/// Says what is wrong with a scenario.
pub(super) fn refused(problems: &scenario::Problems) -> Ending {
    style::note(&problems.render(style::colour_on_stderr()));
    Ending::Wrong
}

/// The scenario, its warnings said; or what is wrong with it.
pub(super) fn checked(parsed: Result<Parsed, scenario::Problems>) -> Result<Scenario, Ending> {
    let colour = style::colour_on_stderr();
    match parsed {
        Ok(parsed) => {
            if !parsed.warnings.is_empty() {
                style::note(&parsed.warnings.render(colour));
            }
            Ok(parsed.scenario)
        }
        Err(problems) => Err(refused(&problems)),
    }
}

/// The folders in which results are being written, locked until the program ends.
static CLAIMED: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// Makes the folder of a result for this run alone, and shows that it can be written to, before anything runs
/// for an hour.
pub(super) fn prepare(folder: &Path) -> Result<(), Ending> {
    let probe = folder.join(format!(".{}.part", own_number()));
    let tried = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&probe, "a place to write"));
    // Whatever became of it, it does not stay.
    let removed = std::fs::remove_file(&probe);
    tried.and(removed).map_err(|e| unwritable(folder, &e))?;
    claim(folder, File::try_lock)
}

/// Keeps other runs out of a folder, but for those that share it as this one does.
fn claim(folder: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> Result<(), Ending> {
    // Where folders cannot be locked, nothing keeps two runs apart.
    let Ok(opened) = File::open(folder) else { return Ok(()) };
    if let Err(TryLockError::WouldBlock) = lock(&opened) {
        let folder = folder.display();
        style::note(&format!(
            "error: another run is writing its results to {folder}; wait for it, or choose another folder \
                with --out\n"
        ));
        return Err(Ending::Failed);
    }
    CLAIMED.lock().push(opened);
    Ok(())
}

/// Makes a folder into which several runs write their parts, while none writes the whole.
pub(super) fn share(folder: &Path) -> Result<(), Ending> {
    std::fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))?;
    claim(folder, File::try_lock_shared)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Ending {
    style::note(&format!(
        "error: cannot write {}: {}; choose another folder with --out\n",
        path.display(),
        reason(error)
    ));
    Ending::Failed
}

/// Writes a result's files into a folder: all of them are there, or what was before. If an earlier run left
/// more there, such as what was measured, its whole result is moved aside, so that a folder holds one result
/// and nothing is lost. `methods` are those that have an answer in it.
pub(super) fn write(
    folder: &Path,
    long: &[(&str, WritesFile<'_>)],
    files: &[(String, Vec<u8>)],
    methods: &[Method],
) -> Result<Vec<PathBuf>, Ending> {
    let mut drafts = Drafts(Vec::new());
    for (name, write) in long {
        drafts.add(folder, name, |file| write(file))?;
    }
    drafts.add_all(folder, files)?;
    let names = || long.iter().map(|file| file.0).chain(files.iter().map(|file| file.0.as_str()));
    let new = |name: &str| names().any(|written| written == name);
    if let Some(aside) = move_aside(folder, &new, methods).map_err(|e| unwritable(folder, &e))? {
        style::note(&format!(
            "note: the earlier result, which this one does not replace in full, is kept in {}\n",
            aside.display()
        ));
    }
    finish(drafts)
}

/// Adds files to a folder, which is made if need be, and leaves what else is there.
pub(super) fn add(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, Ending> {
    std::fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))?;
    let mut drafts = Drafts(Vec::new());
    drafts.add_all(folder, files)?;
    finish(drafts)
}

/// Writes one file, where it was asked for, whole or not at all.
pub(super) fn write_alone(path: &Path, bytes: Vec<u8>) -> Result<(), Ending> {
    let name = path.file_name().map_or("queuelab".into(), |name| name.to_string_lossy().into_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    add(folder, &[(name, bytes)]).map(drop)
}

/// Moves a result that is there to a folder of its own within, if it holds more than the new one.
fn move_aside(
    folder: &Path,
    new: &dyn Fn(&str) -> bool,
    methods: &[Method],
) -> std::io::Result<Option<PathBuf>> {
    let there: Vec<String> = report::every_name().filter(|name| folder.join(name).exists()).collect();
    let before = File::open(folder.join("answer.json")).ok();
    // Not if it cannot be read.
    let holds_all = |before: File| {
        let before = document::answered_by(BufReader::new(before));
        before.is_ok_and(|before| before.iter().all(|method| methods.contains(method)))
    };
    if there.iter().all(|name| new(name)) && before.is_none_or(holds_all) {
        return Ok(None);
    }
    let free = (1_u32..).map(|n| folder.join(format!("earlier-{n}"))).find(|aside| !aside.exists());
    let aside = free.unwrap_or_else(|| folder.join("earlier"));
    std::fs::create_dir(&aside)?;
    for name in there {
        std::fs::rename(folder.join(&name), aside.join(&name))?;
    }
    Ok(Some(aside))
}

/// A file that is written bit by bit, under another name until it is whole.
pub(super) struct Draft(Drafts);

impl Draft {
    /// What is written becomes a file of this name in the folder, once it is finished.
    ///
    /// # Errors
    /// It cannot be written; it is said.
    pub(super) fn written(
        folder: &Path,
        name: &str,
        write: impl FnOnce(&mut BufWriter<std::fs::File>) -> std::io::Result<()>,
    ) -> Result<Draft, Ending> {
        let mut drafts = Drafts(Vec::new());
        drafts.add(folder, name, write)?;
        Ok(Draft(drafts))
    }

    /// Its path, with the name that it was to have.
    ///
    /// # Errors
    /// It cannot be renamed; it is said.
    pub(super) fn finish(self) -> Result<PathBuf, Ending> {
        let path = self.0.0[0].1.clone();
        finish(self.0).map(|_| path)
    }
}

/// Files that are written under other names, and those that they will have.
struct Drafts(Vec<(PathBuf, PathBuf)>);

impl Drafts {
    fn add(
        &mut self,
        folder: &Path,
        name: &str,
        write: impl FnOnce(&mut BufWriter<std::fs::File>) -> std::io::Result<()>,
    ) -> Result<(), Ending> {
        let path = folder.join(name);
        // Two runs at once into one folder must not rename each other's drafts.
        let draft = folder.join(format!(".{name}.{}.part", own_number()));
        self.0.push((draft.clone(), path.clone()));
        let whole = std::fs::File::create(&draft).and_then(|file| {
            let mut file = BufWriter::with_capacity(1 << 16, file);
            write(&mut file)?;
            file.flush()
        });
        whole.map_err(|e| unwritable(&path, &e))
    }

    fn add_all(&mut self, folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Ending> {
        files.iter().try_for_each(|(name, bytes)| self.add(folder, name, |file| file.write_all(bytes)))
    }
}

impl Drop for Drafts {
    /// What was not finished does not stay.
    fn drop(&mut self) {
        for (draft, _) in &self.0 {
            // It may never have been there.
            let _ = std::fs::remove_file(draft);
        }
    }
}

/// A number that no other process has: in containers, ids of processes are alike.
fn own_number() -> u64 {
    static NUMBER: OnceLock<u64> = OnceLock::new();
    *NUMBER.get_or_init(random_number)
}

/// A number that nobody else has drawn.
pub(super) fn random_number() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Gives drafts the names that they are to have.
fn finish(mut drafts: Drafts) -> Result<Vec<PathBuf>, Ending> {
    for (draft, path) in &drafts.0 {
        std::fs::rename(draft, path).map_err(|e| unwritable(path, &e))?;
    }
    // They have no drafts any more.
    Ok(std::mem::take(&mut drafts.0).into_iter().map(|(_, path)| path).collect())
}
