//! The scenario as a whole: does every message get somewhere, does it end, and will the queues hold?

use super::context::Context;
use super::demand::demands;
use super::forwards;
use super::model::{Ack, Consumer, Destination, Overflow, Scenario, Servers};
use super::node::Node;
use super::place::Place;
use super::problem::Problem;
use super::range::Range;
use crate::units::{Time, significant};
use std::collections::HashSet;

/// A utilization from which on results depend on long memories.
const NEARLY_FULL: f64 = 0.98;

/// The most queues in one circle of ways: the rates at which messages come to them are found together, in a
/// time that grows with the cube of their number.
const MOST_IN_CIRCLE: usize = 2_000;

/// The most messages that may wait in all queues from the start.
const MOST_WAITING: u64 = 10_000_000;

/// A mean time below which rounding to whole nanoseconds is told, and one below which it leaves nothing.
const COARSE: f64 = 1e-6 * (1.0 - 1e-9);
const GRAIN: f64 = 1e-9;

/// Where a named table's key stands, or one of its settings' value.
pub(super) fn place(tree: &Node, table: &str, name: &str, setting: &str) -> Option<Place> {
    let entry = tree.as_table()?.entry(table)?.node.as_table()?.entry(name)?;
    if setting.is_empty() { Some(entry.at) } else { entry.node.as_table()?.get(setting).map(|f| f.node.at) }
}

/// More messages at the start than there is memory for.
fn too_many(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario) {
    let all = scenario.queues.iter().fold(0_u64, |sum, queue| sum.saturating_add(queue.initial_backlog));
    let most = scenario.queues.iter().max_by_key(|queue| queue.initial_backlog);
    if let Some(queue) = most.filter(|_| all > MOST_WAITING) {
        let at = place(tree, "queues", &queue.name, "initial_backlog").unwrap_or_default();
        let what = format!("{all} messages wait at the start, more than {MOST_WAITING}");
        let told = Problem::error(at, what).label("each is kept in memory, some 150 bytes, until it is done");
        cx.tell(
            told.help("write fewer, with service times as many times as long: the time to drain is the same"),
        );
    }
}

/// Tells of missing parts, of queues that nothing reaches or leaves, and of messages that never end.
pub(super) fn network(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario) {
    missing(cx, scenario);
    if cx.broken || scenario.queues.is_empty() {
        return;
    }
    let at = |table: &str, name: &str| place(tree, table, name, "").unwrap_or_default();
    too_many(cx, tree, scenario);
    let reached = reached(scenario);
    let groups = scenario.consumers_by_queue();
    for (q, queue) in scenario.queues.iter().enumerate() {
        // Messages with a time to live that are sent to a queue without consumers are sent on when it ends: a
        // delay.
        let delays = queue.message_ttl.is_some() && queue.dead_letter.is_some();
        if groups[q].is_empty() && !delays && !scenario.takes_dead_letters(q) {
            let told = Problem::error(
                at("queues", &queue.name),
                format!("nobody consumes from queue `{}`", queue.name),
            );
            let name = super::toml_text::key_text(&queue.name);
            cx.tell(told.help(format!(
                "add [consumers.{name}-workers] with from = {}",
                super::toml_text::quoted(&queue.name)
            )));
        }
    }
    for (q, queue) in
        scenario.queues.iter().enumerate().filter(|(q, _)| !reached.contains(&Destination::Queue(*q)))
    {
        if queue.initial_backlog == 0 && !scenario.takes_dead_letters(q) {
            let told = Problem::error(
                at("queues", &queue.name),
                format!("nothing is ever sent to queue `{}`", queue.name),
            );
            cx.tell(told.help(
                "name it in a producer's or a consumer's `to`, subscribe it to a topic, or leave it out",
            ));
        }
    }
    for (_, topic) in
        scenario.topics.iter().enumerate().filter(|(t, _)| !reached.contains(&Destination::Topic(*t)))
    {
        let told = Problem::error(
            at("topics", &topic.name),
            format!("nothing is ever sent to topic `{}`", topic.name),
        );
        cx.tell(told.help("name it in a producer's or a consumer's `to`, or leave it out"));
    }
    endless(cx, tree, scenario);
    let failing = scenario.producers.iter().any(|p| p.failure.is_some());
    for consumer in scenario.consumers.iter().filter(|c| c.retry_delay.is_some() && !failing) {
        if place(tree, "consumers", &consumer.name, "failure").is_none() {
            let at = place(tree, "consumers", &consumer.name, "retry_delay").unwrap_or_default();
            let told = Problem::warning(at, format!("nothing is ever tried again by `{}`", consumer.name))
                .label("no handler fails");
            cx.warnings.push(told.help("add failure = { probability = 0.01 }, or leave retry_delay out"));
        }
    }
    for consumer in scenario.consumers.iter().filter(|c| c.batch.is_some_and(|b| b.max > 1 && b.linger > 0.0))
    {
        let queue = &scenario.queues[consumer.from];
        if queue.max_length == Some(0) && queue.overflow != Overflow::Block {
            let at = place(tree, "queues", &queue.name, "max_length").unwrap_or_default();
            let told = Problem::error(at, "nothing can wait until a batch is full, so that all is refused")
                .label("must be at least 1");
            cx.tell(told.help("write max_length = 1 or more, or leave out the batch's linger"));
        }
    }
}

