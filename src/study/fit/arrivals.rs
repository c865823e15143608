//! Measured arrivals: their rate, and how bursty they are at several time scales.

use crate::workload::arrivals::rate_of;

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
pub struct ArrivalStream {
    /// How many there are.
    pub count: usize,
    /// Seconds from the first to the last.
    pub lasted: f64,
    /// Per second.
    pub rate: f64,
    /// Of counts in windows of several lengths.
    pub dispersion: Vec<Dispersion>,
}

/// Variance over mean of the number of arrivals in windows of one length: 1 for Poisson arrivals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispersion {
    /// Seconds.
    pub window: f64,
    /// Variance by mean of the counts; 1 for Poisson.
    pub index: f64,
    /// How many windows there are.
    pub windows: usize,
}

/// What ascending instants in seconds say.
pub(super) fn stream(instants: &[f64]) -> ArrivalStream {
    let (first, last) = (instants.first().copied().unwrap_or(0.0), instants.last().copied().unwrap_or(0.0));
    let (count, lasted) = (instants.len(), last - first);
    let rate = if lasted > 0.0 { rate_of(instants) } else { 0.0 };
    let dispersion =
        windows(rate, lasted).into_iter().filter_map(|window| dispersion(instants, window)).collect();
    ArrivalStream { count, lasted, rate, dispersion }
}

/// Windows of people's and of the file's own scale, ascending.
fn windows(rate: f64, lasted: f64) -> Vec<f64> {
    let mut out: Vec<f64> =
        WINDOWS.into_iter().filter(|w| w * rate >= SPARSE && lasted / w >= FEWEST as f64).collect();
    for messages in MESSAGES {
        let window = super::one_digit(messages / rate);
        if window.is_finite() && window > 0.0 && out.iter().all(|w| (w / window).max(window / w) >= APART) {
            out.push(window);
        }
    }
    out.sort_by(f64::total_cmp);
    out
}

/// How many windows of one length lie between the first instant and the last.
fn whole(instants: &[f64], window: f64) -> f64 {
    let first = instants.first().copied().unwrap_or(0.0);
    ((instants.last().copied().unwrap_or(0.0) - first) / window).floor()
}

/// Of each window in turn: for windows that are about as many as the messages.
pub(super) fn counts(instants: &[f64], window: f64) -> Vec<f64> {
    let (first, whole) = (instants.first().copied().unwrap_or(0.0), whole(instants, window));
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

/// `None` if there are too few windows. Windows without a message take neither time nor memory, be they as
/// many as in decades.
pub(super) fn dispersion(instants: &[f64], window: f64) -> Option<Dispersion> {
    let windows = whole(instants, window);
    if windows.is_nan() || windows < FEWEST as f64 || windows.is_infinite() {
        return None;
    }
    let first = instants[0];
    let index = |at: &f64| ((at - first) / window).floor();
    let (mut sum, mut squares) = (0.0, 0.0);
    // What comes after the last whole window is in none.
    for same in instants.chunk_by(|a, b| index(a) == index(b)).filter(|same| index(&same[0]) < windows) {
        let count = same.len() as f64;
        sum += count;
        squares += count * count;
    }
    let mean = sum / windows;
    // Whole numbers: their sums are exact.
    let variance = (squares - sum * mean) / (windows - 1.0);
    (mean > 0.0).then(|| Dispersion { window, index: variance / mean, windows: windows as usize })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts 2, 1, 0, 3 and so on by hand: mean 1.5, Σ(c − 1.5)² = 25 in twenty windows, and the last
    /// message is in none of them.
    #[test]
    fn windows_without_a_message_count() {
        let one = [0.0, 0.5, 1.2, 3.0, 3.1, 3.9];
        let instants: Vec<f64> =
            (0..5).flat_map(|i| one.map(|at| at + 4.0 * f64::from(i))).chain([20.0]).collect();
        let found = dispersion(&instants, 1.0).expect("twenty windows");
        assert_eq!((found.windows, counts(&instants, 1.0).iter().sum::<f64>()), (20, 30.0));
        assert!((found.index - 25.0 / 19.0 / 1.5).abs() < 1e-12, "{found:?}");
        assert_eq!(dispersion(&instants, 1.1), None);
    }

    /// Two lots of a thousand messages thirty years apart, by the second: 946 million windows, and no list of
    /// them. Nearly all are empty, so that the index is Σc²/Σc − mean: 10 messages a window.
    #[test]
    fn decades_take_no_memory() {
        let years = 30.0 * 365.25 * 86_400.0;
        let lot = |from: f64| (0..1000).map(move |i| from + f64::from(i / 10) + 0.05 * f64::from(i % 10));
        let instants: Vec<f64> = lot(0.0).chain(lot(years)).collect();
        let found = dispersion(&instants, 1.0).expect("many windows");
        assert!(found.windows > 946_000_000 && (found.index - 10.0).abs() < 1e-3, "{found:?}");
        assert!(counts(&instants, 1.0).is_empty());
        assert!(stream(&instants).dispersion.iter().all(|d| d.window > 1e6));
    }
}
