//! What is sent and served: once, in order, by all, again when it is given back.

use super::subject::{Subject, one_queue};
use super::trial::{MUST_NOT, TargetTrial, messages, nothing_more, request, serve, serve_the_rest, take};
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{FOREIGN, PublishRequest, Receiver, TroubleKind};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(super) fn all_arrive_once(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "")) else { return };
    trial.publish(0, 0..1_000);
    let served = serve(trial.receiver(0, 0).as_mut(), 1_000);
    assert!(served.iter().all(|delivery| delivery.deliveries == 1));
    let all: BTreeSet<u64> = served.iter().map(|delivery| delivery.message).collect();
    assert_eq!(all.len(), 1_000);
    trial.is_clean(1);
}

pub(super) fn order(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "")) else { return };
    let mut receiver = trial.receiver(0, 0);
    trial.publish(0, 0..1_000);
    assert!(messages(&serve(receiver.as_mut(), 1_000)).is_sorted());
}

pub(super) fn servers_share(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "count = 4")) else { return };
    let (left, all) = (AtomicU64::new(1_000), parking_lot::Mutex::new(Vec::new()));
    let receivers: Vec<_> = (0..4).map(|_| trial.receiver(0, 0)).collect();
    std::thread::scope(|scope| {
        for mut receiver in receivers {
            let (left, all) = (&left, &all);
            scope.spawn(move || {
                let mut served = Vec::new();
                while left.load(Ordering::SeqCst) > 0 {
                    let mut taken = Vec::new();
                    receiver.take(1, Monotonic.now() + 20_000_000, &mut taken);
                    for delivery in taken {
                        std::thread::sleep(Duration::from_micros(200));
                        assert!(receiver.ack(&delivery));
                        left.fetch_sub(1, Ordering::SeqCst);
                        served.push(delivery.message);
                    }
                }
                assert!(!served.is_empty(), "one server got none");
                all.lock().extend(served);
            });
        }
        trial.publish(0, 0..1_000);
    });
    let mut all = all.into_inner();
    all.sort_unstable();
    assert_eq!(all, (0..1_000).collect::<Vec<u64>>());
    trial.is_clean(1);
}

/// Another run comes and goes: it has its own messages and takes away nothing.
pub(super) fn neighbours_stay(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "")) else { return };
    trial.publish(0, 0..3);
    let Some(other) = subject.play(test, &one_queue("", "")) else { return };
    other.publish(0, 10..12);
    assert_eq!(messages(&serve(other.receiver(0, 0).as_mut(), 2)), [10, 11]);
    drop(other);
    assert_eq!(messages(&serve(trial.receiver(0, 0).as_mut(), 3)), [0, 1, 2]);
    trial.is_clean(1);
}

/// A message of somebody else is counted and settled, and no server works on it. The crate's own queue has
/// nobody else.
pub(super) fn foreign(subject: &Subject, test: &str) {
    if subject.name == "in-process" {
        return;
    }
    let Some(trial) = subject.play(test, &one_queue("", "")) else { return };
    let mut receiver = trial.receiver(0, 0);
    trial.publish(0, 0..10);
    trial.publish(0, FOREIGN..FOREIGN + 1);
    trial.publish(0, 10..20);
    assert_eq!(messages(&serve(receiver.as_mut(), 20)), (0..20).collect::<Vec<u64>>());
    nothing_more(receiver.as_mut());
    let told: Vec<TroubleKind> = trial.heard.troubles.lock().iter().map(|t| t.kind.clone()).collect();
    assert_eq!(told, [TroubleKind::Foreign]);
}

pub(super) fn backlog(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("initial_backlog = 200", "")) else { return };
    trial.publish(0, 0..200);
    let mut receiver = trial.receiver(0, 0);
    trial.publish(0, 200..210);
    let mut first = messages(&serve(receiver.as_mut(), 210));
    first.truncate(200);
    assert!(first.iter().all(|&message| message < 200));
}

pub(super) fn verdicts(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "")) else { return };
    trial.publish(0, 0..1_000);
    if subject.is_broker() {
        trial.eventually("all are confirmed", |trial| trial.heard.confirmed.lock().len() >= 1_000);
    }
    serve(trial.receiver(0, 0).as_mut(), 1_000);
    let mut confirmed = trial.heard.confirmed.lock().clone();
    confirmed.sort_unstable();
    let all = if subject.is_broker() { 1_000 } else { 0 };
    assert_eq!(confirmed, (0..all).collect::<Vec<u64>>(), "each is confirmed once");
    assert!(trial.heard.refused.lock().is_empty());
}

pub(super) fn ack_settles(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "count = 2")) else { return };
    trial.publish(0, 0..10);
    serve(trial.receiver(0, 0).as_mut(), 10);
    nothing_more(trial.receiver(0, 0).as_mut());
}

