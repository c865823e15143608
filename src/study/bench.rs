//! Benchmarks of targets: the highest rate that one sustains when messages are no work, found in rounds that
//! take the targets in turn, and the latency at shares of it, in an open loop.

mod curve;
mod search;

pub use curve::{FittedCurve, LatencyCurve};

use super::measurement::{self, MeasurementResult};
use super::watch::Watch;
use crate::answer::{Answer, Gate, Method, Reason, Trust, path};
use crate::load::{self, UnmeasurableSetting};
use crate::scenario::{self, NoFiles, Problems, Scenario, Source};
use crate::stats::half_width;
use crate::units::significant;

/// What a benchmark sends and who takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchLoad {
    /// Producers that share the rate.
    pub producers: u32,
    /// Consumers, which do nothing with a message.
    pub consumers: u32,
    /// Messages that a consumer holds at most.
    pub prefetch: u32,
    /// Bytes of a message.
    pub size: u64,
    /// Whether messages are written to disk.
    pub durable: bool,
    /// Of each run, in seconds.
    pub duration: f64,
    /// The shares of the highest rate at which latency is measured.
    pub shares: Vec<f64>,
}

/// Why a target is not benchmarked at all.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// There is no such target, or a figure is out of its range.
    #[error("{0}")]
    Scenario(Box<Problems>),
    /// The target cannot do what is asked for.
    #[error("{target} cannot be measured with {}", asked_in_vain(refused))]
    Settings {
        /// Its name.
        target: String,
        /// Each setting of the command or of a scenario, and why.
        refused: Vec<(String, &'static str)>,
    },
    /// It could not be measured now.
    #[error("cannot measure {target}: {reason}")]
    Measurement {
        /// Its name.
        target: String,
        /// Why.
        reason: Reason,
    },
}

fn asked_in_vain(refused: &[(String, &'static str)]) -> String {
    refused.iter().map(|(setting, why)| format!("{setting}: {why}")).collect::<Vec<_>>().join("; ")
}

/// A run at one rate.
#[derive(Debug, Clone)]
pub struct BenchRun {
    /// Messages a second that were due.
    pub offered: f64,
    /// Messages a second that were served meanwhile; 0 where the run failed.
    pub served: f64,
    /// What was measured, if anything.
    pub answer: Option<Answer>,
    /// Why nothing was, or not to the end.
    pub failed: Option<Reason>,
}

/// A target and what it is given.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchCase {
    /// What it is called beside the others.
    pub name: String,
    /// The target's name.
    pub target: String,
    /// What is sent and who takes it.
    pub load: BenchLoad,
}

/// What a target does.
#[derive(Debug, Clone)]
pub struct Benchmark {
    /// What was measured.
    pub case: BenchCase,
    /// The runs of all searches for the highest rate, in order.
    pub search: Vec<BenchRun>,
    /// By round: the highest rate that it sustained twice, in messages a second; `None` if it sustained none.
    pub rounds: Vec<Option<f64>>,
    /// Runs at shares of the highest rate.
    pub points: Vec<(f64, BenchRun)>,
    /// Why a search ended early: the target could not be measured any more.
    pub broken: Option<Reason>,
}

/// How many times as much one target sustains as another, by the same rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateRatio {
    /// The geometric mean of the rounds.
    pub times: f64,
    /// The ends of its interval of 95 %.
    pub interval: (f64, f64),
}

/// The shares of the highest rate at which latency is measured unless others are named.
pub const SHARES: [f64; 7] = [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95];

/// A rate is sustained if so much of what is due is served while it is due.
const SUSTAINED: f64 = 0.98;
/// Checks of the share that did not go through.
const LACKING: [&str; 2] = ["unsent", "unfinished"];
impl BenchRun {
    fn without_answer(offered: f64, why: Reason) -> Self {
        BenchRun { offered, served: 0.0, answer: None, failed: Some(why) }
    }

    /// Whether all went through and the backlog did not grow.
    pub fn sustains(&self) -> bool {
        let lacking = |gate: &Gate| LACKING.contains(&&*gate.name) && gate.value > 1.0 - SUSTAINED;
        let whole = self.answer.as_ref().is_none_or(|answer| !answer.gates.iter().any(lacking));
        self.failed.is_none() && whole && self.served >= SUSTAINED * self.offered
    }

    /// A statistic of a time such as `total.latency`, in seconds.
    pub fn time(&self, place: &str, quantity: &str, statistic: &str) -> Option<f64> {
        self.answer.as_ref()?.get(&path(place, quantity, statistic))?.value
    }

