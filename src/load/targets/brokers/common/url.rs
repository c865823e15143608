//! Where a broker is, and as whom it is used.
//!
//! The scenario may say where, and only there; user and password come from the environment or from a file
//! that it names, and are never shown.

use super::failed;
use super::secret::Secret;
use crate::load::LoadError;
use crate::scenario::BrokerSettings;
use std::fmt;

/// The variable that names a file of credentials.
const CREDENTIALS: &str = "QUEUELAB_CREDENTIALS";

/// A broker's address and credentials. Shown without the latter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::load::targets) struct BrokerUrl {
    pub scheme: String,
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
    /// What follows the port, without the slash, decoded; `None` if there is no slash.
    pub path: Option<String>,
    pub user: Option<String>,
    pub password: Option<Secret>,
}

impl BrokerUrl {
    /// Where the broker of a target is: as the scenario says, or `QUEUELAB_<TARGET>_URL`, or else by default.
    /// `ports` are schemes and their usual ports.
    ///
    /// # Errors
    /// An address or credentials that cannot be used, and what to write instead.
    pub(in crate::load::targets) fn resolve(
        target: &str,
        broker: &BrokerSettings,
        default: &str,
        ports: &[(&str, u16)],
    ) -> Result<Self, LoadError> {
        let variable = format!("QUEUELAB_{}_URL", target.to_uppercase());
        let wrong =
            |place: &str, why: UrlError| failed(target, format!("{place} is no address of a broker: {why}"));
        let set = std::env::var(&variable).ok().filter(|text| !text.is_empty());
        let set = set.map(|text| parse(&text, ports).map_err(|why| wrong(&variable, why))).transpose()?;
        let stated = broker.url.as_deref().map(|text| parse(text, ports));
        let stated = stated.transpose().map_err(|why| wrong("measurement.broker.url", why))?;
        let mut url = match (stated, set) {
            // A password is for its own broker alone.
            (Some(stated), Some(set)) if (&stated.host, stated.port) == (&set.host, set.port) => {
                BrokerUrl { user: set.user, password: set.password, ..stated }
            }
            (Some(url), _) | (None, Some(url)) => url,
            (None, None) => parse(default, ports).map_err(|why| wrong("the default", why))?,
        };
        if url.user.is_none()
            && url.password.is_none()
            && let Some(path) = std::env::var_os(CREDENTIALS)
        {
            (url.user, url.password) = from_file(target, &path.to_string_lossy())?;
        }
        Ok(url)
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{}://{host}:{}", self.scheme, self.port)?;
        self.path.as_ref().map_or(Ok(()), |path| write!(f, "/{}", path.replace('/', "%2f")))
    }
}

/// What is wrong with an address. It is not quoted: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum UrlError {
    #[error("write it with {0}")]
    NoScheme(String),
    #[error("its scheme must be {0}")]
    OtherScheme(String),
    #[error("it names no host")]
    NoHost,
    #[error("its port is no number")]
    NoPort,
    #[error("a % in it is not followed by two hexadecimal digits")]
    BadEscape,
}

/// An address of one of some schemes.
fn parse(text: &str, ports: &[(&str, u16)]) -> Result<BrokerUrl, UrlError> {
    let schemes = || ports.iter().map(|(scheme, _)| format!("{scheme}://")).collect::<Vec<_>>().join(" or ");
    let (scheme, rest) = text.split_once("://").ok_or_else(|| UrlError::NoScheme(schemes()))?;
    let &(scheme, usual) = ports
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(scheme))
        .ok_or_else(|| UrlError::OtherScheme(schemes()))?;
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, Some(decode(path)?)),
        None => (rest, None),
    };
    let (login, place) = authority.rsplit_once('@').map_or((None, authority), |(l, p)| (Some(l), p));
    let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
        Some((user, password)) => {
            (Some(decode(user)?).filter(|u| !u.is_empty()), Some(decode(password)?).filter(|p| !p.is_empty()))
        }
        None => (None, None),
    };
    let (host, port) = match place.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => place.rsplit_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    let port = port.map_or(Ok(usual), |port| port.parse().map_err(|_| UrlError::NoPort))?;
    let password = password.map(Secret::new);
    Ok(BrokerUrl { scheme: scheme.into(), host: host.into(), port, path, user, password })
}

/// Text in which `%2f` stands for a slash.
fn decode(text: &str) -> Result<String, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let hex =
                after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).ok_or(UrlError::BadEscape)?;
            bytes.push(u8::from_str_radix(hex, 16).map_err(|_| UrlError::BadEscape)?);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).map_err(|_| UrlError::BadEscape)
}

/// User and password of a target from a file such as `rabbitmq.user = "…"`, which nobody else may read.
fn from_file(target: &str, path: &str) -> Result<(Option<String>, Option<Secret>), LoadError> {
    let wrong = |why: String| failed(target, format!("{CREDENTIALS} names {path}, which {why}"));
    let unread = |why: std::io::Error| wrong(format!("cannot be read: {why}"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(unread)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(wrong(format!("others may read (mode {mode:o}); write chmod 600 {path}")));
        }
    }
    let text = std::fs::read_to_string(path).map_err(unread)?;
    // What the parser would quote may be a password.
    let table: toml::Table = text.parse().map_err(|_| {
        wrong(format!("is not written as {target}.user = \"…\" and {target}.password = \"…\""))
    })?;
    let entry = table.get(target).and_then(toml::Value::as_table);
    let value = |key: &str| entry.and_then(|entry| entry.get(key)?.as_str().map(String::from));
    Ok((value("user"), value("password").map(Secret::new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: &[(&str, u16)] = &[("amqp", 5672), ("amqps", 5671)];

    #[test]
    fn an_address_is_shown_bare() {
        let url = parse("amqps://app:se%2Fcr@et@broker.example/%2fwork", PORTS).expect("an address");
        assert_eq!(
            (url.user.as_deref(), url.password.as_ref().map(Secret::reveal)),
            (Some("app"), Some("se/cr@et"))
        );
        assert_eq!(url.to_string(), "amqps://broker.example:5671/%2fwork");
        assert!(!format!("{url:?}").contains("se/cr"));
        let url = parse("amqp://[::1]:99", PORTS).expect("an address");
        assert_eq!((url.host.as_str(), url.port, url.to_string().as_str()), ("::1", 99, "amqp://[::1]:99"));
    }

    #[test]
    fn what_is_wrong_is_told_without_the_password() {
        for text in [
            "http://u:secret@host",
            "amqp://u:secret@host:port",
            "amqp://u:secret@",
            "u:secret",
            "amqp://u:sec%ret@h",
        ] {
            let why = parse(text, PORTS).expect_err("no address").to_string();
            assert!(!why.contains("secret") && !why.contains("sec%"), "{why}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn credentials_that_others_can_read_are_refused() {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("queuelab-credentials-{}", std::process::id()));
        std::fs::write(&path, "rabbitmq.user = \"app\"\nrabbitmq.password = \"kept\"\n").expect("a file");
        let name = path.to_string_lossy().into_owned();
        let mode = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("our file");
        mode(0o640);
        assert!(from_file("rabbitmq", &name).expect_err("refused").to_string().contains("chmod 600"));
        mode(0o600);
        let (user, password) = from_file("rabbitmq", &name).expect("read");
        assert_eq!((user.as_deref(), password.as_ref().map(Secret::reveal)), (Some("app"), Some("kept")));
        assert_eq!(from_file("nats", &name).expect("read"), (None, None));
        std::fs::remove_file(&path).expect("our file");
    }
}
