use super::*;

#[test]
fn kendall_names() {
    let mut s = Scenario::mgc(900.0, Law::exponential(0.004), 4);
    assert_eq!(Station::of(&s).expect("one queue").kendall(), "M/M/4");
    s.queues[0].max_length = Some(6);
    s.producers[0].arrivals = Arrivals::Periodic;
    assert_eq!(Station::of(&s).expect("one queue").kendall(), "D/M/4/10");
    s.queues[0].overflow = Overflow::Block;
    s.queues[0].discipline = Discipline::Lifo;
    s.producers[0].batch = Batch::Geometric { mean: 3.0 };
    s.producers[0].arrivals = Arrivals::Poisson;
    assert_eq!(Station::of(&s).expect("one queue").kendall(), "M^X/M/4-LIFO");
}

#[test]
fn groups_that_differ_are_named_so() {
    let mut s = Scenario::mgc(100.0, Law::deterministic(0.01), 2);
    let mut slow = s.consumers[0].clone();
    (slow.name, slow.count, slow.service_time) = ("slow".into(), Servers::Count(1), Law::exponential(0.02));
    s.consumers.push(slow);
    assert_eq!(
        Station::of(&s).expect("one queue").kendall(),
        "M/G/3 (2 kinds of servers, the longest idle first)"
    );
}

#[test]
fn the_first_unknown_feature_is_the_reason() {
    let mut s = Scenario::mgc(1.0, Law::exponential(0.5), 1);
    s.consumers[0].failure = 0.1;
    let station = Station::of(&s).expect("one queue");
    assert_eq!(station.only(&[]), Err(Mismatch::Feature(Feature::Failures)));
    assert_eq!(station.only(&[Feature::Failures]), Ok(()));
}

#[test]
fn poisson_streams_superpose() {
    let mut s = Scenario::mgc(1.0, Law::exponential(0.5), 2);
    s.producers.push(Producer::poisson("other", 0, 2.0));
    let station = Station::of(&s).expect("one queue");
    assert!(station.is_poisson() && station.lambda() == 3.0 && station.rho() == 0.75);
}
