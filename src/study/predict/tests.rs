use super::*;
use crate::answer::{Estimate, Gate, Unit};
use crate::scenario::{Arrivals, Queue, Servers};
use crate::workload::laws::Law;

fn answer(method: Method, mean: f64) -> Answer {
    let mut out = Answer::new(method, "test");
    out.set("total", "latency", "mean", Estimate::exact(mean));
    out
}

/// A load of which 10 ms were predicted, with what was measured and replayed.
fn point(measured: f64, replayed: f64, stretch: f64) -> PredictedLoad {
    PredictedLoad {
        load: 0.9,
        busy: 0.9,
        range: None,
        scenario: Scenario::mgc(900.0, Law::exponential(0.001), 1),
        predicted: Some(answer(Method::Rehearsal, 0.010)),
        answers: vec![answer(Method::Measurement, measured), answer(Method::Replay, replayed)],
        lesson: HostCalibration {
            loads: vec![0.9],
            hand_off: Some(30e-6),
            turnarounds: Vec::new(),
            stretch: vec![stretch],
            laws: [None, None],
            syncs: Vec::new(),
        },
        attempts: 1,
    }
}

fn failed(name: &'static str) -> Gate {
    Gate {
        name: name.into(),
        value: 0.5,
        limit: 0.01,
        unit: Unit::Ratio,
        trust: Trust::Invalid,
        meaning: String::new(),
    }
}

fn learnt() -> HostCalibration {
    HostCalibration {
        loads: vec![0.3],
        hand_off: Some(30e-6),
        turnarounds: Vec::new(),
        stretch: vec![1.003],
        laws: [None, None],
        syncs: Vec::new(),
    }
}

#[test]
fn what_is_near_is_accepted_and_what_is_off_is_rejected_with_its_reason() {
    assert_eq!(point(0.0102, 0.0102, 1.003).held(&learnt()), Some(PredictionStatus::Accepted));
    let Some(PredictionStatus::Rejected(why)) = point(0.012, 0.0119, 1.02).held(&learnt()) else {
        panic!("a fifth is off")
    };
    assert!(
        matches!(why[0], PredictionFinding::Off { statistic: "mean", off, .. } if (off - 0.2).abs() < 1e-9)
    );
    let group = "consumers".to_string();
    assert_eq!(why[1], PredictionFinding::Services { group, now: 1.02, then: 1.003 });
    assert!(matches!(why[2], PredictionFinding::FromReplay(off) if off < 0.01));
    let Some(PredictionStatus::Rejected(why)) = point(0.012, 0.0101, 1.003).held(&learnt()) else {
        panic!("a fifth is off")
    };
    assert_eq!(why.len(), 2, "the host was the same: {why:?}");
    assert!(matches!(why[1], PredictionFinding::FromReplay(off) if off > 0.1));
}

#[test]
fn an_invalid_measurement_judges_nobody() {
    let mut point = point(0.012, 0.012, 1.003);
    let gate = failed("steal");
    point.answers[0].gates.push(gate);
    let undecided = |why| Some(PredictionStatus::Undecided(why));
    assert_eq!(point.held(&learnt()), undecided(NoVerdict::Invalid("steal".into())));
    point.answers = vec![answer(Method::Measurement, 0.0)];
    assert_eq!(point.held(&learnt()), undecided(NoVerdict::TooFew));
}

#[test]
fn a_run_is_repeated_where_other_work_disturbed_it_and_it_may_be_sound() {
    let mut answers = vec![answer(Method::Measurement, 0.01), answer(Method::Replay, 0.01)];
    assert!(!is_disturbed(&answers));
    answers[0].gates.push(Gate { trust: Trust::Degraded, ..failed("hand-off") });
    assert!(!is_disturbed(&answers));
    answers[0].gates.push(Gate { trust: Trust::Degraded, ..failed("steal") });
    assert!(is_disturbed(&answers) && trust(&answers) == Trust::Degraded);
    answers[0].gates.push(failed("lateness"));
    assert!(is_disturbed(&answers) && trust(&answers) == Trust::Invalid);
    // Twice the load would be as much too much the second time.
    answers[0].gates.push(failed("generator's limit"));
    assert!(!is_disturbed(&answers));
}

