//! How slow messages are by when they were due: time across, latency up, and as a shade the share of a
//! column's messages that lies in a cell.

use super::axis::Axis;
use super::figure::{self, BODY, Cell, Columns, Figure, Panel, Side, TOP};
use super::theme::{self, INK, LIMIT, MUTED, Pen};
use crate::answer::{Answer, LatencyMap, Method};
use crate::report::plot::Frame;
use crate::study::Study;
use crate::units::{Time, significant, time_scale};

/// Methods whose messages are shown: the rehearsal and the replay have the plan of the measurement.
const SHOWN: [Method; 2] = [Method::Simulation, Method::Measurement];
/// Columns of time at most, on wide and on narrow pages; fewer where they had no more than so many messages
/// on average, but not fewer than these.
const MOST_COLUMNS: (usize, usize) = (96, 48);
const MESSAGES: u64 = 100;
const FEWEST_COLUMNS: usize = 24;
/// A cell is no lower than so many pixels.
const LEAST_HEIGHT: f64 = 4.0;
/// From which share of a column's messages on each shade stands, and how opaque it is.
const SHADES: [(f64, f64); 6] =
    [(0.0, 0.1), (0.003, 0.2), (0.01, 0.32), (0.03, 0.48), (0.1, 0.66), (0.3, 0.88)];
/// The fastest messages, a share of all, are shown in the lowest row: the axis is not theirs.
const FASTEST: f64 = 0.01;
/// Below a panel, to the next or to the legend.
const BELOW: i32 = 62;
const LEGEND: i32 = 44;
/// Medians that differ by less are told as one.
const ALIKE: f64 = 1.25;

fn shown(study: &Study) -> Vec<(&Answer, &LatencyMap)> {
    let map = |answer| {
        let answer: &Answer = answer;
        Some((answer, answer.latency_map.as_ref()?))
    };
    study.answers.iter().filter(|answer| SHOWN.contains(&answer.method)).filter_map(map).collect()
}

/// A map with as many columns as its messages and a page allow.
fn fitted(map: &LatencyMap, most: usize) -> LatencyMap {
    let messages: u64 = map.columns.iter().flatten().sum();
    map.narrowed(((messages / MESSAGES) as usize).clamp(FEWEST_COLUMNS, most))
}

/// From how much to how much half of the messages take, and when most.
pub(super) fn finding(study: &Study) -> Option<String> {
    let maps = shown(study);
    let (answer, map) = maps.first()?;
    let map = fitted(map, MOST_COLUMNS.0);
    let medians: Vec<(usize, f64)> =
        (0..map.columns.len()).filter_map(|i| Some((i, map.quantile(i, 0.5)?))).collect();
    let least = medians.iter().map(|m| m.1).reduce(f64::min)?;
    let (slowest, most) = medians.into_iter().reduce(|a, b| if b.1 > a.1 { b } else { a })?;
    let about = |time: f64| {
        let (size, unit) = time_scale(time);
        format!("{} {unit}", significant(time / size, 2))
    };
    let name = answer.method.name();
    Some(if most < ALIKE * least {
        format!("Half of the messages take about {} at any time ({name})", about(most))
    } else {
        let at = (slowest as f64 + 0.5) * map.width;
        format!(
            "Half of the messages take about {} to {}, the most about {} from the start ({name})",
            about(least),
            about(most),
            about(at.min(map.end))
        )
    })
}

pub(super) fn draw(study: &Study, frame: Frame) -> Option<String> {
    let most = if frame == Frame::Phone { MOST_COLUMNS.1 } else { MOST_COLUMNS.0 };
    let maps: Vec<(&Answer, LatencyMap)> =
        shown(study).into_iter().map(|(answer, map)| (answer, fitted(map, most))).collect();
    if maps.is_empty() {
        return None;
    }
    let each = if maps.len() == 1 { 270 } else { 190 };
    let height = TOP + maps.len() as i32 * (each + BELOW) + LEGEND;
    let title = super::title(finding(study), "latency by when messages were due");
    let description = maps.iter().map(|(answer, _)| format!("latency over time, {}", answer.method.name()));
    let description = description.collect::<Vec<_>>().join("; ");
    let how = super::how(study);
    let notes = notes(&maps);
    Some(figure::noted(
        frame,
        (height, Columns::of(frame)),
        (&title, &how),
        (&description, &notes),
        |figure| {
            let mut top = TOP;
            for (answer, map) in &maps {
                let whose =
                    if maps.len() > 1 { format!("{}: ", answer.method.name()) } else { String::new() };
                let (low, high) = span(map);
                let y = Axis::log_times(&format!("{whose}latency"), low, high);
                let panel = figure.panel((top, top + each), Axis::linear_times("time", 0.0, map.end), y);
                shades(figure, &panel, answer.method, map, low);
                lines(&panel, map);
                top += each + BELOW;
            }
            legend(figure, maps[0].0.method, top);
        },
    ))
}

