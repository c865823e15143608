//! RabbitMQ by AMQP 0-9-1: a queue of its own for each queue of the scenario, a channel for each thread.

mod connect;
mod consume;
mod declare;
mod losses;
mod publish;
mod version;

use super::common::{MessageBodies, MessagesInside, Redeliveries, RunNames, failed};
use super::renewal::{self, Renewable};
use super::runtime::ClientRuntime;
use crate::answer::Facts;
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{
    Listener, Opening, Publisher, Receiver, Subscription, Target, Trouble, TroubleKind,
};
use crate::scenario::{BrokerSettings, Connections};
use connect::Address;
use declare::BrokerQueues;
use lapin::{Channel, Connection};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::thread::Thread;

/// Its name, and how many messages go through a queue before a run.
const TARGET: &str = "rabbitmq";
const WARM_UP: u64 = 200;

/// Between two looks for verdicts that have not come, in nanoseconds.
const LOOK: u64 = 1_000_000;

/// Seconds that each step of the clean-up may take.
const CLEAN_UP: f64 = 2.0;

/// The same where the next session waits for it.
const PARTING: f64 = 0.2;

/// A broker in use by one run.
struct RabbitMq {
    runtime: ClientRuntime,
    settings: BrokerSettings,
    address: Address,
    /// For all threads, and for what is done before and after the run.
    connection: Connection,
    /// Those of single threads.
    others: Mutex<Vec<Connection>>,
    shared: Arc<Shared>,
    /// What the server is.
    product: String,
}

/// What threads of the run and tasks of the client share.
struct Shared {
    names: RunNames,
    queues: BrokerQueues,
    bodies: MessageBodies,
    inside: MessagesInside,
    redeliveries: Redeliveries,
    listener: Arc<dyn Listener>,
    /// By queue: whether nothing is sent to it any more.
    closed: Vec<AtomicBool>,
    halted: AtomicBool,
    /// Done when a lost connection has been told.
    lost: Once,
    /// Whether a lost connection is no trouble any more: the run is over.
    parting: AtomicBool,
    /// Whether another session follows, which finds what this one made.
    left: AtomicBool,
    /// Threads that may wait for a delivery.
    waiting: Mutex<Vec<Thread>>,
    /// Publishes without a verdict, and when one was last heard of, or the first of them sent.
    unanswered: AtomicU64,
    heard: AtomicU64,
    /// Whether the broker has said that it does not read now.
    blocked: AtomicBool,
}

pub(in crate::load::targets) fn open(opening: &Opening<'_>) -> Result<Box<dyn Target>, LoadError> {
    renewal::open(opening, begin)
}

/// Begins a session.
fn begin(opening: &Opening<'_>) -> Result<Box<dyn Renewable>, LoadError> {
    let scenario = opening.scenario;
    let settings = scenario.measurement.broker.clone();
    let names = RunNames::of_session(opening);
    let address = Address::resolve(&settings, &names)?;
    let runtime = ClientRuntime::new()?;
    let queues = BrokerQueues::new(scenario, &names);
    let shared = Arc::new(Shared {
        bodies: MessageBodies::new(names.run()),
        inside: MessagesInside::new(scenario.queues.len()),
        redeliveries: Redeliveries::default(),
        listener: Arc::clone(&opening.listener),
        closed: scenario.queues.iter().map(|_| AtomicBool::new(false)).collect(),
        halted: false.into(),
        lost: Once::new(),
        parting: false.into(),
        left: false.into(),
        waiting: Mutex::default(),
        unanswered: 0.into(),
        heard: 0.into(),
        blocked: false.into(),
        names,
        queues,
    });
    let prepared = runtime.wait(settings.wait, async {
        let connection = address.connect(&shared).await?;
        let channel = connection.create_channel().await.map_err(|e| address.refused(&e))?;
        shared.queues.declare(&channel).await.map_err(|e| address.refused(&e))??;
        losses::hear(&connection, &shared).await.map_err(|e| address.refused(&e))?;
        Ok::<Connection, LoadError>(connection)
    });
    let connection = prepared.unwrap_or_else(|| Err(address.silent()))?;
    let product = address.login(&settings).map_or_else(|_| TARGET.into(), |login| version::product(&login));
    Ok(Box::new(Arc::new(RabbitMq {
        runtime,
        settings,
        address,
        connection,
        others: Mutex::default(),
        shared,
        product,
    })))
}

/// Where a broker answers that no scenario names.
pub(in crate::load::targets) fn probe() -> Result<String, LoadError> {
    let settings = BrokerSettings { wait: CLEAN_UP, ..BrokerSettings::default() };
    let (address, runtime) = (Address::resolve(&settings, &RunNames::new())?, ClientRuntime::new()?);
    let answered = runtime.wait(settings.wait, async {
        let connection = address.connect_unheard().await?;
        // Whether it says good-bye is of no interest.
        let _closed = connection.close(200, "done".into()).await;
        Ok(())
    });
    answered.unwrap_or_else(|| Err(address.silent()))?;
    Ok(format!("{address} ({})", version::product(&address.login(&settings)?)))
}

impl Shared {
    /// Nobody is to wait any more.
    fn halt(&self) {
        self.halted.store(true, Ordering::Release);
        self.wake_all();
    }

    fn wake_all(&self) {
        self.waiting.lock().iter().for_each(Thread::unpark);
    }