#[test]
fn beyond_nine_tenths_a_range_is_predicted_and_beyond_one_nothing() {
    let range = |low, high| Some([answer(Method::Rehearsal, low), answer(Method::Rehearsal, high)]);
    let near =
        |measured, busy| PredictedLoad { busy, range: range(0.008, 0.02), ..point(measured, 0.01, 1.003) };
    assert_eq!(near(0.0205, 0.95).held(&learnt()), Some(PredictionStatus::Accepted));
    let Some(PredictionStatus::Rejected(why)) = near(0.03, 0.95).held(&learnt()) else {
        panic!("it is outside")
    };
    let outside = PredictionFinding::Outside { statistic: "mean", measured: 0.03, range: (0.008, 0.02) };
    assert_eq!(why[0], outside);
    let overloaded = PredictionStatus::Undecided(NoVerdict::Overloaded(1.01));
    assert_eq!(near(0.01, 1.01).held(&learnt()), Some(overloaded));
}

#[test]
fn a_host_is_as_fast_and_as_slow_as_it_was_seen() {
    let seen = |load, turnaround| TurnaroundSeen { load, turnaround };
    let points = [point(0.01, 0.01, 1.01), point(0.01, 0.01, 1.03)];
    let lesson = HostCalibration {
        stretch: vec![1.02],
        turnarounds: vec![seen(0.3, 1e-4), seen(0.5, 1e-4), seen(0.7, 1e-4)],
        ..learnt()
    };
    let [fast, slow] = ends(&points, &lesson);
    assert_eq!((&fast.stretch, &slow.stretch), (&vec![1.01], &vec![1.03]));
    let close = |a: Option<f64>, b: f64| assert!((a.expect("seen") - b).abs() < 1e-12, "{a:?} {b}");
    close(fast.turnaround_at(0.9), 0.9e-4);
    close(slow.turnaround_at(0.9), 1.1e-4);
    // One that lies 60 µs above the others moves the line by 20 µs, and is 40 µs above it.
    let lesson =
        HostCalibration { turnarounds: vec![seen(0.3, 1e-4), seen(0.3, 1e-4), seen(0.3, 1.6e-4)], ..lesson };
    let [fast, slow] = ends(&points, &lesson);
    close(fast.turnaround_at(0.9), 1.2e-4 * 0.9 - 0.2e-4);
    close(slow.turnaround_at(0.9), 1.2e-4 * 1.1 + 0.4e-4);
}

#[test]
fn an_invalid_low_load_teaches_nothing() {
    let gate = failed("steal");
    let mut points = [point(0.01, 0.01, 1.01), point(0.01, 0.01, 1.03)];
    points[1].answers[0].gates.push(gate.clone());
    points[1].load = 0.5;
    let lesson = together(&points);
    assert_eq!((lesson.loads, lesson.stretch), (vec![0.9], vec![1.01]));
    points[0].answers[0].gates.push(gate);
    let nothing = together(&points);
    assert_eq!(nothing.stretch, [1.0]);
    let undecided = PredictionStatus::Undecided(NoVerdict::NothingLearnt);
    assert_eq!(point(0.01, 0.01, 1.0).held(&nothing), Some(undecided));
}

#[test]
fn the_host_is_blamed_where_it_explains_a_hundredth() {
    // 0.3 points more of the service are 3 % of the latency at 0.9, and less than a hundredth at 0.5.
    let mut point = point(0.012, 0.012, 1.006);
    assert!(!point.changed(&learnt()).is_empty());
    point.load = 0.5;
    assert!(point.changed(&learnt()).is_empty());
}

