//! What is told of producers and groups beside their queues' loads: a line for each word that bears on them.

use crate::scenario::{
    Consumer, Expiry, Hedge, HeldBy, LateAck, LimitScope, Locks, Producer, Queue, Resend, ResourceSharing,
    RetryOrder, Scenario, Shift,
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
        let rest = [scale_line(c), window_line(c), pause_line(c), together_line(c), blocking_line(c)];
        load.into_iter().chain(rest)
    };
    let groups = scenario.consumers.iter().flat_map(lines).flatten();
    let joins = scenario.queues.iter().filter_map(|queue| join_line(scenario, queue));
    let late = scenario.queues.iter().filter_map(late_line);
    let kept = scenario.queues.iter().enumerate().flat_map(|(index, queue)| {
        [held_line(scenario, index), head_line(queue), locks_line(queue), syncs_line(queue)]
    });
    let times = scenario.producers.iter().filter_map(own_time_line);
    let limits = scenario.producers.iter().filter_map(send_limit_line);
    let hedges = scenario.producers.iter().filter_map(hedge_line);
    let producers = scenario.producers.iter().filter_map(resend_line).chain(hedges).chain(limits);
    producers.chain(times).chain(joins).chain(late).chain(kept.flatten()).chain(groups).collect()
}

/// How long a producer's messages may wait by its own limit.
fn own_time_line(producer: &Producer) -> Option<String> {
    let ttl = producer.ttl.as_ref()?;
    let average = if ttl.scv() > 0.0 { " on average" } else { "" };
    Some(format!(
        "producer `{}`   its messages expire in their first queue after {}{average}\n",
        producer.name,
        Time(ttl.mean())
    ))
}

/// In how many places of windows servers hold what is held back.
fn held_line(scenario: &Scenario, index: usize) -> Option<String> {
    let queue = Some(&scenario.queues[index]).filter(|queue| queue.held_by == HeldBy::Consumer)?;
    let places =
        scenario.consumers_of(index).map(|(_, c)| Some(u64::from(c.most_servers()?) * u64::from(c.prefetch)));
    Some(format!(
        "queue `{}`   what is held back takes a place of a server's window (prefetch) until its time has come: {} \
            places in all\n",
        queue.name,
        places.sum::<Option<u64>>()?
    ))
}

/// Where in the line a queue throws out what is too old.
fn head_line(queue: &Queue) -> Option<String> {
    let told = "what is too old is thrown out at the head of the line, and takes room until then";
    (queue.expiry == Expiry::Head).then(|| format!("queue `{}`   {told}\n", queue.name))
}

/// That messages of one key are kept apart.
fn locks_line(queue: &Queue) -> Option<String> {
    let told = "any free server takes the next message of a key of which none is in progress";
    (queue.locks == Locks::ByKey).then(|| format!("queue `{}`   {told}\n", queue.name))
}

/// How many commits a message takes.
fn syncs_line(queue: &Queue) -> Option<String> {
    let (name, commits) = (&queue.name, queue.sync_per_message);
    (commits > 1).then(|| {
        format!(
            "queue `{name}`   a message can be taken after {commits} commits to disk, one after the other\n"
        )
    })
}

/// How a group's servers follow the backlog.
fn scale_line(group: &Consumer) -> Option<String> {
    let scale = group.autoscale?;
    let counted = if scale.in_flight { "waiting or in service" } else { "waiting" };
    let late =
        if scale.startup > 0.0 { format!(", there {} later", Time(scale.startup)) } else { String::new() };
    Some(format!(
        "group `{}`   {} to {} servers, one for every {} messages {counted}, looked at every {}{late}\n",
        group.name,
        scale.min,
        scale.max,
        significant(scale.target_backlog, 4),
        Time(scale.every)
    ))
}

/// That a group's servers break down all at once.
fn together_line(group: &Consumer) -> Option<String> {
    let outages = group.outages.as_ref().filter(|outages| outages.together)?;
    Some(format!(
        "group `{}`   all stop together, after {} on average and for {}\n",
        group.name,
        Time(outages.up.mean()),
        Time(outages.down.mean())
    ))
}