/// What is to be said of the columns.
fn notes(maps: &[(&Answer, LatencyMap)]) -> Vec<String> {
    let one = |(answer, map): &(&Answer, LatencyMap)| {
        let whose = match answer.method {
            Method::Simulation => "simulation: the first replication, in columns of",
            _ => "measurement: in columns of",
        };
        format!("{whose} {}; lines where ten messages of a column lie beyond them", Time(map.width))
    };
    maps.iter().map(one).collect()
}

/// From which latency to which the axis goes.
fn span(map: &LatencyMap) -> (f64, f64) {
    let of = |row: usize| map.columns.iter().map(|column| column[row]).sum::<u64>() as f64;
    let total: f64 = (0..map.edges.len() - 1).map(of).sum();
    let mut below = 0.0;
    let first = (0..map.edges.len() - 1).find(|row| {
        below += of(*row);
        below > FASTEST * total
    });
    let high = map.edges[map.edges.len() - 1];
    // The very first row begins at zero, which a logarithmic axis does not have.
    let low = map.edges[first.unwrap_or(0)].max(1e-7);
    (low.min(high / 2.0), high)
}

/// The cells of a map, a shade at a time.
fn shades(figure: &Figure<'_>, panel: &Panel<'_, '_>, method: Method, map: &LatencyMap, low: f64) {
    let height = |edge: f64| panel.y.place(edge.max(low)).map(|at| panel.pixel((0.0, at)).1);
    let left = |column: usize| panel.pixel(((column as f64 * map.width).min(map.end), panel.y.low)).0;
    let rows =
        rows(map, low, f64::from(panel.pixel((0.0, panel.y.low)).1 - panel.pixel((0.0, panel.y.high)).1));
    let mut cells: Vec<Vec<Cell>> = vec![Vec::new(); SHADES.len()];
    for rows in rows {
        let (Some(bottom), Some(top)) = (height(map.edges[rows.start]), height(map.edges[rows.end])) else {
            continue;
        };
        let shade = |column: &Vec<u64>| {
            let count: u64 = column[rows.clone()].iter().sum();
            let share = count as f64 / column.iter().sum::<u64>().max(1) as f64;
            (count > 0).then(|| SHADES.iter().rposition(|(from, _)| share >= *from).unwrap_or(0))
        };
        let shades: Vec<Option<usize>> = map.columns.iter().map(shade).collect();
        // Neighbours of one shade are one rectangle.
        let mut from = 0;
        while from < shades.len() {
            let to = from + shades[from..].iter().take_while(|shade| **shade == shades[from]).count();
            if let Some(shade) = shades[from] {
                let (x, right) = (left(from), left(to));
                cells[shade].push(((x, top), ((right - x).max(1), (bottom - top).max(1))));
            }
            from = to;
        }
    }
    for (cells, (_, opacity)) in cells.iter().zip(SHADES) {
        figure.cells(cells, &theme::color(method), opacity);
    }
}

/// Which rows are drawn as one, from the lowest: those below the axis with its first, others so that none is
/// too low on a panel of so many pixels.
fn rows(map: &LatencyMap, low: f64, pixels: f64) -> Vec<std::ops::Range<usize>> {
    let (count, high) = (map.edges.len() - 1, map.edges[map.edges.len() - 1]);
    let least = (high / low).ln() / pixels * LEAST_HEIGHT;
    let mut out = Vec::new();
    let mut from = 0;
    for to in 1..=count {
        let tall = (map.edges[to] / map.edges[from].max(low)).ln() >= least && map.edges[to] > low;
        if tall || to == count {
            out.push(from..to);
            from = to;
        }
    }
    out
}

