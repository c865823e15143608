//! What the segments of a sweep's folder hold: where each point's rows are, and what does not count.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

/// Whether a point's rows are of theory and simulation, or of its measurement, which comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum PointKind {
    Answered,
    Measured,
}

impl PointKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            PointKind::Answered => "answered",
            PointKind::Measured => "measured",
        }
    }
}

/// Why a segment, or a part of it, does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum SegmentFault {
    /// It cannot be read.
    Unreadable(String),
    /// It has no bytes.
    Empty,
    /// It begins otherwise.
    NoSegment,
    /// It belongs to another plan.
    OtherPlan,
    /// Another program has written it.
    Program(String),
    /// Its last point is incomplete.
    Cut,
    /// The checksum of some points is not that of their bytes.
    Damaged,
}

impl fmt::Display for SegmentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SegmentFault::Unreadable(why) => write!(f, "it cannot be read: {why}"),
            SegmentFault::Empty => write!(f, "it is empty"),
            SegmentFault::NoSegment => write!(f, "it does not begin as a segment of points does"),
            SegmentFault::OtherPlan => write!(f, "it is of another sweep"),
            SegmentFault::Program(program) => write!(f, "another build of this program made it ({program})"),
            SegmentFault::Cut => write!(f, "its end is missing, as after a worker that was killed"),
            SegmentFault::Damaged => write!(f, "it was changed: a checksum is another one"),
        }
    }
}

/// Where a point's rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub segment: u32,
    pub length: u32,
    pub checksum: u32,
    pub offset: u64,
}

/// What is in a folder.
pub(in crate::cli) struct Found {
    pub(super) paths: Vec<PathBuf>,
    answered: Vec<Option<Place>>,
    measured: Vec<Option<Place>>,
    /// Segments that do not count, or not in full, and why.
    pub faults: Vec<(PathBuf, SegmentFault)>,
    /// Points that two segments answer differently.
    pub differing: Vec<(usize, PathBuf, PathBuf)>,
}

impl Found {
    /// Nothing of so many points yet, in these segments.
    pub(super) fn nothing(paths: Vec<PathBuf>, points: usize) -> Self {
        let (answered, measured) = (vec![None; points], vec![None; points]);
        Found { paths, answered, measured, faults: Vec::new(), differing: Vec::new() }
    }

    fn places(&self, kind: PointKind) -> &[Option<Place>] {
        match kind {
            PointKind::Answered => &self.answered,
            PointKind::Measured => &self.measured,
        }
    }

    /// The numbers of the points that nobody has answered.
    pub(in crate::cli) fn missing(&self, kind: PointKind) -> Vec<usize> {
        let places = self.places(kind).iter().enumerate();
        places.filter(|(_, place)| place.is_none()).map(|(index, _)| index).collect()
    }

    /// A reader of rows.
    pub(in crate::cli) fn rows(&self) -> FoundRows<'_> {
        FoundRows { found: self, open: None }
    }

    /// Notes where a point is.
    pub(super) fn keep(&mut self, index: usize, kind: PointKind, place: Place) {
        let places = if kind == PointKind::Answered { &mut self.answered } else { &mut self.measured };
        // A number beyond the plan's is that of no point.
        let Some(slot) = places.get_mut(index) else { return };
        let Some(other) = *slot else {
            *slot = Some(place);
            return;
        };
        // What is measured twice differs, and the first counts.
        let equal = (other.length, other.checksum) == (place.length, place.checksum);
        if kind == PointKind::Answered && !equal {
            let path = |place: Place| self.paths[place.segment as usize].clone();
            self.differing.push((index, path(other), path(place)));
        }
    }
}

/// Reads rows; the segment that was read last stays open.
pub(in crate::cli) struct FoundRows<'a> {
    found: &'a Found,
    open: Option<(u32, File)>,
}

impl FoundRows<'_> {
    /// A point's rows; `None` if nobody has answered it.
    ///
    /// # Errors
    /// They cannot be read any more.
    pub(in crate::cli) fn read(&mut self, index: usize, kind: PointKind) -> std::io::Result<Option<String>> {
        let Some(place) = self.found.places(kind).get(index).copied().flatten() else { return Ok(None) };
        let file = match &mut self.open {
            Some((segment, file)) if *segment == place.segment => file,
            open => {
                let file = File::open(&self.found.paths[place.segment as usize])?;
                &mut open.insert((place.segment, file)).1
            }
        };
        file.seek(SeekFrom::Start(place.offset))?;
        let mut rows = vec![0; place.length as usize];
        file.read_exact(&mut rows)?;
        String::from_utf8(rows).map(Some).map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e))
    }
}

/// Numbers as people list them: 3, 7-12.
pub(in crate::cli) fn ranges(numbers: &[usize]) -> String {
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
