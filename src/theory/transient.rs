//! Queues that have no steady state: rates that follow a timetable, and backlogs. Exactly by uniformisation,
//! else as a fluid.

use super::Feature;
use super::Mismatch;
use super::requires::poisson_and_exponential;
use super::timetable::{Timetable, instants, station_of, tell_instants, timetable};
use super::{Answer, ClosedForm, Exactness, ModelError, Station, TimeDistribution, draining};
use crate::answer::{Estimate, Method, Moment, Quantity, Statistic, TheoryCaveat};
use crate::scenario::Scenario;
use crate::workload::laws::Law;

/// The law of a larger backlog's time to drain is not tabulated.
const MOST_WAITING: usize = 100_000;

/// The law of the number in M(t)/M/c at an instant.
///
/// # Formula
/// p(t) = Σₖ Poisson(k; qt) p(0) (I + Q/q)ᵏ with q = λ + cμ.
/// # Source
/// Jensen (1953); Grassmann, *Transient solutions in Markovian queueing systems*, Computers & Operations
/// Research 4 (1977).
/// # Numerics
/// All terms are positive; states beyond those with 1e-16 are cut off as they come.
///
/// ```
/// use queuelab::theory::transient::CountDistribution;
/// // M(t)/M/1: λ = 1.1 for 100 s from empty at μ = 1, then λ = 0.5.
/// let mut law = CountDistribution::start(0);
/// law.advance(1.1, 1.0, 1, 100.0);
/// assert!((law.mean() - 16.964397599045977).abs() < 1e-9);
/// assert!((law.mean() / 0.5 - 33.928795198091954).abs() < 1e-8);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CountDistribution {
    /// P(N = n).
    p: Vec<f64>,
}

impl CountDistribution {
    /// So many messages for sure.
    pub fn start(messages: usize) -> Self {
        let mut p = vec![0.0; messages + 1];
        p[messages] = 1.0;
        CountDistribution { p }
    }

    /// From P(N = n), n = 0, 1, …
    pub fn from(p: Vec<f64>) -> Self {
        CountDistribution { p }
    }

    /// Lets time pass at constant rates.
    pub fn advance(&mut self, lambda: f64, mu: f64, servers: u32, time: f64) {
        let q = lambda + mu * f64::from(servers);
        let pieces = (q * time / 400.0).ceil().max(1.0);
        for _ in 0..pieces as u64 {
            self.piece(lambda / q, mu / q, servers, q * time / pieces);
        }
    }

    /// A stretch of `x` expected steps, few enough that e^(−x) is a normal number.
    fn piece(&mut self, up: f64, down: f64, servers: u32, x: f64) {
        let steps = (x + 9.0 * x.sqrt() + 25.0) as usize;
        let mut now = std::mem::take(&mut self.p);
        now.resize(now.len() + steps + 1, 0.0);
        let mut sum = vec![0.0; now.len()];
        let mut weight = (-x).exp();
        let reached = now.len() - steps - 1;
        for k in 0..=steps {
            let top = reached + k;
            sum.iter_mut().zip(&now).take(top).for_each(|(s, p)| *s += weight * p);
            weight *= x / (k as f64 + 1.0);
            if k == steps {
                break;
            }
            let mut next = vec![0.0; now.len()];
            for n in 0..top {
                let leave = down * f64::from(servers).min(n as f64);
                next[n + 1] += now[n] * up;
                next[n] += now[n] * (1.0 - up - leave);
                if n > 0 {
                    next[n - 1] += now[n] * leave;
                }
            }
            now = next;
        }
        while sum.len() > 1 && sum[sum.len() - 1] < 1e-17 {
            sum.pop();
        }
        let total: f64 = sum.iter().sum();
        self.p = sum.into_iter().map(|p| p / total).collect();
    }

    /// The mean number in the system.
    pub fn mean(&self) -> f64 {
        self.above(0)
    }

    /// E\[(N − c)⁺\].
    pub fn above(&self, c: u32) -> f64 {
        self.p
            .iter()
            .enumerate()
            .skip(c as usize)
            .map(|(n, p)| (n - c as usize) as f64 * p)
            .fold(0.0, |sum, part| sum + part)
    }

    /// P(N = c + k), k = 1, 2, …, and before them P(N ≤ c): the law of how many wait behind c servers.
    fn waiting(&self, c: u32) -> Vec<f64> {
        let above = self.p.get(c as usize + 1..).unwrap_or_default();
        std::iter::once(1.0 - above.iter().sum::<f64>()).chain(above.iter().copied()).collect()
    }

    /// Its standard deviation.
    pub fn sd(&self) -> f64 {
        let mean = self.mean();
        self.p.iter().enumerate().map(|(n, p)| (n as f64 - mean).powi(2) * p).sum::<f64>().sqrt()
    }

    /// The smallest n with P(N ≤ n) ≥ `share`.
    pub fn quantile(&self, share: f64) -> usize {
        let mut tail = 0.0;
        let above = self.p.iter().rposition(|p| {
            tail += p;
            tail > 1.0 - share
        });
        above.unwrap_or(0)
    }
}

