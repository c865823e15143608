//! A sweep's figures as tidy rows, and back: one row for each point, method and metric, SI units.
//!
//! A point is kept as its rows as soon as it is done. Everything else is made from the rows, so that a sweep
//! that was stopped and taken up again ends in the same bytes as one left alone.

use crate::answer::{Answer, Estimate, Method, Reason, Unanswered, metric_of};
use crate::study::sweep::{Grid, Refinement, SweepPoint};

const COLUMNS: [&str; 10] =
    ["method", "by", "metric", "value", "half_width", "unit", "exact", "infinite", "unanswered", "cause"];
/// One more where points differ in it by themselves.
const REPLICATIONS: &str = "replications";

/// The heading of the rows, with its line end.
pub fn header(grid: &Grid, refinement: Refinement) -> String {
    let axes = grid.axes.iter().map(|axis| axis.path.as_str());
    let more = refinement.adds().then_some(REPLICATIONS);
    line(std::iter::once("point").chain(axes).chain(COLUMNS).chain(more).map(String::from).collect())
}

/// The rows of a point.
pub fn rows(point: &SweepPoint, refinement: Refinement) -> String {
    let start: Vec<String> =
        std::iter::once(point.index.to_string()).chain(point.values.iter().cloned()).collect();
    let number = |value: Option<f64>| value.map_or(String::new(), |v| v.to_string());
    let mut out = String::new();
    for answer in &point.answers {
        for (path, estimate) in &answer.metrics {
            let unit = metric_of(path).map_or(String::new(), |m| m.unit.name().into());
            let mut row = start.clone();
            row.extend([
                answer.method.name().into(),
                answer.by.clone(),
                path.clone(),
                number(estimate.value),
                number(estimate.half_width),
            ]);
            row.extend([unit, answer.exact.to_string(), estimate.value.is_none().to_string()]);
            row.extend(why(answer.unstable.as_ref()));
            row.extend(refinement.adds().then(|| number(answer.replications.map(f64::from))));
            out += &line(row);
        }
    }
    for Unanswered { method, reason } in &point.unanswered {
        let mut row = start.clone();
        row.push(method.name().into());
        row.extend(std::iter::repeat_n(String::new(), 7));
        row.extend(why(Some(reason)));
        row.extend(refinement.adds().then(String::new));
        out += &line(row);
    }
    out
}

/// Why rows cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// They are no table.
    #[error(transparent)]
    Csv(#[from] ::csv::Error),
    /// A row that is not as it was written.
    #[error("row {row} is no row of this sweep")]
    Other {
        /// From 1.
        row: usize,
    },
}

/// The points that rows tell of, in their order; caveats and laws are not kept in rows.
///
/// # Errors
/// What is wrong with the first row that is not as it was written.
pub fn read(grid: &Grid, refinement: Refinement, text: &str) -> Result<Vec<SweepPoint>, RowError> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let axes = grid.axes.len();
    let columns = 1 + axes + COLUMNS.len() + usize::from(refinement.adds());
    let mut points: Vec<SweepPoint> = Vec::new();
    for (i, record) in reader.records().enumerate() {
        let record = record?;
        let wrong = || RowError::Other { row: i + 1 };
        if record.len() != columns {
            return Err(wrong());
        }
        let index: usize = record[0].parse().map_err(|_| wrong())?;
        let method = Method::ALL.into_iter().find(|m| m.name() == &record[axes + 1]).ok_or_else(wrong)?;
        if points.last().is_none_or(|p| p.index != index) {
            let values = (1..=axes).map(|a| record[a].to_string()).collect();
            points.push(SweepPoint { index, values, answers: Vec::new(), unanswered: Vec::new() });
        }
        let Some(point) = points.last_mut() else { continue };
        let cell = |column: usize| &record[axes + 1 + column];
        if cell(2).is_empty() {
            point.unanswered.push(Reason::saved(cell(9), cell(8)).ok_or_else(wrong)?.by(method));
            continue;
        }
        if point.answers.last().is_none_or(|a| a.method != method) {
            point.answers.push(Answer::new(method, cell(1)));
        }
        let Some(answer) = point.answers.last_mut() else { continue };
        answer.exact = cell(6) == "true";
        answer.replications = if refinement.adds() { cell(10).parse().ok() } else { None };
        answer.unstable = Reason::saved(cell(9), cell(8));
        let estimate = Estimate { value: cell(3).parse().ok(), half_width: cell(4).parse().ok(), ends: None };
        answer.metrics.insert(cell(2).into(), estimate);
    }
    Ok(points)
}

/// The last two cells: why there is no figure, or no steady state.
fn why(reason: Option<&Reason>) -> [String; 2] {
    reason.map_or_else(Default::default, |reason| [reason.to_string(), reason.cause().into()])
}

fn line(row: Vec<String>) -> String {
    crate::report::csv::table(&[row])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Growth;
    use crate::study::sweep::SweptSetting;

    #[test]
    fn rows_read_back_to_the_last_bit() {
        let grid = Grid {
            axes: vec![SweptSetting {
                path: "consumers.w.count".into(),
                values: vec!["1".into(), "2".into()],
            }],
        };
        let mut answer = Answer::new(Method::Simulation, "Lindley, \"10\" replications");
        answer.set("total", "latency", "p99", Estimate::with(0.1 + 0.2, Some(1e-17 / 3.0)));
        answer.set("total", "latency", "mean", Estimate::infinite());
        answer.replications = Some(40);
        let why = Reason::Unstable(Growth::Saved("rho = 1,2".into())).by(Method::Theory);
        let point =
            SweepPoint { index: 1, values: vec!["2".into()], answers: vec![answer], unanswered: vec![why] };
        for refinement in [Refinement::NONE, Refinement(4)] {
            let text = rows(&point, refinement);
            let back = read(&grid, refinement, &text).expect("rows that were written");
            assert_eq!(back.len(), 1);
            assert_eq!(back[0].answers[0].metrics, point.answers[0].metrics);
            assert_eq!(back[0].unanswered, point.unanswered);
            assert_eq!(back[0].replications(), refinement.adds().then_some(40));
            assert_eq!(rows(&back[0], refinement), text);
            let columns = |line: &str| line.split(',').count();
            let heading = header(&grid, refinement);
            assert_eq!(columns(&heading), 12 + usize::from(refinement.adds()), "{heading}");
            assert!(read(&grid, refinement, "1,2,3\n").is_err());
        }
    }
}
