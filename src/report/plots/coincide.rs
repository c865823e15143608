//! Lines that coincide: one of them is drawn, and a sentence says for which others.

/// Lines are one where they are nowhere further apart than this share of the value.
const SHARE: f64 = 0.02;
/// Nor is there anything to see of two that are closer than this share of the axis: a line is wider.
pub(super) const HAIR: f64 = 0.002;
/// Between the names of lines that are drawn as one.
pub(super) const SAME: &str = " ≈ ";

/// A line's points, from left to right.
pub(super) type Points = [(f64, f64)];

/// A line that is drawn, and those that coincide with it, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merged {
    pub drawn: usize,
    pub with: Vec<usize>,
}

/// Which of some lines are drawn: each other coincides with one of them wherever it is known. What lies
/// closer than `least` is no difference. Longer lines are drawn rather than shorter ones, and those of a
/// length as they come.
pub(super) fn merged(lines: &[&Points], least: f64) -> Vec<Merged> {
    let length = |i: usize| span(lines[i]).map_or(0.0, |(first, last)| last - first);
    let mut order: Vec<usize> = (0..lines.len()).filter(|i| !lines[*i].is_empty()).collect();
    order.sort_by(|a, b| length(*b).total_cmp(&length(*a)));
    let mut out: Vec<Merged> = Vec::new();
    for line in order {
        match out.iter_mut().find(|m| coincide(lines[m.drawn], lines[line], least)) {
            Some(same) => same.with.push(line),
            None => out.push(Merged { drawn: line, with: Vec::new() }),
        }
    }
    // As they came, so that what is to lie on top does.
    out.sort_by_key(|m| m.drawn);
    out
}

/// What is said of lines that are not drawn; `None` if all are.
pub(super) fn told(merged: &Merged, name: impl Fn(usize) -> String) -> Option<String> {
    let with: Vec<String> = merged.with.iter().map(|i| name(*i)).collect();
    (!with.is_empty()).then(|| {
        format!(
            "{}: within {} % of {} or closer than a line is wide, drawn as one line",
            with.join(", "),
            crate::units::plain(SHARE * 100.0, 2),
            name(merged.drawn)
        )
    })
}

fn span(line: &Points) -> Option<(f64, f64)> {
    Some((line.first()?.0, line.last()?.0))
}

/// Whether a line is covered by another and nowhere apart from it.
fn coincide(long: &Points, short: &Points, least: f64) -> bool {
    let (Some(whole), Some(part)) = (span(long), span(short)) else { return false };
    let slack = 1e-9 * (whole.1 - whole.0);
    // A single point is no line.
    if part.1 <= part.0 || part.0 < whole.0 - slack || part.1 > whole.1 + slack {
        return false;
    }
    let near = |a: f64, b: f64| (a - b).abs() <= (SHARE * a.abs()).max(least);
    let inside = long.iter().filter(|p| (part.0..=part.1).contains(&p.0));
    short.iter().all(|p| near(at(long, p.0), p.1)) && inside.into_iter().all(|p| near(p.1, at(short, p.0)))
}

/// A line's height at an abscissa, between its points; beyond its ends that of the end.
fn at(line: &Points, x: f64) -> f64 {
    let next = line.partition_point(|p| p.0 < x);
    let (Some(before), Some(after)) = (line.get(next.saturating_sub(1)), line.get(next)) else {
        return line.last().map_or(f64::NAN, |p| p.1);
    };
    let width = after.0 - before.0;
    if width > 0.0 { before.1 + (after.1 - before.1) * (x - before.0) / width } else { after.1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(last: i32, of: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        (0..=last).map(|i| (f64::from(i), of(f64::from(i)))).collect()
    }

    #[test]
    fn lines_within_two_per_cent_are_one() {
        let lines =
            [line(10, |x| 100.0 + x), line(20, |x| 1.019 * (100.0 + x)), line(20, |x| 1.05 * (100.0 + x))];
        let lines: Vec<&Points> = lines.iter().map(Vec::as_slice).collect();
        let expected = [Merged { drawn: 1, with: vec![0] }, Merged { drawn: 2, with: vec![] }];
        assert_eq!(merged(&lines, 0.0), expected);
        let name = |i: usize| ["theory", "measured", "replay"][i].to_string();
        let said = "theory: within 2 % of measured or closer than a line is wide, drawn as one line";
        assert_eq!(told(&expected[0], name).as_deref(), Some(said));
        assert_eq!(told(&expected[1], name), None);
    }

    #[test]
    fn a_line_that_leaves_another_for_a_moment_is_drawn() {
        let flat = line(10, |_| 1.0);
        let spike = line(10, |x| if x == 5.0 { 1.1 } else { 1.0 });
        assert_eq!(merged(&[&flat, &spike], 0.0).len(), 2);
        // Its points lie between those of the other, too.
        assert_eq!(merged(&[&spike, &[(0.0, 1.0), (10.0, 1.0)]], 0.0).len(), 2);
        assert_eq!(merged(&[&flat, &spike], 0.2).len(), 1);
        assert_eq!(merged(&[&flat, &[]], 0.0).len(), 1);
    }

    #[test]
    fn a_longer_line_is_not_covered_by_a_shorter_one() {
        let (long, short) = (line(10, |_| 1.0), line(5, |_| 1.0));
        assert_eq!(merged(&[&short, &long], 0.0), [Merged { drawn: 1, with: vec![0] }]);
        // Neither covers the other.
        let late: Vec<(f64, f64)> = line(10, |_| 1.0).into_iter().map(|p| (p.0 + 3.0, p.1)).collect();
        assert_eq!(merged(&[&long, &late], 0.0).len(), 2);
    }
}
