//! What happens over time where something changes with it: arrivals, servers, backlog and lag, one above the
//! other on one axis of time.

use super::axis::Axis;
use super::chart::{self, TimePanel};
use super::figure::{self, Columns, TOP};
use super::finding::{self, QuotedLength};
use super::levels::{self, QueueLevels, path_of, pen};
use super::lines::{Line, Lines};
use super::planned::Planned;
use super::theme::{self, INK, Pen};
use crate::answer::{Method, Moment};
use crate::report::plot::Frame;
use crate::scenario::{Feature, Scenario};
use crate::study::{Study, changes_over_time};

/// Points in a line.
const MOST_POINTS: usize = 360;
/// Panels at most: arrivals, servers, backlog and lag.
const PANELS: usize = 4;
/// From the bottom of a panel to the top of the next, and to the end of the figure.
const BETWEEN: i32 = 40;
/// From a number on an axis to the next.
const LEAST_STEP: i32 = 16;
const BELOW: i32 = 62;

/// Whether this plot has all that one of the queues' lengths would have.
pub(super) fn replaces_lengths(study: &Study) -> bool {
    changes_over_time(&study.scenario) && study.scenario.queues.len() == 1
}

/// What is drawn, of lines of so many points.
struct Story<'a> {
    levels: QueueLevels<'a>,
    strips: Vec<TimePanel>,
    notes: Vec<String>,
    /// What a title quotes.
    quoted: Option<QuotedLength>,
}

fn story(study: &Study, most: usize) -> Option<Story<'_>> {
    let watched = levels::queues(study);
    if !changes_over_time(&study.scenario) || watched.is_empty() {
        return None;
    }
    let quoted = finding::peak(study);
    let queue = quoted.as_ref().map_or(watched[0], |quoted| quoted.queue.as_str());
    let queue = *watched.iter().find(|name| **name == queue).unwrap_or(&watched[0]);
    let levels = QueueLevels::of(study, queue, most, quoted.as_ref());
    let (strips, notes) = strips(study, &levels, most);
    Some(Story { levels, strips, notes, quoted })
}

/// The figures of what is drawn.
pub(super) fn chart(study: &Study) -> Option<String> {
    let story = story(study, chart::most_points(PANELS * study.answers.len()))?;
    Some(chart::chart(&story.strips, story.levels.span, &story.notes))
}

pub(super) fn draw(study: &Study, frame: Frame) -> Option<String> {
    let Story { levels, strips, mut notes, quoted } = story(study, MOST_POINTS)?;
    notes.extend(strips.iter().flat_map(|strip| strip.lines.notes()));
    let queue = levels.queue;
    let heights: i32 = strips.iter().map(|strip| strip.height + BETWEEN).sum();
    let height = TOP + heights - BETWEEN + BELOW;
    let title = super::title(quoted.map(|quoted| quoted.words), "arrivals, servers and backlog over time");
    let description =
        format!("Over time, of {queue}: {}", strips.iter().map(|s| &*s.title).collect::<Vec<_>>().join(", "));
    let size = (height, Columns::of(frame));
    Some(figure::noted(frame, size, (&title, &super::how(study)), (&description, &notes), |figure| {
        let mut top = TOP;
        for (i, strip) in strips.iter().enumerate() {
            let mut time = Axis::linear_times("time", levels.span.0, levels.span.1);
            if i + 1 < strips.len() {
                // One axis for all: its numbers stand below the last.
                time.title.clear();
                time.ticks.iter_mut().for_each(|tick| tick.1.clear());
            }
            let mut y = match strip.times {
                true => Axis::linear_times(&strip.title, 0.0, strip.lines.high),
                false => Axis::linear(&strip.title, 0.0, strip.lines.high),
            };
            // A low panel has room for few numbers.
            while y.ticks.len() as i32 * LEAST_STEP > strip.height {
                let mut keep = false;
                y.ticks.retain(|_| {
                    keep = !keep;
                    keep
                });
            }
            strip.lines.draw(&figure.panel((top, top + strip.height), time, y));
            top += strip.height + BETWEEN;
        }
    }))
}

/// The panels, and what is to be said of them.
fn strips(study: &Study, levels: &QueueLevels<'_>, most: usize) -> (Vec<TimePanel>, Vec<String>) {
    let several = study.scenario.queues.len() > 1;
    let (mut strips, mut notes) = (Vec::new(), Vec::new());
    let planned = match Planned::until(&study.scenario, levels.span) {
        Ok(planned) => Some(planned),
        Err(why) => {
            notes.push(why.to_string());
            None
        }
    };
    if let Some(planned) = &planned {
        let line = Line {
            label: if planned.certain { "planned" } else { "mean" }.into(),
            color: INK,
            pen: Pen::Solid(14),
            points: planned.rate.clone(),
            band: Vec::new(),
        };
        let whose = if study.scenario.producers.len() > 1 { " of all producers" } else { "" };
        let title = format!("arrivals{whose}, messages/s");
        strips.push(TimePanel { height: 84, title, times: false, lines: Lines::new(vec![line], 1e-9) });
    }
    let of = |value: &dyn Fn(&Moment) -> Option<f64>| paths(study, levels, most, value);
    let servers = of(&|m| m.servers);
    if !servers.is_empty() {
        let title = if several { format!("{}: servers", levels.queue) } else { "servers".into() };
        strips.push(TimePanel { height: 84, title, times: false, lines: Lines::new(servers, 1.0) });
    }
    let title = levels.axis_title(several);
    strips.push(TimePanel { height: 170, title, times: false, lines: levels.lines.clone() });
    let mut lag = of(&|m| m.oldest);
    if let Some(planned) =
        planned.filter(|planned| lag.is_empty() && planned.certain && is_one_line(&study.scenario))
    {
        lag = reckoned(levels, &planned);
        notes.push(
            "lag: reckoned from the backlog and the planned arrivals, first in, first out; rough where few wait".into(),
        );
    }
    match lag.is_empty() {
        false => {
            let title = "lag: how long the oldest has waited".to_string();
            strips.push(TimePanel { height: 110, title, times: true, lines: Lines::new(lag, 1e-9) });
        }
        true => notes.push(format!(
            "the lag is not known here: an objective on queues.{}.age makes the simulation watch it",
            levels.queue
        )),
    }
    (strips, notes)
}

