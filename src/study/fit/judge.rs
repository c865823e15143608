//! A model of arrivals judged on the file: how long its messages wait at the server at which those of the
//! file wait so long.

use super::arrivals::{ArrivalStream, dispersion};
use super::traffic::{Traffic, Waits};
use crate::scenario::Arrivals;
use crate::workload::laws::Law;
use rayon::prelude::*;

/// The loads of the one server, its work stretched to them.
pub(super) const LOADS: [f64; 3] = [0.5, 0.7, 0.9];
/// A model whose waits are farther off is not offered.
pub const FARTHEST: f64 = 0.2;
/// Consumers are counted for which 99 % of the messages wait no longer than so many times the mean work: the
/// first is told.
pub(super) const LIMITS: [f64; 2] = [1.0, 10.0];
/// Waits of less than this share of the mean work are as good as none.
const NOTHING: f64 = 0.02;
/// A file so many standard errors from a model's replications of the same length is not one of them, at 1 %
/// on both sides.
const CHANCE: f64 = 2.6;
/// Replications whose waits scatter more than so (standard deviation of logarithms), and so many times as
/// much as Poisson arrivals' do, say nothing: the model leaves open what the file shows.
const SCATTER: f64 = 0.3;
const WIDER: f64 = 1.5;
/// Messages simulated for each model, over all replications.
const MESSAGES: usize = 2_000_000;
const REPLICATIONS: (usize, usize) = (4, 40);
/// Of these, so many say how many consumers they need.
const SIZED: usize = 3;

/// What the file did to servers.
pub struct Truth<'a> {
    pub instants: &'a [f64],
    pub stream: &'a ArrivalStream,
    /// The law of the work in the scenario.
    pub work: &'a Law,
    /// Seconds: the mean of the work in the file.
    pub mean_work: f64,
    replications: usize,
    waits: [Waits; LOADS.len()],
    pub consumers: [usize; LIMITS.len()],
}

/// A figure of the file and the model's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelFigure {
    /// The file's.
    pub file: f64,
    /// The model's.
    pub model: f64,
    /// How much the logarithm scatters among replications as long as the file.
    pub scatter: f64,
    /// How many standard deviations the file is from the middle of the replications.
    apart: f64,
    nothing: f64,
}

/// Waits at one load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaitsAt {
    /// The load at which both were played.
    pub load: f64,
    /// Mean waits, in seconds.
    pub mean: ModelFigure,
    /// 99th percentiles of the waits, in seconds.
    pub p99: ModelFigure,
}

/// How a model does.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// In the stream's windows, where a replication fills them.
    pub dispersion: Vec<Option<f64>>,
    /// At each load.
    pub waits: Vec<WaitsAt>,
    /// For each of the limits.
    pub consumers: [usize; LIMITS.len()],
}

impl ModelFigure {
    fn of(file: f64, models: &[f64], mean_work: f64) -> ModelFigure {
        let nothing = NOTHING * mean_work;
        let n = models.len() as f64;
        let logs: Vec<f64> = models.iter().map(|x| (x + nothing).ln()).collect();
        let middle = logs.iter().sum::<f64>() / n;
        let scatter = (logs.iter().map(|x| (x - middle).powi(2)).sum::<f64>() / (n - 1.0).max(1.0)).sqrt();
        let apart = ((file + nothing).ln() - middle) / (scatter * (1.0 + 1.0 / n).sqrt()).max(1e-9);
        ModelFigure { file, model: models.iter().sum::<f64>() / n, scatter, apart, nothing }
    }

    /// By what share of the file's the model's is longer (above 0), or shorter: then the model flatters.
    pub fn off(&self) -> f64 {
        (self.model + self.nothing) / (self.file + self.nothing) - 1.0
    }

    /// Whether it is near, or as near as files of this length come to one another.
    fn near(&self) -> bool {
        self.is_close() || self.apart.abs() <= CHANCE
    }

    fn is_close(&self) -> bool {
        self.off().abs() <= FARTHEST
    }

    /// Whether it is near another model's.
    fn is_like(&self, other: &ModelFigure) -> bool {
        ((self.model + self.nothing) / (other.model + other.nothing) - 1.0).abs() <= FARTHEST
    }
}

impl WaitsAt {
    fn each(&self) -> [&ModelFigure; 2] {
        [&self.mean, &self.p99]
    }
}

impl Judged {
    /// The figure that is farthest off among those that chance does not explain, or of all.
    pub fn worst(&self) -> f64 {
        let all = || self.waits.iter().flat_map(WaitsAt::each);
        let worst = |off: f64, one: &ModelFigure| if one.off().abs() > off.abs() { one.off() } else { off };
        let real = all().filter(|one| !one.near()).fold(0.0, worst);
        if real == 0.0 { all().fold(0.0, worst) } else { real }
    }

    /// The waits that are shortest and longest beside the file's, by share of these.
    pub fn spread(&self) -> (f64, f64) {
        let offs = || self.waits.iter().flat_map(WaitsAt::each).map(ModelFigure::off);
        (offs().fold(f64::INFINITY, f64::min), offs().fold(f64::NEG_INFINITY, f64::max))
    }

    /// Whether every wait is near the file's, or as near as files of this length come to one another.
    pub fn is_near(&self) -> bool {
        self.waits.iter().flat_map(WaitsAt::each).all(ModelFigure::near)
    }

    /// Whether every wait is near the file's, chance or no chance.
    pub fn is_close(&self) -> bool {
        self.waits.iter().flat_map(WaitsAt::each).all(ModelFigure::is_close)
    }

