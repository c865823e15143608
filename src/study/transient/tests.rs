use super::*;
use crate::scenario::{Arrivals, Consumer, Precision, Producer, Queue, Step};
use crate::study::NoProgress;
use crate::workload::laws::Law;

fn mm1(rate: f64, service: f64) -> Scenario {
    Scenario::single(
        Producer::poisson("p", 0, rate),
        Queue::default(),
        Consumer::group("c", 0, 1, Law::exponential(service)),
    )
}

fn scheduled(steps: Vec<Step>, ramp: bool) -> Scenario {
    let mut scenario = mm1(1.0, 1.0);
    scenario.producers[0].arrivals = Arrivals::Schedule { steps, repeat: false, ramp };
    scenario
}

/// Each of n − 1 waiting messages takes 1 / (μ − λ) to be worked off: a random walk with drift to the
/// left.
#[test]
fn a_backlog_drains_in_its_mean_time() {
    let mut scenario = mm1(0.5, 1.0);
    scenario.queues[0].initial_backlog = 100;
    scenario.simulation.replications = 400;
    let answer = super::answer(&scenario, Vec::new(), &NoProgress).expect("an answer");
    let drain = answer.get("queues.queue.drain_time").expect("a drain time");
    let (value, half) = (drain.value.expect("finite"), drain.half_width.expect("many replications"));
    // Five standard errors, where 1.97 make the half-width: a right engine fails once in a million seeds.
    assert!((value - 198.0).abs() < 2.6 * half, "{value} ± {half}");
    assert!(answer.get("queues.queue.queue_length").is_none());
    assert_eq!(answer.timelines["queue"][0].in_system, 100.0);
}

/// E N(t) of M(t)/M/1 by uniformisation: 1.1/s for 100 s, then 0.5/s, from empty.
#[test]
fn an_overload_grows_and_shrinks_as_computed() {
    let mut scenario =
        scheduled(vec![Step { lasts: 100.0, rate: 1.1 }, Step { lasts: 100.0, rate: 0.5 }], false);
    scenario.simulation.replications = 1000;
    // So that every instant below is a point of the grid.
    scenario.simulation.length = Length::Duration(250.0);
    let answer = super::answer(&scenario, Vec::new(), &NoProgress).expect("an answer");
    let line = &answer.timelines["queue"];
    for (at, expected) in [
        (50.0, 10.505174005234087),
        (100.0, 16.964397599045977),
        (125.0, 7.7025319607668425),
        (150.0, 3.2253615875320385),
    ] {
        let point = line.iter().find(|m| (m.at - at).abs() < 1e-9).expect("a point of the grid");
        let half = point.half_width.expect("many replications");
        // The half-width is that of the number waiting, within a few per cent that of the number inside.
        assert!(
            (point.in_system - expected).abs() < 2.8 * half,
            "{at}: {} ± {half}, not {expected}",
            point.in_system
        );
    }
    assert!(answer.get("queues.queue.drain_time").is_some());
}

/// Of 400 s of a queue that is overloaded for half of them, the slowest message of a life of it, told to
/// a twentieth.
#[test]
fn the_worst_is_told_as_precisely_as_asked_for() {
    let mut scenario =
        scheduled(vec![Step { lasts: 200.0, rate: 1.5 }, Step { lasts: 200.0, rate: 0.1 }], false);
    scenario.simulation.precision =
        Precision::Paths(vec![("total.latency.max".into(), 0.05), ("queues.queue.drain_time".into(), 0.05)]);
    let answer = super::answer(&scenario, Vec::new(), &NoProgress).expect("an answer");
    for path in ["total.latency.max", "queues.queue.drain_time"] {
        let (value, half) = answer.get(path).and_then(|e| e.value.zip(e.half_width)).expect("an interval");
        assert!(half <= 0.05 * value, "{path}: {value} ± {half}");
        // As a fluid: 100 too many after 200 s, which take 100 s to be done and 111 s to drain.
        assert!((90.0..140.0).contains(&value), "{path}: {value}");
    }
}
