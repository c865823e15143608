//! What a configuration costs an hour.

use super::super::methods;
use crate::answer::{Answer, Estimate, MetricId, PlaceId, Quantity, Statistic};
use crate::scenario::{self, Consumer, Scenario, Servers};
use crate::study::sweep::number;

/// What has a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Priced {
    /// A server, for an hour.
    ConsumerHour,
    /// A message that is sent.
    Message,
    /// Each unit of the setting at this path, for an hour.
    Setting(String),
}

/// Prices, each with what it is for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prices(pub Vec<(Priced, f64)>);

impl Prices {
    /// Every server costs the same, and nothing else does.
    pub fn servers() -> Self {
        Prices(vec![(Priced::ConsumerHour, 1.0)])
    }

    /// The path that has a price and no number in a scenario, if there is one.
    pub fn unknown(&self, scenario: &Scenario) -> Option<&str> {
        self.0.iter().find_map(|(what, _)| match what {
            Priced::Setting(path) if unit(scenario, path).is_none() => Some(path.as_str()),
            _ => None,
        })
    }

    /// The cost of an hour. Where the number of servers follows the backlog, `answers` tell how many there
    /// were; `None` where that is not known, or has no limit.
    pub fn hourly(&self, scenario: &Scenario, answers: &[Answer]) -> Option<Estimate> {
        let mut sum = Estimate::exact(0.0);
        for (what, price) in &self.0 {
            match what {
                Priced::ConsumerHour => {
                    for group in &scenario.consumers {
                        add(&mut sum, &servers(group, answers)?, *price);
                    }
                }
                Priced::Message => add(&mut sum, &Estimate::exact(3600.0 * sent(scenario)), *price),
                Priced::Setting(path) => add(&mut sum, &Estimate::exact(unit(scenario, path)?), *price),
            }
        }
        Some(sum)
    }
}

/// Messages a second, of all producers.
pub fn sent(scenario: &Scenario) -> f64 {
    scenario.producers.iter().map(|producer| producer.rate).sum()
}

/// A setting's number, whatever its unit.
fn unit(scenario: &Scenario, path: &str) -> Option<f64> {
    number(&scenario::setting(scenario, path)?)
}

fn add(sum: &mut Estimate, of: &Estimate, price: f64) {
    sum.value = sum.value.zip(of.value).map(|(sum, value)| sum + value * price);
    if let Some(half) = of.half_width {
        sum.half_width = Some(sum.half_width.unwrap_or(0.0) + half * price);
    }
}

/// Servers of a group at any time, on average.
fn servers(group: &Consumer, answers: &[Answer]) -> Option<Estimate> {
    if !group.shifts.is_empty() {
        let all: f64 = group.shifts.iter().map(|shift| shift.lasts * f64::from(shift.count)).sum();
        return Some(Estimate::exact(all / group.shifts.iter().map(|shift| shift.lasts).sum::<f64>()));
    }
    match group.count {
        Servers::Unlimited => None,
        Servers::Count(count) if group.autoscale.is_none() => Some(Estimate::exact(f64::from(count))),
        Servers::Count(_) => {
            let (place, quantity) = (PlaceId::Consumer(&group.name), Quantity::Count);
            let path = MetricId { place, quantity, statistic: Statistic::Single }.to_string();
            methods::best(answers, &path).map(|(_, estimate)| *estimate).filter(|e| e.value.is_some())
        }
    }
}
