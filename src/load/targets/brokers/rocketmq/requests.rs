//! Questions to name servers and brokers, one at a time: what topics and groups there are, and making them.

use super::codec::{RemotingAnswer, RemotingDecoder, RemotingRequest, lenient_json};
use crate::load::LoadError;
use crate::load::targets::brokers::wire::{Incoming, Login, Socket, WireError};
use serde_json::{Value, json};

/// Requests: the brokers that a name server knows, and what a broker tells of itself.
const BROKERS: u32 = 106;
const ABOUT_BROKER: u32 = 28;

/// Requests: all topics and groups of a broker, making and deleting them, and what a name server knows of
/// them.
const TOPICS: u32 = 21;
const MAKE_TOPIC: u32 = 17;
const MAKE_GROUP: u32 = 200;
const DELETE_GROUP: u32 = 207;
const DELETE_TOPIC: u32 = 215;
const FORGET_TOPIC: u32 = 216;

/// Bytes of a list of topics.
const LIST: u32 = 1 << 24;

/// A connection for questions.
pub(super) struct RemotingConnection {
    socket: Socket,
    incoming: Incoming,
    sent: u32,
}

impl RemotingConnection {
    /// Connects by an instant.
    ///
    /// # Errors
    /// Nobody listens there, and how to start one.
    pub(super) fn open(login: &Login, until: u64) -> Result<Self, LoadError> {
        Ok(RemotingConnection { socket: login.connect(until)?, incoming: Incoming::new(LIST), sent: 0 })
    }

    /// The answer to a request, by an instant.
    ///
    /// # Errors
    /// There is none.
    fn ask(
        &mut self,
        login: &Login,
        (code, fields, body): (u32, Value, &[u8]),
        until: u64,
    ) -> Result<RemotingAnswer, LoadError> {
        self.sent += 1;
        let number = Some(self.sent);
        let request = RemotingRequest { code, number, fields, body };
        self.socket.write(&request.bytes()).map_err(|why| login.broken(&why))?;
        loop {
            let answer = self.incoming.next::<RemotingDecoder>(&self.socket, until);
            match answer.map_err(|why| login.broken(&why))? {
                Some(answer) if answer.number == number => return Ok(answer),
                Some(_) => {}
                None => return Err(login.broken(&WireError::Silent(login.wait))),
            }
        }
    }

    /// A request that must be granted.
    fn must(
        &mut self,
        login: &Login,
        what: &str,
        request: (u32, Value, &[u8]),
        until: u64,
    ) -> Result<(), LoadError> {
        let answer = self.ask(login, request, until)?;
        let refused = || login.failed(format!("{what} at {}: {}", login.url, answer.why()));
        if answer.code == 0 { Ok(()) } else { Err(refused()) }
    }

    /// A broker that a name server knows: its name, host and port.
    ///
    /// # Errors
    /// It knows none.
    pub(super) fn broker(&mut self, login: &Login, until: u64) -> Result<(String, String, u16), LoadError> {
        let answer = self.ask(login, (BROKERS, json!({}), &[]), until)?;
        let table = lenient_json(&answer.body).unwrap_or_default();
        let known = table["brokerAddrTable"].as_object().into_iter().flatten();
        let masters =
            known.filter_map(|(name, broker)| Some((name, broker["brokerAddrs"]["0"].as_str()?))).min();
        let found = masters.and_then(|(name, address)| {
            let (host, port) = address.rsplit_once(':')?;
            Some((name.clone(), host.trim_matches(['[', ']']).to_string(), port.parse().ok()?))
        });
        found.ok_or_else(|| login.failed(format!("the name server at {} knows no broker", login.url)))
    }

    /// A broker's version, where it tells it.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) fn version(&mut self, login: &Login, until: u64) -> Result<String, LoadError> {
        let answer = self.ask(login, (ABOUT_BROKER, json!({}), &[]), until)?;
        let about = lenient_json(&answer.body).unwrap_or_default();
        let version = about["table"]["brokerVersionDesc"].as_str().unwrap_or("of an unknown version");
        Ok(version.trim_start_matches('V').replace('_', "."))
    }

    /// The names of a broker's topics.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) fn topics(&mut self, login: &Login, until: u64) -> Result<Vec<String>, LoadError> {
        let answer = self.ask(login, (TOPICS, json!({}), &[]), until)?;
        let table = lenient_json(&answer.body).unwrap_or_default();
        let topics = table["topicConfigTable"].as_object().into_iter().flatten();
        Ok(topics.map(|(name, _)| name.clone()).collect())
    }

    /// Makes a topic of one queue, and a consumer group of the same name.
    ///
    /// # Errors
    /// The broker makes them not.
    pub(super) fn make(&mut self, login: &Login, topic: &str, until: u64) -> Result<(), LoadError> {
        let fields = json!({
            "topic": topic, "defaultTopic": "TBW102", "readQueueNums": "1", "writeQueueNums": "1",
            "perm": "6", "topicFilterType": "SINGLE_TAG", "topicSysFlag": "0", "order": "false",
            "attributes": "+message.type=NORMAL",
        });
        self.must(login, &format!("topic {topic} could not be made"), (MAKE_TOPIC, fields, &[]), until)?;
        let group = json!({ "groupName": topic, "retryMaxTimes": 1_000_000 }).to_string();
        let request = (MAKE_GROUP, json!({}), group.as_bytes());
        self.must(login, &format!("consumer group {topic} could not be made"), request, until)
    }

    /// Deletes a topic and its group.
    ///
    /// # Errors
    /// The broker does not answer.
    pub(super) fn delete(&mut self, login: &Login, topic: &str, until: u64) -> Result<(), LoadError> {
        let group = json!({ "groupName": topic, "cleanOffset": "true" });
        self.ask(login, (DELETE_GROUP, group, &[]), until)?;
        // What was given back is in a topic that the broker made itself.
        for name in [topic.to_string(), format!("%RETRY%{topic}_{topic}")] {
            self.ask(login, (DELETE_TOPIC, json!({ "topic": name }), &[]), until)?;
        }
        Ok(())
    }

    /// Lets a name server forget a topic.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) fn forget(&mut self, login: &Login, topic: &str, until: u64) -> Result<(), LoadError> {
        self.ask(login, (FORGET_TOPIC, json!({ "topic": topic }), &[]), until).map(|_| ())
    }
}
