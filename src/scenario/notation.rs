//! Notations: how a value is written in a scenario, read from it, written back, and put on a faster clock.

use super::context::{Context, Whose};
use super::node::{Field, Table};
use super::quantity;
use super::setting::{Choice, SettingKey, Takes};
use crate::workload::laws::Law;
use serde_json::{Map, Value, json};
use std::ops::Bound;

/// How a value of a setting is written.
pub(super) trait Notation<T> {
    /// What it takes, for the schema.
    fn takes(&self) -> Takes;
    /// The value, or `None` once the context was told what is wrong with it.
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<T>;
    /// What reads back as the value; null if it is left out.
    fn echo(&self, value: &T) -> Value;
    /// The value on a clock so many times as fast.
    fn faster(&self, _value: &mut T, _factor: f64) {}
    /// What to write for a setting that must be given.
    fn example(&self) -> Option<&'static str> {
        None
    }
}

/// A table of settings, as `declare!` makes it.
pub(super) trait DeclaredTable: Default {
    /// All its settings, in the order in which they are shown.
    fn keys() -> Vec<SettingKey>;
    /// Reads those that have a notation; false if something is wrong with one.
    fn read(&mut self, cx: &mut Context<'_>, table: &Table, whose: &Whose<'_>) -> bool;
    /// All its settings with what they are; null for those without a notation and those left out.
    fn echo(&self) -> Map<String, Value>;
    /// Puts those that have a notation on a clock so many times as fast.
    fn faster(&mut self, factor: f64);
}

/// Reads a setting into its place, if it is there; false if something is wrong with it.
pub(super) fn read_into<T>(
    notation: &impl Notation<T>,
    (cx, table, whose): (&mut Context<'_>, &Table, &Whose<'_>),
    key: &str,
    place: &mut T,
) -> bool {
    let field = match notation.example() {
        Some(example) => cx.required(table, key, whose, example),
        None => table.get(key),
    };
    let Some(field) = field else { return notation.example().is_none() };
    notation.read(cx, field).map(|value| *place = value).is_some()
}

