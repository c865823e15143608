//! RocketMQ by its remoting protocol: a topic for each queue of the scenario, messages taken by "pop", each
//! settled by itself.
//!
//! A client of our own, since the official one goes by way of the proxy (a hop more), makes no topics, gives
//! no message back and checks no certificate.

mod codec;
mod line;
mod receiver;
mod requests;
mod sender;
mod stored;

use super::capabilities::rocketmq::START;
use super::common::{BrokerUrl, failed, is_of_a_run};
use super::wire::{BrokerLines, Login, PROBE, Senders, Session};
use crate::answer::Facts;
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::leftovers::Leftovers;
use crate::load::targets::{Opening, Publisher, Receiver, Subscription, Target};
use crate::scenario::{BrokerSettings, Scenario};
use line::PopLine;
use parking_lot::Mutex;
use receiver::PopReceiver;
use requests::RemotingConnection;
use sender::{RocketMqPublisher, RocketMqSender};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

/// Its name in `measurement.target`.
const TARGET: &str = "rocketmq";

/// Messages that go through each queue before a run.
const WARM_UP: u64 = 400;

/// Nanoseconds within which everything is to be cleared away.
const CLEARING: u64 = 2_000_000_000;

/// A run at a broker.
struct RocketMqRun {
    /// Its login is that of the name server.
    session: Arc<Session>,
    lines: BrokerLines,
    broker: Login,
    broker_name: String,
}

impl RocketMqRun {
    /// The topic of a queue's part, and of its group.
    fn topic(&self, queue: usize, part: usize) -> String {
        topic(self.lines.name(queue, part))
    }
}

/// Its names have no dots.
fn topic(name: &str) -> String {
    name.replace('.', "-")
}

struct RocketMq {
    run: Arc<RocketMqRun>,
    scenario: Scenario,
    senders: Senders<RocketMqSender>,
    /// By queue and part: the line that its servers share.
    pops: Mutex<HashMap<(usize, usize), Arc<PopLine>>>,
    version: String,
}

/// The name server's place.
fn login(settings: &BrokerSettings) -> Result<Login, LoadError> {
    let url = BrokerUrl::resolve(TARGET, settings, "rocketmq://127.0.0.1:9876", &[("rocketmq", 9876)])?;
    if url.user.is_some() {
        let why = format!("{url} is used without a login alone: leave user and password out");
        return Err(failed(TARGET, why));
    }
    Login::new(TARGET, url, settings, "", START)
}

/// The broker's name and place, by the name server.
fn find(names: &Login) -> Result<(String, Login), LoadError> {
    let until = names.deadline();
    let (name, host, port) = RemotingConnection::open(names, until)?.broker(names, until)?;
    let url = BrokerUrl { host, port, ..names.url.clone() };
    Ok((name, Login { url, ..names.clone() }))
}

pub(in crate::load::targets) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    let (scenario, settings) = (opening.scenario, &opening.scenario.measurement.broker);
    let names = login(settings)?;
    let (broker_name, broker) = find(&names)?;
    let session = Arc::new(Session::new(opening, names));
    let lines = BrokerLines::new(scenario, &session.names);
    let mut target = RocketMq {
        run: Arc::new(RocketMqRun { session, lines, broker, broker_name }),
        scenario: scenario.clone(),
        senders: Senders::new(settings),
        pops: Mutex::default(),
        version: String::new(),
    };
    // From here on it is cleared away when something fails.
    target.declare()?;
    Ok(Box::new(target))
}

/// Where a broker answers that no scenario names.
pub(in crate::load::targets) fn probe() -> Result<String, LoadError> {
    let names = login(&BrokerSettings { wait: PROBE, ..BrokerSettings::default() })?;
    let (_, broker) = find(&names)?;
    let version =
        RemotingConnection::open(&broker, broker.deadline())?.version(&broker, broker.deadline())?;
    Ok(format!("{} (RocketMQ {version})", names.url))
}

