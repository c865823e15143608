//! Taking from streams: a server asks for what it has room for, and reads its connection itself.

use super::codec::{NatsDecoder, NatsFrame, NatsMessage, publish, subscribe};
use super::requests::NatsConnection;
use super::settings::NatsQueue;
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::brokers::wire::{
    BrokerLines, Incoming, PACKET, Session, Socket, WireError, WireReceiver, take,
};
use crate::load::targets::{Delivery, Receiver};
use crate::message::Outcome;
use serde_json::json;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The subject of a reply.
type ReplySubject = String;

/// What was heard of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeardFrame {
    Nothing,
    Pong,
    Other,
}

/// A server's connection.
pub(super) struct NatsReceiver {
    session: Arc<Session>,
    lines: Arc<BrokerLines>,
    settings: NatsQueue,
    queue: usize,
    socket: Arc<Socket>,
    incoming: Incoming,
    /// Where questions for messages go, and where their answers come.
    pull: String,
    inbox: String,
    /// The number of our subscription to the answers.
    subscription: u64,
    /// How many messages it may hold; more than one where they are handed out ahead of time.
    window: u64,
    /// Places in the window that no message was asked for yet.
    free: u64,
    /// Messages that were asked for and have not come, and the number of the question.
    asked: u64,
    question: u64,
    /// Whether the last question was one that waits for as long as it takes.
    waits: bool,
    /// What came and was not taken yet.
    ready: VecDeque<Delivery>,
    /// By tag: the subject by which a delivery is settled.
    replies: HashMap<u64, ReplySubject>,
    tags: u64,
    out: Vec<u8>,
}

impl NatsReceiver {
    /// Connects.
    ///
    /// # Errors
    /// The broker does not let us in.
    pub(super) fn open(
        session: &Arc<Session>,
        lines: &Arc<BrokerLines>,
        settings: NatsQueue,
        (queue, part, window): (usize, usize, u64),
        number: usize,
    ) -> Result<Self, LoadError> {
        let NatsConnection { socket, incoming, .. } =
            NatsConnection::open(&session.login, &session.names, session.largest)?;
        let inbox = format!("_INBOX.{}.server{number}", session.names.run());
        let mut out = Vec::new();
        subscribe(&format!("{inbox}.1.*"), 1, &mut out);
        socket.write(&out).map_err(|why| session.login.broken(&why))?;
        out.clear();
        let stream = super::settings::stream(lines.name(queue, part));
        Ok(NatsReceiver {
            session: Arc::clone(session),
            lines: Arc::clone(lines),
            settings,
            queue,
            socket: session.keep(socket, Some(queue)),
            incoming,
            pull: format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{}", super::settings::CONSUMER),
            inbox,
            subscription: 1,
            window,
            free: window,
            asked: 0,
            question: 0,
            waits: false,
            ready: VecDeque::new(),
            replies: HashMap::new(),
            tags: 0,
            out,
        })
    }

    /// Asks for messages: until an instant, at once (0), or for as long as it takes.
    fn ask(&mut self, messages: u64, until: u64) {
        self.question += 1;
        self.asked += messages;
        self.waits = until == u64::MAX;
        let mut question = json!({ "batch": messages });
        match until {
            u64::MAX => {}
            0 => question["no_wait"] = json!(true),
            // The server knows no shorter ones.
            _ => question["expires"] = json!(until.saturating_sub(Monotonic.now()).max(1_000_000)),
        }
        let reply = format!("{}.{}.{}", self.inbox, self.subscription, self.question);
        publish(&self.pull, Some(&reply), question.to_string().as_bytes(), &mut self.out);
    }

    fn flush(&mut self) -> Result<(), WireError> {
        self.socket.flush(&mut self.out)
    }

    /// Reads one thing that the server says, by an instant.
    fn hear(&mut self, until: u64) -> Result<HeardFrame, WireError> {
        match self.incoming.next::<NatsDecoder>(&self.socket, until)? {
            Some(NatsFrame::Message(message)) => self.on_message(message)?,
            Some(NatsFrame::Ping) => self.socket.write(b"PONG\r\n")?,
            Some(NatsFrame::Error(why)) => return Err(WireError::Told(why)),
            Some(NatsFrame::Info(_) | NatsFrame::Ok) => {}
            Some(NatsFrame::Pong) => return Ok(HeardFrame::Pong),
            None => return Ok(HeardFrame::Nothing),
        }
        Ok(HeardFrame::Other)
    }