/// The median and the 99th percentile of each column, where they are known.
fn lines(panel: &Panel<'_, '_>, map: &LatencyMap) {
    let percentile = |name: &str, share: f64, color, pen| {
        let point = |column: usize| {
            let middle = ((column as f64 + 0.5) * map.width).min(map.end);
            Some((middle, map.quantile(column, share)?))
        };
        let points: Vec<(f64, f64)> = (0..map.columns.len()).filter_map(point).collect();
        let end = panel.series(name, || panel.line(&points, color, pen))?;
        Some((name.to_string(), color, end))
    };
    let median = percentile("p50", 0.5, INK, Pen::Solid(14));
    let p99 = percentile("p99", 0.99, LIMIT, Pen::Dashed(14, 40, 30));
    panel.end_labels(median.into_iter().chain(p99).collect());
}

/// What the shades mean.
fn legend(figure: &Figure<'_>, method: Method, top: i32) {
    let edge = figure.columns.edge;
    figure.words(
        "share of a column's messages that lie in a cell, from",
        (edge, top + 4),
        Side::Above,
        &MUTED,
        BODY,
        false,
    );
    let mut x = edge;
    for (from, opacity) in SHADES {
        figure.cell((x, top + 12), (14, 14), &theme::color(method), opacity);
        let text = match from {
            0.0 => "less".into(),
            from => format!("{} %", crate::units::plain(100.0 * from, 2)),
        };
        figure.words(&text, (x + 18, top + 19), Side::Right, &MUTED, BODY, false);
        x += 24 + (theme::text_width(&text) * f64::from(BODY) * 1.1) as i32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    /// A map of a thousand columns: 10 ms until the middle, then 100 ms for a while.
    fn study() -> Study {
        let edges: Vec<f64> = (0..40).map(|i| 0.005 * 2f64.powf(f64::from(i) / 8.0)).collect();
        let column = |i: usize| {
            let slow = (500..700).contains(&i);
            (0..edges.len() - 1).map(|row| u64::from(row >= 8 && (row < 12) != slow) * 300).collect()
        };
        let columns = (0..150).map(|i| column(i * 1000 / 150)).collect();
        let mut study = fixtures::bare();
        let mut answer = fixtures::answer(Method::Simulation, 1.0);
        answer.latency_map = Some(LatencyMap { width: 0.4, end: 60.0, edges, columns });
        study.answers.push(answer);
        study
    }

    #[test]
    fn the_map_is_small_and_says_when_it_is_slow() {
        let study = study();
        let found = finding(&study).expect("a map");
        assert!(found.starts_with("Half of the messages take about 12 ms to "), "{found}");
        assert!(found.ends_with(" s from the start (simulation)"), "{found}");
        for frame in [Frame::Alone, Frame::Page, Frame::Phone] {
            let svg = draw(&study, frame).expect("a map");
            assert!(svg.len() < 30_000, "{} bytes", svg.len());
            assert!(svg.contains(">p50</text>") && svg.contains(">p99</text>"), "{svg}");
            assert!(svg.contains("<path class=") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
        assert!(draw(&fixtures::five_methods(), Frame::Alone).is_none());
        assert_eq!(finding(&fixtures::five_methods()), None);
    }

    #[test]
    fn simulation_and_measurement_have_a_panel_each() {
        let mut study = study();
        let mut measured = fixtures::answer(Method::Measurement, 1.0);
        measured.latency_map = study.answers[0].latency_map.clone();
        study.answers.push(measured);
        let svg = draw(&study, Frame::Page).expect("maps");
        assert_eq!(svg.matches("class=\"panel\"").count(), 2);
        assert!(svg.contains("measurement: latency"), "{svg}");
    }

    #[test]
    fn what_is_faster_than_the_axis_stands_in_its_lowest_row() {
        let edges = vec![0.0, 1e-3, 2e-3, 4e-3, 8e-3];
        let map = LatencyMap { width: 1.0, end: 1.0, edges, columns: vec![vec![1, 0, 5000, 5000]] };
        let (low, high) = span(&map);
        assert_eq!((low, high), (2e-3, 8e-3));
        assert_eq!(rows(&map, low, 300.0), [0..3, 3..4]);
        // On a panel too low for both there is one row.
        assert_eq!(rows(&map, low, 4.0), std::iter::once(0..4).collect::<Vec<_>>());
    }
}
