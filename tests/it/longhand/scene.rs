//! What a case consists of, and how it is written as a scenario. Times are nanoseconds.

use std::fmt::Write as _;

pub(super) type Ns = u64;

/// Where messages go, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    Queue(usize),
    Topic(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Producer {
    pub to: To,
    /// When its messages are due; of a closed loop nothing.
    pub due: Vec<Ns>,
    /// A closed loop of one client that thinks for so long.
    pub think: Option<Ns>,
    pub send: Ns,
    pub priority: i64,
    /// The work that its messages bring.
    pub work: Option<Ns>,
    /// All of its messages have one key.
    pub keyed: bool,
    /// Each delivery of its messages fails.
    pub poison: bool,
    /// After how long a client sends again, and how often.
    pub resend: Option<(Ns, u64)>,
    /// Whether it never gives up then.
    pub hedges: bool,
    /// A limit of sends: one every so often, and so many at once after a rest.
    pub limit: Option<(Ns, u64)>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Queue {
    /// Settings that only choose a rule, as they are written.
    pub discipline: &'static str,
    pub preemption: &'static str,
    pub overflow: &'static str,
    pub max_length: Option<usize>,
    pub ttl: Option<Ns>,
    pub head: bool,
    pub held: Ns,
    /// Whether servers hold what is held back.
    pub by_servers: bool,
    pub limit: Option<u32>,
    pub dead: Option<usize>,
    pub visibility: Option<Ns>,
    pub late: &'static str,
    pub partitions: Option<u64>,
    pub locks: bool,
    pub backlog: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Group {
    pub from: Vec<usize>,
    /// The speed of each server, as (numerator, denominator).
    pub speeds: Vec<(u64, u64)>,
    /// In place of the number of servers: for how long how many.
    pub hours: Vec<(Ns, usize)>,
    pub choice: &'static str,
    pub service: Ns,
    pub per_message: Ns,
    /// The total rate of 1, 2, … servers at work, in quarters.
    pub per_busy: Vec<u64>,
    /// The rate while 0, 1, … messages wait, in quarters.
    pub by_length: Vec<u64>,
    pub transit: Ns,
    pub prefetch: usize,
    pub demand: bool,
    pub request: bool,
    pub batch: Option<(usize, Ns)>,
    pub auto: bool,
    /// Each delivery fails.
    pub fails: bool,
    pub retry: Option<(Ns, Ns)>,
    pub blocking: bool,
    pub outages: Option<Outages>,
    pub bucket: Option<Bucket>,
    pub scale: Option<Scale>,
    pub to: Option<To>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Outages {
    pub up: Ns,
    pub down: Ns,
    pub busy: bool,
    pub together: bool,
    pub resume: bool,
}

/// A limit of deliveries: one every so often, and so many at once after a rest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    pub every: Ns,
    pub burst: u64,
    pub each: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scale {
    pub min: usize,
    pub max: usize,
    pub target: usize,
    pub every: Ns,
    pub startup: Ns,
    pub cooldown: Ns,
    pub in_flight: bool,
    pub up: Option<usize>,
    pub down: Option<usize>,
    pub kill: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Scene {
    pub name: &'static str,
    pub producers: Vec<Producer>,
    pub queues: Vec<Queue>,
    /// Subscriptions, and whether each message goes to all of them rather than to one in turn.
    pub topics: Vec<(Vec<usize>, bool)>,
    pub groups: Vec<Group>,
    /// By how much instants may differ: 0 but where rates are no whole numbers.
    pub rounding: Ns,
    /// What is compared ends here.
    pub until: Ns,
}

/// A producer of messages for the first queue.
pub(super) fn sends(due: Vec<Ns>) -> Producer {
    Producer {
        to: To::Queue(0),
        due,
        think: None,
        send: 0,
        priority: 0,
        work: None,
        keyed: false,
        poison: false,
        resend: None,
        hedges: false,
        limit: None,
    }
}

/// Some equal servers of the first queue.
pub(super) fn serves(count: usize, service: Ns) -> Group {
    Group {
        from: vec![0],
        speeds: vec![(1, 1); count],
        hours: Vec::new(),
        choice: "",
        service,
        per_message: 0,
        per_busy: Vec::new(),
        by_length: Vec::new(),
        transit: 0,
        prefetch: 1,
        demand: false,
        request: false,
        batch: None,
        auto: false,
        fails: false,
        retry: None,
        blocking: false,
        outages: None,
        bucket: None,
        scale: None,
        to: None,
    }
}

/// Irregular instants: so many, on average so far apart, always the same of one seed.
pub(super) fn instants(seed: u64, count: usize, apart: Ns) -> Vec<Ns> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut at = 0;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        at += 1 + (state >> 11) % (2 * apart);
        at
    };
    (0..count).map(|_| next()).collect()
}

impl Scene {
    /// The rows of a producer's file.
    pub(super) fn file(&self, producer: usize) -> String {
        let due = &self.producers[producer].due;
        let gaps = due.iter().scan(0, |last, t| Some(t - std::mem::replace(last, *t)));
        std::iter::once("gap_ns\n".to_owned()).chain(gaps.map(|gap| format!("{gap}\n"))).collect()
    }

    pub(super) fn toml(&self) -> String {
        let mut text = String::new();
        for (i, producer) in self.producers.iter().enumerate() {
            text += &producer.toml(i);
        }
        for (i, queue) in self.queues.iter().enumerate() {
            text += &queue.toml(i);
        }
        for (i, (to, all)) in self.topics.iter().enumerate() {
            let to: Vec<String> = to.iter().map(|q| format!("q{q}")).collect();
            let deliver = if *all { "all" } else { "round-robin" };
            text += &format!("[topics.t{i}]\nsubscriptions = {to:?}\ndeliver = {deliver:?}\n");
        }
        for (i, group) in self.groups.iter().enumerate() {
            text += &group.toml(i);
        }
        text
    }
}

fn name(to: To) -> String {
    match to {
        To::Queue(q) => format!("q{q}"),
        To::Topic(t) => format!("t{t}"),
    }
}

/// A setting's line, or nothing.
fn line(text: &mut String, key: &str, value: Option<String>) {
    if let Some(value) = value {
        let _ = writeln!(text, "{key} = {value}");
    }
}

fn time(ns: Ns) -> Option<String> {
    (ns > 0).then(|| format!("\"{ns}ns\""))
}

fn word(word: &str) -> Option<String> {
    (!word.is_empty()).then(|| format!("{word:?}"))
}

impl Producer {
    fn toml(&self, i: usize) -> String {
        let mut text = format!("[producers.p{i}]\nto = \"{}\"\n", name(self.to));
        let arrivals = match self.think {
            Some(think) => format!("{{ process = \"closed\", concurrency = 1, think_time = \"{think}ns\" }}"),
            None => format!("{{ process = \"trace\", file = \"{i}\" }}"),
        };
        line(&mut text, "arrivals", Some(arrivals));
        line(&mut text, "send_time", time(self.send));
        line(&mut text, "priority", (self.priority != 0).then(|| self.priority.to_string()));
        line(&mut text, "service_time", self.work.and_then(time));
        line(&mut text, "keys", self.keyed.then(|| "{ law = \"uniform\", count = 1 }".into()));
        line(&mut text, "failure", self.poison.then(|| "1.0".into()));
        let resend =
            self.resend.map(|(after, most)| format!("{{ after = \"{after}ns\", at_most = {most} }}"));
        line(&mut text, if self.hedges { "hedge" } else { "resend" }, resend);
        let limit = self
            .limit
            .map(|(every, burst)| format!("{{ rate = \"{:?}/s\", burst = {burst} }}", 1e9 / every as f64));
        line(&mut text, "rate_limit", limit);
        text
    }
}

impl Queue {
    fn toml(&self, i: usize) -> String {
        let mut text = format!("[queues.q{i}]\n");
        line(&mut text, "discipline", word(self.discipline));
        line(&mut text, "preemption", word(self.preemption));
        line(&mut text, "overflow", word(self.overflow));
        line(&mut text, "max_length", self.max_length.map(|n| n.to_string()));
        line(&mut text, "message_ttl", self.ttl.and_then(time));
        line(&mut text, "expiry", self.head.then(|| "\"head\"".into()));
        line(&mut text, "deliver_after", time(self.held));
        line(&mut text, "held_by", self.by_servers.then(|| "\"consumer\"".into()));
        line(&mut text, "delivery_limit", self.limit.map(|n| n.to_string()));
        line(&mut text, "dead_letter", self.dead.map(|q| format!("\"q{q}\"")));
        line(&mut text, "visibility_timeout", self.visibility.and_then(time));
        line(&mut text, "late_ack", word(self.late));
        line(&mut text, "partitions", self.partitions.map(|n| n.to_string()));
        line(&mut text, "locks", self.locks.then(|| "\"by-key\"".into()));
        line(&mut text, "initial_backlog", (self.backlog > 0).then(|| self.backlog.to_string()));
        text
    }
}

/// Multiples of a rate that are given in quarters.
fn quarters(list: &[u64]) -> Vec<f64> {
    list.iter().map(|q| *q as f64 / 4.0).collect()
}

impl Group {
    fn toml(&self, i: usize) -> String {
        let mut text = format!("[consumers.g{i}]\n");
        let from: Vec<String> = self.from.iter().map(|q| format!("q{q}")).collect();
        line(
            &mut text,
            "from",
            Some(if from.len() == 1 { format!("{:?}", from[0]) } else { format!("{from:?}") }),
        );
        line(&mut text, "count", self.count());
        line(&mut text, "servers", self.servers());
        line(&mut text, "choice", word(self.choice));
        line(&mut text, "service_time", Some(format!("\"{}ns\"", self.service)));
        line(&mut text, "service_time_per_message", time(self.per_message));
        line(&mut text, "service_rate", self.rate());
        line(&mut text, "transit", time(self.transit));
        line(&mut text, "prefetch", (self.prefetch > 1).then(|| self.prefetch.to_string()));
        line(&mut text, "prefetch_by", self.demand.then(|| "\"demand\"".into()));
        line(&mut text, "prefetch_by", self.request.then(|| "\"request\"".into()));
        let batch = self.batch.map(|(max, linger)| format!("{{ max = {max}, linger = \"{linger}ns\" }}"));
        line(&mut text, "batch", batch);
        line(&mut text, "ack", self.auto.then(|| "\"auto\"".into()));
        line(&mut text, "failure", self.fails.then(|| "1.0".into()));
        let retry = self.retry.map(|(min, max)| format!("{{ min = \"{min}ns\", max = \"{max}ns\" }}"));
        line(&mut text, "retry_delay", retry);
        line(&mut text, "retry_order", self.blocking.then(|| "\"blocking\"".into()));
        line(&mut text, "outages", self.outages.map(|o| o.toml()));
        line(&mut text, "rate_limit", self.bucket.map(|b| b.toml()));
        line(&mut text, "autoscale", self.scale.map(|s| s.toml()));
        line(&mut text, "to", self.to.map(|to| format!("{:?}", name(to))));
        text
    }

    fn count(&self) -> Option<String> {
        if !self.hours.is_empty() {
            let steps = self.hours.iter().map(|(t, n)| format!("{{ for = \"{t}ns\", count = {n} }}"));
            return Some(format!("[{}]", steps.collect::<Vec<_>>().join(", ")));
        }
        let equal = self.speeds.iter().all(|s| *s == (1, 1));
        (equal && self.scale.is_none()).then(|| self.speeds.len().to_string())
    }

    fn servers(&self) -> Option<String> {
        let speed = |(p, q): &(u64, u64)| format!("{{ count = 1, speed = {:?} }}", *p as f64 / *q as f64);
        let equal = self.speeds.iter().all(|s| *s == (1, 1));
        (!equal).then(|| format!("[{}]", self.speeds.iter().map(speed).collect::<Vec<_>>().join(", ")))
    }

    fn rate(&self) -> Option<String> {
        if !self.per_busy.is_empty() {
            return Some(format!("{{ per_busy = {:?} }}", quarters(&self.per_busy)));
        }
        (!self.by_length.is_empty())
            .then(|| format!("{{ by_queue_length = {:?} }}", quarters(&self.by_length)))
    }
}

impl Outages {
    fn toml(self) -> String {
        let during = if self.busy { "busy" } else { "always" };
        let then = if self.resume { "resume" } else { "redeliver" };
        format!(
            "{{ up = \"{}ns\", down = \"{}ns\", while = \"{during}\", \
                together = {}, in_progress = \"{then}\" }}",
            self.up, self.down, self.together
        )
    }
}

impl Bucket {
    fn toml(self) -> String {
        let by = if self.each { "server" } else { "group" };
        let rate = 1e9 / self.every as f64;
        format!("{{ rate = \"{rate:?}/s\", burst = {}, by = \"{by}\" }}", self.burst)
    }
}

impl Scale {
    fn toml(self) -> String {
        let step = |key: &str, n: Option<usize>| n.map(|n| format!(", {key} = {n}")).unwrap_or_default();
        format!(
            "{{ min = {}, max = {}, target_backlog = {}, every = \"{}ns\", startup = \"{}ns\", cooldown = \
                \"{}ns\", in_flight = {}{}{}{} }}",
            self.min,
            self.max,
            self.target,
            self.every,
            self.startup,
            self.cooldown,
            self.in_flight,
            step("max_step_up", self.up),
            step("max_step_down", self.down),
            if self.kill { ", scale_in = \"kill\"" } else { "" }
        )
    }
}
