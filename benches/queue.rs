//! The queue core beside the channels that people use, in one run, so that ratios hold on any machine:
//! `cargo bench --bench queue`, or `cargo bench --bench queue -- Durable` for the tables with that word in
//! their title.
//!
//! This kind of machine changes its pace from second to second, so contenders take turns, round after round.
//! The median round of each is shown, the median of its ratios to the first contender in the same round, and
//! in how many rounds the first was no worse. The core numbers, acknowledges and could redeliver every
//! message; channels do none of that, and take one message at a time.

use queuelab::queue::log::{Folder, Log, SEGMENT};
use queuelab::queue::{Overflow, Queue, Settings};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::hint::{black_box, spin_loop};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// Messages of a round.
const MESSAGES: u64 = 1 << 19;
/// Rounds of each contender.
const ROUNDS: usize = 11;
/// Room of every bounded queue.
const ROOM: usize = 1024;
/// Messages handed over at a time, where there is an interface for it.
const BATCH: u64 = 16;

/// A contender: its name and one round of so many messages, which returns the time that it took.
type Contender = (&'static str, Box<dyn Fn() -> Duration>);

fn core(overflow: Overflow, spins: u32) -> Queue<u64> {
    let settings = Settings {
        max_length: Some(ROOM as u64),
        overflow,
        reserve: ROOM,
        spins,
        wake_room: ROOM as u64 / 2,
        ..Settings::default()
    };
    Queue::new(settings, || 0, |_| {})
}

/// The queue that everybody writes first.
#[derive(Default)]
struct Plain {
    ready: Mutex<VecDeque<u64>>,
    arrived: Condvar,
    freed: Condvar,
}

impl Plain {
    fn send(&self, body: u64) {
        let mut ready = self.ready.lock().expect("no thread panics");
        while ready.len() >= ROOM {
            ready = self.freed.wait(ready).expect("no thread panics");
        }
        ready.push_back(body);
        drop(ready);
        self.arrived.notify_one();
    }

    fn receive(&self) -> u64 {
        let mut ready = self.ready.lock().expect("no thread panics");
        loop {
            if let Some(body) = ready.pop_front() {
                drop(ready);
                self.freed.notify_one();
                return body;
            }
            ready = self.arrived.wait(ready).expect("no thread panics");
        }
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Batches of so many messages in and out again on one thread.
fn alone(batch: u64, send: impl Fn(u64), receive: impl Fn() -> u64) -> Duration {
    timed(|| {
        for _ in 0..MESSAGES / batch {
            (0..batch).for_each(&send);
            (0..batch).for_each(|_| {
                black_box(receive());
            });
        }
    })
}

fn core_alone(batch: u64) -> Duration {
    let (queue, mut hand, mut refused) =
        (core(Overflow::RejectPublish, 0), Vec::with_capacity(BATCH as usize), Vec::new());
    timed(|| {
        for _ in 0..MESSAGES / batch {
            if batch == 1 {
                queue.publish(1).expect("there is room");
                queue.try_consume(1, &mut hand);
                queue.ack(hand[0].tag).expect("it is settled once");
                hand.clear();
            } else {
                queue.publish_many(0..batch, &mut refused);
                queue.try_consume(batch as usize, &mut hand);
                queue.ack_many(hand.drain(..).map(|d| d.tag)).expect("each is settled once");
            }
        }
    })
}

fn one_thread(batch: u64) -> Vec<Contender> {
    vec![
        ("core, acknowledged", Box::new(move || core_alone(batch))),
        ("crossbeam-channel", {
            let (s, r) = crossbeam_channel::bounded(ROOM);
            Box::new(move || alone(batch, |m| s.send(m).expect("open"), || r.recv().expect("open")))
        }),
        ("flume", {
            let (s, r) = flume::bounded(ROOM);
            Box::new(move || alone(batch, |m| s.send(m).expect("open"), || r.recv().expect("open")))
        }),
        ("kanal", {
            let (s, r) = kanal::bounded(ROOM);
            Box::new(move || alone(batch, |m| s.send(m).expect("open"), || r.recv().expect("open")))
        }),
        ("std mpsc", {
            let (s, r) = mpsc::sync_channel(ROOM);
            Box::new(move || alone(batch, |m| s.send(m).expect("open"), || r.recv().expect("open")))
        }),
        ("Mutex + Condvar", {
            let plain = Plain::default();
            Box::new(move || alone(batch, |m| plain.send(m), || plain.receive()))
        }),
    ]
}

/// Two senders and two receivers; a receiver ends with a message of zero.
fn pairs(send: impl Fn(u64) + Sync, receive: impl Fn() -> u64 + Sync) -> Duration {
    timed(|| {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| while black_box(receive()) != 0 {});
            }
            let senders: Vec<_> =
                (0..2).map(|_| scope.spawn(|| (1..=MESSAGES / 2).for_each(&send))).collect();
            senders.into_iter().for_each(|s| s.join().expect("a sender does not panic"));
            send(0);
            send(0);
        });
    })
}