/// How much is waiting over time and at the end of the overload.
struct Course {
    moments: Vec<Moment>,
    /// Mean waiting at the end of the last overload.
    left: f64,
    /// The rate from there on, if it stays the same.
    then: Option<f64>,
}

/// Plays a timetable in steps from what waits and what is there: `advance(rate, time)` returns the two anew.
fn course(
    table: &Timetable,
    capacity: f64,
    start: (f64, f64),
    mut advance: impl FnMut(f64, f64) -> (f64, f64),
) -> Course {
    let (waiting, in_system) = start;
    let mut moments = vec![Moment::new(0.0, waiting, in_system)];
    let overloads = table.steps.iter().rposition(|(_, rate)| *rate >= capacity);
    let (mut at, mut left) = (0.0, waiting);
    for (i, (lasts, rate)) in table.steps.iter().enumerate() {
        const PARTS: u32 = 12;
        for _ in 0..PARTS {
            let (waiting, in_system) = advance(*rate, lasts / f64::from(PARTS));
            at += lasts / f64::from(PARTS);
            moments.push(Moment::new(at, waiting, in_system));
        }
        if overloads == Some(i) {
            left = moments[moments.len() - 1].waiting;
        }
    }
    let rest = &table.steps[overloads.map_or(0, |i| i + 1)..];
    let same = rest.iter().all(|(_, rate)| *rate == table.after);
    Course { moments, left, then: same.then_some(table.after).filter(|rate| *rate < capacity) }
}

fn answer(station: &Station<'_>, course: Course, capacity: f64, exact: bool, caveat: TheoryCaveat) -> Answer {
    let mut answer = Answer::new(
        Method::Theory,
        format!("{}{}", station.kendall(), if exact { " over time" } else { " as a fluid" }),
    );
    answer.exact = exact;
    answer.caveats.push(caveat.into());
    if let Some(rate) = course.then {
        let drain = course.left / (capacity - rate);
        answer.set(&format!("queues.{}", station.queue.name), "drain_time", "", Estimate::exact(drain));
    }
    answer.timelines.insert(station.queue.name.clone(), course.moments);
    answer
}

/// How far a scenario is from a single queue that follows a timetable.
fn lacking(scenario: &Scenario) -> usize {
    station_of(scenario).map_or(usize::MAX, |station| {
        station.lacking(&[Feature::Backlog]) + usize::from(timetable(&station).is_err())
    })
}

/// The adapter for M(t)/M/c.
#[derive(Debug)]
pub struct Schedule;

impl Schedule {
    fn parts(scenario: &Scenario) -> Result<(Station<'_>, Timetable), Mismatch> {
        let station = station_of(scenario)?;
        station.only(&[Feature::Backlog])?;
        let table = timetable(&station)?;
        if !station.service.is_exponential() || station.streams[0].producer.batch.mean() != 1.0 {
            return Err("needs exponential service times and messages that arrive one by one".into());
        }
        if table.steps.is_empty() {
            poisson_and_exponential(&station)?;
        }
        let servers = station.servers.ok_or("needs a limited number of servers")?;
        let capacity = f64::from(servers) / station.service.mean();
        // Steps times states, as far as the backlog may reach.
        let time: f64 = table.steps.iter().map(|s| s.0).sum();
        let time = instants(&station).iter().fold(time, |time, (_, instant)| time.max(*instant));
        let (mut steps, mut grown) = (0.0, 0.0);
        table.between(0.0, time, |rate, lasts| {
            steps += lasts * (rate + capacity);
            grown += lasts * (rate - capacity).max(0.0);
        });
        let states =
            scenario.queues[0].initial_backlog as f64 + grown + 12.0 * (time * capacity).sqrt() + 400.0;
        if steps * states > 6e7 {
            return Err("there are too many messages to be followed one by one".into());
        }
        Ok((station, table))
    }
}

impl ClosedForm for Schedule {
    fn name(&self) -> &'static str {
        "M(t)/M/c over time"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        Self::parts(scenario).map(|_| ())
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        lacking(scenario)
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let (station, table) = Self::parts(scenario)?;
        let (c, mu) = (station.servers.unwrap_or(1), 1.0 / station.service.mean());
        let backlog = scenario.queues[0].initial_backlog;
        let mut law = CountDistribution::start(backlog as usize);
        let start = (law.above(c), law.mean());
        let course = course(&table, f64::from(c) * mu, start, |rate, time| {
            law.advance(rate, mu, c, time);
            (law.above(c), law.mean())
        });
        let (capacity, rate) = (f64::from(c) * mu, course.then);
        let mut answer = answer(&station, course, capacity, true, TheoryCaveat::MeansOverTime);
        let mut law = CountDistribution::start(backlog as usize);
        tell_instants(&mut answer, (&station, &table), start, |rate, time| {
            law.advance(rate, mu, c, time);
            (law.above(c), law.mean())
        });
        if let Some(rate) = rate.filter(|_| asks_drain(&station)) {
            let mut law = CountDistribution::start(backlog as usize);
            table.between(0.0, table.overloaded(capacity), |rate, time| law.advance(rate, mu, c, time));
            let service = TimeDistribution::of(&Law::exponential(1.0 / capacity));
            let drains = draining::drain_time(&law.waiting(c), rate, &service);
            draining::tell(&mut answer, scenario.asked_of(&station.queue.name), &drains);
        }
        Ok(answer)
    }
}

