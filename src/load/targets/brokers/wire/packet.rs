//! Several messages in one packet.

use super::{Socket, WireError};

/// Bytes that are kept at most for a message that follows at once.
pub(in crate::load::targets) const PACKET: usize = 8192;

/// What a publisher is to send: each message at once, or together with the next one where that is due already.
#[derive(Debug, Default)]
pub(in crate::load::targets) struct Packet {
    pub bytes: Vec<u8>,
    /// Whether the next message is due already.
    pub next_is_due: bool,
}

impl Packet {
    /// Sends all there is, unless the next message is to go with it.
    ///
    /// # Errors
    /// What the operating system says.
    pub(in crate::load::targets) fn send(&mut self, socket: &Socket) -> Result<(), WireError> {
        if self.next_is_due && self.bytes.len() < PACKET { Ok(()) } else { self.flush(socket) }
    }

    /// Sends all there is.
    ///
    /// # Errors
    /// What the operating system says.
    pub(in crate::load::targets) fn flush(&mut self, socket: &Socket) -> Result<(), WireError> {
        socket.flush(&mut self.bytes)
    }
}