fn core_pairs(batch: u64) -> Duration {
    let queue = core(Overflow::Block, Settings::default().spins);
    timed(|| {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut hand = Vec::with_capacity(batch as usize);
                    while queue.ack_and_consume(batch as usize, &mut hand).expect("each is settled once") {}
                });
            }
            let senders = (0..2).map(|_| {
                scope.spawn(|| {
                    for first in (0..MESSAGES / 2).step_by(batch as usize) {
                        queue.publish_many(first..first + batch, &mut Vec::new());
                    }
                })
            });
            let senders: Vec<_> = senders.collect();
            senders.into_iter().for_each(|s| s.join().expect("a sender does not panic"));
            queue.close();
        });
    })
}

fn two_by_two() -> Vec<Contender> {
    vec![
        ("core, batches of 16, acknowledged", Box::new(|| core_pairs(BATCH))),
        ("core, one by one, acknowledged", Box::new(|| core_pairs(1))),
        ("crossbeam-channel", {
            let (s, r) = crossbeam_channel::bounded(ROOM);
            Box::new(move || pairs(|m| s.send(m).expect("open"), || r.recv().expect("open")))
        }),
        ("flume", {
            let (s, r) = flume::bounded(ROOM);
            Box::new(move || pairs(|m| s.send(m).expect("open"), || r.recv().expect("open")))
        }),
        ("kanal", {
            let (s, r) = kanal::bounded(ROOM);
            Box::new(move || pairs(|m| s.send(m).expect("open"), || r.recv().expect("open")))
        }),
        (
            "Mutex + Condvar",
            Box::new(|| {
                let plain = Plain::default();
                pairs(|m| plain.send(m), || plain.receive())
            }),
        ),
    ]
}

/// The median one-way latency of sends 20 µs apart. `receive` returns the instant that was sent, in
/// nanoseconds, or 0 at the end.
fn one_way(send: impl Fn(u64) + Sync, receive: impl Fn() -> u64 + Sync) -> Duration {
    let start = Instant::now();
    let now = || start.elapsed().as_nanos() as u64;
    let (ready, mut all) = (AtomicBool::new(false), Vec::new());
    thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            let mut all = Vec::with_capacity(10_000);
            ready.store(true, Ordering::Release);
            while let sent @ 1.. = receive() {
                all.push(now().saturating_sub(sent));
            }
            all
        });
        while !ready.load(Ordering::Acquire) {
            spin_loop();
        }
        let from = now();
        for i in 1..=10_000 {
            while now() < from + i * 20_000 {
                spin_loop();
            }
            send(now());
        }
        send(0);
        all = receiver.join().expect("the receiver does not panic");
    });
    all.sort_unstable();
    Duration::from_nanos(all[all.len() / 2])
}

fn core_one_way(spins: u32) -> Duration {
    let queue = core(Overflow::RejectPublish, spins);
    let last = AtomicU64::new(0);
    one_way(
        |m| drop(queue.publish(m)),
        || {
            let mut hand = Vec::with_capacity(1);
            queue.consume(1, &mut hand);
            last.store(hand[0].id, Ordering::Relaxed);
            queue.ack(hand[0].tag).expect("it is settled once");
            hand[0].body
        },
    )
}

fn latency() -> Vec<Contender> {
    vec![
        ("core, looking", Box::new(|| core_one_way(u32::MAX))),
        (
            "crossbeam-channel, looking",
            Box::new(|| {
                let (s, r) = crossbeam_channel::bounded(ROOM);
                one_way(
                    |m| s.send(m).expect("open"),
                    || {
                        loop {
                            if let Ok(m) = r.try_recv() {
                                break m;
                            }
                            spin_loop();
                        }
                    },
                )
            }),
        ),
        ("core, parking", Box::new(|| core_one_way(0))),
        ("core, looking a while, then parking", Box::new(|| core_one_way(Settings::default().spins))),
        (
            "crossbeam-channel, parking",
            Box::new(|| {
                let (s, r) = crossbeam_channel::bounded(ROOM);
                one_way(|m| s.send(m).expect("open"), || r.recv().expect("open"))
            }),
        ),
        (
            "flume, parking",
            Box::new(|| {
                let (s, r) = flume::bounded(ROOM);
                one_way(|m| s.send(m).expect("open"), || r.recv().expect("open"))
            }),
        ),
    ]
}

/// Bytes of a message that is made durable.
const BYTES: usize = 100;
/// How long a durable contender works.
const LASTS: Duration = Duration::from_millis(400);

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // A folder that is not there need not go.
    let _gone = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the build folder can be written to");
    folder
}

