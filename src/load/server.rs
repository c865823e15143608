//! A server of a consumer group: takes a message, spends its demand, acknowledges, over and over.

use super::clock::Clock;
use super::lives::{Lives, Who};
use super::score::Score;
use super::targets::Target;
use super::work::Worker;

/// Which server it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Post {
    pub group: usize,
    pub server: u32,
}

/// What a server noticed that must not happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Messages that came although they had been taken, or that were never in the plan.
    pub duplicated: u64,
    /// First deliveries that came after a later message of the same line.
    pub disordered: u64,
    /// Acknowledgements that the target would not have.
    pub unsettled: u64,
}

impl Faults {
    pub fn merge(&mut self, other: &Faults) {
        self.duplicated += other.duplicated;
        self.disordered += other.disordered;
        self.unsettled += other.unsettled;
    }
}

/// Serves until the target is closed and empty. Once the worker is stopped it still empties the queue, but works no more.
pub fn serve<C: Clock>(
    worker: &mut Worker<'_, C>,
    score: &Score<'_>,
    target: &dyn Target,
    lives: &Lives,
    start: u64,
    post: Post,
) -> Faults {
    let queue = score.groups[post.group].queue;
    let (mut faults, mut last) = (Faults::default(), None);
    while let Some(taken) = target.consume(queue) {
        if worker.pacer.stopped() {
            continue;
        }
        let at = worker.pacer.now();
        let message = taken.message as usize;
        if message >= score.len() {
            faults.duplicated += 1;
            continue;
        }
        let who = Who { group: post.group as u32, server: post.server, deliveries: taken.deliveries };
        let done = worker.spend(at, score.demand(post.group, message));
        faults.duplicated += u64::from(!lives.take(message, at.saturating_sub(start), who));
        if !worker.pacer.stopped() {
            lives.finish(message, done.saturating_sub(start));
            faults.unsettled += u64::from(!target.ack(queue, &taken));
        }
        faults.disordered += u64::from(taken.deliveries == 1 && last > Some(message));
        last = Some(message);
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::clock::Fake;
    use super::super::pacing::{MARGIN, Pacer};
    use super::super::targets::{Sent, Taken};
    use super::*;
    use crate::scenario::{Scenario, Work};
    use crate::workload::Block;
    use crate::workload::laws::Law;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicBool;

    /// Hands out the messages that it was made with.
    struct Script(Mutex<Vec<u64>>);

    impl Target for Script {
        fn publish(&self, _: usize, _: u64) -> Sent {
            Sent::Closed
        }
        fn consume(&self, _: usize) -> Option<Taken> {
            let message = self.0.lock().expect("no thread panicked").pop()?;
            Some(Taken { message, deliveries: 1, tag: 0 })
        }
        fn ack(&self, _: usize, taken: &Taken) -> bool {
            taken.message != 2
        }
        fn close(&self) {}
        fn in_system(&self, _: usize) -> Option<u64> {
            None
        }
        fn dropped(&self) -> Vec<(u64, u64)> {
            Vec::new()
        }
    }

    #[test]
    fn faults_of_a_target_are_counted() {
        let scenario = Scenario::mgc(1.0, Law::deterministic(0.0), 1);
        let plan = Block { due: vec![0; 4], sent: vec![0; 4], demand: vec![vec![1_000_000; 4]], ..Block::default() };
        let score = Score::new(&scenario, &plan).expect("the scenario is the simplest there is");
        let (clock, stop, lives) = (Fake { read: 20, ..Fake::default() }, AtomicBool::new(false), Lives::new(4));
        let mut worker = Worker::new(Pacer::new(&clock, &stop, MARGIN), &clock, Work::Auto);
        let target = Script(Mutex::new(vec![9, 1, 2, 3, 1, 0]));
        let faults = serve(&mut worker, &score, &target, &lives, 0, Post { group: 0, server: 0 });
        // 1 came twice and 9 is unknown; 2 came after 3 and 1 after 2; 2 was not to be settled.
        assert_eq!(faults, Faults { duplicated: 2, disordered: 2, unsettled: 1 });
        let past = lives.past(0);
        let spent = past.finished.expect("served") - past.taken.expect("served").0;
        assert!((1_000_000..1_000_100).contains(&spent), "{spent}");
    }
}
