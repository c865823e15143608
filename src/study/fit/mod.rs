//! Fitting: measured times become laws, an arrival process and a scenario to start from.

mod arrivals;
mod judge;
mod laws;
mod mmpp;
mod models;
mod note;
mod poisson;
mod schedule;
mod states;
mod throughput;
mod traffic;

pub use crate::workload::file::LoadRow;
pub use arrivals::{ArrivalStream, Dispersion};
use judge::Truth;
pub use judge::{FARTHEST, Judged, ModelFigure, WaitsAt};
pub use laws::{Candidate, Sample};
pub use models::{Model, ModelFamily, ModelVerdict, Models, TRACE_FILE};
pub use note::FitNote;
pub use poisson::{Deviation, FEWEST, PoissonTest, SIGNIFICANCE};
pub use throughput::{
    JudgedLaw, ThroughputFamily, ThroughputFit, ThroughputFitError, ThroughputLaw, fit_throughput,
};

use crate::scenario::{
    Arrivals, Consumer, Length, NoFiles, Producer, Queue, Scenario, Servers, Source, Warmup, parse,
    resolved_toml,
};
use crate::units::{Time, plain};
use crate::workload::file::{BadCell, ColumnRole, FileContent, Stamps};
use crate::workload::laws::Law;

/// The share of its servers' time that the scenario to start from keeps busy, where the file does not say.
const USUAL_LOAD: f64 = 0.7;
/// Fewer values than this say little about a law.
const FEW: usize = 100;
/// So small a share of the load that consumers lack is rounding.
const KEPT_UP: f64 = 1e-4;
/// The most servers that a scenario may have.
const MOST_SERVERS: f64 = 1e6;

/// What a file of measured times says.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Rows of the file.
    pub rows: usize,
    /// The first cells without a time where one was expected.
    pub bad: Vec<BadCell>,
    /// The columns of times.
    pub columns: Vec<Column>,
    /// Arrivals, if the file has instants or gaps.
    pub stream: Option<ArrivalStream>,
    /// Whether they are Poisson, if there are enough to tell.
    pub poisson: Option<PoissonTest>,
    /// The models of them that were judged on the file.
    pub models: Option<Models>,
    /// Ready to be run.
    pub scenario: Scenario,
    /// What the scenario says and the file does not.
    pub guessed: Guessed,
    /// What to mind.
    pub notes: Vec<FitNote>,
}

/// What the scenario says and the file does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guessed {
    /// The rate of the arrivals.
    pub rate: bool,
    /// The service time.
    pub work: bool,
}

/// One column of times and the laws that could have given them, the best first.
#[derive(Debug, Clone)]
pub struct Column {
    /// The column's name, fit for a file's.
    pub name: String,
    /// What it measures.
    pub role: ColumnRole,
    /// Its times.
    pub sample: Sample,
    /// The laws, the best first.
    pub candidates: Vec<Candidate>,
}

/// Why a file cannot be fitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// There is nothing to fit anything to.
    #[error("the file has no two rows with a time")]
    NoTimes,
    /// Times beyond what a scenario can have, as what is wrong with them.
    #[error("what its times say cannot be written as a scenario: {0}")]
    Unwritable(String),
    /// More work than a million servers do.
    #[error("{rate} messages a second with {work} need more than a million servers: is a unit wrong?")]
    TooMuchWork {
        /// Messages a second.
        rate: String,
        /// What each brings, as a phrase.
        work: String,
    },
}

/// Fits everything that a file measures.
///
/// # Errors
/// A file without two rows to fit anything to, or whose times no scenario can have.
pub fn fit(measured: FileContent) -> Result<Fit, FitError> {
    let findings = measured.findings.into_iter();
    let mut notes: Vec<FitNote> = findings.map(|finding| FitNote::File(finding.text)).collect();
    let mut columns = Vec::new();
    let mut add = |name: String, role: ColumnRole, values: Vec<f64>| {
        if values.is_empty() {
            return;
        }
        if values.len() < FEW {
            notes.push(FitNote::FewValues { column: name.clone(), values: values.len() });
        }
        let sample = Sample::of(values);
        columns.push(Column { candidates: laws::candidates(&sample), name, role, sample });
    };
    let mut arrivals = None;
    if let Some(Stamps { name, mut instants, gaps, spread, .. }) = measured.arrivals {
        if gaps {
            // So many gaps lie between one instant more.
            instants.insert(0, 0.0);
        }
        let role = if gaps { ColumnRole::Gap } else { ColumnRole::Arrival };
        add(name, role, instants.windows(2).map(|w| w[1] - w[0]).collect());
        arrivals = Some(ArrivalTimes { instants, unit: spread.unwrap_or(0.0) });
    }
    let own = measured.service.as_ref().filter(|_| measured.paired).map(|times| times.values.clone());
    for (times, role) in [(measured.service, ColumnRole::Service), (measured.latency, ColumnRole::Latency)] {
        times.into_iter().for_each(|times| add(times.name, role, times.values));
    }
    if columns.is_empty() {
        return Err(FitError::NoTimes);
    }
    if columns.iter().any(|c| c.role == ColumnRole::Latency) {
        notes.push(FitNote::Latency);
    }
    let mut fit = Fit {
        rows: measured.rows,
        bad: measured.bad,
        columns,
        stream: None,
        poisson: None,
        models: None,
        scenario: guess(),
        guessed: Guessed::default(),
        notes,
    };
    fit.judge(arrivals.as_ref(), own)?;
    sound(&fit.scenario)?;
    Ok(fit)
}

