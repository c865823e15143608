//! The slow simulator's state, and its one loop: the next thing happens, and then whoever can take a message
//! takes it, until nobody can. Everything is looked for among all of everything each time.

use super::scene::{Ns, Scene, To};

/// Parts of a nanosecond in which work is counted, so that the rates of the cases are whole numbers.
pub(super) const PARTS: u128 = 5040;

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub producer: usize,
    pub due: Ns,
    /// How often its client sent again, how many of all copies are lost, and whether it is at an end.
    pub copies: u64,
    pub lost: u64,
    pub answered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// In a queue, and can be taken from an instant on.
    Waits {
        from: Ns,
    },
    /// Handed to a server, which may not have begun.
    With {
        server: usize,
    },
    /// Its sender or forwarding server waits for room.
    Outside {
        server: Option<usize>,
    },
    Gone,
}

/// One stay of a message in a queue.
#[derive(Debug, Clone)]
pub(super) struct Stay {
    pub message: usize,
    pub queue: usize,
    pub sent: Ns,
    /// Its place among those that wait: when it came, or came back after a delay.
    pub place: Ns,
    pub state: State,
    pub deliveries: u32,
    /// Time in service so far.
    pub worked: Ns,
    /// What is left of its work after it was interrupted.
    pub left: Option<u128>,
    /// Whether another message took its server, so that taking it again is no further delivery.
    pub put_aside: bool,
}

/// What a server works on: one message, or those of a batch.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub stays: Vec<(usize, u32)>,
    pub since: Ns,
    pub left: u128,
    pub sequence: u64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Server {
    pub group: usize,
    pub speed: (u64, u64),
    pub job: Option<Job>,
    /// Handed over and not begun: when each arrives, who, and which delivery of it that is.
    pub hand: Vec<(Ns, usize, u32)>,
    /// Acknowledgements on their way back.
    pub acknowledging: usize,
    /// A failed message that it keeps, and when it tries again.
    pub keeps: Option<(Ns, usize)>,
    /// Waits for room for what it forwards.
    pub stuck: bool,
    pub broken: bool,
    /// Not part of the group now, or as soon as it is done.
    pub leaves: bool,
    pub idle_since: (Ns, u64),
    pub tokens: f64,
    pub tokens_since: Ns,
    pub worked: Ns,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Due(usize),
    MaySend(usize),
    Arrive(usize, To),
    Expire(usize),
    Visible(usize, u32),
    Acknowledged(usize),
    Break(usize),
    Repair(usize),
    BreakAll(usize),
    RepairAll(usize),
    Hour(usize, usize),
    Look(usize),
    Started(usize),
    Again(usize),
    Wake,
}

/// A stay that ended, as a recorder is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ended {
    pub queue: usize,
    pub due: Ns,
    pub producer: usize,
    pub sent: Ns,
    pub taken: Ns,
    pub finished: Ns,
    pub group: usize,
    pub deliveries: u32,
    pub outcome: super::Outcome,
}

pub(super) struct World<'a> {
    pub scene: &'a Scene,
    pub now: Ns,
    pub messages: Vec<Message>,
    pub stays: Vec<Stay>,
    pub servers: Vec<Server>,
    pub events: Vec<(Ns, u64, Event)>,
    pub sequence: u64,
    pub ended: Vec<Ended>,
    /// When messages left the network: due, producer, when, how.
    pub left: Vec<(Ns, usize, Ns, super::Outcome)>,
    /// Of each group: tokens, and since when.
    pub tokens: Vec<(f64, Ns)>,
    /// Of each producer: messages that may not be sent yet, its tokens, and since when it has them.
    pub unsent: Vec<(Vec<usize>, f64, Ns)>,
    /// Of each queue: the server that was dealt a message in turn last.
    pub dealt: Vec<usize>,
    /// Servers that have asked for messages, and for how many, in the order in which they are served.
    pub requests: Vec<(usize, usize)>,
    /// Of each topic: copies dealt so far.
    pub turns: Vec<usize>,
    /// Of each group that scales: servers that start, and when it last looked and needed all of them.
    pub starting: Vec<usize>,
    pub needed: Vec<Ns>,
}

