//! Sending by STOMP. The broker confirms by receipts, which a thread of the connection reads and nobody waits
//! for.

use super::codec::{StompDecoder, StompFrame, write};
use super::connection::{StompConnection, destination, told};
use crate::load::LoadError;
use crate::load::targets::brokers::wire::{
    BrokerLines, FrameHandler, Packet, Session, Socket, WireError, hear,
};
use crate::load::targets::{PublishRequest, Publisher, Sent};
use std::sync::Arc;
use std::thread::JoinHandle;

/// The header that says how often a message has been delivered, where that was more than never.
pub(super) const DELIVERIES: &str = "queuelab-deliveries";

/// Connects to publish, and starts the thread that hears the receipts.
///
/// # Errors
/// The broker does not let us in.
pub(super) fn open(session: &Arc<Session>) -> Result<(Arc<Socket>, JoinHandle<()>), LoadError> {
    let StompConnection { socket, incoming, .. } = StompConnection::open(&session.login, session.largest)?;
    let socket = session.keep(socket, None);
    let reader = hear(session, &socket, incoming, StompReceipts { session: Arc::clone(session) })?;
    Ok((socket, reader))
}

/// Hears what became of messages.
struct StompReceipts {
    session: Arc<Session>,
}

impl FrameHandler for StompReceipts {
    type Decoder = StompDecoder;

    fn on_frame(&mut self, _: &Socket, frame: StompFrame) -> Result<(), WireError> {
        match frame.command.as_str() {
            "RECEIPT" => {
                let message = frame.header("receipt-id").and_then(|id| id.parse().ok());
                message.into_iter().for_each(|message| self.session.confirmed(message));
                Ok(())
            }
            "ERROR" => Err(WireError::Told(told(&frame))),
            _ => Ok(()),
        }
    }

    /// A transaction without anything in it, whose receipt says that the broker is alive.
    fn on_silence(&mut self, socket: &Socket) -> Result<(), WireError> {
        let mut out = Vec::new();
        write("BEGIN", &[("transaction", "alive"), ("receipt", "alive")], b"", &mut out);
        write("ABORT", &[("transaction", "alive")], b"", &mut out);
        socket.write(&out)
    }
}

/// How a message is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct StompMessage<'a> {
    pub destination: &'a str,
    pub persistent: bool,
    /// From 0 to 9; higher is sooner.
    pub priority: Option<i64>,
    /// Deliveries that it has had.
    pub deliveries: u32,
    /// Milliseconds until it can be delivered.
    pub delay: u64,
    /// The number by which the broker confirms it.
    pub receipt: Option<u64>,
}

impl StompMessage<'_> {
    pub(super) fn write(&self, body: &[u8], out: &mut Vec<u8>) {
        let text = |number: Option<u64>| number.map(|number| number.to_string());
        let priority = self.priority.map(|priority| priority.to_string());
        let deliveries = text(Some(self.deliveries.into()).filter(|&count| count > 0));
        let delay = text(Some(self.delay).filter(|&delay| delay > 0));
        let receipt = text(self.receipt);
        let mut headers = vec![
            ("destination", self.destination),
            ("persistent", if self.persistent { "true" } else { "false" }),
        ];
        let optional = [
            ("priority", &priority),
            (DELIVERIES, &deliveries),
            ("AMQ_SCHEDULED_DELAY", &delay),
            ("receipt", &receipt),
        ];
        headers.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))));
        write("SEND", &headers, body, out);
    }
}

/// One thread's way to publish.
pub(super) struct StompPublisher {
    session: Arc<Session>,
    lines: Arc<BrokerLines>,
    socket: Arc<Socket>,
    /// By queue: whether its messages are kept on the disk, and whether they have priorities.
    kinds: Arc<[(bool, bool)]>,
    body: Vec<u8>,
    packet: Packet,
}

impl StompPublisher {
    pub(super) fn new(
        session: &Arc<Session>,
        lines: &Arc<BrokerLines>,
        kinds: &Arc<[(bool, bool)]>,
        socket: Arc<Socket>,
    ) -> Self {
        let (session, lines, kinds) = (Arc::clone(session), Arc::clone(lines), Arc::clone(kinds));
        StompPublisher { session, lines, socket, kinds, body: Vec::new(), packet: Packet::default() }
    }
}

impl Publisher for StompPublisher {
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent {
        let (persistent, ordered) = self.kinds[queue];
        self.session.bodies.write(request.message, request.size, &mut self.body);
        let message = StompMessage {
            destination: &destination(self.lines.name(queue, request.part)),
            persistent,
            // Smaller ranks are sooner here, and higher priorities there.
            priority: ordered.then_some((-request.rank).clamp(0, 9)),
            deliveries: 0,
            delay: 0,
            receipt: self.session.confirm.then_some(request.message),
        };
        message.write(&self.body, &mut self.packet.bytes);
        self.session.sends(queue);
        match self.packet.send(&self.socket) {
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
        if let Err(why) = self.packet.flush(&self.socket) {
            self.session.broke(&why, None);
        }
    }
}
