//! Throughput by concurrency: the laws that it may follow, and which of them predicts rows that it has not
//! seen.

use crate::linear;
use crate::scenario::{
    Arrivals, Consumer, NoFiles, Producer, Queue, RateLaw, Scenario, Servers, ServiceRate, Source, parse,
    resolved_toml,
};
use crate::theory::finite;
use crate::workload::file::LoadRow;
use crate::workload::laws::Law;

/// A law of the throughput by the number of messages under way.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ThroughputLaw {
    /// One server whose service time no load changes, and a time away from it: M/M/1//N.
    Constant {
        /// Seconds that a message is elsewhere.
        think: f64,
        /// Seconds of service.
        service: f64,
    },
    /// The same with several servers, a birth–death chain: M/M/c//N.
    BirthDeath {
        /// Seconds that a message is elsewhere.
        think: f64,
        /// Seconds of service.
        service: f64,
        /// How many servers.
        servers: u32,
    },
    /// The universal scalability law.
    Usl {
        /// Seconds that a message takes alone.
        alone: f64,
        /// Contention.
        sigma: f64,
        /// Crosstalk.
        kappa: f64,
    },
    /// Contention that grows more slowly than the number of messages, as where they are worked on in batches.
    Batching {
        /// Seconds that a message takes alone.
        alone: f64,
        /// Contention.
        sigma: f64,
        /// The power of the number of others by which it grows.
        exponent: f64,
    },
}

/// What a law is called and how it is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ThroughputFamily {
    Constant,
    BirthDeath,
    Usl,
    Batching,
}

impl ThroughputFamily {
    /// Every family, the simplest first.
    pub const ALL: [ThroughputFamily; 4] = [
        ThroughputFamily::Constant,
        ThroughputFamily::BirthDeath,
        ThroughputFamily::Usl,
        ThroughputFamily::Batching,
    ];

    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            ThroughputFamily::Constant => "constant service",
            ThroughputFamily::BirthDeath => "birth-death",
            ThroughputFamily::Usl => "USL",
            ThroughputFamily::Batching => "batching",
        }
    }

    /// Rows that it needs.
    fn parameters(self) -> usize {
        if self == ThroughputFamily::Constant { 2 } else { 3 }
    }

    /// The law of this family that is nearest to some rows; `None` for too few of them. Where latencies say
    /// how long messages are elsewhere, `think` is that.
    pub fn fitted(self, rows: &[LoadRow], think: Option<f64>) -> Option<ThroughputLaw> {
        let known = usize::from(think.is_some() && matches!(self, Self::Constant | Self::BirthDeath));
        if rows.len() + known < self.parameters() {
            return None;
        }
        match self {
            ThroughputFamily::Constant => closed(rows, think, &[1]),
            ThroughputFamily::BirthDeath => closed(rows, think, &servers_up_to(rows)),
            ThroughputFamily::Usl => usl(rows),
            ThroughputFamily::Batching => batching(rows),
        }
    }
}

impl ThroughputLaw {
    /// Messages a second while so many are under way.
    pub fn at(&self, concurrency: u32) -> f64 {
        let n = f64::from(concurrency);
        match *self {
            ThroughputLaw::Constant { think, service } => loops(concurrency, think / service, 1) / service,
            ThroughputLaw::BirthDeath { think, service, servers } => {
                loops(concurrency, think / service, servers) / service
            }
            ThroughputLaw::Usl { alone, sigma, kappa } => {
                n / alone / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
            }
            ThroughputLaw::Batching { alone, sigma, exponent } => {
                n / alone / (1.0 + sigma * (n - 1.0).powf(exponent))
            }
        }
    }

