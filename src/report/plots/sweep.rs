//! A sweep's plot: percentiles of the latency (and loss) along an axis; `heat_map` has the one over two.

use super::axis::Axis;
use super::coincide;
use super::figure::{self, BODY, Columns, Figure, Panel, TOP};
use super::heat_map::{self, span};
use super::sweep_marks;
use super::theme::{self, LIMIT, Pen};
use crate::answer::{Answer, Estimate, Method, MetricId, PlaceId, Quantity, Unit, metric_of};
use crate::report::number::three;
use crate::report::plot::{Frame, PlotText};
use crate::study::sweep::{SweepPoint, Swept};
use plotters::style::RGBColor;

/// What is drawn of the latency, and in whose colour.
const PERCENTILES: [(&str, &str, Method); 3] = [
    ("latency.p50", "p50", Method::Rehearsal),
    ("latency.p99", "p99", Method::Simulation),
    ("latency.p999", "p99.9", Method::Measurement),
];
const PANEL: i32 = 300;
const SMALL: i32 = 120;
/// From a panel's bottom to the next one's top: numbers and title of the one axis, then the title of the other.
const BETWEEN: i32 = 74;
/// The same below the last.
const BELOW: i32 = 62;

/// The plot of a sweep along one axis or two, with its file name.
pub(crate) fn drawn(swept: &Swept, told: &PlotText<'_>, frame: Frame) -> Option<(&'static str, String)> {
    match swept.grid.axes.len() {
        1 => Some(("sweep.svg", along(swept, told, frame)?)),
        2 => Some(("heat-map.svg", heat_map::draw(swept, told, frame)?)),
        _ => None,
    }
}

/// Positions of the axis' values on paper, logarithmic where they span more than a factor of 15.
fn positions(swept: &Swept, axis: usize) -> Vec<f64> {
    let plain = swept.positions(axis);
    let (low, high) = (plain.first().copied().unwrap_or(0.0), plain.last().copied().unwrap_or(1.0));
    if low > 0.0 && high / low > 15.0 { plain.iter().map(|x| x.ln()).collect() } else { plain }
}

fn along(swept: &Swept, told: &PlotText<'_>, frame: Frame) -> Option<String> {
    let known = |metric: &str| {
        swept.points.iter().any(|p| p.best(metric).is_some_and(|(_, e)| e.value.is_some_and(|v| v > 0.0)))
    };
    let others: Vec<String> = std::iter::once("total.loss".to_string())
        .chain(
            swept
                .objectives
                .iter()
                .map(|o| o.metric.clone())
                .filter(|m| !Quantity::Latency.is_of(m) && m != "total.loss"),
        )
        .filter(|m| known(m))
        .collect();
    let whose = swept.whose();
    if !PERCENTILES.iter().any(|p| known(&format!("{whose}.{}", p.0))) {
        return None;
    }
    let x = positions(swept, 0);
    let height = TOP + PANEL + BELOW + (SMALL + BETWEEN) * others.len() as i32;
    let percent = three(swept.confidence * 100.0);
    let (shown, theory) = if swept.is_ordered(0) { ("bands", "dashes") } else { ("bars", "open circles") };
    let subtitle = format!(
        "{shown}: {} % confidence · {theory}: theory · seed {}",
        percent.trim_end_matches(".0"),
        swept.seed
    );
    let notes: Vec<String> = PERCENTILES
        .iter()
        .map(|p| (p.1, format!("{whose}.{}", p.0)))
        .chain(others.iter().map(|metric| (metric.as_str(), metric.clone())))
        .flat_map(|(name, metric)| notes(swept, &x, name, &metric))
        .collect();
    let size = (height, Columns::of(frame));
    Some(figure::noted(frame, size, (told.finding, &subtitle), (told.all, &notes), |figure| {
        latency(figure, swept, &x, (TOP, TOP + PANEL));
        for (i, metric) in others.iter().enumerate() {
            let top = TOP + PANEL + BETWEEN + (SMALL + BETWEEN) * i as i32;
            other(figure, swept, &x, metric, (top, top + SMALL));
        }
    }))
}

