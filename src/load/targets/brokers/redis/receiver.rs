//! Taking from streams: a server reads its group's entries over a connection of its own.

use super::codec::{RespDecoder, RespValue, command};
use super::requests::RedisConnection;
use super::settings::{FIELD, GROUP, RedisQueue, ReturnedEntries, ReturnedEntry};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::brokers::wire::{
    BrokerLines, Incoming, Session, Socket, WireError, WireReceiver, take,
};
use crate::load::targets::{Delivery, Receiver};
use crate::message::Outcome;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// The id of an entry of a stream.
type EntryId = String;

/// How often a server that waits looks for messages that come again, in milliseconds.
const LOOK: u64 = 10;

/// Where a server takes from.
pub(super) struct RedisPlace {
    pub queue: usize,
    pub part: usize,
    /// How many messages are read at once, where they are handed out ahead of time.
    pub window: usize,
    /// What was given back to the stream.
    pub returned: Arc<ReturnedEntries>,
}

/// What a reply is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RedisQuestion {
    /// Something that is done.
    Done,
    /// New entries.
    New,
    /// Entries whose time to be settled was over.
    Overdue,
    /// An entry that was given back, after so many deliveries.
    Returned(u32),
}

/// A server's connection.
pub(super) struct RedisReceiver {
    session: Arc<Session>,
    lines: Arc<BrokerLines>,
    settings: RedisQueue,
    place: RedisPlace,
    socket: Arc<Socket>,
    incoming: Incoming,
    /// Our name in the group.
    name: String,
    /// What is asked and not replied to, in order.
    unanswered: VecDeque<RedisQuestion>,
    /// Whether the last question was one that waits for as long as it takes.
    waits: bool,
    ready: VecDeque<Delivery>,
    /// By tag: the stream's name for an entry.
    ids: HashMap<u64, EntryId>,
    tags: u64,
    out: Vec<u8>,
}

impl RedisReceiver {
    /// Connects.
    ///
    /// # Errors
    /// The broker does not let us in.
    pub(super) fn open(
        session: &Arc<Session>,
        lines: &Arc<BrokerLines>,
        settings: RedisQueue,
        place: RedisPlace,
        number: usize,
    ) -> Result<Self, LoadError> {
        let RedisConnection { socket, incoming } =
            RedisConnection::open(&session.login, &session.names, session.largest)?;
        Ok(RedisReceiver {
            socket: session.keep(socket, Some(place.queue)),
            session: Arc::clone(session),
            lines: Arc::clone(lines),
            settings,
            place,
            incoming,
            name: format!("server{number}"),
            unanswered: VecDeque::new(),
            waits: false,
            ready: VecDeque::new(),
            ids: HashMap::new(),
            tags: 0,
            out: Vec::new(),
        })
    }

    fn say(&mut self, what: RedisQuestion, words: &[&[u8]]) {
        command(words, &mut self.out);
        self.unanswered.push_back(what);
    }

    fn flush(&mut self) -> Result<(), WireError> {
        self.socket.flush(&mut self.out)
    }

    fn key(&self) -> Vec<u8> {
        self.lines.name(self.place.queue, self.place.part).as_bytes().to_vec()
    }

    /// Asks for new entries: until an instant, at once (0), or for as long as it takes.
    fn ask(&mut self, most: usize, until: u64) {
        self.waits = until == u64::MAX;
        // Rounded up, for a block of 0 is one without end.
        let left = until.saturating_sub(Monotonic.now()).div_ceil(1_000_000).max(1);
        let block = match (until, self.settings.comes_again) {
            (0, _) => None,
            (u64::MAX, false) => Some(0),
            (_, false) => Some(left),
            (_, true) => Some(left.min(LOOK)),
        };
        let (key, name, count) = (self.key(), self.name.clone(), most.to_string());
        let block = block.map(|millis| millis.to_string());
        let mut words: Vec<&[u8]> =
            vec![b"XREADGROUP", b"GROUP", GROUP, name.as_bytes(), b"COUNT", count.as_bytes()];
        if let Some(block) = &block {
            words.extend([b"BLOCK".as_slice(), block.as_bytes()]);
        }
        words.extend([b"STREAMS".as_slice(), &key, b">"]);
        self.say(RedisQuestion::New, &words);
    }

