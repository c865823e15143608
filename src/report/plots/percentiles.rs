//! The percentile spectrum: how slow the slowest messages are, by every method, one nine further at each
//! step.

use super::axis::{Axis, nines};
use super::coincide::{self, HAIR, Merged};
use super::figure::{self, BODY, Columns, Panel, Side, TOP};
use super::finding;
use super::theme::{self, LIMIT, Pen};
use crate::answer::{Answer, Distribution, Method, PERCENTILES, Quantity};
use crate::report::plot::Frame;
use crate::report::rows;
use crate::study::Study;
use plotters::style::RGBColor;

const HEIGHT: i32 = 460;
/// Steps of a curve to a nine.
const STEPS: usize = 40;
/// A percentile with fewer messages beyond it is noise and is not drawn. Of many replications put together
/// more are needed: each of them has a tenth, and its neighbours in a busy period are no news.
const BEYOND: f64 = 10.0;
const BEYOND_SIMULATED: f64 = 100.0;
/// As far as a closed form goes when nothing else says how far.
const CLOSED_FORM_NINES: f64 = 4.0;
/// Times the median that still read well on a linear axis, where an exponential latency is a straight line.
const WIDE: f64 = 40.0;

/// The last percentile that every table quotes.
const QUOTED: (&str, f64) = ("total.latency.p999", 0.999);
/// Times the slowest that an interval may reach to be drawn whole.
const WHOLE_INTERVALS: f64 = 1.5;
/// Times the slowest that an objective may be to be drawn.
const NEAR: f64 = 2.0;

/// One method's curve: shares of messages and seconds, increasing.
struct Curve {
    method: Method,
    points: Vec<(f64, f64)>,
    /// Share, lower and upper end: of the intervals themselves where the curve is dots, else of a band about
    /// it.
    band: Vec<(f64, f64, f64)>,
    /// The first and the last percentile with an interval.
    known: Option<(f64, f64)>,
}

pub(super) fn draw(study: &Study, frame: Frame) -> Option<String> {
    let curves = curves(study);
    let most = curves.iter().filter_map(|c| c.points.last()).map(|p| nines(p.0)).fold(0.0, f64::max);
    let columns = Columns::of(frame);
    let room = f64::from(columns.right - columns.left - 10) / f64::from(BODY);
    let limits = limits(study, room);
    let slowest = curves.iter().filter_map(|c| c.points.last()).map(|p| p.1).fold(0.0, f64::max);
    // An objective far above the curves is named, but does not press them flat.
    let near = limits.iter().map(|l| l.0).filter(|l| *l <= NEAR * slowest);
    // Intervals are drawn whole, as long as they do not press the curves flat.
    let ends = curves.iter().flat_map(|c| &c.band).map(|b| b.2.min(WHOLE_INTERVALS * slowest));
    let highest = near.chain(ends).fold(slowest, f64::max);
    if highest <= 0.0 || most <= 0.0 {
        return None;
    }
    // On a linear axis the fastest messages of two curves may be far apart as shares, and look the same.
    let (y, hair) = if highest / least(&curves, 0.5) > WIDE {
        // The fastest messages of most laws go down to zero: the axis begins where the fastest twentieth
        // ends.
        (Axis::times("latency", least(&curves, 0.05), highest * 1.15), 0.0)
    } else {
        (Axis::linear_times("latency", 0.0, highest * 1.08), HAIR * highest * 1.08)
    };
    let title = super::title(finding::latency(study), "latency by share of messages");
    let merged = merged(&curves, y.floor(), hair);
    let name = |i: usize| curves[i].method.name().to_string();
    let notes: Vec<String> = merged
        .iter()
        .filter_map(|m| coincide::told(m, name))
        .chain(bands_told(&curves, study.scenario.simulation.confidence))
        .collect();
    let file = figure::noted(
        frame,
        (HEIGHT, columns),
        (&title, &super::how(study)),
        (&description(&curves), &notes),
        |figure| {
            let panel = figure.panel((TOP, HEIGHT - 62), Axis::nines(most), y);
            for (limit, long, short) in &limits {
                let text = if theme::text_width(long) < room { long } else { short };
                panel.line(&[(0.0, *limit), (most, *limit)], LIMIT, Pen::Dashed(12, 20, 30));
                match panel.y.place(*limit) {
                    Some(at) => {
                        let lines: Vec<Vec<(i32, i32)>> = curves.iter().map(|c| pixels(&panel, c)).collect();
                        let spot = clear_spot(text, panel.pixel((0.0, at)).1, &lines, columns);
                        figure.words(text, spot, Side::Above, &LIMIT, BODY, false);
                    }
                    None => figure.words(
                        &format!("{text} (beyond this chart)"),
                        (columns.left + 6, TOP + 8),
                        Side::Above,
                        &LIMIT,
                        BODY,
                        false,
                    ),
                }
            }
            // Theory's dashes lie on top, so that a simulation that agrees does not hide them.
            let (theory, others): (Vec<&Merged>, Vec<&Merged>) =
                merged.iter().partition(|m| curves[m.drawn].method == Method::Theory);
            let ends = others.into_iter().chain(theory).filter_map(|merged| {
                let all = || std::iter::once(&merged.drawn).chain(&merged.with);
                let names = all().map(|i| name(*i)).collect::<Vec<_>>().join(coincide::SAME);
                panel.beside(&names, || all().for_each(|i| bars(&panel, &curves[*i])));
                let (color, at) = panel.series(&names, || line(&panel, &curves[merged.drawn]))?;
                Some((names, color, at))
            });
            panel.end_labels(ends.collect());
        },
    );
    Some(file)
}

