//! ZeroMQ as a target: for each queue a PUSH socket that all senders share, connected over TCP to a PULL
//! socket that all servers share, both in this process.

use super::common::{BrokerUrl, MessageBodies, MessagesInside, RunNames, failed};
use super::runtime::ClientRuntime;
use super::waker::wait_for;
use crate::answer::Facts;
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{
    Delivery, Listener, Opening, PublishRequest, Publisher, Receiver, Sent, Subscription, Target, Trouble,
    TroubleKind,
};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use zeromq::{PullSocket, PushSocket, Socket, SocketRecv, SocketSend, ZmqError, ZmqMessage};

/// Its name in `measurement.target`.
const TARGET: &str = "zeromq";

/// For how long one waits before it looks whether all is over: nanoseconds.
const SLICE: u64 = 20_000_000;

/// Messages that go through each queue before a run.
const WARM_UP: u64 = 200;

struct ZeroMq {
    pairs: Vec<SocketPair>,
    inside: MessagesInside,
    bodies: MessageBodies,
    listener: Arc<dyn Listener>,
    halted: AtomicBool,
    lost: AtomicBool,
    /// Gone after the sockets.
    runtime: ClientRuntime,
}

/// The two sockets of a queue.
struct SocketPair {
    push: Mutex<PushSocket>,
    /// Held by the server that waits for the next message.
    pull: Mutex<PullSocket>,
    closed: AtomicBool,
}

pub(in crate::load::targets) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    let broker = &opening.scenario.measurement.broker;
    let url = BrokerUrl::resolve(TARGET, broker, "tcp://127.0.0.1", &[("tcp", 0)])?;
    if url.port != 0 {
        let why = format!("{url} names a port, but each queue has one that is free: leave the port out");
        return Err(failed(TARGET, why));
    }
    let runtime = ClientRuntime::new()?;
    let queues = opening.scenario.queues.len();
    let pairs = (0..queues).map(|_| match runtime.wait(broker.wait, pair(&url.to_string())) {
        Some(Ok(pair)) => Ok(pair),
        Some(Err(error)) => Err(failed(TARGET, format!("no pair of sockets at {url}: {error}"))),
        None => Err(failed(TARGET, format!("no pair of sockets at {url} within {} s", broker.wait))),
    });
    Ok(Box::new(ZeroMq {
        pairs: pairs.collect::<Result<_, _>>()?,
        inside: MessagesInside::new(queues),
        bodies: MessageBodies::new(RunNames::new().run()),
        listener: Arc::clone(&opening.listener),
        halted: false.into(),
        lost: false.into(),
        runtime,
    }))
}

async fn pair(at: &str) -> Result<SocketPair, ZmqError> {
    let (mut push, mut pull) = (PushSocket::new(), PullSocket::new());
    let bound = pull.bind(at).await?;
    push.connect(&bound.to_string()).await?;
    Ok(SocketPair { push: Mutex::new(push), pull: Mutex::new(pull), closed: false.into() })
}

impl ZeroMq {
    fn is_over(&self, queue: usize) -> bool {
        let over = |flag: &AtomicBool| flag.load(Ordering::Acquire);
        over(&self.halted) || over(&self.lost) || over(&self.pairs[queue].closed)
    }

    /// A socket is of no use any more.
    fn lose(&self, error: &ZmqError) {
        if !self.halted.load(Ordering::Acquire) && !self.lost.swap(true, Ordering::AcqRel) {
            let kind = TroubleKind::Disconnected { why: error.to_string() };
            self.listener.trouble(Trouble { at: Monotonic.now(), kind });
        }
    }

    /// The message of a body that came; `None` if it is somebody else's.
    fn delivery(&self, message: &ZmqMessage) -> Option<Delivery> {
        let number = message.get(0).filter(|_| message.len() == 1).and_then(|body| self.bodies.read(body));
        if number.is_none() {
            self.listener.trouble(Trouble { at: Monotonic.now(), kind: TroubleKind::Foreign });
        }
        number.map(|message| Delivery { message, deliveries: 1, tag: 0, part: 0, until: u64::MAX })
    }
}

impl Target for ZeroMq {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, LoadError> {
        Ok(Box::new(PushHandle(self)))
    }

    fn receiver(&self, of: Subscription) -> Result<Box<dyn Receiver + '_>, LoadError> {
        Ok(Box::new(PullHandle { sockets: self, queue: of.queue }))
    }

    fn close(&self, queue: usize) {
        self.pairs[queue].closed.store(true, Ordering::Release);
    }

    fn halt(&self) {
        self.halted.store(true, Ordering::Release);
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        Some(self.inside.inside(queue))
    }

    fn warm_up(&self) -> u64 {
        WARM_UP
    }

    fn confirms(&self) -> bool {
        false
    }

    fn facts(&self) -> Facts {
        let facts = [
            ("broker", "none: a PUSH and a PULL socket for each queue, over TCP within this process"),
            ("client", "zeromq 0.7, in Rust"),
        ];
        facts.into_iter().map(|(name, fact)| (name.into(), fact.into())).collect()
    }
}

impl Drop for ZeroMq {
    fn drop(&mut self) {
        // Sockets end tasks of their own when they go.
        let _entered = self.runtime.handle().enter();
        self.pairs.clear();
    }
}

/// Sends messages for one thread.
struct PushHandle<'a>(&'a ZeroMq);

impl Publisher for PushHandle<'_> {
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent {
        let (sockets, mut body) = (self.0, Vec::new());
        sockets.bodies.write(request.message, request.size, &mut body);
        sockets.inside.enter(queue);
        let mut push = sockets.pairs[queue].push.lock();
        let mut sending = push.send(ZmqMessage::from(body));
        while !sockets.halted.load(Ordering::Acquire) {
            match wait_for(&mut sending, Duration::from_nanos(SLICE)) {
                Some(Ok(())) => return Sent::Accepted,
                Some(Err(error)) => {
                    sockets.lose(&error);
                    break;
                }
                None => {}
            }
        }
        sockets.inside.leave(queue);
        Sent::Closed
    }
}

/// Takes messages for one server.
struct PullHandle<'a> {
    sockets: &'a ZeroMq,
    queue: usize,
}

impl PullHandle<'_> {
    /// The next message, if one comes within so many nanoseconds while it is this server's turn.
    fn next(&self, within: u64) -> Option<Delivery> {
        let (sockets, within) = (self.sockets, Duration::from_nanos(within));
        let mut pull = sockets.pairs[self.queue].pull.try_lock_for(within)?;
        match wait_for(pull.recv(), within)? {
            Ok(message) => sockets.delivery(&message),
            Err(error) => {
                sockets.lose(&error);
                None
            }
        }
    }
}

impl Receiver for PullHandle<'_> {
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool {
        let before = out.len();
        while !self.sockets.is_over(self.queue) {
            let left = until.saturating_sub(Monotonic.now()).min(SLICE);
            out.extend(self.next(left));
            while before < out.len() && out.len() - before < most {
                let Some(delivery) = self.next(0) else { break };
                out.push(delivery);
            }
            if out.len() > before || left == 0 {
                return true;
            }
        }
        false
    }

    fn ack(&mut self, _delivery: &Delivery) -> bool {
        self.sockets.inside.leave(self.queue);
        true
    }

    fn nack(&mut self, _delivery: &Delivery, _delay: u64) -> bool {
        false
    }
}