pub(super) fn nack_again(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "failure = 0.1")) else { return };
    trial.publish(0, 0..10);
    let mut receiver = trial.receiver(0, 0);
    let first = take(receiver.as_mut(), 1)[0];
    assert!(receiver.nack(&first, 0));
    let rest = serve(receiver.as_mut(), 10);
    let again = rest.iter().find(|delivery| delivery.message == first.message).expect("it comes again");
    assert_eq!(again.deliveries, 2);
    assert!(rest.iter().all(|delivery| delivery.deliveries == 1 || delivery.message == first.message));
    trial.is_clean(1);
}

pub(super) fn retry_delay(subject: &Subject, test: &str) {
    let queue = one_queue("", "failure = 0.1\nretry_delay = \"300ms\"");
    let Some(trial) = subject.play(test, &queue) else { return };
    trial.publish(0, 0..1);
    let mut receiver = trial.receiver(0, 0);
    let first = take(receiver.as_mut(), 1)[0];
    let from = Instant::now();
    assert!(receiver.nack(&first, 300_000_000));
    let again = serve(receiver.as_mut(), 1)[0];
    assert_eq!(again.deliveries, 2);
    // A scheduler that counts in milliseconds may have begun with the one before.
    assert!(from.elapsed() >= Duration::from_millis(295), "it came after {:?}", from.elapsed());
    trial.is_clean(1);
}

pub(super) fn hidden_time(subject: &Subject, test: &str) {
    let queue = one_queue("visibility_timeout = \"300ms\"", "count = 2");
    let Some(trial) = subject.play(test, &queue) else { return };
    trial.publish(0, 0..1);
    let (mut slow, mut other) = (trial.receiver(0, 0), trial.receiver(0, 0));
    let held = take(slow.as_mut(), 1)[0];
    let again = serve(other.as_mut(), 1)[0];
    assert_eq!((again.message, again.deliveries), (0, 2));
    assert!(!slow.ack(&held), "its time is over");
    trial.is_clean(1);
}

pub(super) fn extended(subject: &Subject, test: &str) {
    let queue = one_queue("visibility_timeout = \"300ms\"", "count = 2");
    let Some(trial) = subject.play(test, &queue) else { return };
    trial.publish(0, 0..1);
    let (mut slow, mut other) = (trial.receiver(0, 0), trial.receiver(0, 0));
    let mut held = take(slow.as_mut(), 1)[0];
    let mut taken = Vec::new();
    for _ in 0..6 {
        other.take(1, Monotonic.now() + 100_000_000, &mut taken);
        assert!(slow.extend(&mut held) && taken.is_empty(), "{taken:?}");
    }
    assert!(slow.ack(&held));
    trial.is_clean(1);
}

pub(super) fn priority(subject: &Subject, test: &str) {
    let more = [1, 2].map(|p| format!("[producers.p{p}]\nto = \"jobs\"\nrate = \"1/s\"\npriority = {p}\n"));
    let text = one_queue("discipline = \"priority\"", "") + &more.concat();
    let Some(trial) = subject.play(test, &text) else { return };
    {
        let mut publisher = trial.publisher();
        for message in 0..30 {
            publisher.publish(0, &PublishRequest { rank: -((message % 3) as i64), ..request(message) });
        }
    }
    if subject.is_broker() {
        trial.eventually("all are confirmed", |trial| trial.heard.confirmed.lock().len() == 30);
    }
    let served = messages(&serve(trial.receiver(0, 0).as_mut(), 30));
    let mut sorted = served.clone();
    sorted.sort_by_key(|message| (2 - message % 3, *message));
    assert_eq!(served, sorted);
}

pub(super) fn prefetch(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "count = 2\nprefetch = 3")) else { return };
    let (mut holder, mut other) = (trial.receiver(0, 0), trial.receiver(0, 1));
    trial.publish(0, 0..2);
    let held = take(holder.as_mut(), 1)[0];
    trial.publish(0, 2..30);
    let served = serve_the_rest(other.as_mut());
    assert!((27..30).contains(&served.len()), "the holder has {} of 30", 30 - served.len());
    assert!(holder.ack(&held));
    serve(holder.as_mut(), 29 - served.len());
    trial.is_clean(1);
}

pub(super) fn batch(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "batch = { max = 10, linger = \"20ms\" }")) else {
        return;
    };
    trial.publish(0, 0..25);
    if subject.is_broker() {
        trial.eventually("all are confirmed", |trial| trial.heard.confirmed.lock().len() == 25);
    }
    let (mut receiver, mut all) = (trial.receiver(0, 0), Vec::new());
    while all.len() < 25 {
        let mut taken = Vec::new();
        assert!(receiver.take(10, u64::MAX, &mut taken));
        let until = Monotonic.now() + 20_000_000;
        while taken.len() < 10 && Monotonic.now() < until {
            receiver.take(10 - taken.len(), until, &mut taken);
        }
        assert!((1..=10).contains(&taken.len()));
        taken.iter().for_each(|delivery| assert!(receiver.ack(delivery)));
        all.extend(taken);
    }
    assert_eq!(messages(&all).into_iter().collect::<BTreeSet<u64>>().len(), 25);
    trial.is_clean(1);
}

