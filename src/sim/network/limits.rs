//! Groups that take messages at a limited rate, by a token bucket for all their servers or for each.

use super::{Network, NetworkEvent};
use crate::behaviour::{TimeScale, TokenBucket, bucket};
use crate::scenario::{Consumer, LimitScope};
use crate::workload::Blocks;
use std::collections::HashMap;

/// The buckets of one group.
#[derive(Debug, Clone)]
pub(super) struct GroupLimit {
    full: TokenBucket,
    by: LimitScope,
    /// By server, or that of all.
    buckets: HashMap<u32, TokenBucket>,
}

impl GroupLimit {
    pub(super) fn of(consumer: &Consumer, scale: TimeScale) -> Option<Box<Self>> {
        let limit = consumer.rate_limit?;
        let full = bucket(limit, scale);
        Some(Box::new(GroupLimit { full, by: limit.by, buckets: HashMap::new() }))
    }

    fn bucket(&mut self, server: u32) -> &mut TokenBucket {
        let whose = if self.by == LimitScope::Group { 0 } else { server };
        self.buckets.entry(whose).or_insert_with(|| self.full.clone())
    }

    fn free_at(&self, server: u32) -> u64 {
        let whose = if self.by == LimitScope::Group { 0 } else { server };
        self.buckets.get(&whose).unwrap_or(&self.full).free_at()
    }
}

impl<S: Blocks> Network<S> {
    /// From when on a server of a group may take a message.
    fn group_may_take_at(&self, group: u32, server: u32) -> u64 {
        self.groups[group as usize].limit.as_ref().map_or(0, |limit| limit.free_at(server))
    }

    /// The same of a server, busy or not.
    fn has_token_at(&self, server: u32) -> u64 {
        self.group_may_take_at(self.servers[server as usize].group, server)
    }

    /// The idle servers of a queue, one that is not there yet included where they have no end, with the
    /// instants from which on they may take a message: the first that may now, or the one that may soonest.
    fn first_to_take(&self, queue: u32) -> Option<(u64, Option<u32>)> {
        let station = &self.stations[queue as usize];
        let idle = station.idle.iter().map(|server| (self.has_token_at(server), Some(server)));
        let more = station.unlimited.map(|group| (self.group_may_take_at(group, 0), None));
        idle.chain(more).min_by_key(|(at, _)| (*at).max(self.now))
    }

    /// Whether a server may take a message that comes now.
    pub(super) fn has_token(&self, queue: u32) -> bool {
        self.first_to_take(queue).is_some_and(|(at, _)| at <= self.now)
    }

    /// Takes an idle server that may take a message now, with its token, if there is one; else looks again
    /// when one may.
    pub(super) fn server_with_token(&mut self, queue: u32) -> Option<u32> {
        let (at, server) = self.first_to_take(queue)?;
        if at > self.now {
            self.look_for_tokens(queue, at);
            return None;
        }
        let server = match server {
            Some(server) => server,
            None => self.another_server(queue, self.stations[queue as usize].unlimited?),
        };
        self.stations[queue as usize].idle.remove(server);
        self.take_token(server);
        Some(server)
    }

    fn take_token(&mut self, server: u32) {
        let now = self.now;
        let group = self.servers[server as usize].group as usize;
        self.groups[group].limit.iter_mut().for_each(|limit| limit.bucket(server).take(now));
    }

    /// A server of a queue some of whose groups are limited has nothing to do.
    pub(super) fn free_if_it_may(&mut self, server: u32) {
        let queue = self.servers[server as usize].queue;
        if self.has_token_at(server) > self.now {
            self.rest(server);
            return self.take_limited(queue);
        }
        match self.pull(server) {
            Some(slot) => {
                self.take_token(server);
                self.start(server, slot);
            }
            None => self.rest(server),
        }
    }

    /// Idle servers take what waits, as far as they may, and look again when the next may.
    fn take_limited(&mut self, queue: u32) {
        loop {
            let station = &self.stations[queue as usize];
            if station.ready == 0 && station.blocked.is_empty() {
                return;
            }
            let Some(server) = self.server_with_token(queue) else { return };
            match self.pull(server) {
                Some(slot) => self.start(server, slot),
                None => return self.rest(server),
            }
        }
    }

    fn look_for_tokens(&mut self, queue: u32, at: u64) {
        let station = &mut self.stations[queue as usize];
        if station.tokens_at > at {
            station.tokens_at = at;
            self.timer(at, NetworkEvent::Tokens { queue });
        }
    }

    /// Some server may take a message from now on.
    pub(super) fn tokens(&mut self, queue: u32) {
        let station = &mut self.stations[queue as usize];
        if station.tokens_at == self.now {
            station.tokens_at = u64::MAX;
            self.take_limited(queue);
        }
    }
}
