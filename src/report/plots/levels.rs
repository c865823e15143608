//! The queue's length over time: a panel for each queue, a line for each method that watched it.

use super::axis::Axis;
use super::chart::{self, TimePanel};
use super::figure::{self, Columns, Figure, TOP};
use super::finding::{self, QuotedLength};
use super::lines::{Line, Lines};
use super::theme::{self, Pen};
use crate::answer::{Answer, Method, Moment};
use crate::report::plot::Frame;
use crate::study::Study;

/// Panels in a figure; of more queues, those that grow longest are shown.
const MOST_QUEUES: usize = 6;
/// Points in a line: more are averaged, a line is not wider than the page.
const MOST_POINTS: usize = 360;
/// A first moment within this share of the end is the start: the axis begins at zero.
const NEAR_ZERO: f64 = 0.02;

/// The queues that are drawn, of lines of so many points.
fn all<'a>(study: &'a Study, quoted: Option<&QuotedLength>, most: usize) -> Vec<QueueLevels<'a>> {
    queues(study).into_iter().map(|queue| QueueLevels::of(study, queue, most, quoted)).collect()
}

/// The figures of what is drawn.
pub(super) fn chart(study: &Study) -> Option<String> {
    let queues = queues(study).len();
    let most = chart::most_points(queues * study.answers.len());
    let levels = all(study, finding::length(study).as_ref(), most);
    let (from, to) = levels.iter().map(|levels| levels.span).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    let panel = |levels: QueueLevels<'_>| TimePanel {
        height: panel_height(queues),
        title: levels.axis_title(queues > 1),
        times: false,
        lines: levels.lines,
    };
    Some(chart::chart(&levels.into_iter().map(panel).collect::<Vec<_>>(), (from, to), &[]))
}

fn panel_height(queues: usize) -> i32 {
    match queues {
        1 => 300,
        2 | 3 => 170,
        _ => 120,
    }
}

pub(super) fn draw(study: &Study, frame: Frame) -> Option<String> {
    let queues = queues(study);
    if queues.is_empty() {
        return None;
    }
    let panel_height = panel_height(queues.len());
    let step = panel_height + 62;
    let height = TOP + step * queues.len() as i32 + 2;
    let quoted = finding::length(study);
    let title = super::title(quoted.as_ref().map(|q| q.words.clone()), "messages waiting over time");
    let description = format!("Queue length over time of {}", queues.join(", "));
    let levels = all(study, quoted.as_ref(), MOST_POINTS / queues.len().min(3));
    let notes: Vec<String> = levels.iter().flat_map(|levels| levels.lines.notes()).collect();
    let file = figure::noted(
        frame,
        (height, Columns::of(frame)),
        (&title, &super::how(study)),
        (&description, &notes),
        |figure| {
            for (i, levels) in levels.iter().enumerate() {
                let top = TOP + step * i as i32;
                panel(figure, levels, (top, top + panel_height), (i + 1 == queues.len(), queues.len() > 1));
            }
        },
    );
    Some(file)
}

/// What a panel shows of a queue.
pub(super) struct QueueLevels<'a> {
    pub queue: &'a str,
    /// Waiting messages over seconds, by method.
    pub lines: Lines,
    /// From when to when, in seconds.
    pub span: (f64, f64),
    /// How many looks each point is the mean of.
    looks: usize,
}

impl<'a> QueueLevels<'a> {
    /// The lines of a queue, of so many points at most, on an axis that has what the title quotes.
    pub(super) fn of(study: &Study, queue: &'a str, most: usize, quoted: Option<&QuotedLength>) -> Self {
        let curves = curves(study, queue, most);
        let quoted = quoted.filter(|quoted| quoted.queue == queue).map_or(0.0, |quoted| quoted.most);
        QueueLevels {
            queue,
            span: span(&curves),
            looks: curves.iter().map(|curve| curve.looks).max().unwrap_or(0),
            lines: Lines::new(curves.iter().map(LevelCurve::line).collect(), quoted.max(1.0)),
        }
    }

    /// What the axis is called.
    pub(super) fn axis_title(&self, named: bool) -> String {
        let whose = if named { format!("{}: ", self.queue) } else { String::new() };
        let sampled = match self.looks {
            0 | 1 => String::new(),
            looks => format!(" (sampled: means of {looks} looks)"),
        };
        format!("{whose}messages waiting{sampled}")
    }
}

/// From the first look to the last; what begins near zero begins at zero.
fn span(curves: &[LevelCurve<'_>]) -> (f64, f64) {
    let end = curves.iter().flat_map(|l| &l.moments).map(|m| m.at).fold(0.0, f64::max);
    // Means are drawn from the left edge, wherever that is.
    let paths = curves.iter().filter(|l| l.looks > 0);
    let first = paths.filter_map(|l| l.moments.first()).map(|m| m.at).fold(f64::INFINITY, f64::min);
    let start = if first.is_finite() && first > NEAR_ZERO * end && first < end { first } else { 0.0 };
    (start, end.max(start + 1e-9))
}

/// The queues that were watched, the longest first if there are too many, else in the scenario's order.
pub(super) fn queues(study: &Study) -> Vec<&str> {
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
    fn line(&self) -> Line {
        let band = |m: &Moment| Some((m.at, (m.waiting - m.half_width?).max(0.0), m.waiting + m.half_width?));
        Line {
            label: self.label.clone(),
            color: theme::color(self.answer.method),
            pen: pen(self.answer.method),
            points: self.moments.iter().map(|m| (m.at, m.waiting)).collect(),
            band: self.moments.iter().filter_map(band).collect(),
        }
    }
}

/// The method whose levels as they went a line is; `None` for a mean.
pub(super) fn path_of(label: &str) -> Option<Method> {
    Method::ALL.into_iter().find(|method| method.name() == label)
}

/// A level is a line for every method: dots would hide how it got there.
pub(super) fn pen(method: Method) -> Pen {
    match theme::pen(method) {
        Pen::Dots(_) => Pen::Solid(12),
        pen => pen,
    }
}

/// The lines of a queue. A measured plan is shown as it went; beside it a simulated path of another plan
/// would only confuse, so that simulation and theory show their means.
fn curves<'a>(study: &'a Study, queue: &str, most: usize) -> Vec<LevelCurve<'a>> {
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
        let level = estimate.value?;
        let at = |at| Moment { half_width: estimate.half_width, ..Moment::new(at, level, 0.0) };
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

fn panel(figure: &Figure<'_>, levels: &QueueLevels<'_>, span: (i32, i32), (last, named): (bool, bool)) {
    let mut time = Axis::linear_times("time", levels.span.0, levels.span.1);
    if !last {
        time.title.clear();
    }
    let panel = figure.panel(span, time, Axis::linear(&levels.axis_title(named), 0.0, levels.lines.high));
    levels.lines.draw(&panel);
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
        Moment { half_width, ..Moment::new(over(&|m| m.at), over(&|m| m.waiting), over(&|m| m.in_system)) }
    };
    (sound.chunks(together).map(mean).collect(), together)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinned_levels_say_how_many_looks_they_are_means_of() {
        let moments: Vec<Moment> = (0..10).map(|i| Moment::new(f64::from(i), f64::from(i), 0.0)).collect();
        let (thin, looks) = thinned(&moments, 5);
        assert_eq!((thin.len(), looks, thin[0].waiting), (5, 2, 0.5));
        assert_eq!(thinned(&moments, 10).1, 1);
    }
}
