//! Exponential back-off: how long a message stays away whose delivery failed.

/// The delay after so many deliveries: `min`, then twice as long after every further delivery, and `max` at
/// most (a `max` below `min` is none). In the unit of its bounds.
pub(crate) fn delay(min: f64, max: f64, deliveries: u32) -> f64 {
    let doubled = min * 2.0_f64.powi(deliveries.saturating_sub(1).min(1000) as i32);
    doubled.min(max).max(min)
}

/// A delay with jitter: spread evenly over its upper half by a number on (0, 1], so that those that failed
/// together do not come back together.
pub(crate) fn jittered(delay: f64, uniform: f64) -> f64 {
    delay * (0.5 + 0.5 * uniform)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_its_limit() {
        assert_eq!(
            [1, 2, 3, 4, 5, 6].map(|n| delay(100.0, 1_000.0, n)),
            [100.0, 200.0, 400.0, 800.0, 1_000.0, 1_000.0]
        );
        assert_eq!(delay(100.0, 1_000.0, u32::MAX), 1_000.0);
        assert_eq!(delay(5.0, 0.0, 3), 5.0);
    }

    #[test]
    fn jitter_takes_up_to_half_away() {
        assert_eq!([f64::MIN_POSITIVE, 0.5, 1.0].map(|u| jittered(100.0, u)), [50.0, 75.0, 100.0]);
    }
}
