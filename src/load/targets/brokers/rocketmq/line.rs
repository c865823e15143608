//! Taking messages by "pop": the broker hands a message to whoever asks and hides it from others until it is
//! settled.
//!
//! The servers of a line share its connection, and one of them asks at a time: a broker that is asked by two
//! at once of the same group finds nothing for the second one, and lets it wait although messages are there.
//! It also forgets who came while a message was stored, until the next one comes. So whoever waits looks
//! again, after 2, 4, 8 … ms.

use super::codec::{RemotingAnswer, RemotingDecoder, RemotingRequest};
use super::stored::{StoredMessage, messages};
use super::{RocketMqRun, since_epoch};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::Delivery;
use crate::load::targets::brokers::wire::{Incoming, Socket, WireError, hand_out};
use parking_lot::{Mutex, MutexGuard};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Requests: for messages, that one is done, and that one is shown again sooner.
const POP: u32 = 200_050;
const ACK: u32 = 200_051;
const SHOW_AGAIN: u32 = 200_053;

/// Answers that say that there is no message.
const NOTHING: [u32; 4] = [19, 20, 209, 210];

/// The most messages that one request brings.
const MOST: usize = 32;

/// For how long a message is hidden that is not settled, in milliseconds.
const HIDDEN: &str = "3600000";

/// For how long the broker keeps a request for messages, in milliseconds.
const KEPT: u32 = 1_000;

/// When who waits first looks again, in nanoseconds.
const FIRST_LOOK: u64 = 2_000_000;

/// A line of messages on the broker: a topic of one queue, with a group of the same name.
pub(super) struct PopLine {
    run: Arc<RocketMqRun>,
    queue: usize,
    part: usize,
    topic: String,
    socket: Arc<Socket>,
    /// Requests so far.
    count: AtomicU32,
    reading: Mutex<PopReader>,
    hidden: Mutex<HiddenMessages>,
}

/// What whoever reads has to itself.
pub(super) struct PopReader {
    incoming: Incoming,
    ready: VecDeque<Delivery>,
    order: ArrivalOrder,
    /// A request for messages that the broker keeps until there is one.
    kept: Option<u32>,
    /// A request for messages that is answered at once.
    look: Option<u32>,
}

/// Messages of the topic by offset: of two requests for messages, the later one may be answered first.
#[derive(Default)]
struct ArrivalOrder {
    /// Behind the last one that is ready.
    next: u64,
    /// Those that came before one ahead of them; nothing in the place of somebody else's.
    early: BTreeMap<u64, Option<Delivery>>,
}

impl ArrivalOrder {
    /// Moves what is next to those that are ready; all, where nothing more is on its way.
    fn release(&mut self, all: bool, ready: &mut VecDeque<Delivery>) {
        while let Some(first) = self.early.first_entry().filter(|first| all || *first.key() <= self.next) {
            let (offset, delivery) = first.remove_entry();
            self.next = self.next.max(offset + 1);
            ready.extend(delivery);
        }
    }
}

/// By tag: what was taken and is not settled.
#[derive(Default)]
struct HiddenMessages {
    all: HashMap<u64, HiddenMessage>,
    next: u64,
}

/// A message that is hidden from others.
struct HiddenMessage {
    topic: String,
    queue: u32,
    offset: u64,
    /// What the broker knows it by.
    handle: String,
}

impl PopReader {
    /// Fills `out` from what is ready; false if that is nothing.
    pub(super) fn hand_out(&mut self, most: usize, out: &mut Vec<Delivery>) -> bool {
        hand_out(&mut self.ready, most, out)
    }
}

impl PopLine {
    /// Connects.
    ///
    /// # Errors
    /// The broker does not let us in.
    pub(super) fn open(run: &Arc<RocketMqRun>, queue: usize, part: usize) -> Result<Self, LoadError> {
        let socket = run.broker.connect(run.broker.deadline())?;
        // Messages come with up to some hundred bytes of properties each.
        let largest = (run.session.largest + 1_024).saturating_mul(MOST as u32);
        let reader = PopReader {
            incoming: Incoming::new(largest),
            ready: VecDeque::new(),
            order: ArrivalOrder::default(),
            kept: None,
            look: None,
        };
        Ok(PopLine {
            queue,
            part,
            topic: run.topic(queue, part),
            socket: run.session.keep(socket, Some(queue)),
            count: AtomicU32::new(0),
            reading: Mutex::new(reader),
            hidden: Mutex::default(),
            run: Arc::clone(run),
        })
    }

