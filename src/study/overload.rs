//! When queues are overloaded: messages as a fluid that flows at its mean rate.

use crate::scenario::{Arrivals, Deliver, Destination, Producer, Scenario, Step};

/// Steps in which the fluid flows through a network.
const STEPS: u32 = 20_000;
/// Rates that differ by less than this share are equal.
const EQUAL: f64 = 1e-9;

/// A producer's timetable, if it changes and ends.
pub(super) fn timetable(producer: &Producer) -> Option<(&[Step], bool)> {
    match &producer.arrivals {
        Arrivals::Schedule { steps, repeat: false, ramp }
            if steps.windows(2).any(|w| w[0].rate != w[1].rate) =>
        {
            Some((steps, *ramp))
        }
        _ => None,
    }
}

/// Messages a second that a producer sends at an instant, in seconds.
fn rate_at(producer: &Producer, at: f64) -> f64 {
    let Some((steps, ramp)) = timetable(producer) else { return producer.rate };
    let mut begin = 0.0;
    for (i, step) in steps.iter().enumerate() {
        if at < begin + step.lasts {
            let next = steps.get(i + 1).map_or(step.rate, |next| next.rate);
            return if ramp { step.rate + (next - step.rate) * (at - begin) / step.lasts } else { step.rate };
        }
        begin += step.lasts;
    }
    steps.last().map_or(0.0, |last| last.rate)
}

/// Messages a second that a queue's servers can do; `None` is without limit.
pub(super) fn capacity(scenario: &Scenario, queue: usize) -> Option<f64> {
    scenario.consumers_of(queue).map(|(_, c)| scenario.messages_done(c)).sum()
}

/// Messages a second that producers send to a queue, by the way of topics too.
pub(super) fn sent_to(scenario: &Scenario, queue: usize, at: f64) -> f64 {
    scenario.producers.iter().map(|p| rate_at(p, at) * share(scenario, p.to, queue)).sum()
}

/// The share of what is sent to a place that reaches a queue; copies count one by one.
fn share(scenario: &Scenario, to: Destination, queue: usize) -> f64 {
    match to {
        Destination::Queue(q) => f64::from(u8::from(q == queue)),
        Destination::Topic(topic) => {
            let topic = &scenario.topics[topic];
            let copies = topic.subscriptions.iter().filter(|q| **q == queue).count() as f64;
            if topic.deliver == Deliver::All {
                copies
            } else {
                copies / topic.subscriptions.len().max(1) as f64
            }
        }
    }
}

/// When the last overload of each queue ends, in seconds: 0 for one that begins with a backlog and is not
/// overloaded, `None` for one that neither is nor does.
///
/// What forwarding consumers send on counts too: a queue behind another is overloaded for as long as that one
/// works off its backlog faster than this one can.
pub(super) fn overloads_end(scenario: &Scenario, horizon: f64) -> Vec<Option<f64>> {
    // For how long a producer sends what its rate limit has kept back is not known to the fluid.
    if scenario.producers.iter().any(|p| p.rate_limit.is_some() && timetable(p).is_some()) {
        return vec![None; scenario.queues.len()];
    }
    let last = last_overloads(scenario, horizon);
    let fed = |queue: usize| {
        scenario.consumers.iter().any(|c| c.to.iter().any(|route| share(scenario, route.to, queue) > 0.0))
    };
    let served = |queue: usize| scenario.consumers_of(queue).next().is_some();
    let end = |(queue, last): (usize, Option<u32>)| match last {
        Some(step) if fed(queue) => Some(instant(step + 1, horizon)),
        Some(step) => {
            Some(refined(scenario, queue, instant(step, horizon), instant(step + 1, horizon).min(horizon)))
        }
        None => (scenario.queues[queue].initial_backlog > 0).then_some(0.0),
    };
    last.into_iter().enumerate().map(|(queue, last)| end((queue, last)).filter(|_| served(queue))).collect()
}

/// The middle of a step.
fn instant(step: u32, horizon: f64) -> f64 {
    (f64::from(step) + 0.5) * horizon / f64::from(STEPS)
}

