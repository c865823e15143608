//! Taking messages by "pop": the broker hands a message to whoever asks and hides it from others until it is
//! settled.

use super::publisher::{RocketMqPublisher, since_epoch};
use super::remoting::{RemotingAnswer, RemotingConnection, RemotingRequest};
use super::stored::{StoredMessage, messages};
use super::{GiveUpAfter, MOST};
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{
    Delivery, LostMessage, PublishRequest, Publisher, Receiver, Trouble, TroubleKind,
};
use crate::message::Outcome;
use serde_json::json;
use std::collections::HashMap;
use std::io;
use std::time::Duration;

/// Requests: for messages, that one is done, and that one is shown again sooner.
const POP: u32 = 200_050;
const ACK: u32 = 200_051;
const SHOW_AGAIN: u32 = 200_053;

/// Answers that say that there is no message.
const NOTHING: [u32; 4] = [19, 20, 209, 210];

/// For how long a message is hidden that is not settled, in milliseconds.
const HIDDEN: &str = "3600000";

/// For how long the broker keeps a request for messages, in nanoseconds.
const LONGEST_POLL: u64 = 1_000_000_000;

/// How long an answer is waited for before it is looked whether all is over, in nanoseconds.
const SLICE: u64 = 50_000_000;

/// A message that is hidden from others.
struct HiddenMessage {
    topic: String,
    queue: u32,
    offset: u64,
    /// What the broker knows it by.
    handle: String,
}

/// Takes messages for one server.
pub(super) struct PopReceiver<'a> {
    pub connection: RemotingConnection,
    /// Sends what is given up to another queue.
    pub publisher: RocketMqPublisher<'a>,
    pub queue: usize,
    pub part: usize,
    pub broker_name: &'a str,
    pub give_up: GiveUpAfter,
    /// The number of a request for messages that the broker keeps.
    pub asked: Option<u32>,
    pub hidden: HiddenMessages,
}

/// By tag: what was taken and is not settled.
#[derive(Default)]
pub(super) struct HiddenMessages {
    all: HashMap<u64, HiddenMessage>,
    next: u64,
}

