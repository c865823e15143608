//! From bytes to what they measure.

use super::choose::{self, Chosen, Coming, Want};
use super::column::FileColumn;
use super::formats;
use super::names::Sure;
use super::refusal::{TimesFileError, quoted};
use super::rows::TableRows;
use super::table::TextTable;
use super::{ColumnRole, FileContent, Finding, Stamps, TimesColumn, Weight, counts, resolution, text};
use crate::units;

/// Reads a file of measured times; `words` are what a person said about its columns: a role, and a heading or
/// a number, perhaps with a unit, as in `1:ns`.
///
/// # Errors
/// A file that is no text, whose columns are not understood or could be understood in two ways, or without a
/// usable time.
pub fn read(bytes: &[u8], want: Want, words: &[(ColumnRole, String)]) -> Result<FileContent, TimesFileError> {
    let text = text::text(bytes)?;
    let mut table = TextTable::of(&text)?;
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
    let rows = TableRows::of(&table, &chosen, format, &mut findings)?;
    measured(rows, &table, &chosen, findings)
}

fn measured(
    mut rows: TableRows,
    table: &TextTable<'_>,
    chosen: &Chosen,
    mut findings: Vec<Finding>,
) -> Result<FileContent, TimesFileError> {
    let mut used = chosen.columns();
    let service = rows.lasting(chosen.service, ColumnRole::Service, &mut findings)?;
    let latency = rows.lasting(chosen.latency, ColumnRole::Latency, &mut findings)?;
    let coming = rows.coming(chosen, &mut findings)?;
    // Rows in the order in which their messages came.
    let mut order: Vec<usize> = (0..rows.lines.len()).collect();
    let mut arrivals = None;
    if let Some(coming) = coming {
        order.retain(|row| coming.at[*row].is_some());
        order.sort_by_key(|row| coming.at[*row]);
        let mut stamps: Vec<i128> = order.iter().filter_map(|row| coming.at[*row]).collect();
        let counted = match chosen.count {
            Some(column) => {
                counts::spread(&rows, column, table.headings[column].rate, &order, &stamps, &mut findings)?
            }
            None => None,
        };
        if counted.is_none() {
            used.retain(|i| chosen.count != Some(*i));
        }
        order.extend((0..rows.lines.len()).filter(|row| coming.at[*row].is_none()));
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
            None => resolution::spread(&mut stamps, coming.coarsest, &coming.heading, &mut findings),
        };
        let gaps = matches!(chosen.arrivals, Some(Coming::Gaps(_)));
        let first = if gaps { 0 } else { stamps.first().copied().unwrap_or(0) };
        // All lie within 292 years of the first.
        let instants = stamps.iter().map(|at| units::seconds((at - first).max(0) as u64)).collect();
        arrivals = Some(Stamps {
            heading: coming.heading,
            name: coming.name,
            instants,
            gaps,
            spread: spread.map(|unit| unit as f64 / 1e9),
        });
    }
    let complete = service.as_ref().is_some_and(|s| order.iter().all(|row| s.seconds[*row].is_some()));
    let paired = complete && arrivals.as_ref().is_some_and(|a: &Stamps| a.instants.len() == order.len());
    let ordered = |times: Option<super::rows::RoleColumn>| {
        times.map(|t| TimesColumn {
            heading: t.heading,
            name: t.name,
            values: order.iter().filter_map(|row| t.seconds[*row]).collect(),
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
