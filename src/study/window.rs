//! Which part of a simulated run counts: messages, a stated time, whole cycles of what repeats, or arrivals
//! until they end.

use super::play::Play;
use super::stopping;
use crate::answer::Reason;
use crate::scenario::{Arrivals, Length, Period, Producer, Scenario, Warmup};
use crate::theory::loads;
use crate::units::{Time, plain};

/// A run of so many cycles or more covers all of their phases, wherever it begins and ends.
const MANY: f64 = 1000.0;
/// All replications together cover so many cycles at least.
const COVERED: f64 = 10.0;
/// Each covers as many by itself where all of them are no more than so many messages.
const CHEAP: f64 = 2e7;
/// Messages of all replications that are not asked for and played all the same: of a recursion, and of
/// events.
const BEARABLE: (f64, f64) = (1.5e9, 2e8);
/// The first cycles are left out until the start is forgotten, but no more of them than so many.
const MOST_LEFT_OUT: u64 = 10;
/// Of a run that is long enough to be settled, this share forgets its start.
const FORGETS: u64 = 10;
/// A stated time may miss a whole number of cycles by this much.
const WHOLE: f64 = 1e-9;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Window {
    /// So many messages after those of the warm-up, as planned.
    Messages,
    /// So many seconds after the warm-up.
    Duration(f64),
    Cycles(Cycles),
    /// Arrivals that end, until the last of them is done.
    Ended,
}

/// Whole cycles of what repeats: those that are left out at the start, and those that count.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cycles {
    pub cycle: Period,
    pub left_out: u64,
    pub counted: u64,
}

impl Window {
    /// The window of a scenario whose replications are planned to have so many messages.
    ///
    /// # Errors
    /// A single cycle would take too long, and nobody asked for it.
    pub(super) fn of(scenario: &Scenario, play: &Play<'_>, messages: u64) -> Result<Self, Reason> {
        let last = |p: &Producer| {
            if let Arrivals::Trace { instants, .. } = &p.arrivals { instants.last().copied() } else { None }
        };
        if let Some(end) = scenario.producers.iter().filter_map(last).reduce(f64::max) {
            return Ok(match scenario.simulation.length {
                Length::Duration(seconds) => Window::Duration(seconds),
                _ if scenario.producers.iter().all(|p| last(p).is_some()) => Window::Ended,
                _ if end > 0.0 => Window::Duration(end),
                _ => {
                    return Err("the trace is over at once, and the other producers never are; write \
                        [simulation] duration = \"1h\""
                        .into());
                }
            });
        }
        if let Some(cycles) = Cycles::of(scenario, play, messages)? {
            return Ok(Window::Cycles(cycles));
        }
        Ok(match scenario.simulation.length {
            Length::Duration(seconds) => Window::Duration(seconds),
            _ => Window::Messages,
        })
    }

    /// From when to when it is, in seconds, where that is known: `left_out` are messages of the warm-up.
    pub(super) fn seconds(&self, scenario: &Scenario, rate: f64, left_out: u64) -> Option<(f64, f64)> {
        let warmup = match scenario.simulation.warmup {
            Warmup::Duration(seconds) => seconds,
            _ if left_out == 0 => 0.0,
            _ => left_out as f64 / rate,
        };
        match self {
            Window::Messages | Window::Ended => None,
            Window::Duration(seconds) => Some((warmup, warmup + seconds)),
            Window::Cycles(c) => {
                let from = c.left_out as f64 * c.cycle.lasts;
                Some((from, from + c.counted as f64 * c.cycle.lasts))
            }
        }
    }
}

/// What repeats and takes longer than the time that was asked for, if anything does.
pub(super) fn cut_short(scenario: &Scenario) -> Option<Period> {
    let Length::Duration(seconds) = scenario.simulation.length else { return None };
    scenario.cycle().filter(|cycle| seconds < cycle.lasts * (1.0 - WHOLE))
}

impl Cycles {
    /// The cycles that a scenario is to cover; `None` where nothing repeats, or so often that its phase does
    /// not matter.
    fn of(scenario: &Scenario, play: &Play<'_>, messages: u64) -> Result<Option<Self>, Reason> {
        let Some(cycle) = scenario.cycle() else { return Ok(None) };
        let each = play.rate * cycle.lasts;
        let asked = match scenario.simulation.length {
            Length::Duration(seconds) => seconds / cycle.lasts,
            _ => messages as f64 / each,
        };
        // Replications without chance are all alike: their intervals say nothing of where a run ends.
        let anywhere = asked >= MANY && (scenario.has_chance() || scenario.periods().len() < 2);
        if asked.is_nan() || anywhere || cut_short(scenario).is_some() {
            return Ok(None);
        }
        let left_out = left_out(scenario, &cycle, each);
        let counted = match scenario.simulation.length {
            Length::Duration(_) if asked >= COVERED => asked.round(),
            Length::Duration(_) => (asked * (1.0 - WHOLE)).ceil(),
            _ => whole(scenario, each, asked),
        };
        let replications = f64::from(scenario.simulation.replications);
        let all = replications * (left_out as f64 + counted) * each;
        let bearable = if play.is_by_events() { BEARABLE.1 } else { BEARABLE.0 };
        if asked < 1.0 && !matches!(scenario.simulation.length, Length::Duration(_)) && all > bearable {
            let (what, lasts, planned) = (&cycle.what, Time(cycle.lasts), Time(messages as f64 / play.rate));
            return Err(format!(
                "{what} takes {lasts} to come round, and a run of {} messages covers {planned} of it: what \
                    it gives would not be figures \
                 of the steady state; {} messages cover whole cycles, and [simulation] duration = \"{}s\" \
                 plays them",
                plain(messages as f64, 9),
                plain(all, 3),
                plain(counted * cycle.lasts, 12)
            )
            .into());
        }
        Ok(Some(Cycles { cycle, left_out, counted: counted as u64 }))
    }

