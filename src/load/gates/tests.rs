use super::super::server::ServiceTime;
use super::*;

fn calm() -> Evidence {
    Evidence {
        planned: 2_000,
        sent: 2_000,
        accepted: 2_000,
        served: 2_000,
        lateness: vec![70; 2_000],
        latency: vec![8_000_000; 2_000],
        totals: took(8_030_000_000),
        lasted: 8_900_000_000,
        server_time: 8_900_000_000,
        spun: 2_000_000_000,
        processors: Some(2),
        rate: 200.0,
        null_rate: Some(4e6),
        hand_offs: HandOffs { count: 2_000, nanos: 10_000_000, idle: 200, idle_nanos: 8_000_000 },
        interference: SchedulerInterference { run_queue_wait: Some(10_000_000), switches: Some(20) },
        meter: Meter { spun: 100_000_000, stalled: 1_000_000, stalls: 10, inversions: 0 },
        shares: Some(ProcessorShares::default()),
        inside: Some((7.2, 7.21)),
        ..Evidence::default()
    }
}

/// Services of eight seconds that took so many nanoseconds, half of them in each half.
fn took(real: u64) -> ServerTotals {
    ServerTotals {
        halves: [ServiceTime { planned: 4_000_000_000, real: real / 2 }; 2],
        ..ServerTotals::default()
    }
}

/// The verdict after something has gone wrong, and the gate that says so.
fn verdict(change: impl Fn(&mut Evidence)) -> (Trust, String) {
    let mut evidence = calm();
    change(&mut evidence);
    let gates = gates(&mut evidence);
    let worst = gates.iter().map(|g| g.trust).max().expect("there are gates");
    let failed = gates.into_iter().find(|g| g.trust == worst && worst != Trust::Valid);
    (worst, failed.map_or(String::new(), |gate| gate.name.into()))
}

#[test]
fn a_calm_run_is_valid_and_every_gate_can_close() {
    assert_eq!(verdict(|_| {}), (Trust::Valid, "".into()));
    assert_eq!(verdict(|e| e.sent = 1_900), (Trust::Invalid, "unsent".into()));
    assert_eq!(verdict(|e| e.lateness[..100].fill(2_000_000)), (Trust::Degraded, "lateness".into()));
    assert_eq!(verdict(|e| e.inside_broker = Some((2.4, 2.0))), (Trust::Valid, "".into()));
    assert_eq!(verdict(|e| e.inside_broker = Some((8.0, 7.2))), (Trust::Degraded, "broker's count".into()));
    assert_eq!(verdict(|e| e.inside_broker = Some((0.0, 72.0))), (Trust::Degraded, "broker's count".into()));
    assert_eq!(verdict(|e| e.rate = 3e6), (Trust::Degraded, "generator's limit".into()));
    assert_eq!(verdict(|e| e.totals = took(9_600_000_000)), (Trust::Invalid, "service overrun".into()));
    assert_eq!(verdict(|e| e.totals = took(8_300_000_000)), (Trust::Degraded, "service overrun".into()));
    assert_eq!(
        verdict(|e| (e.totals, e.server_time) = (took(8_300_000_000), 16_000_000_000)),
        (Trust::Valid, "".into())
    );
    // As much as before, but all of it in the second half.
    assert_eq!(
        verdict(|e| (e.totals.halves[0].real, e.totals.halves[1].real) = (3_990_000_000, 4_040_000_000)),
        (Trust::Degraded, "stationarity".into())
    );
    assert_eq!(verdict(|e| e.hand_offs.nanos = 2_000_000_000), (Trust::Degraded, "hand-off".into()));
    assert_eq!(verdict(|e| e.spun = 18_000_000_000), (Trust::Degraded, "spinning".into()));
    // Full processors are no matter of a queue without threads of its own.
    let full = Some(ProcessorShares { own: 0.95, ..ProcessorShares::default() });
    assert_eq!(verdict(|e| e.shares = full), (Trust::Valid, "".into()));
    assert_eq!(verdict(|e| (e.shares, e.queue_threads) = (full, 1)), (Trust::Degraded, "processors".into()));
    assert_eq!(
        verdict(|e| e.interference.run_queue_wait = Some(2_000_000_000)),
        (Trust::Invalid, "run-queue wait".into())
    );
    assert_eq!(
        verdict(|e| e.interference.switches = Some(3_000)),
        (Trust::Degraded, "involuntary switches".into())
    );
    assert_eq!(verdict(|e| e.meter.stalled = 30_000_000), (Trust::Degraded, "stalls".into()));
    assert_eq!(
        verdict(|e| e.shares = Some(ProcessorShares { stolen: 0.06, ..ProcessorShares::default() })),
        (Trust::Invalid, "steal".into())
    );
    assert_eq!(verdict(|e| e.unfinished = 100), (Trust::Degraded, "unfinished".into()));
    assert_eq!(verdict(|e| e.lost = 1), (Trust::Invalid, "lost".into()));
    assert_eq!(verdict(|e| e.totals.duplicated = 1), (Trust::Invalid, "duplicated".into()));
    assert_eq!(verdict(|e| e.repeated = 1), (Trust::Invalid, "duplicated".into()));
    assert_eq!(verdict(|e| e.totals.disordered = 1), (Trust::Invalid, "disordered".into()));
    assert_eq!(verdict(|e| e.totals.unsettled = 1), (Trust::Invalid, "unsettled".into()));
    assert_eq!(verdict(|e| e.inversions = 1), (Trust::Invalid, "clock inversions".into()));
    assert_eq!(verdict(|e| e.inside = Some((8.0, 7.2))), (Trust::Invalid, "Little's law".into()));
    assert_eq!(verdict(|e| e.latency.truncate(900)), (Trust::Degraded, "samples beyond p99".into()));
}

#[test]
fn a_service_shorter_than_planned_is_no_overrun_but_an_unknown_figure_has_no_gate() {
    assert_eq!(
        verdict(|e| (e.shares, e.inside, e.interference) = (None, None, SchedulerInterference::default())),
        (Trust::Valid, "".into())
    );
    assert_eq!(
        verdict(|e| (e.hand_offs, e.null_rate, e.processors) = (HandOffs::default(), None, None)),
        (Trust::Valid, "".into())
    );
}

#[test]
fn what_the_replay_does_not_have_is_named() {
    assert_eq!(rest(&calm()), None, "5 µs of 8 ms");
    let slow = Evidence {
        hand_offs: HandOffs { count: 2_000, nanos: 800_000_000, ..HandOffs::default() },
        ..calm()
    };
    let text = rest(&slow).expect("400 µs of 8 ms").to_string();
    assert!(
        text.contains("400 µs on average, 5.0 % of its latency")
            && text.contains("1.1 times a second, 100 µs each"),
        "{text}"
    );
}

#[test]
fn quantiles_are_by_nearest_rank() {
    let values: Vec<u64> = (1..=100).collect();
    assert_eq!(
        (quantile(&values, 0.5), quantile(&values, 0.99), quantile(&[], 0.5)),
        (Some(50), Some(99), None)
    );
}
