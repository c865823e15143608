//! The body of a message on a broker: the position in the plan (8 bytes, little endian), a checksum of it and
//! of the run (4 bytes), and filling up to its size.

#[cfg(test)]
use crate::load::targets::FOREIGN;
use crate::load::targets::brokers::capabilities::SMALLEST_BODY;

/// Writes and reads the bodies of one run.
#[derive(Debug, Clone)]
pub(in crate::load::targets) struct MessageBodies {
    run: crc32fast::Hasher,
}

impl MessageBodies {
    /// Those of a run with a name.
    pub(in crate::load::targets) fn new(run: &str) -> Self {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(run.as_bytes());
        MessageBodies { run: hasher }
    }

    /// Writes a body of so many bytes, or of the smallest.
    pub(in crate::load::targets) fn write(&self, message: u64, size: u32, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&message.to_le_bytes());
        let checksum = self.checksum(message);
        #[cfg(test)]
        let checksum = if message == FOREIGN { !checksum } else { checksum };
        out.extend_from_slice(&checksum.to_le_bytes());
        out.resize(size.max(SMALLEST_BODY) as usize, b'.');
    }

    /// The position of a body; `None` if it is not one of this run's.
    pub(in crate::load::targets) fn read(&self, body: &[u8]) -> Option<u64> {
        let message = u64::from_le_bytes(body.get(..8)?.try_into().ok()?);
        let checksum = u32::from_le_bytes(body.get(8..12)?.try_into().ok()?);
        (checksum == self.checksum(message)).then_some(message)
    }

    fn checksum(&self, message: u64) -> u32 {
        let mut hasher = self.run.clone();
        hasher.update(&message.to_le_bytes());
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_as_it_was_written_and_a_foreign_one_is_known() {
        let (bodies, mut body) = (MessageBodies::new("abcdefgh"), Vec::new());
        bodies.write(77, 100, &mut body);
        assert_eq!((body.len(), bodies.read(&body)), (100, Some(77)));
        assert_eq!(MessageBodies::new("hgfedcba").read(&body), None, "of another run");
        body[3] ^= 1;
        assert_eq!((bodies.read(&body), bodies.read(b"short")), (None, None));
    }
}
