//! Prediction that is judged: what a host adds is learnt at low loads, high ones are predicted before they are measured, and what the
//! measurement then says is held against that.
//!
//! All loads are one scenario with more or less traffic. A prediction is the very plan that will be measured, simulated with the
//! services as long and the sleeping consumers as slow to wake as they were at the low loads; no sampling error lies between the two.

use super::agreement::{MEAN_TOLERANCE, REHEARSAL_TOLERANCE, RULER};
use super::load;
use super::measurement::{self, Measured};
use super::simulation::simulate;
use super::transient;
use super::verdict::percent;
use super::watch::{Blind, Watch};
use crate::answer::{Answer, Method, Trust, Unanswered, path};
use crate::scenario::{Arrivals, Consumer, Length, Precision, Scenario};
use crate::theory::{Load, explain};
use crate::units::{Time, plain};
use serde::Serialize;

/// The statistics of the latency of all messages that are predicted, each with what it may be off, as for a rehearsal.
pub const PREDICTED: [(&str, f64); 3] = [("mean", MEAN_TOLERANCE), ("p50", REHEARSAL_TOLERANCE), ("p99", REHEARSAL_TOLERANCE)];

/// Messages of the simulation that looks whether a queue of unknown load is the fullest.
const LOOK: u64 = 20_000;
/// The share of the latency that a change of the host has to explain to be told: a service time that is longer by a share makes the
/// latency at load rho longer by about 1 / (1 − rho) times that share.
const TOLD: f64 = 0.01;

/// What low loads showed of the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Lesson {
    /// The loads that taught it: those whose measurement can be trusted.
    pub loads: Vec<f64>,
    /// Seconds until a message reaches a consumer that sleeps, in the scenario's time; `None` if no consumer was seen asleep.
    pub hand_off: Option<f64>,
    /// Of each group of consumers, how long its services took over how long they were to take, on average.
    pub stretch: Vec<f64>,
    /// Nanoseconds of group commits, where messages are durable.
    #[serde(skip)]
    pub syncs: Vec<u64>,
}

/// A load and what was said of it.
#[derive(Debug, Clone)]
pub struct Point {
    /// Of the fullest queue.
    pub load: f64,
    /// The scenario at this load.
    pub scenario: Scenario,
    /// What was said before it was measured; `None` where it was learnt from.
    pub predicted: Option<Answer>,
    /// Rehearsal, measurement, replay.
    pub answers: Vec<Answer>,
    /// What this load itself would have taught.
    pub lesson: Lesson,
}

/// Whether a prediction held.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Held {
    /// It did.
    Accepted,
    /// What was off, and why, in sentences.
    Rejected(Vec<String>),
    /// Why it cannot be said.
    Undecided(String),
}

/// Why nothing was predicted, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The scenario is of no such kind.
    Scenario(String),
    /// It could not be measured.
    Run(String),
}

/// A scenario, learnt and predicted.
#[derive(Debug, Clone)]
pub struct Prediction {
    /// What was asked.
    pub scenario: Scenario,
    /// What the low loads taught.
    pub lesson: Lesson,
    /// The loads, ascending.
    pub points: Vec<Point>,
}

impl Point {
    /// The answer of a method, if it has one.
    pub fn answer(&self, method: Method) -> Option<&Answer> {
        self.answers.iter().find(|a| a.method == method)
    }

    /// A statistic of the latency of all messages by the answer of a method.
    pub fn latency(&self, method: Method, statistic: &str) -> Option<f64> {
        figure(self.answer(method)?, statistic)
    }

    /// The same as it was predicted; `None` for a load that was learnt from.
    pub fn predicted_latency(&self, statistic: &str) -> Option<f64> {
        figure(self.predicted.as_ref()?, statistic)
    }

    /// How far the measurement is from the prediction, as a share of it.
    pub fn off(&self, statistic: &str) -> Option<f64> {
        Some(self.latency(Method::Measurement, statistic)? / self.predicted_latency(statistic)? - 1.0)
    }

