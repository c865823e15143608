//! Rates that follow a timetable, backlogs, and the instants at which somebody asks what is there.

use super::Feature;
use super::Mismatch;
use super::{Answer, Station, StationStream};
use crate::answer::{Estimate, MetricId, PlaceId, Quantity};
use crate::scenario::{Arrivals, Consumer, Producer, Scenario, Servers};
use std::sync::LazyLock;

/// A timetable: how long each rate lasts, and the rate that stays.
pub(super) struct Timetable {
    pub steps: Vec<(f64, f64)>,
    pub after: f64,
}

/// The timetable of a scenario with a schedule, or with a backlog and a constant rate.
pub(super) fn timetable(station: &Station<'_>) -> Result<Timetable, Mismatch> {
    let [stream] = station.streams.as_slice() else { return Err("needs one producer".into()) };
    if !stream.producer.send_time.is_zero() {
        return Err("sends take time".into());
    }
    match &stream.producer.arrivals {
        Arrivals::Schedule { repeat: true, .. } => Err("the timetable repeats".into()),
        Arrivals::Schedule { ramp: true, .. } => Err("the rate moves in ramps".into()),
        Arrivals::Schedule { steps, .. } => {
            let after = steps.last().ok_or("the timetable is empty")?.rate;
            Ok(Timetable { steps: steps.iter().map(|s| (s.lasts, s.rate)).collect(), after })
        }
        _ if station.has(Feature::Backlog) => Ok(Timetable { steps: Vec::new(), after: stream.rate }),
        _ => Err("needs a rate that follows a timetable, or a backlog".into()),
    }
}

impl Timetable {
    /// Until when the last overload goes, in seconds.
    pub(super) fn overloaded(&self, capacity: f64) -> f64 {
        let steps = self.steps.iter().rposition(|(_, rate)| *rate >= capacity).map_or(0, |last| last + 1);
        self.steps[..steps].iter().map(|(lasts, _)| lasts).sum()
    }

    /// Plays it from one instant to another: how long each rate lasts.
    pub(super) fn between(&self, from: f64, to: f64, mut advance: impl FnMut(f64, f64)) {
        let mut begin = 0.0;
        let last = std::iter::once((f64::INFINITY, self.after));
        for (lasts, rate) in self.steps.iter().copied().chain(last) {
            let (low, high) = (from.max(begin), to.min(begin + lasts));
            if high > low {
                advance(rate, high - low);
            }
            begin += lasts;
        }
    }
}

/// Tells the values that are asked for at instants: `advance(rate, time)` plays on from the beginning and
/// gives what waits and what is there. Its servers are always there.
pub(super) fn tell_instants(
    answer: &mut Answer,
    (station, table): (&Station<'_>, &Timetable),
    start: (f64, f64),
    mut advance: impl FnMut(f64, f64) -> (f64, f64),
) {
    for (id, _) in station.scenario.asked_instants() {
        let its = |group: &&&Consumer| id.place == PlaceId::Consumer(&group.name);
        if let Some(Servers::Count(servers)) = station.groups.iter().find(its).map(|group| group.count) {
            answer.metrics.insert(id.to_string(), Estimate::exact(f64::from(servers)));
        }
    }
    let mut asked = instants(station);
    asked.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (mut at, mut now) = (0.0, start);
    for (id, instant) in asked {
        table.between(at, instant, |rate, lasts| now = advance(rate, lasts));
        at = instant;
        let value = match id.quantity {
            Quantity::QueueLength => now.0,
            Quantity::InSystem => now.1,
            _ => continue,
        };
        answer.metrics.insert(id.to_string(), Estimate::exact(value));
    }
}

/// The instants at which values of the queue are asked for.
pub(super) fn instants<'a>(station: &Station<'a>) -> Vec<(MetricId<'a>, f64)> {
    let of_queue = |(id, _): &(MetricId<'a>, f64)| id.place == PlaceId::Queue(&station.queue.name);
    station.scenario.asked_instants().filter(of_queue).collect()
}

/// The scenario as a station; a backlog alone is one to which nobody sends.
pub(super) fn station_of(scenario: &Scenario) -> Result<Station<'_>, Mismatch> {
    static NOBODY: LazyLock<Producer> = LazyLock::new(|| Producer::poisson("nobody", 0, 0.0));
    if scenario.producers.is_empty() && scenario.queues.len() == 1 {
        return Station::at(scenario, 0, vec![StationStream::of(&NOBODY)]);
    }
    Station::of(scenario)
}
