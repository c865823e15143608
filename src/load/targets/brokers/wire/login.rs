//! Reaching a broker: connecting, securing and logging in, all by one instant.

use super::error::WireError;
use super::socket::Socket;
use super::tls::Security;
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::brokers::common::{BrokerUrl, failed};
use crate::scenario::BrokerSettings;

/// Seconds for which an answer is waited for where nobody has asked to measure.
pub(in crate::load::targets) const PROBE: f64 = 2.0;

/// Where a broker is, as whom it is used, and until when it must have answered.
#[derive(Debug, Clone)]
pub(in crate::load::targets) struct Login {
    pub target: &'static str,
    pub url: BrokerUrl,
    /// How connections are secured, where the address says that they are.
    pub security: Option<Security>,
    /// Seconds for which an answer is waited for.
    pub wait: f64,
    /// A command that starts one.
    pub start: &'static str,
}

impl Login {
    /// For a scenario's settings; `secured` is the scheme of addresses whose connections are secured.
    ///
    /// # Errors
    /// Files that cannot be used.
    pub(in crate::load::targets) fn new(
        target: &'static str,
        url: BrokerUrl,
        settings: &BrokerSettings,
        secured: &str,
        start: &'static str,
    ) -> Result<Self, LoadError> {
        let security =
            (url.scheme == secured).then(|| Security::new(target, settings, &url.host)).transpose()?;
        Ok(Login { target, url, security, wait: settings.wait, start })
    }

    /// The instant by which an answer that is asked for now must have come.
    pub(in crate::load::targets) fn deadline(&self) -> u64 {
        Monotonic.now() + (self.wait.clamp(0.0, 1e6) * 1e9) as u64
    }

    /// Connects in plain text.
    ///
    /// # Errors
    /// Nobody listens, and how to start one.
    pub(in crate::load::targets) fn connect(&self, until: u64) -> Result<Socket, LoadError> {
        Socket::connect(&self.url.host, self.url.port, until).map_err(|why| {
            let (start, variable) = (self.start, format!("QUEUELAB_{}_URL", self.target.to_uppercase()));
            self.failed(format!(
                "nobody answers at {}: {why}; start one (`{start}`), or say where it is in measurement.broker.url or {variable}",
                self.url
            ))
        })
    }

    /// Secures a connection if the address asks for it.
    ///
    /// # Errors
    /// Why it cannot be secured.
    pub(in crate::load::targets) fn secure(&self, socket: Socket, until: u64) -> Result<Socket, LoadError> {
        match &self.security {
            Some(security) => socket.secure(security, until, self.wait).map_err(|why| match why {
                WireError::Silent(seconds) => self.failed(format!(
                    "{} accepted the connection and said nothing for {seconds} s: maybe it does not speak TLS",
                    self.url
                )),
                _ => self.broken(&why),
            }),
            None => Ok(socket),
        }
    }

    /// A conversation that broke before the run.
    pub(in crate::load::targets) fn broken(&self, why: &WireError) -> LoadError {
        match why {
            WireError::Silent(seconds) => {
                self.failed(format!("{} accepted the connection and said nothing for {seconds} s", self.url))
            }
            WireError::Closed if self.security.is_none() => self.failed(format!(
                "{} closed the connection at once; if it speaks TLS alone there, write the address so",
                self.url
            )),
            _ => self.failed(format!("{}: {why}", self.url)),
        }
    }

    /// The broker does not let us in, and says why.
    pub(in crate::load::targets) fn refused(&self, why: &str) -> LoadError {
        let who = self.who();
        self.failed(format!("{} does not let {who} in: {why}", self.url))
    }

    /// As whom it is used, in words.
    pub(in crate::load::targets) fn who(&self) -> String {
        self.url.user.as_ref().map_or("nobody".into(), |user| format!("user `{user}`"))
    }

    pub(in crate::load::targets) fn failed(&self, why: String) -> LoadError {
        failed(self.target, why)
    }
}
