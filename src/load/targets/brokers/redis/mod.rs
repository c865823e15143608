//! Redis Streams: a stream in the place of each queue, and a group that its servers share. What is settled is
//! deleted, so that a stream's length is what is inside.

mod codec;
mod receiver;
mod requests;
mod sender;
mod settings;

use super::capabilities::redis::START;
use super::common::{BrokerUrl, RunNames, is_of_a_run};
use super::renewal::{self, Renewable};
use super::wire::{BrokerLines, Login, PROBE, Senders, Session, window};
use crate::answer::Facts;
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::leftovers::Leftovers;
use crate::load::targets::{Opening, Publisher, Receiver, Subscription, Target};
use crate::scenario::{BrokerSettings, Durability, Scenario};
use codec::RespValue;
use parking_lot::Mutex;
use receiver::{RedisPlace, RedisReceiver};
use requests::RedisConnection;
use sender::{RedisPublisher, RedisSender};
use settings::{GROUP, RedisQueue, ReturnedEntries};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const NAME: &str = "redis";

/// Bytes of a list of names.
const LIST: u32 = 1 << 24;

/// Nanoseconds within which everything is to be cleared away.
const CLEARING: u64 = 2_000_000_000;

struct Redis {
    session: Arc<Session>,
    lines: Arc<BrokerLines>,
    queues: Arc<[RedisQueue]>,
    /// By name of the stream.
    returned: BTreeMap<String, Arc<ReturnedEntries>>,
    scenario: Scenario,
    requests: Mutex<RedisConnection>,
    facts: Facts,
    senders: Senders<RedisSender>,
    count: AtomicUsize,
}

/// Where it is and as whom it is used.
fn login(settings: &BrokerSettings) -> Result<Login, LoadError> {
    let ports = &[("redis", 6379), ("rediss", 6379)];
    let url = BrokerUrl::resolve(NAME, settings, "redis://127.0.0.1:6379", ports)?;
    Login::new(NAME, url, settings, "rediss", START)
}

/// Where a broker answers that no scenario names.
pub(in crate::load::targets) fn probe() -> Result<String, LoadError> {
    let login = login(&BrokerSettings { wait: PROBE, ..BrokerSettings::default() })?;
    let mut connection = RedisConnection::open(&login, &RunNames::new(), 0)?;
    Ok(facts(&mut connection, &login).remove("broker").unwrap_or_default())
}

/// What earlier runs left.
pub(in crate::load::targets) fn leftovers() -> Result<Leftovers, LoadError> {
    let login = login(&BrokerSettings { wait: PROBE, ..BrokerSettings::default() })?;
    let mut requests = RedisConnection::open(&login, &RunNames::new(), LIST)?;
    let (mut names, mut cursor) = (Vec::new(), "0".to_string());
    loop {
        let words: &[&[u8]] = &[b"SCAN", cursor.as_bytes(), b"MATCH", b"queuelab.*", b"COUNT", b"1000"];
        let page = requests.ask(&login, words, login.deadline())?;
        let [next, keys] = page.values() else { break };
        let keys = keys.values().iter().filter_map(RespValue::text);
        names.extend(keys.filter(|key| is_of_a_run(key, '.')).map(String::from));
        cursor = next.text().unwrap_or("0").into();
        if cursor == "0" {
            break;
        }
    }
    // A cursor may bring a key twice.
    names.sort_unstable();
    names.dedup();
    Ok(Leftovers::new(names, move |name| {
        requests.ask(&login, &[b"DEL", name.as_bytes()], login.deadline()).map(|_| ())
    }))
}

pub(in crate::load::targets) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    renewal::open(opening, begin)
}

/// Begins a session.
fn begin(opening: &Opening<'_>) -> Result<Box<dyn Renewable>, LoadError> {
    let scenario = opening.scenario;
    let session = Arc::new(Session::new(opening, login(&scenario.measurement.broker)?));
    let mut requests = RedisConnection::open(&session.login, &session.names, session.largest)?;
    let facts = facts(&mut requests, &session.login);
    if scenario.queues.iter().any(|queue| queue.durability == Durability::Fsync) {
        check_disk(&mut requests, &session.login)?;
    }
    let lines = Arc::new(BrokerLines::new(scenario, &session.names));
    let redis = Redis {
        returned: lines.all().iter().map(|line| (line.name.clone(), Arc::default())).collect(),
        queues: (0..scenario.queues.len()).map(|queue| RedisQueue::of(scenario, queue)).collect(),
        lines,
        scenario: scenario.clone(),
        requests: Mutex::new(requests),
        facts,
        session,
        senders: Senders::new(&scenario.measurement.broker),
        count: 0.into(),
    };
    // From here on it is cleared away when something fails.
    redis.declare(opening.session.is_some_and(|session| session.anew))?;
    Ok(Box::new(redis))
}

