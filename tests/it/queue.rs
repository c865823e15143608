//! The queue under real threads, accounted for as Jepsen does: what was sent, what came, what came again,
//! what was lost.

use queuelab::queue::{Loss, Overflow, Queue, Settings};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const MESSAGES: u64 = 20_000;
const SENDERS: u64 = 3;

/// What the threads saw.
#[derive(Default)]
struct Seen {
    /// By message: a bit for each delivery, and how often it was acknowledged.
    deliveries: Vec<AtomicU64>,
    acked: Vec<AtomicU64>,
    /// By message: how many hold it right now.
    held: Vec<AtomicU64>,
    lost: Mutex<Vec<(u64, Loss)>>,
}

/// Consumers that acknowledge most, give back some, reject a few and forget one in a while, with leases that
/// end.
#[test]
fn every_message_is_accounted_for_whatever_consumers_do() {
    let cells = || (0..MESSAGES).map(|_| AtomicU64::new(0)).collect();
    let seen: &'static Seen = Box::leak(Box::new(Seen {
        deliveries: cells(),
        acked: cells(),
        held: cells(),
        lost: Mutex::default(),
    }));
    let start = Instant::now();
    let settings = Settings {
        max_length: Some(500),
        overflow: Overflow::Block,
        delivery_limit: Some(4),
        visibility_timeout: Some(20_000_000),
        ..Settings::default()
    };
    let told = |lost: queuelab::queue::Lost<u64>| {
        seen.lost.lock().expect("no thread panics").push((lost.body, lost.why))
    };
    let queue = Queue::new(settings, move || start.elapsed().as_nanos() as u64, told);
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|s| {
                let queue = &queue;
                scope.spawn(move || {
                    (s..MESSAGES).step_by(SENDERS as usize).for_each(|m| {
                        queue.publish(m).expect("it waits");
                    })
                })
            })
            .collect();
        for consumer in 0..3 {
            let queue = &queue;
            scope.spawn(move || consume(queue, seen, consumer));
        }
        senders.into_iter().for_each(|s| s.join().expect("a sender does not panic"));
        queue.close();
    });
    let counts = queue.counts();
    assert!(counts.balanced() && counts.inside() == 0, "{counts:?}");
    let lost = seen.lost.lock().expect("no thread panics");
    assert_eq!(counts.acked + lost.len() as u64, MESSAGES);
    for m in 0..MESSAGES as usize {
        let ends =
            seen.acked[m].load(Ordering::Relaxed) + lost.iter().filter(|l| l.0 == m as u64).count() as u64;
        assert_eq!(ends, 1, "message {m} ends once");
        assert!(
            [0b10, 0b110, 0b1110, 0b11110].contains(&seen.deliveries[m].load(Ordering::Relaxed)),
            "from the first to the fourth"
        );
    }
    assert!(
        lost.iter().any(|l| l.1 == Loss::Rejected) && counts.returned > 0,
        "all ways were gone: {counts:?}"
    );
}

fn consume(queue: &Queue<u64>, seen: &Seen, consumer: u64) {
    let mut hand = Vec::new();
    while queue.consume(1 + consumer as usize * 3, &mut hand) {
        for delivery in hand.drain(..) {
            let m = delivery.body as usize;
            let before = seen.deliveries[m].fetch_or(1 << delivery.deliveries, Ordering::Relaxed);
            assert_eq!(before & 1 << delivery.deliveries, 0, "a second delivery says that it is one");
            match (delivery.body + u64::from(delivery.deliveries)) % 97 {
                // Settled after its lease: somebody else has it by then.
                0 => {
                    thread::sleep(Duration::from_millis(25));
                    if queue.ack(delivery.tag).is_ok() {
                        seen.acked[m].fetch_add(1, Ordering::Relaxed);
                    }
                }
                1..10 => drop(queue.nack(delivery.tag)),
                10 => drop(queue.nack_after(delivery.tag, Duration::from_millis(2))),
                11 => drop(queue.reject(delivery.tag)),
                _ => {
                    let others = seen.held[m].fetch_add(1, Ordering::AcqRel);
                    let settled = queue.ack(delivery.tag).is_ok();
                    assert!(
                        !settled || others == 0 || delivery.redelivered(),
                        "never two live leases on one message"
                    );
                    seen.acked[m].fetch_add(u64::from(settled), Ordering::Relaxed);
                    seen.held[m].fetch_sub(1, Ordering::AcqRel);
                }
            }
        }
    }
}