/// Where between two instants producers stop to send more than a queue's servers can do.
fn refined(scenario: &Scenario, queue: usize, mut low: f64, mut high: f64) -> f64 {
    let capacity = capacity(scenario, queue).unwrap_or(f64::INFINITY);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if sent_to(scenario, queue, middle) > capacity { low = middle } else { high = middle }
    }
    high
}

/// The last step in which more flows into each queue than its servers can do.
fn last_overloads(scenario: &Scenario, horizon: f64) -> Vec<Option<u32>> {
    let queues = scenario.queues.len();
    let capacities: Vec<f64> = (0..queues).map(|q| capacity(scenario, q).unwrap_or(f64::INFINITY)).collect();
    let mut level: Vec<f64> = scenario.queues.iter().map(|q| q.initial_backlog as f64).collect();
    let (mut out, mut last) = (vec![0.0; queues], vec![None; queues]);
    for step in 0..STEPS {
        let mut inflow: Vec<f64> =
            (0..queues).map(|q| sent_to(scenario, q, instant(step, horizon))).collect();
        for c in scenario.consumers.iter().filter(|c| !c.to.is_empty()) {
            let part = scenario.messages_done(c).map_or(1.0, |speed| speed / capacities[c.from]);
            for (queue, inflow) in inflow.iter_mut().enumerate() {
                let sent_on: f64 =
                    c.to.iter().map(|route| route.probability * share(scenario, route.to, queue)).sum();
                *inflow += sent_on * part * out[c.from];
            }
        }
        for queue in 0..queues {
            let (flow, capacity) = (inflow[queue], capacities[queue]);
            if flow > capacity * (1.0 + EQUAL) {
                last[queue] = Some(step);
            }
            out[queue] =
                if level[queue] > 0.0 && capacity.is_finite() { capacity } else { flow.min(capacity) };
            level[queue] = (level[queue] + (flow - out[queue]) * horizon / f64::from(STEPS)).max(0.0);
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Consumer, Queue, Route};
    use crate::workload::laws::Law;

    fn scheduled(steps: Vec<Step>, ramp: bool) -> Scenario {
        let mut scenario = Scenario::single(
            Producer::poisson("p", 0, 1.0),
            Queue::default(),
            Consumer::group("c", 0, 1, Law::exponential(1.0)),
        );
        scenario.producers[0].arrivals = Arrivals::Schedule { steps, repeat: false, ramp };
        scenario
    }

    #[test]
    fn the_end_of_an_overload_is_found_on_a_ramp() {
        let ramp = scheduled(vec![Step { lasts: 10.0, rate: 3.0 }, Step { lasts: 10.0, rate: 0.0 }], true);
        // 3 − 0.3 t falls to 1 at 6.67 s.
        let end = overloads_end(&ramp, 20.0)[0].expect("an overload");
        assert!((end - 20.0 / 3.0).abs() < 1e-6, "{end}");
        let mut calm = ramp.clone();
        (calm.producers[0].arrivals, calm.producers[0].rate) = (Arrivals::Poisson, 0.5);
        assert_eq!(overloads_end(&calm, 20.0), [None]);
    }

    /// The first queue takes 5/s for 10 s, does 3/s and so works until 50/3 s; the second does 2/s and gets
    /// 3/s until then.
    #[test]
    fn a_queue_behind_another_is_overloaded_while_that_one_drains() {
        let mut scenario =
            scheduled(vec![Step { lasts: 10.0, rate: 5.0 }, Step { lasts: 30.0, rate: 0.0 }], false);
        scenario.consumers[0].service_time = Law::exponential(1.0 / 3.0);
        scenario.queues.push(Queue { name: "next".into(), ..Queue::default() });
        scenario.consumers.push(Consumer::group("d", 1, 1, Law::exponential(0.5)));
        scenario.consumers[0].to = vec![Route { to: Destination::Queue(1), probability: 1.0 }];
        let ends = overloads_end(&scenario, 40.0);
        assert!((ends[0].expect("overloaded") - 10.0).abs() < 1e-6, "{ends:?}");
        assert!((ends[1].expect("overloaded") - 50.0 / 3.0).abs() < 0.01, "{ends:?}");
        scenario.queues.push(Queue { name: "dead".into(), ..Queue::default() });
        assert_eq!(overloads_end(&scenario, 40.0)[2], None, "nobody drains it");
    }
}
