//! Fits of times that were drawn from known laws: a fixed seed, and tolerances of several standard errors.

use super::*;
use crate::scenario::Scenario;
use std::fmt::Write;

/// Instants and services of a scenario's plan, as a file.
fn file(scenario: &Scenario, messages: u64) -> String {
    let block = scenario.plan(7, 0).expect("a plan").take_messages(messages);
    let mut text = String::from("timestamp_ns,service_ns\n");
    for (due, demand) in block.due.iter().zip(&block.demand[0]) {
        let _ = writeln!(text, "{},{demand}", 1_700_000_000_000_000_000 + due);
    }
    text
}

fn best(law: Law) -> (String, Law) {
    let fit = fit(&file(&Scenario::mgc(100.0, law, 4), 20_000)).expect("sound");
    let service = fit.columns.iter().find(|c| c.kind == Kind::Service).expect("there is one");
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

#[test]
fn poisson_arrivals_are_seen_as_such() {
    let fit = fit(&file(&Scenario::mgc(100.0, Law::exponential(0.02), 4), 20_000)).expect("sound");
    let stream = fit.stream.expect("instants");
    assert!((stream.rate - 100.0).abs() < 3.0 && stream.mmpp.is_none());
    assert!(stream.dispersion.iter().all(|d| (d.index - 1.0).abs() < 0.7), "{:?}", stream.dispersion);
    assert_eq!(fit.scenario.producers[0].arrivals, Arrivals::Poisson);
    assert_eq!(fit.scenario.consumers[0].count, crate::scenario::Servers::Count(3));
}

#[test]
fn a_process_with_two_states_is_found_again() {
    let mut scenario = Scenario::mgc(300.0, Law::exponential(0.002), 4);
    scenario.producers[0].arrivals = Arrivals::Mmpp { rates: vec![100.0, 900.0], dwell: vec![15.0, 5.0] };
    let fit = fit(&file(&scenario, 400_000)).expect("sound");
    let (rates, dwell) = fit.stream.expect("instants").mmpp.expect("the dispersion asks for it");
    assert!((rates[0] - 100.0).abs() < 15.0 && (rates[1] - 900.0).abs() < 60.0, "{rates:?}");
    assert!((0.6..1.6).contains(&(dwell[0] / 15.0)) && (0.6..1.6).contains(&(dwell[1] / 5.0)), "{dwell:?}");
}

#[test]
fn bad_rows_are_counted_and_named() {
    let fit = fit("service_ms\n1\nx\n2\n-3\n\n4\n").expect("three good rows");
    assert_eq!((fit.rows, fit.bad.len()), (3, 2));
    assert_eq!(fit.bad[0], BadRow { line: 3, text: "x".into() });
    assert!((fit.columns[0].sample.mean - 7.0 / 3000.0).abs() < 1e-12);
    for bad in ["", "name\nx\n", "service\nx\n"] {
        assert!(super::fit(bad).is_err(), "{bad}");
    }
}
