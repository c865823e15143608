//! Servers that ask for messages before they can work on them, and are given them in the order in which they
//! asked.
//!
//! As pull consumers of NATS JetStream: a request is for so many messages; requests are served in turn, a
//! message each, and one of which something is left goes behind the others (`waitQueue.pop` of nats-server).
//! The queue does not know who is busy.

use super::Network;
use crate::workload::Blocks;
use std::collections::VecDeque;

/// A server that has more to work on asks once this part of its window is free.
const SHARE: u32 = 8;

/// What servers have asked for and not been given.
#[derive(Debug, Default)]
pub(super) struct Requests {
    line: VecDeque<Request>,
    /// By the server's number: all that it has asked for.
    open: Vec<u32>,
}

/// How many messages of a request are left, and whose it is: the server, which is the queue's `number`th.
#[derive(Debug, Clone, Copy)]
struct Request {
    server: u32,
    number: usize,
    left: u32,
}

impl Requests {
    /// A server, which is the queue's `number`th, asks for so many messages.
    pub(super) fn ask(&mut self, server: u32, number: usize, count: u32) {
        if self.open.len() <= number {
            self.open.resize(number + 1, 0);
        }
        self.open[number] += count;
        self.line.push_back(Request { server, number, left: count });
    }

    /// The server that is given the next message, by the request that has waited longest.
    pub(super) fn next(&mut self) -> Option<u32> {
        let request = self.line.pop_front()?;
        self.open[request.number] -= 1;
        if request.left > 1 {
            self.line.push_back(Request { left: request.left - 1, ..request });
        }
        Some(request.server)
    }

    /// Whether there are any.
    pub(super) fn are_there(&self) -> bool {
        !self.line.is_empty()
    }
}

impl<S: Blocks> Network<S> {
    /// A server is done with a message: it goes on with what it holds, and asks for what it may hold beside
    /// that. What waits meets the requests.
    pub(super) fn free_to_ask(&mut self, server: u32) {
        let queue = self.servers[server as usize].queue;
        let mut works = self.begin_own(server);
        self.ask_for_free(server, works);
        while self.may_deal(queue)
            && let Some(slot) = self.pull(server)
        {
            let Some(to) = self.take_turn(queue) else { break };
            if to == server && !works {
                works = true;
                self.start(server, slot);
            } else {
                self.hand(to, slot);
            }
        }
        if !works {
            self.rest(server);
        }
    }

    /// Asks for what a server may hold beside what it has or has asked for: all of it if it has nothing to
    /// do.
    fn ask_for_free(&mut self, server: u32, works: bool) {
        let s = &self.servers[server as usize];
        let window = self.groups[s.group as usize].prefetch;
        let held = s.buffer.len() as u32 + u32::from(works);
        let number = s.number as usize;
        let Some(requests) = &mut self.stations[s.queue as usize].requests else { return };
        let free = window.saturating_sub(held + requests.open[number]);
        let enough = if works { (window / SHARE).max(1) } else { 1 };
        if free >= enough {
            requests.ask(server, number, free);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two servers ask for two each, then the first one for one: what is left of a request goes behind.
    #[test]
    fn requests_are_served_in_turn() {
        let mut requests = Requests::default();
        requests.ask(7, 0, 2);
        requests.ask(8, 1, 2);
        assert_eq!(requests.next(), Some(7));
        assert_eq!(requests.open, [1, 2]);
        requests.ask(7, 0, 1);
        let rest: Vec<u32> = std::iter::from_fn(|| requests.next()).collect();
        assert_eq!(rest, [8, 7, 7, 8]);
        assert_eq!(requests.open, [0, 0]);
        assert!(!requests.are_there());
    }
}
