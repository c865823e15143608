//! How many messages a second are to come, over time, as the scenario says.

use crate::scenario::{Arrivals, Producer, Scenario};

/// A timetable that comes round more often in a plot is a blur.
const MOST_PERIODS: f64 = 60.0;
/// Into so many parts a trace is counted.
const BINS: usize = 90;

/// Why the rates of arrivals cannot be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum NotPlanned {
    #[error(
        "no rate of arrivals is drawn: `{producer}` waits for answers, and nothing says its rate beforehand"
    )]
    Closed { producer: String },
    #[error(
        "no rate of arrivals is drawn: the timetable of `{producer}` comes round {periods} times in what is \
         shown"
    )]
    ManyPeriods { producer: String, periods: f64 },
}

/// Rates of all producers together.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    /// Seconds and messages a second, straight between; two points at an instant are a jump.
    pub rate: Vec<(f64, f64)>,
    /// Messages until each of these points.
    sent: Vec<f64>,
    /// Whether the rate is that at each instant, not a mean over random changes.
    pub certain: bool,
}

impl Planned {
    /// The rates until an instant, in seconds, with a point where they are drawn from.
    ///
    /// # Errors
    /// They cannot be drawn.
    pub(super) fn until(scenario: &Scenario, (from, end): (f64, f64)) -> Result<Self, NotPlanned> {
        let (mut breaks, mut certain) = (vec![0.0, from, end], true);
        for producer in &scenario.producers {
            match &producer.arrivals {
                Arrivals::Closed { .. } => {
                    return Err(NotPlanned::Closed { producer: producer.name.clone() });
                }
                Arrivals::Mmpp { .. } => certain = false,
                Arrivals::Trace { .. } => breaks.extend((1..BINS).map(|i| end * i as f64 / BINS as f64)),
                arrivals => breaks.extend(instants(arrivals, &producer.name, end)?),
            }
        }
        breaks.retain(|at| (0.0..=end).contains(at));
        breaks.sort_by(f64::total_cmp);
        breaks.dedup();
        let at = |instant: f64, from: f64, to: f64| {
            scenario.producers.iter().map(|p| rate(p, instant, (from, to))).sum::<f64>()
        };
        let mut rates = Vec::with_capacity(2 * breaks.len());
        for pair in breaks.windows(2) {
            // Just inside, where a jump at either end is over.
            let inside = 1e-6 * (pair[1] - pair[0]);
            rates.push((pair[0], at(pair[0] + inside, pair[0], pair[1])));
            rates.push((pair[1], at(pair[1] - inside, pair[0], pair[1])));
        }
        let mut sent = vec![0.0];
        for pair in rates.windows(2) {
            let part = 0.5 * (pair[0].1 + pair[1].1) * (pair[1].0 - pair[0].0);
            sent.push(sent[sent.len() - 1] + part);
        }
        Ok(Planned { rate: rates, sent, certain })
    }

    /// Messages until an instant.
    fn sent(&self, at: f64) -> f64 {
        let next = self.rate.partition_point(|p| p.0 < at).clamp(1, self.rate.len() - 1);
        let (before, after) = (self.rate[next - 1], self.rate[next]);
        let width = after.0 - before.0;
        let share = if width > 0.0 { ((at - before.0) / width).clamp(0.0, 1.0) } else { 1.0 };
        let rate = before.1 + (after.1 - before.1) * share;
        self.sent[next - 1] + 0.5 * (before.1 + rate) * width * share
    }

    /// How long ago the oldest of so many waiting messages came if all before it have gone: those that were
    /// there from the start came at the start.
    pub(super) fn lag(&self, at: f64, waiting: f64) -> f64 {
        let gone = self.sent(at) - waiting;
        if waiting <= 0.0 {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, at);
        // The last instant until which no more than those had come.
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.sent(middle) <= gone { low = middle } else { high = middle }
        }
        at - low
    }
}

/// When a timetable's rate changes its course.
fn instants(arrivals: &Arrivals, producer: &str, end: f64) -> Result<Vec<f64>, NotPlanned> {
    let Arrivals::Schedule { steps, repeat, .. } = arrivals else { return Ok(Vec::new()) };
    let whole: f64 = steps.iter().map(|step| step.lasts).sum();
    if whole <= 0.0 {
        return Ok(Vec::new());
    }
    let periods = if *repeat { (end / whole).ceil() } else { 1.0 };
    if periods > MOST_PERIODS {
        return Err(NotPlanned::ManyPeriods { producer: producer.into(), periods });
    }
    let mut out = Vec::new();
    for period in 0..periods as u32 {
        let mut at = whole * f64::from(period);
        for step in steps {
            out.push(at);
            at += step.lasts;
        }
        out.push(at);
    }
    Ok(out)
}

