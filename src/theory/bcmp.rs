//! Open networks of several classes with product form, after Baskett, Chandy, Muntz and Palacios: every
//! producer's messages have ways of their own, and queues are first come first served with exponential
//! servers, shared, without limit, or last come first served with interruption.

use super::Feature;
use super::Mismatch;
use super::jackson::{blocks, onward_means, queue_of};
use super::network::NetworkFigures;
use super::orders::Symmetric;
use super::station::{Gaps, StationStream};
use super::{
    Answer, ClosedForm, EndToEnd, Exactness, ModelError, QueueModel, Station, SteadyState, TimeDistribution,
    mginf, mmc,
};
use crate::linear::{self, SparseRows};
use crate::scenario::{Consumer, Discipline, Preemption, Scenario};

/// Messages a second of one class at each queue: λⱼ = outsideⱼ + Σᵢ λᵢ pᵢⱼ; `None` if some circulate for
/// ever.
///
/// # Source
/// Bolch, Greiner, de Meer & Trivedi, *Queueing Networks and Markov Chains* (2nd ed., 2006), eq. 7.2.
pub fn class_rates(routing: &[Vec<f64>], outside: &[f64]) -> Option<Vec<f64>> {
    let chances =
        |row: &Vec<f64>| row.iter().copied().enumerate().filter(|(_, chance)| *chance != 0.0).collect();
    rates(&routing.iter().map(chances).collect::<SparseRows>(), outside)
}

/// The same from the chances that are not zero.
fn rates(routing: &SparseRows, outside: &[f64]) -> Option<Vec<f64>> {
    let mut into: SparseRows = vec![Vec::new(); outside.len()];
    for (from, row) in routing.iter().enumerate() {
        row.iter().for_each(|(to, chance)| into[*to].push((from, *chance)));
    }
    linear::fixed_point(&into, outside)
}

/// Mean number of each class at one server (first come first served, shared, or last come first served with
/// interruption), from the classes' loads ρᵣ = λᵣ E\[Sᵣ\].
///
/// # Formula
/// K_r = ρ_r / (1 − Σ ρ_s).
/// # Domain
/// Σ ρ_s < 1; infinite beyond.
/// # Source
/// Baskett, Chandy, Muntz & Palacios, *Open, closed, and mixed networks of queues with different classes of
/// customers*, Journal of the ACM 22 (1975); Bolch et al., eq. 7.78.
///
/// ```
/// use queuelab::theory::bcmp::{class_numbers, class_rates};
/// // Bolch et al., example 7.7: three queues, two classes, from rates of service 8, 12, 16 and 24, 32, 36. (K₂₂ is printed as .5 there.)
/// let one = class_rates(&[vec![0.0, 0.4, 0.3], vec![0.6, 0.0, 0.4], vec![0.5, 0.5, 0.0]], &[1.0, 0.0, 0.0]).expect("messages leave");
/// let two = class_rates(&[vec![0.0, 0.3, 0.6], vec![0.7, 0.0, 0.3], vec![0.4, 0.6, 0.0]], &[1.0, 0.0, 0.0]).expect("messages leave");
/// let second = class_numbers(&[one[1] / 12.0, two[1] / 32.0]);
/// assert!((one[0] - 3.333).abs() < 1e-3 && (two[0] - 10.0).abs() < 1e-9);
/// assert!((second[0] - 0.342).abs() < 1e-3 && (second[1] - 0.451).abs() < 1e-3);
/// ```
pub fn class_numbers(loads: &[f64]) -> Vec<f64> {
    let spare = 1.0 - loads.iter().sum::<f64>();
    loads.iter().map(|rho| if spare > 0.0 { rho / spare } else { f64::INFINITY }).collect()
}

/// What makes the form of a queue a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    FirstCome,
    Unlimited,
    Symmetric,
}

