//! The crate's own queue as a target: a [`Queue`] of plan positions for each queue of the scenario, or for each server's share of a
//! partitioned one; before it a log where messages are durable, behind it a dispatcher where consumers have windows.

use super::commits::Commits;
use super::prefetch::PrefetchDispatcher;
use super::{Delivery, Direct, Lost, PublishRequest, Sent, SharedQueue, Subscription, Target};
use crate::load::clock::{Clock, Monotonic};
use crate::load::run_plan::share_of;
use crate::load::{LoadError, calibrate};
use crate::message::Outcome;
use crate::queue::log::Event;
use crate::queue::{self, Loss, Order, Place, Queue, Refusal, Settings, Tag, Terms};
use crate::scenario::{self, Discipline, Durability, Overflow, Scenario};
use parking_lot::Mutex;
use std::cell::RefCell;
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
    lost: Mutex<Vec<Lost>>,
}

/// A queue of the scenario: a queue for each part of it, and the log in front of all of them.
struct QueueBackend {
    partitions: Vec<PartitionQueue>,
    commits: Option<Commits>,
}

/// The queue of one part, with its prefetch windows.
struct PartitionQueue {
    queue: Queue<u64>,
    /// Nanoseconds within which a delivery is to be settled.
    lease: Option<u64>,
    dispatcher: Option<PrefetchDispatcher>,
}

/// Nanoseconds for which a consumer looks for work before it sleeps, where every thread of the run can have a processor. A wake-up costs
/// tens of microseconds, which is a good part of a service of 100 µs; longer waits are worth it.
const PATIENCE: u64 = 200_000;

thread_local! {
    /// Where a consumer's deliveries land, so that taking one allocates nothing.
    static DELIVERIES: RefCell<Vec<queue::Delivery<u64>>> = RefCell::new(Vec::with_capacity(1));
}

