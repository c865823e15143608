//! Priorities: classes that are served before others, M/G/1 and M/M/c, without and with preemption.

use super::Mismatch;
use super::busy::Others;
use super::erlang::erlang_c;
use super::figures::StreamFigures;
use super::invert::Transform;
use super::{
    Feature, LevelSummary, ModelError, QueueModel, Station, SteadyState, TimeDistribution, mg1, mmc, stable,
};
use crate::answer::TheoryCaveat;
use crate::scenario::{Discipline, Preemption};

/// One class, as the formulas see it.
#[derive(Clone)]
pub struct Class {
    /// Messages a second.
    pub lambda: f64,
    /// Mean of the service time.
    pub m1: f64,
    /// Its second moment.
    pub m2: f64,
    /// Its third moment.
    pub m3: f64,
    /// Its transform.
    pub service: Transform,
}

/// Mean waits in M/G/1 when nobody is interrupted, the most urgent class first.
///
/// # Formula
/// W_k = Σ λᵢ E\[Sᵢ²\] / (2 (1 − σ_{k−1})(1 − σ_k)), σ_k = ρ₁ + … + ρ_k.
/// # Source
/// Cobham, *Priority assignment in waiting line problems*, Operations Research 2 (1954).
///
/// ```
/// use queuelab::theory::priority::cobham;
/// // Exponential services of 2/3, 1 and 5/4 s at 0.2, 0.3 and 0.3 messages/s.
/// let waits = cobham(&[(0.2, 2.0 / 3.0, 8.0 / 9.0), (0.3, 1.0, 2.0), (0.3, 1.25, 3.125)]);
/// assert!((waits[0] - 0.9895833333333333).abs() < 1e-14 && (waits[2] - 7.896419437340153).abs() < 1e-13);
/// ```
pub fn cobham(classes: &[(f64, f64, f64)]) -> Vec<f64> {
    let residual: f64 = classes.iter().map(|(lambda, _, m2)| lambda * m2 / 2.0).sum();
    let mut before = 0.0;
    classes
        .iter()
        .map(|(lambda, m1, _)| {
            let sigma = before + lambda * m1;
            let wait = residual / ((1.0 - before) * (1.0 - sigma));
            before = sigma;
            wait
        })
        .collect()
}

/// What is known of all classes together.
fn together(classes: &[Class]) -> Class {
    let lambda: f64 = classes.iter().map(|c| c.lambda).sum();
    let mean = |of: fn(&Class) -> f64| {
        if lambda > 0.0 { classes.iter().map(|c| c.lambda * of(c)).sum::<f64>() / lambda } else { 0.0 }
    };
    let all: Vec<(f64, Transform)> = classes.iter().map(|c| (c.lambda / lambda, c.service.clone())).collect();
    let parts = all.clone();
    let sum = Transform::new(move |s| parts.iter().map(|(w, t)| t.at(s) * *w).sum());
    let service = all.iter().fold(sum, |sum, (_, t)| sum.like(t));
    Class { lambda, m1: mean(|c| c.m1), m2: mean(|c| c.m2), m3: mean(|c| c.m3), service }
}

fn others(classes: &[Class]) -> Others {
    let all = together(classes);
    Others { rate: all.lambda, service: all.service, m1: all.m1, m2: all.m2 }
}

