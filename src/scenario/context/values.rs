//! Single values: numbers, words and quantities with their units.

use super::super::node::{Field, Value};
use super::super::problem::{Problem, nearest};
use super::super::setting::Choice;
use super::Context;
use crate::units;

/// The highest rate of a producer, per second: one message in each nanosecond.
const FASTEST: f64 = 1e9;
/// The lowest: its gaps, ten times longer than their mean now and then, still fit 292 years.
const SLOWEST: f64 = 1e-9;

/// The families of quantities, to say which one fits.
#[derive(Clone, Copy, PartialEq)]
enum QuantityKind {
    Duration,
    Rate,
    Size,
}

impl QuantityKind {
    fn name(self) -> &'static str {
        match self {
            QuantityKind::Duration => "a duration",
            QuantityKind::Rate => "a rate",
            QuantityKind::Size => "a size",
        }
    }

    fn parse(self, text: &str) -> Result<f64, units::UnitError> {
        match self {
            QuantityKind::Duration => units::duration(text),
            QuantityKind::Rate => units::rate(text),
            QuantityKind::Size => units::size(text).map(|bytes| bytes as f64),
        }
    }

    fn examples(self, number: &str) -> String {
        match self {
            QuantityKind::Duration => {
                format!("write a duration: \"{number}ms\", \"{number}s\" or \"{number}min\"")
            }
            QuantityKind::Rate => {
                format!("write a rate: \"{number}/s\" if it is per second, or \"{number}/min\"")
            }
            QuantityKind::Size => format!("write a size: \"{number}B\", or \"{number}KiB\""),
        }
    }
}

