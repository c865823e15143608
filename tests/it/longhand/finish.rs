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
            if !current || self.stays[stay].deliveries != delivery {
                continue;
            }
            self.stays[stay].worked += self.now - job.since;
            self.stays[stay].left = None;
            let message = self.stays[stay].message;
            if group.fails || self.scene.producers[self.messages[message].producer].poison {
                self.failed(server, stay);
                continue;
            }
            self.ends(stay, Outcome::Served);
            match group.to {
                Some(to) => self.arrives(message, to, Some(server)),
                None => self.leaves(message, Outcome::Served),
            }
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
