//! What of a scenario can be played here, and what to write instead of the rest.

use super::{LoadError, UnmeasurableSetting, targets};
use crate::scenario::{
    Consumer, Discipline, Durability, Feature, Locks, Overflow, Queue, RetryOrder, ScaleIn, Scenario, Topic,
};
use crate::workload::Block;

/// Servers beyond this would measure the scheduler.
const MAX_SERVERS: u64 = 512;

/// Messages (times queues that they may visit) beyond this would fill the memory of a small machine: about
/// 120 bytes each.
const MAX_MESSAGES: u64 = 5_000_000;

/// # Errors
/// The first thing that cannot be played.
pub(super) fn check(scenario: &Scenario, plan: &Block) -> Result<(), LoadError> {
    if plan.is_empty() && !scenario.is_closed() {
        return Err(LoadError::EmptyPlan);
    }
    let messages = plan.len() as u64 * scenario.queues.len() as u64;
    if messages > MAX_MESSAGES {
        return Err(LoadError::TooManyMessages { messages, limit: MAX_MESSAGES });
    }
    let (own, together) = (targets::entry(scenario)?.refusals(scenario), together(scenario));
    if !own.is_empty() || !together.is_empty() {
        let target = scenario.measurement.target.clone();
        let other = if together.is_empty() { targets::other(scenario, &target) } else { None };
        return Err(LoadError::Unsupported { target, refusals: [own, together].concat(), other });
    }
    let servers = scenario.consumers.iter().map(|c| u64::from(c.most_servers().unwrap_or(0))).sum();
    if servers > MAX_SERVERS {
        return Err(LoadError::TooManyServers { servers, limit: MAX_SERVERS });
    }
    Ok(())
}

/// All of what cannot be measured: what the target does not play, and what goes together in no measurement.
///
/// # Errors
/// There is no such target.
pub(crate) fn refusals(scenario: &Scenario) -> Result<Vec<UnmeasurableSetting>, LoadError> {
    Ok([targets::entry(scenario)?.refusals(scenario), together(scenario)].concat())
}

/// What goes together in no measurement.
fn together(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let queues = (0..scenario.queues.len()).flat_map(|queue| of_queue(scenario, queue));
    let groups = scenario.consumers.iter().flat_map(|consumer| of_group(scenario, consumer));
    queues.chain(groups).chain(of_loops(scenario)).collect()
}

/// Whether messages come to a queue from producers alone, in the order of the plan, and none from a topic
/// that may choose.
pub(super) fn fed_by_producers_alone(scenario: &Scenario, queue: usize) -> bool {
    let forwards = |c: &Consumer| c.to.iter().any(|route| scenario.queues_of(route.to).contains(&queue));
    !scenario.consumers.iter().any(forwards) && !scenario.queues.iter().any(|q| q.dead_letter == Some(queue))
}

/// Closed loops go on when their messages have left: of a message that is lost nobody tells them.
fn of_loops(scenario: &Scenario) -> Vec<UnmeasurableSetting> {
    let mut out = Vec::new();
    if !scenario.is_closed() {
        return out;
    }
    let losing = |q: &&Queue| {
        q.message_ttl.is_some()
            || q.delivery_limit.is_some()
            || q.max_length.is_some() && q.overflow == Overflow::DropHead
    };
    if let Some(queue) = scenario.queues.iter().find(losing) {
        let setting =
            format!("a closed loop with queues.{}, which loses messages after it accepted them", queue.name);
        out.push(UnmeasurableSetting { setting, why: "leave message_ttl, delivery_limit and drop-head out" });
    }
    let early = |t: &&Topic| t.features().contains(&Feature::Completion);
    if let Some(topic) = scenario.topics.iter().find(early) {
        let setting = format!("a closed loop with topics.{}.complete_when", topic.name);
        out.push(UnmeasurableSetting { setting, why: "write complete_when = \"each\"" });
    }
    out
}