    /// How far the run can be trusted, with the checks that failed.
    pub fn trust(&self) -> (Trust, Vec<&str>) {
        let Some(answer) = &self.answer else { return (Trust::Invalid, vec!["no answer"]) };
        let failed = answer.gates.iter().filter(|gate| gate.trust != Trust::Valid);
        (answer.trust(), failed.map(|gate| &*gate.name).collect())
    }
}

impl BenchLoad {
    /// The scenario of a target at a rate.
    ///
    /// # Errors
    /// There is no such target, or it cannot do what is asked for.
    pub fn scenario(&self, target: &str, rate: f64) -> Result<Scenario, BenchError> {
        let each = rate / f64::from(self.producers);
        let producers: String = (1..=self.producers)
            .map(|number| {
                format!(
                    "[producers.producer{number}]\nto = \"queue\"\nrate = \"{each}/s\"\nsize = \"{}B\"\n",
                    self.size
                )
            })
            .collect();
        let durable = if self.durable { "durability = \"fsync\"\n" } else { "" };
        let text = format!(
            "title = \"Benchmark\"\n{producers}[queues.queue]\n{durable}[consumers.consumers]\nfrom = \"queue\"\n\
             count = {}\nprefetch = {}\nservice_time = \"0s\"\n[measurement]\ntarget = \"{target}\"\nduration = \
             \"{}s\"\n",
            self.consumers, self.prefetch, self.duration
        );
        let source = Source::new("benchmark", text);
        let parsed = scenario::parse(&source, &NoFiles).map_err(|why| BenchError::Scenario(Box::new(why)))?;
        // Whoever is unknown was refused by the parser.
        let refused = load::refusals(&parsed.scenario).unwrap_or_default();
        if refused.is_empty() {
            return Ok(parsed.scenario);
        }
        let refused = refused.into_iter().map(as_option).collect();
        Err(BenchError::Settings { target: target.into(), refused })
    }
}

/// A setting as it is written on the command line.
fn as_option(UnmeasurableSetting { setting, why }: UnmeasurableSetting) -> (String, &'static str) {
    let option = match setting.as_str() {
        "queues.queue.durability" => "--durable".into(),
        "consumers.consumers.prefetch" => "--prefetch".into(),
        _ => setting,
    };
    (option, why)
}

impl Benchmark {
    fn new(case: &BenchCase) -> Self {
        let (search, rounds, points) = (Vec::new(), Vec::new(), Vec::new());
        Benchmark { case: case.clone(), search, rounds, points, broken: None }
    }

    /// The highest rate that it sustains, in messages a second: the mean of the rounds, and half the width of
    /// its interval of 95 % where there are several; `None` if no round found one.
    pub fn highest(&self) -> Option<(f64, Option<f64>)> {
        let found: Vec<f64> = self.rounds.iter().copied().flatten().collect();
        (!found.is_empty()).then(|| half_width(&found, CONFIDENCE))
    }

    /// How many times as much it sustains as another, by the rounds of both; `None` with fewer than two.
    pub fn ratio(&self, other: &Benchmark) -> Option<RateRatio> {
        let pairs =
            self.rounds.iter().zip(&other.rounds).filter_map(|(own, other)| Some((*own)? / (*other)?));
        let logs: Vec<f64> = pairs.map(f64::ln).collect();
        let (mean, half) = if logs.is_empty() { return None } else { half_width(&logs, CONFIDENCE) };
        let half = half?;
        Some(RateRatio { times: mean.exp(), interval: ((mean - half).exp(), (mean + half).exp()) })
    }

    /// Mean latency by rate as the points that can be trusted say; `None` with too few of them.
    pub fn curve(&self) -> Option<FittedCurve> {
        let trusted = self.points.iter().filter(|(_, run)| run.trust().0 != Trust::Invalid);
        let points =
            trusted.filter_map(|(_, run)| Some((run.offered, run.time("total", "latency", "mean")?)));
        FittedCurve::of(&points.collect::<Vec<_>>())
    }
}

impl RateRatio {
    /// Whether the rounds tell the two apart.
    pub fn is_told(&self) -> bool {
        self.interval.0 > 1.0 || self.interval.1 < 1.0
    }
}

/// Of intervals of rates.
const CONFIDENCE: f64 = 0.95;

