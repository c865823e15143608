//! Consumer groups.

use super::super::compound::ListOf;
use super::super::context::{Context, Whose};
use super::super::grammar::ROUTE;
use super::super::model::{
    Autoscale, Consumer, Destination, FAILURE, MOST_SERVERS, OwnRoute, Resource, RetryDelay, Route, Servers,
    Shift,
};
use super::super::node::{Field, Node, Table, TableEntry, Value};
use super::super::notation::{DeclaredTable as _, Notation as _};
use super::super::problem::{Problem, nearest};
use super::super::routes::overlap;

pub(super) fn read(cx: &mut Context<'_>, entry: &TableEntry, resources: &[Resource]) -> Consumer {
    let whose = Whose::entry("consumer group", entry);
    let empty = Table::default();
    let table = cx.table(entry.field(), &Consumer::keys()).unwrap_or_else(|| {
        cx.broken = true;
        &empty
    });
    let from = match cx.required(table, "from", &whose, "\"QUEUE\"") {
        Some(field) => queues(cx, field),
        None => cx.lost(),
    };
    let queues = from.unwrap_or_else(|| vec![0]);
    let weights = table.get("weights").and_then(|field| weights(cx, field, queues.len())).unwrap_or_default();
    let mut group = Consumer { name: entry.key.clone(), ..Consumer::default() };
    group.read(cx, table, &whose);
    if let (Some(rate), Some(field)) = (&group.service_rate, table.get("service_rate"))
        && let Some(wrong) = rate.contradiction()
    {
        let told = Problem::error(field.node.at, "`service_rate` is not understood").label(wrong);
        cx.tell(
            told.help(
                "write { per_busy = [1, 1.9, 2.6] } or { law = \"usl\", sigma = 0.05, kappa = 0.0002 }",
            ),
        );
    }
    let autoscale = table.get("autoscale").and_then(|f| autoscale(cx, f));
    let initial = autoscale.map_or(1, |a| a.min);
    let fewest = autoscale.map_or(1, |a| a.min.min(1));
    let timetable = table.get("count").filter(|field| matches!(field.node.value, Value::List(_)));
    let shifts = timetable.and_then(|field| shifts(cx, field, autoscale.is_some())).unwrap_or_default();
    let count = match table.get("count") {
        Some(_) if timetable.is_some() => Servers::Count(shifts.first().map_or(1, |shift| shift.count)),
        Some(field) => servers(cx, field, fewest).unwrap_or(Servers::Count(initial)),
        None if group.servers.is_empty() => Servers::Count(initial),
        None => Servers::Count(group.servers.iter().fold(0, |sum, kind| sum.saturating_add(kind.count))),
    };
    of_kinds(cx, table, &group, count);
    if let (Some(scale), Some(field)) = (autoscale, table.get("count"))
        && shifts.is_empty()
        && !matches!(count, Servers::Count(c) if (scale.min..=scale.max).contains(&c))
    {
        let told = Problem::error(field.node.at, "`count` and `autoscale` contradict each other");
        cx.tell(told.label(format!("the number to begin with: from {} to {}", scale.min, scale.max)));
    }
    let own_routes = table.get("to").map(|f| routes(cx, f)).unwrap_or_default();
    let apart = own_routes.iter().any(|own| !own.producers.is_empty());
    Consumer {
        from: queues[0],
        also: queues[1..].to_vec(),
        weights,
        count,
        shifts,
        failure: table.get("failure").and_then(|f| failure(cx, f, "the consumers'")).unwrap_or(0.0),
        retry_delay: table.get("retry_delay").and_then(|f| retry_delay(cx, f)),
        autoscale,
        resource: table
            .get("resource")
            .and_then(|f| cx.resource(f))
            .and_then(|index| resources.get(index).map(|resource| resource.needed(index))),
        to: own_routes.iter().map(|own| own.route).collect(),
        own_routes: if apart { own_routes } else { Vec::new() },
        ..group
    }
}

/// A queue, or several that have one group of servers.
fn queues(cx: &mut Context<'_>, field: Field<'_>) -> Option<Vec<usize>> {
    if !matches!(field.node.value, Value::List(_)) {
        return cx.queue(field).map(|queue| vec![queue]);
    }
    let list = cx.list(field).or_else(|| cx.lost())?;
    if let Some(other) = list.iter().find(|node| node.as_text().is_none()) {
        let told = Problem::error(other.at, "`from` names queues").label(format!("this is {}", other.kind()));
        cx.tell(
            told.help("write from = [\"urgent\", \"bulk\"], and weights = [3, 1] where they have shares"),
        );
        return cx.lost();
    }
    let mut found: Vec<usize> = Vec::new();
    for node in list {
        let queue = cx.queue(Field { key: "from", node }).or_else(|| cx.lost())?;
        if found.contains(&queue) {
            let what = format!("queue `{}` is named twice in `from`", cx.names.queues[queue]);
            cx.tell(Problem::error(node.at, what).label("leave it out"));
        }
        found.push(queue);
    }
    Some(found)
}

