//! The end of a service.

use super::Outcome;
use super::world::{Event, State, World};

impl World<'_> {
    pub(super) fn finish(&mut self, server: usize) {
        let Some(job) = self.servers[server].job.take() else { return };
        let group = self.group_of(server).clone();
        if group.transit > 0 {
            self.servers[server].acknowledging += 1;
            self.at(self.now + group.transit, Event::Acknowledged(server));
        }
        self.rests(server);
        for (stay, delivery) in job.stays {
            let current = self.stays[stay].state == State::With { server };
            let in_time = current && self.stays[stay].deliveries == delivery;
            let message = self.stays[stay].message;
            let fails = group.fails || self.scene.producers[self.messages[message].producer].poison;
            if in_time {
                self.stays[stay].worked += self.now - job.since;
                self.stays[stay].left = None;
                if fails {
                    self.failed(server, stay);
                    continue;
                }
            } else if fails || !self.counts_late(stay, delivery) {
                continue;
            } else {
                self.works_no_more(stay);
                self.stays[stay].state = State::With { server };
            }
            self.ends(stay, Outcome::Served);
            match group.to {
                Some(to) => self.arrives(message, to, Some(server)),
                None => self.leaves(message, Outcome::Served),
            }
        }
    }

    /// Whether the acknowledgement of a delivery is worth something although its time was over.
    fn counts_late(&self, stay: usize, delivery: u32) -> bool {
        let this = &self.stays[stay];
        let waits = matches!(this.state, State::Waits { .. });
        match self.scene.queues[this.queue].late {
            "accepted" => waits || matches!(this.state, State::With { .. }),
            "until-redelivered" => waits && this.deliveries == delivery,
            _ => false,
        }
    }

    /// Whoever works on a message has worked on it until now as far as its queue is concerned.
    pub(super) fn works_no_more(&mut self, stay: usize) {
        let State::With { server } = self.stays[stay].state else { return };
        let its = |j: &&super::world::Job| j.stays.contains(&(stay, self.stays[stay].deliveries));
        if let Some(job) = self.servers[server].job.as_ref().filter(its) {
            self.stays[stay].worked += self.now - job.since;
        }
    }

    fn failed(&mut self, server: usize, stay: usize) {
        let group = self.group_of(server).clone();
        if group.auto {
            self.ends(stay, Outcome::Dropped);
            return;
        }
        let (min, max) = group.retry.unwrap_or((0, 0));
        let doublings = (self.stays[stay].deliveries - 1).min(40);
        let from = self.now + (min << doublings).min(max);
        let limit = self.scene.queues[self.stays[stay].queue].limit;
        if group.blocking && limit.is_none_or(|most| self.stays[stay].deliveries < most) {
            self.servers[server].keeps = Some((from, stay));
            self.at(from, Event::Wake);
            return;
        }
        self.comes_back(stay, from);
    }
}