    /// Asks for one that is to come again, if there is one; says whether it did.
    fn ask_again(&mut self) -> bool {
        let (key, name) = (self.key(), self.name.clone());
        if let Some(entry) = self.place.returned.pop(Monotonic.now()) {
            let words: &[&[u8]] = &[b"XCLAIM", &key, GROUP, name.as_bytes(), b"0", entry.id.as_bytes()];
            self.say(RedisQuestion::Returned(entry.deliveries), words);
            return true;
        }
        if let Some(lease) = self.settings.lease {
            let idle = (lease / 1_000_000).to_string();
            let words: &[&[u8]] =
                &[b"XAUTOCLAIM", &key, GROUP, name.as_bytes(), idle.as_bytes(), b"0-0", b"COUNT", b"1"];
            self.say(RedisQuestion::Overdue, words);
            return true;
        }
        false
    }

    /// Reads the next reply.
    fn hear(&mut self) -> Result<(), WireError> {
        let Some(reply) = self.incoming.next::<RespDecoder>(&self.socket, u64::MAX)? else { return Ok(()) };
        if let RespValue::Error(why) = reply {
            return Err(WireError::Told(why));
        }
        match self.unanswered.pop_front().ok_or(WireError::Malformed("a reply to nothing"))? {
            RedisQuestion::Done => Ok(()),
            // [[stream, [entry, …]]]
            RedisQuestion::New => {
                let streams = reply.values().iter().filter_map(|stream| stream.values().get(1));
                streams.flat_map(RespValue::values).for_each(|entry| self.on_entry(entry, 1));
                Ok(())
            }
            RedisQuestion::Returned(deliveries) => {
                reply.values().iter().for_each(|entry| self.on_entry(entry, deliveries + 1));
                Ok(())
            }
            // [next, [entry, …], [deleted, …]]
            RedisQuestion::Overdue => {
                let entries = reply.values().get(1).map_or(&[][..], RespValue::values);
                entries.iter().try_for_each(|entry| self.on_overdue(entry))
            }
        }
    }

    /// An entry whose time was over is ours now: the stream knows how often it was delivered.
    fn on_overdue(&mut self, entry: &RespValue) -> Result<(), WireError> {
        let Some(id) = entry.values().first().and_then(RespValue::text) else { return Ok(()) };
        let (key, id) = (self.key(), id.as_bytes().to_vec());
        command(&[b"XPENDING", &key, GROUP, &id, &id, b"1"], &mut self.out);
        self.flush()?;
        let reply = self.incoming.next::<RespDecoder>(&self.socket, u64::MAX)?;
        // [[entry, server, idle, deliveries]]
        let count = reply.as_ref().and_then(|reply| reply.values().first()?.values().get(3)?.number());
        self.on_entry(entry, count.map_or(2, |count| count as u32));
        Ok(())
    }

    /// An entry is `[id, [field, body]]`; one that was deleted meanwhile has nothing.
    fn on_entry(&mut self, entry: &RespValue, deliveries: u32) {
        let [id, fields] = entry.values() else { return };
        let (Some(id), [_, RespValue::Bytes(Some(body))]) = (id.text(), fields.values()) else { return };
        let Some(message) = self.session.read(body) else { return self.done_with(id) };
        self.tags += 1;
        let delivery = Delivery {
            message,
            deliveries,
            tag: self.tags,
            part: self.place.part,
            until: self.settings.lease.map_or(u64::MAX, |lease| Monotonic.now().saturating_add(lease)),
        };
        self.ids.insert(self.tags, id.into());
        if self.settings.delivery_limit.is_some_and(|limit| deliveries > limit) {
            // The delivery before was the last, and nobody has settled it in time.
            return self.give_up(&Delivery { deliveries: deliveries - 1, ..delivery });
        }
        self.ready.push_back(delivery);
    }

