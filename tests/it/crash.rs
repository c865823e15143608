//! A process that is killed while it publishes: what it had confirmed is there when the queue is opened
//! again.
//!
//! `KILLS=300 cargo test --test it crash -- --nocapture` is the long version.

use queuelab::queue::log::LogError;
use queuelab::queue::{Confirm, DurableQueue, Settings};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Tells a copy of this program that it is the one to be killed, and in which folder.
const VICTIM: &str = "QUEUELAB_CRASH_FOLDER";

fn open(folder: &Path) -> DurableQueue {
    DurableQueue::open(folder, Settings::default(), || 0).expect("the folder is ours")
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // A folder that is not there need not go.
    let _gone = std::fs::remove_dir_all(&folder);
    folder
}

/// Not a test of its own: publishes without end, two threads at once, and tells each number on its output
/// once it is confirmed. Every third message is consumed and settled, and its number told beforehand.
#[test]
fn victim() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let queue = open(Path::new(&folder));
    let first = u64::from(std::process::id()) << 32;
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let queue = &queue;
            scope.spawn(move || {
                let mut out = std::io::stdout();
                for n in (first + thread..).step_by(2) {
                    queue.publish(&n.to_le_bytes(), Confirm::Durable).expect("the disk works");
                    writeln!(out, "confirmed {n}").expect("somebody listens");
                    if n % 3 == 0 {
                        let mut hand = Vec::new();
                        queue.member_of(0).try_consume(1, &mut hand);
                        for delivery in &hand {
                            writeln!(out, "settled {}", number(&delivery.body.bytes))
                                .expect("somebody listens");
                            queue.ack(delivery).expect("it is settled once");
                        }
                    }
                }
            });
        }
    });
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("every message is a number"))
}

#[test]
fn confirmed_messages_survive_kills() {
    let kills = std::env::var("KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let folder = folder("kills");
    let (mut confirmed, mut settled) = (BTreeSet::new(), BTreeSet::new());
    for kill in 0..kills {
        let mut victim = Command::new(std::env::current_exe().expect("this program has a file"))
            .args(["crash::victim", "--exact", "--nocapture"])
            .env(VICTIM, &folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a copy of this program starts");
        let told = BufReader::new(victim.stdout.take().expect("its output is a pipe"));
        let (sender, first) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            let lines = told.lines().map_while(Result::ok).inspect(|line| {
                if line.starts_with("confirmed") {
                    // Only the first is waited for.
                    let _heard = sender.send(());
                }
            });
            lines.collect::<Vec<_>>()
        });
        // At another instant of its life each time, now and then while it is starting.
        if kill % 4 != 3 {
            first.recv_timeout(Duration::from_secs(60)).expect("a victim confirms something within a minute");
        }
        std::thread::sleep(Duration::from_millis(20 + (kill * 37) % 90));
        victim.kill().expect("it is ours");
        victim.wait().expect("it is ours");
        for line in reader.join().expect("the reader does not panic") {
            let mut words = line.split_whitespace();
            match (words.next(), words.next().and_then(|n| n.parse::<u64>().ok())) {
                (Some("confirmed"), Some(n)) => drop(confirmed.insert(n)),
                (Some("settled"), Some(n)) => drop(settled.insert(n)),
                _ => {}
            }
        }
        let queue = open(&folder);
        let mut hand = Vec::new();
        queue.member_of(0).try_consume(usize::MAX, &mut hand);
        let owed: BTreeSet<u64> = hand.iter().map(|d| number(&d.body.bytes)).collect();
        assert_eq!(owed.len(), hand.len(), "nothing is there twice");
        let lost: Vec<_> = confirmed.difference(&settled).filter(|n| !owed.contains(n)).collect();
        assert!(lost.is_empty(), "kill {kill}: confirmed and lost: {lost:?}");
        // The last number of each thread may be there unconfirmed; nothing else.
        let unknown = owed.difference(&confirmed).filter(|n| !settled.contains(n)).count();
        assert!(unknown <= 2 * (kill as usize + 1), "kill {kill}: {unknown} messages that nobody confirmed");
    }
    println!("{kills} kills: {} messages confirmed, {} of them settled", confirmed.len(), settled.len());
    assert!(confirmed.len() > 10, "the victims did something: {}", confirmed.len());
}

#[test]
fn a_folder_belongs_to_one_queue_at_a_time() {
    let folder = folder("lock");
    let queue = open(&folder);
    let second = DurableQueue::open(&folder, Settings::default(), || 0).map(|_| ());
    assert!(matches!(second, Err(LogError::InUse { .. })), "{second:?}");
    drop(queue);
    assert!(DurableQueue::open(&folder, Settings::default(), || 0).is_ok());
}
