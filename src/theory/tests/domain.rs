//! Whole domains: sanity, limits, monotony, and models that must agree wherever several fit.

use super::*;

/// Waits grow with the load and fall with the number of servers.
#[test]
fn waits_are_monotone() {
    let wait = |lambda: f64, servers: u32| mmc::wait_mean(lambda, 1.0, servers);
    for servers in 1..40u32 {
        for step in 1..20 {
            let (lambda, more) = (
                f64::from(servers) * f64::from(step) * 0.05,
                f64::from(servers) * (f64::from(step) + 0.5) * 0.05,
            );
            assert!(
                wait(more, servers) > wait(lambda, servers)
                    && wait(lambda, servers + 1) < wait(lambda, servers)
            );
        }
    }
}

#[test]
fn light_traffic_is_finite() {
    check(
        &mm(1e-12, 1.0, 3),
        1e-9,
        &[("p.latency.mean", 1.0), ("q.wait.p999", 0.0), ("p.latency.p99", 100f64.ln())],
    );
}

fn any_law() -> impl proptest::strategy::Strategy<Value = Law> {
    use proptest::prelude::*;
    (0..7u8, -6.0..3.0f64).prop_map(|(kind, exponent)| {
        let mean = 10f64.powf(exponent);
        match kind {
            0 => Law::exponential(mean),
            1 => Law::deterministic(mean),
            2 => Law::erlang(mean, 3),
            3 => Law::hyperexponential(mean, 4.0),
            4 => Law::lognormal(mean, 2.0),
            5 => Law::uniform(0.5 * mean, 1.5 * mean),
            _ => Law::weibull(mean, 0.7),
        }
    })
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 200, ..Default::default() })]

    /// Whatever the scenario: shares are shares, times and lengths are finite and not negative, percentiles
    /// increase.
    #[test]
    fn figures_are_sane(
        service in any_law(), gap in any_law(), renewal: bool, load in 1e-6..1.5f64, servers in 1..300u32,
        room in proptest::option::of(0..400u64), drop_head: bool,
    ) {
        let mut scenario = Scenario::mgc(load * f64::from(servers) / service.mean(), service, servers);
        if renewal {
            scenario.producers[0].arrivals = Arrivals::Renewal { gap: gap.scaled(1.0 / gap.mean() / scenario.producers[0].rate) };
        }
        scenario.queues[0].max_length = room;
        scenario.queues[0].overflow = if drop_head { Overflow::DropHead } else { Overflow::RejectPublish };
        let Ok(answer) = answer(&scenario) else { return Ok(()) };
        for (path, estimate) in &answer.metrics {
            let value = estimate.value.unwrap_or(f64::NAN);
            proptest::prop_assert!(value >= 0.0, "{} says {path} = {:?}", answer.by, estimate.value);
            let share = ["loss", "delayed", "utilization"].iter().any(|end| path.ends_with(end));
            proptest::prop_assert!(!share || value <= 1.0 + 1e-9, "{} says {path} = {value}", answer.by);
        }
        for place in ["queues.queue.wait", "total.latency"] {
            let of = |statistic: &str| answer.get(&format!("{place}.{statistic}")).and_then(|e| e.value);
            let known: Vec<f64> = ["p50", "p90", "p95", "p99", "p999"].iter().filter_map(|p| of(p)).collect();
            proptest::prop_assert!(known.is_sorted(), "{} says {place} {known:?}", answer.by);
        }
        proptest::prop_assert!(!explain(&scenario).loads.is_empty());
    }
}

#[test]
fn a_million_servers_and_places_are_quick_enough() {
    check(&with_room(mm(999_000.0, 1.0, 1_000_000), 1_000_000), 1e-9, &[("q.utilization", 0.999)]);
}

fn ordered(
    mut scenario: Scenario,
    discipline: crate::scenario::Discipline,
    preemption: crate::scenario::Preemption,
) -> Scenario {
    scenario.queues[0].discipline = discipline;
    scenario.queues[0].preemption = preemption;
    scenario
}