/// What is to be said of a metric's lines: where theory's is not drawn, and which dots have no interval.
fn notes(swept: &Swept, x: &[f64], name: &str, metric: &str) -> Vec<String> {
    let merged = theory_is_simulated(swept, x, metric).then(|| {
        format!("{name}: theory is within 2 % of the simulation wherever both are known, and not drawn apart")
    });
    let bare = |method| {
        let at = |point: &&SweepPoint| {
            let known = point.answers.iter().find(|a| a.method == method).and_then(|a| a.get(metric));
            known.is_some_and(|e| e.value.is_some() && e.half_width.is_none() && e.ends.is_none())
        };
        let values: Vec<String> = swept.points.iter().filter(at).map(|p| p.values.join(" × ")).collect();
        super::without_interval(name, method, values.iter().map(String::as_str))
    };
    let bare = [Method::Simulation, Method::Measurement].into_iter().filter_map(bare);
    merged.into_iter().chain(bare).collect()
}

/// Whether theory's line would lie on the simulation's.
fn theory_is_simulated(swept: &Swept, x: &[f64], metric: &str) -> bool {
    let points = |method| -> Vec<(f64, f64)> {
        series(swept, x, method, metric).iter().filter_map(|(x, e)| Some((*x, e.value?))).collect()
    };
    let (simulated, theory) = (points(Method::Simulation), points(Method::Theory));
    let merged = coincide::merged(&[&simulated, &theory], 0.0);
    swept.is_ordered(0) && merged.iter().any(|m| m.drawn == 0 && m.with == [1])
}

/// One method's figures along the axis.
fn series(swept: &Swept, x: &[f64], method: Method, metric: &str) -> Vec<(f64, Estimate)> {
    let of = |p: &SweepPoint| {
        let answer: &Answer = p.answers.iter().find(|a| a.method == method)?;
        Some((x[p.index], *answer.get(metric)?)).filter(|(_, e)| e.value.is_some())
    };
    swept.points.iter().filter_map(of).collect()
}

/// How far an axis goes for figures that are no larger than `high`: to the ends of their intervals, as long
/// as these do not press the lines flat.
fn reach(swept: &Swept, metrics: &[&str], high: f64) -> f64 {
    let estimates = swept.points.iter().flat_map(|p| &p.answers);
    let known = estimates.flat_map(|a| metrics.iter().filter_map(|m| a.get(m)));
    let end = |e: &Estimate| Some(e.value? + e.half_width?.min(0.5 * e.value?));
    known.filter_map(end).filter(|end| end.is_finite()).fold(high, f64::max)
}

fn latency(figure: &Figure<'_>, swept: &Swept, x: &[f64], heights: (i32, i32)) {
    let whose = swept.whose();
    let paths = PERCENTILES.map(|p| format!("{whose}.{}", p.0));
    let Some((low, high)) = span(swept, &paths.each_ref().map(String::as_str)) else { return };
    let limits: Vec<&crate::scenario::Objective> =
        swept.objectives.iter().filter(|o| Quantity::Latency.is_of(&o.metric) && o.limit > 0.0).collect();
    let reached = reach(swept, &paths.each_ref().map(String::as_str), high);
    let top = limits.iter().map(|o| o.limit).filter(|l| *l < 30.0 * high).fold(reached, f64::max) * 1.1;
    let name = match whose {
        PlaceId::Producer(name) => format!("latency of {name}"),
        _ => "latency".to_string(),
    };
    let y = if top / low > 30.0 {
        Axis::times(&name, low * 0.8, top)
    } else {
        Axis::linear_times(&name, 0.0, top)
    };
    let panel = figure.panel(heights, marked(swept, x, figure.columns), y);
    let mut ends = Vec::new();
    for ((_, name, color), metric) in PERCENTILES.into_iter().zip(&paths) {
        ends.extend(
            curve(&panel, swept, x, (name, metric.as_str()), theme::color(color))
                .map(|at| (name.to_string(), theme::color(color), at)),
        );
    }
    let labels = sweep_marks::limits(figure, &panel, &limits, &swept.objectives);
    sweep_marks::unstable(figure, &panel, swept, x, heights);
    if let Some(knee) = swept.knee() {
        sweep_marks::knee(figure, panel.pixel((x[knee], panel.y.low)).0, heights, &labels);
    }
    panel.end_labels(ends);
}

