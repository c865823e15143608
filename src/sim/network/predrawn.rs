//! Work that is drawn before its message gets there.
//!
//! Where all messages reach a queue at one depth, what each will bring to it depends on its position in the
//! plan alone. So it is drawn for a whole block of the plan at once, and no event waits for a logarithm.

use super::parts::QueueState;
use crate::behaviour::{Draws, MessageIdentity, WorkPolicy};
use crate::scenario::{Consumer, Scenario};
use crate::sim::depth::depths;

/// Columns that each message carries along, at most.
const MOST: usize = 32;

/// What the messages of a block will bring to one group.
pub(crate) struct PredrawnWork {
    rules: WorkPolicy,
    /// The way that all of them will have come.
    path: u64,
    pub work: Vec<u64>,
}

/// The columns of all queues where that is possible; each of these is told where its first column is, `from`
/// being the first of all.
pub(super) fn columns(
    scenario: &Scenario,
    stations: &mut [QueueState],
    draws: Draws,
    from: usize,
) -> Vec<PredrawnWork> {
    let depths = depths(scenario, |q| stations[q].plain);
    let mut out = Vec::new();
    for (station, depth) in stations.iter_mut().zip(depths) {
        let Some(depth) =
            depth.filter(|d| *d > 0 && station.plain && out.len() + station.groups.len() <= MOST)
        else {
            continue;
        };
        station.ahead = from + out.len();
        out.extend(
            station.groups.iter().map(|&g| PredrawnWork::new(&scenario.consumers[g as usize], draws, depth)),
        );
    }
    out
}

impl PredrawnWork {
    /// For a group whose messages have all been delivered once in each of so many queues.
    pub(crate) fn new(group: &Consumer, draws: Draws, hops: u32) -> Self {
        let way = (0..hops).fold(MessageIdentity::planned(0), |message, _| message.forwarded(1));
        PredrawnWork { rules: WorkPolicy::new(group, draws), path: way.path, work: Vec::new() }
    }

    /// What one message brings, by its position in the plan.
    pub(crate) fn of_one(&self, number: u64) -> u64 {
        let mut work = [0];
        self.rules.fill(MessageIdentity { number, path: self.path }, &mut work);
        work[0]
    }

    /// Draws the work of so many messages from a position in the plan on.
    pub(crate) fn draw(&mut self, first: u64, rows: usize) {
        self.work.resize(rows, 0);
        self.rules.fill(MessageIdentity { number: first, path: self.path }, &mut self.work);
    }

    /// The same into a column of one's own.
    pub(crate) fn draw_into(&self, first: u64, out: &mut [u64]) {
        self.rules.fill(MessageIdentity { number: first, path: self.path }, out);
    }
}
