//! A target that is tried, if it is there.

use super::REFUSED;
use super::table::BEHAVIOURS;
use super::trial::TargetTrial;
use crate::load::targets::{TARGETS, TargetEntry};
use crate::scenario::{NoFiles, Scenario, Source, parse};
use std::sync::mpsc;
use std::time::Duration;

/// A test that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A target by its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject {
    pub name: &'static str,
}

impl Subject {
    /// Runs a test, or says why it does not; one that hangs fails.
    pub(super) fn run(self, test: &'static str, body: fn(&Subject, &str)) {
        assert!(BEHAVIOURS.iter().any(|(name, _)| *name == test), "{test} is not in the table");
        if let Some(why) = self.away() {
            assert!(!self.is_required(), "{} is required: {why}", self.name);
            eprintln!("skipped: {why}");
            return;
        }
        let (done, over) = mpsc::channel();
        let tried = std::thread::spawn(move || {
            body(&self, test);
            _ = done.send(());
        });
        let ended = over.recv_timeout(LIMIT);
        assert!(!matches!(ended, Err(mpsc::RecvTimeoutError::Timeout)), "{test} on {} hangs", self.name);
        if let Err(panic) = tried.join() {
            std::panic::resume_unwind(panic);
        }
    }

    /// Why it cannot be tried, if it cannot.
    fn away(self) -> Option<String> {
        let entry = self.entry();
        if entry.open.is_none() {
            return Some(format!("{} is not built in; write --features {}", self.name, entry.feature?));
        }
        let variable = self.variable("URL");
        (self.is_broker() && std::env::var(&variable).is_err())
            .then(|| format!("{variable} is not set; start a server and say where it is"))
    }

    fn is_required(self) -> bool {
        let required = std::env::var("QUEUELAB_REQUIRE").unwrap_or_default();
        required.split(',').any(|name| name.trim() == self.name)
    }

    fn entry(self) -> &'static TargetEntry {
        TARGETS.iter().find(|entry| entry.name == self.name).expect("a target of this name")
    }

    /// Whether somebody else keeps the messages, and confirms them.
    pub(super) fn is_broker(self) -> bool {
        self.entry().broker.is_some()
    }

    pub(super) fn variable(self, what: &str) -> String {
        format!("QUEUELAB_{}_{what}", self.name.to_uppercase())
    }

    /// A scenario of this target: one queue `jobs`, whose servers need no time, and what the text says.
    pub(super) fn scenario(self, text: &str) -> Scenario {
        let text = format!("{text}\n[measurement]\ntarget = \"{}\"\n", self.name);
        let parsed = parse(&Source::new("conformance.toml", &text), &NoFiles);
        parsed.unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario
    }

    /// Opens it for a scenario; `None` if it refuses that, as it is said to, with what to write instead.
    pub(super) fn play(self, test: &str, text: &str) -> Option<TargetTrial> {
        let scenario = self.scenario(text);
        let refusals = self.entry().refusals(&scenario);
        let known = REFUSED.iter().find(|(name, _)| *name == self.name).map_or(&[][..], |(_, tests)| tests);
        assert_eq!(known.contains(&test), !refusals.is_empty(), "{test} on {}: {refusals:?}", self.name);
        for refusal in &refusals {
            assert!(refusal.why.contains("write") || refusal.why.contains("leave"), "{refusal:?}");
        }
        refusals.is_empty().then(|| TargetTrial::open(scenario))
    }
}

/// A producer, a queue with some settings and a consumer group with others.
pub(super) fn one_queue(queue: &str, consumer: &str) -> String {
    format!(
        "[producers.p]\nto = \"jobs\"\nrate = \"100/s\"\n\n[queues.jobs]\n{queue}\n\n\
            [consumers.c]\nfrom = \"jobs\"\nservice_time = \"1ms\"\n{consumer}\n"
    )
}
