//! What all handles of a run's target share.

use super::error::WireError;
use super::login::Login;
use super::socket::Socket;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::brokers::common::{MessageBodies, MessagesInside, RunNames};
use crate::load::targets::{Delivery, Listener, LostMessage, Opening, Trouble, TroubleKind};
use crate::message::Outcome;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// A run at a broker: its names, its counts, its connections.
pub(in crate::load::targets) struct Session {
    pub login: Login,
    pub names: RunNames,
    pub bodies: MessageBodies,
    pub inside: MessagesInside,
    pub listener: Arc<dyn Listener>,
    /// Bytes of the largest message.
    pub largest: u32,
    /// Whether publishes are confirmed.
    pub confirm: bool,
    connections: Mutex<Vec<Connection>>,
    /// By queue: nothing will come any more.
    closed: Vec<AtomicBool>,
    halted: AtomicBool,
    lost: AtomicBool,
    /// Whether what the run made on the broker is left for the next session.
    left: AtomicBool,
    /// Publishes without a verdict.
    unanswered: AtomicU64,
}

/// Between two looks for verdicts that have not come, in nanoseconds.
const LOOK: u64 = 1_000_000;

/// A connection and the queue that is received from by it, if it is one to receive by.
struct Connection {
    queue: Option<usize>,
    socket: Weak<Socket>,
}

impl Session {
    pub(in crate::load::targets) fn new(opening: &Opening<'_>, login: Login) -> Self {
        let (scenario, names) = (opening.scenario, RunNames::of_session(opening));
        Session {
            login,
            bodies: MessageBodies::new(names.run()),
            names,
            inside: MessagesInside::new(scenario.queues.len()),
            listener: Arc::clone(&opening.listener),
            largest: scenario.producers.iter().map(|producer| producer.size).max().unwrap_or(0),
            confirm: scenario.measurement.broker.confirm,
            connections: Mutex::default(),
            closed: scenario.queues.iter().map(|_| AtomicBool::new(false)).collect(),
            halted: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            left: AtomicBool::new(false),
            unanswered: 0.into(),
        }
    }

    /// A connection belongs to the run and ends with it, or with the queue that is received from by it.
    pub(in crate::load::targets) fn keep(&self, socket: Socket, queue: Option<usize>) -> Arc<Socket> {
        let socket = Arc::new(socket);
        self.connections.lock().push(Connection { queue, socket: Arc::downgrade(&socket) });
        socket
    }

    /// Nothing more comes to a queue: who waits for it is let go.
    pub(in crate::load::targets) fn close(&self, queue: usize) {
        self.closed[queue].store(true, Ordering::SeqCst);
        let all = self.connections.lock();
        let of_queue = all.iter().filter(|connection| connection.queue == Some(queue));
        of_queue.filter_map(|connection| connection.socket.upgrade()).for_each(|socket| socket.end_reading());
    }

    /// Everybody is let go.
    pub(in crate::load::targets) fn halt(&self) {
        self.halted.store(true, Ordering::SeqCst);
        let all = self.connections.lock();
        all.iter().filter_map(|connection| connection.socket.upgrade()).for_each(|socket| socket.end());
    }

    /// Everybody is let go, and the next session finds what this one made.
    pub(in crate::load::targets) fn leave(&self) {
        self.left.store(true, Ordering::SeqCst);
        self.halt();
    }

    /// Whether another session follows.
    pub(in crate::load::targets) fn is_left(&self) -> bool {
        self.left.load(Ordering::SeqCst)
    }

    pub(in crate::load::targets) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::SeqCst)
    }

    /// Whether something was said to the broker; a connection that broke is told, and what is said when all
    /// is over counts as said.
    pub(in crate::load::targets) fn said(&self, outcome: Result<(), WireError>, queue: usize) -> bool {
        let broken = outcome.map_err(|why| self.broke(&why, Some(queue))).is_err();
        !broken || self.is_over(queue) && !self.lost.load(Ordering::SeqCst)
    }

    /// Whether nothing more is to be received from a queue.
    pub(in crate::load::targets) fn is_over(&self, queue: usize) -> bool {
        self.is_halted() || self.closed[queue].load(Ordering::SeqCst)
    }

    /// A connection broke: told once, and not at all if it was to end.
    pub(in crate::load::targets) fn broke(&self, why: &WireError, queue: Option<usize>) {
        let over = queue.map_or_else(|| self.is_halted(), |queue| self.is_over(queue));
        if over || self.lost.swap(true, Ordering::SeqCst) {
            return;
        }
        self.trouble(TroubleKind::Disconnected { why: why.to_string() });
        self.halt();
    }

    pub(in crate::load::targets) fn trouble(&self, kind: TroubleKind) {
        self.listener.trouble(Trouble { at: Monotonic.now(), kind });
    }

    /// A message is on its way into a queue.
    pub(in crate::load::targets) fn sends(&self, queue: usize) {
        self.inside.enter(queue);
        self.unanswered.fetch_add(1, Ordering::SeqCst);
    }

    /// A message is confirmed.
    pub(in crate::load::targets) fn confirmed(&self, message: u64) {
        self.unanswered.fetch_sub(1, Ordering::SeqCst);
        self.listener.confirmed(message, Monotonic.now());
    }

    /// A message did not get into a queue.
    pub(in crate::load::targets) fn refused(&self, queue: usize, message: u64) {
        self.unanswered.fetch_sub(1, Ordering::SeqCst);
        self.listener.refused(queue, message, Monotonic.now());
        self.inside.leave(queue);
    }

    /// Waits for the verdicts that have not come, until an instant.
    pub(in crate::load::targets) fn await_verdicts(&self, until: u64) {
        let missing = || self.confirm && self.unanswered.load(Ordering::SeqCst) > 0;
        while missing() && !self.is_halted() && Monotonic.now() < until {
            Monotonic.sleep_until(Monotonic.now() + LOOK);
        }
    }

    /// The broker gave a message back, for nobody would have it.
    pub(in crate::load::targets) fn returned(&self, queue: usize) {
        self.unanswered.fetch_sub(1, Ordering::SeqCst);
        self.inside.leave(queue);
        self.trouble(TroubleKind::Returned);
    }

    /// A delivered message has left a queue without having been served.
    pub(in crate::load::targets) fn lose(&self, queue: usize, delivery: &Delivery, outcome: Outcome) {
        let Delivery { message, deliveries, .. } = *delivery;
        self.listener.lost(LostMessage { queue, message, at: Monotonic.now(), outcome, deliveries });
        self.inside.leave(queue);
    }

    /// Reads the body of a message; one of somebody else is told.
    pub(in crate::load::targets) fn read(&self, body: &[u8]) -> Option<u64> {
        let message = self.bodies.read(body);
        if message.is_none() {
            self.trouble(TroubleKind::Foreign);
        }
        message
    }
}
