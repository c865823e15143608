use super::*;
use crate::queue::{Misuse, Order};

fn bounded(max: u64, overflow: Overflow) -> State<u32> {
    State::new(Settings { max_length: Some(max), overflow, ..Settings::default() })
}

fn publish<T: Clone>(state: &mut State<T>, body: T, now: u64) -> bool {
    state.publish(body, Terms::default(), now).is_ok()
}

/// The next message, or none.
fn take<T: Clone>(state: &mut State<T>, now: u64) -> Option<Delivery<T>> {
    let mut out = Vec::new();
    state.consume(1, now, &mut out);
    out.pop()
}

#[test]
fn a_delivery_is_settled_once() {
    let mut state = State::new(Settings::default());
    assert!(publish(&mut state, 'a', 0));
    let tag = take(&mut state, 0).expect("one is ready").tag;
    assert_eq!(state.ack(tag, 0), Ok(()));
    assert_eq!(state.ack(tag, 0), Err(Misuse(tag)));
    // The slot's next message is not the old tag's.
    assert!(publish(&mut state, 'b', 0));
    assert_eq!(state.ack(tag, 0), Err(Misuse(tag)));
    let second = take(&mut state, 0).expect("one is ready").tag;
    assert_eq!(
        [state.ack(tag, 0), state.nack(tag, 0), state.reject(tag, 0), state.extend(tag, 0).map(|_| ())],
        [Err(Misuse(tag)); 4]
    );
    assert_eq!(state.ack(second, 0), Ok(()));
    assert!(state.counts().balanced());
}

#[test]
fn the_bound_counts_ready_messages_alone() {
    let mut state = bounded(1, Overflow::RejectPublish);
    assert!(publish(&mut state, 0, 0));
    assert!(take(&mut state, 0).is_some());
    assert!(publish(&mut state, 1, 0), "the first is in service");
    assert_eq!(state.publish(2, Terms::default(), 0), Err(Refused { body: 2, why: PublishError::Full }));
    assert_eq!(state.counts().rejected, 1);
}

#[test]
fn a_queue_of_length_zero_hands_over_or_refuses() {
    let mut state = bounded(0, Overflow::RejectPublish);
    assert!(!publish(&mut state, 0, 0));
    state.begin_wait();
    assert!(publish(&mut state, 1, 0));
    assert!(!publish(&mut state, 2, 0), "the one who waits has his");
    assert!(take(&mut state, 0).is_some());
    state.end_wait();
    assert!(!publish(&mut state, 3, 0));
}

#[test]
fn drop_head_loses_the_oldest() {
    let mut state = bounded(2, Overflow::DropHead);
    for body in 0..3 {
        assert!(publish(&mut state, body, 7));
    }
    assert_eq!(state.take_lost(), [Lost { id: 0, at: 7, why: Loss::Dropped, deliveries: 0, body: 0 }]);
    assert!(!state.has_lost());
}

#[test]
fn a_closed_queue_is_exhausted_when_all_is_settled() {
    let mut state = State::new(Settings::default());
    assert!(publish(&mut state, 1, 0));
    state.close();
    assert!(!state.is_exhausted());
    assert_eq!(state.publish(2, Terms::default(), 0).map_err(|r| r.why), Err(PublishError::Closed));
    let tag = take(&mut state, 0).expect("one is ready").tag;
    assert!(!state.is_exhausted(), "it may come back");
    state.nack(tag, 0).expect("it is under way");
    let tag = take(&mut state, 0).expect("it came back").tag;
    state.ack(tag, 0).expect("it is under way");
    assert!(state.is_exhausted());
}

#[test]
fn what_comes_back_keeps_its_place_and_is_told_apart() {
    let mut state = State::new(Settings::default());
    (0..3).for_each(|body| assert!(publish(&mut state, body, 0)));
    let first = take(&mut state, 0).expect("three are ready");
    state.nack(first.tag, 0).expect("it is under way");
    let again = take(&mut state, 0).expect("three are ready");
    assert_eq!((again.body, again.deliveries, again.redelivered(), first.redelivered()), (0, 2, true, false));
}

