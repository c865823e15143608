//! What repeats in a scenario at fixed instants, what changes with time at all.

use super::{Arrivals, Consumer, Length, Producer, Scenario, Step};
use crate::answer::Recurring;

/// Something that comes round again at fixed instants.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Period {
    /// Seconds.
    pub lasts: f64,
    /// What it is.
    pub what: Recurring,
    /// Whether it begins with nothing until it is over: a producer's first message comes after a gap.
    pub after_a_gap: bool,
}

/// Periods of which a few make up the longest are taken together: so many of the longest at most.
const MOST_TOGETHER: u32 = 24;
/// What is shorter than this share of the longest does not matter to where that begins.
const SHORT: f64 = 1e-3;
/// How far a number of periods may be from a whole one.
const WHOLE: f64 = 1e-9;

impl Arrivals {
    /// The steps of a timetable that has more than one rate, whether it moves in ramps, and whether it
    /// repeats.
    pub(crate) fn timetable(&self) -> Option<(&[Step], bool, bool)> {
        match self {
            Arrivals::Schedule { steps, repeat, ramp }
                if steps.windows(2).any(|w| w[0].rate != w[1].rate) =>
            {
                Some((steps, *ramp, *repeat))
            }
            _ => None,
        }
    }
}

/// How long a timetable takes, in seconds.
pub(crate) fn lasts(steps: &[Step]) -> f64 {
    steps.iter().map(|step| step.lasts).sum()
}

/// The gap between a producer's batches, if it is always the same.
fn gap(producer: &Producer) -> Option<f64> {
    let constant = match &producer.arrivals {
        Arrivals::Periodic => true,
        Arrivals::Renewal { gap } => gap.scv() == 0.0,
        _ => false,
    };
    let gap = producer.batch.mean() / producer.rate;
    (constant && gap > 0.0 && gap.is_finite()).then_some(gap)
}

/// How long a group's servers are up and down together, if that is always the same.
fn shift(group: &Consumer) -> Option<f64> {
    let outages = group.outages.as_ref().filter(|o| !o.only_busy)?;
    let constant = outages.up.scv() == 0.0 && outages.down.scv() == 0.0;
    let lasts = outages.up.mean() + outages.down.mean();
    (constant && lasts > 0.0 && lasts.is_finite()).then_some(lasts)
}

impl Scenario {
    /// All that repeats at fixed instants.
    pub(crate) fn periods(&self) -> Vec<Period> {
        let mut out = Vec::new();
        for p in &self.producers {
            if let Some((steps, _, true)) = p.arrivals.timetable() {
                out.push(Period {
                    lasts: lasts(steps),
                    what: Recurring::Timetable(p.name.clone()),
                    after_a_gap: false,
                });
            }
            if let Some(lasts) = gap(p) {
                out.push(Period { lasts, what: Recurring::Sends(p.name.clone()), after_a_gap: true });
            }
        }
        for c in &self.consumers {
            if !c.shifts.is_empty() {
                out.push(Period {
                    lasts: c.shifts.iter().map(|shift| shift.lasts).sum(),
                    what: Recurring::Shifts(c.name.clone()),
                    after_a_gap: false,
                });
            }
            if let Some(lasts) = shift(c) {
                out.push(Period { lasts, what: Recurring::Outages(c.name.clone()), after_a_gap: false });
            }
        }
        out
    }

    /// After how long everything that repeats begins anew together: the longest period, or a few of it if
    /// others then fit a whole number of times; `None` if nothing repeats.
    pub(crate) fn cycle(&self) -> Option<Period> {
        let periods = self.periods();
        let longest = periods.iter().max_by(|a, b| a.lasts.total_cmp(&b.lasts))?.clone();
        let fits = |lasts: f64| {
            periods.iter().filter(|p| p.lasts >= SHORT * longest.lasts).all(|p| {
                let times = lasts / p.lasts;
                (times - times.round()).abs() <= WHOLE * times
            })
        };
        let together = (1..=MOST_TOGETHER).map(|n| f64::from(n) * longest.lasts).find(|lasts| fits(*lasts));
        let after_a_gap = periods.iter().any(|p| p.after_a_gap && p.lasts >= SHORT * longest.lasts);
        Some(Period { lasts: together.unwrap_or(longest.lasts), after_a_gap, ..longest })
    }

    /// How long a scenario without a steady state is to be watched: as asked for, or as long as its
    /// timetables are.
    pub(crate) fn stretch(&self) -> f64 {
        let tables =
            self.producers.iter().filter_map(|p| p.arrivals.timetable()).filter(|(.., repeat)| !repeat);
        match self.simulation.length {
            Length::Duration(seconds) => seconds,
            _ => tables.map(|(steps, ..)| lasts(steps)).fold(0.0, f64::max),
        }
    }

