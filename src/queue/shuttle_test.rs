//! The shell and the log's leaders under a scheduler that tries one order of steps after the other, and tells
//! of any in which all wait.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test --target-dir target/shuttle --lib queue::shuttle_test`;
//! `SHUTTLE_ROUNDS=200000` in front makes the long version.

use super::log::{Log, Memory};
use super::{Overflow, Queue, Refusal, Settings, Terms};
use shuttle::thread;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;

/// Tries so many orders, by a random walk and by priorities that change (Burckhardt et al. 2010, a few points
/// deep).
fn tried(work: impl Fn() + Send + Sync + 'static) {
    let rounds = std::env::var("SHUTTLE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000);
    let work = Arc::new(work);
    let again = Arc::clone(&work);
    shuttle::check_random(move || work(), rounds);
    shuttle::check_pct(move || again(), rounds, 4);
}

fn queue(max_length: u64, spins: u32, wake_room: u64) -> Arc<Queue<u64>> {
    let settings = Settings {
        max_length: Some(max_length),
        overflow: Overflow::Block,
        spins,
        wake_room,
        ..Settings::default()
    };
    Arc::new(Queue::new(settings, || 0, |_| {}))
}

/// Two publishers and two consumers; every third message is given back once. All come through, each is
/// settled once, everybody goes home.
fn pass_through(queue: Arc<Queue<u64>>, batch: usize) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let consumers: Vec<_> =
        (0..2).map(|_| thread::spawn(consumer(Arc::clone(&queue), batch, Arc::clone(&seen)))).collect();
    let publishers: Vec<_> = (0..2)
        .map(|side| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || assert_eq!(queue.publish_many([side, side + 2], &mut Vec::new()), 2))
        })
        .collect();
    publishers.into_iter().for_each(|p| p.join().expect("a publisher does not panic"));
    queue.close();
    consumers.into_iter().for_each(|c| c.join().expect("a consumer does not panic"));
    let seen = seen.lock().expect("no thread panics");
    assert_eq!((seen.len(), seen.iter().copied().collect::<BTreeSet<u64>>().len()), (4, 4), "{seen:?}");
    let counts = queue.counts();
    assert!(counts.balanced() && counts.inside() == 0 && counts.acked == 4, "{counts:?}");
}

fn consumer(queue: Arc<Queue<u64>>, batch: usize, seen: Arc<Mutex<Vec<u64>>>) -> impl FnOnce() {
    move || {
        let mut hand = Vec::new();
        while queue.consume(batch, &mut hand) {
            for delivery in hand.drain(..) {
                if delivery.body % 3 == 0 && !delivery.redelivered() {
                    queue.nack(delivery.tag).expect("it is settled once");
                } else {
                    queue.ack(delivery.tag).expect("it is settled once");
                    seen.lock().expect("no thread panics").push(delivery.body);
                }
            }
        }
    }
}

#[test]
fn all_messages_pass_a_queue_of_one() {
    tried(|| pass_through(queue(1, 0, 1), 1));
}

#[test]
fn all_messages_pass_from_hand_to_hand() {
    tried(|| pass_through(queue(0, 0, 1), 1));
}

#[test]
fn all_messages_pass_in_batches_with_looking_and_patient_publishers() {
    tried(|| pass_through(queue(2, 2, 2), 3));
}

/// Places are kept before messages come, and one in three is given up: whoever waits for a place gets one,
/// and the end comes.
#[test]
fn all_messages_pass_by_kept_places() {
    tried(|| {
        let queue = queue(1, 1, 1);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let consumer = thread::spawn(consumer(Arc::clone(&queue), 1, Arc::clone(&seen)));
        let publishers: Vec<_> = (0..2)
            .map(|side| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || {
                    queue.reserve().expect("it is open").publish(side, Terms::default());
                    drop(queue.reserve().expect("it is open"));
                    queue.reserve().expect("it is open").publish(side + 2, Terms::default());
                })
            })
            .collect();
        publishers.into_iter().for_each(|p| p.join().expect("a publisher does not panic"));
        queue.close();
        consumer.join().expect("a consumer does not panic");
        let seen = seen.lock().expect("no thread panics");
        assert_eq!(seen.iter().copied().collect::<BTreeSet<u64>>().len(), 4, "{seen:?}");
    });
}

#[test]
fn closing_and_halting_let_everybody_go() {
    tried(|| {
        let queue = queue(1, 1, 1);
        let (publishing, consuming) = (Arc::clone(&queue), Arc::clone(&queue));
        let publisher =
            thread::spawn(move || [publishing.publish(1), publishing.publish(2), publishing.publish(3)]);
        let consumer = thread::spawn(move || {
            let mut hand = Vec::new();
            while consuming.ack_and_consume(1, &mut hand).expect("it is settled once") {}
        });
        queue.halt();
        let outcomes = publisher.join().expect("a publisher does not panic");
        assert!(outcomes.into_iter().all(|o| o.is_ok() || o.is_err_and(|r| r.why == Refusal::Closed)));
        consumer.join().expect("a consumer does not panic");
    });
}

/// Whoever returns from a commit finds its message on the disk, and everybody returns.
#[test]
fn leaders_of_the_log_wake_all_who_wait() {
    tried(|| {
        let memory = Memory::default();
        let (log, _) = Log::open(Box::new(memory.clone()), 400).expect("nothing fails");
        let log = Arc::new(log);
        let publishers: Vec<_> = (0..3)
            .map(|n| {
                let (log, memory) = (Arc::clone(&log), memory.clone());
                thread::spawn(move || {
                    for _ in 0..2 {
                        let (id, position) = log.publish(vec![n; 3]).expect("nothing fails");
                        log.commit(position).expect("nothing fails");
                        assert!(memory.keeps(id), "{id} was confirmed before it was written");
                    }
                })
            })
            .collect();
        publishers.into_iter().for_each(|p| p.join().expect("a publisher does not panic"));
    });
}

/// A disk that fails tells everybody.
#[test]
fn a_poisoned_log_lets_nobody_wait() {
    tried(|| {
        let memory = Memory::default();
        let (log, _) = Log::open(Box::new(memory.clone()), 400).expect("nothing fails");
        memory.fails_at(3);
        let log = Arc::new(log);
        let publishers: Vec<_> = (0..3)
            .map(|n| {
                let log = Arc::clone(&log);
                thread::spawn(move || log.publish(vec![n]).and_then(|(_, position)| log.commit(position)))
            })
            .collect();
        let outcomes: Vec<_> =
            publishers.into_iter().map(|p| p.join().expect("a publisher does not panic")).collect();
        assert!(outcomes.iter().any(Result::is_err), "the third call fails: {outcomes:?}");
    });
}