    fn on_message(&mut self, message: NatsMessage) -> Result<(), WireError> {
        match (message.status, message.reply) {
            (Some(404 | 408), _) | (None, None) => {
                // Nothing more comes for this question, which may be one that is over.
                let of_now = message.subject.rsplit('.').next().and_then(|n| n.parse().ok());
                if of_now == Some(self.question) {
                    self.asked = 0;
                }
                Ok(())
            }
            (Some(100), _) => Ok(()),
            (Some(status), _) => {
                Err(WireError::Told(format!("the server ended the subscription (status {status})")))
            }
            (None, Some(reply)) => {
                self.asked = self.asked.saturating_sub(1);
                self.on_delivery(&message.content, reply);
                Ok(())
            }
        }
    }

    fn on_delivery(&mut self, body: &[u8], reply: String) {
        let Some(message) = self.session.read(body) else {
            self.free += 1;
            return self.say(&reply, b"+TERM");
        };
        self.tags += 1;
        let delivery = Delivery {
            message,
            deliveries: deliveries(&reply),
            tag: self.tags,
            part: 0,
            until: self.settings.lease.map_or(u64::MAX, |lease| Monotonic.now().saturating_add(lease)),
        };
        self.replies.insert(self.tags, reply);
        if self.settings.delivery_limit.is_some_and(|limit| delivery.deliveries > limit) {
            // The delivery before was the last, and nobody has settled it in time.
            let last = Delivery { deliveries: delivery.deliveries - 1, ..delivery };
            return self.give_up(&last);
        }
        self.ready.push_back(delivery);
    }

    /// Takes back all that was asked for: the server gives nothing to a subscription that is not there.
    fn take_back(&mut self) -> Result<(), WireError> {
        self.out.extend_from_slice(format!("UNSUB {}\r\n", self.subscription).as_bytes());
        self.subscription += 1;
        subscribe(&format!("{}.{}.*", self.inbox, self.subscription), self.subscription, &mut self.out);
        self.out.extend_from_slice(b"PING\r\n");
        self.flush()?;
        let until = self.session.login.deadline();
        // What was on its way stays ours.
        while self.hear(until)? == HeardFrame::Other {}
        (self.asked, self.question) = (0, 0);
        self.free = self.window.saturating_sub(self.ready.len() as u64);
        Ok(())
    }

    /// Says something about a delivery, at the next flush.
    fn say(&mut self, reply: &str, word: &[u8]) {
        publish(reply, None, word, &mut self.out);
    }

    /// A delivery was the last that its message gets.
    fn give_up(&mut self, delivery: &Delivery) {
        let Some(reply) = self.replies.remove(&delivery.tag) else { return };
        let outcome = match self.settings.dead_letter {
            Some(dead) => {
                let mut body = Vec::new();
                self.session.bodies.write(delivery.message, 0, &mut body);
                publish(self.lines.name(dead, 0), None, &body, &mut self.out);
                self.session.inside.enter(dead);
                Outcome::DeadLettered
            }
            None => Outcome::Dropped,
        };
        self.say(&reply, b"+TERM");
        self.free += 1;
        self.session.lose(self.queue, delivery, outcome);
    }

    fn settle(&mut self, delivery: &Delivery, word: &[u8]) -> bool {
        let Some(reply) = self.replies.remove(&delivery.tag) else { return false };
        self.say(&reply, word);
        if self.window > 1 {
            self.refill();
        } else if self.settings.asks_ahead && self.waits && self.asked == 0 {
            // The next message is asked for with the same packet.
            self.ask(1, u64::MAX);
        }
        if self.settings.without_work && !self.ready.is_empty() && self.out.len() < PACKET {
            // The next one is settled at once, too, or it is waited for and all is sent.
            return true;
        }
        let outcome = self.flush();
        self.session.said(outcome, self.queue)
    }

    fn in_time(&mut self, delivery: &Delivery) -> bool {
        if Monotonic.now() < delivery.until {
            return true;
        }
        self.replies.remove(&delivery.tag);
        if self.window > 1 {
            self.refill();
        }
        false
    }

    /// A place of the window is free: asks for messages once so many places are.
    fn refill(&mut self) {
        self.free += 1;
        self.ask_for_free(self.window / SHARE);
    }

