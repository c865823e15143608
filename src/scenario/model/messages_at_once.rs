//! How many messages a group's servers work on at once, where a message has several of them.

use super::{Consumer, ServersNeeded};

impl Consumer {
    /// Whether some messages need more than one server.
    pub fn needs_several(&self) -> bool {
        self.servers_per_message.iter().any(|needed| needed.servers > 1)
    }

    /// The fewest and the most servers that a message needs.
    pub fn range_needed(&self) -> (u32, u32) {
        let each = || self.servers_per_message.iter().map(|needed| needed.servers);
        (each().min().unwrap_or(1), each().max().unwrap_or(1))
    }

    /// Servers that a message needs on average.
    pub fn mean_needed(&self) -> f64 {
        let all: f64 = self.servers_per_message.iter().map(|needed| needed.weight).sum();
        let servers = |needed: &ServersNeeded| needed.weight * f64::from(needed.servers);
        if all > 0.0 { self.servers_per_message.iter().map(servers).sum::<f64>() / all } else { 1.0 }
    }

    /// Messages that so many servers work on at once, if that is the same whichever they are.
    pub fn messages_at_once(&self, servers: u32) -> Option<u32> {
        let (fewest, most) = self.range_needed();
        (servers / fewest == servers / most).then_some(servers / most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::laws::Law;

    #[test]
    fn what_messages_need_decides_how_many_there_are_at_once() {
        let mut group = Consumer::group("workers", 0, 7, Law::exponential(1.0));
        assert_eq!(
            (group.needs_several(), group.mean_needed(), group.messages_at_once(7)),
            (false, 1.0, Some(7))
        );
        let needed = |servers, weight| ServersNeeded { servers, weight };
        group.servers_per_message = vec![needed(3, 1.0)];
        assert_eq!(
            (group.mean_needed(), group.messages_at_once(7), group.messages_at_once(2)),
            (3.0, Some(2), Some(0))
        );
        group.servers_per_message.push(needed(1, 3.0));
        assert_eq!(
            (group.mean_needed(), group.messages_at_once(7), group.range_needed()),
            (1.5, None, (1, 3))
        );
        // Whatever comes, more than half of the servers are taken.
        group.servers_per_message = vec![needed(4, 1.0), needed(7, 1.0)];
        assert_eq!((group.messages_at_once(7), group.mean_needed()), (Some(1), 5.5));
    }
}
