//! The crate's own queue as a target: a [`Queue`] of plan positions for each queue of the scenario, or for each server's share of a
//! partitioned one; before it a log where messages are durable, behind it a dealer where consumers have windows.

use super::commits::Commits;
use super::dealer::Dealer;
use super::{Direct, Lost, Offer, Sent, SharedQueue, Subscription, Taken, Target};
use crate::load::clock::{Clock, Monotonic};
use crate::load::score::share_of;
use crate::load::{LoadError, calibrate};
use crate::message::Outcome;
use crate::queue::log::Event;
use crate::queue::{self, Delivery, Loss, Order, Place, Queue, Refusal, Settings, Tag, Terms};
use crate::scenario::{self, Discipline, Durability, Overflow, Scenario};
use parking_lot::Mutex;
use std::cell::RefCell;
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

struct InProcess {
    shared: Arc<Shared>,
    /// Those that deal messages out, and those that commit them.
    threads: Vec<JoinHandle<()>>,
}

/// What the queues' listeners know, too: a lost message goes to a dead-letter queue.
struct Shared {
    /// By queue of the scenario.
    roads: OnceLock<Vec<Road>>,
    lost: Mutex<Vec<Lost>>,
}

/// A queue of the scenario: a lane for each part, and the log that stands before all of them.
struct Road {
    lanes: Vec<Lane>,
    commits: Option<Commits>,
}

/// A queue with what stands behind it.
struct Lane {
    queue: Queue<u64>,
    /// Nanoseconds within which a delivery is to be settled.
    lease: Option<u64>,
    dealer: Option<Dealer>,
}

/// Nanoseconds for which a consumer looks for work before it sleeps, where every thread of the run can have a processor. A wake-up costs
/// tens of microseconds, which is a good part of a service of 100 µs; longer waits are worth it.
const PATIENCE: u64 = 200_000;

thread_local! {
    /// Where a consumer's deliveries land, so that taking one allocates nothing.
    static HAND: RefCell<Vec<Delivery<u64>>> = RefCell::new(Vec::with_capacity(1));
}