    /// The scenario of a closed loop with so many clients whose throughput follows the law.
    fn scenario(&self, concurrency: u32) -> Scenario {
        let (think, service, servers, rate) = match *self {
            ThroughputLaw::Constant { think, service } => (think, service, 1, None),
            ThroughputLaw::BirthDeath { think, service, servers } => (think, service, servers, None),
            ThroughputLaw::Usl { alone, sigma, kappa } => {
                let rate = ServiceRate { law: Some(RateLaw::Usl), sigma, kappa, ..ServiceRate::default() };
                (0.0, alone, concurrency, Some(rate))
            }
            ThroughputLaw::Batching { alone, sigma, exponent } => {
                let rate = ServiceRate { law: Some(RateLaw::Usl), sigma, exponent, ..ServiceRate::default() };
                (0.0, alone, concurrency, Some(rate))
            }
        };
        let producer = Producer {
            arrivals: Arrivals::Closed { concurrency, think_time: Law::deterministic(think) },
            ..Producer::poisson("clients", 0, 1.0)
        };
        let consumer = Consumer {
            count: Servers::Count(servers),
            service_rate: rate,
            ..Consumer::group("server", 0, servers, Law::exponential(service))
        };
        let mut out = Scenario::single(producer, Queue { name: "line".into(), ..Queue::default() }, consumer);
        out.title = Some(format!("Fitted to throughput by concurrency, {concurrency} under way"));
        out
    }
}

/// The throughput of a closed loop in units of the service rate, messages being elsewhere for so many service
/// times.
fn loops(clients: u32, think: f64, servers: u32) -> f64 {
    if think <= 0.0 {
        return f64::from(clients.min(servers));
    }
    let levels = finite::levels(clients, 1.0 / think, 1.0, servers);
    levels.iter().enumerate().map(|(n, p)| (n as f64).min(f64::from(servers)) * p).sum()
}

/// Numbers of servers that are tried.
fn servers_up_to(rows: &[LoadRow]) -> Vec<u32> {
    let most = rows.iter().map(|row| row.concurrency).max().unwrap_or(1);
    let powers = (1..=12).flat_map(|k| [1_u32 << k, 3 << (k - 1)]);
    let mut out: Vec<u32> = powers.filter(|c| *c < most.max(3)).collect();
    out.sort_unstable();
    out
}

/// Σ (ln found/wanted)² of a law.
fn distance(rows: &[LoadRow], law: &ThroughputLaw) -> f64 {
    rows.iter().map(|row| (law.at(row.concurrency) / row.throughput).ln().powi(2)).sum()
}

/// The closed loop that is nearest, with any of some numbers of servers.
fn closed(rows: &[LoadRow], think: Option<f64>, servers: &[u32]) -> Option<ThroughputLaw> {
    let law = |servers: u32, turned: f64| {
        let (think, service) = match think {
            Some(think) => (think, turned.exp()),
            None => {
                // With the ratio of the two times the rate is that which is right on average.
                let logs =
                    |row: &LoadRow| (loops(row.concurrency, turned.exp(), servers) / row.throughput).ln();
                let service = (rows.iter().map(logs).sum::<f64>() / rows.len() as f64).exp();
                (turned.exp() * service, service)
            }
        };
        match servers {
            1 => ThroughputLaw::Constant { think, service },
            _ => ThroughputLaw::BirthDeath { think, service, servers },
        }
    };
    let range = match think {
        Some(_) => {
            let slowest = rows.iter().map(|row| row.throughput).fold(f64::INFINITY, f64::min);
            ((1e-4 / slowest).ln(), (1e4 / slowest).ln())
        }
        None => (1e-3_f64.ln(), 1e6_f64.ln()),
    };
    let best = |servers: &u32| {
        let of = |turned: f64| distance(rows, &law(*servers, turned));
        let turned = least(of, range);
        (of(turned), law(*servers, turned))
    };
    servers.iter().map(best).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, law)| law)
}

/// Where a function is least between two ends: the best of some points, then by golden sections around it.
fn least(of: impl Fn(f64) -> f64, (low, high): (f64, f64)) -> f64 {
    const POINTS: u32 = 30;
    let at = |i: u32| low + (high - low) * f64::from(i) / f64::from(POINTS);
    let best = (0..=POINTS).min_by(|a, b| of(at(*a)).total_cmp(&of(at(*b)))).unwrap_or(0);
    let (mut a, mut b) = (at(best.saturating_sub(1)), at((best + 1).min(POINTS)));
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    for _ in 0..40 {
        let (left, right) = (b - golden * (b - a), a + golden * (b - a));
        if of(left) < of(right) { b = right } else { a = left }
    }
    0.5 * (a + b)
}

