//! The squares of a queue's levels over time: what their standard deviation comes from, exactly.

use super::Network;
use super::parts::QueueState;
use crate::scenario::Scenario;
use crate::workload::Blocks;

/// Of the queues whose levels' standard deviation somebody asks for. Until a sleeping server is awake its
/// message waits, which levels do not show: there it is not known.
pub(super) fn squares(scenario: &Scenario) -> Vec<LevelSquares> {
    let ideal = scenario.simulation.overheads.delivers_at_once();
    let asked = |queue: &usize| ideal && scenario.asks_spread(&scenario.queues[*queue]);
    (0..scenario.queues.len()).filter(asked).map(LevelSquares::of).collect()
}

/// The levels of one queue since the last thing that happened, and the integrals of their squares until then.
#[derive(Debug, Clone)]
pub(super) struct LevelSquares {
    queue: usize,
    since: u64,
    levels: [u64; 3],
    areas: [u128; 3],
}

impl LevelSquares {
    fn of(queue: usize) -> Self {
        LevelSquares { queue, since: 0, levels: [0; 3], areas: [0; 3] }
    }

    /// The integrals at an instant until which nothing has changed.
    fn at(&self, now: u64) -> [u128; 3] {
        let lasted = u128::from(now - self.since);
        let area = |i: usize| self.areas[i] + u128::from(self.levels[i]).pow(2) * lasted;
        [area(0), area(1), area(2)]
    }

    fn change(&mut self, now: u64, levels: [u64; 3]) {
        if levels != self.levels {
            (self.areas, self.since, self.levels) = (self.at(now), now, levels);
        }
    }
}

/// Messages that wait, all that are there, and senders that wait for room.
fn levels(station: &QueueState) -> [u64; 3] {
    let waiting = station.waiting.level();
    [waiting, waiting + station.serving.level(), station.held_up.level()]
}

impl<S: Blocks> Network<S> {
    /// Something has happened, before which levels were as they were told last.
    pub(super) fn keep_squares(&mut self) {
        for squares in &mut self.squares {
            squares.change(self.now, levels(&self.stations[squares.queue]));
        }
    }

    /// The integrals of a queue so far, if anybody asks.
    pub(super) fn squares_of(&self, queue: usize) -> Option<[u128; 3]> {
        self.squares.iter().find(|squares| squares.queue == queue).map(|squares| squares.at(self.now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_integrated_as_levels_change() {
        let mut squares = LevelSquares::of(0);
        squares.change(10, [2, 3, 0]);
        squares.change(15, [2, 3, 0]);
        squares.change(20, [0, 1, 1]);
        // 2² and 3² for 10, then 0, 1 and 1 for 5.
        assert_eq!(squares.at(25), [40, 95, 5]);
    }
}
