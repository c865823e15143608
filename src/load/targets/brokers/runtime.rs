//! Asynchronous clients behind calls that block: one runtime with one thread.

use crate::load::LoadError;
use std::future::Future;
use std::time::Duration;

/// A runtime for one target's client.
pub(in crate::load::targets) struct ClientRuntime(tokio::runtime::Runtime);

impl ClientRuntime {
    /// # Errors
    /// The system gives no thread.
    pub(in crate::load::targets) fn new() -> Result<Self, LoadError> {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("client")
            .enable_all()
            .build()
            .map(ClientRuntime)
            .map_err(|error| LoadError::NoThread { why: error.to_string() })
    }

    pub(in crate::load::targets) fn handle(&self) -> &tokio::runtime::Handle {
        self.0.handle()
    }

    /// Waits for a result, but no longer than so many seconds: clients keep no such limit themselves.
    pub(in crate::load::targets) fn wait<T>(&self, seconds: f64, what: impl Future<Output = T>) -> Option<T> {
        let limit = Duration::from_secs_f64(seconds.clamp(0.0, 1e6));
        self.0.block_on(async { tokio::time::timeout(limit, what).await.ok() })
    }
}