impl Context<'_> {
    pub(in super::super) fn text<'n>(&mut self, field: Field<'n>) -> Option<&'n str> {
        let text = field.node.as_text();
        if text.is_none() {
            self.tell(
                Problem::error(field.node.at, format!("`{}` must be a text", field.key))
                    .label(format!("this is {}", field.node.kind())),
            );
        }
        text
    }

    pub(in super::super) fn flag(&mut self, field: Field<'_>) -> Option<bool> {
        if let Value::Boolean(flag) = field.node.value {
            return Some(flag);
        }
        self.tell(
            Problem::error(field.node.at, format!("`{}` must be true or false", field.key))
                .label(format!("this is {}", field.node.kind())),
        );
        None
    }

    /// One of a choice's words.
    pub(in super::super) fn choice<C: Choice>(&mut self, field: Field<'_>) -> Option<C> {
        let words: Vec<&str> = C::WORDS.iter().map(|(w, _)| *w).collect();
        let index = self.word(field, &words)?;
        Some(C::WORDS[index].1)
    }

    /// The index of one of some words.
    pub(in super::super) fn word(&mut self, field: Field<'_>, words: &[&str]) -> Option<usize> {
        let Some(text) = field.node.as_text() else {
            let told = Problem::error(field.node.at, format!("`{}` must be a text", field.key))
                .label(format!("this is {}", field.node.kind()));
            self.tell(told.help(format!("write one of: \"{}\"", words.join("\", \""))));
            return None;
        };
        let index = words.iter().position(|w| *w == text);
        if index.is_none() {
            let problem =
                Problem::error(field.node.at, format!("`{text}` is not a value of `{}`", field.key));
            self.tell(match nearest(text, words.iter().copied()) {
                Some(near) => problem.label(format!("did you mean `{near}`?")),
                None => problem.help(format!("write one of: {}", words.join(", "))),
            });
        }
        index
    }

    /// A duration in seconds, 0 allowed.
    pub(in super::super) fn duration(&mut self, field: Field<'_>) -> Option<f64> {
        self.quantity(field, QuantityKind::Duration)
    }

    /// A duration in seconds, not 0.
    pub(in super::super) fn positive_duration(&mut self, field: Field<'_>) -> Option<f64> {
        let seconds = self.duration(field)?;
        self.positive(field, seconds, "write a time, such as \"4ms\"")
    }

    /// A rate per second, 0 allowed.
    pub(in super::super) fn rate(&mut self, field: Field<'_>) -> Option<f64> {
        self.quantity(field, QuantityKind::Rate)
    }

    /// A rate per second, not 0, whose gaps integer nanoseconds can tell apart and hold.
    pub(in super::super) fn positive_rate(&mut self, field: Field<'_>) -> Option<f64> {
        let rate = self.rate(field)?;
        let rate =
            self.positive(field, rate, "write a rate, such as \"900/s\", or leave out what sends nothing")?;
        let why = match rate {
            r if r > FASTEST => "must be at most 1e9/s: time is kept in whole nanoseconds",
            r if r < SLOWEST => "must be at least 1e-9/s, one in 32 years",
            _ => return Some(rate),
        };
        self.tell(Problem::error(field.node.at, format!("`{}` is out of range", field.key)).label(why));
        None
    }

    /// Bytes.
    pub(in super::super) fn size(&mut self, field: Field<'_>) -> Option<u32> {
        self.quantity(field, QuantityKind::Size).map(|bytes| bytes as u32)
    }

    fn positive(&mut self, field: Field<'_>, value: f64, help: &str) -> Option<f64> {
        if value > 0.0 {
            return Some(value);
        }
        self.tell(
            Problem::error(field.node.at, format!("`{}` must be more than zero", field.key))
                .label("zero")
                .help(help),
        );
        None
    }

    fn quantity(&mut self, field: Field<'_>, family: QuantityKind) -> Option<f64> {
        let problem = |what: String| Problem::error(field.node.at, what);
        let text = match &field.node.value {
            Value::Text(text) => text,
            Value::Integer(_) | Value::Float(_) => {
                let number = number_text(&field.node.value);
                let what = format!("`{}` needs a unit", field.key);
                let help = if number.starts_with('-') {
                    format!("write {}, not negative", family.name())
                } else {
                    family.examples(&number)
                };
                self.tell(problem(what).label("a bare number").help(help));
                return None;
            }
            _ => {
                let what = format!("`{}` must be {}", field.key, family.name());
                let help = family.examples("4");
                self.tell(problem(what).label(format!("this is {}", field.node.kind())).help(help));
                return None;
            }
        };
        match family.parse(text) {
            Ok(value) => return Some(value),
            Err(error) => {
                let other = [QuantityKind::Duration, QuantityKind::Rate, QuantityKind::Size]
                    .into_iter()
                    .find(|f| *f != family && f.parse(text).is_ok());
                let told = problem(format!("`{}` must be {}", field.key, family.name()));
                let trimmed = text.trim();
                self.tell(match other {
                    Some(other) => told.label(format!("this is {}", other.name())).help(family.examples("4")),
                    None if trimmed.starts_with('-') => {
                        told.label("negative").help(format!("{} is never negative", family.name()))
                    }
                    None => told.label("not understood").help(error.to_string()),
                });
            }
        }
        None
    }

    /// A finite number.
    pub(in super::super) fn number(&mut self, field: Field<'_>) -> Option<f64> {
        let number = match field.node.value {
            Value::Integer(n) => n as f64,
            Value::Float(x) if x.is_finite() => x,
            Value::Float(x) => {
                let why = if x.is_nan() { "not a number" } else { "too large" };
                self.tell(
                    Problem::error(field.node.at, format!("`{}` must be a finite number", field.key))
                        .label(why),
                );
                return None;
            }
            _ => {
                let what = format!("`{}` must be a number", field.key);
                self.tell(
                    Problem::error(field.node.at, what).label(format!("this is {}", field.node.kind())),
                );
                return None;
            }
        };
        Some(number)
    }

    /// A number within bounds, the lower one excluded if `open`.
    pub(in super::super) fn number_in(
        &mut self,
        field: Field<'_>,
        low: f64,
        high: f64,
        open: bool,
    ) -> Option<f64> {
        let number = self.number(field)?;
        if number <= high && (number > low || (!open && number == low)) {
            return Some(number);
        }
        let from = if open { format!("more than {low}") } else { format!("at least {low}") };
        let to = if high.is_finite() { format!(" and at most {high}") } else { String::new() };
        self.tell(
            Problem::error(field.node.at, format!("`{}` is out of range", field.key))
                .label(format!("must be {from}{to}")),
        );
        None
    }

    /// A probability.
    pub(in super::super) fn probability(&mut self, field: Field<'_>) -> Option<f64> {
        let number = self.number(field)?;
        if (0.0..=1.0).contains(&number) {
            return Some(number);
        }
        let problem = Problem::error(field.node.at, format!("`{}` is a probability", field.key))
            .label("must be from 0 to 1");
        let percent = number > 1.0 && number <= 100.0;
        self.tell(if percent {
            problem.help(format!("{number} % is written {}", number / 100.0))
        } else {
            problem
        });
        None
    }

    /// A whole number within bounds; `1e6` is one too.
    pub(in super::super) fn whole(&mut self, field: Field<'_>, low: u64, high: u64) -> Option<u64> {
        let number = match field.node.value {
            Value::Integer(n) => i128::from(n),
            // Beyond the range of every bound the exact value does not matter.
            Value::Float(x) if x.fract() == 0.0 || x.is_infinite() => x.clamp(-1e30, 1e30) as i128,
            Value::Text(_) if self.is_quantity(field) => {
                self.tell(
                    Problem::error(field.node.at, format!("`{}` is a number without a unit", field.key))
                        .label("write a whole number"),
                );
                return None;
            }
            _ => {
                let what = format!("`{}` must be a whole number", field.key);
                self.tell(
                    Problem::error(field.node.at, what).label(format!("this is {}", number_or_kind(field))),
                );
                return None;
            }
        };
        if let Some(value) = u64::try_from(number).ok().filter(|n| (low..=high).contains(n)) {
            return Some(value);
        }
        let why = if number < i128::from(low) {
            format!("must be at least {low}")
        } else {
            format!("must be at most {high}")
        };
        self.tell(Problem::error(field.node.at, format!("`{}` is out of range", field.key)).label(why));
        None
    }

    /// A whole number that fits 32 bits.
    pub(in super::super) fn count(&mut self, field: Field<'_>, low: u32, high: u32) -> Option<u32> {
        self.whole(field, low.into(), high.into()).map(|n| n as u32)
    }

    /// A whole number of 32 bits, negative ones too; `label` says what it means.
    pub(in super::super) fn signed(&mut self, field: Field<'_>, label: &str) -> Option<i32> {
        let number = self.number(field)?;
        if number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number) {
            return Some(number as i32);
        }
        let told = format!("`{}` must be a whole number of 32 bits", field.key);
        self.tell(Problem::error(field.node.at, told).label(label));
        None
    }

    fn is_quantity(&self, field: Field<'_>) -> bool {
        field.node.as_text().is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()))
    }
}

fn number_or_kind(field: Field<'_>) -> String {
    match field.node.value {
        Value::Float(_) => number_text(&field.node.value),
        _ => field.node.kind().into(),
    }
}

/// A number as it is written; empty for what is none.
pub(in super::super) fn number_text(value: &Value) -> String {
    match value {
        Value::Integer(n) => n.to_string(),
        Value::Float(x) => x.to_string(),
        _ => String::new(),
    }
}
