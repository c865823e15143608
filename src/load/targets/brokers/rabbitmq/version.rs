//! What RabbitMQ tells of itself to whoever connects, before anybody has logged in: its client drops it.

use crate::load::targets::brokers::wire::{Decode, Incoming, Login, Malformed};

/// How who speaks AMQP 0-9-1 begins.
const HELLO: &[u8] = b"AMQP\0\0\x09\x01";

/// The server's product and version, as far as they can be had.
pub(super) fn product(login: &Login) -> String {
    told(login).unwrap_or_else(|| "RabbitMQ of an unknown version".into())
}

fn told(login: &Login) -> Option<String> {
    let until = login.deadline();
    let socket = login.secure(login.connect(until).ok()?, until).ok()?;
    socket.write(HELLO).ok()?;
    let first = Incoming::new(0).next::<FirstFrame>(&socket, until).ok()??;
    Some(format!("{} {}", property(&first, "product")?, property(&first, "version")?))
}

/// Finds the first frame: a kind, a channel, a length, so many bytes.
struct FirstFrame;

impl Decode for FirstFrame {
    type Frame = Vec<u8>;

    fn decode(bytes: &[u8], limit: usize) -> Result<Option<(Vec<u8>, usize)>, Malformed> {
        let length = bytes.get(3..7).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes);
        let Some(length) = length.map(|length| length as usize) else { return Ok(None) };
        if length > limit {
            return Err(Malformed("a frame longer than any that greets"));
        }
        Ok(bytes.get(7..7 + length).map(|frame| (frame.to_vec(), 7 + length)))
    }
}

/// A text of the server's table of properties: a name with its length, `S`, the text with its length.
fn property(frame: &[u8], name: &str) -> Option<String> {
    let key = [&[name.len() as u8], name.as_bytes(), b"S"].concat();
    let at = frame.windows(key.len()).position(|part| part == key)? + key.len();
    let length = u32::from_be_bytes(frame.get(at..at + 4)?.try_into().ok()?) as usize;
    String::from_utf8(frame.get(at + 4..at + 4 + length)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::targets::brokers::wire::torture;

    const GREETING: &[u8] =
        b"\x01\0\0\0\0\0\x2f\0\x0a\0\x0a\0\x09\0\0\0\x26\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x033.1\xce";

    #[test]
    fn product_and_version_are_found_in_the_greeting() {
        let (frame, _) = FirstFrame::decode(GREETING, 100).expect("sound").expect("whole");
        assert_eq!(property(&frame, "product").as_deref(), Some("RabbitMQ"));
        assert_eq!(property(&frame, "version").as_deref(), Some("3.1"));
        assert_eq!(property(&frame[..30], "version"), None);
    }

    #[test]
    fn a_greeting_without_end_is_refused() {
        torture::<FirstFrame>(&GREETING[..54], 1, &[b"\x01\0\0\x7f\xff\xff\xff"]);
    }
}
