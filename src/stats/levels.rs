//! Queue levels from records alone: for measurements, which know when things happened but not how many there
//! were.

use crate::message::{Outcome, Record};

/// Exact levels of one queue over a window of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Levels {
    /// Nanoseconds spent with so many messages waiting; the index is their number.
    pub waiting: Vec<u64>,
    /// The same for messages waiting or in service.
    pub in_system: Vec<u64>,
    /// Instants (nanoseconds) with the waiting and the messages in system right after them, on a grid over
    /// the window.
    pub grid: Vec<(u64, u64, u64)>,
}

/// The levels of a queue in `window` (nanoseconds), from the records of all messages that ever were in it.
pub fn levels_of(records: &[Record], queue: u32, window: std::ops::Range<u64>, grid: usize) -> Levels {
    // Changes of (waiting, in system) in order of time; a departure comes before an arrival at the same
    // instant.
    let mut changes: Vec<(u64, i8, i8)> = Vec::new();
    let overlaps = |r: &&Record| {
        r.queue == queue
            && r.outcome != Outcome::Rejected
            && r.sent < window.end
            && r.finished >= window.start
    };
    for r in records.iter().filter(overlaps) {
        changes.push((r.sent, 1, 1));
        let served = r.outcome == Outcome::Served;
        changes.push((r.taken, -1, if served { 0 } else { -1 }));
        if served {
            changes.push((r.finished, 0, -1));
        }
    }
    changes.sort_unstable();
    let mut out = Levels::default();
    let (mut waiting, mut inside, mut at) = (0_i64, 0_i64, window.start);
    let step = ((window.end - window.start) / grid.max(1) as u64).max(1);
    let mut next = window.start;
    let spend = |out: &mut Levels, waiting: i64, inside: i64, lasted: u64| {
        for (list, level) in [(&mut out.waiting, waiting), (&mut out.in_system, inside)] {
            let level = usize::try_from(level).unwrap_or(0);
            if list.len() <= level {
                list.resize(level + 1, 0);
            }
            list[level] += lasted;
        }
    };
    for (when, wait, stay) in changes {
        let until = when.clamp(window.start, window.end);
        while next < until {
            out.grid.push((next, waiting.max(0) as u64, inside.max(0) as u64));
            next += step;
        }
        if until > at {
            spend(&mut out, waiting, inside, until - at);
            at = until;
        }
        waiting += i64::from(wait);
        inside += i64::from(stay);
    }
    if window.end > at {
        spend(&mut out, waiting, inside, window.end - at);
    }
    out
}

impl Levels {
    /// Mean, 99th percentile over time and maximum of a list of times by level.
    pub fn mean_p99_max(times: &[u64]) -> Option<(f64, f64, f64)> {
        let total: u64 = times.iter().sum();
        if total == 0 {
            return None;
        }
        let mean = times.iter().enumerate().map(|(n, &t)| n as f64 * t as f64).sum::<f64>() / total as f64;
        let (mut below, mut p99) = (0, 0);
        for (n, &t) in times.iter().enumerate() {
            below += t;
            p99 = n;
            if below as f64 >= 0.99 * total as f64 {
                break;
            }
        }
        let max = times.iter().rposition(|&t| t > 0).unwrap_or(0);
        Some((mean, p99 as f64, max as f64))
    }

    /// The standard deviation over time of a list of times by level.
    pub fn sd(times: &[u64]) -> Option<f64> {
        let (mean, ..) = Levels::mean_p99_max(times)?;
        let apart = times.iter().enumerate().map(|(n, &t)| (n as f64 - mean).powi(2) * t as f64);
        Some((apart.sum::<f64>() / times.iter().sum::<u64>() as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    fn stay(sent: u64, taken: u64, finished: u64) -> Record {
        Record {
            message: Message::default(),
            sent,
            taken,
            finished,
            queue: 0,
            consumer: 0,
            server: 0,
            deliveries: 1,
            outcome: Outcome::Served,
        }
    }

    #[test]
    fn levels_of_two_overlapping_stays() {
        let levels = levels_of(&[stay(0, 0, 10), stay(4, 10, 20)], 0, 0..20, 20);
        assert_eq!(levels.waiting, [14, 6]);
        assert_eq!(levels.in_system, [0, 14, 6]);
        assert_eq!(Levels::mean_p99_max(&levels.waiting), Some((0.3, 1.0, 1.0)));
        assert_eq!(levels.grid.len(), 20);
        // In system 14 of 20 at 2 and 6 at 1: a coin of 0.7.
        let sd = Levels::sd(&levels.in_system).expect("some time");
        assert!((sd - (0.3f64 * 0.7).sqrt()).abs() < 1e-12, "{sd}");
    }
}