impl Form {
    fn of(station: &Station<'_>) -> Result<Self, Mismatch> {
        let name = &station.queue.name;
        let known = [Feature::Forwarding, Feature::OwnRoutes, Feature::Order];
        station.only(&known).map_err(|why| format!("at `{name}`: {why}"))?;
        let resumed =
            station.queue.discipline == Discipline::Lifo && station.queue.preemption == Preemption::Resume;
        match station.servers {
            _ if station.queue.blocks() => Err(format!("senders wait for room in `{name}`").into()),
            _ if station.groups.len() != 1 => Err(format!("`{name}` has several consumer groups").into()),
            _ if station.queue.preemption != Preemption::None && !resumed => {
                Err(format!("messages at `{name}` interrupt one another").into())
            }
            None if !station.service.mean().is_finite() => Err(format!(
                "the service time at `{name}` has no \
                mean"
            )
            .into()),
            None if !station.has(Feature::Order) => Ok(Form::Unlimited),
            Some(_) if station.queue.discipline == Discipline::ProcessorSharing => Ok(Form::Symmetric),
            Some(1) if resumed => Ok(Form::Symmetric),
            Some(_) if !station.has(Feature::Order) && station.service.is_exponential() => {
                Ok(Form::FirstCome)
            }
            _ => Err(format!(
                "`{name}` has no product form: its servers are neither exponential and first come first \
                    served, nor shared, without limit, or \
                 last come first served with interruption"
            )
            .into()),
        }
    }

    /// In steady state a queue's number is as if alone with Poisson arrivals, and so are waits in the order
    /// of arrival; of times at shared servers only means are the same.
    fn figures(self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        match self {
            Form::FirstCome => mmc::Mmc.figures(station),
            Form::Unlimited => mginf::Unlimited.figures(station),
            Form::Symmetric => {
                let mut figures = Symmetric.figures(station)?;
                let mean = |times: &TimeDistribution| TimeDistribution::moments(times.mean, None);
                figures.wait = mean(&figures.wait);
                for seen in &mut figures.streams {
                    (seen.wait, seen.sojourn) = (mean(&seen.wait), seen.sojourn.as_ref().map(mean));
                }
                Ok(figures)
            }
        }
    }
}

/// Where one class goes after each queue.
fn class_routing(scenario: &Scenario, producer: usize) -> Result<SparseRows, Mismatch> {
    let mut chances: SparseRows = vec![Vec::new(); scenario.queues.len()];
    for consumer in &scenario.consumers {
        for route in consumer.routes_of(Some(producer)) {
            chances[consumer.from].push((queue_of(route.to)?, route.probability));
        }
    }
    Ok(chances)
}

/// Figures of classes at queues at most.
const MOST_FIGURES: usize = 4_000_000;

/// The adapter.
#[derive(Debug)]
pub struct Classes;

/// The queues, and each class's routing.
type Parts<'a> = (Vec<(Station<'a>, Form)>, Vec<SparseRows>);

impl Classes {
    fn parts(scenario: &Scenario) -> Result<Parts<'_>, Mismatch> {
        let forwards = |c: &Consumer| c.to.iter().any(|r| r.probability > 0.0);
        if !scenario.consumers.iter().any(forwards) {
            return Err("needs consumers that forward messages".into());
        }
        if blocks(scenario) {
            return Err("full queues block the consumers that forward to them".into());
        }
        let (queues, classes) = (scenario.queues.len(), scenario.producers.len());
        if queues.saturating_mul(classes) > MOST_FIGURES {
            return Err(format!(
                "{queues} queues with {classes} producers, each with ways of its own, are {} figures, and at \
                    most {MOST_FIGURES} are worked out",
                queues.saturating_mul(classes)
            )
            .into());
        }
        let mut streams: Vec<Vec<StationStream<'_>>> = vec![Vec::new(); scenario.queues.len()];
        let mut routings = Vec::new();
        for (r, producer) in scenario.producers.iter().enumerate() {
            if StationStream::of(producer).gaps != Gaps::Poisson || !producer.batch.is_single() {
                return Err("needs Poisson arrivals from outside".into());
            }
            if producer.service_time.is_some() {
                return Err("producers bring their own work".into());
            }
            let routing = class_routing(scenario, r)?;
            let mut outside = vec![0.0; scenario.queues.len()];
            outside[queue_of(producer.to)?] = producer.rate;
            let rates = rates(&routing, &outside).ok_or("messages circulate for ever")?;
            for (queue, rate) in rates.into_iter().enumerate().filter(|(_, rate)| *rate > 0.0) {
                streams[queue].push(StationStream { producer, rate, gaps: Gaps::Poisson });
            }
            routings.push(routing);
        }
        let mut stations = Vec::new();
        for (queue, streams) in streams.into_iter().enumerate() {
            if streams.is_empty() {
                return Err(format!("nothing reaches `{}`", scenario.queues[queue].name).into());
            }
            let station = Station::at(scenario, queue, streams)?;
            let form = Form::of(&station)?;
            stations.push((station, form));
        }
        Ok((stations, routings))
    }
}