impl World<'_> {
    pub(super) fn of(scene: &Scene) -> World<'_> {
        let mut world = World {
            scene,
            now: 0,
            messages: Vec::new(),
            stays: Vec::new(),
            servers: Vec::new(),
            events: Vec::new(),
            sequence: 0,
            ended: Vec::new(),
            left: Vec::new(),
            tokens: scene.groups.iter().map(|g| (g.bucket.map_or(0.0, |b| b.burst as f64), 0)).collect(),
            unsent: scene
                .producers
                .iter()
                .map(|p| (Vec::new(), p.limit.map_or(0.0, |(_, burst)| burst as f64), 0))
                .collect(),
            dealt: vec![usize::MAX; scene.queues.len()],
            requests: Vec::new(),
            turns: vec![0; scene.topics.len()],
            starting: vec![0; scene.groups.len()],
            needed: vec![0; scene.groups.len()],
        };
        world.send_all();
        world.set_up_groups();
        world
    }

    pub(super) fn at(&mut self, when: Ns, event: Event) {
        self.sequence += 1;
        self.events.push((when, self.sequence, event));
    }

    fn send_all(&mut self) {
        let scene = self.scene;
        for (producer, p) in scene.producers.iter().enumerate() {
            for &due in p.due.iter().chain(&p.think) {
                self.planned(producer, due);
            }
        }
    }

    /// A message that is due later.
    pub(super) fn planned(&mut self, producer: usize, due: Ns) {
        self.messages.push(Message { producer, due, copies: 0, lost: 0, answered: false });
        self.at(due, Event::Due(self.messages.len() - 1));
    }

    fn set_up_groups(&mut self) {
        let scene = self.scene;
        for (group, g) in scene.groups.iter().enumerate() {
            let first = self.servers.len();
            let there = g.hours.first().map(|h| h.1).or(g.scale.map(|s| s.min.max(1)));
            for (i, &speed) in g.speeds.iter().enumerate() {
                let tokens = g.bucket.map_or(0.0, |b| b.burst as f64);
                let leaves = there.is_some_and(|n| i >= n);
                let idle_since = (0, self.servers.len() as u64);
                let server = Server { group, speed, leaves, idle_since, tokens, ..Server::default() };
                self.servers.push(server);
            }
            if !g.hours.is_empty() {
                self.at(g.hours[0].0, Event::Hour(group, 1 % g.hours.len()));
            }
            if let Some(scale) = g.scale {
                self.at(scale.every, Event::Look(group));
            }
            match g.outages {
                Some(o) if o.together => self.at(o.up, Event::BreakAll(group)),
                Some(o) if !o.busy => {
                    (first..self.servers.len()).for_each(|s| self.at(o.up, Event::Break(s)));
                }
                _ => {}
            }
        }
    }

    /// Plays until an instant.
    pub(super) fn play(&mut self, until: Ns) {
        self.settle();
        while let Some(next) = self.next().filter(|next| *next < until) {
            self.work_until(next);
            if let Some(server) = self.done() {
                self.finish(server);
            } else if let Some(server) = self.breaks_at_work() {
                self.stop(server);
                let down = self.group_of(server).outages.map_or(0, |o| o.down);
                self.at(self.now + down, Event::Repair(server));
            } else {
                let first = (0..self.events.len()).min_by_key(|i| (self.events[*i].0, self.events[*i].1));
                if let Some(first) = first {
                    let (_, _, event) = self.events.swap_remove(first);
                    self.happens(event);
                }
            }
            self.settle();
        }
    }

    /// When the next thing happens: an event, the end of a service, or the end of a working server's time.
    fn next(&self) -> Option<Ns> {
        let events = self.events.iter().map(|e| e.0);
        let ends = (0..self.servers.len()).filter_map(|s| self.end_of(s));
        let breaks = (0..self.servers.len()).filter_map(|s| Some(self.now + self.time_to_break(s)?));
        events.chain(ends).chain(breaks).min()
    }

    /// Parts of work that a server does in a nanosecond.
    pub(super) fn pace(&self, server: usize) -> u128 {
        let group = self.group_of(server);
        let (p, q) = self.servers[server].speed;
        let mut pace = PARTS * u128::from(p) / u128::from(q);
        if !group.per_busy.is_empty() {
            let g = self.servers[server].group;
            let busy = self.servers.iter().filter(|s| s.group == g && self.works(s)).count();
            let total = group.per_busy[busy.clamp(1, group.per_busy.len()) - 1];
            pace = pace * u128::from(total) / (4 * busy.max(1) as u128);
        }
        if !group.by_length.is_empty() {
            let waiting = self.waiting(group.from[0]).count();
            pace = pace * u128::from(group.by_length[waiting.min(group.by_length.len() - 1)]) / 4;
        }
        pace
    }

    pub(super) fn works(&self, server: &Server) -> bool {
        server.job.is_some() && !server.broken
    }

    pub(super) fn group_of(&self, server: usize) -> &super::scene::Group {
        &self.scene.groups[self.servers[server].group]
    }

    fn end_of(&self, server: usize) -> Option<Ns> {
        let s = &self.servers[server];
        let job = s.job.as_ref().filter(|_| !s.broken)?;
        Some(self.now + job.left.div_ceil(self.pace(server)) as Ns)
    }

    fn time_to_break(&self, server: usize) -> Option<Ns> {
        let outages = self.group_of(server).outages.filter(|o| o.busy)?;
        let s = &self.servers[server];
        self.works(s).then(|| outages.up - s.worked)
    }

    fn work_until(&mut self, next: Ns) {
        let passed = next - self.now;
        let paces: Vec<u128> = (0..self.servers.len()).map(|s| self.pace(s)).collect();
        for (server, pace) in self.servers.iter_mut().zip(paces).filter(|(s, _)| !s.broken) {
            if let Some(job) = &mut server.job {
                job.left = job.left.saturating_sub(pace * u128::from(passed));
                server.worked += passed;
            }
        }
        self.now = next;
    }

    fn done(&self) -> Option<usize> {
        self.servers.iter().position(|s| !s.broken && s.job.as_ref().is_some_and(|j| j.left == 0))
    }

    fn breaks_at_work(&self) -> Option<usize> {
        (0..self.servers.len()).find(|s| self.time_to_break(*s) == Some(0))
    }

    /// Those that wait in a queue and are not held back.
    pub(super) fn waiting(&self, queue: usize) -> impl Iterator<Item = usize> + '_ {
        let ready = move |s: &Stay| matches!(s.state, State::Waits { from } if from <= self.now);
        (0..self.stays.len()).filter(move |i| self.stays[*i].queue == queue && ready(&self.stays[*i]))
    }
}
