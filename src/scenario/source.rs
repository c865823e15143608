//! Sources: a scenario's text with the values that were given beside it.

use super::toml_text::quoted;

/// A scenario before it is read. Cheap to copy and to read again with another value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// The file's path: its folder is where the scenario's own files are looked for.
    pub name: String,
    pub text: String,
    overrides: Vec<Override>,
}

/// A setting given beside the file. Problems underline it in its own text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Override {
    /// Where it was given, such as `--set`.
    pub name: String,
    /// As it was given.
    pub text: String,
    /// Prepended to the path that the text begins with.
    pub table: &'static str,
    /// Where in the text the path ends and the value begins.
    pub path_end: usize,
    pub value_start: usize,
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Source { name: name.into(), text: text.into(), overrides: Vec::new() }
    }

    /// The scenario of `queuelab run --rate 1k/s --service "lognormal(20ms, scv=2)" --consumers 24`: one producer, one
    /// queue, one group of consumers, named as by [`Scenario::single`](super::Scenario::single).
    pub fn quick(rate: &str, service: &str, consumers: &str) -> Self {
        let count = if consumers.parse::<u64>().is_ok() { consumers.to_string() } else { quoted(consumers) };
        let (rate, service) = (quoted(rate), quoted(service));
        let text = format!(
            "[producers.producer]\nto = \"queue\"\nrate = {rate}\n\n[queues.queue]\n\n\
             [consumers.consumers]\nfrom = \"queue\"\ncount = {count}\nservice_time = {service}\n"
        );
        Source::new("command line", text)
    }

    /// Adds `path=value`, as given with `option`. The value is TOML; a bare word is a text.
    #[must_use]
    pub fn set(mut self, option: &str, assignment: &str) -> Self {
        let path_end = assignment.find('=').unwrap_or(assignment.len());
        let value_start = (path_end + 1).min(assignment.len());
        self.push(option, assignment, "", path_end, value_start);
        self
    }

    /// Adds an objective such as `producers.web.latency.p99 < 200ms`, as given with `option`.
    #[must_use]
    pub fn objective(mut self, option: &str, text: &str) -> Self {
        let split = text.find(['<', '>', '=']).unwrap_or(text.len());
        self.push(option, text, "objectives", split, split);
        self
    }

    /// The same scenario with another value at a path: how sweeps and searches turn their knobs.
    #[must_use]
    pub fn with(&self, path: &str, value: &str) -> Self {
        let text = format!("{path}={value}");
        let mut other = self.clone();
        // The one who turns a knob many times replaces the value that it had before.
        other.overrides.retain(|o| o.name != text_of_knob(path));
        other.push(&text_of_knob(path), &text, "", path.len(), path.len() + 1);
        other
    }

    fn push(&mut self, name: &str, text: &str, table: &'static str, path_end: usize, value_start: usize) {
        self.overrides.push(Override { name: name.into(), text: text.into(), table, path_end, value_start });
    }

    pub(super) fn overrides(&self) -> &[Override] {
        &self.overrides
    }
}

fn text_of_knob(path: &str) -> String {
    format!("value of {path}")
}
