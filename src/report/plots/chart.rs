//! Panels over time as figures instead of a picture: what a page draws itself, to be zoomed and read off.

use super::lines::Lines;
use super::theme::{self, Pen};
use crate::units::time_scale;
use serde_json::{Value, json};

/// Points in a line, and in all lines together: a page stays small.
const MOST_POINTS: usize = 1000;
const MOST_IN_ALL: usize = 6_000;
/// Digits of a figure: more than anybody reads off.
const DIGITS: usize = 5;
/// Two points at an instant are so far apart, as a share of the whole: a line goes straight up, and each
/// instant has one figure.
const INSTANT: f64 = 1e-6;

/// One of the panels that stand on one axis of time.
#[derive(Debug)]
pub(super) struct TimePanel {
    /// Of a picture, in pixels.
    pub height: i32,
    /// Of its axis, with a unit unless values are times.
    pub title: String,
    pub times: bool,
    pub lines: Lines,
}

/// How many points a line may have where there are so many lines.
pub(super) fn most_points(lines: usize) -> usize {
    (MOST_IN_ALL / lines.max(1)).min(MOST_POINTS)
}

/// The panels as JSON, over a span in seconds; below them stands what is to be said of them.
pub(super) fn chart(panels: &[TimePanel], (from, to): (f64, f64), notes: &[String]) -> String {
    let (size, unit) = time_scale(to);
    let mut abscissas: Vec<Vec<Value>> = Vec::new();
    let mut panel = |panel: &TimePanel| {
        let (scale, unit) = if panel.times { time_scale(panel.lines.high) } else { (1.0, "") };
        let heights = |values: &mut dyn Iterator<Item = f64>| -> Vec<Value> {
            // What is nothing beside the axis is written in few characters.
            let least = 1e-6 * panel.lines.high;
            values.map(|v| number(if v.abs() < least { 0.0 } else { v / scale }, DIGITS)).collect()
        };
        let lines = panel.lines.lines.iter().filter_map(|line| {
            let inside: Vec<(f64, f64)> =
                line.points.iter().copied().filter(|p| (from..=to).contains(&p.0)).collect();
            let at = instants(inside.iter().map(|p| p.0), to - from, size);
            let number = abscissas.iter().position(|known| *known == at).unwrap_or_else(|| {
                abscissas.push(at);
                abscissas.len() - 1
            });
            let (width, dash) = match line.pen {
                Pen::Solid(width) | Pen::Dots(width) => (width, Vec::new()),
                Pen::Dashed(width, dash, gap) => (width, vec![f64::from(dash) / 10.0, f64::from(gap) / 10.0]),
            };
            let mut drawn = json!({
                "name": line.label,
                "color": theme::class((line.color.0, line.color.1, line.color.2), 's'),
                "width": f64::from(width) / 10.0,
                "dash": dash,
                "x": number,
                "y": heights(&mut inside.iter().map(|p| p.1)),
            });
            let band: Vec<_> = line.band.iter().filter(|p| (from..=to).contains(&p.0)).collect();
            if band.len() == inside.len() {
                drawn["low"] = heights(&mut band.iter().map(|b| b.1)).into();
                drawn["high"] = heights(&mut band.iter().map(|b| b.2)).into();
            }
            (!inside.is_empty()).then_some(drawn)
        });
        let lines: Vec<Value> = lines.collect();
        let title = if panel.times { format!("{}, {unit}", panel.title) } else { panel.title.clone() };
        json!({
            "title": title,
            "unit": unit,
            "height": panel.height,
            "high": number(panel.lines.high / scale, DIGITS),
            "lines": lines,
        })
    };
    let panels: Vec<Value> = panels.iter().map(&mut panel).collect();
    let span = [from, to].map(|at| number(at / size, INSTANT_DIGITS));
    json!({ "unit": unit, "span": span, "xs": abscissas, "panels": panels, "notes": notes }).to_string()
}

/// Digits of an instant, so that those beside one another stay apart.
const INSTANT_DIGITS: usize = 8;

/// Instants in a unit, each later than the one before.
fn instants(at: impl Iterator<Item = f64>, span: f64, size: f64) -> Vec<Value> {
    let mut before = f64::NEG_INFINITY;
    let next = |at: f64| {
        before = if at <= before { before + INSTANT * span } else { at };
        number(before / size, INSTANT_DIGITS)
    };
    at.map(next).collect()
}

/// A number of so many digits, in as few characters as it takes.
fn number(value: f64, digits: usize) -> Value {
    let rounded: f64 = format!("{value:.*e}", digits - 1).parse().unwrap_or(value);
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 { json!(rounded as i64) } else { json!(rounded) }
}

#[cfg(test)]
mod tests {
    use super::super::lines::Line;
    use super::*;

    fn panel(points: Vec<(f64, f64)>, band: Vec<(f64, f64, f64)>) -> TimePanel {
        let line = Line {
            label: "simulation".into(),
            color: theme::INK,
            pen: Pen::Dashed(12, 60, 45),
            points,
            band,
        };
        TimePanel { height: 84, title: "lag".into(), times: true, lines: Lines::new(vec![line], 1e-9) }
    }

    fn drawn(panels: &[TimePanel]) -> Value {
        serde_json::from_str(&chart(panels, (0.0, 1200.0), &["said".into()])).expect("JSON")
    }

    #[test]
    fn figures_are_in_the_units_of_their_axes_and_instants_shared() {
        let points = vec![(0.0, 0.0), (600.0, 0.012_345_678), (1200.0, 0.1)];
        let panels =
            [panel(points.clone(), points.iter().map(|p| (p.0, p.1, p.1)).collect()), panel(points, vec![])];
        let told = drawn(&panels);
        assert_eq!(told["unit"], "min");
        assert_eq!(
            (told["span"].to_string(), told["xs"].to_string()),
            ("[0,20]".into(), "[[0,10,20]]".into())
        );
        let line = &told["panels"][0]["lines"][0];
        assert_eq!((line["y"].to_string(), &line["low"]), ("[0,12.346,100]".into(), &line["y"]));
        assert_eq!(told["panels"][0]["title"], "lag, ms");
        assert!(told["panels"][1]["lines"][0]["low"].is_null() && told["notes"][0] == "said");
    }

    #[test]
    fn a_jump_has_two_instants_and_what_lies_outside_is_left_out() {
        let points = vec![(0.0, 1.0), (600.0, 1.0), (600.0, 2.0), (1200.0, 2.0), (1300.0, 9.0)];
        let told = drawn(&[panel(points, vec![])]);
        assert_eq!(told["xs"].to_string(), "[[0,10,10.00002,20]]");
    }

    #[test]
    fn many_lines_have_fewer_points_each() {
        assert_eq!((most_points(0), most_points(4), most_points(24)), (1000, 1000, 250));
    }
}
