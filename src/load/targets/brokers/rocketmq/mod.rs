//! RocketMQ by its remoting protocol: a topic for each queue of the scenario, messages taken by "pop", each
//! settled by itself.
//!
//! A client of our own, since the official one goes by way of the proxy (a hop more), makes no topics, gives
//! no message back and checks no certificate.

mod publisher;
mod receiver;
mod remoting;
mod stored;

use super::capabilities::rocketmq::START;
use super::common::{BrokerUrl, MessageBodies, MessagesInside, RunNames, failed};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{
    Listener, Opening, Publisher, Receiver, Subscription, Target, Trouble, TroubleKind,
};
use crate::scenario::{BrokerSettings, Connections, Queue, Scenario};
use parking_lot::Mutex;
use publisher::{RocketMqPublisher, Sending};
use receiver::{HiddenMessages, PopReceiver};
use remoting::{RemotingAnswer, RemotingConnection, lenient_json};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Its name in `measurement.target`.
const TARGET: &str = "rocketmq";

/// Messages that go through each queue before a run.
const WARM_UP: u64 = 400;

/// The most messages that one request brings.
const MOST: usize = 32;

/// How long clearing up may take.
const CLEAR_UP: Duration = Duration::from_secs(2);

/// Requests: brokers of a name server; topics and groups of a broker, and what a name server knows of them.
const BROKERS: u32 = 106;
const MAKE_TOPIC: u32 = 17;
const MAKE_GROUP: u32 = 200;
const DELETE_GROUP: u32 = 207;
const DELETE_TOPIC: u32 = 215;
const FORGET_TOPIC: u32 = 216;

/// What threads of a run share.
struct RocketMqState {
    listener: Arc<dyn Listener>,
    inside: MessagesInside,
    bodies: MessageBodies,
    /// By queue of the scenario: its topic, which has a consumer group of the same name.
    topics: Vec<String>,
    closed: Vec<AtomicBool>,
    halted: AtomicBool,
    lost: AtomicBool,
}

impl RocketMqState {
    fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Acquire)
    }

    /// Whether nothing is to be taken from a queue any more.
    fn is_over(&self, queue: usize) -> bool {
        self.is_halted() || self.lost.load(Ordering::Acquire) || self.closed[queue].load(Ordering::Acquire)
    }

    /// A connection is of no use any more: told once.
    fn lose(&self, why: &str) {
        if !self.is_halted() && !self.lost.swap(true, Ordering::AcqRel) {
            let kind = TroubleKind::Disconnected { why: why.into() };
            self.listener.trouble(Trouble { at: Monotonic.now(), kind });
        }
    }
}

/// What becomes of messages of a queue that fail too often.
#[derive(Debug, Clone, Copy)]
struct GiveUpAfter {
    limit: Option<u32>,
    dead_letter: Option<usize>,
}

/// Where a broker is.
struct BrokerPlace {
    url: BrokerUrl,
    /// What it is called, and its address.
    name: String,
    address: String,
    wait: Duration,
}

struct RocketMq {
    state: Arc<RocketMqState>,
    place: BrokerPlace,
    sending: Arc<Sending>,
    /// Those of single threads, which are heard after these have gone.
    others: Mutex<Vec<Arc<Sending>>>,
    settings: BrokerSettings,
    give_up: Vec<GiveUpAfter>,
    /// Those topics that were made.
    made: Vec<String>,
}

