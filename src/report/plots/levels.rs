//! The queue's length over time: a panel for each queue, a line for each method that watched it.

use super::axis::Axis;
use super::coincide::{self, HAIR};
use super::figure::{self, Columns, Figure, TOP};
use super::finding::{self, QuotedLength};
use super::theme::{self, Pen};
use crate::answer::{Answer, Method, Moment};
use crate::report::plot::Frame;
use crate::study::Study;
use crate::units::time_scale;

/// Panels in a figure; of more queues, those that grow longest are shown.
const MOST_QUEUES: usize = 6;
/// Points in a line: more are averaged, a line is not wider than the page.
const MOST_POINTS: usize = 360;
/// A first moment within this share of the end is the start: the axis begins at zero.
const NEAR_ZERO: f64 = 0.02;

pub(super) fn draw(study: &Study, frame: Frame) -> Option<String> {
    let queues = queues(study);
    if queues.is_empty() {
        return None;
    }
    let panel_height = match queues.len() {
        1 => 300,
        2 | 3 => 170,
        _ => 120,
    };
    let step = panel_height + 62;
    let height = TOP + step * queues.len() as i32 + 2;
    let quoted = finding::length(study);
    let title = super::title(quoted.as_ref().map(|q| q.words.clone()), "messages waiting over time");
    let description = format!("Queue length over time of {}", queues.join(", "));
    let levels: Vec<Levels<'_>> = queues
        .iter()
        .map(|queue| Levels::of(study, queue, MOST_POINTS / queues.len().min(3), quoted.as_ref()))
        .collect();
    let notes: Vec<String> = levels.iter().flat_map(Levels::notes).collect();
    let file = figure::noted(
        frame,
        (height, Columns::of(frame)),
        (&title, &super::how(study)),
        (&description, &notes),
        |figure| {
            for (i, levels) in levels.iter().enumerate() {
                let top = TOP + step * i as i32;
                panel(figure, levels, (top, top + panel_height), (i + 1 == queues.len(), queues.len()));
            }
        },
    );
    Some(file)
}

/// What a panel shows of a queue, and how far its axis goes.
struct Levels<'a> {
    queue: &'a str,
    lines: Vec<LevelCurve<'a>>,
    high: f64,
}

impl<'a> Levels<'a> {
    fn of(study: &'a Study, queue: &'a str, most: usize, quoted: Option<&QuotedLength>) -> Self {
        let lines = lines(study, queue, most);
        // What the title quotes is on the axis.
        let quoted = quoted.filter(|quoted| quoted.queue == queue).map_or(0.0, |quoted| quoted.most);
        let moments = lines.iter().flat_map(|l| &l.moments);
        let seen = moments.map(|m| m.waiting + m.half_width.unwrap_or(0.0)).fold(0.0, f64::max);
        Levels { queue, high: 1.06 * seen.max(quoted).max(1.0), lines }
    }

    /// Which lines are drawn, and for which others.
    fn merged(&self) -> Vec<coincide::Merged> {
        let points: Vec<Vec<(f64, f64)>> = self.lines.iter().map(LevelCurve::points).collect();
        coincide::merged(&points.iter().map(Vec::as_slice).collect::<Vec<_>>(), HAIR * self.high)
    }

    fn notes(&self) -> Vec<String> {
        let name = |i: usize| self.lines[i].label.clone();
        self.merged().iter().filter_map(|merged| coincide::told(merged, name)).collect()
    }
}

/// The queues that were watched, the longest first if there are too many, else in the scenario's order.
fn queues(study: &Study) -> Vec<&str> {
    let peak = |name: &str| {
        let lines = study.answers.iter().filter_map(|a| a.timelines.get(name));
        lines.flatten().map(|m| m.waiting).filter(|w| w.is_finite()).fold(f64::NEG_INFINITY, f64::max)
    };
    let mut queues: Vec<&str> =
        study.scenario.queues.iter().map(|q| q.name.as_str()).filter(|name| peak(name) >= 0.0).collect();
    if queues.len() > MOST_QUEUES {
        queues.sort_by(|a, b| peak(b).total_cmp(&peak(a)));
        queues.truncate(MOST_QUEUES);
    }
    queues
}

/// What a method shows in a panel: the level as it went, or its mean where going was another plan's.
struct LevelCurve<'a> {
    answer: &'a Answer,
    label: String,
    moments: Vec<Moment>,
    /// How many looks each moment is the mean of; 0 for a line that is not a path.
    looks: usize,
}

impl LevelCurve<'_> {
    fn points(&self) -> Vec<(f64, f64)> {
        self.moments.iter().map(|m| (m.at, m.waiting)).collect()
    }
}

