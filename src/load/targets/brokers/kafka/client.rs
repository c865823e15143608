//! Where Kafka is and how it is spoken to: the settings of librdkafka's clients, and their errors.

use super::events::{ConsumerEvents, KafkaState, ProducerEvents};
use super::{KafkaConsumer, KafkaProducer, TARGET, reason};
use crate::load::LoadError;
use crate::load::targets::brokers::capabilities::kafka::START;
use crate::load::targets::brokers::common::{BrokerUrl, RunNames, failed};
use crate::scenario::BrokerSettings;
use rdkafka::ClientConfig;
use rdkafka::admin::AdminClient;
use rdkafka::client::DefaultClientContext;
use rdkafka::config::{FromClientConfig, FromClientConfigAndContext};
use rdkafka::error::KafkaError;
use rdkafka::metadata::Metadata;
use rdkafka::producer::Producer;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// The schemes of its addresses, with their usual ports.
const SCHEMES: &[(&str, u16)] = &[("kafka", 9092), ("kafka+ssl", 9093)];

/// How long a request for metadata may take before it is looked whether the login failed.
const STEP: Duration = Duration::from_millis(500);

/// Makes clients of one broker.
pub(super) struct KafkaClients {
    url: BrokerUrl,
    config: ClientConfig,
    /// How long an answer is waited for.
    pub wait: Duration,
    /// Whether publishes are confirmed.
    confirm: bool,
}

impl KafkaClients {
    /// # Errors
    /// Settings that cannot be used.
    pub(super) fn new(broker: &BrokerSettings, names: &RunNames) -> Result<Self, LoadError> {
        let url = BrokerUrl::resolve(TARGET, broker, "kafka://127.0.0.1:9092", SCHEMES)?;
        let tls = url.scheme == "kafka+ssl";
        if tls && !cfg!(feature = "kafka-tls") {
            let why = "this program's client of Kafka speaks no TLS: build it with --features kafka-tls";
            return Err(failed(TARGET, why));
        }
        let wait = Duration::from_secs_f64(broker.wait.clamp(0.01, 3_600.0));
        let patience = wait.max(Duration::from_secs(2)).as_millis().to_string();
        let host = if url.host.contains(':') { format!("[{}]", url.host) } else { url.host.clone() };
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", format!("{host}:{}", url.port));
        config.set("client.id", names.connection());
        config.set("socket.timeout.ms", &patience).set("socket.nagle.disable", "true");
        config.set(
            "security.protocol",
            match (tls, url.user.is_some()) {
                (false, false) => "PLAINTEXT",
                (false, true) => "SASL_PLAINTEXT",
                (true, false) => "SSL",
                (true, true) => "SASL_SSL",
            },
        );
        if let Some(user) = &url.user {
            config.set("sasl.mechanism", "PLAIN").set("sasl.username", user);
            config.set("sasl.password", url.password.as_ref().map_or("", |password| password.reveal()));
        }
        let files = [&broker.ca, &broker.certificate, &broker.key];
        for (key, file) in
            ["ssl.ca.location", "ssl.certificate.location", "ssl.key.location"].iter().zip(files)
        {
            if let Some(path) = file.as_ref().filter(|_| tls) {
                config.set(*key, path);
            }
        }
        Ok(KafkaClients { url, config, wait, confirm: broker.confirm })
    }

    /// # Errors
    /// The client cannot be made.
    pub(super) fn producer(&self, state: &Arc<KafkaState>) -> Result<KafkaProducer, LoadError> {
        let mut config = self.config.clone();
        // A message leaves at once, is sent once, and is given up when its answer is.
        config.set("linger.ms", "0").set("message.send.max.retries", "0");
        // As many requests on the way as a Java client has: what comes meanwhile goes into the next one.
        config.set("max.in.flight.requests.per.connection", "5");
        config.set("acks", if self.confirm { "all" } else { "0" });
        config.set("message.timeout.ms", self.wait.as_millis().max(1_000).to_string());
        config.set("queue.buffering.max.messages", "1000000");
        let events = ProducerEvents { state: Arc::clone(state), confirms: self.confirm };
        KafkaProducer::from_config_and_context(&config, events).map_err(|error| self.unusable(&error))
    }

