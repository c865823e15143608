//! One queue, first come, first served.

use super::*;

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
    let refused = |lambda: f64| answer(&mm(lambda, 10.0, 1)).expect_err("unstable").reason.to_string();
    assert_eq!(refused(12.0), "unstable: rho = 1.2, the backlog grows by 2.00 messages/s");
    assert_eq!(refused(10.0), "unstable: rho = 1, the backlog grows without bound, though slower and slower");
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
        &[
            ("q.delayed", 0.8361337682564641),
            ("q.wait.p99", 0.22131017585832635),
            ("p.latency.p90", 0.28844693183287967),
        ],
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
        &[
            ("q.loss", 0.36541353383458647),
            ("p.latency.mean", 3.758293838862559),
            ("q.wait.p90", 5.580991484476954),
        ],
    );
    check(
        &with_room(mm(0.95, 1.0, 1), 99),
        1e-9,
        &[
            ("q.loss", 0.0002977008804401872),
            ("q.wait.mean", 18.4044209347075),
            ("p.latency.p999", 103.84102289317161),
        ],
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
    check(
        &with_room(mm(0.5, 1.0, 1), 0),
        1e-9,
        &[("q.loss", 0.3333333333333333), ("c.utilization", 0.3333333333333333)],
    );
    let constant = Scenario::mgc(1000.0, Law::deterministic(1.0), 1000);
    check(
        &with_room(constant, 0),
        1e-9,
        &[("q.loss", 0.02481191764616041), ("c.busy", 975.1880823538396), ("q.wait.mean", 0.0)],
    );
}

#[test]
fn servers_without_limit() {
    let mut scenario = Scenario::mgc(50.0, Law::deterministic(0.2), 1);
    scenario.consumers[0].count = crate::scenario::Servers::Unlimited;
    check(
        &scenario,
        1e-9,
        &[("q.in_system.mean", 10.0), ("q.in_system.p99", 18.0), ("p.latency.p99", 0.2), ("c.busy", 10.0)],
    );
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
    check(
        &one,
        1e-9,
        &[
            ("q.wait.p50", 1.2759398733762168),
            ("q.wait.p99", 10.35588679199509),
            ("p.latency.p999", 16.70026819406621),
        ],
    );
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
    check(
        &Scenario::mgc(1.8, Law::deterministic(1.0), 2),
        1e-9,
        &[("q.wait.mean", 2.14692321470488), ("q.wait.p999", 16.39819805304478)],
    );
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
    check(
        &erlang,
        1e-9,
        &[
            ("q.wait.mean", 1.139799312962419),
            ("q.wait.p50", 0.5008417159613339),
            ("q.wait.p999", 11.047088542457027),
        ],
    );
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
        &[
            ("q.delayed", 0.6837722339831621),
            ("q.queue_length.mean", 1.08113883008419),
            ("q.wait.p99", 1.3360748903045254),
        ],
    );
    check(&renewal(5.0, Law::gamma(0.2, 1.0)), 1e-9, &[("p.latency.p99", 100f64.ln() / 5.0)]);
}

/// Pollaczek–Khinchine means and Takács' variances for other laws.
#[test]
fn m_g_1_by_moments() {
    let of = |lambda: f64, law: Law| Scenario::mgc(lambda, law, 1);
    check(
        &of(0.8, Law::lognormal(1.0, 2.0)),
        1e-9,
        &[("q.wait.mean", 6.0), ("p.latency.mean", 7.0), ("q.in_system.mean", 5.6)],
    );
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
    check(
        &of(0.9, Law::erlang(1.0, 2)),
        1e-8,
        &[("q.wait.p50", 4.447968272546518), ("q.wait.p999", 50.51526079078576)],
    );
    check(
        &of(0.5, Law::pareto(1.0, 1.8)),
        1e-9,
        &[("q.wait.mean", f64::INFINITY), ("q.queue_length.mean", f64::INFINITY), ("q.utilization", 0.5)],
    );
}
