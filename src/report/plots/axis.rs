//! Axes: where a value lies, and which values are worth a tick.

use crate::units::{significant, time_scale};

/// What the numbers on an axis are, as the page's script knows it by a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AxisKind {
    Number,
    /// Seconds, or their logarithms.
    Time,
    LogTime,
    /// Shares that are written in per cent.
    Share,
    /// Numbers of nines.
    Nines,
    /// Positions that mean what is written at their ticks.
    Words,
}

impl AxisKind {
    pub(super) fn sign(self) -> char {
        match self {
            AxisKind::Number => 'n',
            AxisKind::Time => 't',
            AxisKind::LogTime => 'l',
            AxisKind::Share => 'p',
            AxisKind::Nines => '9',
            AxisKind::Words => 'w',
        }
    }
}

/// One axis. Values are in SI; positions are what is linear on paper.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub low: f64,
    pub high: f64,
    pub kind: AxisKind,
    /// Positions and what is written there.
    pub ticks: Vec<(f64, String)>,
    pub title: String,
}

impl Axis {
    /// Times from `low` to `high`, logarithmic where they span more than a factor of 30.
    pub(super) fn times(name: &str, low: f64, high: f64) -> Self {
        if low > 0.0 && high / low > 30.0 {
            Self::log_times(name, low, high)
        } else {
            Self::linear_times(name, low, high)
        }
    }

    /// Times on a linear axis, in the unit that fits the largest.
    pub(super) fn linear_times(name: &str, low: f64, high: f64) -> Self {
        let (size, unit) = time_scale(high.abs().max(low.abs()));
        let mut axis = Self::linear(&format!("{name}, {unit}"), low / size, high / size);
        (axis.low, axis.high, axis.kind) = (low, high, AxisKind::Time);
        axis.ticks.iter_mut().for_each(|tick| tick.0 *= size);
        axis
    }

    /// Times on a logarithmic axis, above zero.
    pub(super) fn log_times(name: &str, low: f64, high: f64) -> Self {
        let (from, to) = (low.log10(), high.log10());
        let steps: &[f64] = if to - from < 2.6 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let skip = (((to - from) / 8.0).ceil() as i32).max(1);
        let decades = (from.floor() as i32..=to.ceil() as i32).filter(|d| d.rem_euclid(skip) == 0);
        let values = decades.flat_map(|d| steps.iter().map(move |s| round_time(s * 10f64.powi(d))));
        let ticks = values.filter(|v| (low..=high).contains(v)).map(|v| (v.log10(), short_time(v))).collect();
        Axis { low: from, high: to, kind: AxisKind::LogTime, ticks, title: name.into() }
    }

    /// Plain numbers, in steps of 1, 2 or 5.
    pub(super) fn linear(title: &str, low: f64, high: f64) -> Self {
        let step = nice_step((high - low) / 5.0);
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        // Millions would not fit beside the axis with all their zeros.
        let (size, suffix) = match high.abs() {
            high if high >= 999_999.0 => (1e6, " M"),
            high if high >= 99_999.0 => (1e3, " k"),
            _ => (1.0, ""),
        };
        let decimals = (-(step / size).log10().floor()).max(0.0) as usize;
        // A tick whose number is tiny beside the step is zero, not minus zero.
        let ticks = (first..=last).map(|i| {
            (
                i as f64 * step,
                format!(
                    "{}{suffix}",
                    crate::units::fixed(if i == 0 { 0.0 } else { i as f64 * step / size }, decimals)
                ),
            )
        });
        Axis { low, high, kind: AxisKind::Number, ticks: ticks.collect(), title: title.into() }
    }

    /// Shares as per cent.
    pub(super) fn percent(name: &str, low: f64, high: f64) -> Self {
        let title = if name.is_empty() { String::new() } else { format!("{name}, %") };
        let mut axis = Self::linear(&title, low * 100.0, high * 100.0);
        (axis.low, axis.high, axis.kind) = (low, high, AxisKind::Share);
        axis.ticks.iter_mut().for_each(|tick| tick.0 /= 100.0);
        axis
    }

    /// Positions with ticks that the caller chose.
    pub(super) fn marked(title: &str, low: f64, high: f64, ticks: Vec<(f64, String)>) -> Self {
        Axis { low, high, kind: AxisKind::Words, ticks, title: title.into() }
    }

