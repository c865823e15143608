//! Adding to streams. Replies come in the order of the commands; a thread of the connection reads them, so
//! that nobody waits for one.
//!
//! The `redis` crate's blocking connection belongs to one thread, which would have to wait for each reply
//! or learn of it only when it sends again; its asynchronous one puts two threads more in between.

use super::codec::{RespDecoder, RespValue, command};
use super::requests::RedisConnection;
use super::settings::{FIELD, RedisQueue};
use crate::load::LoadError;
use crate::load::targets::brokers::wire::{BrokerLines, FrameHandler, Session, Socket, WireError, hear};
use crate::load::targets::{PublishRequest, Publisher, Sent};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Adds an entry unless there are so many already.
const ADD_IF_ROOM: &str = "if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return false end \
    return redis.call('XADD', KEYS[1], '*', 'b', ARGV[2])";

/// A connection to publish by.
pub(super) struct RedisSender {
    pub socket: Arc<Socket>,
    /// What is sent and not replied to, in order; `None` for a question whose answer says only that the
    /// server lives.
    unanswered: Mutex<VecDeque<Option<(usize, u64)>>>,
    /// Held while something is written down and sent, so that both are in one order.
    order: Mutex<()>,
}

impl RedisSender {
    /// Connects, and starts the thread that reads the replies.
    ///
    /// # Errors
    /// The broker does not let us in.
    pub(super) fn open(session: &Arc<Session>) -> Result<(Arc<Self>, JoinHandle<()>), LoadError> {
        let RedisConnection { socket, incoming } =
            RedisConnection::open(&session.login, &session.names, session.largest)?;
        let socket = session.keep(socket, None);
        let sender = Arc::new(RedisSender { socket, unanswered: Mutex::default(), order: Mutex::new(()) });
        let replies = RedisReplies { session: Arc::clone(session), sender: Arc::clone(&sender) };
        let reader = hear(session, &sender.socket, incoming, replies)?;
        Ok((sender, reader))
    }

    fn send(&self, what: Option<(usize, u64)>, bytes: &[u8]) -> Result<(), WireError> {
        let _order = self.order.lock();
        self.unanswered.lock().push_back(what);
        self.socket.write(bytes)
    }
}

/// Reads what became of publishes.
struct RedisReplies {
    session: Arc<Session>,
    sender: Arc<RedisSender>,
}

impl FrameHandler for RedisReplies {
    type Decoder = RespDecoder;

    fn on_frame(&mut self, _: &Socket, reply: RespValue) -> Result<(), WireError> {
        let of = self.sender.unanswered.lock().pop_front();
        match (of.ok_or(WireError::Malformed("a reply to nothing"))?, reply) {
            (_, RespValue::Error(why)) => Err(WireError::Told(why)),
            (Some((queue, message)), RespValue::Bytes(None)) => {
                self.session.refused(queue, message);
                Ok(())
            }
            (Some((_, message)), _) => {
                self.session.confirmed(message);
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    fn on_silence(&mut self, _: &Socket) -> Result<(), WireError> {
        let mut out = Vec::new();
        command(&[b"PING"], &mut out);
        self.sender.send(None, &out)
    }
}

/// One thread's way to publish.
pub(super) struct RedisPublisher {
    session: Arc<Session>,
    lines: Arc<BrokerLines>,
    queues: Arc<[RedisQueue]>,
    sender: Arc<RedisSender>,
    body: Vec<u8>,
    out: Vec<u8>,
}

impl RedisPublisher {
    pub(super) fn new(
        session: &Arc<Session>,
        lines: &Arc<BrokerLines>,
        queues: &Arc<[RedisQueue]>,
        sender: Arc<RedisSender>,
    ) -> Self {
        let (session, lines, queues) = (Arc::clone(session), Arc::clone(lines), Arc::clone(queues));
        RedisPublisher { session, lines, queues, sender, body: Vec::new(), out: Vec::new() }
    }
}

impl Publisher for RedisPublisher {
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent {
        let message = request.message;
        self.session.bodies.write(message, request.size, &mut self.body);
        self.out.clear();
        let key = self.lines.name(queue, request.part).as_bytes();
        match self.queues[queue].bound {
            None => command(&[b"XADD", key, b"*", FIELD, &self.body], &mut self.out),
            Some(bound) => command(
                &[b"EVAL", ADD_IF_ROOM.as_bytes(), b"1", key, bound.to_string().as_bytes(), &self.body],
                &mut self.out,
            ),
        }
        self.session.sends(queue);
        match self.sender.send(Some((queue, message)), &self.out) {
            Ok(()) => Sent::Pending,
            Err(why) => {
                self.session.inside.leave(queue);
                self.session.broke(&why, None);
                Sent::Closed
            }
        }
    }
}