/// The wait of class `k` in M/G/1 when nobody is interrupted.
///
/// # Formula
/// W*(s) = ((1 − ρ)σ + λ_L(1 − L*(σ))) / (s − λ_k + λ_k S_k*(σ)) with σ = s + λ_H(1 − η_H(s)): H the classes
/// above, L those below.
/// # Source
/// Conway, Maxwell & Miller, *Theory of Scheduling* (1967), section 8-6; Takács (1964).
pub fn wait(classes: &[Class], k: usize) -> TimeDistribution {
    let (above, below, own) = (others(&classes[..k]), together(&classes[k + 1..]), classes[k].clone());
    let all = together(classes);
    let load = |list: &[Class]| list.iter().map(|c| c.lambda * c.m1).sum::<f64>();
    let (rho, before, sigma) = (load(classes), load(&classes[..k]), load(&classes[..=k]));
    let second = |list: &[Class]| list.iter().map(|c| c.lambda * c.m2).sum::<f64>();
    let mean = second(classes) / 2.0 / ((1.0 - before) * (1.0 - sigma));
    let square = all.lambda * all.m3 / (3.0 * (1.0 - before).powi(2) * (1.0 - sigma))
        + second(classes) * second(&classes[..=k]) / (2.0 * (1.0 - before).powi(2) * (1.0 - sigma).powi(2))
        + second(classes) * second(&classes[..k]) / (2.0 * (1.0 - before).powi(3) * (1.0 - sigma));
    let marks = all.service.clone();
    let transform = Transform::new(move |s| {
        let stretched = above.stretched(s);
        // Both sides divided by the stretched s, so that nothing cancels near zero.
        let idle = if below.lambda > 0.0 {
            below.lambda * ((1.0 - below.service.at(stretched)) / stretched)
        } else {
            0.0.into()
        };
        ((1.0 - rho) + idle) / (s / stretched - own.lambda * ((1.0 - own.service.at(stretched)) / stretched))
    });
    let sd = (square - mean * mean).max(0.0).sqrt();
    TimeDistribution::transformed(
        mean,
        if square.is_finite() { sd } else { f64::INFINITY },
        rho,
        transform.like(&marks),
    )
}

/// Wait and service together of class `k` in M/G/1 with preemptive resume.
///
/// # Formula
/// The work of the classes up to k that is found, and one's own, stretched by the busy periods of those
/// above.
/// # Source
/// Kleinrock II, section 3.4; Jaiswal, *Priority Queues* (1968).
pub fn preemptive_sojourn(classes: &[Class], k: usize) -> TimeDistribution {
    let (above, own, upto) = (others(&classes[..k]), classes[k].clone(), together(&classes[..=k]));
    let found = mg1::wait_transform(upto.lambda, upto.m1, upto.service.clone());
    let (mean, variance) = (
        mg1::wait_mean(upto.lambda, upto.m1, upto.m2) + own.m1,
        mg1::wait_variance(upto.lambda, upto.m1, upto.m2, upto.m3) + own.m2 - own.m1 * own.m1,
    );
    let (mean, variance) = above.stretch(mean, variance);
    let marks = upto.service.clone();
    let transform = Transform::new(move |s| {
        let stretched = above.stretched(s);
        found.at(stretched) * own.service.at(stretched)
    });
    TimeDistribution::transformed(mean, variance.sqrt(), 1.0, transform.like(&marks))
}

/// The wait of a class in M/M/c when nobody is interrupted and all classes have one service rate.
///
/// # Formula
/// With probability C (Erlang's) the work of a busy M/M/1 queue of rate cμ and the classes up to this one,
/// exponential of rate cμ − λ_{≤k}, stretched by the busy periods of those above.
/// # Source
/// Davis, *Waiting-time distribution of a multi-server, priority queuing system*, Operations Research 14
/// (1966).
pub fn many_servers_wait(above: f64, upto: f64, delayed: f64, full: f64) -> TimeDistribution {
    let service = Transform::new(move |s| 1.0 / (1.0 + s / full));
    let higher = Others { rate: above, service, m1: 1.0 / full, m2: 2.0 / full / full };
    let rate = full - upto;
    let (mean, variance) = higher.stretch(1.0 / rate, 1.0 / rate / rate);
    let transform = Transform::new(move |s| {
        let stretched = higher.stretched(s);
        1.0 - delayed * stretched / (rate + stretched)
    });
    let square = delayed * (variance + mean * mean);
    let mean = delayed * mean;
    if above == 0.0 {
        return TimeDistribution::delayed_exponential(delayed, rate);
    }
    TimeDistribution::transformed(mean, (square - mean * mean).sqrt(), delayed, transform)
}

