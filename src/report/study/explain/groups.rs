//! What is told of producers and groups beside their queues' loads: a line for each word that bears on them.

use crate::scenario::{
    Consumer, LateAck, LimitScope, Producer, Queue, Resend, ResourceSharing, Scenario, Shift,
};
use crate::units::{Time, plain, significant};

/// All lines, each with its end.
pub(super) fn told(scenario: &Scenario) -> String {
    let lines = |c| {
        let load = [
            shared_line(scenario, c),
            shift_line(c),
            needed_line(c),
            resource_line(scenario, c),
            limit_line(c),
        ];
        load.into_iter().chain([window_line(c), pause_line(c)])
    };
    let groups = scenario.consumers.iter().flat_map(lines).flatten();
    let joins = scenario.queues.iter().filter_map(|queue| join_line(scenario, queue));
    let late = scenario.queues.iter().filter_map(late_line);
    let limits = scenario.producers.iter().filter_map(send_limit_line);
    let producers = scenario.producers.iter().filter_map(resend_line).chain(limits);
    producers.chain(joins).chain(late).chain(groups).collect()
}

/// Which copies come together before a queue.
fn join_line(scenario: &Scenario, queue: &Queue) -> Option<String> {
    let topic = &scenario.topics[queue.join?];
    let (needed, copies) = (topic.copies_to_rejoin(), topic.subscriptions.len());
    let name = &queue.name;
    Some(format!("queue `{name}`   {needed} of {copies} copies of `{}` make one message here\n", topic.name))
}

/// What a late acknowledgement is worth at a queue, which leaves its load between two bounds.
fn late_line(queue: &Queue) -> Option<String> {
    let timeout = Time(queue.visibility_timeout?);
    let unless = match queue.late_ack {
        LateAck::Void => return None,
        LateAck::UntilRedelivered => ", unless it was handed out again",
        LateAck::Accepted => "",
    };
    Some(format!(
        "queue `{}`   what is acknowledged after {timeout} is done{unless}: rho is at least that of one delivery each, \
            at most that where nothing late counts\n",
        queue.name
    ))
}

/// The queues that share a group, of which each has the load of all as its rho.
fn shared_line(scenario: &Scenario, group: &Consumer) -> Option<String> {
    let name = |(i, queue): (usize, usize)| {
        let weight = group.weights.get(i).map_or(String::new(), |w| format!(" ({})", significant(*w, 4)));
        format!("`{}`{weight}", scenario.queues[queue].name)
    };
    let names: Vec<String> = group.queues().enumerate().map(name).collect();
    let how = if group.weights.is_empty() { "in this order" } else { "by weight" };
    (names.len() > 1).then(|| {
        format!(
            "group `{}`   shared by {}, {how}: rho is that of all together\n",
            group.name,
            names.join(", ")
        )
    })
}

/// How many servers a group has when, of which its queue's rho has the mean.
fn shift_line(group: &Consumer) -> Option<String> {
    let shift = |shift: &Shift| format!("{} for {}", shift.count, Time(shift.lasts));
    let shifts: Vec<String> = group.shifts.iter().map(shift).collect();
    (!shifts.is_empty()).then(|| {
        format!("group `{}`   servers by the clock, again and again: {}\n", group.name, shifts.join(", "))
    })
}

/// How many servers a message has at once, which counts in its queue's rho, as do those that are idle
/// meanwhile.
fn needed_line(group: &Consumer) -> Option<String> {
    let (servers, (fewest, most)) =
        (group.most_servers().filter(|_| group.needs_several())?, group.range_needed());
    let needed = if fewest == most { most.to_string() } else { format!("{fewest} to {most}") };
    let at_once = match (servers / most, servers / fewest) {
        (least, all) if least == all => least.to_string(),
        (least, all) => format!("{least} to {all}"),
    };
    Some(format!(
        "group `{}`   a message has {needed} of {servers} servers at once, so that {at_once} are served at a time\n",
        group.name
    ))
}

/// What a group's servers need beside themselves, whose load its queue's rho is where that is fuller.
fn resource_line(scenario: &Scenario, group: &Consumer) -> Option<String> {
    let needed = group.resource?;
    let name = &scenario.resources[needed.index].name;
    let how = match needed.sharing {
        ResourceSharing::Slots => "slots of",
        _ => "at full speed at once with",
    };
    Some(format!(
        "group `{}`   {} {how} `{name}` for all that need it: rho is that of the fuller, servers or `{name}`\n",
        group.name, needed.capacity
    ))
}

/// The rate to which a group's deliveries are limited, which counts in its queue's rho.
fn limit_line(group: &Consumer) -> Option<String> {
    let limit = group.rate_limit?;
    let each = if limit.by == LimitScope::Server { " by each server" } else { "" };
    let (rate, burst) = (significant(limit.rate, 4), limit.burst);
    Some(format!(
        "group `{}`   at most {rate} deliveries/s{each}, {burst} at once after a rest\n",
        group.name
    ))
}

/// For how long a group does nothing whenever one of its servers comes or goes.
fn pause_line(group: &Consumer) -> Option<String> {
    let pause = Time(group.rebalance?);
    Some(format!("group `{}`   all pause for {pause} whenever one comes or goes\n", group.name))
}

/// The rate to which a producer's sends are limited.
fn send_limit_line(producer: &Producer) -> Option<String> {
    let limit = producer.rate_limit?;
    let (rate, burst) = (significant(limit.rate, 4), limit.burst);
    Some(format!(
        "producer `{}`   at most {rate} sends/s, {burst} at once after a rest; what waits for that counts in send and \
            latency\n",
        producer.name
    ))
}

/// When clients send again what may still be worked on, which counts in their queue's rho at most.
fn resend_line(producer: &Producer) -> Option<String> {
    let Resend { after, at_most } = producer.resend?;
    let again = match at_most {
        0 => "gives up".into(),
        1 => "sends once more, and then gives up".into(),
        more => format!("sends again, {more} times at most, and then gives up"),
    };
    Some(format!("producer `{}`   who has no answer after {} {again}\n", producer.name, Time(after)))
}

/// How long a message is away for a server to which it travels, which counts in its queue's rho, and the
/// window that keeps the server at work.
fn window_line(group: &Consumer) -> Option<String> {
    let way = group.transit.as_ref()?;
    let (both, work) = (2.0 * way.mean(), group.mean_service());
    let enough = crate::scenario::enough_prefetch(group)?;
    Some(format!(
        "group `{}`   a message is away for {} of ways and {} of work: prefetch = {} keeps a server at work, and here \
            it is {}\n",
        group.name,
        Time(both),
        Time(work),
        plain(enough, 12),
        group.prefetch
    ))
}
