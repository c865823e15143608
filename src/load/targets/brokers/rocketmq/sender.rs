//! Sending messages. What became of them is heard by a thread of the connection and never waited for.

use super::codec::{RemotingAnswer, RemotingDecoder, RemotingRequest};
use super::{RocketMqRun, since_epoch};
use crate::load::LoadError;
use crate::load::targets::brokers::wire::{FrameHandler, Incoming, Socket, WireError, hear};
use crate::load::targets::{PublishRequest, Publisher, Sent, TroubleKind};
use parking_lot::Mutex;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

/// Requests: to store a message, and how many a topic has.
const SEND: u32 = 10;
const COUNT: u32 = 30;

/// A connection to publish by.
pub(super) struct RocketMqSender {
    socket: Arc<Socket>,
    /// Requests so far.
    count: AtomicU32,
    /// By request that has no answer: the queue and the message that it stores.
    waiting: Mutex<HashMap<u32, (usize, u64)>>,
}

impl RocketMqSender {
    /// Connects, and starts the thread that hears the answers.
    ///
    /// # Errors
    /// The broker does not let us in.
    pub(super) fn open(run: &Arc<RocketMqRun>) -> Result<(Arc<Self>, JoinHandle<()>), LoadError> {
        let login = &run.broker;
        let socket = run.session.keep(login.connect(login.deadline())?, None);
        let sender = RocketMqSender {
            socket: Arc::clone(&socket),
            count: AtomicU32::new(0),
            waiting: Mutex::default(),
        };
        let sender = Arc::new(sender);
        let confirms = RocketMqConfirms { run: Arc::clone(run), sender: Arc::clone(&sender) };
        let reader = hear(&run.session, &socket, Incoming::new(0), confirms)?;
        Ok((sender, reader))
    }

    fn number(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed) & 0x7fff_ffff
    }
}

/// Hears what became of messages.
struct RocketMqConfirms {
    run: Arc<RocketMqRun>,
    sender: Arc<RocketMqSender>,
}

impl FrameHandler for RocketMqConfirms {
    type Decoder = RemotingDecoder;

    fn on_frame(&mut self, _: &Socket, answer: RemotingAnswer) -> Result<(), WireError> {
        let sent = answer.number.and_then(|number| self.sender.waiting.lock().remove(&number));
        match sent {
            Some((_, message)) if answer.code == 0 => self.run.session.confirmed(message),
            Some((queue, message)) => {
                self.run.session.trouble(TroubleKind::Refused { why: answer.why() });
                self.run.session.refused(queue, message);
            }
            None => {}
        }
        Ok(())
    }

    /// Whatever the broker answers says that it is alive.
    fn on_silence(&mut self, socket: &Socket) -> Result<(), WireError> {
        let fields = json!({ "topic": self.run.topic(0, 0), "queueId": "0" });
        let number = Some(self.sender.number());
        socket.write(&RemotingRequest { code: COUNT, number, fields, body: &[] }.bytes())
    }
}

/// Sends messages for one thread.
pub(super) struct RocketMqPublisher {
    run: Arc<RocketMqRun>,
    sender: Arc<RocketMqSender>,
    body: Vec<u8>,
}

impl RocketMqPublisher {
    pub(super) fn new(run: &Arc<RocketMqRun>, sender: Arc<RocketMqSender>) -> Self {
        RocketMqPublisher { run: Arc::clone(run), sender, body: Vec::new() }
    }
}

impl Publisher for RocketMqPublisher {
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent {
        let PublishRequest { message, part, size, .. } = *request;
        let (session, topic) = (&self.run.session, self.run.topic(queue, part));
        session.bodies.write(message, size, &mut self.body);
        // The protocol has its fields as text.
        let fields = json!({
            "producerGroup": topic, "topic": topic, "defaultTopic": "TBW102", "defaultTopicQueueNums": "1",
            "queueId": "0", "sysFlag": "0", "bornTimestamp": since_epoch(), "flag": "0",
            "properties": "", "reconsumeTimes": "0", "unitMode": "false", "batch": "false",
        });
        let number = session.confirm.then(|| self.sender.number());
        if let Some(number) = number {
            self.sender.waiting.lock().insert(number, (queue, message));
        }
        session.sends(queue);
        let request = RemotingRequest { code: SEND, number, fields, body: &self.body };
        match self.sender.socket.write(&request.bytes()) {
            Ok(()) if session.confirm => Sent::Pending,
            Ok(()) => Sent::Accepted,
            Err(why) => {
                session.inside.leave(queue);
                session.broke(&why, None);
                Sent::Closed
            }
        }
    }
}