    /// Shares of messages by their number of nines, from none to `most`.
    pub(super) fn nines(most: f64) -> Self {
        let named = [
            (0.0, "0 %"),
            (0.5, "50 %"),
            (0.9, "90 %"),
            (0.99, "99 %"),
            (0.999, "99.9 %"),
            (0.9999, "99.99 %"),
        ];
        let further = [(0.99999, "99.999 %"), (0.999999, "99.9999 %"), (0.9999999, "99.99999 %")];
        let ticks = named.into_iter().chain(further).map(|(share, name)| (nines(share), name.to_string()));
        let ticks = ticks.filter(|t| t.0 <= most + 1e-6).collect();
        let title = "share of messages that are faster".into();
        Axis { low: 0.0, high: most, kind: AxisKind::Nines, ticks, title }
    }

    /// The least value.
    pub(super) fn floor(&self) -> f64 {
        if self.kind == AxisKind::LogTime { 10f64.powf(self.low) } else { self.low }
    }

    /// The largest value.
    pub(super) fn ceiling(&self) -> f64 {
        if self.kind == AxisKind::LogTime { 10f64.powf(self.high) } else { self.high }
    }

    /// Where a value lies; `None` outside the axis.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let position = if self.kind == AxisKind::LogTime { value.log10() } else { value };
        let slack = (self.high - self.low) * 1e-9;
        (position >= self.low - slack && position <= self.high + slack).then_some(position)
    }
}

/// −log10(1 − share): 1 for 90 %, 2 for 99 %, 3 for 99.9 %.
pub(super) fn nines(share: f64) -> f64 {
    -(1.0 - share).log10()
}

/// A round number of seconds, or above a quarter of an hour the round number of hours near it: 1 h, not 16.7
/// min.
fn round_time(seconds: f64) -> f64 {
    if seconds < 999.0 { seconds } else { seconds * 3.6 }
}

/// A time as a tick says it: `20 ms`, not `20.0 ms`.
fn short_time(seconds: f64) -> String {
    let (size, unit) = time_scale(seconds);
    let number = significant(seconds / size, 3);
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { &number };
    format!("{number} {unit}")
}

/// The one of 1, 2, 5, 10, 20, … that is nearest to `rough`.
fn nice_step(rough: f64) -> f64 {
    if rough <= 0.0 || !rough.is_finite() {
        return 1.0;
    }
    let decade = 10f64.powf(rough.log10().floor());
    let factor = match rough / decade {
        f if f < 1.45 => 1.0,
        f if f < 3.2 => 2.0,
        f if f < 7.1 => 5.0,
        _ => 10.0,
    };
    factor * decade
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|t| t.1.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(words(&Axis::linear("", 0.0, 11.0)), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(
            words(&Axis::linear("", 0.0, 1.1e6)),
            ["0.0 M", "0.2 M", "0.4 M", "0.6 M", "0.8 M", "1.0 M"]
        );
        assert_eq!(
            words(&Axis::percent("loss", 0.0, 0.0026)),
            ["0.00", "0.05", "0.10", "0.15", "0.20", "0.25"]
        );
        assert_eq!(words(&Axis::linear("", -0.2, 0.9)), ["-0.2", "0.0", "0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(
            words(&Axis::times("latency", 0.001, 0.1)),
            ["1 ms", "2 ms", "5 ms", "10 ms", "20 ms", "50 ms", "100 ms"]
        );
        assert_eq!(
            words(&Axis::times("latency", 1e-6, 100.0)),
            ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s"]
        );
        assert_eq!(
            words(&Axis::times("latency", 1.0, 400_000.0)),
            ["1 s", "10 s", "100 s", "60 min", "10 h", "100 h"]
        );
        assert_eq!(words(&Axis::nines(3.1)), ["0 %", "50 %", "90 %", "99 %", "99.9 %"]);
    }

    #[test]
    fn values_outside_have_no_place() {
        let axis = Axis::times("latency", 0.001, 0.1);
        assert!(axis.place(0.2).is_none() && axis.place(0.0).is_none() && axis.place(f64::NAN).is_none());
        assert_eq!(axis.place(0.01), Some(-2.0));
    }
}
