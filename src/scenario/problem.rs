//! Problems: what is wrong with a scenario, where, and what to write instead.

#[cfg(feature = "cli")]
mod carets;

use super::place::Place;
use std::fmt;

/// How many problems are shown; a file that has more is told how many.
pub(super) const SHOWN: usize = 20;

/// One thing that is wrong, or legal but suspicious.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What is wrong, in a phrase.
    pub message: String,
    /// Whether it is suspicious rather than wrong.
    pub warning: bool,
    /// What to write instead.
    pub help: Option<String>,
    at: Place,
    label: Box<str>,
    related: Vec<(Place, String)>,
}

impl Problem {
    pub(super) fn error(at: Place, message: impl Into<String>) -> Self {
        Problem {
            message: message.into(),
            warning: false,
            help: None,
            at,
            label: Box::default(),
            related: Vec::new(),
        }
    }

    pub(super) fn warning(at: Place, message: impl Into<String>) -> Self {
        Problem { warning: true, ..Problem::error(at, message) }
    }

    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into().into_boxed_str();
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Another place that has to do with it.
    pub(super) fn and(mut self, at: Place, label: impl Into<String>) -> Self {
        self.related.push((at, label.into()));
        self
    }

    /// Spells out control characters that came from the source.
    fn spell_out(&mut self) {
        let spelt = |text: &str| printable(text);
        self.message = spelt(&self.message);
        self.help = self.help.take().map(|help| spelt(&help));
        self.label = spelt(&self.label).into_boxed_str();
        self.related.iter_mut().for_each(|(_, label)| *label = spelt(label));
    }

    /// Points elsewhere: to what the text that it was found in was made from.
    pub(super) fn move_to(&mut self, at: Place) {
        self.at = at;
        self.related.clear();
    }
}

/// A text that a scenario came from, and its name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Origin {
    pub name: String,
    pub text: String,
}

/// A source as it may be shown, every place in it where it was: what stands before the @ of an address may be
/// a password.
fn without_credentials(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(|c: char| c.is_whitespace() || "\"'".contains(c)).unwrap_or(after.len());
        let login = after[..end].rfind('@').unwrap_or(0);
        out = out + before + "://" + &"*".repeat(login);
        rest = &after[login..];
    }
    out + rest
}

/// Problems with the sources that they point into.
#[derive(Debug, Clone, PartialEq)]
pub struct Problems {
    /// In the order of the text.
    pub list: Vec<Problem>,
    origins: Vec<Origin>,
}

impl Problems {
    pub(super) fn new(mut list: Vec<Problem>, mut origins: Vec<Origin>) -> Self {
        origins.iter_mut().for_each(|origin| origin.text = without_credentials(&origin.text));
        list.sort_by_key(|p| (p.at.origin, p.at.start));
        list.dedup();
        list.iter_mut().for_each(Problem::spell_out);
        Problems { list, origins }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Line and column, from 1, and the source's name, of each problem.
    pub fn positions(&self) -> impl Iterator<Item = (&str, usize, usize)> {
        self.list.iter().map(|p| {
            let origin = &self.origins[p.at.origin];
            let before = &origin.text[..within(&origin.text, p.at).start];
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            (origin.name.as_str(), before.matches('\n').count() + 1, column)
        })
    }

    /// All of them as text: each with the lines that it is about, or, without the feature `cli`, with its
    /// line and column.
    pub fn render(&self, #[cfg_attr(not(feature = "cli"), expect(unused_variables))] colour: bool) -> String {
        #[cfg(feature = "cli")]
        let mut out = carets::render(self, colour);
        #[cfg(not(feature = "cli"))]
        let mut out = self.plain();
        if self.len() > SHOWN {
            out.push(format!("… and {} more", self.len() - SHOWN));
        }
        let mut text = out.join("\n\n");
        text.push('\n');
        text
    }

    /// The problems that are shown, a text for each: where it is, what is wrong and what to write instead.
    #[cfg(not(feature = "cli"))]
    fn plain(&self) -> Vec<String> {
        let shown = self.list.iter().zip(self.positions()).take(SHOWN);
        let told = |(problem, (name, line, column)): (&Problem, (&str, usize, usize))| {
            let level = if problem.warning { "warning" } else { "error" };
            let help = problem.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
            let label =
                if problem.label.is_empty() { String::new() } else { format!(" ({})", problem.label) };
            format!("{name}:{line}:{column}: {level}: {}{label}{help}", problem.message)
        };
        shown.map(told).collect()
    }
}

/// A place as a range that certainly lies in the text, between characters.
fn within(text: &str, at: Place) -> std::ops::Range<usize> {
    let start = text.floor_char_boundary(at.start.min(text.len()));
    start..text.ceil_char_boundary(at.end.clamp(start, text.len()))
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// The candidate that was probably meant by a word, if any is near enough.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let plain = |s: &str| s.to_lowercase().replace('_', "-");
    let (word, allowed) =
        (plain(word), if word.chars().count() <= 3 { 1 } else { 2.max(word.chars().count() / 3) });
    candidates
        .into_iter()
        .filter_map(|c| {
            let other = plain(c);
            // What begins alike is near whatever its length: `service` for `service_time`.
            let near = if word.len() >= 3 && other.starts_with(&word) {
                1
            } else {
                strsim::damerau_levenshtein(&word, &other)
            };
            (near <= allowed && near < other.chars().count()).then_some((near, c))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

/// A text with control characters spelt out: none of them does anything to a terminal.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let words = ["rate", "service_time", "max_length", "to"];
        assert_eq!(nearest("raet", words), Some("rate"));
        assert_eq!(nearest("service", words), Some("service_time"));
        assert_eq!(nearest("maxLength", words), Some("max_length"));
        assert_eq!(nearest("colour", words), None);
    }
}
