//! A drawing of a scenario: producers, topics, queues and consumers as boxes, each with what it does, and
//! arrows for where messages go. How full a queue's servers are is the colour of their box, and a figure in
//! it; what is lost leaves by an arrow of its own.

mod layout;

use super::escape::escape;
use super::text::width_of;
use crate::answer::Answer;
use crate::scenario::{Destination, Scenario, Servers};
use crate::study::best;
use crate::units::{plain, significant};
use std::fmt::Write;

const BOX_WIDTH: f64 = 168.0;
const BOX_HEIGHT: f64 = 46.0;
const COLUMN: f64 = 205.0;
const ROW: f64 = 74.0;
const MARGIN: f64 = 14.0;
/// Bold letters of 13 pixels that a box has room for, in a wide font; of Chinese ones half as many.
const NAME: usize = 16;
/// More boxes are no drawing any more.
const MOST_BOXES: usize = 120;

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BoxKind {
    Producer,
    Topic,
    Queue,
    Consumer,
}

/// One box.
struct FlowBox {
    kind: BoxKind,
    name: String,
    /// What it does, in a few words.
    says: String,
    /// The share of its servers' time that is taken, if it has any.
    load: Option<f64>,
    /// What is lost there, in words.
    lost: Option<String>,
}

/// One arrow.
struct Arrow {
    from: usize,
    to: usize,
    says: String,
    /// Whether only what failed or expired goes there.
    dead: bool,
}

/// The drawing; `None` of what has too many boxes to be seen.
pub(super) fn draw(scenario: &Scenario, answers: &[Answer]) -> Option<String> {
    let boxes = boxes(scenario, answers);
    if boxes.len() > MOST_BOXES {
        return None;
    }
    let arrows = arrows(scenario);
    let pairs: Vec<(usize, usize)> = arrows.iter().map(|arrow| (arrow.from, arrow.to)).collect();
    let places = layout::places(boxes.len(), &pairs);
    let columns = places.iter().map(|place| place.0 + 1).max().unwrap_or(1);
    let in_column = |column: usize| places.iter().filter(|place| place.0 == column).count();
    let rows = (0..columns).map(in_column).max().unwrap_or(1);
    let (width, height) =
        (2.0 * MARGIN + COLUMN * (columns - 1) as f64 + BOX_WIDTH, 2.0 * MARGIN + ROW * rows as f64);
    let corner = |node: usize| {
        let (column, row) = places[node];
        let top = MARGIN + ROW * ((rows - in_column(column)) as f64 / 2.0 + row as f64);
        (MARGIN + COLUMN * column as f64, top)
    };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"flow\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n<title>How messages flow</title>\n\
         <desc>{}</desc>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
        escape(&description(&boxes, &arrows))
    );
    arrows.iter().for_each(|arrow| draw_arrow(&mut out, arrow, corner(arrow.from), corner(arrow.to)));
    boxes.iter().enumerate().for_each(|(i, one)| draw_box(&mut out, one, corner(i)));
    Some(out + "</svg>\n")
}

