//! One queue with several producers or groups, phases, approximations and modulated arrivals.

use super::*;

#[test]
fn clockwork_never_waits_at_full_load() {
    let mut scenario = Scenario::mgc(10.0, Law::deterministic(0.1), 1);
    scenario.producers[0].arrivals = Arrivals::Periodic;
    check(
        &scenario,
        1e-9,
        &[("q.wait.mean", 0.0), ("q.wait.p999", 0.0), ("p.latency.p99", 0.1), ("q.utilization", 1.0)],
    );
    scenario.producers[0].rate = 11.0;
    assert!(answer(&scenario).is_err());
}

#[test]
fn a_general_queue_is_answered_approximately_and_says_so() {
    let mut scenario = Scenario::mgc(8.0, Law::deterministic(1.0), 10);
    scenario.producers.push(Producer { arrivals: Arrivals::Periodic, ..Producer::poisson("other", 0, 1.0) });
    let answer = solved(&scenario);
    assert!(!answer.exact && !answer.caveats.is_empty());
}

#[test]
fn several_producers_and_groups_pool() {
    let mut scenario = mm(0.4, 1.0, 1);
    scenario.producers.push(Producer::poisson("other", 0, 0.6));
    let mut more = scenario.consumers[0].clone();
    more.name = "more".into();
    scenario.consumers.push(more);
    check(
        &scenario,
        1e-12,
        &[("q.wait.mean", 1.0 / 3.0), ("p.throughput", 0.4), ("c.busy", 0.5), ("total.throughput", 1.0)],
    );
}

#[test]
fn the_send_time_adds_to_the_latency_only() {
    let mut scenario = mm(500.0, 1000.0, 1);
    scenario.producers[0].send_time = Law::deterministic(0.003);
    check(
        &scenario,
        1e-9,
        &[
            ("p.latency.mean", 0.005),
            ("p.latency.p99", 0.012210340371976182),
            ("q.wait.mean", 0.001),
            ("p.send.mean", 0.003),
        ],
    );
    scenario.producers[0].send_time = Law::exponential(0.003);
    // Two exponential times in a row of 3 and 2 ms.
    let tail = |t: f64| 3.0 * (-t / 0.003).exp() - 2.0 * (-t / 0.002).exp();
    let p99 = solved(&scenario).get("producers.producer.latency.p99").and_then(|e| e.value).expect("known");
    assert!((tail(p99) / 0.01 - 1.0).abs() < 1e-9);
}

#[test]
fn the_latency_is_tabulated_where_its_law_is_known() {
    let answer = solved(&mm(500.0, 1000.0, 1));
    let law = answer.latency.expect("known");
    assert!((law.quantile(0.99).expect("tabulated") / 0.009210340371976182 - 1.0).abs() < 1e-3);
}

/// Matrix-analytic solutions of another hand.
#[test]
fn phases_everywhere() {
    check(
        &Scenario::mgc(1.6, Law::erlang(1.0, 2), 2),
        1e-9,
        &[
            ("q.wait.mean", 1.3423913043478308),
            ("q.delayed", 0.7086956521739135),
            ("q.wait.p50", 0.7053530110648865),
            ("p.latency.p999", 13.247874372949354),
        ],
    );
    check(
        &Scenario::mgc(3.6, Law::hyperexponential(1.0, 4.0), 4),
        1e-9,
        &[
            ("q.wait.mean", 4.74451537898563),
            ("q.wait.p99", 28.25824468810697),
            ("p.latency.p50", 3.3784317623484412),
            ("p.latency.p999", 45.30526534393539),
        ],
    );
    let renewal = |gap: Law, service: Law, servers: u32| {
        let mut scenario = Scenario::mgc(1.0 / gap.mean(), service, servers);
        scenario.producers[0].arrivals = Arrivals::Renewal { gap };
        scenario
    };
    check(
        &renewal(Law::hyperexponential(1.0 / 0.7, 4.0), Law::erlang(1.0, 3), 1),
        1e-9,
        &[
            ("q.wait.mean", 4.557444647425689),
            ("q.delayed", 0.8678413162829088),
            ("q.wait.p50", 2.9615992286918527),
            ("p.latency.p999", 35.79649879926092),
        ],
    );
    check(
        &renewal(Law::hyperexponential(1.0 / 2.55, 4.0), Law::hyperexponential(1.0, 4.0), 3),
        1e-9,
        &[
            ("q.wait.mean", 6.685995343033526),
            ("q.in_system.mean", 19.59928812473549),
            ("q.wait.p999", 58.827528938867545),
            ("p.latency.p50", 4.63175513768897),
        ],
    );
}

#[test]
fn modulated_arrivals() {
    let mut bursty = mm(2.4, 1.0, 3);
    bursty.producers[0].arrivals = Arrivals::Mmpp { rates: vec![1.5, 6.0], dwell: vec![10.0, 2.5] };
    check(
        &bursty,
        1e-9,
        &[
            ("q.in_system.mean", 14.16837963751204),
            ("q.wait.mean", 4.903491515630018),
            ("q.delayed", 0.7736798664931941),
            ("q.wait.p50", 2.564945162912295),
            ("q.wait.p999", 43.822145993997765),
            ("p.latency.p99", 29.616502451020096),
        ],
    );
}