/// What the server tells of itself.
fn facts(requests: &mut RedisConnection, login: &Login) -> Facts {
    // A user may be allowed to use streams and nothing else.
    let told = requests.ask(login, &[b"INFO"], login.deadline());
    let text = told.as_ref().ok().and_then(RespValue::text).unwrap_or_default();
    let of = |name: &str| {
        let value =
            |line: &str| line.strip_prefix(name)?.strip_prefix(':').map(|value| value.trim().to_string());
        text.lines().find_map(value)
    };
    let product = match of("valkey_version") {
        Some(version) => format!("Valkey {version}"),
        None => format!("Redis {}", of("redis_version").unwrap_or_else(|| "unknown".into())),
    };
    let log = if of("aof_enabled").as_deref() == Some("1") { "append-only file" } else { "memory" };
    BTreeMap::from([
        ("broker".into(), format!("{product} at {}", login.url)),
        ("client".into(), "queuelab's own, over blocking sockets".into()),
        ("storage".into(), log.into()),
    ])
}

/// Messages that are to be on the disk need a server that puts them there.
fn check_disk(requests: &mut RedisConnection, login: &Login) -> Result<(), LoadError> {
    let mut setting = |name: &[u8]| -> Result<Option<String>, LoadError> {
        let told = requests.ask(login, &[b"CONFIG", b"GET", name], login.deadline())?;
        Ok(told.values().get(1).and_then(RespValue::text).map(String::from))
    };
    let (kept, synced) = (setting(b"appendonly")?, setting(b"appendfsync")?);
    if (kept.as_deref(), synced.as_deref()) == (Some("yes"), Some("always")) {
        return Ok(());
    }
    let told = |value: Option<String>| value.unwrap_or_else(|| "unknown".into());
    Err(login.failed(format!(
        "{} does not write each message to the disk (appendonly {}, appendfsync {}): start it with --appendonly yes \
            --appendfsync always, or leave durability out",
        login.url,
        told(kept),
        told(synced)
    )))
}

impl Redis {
    /// Makes a stream and a group for each queue. One that is made anew delivers again all that is not
    /// settled.
    fn declare(&self, anew: bool) -> Result<(), LoadError> {
        let (mut requests, login) = (self.requests.lock(), &self.session.login);
        for line in self.lines.all() {
            if anew {
                // Where the server has forgotten the stream, there is no group either.
                let words: &[&[u8]] = &[b"XGROUP", b"DESTROY", line.name.as_bytes(), GROUP];
                let _destroyed = requests.ask(login, words, login.deadline());
            }
            let words: &[&[u8]] = &[b"XGROUP", b"CREATE", line.name.as_bytes(), GROUP, b"0", b"MKSTREAM"];
            requests.ask(login, words, login.deadline())?;
        }
        Ok(())
    }

    fn sender(&self) -> Result<Arc<RedisSender>, LoadError> {
        self.senders.next(|| RedisSender::open(&self.session))
    }
}

impl Renewable for Redis {
    fn own_publisher(&self) -> Result<Box<dyn Publisher>, LoadError> {
        Ok(Box::new(RedisPublisher::new(&self.session, &self.lines, &self.queues, self.sender()?)))
    }

    fn own_receiver(&self, of: Subscription) -> Result<Box<dyn Receiver>, LoadError> {
        let part = if self.scenario.queues[of.queue].partitions.is_some() { of.part } else { 0 };
        let returned = self.returned.get(self.lines.name(of.queue, part)).map(Arc::clone).unwrap_or_default();
        let place =
            RedisPlace { queue: of.queue, part, window: window(&self.scenario, of) as usize, returned };
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let settings = self.queues[of.queue];
        Ok(Box::new(RedisReceiver::open(&self.session, &self.lines, settings, place, number)?))
    }

    fn leave(&self) {
        self.session.leave();
    }
}

impl Target for Redis {
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
        let mut length = |line: &str| {
            let told = requests.ask(login, &[b"XLEN", line.as_bytes()], login.deadline()).ok()?;
            told.number().and_then(|length| u64::try_from(length).ok())
        };
        self.lines.of(queue).map(|line| length(&line.name)).sum()
    }

    fn await_verdicts(&self, until: u64) {
        self.session.await_verdicts(until);
    }

    fn warm_up(&self) -> u64 {
        200
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.session.halt();
        self.senders.join();
        if self.session.is_left() {
            return;
        }
        let (mut requests, until) = (self.requests.lock(), Monotonic.now() + CLEARING);
        for line in self.lines.all() {
            // Where the broker is gone, so are its replies.
            let _deleted = requests.ask(&self.session.login, &[b"DEL", line.name.as_bytes()], until);
        }
    }
}
