//! What is due, the earliest first, where very much is: a calendar queue.

/// Something with an instant at which it is due, which decides its order before anything else.
pub(super) trait Due: Copy + Ord {
    fn at(&self) -> u64;
}

/// Time is cut into days of equal length. What is due on one of the days to come lies there in no order; on
/// its day it is sorted, if somebody asks what comes first. So to plan something is to write it at the end of
/// a list, however much is due, and the lists that are written are few enough to stay at hand. How long a day
/// is follows from how much is due soon.
///
/// # Source
/// Brown (1988), *Calendar queues: a fast O(1) priority queue implementation for the simulation event set
/// problem*.
#[derive(Debug, Clone)]
pub(super) struct Days<T> {
    /// What is due today, the latest first if it is sorted; empty only if nothing is due at all.
    today: Vec<T>,
    sorted: bool,
    /// Today's successor, counted from the start of time; [`NEVER`] if today has no end.
    tomorrow: u64,
    /// The length of a day, as a power of two.
    length: u32,
    /// Those of as many days as it has places, from tomorrow on.
    days: Vec<Vec<T>>,
    /// What is due after these.
    later: Vec<T>,
    /// The day before which what is due later is looked through for what no longer is.
    review: u64,
    count: usize,
    /// Calls since the length of a day was set, and what was done in vain since then, because days are too
    /// short: days were looked at on which nothing was due, and what is due later was looked through.
    calls: usize,
    idle: usize,
}

/// No day at all.
const NEVER: u64 = u64::MAX;
/// Days that have lists of their own.
const DAYS: u64 = 2048;
/// So much is due on a day when its length is set, or half of it.
pub(super) const USUAL: usize = 256;
/// When so much is due on a day, days are too long.
const MOST: usize = 4 * USUAL;

impl Due for u64 {
    fn at(&self) -> u64 {
        *self
    }
}

impl<T> Default for Days<T> {
    fn default() -> Self {
        Days {
            today: Vec::new(),
            sorted: false,
            tomorrow: NEVER,
            length: 1,
            days: Vec::new(),
            later: Vec::new(),
            review: 0,
            count: 0,
            calls: 0,
            idle: 0,
        }
    }
}

