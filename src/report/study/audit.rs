//! What was found in a published table, in words and for machines.

use crate::report::number::three;
use crate::report::style::Style;
use crate::report::text::{Paint, joined};
use crate::study::audit::{Audit, AuditFinding, Severity};
use crate::units::{Time, plain, significant};
use serde_json::{Value, json};

/// The outcome in a sentence.
pub fn sentence(audit: &Audit) -> String {
    let (rows, wrong) = (audit.rows.len(), audit.impossible_rows());
    let doubtful = audit.findings.iter().any(|(_, finding)| finding.severity() == Severity::Doubtful);
    match (wrong, doubtful) {
        (0, false) => format!("Nothing in these {rows} rows contradicts itself."),
        (0, true) => {
            format!("These {rows} rows could be true, but not all of their figures say what they seem to.")
        }
        (1, _) => format!("1 of {rows} rows holds figures that cannot be true together."),
        (some, _) => format!("{some} of {rows} rows hold figures that cannot be true together."),
    }
}

/// A finding in a sentence without a full stop.
pub fn told(finding: &AuditFinding) -> String {
    let name = |share: f64| format!("p{}", plain(share * 100.0, 7));
    match finding {
        AuditFinding::TooMany { under_way, concurrency } => format!(
            "rate × mean latency makes {} under way, more than the {} that can be (Little's law)",
            three(*under_way),
            plain(*concurrency, 6)
        ),
        AuditFinding::BeyondMean { share, time, least_mean, mean, published } => {
            let whose = if *published { "the mean is" } else { "clients / rate is" };
            format!(
                "{} of {} needs a mean of {} at least, but {whose} {}",
                name(*share),
                Time(*time),
                Time(*least_mean),
                Time(*mean)
            )
        }
        AuditFinding::Disordered { first, second } => format!("{first} is larger than {second}"),
        AuditFinding::FarFromMedian { apart, sd } => format!(
            "mean and median are {} apart, more than the standard deviation of {}, which no law allows",
            Time(*apart),
            Time(*sd)
        ),
        AuditFinding::FirstBucket { shares, edge } => {
            let names: Vec<String> = shares.iter().map(|share| name(*share)).collect();
            let each = if names.len() == 1 { "is its share" } else { "are each their share" };
            format!(
                "{} {each} of {}: that is what a histogram says whose first bucket ends there, of any latencies \
                 below it",
                names.join(" and "),
                Time(*edge)
            )
        }
        AuditFinding::SameEverywhere { share, time, rows, of, loads } => format!(
            "{} is about {} in {rows} of {of} rows whose loads differ by a factor of {}: a ruler's mark, not a \
             latency",
            name(*share),
            Time(*time),
            significant(*loads, 2)
        ),
        AuditFinding::FewBeyond { share, beyond, samples } => format!(
            "{} rests on {} of {} samples; ten or more are needed, and higher percentiles rest on fewer still",
            name(*share),
            significant(*beyond, 2),
            plain(*samples, 7)
        ),
        AuditFinding::Coarse { unit, times } => format!(
            "all {times} times are whole multiples of {}: differences below that are not measured",
            Time(*unit)
        ),
        AuditFinding::MostlyIdle { share } => format!(
            "clients wait for answers {} % of the time: they think between, or the latency leaves out a part of \
             their wait",
            significant(100.0 * share, 2)
        ),
    }
}

/// The whole text, with a final newline.
pub fn text(audit: &Audit, style: &Style) -> String {
    let paint = if audit.impossible_rows() > 0 { Paint::Red } else { Paint::Bold };
    let first = style.paint(paint, style.lines(&sentence(audit), "", "  "));
    let mut list = Vec::new();
    for (row, finding) in &audit.findings {
        let (sign, paint) = match finding.severity() {
            Severity::Impossible => ("✗ ", Paint::Red),
            Severity::Doubtful => ("! ", Paint::Yellow),
            Severity::Note => ("· ", Paint::None),
        };
        let whose = row.map_or("all rows".to_string(), |row| audit.rows[row].name.clone());
        list.extend(style.paint(paint, style.lines(&format!("{whose}: {}", told(finding)), sign, "  ")));
    }
    let ignored = match audit.ignored.len() {
        0 => Vec::new(),
        _ => style.lines(&format!("not looked at: {}", audit.ignored.join(", ")), "", "  "),
    };
    joined([first, list, ignored])
}

/// The document for machines.
pub fn document(audit: &Audit) -> String {
    let finding = |(row, finding): &(Option<usize>, AuditFinding)| -> Value {
        let severity = match finding.severity() {
            Severity::Impossible => "impossible",
            Severity::Doubtful => "doubtful",
            Severity::Note => "note",
        };
        json!({ "row": row.map(|row| row + 1), "name": row.map(|row| audit.rows[row].name.clone()),
                "severity": severity, "why": told(finding) })
    };
    let document = json!({
        "queuelab": env!("CARGO_PKG_VERSION"),
        "rows": audit.rows.len(),
        "impossible": audit.impossible_rows(),
        "verdict": [sentence(audit)],
        "findings": audit.findings.iter().map(finding).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::audit::audit;

    #[test]
    fn findings_are_told_with_their_figures() {
        let audit = audit(b"clients,rate,mean_ms,p95_ms,p99_ms\n10,1000,20,47.5,49.5\n").expect("a table");
        let text = text(&audit, &Style { width: 80, ..Style::default() });
        for said in ["1 of 1 rows", "makes 20.0 under way", "p95 and p99 are each their share of 50.0 ms"] {
            assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(said), "{said}: {text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let document: Value = serde_json::from_str(&document(&audit)).expect("JSON");
        assert_eq!(
            (document["impossible"].as_u64(), document["findings"][0]["row"].as_u64()),
            (Some(1), Some(1))
        );
    }
}
