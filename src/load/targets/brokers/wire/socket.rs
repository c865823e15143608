//! A connection to a broker, plain or secured: read by one thread, written by any.

use super::error::WireError;
use super::tls::{Security, refused_certificate};
use crate::load::clock::{Clock, Monotonic};
use crate::load::system;
use parking_lot::Mutex;
use rustls::ClientConnection;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// A connection. Whoever closes it lets everybody go who reads or writes.
#[derive(Debug)]
pub(in crate::load::targets) struct Socket {
    tcp: TcpStream,
    /// Held while something is written, so that frames stay whole.
    writing: Mutex<()>,
    /// Whether what comes is acknowledged at once.
    prompt: bool,
    secured: Option<Mutex<ClientConnection>>,
}

impl Socket {
    /// Connects to a host by an instant of the run's clock.
    ///
    /// # Errors
    /// Why nobody could be reached.
    pub(in crate::load::targets) fn connect(host: &str, port: u16, until: u64) -> Result<Self, WireError> {
        let mut why = WireError::System("the name has no address".into());
        for address in (host, port).to_socket_addrs()? {
            let left = until.saturating_sub(Monotonic.now()).max(1_000_000);
            match TcpStream::connect_timeout(&address, Duration::from_nanos(left)) {
                Ok(tcp) => {
                    tcp.set_nodelay(true)?;
                    return Ok(Socket { tcp, writing: Mutex::new(()), prompt: false, secured: None });
                }
                Err(error) => why = WireError::System(error.to_string()),
            }
        }
        Err(why)
    }

    /// Acknowledges what comes at once: a broker that gathers small packets until the last is acknowledged
    /// would wait for 40 ms at times.
    pub(in crate::load::targets) fn promptly(self) -> Self {
        Socket { prompt: true, ..self }
    }

    /// Secures the connection by an instant. Nothing may have been read that belongs behind this.
    ///
    /// # Errors
    /// Why it could not be secured.
    pub(in crate::load::targets) fn secure(
        self,
        by: &Security,
        until: u64,
        wait: f64,
    ) -> Result<Self, WireError> {
        let mut secrets = by.begin().map_err(|why| WireError::Told(why.to_string()))?;
        let mut raw = [0; 4096];
        while secrets.is_handshaking() {
            while secrets.wants_write() {
                secrets.write_tls(&mut &self.tcp)?;
            }
            if !secrets.is_handshaking() {
                break;
            }
            if !system::readable_by(&self.tcp, until)? {
                return Err(WireError::Silent(wait));
            }
            let read = (&self.tcp).read(&mut raw)?;
            if read == 0 {
                return Err(WireError::Closed);
            }
            let processed = absorb(&mut secrets, &raw[..read]);
            processed.map_err(|error| WireError::Told(by.why(&error)))?;
        }
        while secrets.wants_write() {
            secrets.write_tls(&mut &self.tcp)?;
        }
        Ok(Socket { secured: Some(Mutex::new(secrets)), ..self })
    }

    /// Reads what has come, or comes until an instant (`u64::MAX`: for as long as it takes). `None` if
    /// nothing came by then, 0 once the broker sends no more.
    ///
    /// # Errors
    /// What the operating system says, or a record that was changed on its way.
    pub(in crate::load::targets) fn read(
        &self,
        into: &mut [u8],
        until: u64,
    ) -> Result<Option<usize>, WireError> {
        let Some(secured) = &self.secured else {
            return if self.waits(until)? { Ok(Some(self.receive(into)?)) } else { Ok(None) };
        };
        loop {
            match secured.lock().reader().read(into) {
                Ok(read) => return Ok(Some(read)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            if !self.waits(until)? {
                return Ok(None);
            }
            let mut raw = [0; 16 * 1024];
            let read = self.receive(&mut raw)?;
            if read == 0 {
                return Ok(Some(0));
            }
            let mut secrets = secured.lock();
            absorb(&mut secrets, &raw[..read]).map_err(|error| {
                WireError::Told(refused_certificate(&error).unwrap_or_else(|| format!("TLS: {error}")))
            })?;
            let answers = secrets.wants_write();
            drop(secrets);
            if answers {
                self.write(&[])?;
            }
        }
    }

    fn receive(&self, into: &mut [u8]) -> std::io::Result<usize> {
        #[cfg(target_os = "linux")]
        if self.prompt {
            use std::os::linux::net::TcpStreamExt;
            // It holds for a few packets only.
            self.tcp.set_quickack(true)?;
        }
        (&self.tcp).read(into)
    }

    /// Whether there is something to read by an instant.
    fn waits(&self, until: u64) -> std::io::Result<bool> {
        if until == u64::MAX { Ok(true) } else { system::readable_by(&self.tcp, until) }
    }

    /// Writes all of some bytes. Waits while the broker does not read.
    ///
    /// # Errors
    /// What the operating system says.
    pub(in crate::load::targets) fn write(&self, bytes: &[u8]) -> Result<(), WireError> {
        let _whole = self.writing.lock();
        let Some(secured) = &self.secured else { return Ok((&self.tcp).write_all(bytes)?) };
        let mut rest = bytes;
        loop {
            let mut records = Vec::with_capacity(rest.len() + 256);
            let mut secrets = secured.lock();
            if !rest.is_empty() {
                let taken = secrets.writer().write(rest)?;
                rest = &rest[taken..];
            }
            while secrets.wants_write() {
                secrets.write_tls(&mut records)?;
            }
            // Who reads must not stand behind who waits for the broker to read.
            drop(secrets);
            (&self.tcp).write_all(&records)?;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// Writes all of what is to be said, and empties it.
    ///
    /// # Errors
    /// What the operating system says.
    pub(in crate::load::targets) fn flush(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        let sent = if out.is_empty() { Ok(()) } else { self.write(out) };
        out.clear();
        sent
    }

    /// Ends the connection: whoever reads or writes is let go.
    pub(in crate::load::targets) fn end(&self) {
        // One that has ended already is as good.
        let _ended = self.tcp.shutdown(Shutdown::Both);
    }

    /// Lets go who reads; what was written still reaches the broker.
    pub(in crate::load::targets) fn end_reading(&self) {
        let _ended = self.tcp.shutdown(Shutdown::Read);
    }
}

/// Takes in records.
fn absorb(secrets: &mut ClientConnection, mut raw: &[u8]) -> Result<(), rustls::Error> {
    while !raw.is_empty() {
        // Out of memory into memory: it fails only if what is decoded is not taken out.
        let taken = secrets.read_tls(&mut raw).unwrap_or(0);
        secrets.process_new_packets()?;
        if taken == 0 {
            return Err(rustls::Error::General("more records than are read".into()));
        }
    }
    Ok(())
}
