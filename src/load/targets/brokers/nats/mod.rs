//! NATS JetStream: a work-queue stream in the place of each queue, and a pull consumer that its servers
//! share.
//!
//! The protocol is spoken by hand: a well-kept client is asynchronous and puts two more threads between the
//! socket and the server that waits, which is a third of the time from publish to delivery.

mod codec;
mod receiver;
mod requests;
mod sender;
mod settings;

use super::capabilities::nats::START;
use super::common::{BrokerUrl, RunNames, failed, is_of_a_run};
use super::renewal::{self, Renewable};
use super::wire::{BrokerLines, Login, PROBE, Senders, Session, window};
use crate::answer::Facts;
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::leftovers::Leftovers;
use crate::load::targets::{Opening, Publisher, Receiver, Subscription, Target};
use crate::scenario::{BrokerSettings, Scenario};
use parking_lot::Mutex;
use receiver::NatsReceiver;
use requests::{NatsConnection, Requests};
use sender::{NatsPublisher, NatsSender};
use serde_json::{Value, json};
use settings::NatsQueue;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const NAME: &str = "nats";

/// Bytes of a list of names.
const LIST: u32 = 1 << 24;

/// Nanoseconds within which everything is to be cleared away.
const CLEARING: u64 = 2_000_000_000;

struct Nats {
    session: Arc<Session>,
    lines: Arc<BrokerLines>,
    scenario: Scenario,
    requests: Mutex<Requests>,
    senders: Senders<NatsSender>,
    /// Connections so far.
    count: AtomicUsize,
}

/// Where it is and as whom it is used.
fn login(settings: &BrokerSettings) -> Result<Login, LoadError> {
    let ports = &[("nats", 4222), ("tls", 4222)];
    let url = BrokerUrl::resolve(NAME, settings, "nats://127.0.0.1:4222", ports)?;
    Login::new(NAME, url, settings, "tls", START)
}

/// Where a broker answers that no scenario names.
pub(in crate::load::targets) fn probe() -> Result<String, LoadError> {
    let login = login(&BrokerSettings { wait: PROBE, ..BrokerSettings::default() })?;
    let connection = NatsConnection::open(&login, &RunNames::new(), 0)?;
    let version = connection.info["version"].as_str().unwrap_or("of an unknown version");
    Ok(format!("{} (NATS {version})", login.url))
}

/// What earlier runs left.
pub(in crate::load::targets) fn leftovers() -> Result<Leftovers, LoadError> {
    let login = login(&BrokerSettings { wait: PROBE, ..BrokerSettings::default() })?;
    let names = RunNames::new();
    let mut requests = Requests::new(NatsConnection::open(&login, &names, LIST)?, &names, &login)?;
    let (mut found, mut offset) = (Vec::new(), 0);
    loop {
        let page =
            requests.ask(&login, "$JS.API.STREAM.NAMES", &json!({ "offset": offset }), login.deadline())?;
        let streams: Vec<&str> =
            page["streams"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        offset += streams.len();
        found.extend(streams.iter().filter(|name| is_of_a_run(name, '_')).map(ToString::to_string));
        if streams.is_empty() || page["total"].as_u64().is_none_or(|total| offset as u64 >= total) {
            break;
        }
    }
    Ok(Leftovers::new(found, move |name| {
        let subject = format!("$JS.API.STREAM.DELETE.{name}");
        requests.ask(&login, &subject, &Value::Null, login.deadline()).map(|_| ())
    }))
}

pub(in crate::load::targets) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    renewal::open(opening, begin)
}

/// Begins a session.
fn begin(opening: &Opening<'_>) -> Result<Box<dyn Renewable>, LoadError> {
    let session = Arc::new(Session::new(opening, login(&opening.scenario.measurement.broker)?));
    let connection = NatsConnection::open(&session.login, &session.names, session.largest)?;
    if connection.info["jetstream"].as_bool() != Some(true) {
        let url = &session.login.url;
        return Err(failed(NAME, format!("{url} has no JetStream: start nats-server with -js")));
    }
    let most = connection.info["max_payload"].as_u64().unwrap_or(u64::MAX);
    if u64::from(session.largest) > most {
        let url = &session.login.url;
        return Err(failed(
            NAME,
            format!("{url} takes messages of {most} bytes at most: write a smaller size"),
        ));
    }
    let requests = Requests::new(connection, &session.names, &session.login)?;
    let nats = Nats {
        lines: Arc::new(BrokerLines::new(opening.scenario, &session.names)),
        scenario: opening.scenario.clone(),
        requests: Mutex::new(requests),
        session,
        senders: Senders::new(&opening.scenario.measurement.broker),
        count: 0.into(),
    };
    // From here on it is cleared away when something fails.
    nats.declare(opening.session.is_some_and(|session| session.anew))?;
    Ok(Box::new(nats))
}

