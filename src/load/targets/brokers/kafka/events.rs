//! What librdkafka's threads tell: deliveries, commits and errors.

use super::reason;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::brokers::common::{MessageBodies, MessagesInside};
use crate::load::targets::{Listener, Trouble, TroubleKind};
use parking_lot::Mutex;
use rdkafka::ClientContext;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::producer::{DeliveryResult, ProducerContext};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The number of all messages that are sent before a run, which is none of the run's.
pub(super) const PRIMER: u64 = u64::MAX;

/// What all handles and clients of a run know.
pub(super) struct KafkaState {
    pub listener: Arc<dyn Listener>,
    pub inside: MessagesInside,
    pub bodies: MessageBodies,
    /// By queue of the scenario: its topic.
    pub topics: Vec<String>,
    /// By queue of the scenario: nothing comes any more.
    closed: Vec<AtomicBool>,
    /// Everybody is to go.
    halted: AtomicBool,
    /// The broker has been reached: that it is not any more ends the run.
    reached: AtomicBool,
    lost: AtomicBool,
    last_error: Mutex<Option<(KafkaError, String)>>,
}

impl KafkaState {
    pub(super) fn new(listener: Arc<dyn Listener>, bodies: MessageBodies, topics: Vec<String>) -> Self {
        KafkaState {
            listener,
            inside: MessagesInside::new(topics.len()),
            bodies,
            closed: topics.iter().map(|_| AtomicBool::new(false)).collect(),
            topics,
            halted: false.into(),
            reached: false.into(),
            lost: false.into(),
            last_error: Mutex::default(),
        }
    }

    pub(super) fn reached(&self) {
        self.reached.store(true, Ordering::Release);
    }

    pub(super) fn close(&self, queue: usize) {
        self.closed[queue].store(true, Ordering::Release);
    }

    pub(super) fn halt(&self) {
        self.halted.store(true, Ordering::Release);
    }

    pub(super) fn is_halted(&self) -> bool {
        self.halted.load(Ordering::Acquire)
    }

    /// Whether nothing is to be taken from a queue any more.
    pub(super) fn is_over(&self, queue: usize) -> bool {
        self.is_halted() || self.lost.load(Ordering::Acquire) || self.closed[queue].load(Ordering::Acquire)
    }

    /// The latest that a client complained of.
    pub(super) fn last_error(&self) -> Option<String> {
        self.last_error.lock().as_ref().map(|(_, why)| why.clone())
    }

    /// Why a login failed, if it did.
    pub(super) fn refusal(&self) -> Option<String> {
        let last = self.last_error.lock();
        let (error, why) = last.as_ref()?;
        let code = error.rdkafka_error_code()?;
        let refused = matches!(
            code,
            Code::Authentication
                | Code::SaslAuthenticationFailed
                | Code::UnsupportedSASLMechanism
                | Code::SSL
        );
        refused.then(|| why.clone())
    }

    /// Nothing more can be expected of the broker.
    pub(super) fn lose(&self, why: &str) {
        let ends = self.reached.load(Ordering::Acquire) && !self.is_halted();
        if ends && !self.lost.swap(true, Ordering::AcqRel) {
            let kind = TroubleKind::Disconnected { why: why.into() };
            self.listener.trouble(Trouble { at: Monotonic.now(), kind });
        }
    }

    fn note(&self, error: KafkaError, why: &str) {
        let ends = matches!(
            error.rdkafka_error_code(),
            Some(Code::AllBrokersDown | Code::Fatal | Code::Authentication)
        );
        if ends {
            self.lose(why);
        }
        // That all are down is the end of it; what came before says why.
        let mut last = self.last_error.lock();
        if last.is_none() || error.rdkafka_error_code() != Some(Code::AllBrokersDown) {
            *last = Some((error, why.into()));
        }
    }
}

/// Whether an error leaves open what became of a request.
pub(super) fn is_transient(code: Code) -> bool {
    matches!(
        code,
        Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::Resolve
            | Code::OperationTimedOut
            | Code::MessageTimedOut
            | Code::TimedOutQueue
            | Code::RequestTimedOut
            | Code::NetworkException
            | Code::PurgeQueue
            | Code::PurgeInflight
    )
}

/// A message that was handed to the producer.
pub(super) struct Published {
    pub queue: usize,
    pub message: u64,
}

/// What a producer tells.
pub(super) struct ProducerEvents {
    pub state: Arc<KafkaState>,
    pub confirms: bool,
}

impl ClientContext for ProducerEvents {
    fn error(&self, error: KafkaError, why: &str) {
        self.state.note(error, why);
    }
}

impl ProducerContext for ProducerEvents {
    type DeliveryOpaque = Box<Published>;

    fn delivery(&self, result: &DeliveryResult<'_>, published: Box<Published>) {
        let Published { queue, message } = *published;
        match result {
            // Nobody waits for it but who takes it.
            _ if message == PRIMER => {}
            Ok(_) if self.confirms => self.state.listener.confirmed(message, Monotonic.now()),
            Ok(_) => {}
            // The broker may have it.
            Err((error, _)) if error.rdkafka_error_code().is_some_and(is_transient) => {}
            Err((error, _)) => {
                self.state.listener.trouble(Trouble {
                    at: Monotonic.now(),
                    kind: TroubleKind::Refused { why: reason(error) },
                });
                self.state.inside.leave(queue);
                self.state.listener.refused(queue, message, Monotonic.now());
            }
        }
    }
}

/// What a consumer tells.
pub(super) struct ConsumerEvents {
    pub state: Arc<KafkaState>,
    /// A commit is on its way.
    pub committing: AtomicBool,
}

impl ClientContext for ConsumerEvents {
    fn error(&self, error: KafkaError, why: &str) {
        self.state.note(error, why);
    }
}

impl ConsumerContext for ConsumerEvents {
    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        self.committing.store(false, Ordering::Release);
        if let Err(error) = result {
            self.state.note(error, "an offset could not be committed");
        }
    }
}
