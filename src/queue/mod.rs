//! The real in-process queue: what simulated answers are held against, and an embedded queue in its own
//! right.
//!
//! Layers, each usable without the next: [`State`] decides (a pure state machine: no lock, no clock, no
//! input or output), [`Queue`] adds one lock and the waiting of threads, [`DurableQueue`] a write-ahead
//! [`log`]. Whatever a queue can do to a message is decided in the first layer alone, so that it can be
//! tested against a plain model, step by step.
//! [`Topic`] says which of several queues get a message, [`Partitioned`] keeps those of a key in order,
//! [`PrefetchDispatcher`] hands them out to the windows of consumers. What `queuelab run` measures is all
//! this.
//!
//! A message is delivered at least once. It is *ready* until a consumer takes it, then *unacked* until the
//! consumer settles it:
//! [`Queue::ack`] (done), [`Queue::nack`] (again, in its old place), [`Queue::nack_after`] (again, later),
//! [`Queue::reject`] (never again). A consumer that says nothing loses it to another after
//! [`Settings::visibility_timeout`]. What is thrown out, expired, rejected or delivered too often is told to
//! the queue's listener with its reason: publish it to another queue there, and you have a dead-letter queue.
//!
//! ```
//! use queuelab::queue::{Queue, Settings, Terms};
//! use std::time::{Duration, Instant};
//!
//! let start = Instant::now();
//! let settings = Settings { delivery_limit: Some(2), ..Settings::default() };
//! let queue = Queue::new(settings, move || start.elapsed().as_nanos() as u64, |lost| println!("{lost:?}"));
//! queue.publish("resize photo 7")?;
//!
//! let mut hand = Vec::new();
//! queue.consume(1, &mut hand);
//! queue.nack(hand[0].tag)?; // The first attempt failed: it takes its old place in line.
//! hand.clear();
//! queue.consume(1, &mut hand);
//! assert!(hand[0].redelivered());
//! queue.ack(hand[0].tag)?;
//! assert!(queue.ack(hand[0].tag).is_err(), "a delivery is settled once");
//! assert!(queue.counts().balanced());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Threads share a queue as it is. Under load batches are several times faster, because a lock that changes
//! processors costs as much as twenty messages; here publishers wait when a thousand are ready, and consumers
//! go home when all is settled:
//!
//! ```
//! use queuelab::queue::{Overflow, Queue, Settings};
//!
//! let settings = Settings { max_length: Some(1_000), overflow: Overflow::Block, wake_room: 500, ..Settings::default() };
//! let queue = Queue::new(settings, || 0, |_| {});
//! std::thread::scope(|scope| {
//!     let consumer = || {
//!         let mut hand = Vec::new();
//!         // Acknowledges what it has at hand and takes up to 16 more.
//!         while queue.ack_and_consume(16, &mut hand).expect("each delivery is settled once") {
//!             // Work on hand[..].body.
//!         }
//!     };
//!     scope.spawn(consumer);
//!     scope.spawn(consumer);
//!     queue.publish_many(0..10_000_u64, &mut Vec::new());
//!     queue.close();
//! });
//! assert_eq!(queue.counts().acked, 10_000);
//! ```
//!
//! Misuse is a typed error that says what to do instead: [`Misuse`] a delivery that is not under way (settled
//! twice, settled too late),
//! [`Refused`] a queue that is full or closed, [`log::LogError`] a folder that is held elsewhere, read-only,
//! full, damaged or of another version.
//!
//! How all this is tested, and what breaking it on purpose turns red: `benches/trust.md`.

mod counts;
mod delivery;
mod durable;
mod line;
pub mod log;
#[cfg(test)]
mod model_test;
mod outbox;
mod partitioned;
mod prefetch;
mod settings;
mod shell;
#[cfg(all(test, shuttle))]
mod shuttle_test;
mod slots;
mod state;
mod sync;
mod timers;
mod topic;

pub use crate::discipline::Deliver;
pub use counts::Counts;
pub use delivery::{Delivery, Loss, Lost, Misuse, PublishError, Refused};
pub use durable::{Confirm, DurableError, DurableQueue, Stored};
pub use partitioned::Partitioned;
pub use prefetch::PrefetchDispatcher;
pub use settings::{Order, Overflow, Settings, Terms};
pub use shell::{Queue, Reservation};
pub use slots::Tag;
pub use state::State;
pub use topic::Topic;