/// The settings of one place that are there and cannot be measured together.
fn odd<const N: usize>(place: &str, all: [(bool, &str, &'static str); N]) -> Vec<UnmeasurableSetting> {
    let there = all.into_iter().filter(|(there, ..)| *there);
    there.map(|(_, what, why)| UnmeasurableSetting { setting: format!("{place} with {what}"), why }).collect()
}

fn of_queue(scenario: &Scenario, index: usize) -> Vec<UnmeasurableSetting> {
    let queue = &scenario.queues[index];
    let groups = scenario.consumers_of(index).count();
    let shared = scenario.consumers_of(index).any(|(_, c)| !c.also.is_empty());
    let dead_here = scenario.queues.iter().any(|q| q.dead_letter == Some(index));
    let random_ttl = queue.message_ttl.as_ref().is_some_and(|law| law.scv() > 0.0);
    let fair = matches!(queue.discipline, Discipline::Fifo | Discipline::Lifo);
    let dead_end = |q: &Queue| q.dead_letter == Some(index) && queue.blocks();
    let all = [
        (
            queue.max_length.is_some_and(|room| queue.initial_backlog > room),
            "an initial_backlog beyond its max_length",
            "the real queue would refuse the rest of it: write no more than fits",
        ),
        (
            dead_here && (random_ttl || !fair),
            "dead letters with an order or a random time to live of their own",
            "the real queue throws dead letters there itself and knows nothing of them to order them by: \
                leave it out",
        ),
        (
            queue.message_ttl.is_some() && groups == 0,
            "a message_ttl and no consumers",
            "the real queue looks for what has expired when somebody takes from it: leave the message_ttl \
                out, or add consumers",
        ),
        (
            dead_here && queue.partitions.is_some(),
            "dead letters and partitions",
            "the real queue throws dead letters there itself and knows none of their keys: leave the \
                partitions out",
        ),
        (
            queue.locks == Locks::ByKey
                && (queue.message_ttl.is_some() || queue.visibility_timeout.is_some()),
            "locks = \"by-key\" and a message_ttl or visibility_timeout",
            "a message whose key is locked is set aside by who takes it, where no time runs: leave one of them out",
        ),
        (
            shared
                && (queue.visibility_timeout.is_some() || queue.durability == Durability::Fsync || dead_here),
            "a visibility_timeout, durability or dead letters where servers have other queues, too",
            "a server that waits for several queues hears of what is sent to them, and not of what comes later by \
                itself: leave one of them out",
        ),
        (
            shared && queue.max_length == Some(0),
            "max_length = 0 where servers have other queues, too",
            "nobody stands waiting at a queue who would be handed a message: write at least 1",
        ),
        (
            queue.partitions.is_some() && groups != 1,
            "partitions with other than one consumer group",
            "each partition is dealt to one server of one group: leave one of them out",
        ),
        (
            queue.partitions.is_some() && queue.max_length.is_some(),
            "partitions with max_length",
            "the bound would be one of each partition and not of all: leave one of them out",
        ),
        (
            scenario.queues.iter().any(dead_end),
            "overflow = \"block\" for dead letters",
            "who throws a dead letter there would wait for room that only others can make: write another \
                overflow",
        ),
    ];
    odd(&format!("queues.{}", queue.name), all)
}

fn of_group(scenario: &Scenario, consumer: &Consumer) -> Vec<UnmeasurableSetting> {
    let queue = &scenario.queues[consumer.from];
    let shared = scenario.consumers_of(consumer.from).count() > 1;
    let (blocks, window, breaks) = (queue.blocks(), consumer.prefetch > 1, consumer.outages.is_some());
    let scaled = consumer.autoscale.is_some() || !consumer.shifts.is_empty();
    let own = scenario.producers.iter().filter(|p| scenario.queues_of(p.to).contains(&consumer.from));
    let same =
        consumer.repeats_work(own.clone().count() > 0 && own.clone().all(|p| p.service_time.is_some()));
    let again = consumer.failure > 0.0
        || scenario.producers.iter().any(|p| p.failure.is_some())
        || queue.visibility_timeout.is_some()
        || consumer.outages.as_ref().is_some_and(|o| o.redeliver);
    let all = [
        (
            queue.locks == Locks::ByKey && (breaks || scaled),
            "outages or servers that come and go at a queue with locks = \"by-key\"",
            "who takes from it holds back the others meanwhile: leave one of them out",
        ),
        (
            !consumer.also.is_empty() && (breaks || scaled || consumer.retry_delay.is_some()),
            "several queues and outages, servers that come and go, or a retry_delay",
            "a server that waits for several queues hears of what is sent to them, and of nothing else: leave one of \
                them out",
        ),
        (
            consumer.rate_limit.is_some() && (breaks || scaled),
            "rate_limit with outages or servers that come and go",
            "a server that waits for a token would have to hear of them: leave one of them out",
        ),
        (
            consumer.retry_order == RetryOrder::Blocking && queue.delivery_limit.is_some(),
            "retry_order = \"blocking\" at a queue with a delivery_limit",
            "the real queue counts deliveries itself, and what is tried again in place is one to it: leave one of \
                them out",
        ),
        (
            queue.discipline == Discipline::Shortest && again && !same,
            "redelivery_work = \"drawn-again\" from a queue that takes the shortest first",
            "the real queue keeps the place that a message's first work gave it: write redelivery_work = \
                \"same\"",
        ),
        (
            queue
                .visibility_timeout
                .is_some_and(|timeout| consumer.batch.is_some_and(|batch| batch.linger >= timeout)),
            "a batch with a linger as long as its queue's visibility_timeout",
            "what it has gathered would be taken away before the batch is whole: write a shorter linger",
        ),
        (
            breaks && window,
            "outages with prefetch",
            "what a broken consumer holds in its window would have to be taken from it by another thread: \
                leave one of them out",
        ),
        (
            scaled && (window || breaks),
            "servers that come and go (autoscale, count) with prefetch or outages",
            "a server that is to go or breaks would have to be relieved of what it holds: leave one of them \
                out",
        ),
        (
            scaled && queue.partitions.is_some(),
            "servers that come and go at a queue with partitions",
            "the real queue deals its partitions once: leave one of them out",
        ),
        (
            consumer.autoscale.is_some_and(|scale| scale.scale_in == ScaleIn::Kill),
            "autoscale.scale_in = \"kill\"",
            "a thread that works is not taken off it: leave it out, so that servers that are to go are done first",
        ),
        (
            consumer.autoscale.is_some() && shared,
            "autoscale and another group at its queue",
            "the queue tells how many messages are inside, not how many of them another group works on: \
                leave one of them out",
        ),
        (
            consumer.autoscale.is_some() && blocks,
            "autoscale and a queue with overflow = \"block\"",
            "senders that wait for room are no backlog that the queue could tell of: write another overflow",
        ),
    ];
    odd(&format!("consumers.{}", consumer.name), all)
}