/// In the order of [`index`].
fn boxes(scenario: &Scenario, answers: &[Answer]) -> Vec<FlowBox> {
    let figure = |path: String| best(answers, &path).and_then(|(_, estimate)| estimate.value);
    let rate = |rate: f64| format!("{}/s", plain(rate, 4));
    let percent = |share: f64| format!("{} %", significant(share * 100.0, 3));
    let producers = scenario.producers.iter().map(|p| FlowBox {
        kind: BoxKind::Producer,
        name: p.name.clone(),
        says: if p.is_closed() { "waits for its answers".into() } else { rate(p.rate) },
        load: None,
        lost: None,
    });
    let topics = scenario.topics.iter().map(|topic| FlowBox {
        kind: BoxKind::Topic,
        name: topic.name.clone(),
        says: "topic".into(),
        load: None,
        lost: None,
    });
    let queues = scenario.queues.iter().map(|queue| {
        let waiting = figure(format!("queues.{}.queue_length.mean", queue.name))
            .map(|length| format!("{} wait", plain(length, 3)));
        let longest = || {
            figure(format!("queues.{}.queue_length.max", queue.name))
                .map(|length| format!("up to {} wait", plain(length, 3)))
        };
        let lost = figure(format!("queues.{}.loss", queue.name)).filter(|loss| *loss > 0.0);
        FlowBox {
            kind: BoxKind::Queue,
            name: queue.name.clone(),
            says: waiting.or_else(longest).unwrap_or_else(|| "queue".into()),
            load: None,
            lost: lost.map(|loss| format!("{} lost", percent(loss))),
        }
    });
    let consumers = scenario.consumers.iter().map(|group| {
        let servers = match group.count {
            _ if group.autoscale.is_some() || !group.shifts.is_empty() => "by need".into(),
            Servers::Count(1) => "1 server".into(),
            Servers::Count(count) => format!("{count} servers"),
            Servers::Unlimited => "no limit".into(),
        };
        let load = figure(format!("consumers.{}.utilization", group.name))
            .or_else(|| figure(format!("queues.{}.utilization", scenario.queues[group.from].name)));
        let busy = load.map_or(String::new(), |load| format!(", {} busy", percent(load)));
        FlowBox {
            kind: BoxKind::Consumer,
            name: group.name.clone(),
            says: format!("{servers}{busy}"),
            load,
            lost: None,
        }
    });
    producers.chain(topics).chain(queues).chain(consumers).collect()
}

/// Where a box is in the list.
fn index(scenario: &Scenario, kind: BoxKind, at: usize) -> usize {
    let (producers, topics) = (scenario.producers.len(), scenario.topics.len());
    match kind {
        BoxKind::Producer => at,
        BoxKind::Topic => producers + at,
        BoxKind::Queue => producers + topics + at,
        BoxKind::Consumer => producers + topics + scenario.queues.len() + at,
    }
}

fn arrows(scenario: &Scenario) -> Vec<Arrow> {
    let of = |kind, at| index(scenario, kind, at);
    let target = |to: Destination| match to {
        Destination::Queue(queue) => of(BoxKind::Queue, queue),
        Destination::Topic(topic) => of(BoxKind::Topic, topic),
    };
    let plain_arrow = |from, to| Arrow { from, to, says: String::new(), dead: false };
    let mut out: Vec<Arrow> = Vec::new();
    out.extend(
        scenario
            .producers
            .iter()
            .enumerate()
            .map(|(i, p)| plain_arrow(of(BoxKind::Producer, i), target(p.to))),
    );
    for (i, topic) in scenario.topics.iter().enumerate() {
        let to = topic.subscriptions.iter().map(|queue| of(BoxKind::Queue, *queue));
        out.extend(to.map(|to| plain_arrow(of(BoxKind::Topic, i), to)));
    }
    for (i, group) in scenario.consumers.iter().enumerate() {
        let group_box = of(BoxKind::Consumer, i);
        out.extend(group.queues().map(|queue| plain_arrow(of(BoxKind::Queue, queue), group_box)));
        out.extend(group.to.iter().map(|route| {
            let says = match route.probability {
                1.0 => String::new(),
                share => format!("{} %", plain(share * 100.0, 3)),
            };
            Arrow { says, ..plain_arrow(group_box, target(route.to)) }
        }));
    }
    out.extend(scenario.queues.iter().enumerate().filter_map(|(i, queue)| {
        let to = of(BoxKind::Queue, queue.dead_letter?);
        Some(Arrow { dead: true, says: "dead".into(), ..plain_arrow(of(BoxKind::Queue, i), to) })
    }));
    out
}

