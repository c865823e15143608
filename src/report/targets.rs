//! What can be measured, and which settings each target plays.

use super::style::Style;
use super::text::columns;
use crate::scenario::{Feature, Scenario};
use crate::study::measurable::{self, Support, TARGETS, TargetEntry, told};

/// The targets, and a table of settings by target: targets that play the same share a column.
pub fn text(style: &Style) -> String {
    let named = |said: &dyn Fn(&'static TargetEntry) -> Option<String>| -> Vec<(String, String)> {
        TARGETS.iter().filter_map(|target| Some((format!("{} ", target.name), said(target)?))).collect()
    };
    let list = style.terms(&named(&|target| Some(target.meaning.to_string())));
    let brokers = style.terms(&named(&|target| target.presence()));
    let notes = notes(&kinds()).iter().flat_map(|line| style.lines(line, "", "  ")).collect::<Vec<_>>();
    let matrix = narrow(style).join("\n");
    style.signs(&format!("{list}\nBrokers\n{brokers}\n{matrix}\n\n{}\n", notes.join("\n")))
}

/// What earlier runs left on brokers that answer, and what was deleted of it, if that was asked.
pub fn leftovers(delete: bool, style: &Style) -> String {
    let all = measurable::leftovers(delete);
    let width = all.iter().map(|(target, _)| target.len()).max().unwrap_or(0);
    let lines = all.iter().flat_map(|(target, lines)| lines.iter().map(move |line| (target, line)));
    let blanks = " ".repeat(width + 2);
    let list = lines.flat_map(|(target, line)| style.lines(line, &format!("{target:<width$}  "), &blanks));
    let list: String = list.map(|line| line + "\n").collect();
    let how = "\nNothing was deleted. A run that is under way is in the list, too: let all end, then write queuelab targets \
        --clean --yes\n";
    format!("{list}{}", if delete { "" } else { how })
}

/// Targets that agree in everything share a column: their names, and the number of the first.
type TargetKind = (Vec<&'static str>, usize);

fn kinds() -> Vec<TargetKind> {
    let features = told();
    let mut kinds: Vec<TargetKind> = Vec::new();
    for (index, target) in TARGETS.iter().enumerate() {
        let same = |other: usize| features.iter().all(|f| target.support(*f) == TARGETS[other].support(*f));
        match kinds.iter_mut().find(|(_, other)| same(*other)) {
            Some((names, _)) => names.push(target.name),
            None => kinds.push((vec![target.name], index)),
        }
    }
    kinds
}

/// A setting as the table calls it.
fn setting(feature: Feature) -> String {
    format!("{}.{}", feature.table().name(), feature.setting())
}

/// A row for each setting, below the columns' headings.
fn matrix(kinds: &[TargetKind], headings: Vec<String>) -> Vec<Option<Vec<String>>> {
    let head = std::iter::once("setting".to_string()).chain(headings).collect();
    let row = |feature: Feature| {
        let cell = |(_, index): &TargetKind| match TARGETS[*index].support(feature) {
            Support::Played => "✓".to_string(),
            Support::Otherwise(_) => "~".into(),
            Support::Refused(_) => "–".into(),
        };
        Some(std::iter::once(setting(feature)).chain(kinds.iter().map(cell)).collect())
    };
    [Some(head), None].into_iter().chain(told().into_iter().map(row)).collect()
}

/// What stands below it: what its signs mean, and how targets play otherwise what they do.
fn notes(kinds: &[TargetKind]) -> Vec<String> {
    let signs = "✓ as the simulation plays it · ~ otherwise, which the answer says · – refused by name";
    let otherwise = told().into_iter().flat_map(|feature| {
        let one = move |(_, index): &TargetKind| match TARGETS[*index].support(feature) {
            Support::Otherwise(how) => {
                Some(format!("~ {} on {}: {how}", setting(feature), TARGETS[*index].name))
            }
            _ => None,
        };
        kinds.iter().filter_map(one)
    });
    std::iter::once(signs.to_string()).chain(otherwise).collect()
}

/// The table of settings by target alone, however wide.
pub fn table() -> String {
    let kinds = kinds();
    let rows = matrix(&kinds, kinds.iter().map(|(names, _)| heading(names)).collect());
    format!("{}\n\n{}\n", columns(&rows, 0, '─').join("\n"), notes(&kinds).join("\n"))
}

/// The same with a letter for each target where it would be too wide.
fn narrow(style: &Style) -> Vec<String> {
    let kinds = kinds();
    let whole =
        columns(&matrix(&kinds, kinds.iter().map(|(names, _)| heading(names)).collect()), 0, style.rule());
    if style.fits(&whole) {
        return whole;
    }
    let letters: Vec<String> = ('a'..='z').take(kinds.len()).map(String::from).collect();
    let legend: Vec<String> = letters
        .iter()
        .zip(&kinds)
        .map(|(letter, (names, _))| format!("{letter} {}", heading(names)))
        .collect();
    let legend = style.lines(&legend.join(", "), "", "");
    legend
        .into_iter()
        .chain([String::new()])
        .chain(columns(&matrix(&kinds, letters), 0, style.rule()))
        .collect()
}

/// Targets that share a column.
fn heading(names: &[&str]) -> String {
    match names {
        [only] => (*only).to_string(),
        [first, .., last] => format!("{first} … {last}"),
        [] => String::new(),
    }
}

/// Of more queues it is not told what stands against measuring them.
const MOST_QUEUES: usize = 2_000;

/// Whether a scenario can be measured by the target that it names, and what stands against it, in lines.
pub fn explained(scenario: &Scenario) -> String {
    let target = &scenario.measurement.target;
    if scenario.queues.len() > MOST_QUEUES {
        return format!("\nMeasurement: not looked at, as there are more than {MOST_QUEUES} queues\n");
    }
    match measurable::refusals(scenario) {
        Ok(refusals) if refusals.is_empty() => format!("\nMeasurement: {target} plays all of it\n"),
        Ok(refusals) => {
            let lines = refusals.iter().map(|refusal| format!("  – {}: {}\n", refusal.setting, refusal.why));
            format!("\nMeasurement: {target} does not play\n{}", lines.collect::<String>())
        }
        Err(why) => format!("\nMeasurement: {why}\n"),
    }
}