pub(super) fn open(scenario: &Scenario, messages: usize) -> Result<Box<dyn Target>, LoadError> {
    let shared = Arc::new(Shared { roads: OnceLock::new(), lost: Mutex::new(Vec::with_capacity(messages)) });
    let mut roads = Vec::with_capacity(scenario.queues.len());
    let looks = looks(scenario);
    for (index, queue) in scenario.queues.iter().enumerate() {
        let groups = || scenario.consumers_of(index).map(|(_, c)| c);
        let parts = if queue.partitions.is_some() { groups().map(share_of).sum() } else { 1 };
        let settings = Settings { spins: looks, ..settings(scenario, queue, messages) };
        let mut lanes: Vec<Lane> = (0..parts).map(|_| lane(&shared, index, queue.dead_letter, settings.clone())).collect();
        if queue.partitions.is_none() && groups().any(|c| c.prefetch > 1) {
            let windows = groups().flat_map(|c| std::iter::repeat_n(c.prefetch, share_of(c)));
            lanes[0].dealer = Some(Dealer::new(windows, lanes[0].lease));
        }
        let durable = (queue.durability == Durability::Fsync).then(|| Commits::open(messages));
        let commits = durable.transpose().map_err(|error| LoadError::NoDisk { why: error.to_string() })?;
        roads.push(Road { lanes, commits });
    }
    let opened = shared.roads.set(roads);
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
fn lane(shared: &Arc<Shared>, queue: usize, dead_letter: Option<usize>, settings: Settings) -> Lane {
    // The queues belong to the shared part, which must not keep itself alive.
    let shared = Arc::downgrade(shared);
    let told = move |lost: queue::Lost<u64>| {
        let Some(shared) = shared.upgrade() else { return };
        let outcome = match lost.why {
            _ if dead_letter.is_some() => Outcome::DeadLettered,
            Loss::Expired => Outcome::Expired,
            Loss::Dropped | Loss::Rejected | Loss::TooOften => Outcome::Dropped,
        };
        shared.lost.lock().push(Lost { queue, message: lost.body, at: lost.at, outcome, deliveries: lost.deliveries });
        let roads = shared.roads();
        if let Some(commits) = roads.get(queue).and_then(|road| road.commits.as_ref()) {
            commits.note(lost.body, Event::Settled);
        }
        if let Some(dead) = dead_letter {
            // A dead letter that finds no room is lost for good, as in brokers.
            if roads[dead].publish(&Offer { message: lost.body, ..Offer::default() }) == Sent::Rejected {
                let refused = Lost { queue: dead, message: lost.body, at: lost.at, outcome: Outcome::Rejected, deliveries: 0 };
                shared.lost.lock().push(refused);
            }
        }
    };
    let lease = settings.visibility_timeout;
    Lane { queue: Queue::new(settings, || Monotonic.now(), told), lease, dealer: None }
}

impl Road {
    /// A part's lane; a queue that is not partitioned has one alone, whoever asks.
    fn lane(&self, part: usize) -> &Lane {
        &self.lanes[part.min(self.lanes.len() - 1)]
    }

    /// A durable message has its place before it goes to the disk.
    fn publish(&self, offer: &Offer) -> Sent {
        let lane = self.lane(offer.part);
        let Some(commits) = &self.commits else {
            let outcome = lane.queue.publish_with(offer.message, terms(offer));
            return sent(outcome.map_err(|refused| refused.why));
        };
        let outcome = lane.queue.reserve().map(Place::keep);
        match outcome {
            Ok(_) if commits.write(offer) => Sent::Accepted,
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
            commits.run(|offer| _ = self.lane(offer.part).queue.fulfil(offer.message, terms(offer)));
        }
        self.lanes.iter().for_each(|lane| lane.queue.close());
    }

    fn close(&self) {
        match &self.commits {
            // What is written is handed over first.
            Some(commits) => commits.close(),
            None => self.lanes.iter().for_each(|lane| lane.queue.close()),
        }
    }

    fn halt(&self) {
        for lane in &self.lanes {
            lane.queue.halt();
            lane.dealer.iter().for_each(Dealer::halt);
        }
        self.commits.iter().for_each(Commits::close);
    }
}

fn terms(offer: &Offer) -> Terms {
    Terms { rank: offer.rank, ttl: offer.ttl }
}

fn sent<T>(outcome: Result<T, Refusal>) -> Sent {
    match outcome {
        Ok(_) => Sent::Accepted,
        Err(Refusal::Full) => Sent::Rejected,
        Err(Refusal::Wait | Refusal::Closed) => Sent::Closed,
    }
}

impl Lane {
    fn settled(&self, taken: &Taken) {
        if let Some(dealer) = &self.dealer {
            dealer.settled(taken.part);
        }
    }
}

impl Shared {
    fn roads(&self) -> &[Road] {
        self.roads.get().map_or(&[], Vec::as_slice)
    }
}

impl InProcess {
    fn road(&self, queue: usize) -> &Road {
        &self.shared.roads()[queue]
    }

    /// Starts those who commit and those who deal.
    fn start(&mut self) -> Result<(), LoadError> {
        for (queue, road) in self.shared.roads().iter().enumerate() {
            let mut spawn = |name: &str, life: fn(&Road)| {
                let shared = Arc::clone(&self.shared);
                let thread = thread::Builder::new().name(name.into()).spawn(move || life(&shared.roads()[queue]));
                thread.map(|thread| self.threads.push(thread)).map_err(|error| LoadError::NoThread { why: error.to_string() })
            };
            if road.commits.is_some() {
                spawn("commits", Road::commit)?;
            }
            // A queue that deals has one lane.
            if road.lanes.iter().any(|lane| lane.dealer.is_some()) {
                spawn("dealer", |road| road.lanes[0].dealer.iter().for_each(|dealer| dealer.deal(&road.lanes[0].queue)))?;
            }
        }
        Ok(())
    }

    /// Takes messages in the way that is given, by way of this thread's hand.
    fn take(&self, (lane, part): (&Lane, usize), out: &mut Vec<Taken>, how: impl FnOnce(&mut Vec<Delivery<u64>>) -> bool) -> bool {
        HAND.with_borrow_mut(|hand| {
            let taken = how(hand);
            let until = lease_from_now(lane.lease);
            out.extend(hand.drain(..).map(|d| as_taken(&d, part, until)));
            taken
        })
    }
}

/// Until when a delivery that was just made is to be settled.
pub(super) fn lease_from_now(lease: Option<u64>) -> u64 {
    lease.map_or(u64::MAX, |lease| Monotonic.now().saturating_add(lease))
}

fn as_taken(delivery: &Delivery<u64>, part: usize, until: u64) -> Taken {
    Taken { message: delivery.body, deliveries: delivery.deliveries, tag: delivery.tag.into(), part, until }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.shared.roads().iter().for_each(Road::halt);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ended = thread.join();
        }
    }
}