impl BrokerPlace {
    /// Asks the name server for a broker.
    fn find(settings: &BrokerSettings) -> Result<Self, LoadError> {
        let url = BrokerUrl::resolve(TARGET, settings, "rocketmq://127.0.0.1:9876", &[("rocketmq", 9876)])?;
        if url.user.is_some() {
            return Err(failed(
                TARGET,
                format!("{url} is used without a login alone: leave user and password out"),
            ));
        }
        let wait = Duration::from_secs_f64(settings.wait.clamp(0.01, 3_600.0));
        let mut place = BrokerPlace { url, name: String::new(), address: String::new(), wait };
        let mut names = place.connect(&place.name_server())?;
        let answer = names
            .call(BROKERS, json!({}), &[], wait)
            .map_err(|error| place.refused("its name server", &error.to_string()))?;
        let table = lenient_json(&answer.body).unwrap_or_default();
        let masters = table["brokerAddrTable"].as_object().into_iter().flatten();
        let found =
            masters.filter_map(|(name, broker)| Some((name, broker["brokerAddrs"]["0"].as_str()?))).min();
        let Some((name, address)) = found else {
            return Err(place.refused("its name server", "it knows no broker"));
        };
        (place.name, place.address) = (name.clone(), address.into());
        Ok(place)
    }

    fn name_server(&self) -> String {
        let host =
            if self.url.host.contains(':') { format!("[{}]", self.url.host) } else { self.url.host.clone() };
        format!("{host}:{}", self.url.port)
    }

    fn connect(&self, address: &str) -> Result<RemotingConnection, LoadError> {
        RemotingConnection::open(address, self.wait).map_err(|error| {
            let why = format!(
                "nobody listens at {address} ({error}), by {}; start a broker, such as `{START}`, or say \
                 where its name server is by measurement.broker.url or QUEUELAB_ROCKETMQ_URL",
                self.url
            );
            failed(TARGET, why)
        })
    }

    fn broker(&self) -> Result<RemotingConnection, LoadError> {
        self.connect(&self.address)
    }

    fn refused(&self, what: &str, why: &str) -> LoadError {
        failed(TARGET, format!("{what} at {}: {why}", self.url))
    }

    /// A request that must be granted.
    fn must(&self, what: &str, answer: std::io::Result<RemotingAnswer>) -> Result<(), LoadError> {
        match answer {
            Ok(answer) if answer.code == 0 => Ok(()),
            Ok(answer) => Err(self.refused(what, &answer.why())),
            Err(error) => Err(self.refused(what, &error.to_string())),
        }
    }
}

pub(in crate::load::targets) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    let scenario = opening.scenario;
    let (settings, names) = (scenario.measurement.broker.clone(), RunNames::new());
    let place = BrokerPlace::find(&settings)?;
    // Its names have no dots.
    let topics: Vec<String> = scenario.queues.iter().map(|q| names.of(&q.name).replace('.', "-")).collect();
    let state = Arc::new(RocketMqState {
        listener: Arc::clone(&opening.listener),
        inside: MessagesInside::new(topics.len()),
        bodies: MessageBodies::new(names.run()),
        closed: topics.iter().map(|_| AtomicBool::new(false)).collect(),
        topics,
        halted: false.into(),
        lost: false.into(),
    });
    let give_up = |q: &Queue| GiveUpAfter { limit: q.delivery_limit, dead_letter: q.dead_letter };
    // What has been made is deleted when this goes, however far it came.
    let mut target = RocketMq {
        sending: sending(&place, &state, settings.confirm)?,
        give_up: scenario.queues.iter().map(give_up).collect(),
        others: Mutex::default(),
        made: Vec::new(),
        settings,
        place,
        state,
    };
    target.declare(scenario)?;
    Ok(Box::new(target))
}

/// Where a broker answers that no scenario names.
pub(in crate::load::targets) fn probe() -> Result<String, LoadError> {
    let place = BrokerPlace::find(&BrokerSettings { wait: 2.0, ..BrokerSettings::default() })?;
    place.broker().map(|_| place.url.to_string())
}

fn sending(
    place: &BrokerPlace,
    state: &Arc<RocketMqState>,
    confirms: bool,
) -> Result<Arc<Sending>, LoadError> {
    let sending = Sending::new(place.broker()?, state, confirms);
    sending.map(Arc::new).map_err(|error| LoadError::NoThread { why: error.to_string() })
}

/// How many queues a topic has: one for each server's share, or one.
fn parts(scenario: &Scenario, queue: usize) -> u32 {
    let servers = || scenario.consumers_of(queue).map(|(_, c)| c.most_servers().unwrap_or(1)).sum();
    scenario.queues[queue].partitions.map_or(1, |_| servers())
}

