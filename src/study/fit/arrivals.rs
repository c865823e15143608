//! Measured arrivals: their rate, how bursty they are at several time scales, and a process with two states where a
//! law of gaps alone would not do.

use super::mmpp::Mmpp;

/// The windows that people look at, in seconds.
const WINDOWS: [f64; 3] = [1.0, 10.0, 60.0];
/// Fewer windows than this say nothing about their dispersion.
const FEWEST: usize = 20;
/// Gaps that a likelihood is taken of, and the changes of state and back that must be among them.
const LIKELY: usize = 50_000;
const CYCLES: f64 = 20.0;

/// A stream of arrivals.
#[derive(Debug, Clone)]
pub struct Stream {
    pub count: usize,
    /// Seconds from the first to the last.
    pub lasted: f64,
    /// Per second.
    pub rate: f64,
    pub dispersion: Vec<Dispersion>,
    /// Rates (per second) and mean dwells (seconds) of two states, where the dispersion asks for them.
    pub mmpp: Option<([f64; 2], [f64; 2])>,
}

/// Variance over mean of the number of arrivals in windows of one length: 1 for Poisson arrivals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispersion {
    /// Seconds.
    pub window: f64,
    pub index: f64,
    pub windows: usize,
}

/// What ascending instants in seconds say.
pub fn stream(instants: &[f64]) -> Stream {
    let (first, last) = (instants.first().copied().unwrap_or(0.0), instants.last().copied().unwrap_or(0.0));
    let (count, lasted) = (instants.len(), last - first);
    let rate = if lasted > 0.0 { (count - 1) as f64 / lasted } else { 0.0 };
    let dispersion: Vec<Dispersion> = WINDOWS.iter().filter_map(|window| dispersion(instants, *window)).collect();
    let mut stream = Stream { count, lasted, rate, dispersion, mmpp: None };
    stream.mmpp = two_states(instants, &stream);
    stream
}

fn counts(instants: &[f64], window: f64) -> Vec<f64> {
    let first = instants.first().copied().unwrap_or(0.0);
    let whole = ((instants.last().copied().unwrap_or(0.0) - first) / window).floor() as usize;
    let mut counts = vec![0.0; whole];
    for at in instants {
        if let Some(count) = counts.get_mut(((at - first) / window) as usize) {
            *count += 1.0;
        }
    }
    counts
}

/// `None` if there are too few windows.
fn dispersion(instants: &[f64], window: f64) -> Option<Dispersion> {
    let counts = counts(instants, window);
    let n = counts.len() as f64;
    if counts.len() < FEWEST {
        return None;
    }
    let mean = counts.iter().sum::<f64>() / n;
    let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean > 0.0).then(|| Dispersion { window, index: variance / mean, windows: counts.len() })
}

/// A process of two states, if counts in longer windows vary more than those in short ones and long gaps follow long gaps:
/// independent gaps, however variable, have no memory.
fn two_states(instants: &[f64], stream: &Stream) -> Option<([f64; 2], [f64; 2])> {
    if !(stream.rate > 0.0 && remember(instants)) {
        return None;
    }
    // The shortest window with some arrivals in it shows the states most sharply.
    let window = 10f64.powf((10.0 / stream.rate).log10().ceil());
    let short = dispersion(instants, window / 5.0)?;
    let decades = (0..12).map(|i| window * 10f64.powi(i));
    let windows: Vec<Dispersion> = decades.map_while(|w| dispersion(instants, w)).collect();
    if windows.len() < 2 || windows[windows.len() - 1].index < 3.0 * short.index.max(1.0) {
        return None;
    }
    let (share, rates) = two_rates(&counts(instants, window), window)?;
    // IDC(t) of the process grows from 1 to its limit like 1 − (1 − e^(−qt))/(qt), q = 1/dwell₁ + 1/dwell₂: q is where that
    // curve meets the measured one.
    let mean = share * rates[0] + (1.0 - share) * rates[1];
    let index = |q: f64, t: f64| {
        let limit = 2.0 * share * (1.0 - share) * (rates[0] - rates[1]).powi(2) / (mean * q);
        1.0 + limit * (1.0 - (1.0 - (-q * t).exp()) / (q * t))
    };
    let miss = |q: f64| windows.iter().map(|d| (index(q, d.window) / d.index).ln().powi(2)).sum::<f64>();
    // From a thousandth of a cycle in the longest window to ten in the shortest.
    let (slow, fast) = (1e-3 / windows[windows.len() - 1].window, 10.0 / window);
    let tried = (0..=400).map(|i| slow * (fast / slow).powf(f64::from(i) / 400.0)).min_by(|a, b| miss(*a).total_cmp(&miss(*b)));
    let q = tried?;
    // The share of time in a state is its dwell's share of a cycle.
    let guess = Mmpp { rates, leave: [q * (1.0 - share), q * share] };
    let gaps: Vec<f64> = instants.windows(2).map(|w| w[1] - w[0]).take(LIKELY).collect();
    // Windows blur states that change within them; gap by gap nothing is lost, if enough changes are among them.
    let cycles = gaps.iter().sum::<f64>() * q * share * (1.0 - share);
    let found = if cycles >= CYCLES { guess.likeliest(&gaps) } else { guess };
    let scale = stream.rate / found.mean();
    Some((found.rates.map(|rate| rate * scale), found.leave.map(|leave| 1.0 / leave)))
}

/// Whether neighbouring gaps are alike, by the correlation of their logarithms: heavy tails do not disturb these.
fn remember(instants: &[f64]) -> bool {
    let logs: Vec<f64> = instants.windows(2).map(|w| w[1] - w[0]).filter(|gap| *gap > 0.0).map(f64::ln).collect();
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let variance = logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let products: f64 = logs.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum();
    variance > 0.0 && products / variance > 4.0 / n.sqrt()
}

/// Counts as a mixture of two Poisson laws, by expectation–maximisation: the share of time in the first, and both rates.
fn two_rates(counts: &[f64], window: f64) -> Option<(f64, [f64; 2])> {
    let mut sorted = counts.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let (mut share, mut means) = (0.5, [at(0.2).max(0.1), at(0.9).max(0.2)]);
    for _ in 0..200 {
        let (mut weight, mut sums) = (0.0, [0.0, 0.0]);
        for count in counts {
            let log = |mean: f64, share: f64| share.ln() + count * mean.ln() - mean;
            let first = 1.0 / (1.0 + (log(means[1], 1.0 - share) - log(means[0], share)).exp());
            weight += first;
            sums[0] += first * count;
            sums[1] += (1.0 - first) * count;
        }
        let rest = counts.len() as f64 - weight;
        if weight < 1.0 || rest < 1.0 {
            return None;
        }
        share = weight / counts.len() as f64;
        means = [(sums[0] / weight).max(1e-9), (sums[1] / rest).max(1e-9)];
    }
    Some((share, means.map(|mean| mean / window)))
}