/// Measures targets in rounds, each of which takes them in the opposite order of the one before, so that what
/// changes on the machine meanwhile is nobody's gain; whoever stops it gets what was finished by then.
pub fn bench(cases: &[BenchCase], rounds: u32, watch: &dyn Watch) -> Vec<Result<Benchmark, BenchError>> {
    let mut all: Vec<Result<Benchmark, BenchError>> =
        cases.iter().map(|case| Ok(Benchmark::new(case))).collect();
    let searches = (rounds as usize * cases.len()) as f64;
    let mut searched = 0.0;
    for round in 0..rounds as usize {
        for index in in_turn(cases.len(), round) {
            let from = SEARCHING * searched / searches;
            searched += 1.0;
            let parts = BenchWatch { watch, from, share: SEARCHING / searches, target: &cases[index].name };
            let Ok(one) = &mut all[index] else { continue };
            if watch.stopped() || one.broken.is_some() {
                continue;
            }
            match search::highest(&cases[index], &parts) {
                Ok(found) => {
                    one.search.extend(found.runs);
                    one.broken = found.broken;
                    one.rounds.push(found.highest);
                }
                // What earlier rounds found is kept.
                Err(BenchError::Measurement { reason, .. }) if round > 0 => one.broken = Some(reason),
                Err(why) => all[index] = Err(why),
            }
        }
    }
    let shares = cases.iter().map(|case| case.load.shares.len()).max().unwrap_or(0);
    for number in 0..shares {
        for index in in_turn(cases.len(), number) {
            let case = &cases[index];
            let (Some(&share), Ok(one)) = (case.load.shares.get(number), &mut all[index]) else { continue };
            let Some((highest, _)) = one.highest().filter(|_| !watch.stopped()) else { continue };
            let from = SEARCHING + (1.0 - SEARCHING) * number as f64 / shares as f64;
            let parts = BenchWatch { watch, from, share: 0.0, target: &case.name };
            match run(case, share * highest, &parts) {
                Ok(run) => one.points.push((share, run)),
                Err(BenchError::Measurement { reason, .. }) => {
                    one.points.push((share, BenchRun::without_answer(share * highest, reason)));
                }
                Err(why) => all[index] = Err(why),
            }
        }
    }
    all
}

/// The part of the time that the searches take, roughly.
const SEARCHING: f64 = 0.7;

/// The order of some in a round: A B, B A, A B and so on.
fn in_turn(count: usize, round: usize) -> Vec<usize> {
    let forward = 0..count;
    if round.is_multiple_of(2) { forward.collect() } else { forward.rev().collect() }
}

/// One run; a target that fails in it sustains nothing, and one that cannot be measured at all is an error.
fn run(case: &BenchCase, rate: f64, watch: &dyn Watch) -> Result<BenchRun, BenchError> {
    let target = &case.target;
    let scenario = case.load.scenario(target, significant(rate, 3).parse().unwrap_or(rate))?;
    let offered: f64 = scenario.producers.iter().map(|p| p.rate).sum();
    let MeasurementResult { answers, failed, .. } = measurement::measured(&scenario, watch)
        .map_err(|refused| BenchError::Measurement { target: target.clone(), reason: refused.reason })?;
    if let Some(refused) = failed {
        return Ok(BenchRun::without_answer(offered, refused.reason));
    }
    let answer = answers.into_iter().find(|a| a.method == Method::Measurement);
    let throughput = answer.as_ref().and_then(|answer| answer.get(&path("total", "throughput", ""))?.value);
    let served = throughput.unwrap_or(0.0);
    // What the plan has, which chance makes more or less than its rate. Not what its simulation serves: where the
    // consumer is the limit, it is so there, too.
    let planned = measurement::planned(&scenario).map_or(0, |plan| plan.len());
    let offered = if planned > 0 { planned as f64 / scenario.measurement.duration } else { offered };
    Ok(BenchRun { offered, served, answer, failed: None })
}

/// What a whole benchmark says of a part: of one search, or of one run.
struct BenchWatch<'a> {
    watch: &'a dyn Watch,
    from: f64,
    share: f64,
    target: &'a str,
}

impl BenchWatch<'_> {
    /// The same after so much of the part.
    fn after(&self, part: f64) -> BenchWatch<'_> {
        BenchWatch {
            watch: self.watch,
            from: self.from + self.share * part.min(1.0),
            share: 0.0,
            target: self.target,
        }
    }
}

impl Watch for BenchWatch<'_> {
    fn says(&self, _: &str, _: f64, detail: &str) {
        self.watch.says(self.target, self.from.min(1.0), detail);
    }

    fn stopped(&self) -> bool {
        self.watch.stopped()
    }
}

#[cfg(test)]
mod tests;
