//! From bytes to what they measure.

use super::choose::{self, Chosen, Coming, Want};
use super::column::FileColumn;
use super::compact::{AscendingStamps, RowOrder};
use super::formats;
use super::names::Sure;
use super::refusal::{TimesFileError, quoted};
use super::rows::{ArrivalColumn, RoleColumn, TableRows};
use super::table::TextTable;
use super::{ColumnRole, FileContent, Finding, Stamps, TimesColumn, Weight, counts, resolution, text};
use crate::units;
use std::io::Read;
use std::rc::Rc;

/// Reads a file of measured times; `words` are what a person said about its columns: a role, and a heading or
/// a number, perhaps with a unit, as in `1:ns`.
///
/// # Errors
/// A file that is no text, whose columns are not understood or could be understood in two ways, or without a
/// usable time.
pub fn read(
    source: impl Read,
    want: Want,
    words: &[(ColumnRole, String)],
) -> Result<FileContent, TimesFileError> {
    let (mut table, records) = TextTable::of(text::Text::of(Box::new(source))?)?;
    let format = formats::recognised(&mut table.headings);
    let asked = choose::asked(&mut table, words)?;
    let mut findings = Vec::new();
    if !table.named && !table.vegeta && table.headings.len() == 1 && asked.is_empty() {
        findings.push(Finding::caveat(
            "the file names no columns: its only one is taken for times in seconds".into(),
        ));
        table.headings[0].name = "service".into();
        if want == Want::All {
            table.headings[0].role = Some((ColumnRole::Service, Sure::Strong));
        }
    }
    let chosen = choose::choose(&table, want, asked)?;
    if let Some(program) = format.map(|f| f.program).or(table.vegeta.then_some("vegeta")) {
        findings.push(Finding::note(format!("by its columns, a file of {program}")));
    }
    let rows = TableRows::of(&table, records, &chosen, format, &mut findings)?;
    measured(rows, &table, &chosen, findings)
}

fn measured(
    mut rows: TableRows,
    table: &TextTable,
    chosen: &Chosen,
    mut findings: Vec<Finding>,
) -> Result<FileContent, TimesFileError> {
    let mut used = chosen.columns();
    let service = rows.lasting(chosen.service, ColumnRole::Service, &mut findings)?;
    let latency = rows.lasting(chosen.latency, ColumnRole::Latency, &mut findings)?;
    let coming = rows.coming(chosen, &mut findings)?;
    rows.forget();
    // Rows in the order in which their messages came.
    let mut order = RowOrder::File(rows.lines.len());
    let mut arrivals = None;
    if let Some(ArrivalColumn { heading, name, at, coarsest }) = coming {
        order = RowOrder::of(&at);
        let mut stamps = AscendingStamps::of(Rc::unwrap_or_clone(at), &order);
        let counted = match chosen.count {
            Some(column) => {
                counts::spread(&rows, column, table.headings[column].rate, &order, &stamps, &mut findings)?
            }
            None => None,
        };
        if counted.is_none() {
            used.retain(|i| chosen.count != Some(*i));
        }
        let spread = match counted {
            Some((messages, step)) => {
                stamps = messages;
                let average = used.iter().map(|i| &table.headings[*i]).filter(|h| h.average);
                findings.extend(average.map(|h| {
                    Finding::caveat(format!(
                        "each time of `{}` is the mean of many messages: single ones vary more",
                        h.text
                    ))
                }));
                Some(step)
            }
            None => resolution::spread(&mut stamps, coarsest, &heading, &mut findings),
        };
        let gaps = matches!(chosen.arrivals, Some(Coming::Gaps(_)));
        let AscendingStamps { base, after } = stamps;
        let first = if gaps { -base } else { after.first().copied().unwrap_or(0).into() };
        // All lie within 292 years of the first.
        let instants =
            after.into_iter().map(|at| units::seconds((i128::from(at) - first).max(0) as u64)).collect();
        let spread = spread.map(|unit| unit as f64 / 1e9);
        arrivals = Some(Stamps { heading, name, instants, gaps, spread });
    }
    let complete = service.as_ref().is_some_and(|s| s.seconds.iter().all(|seconds| seconds.is_some()));
    let paired = complete && arrivals.as_ref().is_some_and(|a: &Stamps| a.instants.len() == rows.lines.len());
    let ordered = |times: Option<RoleColumn>| {
        times.map(|RoleColumn { heading, name, seconds }| {
            let values = match &order {
                RowOrder::File(_) => Rc::unwrap_or_clone(seconds).known(),
                order @ RowOrder::Other(_) => order.rows().filter_map(|row| seconds.get(row)).collect(),
            };
            TimesColumn { heading, name, values }
        })
    };
    findings.extend(
        rows.columns.iter().filter(|(i, _)| used.contains(i)).flat_map(|(_, column)| column.findings()),
    );
    let unused = table.headings.iter().enumerate().filter(|(i, _)| !used.contains(i));
    let ignored: Vec<String> = unused
        .map(
            |(i, heading)| {
                if heading.text.is_empty() { format!("column {}", i + 1) } else { heading.text.clone() }
            },
        )
        .collect();
    if !ignored.is_empty() {
        findings.push(Finding::note(format!("not read: {}", quoted(&ignored))));
    }
    // What the figures depend on comes first.
    findings.sort_by_key(|finding| finding.weight == Weight::Note);
    Ok(FileContent {
        rows: rows.lines.len(),
        arrivals,
        service: ordered(service),
        latency: ordered(latency),
        paired,
        bad: rows.columns.values().flat_map(FileColumn::bad).collect(),
        findings,
    })
}