impl SharedQueue for InProcess {
    fn publish(&self, queue: usize, offer: &Offer) -> Sent {
        self.road(queue).publish(offer)
    }

    fn consume(&self, of: Subscription, most: usize, out: &mut Vec<Taken>) -> bool {
        let lane = self.road(of.queue).lane(of.part);
        match &lane.dealer {
            Some(dealer) => dealer.take(of.part).map(|(delivery, until)| out.push(as_taken(&delivery, of.part, until))).is_some(),
            None => self.take((lane, of.part), out, |hand| lane.queue.consume(most, hand)),
        }
    }

    fn refill(&self, of: Subscription, most: usize, until: u64, out: &mut Vec<Taken>) {
        let lane = self.road(of.queue).lane(of.part);
        self.take((lane, of.part), out, |hand| match until {
            0 => lane.queue.try_consume(most, hand) > 0,
            _ => lane.queue.consume_until(most, until, hand),
        });
    }

    fn ack(&self, queue: usize, taken: &Taken) -> bool {
        let (road, lane) = (self.road(queue), self.road(queue).lane(taken.part));
        let settled = lane.queue.ack(Tag::from(taken.tag)).is_ok();
        if let Some(commits) = road.commits.as_ref().filter(|_| settled) {
            commits.note(taken.message, Event::Settled);
        }
        lane.settled(taken);
        settled
    }

    fn nack(&self, queue: usize, taken: &Taken, delay: u64) -> bool {
        let (road, lane) = (self.road(queue), self.road(queue).lane(taken.part));
        if let Some(commits) = &road.commits {
            commits.note(taken.message, Event::Returned(taken.deliveries));
        }
        let kept = lane.queue.nack_after(Tag::from(taken.tag), std::time::Duration::from_nanos(delay)).is_ok();
        lane.settled(taken);
        kept
    }

    fn extend(&self, queue: usize, taken: &mut Taken) -> bool {
        let lane = self.road(queue).lane(taken.part);
        let kept = lane.queue.extend(Tag::from(taken.tag)).is_ok();
        taken.until = if kept { lease_from_now(lane.lease) } else { taken.until };
        kept
    }

    fn close(&self, queue: usize) {
        self.road(queue).close();
    }

    fn halt(&self) {
        self.shared.roads().iter().for_each(Road::halt);
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        let road = self.road(queue);
        let lanes: u64 = road.lanes.iter().map(|lane| lane.queue.counts().inside()).sum();
        Some(lanes + road.commits.as_ref().map_or(0, Commits::inside))
    }

    fn lost(&self) -> Vec<Lost> {
        std::mem::take(&mut self.shared.lost.lock())
    }

    fn commits(&self, queue: usize) -> Vec<u64> {
        self.road(queue).commits.as_ref().map_or(Vec::new(), Commits::took)
    }
}
