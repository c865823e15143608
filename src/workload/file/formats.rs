//! Files of well-known programs, whose names alone mislead.

use super::ColumnRole;
use super::decimal::TimeUnit;
use super::names::{Heading, Sure};

/// A program's file: told by some of its columns, and what those are.
#[derive(Debug)]
pub(super) struct Format {
    pub program: &'static str,
    needs: &'static [&'static str],
    columns: &'static [(&'static str, ColumnRole, Option<TimeUnit>)],
    /// No other column has a role, whatever its name.
    alone: bool,
    /// The rows that count: those with this text in this column.
    pub only: Option<(&'static str, &'static str)>,
}

const FORMATS: &[Format] = &[
    // Its `Latency` is the time to the first byte.
    Format {
        program: "JMeter",
        needs: &["timestamp", "elapsed", "label"],
        columns: &[
            ("timestamp", ColumnRole::Arrival, None),
            ("elapsed", ColumnRole::Latency, Some(TimeUnit::Millisecond)),
        ],
        alone: true,
        only: None,
    },
    // A row for each of many metrics of each request.
    Format {
        program: "k6",
        needs: &["metricname", "timestamp", "metricvalue"],
        columns: &[
            ("timestamp", ColumnRole::Arrival, None),
            ("metricvalue", ColumnRole::Latency, Some(TimeUnit::Millisecond)),
        ],
        alone: true,
        only: Some(("metricname", "http_req_duration")),
    },
    Format {
        program: "hey",
        needs: &["responsetime", "dnsdialup", "offset"],
        columns: &[
            ("offset", ColumnRole::Arrival, Some(TimeUnit::Second)),
            ("responsetime", ColumnRole::Latency, Some(TimeUnit::Second)),
        ],
        alone: true,
        only: None,
    },
    Format {
        program: "oha",
        needs: &["requeststart", "requestduration", "dnsdialup"],
        columns: &[
            ("requeststart", ColumnRole::Arrival, Some(TimeUnit::Second)),
            ("requestduration", ColumnRole::Latency, Some(TimeUnit::Second)),
        ],
        alone: true,
        only: None,
    },
    Format {
        program: "warp",
        needs: &["op", "start", "firstbyte", "end", "duration"],
        columns: &[
            ("start", ColumnRole::Arrival, None),
            ("duration", ColumnRole::Latency, Some(TimeUnit::Nanosecond)),
        ],
        alone: true,
        only: None,
    },
    Format {
        program: "ab",
        needs: &["starttime", "seconds", "ctime", "dtime", "ttime"],
        columns: &[
            ("seconds", ColumnRole::Arrival, Some(TimeUnit::Second)),
            ("ttime", ColumnRole::Latency, Some(TimeUnit::Millisecond)),
        ],
        alone: true,
        only: None,
    },
    // A row for all requests of each second.
    Format {
        program: "Locust",
        needs: &["timestamp", "usercount", "type", "name", "requests"],
        columns: &[("timestamp", ColumnRole::Arrival, None), ("requests", ColumnRole::Count, None)],
        alone: true,
        only: Some(("name", "Aggregated")),
    },
    Format {
        program: "Locust",
        needs: &["requesttype", "responsetime"],
        columns: &[("responsetime", ColumnRole::Latency, Some(TimeUnit::Millisecond))],
        alone: false,
        only: None,
    },
];

/// The program that wrote a file with these headings; their roles and units become those of its columns.
pub(super) fn recognised(headings: &mut [Heading]) -> Option<&'static Format> {
    let bare: Vec<String> = headings.iter().map(Heading::bare).collect();
    let format = FORMATS.iter().find(|f| f.needs.iter().all(|need| bare.iter().any(|b| b == need)))?;
    for (heading, bare) in headings.iter_mut().zip(&bare) {
        match format.columns.iter().find(|(name, _, _)| name == bare) {
            Some((_, role, unit)) => {
                heading.role = Some((*role, Sure::Strong));
                heading.unit = heading.unit.or(*unit);
            }
            None if format.alone => heading.role = None,
            None => {}
        }
    }
    Some(format)
}

/// Whether a line is one of `vegeta encode --to csv`, which names no columns: an instant, a status, a
/// latency, bytes out and in, then texts.
pub(super) fn vegeta(cells: &[&str]) -> bool {
    let digits = |cell: &str, least: usize| cell.len() >= least && cell.bytes().all(|c| c.is_ascii_digit());
    cells.len() >= 11
        && digits(cells[0], 18)
        && cells[1].len() <= 3
        && cells[1..5].iter().all(|cell| digits(cell, 1))
}

/// The headings that such a file would have.
pub(super) fn vegeta_headings(count: usize) -> Vec<Heading> {
    let names = [
        "timestamp_ns",
        "code",
        "latency_ns",
        "bytes_out",
        "bytes_in",
        "error",
        "body",
        "attack",
        "seq",
        "method",
        "url",
        "headers",
    ];
    (0..count).map(|i| Heading::new(names.get(i).copied().unwrap_or("more"))).collect()
}
