//! Models fitted to a trace, judged on the trace: what the fitted scenario asks for is what the trace itself needs.
//!
//! The traces are generated with a fixed seed; the right number of consumers is that of the recursion of Kiefer and Wolfowitz over
//! the file's own arrivals and work, written here once more and for itself.

use super::{Method, Scenario, run};
use queuelab::scenario::{Arrivals, Servers, Step};
use queuelab::study::Blind;
use queuelab::study::fit::{self, Family, Fit, Models};
use queuelab::workload::file::{Want, read};
use queuelab::workload::laws::Law;

/// Arrivals and work in nanoseconds.
type Rows = Vec<(u64, u64)>;

fn rows(arrivals: Arrivals, rate: f64, work: Law, seed: u64, messages: u64) -> Rows {
    let mut scenario = Scenario::mgc(rate, work, 1);
    scenario.producers[0].arrivals = arrivals;
    let block = scenario.plan(seed, 0).expect("a plan").take_messages(messages);
    block.due.iter().copied().zip(block.demand[0].iter().copied()).collect()
}

fn fit(text: &str) -> Fit {
    fit::fit(read(text.as_bytes(), Want::All, &[]).expect("a file that is understood")).expect("a sound file")
}

fn fitted(rows: &Rows) -> Fit {
    let lines: String = rows.iter().map(|(at, work)| format!("{},{work}\n", 1_700_000_000_000_000_000 + at)).collect();
    fit(&format!("timestamp_ns,service_ns\n{lines}"))
}

fn offered(fit: &Fit) -> Family {
    fit.models.as_ref().and_then(Models::offered).expect("arrivals are judged").family
}

/// The fewest servers for which 99 % of the file's messages wait no longer than a limit (seconds).
fn needed(rows: &Rows, limit: f64) -> usize {
    let enough = |servers: &usize| {
        let mut free = vec![0_u64; *servers];
        let mut late = 0;
        for (at, work) in rows {
            let first = free.iter_mut().min().expect("a server");
            let start = (*first).max(*at);
            late += usize::from((start - at) as f64 / 1e9 > limit);
            *first = start + work;
        }
        late as f64 <= 0.01 * rows.len() as f64
    };
    (1..200).find(enough).expect("two hundred are enough")
}

/// The fewest consumers, near a number, with which the scenario's simulation keeps its p99 wait within a limit.
fn asked(scenario: &Scenario, limit: f64, near: usize) -> usize {
    let from = near.saturating_sub(2).max(1);
    let met = |count: &usize| {
        let mut scenario = scenario.clone();
        scenario.consumers[0].count = Servers::Count(*count as u32);
        scenario.simulation.replications = 3;
        if scenario.simulation.length == queuelab::scenario::Length::Auto {
            scenario.simulation.length = queuelab::scenario::Length::Messages(100_000);
        }
        let study = run(&scenario, &[Method::Simulation], &Blind);
        let wait = study.answer(Method::Simulation).and_then(|a| a.get("queues.jobs.wait.p99")).and_then(|e| e.value);
        wait.is_some_and(|wait| wait <= limit)
    };
    (from..=near + 2).find(met).unwrap_or(near + 3)
}

/// The objective of these tests is not one of those that the fit looks at itself.
fn asks_for_what_the_file_needs(rows: &Rows, fit: &Fit, limit: f64) {
    let truth = needed(rows, limit);
    let asked = asked(&fit.scenario, limit, truth);
    assert!(asked.abs_diff(truth) <= 1, "{asked} asked for where the file needs {truth}: {:?}", offered(fit));
    // And with its own, the mean work.
    let own = fit.models.as_ref().expect("judged");
    let (own, truth) = (own.consumers, needed(rows, own.limit));
    assert!(own.abs_diff(truth) <= 1 && fit.scenario.consumers[0].count == Servers::Count(own as u32), "{own} {truth}");
}

/// Bursts of a third of a second within busy spells of minutes: neither a law of gaps nor states in turn have both.
fn two_timescales() -> Rows {
    let work = || Law::lognormal(0.05, 1.5);
    let slow = rows(Arrivals::Mmpp { rates: vec![10.0, 60.0], dwell: vec![300.0, 100.0] }, 20.0, work(), 7, 25_000);
    let fast = rows(Arrivals::Mmpp { rates: vec![0.0, 400.0], dwell: vec![3.0, 0.3] }, 36.0, work(), 8, 25_000);
    let end = slow.last().expect("rows").0.min(fast.last().expect("rows").0);
    let mut all: Rows = slow.into_iter().chain(fast).filter(|row| row.0 <= end).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_trace_of_two_timescales_is_not_flattered() {
    let rows = two_timescales();
    let fit = fitted(&rows);
    assert!(fit.poisson.as_ref().expect("enough gaps").rejects());
    let models = fit.models.as_ref().expect("judged");
    // Poisson arrivals would wait a hundredth as long: the answer says so, and does not offer them.
    let poisson = &models.tried[0];
    assert!(poisson.judged.worst() < -0.9 && models.consumers > 2 * poisson.judged.consumers[0], "{poisson:?}");
    assert!(models.offered().expect("one").judged.worst().abs() <= 0.2);
    asks_for_what_the_file_needs(&rows, &fit, 0.1);
}

/// A day's sine, three days of it: the rate by time of day.
#[test]
fn a_daily_sine_is_a_timetable() {
    let wave = |i: usize| 0.4 * (1.0 - 0.8 * (std::f64::consts::TAU * (i as f64 + 0.5) / 288.0).cos());
    let steps = (0..288).map(|i| Step { lasts: 300.0, rate: wave(i) }).collect();
    let rows = rows(Arrivals::Schedule { steps, repeat: true, ramp: false }, 0.4, Law::exponential(6.0), 7, 103_680);
    let fit = fitted(&rows);
    assert_eq!(offered(&fit), Family::Daily);
    for model in &fit.models.as_ref().expect("judged").tried {
        if let (Arrivals::Mmpp { dwell, .. }, true) = (&model.arrivals, model.family == offered(&fit)) {
            assert!(dwell.iter().all(|d| *d <= 0.25 * fit.stream.as_ref().expect("arrivals").lasted));
        }
    }
    asks_for_what_the_file_needs(&rows, &fit, 12.0);
}

/// Deterministic gaps of 167 min are no Poisson arrivals, and the answer says by which error.
#[test]
fn equal_gaps_are_no_poisson_arrivals() {
    let gaps = "10020\n".repeat(60);
    let fit = fit(&format!("gap_s\n{gaps}"));
    let test = fit.poisson.as_ref().expect("enough gaps");
    assert!(test.rejects() && test.p_value < 1e-6, "{test:?}");
    assert_ne!(offered(&fit), Family::Poisson);
}
