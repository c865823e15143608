//! The event calendar: what is to happen, the earliest first.

/// A priority queue of events in a heap of four children a node, which is half as deep as a binary one and
/// reads whole cache lines on its way down.
///
/// Events at one instant come by their order. The most frequent pair, an event that plans its own successor,
/// costs one way down the heap: what was popped leaves a hole at the top that the next event falls into.
#[derive(Debug, Clone)]
pub struct Calendar<E> {
    heap: Vec<Entry<E>>,
    /// Whether the top was popped already.
    hollow: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry<E> {
    at: u64,
    order: u64,
    event: E,
}

impl<E> Entry<E> {
    #[inline(always)]
    fn key(&self) -> u128 {
        ((self.at as u128) << 64) | self.order as u128
    }
}

impl<E: Copy> Default for Calendar<E> {
    fn default() -> Self {
        Calendar { heap: Vec::new(), hollow: false }
    }
}

impl<E: Copy> Calendar<E> {
    /// Entries that wait.
    pub fn len(&self) -> usize {
        self.heap.len() - usize::from(self.hollow)
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Plans an event for an instant; among those at the same, lower orders come first.
    #[inline(always)]
    pub fn plan(&mut self, at: u64, order: u64, event: E) {
        let entry = Entry { at, order, event };
        if self.hollow {
            self.hollow = false;
            self.sink(entry);
        } else {
            self.heap.push(entry);
            self.rise(entry);
        }
    }

    /// When the next event happens; `u64::MAX` if there is none.
    #[inline(always)]
    pub fn next_at(&mut self) -> u64 {
        if self.hollow {
            self.fill();
        }
        self.heap.first().map_or(u64::MAX, |e| e.at)
    }

    /// Takes the next event out.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<(u64, E)> {
        if self.hollow {
            self.fill();
        }
        let top = self.heap.first()?;
        self.hollow = true;
        Some((top.at, top.event))
    }

    /// Closes the hole at the top with the last event.
    fn fill(&mut self) {
        self.hollow = false;
        if let Some(last) = self.heap.pop()
            && !self.heap.is_empty()
        {
            self.sink(last);
        }
    }

    /// Puts an entry where it belongs, from the last position upwards.
    fn rise(&mut self, entry: Entry<E>) {
        let mut at = self.heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 4;
            if self.heap[parent].key() <= entry.key() {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = entry;
    }

    /// Puts an entry where it belongs, from the top downwards.
    fn sink(&mut self, entry: Entry<E>) {
        let heap = self.heap.as_mut_slice();
        let mut at = 0;
        loop {
            let first = 4 * at + 1;
            if first >= heap.len() {
                break;
            }
            let mut least = first;
            for child in first + 1..(first + 4).min(heap.len()) {
                if heap[child].key() < heap[least].key() {
                    least = child;
                }
            }
            if entry.key() <= heap[least].key() {
                break;
            }
            heap[at] = heap[least];
            at = least;
        }
        heap[at] = entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    #[test]
    fn it_equals_a_sorted_list_under_any_mixture_of_calls() {
        let (mut calendar, mut model) = (Calendar::default(), BinaryHeap::new());
        let key = Key::new(5, 0);
        for i in 0..20_000_u64 {
            let bits = key.bits_at(i, 0);
            if bits % 5 < 3 {
                let (at, order) = (bits >> 54, (((bits >> 20) % 4) << 32) | i);
                calendar.plan(at, order, i);
                model.push(Reverse((at, order, i)));
            } else {
                assert_eq!(calendar.pop(), model.pop().map(|Reverse((at, _, event))| (at, event)));
            }
            assert_eq!(calendar.len(), model.len());
            if bits.is_multiple_of(3) {
                assert_eq!(calendar.next_at(), model.peek().map_or(u64::MAX, |Reverse((at, ..))| *at));
            }
        }
        while let Some(Reverse((at, _, event))) = model.pop() {
            assert_eq!(calendar.pop(), Some((at, event)));
        }
        assert!(calendar.pop().is_none() && calendar.is_empty());
    }

    #[test]
    fn a_million_pending_events_are_held() {
        let mut calendar = Calendar::default();
        let key = Key::new(5, 0);
        for i in 0..1_000_000_u64 {
            calendar.plan(key.bits_at(i, 0) >> 20, i, ());
        }
        let mut last = 0;
        for i in 0..1_000_000_u64 {
            let (at, ()) = calendar.pop().expect("as many as were planned");
            assert!(last <= at);
            last = at;
            calendar.plan(at + (key.bits_at(i, 1) >> 20), i, ());
        }
        assert_eq!(calendar.len(), 1_000_000);
    }
}
