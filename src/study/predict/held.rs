//! Whether a prediction held, and whom to blame where it did not.

use super::{HostCalibration, PREDICTED, PredictedLoad};
use crate::answer::Method;
use crate::study::agreement::HOST_RESOLUTION;
use crate::study::verdict::percent;
use crate::units::{Time, plain};
use serde::Serialize;

/// The share of the latency that a change of the host has to explain to be told: a service time that is
/// longer by a share makes the latency at load rho longer by about 1 / (1 − rho) times that share.
const TOLD: f64 = 0.01;

/// Whether a prediction held.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PredictionStatus {
    /// It did.
    Accepted,
    /// What was off, and why, in sentences.
    Rejected(Vec<String>),
    /// Why it cannot be said.
    Undecided(String),
}

impl PredictedLoad {
    /// Whether the prediction held; `None` for a load that was learnt from.
    pub fn held(&self, learnt: &HostCalibration) -> Option<PredictionStatus> {
        self.predicted.as_ref()?;
        if let Some(gate) = self.invalid() {
            return Some(PredictionStatus::Undecided(format!(
                "the measurement is INVALID ({gate}), and judges nobody"
            )));
        }
        if learnt.loads.is_empty() {
            return Some(PredictionStatus::Undecided(
                "no low load could be measured well enough to learn from".into(),
            ));
        }
        let judged = PREDICTED.iter().filter_map(|&(statistic, share)| {
            let (off, predicted) = (self.off(statistic)?, self.predicted_latency(statistic)?);
            Some((statistic, share, off, off.abs() * predicted <= (share * predicted).max(HOST_RESOLUTION)))
        });
        let judged: Vec<_> = judged.collect();
        if judged.is_empty() {
            return Some(PredictionStatus::Undecided(
                "too few messages were measured for a figure to be held against it".into(),
            ));
        }
        let missed: Vec<String> = judged
            .iter()
            .filter(|(.., held)| !held)
            .map(|(statistic, share, off, _)| {
                format!("{statistic} is {} off, more than {} %", percent(*off), plain(share * 100.0, 2))
            })
            .collect();
        if missed.is_empty() {
            return Some(PredictionStatus::Accepted);
        }
        let mut why = vec![missed.join("; ")];
        why.extend(self.changed(learnt));
        why.extend(self.explained());
        Some(PredictionStatus::Rejected(why))
    }

    /// What the host did at this load that it had not done at the low ones.
    pub(super) fn changed(&self, learnt: &HostCalibration) -> Option<String> {
        let groups = self.scenario.consumers.iter().zip(self.lesson.stretch.iter().zip(&learnt.stretch));
        let mut said: Vec<String> = groups
            .filter(|(_, (now, then))| (*now - *then).abs() >= TOLD * (1.0 - self.load))
            .map(|(c, (now, then))| {
                format!("services of `{}` took {}, not {}", c.name, longer(*now), longer(*then))
            })
            .collect();
        if let (Some(now), Some(then)) = (self.lesson.hand_off, learnt.hand_off)
            && (now - then).abs() > 0.3 * then
        {
            said.push(format!(
                "a sleeping consumer was reached after {} instead of {}",
                Time(now),
                Time(then)
            ));
        }
        (!said.is_empty()).then(|| format!("the host was another than at the low loads: {}", said.join("; ")))
    }

    /// Whether the queue or the host is to blame: the replay has the services and sends as they were.
    fn explained(&self) -> Option<String> {
        let off = self.latency(Method::Measurement, "mean")? / self.latency(Method::Replay, "mean")? - 1.0;
        let blame = if off.abs() <= 0.01 {
            "so that the host, not the queue, explains the rest"
        } else {
            "so that hand-offs or the queue itself have a share in it"
        };
        Some(format!(
            "the measured mean is {} from the replay of what really happened, {blame}",
            percent(off)
        ))
    }
}

/// What services took over what they were to take, in words.
pub fn longer(stretch: f64) -> String {
    match stretch - 1.0 {
        more if more.abs() < 5e-4 => "as long as planned".into(),
        more => format!(
            "{} % {} than planned",
            plain(more.abs() * 100.0, 2),
            if more > 0.0 { "longer" } else { "shorter" }
        ),
    }
}
