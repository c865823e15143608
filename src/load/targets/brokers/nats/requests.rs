//! Questions to a NATS server and their answers, over a connection of their own: what JetStream makes and
//! deletes.

use super::codec::{NatsDecoder, NatsFrame, NatsMessage, publish, subscribe};
use crate::load::LoadError;
use crate::load::targets::brokers::common::RunNames;
use crate::load::targets::brokers::wire::{Incoming, Login, Socket, WireError};
use serde_json::{Value, json};

/// A connection to a NATS server that has let us in.
pub(super) struct NatsConnection {
    pub socket: Socket,
    pub incoming: Incoming,
    /// What the server tells of itself.
    pub info: Value,
}

impl NatsConnection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// Nobody answers, or does not let us in.
    pub(super) fn open(login: &Login, names: &RunNames, largest: u32) -> Result<Self, LoadError> {
        let until = login.deadline();
        let mut incoming = Incoming::new(largest);
        let socket = login.connect(until)?;
        let first = incoming.next::<NatsDecoder>(&socket, until).map_err(|why| login.broken(&why))?;
        let info: Value = match first {
            Some(NatsFrame::Info(text)) => serde_json::from_str(&text).unwrap_or_default(),
            Some(_) => return Err(login.broken(&WireError::Malformed("its first word is not INFO"))),
            None => return Err(login.broken(&WireError::Silent(login.wait))),
        };
        let secured = |what: &str| info[what].as_bool().unwrap_or(false);
        match (&login.security, secured("tls_required"), secured("tls_available")) {
            (None, true, _) => {
                return Err(login.failed(format!("{} speaks TLS alone: write tls:// for nats://", login.url)));
            }
            (Some(_), false, false) => {
                return Err(login.failed(format!("{} speaks no TLS: write nats:// for tls://", login.url)));
            }
            _ => {}
        }
        let socket = login.secure(socket, until)?;
        let mut connection = NatsConnection { socket, incoming, info };
        connection.log_in(login, names, until)?;
        Ok(connection)
    }

    fn log_in(&mut self, login: &Login, names: &RunNames, until: u64) -> Result<(), LoadError> {
        let mut hello = json!({
            "verbose": false, "pedantic": false, "lang": "queuelab", "version": env!("CARGO_PKG_VERSION"),
            "name": names.connection(), "protocol": 1, "headers": true, "no_responders": true,
        });
        if let Some(user) = &login.url.user {
            hello["user"] = json!(user);
            hello["pass"] = json!(login.url.password.as_ref().map_or("", |password| password.reveal()));
        }
        let sent = self.socket.write(format!("CONNECT {hello}\r\nPING\r\n").as_bytes());
        sent.map_err(|why| login.broken(&why))?;
        loop {
            match self.incoming.next::<NatsDecoder>(&self.socket, until).map_err(|why| login.broken(&why))? {
                Some(NatsFrame::Pong) => return Ok(()),
                Some(NatsFrame::Error(why)) => return Err(login.refused(&why)),
                Some(_) => {}
                None => return Err(login.broken(&WireError::Silent(login.wait))),
            }
        }
    }
}

/// Asks JetStream.
pub(super) struct Requests {
    connection: NatsConnection,
    inbox: String,
    count: u64,
}

impl Requests {
    /// # Errors
    /// The connection broke.
    pub(super) fn new(
        connection: NatsConnection,
        names: &RunNames,
        login: &Login,
    ) -> Result<Self, LoadError> {
        let inbox = format!("_INBOX.{}.requests", names.run());
        let mut out = Vec::new();
        subscribe(&format!("{inbox}.*"), 1, &mut out);
        connection.socket.write(&out).map_err(|why| login.broken(&why))?;
        Ok(Requests { connection, inbox, count: 0 })
    }

    /// What the server tells of itself.
    pub(super) fn info(&self) -> &Value {
        &self.connection.info
    }

    /// A request's answer, by an instant.
    ///
    /// # Errors
    /// The server says no, or nothing.
    pub(super) fn ask(
        &mut self,
        login: &Login,
        subject: &str,
        question: &Value,
        until: u64,
    ) -> Result<Value, LoadError> {
        self.count += 1;
        let reply = format!("{}.{}", self.inbox, self.count);
        let mut out = Vec::new();
        let content = if question.is_null() { String::new() } else { question.to_string() };
        publish(subject, Some(&reply), content.as_bytes(), &mut out);
        self.connection.socket.write(&out).map_err(|why| login.broken(&why))?;
        let message = self.answer(login, &reply, until)?;
        if message.status == Some(503) {
            return Err(login.failed(format!("{} has no JetStream: start nats-server with -js", login.url)));
        }
        let answer: Value = serde_json::from_slice(&message.content).unwrap_or_default();
        match answer["error"]["description"].as_str() {
            Some(why) => Err(login.failed(format!("{}: {subject}: {why}", login.url))),
            None => Ok(answer),
        }
    }

    fn answer(&mut self, login: &Login, reply: &str, until: u64) -> Result<NatsMessage, LoadError> {
        let NatsConnection { socket, incoming, .. } = &mut self.connection;
        loop {
            match incoming.next::<NatsDecoder>(socket, until).map_err(|why| login.broken(&why))? {
                Some(NatsFrame::Message(message)) if message.subject == reply => return Ok(message),
                Some(NatsFrame::Ping) => socket.write(b"PONG\r\n").map_err(|why| login.broken(&why))?,
                Some(NatsFrame::Error(why)) => {
                    return Err(login.failed(format!("{} refuses {}: {why}", login.url, login.who())));
                }
                Some(_) => {}
                None => {
                    let silent = format!("{} did not answer within {} s", login.url, login.wait);
                    return Err(login.failed(silent));
                }
            }
        }
    }
}
