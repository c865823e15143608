//! A number with its uncertainty.

/// A number with its uncertainty. A number never travels without it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value in the metric's SI unit, or `None` when it is infinite.
    pub value: Option<f64>,
    /// Half the width of its confidence interval, or the longer arm of one with two ends of its own; `None`
    /// when it is exact or when nothing is known about its error.
    pub half_width: Option<f64>,
    /// The ends of an interval that reaches further to one side than to the other, as around a small share.
    pub ends: Option<(f64, f64)>,
}

impl Estimate {
    /// A value without sampling error.
    pub fn exact(value: f64) -> Self {
        Estimate { value: value.is_finite().then_some(value), half_width: None, ends: None }
    }

    /// A value with the half-width of its interval.
    pub fn with(value: f64, half_width: Option<f64>) -> Self {
        Estimate {
            value: value.is_finite().then_some(value),
            half_width: half_width.filter(|h| h.is_finite()),
            ends: None,
        }
    }

    /// A mean that does not exist.
    pub fn infinite() -> Self {
        Estimate { value: None, half_width: None, ends: None }
    }

    /// A value in an interval with two ends of its own.
    pub fn between(value: f64, low: f64, high: f64) -> Self {
        Estimate {
            value: Some(value),
            half_width: Some((high - value).max(value - low)),
            ends: Some((low, high)),
        }
    }

    /// The lower end of its interval: the value itself if it has none, infinity if it has no bound.
    pub fn low(&self) -> f64 {
        self.ends.map_or_else(
            || self.value.map_or(f64::INFINITY, |v| v - self.half_width.unwrap_or(0.0)),
            |ends| ends.0,
        )
    }

    /// The upper end of its interval, in the same way.
    pub fn high(&self) -> f64 {
        self.ends.map_or_else(
            || self.value.map_or(f64::INFINITY, |v| v + self.half_width.unwrap_or(0.0)),
            |ends| ends.1,
        )
    }

    /// Whether the two intervals meet, an exact value being a point; two infinities agree.
    pub fn overlaps(&self, other: &Estimate) -> bool {
        match (self.value, other.value) {
            (Some(_), Some(_)) => self.low() <= other.high() && other.low() <= self.high(),
            (None, None) => true,
            _ => false,
        }
    }
}
