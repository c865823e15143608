use super::*;
use crate::queue::Overflow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

fn queue(settings: Settings) -> Queue<u64> {
    Queue::new(settings, || 0, |_| {})
}

/// Sends `count` numbers through the queue with so many threads a side, and returns what came out.
fn pump(queue: &Queue<u64>, count: u64, sides: u64) -> Vec<u64> {
    let left = AtomicU64::new(sides);
    let mut all: Vec<u64> = thread::scope(|scope| {
        let consumers: Vec<_> = (0..sides)
            .map(|_| {
                scope.spawn(|| {
                    let (mut seen, mut out) = (Vec::new(), Vec::new());
                    while queue.consume(8, &mut out) {
                        seen.extend(out.iter().map(|d| d.body));
                        queue.ack_many(out.drain(..).map(|d| d.tag)).expect("each is settled once");
                    }
                    seen
                })
            })
            .collect();
        for side in 0..sides {
            let left = &left;
            scope.spawn(move || {
                for body in (side..count).step_by(sides as usize) {
                    queue.publish(body).expect("the queue waits for room and is open");
                }
                if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                    queue.close();
                }
            });
        }
        consumers.into_iter().flat_map(|c| c.join().expect("a consumer does not panic")).collect()
    });
    all.sort_unstable();
    all
}

#[test]
fn every_message_leaves_exactly_once_under_threads() {
    for (max_length, spins) in
        [(None, 0), (None, 500), (Some(3), 0), (Some(3), 50), (Some(0), 0), (Some(0), 50)]
    {
        let queue = queue(Settings { max_length, overflow: Overflow::Block, spins, ..Settings::default() });
        assert_eq!(pump(&queue, 4_000, 3), (0..4_000).collect::<Vec<_>>(), "{max_length:?} {spins}");
        let counts = queue.counts();
        assert!(counts.balanced() && counts.acked == 4_000 && counts.ready == 0, "{counts:?}");
    }
}

#[test]
fn a_batch_wider_than_the_queue_waits_for_room_and_passes() {
    let queue = queue(Settings { max_length: Some(2), overflow: Overflow::Block, ..Settings::default() });
    thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(queue.publish_many(0..100, &mut Vec::new()), 100);
            queue.close();
        });
        let (mut out, mut next) = (Vec::new(), 0);
        while queue.consume(1, &mut out) {
            let delivery = out.pop().expect("a consumer that returns true has a message");
            assert_eq!(delivery.body, next);
            next += 1;
            queue.ack(delivery.tag).expect("each is settled once");
        }
        assert_eq!(next, 100);
    });
}

#[test]
fn losses_are_told_with_their_instant() {
    let (sender, lost) = std::sync::mpsc::channel();
    let settings = Settings { max_length: Some(1), overflow: Overflow::DropHead, ..Settings::default() };
    let queue = Queue::new(settings, || 42, move |l| sender.send(l).expect("the test listens"));
    let mut refused = Vec::new();
    assert_eq!(queue.publish_many(0..3_u64, &mut refused), 3);
    assert_eq!(lost.try_iter().map(|l| (l.body, l.at)).collect::<Vec<_>>(), [(0, 42), (1, 42)]);
    assert!(refused.is_empty());
}

#[test]
fn a_kept_place_is_taken_until_its_message_comes_or_it_is_given_up() {
    for overflow in [Overflow::RejectPublish, Overflow::DropHead] {
        let queue = queue(Settings { max_length: Some(2), overflow, ..Settings::default() });
        let (first, second) =
            (queue.reserve().expect("there are two"), queue.reserve().expect("there are two"));
        assert_eq!(
            queue.reserve().map(|_| ()),
            Err(PublishError::Full),
            "nothing is there that could be dropped"
        );
        drop(second);
        let second = queue.reserve().expect("it was given up");
        queue.close();
        assert_eq!(queue.reserve().map(|_| ()), Err(PublishError::Closed));
        assert_eq!(
            [first.publish(7, Terms::default()), second.publish(8, Terms::default())],
            [0, 1],
            "closing refuses nobody who has a place"
        );
        let mut out = Vec::new();
        assert_eq!(queue.try_consume(3, &mut out), 2);
        assert_eq!((queue.counts().published, queue.counts().rejected), (2, 1));
    }
}

#[test]
fn a_place_is_waited_for_and_the_end_waits_for_a_place() {
    let queue = queue(Settings { max_length: Some(1), overflow: Overflow::Block, ..Settings::default() });
    thread::scope(|scope| {
        let kept = queue.reserve().expect("there is one");
        let other = scope.spawn(|| queue.reserve().map(|place| place.publish(2, Terms::default())));
        let consumer = scope.spawn(|| {
            let (mut out, mut seen) = (Vec::new(), Vec::new());
            while queue.consume(1, &mut out) {
                seen.push(out[0].body);
                queue.ack(out.remove(0).tag).expect("it is settled once");
            }
            seen
        });
        thread::sleep(std::time::Duration::from_millis(5));
        assert!(!other.is_finished(), "a place that is kept is no room, whoever waits for messages");
        assert_eq!(kept.publish(1, Terms::default()), 0);
        assert_eq!(other.join().expect("it does not panic"), Ok(1));
        let last = queue.reserve().expect("both are taken");
        queue.close();
        drop(last);
        assert_eq!(consumer.join().expect("it does not panic"), [1, 2]);
    });
}

#[test]
fn closing_releases_those_who_wait() {
    let queue = queue(Settings { max_length: Some(0), overflow: Overflow::Block, ..Settings::default() });
    thread::scope(|scope| {
        let publisher = scope.spawn(|| queue.publish(1).map_err(|r| r.why));
        thread::sleep(std::time::Duration::from_millis(5));
        queue.close();
        assert_eq!(publisher.join().expect("a publisher does not panic"), Err(PublishError::Closed));
        assert!(!queue.consume(1, &mut Vec::new()));
    });
}

#[test]
fn what_is_given_back_and_what_is_late_comes_again_without_further_calls() {
    let start = std::time::Instant::now();
    let settings = Settings { visibility_timeout: Some(5_000_000), ..Settings::default() };
    let queue = Queue::new(settings, move || start.elapsed().as_nanos() as u64, |_| {});
    queue.publish(7).expect("there is no bound");
    let mut out = Vec::new();
    thread::scope(|scope| {
        assert!(queue.consume(1, &mut out));
        let other = scope.spawn(|| {
            let mut out = Vec::new();
            assert!(queue.consume(1, &mut out), "the first consumer never answers");
            queue.nack_after(out[0].tag, Duration::from_millis(5)).expect("it is under way");
            assert!(queue.consume(1, &mut out), "the delay ends by itself");
            queue.ack(out[1].tag).expect("it is under way");
            out[1].deliveries
        });
        assert_eq!(other.join().expect("the consumer does not panic"), 3);
    });
    assert!(queue.ack(out[0].tag).is_err());
}

#[test]
fn halting_leaves_what_is_inside() {
    let queue = queue(Settings::default());
    queue.publish(1).expect("there is no bound");
    assert!(queue.consume(1, &mut Vec::new()));
    queue.halt();
    assert!(!queue.consume(1, &mut Vec::new()), "nobody waits for the unsettled one");
    assert_eq!(queue.counts().unacked, 1);
}