    /// Takes an entry out of the stream, at the next flush.
    fn done_with(&mut self, id: &str) {
        let key = self.key();
        self.say(RedisQuestion::Done, &[b"XACK", &key, GROUP, id.as_bytes()]);
        self.say(RedisQuestion::Done, &[b"XDEL", &key, id.as_bytes()]);
    }

    /// A delivery was the last that its message gets.
    fn give_up(&mut self, delivery: &Delivery) {
        let Some(id) = self.ids.remove(&delivery.tag) else { return };
        let outcome = match self.settings.dead_letter {
            Some(dead) => {
                let (mut body, key) = (Vec::new(), self.lines.name(dead, 0).as_bytes().to_vec());
                self.session.bodies.write(delivery.message, 0, &mut body);
                self.say(RedisQuestion::Done, &[b"XADD", &key, b"*", FIELD, &body]);
                self.session.inside.enter(dead);
                Outcome::DeadLettered
            }
            None => Outcome::Dropped,
        };
        self.done_with(&id);
        self.session.lose(self.place.queue, delivery, outcome);
    }

    /// Hears all replies that are due; waits for new entries where that was asked.
    fn hear_all(&mut self) -> Result<(), WireError> {
        self.flush()?;
        while !self.unanswered.is_empty() {
            self.hear()?;
            // An entry may have been somebody else's, or have had its last delivery: then more was said.
            self.flush()?;
        }
        Ok(())
    }

    fn in_time(&mut self, delivery: &Delivery) -> bool {
        let in_time = Monotonic.now() < delivery.until;
        if !in_time {
            self.ids.remove(&delivery.tag);
        }
        in_time
    }

    fn written(&mut self) -> bool {
        let outcome = self.flush();
        self.session.said(outcome, self.place.queue)
    }
}

impl WireReceiver for RedisReceiver {
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
        loop {
            let asked = self.unanswered.contains(&RedisQuestion::New);
            if asked || self.settings.comes_again && self.ask_again() {
                self.hear_all()?;
            }
            if !self.ready.is_empty() {
                return Ok(());
            }
            if !asked {
                self.ask(if most > 1 { most } else { self.place.window }, until);
                self.hear_all()?;
            }
            if !self.ready.is_empty() || until <= Monotonic.now() || self.session.is_over(self.place.queue) {
                return Ok(());
            }
        }
    }
}

impl Receiver for RedisReceiver {
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool {
        take(self, most, until, out)
    }

    fn ack(&mut self, delivery: &Delivery) -> bool {
        if !self.in_time(delivery) {
            return false;
        }
        let Some(id) = self.ids.remove(&delivery.tag) else { return false };
        self.done_with(&id);
        if self.settings.asks_ahead && !self.settings.comes_again && self.waits && self.ready.is_empty() {
            // The next message is asked for with the same packet.
            self.ask(self.place.window, u64::MAX);
        }
        let settled = self.written();
        if settled {
            self.session.inside.leave(self.place.queue);
        }
        settled
    }

    fn nack(&mut self, delivery: &Delivery, delay: u64) -> bool {
        if !self.in_time(delivery) {
            return false;
        }
        if self.settings.delivery_limit.is_some_and(|limit| delivery.deliveries >= limit) {
            self.give_up(delivery);
            return self.written();
        }
        let Some(id) = self.ids.remove(&delivery.tag) else { return false };
        let due = Monotonic.now() + delay;
        self.place.returned.push(ReturnedEntry { due, id, deliveries: delivery.deliveries });
        true
    }

    fn extend(&mut self, delivery: &mut Delivery) -> bool {
        let Some(lease) = self.settings.lease else { return true };
        if !self.in_time(delivery) {
            return false;
        }
        let Some(id) = self.ids.get(&delivery.tag).cloned() else { return false };
        let (key, name) = (self.key(), self.name.clone());
        // It stays ours, its time begins anew, and it is no delivery.
        let words: &[&[u8]] = &[b"XCLAIM", &key, GROUP, name.as_bytes(), b"0", id.as_bytes(), b"JUSTID"];
        self.say(RedisQuestion::Done, words);
        delivery.until = Monotonic.now().saturating_add(lease);
        self.written()
    }
}
