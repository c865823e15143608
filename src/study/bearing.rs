//! What a scenario bears, by theory and so in milliseconds: the largest rate at which it holds, and the
//! fewest servers that do.
//!
//! Where theory knows the objectives, these are the boundaries between met and missed. Elsewhere they are
//! those beyond which a backlog grows without end, and the objectives may be missed before.

use super::{ObjectiveStatus, Study, load, objectives};
use crate::answer::{Answer, Method, MetricId, Quantity, Statistic, path};
use crate::scenario::{Arrivals, Objective, Relation, Scenario, Servers};
use crate::theory::{self, Load};
use crate::workload::laws::Law;

/// How often an interval is halved in which a boundary lies.
const HALVINGS: usize = 12;
/// By how many servers a load is wrong at most that is summed up.
const ROUNDING: f64 = 1e-9;
/// More traffic than so many times as much is not tried.
const MOST_TRAFFIC: f64 = 16.0;
/// More servers than so many times as many are not tried.
const MOST_SERVERS: u32 = 16;

/// What a scenario bears; `None` is not known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bearing {
    /// The most traffic.
    pub rate: Option<LargestRate>,
    /// The fewest servers of the group that is busiest.
    pub servers: Option<FewestServers>,
    /// A queue to which exactly as much comes as its servers can do, where nothing is left to chance: its
    /// backlog stays what it is.
    pub at_its_limit: Option<String>,
}

/// The traffic up to which a scenario holds.
#[derive(Debug, Clone, PartialEq)]
pub struct LargestRate {
    /// Messages a second, of all producers; 0 if it holds at none.
    pub rate: f64,
    /// What is beyond.
    pub beyond: Beyond,
}

/// The servers from which on a scenario holds.
#[derive(Debug, Clone, PartialEq)]
pub struct FewestServers {
    /// The consumer group.
    pub group: String,
    /// How many.
    pub count: u32,
    /// What is beyond.
    pub beyond: Beyond,
}

/// What is beyond a boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// An objective is missed, by an exact or an approximate theory; up to it all are met.
    Missed {
        /// Whether the theory is exact.
        exact: bool,
    },
    /// A backlog grows without end.
    Growth,
}

/// What the scenario of a study bears: on a broker that was measured, with the turnaround that was seen
/// there.
pub fn bearing_of(study: &Study) -> Bearing {
    let mut scenario = study.scenario.clone();
    let told = &mut scenario.simulation.overheads.turnaround;
    let seen = turnaround(&study.scenario, &study.answers);
    if seen > told.mean() {
        *told = Law::deterministic(seen);
    }
    bearing(&scenario)
}

/// The mean turnaround that a measurement saw, in seconds: of several groups the longest, 0 where none was.
fn turnaround(scenario: &Scenario, answers: &[Answer]) -> f64 {
    let measured = answers.iter().filter(|answer| answer.method == Method::Measurement);
    let of = |answer: &Answer| {
        let mean = |name: &str| answer.get(&path(&format!("consumers.{name}"), "turnaround", "mean"))?.value;
        scenario.consumers.iter().filter_map(|group| mean(&group.name)).fold(0.0, f64::max)
    };
    measured.map(of).fold(0.0, f64::max)
}

/// What a scenario bears. Nothing is known of one whose traffic or servers change with time.
pub fn bearing(scenario: &Scenario) -> Bearing {
    let follows = |p: &crate::scenario::Producer| p.arrivals.timetable().is_some() || p.is_closed();
    let changes = |c: &crate::scenario::Consumer| c.autoscale.is_some() || !c.shifts.is_empty();
    let sent: f64 = scenario.producers.iter().map(|p| p.rate).sum();
    let unsteady = scenario.producers.iter().any(follows) || scenario.consumers.iter().any(changes);
    if unsteady || scenario.is_of_the_start() || !(sent.is_finite() && sent > 0.0) {
        return Bearing::default();
    }
    let loads = theory::explain(scenario).loads;
    let fullest = loads
        .iter()
        .filter(|load| !load.bounded)
        .filter_map(|load| Some((load, load.fullest().filter(|rho| rho.is_finite() && *rho > 0.0)?)))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let now = Decided::of(scenario);
    let rate = rate(scenario, now, fullest.map(|(_, rho)| rho));
    // Beyond what a sender may send, what it has to send grows without end, whatever the servers can do.
    let limited =
        scenario.producers.iter().filter_map(|p| Some(p.rate_limit.as_ref()?.rate / p.rate)).reduce(f64::min);
    let rate = match (rate, limited) {
        (Some((factor, _)), Some(most)) if most < factor => Some((most, Beyond::Growth)),
        (None, Some(most)) => Some((most, Beyond::Growth)),
        (rate, _) => rate,
    };
    // A trace may come in bursts.
    let evenly = scenario.producers.iter().all(|p| !matches!(p.arrivals, Arrivals::Trace { .. }));
    let at_its_limit = loads.iter().find(|load| evenly && load.is_at_its_limit() && !load.bounded);
    Bearing {
        rate: rate.map(|(factor, beyond)| LargestRate { rate: sent * factor, beyond }),
        servers: fullest
            .filter(|_| limited.is_none_or(|most| most > 1.0))
            .and_then(|(load, _)| servers(scenario, now, load)),
        at_its_limit: at_its_limit.map(|load| load.queue.clone()),
    }
}

