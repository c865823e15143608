//! Published tables of a benchmark, held against what must be true of any: Little's law, the order of
//! percentiles, what a mean allows, the edges of histograms, and how many samples a percentile rests on.

mod checks;
mod table;

pub use checks::{AuditFinding, Severity};
pub use table::{AuditError, PublishedRow, read};

/// What a table's rows say, and what is wrong with them.
#[derive(Debug, Clone)]
pub struct Audit {
    /// As they were read.
    pub rows: Vec<PublishedRow>,
    /// The columns that say nothing that can be checked.
    pub ignored: Vec<String>,
    /// What is true of a row, by its index, or of all rows together.
    pub findings: Vec<(Option<usize>, AuditFinding)>,
}

/// Checks a table of so many bytes.
///
/// # Errors
///
/// What keeps it from being read, and what to write instead.
pub fn audit(bytes: &[u8]) -> Result<Audit, AuditError> {
    let (rows, ignored) = read(bytes)?;
    let findings = checks::all(&rows);
    Ok(Audit { rows, ignored, findings })
}

impl Audit {
    /// How many rows hold figures that cannot be.
    pub fn impossible_rows(&self) -> usize {
        let of = |row: usize| {
            self.findings
                .iter()
                .any(|(at, finding)| *at == Some(row) && finding.severity() == Severity::Impossible)
        };
        (0..self.rows.len()).filter(|row| of(*row)).count()
    }
}
