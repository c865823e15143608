//! Theory against reference answers that were computed independently, each by two methods; the source is
//! named with each.

mod domain;
mod features;
mod networks;
mod several;
mod single;

use super::*;
use crate::scenario::{Arrivals, Overflow, Producer};
use crate::workload::laws::Law;

/// The answer, or the test fails with the reason.
fn solved(scenario: &Scenario) -> Answer {
    answer(scenario).unwrap_or_else(|no| panic!("{}", no.reason))
}

/// Compares metrics of a single-queue scenario: `q.` stands for the queue, `p.` for the producer, `c.` for
/// the consumers.
fn check(scenario: &Scenario, tolerance: f64, expected: &[(&str, f64)]) {
    let answer = solved(scenario);
    for (short, value) in expected {
        let path = short
            .replacen("q.", "queues.queue.", 1)
            .replacen("p.", "producers.producer.", 1)
            .replacen("c.", "consumers.consumers.", 1);
        let found = answer
            .get(&path)
            .unwrap_or_else(|| panic!("{path} is not filled by {}", answer.by))
            .value
            .unwrap_or(f64::INFINITY);
        assert!(
            (found - value).abs() <= tolerance * value.abs() || found == *value,
            "{} says {path} = {found}, and it should be {value}",
            answer.by
        );
    }
}

fn mm(lambda: f64, mu: f64, servers: u32) -> Scenario {
    Scenario::mgc(lambda, Law::exponential(1.0 / mu), servers)
}

fn with_room(mut scenario: Scenario, room: u64) -> Scenario {
    scenario.queues[0].max_length = Some(room);
    scenario
}