/// Whether theory knows the objectives, all of which more traffic and fewer servers make harder to meet.
#[derive(Debug, Clone, Copy)]
struct Decided {
    met: bool,
    exact: bool,
}

impl Decided {
    fn of(scenario: &Scenario) -> Option<Decided> {
        if scenario.objectives.is_empty() || !scenario.objectives.iter().all(gets_harder) {
            return None;
        }
        match theory::answer(scenario) {
            Ok(answer) => {
                let exact = answer.exact;
                let judged = objectives::judge(&scenario.objectives, &[answer]);
                let met = judged.iter().all(|j| j.outcome == ObjectiveStatus::Pass);
                let known = judged.iter().all(|j| j.by.is_some());
                known.then_some(Decided { met, exact })
            }
            Err(refusal) => refusal.reason.is_unstable().then_some(Decided { met: false, exact: true }),
        }
    }
}

/// Whether a limit is the harder to keep the more traffic there is.
fn gets_harder(objective: &Objective) -> bool {
    use Quantity::{Delayed, InSystem, Latency, Loss, QueueLength, Utilization, Wait};
    let Some(id) = MetricId::parse(&objective.metric) else { return false };
    let less = matches!(objective.relation, Relation::Less | Relation::LessOrEqual);
    let within = matches!(id.statistic, Statistic::Within(_));
    matches!(id.quantity, Wait | Latency | QueueLength | InSystem | Loss | Delayed | Utilization)
        && less != within
}

/// The largest multiple of the traffic that holds.
fn rate(scenario: &Scenario, now: Option<Decided>, rho: Option<f64>) -> Option<(f64, Beyond)> {
    let grows = rho.map(|rho| (1.0 / rho, Beyond::Growth));
    let Some(now) = now else { return grows };
    let (mut holds, mut breaks) =
        if now.met { (1.0, grows.map_or(MOST_TRAFFIC, |grows| grows.0)) } else { (0.0, 1.0) };
    let mut exact = now.exact;
    let mut met = |factor: f64| {
        let decided = Decided::of(&load::times(scenario, factor))?;
        exact &= decided.exact;
        Some(decided.met)
    };
    if now.met && grows.is_none() && met(breaks)? {
        return None;
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (holds + breaks);
        if met(middle)? { holds = middle } else { breaks = middle }
    }
    Some((holds, Beyond::Missed { exact }))
}

