//! Publishing: frames are queued for the wire at once, and the confirm is told of when it comes.

use super::{RabbitMq, Shared};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::{PublishRequest, Publisher, Sent, Trouble, TroubleKind};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

/// One thread's channel for publishing.
pub(super) struct ChannelPublisher {
    broker: Arc<RabbitMq>,
    channel: Channel,
}

/// Where a message goes, and what it brings besides its body.
pub(super) struct Envelope {
    pub key: ShortString,
    pub properties: BasicProperties,
}

impl ChannelPublisher {
    pub(super) fn new(broker: &Arc<RabbitMq>) -> Result<Self, LoadError> {
        let channel = broker.channel()?;
        if broker.settings.confirm {
            let selected = broker
                .runtime
                .wait(broker.settings.wait, channel.confirm_select(ConfirmSelectOptions::default()));
            selected.ok_or_else(|| broker.address.silent())?.map_err(|e| broker.address.refused(&e))?;
        }
        Ok(ChannelPublisher { broker: Arc::clone(broker), channel })
    }
}

impl Publisher for ChannelPublisher {
    fn publish(&mut self, queue: usize, request: &PublishRequest) -> Sent {
        let shared = &self.broker.shared;
        if shared.halted.load(Ordering::Acquire) || !self.channel.status().connected() {
            return Sent::Closed;
        }
        let mut body = Vec::new();
        shared.bodies.write(request.message, request.size, &mut body);
        let Envelope { key, properties } = envelope(shared, queue, request);
        shared.inside.enter(queue);
        let (shared, channel) = (Arc::clone(shared), self.channel.clone());
        let mut sent = Box::pin(send(shared, channel, key, body, properties, (queue, request.message)));
        // The first poll queues the frames, in the order of the calls; the rest is waited for elsewhere.
        if sent.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            self.broker.runtime.handle().spawn(sent);
        }
        if self.broker.settings.confirm { Sent::Pending } else { Sent::Accepted }
    }
}

/// Where a message goes, and with what properties.
pub(super) fn envelope(shared: &Shared, queue: usize, request: &PublishRequest) -> Envelope {
    let settings = &shared.queues.each[queue];
    let mut properties = BasicProperties::default().with_delivery_mode(if settings.durable { 2 } else { 1 });
    if request.rank != 0 {
        // The rank is the priority, turned round.
        let priority = (-request.rank).saturating_sub(settings.lowest).clamp(0, 255);
        properties = properties.with_priority(priority as u8);
    } else if settings.lowest < 0 {
        properties = properties.with_priority((-settings.lowest).clamp(0, 255) as u8);
    }
    if let Some(ttl) = request.ttl.filter(|_| settings.own_ttl) {
        properties = properties.with_expiration((ttl / 1_000_000).to_string().into());
    }
    Envelope { key: settings.keys[request.part.min(settings.keys.len() - 1)].clone(), properties }
}

/// Publishes to a queue, and tells of the confirm.
pub(super) async fn send(
    shared: Arc<Shared>,
    channel: Channel,
    key: ShortString,
    body: Vec<u8>,
    properties: BasicProperties,
    (queue, message): (usize, u64),
) {
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    shared.asks();
    let confirmed = match channel.basic_publish("".into(), key, options, &body, properties).await {
        Ok(confirm) => {
            drop(body);
            confirm.await
        }
        Err(error) => Err(error),
    };
    shared.answered();
    // A lost connection tells of itself.
    let Ok(confirmation) = confirmed else { return };
    let at = Monotonic.now();
    match confirmation {
        Confirmation::Ack(None) => shared.listener.confirmed(message, at),
        Confirmation::Ack(Some(_)) => {
            shared.inside.leave(queue);
            shared.listener.trouble(Trouble { at, kind: TroubleKind::Returned });
        }
        Confirmation::Nack(_) => {
            shared.listener.refused(queue, message, at);
            shared.inside.leave(queue);
        }
        Confirmation::NotRequested => {}
    }
}
