//! Benchmarks of targets: the highest rate that one sustains when messages are no work, and the latency at shares
//! of it, in an open loop.

use super::measurement::{self, MeasurementResult};
use super::watch::Watch;
use crate::answer::{Answer, Gate, Method, Reason, Trust, path};
use crate::load::{self, UnmeasurableSetting};
use crate::scenario::{self, NoFiles, Problems, Scenario, Source};
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

/// What a target does.
#[derive(Debug, Clone)]
pub struct Benchmark {
    /// Its name.
    pub target: String,
    /// The runs of the search for the highest rate, in order.
    pub search: Vec<BenchRun>,
    /// The highest rate that it sustained twice, in messages a second; `None` if it sustained none.
    pub highest: Option<f64>,
    /// Runs at shares of that rate.
    pub points: Vec<(f64, BenchRun)>,
    /// Why the search ended early: the target could not be measured any more.
    pub broken: Option<Reason>,
}

/// The shares of the highest rate at which latency is measured unless others are named.
pub const SHARES: [f64; 7] = [0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95];

/// The first rate of the search, in messages a second, and the most steps of it.
const FIRST: f64 = 2_000.0;
const DOUBLINGS: u32 = 10;
/// Steps that halve what is left between a rate that is sustained and one that is not, on a scale of logarithms:
/// to 4 % of a doubling.
const HALVINGS: u32 = 4;
/// A rate is sustained if so much of what is due is served while it is due.
const SUSTAINED: f64 = 0.98;
/// What is tried where a rate was not sustained a second time, and how often.
const LOWER: f64 = 0.95;
const LOWERINGS: u32 = 10;
/// Checks of the share that did not go through.
const LACKING: [&str; 2] = ["unsent", "unfinished"];
/// Runs without an answer, one after another, that say that the target is broken.
const BROKEN: usize = 2;

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
        let failed = answer.gates.iter().filter(|gate| gate.trust != Trust::Valid && gate.name != "tail");
        let failed: Vec<_> = failed.collect();
        let worst = failed.iter().map(|gate| gate.trust).max().unwrap_or(Trust::Valid);
        (worst, failed.iter().map(|gate| &*gate.name).collect())
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

/// Measures a target; whoever stops it gets what was finished by then.
///
/// # Errors
/// Why not even the first run was possible.
pub fn bench(target: &str, load: &BenchLoad, watch: &dyn Watch) -> Result<Benchmark, BenchError> {
    let mut out = Benchmark {
        target: target.into(),
        search: Vec::new(),
        highest: None,
        points: Vec::new(),
        broken: None,
    };
    let mut tries = 0;
    let mut attempt = |out: &mut Benchmark, rate: f64| {
        tries += 1;
        let parts = BenchWatch { watch, done: f64::from(tries) / 25.0, target };
        let run = match run(target, load, rate, &parts) {
            Ok(run) => run,
            Err(why) if out.search.is_empty() => return Err(why),
            // Such as too few messages in the time of a run.
            Err(BenchError::Measurement { reason, .. }) => BenchRun::without_answer(rate, reason),
            Err(why) => return Err(why),
        };
        let sustains = run.sustains();
        out.search.push(run);
        Ok::<bool, BenchError>(sustains)
    };
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut rate = FIRST;
    for _ in 0..DOUBLINGS {
        if watch.stopped() {
            return Ok(out);
        }
        if attempt(&mut out, rate)? {
            (low, rate) = (rate, 2.0 * rate);
        } else {
            high = rate;
            break;
        }
    }
    // Not even the first rate: look below it.
    let mut least = FIRST;
    while low == 0.0 && least > 10.0 && !watch.stopped() {
        least /= 4.0;
        if attempt(&mut out, least)? {
            low = least;
        } else {
            high = least;
        }
    }
    for _ in 0..HALVINGS {
        if watch.stopped() || low == 0.0 || high.is_infinite() {
            break;
        }
        let middle = (low * high).sqrt();
        *(if attempt(&mut out, middle)? { &mut low } else { &mut high }) = middle;
    }
    for _ in 0..LOWERINGS {
        out.broken = broken(&out.search);
        if low == 0.0 || out.highest.is_some() || out.broken.is_some() || watch.stopped() {
            break;
        }
        if attempt(&mut out, low)? {
            out.highest = Some(low);
        }
        low *= LOWER;
    }
    let Some(highest) = out.highest else { return Ok(out) };
    for &share in &load.shares {
        if watch.stopped() {
            break;
        }
        let watch = BenchWatch { watch, done: 0.6 + 0.4 * share, target };
        let run = run(target, load, share * highest, &watch)?;
        out.points.push((share, run));
    }
    Ok(out)
}

