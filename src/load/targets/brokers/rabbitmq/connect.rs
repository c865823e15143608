//! The connection, and why there is none in words of a person who can change that.

use super::{Shared, TARGET, refuse};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::brokers::capabilities::rabbitmq::START;
use crate::load::targets::brokers::common::{BrokerUrl, RunNames, read_file};
use crate::load::targets::brokers::wire::Login;
use crate::load::targets::{Trouble, TroubleKind};
use crate::scenario::BrokerSettings;
use futures_core::Stream;
use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Connection, ConnectionProperties, Error, ErrorKind, Event};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Where it is by default, and how its addresses begin.
const HERE: &str = "amqp://127.0.0.1:5672";
const PORTS: &[(&str, u16)] = &[("amqp", 5672), ("amqps", 5671)];

/// Where the broker is and what a connection needs.
pub(super) struct Address {
    url: BrokerUrl,
    /// A file of authorities that the scenario names, for its message.
    ca: Option<String>,
    certificates: Certificates,
    name: String,
    wait: f64,
}

/// The contents of the files of a secured connection.
struct Certificates {
    authorities: Option<String>,
    /// The client's certificate and its key.
    own: Option<(Vec<u8>, Vec<u8>)>,
}

impl Address {
    pub(super) fn resolve(settings: &BrokerSettings, names: &RunNames) -> Result<Self, LoadError> {
        let url = BrokerUrl::resolve(TARGET, settings, HERE, PORTS)?;
        let file = |setting: &str, path: &Option<String>| {
            path.as_ref().map(|path| read_file(TARGET, setting, path)).transpose()
        };
        let authorities = file("ca", &settings.ca)?.map(|pem| String::from_utf8_lossy(&pem).into_owned());
        let own = file("certificate", &settings.certificate)?.zip(file("key", &settings.key)?);
        let certificates = Certificates { authorities, own };
        let (name, wait) = (names.connection(), settings.wait);
        Ok(Address { url, ca: settings.ca.clone(), certificates, name, wait })
    }

    /// The same place for a conversation of our own.
    pub(super) fn login(&self, settings: &BrokerSettings) -> Result<Login, LoadError> {
        Login::new(TARGET, self.url.clone(), settings, "amqps", START)
    }

    /// Connects, and tells of what happens to the connection from then on.
    pub(super) async fn connect(&self, shared: &Arc<Shared>) -> Result<Connection, LoadError> {
        let connection = self.connect_unheard().await?;
        tokio::spawn(watch(Box::pin(connection.events_listener()), Arc::clone(shared)));
        Ok(connection)
    }

    /// Connects.
    pub(super) async fn connect_unheard(&self) -> Result<Connection, LoadError> {
        let runtime = lapin::runtime::default_runtime().map_err(|e| self.refused(&e))?;
        let properties = ConnectionProperties::default().with_connection_name(self.name.clone().into());
        let identity = self.certificates.own.clone();
        let tls = OwnedTLSConfig {
            identity: identity.map(|(pem, key)| OwnedIdentity::PKCS8 { pem, key }),
            cert_chain: self.certificates.authorities.clone(),
        };
        let connection = Connection::connect_uri_with_config(self.uri(), properties, tls, runtime).await;
        connection.map_err(|e| self.refused(&e))
    }

    fn uri(&self) -> AMQPUri {
        let url = &self.url;
        let guest = || "guest".to_string();
        AMQPUri {
            scheme: if url.scheme == "amqps" { AMQPScheme::AMQPS } else { AMQPScheme::AMQP },
            authority: AMQPAuthority {
                userinfo: AMQPUserInfo {
                    username: url.user.clone().unwrap_or_else(guest),
                    password: url.password.as_ref().map_or_else(guest, |secret| secret.reveal().into()),
                },
                host: url.host.clone(),
                port: url.port,
            },
            vhost: url.path.clone().filter(|path| !path.is_empty()).unwrap_or_else(|| "/".into()),
            // A connection that is silent for twice to two and a half times the heartbeat is lost.
            query: AMQPQueryString {
                heartbeat: Some((self.wait / 2.5).clamp(1.0, 60.0) as u16),
                ..AMQPQueryString::default()
            },
        }
    }

    /// Nothing came.
    pub(super) fn silent(&self) -> LoadError {
        refuse(format!(
            "{} said nothing for {} s (measurement.broker.wait); is it RabbitMQ that listens there?",
            self.url, self.wait
        ))
    }

    /// What an error of the client means.
    pub(super) fn refused(&self, error: &Error) -> LoadError {
        let url = &self.url;
        let who = || url.user.clone().unwrap_or_else(|| "guest".into());
        match error.kind() {
            ErrorKind::IOError(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => refuse(format!(
                "nobody listens at {url}; start a broker, such as `{START}`, or say where it is by \
                 measurement.broker.url or QUEUELAB_RABBITMQ_URL"
            )),
            ErrorKind::ProtocolError(answer) => {
                let text = answer.get_message().as_str().to_string();
                refuse(match answer.get_id() {
                    403 if text.contains("Login") || text.contains("login") => {
                        format!("{url} refuses user `{}`: wrong password, or no such user", who())
                    }
                    403 => format!("{url} does not let user `{}` do that: {text}", who()),
                    530 => format!(
                        "the virtual host `{}` of {url} is missing, or not open to user `{}`",
                        url.path.as_deref().unwrap_or("/"),
                        who()
                    ),
                    id => format!("{url} refuses: {text} ({id})"),
                })
            }
            _ => refuse(self.tls(&chain(error))),
        }
    }

    /// Why a connection was not secured, from what the client says.
    fn tls(&self, text: &str) -> String {
        let url = &self.url;
        if text.contains("UnknownIssuer") {
            let trusted = self.ca.as_deref().unwrap_or("the system's authorities");
            return format!(
                "the certificate of {url} is signed by an authority that is not in {trusted}; name its \
                 authority's file in measurement.broker.ca"
            );
        }
        if text.contains("NotValidForName") || text.contains("not valid for name") {
            return format!("the certificate of {url} is for another name than {}", url.host);
        }
        if ["UnknownCA", "BadCertificate", "CertificateUnknown"].iter().any(|alert| text.contains(alert)) {
            return format!(
                "{url} does not accept the certificate in measurement.broker.certificate: {text}"
            );
        }
        if text.contains("InvalidContentType") {
            return format!("{url} does not speak TLS: write amqp://, or the port for TLS");
        }
        format!("{url} cannot be reached: {text}")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

/// An error with all that caused it: clients hide the reason inside.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text += &format!(": {more}");
        }
        cause = inner.source();
    }
    text
}

/// Tells of what happens to a connection until it is closed.
async fn watch(mut events: Pin<Box<dyn Stream<Item = Event> + Send>>, shared: Arc<Shared>) {
    let mut blocked = None;
    while let Some(event) = poll_fn(|cx| events.as_mut().poll_next(cx)).await {
        match event {
            Event::ConnectionBlocked(_) => {
                blocked = Some(Monotonic.now());
                shared.blocked.store(true, Ordering::SeqCst);
            }
            Event::ConnectionUnblocked => {
                shared.heard.store(Monotonic.now(), Ordering::SeqCst);
                shared.blocked.store(false, Ordering::SeqCst);
                if let Some(since) = blocked.take() {
                    let nanos = Monotonic.now().saturating_sub(since);
                    shared.listener.trouble(Trouble { at: since, kind: TroubleKind::Blocked { nanos } });
                }
            }
            Event::Error(error) => {
                shared.disconnected(chain(&error));
                shared.wake_all();
                return;
            }
            _ => {}
        }
    }
}