/// Gives consumers that tell producers apart the mean of their routes, and tells of messages that never end.
pub(super) fn routes(cx: &mut Context<'_>, tree: &Node, scenario: &mut Scenario) {
    if cx.broken || scenario.queues.is_empty() {
        return;
    }
    if let Err(producer) = super::routes::average(scenario) {
        let name = &scenario.producers[producer].name;
        let at = place(tree, "producers", name, "").unwrap_or_default();
        let told = Problem::error(at, format!("the messages of `{name}` go round for ever"))
            .label("none of them is ever done");
        cx.tell(told.help(
            "let some of them leave: the probabilities of their routes have to sum to less \
            than 1 somewhere on their way",
        ));
        cx.broken = true;
    }
}

fn missing(cx: &mut Context<'_>, scenario: &Scenario) {
    let backlog = scenario.queues.iter().any(|q| q.initial_backlog > 0);
    let parts = [
        (
            scenario.producers.is_empty() && !backlog,
            "producer",
            "[producers.web] with to = \"orders\" and rate = \"900/s\"",
        ),
        (scenario.queues.is_empty(), "queue", "[queues.orders]"),
        (
            scenario.consumers.is_empty(),
            "consumer group",
            "[consumers.workers] with from = \"orders\" and service_time = \"4ms\"",
        ),
    ];
    for (_, what, example) in parts.into_iter().filter(|(missing, ..)| *missing) {
        cx.tell(
            Problem::error(Place::default(), format!("the scenario has no {what}"))
                .help(format!("add {example}")),
        );
    }
}

/// All that a producer, a consumer or a topic sends to.
fn reached(scenario: &Scenario) -> HashSet<Destination> {
    let produced = scenario.producers.iter().map(|p| p.to);
    let forwarded = scenario.consumers.iter().flat_map(|c| c.to.iter().map(|route| route.to));
    let subscribed =
        scenario.topics.iter().flat_map(|t| t.subscriptions.iter().map(|q| Destination::Queue(*q)));
    produced.chain(forwarded).chain(subscribed).collect()
}

/// Messages that go round for ever, or are delivered again for ever.
fn endless(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario) {
    for consumer in scenario.consumers.iter().filter(|c| c.failure >= 1.0 && c.ack == Ack::Manual) {
        if scenario.queues[consumer.from].delivery_limit.is_none() {
            let at = place(tree, "consumers", &consumer.name, "failure").unwrap_or_default();
            let told =
                Problem::error(at, "every delivery fails, and the message is delivered again for ever")
                    .label("probability 1");
            cx.tell(told.help("give the queue a delivery_limit, or lower the probability"));
        }
    }
    let for_ever = |q: &crate::scenario::Queue| q.delivery_limit.is_none();
    for producer in scenario.producers.iter().filter(|p| p.failure.is_some_and(|f| f >= 1.0)) {
        if scenario.consumers.iter().any(|c| c.ack == Ack::Manual && for_ever(&scenario.queues[c.from])) {
            let at = place(tree, "producers", &producer.name, "failure").unwrap_or_default();
            let told = Problem::error(
                at,
                "every delivery of its messages fails, and they are delivered again for ever",
            )
            .label("probability 1");
            cx.tell(told.help("give every queue a delivery_limit, or lower the probability"));
        }
    }
    let together = forwards::largest_circle(scenario);
    if together > MOST_IN_CIRCLE {
        let megabytes = (together * together * size_of::<f64>()) >> 20;
        let at = place(tree, "queues", &scenario.queues[0].name, "").unwrap_or_default();
        let what = format!("{together} queues are in one circle of ways, more than {MOST_IN_CIRCLE}");
        let label =
            format!("the rates at which messages come to them take {megabytes} MB and minutes to find");
        cx.tell(Problem::error(at, what).label(label).help("let messages come back to fewer queues"));
        return;
    }
    if !forwards::ends(scenario) {
        let in_loop = forwards::stuck(scenario).unwrap_or(0);
        let consumer = scenario.consumers.iter().find(|c| c.from == in_loop && !c.to.is_empty());
        let at = consumer.and_then(|c| place(tree, "consumers", &c.name, "to")).unwrap_or_default();
        let told = Problem::error(at, "messages go round for ever")
            .label("what is forwarded comes back as often as it leaves");
        cx.tell(told.help("let some leave: to = [{ queue = \"NAME\", probability = 0.9 }]"));
    }
}

