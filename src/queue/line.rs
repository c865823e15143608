//! The ready messages in the order in which they will be delivered.

use super::settings::Order;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

/// Where a ready message lies, and what its place in line follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinePosition {
    pub rank: i64,
    /// Its number in the order of arrival.
    pub turn: u64,
    pub slot: u32,
}

/// A line of waiting messages. Those that come back take the place that they had. Where it is asked for,
/// `turn` tells a slot's number in the order of arrival.
#[derive(Debug, Clone)]
pub(super) enum WaitingLine {
    Fifo(FifoLine),
    /// By rank, then by turn; ranks of a last-in-first-out line fall as turns rise.
    Ranked {
        places: BTreeMap<(i64, u64), u32>,
        lifo: bool,
    },
}

/// First in, first out: what is new goes behind, what comes back stands before it by turn.
#[derive(Debug, Clone, Default)]
pub(super) struct FifoLine {
    /// The first of the new ones, where it came into an empty line: it need not be looked for elsewhere.
    front: Option<u32>,
    /// Slots alone: their turns are looked up only while something has come back.
    fresh: VecDeque<u32>,
    returned: BinaryHeap<Reverse<(u64, u32)>>,
}

impl WaitingLine {
    pub(super) fn new(order: Order, reserve: usize) -> Self {
        match order {
            Order::Fifo => {
                WaitingLine::Fifo(FifoLine { fresh: VecDeque::with_capacity(reserve), ..FifoLine::default() })
            }
            Order::Lifo | Order::Ranked => {
                WaitingLine::Ranked { places: BTreeMap::new(), lifo: order == Order::Lifo }
            }
        }
    }

    /// A message whose turn is after all others'.
    #[inline]
    pub(super) fn push(&mut self, place: LinePosition) {
        match self {
            WaitingLine::Fifo(lane) => lane.push(place.slot),
            WaitingLine::Ranked { .. } => self.put_back(place),
        }
    }

    /// A message that has been in line before.
    #[inline(never)]
    pub(super) fn put_back(&mut self, place: LinePosition) {
        match self {
            WaitingLine::Fifo(lane) => lane.returned.push(Reverse((place.turn, place.slot))),
            WaitingLine::Ranked { places, lifo } => {
                let rank = if *lifo { -(place.turn as i64) } else { place.rank };
                places.insert((rank, place.turn), place.slot);
            }
        }
    }

    /// The slot of the next message.
    #[inline]
    pub(super) fn first(&self, turn: impl Fn(u32) -> u64) -> Option<u32> {
        match self {
            WaitingLine::Fifo(lane) => lane.first(turn),
            WaitingLine::Ranked { places, .. } => places.first_key_value().map(|(_, &slot)| slot),
        }
    }

    #[inline]
    pub(super) fn pop(&mut self, turn: impl Fn(u32) -> u64) -> Option<u32> {
        match self {
            WaitingLine::Fifo(lane) if lane.returned.is_empty() => lane.pop_new(),
            _ => self.pop_among(turn),
        }
    }

    /// Takes the next out where more than its coming decides which it is.
    #[inline(never)]
    fn pop_among(&mut self, turn: impl Fn(u32) -> u64) -> Option<u32> {
        match self {
            WaitingLine::Fifo(lane) => lane.pop(turn),
            WaitingLine::Ranked { places, .. } => places.pop_first().map(|(_, slot)| slot),
        }
    }

    /// Takes out the message whose turn came first; a search through the whole line where that is not its
    /// order.
    pub(super) fn pop_oldest(&mut self, turn: impl Fn(u32) -> u64) -> Option<u32> {
        match self {
            WaitingLine::Fifo(lane) => lane.pop(turn),
            WaitingLine::Ranked { places, lifo: true } => places.pop_last().map(|(_, slot)| slot),
            WaitingLine::Ranked { places, lifo: false } => {
                let &oldest = places.keys().min_by_key(|(_, turn)| *turn)?;
                places.remove(&oldest)
            }
        }
    }
}

impl FifoLine {
    #[inline]
    fn push(&mut self, slot: u32) {
        if self.front.is_none() && self.fresh.is_empty() {
            self.front = Some(slot);
        } else {
            self.fresh.push_back(slot);
        }
    }

    #[inline]
    fn pop_new(&mut self) -> Option<u32> {
        self.front.take().or_else(|| self.fresh.pop_front())
    }

    fn first_new(&self) -> Option<u32> {
        self.front.or_else(|| self.fresh.front().copied())
    }

    fn first(&self, turn: impl Fn(u32) -> u64) -> Option<u32> {
        let new = self.first_new();
        match self.returned.peek() {
            Some(&Reverse((came, old))) => Some(new.filter(|&slot| turn(slot) < came).unwrap_or(old)),
            None => new,
        }
    }

    fn pop(&mut self, turn: impl Fn(u32) -> u64) -> Option<u32> {
        let first = self.first(turn)?;
        if self.first_new() == Some(first) {
            self.pop_new();
        } else {
            self.returned.pop();
        }
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(order: Order, back: &[u64]) -> Vec<u32> {
        let place = |id: u64| LinePosition { rank: [3, 1, 2, 1][id as usize], turn: id, slot: id as u32 };
        let mut line = WaitingLine::new(order, 4);
        (0..4).map(place).for_each(|p| line.push(p));
        let taken: Vec<u32> = (0..back.len()).filter_map(|_| line.pop(u64::from)).collect();
        assert_eq!(taken.len(), back.len());
        back.iter().for_each(|&id| line.put_back(place(id)));
        assert_eq!(line.first(u64::from), line.clone().pop(u64::from));
        std::iter::from_fn(|| line.pop(u64::from)).collect()
    }

    #[test]
    fn what_comes_back_takes_its_old_place() {
        assert_eq!(drained(Order::Fifo, &[1, 0]), [0, 1, 2, 3]);
        assert_eq!(drained(Order::Lifo, &[2, 3]), [3, 2, 1, 0]);
        assert_eq!(drained(Order::Ranked, &[3, 1]), [1, 3, 2, 0]);
    }

    #[test]
    fn the_oldest_is_found_in_any_order() {
        for order in [Order::Fifo, Order::Lifo, Order::Ranked] {
            let mut line = WaitingLine::new(order, 0);
            (0..3).for_each(|id| line.push(LinePosition { rank: -(id as i64), turn: id, slot: id as u32 }));
            assert_eq!(line.pop_oldest(u64::from), Some(0), "{order:?}");
        }
    }
}
