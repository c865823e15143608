//! When the messages that were accepted start, from which follows who waits at an instant.

/// So many starts that are over are kept at most beyond as many as are still to come.
const MOST_PAST: usize = 4 * crate::rng::BLOCK;

/// Starts of the messages that were accepted, ascending; the part before `head` is over.
#[derive(Default)]
pub(super) struct Starts {
    at: Vec<u64>,
    head: usize,
    pub peak: usize,
}

impl Starts {
    /// Adds one start with its arrival and keeps the longest line in sight.
    #[inline]
    pub(super) fn push(&mut self, start: u64, arrival: u64) {
        let base = self.at.len();
        self.at.push(start);
        while base >= self.head + self.peak && self.at[base - self.peak] > arrival {
            self.peak += 1;
        }
        if base.is_multiple_of(MOST_PAST / 8) {
            self.waiting_at(arrival);
            self.forget_past(MOST_PAST / 16);
        }
    }

    /// Gives the memory of starts back that are over, when they are most of all.
    fn forget_past(&mut self, most: usize) {
        if self.head > most && self.head * 2 > self.at.len() {
            self.at.drain(..self.head);
            self.head = 0;
        }
    }

    /// Adds many starts with their arrivals, likewise.
    pub(super) fn extend(&mut self, starts: &[u64], arrivals: &[u64]) {
        self.forget_past(MOST_PAST);
        let base = self.at.len();
        self.at.extend_from_slice(starts);
        if self.may_be_longer(base, arrivals) {
            self.lengthen(base, arrivals);
        }
        if self.head + MOST_PAST < base
            && let Some(&last) = arrivals.last()
        {
            // Nothing that started before the last arrival is asked for again.
            self.waiting_at(last);
        }
    }

    /// Whether one of these arrivals finds as many waiting as the longest line so far; without a branch for
    /// each.
    fn may_be_longer(&self, base: usize, arrivals: &[u64]) -> bool {
        if base < self.head + self.peak {
            return true;
        }
        let ahead = &self.at[base - self.peak..base - self.peak + arrivals.len()];
        ahead.iter().zip(arrivals).fold(false, |longer, (start, arrival)| longer | (start > arrival))
    }

    fn lengthen(&mut self, base: usize, arrivals: &[u64]) {
        let mut peak = self.peak;
        for (i, &arrival) in arrivals.iter().enumerate() {
            // With this one, `peak + 1` wait if the one `peak` places ahead of it has not started.
            while base + i >= self.head + peak && self.at[base + i - peak] > arrival {
                peak += 1;
            }
        }
        self.peak = peak;
    }

    /// How many wait at an instant not before the last one asked for.
    pub(super) fn waiting_at(&mut self, at: u64) -> u64 {
        // From the end in growing steps: few wait, however many have started since.
        let (open, mut reach) = (&self.at[self.head..], 4);
        while reach < open.len() && open[open.len() - reach] > at {
            reach *= 4;
        }
        let started = open.len().saturating_sub(reach);
        self.head += started + open[started..].partition_point(|&start| start <= at);
        (self.at.len() - self.head) as u64
    }

    /// The next start after the instant last asked for, if there is one.
    pub(super) fn next_start(&self) -> Option<u64> {
        self.at.get(self.head).copied()
    }

    /// How long those who wait at the instant last asked for will wait on, altogether.
    pub(super) fn to_wait(&self, at: u64) -> u128 {
        self.at[self.head..].iter().map(|&start| u128::from(start - at)).sum()
    }

    /// Whether the `n`-th start from the end lies after an instant.
    #[inline]
    pub(super) fn nth_from_end_is_after(&self, n: u64, at: u64) -> bool {
        let open = self.at.len() - self.head;
        usize::try_from(n).is_ok_and(|n| n <= open && self.at[self.at.len() - n] > at)
    }
}