/// A line for each method whose backlog is drawn as it went and that knows another figure of each moment.
fn paths(
    study: &Study,
    levels: &QueueLevels<'_>,
    most: usize,
    value: &dyn Fn(&Moment) -> Option<f64>,
) -> Vec<Line> {
    let drawn = |method: Method| levels.lines.lines.iter().any(|line| path_of(&line.label) == Some(method));
    let line = |answer: &crate::answer::Answer| {
        let moments = answer.timelines.get(levels.queue).filter(|_| drawn(answer.method))?;
        let points: Vec<(f64, f64)> = moments.iter().filter_map(|m| Some((m.at, value(m)?))).collect();
        let together = points.len().div_ceil(most).max(1);
        let mean = |chunk: &[(f64, f64)]| {
            let over =
                |of: &dyn Fn(&(f64, f64)) -> f64| chunk.iter().map(of).sum::<f64>() / chunk.len() as f64;
            (over(&|p| p.0), over(&|p| p.1))
        };
        (!points.is_empty()).then(|| Line {
            label: answer.method.name().into(),
            color: theme::color(answer.method),
            pen: pen(answer.method),
            points: points.chunks(together).map(mean).collect(),
            band: Vec::new(),
        })
    };
    study.answers.iter().filter_map(line).collect()
}

/// Whether whoever waits longest is always the next to be served, and nobody is lost or comes back: then a
/// backlog and the arrivals say how old the oldest is.
fn is_one_line(scenario: &Scenario) -> bool {
    let known = [Feature::Backlog, Feature::ArrivalBatches, Feature::Autoscaling, Feature::CountTimetable];
    scenario.queues.len() == 1
        && scenario.producers.iter().all(|producer| producer.send_time.is_zero())
        && scenario.uses().iter().all(|used| known.contains(&used.feature))
}

/// The lag of each method's backlog.
fn reckoned(levels: &QueueLevels<'_>, planned: &Planned) -> Vec<Line> {
    let paths = levels.lines.lines.iter().filter(|line| path_of(&line.label).is_some());
    let of = |line: &Line| Line {
        points: line.points.iter().map(|&(at, waiting)| (at, planned.lag(at, waiting))).collect(),
        band: Vec::new(),
        ..line.clone()
    };
    paths.map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;
    use crate::scenario::{Arrivals, Step};

    fn rush() -> Study {
        let mut study = fixtures::bare();
        let steps = vec![Step { lasts: 4.0, rate: 900.0 }, Step { lasts: 2.0, rate: 2000.0 }];
        study.scenario.producers[0].arrivals = Arrivals::Schedule { steps, repeat: false, ramp: false };
        study.answers.push(fixtures::answer(Method::Simulation, 1.0));
        study
    }

    /// The words that a picture has.
    fn words(svg: &str) -> Vec<&str> {
        svg.split("</text>").filter_map(|part| part.rsplit_once('>').map(|(_, text)| text)).collect()
    }

    #[test]
    fn arrivals_servers_backlog_and_lag_stand_on_one_axis() {
        let mut study = rush();
        let moments = study.answers[0].timelines.get_mut("orders").expect("levels");
        moments.iter_mut().for_each(|m| m.servers = Some(if m.at < 5.0 { 4.0 } else { 6.0 }));
        for frame in [Frame::Alone, Frame::Page, Frame::Phone] {
            let svg = draw(&study, frame).expect("a rush");
            let all = words(&svg);
            for title in ["arrivals, messages/s", "servers", "messages waiting", "time, s", "planned"] {
                assert!(all.contains(&title), "{title}: {all:?}");
            }
            assert!(all.iter().any(|text| text.starts_with("lag: how long")), "{all:?}");
            assert_eq!(all.iter().filter(|text| **text == "time, s").count(), 1);
            assert!(!svg.contains("NaN") && !svg.contains("inf"));
        }
        assert!(replaces_lengths(&study));
    }

    #[test]
    fn a_lag_is_told_where_it_is_known_and_not_guessed() {
        let mut study = rush();
        study.scenario.queues[0].max_length = Some(3);
        let svg = draw(&study, Frame::Alone).expect("a rush");
        assert!(svg.contains("the lag is not known here"), "{svg}");
        let moments = study.answers[0].timelines.get_mut("orders").expect("levels");
        moments.iter_mut().for_each(|m| m.oldest = Some(0.5));
        let svg = draw(&study, Frame::Alone).expect("a rush");
        assert!(svg.contains("lag: how long the oldest has waited") && !svg.contains("reckoned"), "{svg}");
    }

    #[test]
    fn where_nothing_changes_there_is_no_such_plot() {
        assert!(draw(&fixtures::five_methods(), Frame::Alone).is_none());
        assert!(!replaces_lengths(&fixtures::five_methods()));
    }
}
