//! A fit of throughput by concurrency in words: which law predicts it, and by how much each is off.

use crate::report::number::{relative, three};
use crate::report::page::{self, Mark, Page};
use crate::report::style::Style;
use crate::report::text::joined;
use crate::study::fit::{JudgedLaw, ThroughputFit, ThroughputLaw};
use crate::units::{Time, plain};
use serde_json::{Value, json};

/// What was found, most important first.
pub fn sentences(fit: &ThroughputFit) -> Vec<String> {
    let Some(best) = fit.laws.first() else { return Vec::new() };
    let percent = |share: f64| format!("{} %", plain(100.0 * share, 2));
    let how = if fit.learnt { "at rows that it has not learnt from" } else { "at a row that is left out" };
    let mut out = vec![format!(
        "Of {} laws, `{}` predicts best: {how} it is off by {}, and by {} at most.",
        fit.laws.len(),
        best.family.name(),
        percent(best.typical()),
        percent(best.worst())
    )];
    out.push(format!("{}.", described(&best.law)));
    out.extend(fit.laws[1..].iter().map(|law| {
        format!(
            "`{}` is off by {}, and by {} at most.",
            law.family.name(),
            percent(law.typical()),
            percent(law.worst())
        )
    }));
    out
}

/// A law with its figures.
fn described(law: &ThroughputLaw) -> String {
    match *law {
        ThroughputLaw::Constant { think, service } => format!(
            "One server of {} whose speed no load changes, and {} elsewhere: at most {}/s",
            Time(service),
            Time(think),
            plain(1.0 / service, 4)
        ),
        ThroughputLaw::BirthDeath { think, service, servers } => format!(
            "{servers} servers of {} whose speed no load changes, and {} elsewhere: at most {}/s",
            Time(service),
            Time(think),
            plain(f64::from(servers) / service, 4)
        ),
        ThroughputLaw::Usl { alone, sigma, kappa } => {
            let peak = ((1.0 - sigma) / kappa).max(1.0).sqrt();
            let most = if peak.is_finite() {
                let at = peak.round().min(4e9) as u32;
                format!("the most, {}/s, with {} under way", plain(law.at(at), 4), plain(f64::from(at), 9))
            } else if sigma > 0.0 {
                format!("at most {}/s", plain(1.0 / (alone * sigma), 4))
            } else {
                "without a limit that shows".into()
            };
            format!(
                "A message takes {} alone; contention (sigma) is {}, crosstalk (kappa) {}: {most}",
                Time(alone),
                three(sigma),
                three(kappa)
            )
        }
        ThroughputLaw::Batching { alone, sigma, exponent } => format!(
            "A message takes {} alone, and {} times (N − 1)^{} as long more with N under way",
            Time(alone),
            three(sigma),
            three(exponent)
        ),
    }
}

/// The whole text, with a final newline.
pub fn text(fit: &ThroughputFit, style: &Style) -> String {
    let said: Vec<String> = sentences(fit).iter().flat_map(|s| style.lines(s, "", "  ")).collect();
    joined([said, table(fit, style), style.files()])
}

/// By how much each law is off at each row.
fn table(fit: &ThroughputFit, style: &Style) -> Vec<String> {
    let (head, rows) = cells(fit);
    style.grid(&head, &rows, head.len() - 1, &[])
}

/// A heading and a row for each load.
fn cells(fit: &ThroughputFit) -> (Vec<String>, Vec<Vec<String>>) {
    let names = fit.laws.iter().map(|law| law.family.name().to_string());
    let head = ["under way".to_string(), "messages/s".into()].into_iter().chain(names).collect();
    let cell = |law: &JudgedLaw, row: usize| law.errors[row].map_or("learnt".into(), relative);
    let row = |(i, row): (usize, &crate::study::fit::LoadRow)| {
        let own = [row.concurrency.to_string(), plain(row.throughput, 4)];
        own.into_iter().chain(fit.laws.iter().map(|law| cell(law, i))).collect()
    };
    (head, fit.rows.iter().enumerate().map(row).collect())
}

/// The document for machines.
pub fn document(fit: &ThroughputFit, scenario: &Value) -> String {
    let law = |law: &JudgedLaw| {
        json!({
            "law": law.family.name(),
            "parameters": parameters(&law.law),
            "typical": law.typical(),
            "worst": law.worst(),
            "errors": law.errors,
        })
    };
    let row = |row: &crate::study::fit::LoadRow| json!({ "concurrency": row.concurrency, "throughput": row.throughput, "latency": row.latency });
    let document = json!({
        "queuelab": env!("CARGO_PKG_VERSION"),
        "verdict": sentences(fit),
        "judged": if fit.learnt { "rows beside those that were learnt from" } else { "each row by all others" },
        "rows": fit.rows.iter().map(row).collect::<Vec<_>>(),
        "laws": fit.laws.iter().map(law).collect::<Vec<_>>(),
        "scenario": scenario,
    });
    format!("{document:#}\n")
}

fn parameters(law: &ThroughputLaw) -> Value {
    match *law {
        ThroughputLaw::Constant { think, service } => json!({ "think": think, "service": service }),
        ThroughputLaw::BirthDeath { think, service, servers } => {
            json!({ "think": think, "service": service, "servers": servers })
        }
        ThroughputLaw::Usl { alone, sigma, kappa } => {
            json!({ "alone": alone, "sigma": sigma, "kappa": kappa })
        }
        ThroughputLaw::Batching { alone, sigma, exponent } => {
            json!({ "alone": alone, "sigma": sigma, "exponent": exponent })
        }
    }
}

/// Every file of a fit, by name: what was found, the scenario, and the page.
pub fn files(
    fit: &ThroughputFit,
    scenario: &Value,
    toml: &str,
    from: &str,
    command: &str,
) -> Vec<(String, Vec<u8>)> {
    let mut heading = format!("# Fitted to {from} by `queuelab fit --throughput`\n#\n");
    sentences(fit).iter().for_each(|line| heading += &format!("# {line}\n"));
    table(fit, &Style::default())
        .iter()
        .for_each(|line| heading += &format!("{}\n", format!("# {line}").trim_end()));
    let (head, rows) = cells(fit);
    let page = Page {
        title: format!("Throughput by load, fitted to {from}"),
        by: format!("{} loads", fit.rows.len()),
        said: sentences(fit).into_iter().map(|sentence| (Mark::Plain, sentence)).collect(),
        caveats: Vec::new(),
        parts: vec![
            page::section("By how much each law is off", &page::table(&head, &rows)),
            page::section("The scenario", &page::listing(toml)),
            page::again(command, ""),
        ],
    };
    vec![
        ("fit.json".into(), document(fit, scenario).into_bytes()),
        ("scenario.toml".into(), format!("{heading}\n{toml}").into_bytes()),
        ("fit.html".into(), page.html().into_bytes()),
    ]
}
