//! Fitting: measured times become laws, an arrival process and a scenario to start from.

mod arrivals;
mod laws;
mod mmpp;
mod table;

pub use arrivals::{Dispersion, Stream};
pub use laws::{Candidate, Sample};
pub use table::{BadRow, Kind};

use crate::scenario::{Arrivals, Consumer, Producer, Queue, Scenario};
use crate::workload::laws::Law;

/// The share of its servers' time that the scenario to start from keeps busy, where the file does not say.
const USUAL_LOAD: f64 = 0.7;
/// Fewer values than this say little about a law.
const FEW: usize = 100;
/// Values that stand for a sample that no law comes near.
const SLICES: usize = 50;

/// What a file of measured times says.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Rows with a number in every column that was read.
    pub rows: usize,
    pub bad: Vec<BadRow>,
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
    pub kind: Kind,
    pub sample: Sample,
    pub candidates: Vec<Candidate>,
}

/// Fits everything that a CSV text holds.
///
/// # Errors
/// A text without a single usable number, or without a column whose name is understood.
pub fn fit(text: &str) -> Result<Fit, String> {
    let table = table::read(text)?;
    let mut notes = table.notes;
    if !table.bad.is_empty() {
        notes.push(format!(
            "{} of {} rows were left out: they hold no time where one was expected",
            table.bad.len(),
            table.rows + table.bad.len()
        ));
    }
    let mut stream = None;
    let mut columns = Vec::new();
    for (name, kind, values) in table.columns {
        let values = match kind {
            Kind::Instants => {
                let mut instants = values;
                if instants.windows(2).any(|w| w[1] < w[0]) {
                    notes.push(format!("`{name}` goes back in places: it was sorted"));
                    instants.sort_by(f64::total_cmp);
                }
                stream = Some(arrivals::stream(&instants));
                instants.windows(2).map(|w| w[1] - w[0]).collect()
            }
            Kind::Gaps => {
                // So many gaps lie between one instant more.
                let later = values.iter().scan(0.0, |at, gap| Some((*at += gap, *at).1));
                let instants: Vec<f64> = std::iter::once(0.0).chain(later).collect();
                stream = Some(arrivals::stream(&instants));
                values
            }
            Kind::Service | Kind::Latency => values,
        };
        if values.is_empty() {
            continue;
        }
        if values.len() < FEW {
            notes.push(format!("`{name}` has only {} values: laws can hardly be told apart", values.len()));
        }
        let sample = Sample::of(values);
        columns.push(Column { candidates: laws::candidates(&sample), name, kind, sample });
    }
    if columns.is_empty() {
        return Err("the file has no two rows with a time".into());
    }
    if columns.iter().any(|c| c.kind == Kind::Latency) {
        notes.push("a latency holds waiting as well as work: its law is no law of the service time".into());
    }
    let scenario = scenario(&columns, stream.as_ref(), &mut notes);
    Ok(Fit { rows: table.rows, bad: table.bad, columns, stream, scenario, notes })
}

/// A scenario with what was fitted, and with usual values where the file says nothing.
fn scenario(columns: &[Column], stream: Option<&Stream>, notes: &mut Vec<String>) -> Scenario {
    let of = |kinds: &[Kind]| columns.iter().find(|c| kinds.contains(&c.kind));
    let work = of(&[Kind::Service]).filter(|column| column.sample.mean > 0.0);
    let service = work.map(|column| law(column, notes));
    let rate = stream.map(|s| s.rate).filter(|rate| *rate > 0.0);
    if service.is_none() {
        let why = if of(&[Kind::Service]).is_some() { "the work takes no time" } else { "the file says nothing about the work" };
        notes.push(format!("{why}: the scenario's service_time is a guess, write your own"));
    }
    if rate.is_none() {
        let why = if stream.is_some() { "all messages come at one instant" } else { "the file says nothing about arrivals" };
        notes.push(format!("{why}: the scenario's rate is a guess, write your own"));
    }
    let service = service.unwrap_or_else(|| Law::exponential(rounded(rate.map_or(0.01, |rate| USUAL_LOAD / rate))));
    let rate = rounded(rate.unwrap_or(4.0 * USUAL_LOAD / service.mean()));
    let count = (rate * service.mean() / USUAL_LOAD - 1e-9).ceil().clamp(1.0, 1e6) as u32;
    let mut producer = Producer::poisson("web", 0, rate);
    let gaps = of(&[Kind::Instants, Kind::Gaps]).filter(|column| column.sample.mean > 0.0);
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
    out
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
