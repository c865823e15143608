//! The servers of a station, as the instants at which each becomes free.

use super::FifoStation;
use super::days::{Days, Due};
use std::collections::VecDeque;

/// From so many alike servers on, those that are idle are kept apart from those that are busy.
const MANY: usize = 1024;

/// A server that becomes free at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Free {
    pub at: u64,
    /// Ties go to the lower number.
    pub server: u32,
}

impl Due for Free {
    #[inline(always)]
    fn at(&self) -> u64 {
        self.at
    }
}

/// All servers, the one that becomes free first at hand.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    /// A binary heap, smallest first; empty if servers are unlimited.
    heap: Vec<Free>,
    /// Position of each server's group in the station's list.
    groups: Vec<u32>,
    /// Instead of the heap where servers are many and alike.
    many: Option<ManyServers>,
    /// The same where nobody asks which of them it is.
    unnamed: Option<UnnamedServers>,
    /// Ends of service of servers that are busy, smallest first, if servers are unlimited.
    busy: std::collections::BinaryHeap<std::cmp::Reverse<u64>>,
    pub unlimited: bool,
}

/// Many servers that are alike: what a message costs, and a look, hardly depends on how many they are.
#[derive(Debug, Clone)]
struct ManyServers {
    /// Free since an instant that has passed, the longest first.
    idle: VecDeque<Free>,
    /// By when they become free. Those that are free by now may still be here.
    busy: Days<Free>,
}

/// The same without their numbers: how many are idle is all that matters of these.
#[derive(Debug, Clone)]
struct UnnamedServers {
    /// So many at least.
    idle: usize,
    /// When the others become free. Some of them may be free by now.
    busy: Days<u64>,
}

impl UnnamedServers {
    #[inline]
    fn serve(&mut self, sent: u64, work: u64) -> (u64, u64) {
        if self.idle == 0 {
            self.idle = self.busy.pass(sent);
        }
        let start = if self.idle > 0 {
            self.idle -= 1;
            sent
        } else {
            self.busy.pop().map_or(sent, |end| end.max(sent))
        };
        let end = start.saturating_add(work);
        self.busy.plan(end);
        (start, end)
    }
}

impl ManyServers {
    /// Notes who has become free by an instant.
    fn pass(&mut self, now: u64) {
        while self.busy.first().is_some_and(|free| free.at <= now) {
            let Some(free) = self.busy.pop() else { break };
            // Later than all others, unless it was done at the instant up to which was passed before.
            let place = match self.idle.back() {
                Some(last) if *last > free => self.idle.partition_point(|other| *other < free),
                _ => self.idle.len(),
            };
            self.idle.insert(place, free);
        }
    }

    /// The server that becomes free first works from then on, but not before `sent`: which, from when and
    /// until when.
    #[inline]
    fn serve(&mut self, sent: u64, work: u64) -> (u32, u64, u64) {
        self.pass(sent);
        let first = self.idle.pop_front().or_else(|| self.busy.pop());
        let Free { at, server } = first.expect("servers are idle or busy");
        let start = sent.max(at);
        let end = start.saturating_add(work);
        self.busy.plan(Free { at: end, server });
        (server, start, end)
    }
}

impl Pool {
    pub(super) fn new(station: &FifoStation) -> Self {
        let unlimited = station.servers().is_none();
        let (heap, groups, busy) = (Vec::new(), Vec::new(), Default::default());
        let mut pool = Pool { heap, groups, many: None, unnamed: None, busy, unlimited };
        if !unlimited {
            for (position, (_, servers)) in station.groups.iter().enumerate() {
                for _ in 0..servers.unwrap_or(0) {
                    pool.heap.push(Free { at: 0, server: pool.groups.len() as u32 });
                    pool.groups.push(position as u32);
                }
            }
        }
        if pool.len() >= MANY && station.room.is_none() && station.groups.len() == 1 {
            let idle = std::mem::take(&mut pool.heap).into();
            pool.many = Some(ManyServers { idle, busy: Days::default() });
        }
        pool
    }