    /// `10 cycles of 24.0 h`.
    pub(super) fn told(&self) -> String {
        let cycles = if self.counted == 1 { "cycle" } else { "cycles" };
        format!("{} {cycles} of {}", self.counted, Time(self.cycle.lasts))
    }
}

/// The whole cycles of a replication that is planned to cover so many, each of so many messages.
fn whole(scenario: &Scenario, each: f64, planned: f64) -> f64 {
    let replications = f64::from(scenario.simulation.replications);
    let least =
        if replications * COVERED * each <= CHEAP { COVERED } else { (COVERED / replications).ceil() };
    planned.ceil().max(least)
}

/// The whole cycles that so many planned messages become; `None` where nothing repeats, or so often that it
/// does not matter.
pub(super) fn cycles(scenario: &Scenario, messages: u64) -> Option<u64> {
    let each = scenario.producers.iter().map(Producer::played_rate).sum::<f64>() * scenario.cycle()?.lasts;
    let planned = messages as f64 / each;
    (planned < MANY).then(|| whole(scenario, each, planned) as u64)
}

/// How many whole cycles the warm-up takes.
fn left_out(scenario: &Scenario, cycle: &Period, each: f64) -> u64 {
    let stated = match scenario.simulation.warmup {
        Warmup::Messages(n) => (n as f64 / each).ceil() as u64,
        Warmup::Duration(seconds) => (seconds / cycle.lasts * (1.0 - WHOLE)).ceil() as u64,
        Warmup::Auto => {
            let busiest = loads(scenario).iter().filter_map(|load| load.at_least).fold(0.0, f64::max);
            let forgotten =
                stopping::settled(scenario, busiest).map_or(f64::INFINITY, |n| (n / FORGETS) as f64);
            ((forgotten / each).ceil() as u64).clamp(1, MOST_LEFT_OUT)
        }
    };
    // Until its first send a producer's cycle is another one.
    stated.max(u64::from(cycle.after_a_gap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, Source, parse};

    /// 84/s on average over a day.
    fn window(simulation: &str) -> Result<Window, Reason> {
        let text = format!(
            "producers.p = {{ to = \"q\", arrivals = {{ process = \"schedule\", repeat = true, steps = [\
             {{ for = \"12h\", rate = \"4/s\" }}, {{ for = \"12h\", rate = \"16/s\" }}] \
             }} }}\nqueues.q = {{}}\n\
             consumers.c = {{ from = \"q\", count = 2, service_time = \"exponential(100ms)\" }}\nsimulation \
             = {{ {simulation} }}\n"
        );
        let scenario = parse(&Source::new("days", &text), &NoFiles).expect("it is right").scenario;
        let play = Play::new(&scenario).expect("it is played");
        let messages = if let Length::Messages(n) = scenario.simulation.length { n } else { 0 };
        Window::of(&scenario, &play, messages)
    }

    fn cycles(simulation: &str) -> (u64, u64) {
        match window(simulation) {
            Ok(Window::Cycles(c)) => (c.left_out, c.counted),
            other => panic!("{simulation}: {other:?}"),
        }
    }

    #[test]
    fn runs_are_of_whole_cycles() {
        // A day has 864,000 messages.
        assert_eq!(cycles(""), (1, 2));
        assert_eq!(cycles("messages = 20_000"), (1, 1));
        assert_eq!(cycles("messages = 20_000, replications = 2"), (1, 10));
        assert_eq!(cycles("messages = 20_000, replications = 4"), (1, 3));
        assert_eq!(cycles("duration = \"36h\""), (1, 2));
        assert_eq!(cycles("duration = \"10d\", warmup = \"30h\""), (2, 10));
        assert_eq!(cycles("duration = \"10d\", warmup = 0"), (0, 10));
        assert_eq!(window("duration = \"8h\""), Ok(Window::Duration(28_800.0)));
        assert_eq!(window("messages = 1_000_000_000"), Ok(Window::Messages));
    }

    #[test]
    fn what_would_take_too_long_is_refused_by_name() {
        let why = window("messages = 1000, replications = 1000").expect_err("1.7 thousand million messages");
        let why = why.to_string();
        assert!(
            why.contains("the timetable of `p` takes 24.0 h to come round") && why.contains("duration"),
            "{why}"
        );
    }
}
