//! ActiveMQ Classic by STOMP 1.2: a queue in the place of each queue.
//!
//! The protocol is spoken by hand: there is no well-kept client, and it is a few lines. It has no word to
//! delete a queue: a run leaves its queues empty, and the broker takes them away where its policy says
//! gcInactiveDestinations.

mod codec;
mod connection;
mod receiver;
mod sender;

use super::capabilities::activemq::START;
use super::common::BrokerUrl;
use super::renewal::{self, Renewable};
use super::wire::{BrokerLine, BrokerLines, Login, PROBE, Senders, Session, Socket};
use crate::answer::Facts;
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{Opening, Publisher, Receiver, Subscription, Target};
use crate::scenario::{BrokerSettings, Discipline, Durability, Scenario};
use connection::StompConnection;
use receiver::{StompPlace, StompReceiver};
use sender::StompPublisher;
use std::collections::BTreeMap;
use std::sync::Arc;

const NAME: &str = "activemq";

/// Nanoseconds within which everything is to be cleared away.
const CLEARING: u64 = 2_000_000_000;

struct ActiveMq {
    session: Arc<Session>,
    lines: Arc<BrokerLines>,
    /// By queue: whether its messages are kept on the disk, and whether they have priorities.
    kinds: Arc<[(bool, bool)]>,
    scenario: Scenario,
    /// What the broker calls itself.
    server: String,
    senders: Senders<Socket>,
}

/// Where it is and as whom it is used.
fn login(settings: &BrokerSettings) -> Result<Login, LoadError> {
    let ports = &[("stomp", 61613), ("stomp+ssl", 61612)];
    let url = BrokerUrl::resolve(NAME, settings, "stomp://127.0.0.1:61613", ports)?;
    Login::new(NAME, url, settings, "stomp+ssl", START)
}

/// Where a broker answers that no scenario names.
pub(in crate::load::targets) fn probe() -> Result<String, LoadError> {
    let login = login(&BrokerSettings { wait: PROBE, ..BrokerSettings::default() })?;
    let connection = StompConnection::open(&login, 0)?;
    Ok(format!("{} ({})", login.url, connection.server))
}

pub(in crate::load::targets) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    renewal::open(opening, begin)
}

/// Begins a session.
fn begin(opening: &Opening<'_>) -> Result<Box<dyn Renewable>, LoadError> {
    let scenario = opening.scenario;
    let session = Arc::new(Session::new(opening, login(&scenario.measurement.broker)?));
    let StompConnection { server, .. } = StompConnection::open(&session.login, session.largest)?;
    let kind = |queue: &crate::scenario::Queue| {
        (queue.durability == Durability::Fsync, queue.discipline == Discipline::Priority)
    };
    Ok(Box::new(ActiveMq {
        lines: Arc::new(BrokerLines::new(scenario, &session.names)),
        kinds: scenario.queues.iter().map(kind).collect(),
        scenario: scenario.clone(),
        server,
        session,
        senders: Senders::new(&scenario.measurement.broker),
    }))
}

impl ActiveMq {
    fn sender(&self) -> Result<Arc<Socket>, LoadError> {
        self.senders.next(|| sender::open(&self.session))
    }
}

impl Renewable for ActiveMq {
    fn own_publisher(&self) -> Result<Box<dyn Publisher>, LoadError> {
        Ok(Box::new(StompPublisher::new(&self.session, &self.lines, &self.kinds, self.sender()?)))
    }

    fn own_receiver(&self, of: Subscription) -> Result<Box<dyn Receiver>, LoadError> {
        let queue = &self.scenario.queues[of.queue];
        let place = StompPlace {
            queue: of.queue,
            part: if queue.partitions.is_some() { of.part } else { 0 },
            window: of.hold.max(1) as usize,
            delivery_limit: queue.delivery_limit,
            dead_letter: queue.dead_letter,
            persistent: self.kinds[of.queue].0,
        };
        Ok(Box::new(StompReceiver::open(&self.session, &self.lines, place)?))
    }

    fn leave(&self) {
        self.session.leave();
    }
}

impl Target for ActiveMq {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, LoadError> {
        self.own_publisher()
    }

    fn receiver(&self, of: Subscription) -> Result<Box<dyn Receiver + '_>, LoadError> {
        self.own_receiver(of)
    }

    fn close(&self, queue: usize) {
        self.session.close(queue);
    }

    fn halt(&self) {
        self.session.halt();
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        Some(self.session.inside.inside(queue))
    }

    fn await_verdicts(&self, until: u64) {
        self.session.await_verdicts(until);
    }

    fn warm_up(&self) -> u64 {
        600
    }

    fn facts(&self) -> Facts {
        let kept = |&(persistent, _): &(bool, bool)| if persistent { "persistent" } else { "non-persistent" };
        BTreeMap::from([
            ("broker".into(), format!("{} at {}", self.server, self.session.login.url)),
            ("client".into(), "queuelab's own, STOMP 1.2 over blocking sockets".into()),
            ("storage".into(), self.kinds.iter().map(kept).collect::<Vec<_>>().join(", ")),
        ])
    }
}

impl Drop for ActiveMq {
    fn drop(&mut self) {
        self.session.halt();
        self.senders.join();
        if self.session.is_left() {
            return;
        }
        let full = |line: &&BrokerLine| self.session.inside.inside(line.queue) > 0;
        let names: Vec<&str> = self.lines.all().iter().filter(full).map(|line| line.name.as_str()).collect();
        if !names.is_empty() {
            // Where the broker is gone, nothing is left to be cleared away.
            let _cleared = StompConnection::open(&self.session.login, self.session.largest)
                .map(|connection| connection.clear(&names, Monotonic.now() + CLEARING));
        }
    }
}
