//! The crate's own queue as a target: a [`Queue`] of plan positions for each queue of the scenario, or for
//! each server's share of a partitioned one; before it a log where messages are durable, behind it a
//! dispatcher where consumers have windows.

mod backend;
mod commits;
mod partition;
mod prefetch;
mod settings;

use super::{
    Delivery, Direct, Listener, LostMessage, Opening, PublishRequest, Sent, SharedQueue, Subscription, Target,
};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::message::Outcome;
use crate::queue::log::Event;
use crate::queue::{self, Loss, Queue, Settings};
use crate::scenario::Durability;
use backend::QueueBackend;
use commits::Commits;
use partition::PartitionQueue;
use prefetch::PrefetchDispatcher;
use settings::{looks, servers_of, settings};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

struct InProcess {
    shared: Arc<Shared>,
    /// Those that dispatch to prefetch windows, and those that commit.
    threads: Vec<JoinHandle<()>>,
}

/// What the queues' listeners know, too: a lost message goes to a dead-letter queue.
struct Shared {
    /// By queue of the scenario.
    backends: OnceLock<Vec<QueueBackend>>,
    listener: Arc<dyn Listener>,
}

pub(super) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    let &Opening { scenario, messages, .. } = opening;
    let shared = Arc::new(Shared { backends: OnceLock::new(), listener: Arc::clone(&opening.listener) });
    let mut backends = Vec::with_capacity(scenario.queues.len());
    let spins = looks(scenario);
    for (index, queue) in scenario.queues.iter().enumerate() {
        let groups = || scenario.consumers_of(index).map(|(_, c)| c);
        let parts = if queue.partitions.is_some() { groups().map(servers_of).sum() } else { 1 };
        let settings = Settings { spins, ..settings(scenario, queue, messages) };
        let mut partitions: Vec<PartitionQueue> = (0..parts)
            .map(|_| partition_queue(&shared, index, queue.dead_letter, settings.clone()))
            .collect();
        if queue.partitions.is_none() && groups().any(|c| c.prefetch > 1) {
            let windows = groups().flat_map(|c| std::iter::repeat_n(c.prefetch, servers_of(c)));
            partitions[0].dispatcher = Some(PrefetchDispatcher::new(windows, partitions[0].lease));
        }
        let durable = (queue.durability == Durability::Fsync).then(|| Commits::open(messages));
        let commits = durable.transpose().map_err(|error| LoadError::NoDisk { why: error.to_string() })?;
        backends.push(QueueBackend { partitions, commits });
    }
    let opened = shared.backends.set(backends);
    assert!(opened.is_ok(), "the queues of a target are made once");
    let mut target = InProcess { shared, threads: Vec::new() };
    target.start()?;
    Ok(Box::new(Direct(target)))
}

/// A queue whose losses are written down and go to the dead-letter queue, if there is one.
fn partition_queue(
    shared: &Arc<Shared>,
    queue: usize,
    dead_letter: Option<usize>,
    settings: Settings,
) -> PartitionQueue {
    // The queues belong to the shared part, which must not keep itself alive.
    let shared = Arc::downgrade(shared);
    let on_lost = move |lost: queue::Lost<u64>| {
        if let Some(shared) = shared.upgrade() {
            shared.lose(queue, dead_letter, &lost);
        }
    };
    let lease = settings.visibility_timeout;
    PartitionQueue { queue: Queue::new(settings, || Monotonic.now(), on_lost), lease, dispatcher: None }
}

impl Shared {
    fn backends(&self) -> &[QueueBackend] {
        self.backends.get().map_or(&[], Vec::as_slice)
    }

    /// Tells of a loss, and publishes the message to the dead-letter queue if there is one.
    fn lose(&self, queue: usize, dead_letter: Option<usize>, lost: &queue::Lost<u64>) {
        let outcome = match lost.why {
            _ if dead_letter.is_some() => Outcome::DeadLettered,
            Loss::Expired => Outcome::Expired,
            Loss::Dropped | Loss::Rejected | Loss::TooOften => Outcome::Dropped,
        };
        let message = lost.body;
        self.listener.lost(LostMessage { queue, message, at: lost.at, outcome, deliveries: lost.deliveries });
        let backends = self.backends();
        if let Some(commits) = backends.get(queue).and_then(|backend| backend.commits.as_ref()) {
            commits.note(message, Event::Settled);
        }
        if let Some(dead) = dead_letter {
            // A dead letter that finds no room is lost for good, as in brokers.
            if backends[dead].publish(&PublishRequest { message, ..PublishRequest::default() })
                == Sent::Rejected
            {
                self.listener.lost(LostMessage {
                    queue: dead,
                    message,
                    at: lost.at,
                    outcome: Outcome::Rejected,
                    deliveries: 0,
                });
            }
        }
    }
}

impl InProcess {
    fn backend(&self, queue: usize) -> &QueueBackend {
        &self.shared.backends()[queue]
    }

    /// Starts the threads that commit and that dispatch.
    fn start(&mut self) -> Result<(), LoadError> {
        for (queue, backend) in self.shared.backends().iter().enumerate() {
            let mut spawn = |name: &str, life: fn(&QueueBackend)| {
                let shared = Arc::clone(&self.shared);
                let thread =
                    thread::Builder::new().name(name.into()).spawn(move || life(&shared.backends()[queue]));
                thread
                    .map(|thread| self.threads.push(thread))
                    .map_err(|error| LoadError::NoThread { why: error.to_string() })
            };
            if backend.commits.is_some() {
                spawn("commits", QueueBackend::commit)?;
            }
            // A queue with prefetch windows has one part.
            if backend.partitions.iter().any(|partition| partition.dispatcher.is_some()) {
                spawn("prefetch", |backend| {
                    backend.partitions[0]
                        .dispatcher
                        .iter()
                        .for_each(|dispatcher| dispatcher.dispatch(&backend.partitions[0].queue))
                })?;
            }
        }
        Ok(())
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.shared.backends().iter().for_each(QueueBackend::halt);
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
        self.backend(of.queue).partition(of.part).consume(of.part, most, out)
    }

    fn refill(&self, of: Subscription, most: usize, until: u64, out: &mut Vec<Delivery>) {
        self.backend(of.queue).partition(of.part).refill(of.part, most, until, out);
    }

    fn ack(&self, queue: usize, delivery: &Delivery) -> bool {
        self.backend(queue).ack(delivery)
    }

    fn nack(&self, queue: usize, delivery: &Delivery, delay: u64) -> bool {
        self.backend(queue).nack(delivery, delay)
    }

    fn extend(&self, queue: usize, delivery: &mut Delivery) -> bool {
        self.backend(queue).partition(delivery.part).extend(delivery)
    }

    fn close(&self, queue: usize) {
        self.backend(queue).close();
    }

    fn halt(&self) {
        self.shared.backends().iter().for_each(QueueBackend::halt);
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        Some(self.backend(queue).inside())
    }

    fn commits(&self, queue: usize) -> Vec<u64> {
        self.backend(queue).commits.as_ref().map_or(Vec::new(), Commits::took)
    }
}
