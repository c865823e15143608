//! The servers of a queue that wait for work.

use std::collections::VecDeque;

/// Idle servers, the one that has been idle longest first; of those since one instant, the lowest number.
#[derive(Debug, Clone, Default)]
pub(super) struct Idle {
    /// Since when, and which: ascending.
    line: VecDeque<(u64, u32)>,
}

impl Idle {
    /// A server is idle from now on, which is not before any other became so.
    #[inline(always)]
    pub(super) fn push(&mut self, now: u64, server: u32) {
        if self.line.back().is_none_or(|last| last.0 < now) {
            self.line.push_back((now, server));
        } else {
            self.push_among(now, server);
        }
    }

    /// The same where others became idle at the same instant.
    #[cold]
    fn push_among(&mut self, now: u64, server: u32) {
        let later = self.line.iter().rev().take_while(|other| **other > (now, server)).count();
        self.line.insert(self.line.len() - later, (now, server));
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<u32> {
        self.line.pop_front().map(|(_, server)| server)
    }

    /// All of them, the one that is taken next first.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.line.iter().map(|(_, server)| *server)
    }

    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// A server has something else to do.
    pub(super) fn remove(&mut self, server: u32) {
        if self.line.front().is_some_and(|(_, first)| *first == server) {
            self.line.pop_front();
        } else {
            self.line.retain(|(_, other)| *other != server);
        }
    }
}
