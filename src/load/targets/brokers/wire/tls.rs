//! What makes a connection secret: whose signature is trusted, and who we are.

use crate::load::LoadError;
use crate::load::targets::brokers::common::{failed, read_file};
use crate::scenario::BrokerSettings;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, RootCertStore};
use std::sync::Arc;

/// How connections of a run are secured.
#[derive(Debug, Clone)]
pub(in crate::load::targets) struct Security {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    /// Who is trusted, in words.
    trusted: String,
}

impl Security {
    /// As the scenario says, for a broker of a name.
    ///
    /// # Errors
    /// A file that cannot be used, or a name that no certificate can have.
    pub(in crate::load::targets) fn new(
        target: &str,
        settings: &BrokerSettings,
        host: &str,
    ) -> Result<Self, LoadError> {
        let wrong = |why: String| failed(target, why);
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let trusted = match &settings.ca {
            Some(path) => {
                add_authorities(&mut roots, target, path)?;
                path.clone()
            }
            None if roots.is_empty() => {
                let why = "this system trusts no authority: name one's certificates in measurement.broker.ca";
                return Err(wrong(why.into()));
            }
            None => "this system's store: name it in measurement.broker.ca".into(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| wrong(why.to_string()))?
            .with_root_certificates(roots);
        let config = match (&settings.certificate, &settings.key) {
            (Some(certificate), Some(key)) => {
                let (chain, key) =
                    (certificates(target, "certificate", certificate)?, private_key(target, key)?);
                builder.with_client_auth_cert(chain, key).map_err(|why| {
                    wrong(format!("measurement.broker.certificate and key cannot be used: {why}"))
                })?
            }
            (None, None) => builder.with_no_client_auth(),
            _ => {
                return Err(wrong(
                    "measurement.broker.certificate and key belong together: write both".into(),
                ));
            }
        };
        let name = ServerName::try_from(host.to_string())
            .map_err(|_| wrong(format!("`{host}` is no name that a certificate can have")))?;
        Ok(Security { config: Arc::new(config), name, trusted })
    }

    /// A new connection's secrets.
    pub(super) fn begin(&self) -> Result<ClientConnection, rustls::Error> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone())
    }

    /// Why a connection could not be secured, as a clause.
    pub(super) fn why(&self, error: &rustls::Error) -> String {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                format!("its certificate is signed by an authority that is not in {}", self.trusted)
            }
            rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext {
                presented, ..
            }) => {
                // Each is told as DnsName("localhost").
                let names: Vec<&str> = presented.iter().filter_map(|name| name.split('"').nth(1)).collect();
                format!("its certificate is for {}, not {}", names.join(", "), self.name.to_str())
            }
            rustls::Error::InvalidCertificate(CertificateError::NotValidForName) => {
                format!("its certificate is for another name than {}", self.name.to_str())
            }
            rustls::Error::InvalidMessage(_) => "it does not speak TLS there".into(),
            other => refused_certificate(other)
                .unwrap_or_else(|| format!("the connection cannot be secured: {other}")),
        }
    }
}

/// What a broker says of a client's certificate, as a clause. By TLS 1.3 it comes after the handshake.
pub(super) fn refused_certificate(error: &rustls::Error) -> Option<String> {
    use rustls::AlertDescription as Alert;
    let rustls::Error::AlertReceived(alert) = error else { return None };
    let why = match alert {
        Alert::UnknownCA => "is signed by an authority that it does not trust",
        Alert::CertificateExpired => "has expired",
        Alert::CertificateRevoked => "was revoked",
        Alert::CertificateRequired => "is missing: it asks for one",
        Alert::BadCertificate | Alert::CertificateUnknown | Alert::UnsupportedCertificate => {
            "is not one that it accepts"
        }
        _ => return None,
    };
    Some(format!("the certificate in measurement.broker.certificate {why}"))
}

/// Trusts the authorities of a file, besides those that are trusted.
fn add_authorities(roots: &mut RootCertStore, target: &str, path: &str) -> Result<(), LoadError> {
    for certificate in certificates(target, "ca", path)? {
        roots.add(certificate).map_err(|why| {
            let what = format!("measurement.broker.ca = \"{path}\" holds a certificate that is none");
            failed(target, format!("{what}: {why}"))
        })?;
    }
    Ok(())
}

fn certificates(target: &str, setting: &str, path: &str) -> Result<Vec<CertificateDer<'static>>, LoadError> {
    let pem = read_file(target, setting, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| {
        failed(target, format!("measurement.broker.{setting} = \"{path}\" holds no certificate in PEM"))
    })
}

fn private_key(target: &str, path: &str) -> Result<PrivateKeyDer<'static>, LoadError> {
    let pem = read_file(target, "key", path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        failed(target, format!("measurement.broker.key = \"{path}\" holds no private key in PEM"))
    })
}