    /// What it was for.
    pub fn role(&self) -> &'static str {
        if self.predicted.is_some() { "predicted" } else { "learnt" }
    }

    /// The gate by which the measurement says nothing, if it does not.
    pub fn invalid(&self) -> Option<&'static str> {
        let gates = &self.answer(Method::Measurement)?.gates;
        gates.iter().find(|g| g.trust == Trust::Invalid).map(|g| g.name)
    }

    /// Whether the prediction held; `None` for a load that was learnt from.
    pub fn held(&self, learnt: &Lesson) -> Option<Held> {
        self.predicted.as_ref()?;
        if let Some(gate) = self.invalid() {
            return Some(Held::Undecided(format!("the measurement is INVALID ({gate}), and judges nobody")));
        }
        if learnt.loads.is_empty() {
            return Some(Held::Undecided("no low load could be measured well enough to learn from".into()));
        }
        let judged = PREDICTED.iter().filter_map(|&(statistic, share)| {
            let (off, predicted) = (self.off(statistic)?, self.predicted_latency(statistic)?);
            Some((statistic, share, off, off.abs() * predicted <= (share * predicted).max(RULER)))
        });
        let judged: Vec<_> = judged.collect();
        if judged.is_empty() {
            return Some(Held::Undecided("too few messages were measured for a figure to be held against it".into()));
        }
        let missed: Vec<String> = judged
            .iter()
            .filter(|(.., held)| !held)
            .map(|(statistic, share, off, _)| format!("{statistic} is {} off, more than {} %", percent(*off), plain(share * 100.0, 2)))
            .collect();
        if missed.is_empty() {
            return Some(Held::Accepted);
        }
        let mut why = vec![missed.join("; ")];
        why.extend(self.changed(learnt));
        why.extend(self.explained());
        Some(Held::Rejected(why))
    }

    /// What the host did at this load that it had not done at the low ones.
    fn changed(&self, learnt: &Lesson) -> Option<String> {
        let groups = self.scenario.consumers.iter().zip(self.lesson.stretch.iter().zip(&learnt.stretch));
        let mut said: Vec<String> = groups
            .filter(|(_, (now, then))| (*now - *then).abs() >= TOLD * (1.0 - self.load))
            .map(|(c, (now, then))| format!("services of `{}` took {}, not {}", c.name, longer(*now), longer(*then)))
            .collect();
        if let (Some(now), Some(then)) = (self.lesson.hand_off, learnt.hand_off)
            && (now - then).abs() > 0.3 * then
        {
            said.push(format!("a sleeping consumer was reached after {} instead of {}", Time(now), Time(then)));
        }
        (!said.is_empty()).then(|| format!("the host was another than at the low loads: {}", said.join("; ")))
    }

    /// Whether the queue or the host is to blame: the replay has the services and sends as they were.
    fn explained(&self) -> Option<String> {
        let off = self.latency(Method::Measurement, "mean")? / self.latency(Method::Replay, "mean")? - 1.0;
        let blame = if off.abs() <= 0.01 {
            "so that the host, not the queue, explains the rest"
        } else {
            "so that hand-offs or the queue itself have a share in it"
        };
        Some(format!("the measured mean is {} from the replay of what really happened, {blame}", percent(off)))
    }
}

/// What services took over what they were to take, in words.
pub fn longer(stretch: f64) -> String {
    match stretch - 1.0 {
        more if more.abs() < 5e-4 => "as long as planned".into(),
        more => format!("{} % {} than planned", plain(more.abs() * 100.0, 2), if more > 0.0 { "longer" } else { "shorter" }),
    }
}

fn figure(answer: &Answer, statistic: &str) -> Option<f64> {
    answer.get(&path("total", "latency", statistic)).and_then(|e| e.value).filter(|v| *v > 0.0)
}

