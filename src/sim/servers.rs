//! The servers of a station, as the instants at which each becomes free.

use super::FifoStation;

/// A server that becomes free at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Free {
    pub at: u64,
    /// Ties go to the lower number.
    pub server: u32,
}

/// All servers, the one that becomes free first at hand.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    /// A binary heap, smallest first; empty if servers are unlimited.
    heap: Vec<Free>,
    /// Position of each server's group in the station's list.
    groups: Vec<u32>,
    /// Ends of service of servers that are busy, smallest first, if servers are unlimited.
    busy: std::collections::BinaryHeap<std::cmp::Reverse<u64>>,
    pub unlimited: bool,
}

impl Pool {
    pub(super) fn new(station: &FifoStation) -> Self {
        let unlimited = station.servers().is_none();
        let mut pool = Pool { heap: Vec::new(), groups: Vec::new(), busy: Default::default(), unlimited };
        if !unlimited {
            for (position, (_, servers)) in station.groups.iter().enumerate() {
                for _ in 0..servers.unwrap_or(0) {
                    pool.heap.push(Free { at: 0, server: pool.groups.len() as u32 });
                    pool.groups.push(position as u32);
                }
            }
        }
        pool
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    /// The server that becomes free first, and its group's position in the station.
    pub(super) fn first(&self) -> (Free, u32) {
        let free = self.heap[0];
        (free, self.groups[free.server as usize])
    }

    /// Lets the first server work until an instant.
    pub(super) fn engage(&mut self, until: u64) {
        let item = Free { at: until, ..self.heap[0] };
        let (heap, mut hole) = (self.heap.as_mut_slice(), 0);
        loop {
            let left = 2 * hole + 1;
            if left >= heap.len() {
                break;
            }
            let child = left + usize::from(left + 1 < heap.len() && heap[left + 1] < heap[left]);
            if heap[child] >= item {
                break;
            }
            heap[hole] = heap[child];
            hole = child;
        }
        heap[hole] = item;
    }

    /// Lets one of unlimited servers work until an instant, `now` being the present.
    pub(super) fn engage_another(&mut self, now: u64, until: u64) {
        while self.busy.peek().is_some_and(|end| end.0 <= now) {
            self.busy.pop();
        }
        self.busy.push(std::cmp::Reverse(until));
    }

    /// How many servers are busy at an instant.
    pub(super) fn busy_at(&self, at: u64) -> u64 {
        let limited = self.heap.iter().filter(|f| f.at > at).count();
        (limited + self.busy.iter().filter(|end| end.0 > at).count()) as u64
    }

    /// When the first of those that are busy at an instant will be free; `u64::MAX` if none is.
    pub(super) fn next_free(&self, at: u64) -> u64 {
        let limited = self.heap.iter().map(|f| f.at);
        limited.chain(self.busy.iter().map(|end| end.0)).filter(|end| *end > at).min().unwrap_or(u64::MAX)
    }

    /// When the last of them will be free.
    pub(super) fn all_free(&self) -> u64 {
        let limited = self.heap.iter().map(|f| f.at);
        limited.chain(self.busy.iter().map(|end| end.0)).max().unwrap_or(0)
    }

    /// The work that is left at an instant, in server-nanoseconds.
    pub(super) fn left_at(&self, at: u64) -> u128 {
        let limited = self.heap.iter().map(|f| f.at);
        limited.chain(self.busy.iter().map(|end| end.0)).map(|end| u128::from(end.saturating_sub(at))).sum()
    }

    /// The instants at which all `C` servers become free, ascending: the state of the sorted recursions.
    pub(super) fn sorted<const C: usize>(&self) -> [u64; C] {
        let mut free = [0; C];
        for (at, item) in free.iter_mut().zip(&self.heap) {
            *at = item.at;
        }
        free.sort_unstable();
        free
    }

    /// Takes the state of a sorted recursion back, servers being alike.
    pub(super) fn restore(&mut self, sorted: &[u64]) {
        // An ascending list is a heap.
        for (item, &at) in self.heap.iter_mut().zip(sorted) {
            item.at = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_idle_server_comes_first() {
        let station =
            FifoStation { queue: 0, groups: vec![(0, Some(3)), (1, Some(2))], room: None, drop_head: false };
        let mut pool = Pool::new(&station);
        let mut order = Vec::new();
        for until in [50, 40, 30, 20, 10] {
            order.push(pool.first().0.server);
            pool.engage(until);
        }
        assert_eq!(order, [0, 1, 2, 3, 4]);
        assert_eq!(pool.first(), (Free { at: 10, server: 4 }, 1));
        assert_eq!(pool.busy_at(30), 2);
        assert_eq!(pool.left_at(30), 30);
    }
}
