//! The crate's own queue as a target: for each queue of the scenario one of plan positions, partitioned,
//! durable or with prefetch windows as it says.

mod backend;
mod durable;
mod losses;
mod settings;

use super::{Delivery, Direct, Opening, PublishRequest, Sent, SharedQueue, Subscription, Target};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::queue::{Partitioned, PrefetchDispatcher};
use crate::scenario::{Durability, Scenario};
use backend::{Backend, Parts, QueueBackend};
use durable::DurableParts;
use losses::Shared;
use settings::{looks, servers_of, settings};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

struct InProcess {
    shared: Arc<Shared>,
    /// Those that dispatch to prefetch windows, and those that commit.
    threads: Vec<JoinHandle<()>>,
}

pub(super) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    let &Opening { scenario, messages, .. } = opening;
    let shared = Arc::new(Shared::new(Arc::clone(&opening.listener)));
    let spins = looks(scenario);
    let backends = (0..scenario.queues.len()).map(|queue| backend(&shared, scenario, queue, messages, spins));
    shared.set(backends.collect::<Result<_, _>>()?);
    let mut target = InProcess { shared, threads: Vec::new() };
    target.start(scenario)?;
    Ok(Box::new(Direct(target)))
}

/// A queue of the scenario, in which so many messages are planned.
fn backend(
    shared: &Arc<Shared>,
    scenario: &Scenario,
    index: usize,
    messages: usize,
    spins: u32,
) -> Result<Box<dyn Backend>, LoadError> {
    let queue = &scenario.queues[index];
    let servers: usize = scenario.consumers_of(index).map(|(_, c)| servers_of(c)).sum();
    let parts = if queue.partitions.is_some() { servers.max(1) as u32 } else { 1 };
    let settings = settings(scenario, queue, messages, spins);
    if queue.durability == Durability::Fsync {
        let parts = DurableParts::open(parts, &settings, shared.listener(index, queue.dead_letter))
            .map_err(|error| LoadError::NoDisk { why: error.to_string() })?;
        return Ok(with_windows(parts, scenario, index));
    }
    let listener = shared.listener(index, queue.dead_letter);
    Ok(with_windows(Partitioned::new(parts, parts, &settings, || Monotonic.now(), listener), scenario, index))
}

/// A queue with the prefetch windows of its consumers, if they have such; one in parts has none.
fn with_windows<P: Parts + 'static>(parts: P, scenario: &Scenario, queue: usize) -> Box<dyn Backend> {
    let groups = || scenario.consumers_of(queue).map(|(_, c)| c);
    let any = scenario.queues[queue].partitions.is_none() && groups().any(|c| c.prefetch > 1);
    let windows = groups().flat_map(|c| std::iter::repeat_n(c.prefetch, servers_of(c)));
    Box::new(QueueBackend { parts, windows: any.then(|| PrefetchDispatcher::new(windows)) })
}

impl InProcess {
    fn backend(&self, queue: usize) -> &dyn Backend {
        &*self.shared.backends()[queue]
    }

    /// Starts the threads that commit and that dispatch, where there is something to do for them.
    fn start(&mut self, scenario: &Scenario) -> Result<(), LoadError> {
        for (index, queue) in scenario.queues.iter().enumerate() {
            let mut spawn = |name: &str, life: fn(&dyn Backend)| {
                let shared = Arc::clone(&self.shared);
                let thread =
                    thread::Builder::new().name(name.into()).spawn(move || life(&*shared.backends()[index]));
                thread
                    .map(|thread| self.threads.push(thread))
                    .map_err(|error| LoadError::NoThread { why: error.to_string() })
            };
            if queue.durability == Durability::Fsync {
                spawn("commits", |backend| backend.commit())?;
            }
            if scenario.consumers_of(index).any(|(_, c)| c.prefetch > 1) {
                spawn("prefetch", |backend| backend.dispatch())?;
            }
        }
        Ok(())
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.shared.backends().iter().for_each(|backend| backend.halt());
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ended = thread.join();
        }
    }
}

impl SharedQueue for InProcess {
    fn publish(&self, queue: usize, request: &PublishRequest) -> Sent {
        self.backend(queue).publish(request)
    }

    fn consume(&self, of: Subscription, most: usize, out: &mut Vec<Delivery>) -> bool {
        self.backend(of.queue).consume(of.part, most, out)
    }

    fn refill(&self, of: Subscription, most: usize, until: u64, out: &mut Vec<Delivery>) {
        self.backend(of.queue).refill(of.part, most, until, out);
    }

    fn ack(&self, queue: usize, delivery: &Delivery) -> bool {
        self.backend(queue).ack(delivery)
    }

    fn nack(&self, queue: usize, delivery: &Delivery, delay: u64) -> bool {
        self.backend(queue).nack(delivery, delay)
    }

    fn extend(&self, queue: usize, delivery: &mut Delivery) -> bool {
        self.backend(queue).extend(delivery)
    }

    fn close(&self, queue: usize) {
        self.backend(queue).close();
    }

    fn halt(&self) {
        self.shared.backends().iter().for_each(|backend| backend.halt());
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        Some(self.backend(queue).inside())
    }

    fn threads(&self) -> usize {
        self.threads.len()
    }

    fn commits(&self, queue: usize) -> Vec<u64> {
        self.backend(queue).commits()
    }
}
