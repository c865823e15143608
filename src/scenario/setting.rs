//! What a setting is: its name, what it takes and what it means. Checking, did-you-means, the schema and the
//! reference page read it.

use std::ops::Bound;

/// What a setting takes.
#[derive(Debug, Clone)]
pub(super) enum Takes {
    Text,
    /// A whole number from one to another.
    Whole(i64, i64),
    /// A number from one end to another.
    Number(Bound<f64>, Bound<f64>),
    Flag,
    Duration,
    Rate,
    Size,
    /// A duration or a law of times.
    Law,
    /// One of these words.
    Word(Vec<&'static str>),
    Table(SettingKeys),
    /// A table of these settings, or what the one of this name takes alone.
    TableOr(SettingKeys, &'static str),
    /// A list of tables of these settings.
    Tables(SettingKeys),
    /// A list of what the setting's help says.
    List,
    /// Either of several forms, told apart where they are read.
    Any,
}

impl Takes {
    /// A share of all.
    pub(super) const PROBABILITY: Takes = Takes::Number(Bound::Included(0.0), Bound::Included(1.0));
}

/// The settings of a table.
pub(super) type SettingKeys = fn() -> Vec<SettingKey>;

/// A setting of a table, as a person sees it.
#[derive(Debug, Clone)]
pub(super) struct SettingKey {
    pub name: &'static str,
    pub takes: Takes,
    pub help: &'static str,
    /// As it is written, where the help does not say it.
    pub default: Option<String>,
    /// How it is written, where it must be given.
    pub required: Option<&'static str>,
    /// Whether it is read by what it takes alone.
    pub by_notation: bool,
}

impl SettingKey {
    /// The help, the default included.
    pub(super) fn full_help(&self) -> String {
        self.default.as_ref().map_or(self.help.into(), |default| format!("{}; default {default}", self.help))
    }
}

/// A setting that is declared by hand.
pub(super) const fn key(name: &'static str, takes: Takes, help: &'static str) -> SettingKey {
    SettingKey { name, takes, help, default: None, required: None, by_notation: false }
}

/// A setting that is one of a few words.
pub(super) trait Choice: Copy + PartialEq + 'static {
    const WORDS: &'static [(&'static str, Self)];

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, v)| *v == self).map_or("", |(w, _)| w)
    }
}

/// The words of a choice.
macro_rules! choice {
    ($type:ty: $($word:literal => $value:ident),+ $(,)?) => {
        impl $crate::scenario::setting::Choice for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, <$type>::$value)),+];
        }
    };
}
pub(super) use choice;

/// What people call a setting elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("workers", "count"),
    ("replicas", "count"),
    ("instances", "count"),
    ("capacity", "max_length"),
    ("maxlen", "max_length"),
    ("length", "max_length"),
    ("ttl", "message_ttl"),
    ("queue", "to"),
    ("queue", "from"),
    ("topic", "to"),
    ("dlq", "dead_letter"),
    ("backlog", "initial_backlog"),
    ("process", "arrivals"),
    ("distribution", "law"),
    ("dist", "law"),
    ("retries", "delivery_limit"),
    ("runs", "replications"),
    ("slo", "objectives"),
    ("think", "think_time"),
    ("clients", "concurrency"),
];

/// The key that was probably meant by an unknown one.
pub(super) fn meant<'k>(word: &str, keys: &[&'k str]) -> Option<&'k str> {
    let elsewhere = || {
        ELSEWHERE
            .iter()
            .filter(|(other, _)| *other == word)
            .find_map(|(_, ours)| keys.iter().find(|k| *k == ours))
    };
    elsewhere().copied().or_else(|| super::problem::nearest(word, keys.iter().copied()))
}
