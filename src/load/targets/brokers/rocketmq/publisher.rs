//! Sending messages, and hearing what became of them.

use super::RocketMqState;
use super::remoting::{RemotingConnection, RemotingRequest};
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{PublishRequest, Publisher, Sent};
use parking_lot::Mutex;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// The request that stores a message.
const SEND: u32 = 10;

/// How long who listens for confirms waits before it looks whether all is over.
const LOOK: Duration = Duration::from_millis(500);

/// A connection that messages are sent by, with the thread that hears of them.
pub(super) struct Sending {
    connection: Mutex<RemotingConnection>,
    waiting: Arc<WaitingMessages>,
    confirms: bool,
    ears: Option<JoinHandle<()>>,
}

/// By request: the queue and the message that it stores.
type WaitingMessages = Mutex<HashMap<u32, (usize, u64)>>;

impl Sending {
    /// # Errors
    /// The system gives no thread.
    pub(super) fn new(
        connection: RemotingConnection,
        state: &Arc<RocketMqState>,
        confirms: bool,
    ) -> std::io::Result<Self> {
        let (waiting, mut half) = (Arc::new(WaitingMessages::default()), connection.other_half()?);
        let (state, shared) = (Arc::clone(state), Arc::clone(&waiting));
        let hear = move || {
            while !state.is_halted() {
                match half.next(LOOK) {
                    Ok(Some(answer)) => {
                        let Some((queue, message)) = shared.lock().remove(&answer.number) else { continue };
                        if answer.code == 0 {
                            state.listener.confirmed(message, Monotonic.now());
                        } else {
                            state.inside.leave(queue);
                            state.listener.refused(queue, message, Monotonic.now());
                        }
                    }
                    Ok(None) => {}
                    Err(error) => return state.lose(&error.to_string()),
                }
            }
        };
        let ears = std::thread::Builder::new().name("confirms".into()).spawn(hear)?;
        Ok(Sending { connection: Mutex::new(connection), waiting, confirms, ears: Some(ears) })
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.connection.lock().shut();
        if let Some(ears) = self.ears.take() {
            // A thread that panicked has said so.
            let _ended = ears.join();
        }
    }
}

/// Sends messages for one thread.
pub(super) struct RocketMqPublisher<'a> {
    sending: Arc<Sending>,
    state: &'a RocketMqState,
    body: Vec<u8>,
}

impl<'a> RocketMqPublisher<'a> {
    pub(super) fn new(sending: Arc<Sending>, state: &'a RocketMqState) -> Self {
        RocketMqPublisher { sending, state, body: Vec::new() }
    }

    pub(super) fn state(&self) -> &'a RocketMqState {
        self.state
    }
}

impl Publisher for RocketMqPublisher<'_> {
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent {
        let PublishRequest { message, part, size, .. } = *request;
        let (state, sending) = (self.state, &self.sending);
        state.bodies.write(message, size, &mut self.body);
        let topic = &state.topics[queue];
        // The protocol has its fields as text.
        let fields = json!({
            "producerGroup": topic, "topic": topic, "defaultTopic": "TBW102", "defaultTopicQueueNums": "1",
            "queueId": part.to_string(), "sysFlag": "0", "bornTimestamp": since_epoch(), "flag": "0",
            "properties": "", "reconsumeTimes": "0", "unitMode": "false", "batch": "false",
        });
        state.inside.enter(queue);
        let mut connection = sending.connection.lock();
        let number = sending.confirms.then(|| connection.number());
        if let Some(number) = number {
            sending.waiting.lock().insert(number, (queue, message));
        }
        let sent = connection.send(&RemotingRequest { code: SEND, number, fields, body: &self.body });
        match sent {
            Ok(()) if sending.confirms => Sent::Pending,
            Ok(()) => Sent::Accepted,
            Err(error) => {
                state.inside.leave(queue);
                state.lose(&error.to_string());
                Sent::Closed
            }
        }
    }
}

/// Milliseconds since 1970, as text.
pub(super) fn since_epoch() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_millis().to_string()
}