fn draw_arrow(out: &mut String, arrow: &Arrow, from: (f64, f64), to: (f64, f64)) {
    let start = (from.0 + BOX_WIDTH, from.1 + BOX_HEIGHT / 2.0);
    let end = (to.0, to.1 + BOX_HEIGHT / 2.0);
    let class = if arrow.dead { "arrow dead" } else { "arrow" };
    let path = if end.0 > start.0 {
        let middle = (start.0 + end.0) / 2.0;
        format!("M{} {}C{middle} {} {middle} {} {} {}", start.0, start.1, start.1, end.1, end.0 - 1.0, end.1)
    } else {
        // Back to where messages have been: below the boxes.
        let low = start.1.max(end.1) + ROW * 0.55;
        format!(
            "M{} {}C{} {low} {} {low} {} {}",
            start.0,
            start.1,
            start.0 + 40.0,
            end.0 - 40.0,
            end.0 - 1.0,
            end.1
        )
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<path class=\"{class}\" d=\"{path}\" marker-end=\"url(#tip)\"/>");
    if !arrow.says.is_empty() {
        let (x, y) = ((start.0 + end.0) / 2.0, (start.1 + end.1) / 2.0 - 5.0);
        let _ = writeln!(
            out,
            "<text class=\"small\" x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"middle\">{}</text>",
            escape(&arrow.says)
        );
    }
}

fn draw_box(out: &mut String, one: &FlowBox, (x, y): (f64, f64)) {
    let class = match (one.kind, one.load) {
        (BoxKind::Consumer, Some(load)) if load >= 0.95 => "full",
        (BoxKind::Consumer, Some(load)) if load >= 0.8 => "high",
        (BoxKind::Consumer, Some(_)) => "low",
        (BoxKind::Producer | BoxKind::Consumer, _) => "plain",
        (BoxKind::Queue | BoxKind::Topic, _) => "queue",
    };
    let round = if one.kind == BoxKind::Queue { 4 } else { 12 };
    let name: Vec<char> = one.name.chars().collect();
    let room = if width_of(&one.name) > name.len() { NAME / 2 } else { NAME };
    let half = (room - 1) / 2;
    let name: String = if name.len() <= room {
        one.name.clone()
    } else {
        // Names differ at their ends as often as at their beginnings.
        name[..half].iter().chain(&['…']).chain(&name[name.len() - half..]).collect()
    };
    let _ = writeln!(
        out,
        "<g><title>{}</title><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" \
         height=\"{BOX_HEIGHT}\" rx=\"{round}\"/>\
         <text x=\"{tx}\" y=\"{}\" class=\"name\">{}</text><text x=\"{tx}\" y=\"{}\" class=\"small\">{}</text></g>",
        escape(&one.name),
        y + 19.0,
        escape(&name),
        y + 36.0,
        escape(&one.says),
        tx = x + 10.0
    );
    if let Some(lost) = &one.lost {
        let (middle, bottom) = (x + 24.0, y + BOX_HEIGHT);
        let _ = writeln!(
            out,
            "<path class=\"arrow lost\" d=\"M{middle} {bottom}v16\" marker-end=\"url(#tip)\"/>\
             <text class=\"small lost\" x=\"{}\" y=\"{}\">{}</text>",
            middle + 8.0,
            bottom + 14.0,
            escape(lost)
        );
    }
}

/// The same in words, for those who do not see it.
fn description(boxes: &[FlowBox], arrows: &[Arrow]) -> String {
    let way = |arrow: &Arrow| format!("{} to {}", boxes[arrow.from].name, boxes[arrow.to].name);
    let says = boxes.iter().map(|one| format!("{}: {}", one.name, one.says));
    says.chain(arrows.iter().map(way)).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn every_place_has_a_box_and_every_way_an_arrow() {
        let study = fixtures::network();
        let svg = draw(&study.scenario, &study.answers).expect("few boxes");
        let places =
            study.scenario.producers.len() + study.scenario.queues.len() + study.scenario.consumers.len();
        assert_eq!(svg.matches("<rect").count(), places);
        assert!(svg.contains("busy") && svg.contains(">orders</text>") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn too_many_boxes_are_not_drawn() {
        let mut scenario = fixtures::bare().scenario;
        let producer = scenario.producers[0].clone();
        scenario.producers = vec![producer; MOST_BOXES];
        assert!(draw(&scenario, &[]).is_none());
    }
}
