//! Servers that break and are repaired, each by itself: the instants of chance that the simulation has, too.

use super::run_plan::{RunPlan, ServerId};
use crate::behaviour::Breakdowns;

/// One server's breaks. Times are nanoseconds from the start.
#[derive(Debug)]
pub(super) struct Breaks<'a> {
    breakdowns: &'a Breakdowns,
    server: u64,
    /// Which break is next.
    number: u64,
    /// Until when it is up, or, if it breaks only while it works, how much work it does until then.
    up: u64,
}

impl<'a> Breaks<'a> {
    /// Those of a server that is up from the start; `None` if it never breaks.
    pub(super) fn of(run_plan: &'a RunPlan<'a>, server_id: ServerId) -> Option<Self> {
        let breakdowns = run_plan.rules.consumers[server_id.group].breakdowns.as_ref()?;
        let server = run_plan.number_of(server_id.group, server_id.server);
        let mut breaks = Breaks { breakdowns, server, number: 0, up: 0 };
        breaks.comes_up(0);
        Some(breaks)
    }

    /// Whether the message in progress goes on after the repair.
    pub(super) fn resumes(&self) -> bool {
        !self.breakdowns.redeliver
    }

    /// When an idle server breaks, if it can.
    pub(super) fn when_idle(&self) -> Option<u64> {
        (!self.breakdowns.only_busy).then_some(self.up)
    }

    /// When it breaks in a service that begins at an instant and lasts so long, if it does.
    pub(super) fn within(&self, from: u64, lasts: u64) -> Option<u64> {
        let at = if self.breakdowns.only_busy { from.saturating_add(self.up) } else { self.up.max(from) };
        (at < from.saturating_add(lasts)).then_some(at)
    }

    /// It has worked for so long.
    pub(super) fn worked(&mut self, time: u64) {
        if self.breakdowns.only_busy {
            self.up = self.up.saturating_sub(time);
        }
    }

    /// It breaks at an instant: says when it is up again.
    pub(super) fn breaks(&mut self, at: u64) -> u64 {
        // One that notices late keeps in step with the others.
        let at = if self.breakdowns.together { self.up } else { at };
        let repaired = at.saturating_add(self.breakdowns.time_down(self.server, self.number));
        self.comes_up(repaired);
        repaired
    }

    fn comes_up(&mut self, at: u64) {
        self.number += 1;
        let up = self.breakdowns.time_up(self.server, self.number);
        self.up = if self.breakdowns.only_busy { up } else { at.saturating_add(up) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Outages, Scenario};
    use crate::workload::Block;
    use crate::workload::laws::Law;

    fn breaks(only_busy: bool, look: impl FnOnce(&mut Breaks<'_>)) {
        let mut scenario = Scenario::mgc(1.0, Law::deterministic(1.0), 1);
        let (up, down) = (Law::deterministic(10.0), Law::deterministic(3.0));
        scenario.consumers[0].outages =
            Some(Outages { up, down, only_busy, together: false, redeliver: true });
        let plan = Block { due: vec![0], sent: vec![0], demand: vec![vec![0]], ..Block::default() };
        let run_plan = RunPlan::new(&scenario, &plan).expect("outages are played");
        look(&mut Breaks::of(&run_plan, ServerId { group: 0, server: 0 }).expect("it breaks"));
    }

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_server_breaks_by_the_clock_or_by_its_work() {
        breaks(false, |b| {
            assert_eq!(b.when_idle(), Some(10 * SECOND));
            assert_eq!(
                (b.within(8 * SECOND, SECOND), b.within(8 * SECOND, 3 * SECOND)),
                (None, Some(10 * SECOND))
            );
            assert_eq!(b.breaks(10 * SECOND), 13 * SECOND);
            assert_eq!(b.when_idle(), Some(23 * SECOND));
        });
        breaks(true, |b| {
            assert_eq!(b.when_idle(), None);
            b.worked(9 * SECOND);
            assert_eq!(b.within(100 * SECOND, 2 * SECOND), Some(101 * SECOND));
            assert_eq!(b.breaks(101 * SECOND), 104 * SECOND);
            assert_eq!(b.within(104 * SECOND, 11 * SECOND), Some(114 * SECOND));
        });
    }
}