/// What is written must be read: times beyond the clock or below its nanosecond are refused here, not by
/// whoever reads the scenario.
fn sound(scenario: &Scenario) -> Result<(), FitError> {
    let mut told = scenario.clone();
    for producer in told.producers.iter_mut().filter(|p| matches!(p.arrivals, Arrivals::Trace { .. })) {
        // The trace is in a file of its own; its instants are those of the file that was read.
        producer.arrivals = Arrivals::Poisson;
    }
    match parse(&Source::new("scenario.toml", resolved_toml(&told)), &NoFiles) {
        Ok(_) => Ok(()),
        Err(problems) => {
            let told: Vec<&str> = problems.list.iter().map(|p| p.message.as_str()).collect();
            Err(FitError::Unwritable(told.join("; ")))
        }
    }
}

/// Instants in order of time, in seconds, and the unit to which the file rounds them.
struct ArrivalTimes {
    instants: Vec<f64>,
    unit: f64,
}

/// What a file says nothing about.
fn guess() -> Scenario {
    let (producer, queue) =
        (Producer::poisson("web", 0, 1.0), Queue { name: "jobs".into(), ..Queue::default() });
    let mut out =
        Scenario::single(producer, queue, Consumer::group("workers", 0, 1, Law::exponential(USUAL_LOAD)));
    out.title = Some("Fitted to measured times".into());
    out
}

impl Fit {
    /// Judges the arrivals' models on the file, and writes the scenario of the one that is offered.
    fn judge(&mut self, arrivals: Option<&ArrivalTimes>, own: Option<Vec<f64>>) -> Result<(), FitError> {
        let stream = arrivals.map(|a| arrivals::stream(&a.instants));
        let rate = stream.as_ref().map(|s| s.rate).filter(|rate| *rate > 0.0 && rate.is_finite());
        let service = self.service();
        if rate.is_none() {
            self.notes.push(FitNote::RateGuessed { at_once: stream.is_some() });
        }
        let known = service.is_some();
        self.guessed = Guessed { rate: rate.is_none(), work: !known };
        let service =
            service.unwrap_or_else(|| Law::exponential(rounded(rate.map_or(0.01, |rate| USUAL_LOAD / rate))));
        let rate = rounded(rate.unwrap_or(4.0 * USUAL_LOAD / service.mean()));
        self.scenario.producers[0].rate = rate;
        // A law whose mean does not exist asks for servers without end.
        let needed = rate * service.mean() / USUAL_LOAD;
        if needed.is_nan() || needed > MOST_SERVERS {
            let (rate, mean) = (plain(rate, 3), service.mean());
            let mean = if mean.is_finite() {
                format!("times of {} on average", Time(mean))
            } else {
                "times without a mean".into()
            };
            return Err(FitError::TooMuchWork { rate, work: mean.to_string() });
        }
        let mut count = (rate * service.mean() / USUAL_LOAD - 1e-9).ceil().clamp(1.0, 1e6) as u32;
        if let (Some(arriving), Some(stream)) =
            (arrivals, stream.as_ref().filter(|s| s.rate > 0.0 && s.rate.is_finite()))
        {
            self.poisson = poisson::test(&arriving.instants, arriving.unit);
            let own = own.filter(|own| known && own.len() == arriving.instants.len());
            let gap = self.gap();
            let unlike = own.is_some() && !matches!(service, Law::Empirical(_));
            let unlike = unlike
                && !models::law_will_do(&Truth::of(&arriving.instants, own.as_deref(), stream, &service));
            let work = if unlike { self.empirical(&service) } else { service };
            let rejected = self.poisson.as_ref().is_some_and(PoissonTest::rejects);
            let models =
                models::tried(&Truth::of(&arriving.instants, own.as_deref(), stream, &work), gap, rejected);
            self.offer(&models, stream);
            count = self.lasting(u32::try_from(models.consumers).unwrap_or(u32::MAX), &models, stream, &work);
            self.models = Some(models);
            self.scenario.consumers[0].service_time = work;
        } else {
            self.scenario.consumers[0].service_time = service;
        }
        self.scenario.consumers[0].count = Servers::Count(count);
        self.stream = stream;
        Ok(())
    }

