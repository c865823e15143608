//! Sources: a scenario's text with the settings that were given beside it.

use super::toml_text::quoted;

/// A scenario before it is read. Cheap to copy and to read again with another value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// What problems call it: the file's path.
    pub name: String,
    /// The TOML.
    pub text: String,
    /// Settings that go before the text's, the last one first.
    pub overrides: Vec<Override>,
}

/// A setting that was given beside a scenario's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// By what it was given, as problems call it: `--set`.
    pub option: &'static str,
    /// `path=value`. A value is TOML; a bare word is a text.
    pub setting: String,
}

impl From<String> for Override {
    fn from(setting: String) -> Self {
        Override { option: "--set", setting }
    }
}

impl From<&str> for Override {
    fn from(setting: &str) -> Self {
        setting.to_string().into()
    }
}

/// The scenario of `queuelab run --rate 1k/s --service "lognormal(20ms, scv=2)" --consumers 24`: one
/// producer, one queue, one group of consumers, named as by [`Scenario::single`](super::Scenario::single).
pub fn quick(rate: &str, service: &str, consumers: &str, overrides: Vec<Override>) -> Source {
    let count = if consumers.parse::<u64>().is_ok() { consumers.to_string() } else { quoted(consumers) };
    let (rate, service) = (quoted(rate), quoted(service));
    let text = format!(
        "[producers.producer]\nto = \"queue\"\nrate = {rate}\n\n[queues.queue]\n\n\
         [consumers.consumers]\nfrom = \"queue\"\ncount = {count}\nservice_time = {service}\n"
    );
    Source { name: "command line".into(), text, overrides }
}

impl Source {
    /// A text and what it is called in messages.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Source { name: name.into(), text: text.into(), overrides: Vec::new() }
    }

    /// The same scenario with another value at a path: how sweeps and searches turn their knobs.
    #[must_use]
    pub fn with(&self, path: &str, value: &str) -> Self {
        self.given("--set", path, value)
    }

    /// The same, with what problems call the option by which the value was given.
    #[must_use]
    pub fn given(&self, option: &'static str, path: &str, value: &str) -> Self {
        let mut other = self.clone();
        // A knob that is turned many times leaves one setting, not many.
        other.overrides.retain(|o| o.setting.split_once('=').is_none_or(|(before, _)| before != path));
        other.overrides.push(Override { option, setting: format!("{path}={value}") });
        other
    }

    /// The same scenario with an objective such as `producers.web.latency.p99 < 200ms`.
    #[must_use]
    pub fn objective(&self, text: &str) -> Self {
        let (metric, limit) = text.split_at(text.find(['<', '>', '=']).unwrap_or(text.len()));
        self.given("--slo", &format!("objectives.{}", metric.trim()), &quoted(limit.trim()))
    }
}