/// What earlier runs left.
pub(in crate::load::targets) fn leftovers() -> Result<Leftovers, LoadError> {
    let names = login(&BrokerSettings { wait: PROBE, ..BrokerSettings::default() })?;
    let (_, broker) = find(&names)?;
    let mut at_broker = RemotingConnection::open(&broker, broker.deadline())?;
    let mut at_names = RemotingConnection::open(&names, names.deadline())?;
    let topics = at_broker.topics(&broker, broker.deadline())?;
    let ours = topics.into_iter().filter(|topic| is_of_a_run(topic, '-')).collect();
    Ok(Leftovers::new(ours, move |topic| {
        at_broker.delete(&broker, topic, broker.deadline())?;
        at_names.forget(&names, topic, names.deadline())
    }))
}

impl RocketMq {
    /// Makes a topic and a group for each line.
    fn declare(&mut self) -> Result<(), LoadError> {
        let login = &self.run.broker;
        let mut broker = RemotingConnection::open(login, login.deadline())?;
        self.version = broker.version(login, login.deadline())?;
        self.run
            .lines
            .all()
            .iter()
            .try_for_each(|line| broker.make(login, &topic(&line.name), login.deadline()))
    }

    /// Deletes what was made, as far as the broker answers.
    fn clear_up(&self) -> Result<(), LoadError> {
        let (broker, names, until) = (&self.run.broker, &self.run.session.login, Monotonic.now() + CLEARING);
        let mut at_broker = RemotingConnection::open(broker, until)?;
        let mut at_names = RemotingConnection::open(names, until)?;
        self.run.lines.all().iter().try_for_each(|line| {
            let topic = topic(&line.name);
            at_broker.delete(broker, &topic, until)?;
            at_names.forget(names, &topic, until)
        })
    }

    fn handle(&self) -> Result<RocketMqPublisher, LoadError> {
        let sender = self.senders.next(|| RocketMqSender::open(&self.run))?;
        Ok(RocketMqPublisher::new(&self.run, sender))
    }

    fn line(&self, queue: usize, part: usize) -> Result<Arc<PopLine>, LoadError> {
        let part = if self.scenario.queues[queue].partitions.is_some() { part } else { 0 };
        let mut pops = self.pops.lock();
        if let Some(line) = pops.get(&(queue, part)) {
            return Ok(Arc::clone(line));
        }
        let line = Arc::new(PopLine::open(&self.run, queue, part)?);
        pops.insert((queue, part), Arc::clone(&line));
        Ok(line)
    }
}

impl Target for RocketMq {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, LoadError> {
        Ok(Box::new(self.handle()?))
    }

    fn receiver(&self, of: Subscription) -> Result<Box<dyn Receiver + '_>, LoadError> {
        let queue = &self.scenario.queues[of.queue];
        Ok(Box::new(PopReceiver {
            run: Arc::clone(&self.run),
            line: self.line(of.queue, of.part)?,
            queue: of.queue,
            delivery_limit: queue.delivery_limit,
            dead_letter: queue.dead_letter,
            publisher: queue.dead_letter.map(|_| self.handle()).transpose()?,
        }))
    }

    fn close(&self, queue: usize) {
        self.run.session.close(queue);
    }

    fn halt(&self) {
        self.run.session.halt();
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        Some(self.run.session.inside.inside(queue))
    }

    fn await_verdicts(&self, until: u64) {
        self.run.session.await_verdicts(until);
    }

    fn warm_up(&self) -> u64 {
        WARM_UP
    }

    fn facts(&self) -> Facts {
        let (run, version) = (&self.run, &self.version);
        let broker = format!("RocketMQ {version} at {}, broker {}", run.session.login.url, run.broker_name);
        BTreeMap::from([
            ("broker".into(), broker),
            ("client".into(), "queuelab's own, by the remoting protocol, pop, one request ahead".into()),
        ])
    }
}

impl Drop for RocketMq {
    fn drop(&mut self) {
        self.run.session.halt();
        self.senders.join();
        // What cannot be deleted now is left to who looks after the broker.
        let _cleared = self.clear_up();
    }
}

/// Milliseconds since 1970, as text.
fn since_epoch() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_millis().to_string()
}
