//! What the broker throws out: it dead-letters expired and dropped messages to a queue of the adapter, which
//! tells of them and sends them on to the scenario's dead letters.

use super::Shared;
use super::publish::{Envelope, envelope, send};
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{LostMessage, PublishRequest};
use crate::message::Outcome;
use futures_core::Stream;
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, Consumer, Result};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

/// Listens to what is thrown out of every queue that throws out.
pub(super) async fn hear(connection: &Connection, shared: &Arc<Shared>) -> Result<()> {
    for (queue, settings) in shared.queues.each.iter().enumerate() {
        let Some(losses) = settings.losses.clone() else { continue };
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let options = BasicConsumeOptions { no_ack: true, ..Default::default() };
        let consumer = channel.basic_consume(losses, "".into(), options, FieldTable::default()).await?;
        tokio::spawn(tell(consumer, channel, queue, Arc::clone(shared)));
    }
    Ok(())
}

async fn tell(mut consumer: Consumer, channel: Channel, queue: usize, shared: Arc<Shared>) {
    while let Some(Ok(delivery)) = poll_fn(|cx| Pin::new(&mut consumer).poll_next(cx)).await {
        let Some(message) = shared.bodies.read(&delivery.data) else {
            shared.foreign();
            continue;
        };
        let dead = shared.queues.each[queue].dead_letter;
        // What a consumer gave up has been told of.
        if reason(&delivery).as_deref() != Some("rejected") {
            let outcome = match (dead, reason(&delivery).as_deref()) {
                (Some(_), _) => Outcome::DeadLettered,
                (None, Some("expired")) => Outcome::Expired,
                (None, _) => Outcome::Dropped,
            };
            let deliveries = shared.redeliveries.deliveries(queue, message, false) - 1;
            shared.listener.lost(LostMessage { queue, message, at: Monotonic.now(), outcome, deliveries });
        }
        if let Some(dead) = dead {
            shared.inside.enter(dead);
            let size = u32::try_from(delivery.data.len()).unwrap_or(u32::MAX);
            let request = PublishRequest { message, size, ..PublishRequest::default() };
            let Envelope { key, properties } = envelope(&shared, dead, &request);
            tokio::spawn(send(
                Arc::clone(&shared),
                channel.clone(),
                key,
                delivery.data,
                properties,
                (dead, message),
            ));
        }
        // Entered there before it left here, so that it is never nowhere.
        shared.inside.leave(queue);
    }
}

/// Why the broker dead-lettered a message the last time.
fn reason(delivery: &Delivery) -> Option<String> {
    let headers = delivery.properties.headers().as_ref()?;
    let AMQPValue::FieldArray(deaths) = headers.inner().get("x-death")? else { return None };
    let AMQPValue::FieldTable(last) = deaths.as_slice().first()? else { return None };
    match last.inner().get("reason")? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        _ => None,
    }
}
