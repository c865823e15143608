//! Theory against reference answers that were computed independently, each by two methods; the source is named with each.

use super::*;
use crate::scenario::{Arrivals, Overflow, Producer};
use crate::workload::laws::Law;

/// The answer, or the test fails with the reason.
fn solved(scenario: &Scenario) -> Answer {
    answer(scenario).unwrap_or_else(|no| panic!("{}", no.why))
}

/// Compares metrics of a single-queue scenario: `q.` stands for the queue, `p.` for the producer, `c.` for the consumers.
fn check(scenario: &Scenario, tolerance: f64, expected: &[(&str, f64)]) {
    let answer = solved(scenario);
    for (short, value) in expected {
        let path =
            short.replacen("q.", "queues.queue.", 1).replacen("p.", "producers.producer.", 1).replacen("c.", "consumers.consumers.", 1);
        let found = answer.get(&path).unwrap_or_else(|| panic!("{path} is not filled by {}", answer.by)).value.unwrap_or(f64::INFINITY);
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

/// Kleinrock, *Queueing Systems* I, chapter 3.
#[test]
fn m_m_1_at_half_load() {
    check(
        &mm(500.0, 1000.0, 1),
        1e-9,
        &[
            ("q.utilization", 0.5),
            ("q.in_system.mean", 1.0),
            ("q.queue_length.mean", 0.5),
            ("p.latency.mean", 0.002),
            ("p.latency.sd", 0.002),
            ("q.wait.mean", 0.001),
            ("q.delayed", 0.5),
            ("q.throughput", 500.0),
            ("p.latency.p50", 0.0013862943611198907),
            ("p.latency.p99", 0.009210340371976182),
            ("total.latency.p999", 0.013815510557964272),
            ("q.wait.p50", 0.0),
            ("q.wait.p90", 0.003218875824868201),
            ("q.wait.p999", 0.012429216196844381),
            ("p.service.mean", 0.001),
            ("c.busy", 0.5),
            ("q.loss", 0.0),
        ],
    );
}

#[test]
fn overload_is_refused_in_numbers() {
    let refused = |lambda: f64| answer(&mm(lambda, 10.0, 1)).expect_err("unstable").why;
    assert_eq!(refused(12.0), "unstable: rho = 1.2, the backlog grows by 2.00 messages/s");
    assert!(refused(10.0).starts_with("unstable: rho = 1,"), "{}", refused(10.0));
}

/// Gross & Harris, section 2.3.
#[test]
fn m_m_c_with_its_sojourn_at_0_over_0() {
    check(
        &mm(1.0, 1.0, 2),
        1e-9,
        &[
            ("q.delayed", 0.3333333333333333),
            ("q.wait.mean", 0.3333333333333333),
            ("p.latency.mean", 1.3333333333333333),
            ("q.queue_length.mean", 0.3333333333333333),
            ("q.wait.p50", 0.0),
            ("q.wait.p99", 3.5065578973200218),
            ("p.latency.p50", 0.9744116051899425),
            ("p.latency.p90", 2.9948782908173825),
            ("p.latency.p99", 5.665960683793173),
            ("p.latency.p999", 8.227510007644696),
        ],
    );
    check(
        &mm(990.0, 100.0, 10),
        1e-9,
        &[
            ("q.delayed", 0.9637384203876215),
            ("q.in_system.mean", 105.31010361837453),
            ("q.wait.p50", 0.0656211811221169),
            ("p.latency.p50", 0.07615025019866839),
            ("p.latency.p999", 0.6976180425301026),
        ],
    );
    check(
        &mm(1980.0, 10.0, 200),
        1e-9,
        &[("q.delayed", 0.8361337682564641), ("q.wait.p99", 0.22131017585832635), ("p.latency.p90", 0.28844693183287967)],
    );
}

/// Birth and death; an accepted message that finds n ≥ c waits n − c + 1 departures.
#[test]
fn m_m_c_k_below_at_and_above_full_load() {
    check(
        &with_room(mm(0.8, 1.0, 1), 9),
        1e-9,
        &[
            ("q.loss", 0.023492857579905616),
            ("q.throughput", 0.7812057139360755),
            ("q.in_system.mean", 2.966314266484154),
            ("q.queue_length.mean", 2.185108552548078),
            ("p.latency.mean", 3.7970975039832866),
            ("q.wait.mean", 2.7970975039832866),
            ("q.delayed", 0.7759419500796657),
            ("q.wait.p50", 1.8400652863477376),
            ("q.wait.p999", 16.498326184268535),
            ("p.latency.p50", 2.955839653640055),
            ("p.latency.p999", 17.928490313557177),
        ],
    );
    check(
        &with_room(mm(1.0, 1.0, 1), 9),
        1e-9,
        &[
            ("q.loss", 0.09090909090909091),
            ("q.in_system.mean", 5.0),
            ("q.wait.p99", 14.272473426154193),
            ("p.latency.p99", 15.605984799477937),
        ],
    );
    check(
        &with_room(mm(1.5, 1.0, 1), 4),
        1e-9,
        &[("q.loss", 0.36541353383458647), ("p.latency.mean", 3.758293838862559), ("q.wait.p90", 5.580991484476954)],
    );
    check(
        &with_room(mm(0.95, 1.0, 1), 99),
        1e-9,
        &[("q.loss", 0.0002977008804401872), ("q.wait.mean", 18.4044209347075), ("p.latency.p999", 103.84102289317161)],
    );
    check(
        &with_room(mm(120.0, 10.0, 10), 40),
        1e-9,
        &[
            ("q.loss", 0.1667174821813939),
            ("q.in_system.mean", 45.01346439831248),
            ("q.utilization", 0.9999390213823273),
            ("q.delayed", 0.9996852672347706),
            ("q.wait.p50", 0.3524700488530811),
            ("q.wait.p999", 0.5962250342309064),
            ("p.latency.p50", 0.43556176502244176),
            ("p.latency.p999", 1.0717073543180502),
        ],
    );
}

/// Erlang B is insensitive to the law of the service time.
#[test]
fn the_loss_system() {
    check(&with_room(mm(0.5, 1.0, 1), 0), 1e-9, &[("q.loss", 0.3333333333333333), ("c.utilization", 0.3333333333333333)]);
    let constant = Scenario::mgc(1000.0, Law::deterministic(1.0), 1000);
    check(&with_room(constant, 0), 1e-9, &[("q.loss", 0.02481191764616041), ("c.busy", 975.1880823538396), ("q.wait.mean", 0.0)]);
}

#[test]
fn servers_without_limit() {
    let mut scenario = Scenario::mgc(50.0, Law::deterministic(0.2), 1);
    scenario.consumers[0].count = crate::scenario::Servers::Unlimited;
    check(&scenario, 1e-9, &[("q.in_system.mean", 10.0), ("q.in_system.p99", 18.0), ("p.latency.p99", 0.2), ("c.busy", 10.0)]);
}

/// Pollaczek–Khinchine and Takács.
#[test]
fn m_d_1() {
    let scenario = Scenario::mgc(0.8, Law::deterministic(1.0), 1);
    check(
        &scenario,
        1e-9,
        &[
            ("q.wait.mean", 2.0),
            ("p.latency.mean", 3.0),
            ("q.in_system.mean", 2.4),
            ("q.delayed", 0.8),
            ("q.wait.sd", 5.333333333333336f64.sqrt()),
        ],
    );
}

/// Crommelin's law by two other hands: alternating series in many digits, and Franx's form.
#[test]
fn m_d_c() {
    let one = Scenario::mgc(0.8, Law::deterministic(1.0), 1);
    check(&one, 1e-9, &[("q.wait.p50", 1.2759398733762168), ("q.wait.p99", 10.35588679199509), ("p.latency.p999", 16.70026819406621)]);
    check(
        &Scenario::mgc(3.6, Law::deterministic(1.0), 4),
        1e-9,
        &[
            ("q.wait.mean", 0.9999658855990776),
            ("q.delayed", 0.7754365862673901),
            ("q.wait.p50", 0.6211499061048755),
            ("p.latency.p999", 9.118310307898128),
        ],
    );
    check(&Scenario::mgc(1.8, Law::deterministic(1.0), 2), 1e-9, &[("q.wait.mean", 2.14692321470488), ("q.wait.p999", 16.39819805304478)]);
}

/// Takács' formula, and the embedded chain solved as a linear system.
#[test]
fn gi_m_c() {
    let mut regular = mm(4.5, 1.0, 5);
    regular.producers[0].arrivals = Arrivals::Periodic;
    check(
        &regular,
        1e-9,
        &[
            ("q.delayed", 0.6340801423619422),
            ("q.wait.mean", 0.6567370207281552),
            ("q.in_system.mean", 7.455316593276699),
            ("q.wait.p99", 4.297862940601898),
        ],
    );
    let mut erlang = mm(2.55, 1.0, 3);
    erlang.producers[0].arrivals = Arrivals::Renewal { gap: Law::erlang(1.0 / 2.55, 2) };
    check(&erlang, 1e-9, &[("q.wait.mean", 1.139799312962419), ("q.wait.p50", 0.5008417159613339), ("q.wait.p999", 11.047088542457027)]);
}

/// Kleinrock I, section 6.4: σ = A*(μ(1 − σ)).
#[test]
fn d_m_1() {
    let mut scenario = mm(0.8, 1.0, 1);
    scenario.producers[0].arrivals = Arrivals::Periodic;
    let sigma = gim1::sigma(|s| (-s / 0.8).exp(), 1.0);
    check(
        &scenario,
        1e-9,
        &[
            ("q.delayed", sigma),
            ("p.latency.mean", 1.0 / (1.0 - sigma)),
            ("p.latency.p99", 100f64.ln() / (1.0 - sigma)),
            ("q.utilization", 0.8),
        ],
    );
}

/// Takács' σ and Kleinrock I, section 6.4, for regular and for irregular gaps.
#[test]
fn gi_m_1() {
    let renewal = |lambda: f64, gap: Law| {
        let mut scenario = mm(lambda, 10.0, 1);
        scenario.producers[0].arrivals = Arrivals::Renewal { gap };
        scenario
    };
    check(
        &renewal(8.0, Law::erlang(0.125, 2)),
        1e-9,
        &[
            ("q.delayed", 0.7398529491264557),
            ("q.wait.mean", 0.28439797669899136),
            ("q.in_system.mean", 3.075183813591931),
            ("q.wait.p50", 0.1506237911660573),
            ("p.latency.p999", 2.6553271527725095),
        ],
    );
    check(
        &renewal(5.0, Law::hyperexponential(0.2, 4.0)),
        1e-9,
        &[("q.delayed", 0.6837722339831621), ("q.queue_length.mean", 1.08113883008419), ("q.wait.p99", 1.3360748903045254)],
    );
    check(&renewal(5.0, Law::gamma(0.2, 1.0)), 1e-9, &[("p.latency.p99", 100f64.ln() / 5.0)]);
}

/// Pollaczek–Khinchine means and Takács' variances for other laws.
#[test]
fn m_g_1_by_moments() {
    let of = |lambda: f64, law: Law| Scenario::mgc(lambda, law, 1);
    check(&of(0.8, Law::lognormal(1.0, 2.0)), 1e-9, &[("q.wait.mean", 6.0), ("p.latency.mean", 7.0), ("q.in_system.mean", 5.6)]);
    check(&of(0.5, Law::erlang(1.0, 2)), 1e-9, &[("q.wait.mean", 0.75), ("q.wait.sd", 1.5625f64.sqrt())]);
    // A finite mean and an infinite spread; then not even a mean.
    check(&of(0.5, Law::pareto(1.0, 2.5)), 1e-9, &[("q.wait.mean", 0.9), ("q.wait.sd", f64::INFINITY)]);
    // Numerical inversion of another hand: Abate–Whitt on 40 digits.
    check(
        &of(0.9, Law::lognormal(1.0, 2.0)),
        1e-6,
        &[
            ("q.wait.p50", 7.990544299917847),
            ("q.wait.p90", 34.23026329200153),
            ("q.wait.p99", 73.86863762476496),
            ("q.wait.p999", 115.53950566834438),
        ],
    );
    check(
        &of(0.5, Law::lognormal(1.0, 2.0)),
        1e-6,
        &[("q.wait.p50", 0.0), ("q.wait.p90", 4.564064522522921), ("q.wait.p999", 32.42523974892988)],
    );
    check(&of(0.9, Law::erlang(1.0, 2)), 1e-8, &[("q.wait.p50", 4.447968272546518), ("q.wait.p999", 50.51526079078576)]);
    check(
        &of(0.5, Law::pareto(1.0, 1.8)),
        1e-9,
        &[("q.wait.mean", f64::INFINITY), ("q.queue_length.mean", f64::INFINITY), ("q.utilization", 0.5)],
    );
}

#[test]
fn clockwork_never_waits_at_full_load() {
    let mut scenario = Scenario::mgc(10.0, Law::deterministic(0.1), 1);
    scenario.producers[0].arrivals = Arrivals::Periodic;
    check(&scenario, 1e-9, &[("q.wait.mean", 0.0), ("q.wait.p999", 0.0), ("p.latency.p99", 0.1), ("q.utilization", 1.0)]);
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
    check(&scenario, 1e-12, &[("q.wait.mean", 1.0 / 3.0), ("p.throughput", 0.4), ("c.busy", 0.5), ("total.throughput", 1.0)]);
}

#[test]
fn the_send_time_adds_to_the_latency_only() {
    let mut scenario = mm(500.0, 1000.0, 1);
    scenario.producers[0].send_time = Law::deterministic(0.003);
    check(
        &scenario,
        1e-9,
        &[("p.latency.mean", 0.005), ("p.latency.p99", 0.012210340371976182), ("q.wait.mean", 0.001), ("p.send.mean", 0.003)],
    );
    scenario.producers[0].send_time = Law::exponential(0.003);
    // Two exponential times in a row of 3 and 2 ms.
    let tail = |t: f64| 3.0 * (-t / 0.003).exp() - 2.0 * (-t / 0.002).exp();
    let p99 = solved(&scenario).get("producers.producer.latency.p99").and_then(|e| e.value).expect("known");
    assert!((tail(p99) / 0.01 - 1.0).abs() < 1e-9);
}

#[test]
fn dropping_the_head_loses_as_much_as_rejecting() {
    let reject = solved(&with_room(mm(1.5, 1.0, 1), 4));
    let mut scenario = with_room(mm(1.5, 1.0, 1), 4);
    scenario.queues[0].overflow = Overflow::DropHead;
    let drop = solved(&scenario);
    assert_eq!(drop.get("queues.queue.loss"), reject.get("queues.queue.loss"));
    let wait = |a: &Answer| a.get("queues.queue.wait").and_then(|e| e.value).expect("known");
    assert!(wait(&drop) < wait(&reject));
    scenario.queues[0].overflow = Overflow::Block;
    assert!(answer(&scenario).is_err(), "blocked producers pile up");
}

/// Waits grow with the load and fall with the number of servers.
#[test]
fn waits_are_monotone() {
    let wait = |lambda: f64, servers: u32| mmc::wait_mean(lambda, 1.0, servers);
    for servers in 1..40u32 {
        for step in 1..20 {
            let (lambda, more) = (f64::from(servers) * f64::from(step) * 0.05, f64::from(servers) * (f64::from(step) + 0.5) * 0.05);
            assert!(wait(more, servers) > wait(lambda, servers) && wait(lambda, servers + 1) < wait(lambda, servers));
        }
    }
}

#[test]
fn light_traffic_is_finite() {
    check(&mm(1e-12, 1.0, 3), 1e-9, &[("p.latency.mean", 1.0), ("q.wait.p999", 0.0), ("p.latency.p99", 100f64.ln())]);
}

#[test]
fn the_latency_is_tabulated_where_its_law_is_known() {
    let answer = solved(&mm(500.0, 1000.0, 1));
    let law = answer.latency.expect("known");
    assert!((law.quantile(0.99).expect("tabulated") / 0.009210340371976182 - 1.0).abs() < 1e-3);
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

    /// Whatever the scenario: shares are shares, times and lengths are finite and not negative, percentiles increase.
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

/// Two or three classes, the first the most urgent.
fn classes(rates: &[f64], means: &[f64], servers: u32, preemption: crate::scenario::Preemption) -> Scenario {
    let mut scenario = mm(rates[0], 1.0, servers);
    scenario.queues[0].discipline = crate::scenario::Discipline::Priority;
    scenario.queues[0].preemption = preemption;
    scenario.producers = (0..rates.len())
        .map(|k| Producer {
            priority: -(k as i32),
            service_time: Some(Law::exponential(means[k])),
            ..Producer::poisson(&format!("class{}", k + 1), 0, rates[k])
        })
        .collect();
    scenario
}

fn class_check(scenario: &Scenario, expected: &[(&str, f64)]) {
    let answer = solved(scenario);
    for (path, value) in expected {
        let found = answer.get(&format!("producers.{path}")).and_then(|e| e.value).unwrap_or_else(|| panic!("{path} of {}", answer.by));
        assert!((found / value - 1.0).abs() < 1e-6, "{path} = {found}, not {value}");
    }
}

/// Cobham, Davis, and M/M/c without those below.
#[test]
fn priorities() {
    use crate::scenario::Preemption::{None, Resume};
    class_check(
        &classes(&[0.2, 0.3, 0.3], &[2.0 / 3.0, 1.0, 1.25], 1, None),
        &[("class1.wait.mean", 0.9895833333333333), ("class2.latency.mean", 2.7463235294117645), ("class3.wait.mean", 7.896419437340153)],
    );
    class_check(
        &classes(&[1.0, 1.4], &[1.0, 1.0], 3, None),
        &[
            ("class1.wait.mean", 0.32359550561797745),
            ("class2.latency.mean", 2.617977528089887),
            ("class1.wait.p50", 0.12901668926482657),
            ("class1.wait.p999", 3.2363207384759107),
        ],
    );
    class_check(
        &classes(&[1.0, 1.4], &[1.0, 1.0], 3, Resume),
        &[("class1.latency.mean", 1.0454545454545454), ("class2.latency.mean", 2.8166496424923384)],
    );
}

/// Palm's Erlang A and M/M/c+D, by birth and death and by piecewise exponentials of other hands.
#[test]
fn messages_expire() {
    let ttl = |scenario: &mut Scenario, law: Law| scenario.queues[0].message_ttl = Some(law);
    let mut erlang_a = mm(12.0, 1.0, 10);
    ttl(&mut erlang_a, Law::exponential(2.0));
    check(
        &erlang_a,
        1e-9,
        &[
            ("q.loss", 0.19565594401072317),
            ("q.delayed", 0.8503849479147523),
            ("q.queue_length.mean", 4.695742656257356),
            ("q.in_system.mean", 14.347871328128678),
            ("q.wait.mean", 0.40083369542443603),
            ("q.wait.p50", 0.33744969974213745),
            ("q.wait.p99", 1.4298035832471214),
        ],
    );
    let mut fixed = mm(5.5, 1.0, 5);
    ttl(&mut fixed, Law::deterministic(0.5));
    check(
        &fixed,
        1e-9,
        &[
            ("q.loss", 0.2067626971234102),
            ("q.throughput", 4.362805165821244),
            ("q.wait.mean", 0.15014239914121588),
            ("q.queue_length.mean", 1.2236394516714697),
            ("q.wait.p50", 0.074051339144944),
            ("q.wait.p99", 0.49231231910198403),
        ],
    );
    let mut overloaded = mm(1.5, 1.0, 1);
    ttl(&mut overloaded, Law::deterministic(3.0));
    check(&overloaded, 1e-9, &[("q.loss", 0.37002869412419853), ("q.wait.mean", 1.698991089567493), ("q.wait.p90", 2.822065081916662)]);
}

/// Burke; Gross & Harris, section 3.2.
#[test]
fn batches() {
    use crate::scenario::{Batch, Batching};
    let mut four = mm(0.8, 1.0, 1);
    four.producers[0].batch = Batch::Fixed(4);
    check(
        &four,
        1e-8,
        &[
            ("q.in_system.mean", 10.0),
            ("q.wait.mean", 11.5),
            ("q.delayed", 0.95),
            ("q.wait.p50", 7.822991894838424),
            ("q.wait.p99", 54.592244928806394),
            ("q.wait.p999", 82.12017368743909),
        ],
    );
    let mut bulk = mm(3.0, 1.0, 1);
    bulk.consumers[0].batch = Some(Batching { max: 5, linger: 0.0 });
    check(
        &bulk,
        1e-9,
        &[
            ("q.queue_length.mean", 4.7722748062298725),
            ("q.wait.mean", 1.5907582687432908),
            ("p.latency.mean", 2.590758268743291),
            ("c.batch_size", 3.16567736712604),
            ("q.in_system.mean", 7.7722748062298725),
            ("c.utilization", 1.0 - 0.05233551872547579),
        ],
    );
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

/// Exponential stations in a row, as in a Jackson network: sums of independent exponential times.
fn row(lambda: f64, rates: &[f64]) -> Scenario {
    use crate::scenario::{Consumer, Destination, Queue, Route};
    let mut scenario = mm(lambda, rates[0], 1);
    for (i, rate) in rates.iter().enumerate().skip(1) {
        scenario.queues.push(Queue { name: format!("queue{i}"), ..Queue::default() });
        scenario.consumers.push(Consumer::group(&format!("stage{i}"), i, 1, Law::exponential(1.0 / rate)));
        scenario.consumers[i - 1].to = vec![Route { to: Destination::Queue(i), probability: 1.0 }];
    }
    scenario
}

#[test]
fn tandems_and_feedback() {
    check(
        &row(7.0, &[10.0, 10.0, 10.0]),
        1e-8,
        &[
            ("p.latency.mean", 1.0),
            ("p.latency.sd", (1.0f64 / 3.0).sqrt()),
            ("p.latency.p50", 0.8913534379078385),
            ("p.latency.p999", 3.7429574141375497),
        ],
    );
    check(
        &row(4.0, &[5.0, 8.0, 20.0]),
        1e-8,
        &[("p.latency.mean", 1.3125), ("p.latency.p90", 2.654697015793431), ("p.latency.p99", 4.9573906709481435), ("q.wait.mean", 0.8)],
    );
    let mut back = mm(0.5, 1.0, 1);
    back.consumers[0].to = vec![crate::scenario::Route { to: crate::scenario::Destination::Queue(0), probability: 0.4 }];
    check(
        &back,
        1e-9,
        &[("p.latency.mean", 10.0), ("q.in_system.mean", 5.0), ("q.utilization", 0.8333333333333334), ("q.throughput", 0.8333333333333334)],
    );
}

/// A topic in front of alike queues with one exponential server of rate 1 each.
fn fanned(lambda: f64, queues: usize, deliver: crate::scenario::Deliver, complete_when: crate::scenario::Complete) -> Scenario {
    use crate::scenario::{Consumer, Destination, Queue, Topic};
    let mut scenario = mm(lambda, 1.0, 1);
    for i in 1..queues {
        scenario.queues.push(Queue { name: format!("queue{i}"), ..Queue::default() });
        scenario.consumers.push(Consumer::group(&format!("group{i}"), i, 1, Law::exponential(1.0)));
    }
    scenario.topics.push(Topic { name: "topic".into(), subscriptions: (0..queues).collect(), deliver, complete_when });
    scenario.producers[0].to = Destination::Topic(0);
    scenario
}

#[test]
fn topics() {
    use crate::scenario::{Complete, Deliver};
    let each = Complete::Each;
    check(
        &fanned(3.6, 4, Deliver::RoundRobin, each),
        1e-9,
        &[("p.latency.mean", 6.383049518474251), ("q.wait.mean", 5.383049518474251), ("p.latency.p99", 29.395029338163265)],
    );
    check(&fanned(1.8, 2, Deliver::Random, each), 1e-9, &[("p.latency.mean", 10.0), ("p.latency.p99", 46.05170185988093)]);
    check(&fanned(1.8, 2, Deliver::ShortestQueue, each), 1e-9, &[("p.latency.mean", 5.4749128212350096)]);
    check(&fanned(500.0, 1000, Deliver::PowerOfTwo, each), 1e-9, &[("p.latency.mean", 1.2656860360875726)]);
    assert!(!solved(&fanned(500.0, 1000, Deliver::PowerOfTwo, each)).exact);
    check(&fanned(0.8, 2, Deliver::All, each), 1e-9, &[("p.latency.mean", 5.0), ("p.latency.p99", 5.0 * 100f64.ln())]);
    check(&fanned(0.8, 2, Deliver::All, Complete::All), 1e-9, &[("p.latency.mean", 7.0), ("q.in_system.mean", 4.0)]);
    let three = fanned(0.5, 3, Deliver::All, Complete::All);
    check(&three, 1e-9, &[("p.latency.mean", 3.3977272727272725)]);
    assert!(!solved(&three).exact);
}

#[test]
fn other_orders() {
    use crate::scenario::{Discipline, Preemption};
    let ordered = |law: Law, discipline: Discipline, preemption: Preemption| {
        let mut scenario = Scenario::mgc(0.7, law, 1);
        scenario.queues[0].discipline = discipline;
        scenario.queues[0].preemption = preemption;
        scenario
    };
    let constant = Law::deterministic(1.0);
    check(
        &ordered(constant.clone(), Discipline::ProcessorSharing, Preemption::None),
        1e-9,
        &[("p.latency.mean", 1.0 / 0.3), ("q.in_system.mean", 0.7 / 0.3)],
    );
    check(
        &ordered(constant.clone(), Discipline::Lifo, Preemption::Resume),
        1e-9,
        &[("p.latency.mean", 1.0 / 0.3), ("p.latency.sd", 25.92592592592591f64.sqrt())],
    );
    check(&ordered(constant, Discipline::Lifo, Preemption::None), 1e-9, &[("q.wait.mean", 0.7 / 0.6)]);
    // Unaffected means; the last first has the busy period's tail.
    check(&ordered(Law::exponential(1.0), Discipline::Random, Preemption::None), 1e-9, &[("q.wait.mean", 0.7 / 0.3)]);
    let last = solved(&ordered(Law::exponential(1.0), Discipline::Lifo, Preemption::None));
    let p999 = last.get("queues.queue.wait.p999").and_then(|e| e.value).expect("known");
    assert!(p999 > (700f64).ln() / 0.3, "the last first has the longer tail");
}

#[test]
fn failures_and_breakdowns() {
    let mut failing = mm(0.5, 1.0, 1);
    failing.consumers[0].failure = 0.4;
    check(
        &failing,
        1e-9,
        &[("p.latency.mean", 10.0), ("q.attempts", 1.0 / 0.6), ("q.utilization", 0.5 / 0.6), ("p.latency.p99", 10.0 * 100f64.ln())],
    );
    failing.queues[0].delivery_limit = Some(3);
    check(&failing, 1e-9, &[("q.loss", 0.064), ("q.attempts", 1.56), ("q.throughput", 0.5 * 0.936)]);
    let breaking = |lambda: f64, servers: u32, up: f64, down: f64, only_busy: bool| {
        let mut scenario = mm(lambda, 1.0, servers);
        let outages = crate::scenario::Outages { up: Law::exponential(up), down: Law::exponential(down), only_busy, redeliver: !only_busy };
        scenario.consumers[0].outages = Some(outages);
        scenario
    };
    check(&breaking(0.5, 1, 10.0, 2.5, true), 1e-9, &[("q.in_system.mean", 2.083333333333331), ("p.latency.mean", 4.166666666666662)]);
    check(&breaking(2.0, 3, 20.0, 2.0, false), 1e-9, &[("q.in_system.mean", 3.914953208373176), ("p.latency.mean", 1.957476604186588)]);
}

#[test]
fn closed_loops() {
    let clients = |mut scenario: Scenario, concurrency: u32, think: f64| {
        scenario.producers[0].rate = 0.0;
        scenario.producers[0].arrivals = Arrivals::Closed { concurrency, think_time: Law::exponential(think) };
        scenario
    };
    check(
        &clients(mm(1.0, 1.0, 4), 50, 10.0),
        1e-9,
        &[
            ("q.in_system.mean", 11.150176710262878),
            ("q.throughput", 3.8849823289737127),
            ("q.wait.mean", 1.8700714098765017),
            ("p.latency.mean", 2.870071409876502),
            ("q.delayed", 0.9153492440317993),
            ("p.throughput", 3.8849823289737127),
        ],
    );
    check(&clients(mm(1.0, 5.0, 1), 20, 5.0), 1e-9, &[("q.throughput", 3.600549245051477), ("p.latency.mean", 0.5547080844645027)]);
    check(
        &clients(row(1.0, &[2.0, 2.0]), 10, 0.0),
        1e-9,
        &[("p.throughput", 10.0 / 5.5), ("p.latency.mean", 5.5), ("q.in_system.mean", 5.0)],
    );
    assert!(solved(&clients(mm(1.0, 1.0, 4), 50, 10.0)).get("producers.producer.latency.p99").is_some());
}

#[test]
fn blocking_and_approximate_networks() {
    let mut blocked = row(0.6, &[1.0, 1.0]);
    blocked.queues[1].max_length = Some(0);
    blocked.queues[1].overflow = Overflow::Block;
    check(&blocked, 1e-9, &[("p.latency.mean", 12.61538461538447), ("p.throughput", 0.6)]);
    blocked.producers[0].rate = 0.7;
    assert!(answer(&blocked).expect_err("beyond 2/3").why.starts_with("unstable"));
    let mut general = row(0.6, &[1.0, 1.0]);
    general.consumers[0].service_time = Law::lognormal(1.0, 2.0);
    let found = solved(&general);
    assert!(!found.exact && found.get("total.latency.mean").is_some());
}

#[test]
fn backlogs_drain() {
    let mut full = mm(50.0, 100.0, 1);
    full.queues[0].initial_backlog = 10_001;
    check(&full, 1e-9, &[("q.drain_time", 200.0)]);
    let mut burst = mm(0.5, 1.0, 1);
    let step = |lasts: f64, rate: f64| crate::scenario::Step { lasts, rate };
    burst.producers[0].arrivals = Arrivals::Schedule { steps: vec![step(100.0, 1.1), step(100.0, 0.5)], repeat: false, ramp: false };
    let found = solved(&burst);
    assert!(found.exact);
    let line = &found.timelines["queue"];
    let at = |t: f64| line.iter().find(|m| (m.at - t).abs() < 1e-6).expect("watched").in_system;
    assert!((at(50.0) / 10.505174005234087 - 1.0).abs() < 1e-9 && (at(200.0) / 1.1428681737782616 - 1.0).abs() < 1e-9);
}
