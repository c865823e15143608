//! How messages left the network: exits, from the visits of a run.
//!
//! A message that is copied by a topic ends with each copy, or once when enough copies are served or can no
//! longer be.

use super::records::VisitRecord;
use crate::behaviour::{Copies, copies_needed};
use crate::message::{Exit, Outcome};
use crate::scenario::Scenario;
use std::collections::BTreeMap;

/// The ends of all messages. What passes through a dead-letter queue ends where it goes from there.
pub(super) fn exits(scenario: &Scenario, by_visit: &[VisitRecord]) -> Vec<Exit> {
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut first: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (visit, t) in by_visit.iter().enumerate() {
        match t.origin.before {
            Some(before) => next.entry(before).or_default().push(visit),
            None => first.entry(t.origin.id).or_default().push(visit),
        }
    }
    let visits = Visits { scenario, by_visit, next };
    let mut exits = Vec::with_capacity(first.len());
    for copies in first.values() {
        let start =
            Start { sent: by_visit[copies[0]].record.sent, held: by_visit[copies[0]].held, worked: 0 };
        exits.extend(visits.ends(copies, start, false));
    }
    exits
}

struct Visits<'a> {
    scenario: &'a Scenario,
    by_visit: &'a [VisitRecord],
    /// By visit: those to which its message was sent on.
    next: BTreeMap<usize, Vec<usize>>,
}

/// When a message reached the network, how long its sender had waited for room there, and what work it had
/// done before a visit.
#[derive(Clone, Copy)]
struct Start {
    sent: u64,
    held: u64,
    worked: u64,
}

impl Visits<'_> {
    /// The ends of visits that began together: one, or copies of a topic. Within a family that is waited for,
    /// copies are waited for together.
    fn ends(&self, copies: &[usize], start: Start, waited_for: bool) -> Vec<Exit> {
        let topic = self.by_visit[copies[0]].origin.topic.map(|topic| &self.scenario.topics[topic as usize]);
        let needed = topic.and_then(|t| copies_needed(t.complete_when, copies.len() as u32, waited_for));
        let each = copies.iter().map(|&visit| self.ends_of(visit, start, waited_for || needed.is_some()));
        let Some(needed) = needed else { return each.flatten().collect() };
        let mut each: Vec<Exit> = each.flatten().collect();
        // The others may have ended, but not a message that is inside.
        each.sort_by_key(|e| (e.outcome == Outcome::Unfinished, e.finished));
        let mut copies = Copies::new(each.len() as u32, needed);
        let end = each.iter().find(|e| copies.end_one(e.outcome == Outcome::Served)).copied();
        end.into_iter().collect()
    }

    fn ends_of(&self, visit: usize, start: Start, waited_for: bool) -> Vec<Exit> {
        let r = &self.by_visit[visit].record;
        let start = Start { worked: start.worked + (r.finished - r.taken), ..start };
        match self.next.get(&visit) {
            Some(next) => self.ends(next, start, waited_for),
            None => {
                let Start { sent, held, worked } = start;
                vec![Exit {
                    message: r.message,
                    sent,
                    held,
                    finished: r.finished,
                    worked,
                    outcome: r.outcome,
                }]
            }
        }
    }
}
