//! Who takes which message.

use super::scene::{Ns, To};
use super::world::{Event, Job, PARTS, State, World};

impl World<'_> {
    /// Lets messages be taken, and those that wait for room come in, until nothing changes.
    pub(super) fn settle(&mut self) {
        while self.begin_what_is_in_hand()
            || self.ask()
            || self.throw_one_out()
            || self.hand_one_over()
            || self.let_one_in()
            || self.interrupt()
        {}
    }

    /// What is at the head of the line and too old goes, where it stayed until then.
    fn throw_one_out(&mut self) -> bool {
        for queue in (0..self.scene.queues.len()).filter(|q| self.scene.queues[*q].head) {
            let ttl = self.scene.queues[queue].ttl.unwrap_or(Ns::MAX);
            let old = |stay: &usize| self.stays[*stay].sent.saturating_add(ttl) < self.now;
            if let Some(first) = self.first_of(queue).filter(old) {
                self.ends(first, super::Outcome::Expired);
                return true;
            }
        }
        false
    }

    /// A server that is free begins with what it keeps or what lies in its hand.
    fn begin_what_is_in_hand(&mut self) -> bool {
        for server in 0..self.servers.len() {
            let s = &self.servers[server];
            if s.job.is_some() || s.broken || s.stuck {
                continue;
            }
            if let Some((when, stay)) = s.keeps {
                if when <= self.now && self.has_token(server) {
                    self.servers[server].keeps = None;
                    self.use_token(server);
                    self.stays[stay].deliveries += 1;
                    self.begin(server, vec![(stay, self.stays[stay].deliveries)]);
                    return true;
                }
                continue;
            }
            let began =
                (0..s.hand.len()).filter(|at| s.hand[*at].0 <= self.now).min_by_key(|at| s.hand[*at].0);
            if let Some(at) = began {
                let (_, stay, delivery) = self.servers[server].hand.remove(at);
                self.begin(server, vec![(stay, delivery)]);
                return true;
            }
        }
        false
    }

    /// A server asks for what it may hold: once an eighth of that is free, or it has nothing to do.
    fn ask(&mut self) -> bool {
        for server in 0..self.servers.len() {
            let (s, group) = (&self.servers[server], self.group_of(server));
            let asked: usize = self.requests.iter().filter(|r| r.0 == server).map(|r| r.1).sum();
            let busy = usize::from(s.job.is_some());
            let free = group.prefetch.saturating_sub(s.hand.len() + busy + asked);
            let enough = if busy == 0 { 1 } else { 1.max(group.prefetch / 8) };
            if group.request && free >= enough {
                self.requests.push((server, free));
                return true;
            }
        }
        false
    }

    fn begin(&mut self, server: usize, stays: Vec<(usize, u32)>) {
        self.sequence += 1;
        let group = self.group_of(server);
        let first = &self.stays[stays[0].0];
        let producer = &self.scene.producers[self.messages[first.message].producer];
        let here = producer.to == To::Queue(first.queue);
        let work =
            producer.work.filter(|_| here).unwrap_or(group.service) + group.per_message * stays.len() as Ns;
        let left = first.left.unwrap_or(u128::from(work) * PARTS);
        self.servers[server].job = Some(Job { stays, since: self.now, left, sequence: self.sequence });
    }

    /// Whether a server can be handed a message now.
    fn has_room(&self, server: usize) -> bool {
        let s = &self.servers[server];
        let group = self.group_of(server);
        let held = s.hand.len() + s.acknowledging + usize::from(s.job.is_some());
        let room = match (group.demand, group.request) {
            (true, _) => held == 0,
            (_, true) => self.requests.iter().any(|(who, _)| *who == server),
            _ => held < group.prefetch,
        };
        room && !s.leaves && !s.broken && !s.stuck && s.keeps.is_none() && self.has_token(server)
    }

    /// Whether a server would take a message by itself as soon as it comes to a queue.
    pub(super) fn is_taken_at_once(&self, queue: usize) -> bool {
        let takes = |s: usize| self.group_of(s).from.contains(&queue) && self.group_of(s).batch.is_none();
        (0..self.servers.len()).any(|s| takes(s) && self.has_room(s))
    }

    /// A message that can be taken, of the first queue of a server's list in which there is one.
    fn hand_one_over(&mut self) -> bool {
        let candidates: Vec<usize> =
            (0..self.servers.len()).filter(|s| self.has_room(*s) && self.queue_for(*s).is_some()).collect();
        let Some(server) = self.chosen(&candidates) else { return false };
        if self.group_of(server).request {
            // What is left of its request is served after the others.
            let (who, left) = self.requests.remove(0);
            self.requests.extend((left > 1).then_some((who, left - 1)));
        }
        let Some(queue) = self.queue_for(server) else { return false };
        let group = self.group_of(server).clone();
        let many = if group.demand { group.prefetch } else { group.batch.map_or(1, |b| b.0) };
        // Where somebody has waited all windows were full: who has room again is not served in turn.
        let waited = |s: usize| matches!(self.stays[s].state, State::Waits { from } if from < self.now);
        let in_turn = !self.waiting(queue).any(waited);
        let mut taken = Vec::new();
        while taken.len() < many {
            let Some(stay) = self.first_of(queue) else { break };
            self.stays[stay].state = State::With { server };
            if !std::mem::take(&mut self.stays[stay].put_aside) {
                self.stays[stay].deliveries += 1;
            }
            taken.push((stay, self.stays[stay].deliveries));
            self.use_token(server);
            if let Some(after) = self.scene.queues[queue].visibility {
                self.at(self.now + after, Event::Visible(stay, self.stays[stay].deliveries));
            }
        }
        if in_turn {
            self.dealt[queue] = server;
        }
        if group.batch.is_some() {
            self.begin(server, taken);
        } else {
            for (stay, delivery) in taken {
                let q = &self.scene.queues[queue];
                let held = self.stays[stay].sent + if q.by_servers && delivery == 1 { q.held } else { 0 };
                let begins = (self.now + group.transit).max(held);
                self.servers[server].hand.push((begins, stay, delivery));
                self.at(begins, Event::Wake);
            }
        }
        true
    }

    fn queue_for(&self, server: usize) -> Option<usize> {
        self.group_of(server).from.iter().copied().find(|q| self.can_start(server, *q))
    }

    /// Whether there is a message for a server, and for a batch enough of them or one that has lingered.
    fn can_start(&self, server: usize, queue: usize) -> bool {
        let Some(first) = self.first_of(queue) else { return false };
        let partitioned = self.scene.queues[queue].partitions.is_some();
        let serves =
            |s: &super::world::Server, i: usize| i != server && (s.job.is_some() || !s.hand.is_empty());
        if partitioned && self.servers.iter().enumerate().any(|(i, s)| serves(s, i)) {
            return false;
        }
        self.group_of(server).batch.is_none_or(|(max, linger)| {
            self.waiting(queue).count() >= max || self.stays[first].sent + linger <= self.now
        })
    }

    fn chosen(&self, candidates: &[usize]) -> Option<usize> {
        let first = *candidates.first()?;
        let group = self.group_of(first);
        if group.request {
            return self.requests.first().map(|(who, _)| *who);
        }
        if group.prefetch > 1 && !group.demand {
            let last = self.dealt[group.from[0]];
            let next = candidates.iter().copied().find(|s| last == usize::MAX || *s > last);
            return next.or(Some(first));
        }
        let idle = |s: &usize| self.servers[*s].idle_since;
        let speed = |s: &usize| {
            let (p, q) = self.servers[*s].speed;
            std::cmp::Reverse((PARTS as u64) * p / q)
        };
        match group.choice {
            "fastest" => candidates.iter().copied().min_by_key(|s| (speed(s), idle(s))),
            _ => candidates.iter().copied().min_by_key(idle),
        }
    }

    /// The message that is taken next from a queue.
    pub(super) fn first_of(&self, queue: usize) -> Option<usize> {
        let free: Vec<usize> = self.waiting(queue).filter(|s| !self.is_locked(*s)).collect();
        let old = |s: &usize| (self.stays[*s].place, *s);
        let producer = |s: &usize| &self.scene.producers[self.messages[self.stays[*s].message].producer];
        let ttl = self.scene.queues[queue].ttl.unwrap_or(0);
        match self.scene.queues[queue].discipline {
            "lifo" => free.iter().copied().max_by_key(old),
            "priority" => free.iter().copied().min_by_key(|s| (-producer(s).priority, old(s))),
            "shortest" => free.iter().copied().min_by_key(|s| {
                let whole = u128::from(producer(s).work.unwrap_or(0)) * PARTS;
                (self.stays[*s].left.unwrap_or(whole), old(s))
            }),
            "deadline" => free.iter().copied().min_by_key(|s| (self.stays[*s].sent + ttl, old(s))),
            _ => free.iter().copied().min_by_key(old),
        }
    }

    /// Whether another message of its key is in progress, or before it.
    fn is_locked(&self, stay: usize) -> bool {
        let this = &self.stays[stay];
        let keyed = |s: usize| self.scene.producers[self.messages[self.stays[s].message].producer].keyed;
        if !self.scene.queues[this.queue].locks || !keyed(stay) {
            return false;
        }
        self.stays.iter().enumerate().any(|(i, s)| {
            let before = matches!(s.state, State::Waits { .. }) && (s.sent, i) < (this.sent, stay);
            let same = i != stay && s.queue == this.queue && keyed(i);
            same && (before || matches!(s.state, State::With { .. }))
        })
    }

    fn has_token(&self, server: usize) -> bool {
        let group = self.servers[server].group;
        let Some(bucket) = self.scene.groups[group].bucket else { return true };
        self.tokens_now(server, bucket.each) >= 1.0 - 1e-9
    }

    fn tokens_now(&self, server: usize, each: bool) -> f64 {
        let group = self.servers[server].group;
        let Some(bucket) = self.scene.groups[group].bucket else { return 0.0 };
        let (had, since) = if each {
            (self.servers[server].tokens, self.servers[server].tokens_since)
        } else {
            self.tokens[group]
        };
        (had + (self.now - since) as f64 / bucket.every as f64).min(bucket.burst as f64)
    }

    /// Takes one token, and wakes up when there is one again.
    fn use_token(&mut self, server: usize) {
        let group = self.servers[server].group;
        let Some(bucket) = self.scene.groups[group].bucket else { return };
        let now = self.tokens_now(server, bucket.each) - 1.0;
        if bucket.each {
            (self.servers[server].tokens, self.servers[server].tokens_since) = (now, self.now);
        } else {
            self.tokens[group] = (now, self.now);
        }
        let missing = ((1.0 - now).max(0.0) * bucket.every as f64).round() as Ns;
        self.at(self.now + missing, Event::Wake);
    }

    /// A sooner message takes the place of one in service.
    fn interrupt(&mut self) -> bool {
        for queue in 0..self.scene.queues.len() {
            let rule = self.scene.queues[queue].preemption;
            if rule.is_empty() {
                continue;
            }
            let Some(first) = self.first_of(queue) else { continue };
            let victim = (0..self.servers.len())
                .filter(|s| {
                    self.works(&self.servers[*s])
                        && !self.servers[*s].leaves
                        && self.group_of(*s).from[0] == queue
                })
                .max_by_key(|s| self.lateness(*s));
            let Some(victim) = victim.filter(|v| self.is_sooner(first, *v)) else { continue };
            self.put_aside(victim, rule == "restart");
            return true;
        }
        false
    }

    /// How late what a server works on would be taken: the latest is interrupted.
    fn lateness(&self, server: usize) -> (i64, u64) {
        let Some(job) = &self.servers[server].job else { return (i64::MIN, 0) };
        let stay = &self.stays[job.stays[0].0];
        match self.scene.queues[stay.queue].discipline {
            "priority" => {
                (-self.scene.producers[self.messages[stay.message].producer].priority, job.sequence)
            }
            "shortest" => (job.left as i64, job.sequence),
            _ => (-(stay.sent as i64), job.sequence),
        }
    }

    fn is_sooner(&self, stay: usize, server: usize) -> bool {
        let waits = &self.stays[stay];
        let producer = &self.scene.producers[self.messages[waits.message].producer];
        let whole = u128::from(producer.work.unwrap_or(0)) * PARTS;
        let own = match self.scene.queues[waits.queue].discipline {
            "priority" => -producer.priority,
            "shortest" => waits.left.unwrap_or(whole) as i64,
            _ => -(waits.sent as i64),
        };
        own < self.lateness(server).0
    }

    fn put_aside(&mut self, server: usize, restart: bool) {
        let Some(job) = self.servers[server].job.take() else { return };
        let stay = &mut self.stays[job.stays[0].0];
        stay.worked += self.now - job.since;
        stay.left = (!restart).then_some(job.left);
        stay.put_aside = true;
        stay.state = State::Waits { from: self.now };
        self.at(self.now, Event::Expire(job.stays[0].0));
    }
}
