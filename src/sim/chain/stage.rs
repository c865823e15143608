//! What a queue of a chain does with a message, and what is known of it at an instant.

use super::*;
use crate::sim::columns::{ServedColumns, first_after};

/// Rows that are played at once: so few that their sums have room where times are below [`LATEST`] and
/// [`LONGEST`], which are a hundred days and ten hours or so.
const AT_ONCE: usize = 256;
/// Fewer are played one after the other.
const FEW: usize = 4;
const LATEST: u64 = 1 << 53;
const LONGEST: u64 = 1 << 45;

impl Stage {
    pub(super) fn new(
        queue: u32,
        group: u32,
        servers: u32,
        first_server: u32,
        next: Option<usize>,
        ahead: Option<AheadWork>,
    ) -> Self {
        let station =
            FifoStation { queue, groups: vec![(group, Some(servers))], room: None, drop_head: false };
        Stage {
            queue,
            group,
            pool: Pool::new(&station),
            first_server,
            starts: Starts::default(),
            inbox: Inbox::Ordered(VecDeque::new()),
            next,
            ahead,
            looked: 0,
            offered: 0,
            waited: 0,
            worked: 0,
            last: 0,
        }
    }

    /// Gives a message to the server that is free first: which, from when and until when.
    #[inline]
    pub(super) fn take(&mut self, sent: u64, work: u64) -> (u32, u64, u64) {
        let (server, start, end) = self.pool.serve(sent, work);
        self.starts.push(start, sent);
        self.offered += 1;
        self.waited += u128::from(start - sent);
        self.worked += u128::from(end - start);
        self.last = self.last.max(end);
        (server, start, end)
    }

    /// Takes messages in the order in which they come, each after looking at what was before it; from when
    /// until when each is served is in the columns.
    pub(super) fn take_all<R: Recorder>(
        &mut self,
        sent: &[u64],
        work: &[u64],
        out: &mut ServedColumns,
        looks: &[u64],
        recorder: &mut R,
    ) {
        out.begin(sent.len());
        let mut from = 0;
        while from < sent.len() {
            self.look(looks, sent[from], recorder);
            let rest = &sent[from..sent.len().min(from + AT_ONCE)];
            let rows = looks.get(self.looked).map_or(rest.len(), |look| first_after(rest, *look));
            self.take_some(&rest[..rows], &work[from..from + rows], out);
            from += rows;
        }
    }

    /// Takes messages between which nobody looks.
    fn take_some(&mut self, sent: &[u64], work: &[u64], out: &mut ServedColumns) {
        let latest = sent.last().map_or(self.last, |sent| self.last.max(*sent));
        if sent.len() < FEW || latest >= LATEST || work.iter().fold(0, |all, work| all | work) >= LONGEST {
            for (&sent, &work) in sent.iter().zip(work) {
                let (_, start, end) = self.take(sent, work);
                out.push(start, end);
            }
            return;
        }
        let (waited, worked) = out.extend(&mut self.pool, sent, work);
        let rows = out.rows - sent.len()..out.rows;
        self.starts.extend(&out.taken[rows.clone()], sent);
        self.offered += sent.len() as u64;
        self.waited += u128::from(waited);
        self.worked += u128::from(worked);
        self.last = out.finished[rows].iter().fold(self.last, |last, end| last.max(*end));
    }

    /// Takes a message, after looking at what was before; its whole stay is known then.
    #[inline]
    pub(super) fn stay<R: Recorder>(
        &mut self,
        message: Message,
        sent: u64,
        work: u64,
        looks: &[u64],
        recorder: &mut R,
    ) -> Record {
        if looks.get(self.looked).is_some_and(|look| *look < sent) {
            self.look(looks, sent, recorder);
        }
        let (server, taken, finished) = self.take(sent, work);
        Record {
            message,
            sent,
            taken,
            finished,
            queue: self.queue,
            consumer: self.group,
            server,
            deliveries: 1,
            outcome: Outcome::Served,
        }
    }

    /// Tells of the levels at all instants before one, as many at once as nothing happens between.
    pub(super) fn look<R: Recorder>(&mut self, looks: &[u64], before: u64, recorder: &mut R) {
        while let Some(&at) = looks.get(self.looked).filter(|look| **look < before) {
            let level = self.level(at);
            let changes = self.starts.next_start().unwrap_or_else(|| self.pool.next_free(at)).min(before);
            let alike = looks[self.looked..].iter().take_while(|look| **look < changes).count();
            let end = self.looked + alike;
            recorder.level_held(&level, &looks[self.looked..end]);
            self.looked = end;
        }
    }

    fn level(&mut self, at: u64) -> Level {
        let waiting = self.starts.waiting_at(at);
        // While one waits, no server is idle.
        let busy = if waiting > 0 { self.pool.len() as u64 } else { self.pool.busy_at(at) };
        Level { at, queue: self.queue, waiting, busy, oldest: None, servers: None }
    }

    pub(super) fn totals(&mut self, at: u64) -> (QueueTotals, GroupTotals) {
        let Level { waiting, busy, .. } = self.level(at);
        let served = self.offered - waiting - busy;
        let busy_area = self.worked - self.pool.left_at(at);
        let counts = QueueCounts::of_one_delivery_each(self.offered, served);
        let queue = QueueTotals {
            waiting,
            serving: busy,
            waiting_area: self.waited - self.starts.to_wait(at),
            serving_area: busy_area,
            peak: self.starts.peak as u64,
            counts,
            drained: None,
            squares: None,
            held: BlockedSenders::default(),
            to_stay: self.starts.to_wait(at) + self.pool.left_at(at),
            to_serve: self.pool.left_at(at),
        };
        let count_area = self.pool.len() as u128 * u128::from(at);
        let group =
            GroupTotals { busy_area, count_area, handled: served, batches: served, ..GroupTotals::default() };
        (queue, group)
    }
}

/// Things by their numbers in the scenario, in its order.
pub(super) fn in_order<T>(mut all: Vec<(u32, T)>) -> Vec<T> {
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, thing)| thing).collect()
}