    /// As many consumers as the file needs, unless it is over before its work is done: those would not keep
    /// up with messages that go on to come so.
    fn lasting(&mut self, count: u32, models: &Models, stream: &ArrivalStream, work: &Law) -> u32 {
        let load = stream.rate * work.mean();
        if f64::from(count) >= (1.0 - KEPT_UP) * load {
            return count;
        }
        let once =
            models.offered().is_some_and(|m| matches!(m.family, ModelFamily::Piecewise | ModelFamily::Trace));
        let more = (load / USUAL_LOAD).ceil().clamp(1.0, MOST_SERVERS) as u32;
        self.notes.push(FitNote::EndsBeforeItsWork {
            lasted: stream.lasted,
            work: work.mean(),
            consumers: count,
            messages: stream.count,
            load,
            more: (!once).then_some(more),
        });
        if once { count } else { more }
    }

    /// The law of the work, if the file tells it.
    fn service(&mut self) -> Option<Law> {
        let Some(column) = self.columns.iter().find(|c| c.role == ColumnRole::Service) else {
            self.notes.push(FitNote::WorkGuessed { zero: false });
            return None;
        };
        if column.sample.mean <= 0.0 {
            self.notes.push(FitNote::WorkGuessed { zero: true });
            return None;
        }
        let best = column.fitting().map(|c| c.law.clone());
        if let Some(law) = best.as_ref().filter(|law| law.moment(2).is_infinite()) {
            self.notes.push(FitNote::NoVariance { column: column.name.clone(), law: law.name() });
            return Some(Law::Empirical(column.sample.slices()));
        }
        if best.is_none() {
            let tail = column.candidates.iter().any(|c| !c.is_far(&column.sample));
            self.notes.push(FitNote::NoLaw { column: column.name.clone(), tail });
        }
        Some(best.unwrap_or_else(|| Law::Empirical(column.sample.slices())))
    }

    /// The work's own values where a law of it has other waits than the file.
    fn empirical(&mut self, law: &Law) -> Law {
        let Some(column) = self.columns.iter().find(|c| c.role == ColumnRole::Service) else {
            return law.clone();
        };
        self.notes.push(FitNote::OtherWaits { column: column.name.clone(), law: law.name() });
        Law::Empirical(column.sample.slices())
    }

    /// The law of the gaps; `None` if all are zero.
    fn gap(&self) -> Option<Law> {
        let column = self
            .columns
            .iter()
            .find(|c| matches!(c.role, ColumnRole::Arrival | ColumnRole::Gap))
            .filter(|c| c.sample.mean > 0.0)?;
        Some(column.fitting().map_or_else(|| Law::Empirical(column.sample.slices()), |c| c.law.clone()))
    }

    /// Writes the offered model's arrivals into the scenario.
    fn offer(&mut self, models: &Models, stream: &ArrivalStream) {
        let Some(model) = models.offered() else { return };
        let simulation = &mut self.scenario.simulation;
        match (&model.family, &model.arrivals) {
            // What happens once is played once, from its start to its end.
            (ModelFamily::Piecewise, _) => {
                (simulation.length, simulation.warmup) =
                    (Length::Duration(stream.lasted), Warmup::Messages(0))
            }
            (ModelFamily::Trace, _) => simulation.warmup = Warmup::Messages(0),
            (_, Arrivals::Schedule { steps, repeat: true, .. }) => {
                let period: f64 = steps.iter().map(|s| s.lasts).sum();
                simulation.length =
                    Length::Duration((stream.lasted / period + 1e-9).floor().max(1.0) * period);
            }
            _ => {}
        }
        self.scenario.producers[0].arrivals = model.arrivals.clone();
        // Whichever model is offered.
        if let Some(off) =
            models.trace().map(|trace| &trace.judged).filter(|own| !own.is_near()).map(Judged::worst)
        {
            self.notes.push(FitNote::DependentWork { off });
        }
    }
}

impl Column {
    /// The best law that comes near the sample in its middle and in its tail.
    pub fn fitting(&self) -> Option<&Candidate> {
        self.candidates.iter().find(|c| !c.is_far(&self.sample) && !c.misses_tail(&self.sample))
    }
}

/// To as many digits as a measurement is worth: a scenario is there to be read.
fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

/// To one digit: a window for people.
fn one_digit(value: f64) -> f64 {
    format!("{value:.0e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests;
