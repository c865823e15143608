//! Frames out of a stream of bytes. Decoders do no input or output: they are given bytes and give frames.

use super::error::{Malformed, WireError};
use super::socket::Socket;

/// Bytes that a frame may have beside the content of a message.
const FRAME_ROOM: usize = 64 * 1024;

/// Bytes asked of the socket at once.
const READ: usize = 16 * 1024;

/// Finds the frames of a protocol.
pub(in crate::load::targets) trait Decode {
    type Frame;

    /// The frame at the beginning of some bytes and how many of them it is; `None` if its end has not come.
    ///
    /// # Errors
    /// Bytes that the protocol does not have, or a frame that announces more than `limit` bytes.
    fn decode(bytes: &[u8], limit: usize) -> Result<Option<(Self::Frame, usize)>, Malformed>;
}

/// What has come and is not decoded yet.
#[derive(Debug)]
pub(in crate::load::targets) struct Incoming {
    bytes: Vec<u8>,
    /// How many of them have come, and how many of those are decoded.
    filled: usize,
    done: usize,
    limit: usize,
}

impl Incoming {
    /// For messages of at most so many bytes.
    pub(in crate::load::targets) fn new(largest: u32) -> Self {
        Incoming { bytes: vec![0; READ], filled: 0, done: 0, limit: FRAME_ROOM + largest as usize }
    }

    /// The next frame if it is here already.
    ///
    /// # Errors
    /// What is here is none.
    pub(in crate::load::targets) fn here<D: Decode>(&mut self) -> Result<Option<D::Frame>, WireError> {
        let rest = &self.bytes[self.done..self.filled];
        match D::decode(rest, self.limit)? {
            Some((frame, length)) => {
                self.done += length;
                Ok(Some(frame))
            }
            None if rest.len() > self.limit => Err(WireError::Malformed("a frame without end")),
            None => Ok(None),
        }
    }

    /// The next frame, waited for until an instant of the run's clock; `None` if it has not come by then.
    ///
    /// # Errors
    /// The conversation cannot go on.
    pub(in crate::load::targets) fn next<D: Decode>(
        &mut self,
        socket: &Socket,
        until: u64,
    ) -> Result<Option<D::Frame>, WireError> {
        loop {
            if let Some(frame) = self.here::<D>()? {
                return Ok(Some(frame));
            }
            self.make_room();
            match socket.read(&mut self.bytes[self.filled..], until)? {
                Some(0) => return Err(WireError::Closed),
                Some(read) => self.filled += read,
                None => return Ok(None),
            }
        }
    }

    /// Room for as much as is read at once.
    fn make_room(&mut self) {
        self.bytes.copy_within(self.done..self.filled, 0);
        self.filled -= self.done;
        self.done = 0;
        if self.bytes.len() < self.filled + READ {
            self.bytes.resize(self.filled + READ, 0);
        }
    }

    #[cfg(test)]
    fn feed(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.filled);
        self.bytes.extend_from_slice(bytes);
        self.filled = self.bytes.len();
    }
}

/// Tries a decoder on a good conversation: every prefix of it, every byte of it changed, and lengths that are
/// announced and never come.
#[cfg(test)]
pub(in crate::load::targets) fn torture<D: Decode>(good: &[u8], frames: usize, huge: &[&[u8]]) {
    let count = |bytes: &[u8]| {
        let mut incoming = Incoming::new(100);
        incoming.feed(bytes);
        let mut found = 0;
        loop {
            match incoming.here::<D>() {
                Ok(Some(_)) => found += 1,
                Ok(None) => return (found, true),
                Err(_) => return (found, false),
            }
        }
    };
    assert_eq!(count(good), (frames, true), "the conversation itself");
    for end in 0..good.len() {
        let (found, sound) = count(&good[..end]);
        assert!(sound && found <= frames, "{found} frames in the first {end} bytes");
    }
    for place in 0..good.len() {
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut bytes = good.to_vec();
            bytes[place] ^= change;
            // An error or a frame less or more, but no panic.
            count(&bytes);
        }
    }
    for announced in huge {
        let mut incoming = Incoming::new(100);
        incoming.feed(announced);
        assert!(incoming.here::<D>().is_err(), "{} is refused", String::from_utf8_lossy(announced));
        assert!(incoming.bytes.capacity() <= 2 * READ + announced.len(), "no memory is taken for it");
    }
}
