//! Connections to publish by, and the threads that hear what becomes of publishes.

use super::frames::Incoming;
use super::reader::{FrameHandler, read_frames};
use super::session::Session;
use super::socket::Socket;
use crate::load::LoadError;
use crate::scenario::{BrokerSettings, Connections};
use parking_lot::Mutex;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// The connections of a run to publish by: one for each publisher, or one that they share.
pub(in crate::load::targets) struct Senders<S> {
    each: bool,
    /// The last one that was opened.
    shared: Mutex<Option<Arc<S>>>,
    readers: Mutex<Vec<JoinHandle<()>>>,
}

impl<S> Senders<S> {
    pub(in crate::load::targets) fn new(settings: &BrokerSettings) -> Self {
        let each = settings.connections == Connections::Each;
        Senders { each, shared: Mutex::default(), readers: Mutex::default() }
    }

    /// That of the next publisher. `open` connects it and starts the thread that hears its confirms.
    ///
    /// # Errors
    /// Those of `open`.
    pub(in crate::load::targets) fn next(
        &self,
        open: impl FnOnce() -> Result<(Arc<S>, JoinHandle<()>), LoadError>,
    ) -> Result<Arc<S>, LoadError> {
        let mut shared = self.shared.lock();
        if let Some(sender) = shared.as_ref().filter(|_| !self.each) {
            return Ok(Arc::clone(sender));
        }
        let (sender, reader) = open()?;
        self.readers.lock().push(reader);
        *shared = Some(Arc::clone(&sender));
        Ok(sender)
    }

    /// Waits for the threads of connections that have ended.
    pub(in crate::load::targets) fn join(&self) {
        for reader in self.readers.lock().drain(..) {
            // A thread that panicked has said so.
            let _ended = reader.join();
        }
    }
}

/// Starts the thread that hears what becomes of publishes.
///
/// # Errors
/// The system has no thread for it.
pub(in crate::load::targets) fn hear<H: FrameHandler + Send + 'static>(
    session: &Arc<Session>,
    socket: &Arc<Socket>,
    mut incoming: Incoming,
    mut handler: H,
) -> Result<JoinHandle<()>, LoadError> {
    let (session, socket) = (Arc::clone(session), Arc::clone(socket));
    let reader = thread::Builder::new().name("confirms".into()).spawn(move || {
        let why = read_frames(&mut handler, &socket, &mut incoming, session.login.wait);
        session.broke(&why, None);
    });
    reader.map_err(|error| LoadError::NoThread { why: error.to_string() })
}
