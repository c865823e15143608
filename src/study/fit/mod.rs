//! Fitting: measured times become laws, an arrival process and a scenario to start from.

mod arrivals;
mod laws;
mod mmpp;

pub use arrivals::{Dispersion, Stream};
pub use laws::{Candidate, Sample};

use crate::scenario::{Arrivals, Consumer, Producer, Queue, Scenario};
use crate::units::{Time, plain};
use crate::workload::file::{BadCell, Measured, Role, Stamps};
use crate::workload::laws::Law;

/// The share of its servers' time that the scenario to start from keeps busy, where the file does not say.
const USUAL_LOAD: f64 = 0.7;
/// Fewer values than this say little about a law.
const FEW: usize = 100;
/// The most servers that a scenario may have.
const MOST_SERVERS: f64 = 1e6;
/// Values that stand for a sample that no law comes near.
const SLICES: usize = 50;

/// What a file of measured times says.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Rows of the file.
    pub rows: usize,
    /// The first cells without a time where one was expected.
    pub bad: Vec<BadCell>,
    pub columns: Vec<Column>,
    /// Arrivals, if the file has instants or gaps.
    pub stream: Option<Stream>,
    /// Ready to be run.
    pub scenario: Scenario,
    /// What to mind, in sentences.
    pub notes: Vec<String>,
}

/// One column of times and the laws that could have given them, the best first.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub role: Role,
    pub sample: Sample,
    pub candidates: Vec<Candidate>,
}

/// Fits everything that a file measures.
///
/// # Errors
/// A file without two rows to fit anything to, or whose work needs more servers than a scenario can have.
pub fn fit(measured: Measured) -> Result<Fit, String> {
    let mut notes: Vec<String> = measured.findings.into_iter().map(|finding| finding.text).collect();
    let mut stream = None;
    let mut columns = Vec::new();
    let mut add = |name: String, role: Role, values: Vec<f64>| {
        if values.is_empty() {
            return;
        }
        if values.len() < FEW {
            notes.push(format!("`{name}` has only {} values: laws can hardly be told apart", values.len()));
        }
        let sample = Sample::of(values);
        columns.push(Column { candidates: laws::candidates(&sample), name, role, sample });
    };
    if let Some(Stamps { name, mut instants, gaps, .. }) = measured.arrivals {
        if gaps {
            // So many gaps lie between one instant more.
            instants.insert(0, 0.0);
        }
        stream = Some(arrivals::stream(&instants));
        let role = if gaps { Role::Gap } else { Role::Arrival };
        add(name, role, instants.windows(2).map(|w| w[1] - w[0]).collect());
    }
    for (times, role) in [(measured.service, Role::Service), (measured.latency, Role::Latency)] {
        times.into_iter().for_each(|times| add(times.name, role, times.values));
    }
    if columns.is_empty() {
        return Err("the file has no two rows with a time".into());
    }
    if columns.iter().any(|c| c.role == Role::Latency) {
        notes.push("a latency holds waiting as well as work: its law is no law of the service time".into());
    }
    let scenario = scenario(&columns, stream.as_ref(), &mut notes)?;
    Ok(Fit { rows: measured.rows, bad: measured.bad, columns, stream, scenario, notes })
}

/// A scenario with what was fitted, and with usual values where the file says nothing.
fn scenario(columns: &[Column], stream: Option<&Stream>, notes: &mut Vec<String>) -> Result<Scenario, String> {
    let of = |roles: &[Role]| columns.iter().find(|c| roles.contains(&c.role));
    let work = of(&[Role::Service]).filter(|column| column.sample.mean > 0.0);
    let service = work.map(|column| law(column, notes));
    let rate = stream.map(|s| s.rate).filter(|rate| *rate > 0.0);
    if service.is_none() {
        let why = if of(&[Role::Service]).is_some() { "the work takes no time" } else { "the file says nothing about the work" };
        notes.push(format!("{why}: the scenario's service_time is a guess, write your own"));
    }
    if rate.is_none() {
        let why = if stream.is_some() { "all messages come at one instant" } else { "the file says nothing about arrivals" };
        notes.push(format!("{why}: the scenario's rate is a guess, write your own"));
    }
    let service = service.unwrap_or_else(|| Law::exponential(rounded(rate.map_or(0.01, |rate| USUAL_LOAD / rate))));
    let rate = rounded(rate.unwrap_or(4.0 * USUAL_LOAD / service.mean()));
    // A law whose mean does not exist asks for servers without end.
    let needed = rate * service.mean() / USUAL_LOAD;
    if needed.is_nan() || needed > MOST_SERVERS {
        let (rate, mean) = (plain(rate, 3), service.mean());
        let mean = if mean.is_finite() { format!("times of {} on average", Time(mean)) } else { "times without a mean".into() };
        return Err(format!("{rate} messages a second with {mean} need more than a million servers: is a unit wrong?"));
    }
    let count = (rate * service.mean() / USUAL_LOAD - 1e-9).ceil().clamp(1.0, 1e6) as u32;
    let mut producer = Producer::poisson("web", 0, rate);
    let gaps = of(&[Role::Arrival, Role::Gap]).filter(|column| column.sample.mean > 0.0);
    producer.arrivals = match (stream.and_then(|s| s.mmpp), gaps) {
        (Some((rates, dwell)), _) => Arrivals::Mmpp { rates: rates.map(rounded).to_vec(), dwell: dwell.map(rounded).to_vec() },
        (None, None) => Arrivals::Poisson,
        (None, Some(column)) => match law(column, notes) {
            Law::Exponential(_) => Arrivals::Poisson,
            gap => Arrivals::Renewal { gap: gap.scaled(1.0 / rate / gap.mean()) },
        },
    };
    let mut out =
        Scenario::single(producer, Queue { name: "jobs".into(), ..Queue::default() }, Consumer::group("workers", 0, count, service));
    out.title = Some("Fitted to measured times".into());
    Ok(out)
}

/// The best law, or the sample itself where no law comes near it.
fn law(column: &Column, notes: &mut Vec<String>) -> Law {
    let sample = &column.sample;
    match column.candidates.first() {
        Some(best) if !best.is_far(sample) => best.law.clone(),
        _ => {
            notes.push(format!("no law comes near `{}`: the scenario draws from {SLICES} values that stand for it", column.name));
            Law::Empirical(sample.slices(SLICES))
        }
    }
}

/// To as many digits as a measurement is worth: a scenario is there to be read.
fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests;
