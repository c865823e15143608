//! A second simulator, slow and plain, written from the reference texts alone: combinations of settings are
//! played by it and by the library, and every instant of every message has to be the same.
//!
//! Nothing is drawn by chance: sends stand in files, work and all delays are constant, and instants are odd
//! numbers of nanoseconds, so that no two things happen at once.

mod cases;
mod finish;
mod happen;
mod more_cases;
mod scene;
mod take;
mod world;

use queuelab::message::{Exit, Record, Recorder};
use queuelab::rng::Key;
use queuelab::scenario::{FileError, Source, parse};
use queuelab::sim::Network;
use scene::Scene;
use std::path::Path;
use world::{Ended, World};

pub(crate) use queuelab::message::Outcome;

/// Stays and ends, as the library tells of them.
#[derive(Default)]
struct Told {
    stays: Vec<Ended>,
    left: Vec<(u64, usize, u64, Outcome)>,
}

impl Recorder for Told {
    fn record(&mut self, r: &Record) {
        self.stays.push(Ended {
            queue: r.queue as usize,
            due: r.message.due,
            producer: r.message.producer as usize,
            sent: r.sent,
            taken: r.taken,
            finished: r.finished,
            group: if r.outcome == Outcome::Served { r.consumer as usize } else { 0 },
            deliveries: r.deliveries,
            outcome: r.outcome,
        });
    }

    fn left(&mut self, e: &Exit) {
        self.left.push((e.message.due, e.message.producer as usize, e.finished, e.outcome));
    }
}

/// What the library does, or why it does not play the case.
fn told(scene: &Scene) -> Result<Told, String> {
    let files = |path: &Path| -> Result<Vec<u8>, FileError> {
        let producer: usize = path.to_string_lossy().parse().map_err(|_| FileError("no such file".into()))?;
        Ok(scene.file(producer).into_bytes())
    };
    let source = Source { name: scene.name.into(), text: scene.toml(), overrides: Vec::new() };
    let scenario = parse(&source, &files).map_err(|problems| problems.render(false))?.scenario;
    let plan = scenario.open_plan(1, 0).map_err(|e| e.to_string())?;
    let mut network = Network::new(&scenario, plan, Key::new(1, 0), None).map_err(|e| e.to_string())?;
    let mut told = Told::default();
    network.advance_before(scene.until, &mut told);
    Ok(told)
}

/// The first differences between the two, of those stays and messages that ended in time.
fn differences(scene: &Scene) -> Vec<String> {
    let told = match told(scene) {
        Ok(told) => told,
        Err(why) => return vec![why],
    };
    let mut world = World::of(scene);
    world.play(scene.until);
    let (mut library, mut slow) = (told.stays, world.ended);
    library.retain(|s| s.finished < scene.until);
    library.sort_unstable();
    slow.sort_unstable();
    let near = |a: u64, b: u64| a.abs_diff(b) <= scene.rounding;
    let same = |a: &Ended, b: &Ended| {
        let alike = Ended { sent: b.sent, taken: b.taken, finished: b.finished, ..*a };
        alike == *b && near(a.sent, b.sent) && near(a.taken, b.taken) && near(a.finished, b.finished)
    };
    let mut found = vec![];
    if library.is_empty() || library.len() != slow.len() {
        found.push(format!("{} stays in the library, {} here", library.len(), slow.len()));
    }
    let pairs = library.iter().zip(&slow).filter(|(a, b)| !same(a, b));
    found.extend(pairs.take(3).map(|(a, b)| format!("library {a:?}\n     here {b:?}")));
    let (mut library, mut slow) = (told.left, world.left);
    library.retain(|s| s.2 < scene.until);
    library.sort_unstable();
    slow.sort_unstable();
    let differs = |(a, b): &(&Departure, &Departure)| (a.0, a.1, a.3) != (b.0, b.1, b.3) || !near(a.2, b.2);
    if library.len() != slow.len() {
        found.push(format!("{} left in the library, {} here", library.len(), slow.len()));
    }
    let pairs = library.iter().zip(&slow).filter(differs);
    found.extend(pairs.take(2).map(|(a, b)| format!("left: library {a:?}, here {b:?}")));
    found
}

/// A message that left: its number, its queue, when, and how.
type Departure = (u64, usize, u64, Outcome);

#[test]
fn the_slow_simulator_agrees_to_the_nanosecond() {
    let all: Vec<Scene> = cases::all();
    assert!(all.len() >= 30);
    let wrong: Vec<String> = all
        .iter()
        .filter_map(|scene| {
            let found = differences(scene);
            (!found.is_empty()).then(|| format!("{}:\n{}\n{}", scene.name, found.join("\n"), scene.toml()))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