/// The streams of each class, the most urgent first.
fn classes_of(station: &Station<'_>) -> Vec<Vec<usize>> {
    let mut levels: Vec<i32> = station.streams.iter().map(|s| s.producer.priority).collect();
    levels.sort_unstable_by(|a, b| b.cmp(a));
    levels.dedup();
    levels
        .iter()
        .map(|level| {
            (0..station.streams.len()).filter(|i| station.streams[*i].producer.priority == *level).collect()
        })
        .collect()
}

fn class(station: &Station<'_>, streams: &[usize]) -> Class {
    let parts: Vec<Class> = streams
        .iter()
        .map(|&i| {
            let moment = |n| station.service.moment_of(i, n);
            let service = station.service.transform_of(i);
            Class { lambda: station.streams[i].rate, m1: moment(1), m2: moment(2), m3: moment(3), service }
        })
        .collect();
    together(&parts)
}

fn urgent_first(station: &Station<'_>) -> Result<(), Mismatch> {
    super::requires::poisson(station)?;
    if station.queue.preemption == Preemption::Restart {
        // With the same time, so that long ones are interrupted more often: even exponential times then have
        // a memory.
        return Err("interrupted services start again".into());
    }
    match station.queue.discipline {
        Discipline::Priority if classes_of(station).len() > 1 => Ok(()),
        _ => Err("needs classes of different priority".into()),
    }
}

/// The adapter for one server.
#[derive(Debug)]
pub struct OneServer;

impl QueueModel for OneServer {
    const NAME: &'static str = "M/G/1 with priorities";
    const KNOWS: &'static [Feature] = &[Feature::Order];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        urgent_first(station)?;
        if station.servers != Some(1) {
            return Err("needs one server".into());
        }
        Ok(())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let groups = classes_of(station);
        let classes: Vec<Class> = groups.iter().map(|streams| class(station, streams)).collect();
        let interrupts = station.queue.preemption != Preemption::None;
        let seen = |i: usize| {
            let k = groups.iter().position(|g| g.contains(&i)).unwrap_or(0);
            if !interrupts {
                return StreamFigures { wait: wait(&classes, k), sojourn: None };
            }
            let mut of_own = classes.clone();
            // The class's own message brings its stream's work, not the class's average.
            let alone = class(station, &[i]);
            of_own[k] = classes[k].clone();
            let sojourn = preemptive_sojourn(&of_own, k);
            let above = others(&classes[..k]);
            let free = 1.0 - above.rate * above.m1;
            let mean = sojourn.mean + (alone.m1 - classes[k].m1) / free;
            let sojourn = if groups[k].len() == 1 { sojourn } else { TimeDistribution::moments(mean, None) };
            StreamFigures { wait: TimeDistribution::moments(mean - alone.m1, None), sojourn: Some(sojourn) }
        };
        let seen = (0..station.streams.len()).map(seen).collect();
        let delayed = (!interrupts).then(|| station.rho());
        let mut figures = SteadyState::by_stream(station, delayed, seen);
        if interrupts {
            figures.caveats.push(TheoryCaveat::InterruptionsInWait.into());
        }
        Ok(figures)
    }
}

/// The adapter for several exponential servers.
#[derive(Debug)]
pub struct ManyServers;

impl QueueModel for ManyServers {
    const NAME: &'static str = "M/M/c with priorities";
    const KNOWS: &'static [Feature] = &[Feature::Order];

    fn fits(&self, station: &Station<'_>) -> Result<(), Mismatch> {
        urgent_first(station)?;
        super::requires::poisson_and_exponential(station)?;
        station.servers.map(|_| ()).ok_or_else(|| "needs a limited number of servers".into())
    }