/// Messages a second of a producer at an instant; of a trace, on average in a part of the time.
fn rate(producer: &Producer, at: f64, part: (f64, f64)) -> f64 {
    match &producer.arrivals {
        Arrivals::Schedule { steps, repeat, ramp } => {
            let whole: f64 = steps.iter().map(|step| step.lasts).sum();
            let Some(last) = steps.last() else { return 0.0 };
            let mut left = if *repeat && whole > 0.0 { at % whole } else { at };
            for (i, step) in steps.iter().enumerate() {
                if left < step.lasts {
                    let next = steps.get(i + 1).or(steps.first().filter(|_| *repeat)).unwrap_or(step).rate;
                    return match ramp {
                        true => step.rate + (next - step.rate) * left / step.lasts,
                        false => step.rate,
                    };
                }
                left -= step.lasts;
            }
            last.rate
        }
        Arrivals::Trace { instants, .. } => {
            let until = |at: f64| instants.partition_point(|i| *i < at) as f64;
            (until(part.1) - until(part.0)) / (part.1 - part.0)
        }
        _ => producer.rate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Step;
    use crate::workload::laws::Law;

    fn of(arrivals: Arrivals) -> Scenario {
        let mut scenario = Scenario::mgc(10.0, Law::exponential(0.05), 1);
        scenario.producers[0].arrivals = arrivals;
        scenario
    }

    fn table(repeat: bool, ramp: bool) -> Arrivals {
        let steps = vec![Step { lasts: 10.0, rate: 10.0 }, Step { lasts: 5.0, rate: 40.0 }];
        Arrivals::Schedule { steps, repeat, ramp }
    }

    #[test]
    fn rates_follow_the_timetable() {
        let once = Planned::until(&of(table(false, false)), (0.0, 20.0)).expect("a plan");
        assert!((once.sent(10.0) - 100.0).abs() < 1e-6 && (once.sent(15.0) - 300.0).abs() < 1e-6);
        // After its end the last rate goes on.
        assert!((once.sent(20.0) - 500.0).abs() < 1e-6, "{}", once.sent(20.0));
        let again = Planned::until(&of(table(true, false)), (0.0, 30.0)).expect("a plan");
        assert!((again.sent(25.0) - 400.0).abs() < 1e-6, "{}", again.sent(25.0));
        // From 10 to 40 in ten seconds, and back in five.
        let ramps = Planned::until(&of(table(true, true)), (0.0, 15.0)).expect("a plan");
        assert!((ramps.sent(10.0) - 250.0).abs() < 1e-2 && (ramps.sent(15.0) - 375.0).abs() < 1e-2);
        let blur = Planned::until(&of(table(true, false)), (0.0, 1e5)).expect_err("too many periods");
        assert!(blur.to_string().contains("comes round 6667 times"), "{blur}");
    }

    #[test]
    fn the_oldest_that_waits_came_so_long_ago() {
        let steady = Planned::until(&of(Arrivals::Poisson), (0.0, 100.0)).expect("a plan");
        assert!((steady.lag(50.0, 100.0) - 10.0).abs() < 1e-6);
        assert_eq!(steady.lag(50.0, 0.0), 0.0);
        // More than ever came: they were there from the start.
        assert!((steady.lag(5.0, 1000.0) - 5.0).abs() < 1e-6);
        let table = Planned::until(&of(table(false, false)), (0.0, 20.0)).expect("a plan");
        // 40 a second since 10 s: 100 of those that wait came in the last 2.5 s.
        assert!((table.lag(14.0, 100.0) - 2.5).abs() < 1e-6);
        assert!((table.lag(14.0, 200.0) - 8.0).abs() < 1e-5, "{}", table.lag(14.0, 200.0));
    }

    #[test]
    fn who_waits_for_answers_has_no_rate_beforehand() {
        let closed = Arrivals::Closed { concurrency: 3, think_time: Law::exponential(1.0) };
        assert!(Planned::until(&of(closed), (0.0, 10.0)).is_err());
        let random = Arrivals::Mmpp { rates: vec![1.0, 2.0], dwell: vec![1.0, 1.0] };
        assert!(!Planned::until(&of(random), (0.0, 10.0)).expect("a mean").certain);
    }
}
