use super::*;
use crate::units::MAX_NANOS;

const SINGLE: Batch = Batch::Fixed(1);

fn poisson<'a>(name: &'a str, rate: f64, send_time: &'a Law) -> PlannedProducer<'a> {
    PlannedProducer {
        name,
        arrivals: &Arrivals::Poisson,
        rate,
        batch: &SINGLE,
        limit: None,
        send_time,
        service_time: None,
        to: &[],
    }
}

fn group<'a>(name: &'a str, service_time: &'a Law) -> Group<'a> {
    Group { name, service_time, per_message: &Law::ZERO, direct: true }
}

/// The plan of producers that send to all groups.
fn plan(sources: &[PlannedProducer<'_>], groups: &[Group<'_>]) -> Plan {
    let to: Vec<usize> = (0..groups.len()).collect();
    let sources: Vec<_> = sources.iter().map(|source| PlannedProducer { to: &to, ..*source }).collect();
    Plan::new(Key::new(7, 0), &sources, groups).unwrap()
}

/// Due, sent and first demand of one producer's messages.
fn of(block: &Block, producer: u32) -> Vec<(u64, u64, u64)> {
    (0..block.len())
        .filter(|i| block.producer_of(*i) == producer)
        .map(|i| (block.due[i], block.sent[i], block.demand[0][i]))
        .collect()
}

#[test]
fn rates_and_demands_are_those_asked_for() {
    let service = Law::exponential(0.004);
    let n = 200_000_u64;
    let block = plan(&[poisson("web", 900.0, &Law::ZERO)], &[group("workers", &service)]).take_messages(n);
    assert_eq!((block.len() as u64, block.sent.len(), block.producer.len()), (n, block.due.len(), 0));
    assert!(block.due.is_sorted() && block.sent == block.due);
    // Five standard errors of a sum of exponential times: one false alarm in 1.7 million.
    let bound = 5.0 / (n as f64).sqrt();
    let mean_gap = block.due[n as usize - 1] as f64 / n as f64;
    let mean_work = block.demand[0].iter().sum::<u64>() as f64 / n as f64;
    assert!((mean_gap * 900.0 / 1e9 - 1.0).abs() < bound, "{mean_gap}");
    assert!((mean_work / 4e6 - 1.0).abs() < bound, "{mean_work}");
}

#[test]
fn another_producer_or_group_changes_nothing_of_a_message() {
    let (service, other) = (Law::exponential(0.004), Law::erlang(0.1, 3));
    let varying = Law::exponential(0.01);
    let web = poisson("web", 900.0, &varying);
    let alone = plan(&[web], &[group("workers", &service)]).take_messages(3000);
    let more = [poisson("batch", 50.0, &Law::ZERO), web, poisson("audit", 5000.0, &Law::ZERO)];
    let together = plan(&more, &[group("workers", &service), group("others", &other)]).take_messages(9000);
    let (alone, together) = (of(&alone, 0), of(&together, 1));
    assert!(together.len() > 1000);
    assert_eq!(alone[..together.len()], together);
}

#[test]
fn messages_come_in_the_order_in_which_they_are_sent() {
    let (service, varying, constant) =
        (Law::exponential(0.004), Law::exponential(0.01), Law::deterministic(0.5));
    let sources =
        [poisson("a", 900.0, &varying), poisson("b", 900.0, &constant), poisson("c", 30.0, &Law::ZERO)];
    let block = plan(&sources, &[group("workers", &service)]).take_until(20_000_000_000);
    assert!(block.sent.is_sorted() && block.sent.last() < Some(&20_000_000_000));
    assert_eq!(block.producer.len(), block.len());
    assert!(
        of(&block, 0).iter().all(|(due, sent, _)| due <= sent)
            && !of(&block, 0).iter().map(|m| m.0).is_sorted()
    );
    assert!(of(&block, 1).iter().all(|(due, sent, _)| due + 500_000_000 == *sent));
    assert!(of(&block, 2).iter().all(|(due, sent, _)| due == sent));
    let mut drawn = Vec::new();
    let mut once = plan(&[sources[0]], &[group("workers", &service)]);
    while drawn.len() < block.len() {
        drawn.extend_from_slice(&once.next_block().unwrap().due);
    }
    // Nobody is lost on the way: all that were due some time ago are there, once.
    drawn.sort_unstable();
    let mut dues: Vec<u64> = of(&block, 0).iter().map(|m| m.0).collect();
    dues.sort_unstable();
    let settled = dues.partition_point(|due| *due < 19_000_000_000);
    assert_eq!(dues[..settled], drawn[..settled]);
}