impl<T: Due> Days<T> {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Everything, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.today.iter().chain(self.days.iter().flatten()).chain(&self.later)
    }

    /// What is due today, where nobody has asked yet what comes first; else nothing.
    #[inline(always)]
    pub(super) fn unsorted(&self) -> &[T] {
        if self.sorted { &[] } else { &self.today }
    }

    /// What is due first.
    #[inline(always)]
    pub(super) fn first(&mut self) -> Option<&T> {
        if !self.sorted {
            self.sort();
        }
        self.today.last()
    }

    #[inline(never)]
    fn sort(&mut self) {
        self.today.sort_unstable_by(|a, b| b.cmp(a));
        self.sorted = true;
    }

    #[inline]
    pub(super) fn plan(&mut self, due: T) {
        self.count += 1;
        self.calls += 1;
        let day = due.at() >> self.length;
        if day < self.tomorrow {
            self.plan_today(due);
        } else if self.today.is_empty() {
            // Nothing else is due: its day is today.
            (self.tomorrow, self.review) = (day + 1, day + DAYS / 2);
            self.today.push(due);
        } else if day - self.tomorrow < DAYS {
            self.days[(day % DAYS) as usize].push(due);
        } else {
            self.later.push(due);
        }
    }

    /// Takes out what is due first.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        let first = *self.first()?;
        self.today.pop();
        self.count -= 1;
        self.calls += 1;
        if self.today.is_empty() && self.count > 0 {
            self.begin_day();
        }
        Some(first)
    }

    /// Takes out all that is due by an instant: how much that was.
    pub(super) fn pass(&mut self, now: u64) -> usize {
        let before = self.count;
        loop {
            let due = self.today.len();
            if self.sorted {
                while self.today.last().is_some_and(|last| last.at() <= now) {
                    self.today.pop();
                }
            } else {
                // Which of them stay is chance: no branch depends on it.
                let mut kept = 0;
                for i in 0..due {
                    self.today[kept] = self.today[i];
                    kept += usize::from(self.today[i].at() > now);
                }
                self.today.truncate(kept);
            }
            self.count -= due - self.today.len();
            if !self.today.is_empty() || self.count == 0 {
                self.calls += before - self.count;
                return before - self.count;
            }
            self.begin_day();
        }
    }

    fn plan_today(&mut self, due: T) {
        if self.sorted {
            let place = self.today.partition_point(|other| *other > due);
            self.today.insert(place, due);
        } else {
            self.today.push(due);
        }
        self.shorten();
    }

    /// Makes days shorter if today is too long, now and then.
    fn shorten(&mut self) {
        let most = if self.tomorrow == NEVER { USUAL } else { MOST };
        if self.today.len() > most && 4 * self.calls >= self.count {
            self.set_length();
        }
    }

    /// The next day on which something is due becomes today.
    #[inline(never)]
    fn begin_day(&mut self) {
        loop {
            if self.later.len() == self.count {
                // Nothing is due on the days between.
                let day = self.later.iter().map(|due| due.at() >> self.length).min();
                (self.tomorrow, self.review) = (day.unwrap_or(self.tomorrow), 0);
            }
            if self.tomorrow >= self.review {
                self.review_later();
                if self.is_in_vain() {
                    return self.set_length();
                }
            }
            let day = &mut self.days[(self.tomorrow % DAYS) as usize];
            self.tomorrow += 1;
            if !day.is_empty() {
                std::mem::swap(&mut self.today, day);
                self.sorted = false;
                return self.shorten();
            }
            self.idle += 1;
            if self.is_in_vain() {
                return self.set_length();
            }
        }
    }

    /// Whether so much is done in vain that another length of a day is worth its while.
    fn is_in_vain(&self) -> bool {
        self.idle > DAYS as usize + self.count + 4 * self.calls
    }

    /// Gives what is due on the days that have lists by now to these.
    fn review_later(&mut self) {
        self.review = self.tomorrow + DAYS / 2;
        self.idle += self.later.len() / 4;
        let (days, tomorrow, length) = (&mut self.days, self.tomorrow, self.length);
        self.later.retain(|due| {
            let day = due.at() >> length;
            let near = day - tomorrow < DAYS;
            if near {
                days[(day % DAYS) as usize].push(*due);
            }
            !near
        });
    }

    /// Sets the length of a day by how soon the first are due.
    #[cold]
    #[inline(never)]
    fn set_length(&mut self) {
        let mut all = std::mem::take(&mut self.today);
        self.days.iter_mut().for_each(|day| all.append(day));
        all.append(&mut self.later);
        (self.calls, self.idle) = (0, 0);
        if all.len() <= USUAL {
            (self.today, self.sorted, self.tomorrow, self.length) = (all, false, NEVER, 1);
            return;
        }
        let (soon, last, _) = all.select_nth_unstable(USUAL);
        let first = soon.iter().map(Due::at).min().unwrap_or(0);
        self.length = (last.at() - first).max(2).ilog2();
        self.tomorrow = first >> self.length;
        self.review = self.tomorrow;
        self.days.resize(DAYS as usize, Vec::new());
        self.later = all;
        self.begin_day();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    /// Things that are due at instants of any kind, by a list that is sorted.
    fn check(name: &str, rounds: u64, planned_of_eight: impl Fn(u64) -> u64, after: impl Fn(u64) -> u64) {
        let (mut days, mut model) = (Days::<u64>::default(), BinaryHeap::new());
        let (key, mut now) = (Key::new(9, 0), 0);
        for i in 0..rounds {
            let bits = key.bits_at(i, 0);
            if (bits >> 40) % 8 < planned_of_eight(i) {
                let at = now + after(bits);
                days.plan(at);
                model.push(Reverse(at));
            } else if bits.is_multiple_of(5) || i / 1000 % 2 == 0 {
                let until = model.peek().map_or(now, |Reverse(at)| at + bits % 3);
                let mut passed = 0;
                while model.peek().is_some_and(|Reverse(at)| *at <= until) {
                    (now, passed) = (now.max(model.pop().map_or(0, |Reverse(at)| at)), passed + 1);
                }
                assert_eq!(days.pass(until), passed, "{name}, {i}");
            } else {
                let next = model.pop().map(|Reverse(at)| at);
                assert_eq!(days.pop(), next, "{name}, {i}");
                now = next.unwrap_or(now);
            }
            assert_eq!(days.len(), model.len(), "{name}");
            // Who does not ask what comes first leaves it unsorted.
            if i / 100 % 2 == 0 {
                assert_eq!(days.first(), model.peek().map(|Reverse(at)| at), "{name}");
            }
        }
        let mut all: Vec<u64> = days.iter().copied().collect();
        all.sort_unstable();
        for at in all {
            assert_eq!((days.pop(), model.pop()), (Some(at), Some(Reverse(at))), "{name}");
        }
        assert!(days.pop().is_none() && model.is_empty() && days.len() == 0);
    }

    #[test]
    fn it_equals_a_sorted_list_however_far_apart_instants_are() {
        let up_and_down = |i: u64| if i % 60_000 < 30_000 { 6 } else { 2 };
        for width in [1, 4, 12, 30, 50] {
            check("alike", 120_000, up_and_down, |bits| bits & ((1 << width) - 1));
        }
        check("constant", 120_000, up_and_down, |_| 1_000_000);
        check("at once", 120_000, up_and_down, |_| 0);
        // Most are due at once, others after a long while.
        check(
            "of two kinds",
            120_000,
            up_and_down,
            |bits| if bits % 8 < 7 { bits >> 60 } else { bits >> 20 },
        );
        // Over many orders of magnitude.
        check("of any size", 120_000, up_and_down, |bits| (bits >> 24) >> (bits % 40));
        check("few", 20_000, |_| 4, |bits| bits >> 30);
    }

    #[test]
    fn the_end_of_time_is_an_instant() {
        let mut days = Days::<u64>::default();
        for i in 0..3000 {
            days.plan(u64::MAX - i % 7);
            days.plan(i);
        }
        let all: Vec<u64> = (0..6000).filter_map(|_| days.pop()).collect();
        assert!(all.len() == 6000 && all.is_sorted());
        days.plan(u64::MAX);
        days.plan(3);
        assert_eq!((days.pop(), days.pop(), days.pop()), (Some(3), Some(u64::MAX), None));
    }
}
