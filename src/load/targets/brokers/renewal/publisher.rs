//! Publishing to a broker whose sessions are renewed: a message that cannot be sent now is sent by the next
//! session.

use super::state::Renewal;
use crate::load::LoadError;
use crate::load::targets::{PublishRequest, Publisher, Sent};
use std::sync::Arc;

/// One thread's way to publish.
pub(super) struct RenewedPublisher {
    renewal: Arc<Renewal>,
    /// The number of a session, and its handle.
    inner: (u64, Box<dyn Publisher>),
}

impl RenewedPublisher {
    /// # Errors
    /// The session has none to give.
    pub(super) fn new(renewal: &Arc<Renewal>) -> Result<Self, LoadError> {
        let (number, session) = renewal.first()?;
        Ok(RenewedPublisher { inner: (number, session.own_publisher()?), renewal: Arc::clone(renewal) })
    }

    /// The handle of a session; `None` if that has ended already.
    fn of(&mut self, number: u64) -> Option<&mut dyn Publisher> {
        if self.inner.0 != number {
            let (current, session) = self.renewal.session()?;
            if current != number {
                return None;
            }
            match session.own_publisher() {
                Ok(publisher) => self.inner = (number, publisher),
                Err(error) => {
                    self.renewal.on_lost(number, error.to_string());
                    return None;
                }
            }
        }
        Some(self.inner.1.as_mut())
    }
}

impl Publisher for RenewedPublisher {
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent {
        let Some(live) = self.renewal.add(queue, *request) else { return Sent::Closed };
        if let Some(publisher) = live.and_then(|number| self.of(number)) {
            // One that does not reach the broker is published by the next session.
            let _sent = publisher.publish(queue, request);
        }
        Sent::Pending
    }

    fn next_is_due(&mut self, due: bool) {
        self.inner.1.next_is_due(due);
    }

    fn flush(&mut self) {
        self.inner.1.flush();
    }
}
