//! When each server will be done.

use crate::sim::days::Days;
use crate::sim::servers::Free;
use crate::workload::Tournament;

/// From so many servers on, what a change costs no longer depends on how many they are.
pub(in crate::sim) const MANY: usize = 1 << 12;

/// An instant for each of some servers, and which of them comes first; of those at one instant the lowest
/// number.
#[derive(Debug, Clone, Default)]
pub(super) struct Ends {
    few: Tournament,
    many: Option<Box<ManyEnds>>,
}

/// The same of many: what no longer holds stays where it is until it would be the first.
#[derive(Debug, Clone)]
struct ManyEnds {
    /// Of each server; `u64::MAX` is never.
    at: Vec<u64>,
    planned: Days<Free>,
    first: Free,
}

/// No server's instant.
const NEVER: Free = Free { at: u64::MAX, server: 0 };

impl Ends {
    /// Makes room for so many servers.
    pub(super) fn grow(&mut self, servers: usize) {
        if let Some(many) = &mut self.many {
            many.at.resize(servers, u64::MAX);
        } else if servers < MANY {
            self.few.grow(servers);
        } else {
            self.many = Some(Box::new(ManyEnds::new(self.few.instants(), servers)));
            self.few = Tournament::default();
        }
    }

    /// A server's instant is another one.
    #[inline(always)]
    pub(super) fn set(&mut self, server: u32, instant: u64) {
        match &mut self.many {
            None => self.few.set(server, instant),
            Some(many) => many.set(server, instant),
        }
    }

    /// A server has none.
    #[inline(always)]
    pub(super) fn clear(&mut self, server: u32) {
        self.set(server, u64::MAX);
    }

    /// The earliest instant; `u64::MAX` if there is none.
    #[inline(always)]
    pub(super) fn first(&self) -> u64 {
        self.many.as_ref().map_or(self.few.first(), |many| many.first.at)
    }

    /// Whose that is.
    #[inline(always)]
    pub(super) fn which(&self) -> u32 {
        self.many.as_ref().map_or(self.few.which(), |many| many.first.server)
    }
}

impl ManyEnds {
    fn new(instants: impl Iterator<Item = u64>, servers: usize) -> Self {
        let mut at: Vec<u64> = instants.collect();
        at.resize(servers, u64::MAX);
        let mut many = ManyEnds { at, planned: Days::default(), first: NEVER };
        many.plan_all();
        many
    }

    fn plan_all(&mut self) {
        self.planned = Days::default();
        for (server, &at) in self.at.iter().enumerate().filter(|(_, at)| **at < u64::MAX) {
            self.planned.plan(Free { at, server: server as u32 });
        }
        self.find_first();
    }

    #[inline(never)]
    fn set(&mut self, server: u32, instant: u64) {
        self.at[server as usize] = instant;
        if instant < u64::MAX {
            self.planned.plan(Free { at: instant, server });
            if self.planned.len() > 4 * self.at.len() {
                return self.plan_all();
            }
        }
        self.find_first();
    }

    /// Passes over what no longer holds.
    #[inline(always)]
    fn find_first(&mut self) {
        while let Some(&first) = self.planned.first() {
            if self.at[first.server as usize] == first.at {
                return self.first = first;
            }
            self.planned.pop();
        }
        self.first = NEVER;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    #[test]
    fn many_are_as_few() {
        let (mut ends, mut few) = (Ends::default(), Tournament::default());
        let key = Key::new(3, 0);
        let mut now = 0;
        for i in 0..60_000_u64 {
            let servers = if i < 5000 { 100 } else { MANY + i as usize / 1000 };
            ends.grow(servers);
            few.grow(servers);
            let bits = key.bits_at(i, 0);
            // Those that are done go on or not; now and then another one's instant changes.
            let server = if bits % 4 < 3 { few.which() } else { ((bits >> 8) % servers as u64) as u32 };
            now = now.max(if few.first() == u64::MAX { 0 } else { few.first() });
            let instant = if (bits >> 4).is_multiple_of(5) { u64::MAX } else { now + (bits >> 40) % 5000 };
            ends.set(server, instant);
            few.set(server, instant);
            if i % 7 == 0 {
                // Nothing holds any more that was planned for some.
                let other = ((bits >> 20) % servers as u64) as u32;
                ends.clear(other);
                few.set(other, u64::MAX);
            }
            assert_eq!(ends.first(), few.first());
            if few.first() < u64::MAX {
                assert_eq!(ends.which(), few.which());
            }
        }
        assert!(ends.many.is_some_and(|many| many.planned.len() > 100));
    }
}