/// Measures a scenario at some loads (shares of what its fullest queue can do) to learn from, and predicts others before it
/// measures them. Whoever stops it gets what was finished by then.
///
/// # Errors
/// Why it cannot be done: a scenario whose load is not a matter of its rates or that is too short, or one that cannot be measured.
pub fn predict(scenario: &Scenario, learn: &[f64], judge: &[f64], watch: &dyn Watch) -> Result<Prediction, Refusal> {
    let rho = turned(scenario).map_err(Refusal::Scenario)?;
    let at = |load: f64| load::times(scenario, load / rho);
    for &load in learn.iter().chain(judge) {
        measurement::planned(&at(load)).map_err(|why| Refusal::Scenario(format!("at load {}: {why}", plain(load, 3))))?;
        is_fullest(&at(load), load).map_err(Refusal::Scenario)?;
    }
    let failed = |load: f64| move |no: Unanswered| Refusal::Run(format!("at load {}: {}", plain(load, 3), no.reason));
    let mut points = Vec::new();
    let all = (learn.len() + judge.len()) as f64;
    for (i, &load) in learn.iter().enumerate() {
        let part = Part { watch, from: i as f64 / all, share: 1.0 / all, load };
        let point = point(at(load), load, None, &part);
        // What was cut short says nothing of its load.
        if watch.stopped() {
            break;
        }
        points.push(point.map_err(failed(load))?);
    }
    let lesson = together(&points);
    for (i, &load) in judge.iter().enumerate().take_while(|_| !watch.stopped()) {
        let part = Part { watch, from: (learn.len() + i) as f64 / all, share: 1.0 / all, load };
        let scenario = at(load);
        let predicted = measurement::rehearsed(&taught(&scenario, &lesson), &lesson.syncs).map_err(failed(load))?;
        let point = point(scenario, load, Some(predicted), &part);
        if watch.stopped() {
            break;
        }
        points.push(point.map_err(failed(load))?);
    }
    Ok(Prediction { scenario: scenario.clone(), lesson, points })
}

/// The present load of the fullest queue; why there is none that rates could turn, if so.
fn turned(scenario: &Scenario) -> Result<f64, String> {
    if let Some(closed) = scenario.producers.iter().find(|p| matches!(p.arrivals, Arrivals::Closed { .. })) {
        return Err(format!("producer `{}` is a closed loop: its rate follows from the answers and cannot be turned", closed.name));
    }
    if transient::applies(scenario) {
        return Err(
            "its rates change with the time, or a backlog is there at the start, so that it has no one load: write a rate that stays"
                .into(),
        );
    }
    let known = |load: &Load| load.rho.into_iter().chain(load.partitions.as_ref().and_then(|parts| parts.rho)).reduce(f64::max);
    let fullest = explain(scenario).loads.iter().filter_map(known).fold(0.0, f64::max);
    if fullest > 0.0 && fullest.is_finite() {
        Ok(fullest)
    } else {
        Err("no queue has a load: its servers are without limit, or nothing is sent".into())
    }
}

/// Whether no queue is fuller than so much at which a load is a matter of what is lost before it; a short simulation says what theory
/// cannot.
///
/// # Errors
/// One is.
fn is_fullest(scenario: &Scenario, load: f64) -> Result<(), String> {
    let loads = explain(scenario).loads;
    let open = |l: &&Load| !l.depends_on.is_empty() && l.servers.is_some() && l.at_most.is_none_or(|most| most > load);
    let mut open = loads.iter().filter(open).peekable();
    if open.peek().is_none() {
        return Ok(());
    }
    let mut short = scenario.clone();
    (short.simulation.length, short.simulation.replications) = (Length::Messages(LOOK), 2);
    short.simulation.precision = Precision::None;
    let answer = simulate(&short, &Blind).map_err(|refusal| refusal.reason.to_string())?;
    for l in open {
        let busy = answer.get(&path(&format!("queues.{}", l.queue), "utilization", "")).and_then(|e| e.value).unwrap_or(0.0);
        // Servers that are all busy do not say how much more there is to do.
        if busy > load {
            return Err(format!(
                "the load of queue `{}` depends on what is lost in `{}`, so that it does not follow the rates; where the other queues \
                 are {} % full, its servers are busy {} % of the time by simulation: give it more servers, or ask without its dead letters",
                l.queue,
                l.depends_on.join("` and `"),
                plain(load * 100.0, 3),
                plain(busy * 100.0, 3),
            ));
        }
    }
    Ok(())
}

fn point(scenario: Scenario, load: f64, predicted: Option<Answer>, watch: &dyn Watch) -> Result<Point, Unanswered> {
    let Measured { answers, hand_off, syncs } = measurement::measured(&scenario, watch)?;
    let mean = |method, group: &Consumer| {
        let answer: &Answer = answers.iter().find(|a| a.method == method)?;
        answer.get(&path(&format!("consumers.{}", group.name), "service", "mean")).and_then(|e| e.value).filter(|v| *v > 0.0)
    };
    let stretch = |c: &Consumer| mean(Method::Measurement, c).zip(mean(Method::Rehearsal, c)).map_or(1.0, |(real, planned)| real / planned);
    let stretch = scenario.consumers.iter().map(stretch).collect();
    Ok(Point { load, predicted, answers, lesson: Lesson { loads: vec![load], hand_off, stretch, syncs }, scenario })
}

