//! How many servers the messages of a group need at once.

use crate::behaviour::{Draws, MessageIdentity, Role};
use crate::rng::Key;
use crate::scenario::Consumer;
use std::collections::HashMap;

/// How many servers a group's messages need, and which are at work together.
#[derive(Debug, Clone)]
pub(super) struct SeveralServers {
    /// Numbers of servers with the shares of the messages that need no more than these.
    shares: Vec<(f64, u32)>,
    chance: Key,
    /// The others by the server that works.
    pub with: HashMap<u32, Vec<u32>>,
}

impl SeveralServers {
    pub(super) fn of(consumer: &Consumer, draws: Draws) -> Option<Box<Self>> {
        if !consumer.needs_several() {
            return None;
        }
        let all: f64 = consumer.servers_per_message.iter().map(|needed| needed.weight).sum();
        let shares = consumer.servers_per_message.iter().scan(0.0, |sum, needed| {
            *sum += needed.weight / all;
            Some((*sum, needed.servers))
        });
        let chance = draws.key(Role::ServersNeeded, &consumer.name);
        Some(Box::new(SeveralServers { shares: shares.collect(), chance, with: HashMap::new() }))
    }

    /// How many a message needs: the same at each of its deliveries.
    pub(super) fn needed_by(&self, message: MessageIdentity) -> u32 {
        if let [(_, only)] = self.shares[..] {
            return only;
        }
        let share = self.chance.uniform_at(message.number, message.path);
        let found = self.shares.iter().find(|(sum, _)| share <= *sum).or(self.shares.last());
        found.map_or(1, |(_, servers)| *servers)
    }
}
