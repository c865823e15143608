//! Work that is drawn before its message gets there.
//!
//! Where a message's way is sure, what it will bring to each queue on it depends on its position in the plan alone. So it
//! is drawn for a whole block of the plan at once, and no event waits for a logarithm.

use super::arrive::branch;
use super::parts::{GroupKeys, Station};
use crate::rng::Key;
use crate::scenario::{Consumer, Scenario};
use crate::sim::ways::hops;
use crate::workload::laws::Law;

/// Columns that each message carries along, at most.
const MOST: usize = 32;

/// What the messages of a block will bring to one group.
pub struct Ahead {
    service: (Law, Key),
    /// Added to it.
    per_message: Option<(Law, Key)>,
    /// The way that all of them will have come.
    path: u64,
    pub work: Vec<u64>,
}

/// The columns of all queues where that is possible; each of these is told where its first column is, `from` being the first of all.
pub fn columns(scenario: &Scenario, stations: &mut [Station], run: Key, from: usize) -> Vec<Ahead> {
    let hops = hops(scenario, |q| stations[q].plain);
    let mut out = Vec::new();
    for (station, hops) in stations.iter_mut().zip(hops) {
        let Some(hops) = hops.filter(|h| *h > 0 && station.plain && out.len() + station.groups.len() <= MOST) else { continue };
        station.ahead = from + out.len();
        out.extend(station.groups.iter().map(|&g| Ahead::new(&scenario.consumers[g as usize], run, hops)));
    }
    out
}

impl Ahead {
    /// For a group whose messages have all been delivered once in each of so many queues.
    pub fn new(group: &Consumer, run: Key, hops: u32) -> Self {
        let keys = GroupKeys::new(run, &group.name);
        let extra = &group.service_time_per_message;
        Ahead {
            service: (group.service_time.clone(), keys.service),
            per_message: (!extra.is_zero()).then(|| (extra.clone(), keys.per_message)),
            path: (0..hops).fold(0, |path, _| branch(path, 1)),
            work: Vec::new(),
        }
    }

    /// Draws the work of so many messages from a position in the plan on.
    pub fn draw(&mut self, first: u64, rows: usize) {
        self.work.resize(rows, 0);
        let (law, key) = &self.service;
        law.draw_all_at(*key, first, self.path, &mut self.work);
        if let Some((law, key)) = &self.per_message {
            let mut more = vec![0; rows];
            law.draw_all_at(*key, first, self.path, &mut more);
            self.work.iter_mut().zip(more).for_each(|(work, more)| *work = work.saturating_add(more));
        }
    }
}
