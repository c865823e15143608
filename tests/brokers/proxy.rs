//! A connection's middle: passes bytes on between the program and a real broker, until it is told to fail.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What goes wrong with what the broker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection ends.
    Cut,
    /// Half of what came is passed on, then the connection ends.
    Half,
    /// Nothing is passed on any more.
    Stall,
    /// These bytes come in between.
    Insert(Vec<u8>),
    /// Bits are changed.
    Flip,
}

/// Dots in a row that nothing but a message's body has.
const FILLING: usize = 40;

/// A proxy on a free port of the loopback.
pub(crate) struct Proxy {
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    fault: Mutex<Option<Fault>>,
    /// Messages that the broker has delivered.
    delivered: AtomicUsize,
    /// What the program has said, to look for what must not be in it.
    said: Mutex<Vec<u8>>,
    stalled: AtomicBool,
}

impl Proxy {
    /// In front of an address.
    pub(crate) fn before(address: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (shared, address) = (Arc::new(Shared::default()), address.to_string());
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A server that is away is told by a connection that ends.
                let Ok(server) = TcpStream::connect(&address) else { continue };
                let both = || Some((client.try_clone().ok()?, server.try_clone().ok()?));
                let (Some((from, to)), Some((back, out))) = (both(), both()) else { return };
                let (up, down) = (Arc::clone(&of_thread), Arc::clone(&of_thread));
                thread::spawn(move || pass(from, to, |bytes, to| up.said(bytes, to)));
                thread::spawn(move || pass(out, back, |bytes, to| down.heard(bytes, to)));
            }
        });
        Proxy { port, shared }
    }

    /// From the next thing on that the broker says.
    pub(crate) fn fail(&self, fault: Fault) {
        *self.shared.fault.lock().expect("no panic") = Some(fault);
    }

    /// Everything is passed on again, by new connections.
    pub(crate) fn heal(&self) {
        *self.shared.fault.lock().expect("no panic") = None;
        self.shared.stalled.store(false, Ordering::SeqCst);
    }

    /// Messages that the broker has delivered, but for those that came in pieces.
    pub(crate) fn deliveries(&self) -> usize {
        self.shared.delivered.load(Ordering::SeqCst)
    }

    /// Whether the program has said something.
    pub(crate) fn has_said(&self, what: &[u8]) -> bool {
        self.shared.said.lock().expect("no panic").windows(what.len()).any(|part| part == what)
    }
}

impl Shared {
    fn said(&self, bytes: &[u8], to: &mut TcpStream) -> bool {
        let mut said = self.said.lock().expect("no panic");
        if said.len() < 1 << 20 {
            said.extend_from_slice(bytes);
        }
        drop(said);
        to.write_all(bytes).is_ok()
    }

    fn heard(&self, bytes: &[u8], to: &mut TcpStream) -> bool {
        // What fills the body of a message of 100 bytes.
        let dots = bytes.split(|byte| *byte != b'.').filter(|dots| dots.len() >= FILLING).count();
        self.delivered.fetch_add(dots, Ordering::SeqCst);
        if self.stalled.load(Ordering::SeqCst) {
            return true;
        }
        let fault = self.fault.lock().expect("no panic").clone();
        match fault {
            None => to.write_all(bytes).is_ok(),
            Some(Fault::Cut) => false,
            Some(Fault::Half) => {
                let _sent = to.write_all(&bytes[..bytes.len() / 2]);
                false
            }
            Some(Fault::Stall) => {
                self.stalled.store(true, Ordering::SeqCst);
                true
            }
            Some(Fault::Insert(more)) => to.write_all(&more).and_then(|()| to.write_all(bytes)).is_ok(),
            Some(Fault::Flip) => {
                let flipped: Vec<u8> = bytes.iter().map(|byte| byte ^ 0x55).collect();
                to.write_all(&flipped).is_ok()
            }
        }
    }
}

/// Passes on what comes until one side ends, then ends the other.
fn pass(mut from: TcpStream, mut to: TcpStream, mut with: impl FnMut(&[u8], &mut TcpStream) -> bool) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if !with(&bytes[..read], &mut to) {
            break;
        }
    }
    let _ended = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
