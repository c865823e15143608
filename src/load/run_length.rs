//! How long a run lasts, as far as its plan tells: what is sent, and the work that is left of it then.

use super::run_plan::RunPlan;

impl RunPlan<'_> {
    /// How long after the last send the servers may still be busy if all goes well, in nanoseconds: the work
    /// brought to the busiest queue, shared by its servers, beyond the time in which it was brought.
    pub(super) fn backlog(&self) -> u64 {
        let span = self.span();
        let planned = self.planned_work();
        (0..self.queues()).map(|queue| self.work_of(queue, &planned)).max().unwrap_or(0).saturating_sub(span)
    }

    /// How long the run is likely to take, in nanoseconds: until the last message is sent, and then until what
    /// waits by then is done, and that last one.
    pub(super) fn likely_time(&self) -> u64 {
        let (span, planned) = (self.span(), self.planned_work());
        let waits = |queue| self.work_of(queue, &planned).saturating_sub(span).min(self.most_left(queue));
        let left = |queue| waits(queue).max(self.servers_of(queue).1);
        span.saturating_add((0..self.queues()).map(left).max().unwrap_or(0))
    }

    /// The work that can be left in a queue at most when the last message was sent, shared by its servers:
    /// what has no room or waits too long is never done.
    fn most_left(&self, queue: usize) -> u64 {
        let of = &self.scenario.queues[queue];
        let (servers, mean) = self.servers_of(queue);
        let room = of.max_length.filter(|_| !of.blocks()).map(|room| room.saturating_mul(mean) / servers);
        let ttl = of.message_ttl.as_ref().map(|ttl| self.rules.scale.nanos(ttl.mean()));
        room.into_iter().chain(ttl).min().map_or(u64::MAX, |left| left.saturating_add(mean))
    }

    /// The servers of a queue, one at least, and the longest mean service time of its groups in nanoseconds.
    fn servers_of(&self, queue: usize) -> (u64, u64) {
        let groups = || self.groups.iter().zip(&self.scenario.consumers).filter(|(g, _)| g.queue == queue);
        let servers: u64 = groups().map(|(g, _)| u64::from(g.servers)).sum();
        let mean = groups().map(|(_, c)| self.rules.scale.nanos(c.mean_service())).max();
        (servers.max(1), mean.unwrap_or(0))
    }

    /// When the last message is sent, or a closed loop sends no more.
    pub(super) fn span(&self) -> u64 {
        let last = self.block.sent.last().copied().unwrap_or(0);
        if self.scenario.is_closed() {
            last.max(
                self.rules.scale.nanos(self.scenario.measurement.duration * self.scenario.measurement.speed),
            )
        } else {
            last
        }
    }

    /// Visits that a run is likely to have, rather more than less.
    pub(super) fn expected(&self) -> usize {
        let closed: u64 =
            self.scenario.producers.iter().map(|p| if p.is_closed() { 10_000 } else { 0 }).sum();
        (self.len() as u64 + self.waiting() + closed) as usize * self.queues()
    }

    /// Messages that wait in all queues from the start.
    pub(super) fn waiting(&self) -> u64 {
        self.scenario.backlog()
    }

    /// The work that the plan brings to each group.
    fn planned_work(&self) -> Vec<u128> {
        let mut all = vec![0; self.groups.len()];
        let met = self.scenario.groups_met();
        for row in 0..self.len() {
            for &group in met.get(self.block.producer_of(row) as usize).into_iter().flatten() {
                all[group] += self.block.work_for(group).get(row).map_or(0, |&work| u128::from(work));
            }
        }
        all
    }

    fn work_of(&self, queue: usize, planned: &[u128]) -> u64 {
        let groups = self.groups.iter().enumerate().filter(|(_, g)| g.queue == queue);
        let planned = groups.map(|(g, _)| {
            let batch = self.scenario.consumers[g].batch.map_or(1, |b| b.max.max(1));
            planned[g] / u128::from(batch)
        });
        let (servers, mean) = self.servers_of(queue);
        let waiting = u128::from(self.scenario.queues[queue].initial_backlog) * u128::from(mean);
        u64::try_from((planned.max().unwrap_or(0) + waiting) / u128::from(servers)).unwrap_or(u64::MAX)
    }
}
