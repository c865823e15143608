//! Messages that go there and back before a run: the first ones to a new topic are late by hundreds of
//! milliseconds, and a virtual machine compiles what it has run often.

use super::client::KafkaClients;
use super::events::{KafkaState, PRIMER, Published};
use super::line::PartitionReader;
use super::{KafkaProducer, reason};
use crate::load::LoadError;
use rdkafka::producer::BaseRecord;
use std::time::{Duration, Instant};

/// How many go through each queue.
const PRIMERS: u64 = 2_000;

/// The fewest for each partition.
const FEWEST: u64 = 10;

/// Bytes of each.
const SIZE: u32 = 100;

/// Sends messages through the partitions of one queue, and takes them.
///
/// # Errors
/// One was refused, or they did not come within the time that is waited for answers.
pub(super) fn prime(
    readers: &[PartitionReader],
    clients: &KafkaClients,
    producer: &KafkaProducer,
    state: &KafkaState,
) -> Result<(), LoadError> {
    let (mut body, until) = (Vec::new(), Instant::now() + clients.wait);
    state.bodies.write(PRIMER, SIZE, &mut body);
    for (part, reader) in readers.iter().enumerate() {
        let (topic, queue) = (&state.topics[reader.queue], reader.queue);
        let each = (PRIMERS / readers.len() as u64).max(FEWEST);
        for _ in 0..each {
            let published = Box::new(Published { queue, message: PRIMER });
            let record = BaseRecord::<(), [u8], _>::with_opaque_to(topic, published);
            let sent = producer.send(record.partition(part as i32).payload(&body[..]));
            sent.map_err(|(error, _)| {
                clients.refused(&format!("no message to topic {topic}"), &reason(&error))
            })?;
        }
        let mut back = 0;
        while back < each {
            if let Some(delivery) = reader.read(Duration::from_millis(10)) {
                back += u64::from(reader.settle(delivery.tag));
            } else if Instant::now() >= until {
                let seconds = clients.wait.as_secs_f64();
                let why = state.last_error().unwrap_or_else(|| "no error was told".into());
                let what =
                    format!("{back} of {each} messages came back from topic {topic} within {seconds} s");
                return Err(clients.refused(&what, &why));
            }
        }
    }
    Ok(())
}
