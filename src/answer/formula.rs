//! Back-of-envelope formulas, and what is said of where each holds.

use super::{Unit, saved};
use crate::units::{Time, significant};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A back-of-envelope formula, evaluated for this scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Formula {
    /// As it is written.
    pub formula: Cow<'static, str>,
    /// What it gives.
    #[serde(deserialize_with = "saved::number")]
    pub value: f64,
    /// The unit of the value.
    pub unit: Unit,
    /// The metric that it is held against; empty if it is none's.
    pub against: String,
    /// (value − metric) / metric, where both are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
    /// Where it holds and where it does not; as JSON, sentences.
    pub note: FormulaNote,
}

/// Where a formula holds and where it does not; as text, sentences. Rates are messages a second, times
/// seconds.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
#[non_exhaustive]
pub enum FormulaNote {
    /// Of `throughput = N / T`.
    #[error(
        "right by definition, if N counts completions in the time T, idle time included. Here N is the mean \
         number in the queue and in service and T the mean time there: the same letters, and Little's law \
         says the same throughput where every message that enters is served."
    )]
    CountOverTime,
    /// Of `throughput = N / T` where levels change with time.
    #[error("right by definition: N counts completions in the time T, here the whole stretch of time.")]
    CountOfStretch,
    /// Of `throughput = P / C`.
    #[error(
        "a rate divided by a rate is no rate but the utilization ρ (P = {}, C = {}); the throughput is \
         min(P, C) = {}.{}",
        rate(*offered), rate(*capacity), smaller(*offered, *capacity, *lossy),
        if *timetable {
            " P is the mean rate of the timetable; what piles up while more than C are sent, this ratio does \
             not say."
        } else { "" }
    )]
    RatesRatio {
        /// P.
        offered: f64,
        /// C.
        capacity: f64,
        /// Whether some of what is offered is lost.
        lossy: bool,
        /// Whether a producer follows a timetable.
        timetable: bool,
    },
    /// Of `delay = Q / C` where nobody waits.
    #[error("right here: nobody waits, and both are zero.")]
    NobodyWaits,
    /// Of `delay = Q / C` where servers are idle at times.
    #[error(
        "Little's law is delay = Q / X with the throughput X = {}, which here makes {}; dividing by the \
         consumers' rate C instead is {:.0} % low, for a share of that rate is idle. Right under backlog, \
         where X = C.",
        rate(*throughput), Time(*delay), 100.0 * low
    )]
    IdleAtTimes {
        /// X.
        throughput: f64,
        /// Q / X.
        delay: f64,
        /// By what share Q / C is less.
        low: f64,
    },
    /// Of `delay = Q / C` under backlog.
    #[error(
        "right here: under backlog the throughput is the consumers' rate, and Q / C is Little's law. It says \
         nothing of percentiles."
    )]
    UnderBacklog,
    /// Of `delay = Q / C` where levels change with time: Q is the longest queue, and the delay the longest
    /// wait.
    #[error(
        "with Q the longest queue, it is the longest wait: right under backlog, while C stays what it is. A \
         mean length says nothing where it changes with time."
    )]
    AtThePeak,
    /// Of `latency = T_p + T_q + T_c`.
    #[error(
        "right for every message and so for means, as long as no other stage is left out.{}",
        percentiles.map_or(String::new(), |(sum, exact)| added(sum, exact))
    )]
    SumOfStages {
        /// The sum of the stages' 99th percentiles and that of the latency, where they are known.
        percentiles: Option<(f64, f64)>,
    },
    /// Read from a file.
    #[error("{0}")]
    Saved(String),
}

/// `900/s`.
fn rate(rate: f64) -> String {
    format!("{}/s", significant(rate, 4))
}

/// What is done of what is offered.
fn smaller(offered: f64, capacity: f64, lossy: bool) -> String {
    let less = if lossy { ", less what is lost" } else { "" };
    if offered / capacity <= 1.0 + 1e-9 {
        return format!("{}{less}", rate(offered));
    }
    format!(
        "{}{less} at most, and without bounded room the backlog grows by {}",
        rate(capacity),
        rate(offered - capacity)
    )
}

/// How far a sum of percentiles is from the percentile of the sum.
fn added(sum: f64, exact: f64) -> String {
    let off = 100.0 * (sum / exact - 1.0);
    let (sum, exact) = (Time(sum), Time(exact));
    if off.abs() < 0.5 {
        format!(
            " Percentiles add only where at most one stage varies, as here: the latency's p99 is {exact}."
        )
    } else {
        format!(
            " Percentiles do not add: the stages' p99 sum up to {sum}, {off:+.0} % against the latency's \
             {exact}."
        )
    }
}

impl From<FormulaNote> for String {
    fn from(note: FormulaNote) -> Self {
        note.to_string()
    }
}

impl From<String> for FormulaNote {
    fn from(sentences: String) -> Self {
        FormulaNote::Saved(sentences)
    }
}