/// The factors ≥ 0 of columns whose sum is nearest to one in each row, by least squares, and what is left.
fn factors(columns: &[Vec<f64>]) -> Option<(Vec<f64>, f64)> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let ones = vec![1.0; columns.first()?.len()];
    let subset = |kept: Vec<usize>| {
        // Columns of one size: their squares differ by many orders.
        let sizes: Vec<f64> = kept.iter().map(|i| dot(&columns[*i], &columns[*i]).sqrt()).collect();
        let part = |i: usize, j: usize| dot(&columns[kept[i]], &columns[kept[j]]) / sizes[i] / sizes[j];
        let matrix = (0..kept.len()).map(|i| (0..kept.len()).map(|j| part(i, j)).collect()).collect();
        let right = (0..kept.len()).map(|i| dot(&columns[kept[i]], &ones) / sizes[i]).collect();
        let solved = linear::solve(matrix, right)?;
        let mut all = vec![0.0; columns.len()];
        kept.iter().zip(solved).zip(&sizes).for_each(|((i, x), size)| all[*i] = x / size);
        let off = |row: usize| 1.0 - all.iter().zip(columns).map(|(x, column)| x * column[row]).sum::<f64>();
        let left: f64 = (0..ones.len()).map(|row| off(row).powi(2)).sum();
        (all[0] > 0.0 && all.iter().all(|x| *x >= 0.0)).then_some((all, left))
    };
    // The first always, any of the others.
    let others = columns.len() - 1;
    let kept = |bits: u32| (0..columns.len()).filter(|i| *i == 0 || bits >> (i - 1) & 1 == 1).collect();
    (0..1_u32 << others).filter_map(|bits| subset(kept(bits))).min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The time of a message N/X is linear in the law's parameters.
fn usl(rows: &[LoadRow]) -> Option<ThroughputLaw> {
    let column = |of: fn(f64) -> f64| {
        rows.iter()
            .map(|row| of(f64::from(row.concurrency)) * row.throughput / f64::from(row.concurrency))
            .collect()
    };
    let (found, _) = factors(&[column(|_| 1.0), column(|n| n - 1.0), column(|n| n * (n - 1.0))])?;
    Some(ThroughputLaw::Usl { alone: found[0], sigma: found[1] / found[0], kappa: found[2] / found[0] })
}

/// Likewise for every exponent.
fn batching(rows: &[LoadRow]) -> Option<ThroughputLaw> {
    let columns = |exponent: f64| {
        let each = |power: f64| {
            let own = |row: &LoadRow| {
                let n = f64::from(row.concurrency);
                let others = if power == 0.0 { 1.0 } else { (n - 1.0).powf(power) };
                others * row.throughput / n
            };
            rows.iter().map(own).collect::<Vec<f64>>()
        };
        [each(0.0), each(exponent)]
    };
    let left = |exponent: f64| factors(&columns(exponent)).map_or(f64::INFINITY, |(_, left)| left);
    let exponent = least(left, (0.2, 1.0));
    let (found, _) = factors(&columns(exponent))?;
    Some(ThroughputLaw::Batching { alone: found[0], sigma: found[1] / found[0], exponent })
}

/// A law with how well it predicts rows that it was not fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedLaw {
    /// Its family.
    pub family: ThroughputFamily,
    /// Fitted to all rows that it may learn from.
    pub law: ThroughputLaw,
    /// Of each row, (predicted − measured) / measured by the law of the other rows, or of those to learn
    /// from; `None` for these.
    pub errors: Vec<Option<f64>>,
}

impl JudgedLaw {
    /// The largest error.
    pub fn worst(&self) -> f64 {
        self.errors.iter().flatten().map(|e| e.abs()).fold(0.0, f64::max)
    }

    /// The root of the mean square of the errors' logarithms.
    pub fn typical(&self) -> f64 {
        let logs: Vec<f64> = self.errors.iter().flatten().map(|e| (1.0 + e).max(1e-9).ln().powi(2)).collect();
        (logs.iter().sum::<f64>() / logs.len().max(1) as f64).sqrt()
    }
}

