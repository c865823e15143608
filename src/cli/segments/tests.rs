use super::*;
use crate::cli::files;

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Folder(std::env::temp_dir().join(format!("queuelab-{name}-{}", files::random_number())))
    }

    fn only(&self) -> PathBuf {
        let mut all = std::fs::read_dir(self.0.join("points")).expect("a folder");
        all.next().expect("a segment").expect("readable").path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn keep(segments: &Segments, points: &[(usize, &str)]) {
    let writer = SegmentWriter::new(segments);
    for (index, rows) in points {
        writer.keep(*index, PointKind::Answered, rows).map_err(|_| ()).expect("it can be written");
    }
}

fn all(segments: &Segments, points: usize) -> (Vec<Option<String>>, Found) {
    let found = segments.find(points);
    let mut rows = found.rows();
    let read = |index| rows.read(index, PointKind::Answered).expect("readable");
    ((0..points).map(read).collect(), found)
}

#[test]
fn whatever_happens_to_a_segment_no_wrong_row_is_read() {
    let folder = Folder::new("segments");
    let segments = Segments::of(&folder.0, 7);
    let kept = [(3, "3,a\n"), (0, "0,point 1,answered,4\n"), (1, "")];
    keep(&segments, &kept);
    let right: Vec<Option<String>> =
        (0..5).map(|i| kept.iter().find(|k| k.0 == i).map(|k| k.1.to_string())).collect();
    let (rows, found) = all(&segments, 5);
    assert_eq!((rows, found.missing(PointKind::Answered)), (right.clone(), vec![2, 4]));
    assert!(found.faults.is_empty() && found.missing(PointKind::Measured).len() == 5);
    let path = folder.only();
    let whole = std::fs::read(&path).expect("it is there");
    let sound = |bytes: &[u8], what: &str| {
        std::fs::write(&path, bytes).expect("written");
        let (rows, found) = all(&segments, 5);
        let of = rows.iter().zip(&right);
        assert!(of.clone().all(|(row, right)| row.is_none() || row == right), "{what}: {rows:?}");
        (of.filter(|(row, _)| row.is_some()).count(), found.faults)
    };
    for bit in 0..8 * whole.len() {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let (left, faults) = sound(&bytes, &format!("bit {bit}"));
        assert!(left < 3 && faults.len() == 1, "bit {bit}: {left} {faults:?}");
    }
    for end in 0..whole.len() {
        let (left, faults) = sound(&whole[..end], &format!("cut at {end}"));
        assert!(left < 3, "cut at {end}");
        // Between two points nothing is torn.
        let torn = faults.iter().any(|f| matches!(f.1, SegmentFault::Cut | SegmentFault::Empty));
        assert!(torn || faults.iter().any(|f| f.1 == SegmentFault::NoSegment) || faults.is_empty());
    }
}

#[test]
fn segments_of_others_do_not_count_and_points_that_differ_are_told() {
    let folder = Folder::new("foreign");
    let (segments, other) = (Segments::of(&folder.0, 7), Segments::of(&folder.0, 8));
    keep(&other, &[(0, "0,b\n")]);
    let (rows, found) = all(&segments, 1);
    assert_eq!((rows, &found.faults[0].1), (vec![None], &SegmentFault::OtherPlan));
    let old = Segments { heading: heading(7, "0.0.9 abc"), ..Segments::of(&folder.0, 7) };
    keep(&old, &[(0, "0,b\n")]);
    let faults = segments.find(1).faults;
    assert!(faults.iter().any(|f| f.1 == SegmentFault::Program("0.0.9 abc".into())), "{faults:?}");
    keep(&segments, &[(0, "0,a\n")]);
    keep(&segments, &[(0, "0,a\n")]);
    let (rows, found) = all(&segments, 1);
    assert_eq!((rows, found.differing.len()), (vec![Some("0,a\n".into())], 0));
    let mut writer = SegmentWriter::new(&segments);
    writer.path = segments.folder().join("zz.segment");
    writer.keep(0, PointKind::Answered, "0,b\n").map_err(|_| ()).expect("it can be written");
    assert_eq!(segments.find(1).differing.len(), 1);
    assert_eq!(ranges(&[0, 2, 3, 4, 9]), "0, 2-4, 9");
}
