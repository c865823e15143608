//! The event calendar: what is to happen, the earliest first.

/// A priority queue of events in a heap of four children a node, which is half as deep as a binary one and
/// reads whole cache lines on its way down.
///
/// Events at one instant come by their order. The most frequent pair, an event that plans its own successor,
/// costs one way down the heap: what was popped leaves a hole at the top that the next event falls into.
///
/// Of very many only the nearest are in the heap, which stays as small as the nearest cache. The others lie
/// unsorted by the highest bit in which their instant differs from an origin before them all, and are split
/// further when their time comes (a radix heap: Ahuja, Mehlhorn, Orlin & Tarjan 1990).
#[derive(Debug, Clone)]
pub struct Calendar<E> {
    heap: Vec<Entry<E>>,
    /// Whether the top was popped already.
    hollow: bool,
    /// What happens from here on is not in the heap.
    horizon: u64,
    /// So many at most are in the heap.
    most: usize,
    /// No later than anything beyond the horizon.
    origin: u64,
    /// What lies beyond the horizon, by how many bits differ from the origin; and how many these are.
    distant: Vec<Vec<Entry<E>>>,
    beyond: usize,
}

/// More than this are not all kept in the heap.
const MANY: usize = 4096;
/// As many as this come into the heap together.
const FEW: usize = 256;

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
        Calendar {
            heap: Vec::new(),
            hollow: false,
            horizon: u64::MAX,
            most: MANY,
            origin: 0,
            distant: Vec::new(),
            beyond: 0,
        }
    }
}

impl<E: Copy> Calendar<E> {
    /// Entries that wait.
    pub fn len(&self) -> usize {
        self.heap.len() - usize::from(self.hollow) + self.beyond
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Plans an event for an instant; among those at the same, lower orders come first.
    #[inline(always)]
    pub fn plan(&mut self, at: u64, order: u64, event: E) {
        let entry = Entry { at, order, event };
        if at >= self.horizon {
            self.put_off(entry);
        } else if self.hollow {
            self.hollow = false;
            self.sink(entry);
        } else {
            self.heap.push(entry);
            self.rise(entry);
            if self.heap.len() > self.most {
                self.thin_out();
            }
        }
    }

    /// When the next event happens; `u64::MAX` if there is none.
    #[inline(always)]
    pub fn next_at(&mut self) -> u64 {
        if self.hollow {
            self.fill();
        }
        if self.heap.is_empty() && self.beyond > 0 {
            self.come_near();
        }
        self.heap.first().map_or(u64::MAX, |e| e.at)
    }

    /// Takes the next event out.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<(u64, E)> {
        if self.hollow {
            self.fill();
        }
        if self.heap.is_empty() && self.beyond > 0 {
            self.come_near();
        }
        let top = self.heap.first()?;
        self.hollow = true;
        Some((top.at, top.event))
    }

    /// Keeps an event beyond the horizon.
    #[inline(never)]
    fn put_off(&mut self, entry: Entry<E>) {
        if self.distant.is_empty() {
            self.distant.resize(1 + u64::BITS as usize, Vec::new());
        }
        self.distant[differing(entry.at, self.origin)].push(entry);
        self.beyond += 1;
    }

    /// Leaves only the nearest events in the heap.
    #[cold]
    #[inline(never)]
    fn thin_out(&mut self) {
        let heap = std::mem::take(&mut self.heap);
        // What lies beyond the horizon already has its place by another origin.
        let before = self.distant.iter_mut().flat_map(std::mem::take);
        let all: Vec<Entry<E>> = heap.into_iter().chain(before).collect();
        (self.origin, self.beyond) = (all[0].at, 0);
        all.into_iter().for_each(|entry| self.put_off(entry));
        self.come_near();
        self.most = MANY.max(2 * self.heap.len());
    }

    /// Brings the nearest of the events beyond the horizon into the empty heap.
    #[cold]
    #[inline(never)]
    fn come_near(&mut self) {
        while let Some(bits) = self.distant.iter().position(|entries| !entries.is_empty()) {
            let mut nearest = std::mem::take(&mut self.distant[bits]);
            let first = nearest.iter().map(|entry| entry.at).min().unwrap_or(self.origin);
            self.origin = first;
            if bits == 0 || nearest.len() <= FEW {
                self.beyond -= nearest.len();
                // Those that differ in as many bits are before all that differ in more. In order they are a
                // heap.
                let same = u64::MAX.checked_shl(bits.saturating_sub(1) as u32).unwrap_or(0);
                self.horizon = (first | !same).saturating_add(1);
                nearest.sort_unstable_by_key(Entry::key);
                self.heap = nearest;
                if self.beyond == 0 {
                    (self.horizon, self.most) = (u64::MAX, MANY);
                }
                return;
            }
            nearest.drain(..).for_each(|entry| self.distant[differing(entry.at, first)].push(entry));
            self.distant[bits] = nearest;
        }
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

/// How many of the last bits two instants differ in at most.
fn differing(a: u64, b: u64) -> usize {
    (u64::BITS - (a ^ b).leading_zeros()) as usize
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
    fn many_come_in_order_however_near_they_are_to_one_another() {
        let key = Key::new(6, 0);
        // Far apart, within a few instants, and nearly all at one.
        for width in [40, 8, 1] {
            let (mut calendar, mut model) = (Calendar::default(), BinaryHeap::new());
            let mut now = 0;
            for i in 0..60_000_u64 {
                let bits = key.bits_at(i, 0);
                // First more and more, then fewer and fewer.
                if (bits >> 40) % 8 < if i < 30_000 { 6 } else { 2 } {
                    let (at, order) = (now + (bits & ((1 << width) - 1)), (bits >> 60 << 32) | i);
                    calendar.plan(at, order, i);
                    model.push(Reverse((at, order, i)));
                } else {
                    let next = model.pop().map(|Reverse((at, _, event))| (at, event));
                    assert_eq!(calendar.pop(), next);
                    now = next.map_or(now, |next| next.0);
                }
                assert_eq!(calendar.len(), model.len());
                if bits.is_multiple_of(3) {
                    assert_eq!(calendar.next_at(), model.peek().map_or(u64::MAX, |Reverse((at, ..))| *at));
                }
            }
            while let Some(Reverse((at, _, event))) = model.pop() {
                assert_eq!(calendar.pop(), Some((at, event)));
            }
            assert!(calendar.pop().is_none());
        }
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
