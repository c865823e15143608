//! Fitting: measured times become laws, an arrival process and a scenario to start from.

mod arrivals;
mod laws;
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
    let mut notes = Vec::new();
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
                let instants: Vec<f64> = values.iter().scan(0.0, |at, gap| Some((*at, *at += gap).0)).collect();
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
    let of = |kinds: &[Kind]| columns.iter().find(|c| kinds.contains(&c.kind)).and_then(|c| c.candidates.first()).map(|c| c.law.clone());
    let service = of(&[Kind::Service]);
    let rate = stream.map(|s| s.rate);
    if service.is_none() {
        notes.push("the file says nothing about the work: the scenario's service_time is a guess, write your own".into());
    }
    if rate.is_none() {
        notes.push("the file says nothing about arrivals: the scenario's rate is a guess, write your own".into());
    }
    let service = service.unwrap_or_else(|| Law::exponential(rate.map_or(0.01, |rate| USUAL_LOAD / rate)));
    let rate = rate.unwrap_or(4.0 * USUAL_LOAD / service.mean());
    let count = (rate * service.mean() / USUAL_LOAD - 1e-9).ceil().clamp(1.0, 1e6) as u32;
    let mut producer = Producer::poisson("web", 0, rate);
    if let Some(stream) = stream {
        producer.arrivals = match (&stream.mmpp, of(&[Kind::Instants, Kind::Gaps])) {
            (Some((rates, dwell)), _) => Arrivals::Mmpp { rates: rates.to_vec(), dwell: dwell.to_vec() },
            (None, Some(Law::Exponential(_)) | None) => Arrivals::Poisson,
            (None, Some(gap)) => Arrivals::Renewal { gap: gap.scaled(1.0 / rate / gap.mean()) },
        };
    }
    let mut out =
        Scenario::single(producer, Queue { name: "jobs".into(), ..Queue::default() }, Consumer::group("workers", 0, count, service));
    out.title = Some("Fitted to measured times".into());
    out
}

#[cfg(test)]
mod tests;
