//! What matters most: how the latency answers to each rate, and which queue it is spent in.

use super::load;
use super::watch::Watch;
use super::{compare, trial};
use crate::answer::Method;
use crate::scenario::{Length, Precision, Scenario, Servers};
use crate::stats::half_width;
use crate::theory::{self, ClosedForm};

/// The relative change by which a slope is taken.
const STEP: f64 = 0.02;
/// Messages of a replication: the same random numbers on both sides make few enough.
const MESSAGES: u64 = 50_000;
const REPLICATIONS: u32 = 8;

/// What is turned by a little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turned {
    /// The rate of all arrivals.
    Arrivals,
    /// The service time of a group of consumers.
    Service(String),
}

/// How p99 latency answers to one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    /// What is turned.
    pub what: Turned,
    /// Per cent of p99 latency for one per cent of it.
    pub elasticity: f64,
    /// Half the width of the interval; `None` where theory said so.
    pub half_width: Option<f64>,
}

/// The elasticities of p99 latency, the largest first: by exact theory, else by differences on common random
/// numbers. Empty where nothing can be said, as for a queue that grows without end.
pub fn sensitivities(scenario: &Scenario, watch: &dyn Watch) -> Vec<Sensitivity> {
    let mut turned: Vec<(Turned, Scenario, Scenario)> = Vec::new();
    let (less, more) = (1.0 - STEP / 2.0, 1.0 + STEP / 2.0);
    turned.push((Turned::Arrivals, load::times(scenario, less), load::times(scenario, more)));
    for (i, consumer) in scenario.consumers.iter().enumerate() {
        let with = |factor: f64| {
            let mut out = scenario.clone();
            let c = &mut out.consumers[i];
            (c.service_time, c.service_time_per_message) =
                (c.service_time.scaled(factor), c.service_time_per_message.scaled(factor));
            out
        };
        turned.push((Turned::Service(consumer.name.clone()), with(less), with(more)));
    }
    let slope = |(what, less, more): (Turned, Scenario, Scenario)| {
        let (elasticity, half_width) =
            by_theory(&less, &more).or_else(|| by_simulation(&less, &more, watch))?;
        Some(Sensitivity { what, elasticity, half_width })
    };
    let mut out: Vec<Sensitivity> = turned.into_iter().filter_map(slope).collect();
    out.sort_by(|a, b| b.elasticity.abs().total_cmp(&a.elasticity.abs()));
    out
}

fn by_theory(less: &Scenario, more: &Scenario) -> Option<(f64, Option<f64>)> {
    let p99 = |s: &Scenario| theory::answer(s).ok().filter(|a| a.exact)?.get("total.latency.p99")?.value;
    let (a, b) = (p99(less)?, p99(more)?);
    Some(((b - a) / (0.5 * (a + b)) / STEP, None))
}

fn by_simulation(less: &Scenario, more: &Scenario, watch: &dyn Watch) -> Option<(f64, Option<f64>)> {
    let runs = |scenario: &Scenario| {
        let mut short = scenario.clone();
        if let Length::Messages(n) = &mut short.simulation.length {
            *n = (*n).min(MESSAGES);
        }
        (short.simulation.replications, short.simulation.precision) = (REPLICATIONS, Precision::None);
        compare::simulated(&short, watch).ok()
    };
    let (a, b) = (runs(less)?, runs(more)?);
    let pairs = a
        .iter()
        .zip(&b)
        .filter_map(|(a, b)| Some((*a.get("total.latency.p99")?, *b.get("total.latency.p99")?)));
    let slopes: Vec<f64> = pairs.map(|(a, b)| (b - a) / (0.5 * (a + b)) / STEP).collect();
    let (mean, half) = half_width(&slopes, 0.95);
    (!slopes.is_empty()).then_some((mean, half))
}

/// A queue's level at which its messages are as late as promised.
#[derive(Debug, Clone, PartialEq)]
pub struct Lag {
    /// The queue's name.
    pub queue: String,
    /// Seconds within which it is to be worked off.
    pub within: f64,
    /// Waiting messages: the next one to come waits just as long as promised.
    pub messages: f64,
    /// Messages a second that its servers do together: what the lag is worked off with.
    pub capacity: f64,
    /// Of one partition, if the queue has several.
    pub per_partition: Option<f64>,
    /// How often a level of this size is only chance, as a share of the time; `None` where theory does not
    /// know.
    pub false_alarm: Option<f64>,
}