impl RocketMq {
    /// Makes a topic and a group for each queue.
    fn declare(&mut self, scenario: &Scenario) -> Result<(), LoadError> {
        let (mut broker, place) = (self.place.broker()?, &self.place);
        for (index, topic) in self.state.topics.iter().enumerate() {
            let parts = parts(scenario, index).to_string();
            let fields = json!({
                "topic": topic, "defaultTopic": "TBW102", "readQueueNums": parts, "writeQueueNums": parts,
                "perm": "6", "topicFilterType": "SINGLE_TAG", "topicSysFlag": "0", "order": "false",
                "attributes": "+message.type=NORMAL",
            });
            let made = broker.call(MAKE_TOPIC, fields, &[], place.wait);
            place.must(&format!("topic {topic} could not be made"), made)?;
            self.made.push(topic.clone());
            let group = json!({ "groupName": topic, "retryMaxTimes": 1_000_000 }).to_string();
            let made = broker.call(MAKE_GROUP, json!({}), group.as_bytes(), place.wait);
            place.must(&format!("consumer group {topic} could not be made"), made)?;
        }
        Ok(())
    }

    /// Deletes what was made, as far as the broker answers.
    fn clear_up(&self) -> std::io::Result<()> {
        let mut broker = RemotingConnection::open(&self.place.address, CLEAR_UP)?;
        for topic in &self.made {
            broker.call(DELETE_GROUP, json!({ "groupName": topic, "cleanOffset": "true" }), &[], CLEAR_UP)?;
            // What was given back is in a topic that the broker made itself.
            for name in [topic.clone(), format!("%RETRY%{topic}_{topic}")] {
                broker.call(DELETE_TOPIC, json!({ "topic": name }), &[], CLEAR_UP)?;
            }
        }
        let mut names = RemotingConnection::open(&self.place.name_server(), CLEAR_UP)?;
        for topic in &self.made {
            names.call(FORGET_TOPIC, json!({ "topic": topic }), &[], CLEAR_UP)?;
        }
        Ok(())
    }

    fn handle(&self) -> Result<RocketMqPublisher<'_>, LoadError> {
        let sending = match self.settings.connections {
            Connections::Each => {
                let own = sending(&self.place, &self.state, self.settings.confirm)?;
                self.others.lock().push(Arc::clone(&own));
                own
            }
            Connections::Shared => Arc::clone(&self.sending),
        };
        Ok(RocketMqPublisher::new(sending, &self.state))
    }
}

impl Target for RocketMq {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, LoadError> {
        Ok(Box::new(self.handle()?))
    }

    fn receiver(&self, of: Subscription) -> Result<Box<dyn Receiver + '_>, LoadError> {
        Ok(Box::new(PopReceiver {
            connection: self.place.broker()?,
            publisher: RocketMqPublisher::new(Arc::clone(&self.sending), &self.state),
            queue: of.queue,
            part: of.part,
            broker_name: &self.place.name,
            give_up: self.give_up[of.queue],
            asked: None,
            hidden: HiddenMessages::default(),
        }))
    }

    fn close(&self, queue: usize) {
        self.state.closed[queue].store(true, Ordering::Release);
    }

    fn halt(&self) {
        self.state.halted.store(true, Ordering::Release);
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        Some(self.state.inside.inside(queue))
    }

    fn warm_up(&self) -> u64 {
        WARM_UP
    }

    fn facts(&self) -> BTreeMap<String, String> {
        let facts = [
            ("broker", format!("RocketMQ at {}, broker {}", self.place.url, self.place.name)),
            (
                "broker client",
                "our own, by the remoting protocol, pop, one connection for each server".into(),
            ),
        ];
        facts.into_iter().map(|(name, fact)| (name.into(), fact)).collect()
    }
}

impl Drop for RocketMq {
    fn drop(&mut self) {
        self.halt();
        // What cannot be deleted now is left to who looks after the broker.
        let _cleared = self.clear_up();
    }
}
