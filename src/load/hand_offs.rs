//! Hand-offs: how long free servers took to take messages that were there.

use super::run_plan::RunPlan;
use crate::message::{Outcome, Record};

/// How long messages waited that a free server could have taken: wake-ups, and the way from one message to
/// the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct HandOffs {
    pub count: u64,
    pub nanos: u64,
    /// Those of them that came to a server that had nothing to do.
    pub idle: u64,
    pub idle_nanos: u64,
}

impl HandOffs {
    /// Those of the servers that take a message as soon as they can, whose every service is on record.
    pub(super) fn of<'r>(run_plan: &RunPlan<'_>, records: impl Iterator<Item = &'r Record>) -> Self {
        let plain: Vec<bool> =
            (0..run_plan.groups.len()).map(|group| run_plan.takes_at_once(group)).collect();
        let served = |r: &&Record| r.outcome == Outcome::Served && plain[r.consumer as usize];
        let mut services: Vec<&Record> = records.filter(served).collect();
        services.sort_unstable_by_key(|r| (r.consumer, r.server, r.taken));
        let (mut out, mut server, mut free) = (HandOffs::default(), None, 0);
        for r in services {
            if server.replace((r.consumer, r.server)) != Some((r.consumer, r.server)) {
                free = 0;
            }
            let took = r.taken.saturating_sub(free.max(r.sent));
            (out.count, out.nanos) = (out.count + 1, out.nanos + took);
            if r.sent > free {
                (out.idle, out.idle_nanos) = (out.idle + 1, out.idle_nanos + took);
            }
            free = r.finished;
        }
        out
    }

    /// Seconds a message.
    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.nanos as f64 / self.count as f64 / 1e9)
    }

    /// The share of the messages that came to an idle server, and seconds that each waited for it.
    pub(super) fn woken(&self) -> Option<(f64, f64)> {
        (self.idle > 0)
            .then(|| (self.idle as f64 / self.count as f64, self.idle_nanos as f64 / self.idle as f64 / 1e9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;
    use crate::scenario::Scenario;
    use crate::workload::Block;
    use crate::workload::laws::Law;

    #[test]
    fn a_hand_off_begins_when_message_and_server_are_there() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 2);
        let plan = Block { due: vec![0; 4], sent: vec![0; 4], demand: vec![vec![0; 4]], ..Block::default() };
        let run_plan = RunPlan::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let record = |(server, sent, taken, finished): (u32, u64, u64, u64)| {
            let message = Message::default();
            let (queue, consumer, deliveries, outcome) = (0, 0, 1, Outcome::Served);
            Record { message, sent, taken, finished, queue, consumer, server, deliveries, outcome }
        };
        // Two came to an idle server, one waited for its turn and one just missed the end of the service
        // before.
        let all = [(0, 120, 202, 300), (0, 1, 10, 100), (1, 60, 65, 90), (0, 50, 103, 200)].map(record);
        assert_eq!(
            HandOffs::of(&run_plan, all.iter()),
            HandOffs { count: 4, nanos: 9 + 5 + 3 + 2, idle: 2, idle_nanos: 9 + 5 }
        );
        let mut retries = scenario.clone();
        retries.consumers[0].failure = 0.1;
        let run_plan = RunPlan::new(&retries, &plan).expect("retries are played");
        assert_eq!(HandOffs::of(&run_plan, all.iter()).count, 0, "what failed kept a server busy, too");
    }
}