#[test]
fn the_limit_of_deliveries_ends_a_message_with_its_reason() {
    let mut state = State::new(Settings { delivery_limit: Some(2), ..Settings::default() });
    assert!(publish(&mut state, 'x', 0));
    for now in 1..=2 {
        let tag = take(&mut state, now).expect("it has not been delivered too often").tag;
        state.nack(tag, now).expect("it is under way");
    }
    assert_eq!(state.take_lost(), [Lost { id: 0, at: 2, why: Loss::TooOften, deliveries: 2, body: 'x' }]);
    assert!(publish(&mut state, 'y', 3));
    let tag = take(&mut state, 3).expect("one is ready").tag;
    state.reject(tag, 4).expect("it is under way");
    assert_eq!(state.take_lost(), [Lost { id: 1, at: 4, why: Loss::Rejected, deliveries: 1, body: 'y' }]);
    assert_eq!((state.counts().dead, state.counts().balanced()), (2, true));
}

#[test]
fn time_to_live_acts_at_the_head_at_its_instant() {
    let mut state = State::new(Settings { message_ttl: Some(100), ..Settings::default() });
    let lived = |ttl| Terms { ttl: Some(ttl), ..Terms::default() };
    state.publish('a', lived(500), 0).expect("there is no bound");
    state.publish('b', lived(10), 0).expect("there is no bound");
    assert_eq!(state.next_timer(), Some(100), "the lower of the two");
    state.tick(90);
    assert_eq!(state.counts().ready, 2, "the second is not at the head yet");
    assert!(take(&mut state, 1_000).is_none());
    let lost: Vec<_> = state.take_lost().iter().map(|l| (l.body, l.at, l.why)).collect();
    assert_eq!(lost, [('a', 100, Loss::Expired), ('b', 100, Loss::Expired)], "however late somebody looks");
}

#[test]
fn a_lease_that_ends_gives_the_message_to_somebody_else() {
    let mut state = State::new(Settings { visibility_timeout: Some(100), ..Settings::default() });
    assert!(publish(&mut state, 'a', 0));
    let slow = take(&mut state, 0).expect("one is ready").tag;
    assert_eq!(state.extend(slow, 60), Ok(160));
    assert!(take(&mut state, 159).is_none(), "the extended lease runs to 160");
    let other = take(&mut state, 160).expect("the lease is over");
    assert_eq!(other.deliveries, 2);
    assert_eq!(state.ack(slow, 161), Err(Misuse(slow)));
    assert_eq!(state.ack(other.tag, 161), Ok(()));
    assert_eq!(state.counts().returned, 1);
}

#[test]
fn a_delay_keeps_a_message_away_each_time() {
    let mut state = State::new(Settings::default());
    assert!(publish(&mut state, 'a', 0));
    for (now, ready) in [(0, 10), (10, 25), (25, 40)] {
        let tag = take(&mut state, now).expect("its delay is over").tag;
        state.nack_after(tag, ready - now, now).expect("it is under way");
        assert_eq!((state.next_timer(), state.counts().delayed), (Some(ready), 1));
        assert!(take(&mut state, ready - 1).is_none());
    }
}

#[test]
fn ranks_and_youth_decide_where_they_are_asked_to() {
    let order = |order, ranks: &[i64]| {
        let mut state = State::new(Settings { order, ..Settings::default() });
        for &rank in ranks {
            state.publish(rank, Terms { rank, ttl: None }, 0).expect("there is no bound");
        }
        std::iter::from_fn(|| take(&mut state, 0)).map(|d| d.id).collect::<Vec<_>>()
    };
    assert_eq!(order(Order::Ranked, &[0, -5, 0, -5]), [1, 3, 0, 2]);
    assert_eq!(order(Order::Lifo, &[0, -5, 0, -5]), [3, 2, 1, 0]);
    assert_eq!(order(Order::Fifo, &[0, -5, 0, -5]), [0, 1, 2, 3]);
}