#[test]
fn a_lesson_is_the_mean_of_what_was_seen_and_makes_the_host_slower() {
    let mut points = [point(0.01, 0.01, 1.01), point(0.01, 0.01, 1.03)];
    points[0].lesson.hand_off = None;
    let lesson = together(&points);
    assert_eq!(lesson.hand_off, Some(30e-6));
    assert!((lesson.stretch[0] - 1.02).abs() < 1e-12);
    let slower = taught(&points[0].scenario, 0.9, &lesson);
    assert!((slower.consumers[0].mean_service() - 0.00102).abs() < 1e-12);
    assert_eq!(slower.simulation.overheads.hand_off, Law::deterministic(30e-6));
}

#[test]
fn a_queue_of_dead_letters_may_be_the_fullest() {
    let mut scenario = Scenario::mgc(500.0, Law::exponential(0.001), 1);
    scenario.queues[0].message_ttl = Some(Law::exponential(0.002));
    scenario.queues[0].dead_letter = Some(1);
    scenario.consumers[0].prefetch = 2;
    scenario.queues.push(Queue { name: "dead".into(), ..Queue::default() });
    scenario.consumers.push(Consumer::group("undertaker", 1, 1, Law::exponential(0.1)));
    assert_eq!(turned(&scenario), Ok(0.5));
    assert!(
        is_fullest(&scenario, 0.5)
            .is_err_and(|why| why.to_string().contains("`dead` depends on what is lost in `queue`"))
    );
    scenario.consumers[1].service_time = Law::exponential(0.000_01);
    assert_eq!(is_fullest(&scenario, 0.5), Ok(()));
    // Known to be little, or not known and little by simulation.
    scenario.consumers[1].service_time = Law::exponential(0.001_1);
    assert_eq!(is_fullest(&scenario, 0.5), Ok(()));
}

#[test]
fn loads_are_turned_where_rates_make_them() {
    let mut scenario = Scenario::mgc(500.0, Law::exponential(0.001), 1);
    assert!((turned(&scenario).expect("half of what one can do") - 0.5).abs() < 1e-12);
    scenario.consumers[0].count = Servers::Unlimited;
    assert!(turned(&scenario).is_err_and(|why| why.to_string().contains("without limit")));
    scenario.producers[0].arrivals = Arrivals::Closed { concurrency: 3, think_time: Law::exponential(0.001) };
    assert!(turned(&scenario).is_err_and(|why| why.to_string().contains("closed loop")));
    scenario = Scenario::mgc(500.0, Law::exponential(0.001), 1);
    scenario.queues[0].initial_backlog = 10;
    assert!(turned(&scenario).is_err_and(|why| why.to_string().contains("no one load")));
}

/// NATS deals messages to those who asked first, but where that is not simulated.
#[cfg(feature = "nats")]
#[test]
fn a_prediction_deals_to_requests_where_the_broker_does() {
    let mut scenario = Scenario::mgc(600.0, Law::exponential(0.004), 4);
    (scenario.measurement.target, scenario.consumers[0].prefetch) = ("nats".into(), 10);
    use crate::scenario::PrefetchBy;
    let by = |scenario: &Scenario| {
        let mut told = scenario.clone();
        measurement::as_brokers_do(&mut told);
        told.consumers[0].prefetch_by
    };
    assert_eq!(by(&scenario), PrefetchBy::Request);
    scenario.queues[0].partitions = Some(4);
    assert_eq!(by(&scenario), PrefetchBy::Turn);
}

/// What a broker does otherwise is predicted, too: Redis' consumers fetch when they have nothing left.
#[cfg(feature = "redis")]
#[test]
fn a_prediction_prefetches_as_the_broker_does() {
    let mut scenario = Scenario::mgc(600.0, Law::exponential(0.004), 4);
    scenario.measurement.target = "redis".into();
    let seen = TurnaroundSeen { load: 0.3, turnaround: 1e-4 };
    let lesson = HostCalibration { turnarounds: vec![seen], ..learnt() };
    let there = taught(&scenario, 0.6, &lesson);
    assert_eq!(there.consumers[0].prefetch_by, crate::scenario::PrefetchBy::Demand);
    assert_eq!(taught(&scenario, 0.6, &learnt()).consumers[0].prefetch_by, crate::scenario::PrefetchBy::Turn);
}