    /// Whether every wait is near the file's, or near those of the file's own arrivals: then these would be
    /// no better.
    pub fn is_as_near_as(&self, trace: &Judged) -> bool {
        self.beside(trace).all(|(own, trace)| own.near() || own.is_like(trace))
    }

    /// Whether its replications agree as well as those of another model, or well enough.
    pub fn is_as_certain_as(&self, other: &Judged) -> bool {
        self.beside(other).all(|(own, other)| own.scatter <= SCATTER.max(WIDER * other.scatter))
    }

    fn beside<'a>(&'a self, other: &'a Judged) -> impl Iterator<Item = (&'a ModelFigure, &'a ModelFigure)> {
        self.waits.iter().zip(&other.waits).flat_map(|(own, other)| own.each().into_iter().zip(other.each()))
    }

    /// Whether it asks for as many consumers as the file, or one more or less.
    pub fn asks_alike(&self, truth: &Truth<'_>) -> bool {
        self.consumers.iter().zip(&truth.consumers).all(|(own, file)| own.abs_diff(*file) <= 1)
    }
}

impl<'a> Truth<'a> {
    /// From instants and, where the file has them for the same messages, their own work; else the law's is
    /// drawn.
    pub fn of(instants: &'a [f64], own: Option<&[f64]>, stream: &'a ArrivalStream, work: &'a Law) -> Self {
        let replications = (MESSAGES / instants.len().max(1)).clamp(REPLICATIONS.0, REPLICATIONS.1);
        let traffics: Vec<Traffic> = match own {
            Some(own) => vec![Traffic { at: instants.to_vec(), work: own.to_vec() }],
            None => (0..replications.min(2 * SIZED))
                .map(|r| Traffic { at: instants.to_vec(), work: drawn(work, r, instants.len()) })
                .collect(),
        };
        let mean_work = own.map_or(work.mean(), |own| own.iter().sum::<f64>() / own.len().max(1) as f64);
        let load = stream.rate * mean_work;
        let waits = LOADS.map(|at| mean(traffics.iter().map(|traffic| traffic.waits(at / load))));
        let guess = (load / 0.7).ceil().max(1.0) as usize;
        let sized = &traffics[..traffics.len().min(SIZED)];
        let consumers = LIMITS
            .map(|limit| median(sized.iter().map(|t| t.servers_needed(limit * mean_work, guess)).collect()));
        Truth { instants, stream, work, mean_work, replications, waits, consumers }
    }

    /// How a model does in as many messages as the file has, several times.
    pub fn judge(&self, arrivals: &Arrivals) -> Judged {
        let load = self.stream.rate * self.mean_work;
        let played: Vec<Played> = (0..self.replications)
            .into_par_iter()
            .map(|replication| self.play(arrivals, replication))
            .collect();
        let waits = std::array::from_fn::<Vec<Waits>, { LOADS.len() }, _>(|i| {
            played.iter().map(|p| p.waits[i]).collect()
        });
        let index = |i: usize| {
            let all: Vec<f64> = played.iter().filter_map(|p| p.dispersion[i]).collect();
            (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
        };
        let needed = |i: usize| median(played.iter().filter_map(|p| p.consumers.map(|c| c[i])).collect());
        let at = |(i, waits): (usize, &Vec<Waits>)| {
            let compared = |get: fn(&Waits) -> f64| {
                ModelFigure::of(
                    get(&self.waits[i]),
                    &waits.iter().map(get).collect::<Vec<_>>(),
                    self.mean_work * LOADS[i] / load,
                )
            };
            WaitsAt { load: LOADS[i], mean: compared(|w| w.mean), p99: compared(|w| w.p99) }
        };
        Judged {
            dispersion: (0..self.stream.dispersion.len()).map(index).collect(),
            waits: waits.iter().enumerate().map(at).collect(),
            consumers: std::array::from_fn(needed),
        }
    }

    fn play(&self, arrivals: &Arrivals, replication: usize) -> Played {
        let load = self.stream.rate * self.mean_work;
        let traffic =
            Traffic::drawn(arrivals, self.stream.rate, self.work, replication as u64, self.instants.len());
        let needed = |i: usize| traffic.servers_needed(LIMITS[i] * self.mean_work, self.consumers[i]);
        Played {
            waits: LOADS.map(|at| traffic.waits(at / load)),
            dispersion: self
                .stream
                .dispersion
                .iter()
                .map(|d| dispersion(&traffic.at, d.window).map(|d| d.index))
                .collect(),
            consumers: (replication < SIZED).then(|| std::array::from_fn(needed)),
        }
    }
}

/// What a replication did.
struct Played {
    waits: [Waits; LOADS.len()],
    dispersion: Vec<Option<f64>>,
    consumers: Option<[usize; LIMITS.len()]>,
}

/// The work of so many messages.
fn drawn(work: &Law, replication: usize, messages: usize) -> Vec<f64> {
    Traffic::drawn(&Arrivals::Poisson, 1.0, work, replication as u64, messages).work
}

fn mean(waits: impl Iterator<Item = Waits>) -> Waits {
    let (n, mean, p99) =
        waits.fold((0.0, 0.0, 0.0), |(n, mean, p99), w| (n + 1.0, mean + w.mean, p99 + w.p99));
    Waits { mean: mean / n, p99: p99 / n }
}

fn median(mut counts: Vec<usize>) -> usize {
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(1)
}
