//! Tidy tables: `metrics.csv`, a row for each method and metric, and `timeline.csv`, a row for each level
//! seen. SI units.

use crate::answer::metric_of;
use crate::study::Study;

/// `method, by, metric, value, half_width, unit, exact, infinite`; what is not known is empty.
pub(super) fn metrics(study: &Study) -> String {
    let mut table = CsvTable::default();
    table.row(["method", "by", "metric", "value", "half_width", "unit", "exact", "infinite"]);
    for answer in &study.answers {
        for (path, estimate) in &answer.metrics {
            table.row([
                answer.method.name(),
                &answer.by,
                path,
                &number(estimate.value),
                &number(estimate.half_width),
                metric_of(path).map_or("", |metric| metric.unit.name()),
                truth(answer.exact),
                truth(estimate.value.is_none()),
            ]);
        }
    }
    table.text()
}

/// `method, queue, t_s, waiting, in_system, half_width`, and `servers` where their number changes somewhere,
/// `oldest_s` where somebody asked for how long the oldest has waited; `None` if no queue was watched.
pub(super) fn timeline(study: &Study) -> Option<String> {
    let all = || study.answers.iter().flat_map(|answer| answer.timelines.values().flatten());
    let (changes, aged) = (all().any(|m| m.servers.is_some()), all().any(|m| m.oldest.is_some()));
    let mut head =
        ["method", "queue", "t_s", "waiting", "in_system", "half_width"].map(String::from).to_vec();
    head.extend(changes.then(|| "servers".into()));
    head.extend(aged.then(|| "oldest_s".into()));
    let mut rows = vec![head];
    for answer in &study.answers {
        for (queue, moments) in &answer.timelines {
            rows.extend(moments.iter().map(|m| {
                let mut row = vec![
                    answer.method.name().into(),
                    queue.clone(),
                    m.at.to_string(),
                    m.waiting.to_string(),
                    m.in_system.to_string(),
                    number(m.half_width),
                ];
                row.extend(changes.then(|| number(m.servers)));
                row.extend(aged.then(|| number(m.oldest)));
                row
            }));
        }
    }
    (rows.len() > 1).then(|| table(&rows))
}

fn number(value: Option<f64>) -> String {
    value.filter(|v| v.is_finite()).map_or(String::new(), |v| v.to_string())
}

fn truth(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

pub(super) fn table(rows: &[Vec<String>]) -> String {
    let mut table = CsvTable::default();
    rows.iter().for_each(|row| table.row(row));
    table.text()
}

/// A table that is written row by row: of many, none is kept.
struct CsvTable(::csv::Writer<Vec<u8>>);

impl Default for CsvTable {
    fn default() -> Self {
        CsvTable(::csv::Writer::from_writer(Vec::new()))
    }
}

impl CsvTable {
    fn row(&mut self, row: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        self.0.write_record(row).expect("all rows are as long as the first and memory takes them");
    }

    fn text(self) -> String {
        let bytes = self.0.into_inner().expect("memory takes what is written to it");
        String::from_utf8(bytes).expect("text was written")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        reader.records().map(|r| r.expect("a well-formed row").iter().map(String::from).collect()).collect()
    }

    #[test]
    fn every_metric_reads_back() {
        let study = fixtures::five_methods();
        let rows = rows(&metrics(&study));
        assert_eq!(rows.len(), study.answers.iter().map(|a| a.metrics.len()).sum::<usize>());
        for row in &rows {
            let estimate = study
                .answers
                .iter()
                .find(|a| a.method.name() == row[0])
                .and_then(|a| a.metrics.get(&row[2]))
                .copied();
            assert_eq!(row[3].parse().ok(), estimate.and_then(|e| e.value));
            assert_eq!(row[4].parse().ok(), estimate.and_then(|e| e.half_width));
        }
    }

    #[test]
    fn the_infinite_has_no_number() {
        let rows = rows(&metrics(&fixtures::infinite()));
        let wait = rows.iter().find(|r| r[2] == "queues.orders.wait.mean").expect("the row is there");
        assert_eq!((wait[3].as_str(), wait[6].as_str(), wait[7].as_str()), ("", "false", "true"));
    }

    #[test]
    fn levels_are_listed_by_queue() {
        assert_eq!(timeline(&fixtures::infinite()), None);
        let text = timeline(&fixtures::five_methods()).expect("levels were watched");
        assert_eq!(rows(&text).len(), 4 * 200);
    }
}
