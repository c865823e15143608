//! When each server will be done: a tournament, in which the earliest is at hand.

/// The instants at which servers end their work; of those at one instant the lowest number comes first.
///
/// A tree of two children a node over all servers, where each node holds the earlier of its children's instants. One that
/// changes walks up, the first is found on a walk down, both without a branch that depends on the instants; a single
/// server has no way at all. What no longer holds is taken out, so that nothing stale ever comes up.
#[derive(Debug, Clone)]
pub struct Ends {
    /// The root is at 1, server n at `width` + n; `u64::MAX` is never.
    at: Vec<u64>,
    width: usize,
}

impl Default for Ends {
    fn default() -> Self {
        Ends { at: vec![u64::MAX; 2], width: 1 }
    }
}

impl Ends {
    /// Makes room for so many servers.
    pub fn grow(&mut self, servers: usize) {
        if servers <= self.width {
            return;
        }
        let width = servers.next_power_of_two();
        let mut at = vec![u64::MAX; 2 * width];
        at[width..width + self.width].copy_from_slice(&self.at[self.width..]);
        for node in (1..width).rev() {
            at[node] = at[2 * node].min(at[2 * node + 1]);
        }
        (self.at, self.width) = (at, width);
    }

    /// A server will be done at an instant.
    #[inline(always)]
    pub fn set(&mut self, server: u32, instant: u64) {
        let mut node = self.width + server as usize;
        self.at[node] = instant;
        while node > 1 {
            let earlier = self.at[node].min(self.at[node ^ 1]);
            node /= 2;
            self.at[node] = earlier;
        }
    }

    /// A server does not work, or breaks off what it does.
    #[inline(always)]
    pub fn clear(&mut self, server: u32) {
        self.set(server, u64::MAX);
    }

    /// When the first is done; `u64::MAX` if none works.
    #[inline(always)]
    pub fn first(&self) -> u64 {
        self.at[1]
    }

    /// Which server that is.
    #[inline(always)]
    pub fn which(&self) -> u32 {
        let (first, mut node) = (self.at[1], 1);
        while node < self.width {
            node *= 2;
            node += usize::from(self.at[node] != first);
        }
        (node - self.width) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    #[test]
    fn the_first_is_that_of_a_list() {
        let (mut ends, mut list) = (Ends::default(), Vec::new());
        let key = Key::new(1, 0);
        for i in 0..4000_u64 {
            if i % 100 == 0 {
                list.push(u64::MAX);
                ends.grow(list.len());
            }
            let bits = key.bits_at(i, 0);
            let server = (bits % list.len() as u64) as usize;
            list[server] = if bits >> 62 == 0 { u64::MAX } else { (bits >> 32) % 50 };
            ends.set(server as u32, list[server]);
            let first = list.iter().copied().min().expect("one server at least");
            assert_eq!(ends.first(), first);
            if first < u64::MAX {
                assert_eq!(ends.which() as usize, list.iter().position(|at| *at == first).expect("it is one of them"));
            }
        }
    }
}
