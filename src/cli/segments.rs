//! The points of a sweep in its folder: segments, one file of each worker, to which it appends the rows of a
//! point as soon as they are known.
//!
//! A segment begins with a line that says of which plan it is and by which program. A point is a line with
//! its number, its kind and the length of its rows, the rows, and a line with the checksum of both. What a
//! killed worker wrote in part, and whatever else is no point of this plan, does not count: the point is
//! missing, and answered again. Points that two workers answered must be equal.

mod found;
mod writer;

use super::planned_files::checksum;
use super::program::program;
use super::system;
use found::Place;
pub(super) use found::{Found, FoundRows, PointKind, SegmentFault, ranges};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
pub(super) use writer::SegmentWriter;

/// Bytes of a point's rows at most: a length beyond is none.
const MOST_BYTES: u64 = 1 << 30;

/// The segments of a sweep's folder.
pub(super) struct Segments {
    folder: PathBuf,
    /// The first line of each, with its line end.
    heading: String,
}

impl Segments {
    pub(super) fn of(folder: &Path, plan: u32) -> Self {
        Segments { folder: folder.join("points"), heading: heading(plan, program()) }
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What its segments hold of a plan with so many points.
    pub(super) fn find(&self, points: usize) -> Found {
        let names = std::fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut paths: Vec<PathBuf> =
            names.filter(|path| path.extension().is_some_and(|e| e == SUFFIX)).collect();
        paths.sort_unstable();
        let mut found = Found::nothing(paths, points);
        for segment in 0..found.paths.len() {
            let path = found.paths[segment].clone();
            let fault = match File::open(&path) {
                Ok(file) => self.scan(segment as u32, file, &mut found).err(),
                Err(why) => Some(SegmentFault::Unreadable(system::reason(&why))),
            };
            found.faults.extend(fault.map(|fault| (path, fault)));
        }
        found
    }

    /// Bytes as those of a file of this plan that is no segment.
    pub(super) fn sealed(&self, body: &[u8]) -> Vec<u8> {
        let mut bytes = [self.heading.as_bytes(), body].concat();
        bytes.extend_from_slice(sum_line(checksum(&bytes)).as_bytes());
        bytes
    }

    /// What was sealed; `None` of whatever else it is.
    pub(super) fn opened(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let (said, sum) = bytes.split_at_checked(bytes.len().checked_sub(sum_line(0).len())?)?;
        let own = sum == sum_line(checksum(said)).as_bytes();
        own.then(|| said.strip_prefix(self.heading.as_bytes()).map(<[u8]>::to_vec))?
    }

    /// Finds the points of a segment.
    fn scan(&self, segment: u32, file: File, found: &mut Found) -> Result<(), SegmentFault> {
        let unreadable = |why: std::io::Error| SegmentFault::Unreadable(system::reason(&why));
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let heading = line(&mut reader).map_err(unreadable)?;
        self.is_own(&heading)?;
        let (mut at, mut sound) = (heading.len() as u64, true);
        let mut rows = Vec::new();
        loop {
            let head = line(&mut reader).map_err(unreadable)?;
            if head.is_empty() {
                return if sound { Ok(()) } else { Err(SegmentFault::Damaged) };
            }
            if !head.ends_with(b"\n") {
                return Err(if sound { SegmentFault::Cut } else { SegmentFault::Damaged });
            }
            let (index, kind, length) = point(&head).ok_or(SegmentFault::Damaged)?;
            rows.clear();
            rows.extend_from_slice(&head);
            let read = reader.by_ref().take(length).read_to_end(&mut rows).map_err(unreadable)?;
            let sum = line(&mut reader).map_err(unreadable)?;
            if read as u64 != length || !sum.ends_with(b"\n") {
                return Err(if sound { SegmentFault::Cut } else { SegmentFault::Damaged });
            }
            let checksum = checksum(&rows);
            if sum == sum_line(checksum).as_bytes() {
                let offset = at + head.len() as u64;
                found.keep(index, kind, Place { segment, length: length as u32, checksum, offset });
            } else {
                sound = false;
            }
            at += (head.len() + sum.len()) as u64 + length;
        }
    }

    fn is_own(&self, heading: &[u8]) -> Result<(), SegmentFault> {
        if heading == self.heading.as_bytes() {
            return Ok(());
        }
        if heading.is_empty() {
            return Err(SegmentFault::Empty);
        }
        let text = std::str::from_utf8(heading).ok().and_then(|text| text.strip_suffix('\n'));
        let (said, sum) = text.and_then(|text| text.rsplit_once(',')).ok_or(SegmentFault::NoSegment)?;
        if !said.starts_with(MAGIC) || sum != format!("{:08x}", checksum(said.as_bytes())) {
            return Err(SegmentFault::NoSegment);
        }
        match said.split_once(",by ") {
            Some((_, by)) if by != program() => Err(SegmentFault::Program(by.into())),
            _ => Err(SegmentFault::OtherPlan),
        }
    }
}

const SUFFIX: &str = "segment";
const MAGIC: &str = "queuelab points,";

fn heading(plan: u32, program: &str) -> String {
    let said = format!("{MAGIC}plan {plan:08x},by {program}");
    format!("{said},{:08x}\n", checksum(said.as_bytes()))
}

/// The number, the kind and the length of a point's rows, as the line before them says.
fn point(head: &[u8]) -> Option<(usize, PointKind, u64)> {
    let text = std::str::from_utf8(head).ok()?.strip_prefix("point ")?.strip_suffix('\n')?;
    let mut parts = text.split(',');
    let (index, kind, length) = (parts.next()?, parts.next()?, parts.next()?);
    let kind = [PointKind::Answered, PointKind::Measured].into_iter().find(|k| k.name() == kind)?;
    let length = length.parse().ok().filter(|length| *length <= MOST_BYTES)?;
    parts.next().is_none().then_some((index.parse().ok()?, kind, length))
}

fn sum_line(checksum: u32) -> String {
    format!("{checksum:08x}\n")
}

/// A line with its end, if it has one; no line of a segment is longer than this.
fn line(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader.by_ref().take(4096).read_until(b'\n', &mut line)?;
    Ok(line)
}

#[cfg(test)]
mod tests;