/// The lines of a queue. A measured plan is shown as it went; beside it a simulated path of another plan
/// would only confuse, so that simulation and theory show their means.
fn lines<'a>(study: &'a Study, queue: &str, most: usize) -> Vec<LevelCurve<'a>> {
    let path = |answer: &'a Answer| {
        let (moments, looks) = thinned(answer.timelines.get(queue)?, most);
        (!moments.is_empty()).then(|| LevelCurve {
            answer,
            label: answer.method.name().to_string(),
            moments,
            looks,
        })
    };
    let paths: Vec<LevelCurve<'a>> = study.answers.iter().filter_map(path).collect();
    let measured = |m: Method| matches!(m, Method::Rehearsal | Method::Measurement | Method::Replay);
    let ends = |of: &dyn Fn(&LevelCurve<'_>) -> bool| {
        paths.iter().filter(|l| of(l)).filter_map(|l| l.moments.last()).map(|m| m.at).fold(0.0, f64::max)
    };
    let played = ends(&|l| measured(l.answer.method));
    let transient = paths.iter().any(|l| l.moments.iter().any(|m| m.half_width.is_some()));
    if transient {
        return paths;
    }
    let end = if played > 0.0 { played } else { ends(&|_| true) };
    let begin = paths.iter().filter_map(|l| l.moments.first()).map(|m| m.at).fold(end, f64::min);
    let is_kept = |l: &LevelCurve<'a>| played == 0.0 || measured(l.answer.method);
    let means = study.answers.iter().filter(|a| !measured(a.method)).filter_map(|answer| {
        let drawn = paths.iter().any(|l| is_kept(l) && l.answer.method == answer.method);
        let estimate = answer.get(&format!("queues.{queue}.queue_length.mean")).filter(|_| !drawn)?;
        let at = |at| Moment {
            at,
            waiting: estimate.value.unwrap_or(0.0),
            in_system: 0.0,
            half_width: estimate.half_width,
            servers: None,
        };
        estimate.value?;
        Some(LevelCurve {
            answer,
            label: format!("{} mean", answer.method.name()),
            moments: vec![at(begin), at(end)],
            looks: 0,
        })
    });
    let means: Vec<LevelCurve<'a>> = means.collect();
    // The means come last, on top of what they are the means of.
    paths.into_iter().filter(is_kept).chain(means).collect()
}

fn panel(figure: &Figure<'_>, levels: &Levels<'_>, span: (i32, i32), (last, queues): (bool, usize)) {
    let Levels { queue, lines, high } = levels;
    let moments = || lines.iter().flat_map(|l| &l.moments);
    let end = moments().map(|m| m.at).fold(0.0, f64::max);
    // Means are drawn from the left edge, wherever that is.
    let first = lines
        .iter()
        .filter(|l| l.looks > 0)
        .filter_map(|l| l.moments.first())
        .map(|m| m.at)
        .fold(f64::INFINITY, f64::min);
    let start = if first.is_finite() && first > NEAR_ZERO * end && first < end { first } else { 0.0 };
    let (size, unit) = time_scale(end.max(1e-9));
    let x_title = if last { format!("time, {unit}") } else { String::new() };
    let looks = lines.iter().map(|l| l.looks).max().unwrap_or(0);
    let sampled = if looks > 1 { format!(" (sampled: means of {looks} looks)") } else { String::new() };
    let y_title = if queues > 1 {
        format!("{queue}: messages waiting{sampled}")
    } else {
        format!("messages waiting{sampled}")
    };
    let panel = figure.panel(
        span,
        Axis::linear(&x_title, start / size, (end / size).max(start / size + 1e-9)),
        Axis::linear(&y_title, 0.0, *high),
    );
    for LevelCurve { answer, moments, .. } in lines {
        let band: Vec<(f64, f64, f64)> = moments
            .iter()
            .filter_map(|m| m.half_width.map(|h| (m.at / size, (m.waiting - h).max(0.0), m.waiting + h)))
            .collect();
        panel.band(&band, theme::color(answer.method));
    }
    let ends = levels.merged().into_iter().filter_map(|merged| {
        let line = &lines[merged.drawn];
        let color = theme::color(line.answer.method);
        let points: Vec<(f64, f64)> =
            line.points().into_iter().map(|(at, level)| (at / size, level)).collect();
        // A level is a line for every method: dots would hide how it got there.
        let pen = match theme::pen(line.answer.method) {
            Pen::Dots(_) => Pen::Solid(12),
            pen => pen,
        };
        let names = std::iter::once(merged.drawn).chain(merged.with).map(|i| lines[i].label.as_str());
        let name = names.collect::<Vec<_>>().join(", ");
        panel.line(&points, color, pen).map(|at| (name, color, at))
    });
    panel.end_labels(ends.collect());
}

/// At most so many points, each the mean of its neighbours.
fn thinned(moments: &[Moment], most: usize) -> (Vec<Moment>, usize) {
    let sound: Vec<Moment> =
        moments.iter().copied().filter(|m| m.at.is_finite() && m.waiting.is_finite()).collect();
    let together = sound.len().div_ceil(most).max(1);
    let mean = |chunk: &[Moment]| {
        let over = |f: &dyn Fn(&Moment) -> f64| chunk.iter().map(f).sum::<f64>() / chunk.len() as f64;
        let half_width =
            chunk.iter().all(|m| m.half_width.is_some()).then(|| over(&|m| m.half_width.unwrap_or(0.0)));
        Moment {
            at: over(&|m| m.at),
            waiting: over(&|m| m.waiting),
            in_system: over(&|m| m.in_system),
            half_width,
            servers: None,
        }
    };
    (sound.chunks(together).map(mean).collect(), together)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinned_levels_say_how_many_looks_they_are_means_of() {
        let moments: Vec<Moment> = (0..10)
            .map(|i| Moment {
                at: f64::from(i),
                waiting: f64::from(i),
                in_system: 0.0,
                half_width: None,
                servers: None,
            })
            .collect();
        let (thin, looks) = thinned(&moments, 5);
        assert_eq!((thin.len(), looks, thin[0].waiting), (5, 2, 0.5));
        assert_eq!(thinned(&moments, 10).1, 1);
    }
}
