//! The log on a disk that fails and forgets: power cuts at any call, lost, torn and reordered writes, full
//! disks, failed syncs, and bytes of any kind.

use super::memory::{Fault, Memory};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What publishers and consumers know.
#[derive(Debug, Default)]
struct Known {
    /// Bodies that were handed to the log, by number.
    attempted: BTreeMap<u64, Vec<u8>>,
    /// Numbers whose commit returned.
    confirmed: Vec<u64>,
    /// Numbers whose settlement was noted, and those of them that were committed.
    settled: Vec<u64>,
    gone: Vec<u64>,
}

/// Plays a script of publishing (0 to 5), lazy settling (6, 7) and flushing (8) until something fails.
fn play(log: &Log, script: &[(u8, u8)], known: &mut Known) -> Result<(), LogError> {
    for &(what, size) in script {
        match what {
            0..6 => {
                let body = vec![size; usize::from(size)];
                let (id, position) = log.publish(body.clone())?;
                known.attempted.insert(id, body);
                if what < 4 {
                    log.commit(position)?;
                    let owed = |id: &&u64| !known.confirmed.contains(id);
                    let durable: Vec<u64> =
                        known.attempted.keys().filter(|i| **i <= id).filter(owed).copied().collect();
                    known.confirmed.extend(durable);
                    known.gone.clone_from(&known.settled);
                }
            }
            6 | 7 => {
                let open: Vec<u64> =
                    known.attempted.keys().filter(|id| !known.settled.contains(id)).copied().collect();
                if let Some(&id) = open.get(usize::from(size) % open.len().max(1)) {
                    known.settled.push(id);
                    log.note(id, Event::Settled)?;
                }
            }
            _ => {
                log.flush()?;
                known.confirmed = known.attempted.keys().copied().collect();
                known.gone.clone_from(&known.settled);
            }
        }
    }
    Ok(())
}

/// Confirmed ⊆ recovered ⊆ attempted, whole, in order, and nothing that is settled for certain.
fn holds(known: &Known, owed: &[Owed]) -> Result<(), TestCaseError> {
    prop_assert!(owed.is_sorted_by_key(|o| o.id), "the order is kept");
    for message in owed {
        prop_assert_eq!(known.attempted.get(&message.id), Some(&message.body), "nothing is invented or torn");
        prop_assert!(!known.gone.contains(&message.id), "{} was settled for certain", message.id);
    }
    for id in known.confirmed.iter().filter(|id| !known.settled.contains(id)) {
        prop_assert!(owed.iter().any(|o| o.id == *id), "{id} was confirmed and is lost: {known:?}");
    }
    Ok(())
}

/// A script with a fault at a call, then recovery, twice over: the second life ends, too.
fn survive(
    script: &[(u8, u8)],
    faults: [Fault; 2],
    at: u64,
    again: u64,
    seed: u64,
) -> Result<(), TestCaseError> {
    let memory = Memory::default();
    let mut known = Known::default();
    memory.0.lock().chance = seed;
    for (at, fault) in [at, again].into_iter().zip(faults) {
        memory.0.lock().fault = Some((at, fault));
        if let Ok((log, owed)) = Log::open(Box::new(memory.clone()), 400) {
            holds(&known, &owed)?;
            // What came back is settled or confirmed from here on; what did not is forgotten.
            known.attempted.retain(|id, _| owed.iter().any(|o| o.id == *id));
            known = Known {
                confirmed: known.attempted.keys().copied().collect(),
                attempted: known.attempted,
                ..Known::default()
            };
            let failed = play(&log, script, &mut known);
            if failed.is_err() {
                prop_assert!(
                    log.publish(vec![1]).is_err() || log.flush().is_err(),
                    "a failed log stays failed"
                );
            }
        }
        memory.0.lock().restart();
    }
    let (_, owed) = Log::open(Box::new(memory), 400).expect("the disk works again");
    holds(&known, &owed)
}

