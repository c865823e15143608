//! What is to be minded about a fit, in words.

use super::fit_models::longer;
use crate::study::fit::{Fit, FitNote};
use crate::units::{Time, plain};

/// All of it, in sentences without a full stop.
pub fn notes(fit: &Fit) -> Vec<String> {
    fit.notes.iter().map(note).collect()
}

fn note(note: &FitNote) -> String {
    match note {
        FitNote::File(finding) => finding.clone(),
        FitNote::FewValues { column, values } => format!(
            "`{column}` has only {values} value{}: laws can hardly be told apart",
            if *values == 1 { "" } else { "s" }
        ),
        FitNote::Latency => {
            "a latency holds waiting as well as work: its law is no law of the service time".into()
        }
        FitNote::RateGuessed { at_once } => {
            let why = if *at_once {
                "all messages come at one instant"
            } else {
                "the file says nothing about arrivals"
            };
            format!("{why}: the scenario's rate is a guess, write your own")
        }
        FitNote::WorkGuessed { zero } => {
            let why = if *zero { "the work takes no time" } else { "the file says nothing about the work" };
            format!("{why}: the scenario's service_time is a guess, write your own")
        }
        FitNote::EndsBeforeItsWork { lasted, work, consumers, messages, load, more } => {
            let has = more.map_or("ends with the file and has no more".into(), |more| {
                format!("has {}", plain(f64::from(more), 9))
            });
            format!(
                "the file lasts {} and a message's work takes {} on average: {} consumers do for these {} \
                 messages, but where messages go on to come so, more than {} are busy at once; the scenario {has}",
                Time(*lasted),
                Time(*work),
                plain(f64::from(*consumers), 9),
                plain(*messages as f64, 12),
                plain(*load, 3)
            )
        }
        FitNote::NoVariance { column, law } => format!(
            "the best law of `{column}`, {law}, has no variance: one job of many decides how long all others \
             wait, and the file has hardly seen the longest; the scenario draws from values that stand for \
             those seen"
        ),
        FitNote::NoLaw { column, tail } => {
            let why = if *tail { "no law has the tail of" } else { "no law comes near" };
            format!("{why} `{column}`: the scenario draws from values that stand for it")
        }
        FitNote::OtherWaits { column, law } => format!(
            "with the {law} law of `{column}` the file's arrivals do not wait as long as with its own values: \
             the scenario draws from values that stand for them"
        ),
        FitNote::DependentWork { off } => format!(
            "the file's own arrivals with work of the law alone have waits {}: its work depends on when it \
             comes or on the work before it, which no scenario can say; measure with the file's own work \
             before you rely on the number of consumers",
            longer(*off)
        ),
    }
}
