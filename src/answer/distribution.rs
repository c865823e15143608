//! The law of the latency, and levels over time.

use serde::Serialize;

/// A law of times: counted or in closed form.
#[derive(Debug, Clone)]
pub enum Distribution {
    /// Nanoseconds.
    Histogram(hdrhistogram::Histogram<u64>),
    /// Pairs (share of messages below, seconds), increasing.
    Quantiles(Vec<(f64, f64)>),
}

impl Distribution {
    /// The time below which a share of the messages lies, in seconds.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        match self {
            Distribution::Histogram(h) => {
                (!h.is_empty()).then(|| crate::units::seconds(h.value_at_quantile(share)))
            }
            Distribution::Quantiles(points) => {
                let i = points.partition_point(|p| p.0 < share);
                let (above, below) = (points.get(i)?, points[i.saturating_sub(1)]);
                let span = above.0 - below.0;
                Some(if span > 0.0 {
                    below.1 + (above.1 - below.1) * (share - below.0) / span
                } else {
                    above.1
                })
            }
        }
    }
}

/// The level of a queue at an instant, a mean over replications where there are some.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Moment {
    /// Seconds from the start.
    pub at: f64,
    /// Messages waiting.
    pub waiting: f64,
    /// Messages waiting or in service.
    pub in_system: f64,
    /// Half-width of the interval of `waiting`, over replications.
    pub half_width: Option<f64>,
    /// Servers that are there and up, where their number changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servers: Option<f64>,
    /// Seconds for which the oldest of those that wait has waited, 0 if none does; `None` if nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest: Option<f64>,
}

impl Moment {
    /// So many messages that wait, and that are there at all, at an instant.
    pub(crate) fn new(at: f64, waiting: f64, in_system: f64) -> Self {
        Moment { at, waiting, in_system, half_width: None, servers: None, oldest: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_read_between_points() {
        let law = Distribution::Quantiles(vec![(0.0, 0.0), (0.5, 1.0), (1.0, 3.0)]);
        assert_eq!(law.quantile(0.75), Some(2.0));
        assert_eq!(law.quantile(0.0), Some(0.0));
    }
}
