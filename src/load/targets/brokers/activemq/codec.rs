//! STOMP 1.2: a command, headers and a body that ends with a zero or has a length.

use crate::load::targets::brokers::wire::{Decode, Malformed};

/// Finds the frames of STOMP.
#[derive(Debug)]
pub(super) struct StompDecoder;

/// A frame, or the line's end that only says that the other side is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StompFrame {
    /// Empty for a heart-beat.
    pub command: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl StompFrame {
    /// A header's value: of several, the first counts.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Decode for StompDecoder {
    type Frame = StompFrame;

    fn decode(bytes: &[u8], limit: usize) -> Result<Option<(StompFrame, usize)>, Malformed> {
        let Some((line, mut at)) = line(bytes, 0)? else { return Ok(None) };
        let mut frame = StompFrame { command: line.into(), headers: Vec::new(), body: Vec::new() };
        if frame.command.is_empty() {
            return Ok(Some((frame, at)));
        }
        if !frame.command.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Malformed("a command that is none"));
        }
        loop {
            let Some((line, next)) = self::line(bytes, at)? else { return Ok(None) };
            at = next;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or(Malformed("a header without a colon"))?;
            frame.headers.push((unescape(name)?, unescape(value)?));
        }
        let length = frame.header("content-length").map(str::parse::<usize>);
        let end = match length {
            Some(Err(_)) => return Err(Malformed("a length that is no number")),
            Some(Ok(length)) if length > limit => {
                return Err(Malformed("a body that is longer than any of this run"));
            }
            Some(Ok(length)) => at + length,
            None => match bytes[at..].iter().position(|&byte| byte == 0) {
                Some(length) => at + length,
                None => return Ok(None),
            },
        };
        match bytes.get(end) {
            None => Ok(None),
            Some(0) => {
                frame.body = bytes[at..end].to_vec();
                Ok(Some((frame, end + 1)))
            }
            Some(_) => Err(Malformed("a body that is longer than it says")),
        }
    }
}

/// The line that begins at a place, and where the next one does.
fn line(bytes: &[u8], from: usize) -> Result<Option<(&str, usize)>, Malformed> {
    let Some(length) = bytes[from..].iter().position(|&byte| byte == b'\n') else { return Ok(None) };
    let line = &bytes[from..from + length];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = std::str::from_utf8(line).map_err(|_| Malformed("a line that is no text"))?;
    Ok(Some((line, from + length + 1)))
}

fn unescape(text: &str) -> Result<String, Malformed> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        match (letter, if letter == '\\' { rest.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some('c')) => out.push(':'),
            ('\\', Some('\\')) => out.push('\\'),
            ('\\', _) => return Err(Malformed("a backslash that stands for nothing")),
            (other, _) => out.push(other),
        }
    }
    Ok(out)
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace(':', "\\c")
}

/// Writes a frame. `CONNECT` alone is written as it is, as the protocol has it.
pub(super) fn write(command: &str, headers: &[(&str, &str)], body: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(command.as_bytes());
    out.push(b'\n');
    for (name, value) in headers {
        let value = if command == "CONNECT" { (*value).to_string() } else { escape(value) };
        out.extend_from_slice(format!("{name}:{value}\n").as_bytes());
    }
    if !body.is_empty() {
        out.extend_from_slice(format!("content-length:{}\n", body.len()).as_bytes());
    }
    out.push(b'\n');
    out.extend_from_slice(body);
    out.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::targets::brokers::wire::torture;

    const GOOD: &[u8] =
        b"CONNECTED\nversion:1.2\nserver:ActiveMQ/6.3.1\n\n\0\nRECEIPT\nreceipt-id:m\\c7\n\n\0\
        MESSAGE\r\ndestination:/queue/a\r\ncontent-length:5\r\n\r\nab\0cd\0ERROR\nmessage:no\n\nwhy\0";

    #[test]
    fn a_conversation_is_read_whatever_comes_of_it() {
        torture::<StompDecoder>(
            GOOD,
            5,
            &[
                b"MESSAGE\ncontent-length:2147483647\n\n",
                b"MESSAGE\ncontent-length:18446744073709551615\n\n",
                b"MESSAGE\ncontent-length:99999999999999999999\n\n",
            ],
        );
    }

    #[test]
    fn frames_have_their_parts_and_are_written_as_they_are_read() {
        let mut out = Vec::new();
        write("SEND", &[("destination", "/queue/a:b"), ("receipt", "m\\1\n")], b"\0x", &mut out);
        let (frame, used) = StompDecoder::decode(&out, 100).expect("sound").expect("whole");
        assert_eq!(
            (used, frame.command.as_str(), frame.body.as_slice()),
            (out.len(), "SEND", b"\0x".as_slice())
        );
        assert_eq!(
            (frame.header("destination"), frame.header("receipt")),
            (Some("/queue/a:b"), Some("m\\1\n"))
        );
        let (beat, used) = StompDecoder::decode(b"\r\nMESSAGE", 100).expect("sound").expect("whole");
        assert_eq!((used, beat.command.as_str()), (2, ""));
    }
}
