//! Fits of times that were drawn from known laws: a fixed seed, and tolerances of several standard errors.

use super::*;
use crate::scenario::Scenario;
use crate::workload::file::{self, Want};
use std::fmt::Write;

/// What is fitted to the text of a file.
fn fit(text: &str) -> Result<Fit, Box<dyn std::error::Error>> {
    Ok(super::fit(file::read(text.as_bytes(), Want::All, &[])?)?)
}

/// Instants and services of a scenario's plan, as a file.
fn written(scenario: &Scenario, messages: u64) -> String {
    let block = scenario.plan(7, 0).expect("a plan").take_messages(messages);
    let mut text = String::from("timestamp_ns,service_ns\n");
    for (due, demand) in block.due.iter().zip(&block.demand[0]) {
        let _ = writeln!(text, "{},{demand}", 1_700_000_000_000_000_000 + due);
    }
    text
}

fn best(law: Law) -> (String, Law) {
    let fit = fit(&written(&Scenario::mgc(100.0, law, 4), 20_000)).expect("sound");
    let service = fit.columns.iter().find(|c| c.role == ColumnRole::Service).expect("there is one");
    (service.candidates[0].law.name().to_string(), service.candidates[0].law.clone())
}

#[test]
fn the_law_that_made_the_times_is_found() {
    for law in [
        Law::exponential(0.02),
        Law::erlang(0.02, 4),
        Law::gamma(0.02, 0.37),
        Law::lognormal(0.02, 2.0),
        Law::weibull(0.02, 2.5),
        Law::pareto(0.02, 3.0),
        Law::uniform(0.01, 0.03),
        Law::hyperexponential(0.02, 6.0),
        Law::deterministic(0.02),
    ] {
        let (name, found) = best(law.clone());
        assert_eq!(name, law.name(), "{law:?} was taken for {found:?}");
        assert!((found.mean() / law.mean() - 1.0).abs() < 0.05, "{law:?} was taken for {found:?}");
    }
}

fn offered(fit: &Fit) -> ModelFamily {
    fit.models.as_ref().and_then(Models::offered).map_or(ModelFamily::Trace, |m| m.family)
}