fn renewal(lambda: f64, gap: Law, service: Law, servers: u32) -> Scenario {
    let mut scenario = Scenario::mgc(lambda, service, servers);
    let mean = gap.mean();
    scenario.producers[0].arrivals = Arrivals::Renewal { gap: gap.scaled(1.0 / lambda / mean) };
    scenario
}

/// Every exact model that fits says the same, figure by figure: closed forms, transforms, series and matrices
/// are different hands.
fn one_voice(scenario: &Scenario) -> Vec<String> {
    let fits =
        |model: &&&dyn ClosedForm| model.exactness() == Exactness::Exact && model.applies(scenario).is_ok();
    let answers: Vec<(&str, Answer)> =
        MODELS.iter().filter(fits).filter_map(|m| Some((m.name(), m.solve(scenario).ok()?))).collect();
    let Some(((first, one), others)) = answers.split_first() else {
        return vec![format!("{scenario:?} has no answer")];
    };
    let mut wrong = Vec::new();
    for (name, other) in others {
        for (path, estimate) in &one.metrics {
            let Some(theirs) = other.metrics.get(path) else { continue };
            let (a, b) = (estimate.value.unwrap_or(f64::INFINITY), theirs.value.unwrap_or(f64::INFINITY));
            let share = if path.contains(".p") { 2e-7 } else { 1e-8 };
            let small = if path.contains(".p") {
                1e-7 * one.get("total.latency").and_then(|e| e.value).unwrap_or(1.0)
            } else {
                1e-9
            };
            if !(a == b || (a - b).abs() <= share * a.abs() + small) {
                wrong.push(format!("{} {path}: {first} says {a}, {name} says {b}", one.by));
            }
        }
    }
    if others.is_empty() { vec![format!("{} has one model: {first}", one.by)] } else { wrong }
}

