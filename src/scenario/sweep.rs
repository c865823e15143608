//! Sweeps: a path and the values that it takes, as a list or from one to another.

use super::context::{Context, number_text};
use super::graft;
use super::node::{Field, Node, Value};
use super::place::Place;
use super::problem::Problem;
use super::read;

/// The most values of one path.
const MOST_VALUES: usize = 1000;

/// Values of a knob.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// One by one.
    List(Vec<String>),
    /// Both ends included.
    Range {
        /// The first.
        low: String,
        /// The last.
        high: String,
        /// From one to the next, as a number, or as a share of it; `None` is a round number that suits.
        step: Option<String>,
    },
}

/// The values that a text stands for: `2..8`, `500/s..900/s by 100/s`, `500/s..900/s by 3%`, or `a, b, c`.
pub fn values_of(text: &str) -> Values {
    let trimmed = text.trim();
    if let Some((low, rest)) = trimmed.split_once("..") {
        let (high, step) = rest
            .split_once(" by ")
            .map_or((rest, None), |(high, step)| (high, Some(step.trim().to_string())));
        return Values::Range {
            low: low.trim().into(),
            high: high.trim_start_matches('=').trim().into(),
            step,
        };
    }
    let list = trimmed.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(trimmed);
    Values::List(
        items(list)
            .into_iter()
            .map(|item| item.trim().trim_matches('"').to_string())
            .filter(|item| !item.is_empty())
            .collect(),
    )
}

/// What stands between the commas of a text; those inside brackets or quotes belong to a value, as in
/// `lognormal(4ms, scv=2)`.
fn items(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut start) = (0_i32, false, 0);
    let mut items = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth <= 0 => {
                items.push(&text[start..at]);
                start = at + 1;
            }
            _ => (),
        }
    }
    items.push(&text[start..]);
    items
}

/// Why values cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValuesError {
    /// There are none.
    #[error("write at least one value")]
    None,
    /// The value that is listed again.
    #[error("`{0}` stands there twice")]
    Twice(String),
    /// The end or step that is no quantity.
    #[error("`{0}` is not a number")]
    NotANumber(String),
    /// A range that needs another form.
    #[error("{what}: \"{values}\"")]
    Instead {
        /// What is wrong with it, as what to do.
        what: &'static str,
        /// What to write instead.
        values: String,
    },
    /// More than a sweep takes.
    #[error("these are more than {MOST_VALUES} values: take larger steps")]
    TooMany,
}

impl Values {
    /// One by one. Whole numbers go up by 1 unless a step is given; quantities need one.
    ///
    /// # Errors
    /// What to write instead, if the ends do not fit each other or there would be more than a thousand
    /// values.
    pub fn expand(&self) -> Result<Vec<String>, ValuesError> {
        let (low, high, step) = match self {
            Values::List(list) if list.is_empty() => return Err(ValuesError::None),
            Values::List(list) => {
                let twice = list.iter().enumerate().find(|(i, value)| list[..*i].contains(value));
                return twice
                    .map_or_else(|| Ok(list.clone()), |(_, value)| Err(ValuesError::Twice(value.clone())));
            }
            Values::Range { low, high, step } => (low, high, step.as_deref()),
        };
        let split = |text: &str| {
            let end = text
                .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '_' | '-'))
                .unwrap_or(text.len());
            let number = text[..end].replace('_', "").parse::<f64>().ok().filter(|x| x.is_finite());
            number
                .map(|n| (n, text[end..].trim().to_string()))
                .ok_or_else(|| ValuesError::NotANumber(text.into()))
        };
        let ((from, unit), (to, other)) = (split(low)?, split(high)?);
        let by = step.map(split).transpose()?;
        if unit == other && to < from {
            let step = step.map_or(String::new(), |step| format!(" by {}", step.trim_start_matches('-')));
            return Err(ValuesError::Instead {
                what: "write the smaller end first",
                values: format!("{high}..{low}{step}"),
            });
        }
        let whole = from.fract() == 0.0 && to.fract() == 0.0 && unit.is_empty();
        let (by, by_unit) = match by {
            Some(by) => by,
            None if whole => (1.0, unit.clone()),
            None => {
                let by = nice_step((to - from) / 4.0);
                return Err(ValuesError::Instead {
                    what: "say how far apart the values are",
                    values: format!("{low}..{high} by {by}{unit}"),
                });
            }
        };
        if unit == other && by_unit == "%" && unit != "%" && from > 0.0 && by > 0.0 {
            return growing(from, to, by, &unit);
        }
        if unit != other || unit != by_unit {
            let values = format!("{from}{unit}..{to}{unit} by {by}{unit}");
            return Err(ValuesError::Instead { what: "both ends and the step need the same unit", values });
        }
        if by <= 0.0 {
            let by = nice_step(((to - from) / 4.0).max(if whole { 1.0 } else { 0.0 }));
            return Err(ValuesError::Instead {
                what: "a step is more than zero",
                values: format!("{low}..{high} by {by}{unit}"),
            });
        }
        let steps = ((to - from) / by + 1e-9).floor();
        if steps >= MOST_VALUES as f64 {
            return Err(ValuesError::TooMany);
        }
        Ok((0..=steps as usize).map(|i| format!("{}{unit}", tidy(from + by * i as f64))).collect())
    }
}