    /// The same where every producer with a timetable sends at its highest rate all the time; `None` if there
    /// is no timetable.
    pub(crate) fn at_its_peak(&self) -> Option<Scenario> {
        let highest = |p: &Producer| {
            p.arrivals.timetable().map(|(steps, ..)| steps.iter().map(|step| step.rate).fold(0.0, f64::max))
        };
        self.at_constant_rates(&highest)
    }

    /// The same where every producer with a timetable that ends sends at its mean rate all the time; `None`
    /// if there is none.
    pub(crate) fn at_its_mean(&self) -> Option<Scenario> {
        let stretch = self.stretch();
        let mean = |p: &Producer| match p.arrivals.timetable() {
            Some((steps, ramp, false)) => Some(sent(steps, ramp, stretch) / stretch),
            _ => None,
        };
        self.at_constant_rates(&mean)
    }

    fn at_constant_rates(&self, rate: &dyn Fn(&Producer) -> Option<f64>) -> Option<Scenario> {
        let rates: Vec<Option<f64>> = self.producers.iter().map(rate).collect();
        rates.iter().any(Option::is_some).then(|| {
            let mut out = self.clone();
            for (producer, rate) in out.producers.iter_mut().zip(rates) {
                producer.rate = rate.unwrap_or(producer.rate);
            }
            out
        })
    }
}

/// Messages that a timetable sends within a time from its start, its last rate staying on.
fn sent(steps: &[Step], ramp: bool, within: f64) -> f64 {
    let (mut left, mut sum) = (within, 0.0);
    for (i, step) in steps.iter().enumerate() {
        let next = steps.get(i + 1).map_or(step.rate, |next| next.rate);
        let time = step.lasts.min(left);
        let end = if ramp { step.rate + (next - step.rate) * time / step.lasts } else { step.rate };
        sum += 0.5 * (step.rate + end) * time;
        left -= time;
    }
    sum + left.max(0.0) * steps.last().map_or(0.0, |last| last.rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Batch, Outages};
    use crate::workload::laws::Law;

    fn of(arrivals: Arrivals, rate: f64) -> Scenario {
        let mut s = Scenario::mgc(rate, Law::deterministic(1.0), 1);
        s.producers[0].arrivals = arrivals;
        s
    }

    fn step(lasts: f64, rate: f64) -> Step {
        Step { lasts, rate }
    }

    fn shifts(s: &mut Scenario, up: f64, down: f64) {
        let (up, down) = (Law::deterministic(up), Law::deterministic(down));
        s.consumers[0].outages =
            Some(Outages { up, down, only_busy: false, together: false, redeliver: false });
    }

    #[test]
    fn what_repeats_begins_anew_together() {
        let day = vec![step(7.0, 1.0), step(17.0, 3.0)];
        let mut s = of(Arrivals::Schedule { steps: day, repeat: true, ramp: false }, 2.0);
        assert_eq!(s.cycle().map(|c| c.lasts), Some(24.0));
        shifts(&mut s, 8.0, 10.0);
        // Days of 24 and shifts of 18 hours meet every three days.
        assert_eq!(s.cycle().map(|c| (c.lasts, c.after_a_gap)), Some((72.0, false)));
        shifts(&mut s, 8.0, 2.0_f64.sqrt());
        assert_eq!(s.cycle().map(|c| c.lasts), Some(24.0), "they never meet");
        let mut batches = of(Arrivals::Periodic, 0.5);
        batches.producers[0].batch = Batch::Fixed(10);
        let cycle = batches.cycle().expect("it repeats");
        assert!(
            cycle.lasts == 20.0 && cycle.after_a_gap && cycle.what == Recurring::Sends("producer".into()),
            "{cycle:?}"
        );
        assert_eq!(of(Arrivals::Poisson, 1.0).cycle(), None);
    }

    /// 10 min at 20/s, a ramp to 400/s in 20 min, back in 60 min, 30 min at 20/s: 17,600 × 60 messages in two
    /// hours.
    #[test]
    fn a_timetable_has_a_mean_and_a_peak() {
        let steps = vec![step(600.0, 20.0), step(1200.0, 20.0), step(3600.0, 400.0), step(1800.0, 20.0)];
        let s = of(Arrivals::Schedule { steps, repeat: false, ramp: true }, 20.0);
        let mean = s.at_its_mean().expect("a timetable").producers[0].rate;
        assert!((mean - 1_056_000.0 / 7200.0).abs() < 1e-9, "{mean}");
        assert_eq!(s.at_its_peak().expect("a timetable").producers[0].rate, 400.0);
        let mut twice = s;
        twice.simulation.length = Length::Duration(14_400.0);
        let mean = twice.at_its_mean().expect("a timetable").producers[0].rate;
        assert!((mean - (1_056_000.0 + 144_000.0) / 14_400.0).abs() < 1e-9, "the last rate stays: {mean}");
    }
}