fn cases(most: u32) -> ProptestConfig {
    let asked = std::env::var("CRASH_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(most), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(3_000))]

    /// `CRASH_CASES=100000` makes the long version.
    #[test]
    fn confirmed_messages_survive_power_cuts(
        script in prop::collection::vec((0..9_u8, 0..90_u8), 1..40), at in 1..60_u64, again in 1..60_u64, seed: u64
    ) {
        survive(&script, [Fault::PowerCut; 2], at, again, seed)?;
    }

    #[test]
    fn confirmed_messages_survive_failing_calls(
        script in prop::collection::vec((0..9_u8, 0..90_u8), 1..40), at in 1..60_u64, again in 1..60_u64, seed: u64
    ) {
        survive(&script, [Fault::Error; 2], at, again, seed)?;
    }

    /// What a killed process wrote is read, and must not go after the next one has counted on from it.
    #[test]
    fn confirmed_messages_survive_a_kill_and_then_a_power_cut(
        script in prop::collection::vec((0..9_u8, 0..90_u8), 1..40), at in 1..60_u64, again in 1..60_u64, seed: u64
    ) {
        survive(&script, [Fault::Kill, Fault::PowerCut], at, again, seed)?;
    }

    /// Any bytes: no panic, no more than there is, and a valid prefix of what was written.
    #[test]
    fn bytes_of_any_kind_are_read_as_what_is_whole(
        script in prop::collection::vec((0..9_u8, 0..90_u8), 1..30),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        noise in prop::collection::vec(any::<u8>(), 0..200),
        length in prop::sample::select(vec![400_u64, 10_000]),
    ) {
        let (memory, mut known) = (Memory::default(), Known::default());
        let (log, _) = Log::open(Box::new(memory.clone()), length).expect("nothing fails");
        // What is owed after each step, which is a record or none.
        let mut prefixes = vec![Vec::new()];
        for step in &script {
            play(&log, std::slice::from_ref(step), &mut known).expect("nothing fails");
            prefixes.push(known.attempted.keys().filter(|id| !known.settled.contains(id)).copied().collect());
        }
        log.flush().expect("nothing fails");
        drop(log);
        {
            let mut state = memory.0.lock();
            for (at, byte) in damage {
                let numbers: Vec<u64> = state.files.keys().copied().collect();
                if let Some(&number) = numbers.get(at.index(numbers.len().max(1))) {
                    let file = state.files.get_mut(&number).expect("it is listed");
                    let at = at.index(file.len());
                    file[at] = byte;
                }
            }
            state.files.insert(u64::MAX, noise);
        }
        let found = recover(&memory).expect("the disk can be read");
        prop_assert!(found.owed.is_sorted_by_key(|o| o.id));
        for message in &found.owed {
            prop_assert_eq!(known.attempted.get(&message.id), Some(&message.body));
        }
        if length > 400 {
            let owed: Vec<u64> = found.owed.iter().map(|o| o.id).collect();
            prop_assert!(prefixes.contains(&owed), "nothing behind a torn record is believed: {owed:?} of \
                {prefixes:?}");
        }
    }
}

#[test]
fn every_prefix_of_a_log_is_read_as_that_prefix() {
    let memory = Memory::default();
    let (log, _) = Log::open(Box::new(memory.clone()), 100_000).expect("nothing fails");
    let mut ends = vec![record::SEGMENT_HEAD];
    for n in 0..30_u8 {
        let (id, position) = log.publish(vec![n; usize::from(n)]).expect("nothing fails");
        log.commit(position).expect("nothing fails");
        ends.push(ends[ends.len() - 1] + record::size(&Event::Published(vec![n; usize::from(n)])));
        assert_eq!(id, u64::from(n));
    }
    let whole = memory.0.lock().files[&0].clone();
    for cut in 0..ends[30] {
        let shorter = Memory::default();
        shorter.0.lock().files.insert(0, whole[..cut].to_vec());
        let expected = ends.iter().filter(|&&end| end <= cut).count().saturating_sub(1);
        assert_eq!(recover(&shorter).expect("it can be read").owed.len(), expected, "cut at {cut}");
    }
}

#[test]
fn settled_segments_go_and_the_rest_stays() {
    let memory = Memory::default();
    let (log, _) = Log::open(Box::new(memory.clone()), 400).expect("nothing fails");
    let segments = || memory.0.lock().files.len();
    for n in 0..200 {
        let (id, position) = log.publish(vec![7; 50]).expect("nothing fails");
        log.commit(position).expect("nothing fails");
        // The tenth stays for a while, and comes back now and then.
        if n == 10 {
            log.note(id, Event::Returned(3)).expect("nothing fails");
        } else {
            log.note(id, Event::Settled).expect("nothing fails");
        }
    }
    assert!(
        segments() <= 4,
        "an unsettled message is carried forward and keeps nothing else: {}",
        segments()
    );
    let owed: Vec<_> = recover(&memory)
        .expect("it can be read")
        .owed
        .iter()
        .map(|o| (o.id, o.body.len(), o.deliveries))
        .collect();
    assert!(owed.contains(&(10, 50, 3)), "it is whole, and how often it came back is kept: {owed:?}");
    log.note(10, Event::Settled).expect("nothing fails");
    log.flush().expect("nothing fails");
    assert!(segments() <= 2, "{}", segments());
    drop(log);
    let (log, owed) = Log::open(Box::new(memory.clone()), 400).expect("nothing fails");
    assert!(owed.is_empty());
    assert_eq!(log.publish(vec![]).expect("nothing fails").0, 200, "numbers go on");
}

#[test]
fn many_publishers_share_syncs_and_all_are_confirmed() {
    let memory = Memory::default();
    let (log, _) = Log::open(Box::new(memory.clone()), 4_000).expect("nothing fails");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..100_u8 {
                    let (_, position) = log.publish(vec![n]).expect("nothing fails");
                    log.commit(position).expect("nothing fails");
                }
            });
        }
    });
    memory.0.lock().restart();
    assert_eq!(recover(&memory).expect("it can be read").owed.len(), 800);
}

