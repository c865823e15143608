//! Messages as RocketMQ's broker stores and delivers them.

/// A message in an answer to a request for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredMessage {
    pub topic: String,
    pub queue: u32,
    pub offset: u64,
    /// How often it was given back.
    pub returned: u32,
    pub body: Vec<u8>,
}

/// Reads big-endian numbers and bytes one after another.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.bytes(4)?.try_into().ok()?))
    }

    fn long(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.bytes(8)?.try_into().ok()?))
    }

    /// The address of a host and its port, of one of two kinds.
    fn skip_host(&mut self, v6: bool) -> Option<()> {
        self.bytes(if v6 { 20 } else { 8 }).map(|_| ())
    }

    fn message(&mut self) -> Option<StoredMessage> {
        let whole = self.0;
        let size = self.number()? as usize;
        self.bytes(8)?; // what kind, checksum
        let queue = self.number()?;
        self.bytes(4)?;
        let offset = self.long()?;
        self.bytes(8)?; // where in the log
        let flags = self.number()?;
        self.bytes(8)?; // when it was sent
        self.skip_host(flags & 16 != 0)?;
        self.bytes(8)?; // when it was stored
        self.skip_host(flags & 32 != 0)?;
        let returned = self.number()?;
        self.bytes(8)?;
        let length = self.number()? as usize;
        let body = self.bytes(length)?.to_vec();
        let length = usize::from(*self.bytes(1)?.first()?);
        let topic = String::from_utf8(self.bytes(length)?.to_vec()).ok()?;
        // What follows are properties.
        self.0 = whole.get(size.max(1)..)?;
        Some(StoredMessage { topic, queue, offset, returned, body })
    }
}

/// The messages of an answer; `None` if they are not written as expected.
pub(super) fn messages(bytes: &[u8]) -> Option<Vec<StoredMessage>> {
    let (mut cursor, mut out) = (Cursor(bytes), Vec::new());
    while !cursor.0.is_empty() {
        out.push(cursor.message()?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [0_u32, 0, 0, 3, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 2] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(b"hi\x04jobs\x00\x00");
        let size = bytes.len() as u32;
        bytes[..4].copy_from_slice(&size.to_be_bytes());
        bytes
    }

    #[test]
    fn messages_are_read_one_after_another() {
        let one =
            StoredMessage { topic: "jobs".into(), queue: 3, offset: 9, returned: 2, body: b"hi".to_vec() };
        assert_eq!(messages(&[stored(), stored()].concat()), Some(vec![one.clone(), one]));
        let whole = stored();
        assert!((1..whole.len()).all(|end| messages(&whole[..end]).is_none()));
    }
}
