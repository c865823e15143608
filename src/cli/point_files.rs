//! The files of a sweep's points: rows, and a last line that seals them. It says which point of which plan they are, by
//! which program, and has a checksum, so that nothing is taken for a point that is none.

use super::planned_files::checksum;
use super::{Ending, files, system};
use std::fmt;
use std::path::{Path, PathBuf};

/// The points of a sweep in its folder.
pub(super) struct PointFiles {
    folder: PathBuf,
    /// The checksum of what is asked.
    plan: u32,
    program: String,
}

/// Why a file is no point of the sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PointFault {
    /// It is not there.
    Missing,
    /// It cannot be read.
    Unreadable(String),
    /// It lacks its last line, or that is not as it is written.
    Cut,
    /// Its checksum is not that of its bytes.
    Damaged,
    /// It belongs to another question, or is another point.
    Other,
    /// Another program has written it.
    Program(String),
}

impl fmt::Display for PointFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PointFault::Missing => write!(f, "it is not there"),
            PointFault::Unreadable(why) => write!(f, "it cannot be read: {why}"),
            PointFault::Cut => write!(f, "its end is missing"),
            PointFault::Damaged => write!(f, "it was changed: its checksum is another one"),
            PointFault::Other => write!(f, "it is of another sweep, or another point"),
            PointFault::Program(program) => write!(f, "another build of this program made it ({program})"),
        }
    }
}

impl PointFiles {
    pub(super) fn of(folder: &Path, plan: u32) -> Self {
        PointFiles { folder: folder.join("points"), plan, program: program() }
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a point's rows.
    ///
    /// # Errors
    /// They cannot be written; it is said.
    pub(super) fn keep(&self, index: usize, measured: bool, rows: String) -> Result<(), Ending> {
        let mut text = rows + &self.seal(index, measured);
        text += &format!("{:08x}\n", checksum(text.as_bytes()));
        files::add(&self.folder, &[(name(index, measured), text.into_bytes())]).map(|_| ())
    }

    /// A point's rows.
    ///
    /// # Errors
    /// Why they are no rows of this point.
    pub(super) fn read(&self, index: usize, measured: bool) -> Result<String, PointFault> {
        let mut text = std::fs::read_to_string(self.path(index, measured)).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => PointFault::Missing,
            _ => PointFault::Unreadable(system::reason(&e)),
        })?;
        let start = text.rfind("sealed,").ok_or(PointFault::Cut)?;
        let (seal, sum) = text[start..].rsplit_once(',').ok_or(PointFault::Cut)?;
        let sum = sum.strip_suffix('\n').filter(|sum| sum.len() == 8).ok_or(PointFault::Cut)?;
        let upto = start + seal.len() + 1;
        if format!("{:08x}", checksum(&text.as_bytes()[..upto])) != sum {
            return Err(PointFault::Damaged);
        }
        let own = self.seal(index, measured);
        if text[start..upto] != own {
            let program = seal.split_once(",by ").map_or("", |(_, program)| program);
            let other = !program.is_empty() && program != self.program;
            return Err(if other { PointFault::Program(program.into()) } else { PointFault::Other });
        }
        text.truncate(start);
        Ok(text)
    }

    /// Where a point is.
    pub(super) fn path(&self, index: usize, measured: bool) -> PathBuf {
        self.folder.join(name(index, measured))
    }

    /// The last line up to its checksum.
    fn seal(&self, index: usize, measured: bool) -> String {
        let kind = if measured { "measured" } else { "answered" };
        format!("sealed,{kind} {index},plan {:08x},by {},", self.plan, self.program)
    }
}

/// A point's file; measurements have their own, for they come later.
fn name(index: usize, measured: bool) -> String {
    format!("{index:06}{}.csv", if measured { ".measured" } else { "" })
}

/// This program: its version and revision; one that was built from changed files is known by its own bytes.
pub(super) fn program() -> String {
    let revision = option_env!("QUEUELAB_REVISION").filter(|revision| !revision.ends_with("-dirty"));
    let own = || std::env::current_exe().and_then(std::fs::read).map_or(0, |bytes| checksum(&bytes));
    let revision = revision.map_or_else(|| format!("{:08x}", own()), String::from);
    format!("{} {revision}", env!("CARGO_PKG_VERSION"))
}

/// Numbers as people list them: 3, 7-12.
pub(super) fn ranges(numbers: &[usize]) -> String {
    let mut out: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match out.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => out.push((number, number)),
        }
    }
    let one = |(first, last): (usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    out.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_point_of_this_sweep_is_known() {
        let folder = std::env::temp_dir().join(format!("queuelab-points-{}", std::process::id()));
        let points = PointFiles::of(&folder, 7);
        points.keep(3, false, "3,a\n".into()).map_err(|_| ()).expect("it can be written");
        let path = points.path(3, false);
        let whole = std::fs::read(&path).expect("it is there");
        assert_eq!(points.read(3, false), Ok("3,a\n".into()));
        assert_eq!(points.read(4, false), Err(PointFault::Missing));
        assert_eq!(PointFiles::of(&folder, 8).read(3, false), Err(PointFault::Other));
        std::fs::copy(&path, points.path(4, false)).expect("copied");
        assert_eq!(points.read(4, false), Err(PointFault::Other));
        for bit in 0..8 * whole.len() {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &bytes).expect("written");
            assert!(points.read(3, false).is_err(), "bit {bit}");
        }
        for end in 0..whole.len() {
            std::fs::write(&path, &whole[..end]).expect("written");
            assert!(points.read(3, false).is_err(), "cut at {end}");
        }
        let other = PointFiles { program: "0.0.9 abc".into(), ..PointFiles::of(&folder, 7) };
        other.keep(3, false, "3,a\n".into()).map_err(|_| ()).expect("it can be written");
        assert_eq!(points.read(3, false), Err(PointFault::Program("0.0.9 abc".into())));
        std::fs::remove_dir_all(&folder).expect("it was there");
        assert_eq!(ranges(&[0, 2, 3, 4, 9]), "0, 2-4, 9");
    }
}