/// Theory's dashes, the simulation's line with its band and dots, the measurement's dots; where the best of
/// them ends. Between words there is nothing to draw a line through: theory's figures are open circles there.
fn curve(
    panel: &Panel<'_, '_>,
    swept: &Swept,
    x: &[f64],
    (name, metric): (&str, &str),
    color: RGBColor,
) -> Option<(f64, f64)> {
    let points = |method| -> Vec<(f64, f64)> {
        series(swept, x, method, metric).iter().filter_map(|(x, e)| Some((*x, e.value?))).collect()
    };
    let ordered = swept.is_ordered(0);
    let [theory, simulated, measured] = [Method::Theory, Method::Simulation, Method::Measurement].map(points);
    let theory = if theory_is_simulated(swept, x, metric) { Vec::new() } else { theory };
    let intervals = |method| -> Vec<(f64, f64, f64)> {
        let ends = |e: &Estimate| Some((e.value? - e.half_width?, e.value? + e.half_width?));
        let estimates = series(swept, x, method, metric);
        estimates.iter().filter_map(|(x, e)| ends(e).map(|(low, high)| (*x, low, high))).collect()
    };
    let bars = |ends: Vec<(f64, f64, f64)>| {
        for (x, low, high) in ends {
            let inside = [(x, low.max(panel.y.floor())), (x, high.min(panel.y.ceiling()))];
            panel.line(&inside, color, Pen::Solid(14));
        }
    };
    panel.beside(name, || {
        if ordered {
            panel.band(&intervals(Method::Simulation), color);
            panel.line(&simulated, color, Pen::Solid(20));
        } else {
            bars(intervals(Method::Simulation));
        }
        bars(intervals(Method::Measurement));
    });
    let draw_theory = || match ordered {
        true => panel.line(&theory, color, Pen::Dashed(12, 60, 45)),
        false => {
            let end = panel.line(&theory, color, Pen::Dots(46));
            panel.line(&theory, theme::PAPER, Pen::Dots(34));
            end
        }
    };
    let draw_simulated = || panel.line(&simulated, color, Pen::Dots(22));
    let draw_measured = || panel.line(&measured, color, Pen::Dots(34));
    // One of them is read off.
    if simulated.is_empty() {
        let by_theory = panel.series(name, draw_theory);
        by_theory.or(panel.series(name, draw_measured))
    } else {
        panel.beside(name, draw_theory);
        panel.beside(name, draw_measured);
        panel.series(name, draw_simulated)
    }
}

fn other(figure: &Figure<'_>, swept: &Swept, x: &[f64], metric: &str, heights: (i32, i32)) {
    let Some((_, high)) = span(swept, &[metric]) else { return };
    let high = reach(swept, &[metric], high);
    let unit = metric_of(metric).map_or(Unit::Messages, |m| m.unit);
    let y = match unit {
        Unit::Seconds => Axis::linear_times(metric, 0.0, high * 1.1),
        Unit::Ratio => Axis::percent(metric, 0.0, high * 1.1),
        _ => Axis::linear(metric, 0.0, high * 1.1),
    };
    let panel = figure.panel(heights, marked(swept, x, figure.columns), y);
    let color = theme::color(Method::Simulation);
    let name = MetricId::parse(metric).map_or(metric, |id| id.quantity.name()).to_string();
    let end = curve(&panel, swept, x, (name.as_str(), metric), color);
    for objective in swept.objectives.iter().filter(|o| o.metric == metric) {
        panel.line(
            &[(panel.x.low, objective.limit), (panel.x.high, objective.limit)],
            LIMIT,
            Pen::Dashed(12, 30, 30),
        );
    }
    panel.end_labels(end.map(|at| (name, color, at)).into_iter().collect());
}

