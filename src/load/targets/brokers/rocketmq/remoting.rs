//! RocketMQ's remoting protocol: a length, a header in JSON, a body.

use serde_json::{Map, Value, json};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Bytes of a frame beyond which nothing of ours can be in it.
const LARGEST: usize = 64 << 20;

/// The bit of a header that says that no answer is wanted.
const ONE_WAY: u32 = 2;

/// A request as its header has it.
pub(super) struct RemotingRequest<'a> {
    pub code: u32,
    /// The number by which its answer is known; `None` if none is wanted.
    pub number: Option<u32>,
    pub fields: Value,
    pub body: &'a [u8],
}

impl RemotingRequest<'_> {
    /// Writes it as bytes.
    fn encode(&self, out: &mut Vec<u8>) {
        let header = json!({
            "code": self.code,
            "language": "OTHER",
            "version": 0,
            "opaque": self.number.unwrap_or(0),
            "flag": if self.number.is_some() { 0 } else { ONE_WAY },
            "extFields": self.fields,
        });
        let header = header.to_string();
        out.clear();
        for length in [4 + header.len() + self.body.len(), header.len()] {
            out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        }
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(self.body);
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RemotingAnswer {
    /// 0 if all went well.
    pub code: u32,
    pub number: u32,
    pub remark: String,
    fields: Map<String, Value>,
    pub body: Vec<u8>,
}

impl RemotingAnswer {
    /// A field of its header.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or("")
    }

    /// Why a request was not granted.
    pub(super) fn why(&self) -> String {
        format!("{} (code {})", self.remark.lines().next().unwrap_or("no reason was told"), self.code)
    }

    /// The answer at the beginning of what came, and its length; `None` if more is to come.
    fn decode(bytes: &[u8]) -> io::Result<Option<(Self, usize)>> {
        let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_string());
        let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
        let Some(length) = number(0) else { return Ok(None) };
        if length > LARGEST {
            return Err(wrong("a frame longer than any of this run"));
        }
        let Some(frame) = bytes.get(..4 + length) else { return Ok(None) };
        let Some(header) = number(4).filter(|_| length >= 4) else { return Err(wrong("a frame too short")) };
        // The uppermost byte says how the header is written; 0 is JSON.
        let Some(text) = frame.get(8..8 + header) else {
            return Err(wrong("a header longer than its frame"));
        };
        let value: Value = serde_json::from_slice(text).map_err(|_| wrong("a header that is no JSON"))?;
        let whole = |name: &str| value.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        let answer = RemotingAnswer {
            code: whole("code").ok_or_else(|| wrong("an answer without a code"))?,
            number: whole("opaque").unwrap_or(0),
            remark: value.get("remark").and_then(Value::as_str).unwrap_or("").into(),
            fields: value.get("extFields").and_then(Value::as_object).cloned().unwrap_or_default(),
            body: frame[8 + header..].to_vec(),
        };
        Ok(Some((answer, 4 + length)))
    }
}

/// JSON as RocketMQ writes it, with numbers for keys that nothing quotes.
pub(super) fn lenient_json(bytes: &[u8]) -> Option<Value> {
    let mut text = String::with_capacity(bytes.len() + 16);
    let mut rest = std::str::from_utf8(bytes).ok()?;
    while let Some(at) = rest.find(['{', ',']) {
        let (before, after) = rest.split_at(at + 1);
        text.push_str(before);
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        rest = &after[digits..];
        let key = digits > 0 && rest.starts_with(':');
        let quote = if key { "\"" } else { "" };
        text.extend([quote, &after[..digits], quote]);
    }
    text.push_str(rest);
    serde_json::from_str(&text).ok()
}

/// A connection for one thread.
pub(super) struct RemotingConnection {
    stream: TcpStream,
    /// What came and is not a whole answer yet.
    came: Vec<u8>,
    out: Vec<u8>,
    sent: u32,
}

