//! How a server takes from its connection, whatever the protocol.

use super::error::WireError;
use super::session::Session;
use crate::load::targets::Delivery;
use std::collections::VecDeque;

/// A server's connection: what has come and is not taken yet, and how more is waited for.
pub(in crate::load::targets) trait WireReceiver {
    fn session(&self) -> &Session;

    /// The queue of the scenario.
    fn queue(&self) -> usize;

    fn ready(&mut self) -> &mut VecDeque<Delivery>;

    /// Waits until up to so many messages are ready, or until an instant.
    ///
    /// # Errors
    /// The conversation cannot go on.
    fn wait(&mut self, most: usize, until: u64) -> Result<(), WireError>;
}

/// Takes up to `most` messages, as [`Receiver::take`](crate::load::targets::Receiver::take) says.
pub(in crate::load::targets) fn take<R: WireReceiver>(
    receiver: &mut R,
    most: usize,
    until: u64,
    out: &mut Vec<Delivery>,
) -> bool {
    while !hand_out(receiver.ready(), most, out) {
        let heard = receiver.wait(most, until);
        if hand_out(receiver.ready(), most, out) {
            break;
        }
        let (session, queue) = (receiver.session(), receiver.queue());
        if let Err(why) = heard {
            session.broke(&why, Some(queue));
            return false;
        }
        let over = session.is_over(queue);
        if over || until != u64::MAX {
            return !over;
        }
    }
    true
}

/// Fills `out` from what is ready; false if that is nothing.
pub(in crate::load::targets) fn hand_out(
    ready: &mut VecDeque<Delivery>,
    most: usize,
    out: &mut Vec<Delivery>,
) -> bool {
    let count = most.min(ready.len());
    out.extend(ready.drain(..count));
    count > 0
}