/// Why a target cannot be measured any more, if its last runs had no answer.
fn broken(search: &[BenchRun]) -> Option<Reason> {
    let last = search.iter().rev().take(BROKEN);
    let silent = last.clone().count() == BROKEN && last.clone().all(|run| run.failed.is_some());
    last.take(usize::from(silent)).find_map(|run| run.failed.clone())
}

/// One run; a target that fails in it sustains nothing, and one that cannot be measured at all is an error.
fn run(target: &str, load: &BenchLoad, rate: f64, watch: &dyn Watch) -> Result<BenchRun, BenchError> {
    let scenario = load.scenario(target, significant(rate, 3).parse().unwrap_or(rate))?;
    let offered: f64 = scenario.producers.iter().map(|p| p.rate).sum();
    let MeasurementResult { answers, failed, .. } = measurement::measured(&scenario, watch)
        .map_err(|refused| BenchError::Measurement { target: target.into(), reason: refused.reason })?;
    if let Some(refused) = failed {
        return Ok(BenchRun::without_answer(offered, refused.reason));
    }
    let throughput = |method| {
        let answer = answers.iter().find(|a| a.method == method)?;
        answer.get(&path("total", "throughput", ""))?.value
    };
    let served = throughput(Method::Measurement).unwrap_or(0.0);
    // What the plan sent in that time, which chance makes more or less than its rate.
    let offered = throughput(Method::Rehearsal).unwrap_or(offered);
    let answer = answers.into_iter().find(|a| a.method == Method::Measurement);
    Ok(BenchRun { offered, served, answer, failed: None })
}

/// What a whole benchmark says of its parts.
struct BenchWatch<'a> {
    watch: &'a dyn Watch,
    done: f64,
    target: &'a str,
}

impl Watch for BenchWatch<'_> {
    fn says(&self, _: &str, _: f64, detail: &str) {
        self.watch.says(self.target, self.done.min(1.0), detail);
    }

    fn stopped(&self) -> bool {
        self.watch.stopped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load() -> BenchLoad {
        BenchLoad {
            producers: 2,
            consumers: 3,
            prefetch: 10,
            size: 1024,
            durable: true,
            duration: 2.0,
            shares: SHARES.to_vec(),
        }
    }

    #[test]
    fn the_producers_share_the_rate() {
        let scenario = load().scenario("in-process", 3_000.0).expect("it is sound");
        assert_eq!(
            scenario.producers.iter().map(|p| (p.rate, p.size)).collect::<Vec<_>>(),
            [(1_500.0, 1024); 2]
        );
        assert_eq!((scenario.consumers[0].prefetch, scenario.measurement.duration), (10, 2.0));
        let unknown = load().scenario("nobody", 1.0).map_err(|why| why.to_string());
        assert!(unknown.as_ref().is_err_and(|why| why.contains("`nobody`")), "{unknown:?}");
        let asked = load().scenario("flume", 1.0).map_err(|why| why.to_string());
        assert!(
            asked.as_ref().is_err_and(|why| why.contains("flume cannot be measured with --durable: ")),
            "{asked:?}"
        );
    }

    #[test]
    fn a_backlog_that_grows_is_not_sustained() {
        let run = |served| BenchRun { offered: 100.0, served, answer: None, failed: None };
        assert!(run(99.0).sustains() && !run(97.0).sustains());
        let silent = BenchRun::without_answer(100.0, Reason::Failed("gone".into()));
        assert!(!silent.sustains());
        assert_eq!(broken(&[run(99.0), silent.clone()]), None);
        assert_eq!(broken(&[run(99.0), silent.clone(), silent]), Some(Reason::Failed("gone".into())));
    }
}