impl RemotingConnection {
    /// # Errors
    /// Nobody answers there within a time.
    pub(super) fn open(place: &str, wait: Duration) -> io::Result<Self> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
        for address in place.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, wait) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_write_timeout(Some(wait))?;
                    return Ok(RemotingConnection { stream, came: Vec::new(), out: Vec::new(), sent: 0 });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The same connection, for a thread that only reads or only sends.
    pub(super) fn other_half(&self) -> io::Result<Self> {
        let stream = self.stream.try_clone()?;
        Ok(RemotingConnection { stream, came: Vec::new(), out: Vec::new(), sent: 0 })
    }

    /// Lets everybody go who reads from it.
    pub(super) fn shut(&self) {
        // One that is closed already is shut.
        let _shut = self.stream.shutdown(std::net::Shutdown::Both);
    }

    /// The number of the next request.
    pub(super) fn number(&mut self) -> u32 {
        self.sent = (self.sent + 1) & 0x7fff_ffff;
        self.sent
    }

    pub(super) fn send(&mut self, request: &RemotingRequest<'_>) -> io::Result<()> {
        request.encode(&mut self.out);
        self.stream.write_all(&self.out)
    }

    /// The next answer; `None` if none came within a time.
    pub(super) fn next(&mut self, within: Duration) -> io::Result<Option<RemotingAnswer>> {
        loop {
            if let Some((answer, length)) = RemotingAnswer::decode(&self.came)? {
                self.came.drain(..length);
                return Ok(Some(answer));
            }
            self.stream.set_read_timeout(Some(within.max(Duration::from_micros(1))))?;
            let mut bytes = [0; 16 * 1024];
            match self.stream.read(&mut bytes) {
                Ok(0) => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the broker closed the connection",
                    ));
                }
                Ok(count) => self.came.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// A request and its answer, where nothing else is under way.
    pub(super) fn call(
        &mut self,
        code: u32,
        fields: Value,
        body: &[u8],
        wait: Duration,
    ) -> io::Result<RemotingAnswer> {
        let number = self.number();
        self.send(&RemotingRequest { code, number: Some(number), fields, body })?;
        let silent =
            || io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", wait.as_secs_f64()));
        self.next(wait)?.ok_or_else(silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Vec<u8> {
        let header = br#"{"code":19,"opaque":7,"remark":"none","extFields":{"popTime":"5"}}"#;
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&(4 + header.len() as u32 + 3).to_be_bytes());
        bytes.extend_from_slice(&(header.len() as u32).to_be_bytes());
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(b"abc");
        bytes
    }

    #[test]
    fn an_answer_is_read_when_all_of_it_has_come() {
        let bytes = answer();
        for end in 0..bytes.len() {
            assert_eq!(RemotingAnswer::decode(&bytes[..end]).expect("a good beginning"), None);
        }
        let (answer, length) = RemotingAnswer::decode(&bytes).expect("good").expect("whole");
        assert_eq!(
            (answer.code, answer.number, answer.field("popTime"), answer.field("no")),
            (19, 7, "5", "")
        );
        assert_eq!((length, answer.body.as_slice()), (bytes.len(), &b"abc"[..]));
    }

    #[test]
    fn numbers_may_be_keys() {
        let value = lenient_json(br#"{"a":{0:"x:1",12:[3,4]}}"#).expect("nearly JSON");
        assert_eq!((&value["a"]["0"], &value["a"]["12"]), (&json!("x:1"), &json!([3, 4])));
        assert_eq!(lenient_json(b"{0"), None);
    }

    #[test]
    fn what_is_wrong_is_an_error_or_another_answer() {
        for at in 0..answer().len() {
            let mut bytes = answer();
            bytes[at] ^= 0x55;
            // Never a panic, and never more than the limit.
            let _read = RemotingAnswer::decode(&bytes);
        }
        assert!(RemotingAnswer::decode(&[0x7f, 0xff, 0xff, 0xff]).is_err());
    }
}
