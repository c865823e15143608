//! A broker whose connections are made anew when they are lost in mid-run, where a scenario asks for that:
//! what is not confirmed is published again, and what is not settled is delivered again.
//!
//! A lost connection ends the whole session with the broker, and the next one has the same names. Who sends
//! does not wait meanwhile; who takes does.

mod outbox;
mod publisher;
mod receiver;
mod state;

use crate::answer::Facts;
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{Opening, Publisher, Receiver, Subscription, Target};
use publisher::RenewedPublisher;
use receiver::RenewedReceiver;
use state::Renewal;
use std::sync::Arc;

/// Between two looks for verdicts that have not come, in nanoseconds.
const LOOK: u64 = 1_000_000;

/// A session with a broker that another may follow: its handles belong to whoever has them.
pub(super) trait Renewable: Target + Send {
    /// As [`Target::publisher`].
    ///
    /// # Errors
    /// The target has none to give.
    fn own_publisher(&self) -> Result<Box<dyn Publisher>, LoadError>;

    /// As [`Target::receiver`].
    ///
    /// # Errors
    /// The target has none to give.
    fn own_receiver(&self, of: Subscription) -> Result<Box<dyn Receiver>, LoadError>;

    /// Its connections end, and what it made on the broker stays for the next session.
    fn leave(&self);
}

/// Begins a session, or the next one.
type Begin = fn(&Opening<'_>) -> Result<Box<dyn Renewable>, LoadError>;

/// Opens a broker by its way to begin a session: one that ends with its connections, or that is renewed.
///
/// # Errors
/// Those of the first session.
pub(super) fn open(opening: &Opening<'_>, begin: Begin) -> Result<Box<dyn Target>, LoadError> {
    if !opening.scenario.measurement.broker.reconnect {
        return Ok(begin(opening)?);
    }
    let renewal = Renewal::begin(opening, begin)?;
    let (_, session) = renewal.first()?;
    let (mut facts, warm_up) = (session.facts(), session.warm_up());
    facts.insert("lost connections".into(), "made anew".into());
    Ok(Box::new(RenewedTarget { renewal, facts, warm_up }))
}

/// A broker with which there is one session after another.
struct RenewedTarget {
    renewal: Arc<Renewal>,
    /// What the first session told.
    facts: Facts,
    warm_up: u64,
}

impl Target for RenewedTarget {
    fn publisher(&self) -> Result<Box<dyn Publisher + '_>, LoadError> {
        Ok(Box::new(RenewedPublisher::new(&self.renewal)?))
    }

    fn receiver(&self, of: Subscription) -> Result<Box<dyn Receiver + '_>, LoadError> {
        Ok(Box::new(RenewedReceiver::new(&self.renewal, of)?))
    }

    fn close(&self, queue: usize) {
        self.renewal.close(queue);
    }

    fn halt(&self) {
        self.renewal.halt();
    }

    fn in_system(&self, queue: usize) -> Option<u64> {
        // It may notice that nothing has been confirmed for long.
        self.renewal.session().map(|(_, session)| session.in_system(queue));
        Some(self.renewal.inside(queue))
    }

    fn await_verdicts(&self, until: u64) {
        while self.renewal.is_unconfirmed() && Monotonic.now() < until {
            Monotonic.sleep_until(Monotonic.now() + LOOK);
        }
    }

    fn warm_up(&self) -> u64 {
        self.warm_up
    }

    fn facts(&self) -> Facts {
        self.facts.clone()
    }
}

impl Drop for RenewedTarget {
    fn drop(&mut self) {
        self.renewal.end();
    }
}