/// The axis of a setting: a tick for each value, or for some of them where they would crowd.
fn marked(swept: &Swept, x: &[f64], columns: Columns) -> Axis {
    let axis = &swept.grid.axes[0];
    settings(&axis.path, &x.iter().copied().zip(axis.values.iter().cloned()).collect::<Vec<_>>(), columns)
}

/// An axis of a setting's values, from their positions and what is written there.
pub(super) fn settings(title: &str, values: &[(f64, String)], columns: Columns) -> Axis {
    let (low, high) = (values.first().map_or(0.0, |v| v.0), values.last().map_or(1.0, |v| v.0));
    let (low, high) = if high > low { (low, high) } else { (low - 0.5, high + 0.5) };
    let room = f64::from(columns.right - columns.left);
    let mut ticks: Vec<(f64, String)> = Vec::new();
    let mut free = f64::NEG_INFINITY;
    // Words are cut to their share of the axis: none of them can be guessed from its neighbours.
    let words = values.iter().any(|v| crate::study::sweep::number(&v.1).is_none());
    let share =
        if words { room / (values.len().max(2) - 1) as f64 / f64::from(BODY) - 0.7 } else { f64::INFINITY };
    for (at, text) in values {
        let text = theme::fitted(text, share.max(3.0));
        let half = theme::text_width(&text) * f64::from(BODY) / 2.0 + 4.0;
        // As the panel writes it: nothing leaves the page.
        let center = ((at - low) / (high - low) * room)
            .min(room + f64::from(columns.width - columns.right) - half)
            .max(half - f64::from(columns.left));
        if center - half >= free {
            ticks.push((*at, text));
            free = center + half;
        }
    }
    Axis::marked(title, low, high, ticks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::sweep::{Grid, Refinement, SweptSetting};

    const TOLD: PlotText<'static> = PlotText { finding: "what is found", all: "all that is found" };

    /// A sweep of some settings, whose p99 latency by theory is so many times the simulation's.
    fn swept(axes: &[(&str, &[&str])], off: f64, half_width: Option<f64>) -> Swept {
        let axis = |(path, values): &(&str, &[&str])| SweptSetting {
            path: (*path).into(),
            values: values.iter().map(|v| (*v).into()).collect(),
        };
        let grid = Grid { axes: axes.iter().map(axis).collect() };
        let point = |index: usize| {
            let p99 = 0.01 * (1.0 + index as f64);
            let answer = |method, estimate| {
                let mut answer = Answer::new(method, "by hand");
                answer.set("total", "latency", "p99", estimate);
                answer
            };
            let answers = vec![
                answer(Method::Theory, Estimate::exact(p99 * off)),
                answer(Method::Simulation, Estimate::with(p99, half_width)),
            ];
            SweepPoint { index, values: grid.values(index), answers, unanswered: Vec::new() }
        };
        Swept {
            title: "By hand".into(),
            points: (0..grid.points()).map(point).collect(),
            grid,
            refinement: Refinement::NONE,
            objectives: Vec::new(),
            starts: false,
            scenario: serde_json::Value::Null,
            command: String::new(),
            seed: 1,
            confidence: 0.95,
        }
    }

    fn picture(swept: &Swept) -> String {
        drawn(swept, &TOLD, Frame::Alone).expect("a picture").1
    }

    #[test]
    fn theory_is_drawn_apart_only_where_it_is_apart() {
        let rates: &[&str] = &["100/s", "200/s", "300/s"];
        let near = picture(&swept(&[("producers.web.rate", rates)], 1.01, Some(0.001)));
        assert!(near.contains("p99: theory is within 2 % of the simulation"), "{near}");
        assert!(!near.contains("stroke-dasharray"));
        let far = picture(&swept(&[("producers.web.rate", rates)], 1.1, None));
        assert!(far.contains("stroke-dasharray") && !far.contains("theory is within"), "{far}");
        assert!(far.contains("p99: the simulation gives no interval at 100/s, 200/s, 300/s"), "{far}");
    }

    #[test]
    fn the_knee_runs_through_no_words() {
        let rates: &[&str] = &["100/s", "200/s", "300/s", "400/s", "500/s"];
        let mut bent = swept(&[("producers.web.rate", rates)], 1.0, None);
        for (point, p99) in bent.points.iter_mut().zip([0.010, 0.011, 0.2, 0.4, 0.5]) {
            point.answers.iter_mut().for_each(|a| a.set("total", "latency", "p99", Estimate::exact(p99)));
        }
        let (metric, text) = ("total.latency.p99".into(), "< 400ms".into());
        let relation = crate::scenario::Relation::Less;
        bent.objectives = vec![crate::scenario::Objective { metric, relation, limit: 0.4, text }];
        let svg = picture(&bent);
        let numbers = |line: &str| -> Vec<f64> {
            line.split(['"', ' ', ',']).filter_map(|number| number.parse().ok()).collect()
        };
        // A text's `x` and its base line.
        let place = |words: &str| numbers(svg.lines().find(|line| line.contains(words)).expect(words));
        let (knee, height) = (place(">knee<")[0] - 4.0, place("&lt; 400ms")[1] - 4.0);
        let lines = svg.lines().filter(|line| line.starts_with("<polyline")).map(numbers);
        let rules: Vec<_> = lines.filter(|n| n.len() == 5 && n[0] == knee && n[2] == knee).collect();
        // Above the words and below them, and the mark on the axis.
        assert_eq!(rules.len(), 3, "{svg}");
        assert!(rules.iter().all(|rule| !(rule[1]..rule[3]).contains(&height)), "{rules:?} {height}");
    }

    #[test]
    fn words_are_joined_by_no_line() {
        let svg = picture(&swept(&[("queues.jobs.discipline", &["fifo", "lifo", "random"])], 1.1, None));
        let series: Vec<&str> = svg
            .split("<g class=\"")
            .filter(|part| part.starts_with("series") || part.starts_with("mark"))
            .collect();
        assert!(series.iter().all(|part| !part.contains("<polyline")), "{series:?}");
        // A dot for each by simulation, an open one by theory.
        assert_eq!(series.iter().map(|part| part.matches("<circle").count()).sum::<usize>(), 9);
    }

    #[test]
    fn a_map_says_what_its_shades_are() {
        let axes: [(&str, &[&str]); 2] =
            [("consumers.workers.count", &["1", "2"]), ("producers.web.rate", &["100/s", "200/s", "300/s"])];
        let svg = picture(&swept(&axes, 1.0, None));
        for said in ["total.latency.p99</text>", "10.0 ms</text>", "60.0 ms</text>"] {
            assert!(svg.contains(said), "{said}: {svg}");
        }
    }

    #[test]
    fn words_are_cut_to_their_share_of_an_axis_and_numbers_left_out() {
        let shown = |values: Vec<String>| {
            let placed: Vec<(f64, String)> =
                values.into_iter().enumerate().map(|(i, v)| (i as f64, v)).collect();
            settings("", &placed, Columns::of(Frame::Alone))
                .ticks
                .into_iter()
                .map(|t| t.1)
                .collect::<Vec<_>>()
        };
        let laws = shown((1..=8).map(|i| format!("hyperexponential({i}ms, scv=10)")).collect());
        assert!(laws.len() == 8 && laws.iter().all(|law| law.ends_with('…')), "{laws:?}");
        let rates = shown((100..200).map(|i| format!("{i}/s")).collect());
        assert!(rates.len() < 30 && rates.iter().all(|rate| rate.ends_with("/s")), "{rates:?}");
    }
}