/// A weight above 0 for each queue.
fn weights(cx: &mut Context<'_>, field: Field<'_>, queues: usize) -> Option<Vec<f64>> {
    let list = cx.list(field)?;
    let each = |node| cx.number_in(Field { key: "weights", node }, 0.0, 1e9, true);
    let weights: Vec<f64> = list.iter().map(each).collect::<Option<_>>()?;
    if queues < 2 {
        let told = Problem::error(field.node.at, "`weights` is for servers of several queues");
        let told = told.label("`from` names one");
        cx.tell(told.help("leave weights out, or write from = [\"urgent\", \"bulk\"]"));
        return None;
    }
    if weights.len() != queues {
        let s = if weights.len() == 1 { "" } else { "s" };
        let what = format!("{} weight{s} for {queues} queues", weights.len());
        cx.tell(Problem::error(field.node.at, what).label("write one for each queue of a list in `from`"));
        return None;
    }
    Some(weights)
}

/// Servers of several kinds are counted by kind, and no more than there may be.
fn of_kinds(cx: &mut Context<'_>, table: &Table, group: &Consumer, count: Servers) {
    let Some(field) = table.get("servers") else { return };
    if let Some(other) = table.get("count") {
        let told = Problem::error(other.node.at, "`count` and `servers` contradict each other");
        cx.tell(told.label("leave it out: `servers` counts each kind"));
    }
    if let Servers::Count(all) = count
        && all > MOST_SERVERS
    {
        let told = Problem::error(field.node.at, format!("group `{}` has too many servers", group.name));
        cx.tell(told.label(format!("must be at most {MOST_SERVERS} in all")));
    }
}

/// Numbers of servers that follow the clock.
fn shifts(cx: &mut Context<'_>, field: Field<'_>, autoscale: bool) -> Option<Vec<Shift>> {
    let is_none = |node: &&Node| !matches!(node.value, Value::Table(_));
    if let Some(other) = cx.list(field)?.iter().find(is_none) {
        let told = Problem::error(other.at, "a list of `count` is a timetable");
        let told = told.label(format!("this is {}, not for how long", other.kind()));
        cx.tell(
            told.help("write [{ for = \"8h\", count = 3 }, { for = \"16h\", count = 1 }], or one number"),
        );
        return None;
    }
    let shifts: Vec<Shift> = ListOf("the timetable's", "a number of servers").read(cx, field)?;
    if autoscale {
        let told =
            Problem::error(field.node.at, "`autoscale` and a timetable of `count` contradict each other");
        cx.tell(told.label("leave one of them out"));
    }
    if shifts.iter().all(|shift| shift.count == 0) {
        cx.tell(Problem::error(field.node.at, "there is never a server").label("write a count above 0"));
        return None;
    }
    Some(shifts)
}

fn servers(cx: &mut Context<'_>, field: Field<'_>, fewest: u32) -> Option<Servers> {
    if let Some(word) = field.node.as_text() {
        if word == "unlimited" {
            return Some(Servers::Unlimited);
        }
        let near = nearest(word, ["unlimited"]).map(|near| format!("did you mean \"{near}\"?"));
        let label = near.unwrap_or_else(|| "write a number, or \"unlimited\"".into());
        cx.tell(Problem::error(field.node.at, "`count` must be a number of servers").label(label));
        return None;
    }
    if matches!(field.node.value, Value::Integer(n) if n > i64::from(MOST_SERVERS)) {
        let told = Problem::error(field.node.at, "`count` is out of range")
            .label(format!("must be at most {MOST_SERVERS}"));
        cx.tell(told.help("write count = \"unlimited\" for servers without limit"));
        return None;
    }
    cx.count(field, fewest, MOST_SERVERS).map(Servers::Count)
}

/// A probability, or a table that holds one.
pub(super) fn failure(cx: &mut Context<'_>, field: Field<'_>, what: &'static str) -> Option<f64> {
    if matches!(field.node.value, Value::Integer(_) | Value::Float(_)) {
        return cx.probability(field);
    }
    let table = cx.table(field, FAILURE)?;
    let whose = Whose { what, name: "failure", at: field.node.at };
    let probability = cx.required(table, "probability", &whose, "0.01")?;
    cx.probability(probability)
}