#[test]
fn models_agree_wherever_several_fit() {
    let mut wrong = Vec::new();
    for rho in [0.01, 0.3, 0.8, 0.95, 0.99] {
        let scale = |servers: u32| rho * f64::from(servers);
        for law in [
            Law::exponential(1.0),
            Law::erlang(1.0, 3),
            Law::hyperexponential(1.0, 4.0),
            Law::gamma(1.0, 0.5),
        ] {
            wrong.extend(one_voice(&Scenario::mgc(rho, law.clone(), 1)));
        }
        wrong.extend(one_voice(&Scenario::mgc(rho, Law::deterministic(1.0), 1)));
        for servers in [1, 2, 5, 20] {
            wrong.extend(one_voice(&mm(scale(servers), 1.0, servers)));
            for gap in [Law::erlang(1.0, 2), Law::hyperexponential(1.0, 4.0)] {
                wrong.extend(one_voice(&renewal(scale(servers), gap, Law::exponential(1.0), servers)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Erlang gaps and services of so many stages that the chain is as large as it may be: as regular as nearly
/// no queue at all, and between the bounds of constant gaps and of Poisson arrivals.
#[test]
fn the_largest_chains_are_between_their_neighbours() {
    let wait = |scenario: &Scenario| {
        solved(scenario).get("queues.queue.wait.mean").and_then(|e| e.value).expect("known")
    };
    let both = renewal(0.8, Law::erlang(1.25, 10), Law::erlang(1.0, 10), 1);
    let answer = solved(&both);
    assert!(answer.exact && answer.get("queues.queue.wait.p99").is_some(), "{}", answer.by);
    assert!(wait(&both) < wait(&Scenario::mgc(0.8, Law::erlang(1.0, 10), 1)));
    assert!(
        wait(&both) < wait(&renewal(0.8, Law::erlang(1.25, 5), Law::erlang(1.0, 10), 1)) && wait(&both) > 0.0
    );
}

/// Laws from nearly constant to wild.
fn laws() -> Vec<Law> {
    let mut all =
        vec![Law::exponential(1.0), Law::uniform(0.5, 1.5), Law::erlang(1.0, 4), Law::erlang(1.0, 100)];
    all.extend([0.01, 0.3, 2.0, 10.0, 100.0].map(|scv| Law::lognormal(1.0, scv)));
    all.extend([0.02, 0.4, 3.0, 50.0].map(|scv| Law::gamma(1.0, scv)));
    all.extend([4.0, 100.0].map(|scv| Law::hyperexponential(1.0, scv)));
    all.extend([0.4, 0.7, 2.0, 6.0].map(|shape| Law::weibull(1.0, shape)));
    all.extend([1.5, 2.2, 3.0, 5.5].map(|alpha| Law::pareto(1.0, alpha)));
    all
}

/// What is wrong with an answer by itself: no number, a share above one, percentiles out of order, a spread
/// without its mean.
fn insane(scenario: &Scenario, what: &str) -> Vec<String> {
    let answer = match answer(scenario) {
        Ok(answer) => answer,
        Err(none) => return vec![format!("{what}: {}", none.reason)],
    };
    let mut wrong = Vec::new();
    for (path, estimate) in &answer.metrics {
        let bad = estimate.value.is_some_and(|v| v.is_nan() || v < 0.0)
            || estimate.value.is_none() && !path.contains("mean") && !path.contains("sd");
        if bad {
            wrong.push(format!("{what}, {}: {path} = {:?}", answer.by, estimate.value));
        }
    }
    for place in ["queues.queue.wait", "total.latency"] {
        let of = |statistic: &str| answer.get(&format!("{place}.{statistic}")).and_then(|e| e.value);
        let known: Vec<f64> = ["p50", "p90", "p95", "p99", "p999"].iter().filter_map(|p| of(p)).collect();
        if !known.is_sorted() || known.len() != 5 {
            wrong.push(format!("{what}, {}: {place} {known:?}", answer.by));
        }
    }
    wrong
}

#[test]
fn one_server_is_sane_for_every_law_and_load_and_waits_grow_with_the_load() {
    use crate::scenario::{Discipline::*, Preemption};
    let mut wrong = Vec::new();
    for law in laws() {
        let mut before = [0.0f64; 3];
        for rho in [0.01, 0.5, 0.9, 0.999] {
            let what = format!("{law:?} at {rho}");
            let plain = Scenario::mgc(rho, law.clone(), 1);
            wrong.extend(insane(&plain, &what));
            if rho == 0.5 {
                wrong.extend(insane(&ordered(plain.clone(), Lifo, Preemption::None), &what));
                wrong.extend(
                    insane(&ordered(plain.clone(), Lifo, Preemption::Resume), &what)
                        .into_iter()
                        .filter(|w| !w.contains(".wait []")),
                );
            }
            let found = solved(&plain);
            let of = |path: &str| found.get(path).and_then(|e| e.value).unwrap_or(f64::INFINITY);
            let now = ["queues.queue.wait.mean", "queues.queue.wait.p99", "total.latency.p999"].map(of);
            if (0..3).any(|i| now[i] < before[i]) {
                wrong.push(format!("{what}: {now:?} after {before:?}"));
            }
            before = now;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// More spread waits longer, in the mean (Pollaczek and Khinchine) and far out.
#[test]
fn waits_grow_with_the_spread() {
    let p999 = |law: Law| {
        solved(&Scenario::mgc(0.7, law, 1))
            .get("queues.queue.wait.p999")
            .and_then(|e| e.value)
            .expect("known")
    };
    for family in [|scv: f64| Law::lognormal(1.0, scv), |scv: f64| Law::gamma(1.0, scv)] {
        let list: Vec<f64> = [0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 20.0].map(family).map(p999).to_vec();
        assert!(list.is_sorted(), "{list:?}");
    }
}