/// Where a curve goes, in pixels.
fn pixels(panel: &Panel<'_, '_>, curve: &Curve) -> Vec<(i32, i32)> {
    curve.points.iter().filter_map(|p| Some(panel.pixel((nines(p.0), panel.y.place(p.1)?)))).collect()
}

/// Where the words of a limit stand that no curve crosses: above or below its line, from its left end to its
/// right.
fn clear_spot(text: &str, line: i32, curves: &[Vec<(i32, i32)>], columns: Columns) -> (i32, i32) {
    let first = columns.left + 6;
    let wide = (theme::text_width(text) * f64::from(BODY)) as i32 + 4;
    let hits = |&(left, bottom): &(i32, i32)| {
        let inside = |p: &&(i32, i32)| {
            (left - 4..=left + wide).contains(&p.0) && (bottom - BODY - 4..=bottom + 3).contains(&p.1)
        };
        curves.iter().flatten().filter(inside).count()
    };
    let last = (columns.right - wide - 2).max(first);
    let along = (0..=12).map(|i| first + (last - first) * i / 12);
    let spots =
        along.flat_map(|left| [(left, line - 6), (left, line + BODY + 6)]).filter(|spot| spot.1 > TOP);
    spots.min_by_key(hits).unwrap_or((first, line - 6))
}

/// The least time (above zero) that any curve has from a share on.
fn least(curves: &[Curve], share: f64) -> f64 {
    let first = curves.iter().filter_map(|c| c.points.iter().find(|p| p.0 >= share && p.1 > 0.0));
    first.map(|p| p.1).fold(f64::INFINITY, f64::min)
}

/// Which curves are drawn, and for which others: by what is seen of them above the axis' floor.
fn merged(curves: &[Curve], floor: f64, hair: f64) -> Vec<Merged> {
    let seen = |curve: &Curve| -> Vec<(f64, f64)> {
        curve.points.iter().filter(|p| p.1 >= floor).map(|p| (nines(p.0), p.1)).collect()
    };
    let lines: Vec<Vec<(f64, f64)>> = curves.iter().map(seen).collect();
    coincide::merged(&lines.iter().map(Vec::as_slice).collect::<Vec<_>>(), hair)
}

