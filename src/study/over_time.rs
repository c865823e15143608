//! How slow messages are by when they are due, where something changes with time: for a plot, of one
//! replication that is played once more for it.

use super::clock;
use super::play::Play;
use super::stopping::planned;
use super::transient::{self, horizon};
use super::watch::Watch;
use super::window::cut_short;
use crate::answer::LatencyMap;
use crate::scenario::{Arrivals, Consumer, Length, Scenario};
use crate::sim::Engine;
use crate::stats::LatencyCells;
use crate::units::nanos;

/// The most messages of a stretch of time; longer ones have no such plot.
const MOST_OF_A_STRETCH: f64 = 2e7;
/// Of what goes on and on, so many messages from its start.
const MOST: u64 = 1_000_000;
/// Parts after each of which it is looked whether to stop.
const PARTS: u64 = 64;

/// Whether something changes with time: a timetable, recorded arrivals, a backlog at the start, or servers
/// that come and go.
pub(crate) fn changes_over_time(scenario: &Scenario) -> bool {
    let arrives = |p: &crate::scenario::Producer| {
        matches!(&p.arrivals, Arrivals::Schedule { .. } | Arrivals::Trace { .. })
    };
    let serves = |c: &Consumer| c.autoscale.is_some() || !c.shifts.is_empty() || c.outages.is_some();
    let waits = scenario.queues.iter().any(|queue| queue.initial_backlog > 0);
    waits || scenario.producers.iter().any(arrives) || scenario.consumers.iter().any(serves)
}

/// The first replication, played once more; `None` where nothing changes, where it cannot be played or would
/// take too long, or is interrupted.
pub(super) fn simulated(scenario: &Scenario, watch: &dyn Watch) -> Option<LatencyMap> {
    if !changes_over_time(scenario) || clock::beyond(scenario).is_some() {
        return None;
    }
    let stretch = transient::applies(scenario) || scenario.is_of_the_start() || cut_short(scenario).is_some();
    if stretch { stretch_of_time(scenario, watch) } else { first_messages(scenario, watch) }
}

/// Of a scenario with a beginning and an end: all of it.
fn stretch_of_time(scenario: &Scenario, watch: &dyn Watch) -> Option<LatencyMap> {
    let horizon = horizon(scenario).ok()?;
    let play = Play::by_events(scenario).ok()?;
    let end = nanos(horizon).filter(|_| play.rate * horizon <= MOST_OF_A_STRETCH)?;
    let mut network = play.network(0, None).ok()?;
    let mut cells = LatencyCells::default();
    for part in 1..=PARTS {
        if watch.stopped() {
            return None;
        }
        network.advance_before((u128::from(end) * u128::from(part) / u128::from(PARTS)) as u64, &mut cells);
    }
    cells.ends(end);
    network.settle(&mut cells);
    cells.map()
}

/// Of one in a steady state: its first messages, from an empty system.
fn first_messages(scenario: &Scenario, watch: &dyn Watch) -> Option<LatencyMap> {
    let play = Play::new(scenario).ok()?;
    let messages = match scenario.simulation.length {
        Length::Messages(n) => n,
        Length::Auto => planned(scenario),
        Length::Duration(s) => (play.rate * s).ceil() as u64,
    };
    let messages = messages.min(MOST);
    let mut engine = play.start(0);
    let mut cells = LatencyCells::default();
    let mut left = messages;
    while left > 0 {
        if watch.stopped() {
            return None;
        }
        let played = engine.advance(left.min(messages.div_ceil(PARTS)), &mut cells);
        if played == 0 {
            break;
        }
        left -= played;
    }
    // The last of them comes at that very instant.
    cells.ends(engine.totals().at + 1);
    engine.settle(&mut cells);
    cells.map()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, Source, parse};
    use crate::study::watch::NoProgress;

    fn scenario(text: &str) -> Scenario {
        parse(&Source::new("test.toml", text), &NoFiles).expect("it is right").scenario
    }

    /// A rush that a server falls behind by a fifth: the last of its 10 s finds 2 s of work before it.
    #[test]
    fn who_is_due_at_the_end_of_a_rush_waits_longest() {
        let scenario = scenario(
            r#"
            producers.web = { to = "jobs", arrivals = { process = "schedule", steps = [
                { for = "10s", rate = "500/s" }, { for = "10s", rate = "1200/s" }, { for = "20s", rate = "500/s" },
            ] } }
            queues.jobs = {}
            consumers.worker = { from = "jobs", count = 1, service_time = "1ms" }
            "#,
        );
        let map = simulated(&scenario, &NoProgress).expect("a timetable");
        assert!((map.end - 40.0).abs() < 1e-9, "{}", map.end);
        let median = |at: f64| map.quantile((at / map.width) as usize, 0.5).expect("many");
        assert!(median(5.0) < 0.01 && median(35.0) < 0.01);
        // About 2 s, less half a column; the plan's luck is a few hundredths of that.
        let worst = median(19.9);
        assert!((1.5..2.3).contains(&worst), "{worst}");
        // All that were due are there.
        let total: u64 = map.columns.iter().flatten().sum();
        assert!((26_000..28_000).contains(&total), "{total}");
    }

    #[test]
    fn what_goes_on_alike_has_no_such_map() {
        let text = |outages: &str| {
            format!(
                "producers.web = {{ to = \"jobs\", rate = \"100/s\" }}\nqueues.jobs = {{}}\n\
                 consumers.worker = {{ from = \"jobs\", count = 2, service_time = \"10ms\"{outages} }}\n\
                 simulation = {{ messages = 10_000 }}"
            )
        };
        assert_eq!(simulated(&scenario(&text("")), &NoProgress), None);
        let down = text(", outages = { up = \"5s\", down = \"1s\" }");
        let map = simulated(&scenario(&down), &NoProgress).expect("outages");
        assert_eq!(map.columns.iter().flatten().sum::<u64>(), 10_000);
    }
}