/// What was fitted with so many states, whether it is offered or not.
fn states(fit: &Fit, states: usize) -> (Vec<f64>, Vec<f64>) {
    let tried = &fit.models.as_ref().expect("instants").tried;
    match &tried.iter().find(|m| m.family == ModelFamily::States(states)).expect("long enough").arrivals {
        Arrivals::Mmpp { rates, dwell } => (rates.clone(), dwell.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn poisson_arrivals_are_seen_as_such() {
    let fit = fit(&written(&Scenario::mgc(100.0, Law::exponential(0.02), 4), 20_000)).expect("sound");
    let stream = fit.stream.as_ref().expect("instants");
    assert!((stream.rate - 100.0).abs() < 3.0);
    assert!(stream.dispersion.iter().all(|d| (d.index - 1.0).abs() < 0.7), "{:?}", stream.dispersion);
    assert!(!fit.poisson.as_ref().expect("enough gaps").rejects(), "{:?}", fit.poisson);
    assert_eq!(offered(&fit), ModelFamily::Poisson);
    assert_eq!(fit.scenario.producers[0].arrivals, Arrivals::Poisson);
    // Erlang C with an offered load of 2: P(W > S) is 0.174 e^(−2) with 4 consumers, 0.0597 e^(−3) < 1 % with
    // 5.
    assert_eq!(fit.scenario.consumers[0].count, crate::scenario::Servers::Count(5));
}

#[test]
fn a_process_with_two_states_is_found_again() {
    let mut scenario = Scenario::mgc(300.0, Law::exponential(0.002), 4);
    scenario.producers[0].arrivals = Arrivals::Mmpp { rates: vec![100.0, 900.0], dwell: vec![15.0, 5.0] };
    let fit = fit(&written(&scenario, 150_000)).expect("sound");
    let (rates, dwell) = states(&fit, 2);
    assert!((rates[0] - 100.0).abs() < 15.0 && (rates[1] - 900.0).abs() < 60.0, "{rates:?}");
    // Some 25 cycles: their mean dwells are known within 20 %.
    assert!((0.5..2.0).contains(&(dwell[0] / 15.0)) && (0.5..2.0).contains(&(dwell[1] / 5.0)), "{dwell:?}");
    assert_ne!(offered(&fit), ModelFamily::Poisson);
}

/// States that change within a window are told apart gap by gap; rates of a few an hour have windows of their
/// own. A message count of 60 000 has some hundred cycles: their dwells are known within a tenth or so.
#[test]
fn states_are_found_at_any_scale() {
    for (rates, dwell, service) in [([200.0, 2000.0], [0.5, 0.1], 1e-4), ([0.05, 1.0], [600.0, 200.0], 0.1)] {
        let mut scenario = Scenario::mgc(1.0, Law::exponential(service), 4);
        scenario.producers[0].rate = (rates[0] * dwell[0] + rates[1] * dwell[1]) / (dwell[0] + dwell[1]);
        scenario.producers[0].arrivals = Arrivals::Mmpp { rates: rates.to_vec(), dwell: dwell.to_vec() };
        let fit = fit(&written(&scenario, 60_000)).expect("sound");
        let (found, dwelt) = states(&fit, 2);
        for (a, b) in found.iter().chain(&dwelt).zip(rates.iter().chain(&dwell)) {
            assert!((0.75..1.33).contains(&(a / b)), "{found:?} {dwelt:?}");
        }
    }
}

/// Gaps that vary much but know nothing of one another are a renewal process, not states.
#[test]
fn variable_gaps_alone_are_no_states() {
    let mut scenario = Scenario::mgc(100.0, Law::exponential(0.002), 4);
    scenario.producers[0].arrivals = Arrivals::Renewal { gap: Law::lognormal(0.01, 10.0) };
    let fit = fit(&written(&scenario, 40_000)).expect("sound");
    assert_eq!(offered(&fit), ModelFamily::Renewal, "{:?}", fit.models);
    assert!(
        matches!(&fit.scenario.producers[0].arrivals, Arrivals::Renewal { gap: Law::Lognormal(_) }),
        "{:?}",
        fit.scenario.producers
    );
    assert!(fit.poisson.expect("enough gaps").rejects());
}

/// Work whose long jobs come one after the other waits longer than any law of it says: said, not hidden.
#[test]
fn work_that_depends_on_its_neighbours_is_told() {
    let block =
        Scenario::mgc(100.0, Law::exponential(0.005), 4).plan(7, 0).expect("a plan").take_messages(20_000);
    let mut text = String::from("timestamp_ns,service_ns\n");
    for (i, (due, demand)) in block.due.iter().zip(&block.demand[0]).enumerate() {
        let _ = writeln!(text, "{due},{}", if i / 200 % 10 == 0 { 4 * demand } else { *demand });
    }
    let fit = fit(&text).expect("sound");
    assert!(fit.notes.iter().any(|n| matches!(n, FitNote::DependentWork { .. })), "{:?}", fit.notes);
}

/// A law with too short a tail is not offered, however near its middle is: one of 77 jobs takes fifty times
/// as long.
#[test]
fn a_tail_that_no_law_has_is_drawn_from_itself() {
    let body = Law::erlang(0.005, 8);
    let block = Scenario::mgc(100.0, body.clone(), 4).plan(7, 0).expect("a plan").take_messages(20_000);
    let plain = block.demand[0].iter().map(|d| *d as f64 / 1e9).collect();
    let work = block.demand[0].iter().enumerate().map(|(i, d)| if i % 77 == 0 { 50 * d } else { *d });
    let fit = fit(&work
        .map(|work| format!("{work}\n"))
        .fold("service_ns\n".into(), |all: String, line| all + &line))
    .expect("sound");
    let (law, sample) = (&fit.scenario.consumers[0].service_time, &fit.columns[0].sample);
    assert!(matches!(law, Law::Empirical(_)), "{law:?}");
    assert!((law.scv() / sample.scv - 1.0).abs() < 0.05 && (law.mean() / sample.mean - 1.0).abs() < 1e-3);
    assert!(fit.notes.iter().any(|n| matches!(n, FitNote::NoLaw { .. })), "{:?}", fit.notes);
    // The law of the other 76 is nowhere 2 % off, and fits them alone.
    let body = Candidate { law: body, aic: 0.0, distance: 0.02, quantiles: Vec::new() };
    assert!(!body.is_far(sample) && body.misses_tail(sample) && !body.misses_tail(&Sample::of(plain)));
}

/// Half of the work takes 10 ms and half 50 ms: no law in the list does.
#[test]
fn what_no_law_comes_near_is_drawn_from_itself() {
    let rows: String = (0..2000)
        .map(|i| format!("{}\n", if i * 7 % 2 == 0 { 10.0 } else { 50.0 } + f64::from(i % 11) * 0.1))
        .collect();
    let fit = fit(&format!("service_ms\n{rows}")).expect("sound");
    assert!(fit.columns[0].candidates[0].is_far(&fit.columns[0].sample));
    let law = &fit.scenario.consumers[0].service_time;
    assert!(
        matches!(law, Law::Empirical(_))
            && (law.mean() / 0.0305 - 1.0).abs() < 1e-3
            && (law.scv() - fit.columns[0].sample.scv).abs() < 0.01
    );
    assert!(fit.notes.iter().any(|n| matches!(n, FitNote::NoLaw { tail: false, .. })), "{:?}", fit.notes);
}

/// Whatever is in the file: what comes of it can be run.
#[test]
fn every_fit_is_a_sound_scenario() {
    for text in [
        "at_s,service_ms\n1,2\n",
        "at_s,service_ms\n1,2\n1,2\n",
        "service_ms\n0\n0\n",
        "gap_ms\n0\n0\n0\n",
        "gap_ms\n5\n5\n5\n",
        "latency_ms\n1e-9\n3\n",
        "0.5\n0.25\n",
    ] {
        let fit = fit(text).expect(text);
        let toml = crate::scenario::resolved_toml(&fit.scenario);
        let read = crate::scenario::parse(
            &crate::scenario::Source::new("fit.toml", toml.clone()),
            &crate::scenario::NoFiles,
        );
        assert!(read.is_ok(), "{text}: {}\n{toml}", read.err().map_or(String::new(), |p| p.to_string()));
        assert!(fit.columns.iter().all(|c| !c.sample.remembers()), "{text}");
    }
}

/// Times that no scenario can say are refused with the reason, by whoever fits.
#[test]
fn what_cannot_be_written_is_refused() {
    for text in [
        "at_s,service_s\n0,0.0000000003\n1,0.0000000003\n2,0.0000000003\n",
        "at_s,service_s\n0,1e12\n1,1e12\n3,1e12\n",
    ] {
        assert!(fit(text).is_err(), "{text}");
    }
}

#[test]
fn bad_cells_are_counted_and_named() {
    let fit = fit("service_ms\n1\nx\n2\n-3\n\n4\n").expect("three good rows");
    assert_eq!((fit.rows, fit.bad.len()), (5, 2));
    assert_eq!(fit.bad[0], BadCell { line: 3, column: "service_ms".into(), text: "x".into() });
    assert!((fit.columns[0].sample.mean - 7.0 / 3000.0).abs() < 1e-12);
    for bad in ["", "name\nx\n", "service\nx\n"] {
        assert!(super::tests::fit(bad).is_err(), "{bad}");
    }
}
