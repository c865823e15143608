//! Windows of consumers to which messages travel: how long a server has nothing to do because its window is
//! empty.

use super::capacity::per_message;
use super::model::{Consumer, Scenario};
use super::range::Range;
use crate::workload::laws::Law;

/// As busy as this is always busy.
const ALWAYS: f64 = 1.0 - 1e-12;

/// Seconds a delivery in which a server of a group waits for its next message while many wait at the queue:
/// its window holds `prefetch` messages, of which each is away for both ways and the work.
///
/// # Formula
/// A window is a closed network of so many messages, of a server and of ways that last t in the mean. The
/// time T in which C deliveries are done is at least that of their work B, and (B + C t)/window, and at most
/// B + C t/window, whatever the laws. It is the first two's larger where nothing varies, that of mean value
/// analysis where the work is exponential (ways of any law), and t for a window of one.
pub(super) fn gap(scenario: &Scenario, group: &Consumer) -> Range {
    let exactly = |gap: f64| Range { least: gap, most: gap };
    let Some(way) = &group.transit else { return exactly(0.0) };
    let (both_ways, window) = (2.0 * way.mean(), f64::from(group.prefetch));
    let alike = scenario.producers.iter().all(|p| p.service_time.is_none())
        && group.service_time_per_message.is_zero()
        && !group.has_speeds()
        && group.service_rate.is_none();
    let work = per_message(group);
    let least = ((work + both_ways) / window - work).max(0.0);
    match &group.service_time {
        _ if group.prefetch == 1 => exactly(both_ways),
        _ if !alike => Range { least: 0.0, most: both_ways / window },
        law if !law.varies() && !way.varies() => exactly(least),
        Law::Exponential(_) => exactly(of_exponential(group.prefetch, work, both_ways)),
        _ => Range { least, most: both_ways / window },
    }
}

/// Mean value analysis of one server and a delay.
fn of_exponential(window: u32, work: f64, delay: f64) -> f64 {
    let (mut inside, mut rate) = (0.0, 0.0);
    for n in 1..=window {
        let there = work * (1.0 + inside);
        rate = f64::from(n) / (there + delay);
        inside = rate * there;
        if rate * work > ALWAYS {
            break;
        }
    }
    (1.0 / rate - work).max(0.0)
}

/// The least prefetch with which a server is never without a message while many wait, were nothing left to
/// chance: RabbitMQ's rule.
pub(crate) fn enough(group: &Consumer) -> Option<f64> {
    let way = group.transit.as_ref()?;
    let work = per_message(group);
    Some(((work + 2.0 * way.mean()) / work - 1e-9).ceil()).filter(|window| window.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(service: Law, transit: Law, prefetch: u32) -> Scenario {
        let mut scenario = Scenario::mgc(1.0, service, 1);
        (scenario.consumers[0].transit, scenario.consumers[0].prefetch) = (Some(transit), prefetch);
        scenario
    }

    /// RabbitMQ's own example: 50 ms to the consumer, 4 ms of work, 50 ms back: 104/4 = 26.
    #[test]
    fn a_window_of_26_keeps_a_consumer_busy() {
        let of = |prefetch| group(Law::deterministic(0.004), Law::deterministic(0.05), prefetch);
        let gap = |prefetch| super::gap(&of(prefetch), &of(prefetch).consumers[0]);
        assert_eq!(enough(&of(1).consumers[0]), Some(26.0));
        assert!(gap(26).most < 1e-15 && (gap(25).known().expect("constants") - 0.00016).abs() < 1e-12);
        assert!((gap(1).known().expect("one") - 0.1).abs() < 1e-15);
    }

    /// M/M/1//2 with a mean think time of the mean work: P(idle) = 1/(1 + 2 + 2) = 1/5, so that it does 4/5
    /// of its rate, and bounds hold it.
    #[test]
    fn exponential_work_leaves_gaps_by_chance() {
        let scenario = group(Law::exponential(1.0), Law::exponential(0.5), 2);
        let exact = gap(&scenario, &scenario.consumers[0]).known().expect("exponential");
        assert!((1.0 / (1.0 + exact) - 0.8).abs() < 1e-12, "{exact}");
        let other = group(Law::uniform(0.0, 2.0), Law::exponential(0.5), 2);
        let bounds = gap(&other, &other.consumers[0]);
        assert!(bounds.least < exact && exact < bounds.most, "{bounds:?}");
    }
}
