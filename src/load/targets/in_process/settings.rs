//! The settings of the crate's own queue, from a scenario.

use crate::load::clock;
use crate::queue::{self, Order, Settings};
use crate::scenario::{self, Discipline, Durability, Overflow, Scenario};

/// Nanoseconds for which a consumer looks for work before it sleeps, where every thread of the run can have a
/// processor. A wake-up costs tens of microseconds, which is a good part of a service of 100 µs; longer waits
/// are worth it.
const PATIENCE: u64 = 200_000;

/// The most servers that a group can have.
pub(super) fn servers_of(consumer: &scenario::Consumer) -> usize {
    consumer.most_servers().map_or(0, |servers| servers as usize)
}

/// How often a consumer looks before it sleeps. Where threads would take the processors from one another, as
/// briefly as the queue does by itself; so also where something else than a message ends the wait, which who
/// looks sees later.
pub(super) fn looks(scenario: &Scenario) -> u32 {
    let servers: usize = scenario.consumers.iter().map(servers_of).sum();
    let fits = std::thread::available_parallelism().is_ok_and(|processors| servers < processors.get());
    let plain = |c: &scenario::Consumer| {
        c.batch.is_none()
            && c.prefetch <= 1
            && c.outages.is_none()
            && c.autoscale.is_none()
            && c.shifts.is_empty()
    };
    let alone = scenario.queues.iter().all(|q| q.durability != Durability::Fsync);
    let patient = fits && alone && scenario.consumers.iter().all(plain);
    if patient { clock::looks(PATIENCE) } else { Settings::default().spins }
}

/// A queue of the scenario, in which so many messages are planned, as settings.
pub(super) fn settings(
    scenario: &Scenario,
    queue: &scenario::Queue,
    messages: usize,
    spins: u32,
) -> Settings {
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
        spins,
        ..Settings::default()
    }
}
