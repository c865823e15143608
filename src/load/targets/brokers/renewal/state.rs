//! The sessions with a broker, one after another, and what outlives each.

use super::outbox::Outbox;
use super::{Begin, Renewable};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::brokers::common::RunNames;
use crate::load::targets::{
    Listener, LostMessage, Opening, PublishRequest, Sent, SessionName, Trouble, TroubleKind,
};
use crate::scenario::Scenario;
use parking_lot::{Condvar, Mutex};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Between the first two tries to reach the broker again, and the longest time between two, in nanoseconds.
const FIRST_PAUSE: u64 = 10_000_000;
const LONGEST_PAUSE: u64 = 500_000_000;

/// How long a thread waits for a session before it looks whether all is over, in nanoseconds.
const LOOK: u64 = 100_000_000;

/// The sessions of a run.
pub(super) struct Renewal {
    begin: Begin,
    scenario: Scenario,
    messages: usize,
    names: RunNames,
    listener: Arc<dyn Listener>,
    sessions: Mutex<Sessions>,
    changed: Condvar,
    outbox: Mutex<Outbox>,
    /// By queue.
    counts: Vec<Mutex<QueueCounts>>,
    closed: Vec<AtomicBool>,
    over: AtomicBool,
}

/// The session that there is, or is being made.
#[derive(Default)]
struct Sessions {
    number: u64,
    current: Option<Arc<dyn Renewable>>,
    /// Why the latest session ended, once it has.
    failed: Option<String>,
    /// Whether one is being made.
    renewing: bool,
    thread: Option<JoinHandle<()>>,
}

/// The messages of a queue, by position in the plan.
#[derive(Default)]
struct QueueCounts {
    inside: HashSet<u64>,
    deliveries: HashMap<u64, u32>,
}

