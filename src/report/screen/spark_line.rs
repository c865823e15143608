//! A curve in one line of text: bars of eight heights, or signs of ASCII that grow denser.

use crate::answer::{Distribution, Method, Moment};
use crate::report::text::{distinct, width_of};
use crate::study::Study;
use crate::units::{Time, plain};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const PLAIN_BARS: [char; 8] = ['.', ':', '-', '=', '+', '*', '#', '@'];
/// The share of the messages beyond the end of a histogram.
const TAIL: f64 = 0.005;

/// The histogram of the latency and the backlog over time, each a line: as far as they are known, and at most
/// so wide.
pub(super) fn spark_lines(study: &Study, width: usize, ascii: bool) -> Vec<String> {
    let line = |name: &str, heights: &dyn Fn(usize) -> Option<(Vec<f64>, String)>| {
        let beside = |legend: usize| width.saturating_sub(name.len() + 4 + legend).clamp(8, MOST_BARS);
        let mut shown = heights(beside(LEGEND))?;
        // In ASCII the sign of what is cut is two columns wider.
        let legend = width_of(&shown.1) + if shown.1.contains('…') { 2 } else { 0 };
        if legend > LEGEND {
            shown = heights(beside(legend))?;
        }
        let (heights, legend) = shown;
        Some(format!("{name}  {}  {legend}", bars(&heights, ascii)))
    };
    let latency = line("latency", &|room| histogram(study, room));
    let backlog = line("backlog", &|room| backlog(study, room));
    latency.into_iter().chain(backlog).collect()
}

/// Room for what the line shows, in words; more is taken where it needs more.
const LEGEND: usize = 34;
/// Columns of a queue's name.
const MOST_OF_A_NAME: usize = 18;
const MOST_BARS: usize = 48;

/// A bar for each height, of the tallest one; what is nothing has none.
fn bars(heights: &[f64], ascii: bool) -> String {
    let signs = if ascii { PLAIN_BARS } else { BARS };
    let most = heights.iter().copied().fold(0.0, f64::max);
    let sign = |height: &f64| {
        let step = (height / most * signs.len() as f64).ceil() as usize;
        if step == 0 { ' ' } else { signs[step.min(signs.len()) - 1] }
    };
    heights.iter().map(sign).collect()
}

/// Shares of messages by their latency, from none to that which few exceed.
fn histogram(study: &Study, room: usize) -> Option<(Vec<f64>, String)> {
    let methods = [Method::Simulation, Method::Measurement, Method::Theory];
    let (method, law) =
        methods.iter().find_map(|method| Some((*method, study.answer(*method)?.latency.as_ref()?)))?;
    let most = law.quantile(1.0 - TAIL).filter(|most| *most > 0.0 && most.is_finite())?;
    let step = most / room as f64;
    let below = |at: f64| match law {
        Distribution::Histogram(counted) => counted.quantile_below((at * 1e9) as u64),
        Distribution::Quantiles(points) => {
            let next = points.partition_point(|point| point.1 <= at);
            let (Some(before), Some(after)) = (points.get(next.saturating_sub(1)), points.get(next)) else {
                return 1.0;
            };
            // Straight between two points, and none below the first.
            let share =
                if next > 0 && after.1.is_finite() { (at - before.1) / (after.1 - before.1) } else { 0.0 };
            if next == 0 { 0.0 } else { before.0 + (after.0 - before.0) * share }
        }
    };
    let ends: Vec<f64> = (0..=room).map(|i| if i == 0 { 0.0 } else { below(step * i as f64) }).collect();
    let heights = ends.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).collect();
    Some((heights, format!("0 to {} (p99.5, {})", Time(most), method.name())))
}

/// The backlog of the queue in which most wait, over time.
fn backlog(study: &Study, room: usize) -> Option<(Vec<f64>, String)> {
    let answer = [Method::Simulation, Method::Measurement].iter().find_map(|method| study.answer(*method))?;
    let peak = |moments: &[Moment]| moments.iter().map(|m| m.waiting).fold(0.0, f64::max);
    let (queue, moments) = answer.timelines.iter().max_by(|a, b| peak(a.1).total_cmp(&peak(b.1)))?;
    let (first, last) = (moments.first()?.at, moments.last()?.at);
    let most = peak(moments);
    if !(last > first && most > 0.0) {
        return None;
    }
    // The highest level in each stretch: a peak must not fall between two looks. Where none was, the one
    // before.
    let mut heights = vec![None::<f64>; room];
    for moment in moments {
        let at = ((moment.at - first) / (last - first) * room as f64) as usize;
        let height = &mut heights[at.min(room - 1)];
        *height = Some(height.map_or(moment.waiting, |there| there.max(moment.waiting)));
    }
    let filled = heights.into_iter().scan(0.0, |before, height| {
        *before = height.unwrap_or(*before);
        Some(*before)
    });
    let heights = filled.collect();
    let name = distinct(std::slice::from_ref(queue), MOST_OF_A_NAME, "…").concat();
    let whose = if study.scenario.queues.len() > 1 { format!(" in `{name}`") } else { String::new() };
    Some((heights, format!("up to {}{whose} in {}", plain(most, 3), Time(last - first))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    #[test]
    fn the_tallest_is_full_and_nothing_is_blank() {
        assert_eq!(bars(&[0.0, 1.0, 4.0, 8.0], false), " ▁▄█");
        assert_eq!(bars(&[0.0, 1.0, 4.0, 8.0], true), " .=@");
    }

    #[test]
    fn lines_keep_to_the_width() {
        for width in [60, 80, 200] {
            for line in spark_lines(&fixtures::five_methods(), width, true) {
                assert!(line.chars().count() <= width && line.is_ascii(), "{line}");
            }
        }
    }
}