impl ClosedForm for Classes {
    fn name(&self) -> &'static str {
        "BCMP network of several classes"
    }

    fn exactness(&self) -> Exactness {
        Exactness::Exact
    }

    fn applies(&self, scenario: &Scenario) -> Result<(), Mismatch> {
        Self::parts(scenario).map(|_| ())
    }

    fn solve(&self, scenario: &Scenario) -> Result<Answer, ModelError> {
        let (stations, routings) = Self::parts(scenario)?;
        let mut places = Vec::new();
        for (station, form) in stations {
            let figures = form.figures(&station)?;
            places.push((station, figures));
        }
        let shared = places.iter().any(|(_, figures)| figures.shared);
        let waits: Vec<f64> = places.iter().map(|(_, figures)| figures.wait.mean).collect();
        let services: Vec<f64> = places.iter().map(|(station, _)| station.service.mean()).collect();
        let sojourns: Vec<f64> =
            places.iter().map(|(station, figures)| figures.whole(station).mean).collect();
        let mut ends = Vec::new();
        for (producer, routing) in scenario.producers.iter().zip(&routings) {
            let entry = queue_of(producer.to)?;
            let onward = |each: &[f64]| TimeDistribution::moments(onward_means(routing, each)[entry], None);
            let send = TimeDistribution::of(&producer.send_time);
            ends.push(EndToEnd {
                throughput: producer.rate,
                loss: 0.0,
                latency: send.plus(&onward(&sojourns)),
                send: Some(send),
                blocked: None,
                wait: (!shared).then(|| onward(&waits)),
                service: (!shared).then(|| onward(&services)),
            });
        }
        let several = |n: usize, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
        let (queues, classes) =
            (several(places.len(), "queue", "queues"), several(ends.len(), "class", "classes"));
        Ok(NetworkFigures { nodes: places, ends, exact: true, caveats: Vec::new() }
            .answer(scenario, &format!("BCMP network of {queues} and {classes}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bolch et al., example 7.7, all of it.
    #[test]
    fn three_queues_and_two_classes() {
        let routing = [
            [vec![0.0, 0.4, 0.3], vec![0.6, 0.0, 0.4], vec![0.5, 0.5, 0.0]],
            [vec![0.0, 0.3, 0.6], vec![0.7, 0.0, 0.3], vec![0.4, 0.6, 0.0]],
        ];
        let rates: Vec<Vec<f64>> =
            routing.iter().map(|p| class_rates(p, &[1.0, 0.0, 0.0]).expect("messages leave")).collect();
        let mu = [[8.0, 12.0, 16.0], [24.0, 32.0, 36.0]];
        let published = [[2.5, 0.342, 0.186], [2.5, 0.451, 0.362]];
        for queue in 0..3 {
            let numbers = class_numbers(&[rates[0][queue] / mu[0][queue], rates[1][queue] / mu[1][queue]]);
            for (number, published) in numbers.iter().zip(&published) {
                assert!((number - published[queue]).abs() < 1e-3, "at {queue}: {number}");
            }
        }
    }

    #[test]
    fn one_class_at_one_server_is_m_m_1_and_too_much_is_infinite() {
        assert!((class_numbers(&[0.8])[0] - 4.0).abs() < 1e-12);
        assert_eq!(class_numbers(&[0.7, 0.3]), [f64::INFINITY; 2]);
    }
}