    /// The right to read, if it is free by an instant.
    pub(super) fn turn(&self, until: u64) -> Option<MutexGuard<'_, PopReader>> {
        if until == u64::MAX {
            return Some(self.reading.lock());
        }
        self.reading.try_lock_for(Duration::from_nanos(until.saturating_sub(Monotonic.now())))
    }

    fn ask(&self, code: u32, fields: serde_json::Value) -> Result<u32, WireError> {
        let number = self.count.fetch_add(1, Ordering::Relaxed) & 0x7fff_ffff;
        self.socket.write(&RemotingRequest { code, number: Some(number), fields, body: &[] }.bytes())?;
        Ok(number)
    }

    /// Asks for messages, for which the broker may wait so many milliseconds.
    fn pop(&self, most: usize, kept: u32) -> Result<u32, WireError> {
        let fields = json!({
            // Of all queues of the topic: only so does it look at what was given back each time.
            "consumerGroup": self.topic, "topic": self.topic, "queueId": "-1",
            "maxMsgNums": most.min(MOST).to_string(), "invisibleTime": HIDDEN, "pollTime": kept.to_string(),
            "bornTime": since_epoch(), "initMode": "0", "expType": "TAG", "exp": "*", "order": "false",
        });
        self.ask(POP, fields)
    }

    /// Waits until messages are ready or an instant has come. At 0 it only asks: there will be somebody to
    /// take what comes.
    pub(super) fn wait(&self, reader: &mut PopReader, most: usize, until: u64) -> Result<(), WireError> {
        // What came for others, or while all were at work.
        while let Some(answer) = reader.incoming.next::<RemotingDecoder>(&self.socket, 0)? {
            self.hear(reader, &answer)?;
        }
        let mut gap = FIRST_LOOK;
        // A request that has been there for long may have been forgotten.
        let mut look_at = if reader.kept.is_some() { 0 } else { Monotonic.now() + gap };
        while reader.ready.is_empty() {
            let now = Monotonic.now();
            if reader.kept.is_none() {
                reader.kept = Some(self.pop(most, KEPT)?);
            }
            if now >= until {
                return Ok(());
            }
            if reader.look.is_none() && now >= look_at {
                reader.look = Some(self.pop(most, 0)?);
                gap = (2 * gap).min(u64::from(KEPT) * 1_000_000);
                look_at = now + gap;
            }
            let next = if reader.look.is_some() { until } else { until.min(look_at) };
            if let Some(answer) = reader.incoming.next::<RemotingDecoder>(&self.socket, next)? {
                self.hear(reader, &answer)?;
            }
        }
        // The next one of the line is asked for ahead: whoever of its servers is free first has it.
        if reader.kept.is_none() {
            reader.kept = Some(self.pop(most, KEPT)?);
        }
        Ok(())
    }

    /// What an answer brings.
    fn hear(&self, reader: &mut PopReader, answer: &RemotingAnswer) -> Result<(), WireError> {
        let Some(number) = answer.number else { return Ok(()) };
        let asked = [&mut reader.kept, &mut reader.look].into_iter().find(|asked| **asked == Some(number));
        match asked {
            Some(asked) => *asked = None,
            // Of a message that was settled.
            None if answer.code == 0 => return Ok(()),
            None => return Err(WireError::Told(answer.why())),
        }
        let found = match answer.code {
            0 => messages(&answer.body),
            nothing if NOTHING.contains(&nothing) => Some(Vec::new()),
            _ => return Err(WireError::Told(answer.why())),
        };
        for message in found.ok_or(WireError::Malformed("messages that are written otherwise"))? {
            let (again, offset) = (message.topic != self.topic, message.offset);
            let delivery = self.took(answer, message)?;
            if again {
                reader.ready.extend(delivery);
            } else {
                reader.order.early.insert(offset, delivery);
            }
        }
        reader.order.release(reader.kept.is_none() && reader.look.is_none(), &mut reader.ready);
        Ok(())
    }

    /// A message that is hidden from others now; `None` if it is somebody else's.
    fn took(&self, answer: &RemotingAnswer, message: StoredMessage) -> Result<Option<Delivery>, WireError> {
        let StoredMessage { topic, queue, offset, returned, body } = message;
        // Of what was given back, the broker keeps a topic of its own.
        let again = if topic == self.topic { "0" } else { "1" };
        let of_queue = |line: &&str| {
            let mut words = line.split(' ');
            words.next() == Some(again) && words.next() == Some(&queue.to_string())
        };
        let start = answer.field("startOffsetInfo").split(';').find(of_queue);
        let start = start.and_then(|line| line.split(' ').nth(2)).unwrap_or("0");
        let (taken, hidden, kept) =
            (answer.field("popTime"), answer.field("invisibleTime"), answer.field("reviveQid"));
        let broker = &self.run.broker_name;
        let handle = format!("{start} {taken} {hidden} {kept} {again} {broker} {queue} {offset}");
        let mut all = self.hidden.lock();
        let tag = all.next;
        all.next += 1;
        all.all.insert(tag, HiddenMessage { topic, queue, offset, handle });
        drop(all);
        let Some(message) = self.run.session.read(&body) else {
            return self.settle(tag, ACK, None).map(|_| None);
        };
        let deliveries = returned.saturating_add(1);
        Ok(Some(Delivery { message, deliveries, tag, part: self.part, until: u64::MAX }))
    }

    /// Tells the broker what becomes of a message. False if nobody has it.
    fn settle(&self, tag: u64, code: u32, show_in: Option<u64>) -> Result<bool, WireError> {
        let Some(message) = self.hidden.lock().all.remove(&tag) else { return Ok(false) };
        let mut fields = json!({
            "consumerGroup": self.topic, "topic": message.topic, "queueId": message.queue.to_string(),
            "extraInfo": message.handle, "offset": message.offset.to_string(),
        });
        if let Some(nanos) = show_in {
            fields["invisibleTime"] = (nanos / 1_000_000).max(1).to_string().into();
        }
        self.ask(code, fields).map(|_| true)
    }

    /// The same; a connection that fails is lost.
    fn say(&self, tag: u64, code: u32, show_in: Option<u64>) -> bool {
        let settled = self.settle(tag, code, show_in);
        let known = !matches!(settled, Ok(false));
        self.run.session.said(settled.map(|_| ()), self.queue) && known
    }

    /// A message is done. False if nobody has it.
    pub(super) fn done(&self, delivery: &Delivery) -> bool {
        self.say(delivery.tag, ACK, None)
    }

    /// A message is to be delivered again after so many nanoseconds. False if nobody has it.
    pub(super) fn give_back(&self, delivery: &Delivery, delay: u64) -> bool {
        self.say(delivery.tag, SHOW_AGAIN, Some(delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_ready_in_the_order_of_their_offsets() {
        let one =
            |offset: u64| Some(Delivery { message: offset, deliveries: 1, tag: 0, part: 0, until: u64::MAX });
        let (mut order, mut ready) = (ArrivalOrder::default(), VecDeque::new());
        let offsets = |ready: &VecDeque<Delivery>| -> Vec<u64> { ready.iter().map(|d| d.message).collect() };
        order.early.insert(1, one(1));
        order.release(false, &mut ready);
        assert_eq!(offsets(&ready), [0; 0]);
        order.early.extend([(0, one(0)), (2, None), (3, one(3)), (5, one(5))]);
        order.release(false, &mut ready);
        assert_eq!(offsets(&ready), [0, 1, 3]);
        order.release(true, &mut ready);
        assert_eq!((offsets(&ready), order.next), (vec![0, 1, 3, 5], 6));
    }
}
