//! Publishing to streams. Confirms are read by a thread of the connection and never waited for.

use super::codec::{NatsDecoder, NatsFrame, NatsMessage, publish, subscribe};
use super::requests::NatsConnection;
use crate::load::LoadError;
use crate::load::targets::brokers::wire::{
    BrokerLines, FrameHandler, Packet, Session, Socket, WireError, hear,
};
use crate::load::targets::{PublishRequest, Publisher, Sent};
use serde_json::Value;
use std::sync::Arc;
use std::thread::JoinHandle;

/// What JetStream says where a stream is full.
const FULL: u64 = 10077;

/// A connection to publish by.
pub(super) struct NatsSender {
    pub socket: Arc<Socket>,
    inbox: String,
}

impl NatsSender {
    /// Connects, and starts the thread that hears the confirms.
    ///
    /// # Errors
    /// The broker does not let us in.
    pub(super) fn open(
        session: &Arc<Session>,
        number: usize,
    ) -> Result<(Arc<Self>, JoinHandle<()>), LoadError> {
        let NatsConnection { socket, incoming, .. } =
            NatsConnection::open(&session.login, &session.names, session.largest)?;
        let inbox = format!("_INBOX.{}.confirms{number}", session.names.run());
        let mut out = Vec::new();
        subscribe(&format!("{inbox}.>"), 1, &mut out);
        socket.write(&out).map_err(|why| session.login.broken(&why))?;
        let socket = session.keep(socket, None);
        let reader = hear(session, &socket, incoming, NatsConfirms { session: Arc::clone(session) })?;
        Ok((Arc::new(NatsSender { socket, inbox }), reader))
    }
}

/// Hears what became of publishes.
struct NatsConfirms {
    session: Arc<Session>,
}

impl FrameHandler for NatsConfirms {
    type Decoder = NatsDecoder;

    fn on_frame(&mut self, socket: &Socket, frame: NatsFrame) -> Result<(), WireError> {
        match frame {
            NatsFrame::Message(message) => self.verdict(&message),
            NatsFrame::Ping => socket.write(b"PONG\r\n"),
            NatsFrame::Error(why) => Err(WireError::Told(why)),
            NatsFrame::Info(_) | NatsFrame::Ok | NatsFrame::Pong => Ok(()),
        }
    }

    fn on_silence(&mut self, socket: &Socket) -> Result<(), WireError> {
        socket.write(b"PING\r\n")
    }
}

impl NatsConfirms {
    /// The answer to a publish: the subject says to which.
    fn verdict(&self, answer: &NatsMessage) -> Result<(), WireError> {
        let mut words = answer.subject.rsplit('.');
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        let (Some(message), Some(queue)) = (number(), number()) else { return Ok(()) };
        if answer.status == Some(503) {
            self.session.returned(queue as usize);
            return Ok(());
        }
        let refused = answer.content.windows(8).any(|part| part == b"\"error\":");
        if !refused {
            self.session.confirmed(message);
            return Ok(());
        }
        let told: Value = serde_json::from_slice(&answer.content).unwrap_or_default();
        if told["error"]["err_code"].as_u64() == Some(FULL) {
            self.session.refused(queue as usize, message);
            return Ok(());
        }
        let why = told["error"]["description"].as_str().unwrap_or("a publish was refused without a reason");
        Err(WireError::Told(why.into()))
    }
}

/// One thread's way to publish.
pub(super) struct NatsPublisher {
    session: Arc<Session>,
    lines: Arc<BrokerLines>,
    sender: Arc<NatsSender>,
    body: Vec<u8>,
    packet: Packet,
}

impl NatsPublisher {
    pub(super) fn new(session: &Arc<Session>, lines: &Arc<BrokerLines>, sender: Arc<NatsSender>) -> Self {
        let (session, lines) = (Arc::clone(session), Arc::clone(lines));
        NatsPublisher { session, lines, sender, body: Vec::new(), packet: Packet::default() }
    }
}

impl Publisher for NatsPublisher {
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent {
        let message = request.message;
        self.session.bodies.write(message, request.size, &mut self.body);
        let reply = self.session.confirm.then(|| format!("{}.{queue}.{message}", self.sender.inbox));
        publish(self.lines.name(queue, request.part), reply.as_deref(), &self.body, &mut self.packet.bytes);
        self.session.sends(queue);
        match self.packet.send(&self.sender.socket) {
            Ok(()) if self.session.confirm => Sent::Pending,
            Ok(()) => Sent::Accepted,
            Err(why) => {
                self.session.inside.leave(queue);
                self.session.broke(&why, None);
                Sent::Closed
            }
        }
    }

    fn next_is_due(&mut self, due: bool) {
        self.packet.next_is_due = due;
    }

    fn flush(&mut self) {
        if let Err(why) = self.packet.flush(&self.sender.socket) {
            self.session.broke(&why, None);
        }
    }
}