impl PopReceiver<'_> {
    /// Asks for messages, which are waited for until an instant.
    fn ask(&mut self, most: usize, until: u64) -> io::Result<()> {
        let wait = until.saturating_sub(Monotonic.now()).min(LONGEST_POLL);
        // Who does not wait subscribes: there will be somebody to take what comes.
        let wait = if until == 0 { LONGEST_POLL } else { wait };
        let topic = &self.publisher.state().topics[self.queue];
        let fields = json!({
            "consumerGroup": topic, "topic": topic, "queueId": self.part.to_string(),
            "maxMsgNums": most.min(MOST).to_string(), "invisibleTime": HIDDEN,
            "pollTime": (wait / 1_000_000).max(1).to_string(), "bornTime": since_epoch(), "initMode": "0",
            "expType": "TAG", "exp": "*", "order": "false",
        });
        let number = self.connection.number();
        self.connection.send(&RemotingRequest { code: POP, number: Some(number), fields, body: &[] })?;
        self.asked = Some(number);
        Ok(())
    }

    /// What an answer brings.
    fn hear(&mut self, answer: &RemotingAnswer, out: &mut Vec<Delivery>) -> io::Result<()> {
        if self.asked != Some(answer.number) {
            // Of a message that was settled.
            return if answer.code == 0 { Ok(()) } else { Err(io::Error::other(answer.why())) };
        }
        self.asked = None;
        if NOTHING.contains(&answer.code) {
            return Ok(());
        }
        let wrong =
            || io::Error::new(io::ErrorKind::InvalidData, "messages that are not written as expected");
        let found = if answer.code == 0 {
            messages(&answer.body).ok_or_else(wrong)?
        } else {
            return Err(io::Error::other(answer.why()));
        };
        for message in found {
            self.took(answer, message, out)?;
        }
        Ok(())
    }

    fn took(
        &mut self,
        answer: &RemotingAnswer,
        message: StoredMessage,
        out: &mut Vec<Delivery>,
    ) -> io::Result<()> {
        let StoredMessage { topic, queue, offset, returned, body } = message;
        // Of what was given back, the broker keeps a topic of its own.
        let again = if topic == self.publisher.state().topics[self.queue] { "0" } else { "1" };
        let of_queue = |line: &&str| {
            let mut words = line.split(' ');
            words.next() == Some(again) && words.next() == Some(&queue.to_string())
        };
        let start = answer.field("startOffsetInfo").split(';').find(of_queue);
        let start = start.and_then(|line| line.split(' ').nth(2)).unwrap_or("0");
        let (taken, hidden, kept) =
            (answer.field("popTime"), answer.field("invisibleTime"), answer.field("reviveQid"));
        let broker = self.broker_name;
        let handle = format!("{start} {taken} {hidden} {kept} {again} {broker} {queue} {offset}");
        let tag = self.hidden.next;
        self.hidden.next += 1;
        self.hidden.all.insert(tag, HiddenMessage { topic, queue, offset, handle });
        let Some(number) = self.publisher.state().bodies.read(&body) else {
            self.publisher
                .state()
                .listener
                .trouble(Trouble { at: Monotonic.now(), kind: TroubleKind::Foreign });
            return self.settle(tag, ACK, None).map(|_| ());
        };
        out.push(Delivery {
            message: number,
            deliveries: returned + 1,
            tag,
            part: self.part,
            until: u64::MAX,
        });
        Ok(())
    }

    /// Tells the broker what becomes of a message. False if nobody has it.
    fn settle(&mut self, tag: u64, code: u32, show_in: Option<u64>) -> io::Result<bool> {
        let Some(message) = self.hidden.all.remove(&tag) else { return Ok(false) };
        let group = &self.publisher.state().topics[self.queue];
        let mut fields = json!({
            "consumerGroup": group, "topic": message.topic, "queueId": message.queue.to_string(),
            "extraInfo": message.handle, "offset": message.offset.to_string(),
        });
        if let Some(nanos) = show_in {
            fields["invisibleTime"] = (nanos / 1_000_000).max(1).to_string().into();
        }
        let number = self.connection.number();
        self.connection.send(&RemotingRequest { code, number: Some(number), fields, body: &[] })?;
        Ok(true)
    }

    /// The same; a connection that fails is lost.
    fn say(&mut self, tag: u64, code: u32, show_in: Option<u64>) -> bool {
        let said = self.settle(tag, code, show_in);
        said.unwrap_or_else(|error| {
            self.publisher.state().lose(&error.to_string());
            false
        })
    }

    /// What comes until an instant.
    fn poll(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> io::Result<()> {
        if self.asked.is_none() {
            self.ask(most, until)?;
        }
        let wait = Duration::from_nanos(until.saturating_sub(Monotonic.now()).min(SLICE));
        while let Some(answer) = self.connection.next(wait)? {
            self.hear(&answer, out)?;
            if self.asked.is_none() {
                break;
            }
        }
        Ok(())
    }
}

impl Receiver for PopReceiver<'_> {
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool {
        let before = out.len();
        while !self.publisher.state().is_over(self.queue) {
            if let Err(error) = self.poll(most, until, out) {
                self.publisher.state().lose(&error.to_string());
                return false;
            }
            if out.len() > before || Monotonic.now() >= until {
                return true;
            }
        }
        false
    }

    fn ack(&mut self, delivery: &Delivery) -> bool {
        let known = self.say(delivery.tag, ACK, None);
        if known {
            self.publisher.state().inside.leave(self.queue);
        }
        known
    }

    fn nack(&mut self, delivery: &Delivery, delay: u64) -> bool {
        let &Delivery { message, deliveries, tag, .. } = delivery;
        if self.give_up.limit.is_none_or(|limit| deliveries < limit) {
            return self.say(tag, SHOW_AGAIN, Some(delay));
        }
        let (queue, at, dead) = (self.queue, Monotonic.now(), self.give_up.dead_letter);
        let outcome = if dead.is_some() { Outcome::DeadLettered } else { Outcome::Dropped };
        self.publisher.state().listener.lost(LostMessage { queue, message, at, outcome, deliveries });
        if let Some(dead) = dead {
            // What becomes of it is told as of any message.
            let _sent =
                self.publisher.publish(dead, &PublishRequest { message, ..PublishRequest::default() });
        }
        self.ack(delivery)
    }

    fn cancel(&mut self) {
        // What the broker hands out still is to go to others.
        let until = Monotonic.now() + LONGEST_POLL + SLICE;
        let mut came = Vec::new();
        while self.asked.is_some() && Monotonic.now() < until && !self.publisher.state().is_halted() {
            if self.poll(1, until, &mut came).is_err() {
                return;
            }
        }
        came.iter().for_each(|delivery| _ = self.say(delivery.tag, SHOW_AGAIN, Some(0)));
    }
}