/// A log of several segments, and what is on its disk.
fn several_segments() -> (Memory, usize) {
    let memory = Memory::default();
    let (log, _) = Log::open(Box::new(memory.clone()), 400).expect("nothing fails");
    for n in 0..40_u8 {
        log.publish(vec![n; 50]).and_then(|(_, position)| log.commit(position)).expect("nothing fails");
    }
    let segments = memory.0.lock().files.len();
    assert!(segments > 3, "{segments}");
    (memory, segments)
}

#[test]
fn damage_before_the_last_segment_is_told_and_nothing_is_thrown_away() {
    let (memory, segments) = several_segments();
    let flip = |segment: u64| {
        memory.0.lock().files.get_mut(&segment).expect("it is there")[record::SEGMENT_HEAD + 40] ^= 1
    };
    flip(1);
    let refused = Log::open(Box::new(memory.clone()), 400).map(|_| ());
    assert!(matches!(refused, Err(LogError::Damaged { segment: 1, missing: 1.., next: 2 })), "{refused:?}");
    assert_eq!(memory.0.lock().files.len(), segments);
    flip(1);
    // The first one's header.
    let header = |byte: u8| memory.0.lock().files.get_mut(&0).expect("it is there")[10] ^= byte;
    header(1);
    let refused = Log::open(Box::new(memory.clone()), 400).map(|_| ());
    assert!(matches!(refused, Err(LogError::Damaged { segment: 0, next: 1, .. })), "{refused:?}");
    assert_eq!(memory.0.lock().files.len(), segments);
    header(1);
    assert_eq!(Log::open(Box::new(memory.clone()), 400).expect("it is whole again").1.len(), 40);
    // The last one may be torn: what is missing there was confirmed to nobody, as far as can be known.
    let last = memory.0.lock().files.keys().copied().max().expect("there are some");
    flip(last);
    assert!(Log::open(Box::new(memory), 400).expect("its end may be torn").1.len() < 40);
}

#[test]
fn a_log_of_another_version_is_told_and_left_alone() {
    let (memory, segments) = several_segments();
    for file in memory.0.lock().files.values_mut() {
        file[7] = b'2';
    }
    let refused = Log::open(Box::new(memory.clone()), 400).map(|_| ());
    assert_eq!(refused, Err(LogError::OtherVersion { segment: 0 }));
    assert_eq!(memory.0.lock().files.len(), segments);
}