/// The fewest servers that hold, of the only group that serves a queue.
fn servers(scenario: &Scenario, now: Option<Decided>, load: &Load) -> Option<FewestServers> {
    let queue = scenario.queues.iter().position(|queue| queue.name == load.queue)?;
    let mut groups = scenario.consumers_of(queue);
    let (index, group) = groups.next().filter(|_| groups.next().is_none())?;
    let Servers::Count(count) = group.count else { return None };
    let unlike = group.also.len() + group.servers.len() > 0 || group.service_rate.is_some();
    if unlike || group.needs_several() || group.resource.is_some() || count == 0 {
        return None;
    }
    let of = |count, beyond| Some(FewestServers { group: group.name.clone(), count, beyond });
    let Some(now) = now else {
        // Those of a partitioned queue have each a load of their own.
        let busy = load.at_least.filter(|_| load.partitions.is_none())? * f64::from(count);
        // Without chance, servers that are always busy keep up.
        let enough = if load.certain { (busy - ROUNDING).ceil() } else { busy.floor() + 1.0 };
        return of(enough as u32, Beyond::Growth);
    };
    let mut exact = now.exact;
    let mut met = |count: u32| {
        let mut tried = scenario.clone();
        tried.consumers[index].count = Servers::Count(count);
        let decided = Decided::of(&tried)?;
        exact &= decided.exact;
        Some(decided.met)
    };
    // From a number that fails to one that holds.
    let (mut fails, mut holds) = if now.met { (0, count) } else { (count, count) };
    if now.met && count > 1 && !met(count - 1)? {
        fails = count - 1;
    }
    while !now.met && fails == holds {
        holds = holds.saturating_mul(2).min(count.saturating_mul(MOST_SERVERS));
        if !met(holds)? {
            if holds == count.saturating_mul(MOST_SERVERS) {
                return None;
            }
            fails = holds;
        }
    }
    while holds - fails > 1 {
        let middle = fails + (holds - fails) / 2;
        if met(middle)? { holds = middle } else { fails = middle }
    }
    of(holds, Beyond::Missed { exact })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::laws::Law;

    fn asked(rate: f64, servers: u32, limit: f64) -> Scenario {
        let mut scenario = Scenario::mgc(rate, Law::exponential(0.01), servers);
        let metric = "total.latency.p99".into();
        scenario.objectives =
            vec![Objective { metric, relation: Relation::Less, limit, text: format!("< {limit}") }];
        scenario
    }

    #[test]
    fn a_broker_that_was_measured_bears_less_for_its_turnaround() {
        let scenario = Scenario::mgc(100.0, Law::exponential(0.004), 1);
        let mut seen = Answer::new(Method::Measurement, "redis");
        let group = format!("consumers.{}", scenario.consumers[0].name);
        seen.set(&group, "turnaround", "mean", crate::answer::Estimate::exact(0.001));
        assert_eq!(turnaround(&scenario, &[]), 0.0);
        assert_eq!(turnaround(&scenario, &[seen.clone()]), 0.001);
        assert_eq!(turnaround(&scenario, &[Answer { method: Method::Simulation, ..seen }]), 0.0);
        let mut there = scenario.clone();
        there.simulation.overheads.turnaround = Law::deterministic(0.001);
        let most = |scenario: &Scenario| bearing(scenario).rate.expect("one server has a most").rate;
        // 250/s of work alone, 200/s with the turnaround.
        assert!((most(&scenario) - 250.0).abs() < 1e-6, "{}", most(&scenario));
        assert!((most(&there) - 200.0).abs() < 1e-6, "{}", most(&there));
    }

    #[test]
    fn no_more_is_borne_than_a_sender_may_send() {
        let text = "[producers.web]\nto = 'jobs'\nrate = '50/s'\nrate_limit = '60/s'\n[queues.jobs]\n\
            [consumers.c]\nfrom = 'jobs'\ncount = 2\nservice_time = '20ms'\n";
        let source = crate::scenario::Source::new("t.toml", text);
        let scenario =
            crate::scenario::parse(&source, &crate::scenario::NoFiles).expect("it is right").scenario;
        // Two servers could do 100/s.
        let most = LargestRate { rate: 60.0, beyond: Beyond::Growth };
        assert_eq!(bearing(&scenario).rate, Some(most));
    }

    #[test]
    fn one_server_bears_what_the_exponential_tail_allows() {
        // The latency of M/M/1 is exponential with rate μ − λ: p99 = ln 100 / (100 − λ) = 0.1 s at 53.9/s.
        let most = 100.0 - 100f64.ln() / 0.1;
        let of = |rate| bearing(&asked(rate, 1, 0.1)).rate.expect("theory knows");
        for rate in [30.0, 80.0, 150.0] {
            let found = of(rate);
            assert!(found.rate <= most && found.rate > 0.995 * most, "{found:?}");
            assert_eq!(found.beyond, Beyond::Missed { exact: true });
        }
    }

    #[test]
    fn the_fewest_servers_are_a_boundary() {
        for (rate, servers) in [(80.0, 1), (80.0, 2), (250.0, 7), (950.0, 40)] {
            let fewest = bearing(&asked(rate, servers, 0.1)).servers.expect("theory knows");
            let met = |count| Decided::of(&asked(rate, count, 0.1)).expect("it decides").met;
            assert!(met(fewest.count) && (fewest.count == 1 || !met(fewest.count - 1)), "{fewest:?}");
        }
    }

    #[test]
    fn without_chance_what_is_exactly_at_its_limit_does_not_grow() {
        let of = |rate| {
            let mut scenario = Scenario::mgc(rate, Law::deterministic(0.01), 3);
            scenario.producers[0].arrivals = Arrivals::Periodic;
            bearing(&scenario)
        };
        let (full, fuller) = (of(300.0), of(300.1));
        assert_eq!(full.at_its_limit.as_deref(), Some("queue"));
        assert_eq!((full.servers.map(|s| s.count), fuller.servers.map(|s| s.count)), (Some(3), Some(4)));
        assert_eq!(fuller.at_its_limit.or(of(299.9).at_its_limit), None);
        // By chance the same load grows.
        assert_eq!(bearing(&Scenario::mgc(300.0, Law::deterministic(0.01), 3)).at_its_limit, None);
    }

    #[test]
    fn without_an_objective_it_bears_what_does_not_grow() {
        let found = bearing(&Scenario::mgc(250.0, Law::exponential(0.01), 4));
        let (rate, servers) = (found.rate.expect("a rate"), found.servers.expect("servers"));
        assert!((rate.rate - 400.0).abs() < 1e-9 && rate.beyond == Beyond::Growth);
        assert_eq!((servers.count, servers.beyond), (3, Beyond::Growth));
    }
}