/// The time that each of many durable writes takes, as if so many were a round.
fn raw(prepared: bool) -> Duration {
    let file = File::create(scratch("raw").join("file")).expect("the build folder can be written to");
    if prepared {
        file.write_all_at(&vec![0; 4 << 20], 0).expect("there is room");
        file.sync_all().expect("the disk works");
    }
    let (start, mut count) = (Instant::now(), 0_u64);
    while start.elapsed() < LASTS {
        file.write_all_at(&[7; BYTES], count * BYTES as u64).expect("there is room");
        file.sync_data().expect("the disk works");
        count += 1;
    }
    start.elapsed().mul_f64(MESSAGES as f64 / count as f64)
}

/// The same through the log, by so many publishers at once.
fn logged(publishers: usize) -> Duration {
    let folder = scratch("log");
    let (log, _) =
        Log::open(Box::new(Folder::open(&folder).expect("it is ours")), SEGMENT).expect("it is empty");
    // The first segment is made before the clock runs.
    log.publish(vec![7; BYTES]).and_then(|(_, at)| log.commit(at)).expect("the disk works");
    let (start, count) = (Instant::now(), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..publishers {
            scope.spawn(|| {
                while start.elapsed() < LASTS {
                    log.publish(vec![7; BYTES]).and_then(|(_, at)| log.commit(at)).expect("the disk works");
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    start.elapsed().mul_f64(MESSAGES as f64 / count.into_inner() as f64)
}

fn durable() -> Vec<Contender> {
    vec![
        ("bare fdatasync on a growing file", Box::new(|| raw(false))),
        ("bare fdatasync on a prepared file", Box::new(|| raw(true))),
        ("log, 1 publisher", Box::new(|| logged(1))),
        ("log, 64 publishers", Box::new(|| logged(64))),
    ]
}

/// The rounds of each contender, taken in turns.
fn rounds(contenders: &[Contender]) -> Vec<Vec<Duration>> {
    let mut rounds = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for (times, (_, round)) in rounds.iter_mut().zip(contenders) {
            times.push(round());
        }
    }
    rounds
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What it takes to send a cache line to another processor and to have it back, in nanoseconds: the least of
/// several goes. A virtual machine's processors may share a core at one time and none at another, and threads
/// that share a queue are as fast as that.
fn round_trip() -> f64 {
    const TRIPS: u64 = 20_000;
    let go = || {
        let ball = AtomicU64::new(0);
        let wait_for = |count: u64| {
            while ball.load(Ordering::Acquire) != count {
                spin_loop();
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| {
                for trip in 0..TRIPS {
                    wait_for(2 * trip + 1);
                    ball.store(2 * trip + 2, Ordering::Release);
                }
            });
            let start = Instant::now();
            for trip in 0..TRIPS {
                ball.store(2 * trip + 1, Ordering::Release);
                wait_for(2 * trip + 2);
            }
            start.elapsed().as_nanos() as f64 / TRIPS as f64
        })
    };
    (0..5).map(|_| go()).fold(f64::INFINITY, f64::min)
}

/// Prints a table, if it is asked for: each contender's figure and how it compares with the first.
fn table(title: &str, unit: &str, contenders: &[Contender], figure: impl Fn(Duration) -> f64) {
    // What cargo itself hands over begins with a dash.
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with('-')).peekable();
    if words.peek().is_some() && !words.any(|word| title.contains(&word)) {
        return;
    }
    let before = round_trip();
    let rounds = rounds(contenders);
    println!("\n{title}  (a cache line there and back: {before:.0} ns before, {:.0} ns after)", round_trip());
    for ((name, _), times) in contenders.iter().zip(&rounds) {
        let value = median(times.iter().map(|&took| figure(took)).collect());
        let ratio = median(
            times.iter().zip(&rounds[0]).map(|(&took, &first)| figure(took) / figure(first)).collect(),
        );
        let no_worse = times.iter().zip(&rounds[0]).filter(|(took, first)| first <= took).count();
        println!(
            "  {name:<40} {value:>10.2} {unit}   {ratio:>6.2} x   first no worse in {no_worse:>2} of {ROUNDS}"
        );
    }
}

fn main() {
    let each = |took: Duration| took.as_nanos() as f64 / MESSAGES as f64;
    table("One thread, one by one: publish, consume, acknowledge", "ns", &one_thread(1), each);
    table("One thread, batches of 16", "ns", &one_thread(BATCH), each);
    table("Two senders, two receivers", "M/s", &two_by_two(), |took| 1e3 / each(took));
    table("Durable when confirmed, 100 bytes each", "k/s", &durable(), |took| 1e6 / each(took));
    table("One way at 50 000 a second, median", "us", &latency(), |took| took.as_nanos() as f64 / 1e3);
}