    /// Whether nobody is to wait for a message of a queue any more.
    fn is_over(&self, queue: usize) -> bool {
        self.halted.load(Ordering::Acquire) || self.closed[queue].load(Ordering::Acquire)
    }

    /// A connection or a channel was lost: told once, and before anybody goes on who noticed it, too.
    fn disconnected(&self, why: String) {
        if !self.parting.load(Ordering::SeqCst) {
            let kind = TroubleKind::Disconnected { why };
            self.lost.call_once(|| self.listener.trouble(Trouble { at: Monotonic.now(), kind }));
        }
    }

    /// A message is published whose verdict will come.
    fn asks(&self) {
        if self.unanswered.fetch_add(1, Ordering::SeqCst) == 0 {
            self.heard.store(Monotonic.now(), Ordering::SeqCst);
        }
    }

    /// A verdict has come.
    fn answered(&self) {
        self.heard.store(Monotonic.now(), Ordering::SeqCst);
        self.unanswered.fetch_sub(1, Ordering::SeqCst);
    }

    /// A broker that lets publishes wait for so many seconds is lost: its client notices only one that says
    /// nothing at all.
    fn must_have_answered(&self, wait: f64) {
        let waits = self.unanswered.load(Ordering::SeqCst) > 0 && !self.blocked.load(Ordering::SeqCst);
        let since = self.heard.load(Ordering::SeqCst);
        if waits && Monotonic.now().saturating_sub(since) > (wait * 1e9) as u64 {
            self.disconnected(format!("the broker confirmed nothing for {wait} s"));
            self.wake_all();
        }
    }

    fn foreign(&self) {
        self.listener.trouble(Trouble { at: Monotonic.now(), kind: TroubleKind::Foreign });
    }
}

impl RabbitMq {
    /// A channel for one thread, on a connection of its own where the scenario asks for that.
    fn channel(&self) -> Result<Channel, LoadError> {
        let made = self.runtime.wait(self.settings.wait, async {
            if self.settings.connections == Connections::Shared {
                return self.connection.create_channel().await.map_err(|e| self.address.refused(&e));
            }
            let own = self.address.connect(&self.shared).await?;
            let channel = own.create_channel().await.map_err(|e| self.address.refused(&e));
            self.others.lock().push(own);
            channel
        });
        made.unwrap_or_else(|| Err(self.address.silent()))
    }

    /// Closes all connections, each within so many seconds.
    fn say_good_bye(&self, within: f64) {
        let all = std::mem::take(&mut *self.others.lock());
        for connection in all.iter().chain([&self.connection]) {
            let _closed = self.runtime.wait(within, connection.close(200, "done".into()));
        }
    }
}

impl Renewable for Arc<RabbitMq> {
    fn own_publisher(&self) -> Result<Box<dyn Publisher>, LoadError> {
        Ok(Box::new(publish::ChannelPublisher::new(self)?))
    }

    fn own_receiver(&self, of: Subscription) -> Result<Box<dyn Receiver>, LoadError> {
        Ok(Box::new(consume::ChannelReceiver::new(self, of)?))
    }

    fn leave(&self) {
        self.shared.left.store(true, Ordering::SeqCst);
        self.shared.parting.store(true, Ordering::SeqCst);
        self.halt();
        // What is not settled is delivered again once its connection is closed.
        self.say_good_bye(PARTING);
    }
}

impl Target for Arc<RabbitMq> {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, LoadError> {
        self.own_publisher()
    }

    fn receiver(&self, of: Subscription) -> Result<Box<dyn Receiver + '_>, LoadError> {
        self.own_receiver(of)
    }

    fn close(&self, queue: usize) {
        self.shared.closed[queue].store(true, Ordering::Release);
        self.shared.wake_all();
    }

    fn halt(&self) {
        self.shared.halt();
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        self.shared.must_have_answered(self.settings.wait);
        Some(self.shared.inside.inside(queue))
    }

    fn await_verdicts(&self, until: u64) {
        let missing = || self.shared.unanswered.load(Ordering::SeqCst) > 0;
        while missing() && Monotonic.now() < until {
            Monotonic.sleep_until(Monotonic.now() + LOOK);
        }
    }

    fn warm_up(&self) -> u64 {
        WARM_UP
    }

    fn facts(&self) -> Facts {
        let confirm = if self.settings.confirm { "publisher confirms" } else { "no publisher confirms" };
        let kind = self.shared.queues.kind();
        let facts = [
            ("broker", format!("{} at {}, {kind} queues, {confirm}", self.product, self.address)),
            ("broker client", "lapin 4, asynchronous, one thread for its runtime".into()),
            ("broker queues", self.shared.names.of("*")),
        ];
        facts.into_iter().map(|(name, text)| (name.into(), text)).collect()
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.shared.parting.store(true, Ordering::SeqCst);
        self.shared.halt();
        // What cannot be deleted expires, and who is gone says no good-bye.
        if self.shared.lost.is_completed() || self.shared.left.load(Ordering::SeqCst) {
            return;
        }
        let _deleted = self.runtime.wait(CLEAN_UP, async {
            let channel = self.connection.create_channel().await?;
            self.shared.queues.delete(&channel).await
        });
        self.say_good_bye(CLEAN_UP);
    }
}

/// A refusal that names the target.
fn refuse(why: impl Into<String>) -> LoadError {
    failed(TARGET, why)
}