/// A setting as a person sees it.
pub(super) fn described<T>(
    name: &'static str,
    notation: &impl Notation<T>,
    help: &'static str,
    default: &T,
) -> SettingKey {
    let default = match notation.echo(default) {
        _ if notation.example().is_some() => None,
        Value::Null | Value::Object(_) | Value::Array(_) => None,
        Value::String(text) if text == "0s" => Some("0".into()),
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    let (takes, required) = (notation.takes(), notation.example());
    SettingKey { name, takes, help, default, required, by_notation: true }
}

/// One of the words of a choice.
pub(super) struct Word;

impl<C: Choice> Notation<C> for Word {
    fn takes(&self) -> Takes {
        Takes::Word(C::WORDS.iter().map(|(word, _)| *word).collect())
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<C> {
        cx.choice(field)
    }
    fn echo(&self, value: &C) -> Value {
        json!(value.word())
    }
}

/// One of the names of a list.
pub(super) struct NameOf(pub &'static [&'static str]);

impl Notation<String> for NameOf {
    fn takes(&self) -> Takes {
        Takes::Word(self.0.to_vec())
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<String> {
        cx.word(field, self.0).map(|index| self.0[index].into())
    }
    fn echo(&self, value: &String) -> Value {
        json!(value)
    }
}

/// Any text.
pub(super) struct Text;

impl Notation<String> for Text {
    fn takes(&self) -> Takes {
        Takes::Text
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<String> {
        cx.text(field).map(String::from)
    }
    fn echo(&self, value: &String) -> Value {
        json!(value)
    }
}

/// A broker's address, without credentials.
pub(super) struct BrokerUrl;

impl Notation<String> for BrokerUrl {
    fn takes(&self) -> Takes {
        Takes::Text
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<String> {
        cx.broker_url(field)
    }
    fn echo(&self, value: &String) -> Value {
        json!(value)
    }
}

/// A whole number from one to another.
pub(super) struct Whole(pub u64, pub u64);

impl Notation<u64> for Whole {
    fn takes(&self) -> Takes {
        Takes::Whole(self.0 as i64, self.1 as i64)
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<u64> {
        cx.whole(field, self.0, self.1)
    }
    fn echo(&self, value: &u64) -> Value {
        json!(value)
    }
}

impl Notation<u32> for Whole {
    fn takes(&self) -> Takes {
        Takes::Whole(self.0 as i64, self.1 as i64)
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<u32> {
        cx.whole(field, self.0, self.1).map(|number| number as u32)
    }
    fn echo(&self, value: &u32) -> Value {
        json!(value)
    }
}

/// A number above zero, and at most so much.
pub(super) struct Positive(pub f64);

impl Notation<f64> for Positive {
    fn takes(&self) -> Takes {
        Takes::Number(Bound::Excluded(0.0), Bound::Included(self.0))
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<f64> {
        cx.number_in(field, 0.0, self.0, true)
    }
    fn echo(&self, value: &f64) -> Value {
        quantity::number(*value)
    }
}

/// A number that is zero or above, and at most so much.
pub(super) struct NotNegative(pub f64);

impl Notation<f64> for NotNegative {
    fn takes(&self) -> Takes {
        Takes::Number(Bound::Included(0.0), Bound::Included(self.0))
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<f64> {
        cx.number_in(field, 0.0, self.0, false)
    }
    fn echo(&self, value: &f64) -> Value {
        quantity::number(*value)
    }
}

/// A list of numbers above zero.
pub(super) struct Numbers;

impl Notation<Vec<f64>> for Numbers {
    fn takes(&self) -> Takes {
        Takes::List
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<Vec<f64>> {
        let list = cx.list(field)?;
        list.iter().map(|node| cx.number_in(Field { key: field.key, node }, 0.0, 1e12, true)).collect()
    }
    fn echo(&self, value: &Vec<f64>) -> Value {
        value.iter().copied().map(quantity::number).collect()
    }
}

/// A whole number, negative ones too, of 32 bits; what it means goes into sentences.
pub(super) struct Signed(pub &'static str);

impl Notation<i32> for Signed {
    fn takes(&self) -> Takes {
        Takes::Whole(i32::MIN.into(), i32::MAX.into())
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<i32> {
        cx.signed(field, self.0)
    }
    fn echo(&self, value: &i32) -> Value {
        json!(value)
    }
}

/// True or false.
pub(super) struct Flag;

impl Notation<bool> for Flag {
    fn takes(&self) -> Takes {
        Takes::Flag
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<bool> {
        cx.flag(field)
    }
    fn echo(&self, value: &bool) -> Value {
        json!(value)
    }
}

/// True or false, by two words.
pub(super) struct Either(pub [(&'static str, bool); 2]);

impl Notation<bool> for Either {
    fn takes(&self) -> Takes {
        Takes::Word(self.0.map(|(word, _)| word).to_vec())
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<bool> {
        cx.word(field, &self.0.map(|(word, _)| word)).map(|index| self.0[index].1)
    }
    fn echo(&self, value: &bool) -> Value {
        self.0.iter().find(|(_, meant)| meant == value).map_or(Value::Null, |(word, _)| json!(word))
    }
}

/// Bytes.
pub(super) struct Bytes;

impl Notation<u32> for Bytes {
    fn takes(&self) -> Takes {
        Takes::Size
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<u32> {
        cx.size(field)
    }
    fn echo(&self, value: &u32) -> Value {
        json!(format!("{value}B"))
    }
}

/// Seconds, or a law of times.
pub(super) enum Timespan {
    /// Zero is one, too.
    OrZero,
    /// Zero is none.
    AboveZero,
}

impl Notation<f64> for Timespan {
    fn takes(&self) -> Takes {
        Takes::Duration
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<f64> {
        match self {
            Timespan::OrZero => cx.duration(field),
            Timespan::AboveZero => cx.positive_duration(field),
        }
    }
    fn echo(&self, value: &f64) -> Value {
        json!(quantity::time(*value))
    }
    fn faster(&self, value: &mut f64, factor: f64) {
        *value /= factor;
    }
}

impl Notation<Law> for Timespan {
    fn takes(&self) -> Takes {
        Takes::Law
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<Law> {
        match self {
            Timespan::OrZero => cx.law(field),
            Timespan::AboveZero => cx.positive_law(field),
        }
    }
    fn echo(&self, value: &Law) -> Value {
        quantity::law(value)
    }
    fn faster(&self, value: &mut Law, factor: f64) {
        *value = value.scaled(1.0 / factor);
    }
}

/// Events a second, and some.
pub(super) struct Rate;

impl Notation<f64> for Rate {
    fn takes(&self) -> Takes {
        Takes::Rate
    }
    fn read(&self, cx: &mut Context<'_>, field: Field<'_>) -> Option<f64> {
        cx.positive_rate(field)
    }
    fn echo(&self, value: &f64) -> Value {
        json!(quantity::rate(*value))
    }
    fn faster(&self, value: &mut f64, factor: f64) {
        *value *= factor;
    }
}
