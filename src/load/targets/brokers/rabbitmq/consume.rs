//! Consuming: a server's thread polls its own stream of deliveries and is unparked by it, so that nothing
//! lies between the client and the server.

use super::publish::send;
use super::{RabbitMq, Shared};
use crate::load::LoadError;
use crate::load::clock::{Clock, Monotonic};
use crate::load::targets::brokers::waker::waker_of;
use crate::load::targets::{Delivery, LostMessage, Receiver, Subscription};
use crate::message::Outcome;
use futures_core::Stream;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// How long a thread waits before it looks whether all is over, if nobody wakes it.
const LOOK: u64 = 100_000_000;

/// One server's channel, and its subscription while it has one.
pub(super) struct ChannelReceiver {
    broker: Arc<RabbitMq>,
    channel: Channel,
    of: Subscription,
    consumer: Option<Consumer>,
    /// Deliveries that are not settled, where they may have to be published again.
    held: Vec<lapin::message::Delivery>,
    /// Wakes the thread that takes.
    waker: Option<(thread::ThreadId, Waker)>,
}

impl ChannelReceiver {
    pub(super) fn new(broker: &Arc<RabbitMq>, of: Subscription) -> Result<Self, LoadError> {
        let channel = broker.channel()?;
        let prefetch = u16::try_from(of.hold).unwrap_or(u16::MAX);
        let set = broker
            .runtime
            .wait(broker.settings.wait, channel.basic_qos(prefetch, BasicQosOptions::default()));
        set.ok_or_else(|| broker.address.silent())?.map_err(|e| broker.address.refused(&e))?;
        let broker = Arc::clone(broker);
        Ok(ChannelReceiver { broker, channel, of, consumer: None, held: Vec::new(), waker: None })
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.broker.shared
    }

    /// Subscribes unless it is; false if that fails.
    fn subscribe(&mut self) -> bool {
        if self.consumer.is_some() {
            return true;
        }
        let keys = &self.shared().queues.each[self.of.queue].keys;
        let key = keys[self.of.part.min(keys.len() - 1)].clone();
        let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
        let made = self.channel.basic_consume(key, "".into(), options, arguments);
        match self.broker.runtime.wait(self.broker.settings.wait, made) {
            Some(Ok(consumer)) => self.consumer = Some(consumer),
            Some(Err(error)) => self.shared().disconnected(self.broker.address.refused(&error).to_string()),
            None => self.shared().disconnected(self.broker.address.silent().to_string()),
        }
        self.consumer.is_some()
    }

    /// The next delivery of the stream, or a wake-up of this thread when there is one.
    fn poll(&mut self) -> Poll<Option<lapin::Result<lapin::message::Delivery>>> {
        let here = thread::current();
        if self.waker.as_ref().is_none_or(|(thread, _)| *thread != here.id()) {
            self.broker.shared.waiting.lock().push(here.clone());
            self.waker = Some((here.id(), waker_of(here)));
        }
        let (Some((_, waker)), Some(consumer)) = (&self.waker, &mut self.consumer) else {
            return Poll::Ready(None);
        };
        Pin::new(consumer).poll_next(&mut Context::from_waker(waker))
    }

    /// A delivery as the harness knows it; `None` if somebody else sent it.
    fn delivered(&mut self, delivery: lapin::message::Delivery) -> Option<Delivery> {
        let tag = delivery.delivery_tag;
        let Some(message) = self.shared().bodies.read(&delivery.data) else {
            self.shared().foreign();
            self.say(self.channel.basic_ack(tag, BasicAckOptions::default()));
            return None;
        };
        let deliveries = self.shared().redeliveries.deliveries(self.of.queue, message, delivery.redelivered);
        if self.shared().queues.each[self.of.queue].delays {
            self.held.push(delivery);
        }
        Some(Delivery { message, deliveries, tag, part: self.of.part, until: u64::MAX })
    }

    /// Queues a frame for the wire, which the first poll does, and waits for nothing.
    fn say(&self, frame: impl Future<Output = lapin::Result<()>>) -> bool {
        let said = pin!(frame).poll(&mut Context::from_waker(Waker::noop()));
        !matches!(said, Poll::Ready(Err(_)))
    }