/// Whether the law of the time to drain is asked for.
fn asks_drain(station: &Station<'_>) -> bool {
    let mut asked = station.scenario.asked_of(&station.queue.name);
    asked.any(|id| id.quantity == Quantity::DrainTime && id.statistic != Statistic::Single)
}

/// The law of the time in which a backlog drains behind one server, whatever its services' law.
fn backlog_alone(station: &Station<'_>, table: &Timetable) -> Option<TimeDistribution> {
    let plain = table.steps.is_empty() && station.is_poisson() && station.servers == Some(1);
    let single = station.streams.iter().all(|stream| stream.producer.batch.is_single());
    let stable = table.after * station.service.mean() < 1.0;
    let waiting = station.queue.initial_backlog.checked_sub(1)? as usize;
    (plain && single && stable && waiting <= MOST_WAITING).then(|| {
        let mut law = vec![0.0; waiting + 1];
        law[waiting] = 1.0;
        draining::drain_time(&law, table.after, &station.service.times())
    })
}

/// The adapter for everything else that follows a timetable.
///
/// # Formula
/// Q' = λ(t) − cμ while that keeps Q ≥ 0; it drains in Q/(cμ − λ).
/// # Source
/// Newell, *Applications of Queueing Theory* (2nd ed., 1982), chapter 2.
#[derive(Debug)]
pub struct Fluid;

impl Fluid {
    fn parts(scenario: &Scenario) -> Result<(Station<'_>, Timetable), Mismatch> {
        let station = station_of(scenario)?;
        station.only(&[Feature::Backlog, Feature::ArrivalBatches, Feature::Order])?;
        let table = timetable(&station)?;
        station.servers.ok_or("needs a limited number of servers")?;
        if station.service.mean().is_finite() {
            Ok((station, table))
        } else {
            Err("the mean service time is infinite".into())
        }
    }
}

impl ClosedForm for Fluid {
    fn name(&self) -> &'static str {
        "fluid"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Approximate
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        Self::parts(scenario).map(|_| ())
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        lacking(scenario)
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let (station, table) = Self::parts(scenario)?;
        let c = f64::from(station.servers.unwrap_or(1));
        let capacity = c / station.service.mean();
        let backlog = scenario.queues[0].initial_backlog as f64;
        let start = ((backlog - c).max(0.0), backlog);
        let flow = |waiting: &mut f64, rate: f64, time: f64| {
            *waiting = (*waiting + (rate - capacity) * time).max(0.0);
            (*waiting, *waiting + c.min(rate / capacity * c))
        };
        let mut waiting = start.0;
        let course = course(&table, capacity, start, |rate, time| flow(&mut waiting, rate, time));
        let mut answer = answer(&station, course, capacity, false, TheoryCaveat::Fluid);
        let mut waiting = start.0;
        tell_instants(&mut answer, (&station, &table), start, |rate, time| flow(&mut waiting, rate, time));
        if let Some(drains) = backlog_alone(&station, &table).filter(|_| asks_drain(&station)) {
            draining::tell(&mut answer, scenario.asked_of(&station.queue.name), &drains);
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_from_steady_state() {
        // λ = 20 for 30 s, then 8, at μ = 10, from the steady state at 8: another hand's uniformisation.
        let mut law = CountDistribution::from((0..200).map(|n| 0.2 * 0.8f64.powi(n)).collect());
        law.advance(20.0, 10.0, 1, 30.0);
        assert!((law.mean() / 304.3333333333327 - 1.0).abs() < 1e-9);
        assert!((law.sd() / 30.2508034787708 - 1.0).abs() < 1e-8);
        assert_eq!(law.quantile(0.99), 375);
        law.advance(8.0, 10.0, 1, 10.0);
        assert!((law.mean() / 284.3333333333244 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_is_there_at_the_start_or_the_backlog_is() {
        assert!(CountDistribution::start(0).above(2).is_sign_positive(), "an empty line, not less than one");
        let table = Timetable { steps: vec![(1.0, 0.0)], after: 0.0 };
        let start = course(&table, 1.0, (3.0, 5.0), |_, _| (0.0, 0.0)).moments[0];
        assert_eq!((start.waiting, start.in_system), (3.0, 5.0));
    }

    #[test]
    fn long_after_it_is_steady() {
        let mut law = CountDistribution::start(5);
        law.advance(1.5, 1.0, 2, 300.0);
        assert!((law.mean() - crate::theory::jackson::in_system(1.5, 1.0, 2)).abs() < 1e-6);
    }
}
