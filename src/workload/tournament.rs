//! Several clocks, the earliest at hand: when each server will have done its work.

/// An instant for each of some players, and which of them comes first; of those at one instant the lowest number.
///
/// A tree of two children a node over all players, where each node holds the earlier of its children's instants. One that
/// changes walks up, the first is found on a walk down, both without a branch that depends on the instants; a single
/// player has no way at all.
#[derive(Debug, Clone)]
pub struct Tournament {
    /// The root is at 1, player n at `width` + n; `u64::MAX` is never.
    at: Vec<u64>,
    width: usize,
}

impl Default for Tournament {
    fn default() -> Self {
        Tournament { at: vec![u64::MAX; 2], width: 1 }
    }
}

impl Tournament {
    /// Makes room for so many players.
    pub fn grow(&mut self, players: usize) {
        if players <= self.width {
            return;
        }
        let width = players.next_power_of_two();
        let mut at = vec![u64::MAX; 2 * width];
        at[width..width + self.width].copy_from_slice(&self.at[self.width..]);
        for node in (1..width).rev() {
            at[node] = at[2 * node].min(at[2 * node + 1]);
        }
        (self.at, self.width) = (at, width);
    }

    /// A player's instant is another one.
    #[inline(always)]
    pub fn set(&mut self, player: u32, instant: u64) {
        let (mut node, mut earliest) = (self.width + player as usize, instant);
        let at = self.at.as_mut_slice();
        at[node] = earliest;
        while node > 1 {
            earliest = earliest.min(at[node ^ 1]);
            node /= 2;
            at[node] = earliest;
        }
    }

    /// A player has none.
    #[inline(always)]
    pub fn clear(&mut self, player: u32) {
        self.set(player, u64::MAX);
    }

    /// The earliest instant; `u64::MAX` if there is none.
    #[inline(always)]
    pub fn first(&self) -> u64 {
        self.at[1]
    }

    /// Whose that is.
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
        let (mut clocks, mut list) = (Tournament::default(), Vec::new());
        let key = Key::new(1, 0);
        for i in 0..4000_u64 {
            if i % 100 == 0 {
                list.push(u64::MAX);
                clocks.grow(list.len());
            }
            let bits = key.bits_at(i, 0);
            let player = (bits % list.len() as u64) as usize;
            list[player] = if bits >> 62 == 0 { u64::MAX } else { (bits >> 32) % 50 };
            clocks.set(player as u32, list[player]);
            let first = list.iter().copied().min().expect("one player at least");
            assert_eq!(clocks.first(), first);
            if first < u64::MAX {
                assert_eq!(clocks.which() as usize, list.iter().position(|at| *at == first).expect("it is one of them"));
            }
        }
    }
}
