//! Whether a backlog grows all the time: the sign of a queue without a steady state, where no formula tells.

use super::collector::Span;
use super::interval::half_width;

/// How fast a backlog grows in messages a second and half the width of that figure's interval, if it does grow: more than
/// chance explains (Student's t over the spans), and by more than half of the mean level, which no steady state does for
/// long. Spans are independent runs, or the consecutive batches of one.
pub fn drift(spans: &[Span], consecutive: bool, confidence: f64) -> Option<(f64, f64)> {
    let rates: Vec<f64> = spans.iter().map(|s| s.grown / s.lasted).collect();
    let (rate, half) = half_width(&rates, confidence);
    let half = half?;
    let grown = spans.iter().map(|s| s.grown).sum::<f64>() / if consecutive { 1.0 } else { spans.len() as f64 };
    let lasted: f64 = spans.iter().map(|s| s.lasted).sum();
    let level = spans.iter().map(|s| (s.waiting + s.busy) * s.lasted).sum::<f64>() / lasted;
    (rate > half && grown > 0.5 * level).then_some((rate, half))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(waiting: f64, grown: f64) -> Span {
        Span { lasted: 10.0, waiting, busy: 1.0, grown, peak: 0 }
    }

    #[test]
    fn a_backlog_that_grows_is_told_from_one_that_varies() {
        let steady: Vec<Span> = (0..10).map(|i| span(9.0, f64::from(i % 3 - 1) * 8.0)).collect();
        assert_eq!(drift(&steady, false, 0.999), None);
        let growing: Vec<Span> = (0..10).map(|i| span(50.0 + f64::from(i % 3), 100.0 + f64::from(i % 4))).collect();
        let (rate, half) = drift(&growing, false, 0.999).expect("it grows");
        assert!((rate - 10.13).abs() < 0.01 && half < 1.0, "{rate} {half}");
        // One run: 64 batches that each add 5 to what the last one left.
        let batches: Vec<Span> = (0..64).map(|i| span(5.0 * f64::from(i), 5.0 + f64::from(i % 2))).collect();
        assert!(drift(&batches, true, 0.999).is_some());
        assert_eq!(drift(&batches[..1], true, 0.999), None);
    }
}