/// What several loads showed, on average of those that can be trusted.
fn together(points: &[Point]) -> Lesson {
    let groups = points.first().map_or(0, |p| p.lesson.stretch.len());
    let points: Vec<&Point> = points.iter().filter(|p| p.invalid().is_none()).collect();
    let mean = |of: &mut dyn Iterator<Item = f64>| {
        let all: Vec<f64> = of.collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    };
    Lesson {
        loads: points.iter().map(|p| p.load).collect(),
        hand_off: mean(&mut points.iter().filter_map(|p| p.lesson.hand_off)),
        stretch: (0..groups).map(|g| mean(&mut points.iter().map(|p| p.lesson.stretch[g])).unwrap_or(1.0)).collect(),
        syncs: points.iter().flat_map(|p| p.lesson.syncs.iter().copied()).collect(),
    }
}

/// The scenario on a host as it was learnt.
fn taught(scenario: &Scenario, lesson: &Lesson) -> Scenario {
    let mut out = scenario.clone();
    out.simulation.overheads.hand_off = lesson.hand_off.unwrap_or(0.0);
    for (group, &stretch) in out.consumers.iter_mut().zip(&lesson.stretch) {
        group.service_time = group.service_time.scaled(stretch);
        group.service_time_per_message = group.service_time_per_message.scaled(stretch);
    }
    // Work that producers bring is done by some group or other: by the one that changed most.
    let most = lesson.stretch.iter().copied().fold(1.0, f64::max);
    for law in out.producers.iter_mut().filter_map(|p| p.service_time.as_mut()) {
        *law = law.scaled(most);
    }
    out
}

/// A part of the whole work.
struct Part<'a> {
    watch: &'a dyn Watch,
    from: f64,
    share: f64,
    load: f64,
}

