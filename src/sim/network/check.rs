//! What the event engine does not play, and what would never end.

use crate::scenario::{
    Ack, Arrivals, Consumer, Destination, LateAck, Overflow, Producer, Scenario, circle, clashes, waits,
    wrong_joins,
};
use crate::sim::Unplayable;
use crate::units::Time;
use crate::workload::laws::Law;

/// Refuses what cannot be played event by event, with the reason: [`super::Network::new`] refuses nothing
/// else.
///
/// # Errors
/// What cannot be played or would never end.
pub fn playable(scenario: &Scenario) -> Result<(), Unplayable> {
    if let Some(clash) = clashes(scenario).first() {
        return Err(Unplayable::Clash(clash.text()));
    }
    if let Some(wrong) = wrong_joins(scenario).first() {
        return Err(Unplayable::Clash(wrong.text()));
    }
    ends(scenario)?;
    in_time(scenario)?;
    instant_loops(scenario)?;
    deadlocks(scenario)
}

/// Every message that is inside can leave.
fn ends(scenario: &Scenario) -> Result<(), Unplayable> {
    for consumer in &scenario.consumers {
        if consumer.failure >= 1.0
            && consumer.ack == Ack::Manual
            && scenario.queues[consumer.from].delivery_limit.is_none()
        {
            return Err(Unplayable::FailsForEver { consumers: consumer.name.clone() });
        }
    }
    for producer in scenario.producers.iter().filter(|p| p.failure.is_some_and(|f| f >= 1.0)) {
        if scenario
            .consumers
            .iter()
            .any(|c| c.ack == Ack::Manual && scenario.queues[c.from].delivery_limit.is_none())
        {
            return Err(Unplayable::ProducerFailsForEver { producer: producer.name.clone() });
        }
    }
    let leaves = |c: &Consumer| c.to.iter().map(|r| r.probability).sum::<f64>() < 1.0 - 1e-9;
    let groups = scenario.consumers_by_queue();
    let mut can: Vec<bool> = groups.iter().map(|groups| groups.iter().all(|(_, c)| leaves(c))).collect();
    let mut found = true;
    while std::mem::take(&mut found) {
        // Most send on to queues that are written after them.
        for q in (0..can.len()).rev() {
            // One way out is enough, but from a topic every copy must find one.
            let way = |c: &Consumer| {
                leaves(c)
                    || c.to
                        .iter()
                        .any(|r| r.probability > 0.0 && scenario.queues_of(r.to).iter().all(|q| can[*q]))
            };
            if !can[q] && groups[q].iter().all(|(_, c)| way(c)) {
                (can[q], found) = (true, true);
            }
        }
    }
    match can.iter().position(|can| !can) {
        Some(q) => Err(Unplayable::NeverLeaves { queue: scenario.queues[q].name.clone() }),
        None => Ok(()),
    }
}

/// A share of messages that is too rare to matter: one in a thousand million.
const RARE: f64 = 1e-9;

/// Where a message is delivered until it is acknowledged in time, that can happen.
fn in_time(scenario: &Scenario) -> Result<(), Unplayable> {
    for (index, queue) in scenario.queues.iter().enumerate() {
        let Some(timeout) = queue.visibility_timeout else { continue };
        let groups = || scenario.consumers_of(index).map(|(_, c)| c);
        // Nobody else is there to have it again before its first server is done.
        let alone = groups().map(|c| c.most_servers().unwrap_or(u32::MAX)).fold(0, u32::saturating_add) == 1;
        let counts = queue.late_ack == LateAck::Accepted || queue.late_ack != LateAck::Void && alone;
        let ends = queue.delivery_limit.is_some()
            || queue.message_ttl.is_some()
            || counts
            || groups().any(|c| c.ack == Ack::Auto);
        if ends || groups().next().is_none() {
            continue;
        }
        // A consumer that had nothing to do has the message only after the hand-off.
        let reaches = scenario.simulation.overheads.hand_off.mean();
        let left = timeout - reaches;
        // Work that stays the same is never done in time if once it is not.
        let same = |brought: bool| groups().all(|c| c.repeats_work(brought));
        let too_long = |law: &Law, brought: bool| {
            left <= 0.0 || law.cdf(left) <= if same(brought) { 1.0 - RARE } else { 0.0 }
        };
        let fed = |to: Destination| scenario.queues_of(to).contains(&index);
        let own = |p: &Producer| fed(p.to) && p.service_time.as_ref().is_some_and(|law| too_long(law, true));
        let others = queue.initial_backlog > 0
            || scenario.producers.iter().any(|p| fed(p.to) && p.service_time.is_none())
            || scenario.consumers.iter().any(|c| c.to.iter().any(|r| fed(r.to)))
            || scenario.queues.iter().any(|q| q.dead_letter == Some(index));
        let late = others && groups().all(|c| too_long(&c.service_time, false));
        if late || scenario.producers.iter().any(own) {
            return Err(Unplayable::NeverInTime {
                queue: queue.name.clone(),
                timeout: Time(timeout),
                hand_off: (reaches > 0.0).then_some(Time(reaches)),
            });
        }
    }
    Ok(())
}

/// Clients without a time to think whose messages take no time send without end at one instant.
fn instant_loops(scenario: &Scenario) -> Result<(), Unplayable> {
    let idle =
        scenario.consumers.iter().all(|c| c.service_time.is_zero() && c.service_time_per_message.is_zero());
    let refusing =
        scenario.queues.iter().any(|q| q.max_length.is_some() && q.overflow == Overflow::RejectPublish);
    for producer in &scenario.producers {
        let Arrivals::Closed { think_time, .. } = &producer.arrivals else { continue };
        let no_work = producer.service_time.as_ref().map_or(idle, |law| law.is_zero());
        if think_time.is_zero() && producer.send_time.is_zero() && (no_work || refusing) {
            let why =
                if no_work { "the work takes no time either" } else { "a refused client comes back at once" };
            return Err(Unplayable::TimeStandsStill { producer: producer.name.clone(), why });
        }
    }
    Ok(())
}

/// Queues that wait for one another in a circle could all be full at once.
fn deadlocks(scenario: &Scenario) -> Result<(), Unplayable> {
    let circle = circle(scenario);
    if circle.is_empty() {
        return Ok(());
    }
    Err(Unplayable::Deadlock { waits: waits(scenario, &circle) })
}
