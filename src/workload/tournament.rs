//! Several clocks, the earliest at hand: when each server will have done its work.

use std::hint::select_unpredictable;

/// An instant for each of some players, and which of them comes first; of those at one instant the lowest
/// number.
///
/// A tree of two children a node over all players, where each node holds the earlier of its children. One
/// that changes walks up, without a branch that depends on the instants; a single player has no way at all.
#[derive(Debug, Clone)]
pub(crate) struct Tournament {
    /// The root is at 1, player n at `width` + n.
    nodes: Vec<TournamentNode>,
    width: usize,
    /// A copy of the root: every event asks for it.
    first: TournamentNode,
}

#[derive(Debug, Clone, Copy)]
struct TournamentNode {
    /// `u64::MAX` is never.
    at: u64,
    player: u64,
}

/// Nobody's instant.
const NEVER: TournamentNode = TournamentNode { at: u64::MAX, player: 0 };

impl TournamentNode {
    /// The earlier of two, of which one is on the other's left.
    #[inline(always)]
    fn or(self, other: TournamentNode, is_left: bool) -> TournamentNode {
        let other_first = (other.at < self.at) | (is_left & (other.at == self.at));
        TournamentNode {
            at: select_unpredictable(other_first, other.at, self.at),
            player: select_unpredictable(other_first, other.player, self.player),
        }
    }
}

impl Default for Tournament {
    fn default() -> Self {
        Tournament { nodes: vec![NEVER; 2], width: 1, first: NEVER }
    }
}

impl Tournament {
    /// Makes room for so many players.
    pub(crate) fn grow(&mut self, players: usize) {
        if players <= self.width {
            return;
        }
        let width = players.next_power_of_two();
        let mut nodes = vec![NEVER; 2 * width];
        nodes[width..width + self.width].copy_from_slice(&self.nodes[self.width..]);
        for node in (1..width).rev() {
            nodes[node] = nodes[2 * node].or(nodes[2 * node + 1], false);
        }
        (self.first, self.nodes, self.width) = (nodes[1], nodes, width);
    }

    /// Each player's instant; `u64::MAX` is never.
    pub(crate) fn instants(&self) -> impl Iterator<Item = u64> {
        self.nodes[self.width..].iter().map(|node| node.at)
    }

    /// A player's instant is another one.
    #[inline(always)]
    pub(crate) fn set(&mut self, player: u32, instant: u64) {
        let (mut node, mut earliest) =
            (self.width + player as usize, TournamentNode { at: instant, player: u64::from(player) });
        let nodes = self.nodes.as_mut_slice();
        nodes[node] = earliest;
        while node > 1 {
            earliest = earliest.or(nodes[node ^ 1], node & 1 == 1);
            node /= 2;
            nodes[node] = earliest;
        }
        self.first = earliest;
    }

    /// The earliest instant; `u64::MAX` if there is none.
    #[inline(always)]
    pub(crate) fn first(&self) -> u64 {
        self.first.at
    }

    /// Whose that is.
    #[inline(always)]
    pub(crate) fn which(&self) -> u32 {
        self.first.player as u32
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
                assert_eq!(
                    clocks.which() as usize,
                    list.iter().position(|at| *at == first).expect("it is one of them")
                );
            }
        }
    }
}