/// From where to where the intervals go, where curves are longer.
fn bands_told(curves: &[Curve], confidence: f64) -> Vec<String> {
    let percent = |share: f64| format!("{} %", crate::units::plain(100.0 * share, 6));
    let told = |curve: &Curve| {
        if curve.band.is_empty() && [Method::Simulation, Method::Measurement].contains(&curve.method) {
            return Some(format!("no percentile of the {} has an interval", curve.method.name()));
        }
        let (first, last) = curve.known?;
        let (begin, end) = (curve.points.first()?.0, curve.points.last()?.0);
        let whole = first <= begin + 1e-6 && last >= end - 1e-6;
        (!whole).then(|| {
            let dots = matches!(theme::pen(curve.method), Pen::Dots(_));
            let what = if dots { "bars" } else { "band" };
            format!(
                "{what} of {}: {} % confidence, from {} to {}, the first and the last percentile with an interval",
                curve.method.name(),
                crate::units::plain(100.0 * confidence, 3),
                percent(first),
                percent(last)
            )
        })
    };
    curves.iter().filter_map(told).collect()
}

/// The intervals of a curve: bars where it is dots, else a band.
fn bars(panel: &Panel<'_, '_>, curve: &Curve) {
    let color = theme::color(curve.method);
    let band: Vec<(f64, f64, f64)> = curve.band.iter().map(|b| (nines(b.0), b.1, b.2)).collect();
    if let Pen::Dots(_) = theme::pen(curve.method) {
        for (x, low, high) in band {
            let inside = [(x, low.max(panel.y.floor())), (x, high.min(panel.y.ceiling()))];
            panel.line(&inside, color, Pen::Solid(12));
        }
    } else {
        panel.band(&band, color);
    }
}

/// A curve; its colour, and where it ends.
fn line(panel: &Panel<'_, '_>, curve: &Curve) -> Option<(RGBColor, (f64, f64))> {
    let color = theme::color(curve.method);
    let points: Vec<(f64, f64)> = curve.points.iter().map(|p| (nines(p.0), p.1)).collect();
    let pen = theme::pen(curve.method);
    // Dots stand apart.
    let dots = matches!(pen, Pen::Dots(_));
    let end = match dots {
        true => panel.line(&points.iter().copied().step_by(STEPS / 10).collect::<Vec<_>>(), color, pen),
        false => panel.line(&points, color, pen),
    };
    end.map(|at| (color, at))
}

fn curves(study: &Study) -> Vec<Curve> {
    let counted = study.answers.iter().filter_map(|a| last_share(a.method, a.latency.as_ref()?));
    let furthest = counted.map(nines).fold(None, |most: Option<f64>, n| Some(most.map_or(n, |m| m.max(n))));
    let curve = |answer: &Answer| {
        let law = answer.latency.as_ref()?;
        let intervals = intervals(study, answer);
        let counted = last_share(answer.method, law).map(nines);
        // Beyond the last interval a simulation's curve would be told without saying how sure it is.
        let told = intervals.last().map(|i| nines(i.0)).filter(|_| answer.method == Method::Simulation);
        // A closed form goes as far as the others, and as far as what is quoted of it.
        let quoted = rows::known(study, answer, QUOTED.0).map(|_| nines(QUOTED.1));
        let closed = furthest.map(|nines| quoted.map_or(nines, |quoted| quoted.max(nines)));
        let most = told.or(counted).or(closed).unwrap_or(CLOSED_FORM_NINES);
        let shares =
            (0..=(most * STEPS as f64) as usize).map(|i| 1.0 - 10f64.powf(-(i as f64) / STEPS as f64));
        let points: Vec<(f64, f64)> =
            shares.filter_map(|p| Some((p, law.quantile(p).filter(|t| t.is_finite())?))).collect();
        let dots = matches!(theme::pen(answer.method), Pen::Dots(_));
        let band = if dots { intervals.clone() } else { band_about(&points, &intervals) };
        let known = intervals.first().zip(intervals.last()).map(|(first, last)| (first.0, last.0));
        (!points.is_empty()).then_some(Curve { method: answer.method, points, band, known })
    };
    study.answers.iter().filter_map(curve).collect()
}

