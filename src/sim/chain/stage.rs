//! What a queue of a chain does with a message, and what is known of it at an instant.

use super::*;

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
        let counts = QueueCounts {
            offered: self.offered,
            served,
            deliveries: served,
            delivered: served,
            ..QueueCounts::default()
        };
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
