//! Logging in to a broker that speaks STOMP.

use super::codec::{StompDecoder, StompFrame, write};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::brokers::wire::{Incoming, Login, Socket, WireError};

/// A connection to a broker that has let us in.
pub(super) struct StompConnection {
    pub socket: Socket,
    pub incoming: Incoming,
    /// What the broker calls itself.
    pub server: String,
}

impl StompConnection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// Nobody answers, or does not let us in.
    pub(super) fn open(login: &Login, largest: u32) -> Result<Self, LoadError> {
        let until = login.deadline();
        let socket = login.secure(login.connect(until)?.promptly(), until)?;
        let mut incoming = Incoming::new(largest);
        let (mut out, url) = (Vec::new(), &login.url);
        let mut headers = vec![("accept-version", "1.2"), ("host", url.host.as_str())];
        headers.extend(url.user.as_deref().map(|user| ("login", user)));
        headers.extend(url.password.as_ref().map(|password| ("passcode", password.reveal())));
        write("CONNECT", &headers, b"", &mut out);
        socket.write(&out).map_err(|why| login.broken(&why))?;
        loop {
            let frame = incoming.next::<StompDecoder>(&socket, until).map_err(|why| login.broken(&why))?;
            let frame = frame.ok_or_else(|| login.broken(&WireError::Silent(login.wait)))?;
            match frame.command.as_str() {
                "CONNECTED" => {
                    let server = frame.header("server").unwrap_or("a STOMP broker").to_string();
                    return Ok(StompConnection { socket, incoming, server });
                }
                "ERROR" => return Err(login.refused(&told(&frame))),
                "" => {}
                _ => return Err(login.broken(&WireError::Malformed("it does not begin with CONNECTED"))),
            }
        }
    }
}

/// How long nothing more must come before a queue counts as empty, in nanoseconds.
const QUIET: u64 = 200_000_000;

impl StompConnection {
    /// Takes away what is in some queues, by an instant.
    pub(super) fn clear(mut self, names: &[&str], until: u64) {
        let mut out = Vec::new();
        for (number, name) in names.iter().enumerate() {
            let (id, from) = (number.to_string(), destination(name));
            let headers = [("id", id.as_str()), ("destination", from.as_str()), ("ack", "auto")];
            write("SUBSCRIBE", &headers, b"", &mut out);
        }
        if self.socket.write(&out).is_err() {
            return;
        }
        let next = |connection: &mut Self| {
            let patience = (Monotonic.now() + QUIET).min(until);
            connection.incoming.next::<StompDecoder>(&connection.socket, patience)
        };
        while let Ok(Some(_)) = next(&mut self) {}
    }
}

/// What an error says: the header, for the body is a stack of the broker's calls.
pub(super) fn told(frame: &StompFrame) -> String {
    frame.header("message").unwrap_or("an error without a reason").trim().to_string()
}

/// The name of a queue as a destination.
pub(super) fn destination(name: &str) -> String {
    format!("/queue/{name}")
}
