//! Before a run against a broker: messages go through every queue and every server's handle, so that all that
//! is on the way has been used, and tell how long deliveries take at this run's own pace.

use super::LoadError;
use super::clock::{Clock, Monotonic};
use super::context::RunContext;
use super::delivery_sample::DeliveryTimes;
use super::run_plan::ServerId;
use super::server::ServerHandles;
use super::targets::{Delivery, PublishRequest, Publisher, Receiver};
use crate::units::seconds;
use std::time::Duration;

/// Positions of the messages of a warm-up: beyond those of any run.
const FIRST: u64 = 1 << 62;

/// The longest between two messages of a warm-up, and in service, in nanoseconds.
const LONGEST_GAP: u64 = 10_000_000;
const LONGEST_WORK: u64 = 5_000_000;

/// Messages that wait at once, so that each but the first has waited for its server.
const BACKLOG: u64 = 10;

/// What was seen, in nanoseconds, in order.
#[derive(Debug, Default)]
struct DeliverySamples {
    idle_hops: Vec<u64>,
    turnarounds: Vec<u64>,
}

/// A warm-up of one server.
struct ServerWarmUp<'a> {
    receiver: &'a mut dyn Receiver,
    publisher: &'a mut dyn Publisher,
    queue: usize,
    part: usize,
    /// How long a message is waited for, in nanoseconds.
    patience: u64,
    /// Messages so far.
    count: u64,
}

/// Warms up what a run uses, and says how long deliveries took.
///
/// # Errors
/// A message did not come through.
pub(super) fn warm_up<'h, 'a: 'h>(
    context: &RunContext<'_>,
    servers: impl Iterator<Item = (ServerId, &'h mut ServerHandles<'a>)>,
    publisher: &mut dyn Publisher,
    messages: u64,
) -> Result<DeliveryTimes, LoadError> {
    let (run_plan, mut samples) = (context.run_plan, DeliverySamples::default());
    let patience = (run_plan.scenario.measurement.broker.wait.clamp(0.0, 1e6) * 1e9) as u64;
    for (server_id, handles) in servers {
        let of = run_plan.subscription_of(server_id.group, server_id.server);
        let consumer = &run_plan.scenario.consumers[server_id.group];
        let queue = &run_plan.scenario.queues[of.queue];
        let servers = u64::from(run_plan.groups[server_id.group].servers).max(1);
        let (share, rate) =
            ((messages / servers / 2).max(5), run_plan.len() as f64 / seconds(run_plan.span()).max(1e-3));
        let gap = ((1e9 / rate.max(1e-3)) as u64).min(LONGEST_GAP);
        let backlog = queue.max_length.map_or(BACKLOG, |room| room.min(BACKLOG));
        // What expires while it waits for its turn would be missed.
        let most = queue
            .message_ttl
            .as_ref()
            .map_or(LONGEST_WORK, |ttl| run_plan.rules.scale.nanos(ttl.mean()) / (10 * backlog));
        let work = run_plan.rules.scale.nanos(consumer.mean_service()).min(LONGEST_WORK).min(most);
        let mut one = ServerWarmUp {
            receiver: handles.receiver.as_mut(),
            publisher,
            queue: of.queue,
            part: if queue.partitions.is_some() { of.part } else { 0 },
            patience,
            count: 0,
        };
        one.idle(share, gap, &mut samples.idle_hops)?;
        one.backlogged(share, backlog, work, &mut samples.turnarounds)?;
        // Others take from the same queue now.
        one.receiver.cancel();
    }
    Ok(DeliveryTimes::constant([usual(&samples.idle_hops), usual(&samples.turnarounds)]))
}

/// Subscribes the servers that are there from the start and find nothing then.
pub(super) fn subscribe<'h, 'a: 'h>(
    context: &RunContext<'_>,
    servers: impl Iterator<Item = (ServerId, &'h mut ServerHandles<'a>)>,
) {
    for (server_id, handles) in servers {
        let later = context.run_plan.waiting() > 0 || context.scalers[server_id.group].is_some();
        if !later {
            handles.receiver.take(1, 0, &mut Vec::new());
        }
    }
}

impl ServerWarmUp<'_> {
    /// Messages one by one, each of which finds the server waiting.
    fn idle(&mut self, messages: u64, gap: u64, hops: &mut Vec<u64>) -> Result<(), LoadError> {
        // Subscribes.
        self.receiver.take(1, 0, &mut Vec::new());
        for _ in 0..messages {
            let sent = Monotonic.now();
            self.publish();
            let Some(delivery) = self.next() else { return self.missed() };
            hops.push(Monotonic.now().saturating_sub(sent));
            self.receiver.ack(&delivery);
            Monotonic.sleep_until(sent + gap);
        }
        Ok(())
    }

    /// Messages that wait for their server.
    fn backlogged(
        &mut self,
        messages: u64,
        most: u64,
        work: u64,
        times: &mut Vec<u64>,
    ) -> Result<(), LoadError> {
        for _ in 0..messages.div_ceil(most) {
            (0..most).for_each(|_| self.publish());
            let mut free = None;
            for _ in 0..most {
                let Some(delivery) = self.next() else { return self.missed() };
                let taken = Monotonic.now();
                times.extend(free.map(|free: u64| taken.saturating_sub(free)));
                Monotonic.sleep_until(taken + work);
                free = Some(Monotonic.now());
                self.receiver.ack(&delivery);
            }
        }
        Ok(())
    }

    fn publish(&mut self) {
        let request =
            PublishRequest { message: FIRST + self.count, part: self.part, ..PublishRequest::default() };
        self.count += 1;
        self.publisher.publish(self.queue, &request);
    }

    fn next(&mut self) -> Option<Delivery> {
        let mut out = Vec::with_capacity(1);
        let until = Monotonic.now() + self.patience;
        while out.is_empty() && Monotonic.now() < until && self.receiver.take(1, until, &mut out) {}
        out.pop()
    }

    fn missed(&self) -> Result<(), LoadError> {
        Err(LoadError::WarmUp { messages: self.count, wait: Duration::from_nanos(self.patience) })
    }
}

/// The mean of what was seen once it was warm, without the hundredth part at which something else had the
/// processor.
fn usual(times: &[u64]) -> f64 {
    let mut warm = times[times.len() / 4..].to_vec();
    warm.sort_unstable();
    warm.truncate(warm.len() - warm.len() / 100);
    warm.iter().sum::<u64>() as f64 / warm.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_longest_do_not_count() {
        let mut times = vec![1_000_000; 100];
        times.extend([200; 300]);
        times[399] = 50_000_000;
        assert_eq!(usual(&times), 200.0);
        assert_eq!(usual(&[]), 0.0);
    }
}
