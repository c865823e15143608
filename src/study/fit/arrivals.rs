//! Measured arrivals: their rate, and how bursty they are at several time scales.

/// The windows that people look at, in seconds.
const WINDOWS: [f64; 4] = [1.0, 10.0, 60.0, 300.0];
/// Windows suited to any file hold so many messages on average.
const MESSAGES: [f64; 2] = [10.0, 1000.0];
/// Fewer windows than this say nothing about their dispersion.
const FEWEST: usize = 20;
/// With fewer messages than this a window has one or none, and the index is near 1 whatever the arrivals.
const SPARSE: f64 = 0.05;
/// Two windows nearer than this factor say the same.
const APART: f64 = 2.0;

/// A stream of arrivals.
#[derive(Debug, Clone)]
pub struct Stream {
    pub count: usize,
    /// Seconds from the first to the last.
    pub lasted: f64,
    /// Per second.
    pub rate: f64,
    pub dispersion: Vec<Dispersion>,
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
    let dispersion = windows(rate, lasted).into_iter().filter_map(|window| dispersion(instants, window)).collect();
    Stream { count, lasted, rate, dispersion }
}

/// Windows of people's and of the file's own scale, ascending.
fn windows(rate: f64, lasted: f64) -> Vec<f64> {
    let mut out: Vec<f64> = WINDOWS.into_iter().filter(|w| w * rate >= SPARSE && lasted / w >= FEWEST as f64).collect();
    for messages in MESSAGES {
        let window = super::one_digit(messages / rate);
        if window.is_finite() && window > 0.0 && out.iter().all(|w| (w / window).max(window / w) >= APART) {
            out.push(window);
        }
    }
    out.sort_by(f64::total_cmp);
    out
}

pub fn counts(instants: &[f64], window: f64) -> Vec<f64> {
    let first = instants.first().copied().unwrap_or(0.0);
    let whole = ((instants.last().copied().unwrap_or(0.0) - first) / window).floor();
    // More windows than messages by far would only take memory.
    if whole.is_nan() || whole > 2.0 * instants.len() as f64 / SPARSE {
        return Vec::new();
    }
    let mut counts = vec![0.0; whole as usize];
    for at in instants {
        if let Some(count) = counts.get_mut(((at - first) / window) as usize) {
            *count += 1.0;
        }
    }
    counts
}

/// `None` if there are too few windows.
pub fn dispersion(instants: &[f64], window: f64) -> Option<Dispersion> {
    let counts = counts(instants, window);
    let n = counts.len() as f64;
    if counts.len() < FEWEST {
        return None;
    }
    let mean = counts.iter().sum::<f64>() / n;
    let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean > 0.0).then(|| Dispersion { window, index: variance / mean, windows: counts.len() })
}