    fn figures(&self, station: &Station<'_>) -> Result<SteadyState, ModelError> {
        stable(station)?;
        let (c, mu) = (station.servers.unwrap_or(1), 1.0 / station.service.mean());
        let full = f64::from(c) * mu;
        let groups = classes_of(station);
        let rates: Vec<f64> =
            groups.iter().map(|g| g.iter().map(|i| station.streams[*i].rate).sum()).collect();
        let upto = |k: usize| rates[..k].iter().sum::<f64>();
        let delayed = erlang_c(c, station.offered_load());
        let interrupts = station.queue.preemption != Preemption::None;
        // Whoever interrupts sees a queue without those below.
        let in_system = |lambda: f64| {
            if lambda > 0.0 { lambda * (mmc::wait_mean(lambda, mu, c) + 1.0 / mu) } else { 0.0 }
        };
        let of_class = |k: usize| {
            if !interrupts {
                return StreamFigures {
                    wait: many_servers_wait(upto(k), upto(k + 1), delayed, full),
                    sojourn: None,
                };
            }
            let mean = (in_system(upto(k + 1)) - in_system(upto(k))) / rates[k];
            if k > 0 {
                return StreamFigures {
                    wait: TimeDistribution::moments(mean - 1.0 / mu, None),
                    sojourn: Some(TimeDistribution::moments(mean, None)),
                };
            }
            StreamFigures {
                wait: TimeDistribution::delayed_exponential(erlang_c(c, rates[0] / mu), full - rates[0]),
                sojourn: None,
            }
        };
        let class_of = |i: usize| groups.iter().position(|g| g.contains(&i)).unwrap_or(0);
        let seen = if interrupts && c == 1 {
            // With one server the laws are known, too.
            OneServer.figures(station)?.streams
        } else {
            (0..station.streams.len()).map(|i| of_class(class_of(i))).collect()
        };
        let plain = mmc::Mmc.figures(station)?;
        let mut figures = SteadyState::by_stream(station, (!interrupts).then_some(delayed), seen);
        // Services have no memory, so that the order does not change the number in the system.
        figures.queue_length = LevelSummary { ..plain.queue_length };
        figures.in_system = plain.in_system;
        Ok(figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponential(lambda: f64, m1: f64) -> Class {
        let service = Transform::new(move |s| 1.0 / (1.0 + m1 * s));
        Class { lambda, m1, m2: 2.0 * m1 * m1, m3: 6.0 * m1.powi(3), service }
    }

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} is not {b}");
    }

    /// One rate for all: the general form and that of many servers are two ways to the same law.
    #[test]
    fn one_of_many_servers_is_one_server() {
        let classes = [exponential(0.2, 1.0), exponential(0.3, 1.0), exponential(0.3, 1.0)];
        for (k, before) in [0.0, 0.2, 0.5].into_iter().enumerate() {
            let (general, special) =
                (wait(&classes, k), many_servers_wait(before, before + classes[k].lambda, 0.8, 1.0));
            close(general.mean, special.mean, 1e-12);
            close(general.sd.expect("known"), special.sd.expect("known"), 1e-12);
            for t in [0.5, 3.0, 20.0] {
                assert!((general.tail(t).expect("known") - special.tail(t).expect("known")).abs() < 1e-11);
            }
        }
    }

    #[test]
    fn the_average_wait_is_conserved_and_the_first_interrupts_all() {
        let classes = [exponential(0.2, 1.0), exponential(0.6, 1.0)];
        let average = (0.2 * wait(&classes, 0).mean + 0.6 * wait(&classes, 1).mean) / 0.8;
        close(average, 4.0, 1e-12);
        let first = preemptive_sojourn(&classes, 0);
        close(first.tail(3.0).expect("known"), f64::exp(-0.8 * 3.0), 1e-8);
        close(0.2 * first.mean + 0.6 * preemptive_sojourn(&classes, 1).mean, 4.0, 1e-12);
    }
}