impl Nats {
    /// Makes a stream and a consumer for each queue. One that is made anew delivers again all that is not
    /// settled.
    fn declare(&self, anew: bool) -> Result<(), LoadError> {
        let (mut requests, login) = (self.requests.lock(), &self.session.login);
        for line in self.lines.all() {
            let stream = settings::stream(&line.name);
            let until = login.deadline();
            let of_stream = settings::stream_settings(&self.scenario, line);
            requests.ask(login, &format!("$JS.API.STREAM.CREATE.{stream}"), &of_stream, until)?;
            if anew {
                let subject = format!("$JS.API.CONSUMER.DELETE.{stream}.{}", settings::CONSUMER);
                // Where the server has forgotten the stream, there is no consumer either.
                let _deleted = requests.ask(login, &subject, &Value::Null, until);
            }
            let subject = format!("$JS.API.CONSUMER.CREATE.{stream}.{}", settings::CONSUMER);
            let of_consumer = settings::consumer_settings(&self.scenario, line);
            requests.ask(login, &subject, &of_consumer, until)?;
        }
        Ok(())
    }

    fn sender(&self) -> Result<Arc<NatsSender>, LoadError> {
        let number = || self.count.fetch_add(1, Ordering::Relaxed);
        self.senders.next(|| NatsSender::open(&self.session, number()))
    }
}

impl Renewable for Nats {
    fn own_publisher(&self) -> Result<Box<dyn Publisher>, LoadError> {
        Ok(Box::new(NatsPublisher::new(&self.session, &self.lines, self.sender()?)))
    }

    fn own_receiver(&self, of: Subscription) -> Result<Box<dyn Receiver>, LoadError> {
        let part = if self.scenario.queues[of.queue].partitions.is_some() { of.part } else { 0 };
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let settings = NatsQueue::of(&self.scenario, of.queue);
        let place = (of.queue, part, u64::from(window(&self.scenario, of)));
        Ok(Box::new(NatsReceiver::open(&self.session, &self.lines, settings, place, number)?))
    }

    fn leave(&self) {
        self.session.leave();
    }
}

impl Target for Nats {
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

    fn counted_by_broker(&self, queue: usize) -> Option<u64> {
        let (mut requests, login) = (self.requests.lock(), &self.session.login);
        let mut messages = |line: &str| {
            let subject = format!("$JS.API.STREAM.INFO.{}", settings::stream(line));
            let told = requests.ask(login, &subject, &Value::Null, login.deadline()).ok()?;
            told["state"]["messages"].as_u64()
        };
        self.lines.of(queue).map(|line| messages(&line.name)).sum()
    }

    fn await_verdicts(&self, until: u64) {
        self.session.await_verdicts(until);
    }

    fn warm_up(&self) -> u64 {
        200
    }

    fn facts(&self) -> Facts {
        let requests = self.requests.lock();
        let of = |what: &str| requests.info()[what].as_str().unwrap_or("unknown").to_string();
        let storage: Vec<&str> =
            self.scenario.queues.iter().map(|q| settings::storage(q.durability)).collect();
        BTreeMap::from([
            ("broker".into(), format!("NATS {} at {}", of("version"), self.session.login.url)),
            ("client".into(), "queuelab's own, over blocking sockets".into()),
            ("storage".into(), storage.join(", ")),
        ])
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.session.halt();
        self.senders.join();
        if self.session.is_left() {
            return;
        }
        let (mut requests, until) = (self.requests.lock(), Monotonic.now() + CLEARING);
        for line in self.lines.all() {
            let subject = format!("$JS.API.STREAM.DELETE.{}", settings::stream(&line.name));
            // Where the broker is gone, so are its answers.
            let _deleted = requests.ask(&self.session.login, &subject, &Value::Null, until);
        }
    }
}