    /// # Errors
    /// The client cannot be made.
    pub(super) fn consumer(&self, state: &Arc<KafkaState>, group: &str) -> Result<KafkaConsumer, LoadError> {
        let mut config = self.config.clone();
        config.set("group.id", group).set("enable.auto.commit", "false");
        config.set("enable.auto.offset.store", "false").set("auto.offset.reset", "earliest");
        config.set("fetch.wait.max.ms", "500").set("fetch.queue.backoff.ms", "1");
        let events = ConsumerEvents { state: Arc::clone(state), committing: AtomicBool::new(false) };
        KafkaConsumer::from_config_and_context(&config, events).map_err(|error| self.unusable(&error))
    }

    /// # Errors
    /// The client cannot be made.
    pub(super) fn admin(&self) -> Result<AdminClient<DefaultClientContext>, LoadError> {
        AdminClient::from_config(&self.config).map_err(|error| self.unusable(&error))
    }

    /// Whether somebody listens and lets us in: what the cluster says of itself.
    ///
    /// # Errors
    /// Why not, and what to do about it.
    pub(super) fn greet(&self, producer: &KafkaProducer, state: &KafkaState) -> Result<Metadata, LoadError> {
        let until = Instant::now() + self.wait;
        self.listens()?;
        loop {
            let step =
                STEP.min(until.saturating_duration_since(Instant::now())).max(Duration::from_millis(10));
            let why = match producer.client().fetch_metadata(None, step) {
                Ok(metadata) => return Ok(metadata),
                Err(error) => reason(&error),
            };
            if let Some(why) = state.last_error().and_then(|why| self.unsecured(&why)) {
                return Err(failed(TARGET, why));
            }
            if let Some(refusal) = state.refusal() {
                return Err(failed(
                    TARGET,
                    format!("{} does not let {} in: {refusal}", self.url, self.user()),
                ));
            }
            if Instant::now() >= until {
                let seconds = self.wait.as_secs_f64();
                let told = state.last_error().unwrap_or(why);
                let why = format!(
                    "{} accepted the connection and said nothing for {seconds} s that is of its protocol: {told}",
                    self.url
                );
                return Err(failed(TARGET, why));
            }
        }
    }

    /// Why a connection was not secured, from what the client says, which does not tell an unknown authority
    /// from a wrong name.
    fn unsecured(&self, said: &str) -> Option<String> {
        let (url, said) = (&self.url, said.to_lowercase());
        if said.contains("certificate verify failed") {
            let trusted = self.config.get("ssl.ca.location");
            let trusted = trusted.unwrap_or("the system's store: name it in measurement.broker.ca");
            return Some(format!(
                "the certificate of {url} is signed by an authority that is not in {trusted}, or it is for \
                 another name than {}",
                url.host
            ));
        }
        let alerts = ["alert unknown ca", "alert bad certificate", "alert certificate unknown"];
        alerts.iter().any(|alert| said.contains(alert)).then(|| {
            format!("{url} does not accept the certificate in measurement.broker.certificate: {said}")
        })
    }

    fn listens(&self) -> Result<(), LoadError> {
        let nobody = |why: String| {
            let url = &self.url;
            failed(
                TARGET,
                format!(
                    "nobody listens at {url} ({why}); start a broker, such as `{START}`, or say where it is \
                     by measurement.broker.url or QUEUELAB_KAFKA_URL"
                ),
            )
        };
        let addresses = (self.url.host.as_str(), self.url.port).to_socket_addrs();
        let mut last = "its name has no address".to_string();
        for address in addresses.map_err(|error| nobody(error.to_string()))? {
            match TcpStream::connect_timeout(&address, self.wait) {
                Ok(_) => return Ok(()),
                Err(error) => last = error.to_string(),
            }
        }
        Err(nobody(last))
    }

    /// Where it is, without credentials.
    pub(super) fn place(&self) -> String {
        self.url.to_string()
    }

    fn user(&self) -> String {
        self.url.user.as_ref().map_or("somebody without a name".into(), |user| format!("user `{user}`"))
    }

    /// A request that the broker would not grant.
    pub(super) fn refused(&self, what: &str, why: &str) -> LoadError {
        failed(TARGET, format!("{what} at {} by {}: {why}", self.url, self.user()))
    }

    fn unusable(&self, error: &KafkaError) -> LoadError {
        // What the client quotes of its settings may be a password.
        let why = match error {
            KafkaError::ClientConfig(_, why, key, _) => format!("{key}: {why}"),
            other => reason(other),
        };
        failed(TARGET, format!("no client for {}: {why}", self.url))
    }
}