impl Renewal {
    /// Begins the first session.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn begin(opening: &Opening<'_>, begin: Begin) -> Result<Arc<Self>, LoadError> {
        let queues = opening.scenario.queues.len();
        let renewal = Arc::new(Renewal {
            begin,
            scenario: opening.scenario.clone(),
            messages: opening.messages,
            names: RunNames::new(),
            listener: Arc::clone(&opening.listener),
            sessions: Mutex::new(Sessions { number: 1, renewing: true, ..Sessions::default() }),
            changed: Condvar::new(),
            outbox: Mutex::default(),
            counts: (0..queues).map(|_| Mutex::default()).collect(),
            closed: (0..queues).map(|_| AtomicBool::new(false)).collect(),
            over: AtomicBool::new(false),
        });
        let session = renewal.open(1, false)?;
        renewal.install(session, 1)?;
        Ok(renewal)
    }

    fn open(self: &Arc<Self>, number: u64, anew: bool) -> Result<Arc<dyn Renewable>, LoadError> {
        let listener = Arc::new(SessionListener { renewal: Arc::clone(self), number });
        let session = Some(SessionName { run: self.names.run(), anew });
        let opening = Opening { scenario: &self.scenario, messages: self.messages, listener, session };
        (self.begin)(&opening).map(Arc::from)
    }

    fn failed(&self, why: String) -> LoadError {
        LoadError::Broker { target: self.scenario.measurement.target.clone(), why }
    }

    /// Publishes again what is not confirmed, and lets everybody use a session. How many messages there were.
    fn install(&self, session: Arc<dyn Renewable>, number: u64) -> Result<u64, LoadError> {
        let mut publisher = session.own_publisher()?;
        let (mut last, mut again) = (0, 0);
        loop {
            let entries = self.outbox.lock().after(last);
            for entry in entries {
                if publisher.publish(entry.queue, &entry.request) == Sent::Closed {
                    return Err(self.failed("the connection was lost again".into()));
                }
                self.outbox.lock().try_again(entry.number);
                (last, again) = (entry.number, again + u64::from(entry.tried));
            }
            let mut sessions = self.sessions.lock();
            if let Some(why) = sessions.failed.take() {
                return Err(self.failed(why));
            }
            let mut outbox = self.outbox.lock();
            if outbox.after(last).is_empty() {
                outbox.live = Some(number);
                let closed = |queue: &usize| self.closed[*queue].load(Ordering::SeqCst);
                (0..self.closed.len()).filter(closed).for_each(|queue| session.close(queue));
                if self.over.load(Ordering::SeqCst) {
                    session.halt();
                }
                sessions.current = Some(session);
                sessions.renewing = false;
                self.changed.notify_all();
                return Ok(again);
            }
        }
    }

    /// A session has ended by itself: the next one is begun, unless all is over.
    pub(super) fn on_lost(self: &Arc<Self>, number: u64, why: String) {
        let mut sessions = self.sessions.lock();
        if sessions.number != number || self.over.load(Ordering::SeqCst) {
            return;
        }
        sessions.failed = Some(why);
        self.outbox.lock().live = None;
        if sessions.renewing {
            return;
        }
        sessions.renewing = true;
        let (renewal, at) = (Arc::clone(self), Monotonic.now());
        let thread = thread::Builder::new().name("reconnect".into()).spawn(move || renewal.renew(at));
        match thread {
            Ok(thread) => sessions.thread = Some(thread),
            Err(error) => self.give_up(error.to_string()),
        }
    }

    /// Begins sessions until one lasts, for as long as an answer is waited for.
    fn renew(self: &Arc<Self>, lost: u64) {
        let wait = self.scenario.measurement.broker.wait.clamp(0.0, 1e6);
        let (until, mut pause) = (lost + (wait * 1e9) as u64, FIRST_PAUSE);
        while !self.over.load(Ordering::SeqCst) {
            let (old, number, ended) = {
                let mut sessions = self.sessions.lock();
                sessions.number += 1;
                (sessions.current.take(), sessions.number, sessions.failed.take())
            };
            if let Some(old) = old {
                old.leave();
                old.halt();
            }
            let renewed = self.open(number, true);
            let why = match renewed.and_then(|session| self.install(session, number)) {
                Ok(republished) => {
                    let away = Monotonic.now().saturating_sub(lost);
                    return self.trouble(TroubleKind::Reconnected { away, republished });
                }
                Err(LoadError::Broker { why, .. }) => why,
                Err(other) => other.to_string(),
            };
            if Monotonic.now() + pause > until {
                let ended = ended.map_or(String::new(), |ended| format!("{ended}, and "));
                return self.give_up(format!("{ended}it could not be reached again within {wait} s: {why}"));
            }
            Monotonic.sleep_until(Monotonic.now() + pause);
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }

    fn give_up(&self, why: String) {
        self.trouble(TroubleKind::Disconnected { why });
        self.over.store(true, Ordering::SeqCst);
        self.changed.notify_all();
    }

    fn trouble(&self, kind: TroubleKind) {
        self.listener.trouble(Trouble { at: Monotonic.now(), kind });
    }

    /// The session that there is, and its number.
    pub(super) fn session(&self) -> Option<(u64, Arc<dyn Renewable>)> {
        let sessions = self.sessions.lock();
        sessions.current.as_ref().map(|session| (sessions.number, Arc::clone(session)))
    }

    /// The same before the run.
    ///
    /// # Errors
    /// It has been lost.
    pub(super) fn first(&self) -> Result<(u64, Arc<dyn Renewable>), LoadError> {
        self.session().ok_or_else(|| self.failed("the connection was lost before the run".into()))
    }

    /// A session after one with a number, waited for until an instant or until nothing more comes from a
    /// queue.
    pub(super) fn next_session(
        &self,
        after: u64,
        queue: usize,
        until: u64,
    ) -> Option<(u64, Arc<dyn Renewable>)> {
        let mut sessions = self.sessions.lock();
        loop {
            let now = Monotonic.now();
            if self.is_over(queue) {
                return None;
            }
            if let Some(session) = sessions.current.as_ref().filter(|_| sessions.number > after) {
                return Some((sessions.number, Arc::clone(session)));
            }
            if now >= until {
                return None;
            }
            self.changed.wait_for(&mut sessions, Duration::from_nanos((until - now).min(LOOK)));
        }
    }

    /// A message is to be published: by which session, if there is one; `None` once all is over.
    pub(super) fn add(&self, queue: usize, request: PublishRequest) -> Option<Option<u64>> {
        if self.over.load(Ordering::SeqCst) {
            return None;
        }
        let mut counts = self.counts[queue].lock();
        counts.inside.insert(request.message);
        counts.deliveries.remove(&request.message);
        drop(counts);
        Some(self.outbox.lock().add(queue, request))
    }

    /// A message is delivered: how often it has been.
    pub(super) fn deliver(&self, queue: usize, message: u64) -> u32 {
        let mut counts = self.counts[queue].lock();
        let deliveries = counts.deliveries.entry(message).or_default();
        *deliveries += 1;
        let deliveries = *deliveries;
        drop(counts);
        if deliveries > 1 {
            self.trouble(TroubleKind::DeliveredAgain);
        }
        deliveries
    }

    /// A message has left a queue.
    pub(super) fn leave(&self, queue: usize, message: u64) {
        self.counts[queue].lock().inside.remove(&message);
    }

    pub(super) fn inside(&self, queue: usize) -> u64 {
        self.counts[queue].lock().inside.len() as u64
    }

    pub(super) fn is_unconfirmed(&self) -> bool {
        !self.over.load(Ordering::SeqCst) && !self.outbox.lock().is_empty()
    }

    /// Whether nothing more is to be taken from a queue.
    pub(super) fn is_over(&self, queue: usize) -> bool {
        self.over.load(Ordering::SeqCst) || self.closed[queue].load(Ordering::SeqCst)
    }

    /// Whether an instant has passed.
    pub(super) fn is_past(&self, until: u64) -> bool {
        Monotonic.now() >= until
    }

    pub(super) fn close(&self, queue: usize) {
        self.closed[queue].store(true, Ordering::SeqCst);
        self.session().into_iter().for_each(|(_, session)| session.close(queue));
        self.changed.notify_all();
    }

    pub(super) fn halt(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.session().into_iter().for_each(|(_, session)| session.halt());
        self.changed.notify_all();
    }

    /// The last session clears away what the run made.
    pub(super) fn end(&self) {
        self.halt();
        let thread = self.sessions.lock().thread.take();
        // A thread that panicked has said so.
        thread.into_iter().for_each(|thread| _ = thread.join());
        let last = self.sessions.lock().current.take();
        drop(last);
    }
}

/// Hears what one session tells.
struct SessionListener {
    renewal: Arc<Renewal>,
    number: u64,
}

impl Listener for SessionListener {
    fn confirmed(&self, message: u64, at: u64) {
        self.renewal.outbox.lock().confirm(message);
        self.renewal.listener.confirmed(message, at);
    }

    fn refused(&self, queue: usize, message: u64, at: u64) {
        self.renewal.outbox.lock().confirm(message);
        self.renewal.listener.refused(queue, message, at);
        self.renewal.leave(queue, message);
    }

    fn lost(&self, lost: LostMessage) {
        self.renewal.listener.lost(lost);
        self.renewal.leave(lost.queue, lost.message);
    }

    fn trouble(&self, trouble: Trouble) {
        match trouble.kind {
            TroubleKind::Disconnected { why } => self.renewal.on_lost(self.number, why),
            _ => self.renewal.listener.trouble(trouble),
        }
    }
}
