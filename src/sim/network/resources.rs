//! What servers of several groups need beside themselves while they work: slots, or a share.
//!
//! A free server takes a message only when there is a slot, too. Of the queues where both a server is free
//! and a message waits, the one whose first message came first is next.

use super::Network;
use super::parts::{GroupState, QueueState};
use crate::scenario::{Consumer, Scenario};
use crate::workload::Blocks;

/// What is there of a resource, and who needs it.
#[derive(Debug, Clone)]
pub(super) struct ResourceState {
    capacity: u32,
    /// Slots that nobody has.
    free: u32,
    groups: Vec<u32>,
}

/// Those of a scenario, in its order.
pub(super) fn resources(scenario: &Scenario) -> Vec<ResourceState> {
    let needs = |c: &Consumer, index| c.resource.is_some_and(|needed| needed.index == index);
    let users = |index: usize| (0..).zip(&scenario.consumers).filter(move |(_, c)| needs(c, index));
    let state = |(index, resource): (usize, &crate::scenario::Resource)| ResourceState {
        capacity: resource.capacity,
        free: resource.capacity,
        groups: users(index).map(|(group, _)| group).collect(),
    };
    scenario.resources.iter().enumerate().map(state).collect()
}

impl<S: Blocks> Network<S> {
    /// How fast each user of a resource is, of those who share it.
    pub(super) fn share_of(&self, resource: usize) -> f64 {
        let resource = &self.resources[resource];
        let users: u64 = resource.groups.iter().map(|group| self.groups[*group as usize].busy.level()).sum();
        (f64::from(resource.capacity) / users.max(1) as f64).min(1.0)
    }

    /// The resource of whose slots the servers of a queue need one each.
    fn slots_of(&self, queue: u32) -> Option<u32> {
        let station = &self.stations[queue as usize];
        self.groups[*station.groups.first()? as usize].slot_of
    }

    /// Whether a message that comes now would find a server and a slot, and nobody before it.
    pub(super) fn finds_slot(&self, queue: u32) -> bool {
        let station = &self.stations[queue as usize];
        let free = self.slots_of(queue).is_none_or(|resource| self.resources[resource as usize].free > 0);
        free && station.ready == 0 && has_server(station)
    }

    /// A message waits: it is taken if there is a slot for it.
    pub(super) fn ask_for_slot(&mut self, queue: u32) {
        if let Some(resource) = self.slots_of(queue) {
            self.hand_out(resource);
        }
    }

    /// A server is done and its slot free.
    #[cold]
    pub(super) fn give_slot_back(&mut self, resource: u32) {
        self.resources[resource as usize].free += 1;
    }

    /// Slots go to who has waited longest, as long as there are any.
    pub(super) fn hand_out(&mut self, resource: u32) {
        while self.resources[resource as usize].free > 0 {
            let Some(queue) = self.longest_waiting(resource) else { return };
            let Some(slot) = self.pull_from(queue, 0) else { return };
            let station = &mut self.stations[queue as usize];
            let group = station.unlimited;
            let Some(server) = station.idle.pop().or_else(|| Some(self.another_server(queue, group?))) else {
                return;
            };
            self.resources[resource as usize].free -= 1;
            self.start(server, slot);
        }
    }

    /// The queue, among those of a resource's users that have a free server, whose first message came first.
    fn longest_waiting(&self, resource: u32) -> Option<u32> {
        let queues = self.resources[resource as usize].groups.iter().map(|g| self.groups[*g as usize].queue);
        let first = |queue: u32| {
            let free = has_server(&self.stations[queue as usize]);
            let slot = self.first_in_line(queue).filter(|_| free)?;
            Some((self.jobs[slot].place, queue))
        };
        queues.filter_map(first).min().map(|(_, queue)| queue)
    }

    /// A server has nothing to do, at a queue whose servers need slots.
    pub(super) fn free_for_slot(&mut self, server: u32) {
        let queue = self.servers[server as usize].queue;
        self.rest(server);
        self.ask_for_slot(queue);
    }
}

fn has_server(station: &QueueState) -> bool {
    !station.idle.is_empty() || station.unlimited.is_some()
}

impl GroupState {
    /// Whether its servers' speed depends on the load.
    pub(super) fn is_paced(&self) -> bool {
        self.service_rate.is_some() || self.share_of.is_some()
    }
}