pub(super) fn keys_stay(subject: &Subject, test: &str) {
    let text = one_queue("partitions = 4", "count = 4")
        .replace("rate", "keys = { law = \"uniform\", count = 10 }\nrate");
    let Some(trial) = subject.play(test, &text) else { return };
    let mut receivers: Vec<_> = (0..4).map(|part| trial.receiver(0, part)).collect();
    {
        let mut publisher = trial.publisher();
        for message in 0..200 {
            publisher.publish(0, &PublishRequest { part: (message % 10 % 4) as usize, ..request(message) });
        }
    }
    for (part, receiver) in receivers.iter_mut().enumerate() {
        let of_part: Vec<u64> = (0..200).filter(|message| message % 10 % 4 == part as u64).collect();
        assert_eq!(messages(&serve(receiver.as_mut(), of_part.len())), of_part);
    }
    trial.is_clean(1);
}

pub(super) fn topic_copies(subject: &Subject, test: &str) {
    let group = |name: &str| format!("[consumers.of_{name}]\nfrom = \"{name}\"\nservice_time = \"1ms\"\n");
    let text = format!(
        "[producers.p]\nto = \"news\"\nrate = \"100/s\"\n[topics.news]\nsubscriptions = [\"a\", \"b\", \"c\"]\n\
            [queues.a]\n[queues.b]\n[queues.c]\n{}{}{}",
        group("a"),
        group("b"),
        group("c")
    );
    let Some(trial) = subject.play(test, &text) else { return };
    (0..3).for_each(|queue| trial.publish(queue, 100 * queue as u64..100 * queue as u64 + 100));
    for queue in 0..3 {
        let served = serve(trial.receiver(queue, 0).as_mut(), 100);
        assert!(served.iter().all(|delivery| delivery.message / 100 == queue as u64));
    }
    trial.is_clean(3);
}

pub(super) fn servers_come_and_go(subject: &Subject, test: &str) {
    let text = one_queue("", "autoscale = { max = 3, target_backlog = 5 }");
    let Some(trial) = subject.play(test, &text) else { return };
    let (left, all) = (AtomicU64::new(1_000), parking_lot::Mutex::new(Vec::new()));
    let receivers: Vec<_> = (0..3).map(|_| trial.receiver(0, 0)).collect();
    std::thread::scope(|scope| {
        for (number, mut receiver) in receivers.into_iter().enumerate() {
            let (left, all) = (&left, &all);
            scope.spawn(move || {
                for round in 0.. {
                    if left.load(Ordering::SeqCst) == 0 {
                        return;
                    }
                    let mut taken = Vec::new();
                    receiver.take(1, Monotonic.now() + 5_000_000, &mut taken);
                    for delivery in taken {
                        assert!(receiver.ack(&delivery));
                        left.fetch_sub(1, Ordering::SeqCst);
                        all.lock().push(delivery.message);
                    }
                    if number > 0 && round % 20 == 19 {
                        receiver.cancel();
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
            });
        }
        trial.publish(0, 0..1_000);
    });
    let mut all = all.into_inner();
    all.sort_unstable();
    assert_eq!(all, (0..1_000).collect::<Vec<u64>>());
    trial.is_clean(1);
}

/// Takes as long as it takes, and says whether there was something.
fn waits(receiver: &mut dyn Receiver) -> bool {
    receiver.take(1, u64::MAX, &mut Vec::new())
}

/// Has servers wait, lets them go, and looks whether they went.
fn let_go(trial: &TargetTrial, servers: usize, go: impl FnOnce(&TargetTrial)) {
    let receivers: Vec<_> = (0..servers).map(|_| trial.receiver(0, 0)).collect();
    std::thread::scope(|scope| {
        let waiting: Vec<_> =
            receivers.into_iter().map(|mut r| scope.spawn(move || waits(r.as_mut()))).collect();
        std::thread::sleep(Duration::from_nanos(MUST_NOT));
        assert!(waiting.iter().all(|thread| !thread.is_finished()), "nobody has anything to take");
        let from = Instant::now();
        go(trial);
        let more: Vec<bool> = waiting.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        assert!(more.iter().all(|more| !more), "there is nothing more");
        assert!(from.elapsed() < Duration::from_secs(2), "they went after {:?}", from.elapsed());
    });
    assert_eq!(*trial.heard.troubles.lock(), []);
}

pub(super) fn closed_queues_let_go(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "count = 2")) else { return };
    trial.publish(0, 0..10);
    serve(trial.receiver(0, 0).as_mut(), 10);
    let_go(&trial, 2, |trial| trial.target.close(0));
}

pub(super) fn lets_go(subject: &Subject, test: &str) {
    let Some(trial) = subject.play(test, &one_queue("", "count = 8")) else { return };
    let_go(&trial, 8, |trial| trial.target.halt());
}
