//! Tidy tables: `metrics.csv`, a row for each method and metric, and `timeline.csv`, a row for each level
//! seen. SI units.

use crate::answer::metric_of;
use crate::study::Study;
use std::io::{self, Write};

/// `method, by, metric, value, half_width, unit, exact, infinite`; what is not known is empty.
pub(super) fn metrics(study: &Study, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    let mut row = |cells: [&str; 8]| {
        writer.write_record(cells).map_err(|e| match e.into_kind() {
            ::csv::ErrorKind::Io(e) => e,
            other => io::Error::other(format!("{other:?}")),
        })
    };
    row(["method", "by", "metric", "value", "half_width", "unit", "exact", "infinite"])?;
    let word = |yes: bool| if yes { "true" } else { "false" };
    for answer in &study.answers {
        for (path, estimate) in &answer.metrics {
            row([
                answer.method.name(),
                &answer.by,
                path,
                &number(estimate.value),
                &number(estimate.half_width),
                metric_of(path).map_or("", |m| m.unit.name()),
                word(answer.exact),
                word(estimate.value.is_none()),
            ])?;
        }
    }
    writer.flush()
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

pub(super) fn table(rows: &[Vec<String>]) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("all rows are as long as the first and memory takes them");
    }
    let bytes = writer.into_inner().expect("memory takes what is written to it");
    String::from_utf8(bytes).expect("text was written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        reader.records().map(|r| r.expect("a well-formed row").iter().map(String::from).collect()).collect()
    }

    fn written(study: &Study) -> String {
        let mut out = Vec::new();
        metrics(study, &mut out).expect("memory takes what is written to it");
        String::from_utf8(out).expect("text was written")
    }

    #[test]
    fn every_metric_reads_back() {
        let study = fixtures::five_methods();
        let rows = rows(&written(&study));
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
        let rows = rows(&written(&fixtures::infinite()));
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
