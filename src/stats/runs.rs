//! What is asked of figures that every run has one of, such as the time in which a backlog drains.

use super::interval::half_width;
use super::share;
use crate::answer::{Estimate, Statistic};
use statrs::distribution::{Binomial, DiscreteCDF};

/// A statistic over independent runs, from the figure of each, with its interval, and whether it may be told;
/// `None` where there is none of it.
///
/// A percentile lies between two of the ordered figures with the stated confidence whatever their law is, and
/// is not told where there are too few runs for that. A standard deviation's interval is the delta method's.
///
/// # Source
/// David & Nagaraja, *Order Statistics* (3rd ed., 2003), section 7.1.
///
/// ```
/// use queuelab::answer::Statistic;
/// use queuelab::stats::of_runs;
/// // Of twenty figures, p50 lies between the 6th and the 15th with 95.9 % (Hahn & Meeker, table A.15b).
/// let figures: Vec<f64> = (1..=20).map(f64::from).collect();
/// let (median, told) = of_runs(&figures, Statistic::Percentile(0.5), 0.95).expect("twenty figures");
/// assert!(told && (median.low(), median.value, median.high()) == (6.0, Some(10.0), 15.0));
/// // For p99 they are far too few: even the largest lies below it with 82 %.
/// assert!(!of_runs(&figures, Statistic::Percentile(0.99), 0.95).expect("twenty figures").1);
/// ```
pub fn of_runs(figures: &[f64], statistic: Statistic, confidence: f64) -> Option<(Estimate, bool)> {
    let runs = figures.len();
    if runs < 2 {
        return None;
    }
    match statistic {
        Statistic::Sd => {
            let mean = figures.iter().sum::<f64>() / runs as f64;
            let squares: Vec<f64> = figures.iter().map(|figure| (figure - mean).powi(2)).collect();
            let sd = (squares.iter().sum::<f64>() / (runs - 1) as f64).sqrt();
            let half = half_width(&squares, confidence).1;
            let half = half.map(|half| if sd > 0.0 { half / (2.0 * sd) } else { 0.0 });
            Some((Estimate::with(sd, half), true))
        }
        Statistic::Percentile(share) => {
            let mut ordered = figures.to_vec();
            ordered.sort_by(f64::total_cmp);
            let value = ordered[((share * runs as f64).ceil() as usize).clamp(1, runs) - 1];
            let below = Binomial::new(share, runs as u64).ok()?;
            let outside = 0.5 * (1.0 - confidence);
            // So many figures lie below the percentile at least, and at most.
            let least = (0..=runs as u64).find(|n| below.cdf(*n) > outside)?;
            let most = (0..=runs as u64).find(|n| below.cdf(*n) >= 1.0 - outside)?;
            if least == 0 || most >= runs as u64 {
                return Some((Estimate::exact(value), false));
            }
            Some((Estimate::between(value, ordered[least as usize - 1], ordered[most as usize]), true))
        }
        Statistic::Within(time) => {
            let done: Vec<f64> = figures.iter().map(|figure| f64::from(u8::from(*figure <= time))).collect();
            let (mean, half) = half_width(&done, confidence);
            let rare = mean <= 0.5;
            let seldom: Vec<f64> = done.iter().map(|value| if rare { *value } else { 1.0 - value }).collect();
            Some((
                match share::ends(&seldom, runs as f64, 1.0, confidence) {
                    Some((low, high)) if rare => Estimate::between(mean, low, high),
                    Some((low, high)) => Estimate::between(mean, 1.0 - high, 1.0 - low),
                    None => Estimate::with(mean, half),
                },
                true,
            ))
        }
        _ => None,
    }
}

/// So many runs have a figure to either side of a percentile with the stated confidence.
///
/// ```
/// // 0.95^72 is the first below 0.025.
/// assert_eq!(queuelab::stats::runs_needed(0.95, 0.95), 72);
/// ```
pub fn runs_needed(share: f64, confidence: f64) -> u32 {
    ((0.5 - 0.5 * confidence).ln() / share.max(1.0 - share).ln()).ceil() as u32
}
