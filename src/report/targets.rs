//! What can be measured, and which settings each target plays.

use super::text::columns;
use crate::scenario::{Feature, Scenario};
use crate::study::measurable::{self, Support, TARGETS, told};

/// The targets, and a table of settings by target: targets that play the same share a column.
pub fn text() -> String {
    let width = TARGETS.iter().map(|target| target.name.len()).max().unwrap_or(0);
    let list: String =
        TARGETS.iter().map(|target| format!("{:<width$}  {}\n", target.name, target.meaning)).collect();
    let brokers: String = TARGETS
        .iter()
        .filter_map(|target| Some(format!("{:<width$}  {}\n", target.name, target.presence()?)))
        .collect();
    format!("{list}\nBrokers\n{brokers}\n{}", table())
}

/// What earlier runs left on brokers that answer, and what was deleted of it, if that was asked.
pub fn leftovers(delete: bool) -> String {
    let all = measurable::leftovers(delete);
    let width = all.iter().map(|(target, _)| target.len()).max().unwrap_or(0);
    let lines = all.iter().flat_map(|(target, lines)| lines.iter().map(move |line| (target, line)));
    let list: String = lines.map(|(target, line)| format!("{target:<width$}  {line}\n")).collect();
    let how = "\nNothing was deleted. A run that is under way is in the list, too: let all end, then write queuelab targets \
        --clean --yes\n";
    format!("{list}{}", if delete { "" } else { how })
}

/// The table of settings by target alone.
pub fn table() -> String {
    let supports = |feature: Feature| TARGETS.iter().map(move |target| target.support(feature));
    let features: Vec<Feature> = told();
    // Columns of targets that agree in everything.
    let mut kinds: Vec<(Vec<&str>, usize)> = Vec::new();
    for (index, target) in TARGETS.iter().enumerate() {
        let same = |other: usize| features.iter().all(|f| target.support(*f) == TARGETS[other].support(*f));
        match kinds.iter_mut().find(|(_, other)| same(*other)) {
            Some((names, _)) => names.push(target.name),
            None => kinds.push((vec![target.name], index)),
        }
    }
    let mut notes: Vec<(&str, String)> = Vec::new();
    let mut rows = vec![
        Some(
            std::iter::once("setting".to_string())
                .chain(kinds.iter().map(|(names, _)| heading(names)))
                .collect(),
        ),
        None,
    ];
    for feature in features {
        let all: Vec<Support> = supports(feature).collect();
        let setting = format!("{}.{}", feature.table().name(), feature.setting());
        let cells = kinds.iter().map(|(_, index)| match all[*index] {
            Support::Played => "✓",
            Support::Otherwise(_) => "~",
            Support::Refused(_) => "–",
        });
        rows.push(Some(std::iter::once(setting.clone()).chain(cells.map(String::from)).collect()));
        for (_, index) in &kinds {
            if let Support::Otherwise(how) = all[*index] {
                notes.push((how, format!("{} on {}", setting, TARGETS[*index].name)));
            }
        }
    }
    let mut out = columns(&rows, 0, '─').join("\n");
    out += "\n\n✓ as the simulation plays it · ~ otherwise, which the answer says · – refused by name\n";
    out.extend(notes.into_iter().map(|(how, place)| format!("~ {place}: {how}\n")));
    out
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
