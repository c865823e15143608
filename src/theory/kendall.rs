//! What a queue with its servers is called.

use super::phase_type::is_exponential;
use super::station::{Gaps, Station, StationStream};
use crate::scenario::{Arrivals, Consumer, Discipline, Feature, Producer, ServerChoice};
use crate::workload::laws::Law;

impl Station<'_> {
    /// Kendall's name, such as `M/LN/4` or `D/M/1/10`.
    pub fn kendall(&self) -> String {
        let servers = self.servers.map_or("∞".into(), |c| c.to_string());
        let mixed = self.is_mixed();
        let exponential =
            |c: &&Consumer| is_exponential(&c.service_time) && c.service_time_per_message.is_zero();
        let service = match mixed {
            true if self.groups.iter().all(exponential)
                && self.streams.iter().all(|s| s.producer.service_time.is_none()) =>
            {
                "M".into()
            }
            true => "G".into(),
            false => self.service.kendall(),
        };
        let mut name = format!("{}/{service}/{servers}", self.arrivals_letter());
        if let (Some(room), Some(c)) = (self.room(), self.servers) {
            name += &format!("/{}", room.saturating_add(u64::from(c)));
        }
        if let Some(patience) = &self.queue.message_ttl {
            name += &format!("+{}", patience.kendall());
        }
        match self.queue.discipline {
            Discipline::ProcessorSharing => name += "-PS",
            _ if self.is_in_order() => {}
            Discipline::Lifo => name += "-LIFO",
            Discipline::Priority => name += "-PRIO",
            Discipline::Random => name += "-SIRO",
            Discipline::Shortest => name += "-SJF",
            Discipline::Deadline => name += "-EDF",
            Discipline::RoundRobin => name += "-RR",
            Discipline::Fifo => {}
        }
        if self.has(Feature::LoadDependentService) {
            name += " with service by load";
        }
        if let Some(group) = self.groups.iter().find(|group| group.needs_several()) {
            let (fewest, most) = group.range_needed();
            let needed = if fewest == most { most.to_string() } else { format!("{fewest} to {most}") };
            name += &format!(" with {needed} servers a message");
        }
        if mixed {
            let choice = match self.groups[0].choice {
                ServerChoice::LongestIdle => "the longest idle first",
                ServerChoice::Fastest => "the fastest first",
                ServerChoice::Random => "any idle one first",
            };
            name += &match self.kinds_of_servers() {
                1 => format!(" ({choice})"),
                kinds => format!(" ({kinds} kinds of servers, {choice})"),
            };
        }
        name
    }

    /// What a model of the queue solves: Kendall's name, with what it does not say.
    pub fn caption(&self) -> String {
        let mut name = match (self.queue.binding_partitions(self.servers), self.servers) {
            (Some(partitions), Some(servers)) => {
                let own = Station { servers: Some(1), ..self.clone() }.kendall();
                match partitions.min(servers) {
                    1 => format!("{own}, the only one of {servers} servers that has a partition"),
                    lanes => format!("{lanes} × {own} by key"),
                }
            }
            _ => self.kendall(),
        };
        name += &self.beside_the_name();
        name
    }

    /// What the queue has that Kendall's name does not say.
    pub(super) fn beside_the_name(&self) -> String {
        let mut name = String::new();
        if let Some(batch) =
            self.groups.iter().filter_map(|c| c.batch).map(|b| b.max).max().filter(|max| *max > 1)
        {
            name += &format!(" in batches of up to {batch}");
        }
        if self.has(Feature::Failures) || self.has(Feature::OwnFailures) {
            let later = self.groups.iter().any(|c| c.retry_delay.is_some_and(|delay| delay.max > 0.0));
            name += if later { " with back-off" } else { " with retries" };
        }
        if self.has(Feature::Outages) {
            name += " with outages";
        }
        if self.has(Feature::DeliverAfter) {
            name += " behind a delay";
        }
        if self.has(Feature::Transit) {
            name += " with transit";
        }
        if self.has(Feature::RateLimit) {
            name += " with a limited rate";
        }
        name
    }

    /// How many different laws of service its servers have.
    fn kinds_of_servers(&self) -> usize {
        let laws = |c: &&Consumer| {
            let law = |speed: f64| {
                [&c.service_time, &c.service_time_per_message].map(|law| law.scaled(1.0 / speed))
            };
            c.kinds().iter().map(|kind| law(kind.speed)).collect::<Vec<_>>()
        };
        let all: Vec<[Law; 2]> = self.groups.iter().flat_map(laws).collect();
        (0..all.len()).filter(|&i| !all[..i].contains(&all[i])).count()
    }

    fn arrivals_letter(&self) -> String {
        let letter = match self.streams.as_slice() {
            _ if self.is_poisson() => "M".into(),
            [StationStream { gaps: Gaps::Renewal(law), .. }] => law.kendall().into_owned(),
            [StationStream { producer: Producer { arrivals: Arrivals::Mmpp { .. }, .. }, .. }] => {
                "MMPP".into()
            }
            [StationStream { producer: Producer { arrivals: Arrivals::Schedule { .. }, .. }, .. }] => {
                "M(t)".into()
            }
            [
                StationStream {
                    producer: Producer { arrivals: Arrivals::Closed { concurrency, .. }, .. },
                    ..
                },
            ] => {
                return format!("{concurrency} clients");
            }
            _ => "G".to_string(),
        };
        if self.has(Feature::ArrivalBatches) { format!("{letter}^X") } else { letter }
    }
}
