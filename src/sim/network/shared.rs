//! Servers that several queues share: which queue a free one takes the next message from.
//!
//! They belong to the first of their queues, where those wait that are idle.

use super::Network;
use crate::behaviour::{Draws, Role};
use crate::message::Recorder;
use crate::rng::Key;
use crate::scenario::Consumer;
use crate::workload::Blocks;

/// The queues of a group that has several.
#[derive(Debug, Clone)]
pub(super) struct SharedQueues {
    queues: Vec<u32>,
    /// Empty if each goes before the next.
    weights: Vec<f64>,
    chance: Key,
    /// How often it was decided by chance.
    asked: u64,
}

impl SharedQueues {
    pub(super) fn of(consumer: &Consumer, draws: Draws) -> Option<Box<Self>> {
        (!consumer.also.is_empty()).then(|| {
            Box::new(SharedQueues {
                queues: consumer.queues().map(|queue| queue as u32).collect(),
                weights: consumer.weights.clone(),
                chance: draws.key(Role::SharedQueue, &consumer.name),
                asked: 0,
            })
        })
    }

    pub(super) fn queues(&self) -> &[u32] {
        &self.queues
    }

    /// The queue that is asked first of those in which somebody waits; `None` if nobody does.
    fn next(&mut self, waits: impl Fn(u32) -> bool) -> Option<u32> {
        let mut there = self.queues.iter().copied().enumerate().filter(|(_, queue)| waits(*queue));
        if self.weights.is_empty() {
            return there.next().map(|(_, queue)| queue);
        }
        let there: Vec<(f64, u32)> = there.map(|(i, queue)| (self.weights[i], queue)).collect();
        let all: f64 = there.iter().map(|(weight, _)| weight).sum();
        self.asked += 1;
        let mut left = self.chance.uniform_at(self.asked, 0) * all;
        let chosen = there.iter().find(|(weight, _)| {
            left -= weight;
            left <= 0.0
        });
        chosen.or(there.last()).map(|(_, queue)| *queue)
    }
}

impl<S: Blocks> Network<S> {
    /// A server of several queues has nothing to do: it takes a message from one of them, or waits.
    pub(super) fn free_for_all(&mut self, server: u32) {
        let group = self.servers[server as usize].group as usize;
        let mut empty: Vec<u32> = Vec::new();
        loop {
            let stations = &self.stations;
            let waits = |queue: u32| {
                let station = &stations[queue as usize];
                (station.ready > 0 || !station.blocked.is_empty()) && !empty.contains(&queue)
            };
            let next = self.groups[group].shared.as_mut().and_then(|shared| shared.next(waits));
            let Some(queue) = next else { return self.rest(server) };
            if let Some(slot) = self.pull_from(queue, 0) {
                return self.start(server, slot);
            }
            empty.push(queue);
        }
    }

    /// The servers of a group begin with what waits in its queues from the start, as soon as all of it is
    /// there.
    pub(super) fn open_shared<R: Recorder>(&mut self, queue: u32, recorder: &mut R) {
        let groups = &self.stations[queue as usize].groups;
        let Some(shared) = groups.first().and_then(|g| self.groups[*g as usize].shared.as_ref()) else {
            return;
        };
        let (home, last) = (shared.queues[0], shared.queues.iter().max() == Some(&queue));
        let backlog = shared.queues.iter().any(|queue| self.backlog[*queue as usize] > 0);
        if !last || !backlog {
            return;
        }
        for server in self.stations[home as usize].servers.clone() {
            if self.servers[server as usize].is_idle() {
                self.stations[home as usize].idle.remove(server);
                self.free(server, recorder);
            }
        }
    }
}
