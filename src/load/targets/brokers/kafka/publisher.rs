//! A thread's handle of a producer.

use super::KafkaProducer;
use super::events::{KafkaState, Published};
use crate::load::targets::{PublishRequest, Publisher, Sent};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::BaseRecord;
use std::sync::Arc;
use std::time::Duration;

/// Sends messages for one thread.
pub(super) struct KafkaPublisher<'a> {
    producer: Arc<KafkaProducer>,
    state: &'a KafkaState,
    body: Vec<u8>,
}

impl<'a> KafkaPublisher<'a> {
    pub(super) fn new(producer: Arc<KafkaProducer>, state: &'a KafkaState) -> Self {
        KafkaPublisher { producer, state, body: Vec::new() }
    }

    pub(super) fn state(&self) -> &'a KafkaState {
        self.state
    }
}

impl Publisher for KafkaPublisher<'_> {
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent {
        let PublishRequest { message, part, size, .. } = *request;
        self.state.bodies.write(message, size, &mut self.body);
        self.state.inside.enter(queue);
        let mut published = Box::new(Published { queue, message });
        loop {
            let record = BaseRecord::<(), [u8], _>::with_opaque_to(&self.state.topics[queue], published);
            let record = record.partition(part as i32).payload(&self.body[..]);
            let (error, record) = match self.producer.send(record) {
                Ok(()) => return Sent::Pending,
                Err(refused) => refused,
            };
            let full = matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
            if !full || self.state.is_halted() {
                self.state.inside.leave(queue);
                return if full { Sent::Closed } else { Sent::Rejected };
            }
            // The client's own memory is full: the broker does not keep up.
            published = record.delivery_opaque;
            self.producer.poll(Duration::from_millis(1));
        }
    }
}