pub(super) fn open(scenario: &Scenario, messages: usize) -> Result<Box<dyn Target>, LoadError> {
    let shared = Arc::new(Shared { backends: OnceLock::new(), lost: Mutex::new(Vec::with_capacity(messages)) });
    let mut backends = Vec::with_capacity(scenario.queues.len());
    let looks = looks(scenario);
    for (index, queue) in scenario.queues.iter().enumerate() {
        let groups = || scenario.consumers_of(index).map(|(_, c)| c);
        let parts = if queue.partitions.is_some() { groups().map(share_of).sum() } else { 1 };
        let settings = Settings { spins: looks, ..settings(scenario, queue, messages) };
        let mut partitions: Vec<PartitionQueue> =
            (0..parts).map(|_| partition(&shared, index, queue.dead_letter, settings.clone())).collect();
        if queue.partitions.is_none() && groups().any(|c| c.prefetch > 1) {
            let windows = groups().flat_map(|c| std::iter::repeat_n(c.prefetch, share_of(c)));
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

/// How often a consumer looks before it sleeps. Where threads would take the processors from one another, as briefly as the queue does by itself;
/// so also where something else than a message ends the wait, which who looks sees later.
fn looks(scenario: &Scenario) -> u32 {
    let servers: usize = scenario.consumers.iter().map(share_of).sum();
    let fits = std::thread::available_parallelism().is_ok_and(|processors| servers < processors.get());
    let plain = |c: &scenario::Consumer| c.batch.is_none() && c.prefetch <= 1 && c.outages.is_none() && c.autoscale.is_none();
    let alone = scenario.queues.iter().all(|q| q.durability != Durability::Fsync);
    let patient = fits && alone && scenario.consumers.iter().all(plain);
    if patient { calibrate::looks(PATIENCE) } else { Settings::default().spins }
}

fn settings(scenario: &Scenario, queue: &scenario::Queue, messages: usize) -> Settings {
    let played = |seconds: f64| (seconds * 1e9 / scenario.measurement.speed).round() as u64;
    Settings {
        order: match queue.discipline {
            Discipline::Fifo => Order::Fifo,
            Discipline::Lifo => Order::Lifo,
            _ => Order::Ranked,
        },
        max_length: queue.max_length,
        overflow: match queue.overflow {
            Overflow::RejectPublish => queue::Overflow::RejectPublish,
            Overflow::DropHead => queue::Overflow::DropHead,
            Overflow::Block => queue::Overflow::Block,
        },
        delivery_limit: queue.delivery_limit,
        // A random one is given with each message; dead letters are not sent and have this alone.
        message_ttl: queue.message_ttl.as_ref().filter(|law| law.scv() == 0.0).map(|law| played(law.mean())),
        visibility_timeout: queue.visibility_timeout.map(played),
        reserve: messages,
        ..Settings::default()
    }
}

/// A queue whose losses are written down and go to the dead-letter queue, if there is one.
fn partition(shared: &Arc<Shared>, queue: usize, dead_letter: Option<usize>, settings: Settings) -> PartitionQueue {
    // The queues belong to the shared part, which must not keep itself alive.
    let shared = Arc::downgrade(shared);
    let on_lost = move |lost: queue::Lost<u64>| {
        let Some(shared) = shared.upgrade() else { return };
        let outcome = match lost.why {
            _ if dead_letter.is_some() => Outcome::DeadLettered,
            Loss::Expired => Outcome::Expired,
            Loss::Dropped | Loss::Rejected | Loss::TooOften => Outcome::Dropped,
        };
        shared.lost.lock().push(Lost { queue, message: lost.body, at: lost.at, outcome, deliveries: lost.deliveries });
        let backends = shared.backends();
        if let Some(commits) = backends.get(queue).and_then(|backend| backend.commits.as_ref()) {
            commits.note(lost.body, Event::Settled);
        }
        if let Some(dead) = dead_letter {
            // A dead letter that finds no room is lost for good, as in brokers.
            if backends[dead].publish(&PublishRequest { message: lost.body, ..PublishRequest::default() }) == Sent::Rejected {
                let refused = Lost { queue: dead, message: lost.body, at: lost.at, outcome: Outcome::Rejected, deliveries: 0 };
                shared.lost.lock().push(refused);
            }
        }
    };
    let lease = settings.visibility_timeout;
    PartitionQueue { queue: Queue::new(settings, || Monotonic.now(), on_lost), lease, dispatcher: None }
}

impl QueueBackend {
    /// The queue of a part; one that is not partitioned has one part, whoever asks.
    fn partition(&self, part: usize) -> &PartitionQueue {
        &self.partitions[part.min(self.partitions.len() - 1)]
    }

    /// A durable message has its place before it goes to the disk.
    fn publish(&self, request: &PublishRequest) -> Sent {
        let partition = self.partition(request.part);
        let Some(commits) = &self.commits else {
            let outcome = partition.queue.publish_with(request.message, terms(request));
            return sent(outcome.map_err(|refused| refused.why));
        };
        let outcome = partition.queue.reserve().map(Place::keep);
        match outcome {
            Ok(_) if commits.write(request) => Sent::Accepted,
            Ok(queue) => {
                queue.release();
                Sent::Closed
            }
            Err(why) => sent(Err::<(), _>(why)),
        }
    }

    /// Commits what comes and hands it over. The life of a thread.
    fn commit(&self) {
        if let Some(commits) = &self.commits {
            commits.run(|request| _ = self.partition(request.part).queue.fulfil(request.message, terms(request)));
        }
        self.partitions.iter().for_each(|partition| partition.queue.close());
    }

    fn close(&self) {
        match &self.commits {
            // What is written is handed over first.
            Some(commits) => commits.close(),
            None => self.partitions.iter().for_each(|partition| partition.queue.close()),
        }
    }

    fn halt(&self) {
        for partition in &self.partitions {
            partition.queue.halt();
            partition.dispatcher.iter().for_each(PrefetchDispatcher::halt);
        }
        self.commits.iter().for_each(Commits::close);
    }
}

fn terms(request: &PublishRequest) -> Terms {
    Terms { rank: request.rank, ttl: request.ttl }
}

fn sent<T>(outcome: Result<T, Refusal>) -> Sent {
    match outcome {
        Ok(_) => Sent::Accepted,
        Err(Refusal::Full) => Sent::Rejected,
        Err(Refusal::Wait | Refusal::Closed) => Sent::Closed,
    }
}

impl PartitionQueue {
    fn settled(&self, delivery: &Delivery) {
        if let Some(dispatcher) = &self.dispatcher {
            dispatcher.settled(delivery.part);
        }
    }
}

impl Shared {
    fn backends(&self) -> &[QueueBackend] {
        self.backends.get().map_or(&[], Vec::as_slice)
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
                let thread = thread::Builder::new().name(name.into()).spawn(move || life(&shared.backends()[queue]));
                thread.map(|thread| self.threads.push(thread)).map_err(|error| LoadError::NoThread { why: error.to_string() })
            };
            if backend.commits.is_some() {
                spawn("commits", QueueBackend::commit)?;
            }
            // A queue with prefetch windows has one part.
            if backend.partitions.iter().any(|partition| partition.dispatcher.is_some()) {
                spawn("prefetch", |backend| {
                    backend.partitions[0].dispatcher.iter().for_each(|dispatcher| dispatcher.dispatch(&backend.partitions[0].queue))
                })?;
            }
        }
        Ok(())
    }

    /// Takes messages in the way that is given, by way of this thread's buffer.
    fn take(
        &self,
        (partition, part): (&PartitionQueue, usize),
        out: &mut Vec<Delivery>,
        how: impl FnOnce(&mut Vec<queue::Delivery<u64>>) -> bool,
    ) -> bool {
        DELIVERIES.with_borrow_mut(|deliveries| {
            let open = how(deliveries);
            let until = lease_from_now(partition.lease);
            out.extend(deliveries.drain(..).map(|d| as_delivery(&d, part, until)));
            open
        })
    }
}

/// Until when a delivery that was just made is to be settled.
pub(super) fn lease_from_now(lease: Option<u64>) -> u64 {
    lease.map_or(u64::MAX, |lease| Monotonic.now().saturating_add(lease))
}

fn as_delivery(delivery: &queue::Delivery<u64>, part: usize, until: u64) -> Delivery {
    Delivery { message: delivery.body, deliveries: delivery.deliveries, tag: delivery.tag.into(), part, until }
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
        let partition = self.backend(of.queue).partition(of.part);
        match &partition.dispatcher {
            Some(dispatcher) => {
                dispatcher.take(of.part).map(|(delivery, until)| out.push(as_delivery(&delivery, of.part, until))).is_some()
            }
            None => self.take((partition, of.part), out, |deliveries| partition.queue.consume(most, deliveries)),
        }
    }

    fn refill(&self, of: Subscription, most: usize, until: u64, out: &mut Vec<Delivery>) {
        let partition = self.backend(of.queue).partition(of.part);
        self.take((partition, of.part), out, |deliveries| match until {
            0 => partition.queue.try_consume(most, deliveries) > 0,
            _ => partition.queue.consume_until(most, until, deliveries),
        });
    }

    fn ack(&self, queue: usize, delivery: &Delivery) -> bool {
        let (backend, partition) = (self.backend(queue), self.backend(queue).partition(delivery.part));
        let settled = partition.queue.ack(Tag::from(delivery.tag)).is_ok();
        if let Some(commits) = backend.commits.as_ref().filter(|_| settled) {
            commits.note(delivery.message, Event::Settled);
        }
        partition.settled(delivery);
        settled
    }

    fn nack(&self, queue: usize, delivery: &Delivery, delay: u64) -> bool {
        let (backend, partition) = (self.backend(queue), self.backend(queue).partition(delivery.part));
        if let Some(commits) = &backend.commits {
            commits.note(delivery.message, Event::Returned(delivery.deliveries));
        }
        let kept = partition.queue.nack_after(Tag::from(delivery.tag), std::time::Duration::from_nanos(delay)).is_ok();
        partition.settled(delivery);
        kept
    }

    fn extend(&self, queue: usize, delivery: &mut Delivery) -> bool {
        let partition = self.backend(queue).partition(delivery.part);
        let kept = partition.queue.extend(Tag::from(delivery.tag)).is_ok();
        delivery.until = if kept { lease_from_now(partition.lease) } else { delivery.until };
        kept
    }

    fn close(&self, queue: usize) {
        self.backend(queue).close();
    }

    fn halt(&self) {
        self.shared.backends().iter().for_each(QueueBackend::halt);
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        let backend = self.backend(queue);
        let partitions: u64 = backend.partitions.iter().map(|partition| partition.queue.counts().inside()).sum();
        Some(partitions + backend.commits.as_ref().map_or(0, Commits::inside))
    }

    fn lost(&self) -> Vec<Lost> {
        std::mem::take(&mut self.shared.lost.lock())
    }

    fn commits(&self, queue: usize) -> Vec<u64> {
        self.backend(queue).commits.as_ref().map_or(Vec::new(), Commits::took)
    }
}
