//! Receiving by STOMP: the broker pushes messages to who has subscribed, up to its window.

use super::codec::{StompDecoder, StompFrame, write};
use super::connection::{StompConnection, destination, told};
use super::sender::{DELIVERIES, StompMessage};
use crate::load::LoadError;
use crate::load::targets::brokers::wire::{
    BrokerLines, Incoming, Session, Socket, WireError, WireReceiver, take,
};
use crate::load::targets::{Delivery, Receiver};
use crate::message::Outcome;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Where a server takes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct StompPlace {
    pub queue: usize,
    pub part: usize,
    /// How many messages are handed out ahead of time.
    pub window: usize,
    pub delivery_limit: Option<u32>,
    pub dead_letter: Option<usize>,
    pub persistent: bool,
}

/// A delivery as the broker knows it.
struct StompDelivery {
    /// What it is acknowledged by.
    ack: String,
    /// As it was sent, where it has a priority.
    priority: Option<i64>,
    body: Vec<u8>,
}

/// A server's connection.
pub(super) struct StompReceiver {
    session: Arc<Session>,
    lines: Arc<BrokerLines>,
    place: StompPlace,
    socket: Arc<Socket>,
    incoming: Incoming,
    /// The number of our subscription, if we have one, and of those that we had.
    subscription: Option<u64>,
    subscriptions: u64,
    ready: VecDeque<Delivery>,
    /// By tag.
    unsettled: HashMap<u64, StompDelivery>,
    tags: u64,
    out: Vec<u8>,
}

impl StompReceiver {
    /// Connects.
    ///
    /// # Errors
    /// The broker does not let us in.
    pub(super) fn open(
        session: &Arc<Session>,
        lines: &Arc<BrokerLines>,
        place: StompPlace,
    ) -> Result<Self, LoadError> {
        let StompConnection { socket, incoming, .. } =
            StompConnection::open(&session.login, session.largest)?;
        Ok(StompReceiver {
            session: Arc::clone(session),
            lines: Arc::clone(lines),
            place,
            socket: session.keep(socket, Some(place.queue)),
            incoming,
            subscription: None,
            subscriptions: 0,
            ready: VecDeque::new(),
            unsettled: HashMap::new(),
            tags: 0,
            out: Vec::new(),
        })
    }

    fn flush(&mut self) -> Result<(), WireError> {
        self.socket.flush(&mut self.out)
    }

    /// Subscribes, for windows of at least so many messages.
    fn subscribe(&mut self, most: usize) -> Result<(), WireError> {
        if self.subscription.is_some() {
            return Ok(());
        }
        self.subscriptions += 1;
        self.subscription = Some(self.subscriptions);
        let (id, window) = (self.subscriptions.to_string(), self.place.window.max(most).to_string());
        let from = destination(self.lines.name(self.place.queue, self.place.part));
        let headers = [
            ("id", id.as_str()),
            ("destination", from.as_str()),
            ("ack", "client-individual"),
            ("activemq.prefetchSize", window.as_str()),
        ];
        write("SUBSCRIBE", &headers, b"", &mut self.out);
        self.flush()
    }

    /// Reads a frame, by an instant; false if there was none.
    fn hear(&mut self, until: u64) -> Result<bool, WireError> {
        let Some(frame) = self.incoming.next::<StompDecoder>(&self.socket, until)? else { return Ok(false) };
        match frame.command.as_str() {
            "MESSAGE" => self.on_message(frame)?,
            "ERROR" => return Err(WireError::Told(told(&frame))),
            _ => {}
        }
        Ok(true)
    }