/// The largest share that a counted law says something about; `None` for a closed form, which has no such
/// end.
fn last_share(method: Method, law: &Distribution) -> Option<f64> {
    let beyond = if method == Method::Simulation { BEYOND_SIMULATED } else { BEYOND };
    match law {
        Distribution::Quantiles(_) => None,
        Distribution::Histogram(h) if h.is_empty() => None,
        Distribution::Histogram(h) => Some(1.0 - (beyond / h.len() as f64).min(0.5)),
    }
}

/// The intervals of the percentiles that have one.
fn intervals(study: &Study, answer: &Answer) -> Vec<(f64, f64, f64)> {
    let interval = |&(name, share): &(&str, f64)| {
        let estimate = rows::known(study, answer, &format!("total.latency.{name}"))?;
        let (value, half) = (estimate.value?, estimate.half_width?);
        Some((share, value - half, value + half))
    };
    PERCENTILES.iter().filter_map(interval).collect()
}

/// A band about a curve, as wide (relative to it) as the intervals of its percentiles, between the first and
/// the last of them.
fn band_about(points: &[(f64, f64)], intervals: &[(f64, f64, f64)]) -> Vec<(f64, f64, f64)> {
    let widths: Vec<(f64, f64)> = intervals
        .iter()
        .map(|&(share, low, high)| (nines(share), (high - low) / (high + low)))
        .filter(|w| w.1.is_finite())
        .collect();
    let width = |at: f64| {
        let (below, above) = widths.iter().zip(widths.get(1..)?).find(|(a, b)| (a.0..=b.0).contains(&at))?;
        Some(below.1 + (above.1 - below.1) * (at - below.0) / (above.0 - below.0))
    };
    points
        .iter()
        .filter_map(|&(share, time)| width(nines(share)).map(|w| (share, time * (1.0 - w), time * (1.0 + w))))
        .collect()
}

/// The objectives on a latency: seconds, words, and few words, for so much room.
fn limits(study: &Study, room: f64) -> Vec<(f64, String, String)> {
    let all = &study.scenario.objectives;
    let latency = all.iter().filter(|o| Quantity::Latency.is_of(&o.metric));
    let mut out: Vec<(f64, String, String)> = Vec::new();
    for o in latency.filter(|o| o.limit.is_finite() && o.limit > 0.0) {
        let alone = figure::asked(o, &[], room);
        // Of several places with one limit the line is named once.
        let alike = |known: &&mut (f64, String, String)| {
            known.0 == o.limit
                && known.2.starts_with(alone.trim_end_matches(&o.text))
                && known.2.ends_with(&o.text)
        };
        match out.iter_mut().find(alike) {
            Some(known) => (known.1, known.2) = (format!("objectives: {alone}"), alone),
            None => out.push((
                o.limit,
                format!("objective: {} {}", o.metric, o.text),
                figure::asked(o, all, room),
            )),
        }
    }
    out
}

fn description(curves: &[Curve]) -> String {
    let words = curves.iter().map(|curve| {
        let at = |share: f64| {
            curve.points.iter().find(|p| p.0 >= share - 1e-9).map(|p| crate::units::Time(p.1).to_string())
        };
        let p99 = at(0.99).map_or(String::new(), |t| format!(", 99 % within {t}"));
        format!("{}: half of the messages within {}{p99}", curve.method.name(), at(0.5).unwrap_or_default())
    });
    words.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_named_where_no_curve_is() {
        let text = "objective: total.latency.p99 < 200ms";
        let columns = Columns::of(Frame::Alone);
        let begin = columns.left;
        assert_eq!(clear_spot(text, 200, &[], columns), (begin + 6, 194));
        let crossing: Vec<(i32, i32)> = (begin..begin + 100).map(|x| (x, 240 - (x - begin))).collect();
        let (left, bottom) = clear_spot(text, 200, std::slice::from_ref(&crossing), columns);
        assert!(
            !crossing.iter().any(|p| p.0 >= left && (bottom - BODY..=bottom).contains(&p.1)),
            "{left} {bottom}"
        );
    }
}