/// What a file of throughput by concurrency says.
#[derive(Debug, Clone)]
pub struct ThroughputFit {
    /// The file's rows.
    pub rows: Vec<LoadRow>,
    /// Whether some rows alone were learnt from; else each row was left out in turn.
    pub learnt: bool,
    /// The laws, the one that predicts best first.
    pub laws: Vec<JudgedLaw>,
    /// The best law's, ready to be run.
    pub scenario: Scenario,
}

/// Why rows cannot be fitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThroughputFitError {
    /// There are too few.
    #[error("{0} rows are too few to fit a law and judge it; write at least 3, of different concurrencies")]
    TooFew(usize),
    /// Two rows have one concurrency.
    #[error("two rows have a concurrency of {0}; write their mean as one")]
    Twice(u32),
    /// A concurrency to learn from is not there.
    #[error("there is no row with a concurrency of {0} to learn from")]
    Absent(u32),
    /// The law cannot be written as a scenario.
    #[error("what its figures say cannot be written as a scenario: {0}")]
    Unwritable(String),
}

/// Fits every law, and judges each by rows that it has not seen: those beside `learn`, or, if that is empty,
/// each row in turn by all others.
///
/// # Errors
/// Too few rows, or rows that are not there.
pub fn fit_throughput(rows: Vec<LoadRow>, learn: &[u32]) -> Result<ThroughputFit, ThroughputFitError> {
    if rows.len() < 3 {
        return Err(ThroughputFitError::TooFew(rows.len()));
    }
    if let Some(pair) = rows.windows(2).find(|pair| pair[0].concurrency == pair[1].concurrency) {
        return Err(ThroughputFitError::Twice(pair[0].concurrency));
    }
    if let Some(absent) = learn.iter().find(|n| rows.iter().all(|row| row.concurrency != **n)) {
        return Err(ThroughputFitError::Absent(*absent));
    }
    let think = think_of(&rows);
    let error = |law: &ThroughputLaw, row: &LoadRow| law.at(row.concurrency) / row.throughput - 1.0;
    let judged = |family: &ThroughputFamily| {
        let known: Vec<LoadRow> =
            rows.iter().filter(|row| learn.is_empty() || learn.contains(&row.concurrency)).copied().collect();
        let law = family.fitted(&known, think)?;
        let by_others = |row: &LoadRow| {
            let others: Vec<LoadRow> = rows.iter().filter(|other| *other != row).copied().collect();
            Some(error(&family.fitted(&others, think)?, row))
        };
        let errors: Vec<Option<f64>> = if learn.is_empty() {
            rows.iter().map(by_others).collect()
        } else {
            rows.iter().map(|row| (!learn.contains(&row.concurrency)).then(|| error(&law, row))).collect()
        };
        errors.iter().any(Option::is_some).then_some(JudgedLaw { family: *family, law, errors })
    };
    let mut laws: Vec<JudgedLaw> = ThroughputFamily::ALL.iter().filter_map(judged).collect();
    laws.sort_by(|a, b| a.typical().total_cmp(&b.typical()));
    let most = rows.last().map_or(1, |row| row.concurrency);
    let Some(best) = laws.first() else { return Err(ThroughputFitError::TooFew(rows.len())) };
    let scenario = best.law.scenario(most);
    if let Err(problems) = parse(&Source::new("scenario.toml", resolved_toml(&scenario)), &NoFiles) {
        let told: Vec<&str> = problems.list.iter().map(|p| p.message.as_str()).collect();
        return Err(ThroughputFitError::Unwritable(told.join("; ")));
    }
    Ok(ThroughputFit { learnt: !learn.is_empty(), laws, scenario, rows })
}

/// How long messages are elsewhere, by Little's law: N/X less the latency.
fn think_of(rows: &[LoadRow]) -> Option<f64> {
    let each = |row: &LoadRow| Some(f64::from(row.concurrency) / row.throughput - row.latency?);
    let all: Option<Vec<f64>> = rows.iter().map(each).collect();
    all.map(|all| (all.iter().sum::<f64>() / all.len() as f64).max(0.0))
}

#[cfg(test)]
mod tests;