    fn ask_for_free(&mut self, enough: u64) {
        if self.free >= enough.max(1) {
            self.ask(self.free, u64::MAX);
            self.free = 0;
        }
    }
}

/// A server that has more to work on asks for an eighth of its window at once: a question costs the broker as
/// much as a message does. One that has nothing asks for whatever it may.
const SHARE: u64 = 8;

/// How long after its time a question's end is waited for, in nanoseconds.
const PATIENCE: u64 = 200_000_000;

impl WireReceiver for NatsReceiver {
    fn session(&self) -> &Session {
        &self.session
    }

    fn queue(&self) -> usize {
        self.queue
    }

    fn ready(&mut self) -> &mut VecDeque<Delivery> {
        &mut self.ready
    }

    fn wait(&mut self, most: usize, until: u64) -> Result<(), WireError> {
        if self.window > 1 {
            self.ask_for_free(1);
            self.flush()?;
            while self.hear(if self.ready.is_empty() { until } else { 0 })? != HeardFrame::Nothing {}
            return Ok(());
        }
        // What comes may be somebody else's, and then there is more to wait for.
        loop {
            if self.asked == 0 && self.ready.is_empty() {
                // One first: what more there is at once is asked for when it has come.
                self.ask(if until == u64::MAX { 1 } else { most as u64 }, until);
            }
            self.flush()?;
            while self.ready.is_empty() && self.asked > 0 {
                // The server says when the time of a question is over; a while later it is not waited for any
                // more.
                let patience = if until == u64::MAX { until } else { until.max(Monotonic.now()) + PATIENCE };
                if self.hear(patience)? == HeardFrame::Nothing {
                    self.asked = 0;
                }
            }
            if !self.ready.is_empty() || Monotonic.now() >= until {
                break;
            }
        }
        if until == u64::MAX && self.ready.len() < most && most > 1 {
            self.ask((most - self.ready.len()) as u64, 0);
            self.flush()?;
            while self.asked > 0 && self.hear(Monotonic.now() + PATIENCE)? != HeardFrame::Nothing {}
        }
        Ok(())
    }
}

impl Receiver for NatsReceiver {
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool {
        take(self, most, until, out)
    }

    fn ack(&mut self, delivery: &Delivery) -> bool {
        let settled = self.in_time(delivery) && self.settle(delivery, b"+ACK");
        if settled {
            self.session.inside.leave(self.queue);
        }
        settled
    }

    fn nack(&mut self, delivery: &Delivery, delay: u64) -> bool {
        if !self.in_time(delivery) {
            return false;
        }
        if self.settings.delivery_limit.is_some_and(|limit| delivery.deliveries >= limit) {
            self.give_up(delivery);
            return self.flush().is_ok();
        }
        let word = if delay == 0 { "-NAK".to_string() } else { format!("-NAK {{\"delay\":{delay}}}") };
        self.settle(delivery, word.as_bytes())
    }

    fn extend(&mut self, delivery: &mut Delivery) -> bool {
        let Some(lease) = self.settings.lease else { return true };
        if !self.in_time(delivery) {
            return false;
        }
        let Some(reply) = self.replies.get(&delivery.tag).cloned() else { return false };
        self.say(&reply, b"+WPI");
        delivery.until = Monotonic.now().saturating_add(lease);
        self.flush().is_ok()
    }

    fn cancel(&mut self) {
        let sent = self.flush();
        self.session.said(sent, self.queue);
        // What is in a window stays there, as it does while its server works.
        if self.asked > 0 && self.replies.is_empty() {
            let taken_back = self.take_back();
            taken_back.unwrap_or_else(|why| self.session.broke(&why, Some(self.queue)));
        }
    }
}

/// How often a message has been delivered, as the subject of its acknowledgement says:
/// `$JS.ACK.STREAM.CONSUMER.DELIVERED.…`, or with a domain and an account before the stream.
fn deliveries(reply: &str) -> u32 {
    let words: Vec<&str> = reply.split('.').collect();
    let place = if words.len() > 9 { 6 } else { 4 };
    words.get(place).and_then(|word| word.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_of_an_acknowledgement_tells_the_deliveries() {
        assert_eq!(deliveries("$JS.ACK.s.c.3.17.18.1700000000.0"), 3);
        assert_eq!(deliveries("$JS.ACK.domain.hash.s.c.4.17.18.1700000000.0.token"), 4);
        assert_eq!(deliveries("else"), 1);
    }
}