/// Warnings: queues that grow without bound, that are nearly full, or whose times look like a slip.
pub(super) fn load(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario) {
    if !forwards::ends(scenario) {
        return;
    }
    for producer in &scenario.producers {
        if let Some(limit) = producer.outgrown_limit() {
            let at = |setting| place(tree, "producers", &producer.name, setting);
            let what = format!("producer `{}` makes more than its rate_limit lets it send", producer.name);
            let told = Problem::warning(at("rate_limit").unwrap_or_default(), what)
                .label(format!("{}/s: what waits to be sent grows without end", significant(limit, 3)));
            let told = match at("rate") {
                Some(rate) => told.and(rate, format!("{}/s", significant(producer.rate, 3))),
                None => told,
            };
            cx.warnings.push(told.help("raise the limit above the rate; more consumers do not help"));
        }
    }
    let expiring = scenario.expiring();
    for (q, (queue, demand)) in scenario.queues.iter().zip(demands(scenario, &|_| None)).enumerate() {
        let Some(capacity) =
            demand.capacity().map(|deliveries| deliveries / demand.attempts).filter(|rate| rate.is_finite())
        else {
            continue;
        };
        let Some(load) = demand.rho().filter(|load| load.least > 0.0) else { continue };
        let bounded = queue.is_bounded(expiring[q]);
        let at = || place(tree, "queues", &queue.name, "").unwrap_or_default();
        let at_least = if load.known().is_some() { "" } else { "at least " };
        let growth = demand.arrivals.least - capacity;
        // What is just enough is enough where nothing happens by chance.
        let enough_time = growth.abs() <= 1e-9 * capacity && !scenario.has_chance();
        if load.least >= 1.0 && !bounded && !enough_time {
            let rho = match load.least {
                rho if rho.is_finite() => significant(rho, 3),
                _ if demand.attempts.is_infinite() => "infinite, as no delivery is ever done in time".into(),
                _ if demand.arrivals.least.is_finite() => "infinite, as its service time's mean is".into(),
                _ => "infinite, as what is lost comes back for ever".into(),
            };
            let what = format!("queue `{}` grows without bound: rho = {at_least}{rho}", queue.name);
            let label = if growth.is_infinite() {
                "more come back than leave".into()
            } else if growth > 1e-9 * capacity {
                format!("{at_least}{} messages/s more arrive than can be served", significant(growth, 3))
            } else if growth < -1e-9 * capacity {
                "other queues' messages need its servers, or what these need, too".into()
            } else {
                "exactly as many arrive as can be served: it still grows, by chance".into()
            };
            let servers = enough(scenario, q, load)
                .map_or("add servers or shorten the work".into(), |c| format!("{c} servers would do"));
            let bound = match queue.max_length {
                Some(_) => {
                    "refuse or drop what does not fit: overflow = \"block\" lets it pile up at the producers, where \
                        no message_ttl runs"
                }
                None => "bound it with max_length or message_ttl",
            };
            let help = format!("{servers}, or {bound}");
            cx.warnings.push(blame(tree, scenario, q, Problem::warning(at(), what).label(label).help(help)));
        } else if let Some(rho) = load.known().filter(|rho| *rho > NEARLY_FULL && *rho < 1.0 && !bounded) {
            let what = format!("queue `{}` is nearly full: rho = {}", queue.name, significant(rho, 4));
            let label = match scenario.has_chance() {
                true => "waits depend on a long history: expect wide intervals",
                false => "nothing here varies, so that nobody waits; any variation makes long queues",
            };
            cx.warnings.push(Problem::warning(at(), what).label(label));
        }
        slips(cx, tree, scenario, q, load.least);
    }
}