#[test]
fn ties_go_by_producer() {
    let periodic =
        |name, rate| PlannedProducer { arrivals: &Arrivals::Periodic, ..poisson(name, rate, &Law::ZERO) };
    let service = Law::deterministic(0.001);
    let block =
        plan(&[periodic("a", 100.0), periodic("b", 200.0)], &[group("workers", &service)]).take_messages(6);
    assert_eq!(block.producer, [1, 0, 1, 1, 0, 1]);
    assert_eq!(block.due, [5_000_000, 10_000_000, 10_000_000, 15_000_000, 20_000_000, 20_000_000]);
    assert_eq!(block.demand, [vec![1_000_000; 6]]);
}

#[test]
fn two_are_merged_like_many() {
    let (service, varying) = (Law::exponential(0.004), Law::exponential(0.01));
    let periodic =
        |name, rate| PlannedProducer { arrivals: &Arrivals::Periodic, ..poisson(name, rate, &Law::ZERO) };
    let idle = poisson("idle", 0.0, &Law::ZERO);
    // At one rate, far apart, with ties at every other message, and with one that ends early.
    let pairs = [
        [poisson("a", 450.0, &Law::ZERO), poisson("b", 450.0, &varying)],
        [poisson("a", 1.0, &varying), poisson("b", 900.0, &Law::ZERO)],
        [periodic("a", 200.0), periodic("b", 100.0)],
        [poisson("a", 1e-8, &Law::ZERO), poisson("b", 1e-6, &Law::ZERO)],
        [poisson("a", 1e-6, &Law::ZERO), poisson("b", 1e-8, &Law::ZERO)],
    ];
    for [a, b] in pairs {
        let apart = Group { direct: false, ..group("apart", &service) };
        let groups = [group("workers", &service), apart, group("others", &varying)];
        let two = plan(&[a, b], &groups).take_messages(5000);
        assert!(!two.is_empty() && two == plan(&[a, b, idle], &groups).take_messages(5000));
    }
}

#[test]
fn a_producers_own_work_is_the_same_for_every_group() {
    let (service, own, extra) = (Law::exponential(0.004), Law::exponential(1.0), Law::deterministic(0.25));
    let sources = [
        PlannedProducer { service_time: Some(&own), ..poisson("heavy", 10.0, &Law::ZERO) },
        poisson("light", 10.0, &Law::ZERO),
    ];
    let apart = Group { direct: false, ..group("apart", &service) };
    let groups = [group("a", &service), apart, Group { per_message: &extra, ..group("b", &service) }];
    let block = plan(&sources, &groups).take_messages(5000);
    assert!(block.work_for(1).is_empty());
    for i in 0..block.len() {
        assert_eq!(block.work_for(0)[i] == block.work_for(2)[i], block.producer[i] == 0);
        assert!(block.producer[i] == 0 || block.work_for(2)[i] >= 250_000_000);
    }
}

#[test]
fn blocks_are_full_and_numbered_whoever_reads_them() {
    let (service, varying) = (Law::exponential(0.004), Law::exponential(0.01));
    let sources = [poisson("a", 900.0, &varying), poisson("b", 100.0, &Law::ZERO)];
    let mut read = plan(&sources, &[group("workers", &service)]);
    let whole = plan(&sources, &[group("workers", &service)]).take_messages(4 * BLOCK as u64 + 5);
    for first in (0..4 * BLOCK).step_by(BLOCK) {
        let block = read.next_block().unwrap();
        assert_eq!((block.first, block.len()), (first as u64, BLOCK));
        assert_eq!(
            (&block.sent[..], &block.demand[0][..]),
            (&whole.sent[first..][..BLOCK], &whole.demand[0][first..][..BLOCK])
        );
    }
    let rest = read.take_messages(5);
    assert_eq!((rest.first, &rest.due[..]), (4 * BLOCK as u64, &whole.due[4 * BLOCK..]));
}

#[test]
fn plans_end_with_their_producers() {
    let service = Law::exponential(0.004);
    assert!(plan(&[poisson("idle", 0.0, &Law::ZERO)], &[group("workers", &service)]).next_block().is_none());
    assert!(plan(&[], &[group("workers", &service)]).next_block().is_none());
    let rare = poisson("rare", 1e-8, &Law::ZERO);
    let block =
        plan(&[rare, poisson("idle", 0.0, &Law::ZERO)], &[group("workers", &service)]).take_until(u64::MAX);
    assert!(block.len() < BLOCK && block.due.last() < Some(&MAX_NANOS));
}

#[test]
fn what_cannot_be_planned_is_refused() {
    let closed = Arrivals::Closed { concurrency: 4, think_time: Law::exponential(1.0) };
    let refused = |source: PlannedProducer<'_>| Plan::new(Key::new(1, 0), &[source], &[]).err();
    let source = poisson("web", 900.0, &Law::ZERO);
    assert_eq!(
        refused(PlannedProducer { arrivals: &closed, ..source }),
        Some(PlanError::Closed("web".into()))
    );
    let gap = Law::deterministic(0.0);
    assert_eq!(
        refused(PlannedProducer { arrivals: &Arrivals::Renewal { gap }, ..source }),
        Some(PlanError::NoGap("web".into()))
    );
}
