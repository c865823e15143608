//! What happens at an instant: messages arrive, their time is up, servers break, and groups grow.

use super::Outcome;
use super::scene::{Ns, To};
use super::world::{Ended, Event, Server, State, Stay, World};

impl World<'_> {
    pub(super) fn happens(&mut self, event: Event) {
        match event {
            Event::Due(message) => self.is_due(message),
            Event::MaySend(producer) => self.may_send(producer),
            Event::Arrive(message, to) => self.arrives(message, to, None),
            Event::Expire(stay) => self.expires(stay),
            Event::Visible(stay, delivery) => self.is_visible_again(stay, delivery),
            Event::Acknowledged(server) => self.servers[server].acknowledging -= 1,
            Event::Break(server) => {
                self.stop(server);
                let down = self.group_of(server).outages.map_or(0, |o| o.down);
                self.at(self.now + down, Event::Repair(server));
            }
            Event::Repair(server) => {
                self.goes_on(server);
                let outages = self.group_of(server).outages;
                if let Some(o) = outages.filter(|o| !o.busy) {
                    self.at(self.now + o.up, Event::Break(server));
                }
            }
            Event::BreakAll(group) => self.all_of(group, true),
            Event::RepairAll(group) => self.all_of(group, false),
            Event::Hour(group, hour) => self.hour(group, hour),
            Event::Look(group) => self.look(group),
            Event::Started(group) => self.starts(group),
            Event::Again(message) => self.again(message),
            Event::Wake => {}
        }
    }

    fn is_due(&mut self, message: usize) {
        let index = self.messages[message].producer;
        let producer = &self.scene.producers[index];
        if producer.limit.is_some() {
            self.unsent[index].0.push(message);
            return self.may_send(index);
        }
        self.at(self.now + producer.send, Event::Arrive(message, producer.to));
        if let Some((after, _)) = producer.resend {
            self.at(self.now + after, Event::Again(message));
        }
    }

    /// A producer whose sends are limited sends the first of those that wait while it has a token.
    fn may_send(&mut self, index: usize) {
        let producer = &self.scene.producers[index];
        let Some((every, burst)) = producer.limit else { return };
        let (_, had, since) = self.unsent[index];
        let mut tokens = (had + (self.now - since) as f64 / every as f64).min(burst as f64);
        while !self.unsent[index].0.is_empty() && tokens >= 1.0 - 1e-9 {
            tokens -= 1.0;
            let message = self.unsent[index].0.remove(0);
            self.at(self.now + producer.send, Event::Arrive(message, producer.to));
        }
        (self.unsent[index].1, self.unsent[index].2) = (tokens, self.now);
        if !self.unsent[index].0.is_empty() {
            let missing = ((1.0 - tokens) * every as f64).round() as Ns;
            self.at(self.now + missing, Event::MaySend(index));
        }
    }

    /// A client has waited for an answer: it sends a copy, or gives up.
    fn again(&mut self, message: usize) {
        let producer = &self.scene.producers[self.messages[message].producer];
        let Some((after, most)) = producer.resend.filter(|_| !self.messages[message].answered) else {
            return;
        };
        if self.messages[message].copies == most {
            if !producer.hedges {
                self.gone(message, Outcome::Expired);
            }
            return;
        }
        self.messages[message].copies += 1;
        self.at(self.now + after, Event::Again(message));
        self.at(self.now + producer.send, Event::Arrive(message, producer.to));
    }

    /// A message reaches a queue or a topic; `server` is one that forwards it.
    pub(super) fn arrives(&mut self, message: usize, to: To, server: Option<usize>) {
        let queues = match to {
            To::Queue(queue) => vec![queue],
            To::Topic(topic) => {
                let (subscriptions, all) = &self.scene.topics[topic];
                let turn = self.turns[topic];
                self.turns[topic] += 1;
                if *all { subscriptions.clone() } else { vec![subscriptions[turn % subscriptions.len()]] }
            }
        };
        for queue in queues {
            self.comes_to(message, queue, server);
        }
    }

    fn comes_to(&mut self, message: usize, queue: usize, server: Option<usize>) {
        let state = State::Outside { server };
        let stay = Stay {
            message,
            queue,
            sent: self.now,
            place: self.now,
            state,
            deliveries: 0,
            worked: 0,
            left: None,
            put_aside: false,
        };
        self.stays.push(stay);
        let stay = self.stays.len() - 1;
        let q = &self.scene.queues[queue];
        if q.overflow == "block" {
            if let Some(server) = server {
                self.servers[server].stuck = true;
            }
            return;
        }
        let full =
            q.max_length.is_some_and(|most| self.length(queue) >= most) && !self.is_taken_at_once(queue);
        if full {
            let oldest = self.waiting(queue).min_by_key(|s| (self.stays[*s].place, *s));
            let Some(oldest) = oldest.filter(|_| q.overflow == "drop-head") else {
                return self.ends(stay, Outcome::Rejected);
            };
            self.ends(oldest, Outcome::Dropped);
        }
        self.comes_in(stay);
        if self.scene.groups.iter().all(|g| !g.from.contains(&queue)) {
            self.leaves(message, Outcome::DeadLettered);
        }
        self.settle();
    }

    /// Those that wait; a message whose delivery failed is elsewhere until its delay is over.
    fn length(&self, queue: usize) -> usize {
        self.waiting(queue).count()
    }

    /// The first that waits outside comes in where there is room for it, or a server that takes it at once.
    pub(super) fn let_one_in(&mut self) -> bool {
        for stay in 0..self.stays.len() {
            let State::Outside { server } = self.stays[stay].state else { continue };
            let queue = self.stays[stay].queue;
            let most = self.scene.queues[queue].max_length.unwrap_or(usize::MAX);
            let free = self.is_taken_at_once(queue);
            let earlier = self.stays[..stay].iter();
            let queued = |s: &Stay| s.queue == queue && matches!(s.state, State::Outside { .. });
            if self.length(queue) >= most && !free || earlier.clone().any(queued) {
                continue;
            }
            self.comes_in(stay);
            if let Some(server) = server {
                self.servers[server].stuck = false;
                self.rests(server);
            }
            return true;
        }
        false
    }

    fn comes_in(&mut self, stay: usize) {
        let q = &self.scene.queues[self.stays[stay].queue];
        (self.stays[stay].sent, self.stays[stay].place) = (self.now, self.now);
        let held = if q.by_servers { 0 } else { q.held };
        self.stays[stay].state = State::Waits { from: self.now + held };
        if held > 0 {
            self.at(self.now + held, Event::Wake);
        }
        if let Some(ttl) = q.ttl {
            self.at(self.now + ttl, Event::Expire(stay));
        }
        for group in self.scene.groups.iter() {
            if let Some((_, linger)) = group.batch {
                self.at(self.now + linger, Event::Wake);
            }
        }
    }

    fn expires(&mut self, stay: usize) {
        let this = &self.stays[stay];
        let old = self.scene.queues[this.queue].ttl.is_some_and(|ttl| this.sent + ttl <= self.now);
        let returns_later = |from| this.deliveries > 0 && from > self.now;
        let behind = self.scene.queues[this.queue].head && self.first_of(this.queue) != Some(stay);
        if old && !behind && matches!(this.state, State::Waits { from } if !returns_later(from)) {
            self.ends(stay, Outcome::Expired);
        }
    }

    fn is_visible_again(&mut self, stay: usize, delivery: u32) {
        let this = &self.stays[stay];
        if !matches!(this.state, State::With { .. }) || this.deliveries != delivery {
            return;
        }
        self.works_no_more(stay);
        self.comes_back(stay, self.now);
    }

    /// Delivered in vain: it waits again from an instant on, or was delivered too often.
    pub(super) fn comes_back(&mut self, stay: usize, from: Ns) {
        let q = &self.scene.queues[self.stays[stay].queue];
        if q.limit.is_some_and(|most| self.stays[stay].deliveries >= most) {
            self.ends(stay, Outcome::Dropped);
            return;
        }
        let behind = q.head && self.length(self.stays[stay].queue) > 0;
        if from == self.now && !behind && q.ttl.is_some_and(|ttl| self.stays[stay].sent + ttl < self.now) {
            self.ends(stay, Outcome::Expired);
            return;
        }
        self.stays[stay].state = State::Waits { from };
        if from > self.now {
            self.stays[stay].place = from;
        }
        let due = q.ttl.map(|ttl| (self.stays[stay].sent + ttl).max(from));
        self.at(due.unwrap_or(from), due.map_or(Event::Wake, |_| Event::Expire(stay)));
        self.at(from, Event::Wake);
    }

    /// A stay ends; what was not served goes on to the dead-letter queue if there is one.
    pub(super) fn ends(&mut self, stay: usize, outcome: Outcome) {
        let server = match self.stays[stay].state {
            State::With { server } => Some(server),
            _ => None,
        };
        self.stays[stay].state = State::Gone;
        let this = &self.stays[stay];
        let dead = self.scene.queues[this.queue].dead;
        let dead = dead.filter(|_| matches!(outcome, Outcome::Dropped | Outcome::Expired));
        let message = this.message;
        self.ended.push(Ended {
            queue: this.queue,
            due: self.messages[message].due,
            producer: self.messages[message].producer,
            sent: this.sent,
            taken: self.now - this.worked,
            finished: self.now,
            group: server.filter(|_| outcome == Outcome::Served).map_or(0, |s| self.servers[s].group),
            deliveries: this.deliveries,
            outcome: if dead.is_some() { Outcome::DeadLettered } else { outcome },
        });
        match dead {
            Some(queue) => self.arrives(message, To::Queue(queue), None),
            None if outcome != Outcome::Served => self.leaves(message, outcome),
            None => {}
        }
    }

    /// A message leaves the network; a client that sends again does not know of a copy that is lost, and one
    /// that hedges has lost a message with the last copy that it sends.
    pub(super) fn leaves(&mut self, message: usize, outcome: Outcome) {
        let producer = &self.scene.producers[self.messages[message].producer];
        let this = &mut self.messages[message];
        let Some((_, most)) = producer.resend else { return self.gone(message, outcome) };
        this.lost += u64::from(outcome != Outcome::Served);
        let all = producer.hedges && this.copies == most && this.lost == most + 1;
        if (outcome == Outcome::Served || all) && !this.answered {
            self.gone(message, outcome);
        }
    }

    /// A client knows what became of its message, and one that thinks sends its next one.
    fn gone(&mut self, message: usize, outcome: Outcome) {
        let (producer, due) = (self.messages[message].producer, self.messages[message].due);
        self.messages[message].answered = true;
        self.left.push((due, producer, self.now, outcome));
        if let Some(think) = self.scene.producers[producer].think {
            self.planned(producer, self.now + think);
        }
    }

    fn all_of(&mut self, group: usize, stop: bool) {
        let Some(outages) = self.scene.groups[group].outages else { return };
        for server in 0..self.servers.len() {
            if self.servers[server].group == group {
                if stop { self.stop(server) } else { self.goes_on(server) }
            }
        }
        let next = if stop { Event::RepairAll(group) } else { Event::BreakAll(group) };
        self.at(self.now + if stop { outages.down } else { outages.up }, next);
    }

    /// A server breaks.
    pub(super) fn stop(&mut self, server: usize) {
        let resume = self.group_of(server).outages.is_some_and(|o| o.resume);
        self.servers[server].broken = true;
        self.servers[server].worked = 0;
        if !resume {
            self.drops_its_work(server);
        }
    }

    /// What a server has waits again.
    fn drops_its_work(&mut self, server: usize) {
        if let Some(job) = self.servers[server].job.take() {
            for (stay, delivery) in job.stays {
                if self.stays[stay].deliveries == delivery
                    && self.stays[stay].state == (State::With { server })
                {
                    self.stays[stay].worked += self.now - job.since;
                    self.comes_back(stay, self.now);
                }
            }
        }
    }

    fn goes_on(&mut self, server: usize) {
        self.servers[server].broken = false;
        if self.servers[server].job.is_none() {
            self.rests(server);
        }
    }

    /// A server is idle from now on.
    pub(super) fn rests(&mut self, server: usize) {
        self.sequence += 1;
        self.servers[server].idle_since = (self.now, self.sequence);
    }

    fn hour(&mut self, group: usize, hour: usize) {
        let hours = &self.scene.groups[group].hours;
        self.resize(group, hours[hour].1);
        self.at(self.now + hours[hour].0, Event::Hour(group, (hour + 1) % hours.len()));
    }

    /// Servers of a group that are there and not about to leave.
    fn there(&self, group: usize) -> Vec<usize> {
        let here = |s: &Server| s.group == group && !s.leaves;
        (0..self.servers.len()).filter(|s| here(&self.servers[*s])).collect()
    }

    /// Idle servers leave first; one that is at work leaves when it is done.
    fn resize(&mut self, group: usize, many: usize) {
        while self.there(group).len() > many {
            let leaver = self.there(group).into_iter().max_by_key(|s| (self.servers[*s].job.is_none(), *s));
            let Some(server) = leaver else { return };
            self.servers[server].leaves = true;
            if self.scene.groups[group].scale.is_some_and(|scale| scale.kill) {
                self.drops_its_work(server);
            }
        }
        while self.there(group).len() < many {
            let away = |s: &Server| s.group == group && s.leaves;
            let comer = (0..self.servers.len()).filter(|s| away(&self.servers[*s]));
            let Some(comer) = comer.max_by_key(|s| (self.servers[*s].job.is_some(), std::cmp::Reverse(*s)))
            else {
                return;
            };
            self.servers[comer].leaves = false;
            if self.servers[comer].job.is_none() {
                self.rests(comer);
            }
        }
    }

    fn look(&mut self, group: usize) {
        let Some(scale) = self.scene.groups[group].scale else { return };
        let at_work = self.servers.iter().filter(|s| s.group == group && s.job.is_some()).count();
        let queue = self.scene.groups[group].from[0];
        let backlog = self.waiting(queue).count() + if scale.in_flight { at_work } else { 0 };
        let wanted = backlog.div_ceil(scale.target).clamp(scale.min, scale.max);
        let there = self.there(group).len() + self.starting[group];
        if wanted >= there {
            self.needed[group] = self.now;
            let more = (wanted - there).min(scale.up.unwrap_or(usize::MAX));
            for _ in 0..more {
                self.starting[group] += 1;
                self.at(self.now + scale.startup, Event::Started(group));
            }
        } else {
            if self.now - self.needed[group] >= scale.cooldown {
                let fewer = (there - wanted).min(scale.down.unwrap_or(usize::MAX));
                let now = self.there(group).len();
                self.resize(group, now - fewer.min(now));
            }
        }
        self.at(self.now + scale.every, Event::Look(group));
    }

    fn starts(&mut self, group: usize) {
        self.starting[group] -= 1;
        let many = self.there(group).len() + 1;
        self.resize(group, many);
    }
}