/// That a server waits for what failed.
fn blocking_line(group: &Consumer) -> Option<String> {
    let told = "a server keeps what failed and tries it again before all else, which counts in rho";
    (group.retry_order == RetryOrder::Blocking).then(|| format!("group `{}`   {told}\n", group.name))
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

/// When clients send another copy, which counts in their queue's rho at most.
fn hedge_line(producer: &Producer) -> Option<String> {
    let Hedge { after, at_most } = producer.hedge?;
    let (name, after) = (&producer.name, Time(after));
    let again = if at_most == 1 { String::new() } else { format!(", {at_most} times at most") };
    Some(format!(
        "producer `{name}`   who has no answer after {after} sends another copy{again}: the first that is done counts\n"
    ))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{NoFiles, Source, parse};

    /// Settings of the producer, the queue and the group, and what is told of them.
    const WORDS: &[(&str, &str, &str, &str)] = &[
        ("ttl = \"1s\"", "", "", "producer `p`   its messages expire in their first queue after 1.00 s\n"),
        (
            "resend = { after = \"1s\", at_most = 2 }",
            "",
            "",
            "producer `p`   who has no answer after 1.00 s sends again, 2 times at most, and then gives up\n",
        ),
        (
            "hedge = \"50ms\"",
            "",
            "",
            "producer `p`   who has no answer after 50.0 ms sends another copy: the first that is done counts\n",
        ),
        (
            "rate_limit = \"8/s\"",
            "",
            "",
            "producer `p`   at most 8.000 sends/s, 1 at once after a rest; what waits for that counts in send and \
                latency\n",
        ),
        (
            "",
            "deliver_after = \"1s\"\nheld_by = \"consumer\"",
            "count = 2\nprefetch = 4",
            "queue `q`   what is held back takes a place of a server's window (prefetch) until its time has come: 8 \
                places in all\n",
        ),
        (
            "",
            "message_ttl = \"1s\"\nexpiry = \"head\"",
            "",
            "queue `q`   what is too old is thrown out at the head of the line, and takes room until then\n",
        ),
        (
            "",
            "locks = \"by-key\"",
            "count = 2",
            "queue `q`   any free server takes the next message of a key of which none is in progress\n",
        ),
        (
            "",
            "durability = { sync_per_message = 2 }",
            "",
            "queue `q`   a message can be taken after 2 commits to disk, one after the other\n",
        ),
        (
            "",
            "",
            "autoscale = { min = 0, max = 4, target_backlog = 3, every = \"10s\", startup = \"2s\" }",
            "group `c`   0 to 4 servers, one for every 3.000 messages waiting, looked at every 10.0 s, there 2.00 s \
                later\n",
        ),
        (
            "",
            "",
            "count = 2\noutages = { up = \"exponential(1h)\", down = \"5m\", together = true }",
            "group `c`   all stop together, after 60.0 min on average and for 300 s\n",
        ),
        (
            "",
            "",
            "failure = 0.1\nretry_order = \"blocking\"",
            "group `c`   a server keeps what failed and tries it again before all else, which counts in rho\n",
        ),
        ("", "", "", ""),
    ];

    #[test]
    fn each_word_that_bears_on_a_queue_has_its_line() {
        for (producer, queue, group, line) in WORDS {
            let text = format!(
                "[producers.p]\nto = \"q\"\nrate = \"5/s\"\nkeys = {{ law = \"uniform\", count = 9 }}\n{producer}\n\
                 [queues.q]\n{queue}\n[consumers.c]\nfrom = \"q\"\nservice_time = \"exponential(100ms)\"\n{group}\n"
            );
            let read = parse(&Source::new("words", &text), &NoFiles);
            let scenario = read.unwrap_or_else(|problems| panic!("{}", problems.render(false))).scenario;
            assert_eq!(told(&scenario), *line);
        }
    }
}
