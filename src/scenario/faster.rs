//! The same scenario on another clock: every time divided, every rate multiplied.

use super::notation::DeclaredTable as _;
use super::{Length, Scenario, Warmup};

impl Scenario {
    /// The scenario with all that happens so many times as fast: its figures are this one's, times divided by
    /// the factor.
    pub(crate) fn faster(&self, factor: f64) -> Scenario {
        let mut out = self.clone();
        for producer in &mut out.producers {
            producer.faster(factor);
            producer.rate *= factor;
            producer.arrivals.faster(factor);
        }
        out.queues.iter_mut().for_each(|queue| queue.faster(factor));
        for consumer in &mut out.consumers {
            consumer.faster(factor);
            if let Some(delay) = &mut consumer.retry_delay {
                delay.faster(factor);
                delay.max /= factor;
            }
            consumer.shifts.iter_mut().for_each(|shift| shift.faster(factor));
            consumer.autoscale.iter_mut().for_each(|scale| scale.faster(factor));
        }
        if let Length::Duration(seconds) = &mut out.simulation.length {
            *seconds /= factor;
        }
        if let Warmup::Duration(seconds) = &mut out.simulation.warmup {
            *seconds /= factor;
        }
        let overheads = &mut out.simulation.overheads;
        let laws =
            [&mut overheads.hand_off, &mut overheads.turnaround].into_iter().chain(&mut overheads.sync);
        laws.for_each(|law| *law = law.scaled(1.0 / factor));
        out
    }
}