    /// A delivery is settled: what was kept of it.
    fn settled(&mut self, tag: u64) -> Option<lapin::message::Delivery> {
        let place = self.held.iter().position(|held| held.delivery_tag == tag)?;
        Some(self.held.swap_remove(place))
    }

    /// Publishes a message again after a delay, at the end of its line.
    fn publish_later(&self, message: u64, was: lapin::message::Delivery, delay: u64) {
        let (shared, channel, queue) = (Arc::clone(self.shared()), self.channel.clone(), self.of.queue);
        self.broker.runtime.handle().spawn(async move {
            tokio::time::sleep(Duration::from_nanos(delay)).await;
            send(shared, channel, was.routing_key, was.data, was.properties, (queue, message)).await;
        });
    }
}

impl Receiver for ChannelReceiver {
    fn take(&mut self, most: usize, until: u64, out: &mut Vec<Delivery>) -> bool {
        if !self.subscribe() {
            return false;
        }
        let before = out.len();
        while out.len() < before + most {
            match self.poll() {
                Poll::Ready(Some(Ok(delivery))) => out.extend(self.delivered(delivery)),
                Poll::Ready(Some(Err(error))) => {
                    self.shared().disconnected(error.to_string());
                    return false;
                }
                Poll::Ready(None) => {
                    self.shared().disconnected("the broker cancelled a consumer".into());
                    return false;
                }
                Poll::Pending => {
                    let now = Monotonic.now();
                    if out.len() > before || now >= until {
                        return true;
                    }
                    if self.shared().is_over(self.of.queue) {
                        return false;
                    }
                    thread::park_timeout(Duration::from_nanos((until - now).min(LOOK)));
                }
            }
        }
        true
    }

    fn ack(&mut self, delivery: &Delivery) -> bool {
        self.settled(delivery.tag);
        let settled = self.say(self.channel.basic_ack(delivery.tag, BasicAckOptions::default()));
        if settled {
            self.shared().inside.leave(self.of.queue);
        }
        settled
    }

    fn nack(&mut self, delivery: &Delivery, delay: u64) -> bool {
        let (shared, queue) = (Arc::clone(self.shared()), self.of.queue);
        let &Delivery { message, deliveries, tag, .. } = delivery;
        let settings = &shared.queues.each[queue];
        if settings.delivery_limit.is_some_and(|limit| deliveries >= limit) {
            let dead = settings.dead_letter;
            let outcome = if dead.is_some() { Outcome::DeadLettered } else { Outcome::Dropped };
            shared.listener.lost(LostMessage { queue, message, at: Monotonic.now(), outcome, deliveries });
            self.settled(tag);
            // Where losses are heard of, whoever hears of them counts.
            if settings.losses.is_none() {
                dead.into_iter().for_each(|dead| shared.inside.enter(dead));
                shared.inside.leave(queue);
            }
            let options = BasicNackOptions { requeue: false, ..Default::default() };
            return self.say(self.channel.basic_nack(tag, options));
        }
        shared.redeliveries.returned(queue, message);
        let was = self.settled(tag);
        if let Some(was) = was.filter(|_| delay > 0) {
            self.publish_later(message, was, delay);
            return self.say(self.channel.basic_ack(tag, BasicAckOptions::default()));
        }
        let options = BasicNackOptions { requeue: true, ..Default::default() };
        self.say(self.channel.basic_nack(tag, options))
    }

    fn cancel(&mut self) {
        let Some(consumer) = &self.consumer else { return };
        let cancelled = self.channel.basic_cancel(consumer.tag(), BasicCancelOptions::default());
        let _said = self.broker.runtime.wait(self.broker.settings.wait, cancelled);
        // What had come already goes back.
        while let Poll::Ready(Some(Ok(delivery))) = self.poll() {
            if let Some(message) = self.shared().bodies.read(&delivery.data) {
                self.shared().redeliveries.untouched(self.of.queue, message);
            }
            let options = BasicNackOptions { requeue: true, ..Default::default() };
            self.say(self.channel.basic_nack(delivery.delivery_tag, options));
        }
        self.consumer = None;
    }
}