/// Servers that would do for a queue, if its load is known and it has one group, which does not scale by
/// itself.
fn enough(scenario: &Scenario, queue: usize, load: Range) -> Option<u64> {
    let mut groups = scenario.consumers_of(queue).map(|(_, c)| c);
    let steady = |c: &&Consumer| c.autoscale.is_none() && c.shifts.is_empty();
    let servers_help = |c: &&Consumer| !c.needs_several() && c.resource.is_none();
    let first = groups.next().filter(steady).filter(servers_help);
    let (one, None) = (first?, groups.next()) else { return None };
    let busy = load.known()? * f64::from(one.most_servers()?);
    (busy < 1e9).then(|| busy as u64 + 1)
}

/// Times that whole nanoseconds keep too coarsely: told under a microsecond, refused under a nanosecond.
pub(super) fn grain(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario) {
    let services =
        scenario.consumers.iter().map(|c| ("consumers", &c.name, "service_time", c.service_time.mean()));
    let open = scenario.producers.iter().filter(|p| p.rate > 0.0 && !p.is_closed());
    let gaps = open.map(|p| ("producers", &p.name, "rate", 1.0 / p.rate));
    for (table, name, setting, mean) in
        services.chain(gaps).filter(|(.., mean)| *mean > 0.0 && *mean < COARSE)
    {
        let at = place(tree, table, name, setting).unwrap_or_default();
        let what = if table == "consumers" { "service time" } else { "gap" };
        // A rate of one in each nanosecond is 1e-9 but for rounding, and has its own limit.
        if mean < GRAIN * (1.0 - 1e-9) {
            let told = Problem::error(at, format!("a mean {what} of less than a nanosecond"))
                .label("times are whole nanoseconds");
            cx.tell(
                told.help(
                    "write 0 for no time at all, or ask in a coarser unit: all times 1000 times as long",
                ),
            );
        } else {
            let told = Problem::warning(at, format!("a mean {what} of {}", Time(mean)))
                .label("times are whole nanoseconds");
            cx.warnings.push(told.help(
                "each is rounded, which tells in results; all times 1000 times as long give the same picture",
            ));
        }
    }
}

/// Adds the places of the numbers that make a queue's load.
fn blame(tree: &Node, scenario: &Scenario, queue: usize, mut problem: Problem) -> Problem {
    let steady = scenario.producers.iter().filter(|p| p.to == Destination::Queue(queue) && !p.is_closed());
    for producer in steady {
        if let Some(at) = place(tree, "producers", &producer.name, "rate") {
            problem = problem.and(at, format!("lambda = {}/s", significant(producer.rate, 3)));
        }
    }
    for (_, consumer) in scenario.consumers_of(queue) {
        if let (Servers::Count(c), Some(at)) =
            (consumer.count, place(tree, "consumers", &consumer.name, "count"))
        {
            problem = problem.and(at, format!("c = {c}"));
        }
        if let Some(at) = place(tree, "consumers", &consumer.name, "service_time") {
            problem = problem.and(at, format!("mean {}", Time(consumer.service_time.mean())));
        }
    }
    problem
}

/// A service time a thousand times too long, told by what it does to the queue: 20 s for 20 ms.
fn slips(cx: &mut Context<'_>, tree: &Node, scenario: &Scenario, queue: usize, rho: f64) {
    if !(rho >= 50.0 && rho / 1000.0 < 1.0) {
        return;
    }
    for (_, consumer) in scenario.consumers_of(queue).filter(|(_, c)| c.service_time.mean() >= 1.0) {
        if let Some(at) = place(tree, "consumers", &consumer.name, "service_time") {
            let mean = consumer.service_time.mean();
            let told = Problem::warning(
                at,
                format!("a mean service time of {} needs {} servers", Time(mean), significant(rho.ceil(), 3)),
            );
            cx.warnings.push(told.label(format!("did you mean {}?", Time(mean / 1000.0))));
        }
    }
}