    /// The same where nobody asks which server a message has.
    pub(super) fn unnamed(mut self) -> Self {
        let unnamed = |many: ManyServers| UnnamedServers { idle: many.idle.len(), busy: Days::default() };
        self.unnamed = self.many.take().map(unnamed);
        self
    }

    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Gives a message to the server that is free first, of those that are alike: which, from when and until
    /// when.
    #[inline]
    pub(super) fn serve(&mut self, sent: u64, work: u64) -> (u32, u64, u64) {
        if let Some(many) = &mut self.many {
            return many.serve(sent, work);
        }
        if let Some(unnamed) = &mut self.unnamed {
            let (start, end) = unnamed.serve(sent, work);
            return (0, start, end);
        }
        let free = self.heap[0];
        let start = sent.max(free.at);
        let end = start.saturating_add(work);
        self.engage(end);
        (free.server, start, end)
    }

    /// The server that becomes free first, and its group's position in the station, where servers differ or
    /// room is limited.
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

    /// How many servers are busy at an instant; where they are unnamed, at one that is not before the last.
    pub(super) fn busy_at(&mut self, at: u64) -> u64 {
        if let Some(many) = &mut self.many {
            many.pass(at);
            let later = many.idle.iter().rev().take_while(|free| free.at > at).count();
            return (many.busy.len() + later) as u64;
        }
        if let Some(unnamed) = &mut self.unnamed {
            unnamed.idle += unnamed.busy.pass(at);
            return unnamed.busy.len() as u64;
        }
        self.ends().filter(|end| *end > at).count() as u64
    }

    /// When the first of those that are busy at an instant will be free; `u64::MAX` if none is.
    pub(super) fn next_free(&mut self, at: u64) -> u64 {
        if let Some(many) = &mut self.many {
            many.pass(at);
            let first = many.idle.get(many.idle.partition_point(|free| free.at <= at));
            return first.or(many.busy.first()).map_or(u64::MAX, |free| free.at);
        }
        self.ends().filter(|end| *end > at).min().unwrap_or(u64::MAX)
    }

    /// When the last of them will be free.
    pub(super) fn all_free(&self) -> u64 {
        self.ends().max().unwrap_or(0)
    }

    /// The work that is left at an instant, in server-nanoseconds.
    pub(super) fn left_at(&self, at: u64) -> u128 {
        self.ends().map(|end| u128::from(end.saturating_sub(at))).sum()
    }

    /// The instants at which servers become free.
    fn ends(&self) -> impl Iterator<Item = u64> {
        let many = self.many.iter().flat_map(|many| many.idle.iter().chain(many.busy.iter()));
        let unnamed = self.unnamed.iter().flat_map(|unnamed| unnamed.busy.iter().copied());
        let named = self.heap.iter().chain(many).map(|free| free.at);
        named.chain(unnamed).chain(self.busy.iter().map(|end| end.0))
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

    /// At coarse instants, so that many fall together, and with loads at which all are busy now and then.
    #[test]
    fn many_servers_are_as_a_heap_of_them() {
        let count = MANY as u32 + 7;
        let station = FifoStation { queue: 0, groups: vec![(0, Some(count))], room: None, drop_head: false };
        let mut many = Pool::new(&station);
        assert!(many.many.is_some() && many.len() == count as usize);
        let heap = (0..count).map(|server| Free { at: 0, server }).collect();
        let mut heap = Pool { heap, many: None, ..many.clone() };
        let mut unnamed = many.clone().unnamed();
        let key = crate::rng::Key::new(7, 0);
        let mut now = 0;
        for i in 0..60_000_u64 {
            let bits = key.bits_at(i, 0);
            now += bits % 4;
            let work = (bits >> 8) % if (i / 10_000) % 2 == 0 { 1500 } else { 3500 };
            let served = heap.serve(now, work);
            assert_eq!(many.serve(now, work), served, "message {i}");
            assert_eq!(unnamed.serve(now, work), (0, served.1, served.2), "message {i}");
            if i % 64 == 0 {
                assert_eq!(many.busy_at(now + bits % 2), heap.busy_at(now + bits % 2));
                assert_eq!(many.next_free(now), heap.next_free(now));
                assert_eq!(many.left_at(now), heap.left_at(now));
                assert_eq!(unnamed.left_at(now), heap.left_at(now));
                assert_eq!(unnamed.busy_at(now), heap.busy_at(now));
                assert_eq!(many.all_free(), heap.all_free());
                now += bits % 2;
            }
        }
    }
}