impl Watch for Part<'_> {
    fn says(&self, _: &str, done: f64, detail: &str) {
        self.watch.says(&format!("load {}", plain(self.load, 3)), self.from + self.share * done, detail);
    }

    fn stopped(&self) -> bool {
        self.watch.stopped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Estimate, Gate};
    use crate::scenario::{Queue, Servers};
    use crate::workload::laws::Law;

    fn answer(method: Method, mean: f64) -> Answer {
        let mut out = Answer::new(method, "test");
        out.set("total", "latency", "mean", Estimate::exact(mean));
        out
    }

    /// A load of which 10 ms were predicted, with what was measured and replayed.
    fn point(measured: f64, replayed: f64, stretch: f64) -> Point {
        Point {
            load: 0.9,
            scenario: Scenario::mgc(900.0, Law::exponential(0.001), 1),
            predicted: Some(answer(Method::Rehearsal, 0.010)),
            answers: vec![answer(Method::Measurement, measured), answer(Method::Replay, replayed)],
            lesson: Lesson { loads: vec![0.9], hand_off: Some(30e-6), stretch: vec![stretch], syncs: Vec::new() },
        }
    }

    fn learnt() -> Lesson {
        Lesson { loads: vec![0.3], hand_off: Some(30e-6), stretch: vec![1.003], syncs: Vec::new() }
    }

    #[test]
    fn what_is_near_is_accepted_and_what_is_off_is_rejected_with_its_reason() {
        assert_eq!(point(0.0102, 0.0102, 1.003).held(&learnt()), Some(Held::Accepted));
        let Some(Held::Rejected(why)) = point(0.012, 0.0119, 1.02).held(&learnt()) else { panic!("a fifth is off") };
        assert_eq!(why[0], "mean is +20 % off, more than 3 %");
        assert!(why[1].contains("services of `consumers` took 2 % longer than planned, not 0.3 % longer than planned"), "{why:?}");
        assert!(why[2].contains("the host, not the queue, explains the rest"), "{why:?}");
        let Some(Held::Rejected(why)) = point(0.012, 0.0101, 1.003).held(&learnt()) else { panic!("a fifth is off") };
        assert_eq!(why.len(), 2, "the host was the same: {why:?}");
        assert!(why[1].contains("the queue itself"), "{why:?}");
    }

    #[test]
    fn an_invalid_measurement_judges_nobody() {
        let mut point = point(0.012, 0.012, 1.003);
        let gate = Gate { name: "steal", value: 0.5, limit: 0.01, unit: "ratio", trust: Trust::Invalid, meaning: String::new() };
        point.answers[0].gates.push(gate);
        assert!(matches!(point.held(&learnt()), Some(Held::Undecided(why)) if why.contains("INVALID (steal)")));
        point.answers = vec![answer(Method::Measurement, 0.0)];
        assert!(matches!(point.held(&learnt()), Some(Held::Undecided(why)) if why.contains("too few")));
    }

    #[test]
    fn an_invalid_low_load_teaches_nothing() {
        let gate = Gate { name: "steal", value: 0.5, limit: 0.01, unit: "ratio", trust: Trust::Invalid, meaning: String::new() };
        let mut points = [point(0.01, 0.01, 1.01), point(0.01, 0.01, 1.03)];
        points[1].answers[0].gates.push(gate.clone());
        points[1].load = 0.5;
        let lesson = together(&points);
        assert_eq!((lesson.loads, lesson.stretch), (vec![0.9], vec![1.01]));
        points[0].answers[0].gates.push(gate);
        let nothing = together(&points);
        assert_eq!(nothing.stretch, [1.0]);
        assert!(matches!(point(0.01, 0.01, 1.0).held(&nothing), Some(Held::Undecided(why)) if why.contains("no low load")));
    }

    #[test]
    fn the_host_is_blamed_where_it_explains_a_hundredth() {
        // 0.3 points more of the service are 3 % of the latency at 0.9, and less than a hundredth at 0.5.
        let mut point = point(0.012, 0.012, 1.006);
        assert!(point.changed(&learnt()).is_some());
        point.load = 0.5;
        assert_eq!(point.changed(&learnt()), None);
    }

    #[test]
    fn a_lesson_is_the_mean_of_what_was_seen_and_makes_the_host_slower() {
        let mut points = [point(0.01, 0.01, 1.01), point(0.01, 0.01, 1.03)];
        points[0].lesson.hand_off = None;
        let lesson = together(&points);
        assert_eq!(lesson.hand_off, Some(30e-6));
        assert!((lesson.stretch[0] - 1.02).abs() < 1e-12);
        let slower = taught(&points[0].scenario, &lesson);
        assert!((slower.consumers[0].mean_service() - 0.00102).abs() < 1e-12);
        assert_eq!(slower.simulation.overheads.hand_off, 30e-6);
    }

    #[test]
    fn a_queue_of_dead_letters_may_be_the_fullest() {
        let mut scenario = Scenario::mgc(500.0, Law::exponential(0.001), 1);
        scenario.queues[0].message_ttl = Some(Law::exponential(0.002));
        scenario.queues[0].dead_letter = Some(1);
        scenario.consumers[0].prefetch = 2;
        scenario.queues.push(Queue { name: "dead".into(), ..Queue::default() });
        scenario.consumers.push(Consumer::group("undertaker", 1, 1, Law::exponential(0.1)));
        assert_eq!(turned(&scenario), Ok(0.5));
        assert!(is_fullest(&scenario, 0.5).is_err_and(|why| why.contains("`dead` depends on what is lost in `queue`")));
        scenario.consumers[1].service_time = Law::exponential(0.000_01);
        assert_eq!(is_fullest(&scenario, 0.5), Ok(()));
        // Known to be little, or not known and little by simulation.
        scenario.consumers[1].service_time = Law::exponential(0.001_1);
        assert_eq!(is_fullest(&scenario, 0.5), Ok(()));
    }

    #[test]
    fn loads_are_turned_where_rates_make_them() {
        let mut scenario = Scenario::mgc(500.0, Law::exponential(0.001), 1);
        assert!((turned(&scenario).expect("half of what one can do") - 0.5).abs() < 1e-12);
        scenario.consumers[0].count = Servers::Unlimited;
        assert!(turned(&scenario).is_err_and(|why| why.contains("without limit")));
        scenario.producers[0].arrivals = Arrivals::Closed { concurrency: 3, think_time: Law::exponential(0.001) };
        assert!(turned(&scenario).is_err_and(|why| why.contains("closed loop")));
        scenario = Scenario::mgc(500.0, Law::exponential(0.001), 1);
        scenario.queues[0].initial_backlog = 10;
        assert!(turned(&scenario).is_err_and(|why| why.contains("no one load")));
    }
}