/// Numbers that grow by so many percent each.
fn growing(from: f64, to: f64, percent: f64, unit: &str) -> Result<Vec<String>, ValuesError> {
    let factor = 1.0 + percent / 100.0;
    let steps = ((to / from).ln() / factor.ln() + 1e-9).floor();
    if steps >= MOST_VALUES as f64 {
        return Err(ValuesError::TooMany);
    }
    Ok((0..=steps as i32).map(|i| format!("{}{unit}", tidy(from * factor.powi(i)))).collect())
}

/// A round number near another one: 1, 2 or 5 times a power of ten.
fn nice_step(rough: f64) -> f64 {
    if rough <= 0.0 {
        return 1.0;
    }
    let decade = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .rev()
        .find(|factor| factor * decade <= rough * 1.000_001)
        .unwrap_or(1.0);
    tidy(factor * decade)
}

/// A number without the dust that adding steps leaves.
fn tidy(value: f64) -> f64 {
    format!("{value:.9}").parse().unwrap_or(value)
}

/// The `[sweep]` table; each value is tried, so that a sweep does not fail halfway.
pub(super) fn read(cx: &mut Context<'_>, tree: &Node) -> Vec<(String, Vec<String>)> {
    let Some(field) = tree.as_table().and_then(|root| root.get("sweep")) else { return Vec::new() };
    let Some(table) = cx.any_table(field) else { return Vec::new() };
    let mut sweep = Vec::new();
    for entry in &table.0 {
        if let Err(problem) = graft::check(tree, &entry.key, entry.at, &cx.texts) {
            cx.tell(problem);
            continue;
        }
        let Some(values) = values(cx, entry.field()) else { continue };
        if let Some(problem) = values.iter().find_map(|(text, at)| refused(cx, tree, &entry.key, text, *at)) {
            cx.tell(problem);
        }
        sweep.push((entry.key.clone(), values.into_iter().map(|(text, _)| text).collect()));
    }
    sweep
}

/// The values of a path, each with its place.
fn values(cx: &mut Context<'_>, field: Field<'_>) -> Option<Vec<(String, Place)>> {
    if let Value::Text(text) = &field.node.value {
        return match values_of(text).expand() {
            Ok(list) => Some(list.into_iter().map(|value| (value, field.node.at)).collect()),
            Err(why) => {
                cx.tell(
                    Problem::error(field.node.at, "these values cannot be listed").label(why.to_string()),
                );
                None
            }
        };
    }
    let list = cx.list(field)?;
    if list.len() > MOST_VALUES {
        cx.tell(Problem::error(field.node.at, format!("there are more than {MOST_VALUES} values")));
        return None;
    }
    Some(list.iter().map(|node| (written(cx, node), node.at)).collect())
}

/// A value as it would be given beside the file.
fn written(cx: &Context<'_>, node: &Node) -> String {
    match &node.value {
        Value::Text(text) => text.clone(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Integer(_) | Value::Float(_) => number_text(&node.value),
        _ => cx.texts[node.at.origin].get(node.at.start..node.at.end).unwrap_or_default().into(),
    }
}

/// What is wrong with the scenario that has this value, if anything.
fn refused(cx: &Context<'_>, tree: &Node, path: &str, text: &str, at: Place) -> Option<Problem> {
    let mut texts = cx.texts.clone();
    texts.push(format!("{path}={text}"));
    let mut copy = tree.clone();
    let moved = |mut problem: Problem| {
        problem.message = format!("{}, with {path} = {text}", problem.message);
        problem.move_to(at);
        problem
    };
    if let Err(problems) = graft::apply(&mut copy, texts.len() - 1, &texts) {
        return problems.into_iter().next().map(moved);
    }
    let mut trial = Context::new(texts, cx.files);
    let scenario = read::scenario(&mut trial, &copy);
    super::check::network(&mut trial, &copy, &scenario);
    trial.problems.into_iter().next().map(moved)
}
