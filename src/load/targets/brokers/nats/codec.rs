//! NATS's text protocol: lines, some of which announce the bytes that follow them.

use crate::load::targets::brokers::wire::{Decode, Malformed};

/// Finds what a NATS server says.
#[derive(Debug)]
pub(super) struct NatsDecoder;

/// What a NATS server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NatsFrame {
    /// About the server, in JSON.
    Info(String),
    Ok,
    Error(String),
    Ping,
    Pong,
    Message(NatsMessage),
}

/// A message for one of our subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NatsMessage {
    pub subject: String,
    /// The number of our subscription.
    pub subscription: u64,
    pub reply: Option<String>,
    /// Of an answer without content: 408 is "nothing came", 404 "nothing is there", 503 "nobody answers".
    pub status: Option<u16>,
    pub content: Vec<u8>,
}

impl Decode for NatsDecoder {
    type Frame = NatsFrame;

    fn decode(bytes: &[u8], limit: usize) -> Result<Option<(NatsFrame, usize)>, Malformed> {
        let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else { return Ok(None) };
        let line = bytes[..end].strip_suffix(b"\r").ok_or(Malformed("a line that ends without CR"))?;
        let line = std::str::from_utf8(line).map_err(|_| Malformed("a line that is no text"))?;
        let (verb, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let frame = match verb {
            "MSG" => return message(rest, false, bytes, end + 1, limit),
            "HMSG" => return message(rest, true, bytes, end + 1, limit),
            "INFO" => NatsFrame::Info(rest.trim().into()),
            "+OK" => NatsFrame::Ok,
            "-ERR" => NatsFrame::Error(rest.trim().trim_matches('\'').into()),
            "PING" => NatsFrame::Ping,
            "PONG" => NatsFrame::Pong,
            _ => return Err(Malformed("a line of a kind that there is not")),
        };
        Ok(Some((frame, end + 1)))
    }
}

/// `subject subscription [reply] [headers] total`, then so many bytes and a line's end.
fn message(
    line: &str,
    headers: bool,
    bytes: &[u8],
    begin: usize,
    limit: usize,
) -> Result<Option<(NatsFrame, usize)>, Malformed> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let lengths = 1 + usize::from(headers);
    let (subject, subscription, reply) = match words.len().checked_sub(lengths) {
        Some(2) => (words[0], words[1], None),
        Some(3) => (words[0], words[1], Some(words[2].to_string())),
        _ => return Err(Malformed("a message with another number of words")),
    };
    let number = |word: &str| word.parse::<usize>().map_err(|_| Malformed("a length that is no number"));
    let total = number(words[words.len() - 1])?;
    let head = if headers { number(words[words.len() - 2])? } else { 0 };
    if total > limit {
        return Err(Malformed("a message that is longer than any of this run"));
    }
    if head > total {
        return Err(Malformed("headers that are longer than their message"));
    }
    let Some(whole) = bytes.get(begin..begin + total + 2) else { return Ok(None) };
    let content = whole[..total].to_vec();
    if &whole[total..] != b"\r\n" {
        return Err(Malformed("a message that is longer than it says"));
    }
    let status = if headers { status(&content[..head])? } else { None };
    let subscription = subscription.parse().map_err(|_| Malformed("a subscription that is no number"))?;
    let message = NatsMessage {
        subject: subject.into(),
        subscription,
        reply,
        status,
        content: content[head..].to_vec(),
    };
    Ok(Some((NatsFrame::Message(message), begin + total + 2)))
}

/// The status in the first line of headers, if there is one.
fn status(headers: &[u8]) -> Result<Option<u16>, Malformed> {
    let text = std::str::from_utf8(headers).map_err(|_| Malformed("headers that are no text"))?;
    let first = text.lines().next().and_then(|line| line.strip_prefix("NATS/1.0"));
    let first = first.ok_or(Malformed("headers of another version"))?;
    Ok(first.split_ascii_whitespace().next().and_then(|word| word.parse().ok()))
}

/// `PUB`: a message to a subject, with the subject that answers go to.
pub(super) fn publish(subject: &str, reply: Option<&str>, content: &[u8], out: &mut Vec<u8>) {
    let reply = reply.map_or(String::new(), |reply| format!("{reply} "));
    out.extend_from_slice(format!("PUB {subject} {reply}{}\r\n", content.len()).as_bytes());
    out.extend_from_slice(content);
    out.extend_from_slice(b"\r\n");
}

/// `SUB`: what comes to a subject is ours, by a number.
pub(super) fn subscribe(subject: &str, number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("SUB {subject} {number}\r\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::targets::brokers::wire::torture;

    const GOOD: &[u8] =
        b"INFO {\"version\":\"2.15\"}\r\n+OK\r\n-ERR 'Authorization Violation'\r\nPING\r\nPONG\r\n\
        MSG a.b 7 5\r\nhello\r\nMSG a.b 7 _INBOX.1 0\r\n\r\n\
        HMSG a.b 8 30 33\r\nNATS/1.0 408 Request Timeout\r\nabc\r\n";

    #[test]
    fn a_conversation_is_read_whatever_comes_of_it() {
        torture::<NatsDecoder>(
            GOOD,
            8,
            &[
                b"MSG a 1 2147483647\r\n",
                b"HMSG a 1 2147483647 18446744073709551615\r\n",
                b"MSG a 1 99999999999999999999\r\n",
            ],
        );
    }

    #[test]
    fn messages_have_their_parts() {
        let decode =
            |text: &str| NatsDecoder::decode(text.as_bytes(), 1000).expect("sound").expect("whole").0;
        let message = NatsMessage {
            subject: "a.b".into(),
            subscription: 7,
            reply: Some("r".into()),
            status: None,
            content: b"hello".to_vec(),
        };
        assert_eq!(decode("MSG a.b 7 r 5\r\nhello\r\n"), NatsFrame::Message(message.clone()));
        let told = NatsMessage { status: Some(404), reply: None, content: Vec::new(), ..message };
        assert_eq!(
            decode("HMSG a.b 7 28 28\r\nNATS/1.0 404 No Messages\r\n\r\n\r\n"),
            NatsFrame::Message(told)
        );
        assert_eq!(decode("-ERR 'no'\r\n"), NatsFrame::Error("no".into()));
        let mut out = Vec::new();
        publish("a", Some("r"), b"xy", &mut out);
        subscribe("r.*", 3, &mut out);
        assert_eq!(out, b"PUB a r 2\r\nxy\r\nSUB r.* 3\r\n");
    }
}