fn retry_delay(cx: &mut Context<'_>, field: Field<'_>) -> Option<RetryDelay> {
    if matches!(field.node.value, Value::Text(_) | Value::Integer(_) | Value::Float(_)) {
        return cx.duration(field).map(|delay| RetryDelay { min: delay, max: delay, jitter: false });
    }
    let table = cx.table(field, &RetryDelay::keys())?;
    let whose = Whose { what: "the consumers'", name: "retry_delay", at: field.node.at };
    let mut delay = RetryDelay::default();
    let fine = delay.read(cx, table, &whose);
    delay.max = table.get("max").map_or(Some(delay.min), |field| cx.duration(field))?;
    if fine && delay.max < delay.min {
        cx.tell(Problem::error(field.node.at, "`max` is less than `min`").label("exchange them"));
        return None;
    }
    fine.then_some(delay)
}

fn autoscale(cx: &mut Context<'_>, field: Field<'_>) -> Option<Autoscale> {
    let table = cx.table(field, &Autoscale::keys())?;
    let whose = Whose { what: "the consumers'", name: "autoscale", at: field.node.at };
    let mut scale = Autoscale::default();
    let max = cx.required(table, "max", &whose, "20");
    let fine = scale.read(cx, table, &whose);
    scale.max = max.and_then(|f| cx.count(f, scale.min.max(1), MOST_SERVERS))?;
    fine.then_some(scale)
}

/// One destination, a table with one, or a list of such tables.
fn routes(cx: &mut Context<'_>, field: Field<'_>) -> Vec<OwnRoute> {
    let nodes: &[Node] = match &field.node.value {
        Value::Text(_) => {
            let all = |to| OwnRoute { producers: Vec::new(), route: Route { to, probability: 1.0 } };
            return cx.destination(field).map(all).into_iter().collect();
        }
        Value::Table(_) => std::slice::from_ref(field.node),
        _ => cx.list(field).unwrap_or_else(|| {
            cx.broken = true;
            &[]
        }),
    };
    let routes: Vec<OwnRoute> =
        nodes.iter().filter_map(|node| route(cx, Field { key: "to", node })).collect();
    let of = |producer: Option<usize>| {
        let meant = |own: &&OwnRoute| {
            own.producers.is_empty() || producer.is_some_and(|p| own.producers.contains(&p))
        };
        routes.iter().filter(meant).map(|own| own.route.probability).sum::<f64>()
    };
    let sum = (0..cx.names.producers.len()).map(|p| of(Some(p))).fold(of(None), f64::max);
    if sum > 1.0 + 1e-9 {
        let told = Problem::error(field.node.at, "the probabilities of `to` sum to more than 1")
            .label(format!("{sum}"));
        cx.tell(told.help("what is missing to 1 is done and leaves"));
    }
    let place = |own: &OwnRoute| (own.route.to, own.producers.clone());
    let twice = |i: usize, own: &OwnRoute| {
        let (to, producers) = place(own);
        routes[..i].iter().map(place).any(|other| overlap((to, &producers), (other.0, &other.1)))
    };
    for (i, own) in routes.iter().enumerate().filter(|(i, own)| twice(*i, own)) {
        let name = match own.route.to {
            Destination::Queue(q) => &cx.names.queues[q],
            Destination::Topic(t) => &cx.names.topics[t],
        };
        let told = Problem::error(
            nodes.get(i).map_or(field.node.at, |n| n.at),
            format!("`{name}` is named twice in `to`"),
        );
        cx.tell(told.label("add its probability to the other's"));
    }
    routes
}

fn route(cx: &mut Context<'_>, field: Field<'_>) -> Option<OwnRoute> {
    let table = cx.table(field, ROUTE).or_else(|| cx.lost())?;
    let probability = table.get("probability").map_or(Some(1.0), |f| cx.probability(f));
    let to = match (table.get("queue"), table.get("topic")) {
        (Some(queue), None) => cx.queue(queue).map(Destination::Queue),
        (None, Some(topic)) => cx.topic(topic).map(Destination::Topic),
        _ => {
            let told = Problem::error(field.node.at, "a route names one queue or one topic");
            cx.tell(told.help("write { queue = \"NAME\", probability = 0.9 }"));
            cx.lost()
        }
    };
    let producers = match table.get("producers") {
        Some(field) => producers(cx, field),
        None => Some(Vec::new()),
    };
    Some(OwnRoute { producers: producers?, route: Route { to: to?, probability: probability? } })
}

/// The producers that a list names.
fn producers(cx: &mut Context<'_>, field: Field<'_>) -> Option<Vec<usize>> {
    let list = cx.list(field).or_else(|| cx.lost())?;
    list.iter().map(|node| cx.producer(Field { key: "producers", node })).collect()
}