    fn on_message(&mut self, frame: StompFrame) -> Result<(), WireError> {
        let of = frame.header("subscription").and_then(|id| id.parse().ok());
        if of != self.subscription {
            // The broker takes back what a subscription had that is over.
            return Ok(());
        }
        let ack =
            frame.header("ack").ok_or(WireError::Malformed("a message without a name to settle it by"))?;
        let ack = ack.to_string();
        let Some(message) = self.session.read(&frame.body) else {
            return self.settle(&ack);
        };
        let earlier: u32 = frame.header(DELIVERIES).and_then(|count| count.parse().ok()).unwrap_or(0);
        let priority = frame.header("priority").and_then(|priority| priority.parse().ok());
        self.tags += 1;
        let (deliveries, part) = (earlier.saturating_add(1), self.place.part);
        self.unsettled.insert(self.tags, StompDelivery { ack, priority, body: frame.body });
        self.ready.push_back(Delivery { message, deliveries, tag: self.tags, part, until: u64::MAX });
        Ok(())
    }

    fn settle(&mut self, ack: &str) -> Result<(), WireError> {
        write("ACK", &[("id", ack)], b"", &mut self.out);
        self.flush()
    }

    fn said(&mut self, outcome: Result<(), WireError>) -> bool {
        self.session.said(outcome, self.place.queue)
    }

    /// Sends a message again, or on, and settles its delivery.
    fn send_on(&mut self, to: &str, delivery: &Delivery, deliveries: u32, delay: u64) -> bool {
        let Some(known) = self.unsettled.remove(&delivery.tag) else { return false };
        let message = StompMessage {
            destination: to,
            persistent: self.place.persistent,
            priority: known.priority,
            deliveries,
            delay: delay.div_ceil(1_000_000),
            receipt: None,
        };
        message.write(&known.body, &mut self.out);
        let outcome = self.settle(&known.ack);
        self.said(outcome)
    }
}

impl WireReceiver for StompReceiver {
    fn session(&self) -> &Session {
        &self.session
    }

    fn queue(&self) -> usize {
        self.place.queue
    }

    fn ready(&mut self) -> &mut VecDeque<Delivery> {
        &mut self.ready
    }

    fn wait(&mut self, most: usize, until: u64) -> Result<(), WireError> {
        self.subscribe(most)?;
        while self.ready.is_empty() && self.hear(until)? {}
        // What else is here already.
        while self.ready.len() < most && !self.ready.is_empty() && self.hear(0)? {}
        Ok(())
    }
}

impl Receiver for StompReceiver {
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool {
        take(self, most, until, out)
    }

    fn ack(&mut self, delivery: &Delivery) -> bool {
        let Some(known) = self.unsettled.remove(&delivery.tag) else { return false };
        let outcome = self.settle(&known.ack);
        let settled = self.said(outcome);
        if settled {
            self.session.inside.leave(self.place.queue);
        }
        settled
    }

    /// A NACK would put it among the dead letters: it is sent again.
    fn nack(&mut self, delivery: &Delivery, delay: u64) -> bool {
        let spent = self.place.delivery_limit.is_some_and(|limit| delivery.deliveries >= limit);
        match (spent, self.place.dead_letter) {
            (false, _) => {
                let here = destination(self.lines.name(self.place.queue, self.place.part));
                self.send_on(&here, delivery, delivery.deliveries, delay)
            }
            (true, Some(dead)) => {
                let there = destination(self.lines.name(dead, 0));
                self.session.inside.enter(dead);
                self.session.lose(self.place.queue, delivery, Outcome::DeadLettered);
                self.send_on(&there, delivery, 0, 0)
            }
            (true, None) => {
                let Some(known) = self.unsettled.remove(&delivery.tag) else { return false };
                self.session.lose(self.place.queue, delivery, Outcome::Dropped);
                let outcome = self.settle(&known.ack);
                self.said(outcome)
            }
        }
    }

    fn cancel(&mut self) {
        // What is in work would be given to others.
        if self.unsettled.len() > self.ready.len() {
            return;
        }
        let Some(subscription) = self.subscription.take() else { return };
        self.ready.clear();
        self.unsettled.clear();
        write("UNSUBSCRIBE", &[("id", &subscription.to_string())], b"", &mut self.out);
        let outcome = self.flush();
        self.said(outcome);
    }
}

impl Drop for StompReceiver {
    fn drop(&mut self) {
        self.socket.end();
    }
}