/// The lag at which to page so that messages are done within a time: Little's law read at the servers' full
/// rate. Queues with unlimited servers have none.
pub fn lags(scenario: &Scenario, within: f64) -> Vec<Lag> {
    let loads = theory::loads(scenario);
    let lag = |(i, load): (usize, &theory::Load)| {
        // A partition is worked on by one server at most: more servers than partitions do nothing.
        let servers = load.servers?;
        let at_work = scenario.queues[i].partitions.map_or(servers, |partitions| partitions.min(servers));
        let capacity = load.capacity? * f64::from(at_work) / f64::from(servers);
        let messages = within * capacity;
        let false_alarm = steady_share_above(scenario, messages).filter(|_| scenario.queues.len() == 1);
        let per_partition = scenario.queues[i].partitions.map(|p| messages / f64::from(p));
        capacity.is_finite().then(|| Lag {
            queue: load.queue.clone(),
            within,
            messages,
            capacity,
            per_partition,
            false_alarm,
        })
    };
    loads.iter().enumerate().filter_map(lag).collect()
}

/// P(more than n messages wait) of a plain M/M/c, whose queue is geometric: C(c, a) ρ^(n+1).
///
/// # Source
/// Gross & Harris, *Fundamentals of Queueing Theory*, section 2.3.
fn steady_share_above(scenario: &Scenario, n: f64) -> Option<f64> {
    theory::mmc::Mmc.applies(scenario).ok()?;
    let answer = theory::answer(scenario).ok()?;
    let [consumer] = scenario.consumers.as_slice() else { return None };
    let Servers::Count(_) = consumer.count else { return None };
    let queue = &scenario.queues.first()?.name;
    let (rho, delayed) = (
        answer.get(&format!("queues.{queue}.utilization"))?.value?,
        answer.get(&format!("queues.{queue}.delayed"))?.value?,
    );
    Some(delayed * rho.powf(n + 1.0))
}

/// In what the mean latency is spent.
#[derive(Debug, Clone, PartialEq)]
pub struct DominantPart {
    /// The share that is waiting; the rest is sending and work.
    pub waiting: f64,
    /// The mean latency, in seconds.
    pub latency: f64,
    /// Who says so.
    pub by: Method,
}

/// In what the latency is spent; `None` where nobody answers.
pub fn dominant(scenario: &Scenario, watch: &dyn Watch) -> Option<DominantPart> {
    let exact = theory::answer(scenario).ok().filter(|theory| theory.exact);
    let answer = exact.or_else(|| trial::trial(scenario, super::Effort::Short, watch).judge().cloned())?;
    let mean = |path: &str| answer.get(path).and_then(|e| e.value);
    let (latency, wait) =
        (mean("total.latency.mean")?, mean("total.wait.mean").or_else(|| one_wait(scenario, &answer))?);
    Some(DominantPart { waiting: wait / latency, latency, by: answer.method })
}

fn one_wait(scenario: &Scenario, answer: &crate::answer::Answer) -> Option<f64> {
    let [queue] = scenario.queues.as_slice() else { return None };
    answer.get(&format!("queues.{}.wait.mean", queue.name))?.value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::NoProgress;
    use crate::workload::laws::Law;

    #[test]
    fn the_elasticity_of_a_single_server_is_that_of_its_formula() {
        // p99 = ln 100 / (μ − λ): its elasticity is ρ/(1 − ρ) to λ and −(−1/(1 − ρ)) to the service time.
        let found = sensitivities(&Scenario::mgc(80.0, Law::exponential(0.01), 1), &NoProgress);
        assert!(
            matches!(found[0].what, Turned::Service(_)) && (found[0].elasticity - 5.0).abs() < 0.1,
            "{found:?}"
        );
        assert!((found[1].elasticity - 4.0).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn simulation_finds_what_theory_does_not_know() {
        let mut scenario = Scenario::mgc(150.0, Law::lognormal(0.01, 2.0), 2);
        scenario.simulation.length = Length::Messages(30_000);
        let found = sensitivities(&scenario, &NoProgress);
        assert!(found.len() == 2 && found.iter().all(|s| s.elasticity > 0.0), "{found:?}");
    }

    #[test]
    fn the_lag_to_page_at_is_the_promise_times_the_capacity() {
        // 24 consumers of 20 ms do 1 200 messages a second: a minute of them is 72 000.
        let lags = lags(&Scenario::mgc(1000.0, Law::exponential(0.02), 24), 60.0);
        assert!(
            (lags[0].messages - 72_000.0).abs() < 1e-6 && lags[0].false_alarm.is_some_and(|p| p < 1e-9),
            "{lags:?}"
        );
        let mut parted = Scenario::mgc(300.0, Law::exponential(0.02), 24);
        parted.queues[0].partitions = Some(8);
        let lags = super::lags(&parted, 60.0);
        assert!(
            (lags[0].messages - 24_000.0).abs() < 1e-6 && lags[0].per_partition == Some(3000.0),
            "{lags:?}"
        );
    }
}
