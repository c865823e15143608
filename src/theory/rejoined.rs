//! Copies that rejoin: a message is copied to several queues and goes on, once, when enough copies are done.

use super::network::{NetworkFigures, is_exact};
use super::station::{Gaps, StationStream};
use super::{
    Answer, ClosedForm, EndToEnd, Exactness, Feature, Mismatch, ModelError, Station, SteadyState,
    TimeDistribution, figures_at, forkjoin,
};
use crate::scenario::{Complete, Consumer, Deliver, Destination, Scenario};

/// The adapter, where messages go on to servers without limit: what comes out of a join is no process of
/// which a wait is known.
///
/// # Formula
/// The time until enough copies are done ([`forkjoin`]), and then that of the last service, independently.
#[derive(Debug)]
pub struct Rejoined;

impl Rejoined {
    /// The queues of the copies, and the one in front of which they rejoin.
    fn queues(scenario: &Scenario) -> Result<(&[usize], usize), Mismatch> {
        let [topic] = scenario.topics.as_slice() else {
            return Err("needs a topic whose copies rejoin".into());
        };
        let join = scenario.queues.iter().position(|queue| queue.join == Some(0));
        let join = join.ok_or("needs a topic whose copies rejoin")?;
        if topic.deliver != Deliver::All || scenario.queues.len() != topic.subscriptions.len() + 1 {
            return Err("copies pass through several queues before they rejoin".into());
        }
        let sends_there = scenario.producers.iter().all(|p| p.to == Destination::Topic(0));
        if scenario.producers.is_empty() || !sends_there {
            return Err("needs producers that all send to the topic".into());
        }
        if scenario.is_closed() {
            return Err(Feature::ClosedLoop.into());
        }
        if scenario.producers.iter().any(|p| !p.batch.is_single()) {
            return Err(Feature::ArrivalBatches.into());
        }
        if !scenario.simulation.overheads.delivers_at_once() {
            return Err("needs a host that hands messages over in no time".into());
        }
        Ok((&topic.subscriptions, join))
    }

    /// The groups of a queue as if what they serve left.
    fn leaving(scenario: &Scenario, queue: usize) -> Vec<Consumer> {
        let leaves = |c: &Consumer| Consumer { to: Vec::new(), own_routes: Vec::new(), ..c.clone() };
        scenario.consumers_of(queue).map(|(_, c)| leaves(c)).collect()
    }

    /// The queue of a copy by itself, with those groups.
    fn branch<'a>(
        scenario: &'a Scenario,
        queue: usize,
        groups: &'a [Consumer],
    ) -> Result<Station<'a>, Mismatch> {
        let streams = scenario.producers.iter().map(StationStream::of).collect();
        let station = Station { groups: groups.iter().collect(), ..Station::at(scenario, queue, streams)? };
        station.only(&[]).map_err(|why| format!("at `{}`: {why}", station.queue.name))?;
        if station.queue.blocks() {
            return Err(Feature::Block.into());
        }
        Ok(station)
    }

    /// The queue in front of which they rejoin.
    fn last(scenario: &Scenario, queue: usize) -> Result<Station<'_>, Mismatch> {
        let gaps = || Gaps::Other("what comes out of a join is no process of which a wait is known");
        let rejoined = |producer| StationStream { gaps: gaps(), ..StationStream::of(producer) };
        let station = Station::at(scenario, queue, scenario.producers.iter().map(rejoined).collect())?;
        station.only(&[Feature::Join]).map_err(|why| format!("at `{}`: {why}", station.queue.name))?;
        if station.servers.is_some() || station.is_mixed() {
            return Err("what comes out of a join is no process of which a wait is known".into());
        }
        Ok(station)
    }
}

impl ClosedForm for Rejoined {
    fn name(&self) -> &'static str {
        "copies that rejoin"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn is_exact(&self, scenario: &Scenario) -> bool {
        is_exact(self, scenario)
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        let (copies, join) = Self::queues(scenario)?;
        for queue in copies {
            let groups = Self::leaving(scenario, *queue);
            let station = Self::branch(scenario, *queue, &groups)?;
            let known = super::MODELS.iter().any(|model| model.at(&station).is_some());
            if station.rho() < 1.0 && !known {
                return Err(format!("no closed form fits the queue `{}`", station.queue.name).into());
            }
        }
        Self::last(scenario, join).map(|_| ())
    }

    fn lacks(&self, scenario: &Scenario) -> usize {
        if scenario.queues.iter().any(|queue| queue.join.is_some()) { 0 } else { usize::MAX }
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let (copies, join) = Self::queues(scenario)?;
        let groups: Vec<Vec<Consumer>> = copies.iter().map(|queue| Self::leaving(scenario, *queue)).collect();
        let mut nodes = Vec::new();
        for (queue, groups) in copies.iter().zip(&groups) {
            let station = Self::branch(scenario, *queue, groups)?;
            let figures = figures_at(&station)?;
            nodes.push((station, figures));
        }
        let needed = match scenario.topics[0].complete_when {
            Complete::Each => Complete::All,
            other => other,
        };
        let (joined, exact, caveat) = forkjoin::joined(&nodes, needed)?;
        let joined =
            joined.ok_or_else(|| ModelError::Other("the time until copies rejoin is not known".into()))?;
        let last = Self::last(scenario, join)?;
        let ends = scenario.producers.iter().enumerate().map(|(i, producer)| {
            let send = TimeDistribution::of(&producer.send_time);
            EndToEnd {
                throughput: producer.rate,
                loss: 0.0,
                latency: send.plus(&joined).plus(&last.service.times_of(i)),
                send: Some(send),
                blocked: None,
                wait: None,
                service: None,
            }
        });
        let ends = ends.collect();
        let name = format!("{} copies that rejoin", nodes.len());
        let waits_never = SteadyState::lossless(&last, Some(0.0), TimeDistribution::constant(0.0));
        nodes.push((last, waits_never));
        Ok(NetworkFigures { nodes, ends, exact, caveats: caveat.into_iter().collect() }
            .answer(scenario, &name))
    }
}
