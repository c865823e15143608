//! The same scenario on another clock: every time divided, every rate multiplied.

use super::{Consumer, Length, Producer, Scenario, Warmup};
use crate::workload::laws::Law;

impl Scenario {
    /// The scenario with all that happens so many times as fast: its figures are this one's, times divided by
    /// the factor.
    pub(crate) fn faster(&self, factor: f64) -> Scenario {
        let mut out = self.clone();
        let law = |law: &mut Law| *law = law.scaled(1.0 / factor);
        out.producers.iter_mut().for_each(|p| faster_producer(p, factor));
        for queue in &mut out.queues {
            queue.message_ttl.iter_mut().for_each(law);
            queue.visibility_timeout.iter_mut().for_each(|t| *t /= factor);
        }
        out.consumers.iter_mut().for_each(|c| faster_consumer(c, factor));
        if let Length::Duration(seconds) = &mut out.simulation.length {
            *seconds /= factor;
        }
        if let Warmup::Duration(seconds) = &mut out.simulation.warmup {
            *seconds /= factor;
        }
        out.simulation.overheads.hand_off /= factor;
        out.simulation.overheads.sync.iter_mut().for_each(law);
        out
    }
}

fn faster_producer(p: &mut Producer, factor: f64) {
    p.rate *= factor;
    p.send_time = p.send_time.scaled(1.0 / factor);
    p.service_time = p.service_time.as_ref().map(|law| law.scaled(1.0 / factor));
    p.arrivals.faster(factor);
}

fn faster_consumer(c: &mut Consumer, factor: f64) {
    c.service_time = c.service_time.scaled(1.0 / factor);
    c.service_time_per_message = c.service_time_per_message.scaled(1.0 / factor);
    c.batch.iter_mut().for_each(|batch| batch.linger /= factor);
    if let Some(delay) = &mut c.retry_delay {
        (delay.min, delay.max) = (delay.min / factor, delay.max / factor);
    }
    if let Some(outages) = &mut c.outages {
        (outages.up, outages.down) = (outages.up.scaled(1.0 / factor), outages.down.scaled(1.0 / factor));
    }
    if let Some(scale) = &mut c.autoscale {
        (scale.every, scale.startup, scale.cooldown) =
            (scale.every / factor, scale.startup / factor, scale.cooldown / factor);
    }
}
