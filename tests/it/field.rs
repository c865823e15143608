//! What people asked in public: each scenario or file is written anew, small, from a report or a combination
//! that has to obey a law, and has to give its right value, or the refusal or caveat that says why there is
//! none. Every test says where its value comes from.

mod accounting;
mod files;
mod fitted;
mod forms;
mod load;
mod partitions;
mod saved;
mod theory;
mod time;
mod together;
mod traces;
mod verdicts;
mod words;

use queuelab::answer::{Answer, Method};
use queuelab::scenario::{NoFiles, Scenario, Source, parse};
use queuelab::study::{NoProgress, Study, run};

/// The scenario that a text writes down.
fn scenario(text: &str) -> Scenario {
    crate::semantics::scenario(text)
}

/// What a scenario's text says is wrong with it.
fn refusal(text: &str) -> String {
    let source = Source { name: "field".into(), text: text.into(), overrides: Vec::new() };
    match parse(&source, &NoFiles) {
        Ok(_) => panic!("read without a problem:\n{text}"),
        Err(problems) => problems.render(false),
    }
}

/// A scenario answered by theory and simulation.
fn both(text: &str) -> Study {
    run(&scenario(text), &[Method::Theory, Method::Simulation], &NoProgress)
}

/// The value of a metric, which has to be there.
fn value(answer: &Answer, path: &str) -> f64 {
    answer
        .get(path)
        .and_then(|e| e.value)
        .unwrap_or_else(|| panic!("{path} of {}: {:?}", answer.by, answer.metrics.keys()))
}

/// The simulation's value and half-width.
fn simulated(text: &str, path: &str) -> (f64, f64) {
    let study = run(&scenario(text), &[Method::Simulation], &NoProgress);
    let answer = study.answer(Method::Simulation).unwrap_or_else(|| panic!("{:?}", study.unanswered));
    let found = answer.get(path).unwrap_or_else(|| panic!("no {path}"));
    (found.value.unwrap_or(f64::NAN), found.half_width.unwrap_or(0.0))
}
