//! Whether a prediction held, and whom to blame where it did not.

use super::{HostCalibration, PREDICTED, PredictedLoad};
use crate::answer::Method;
use crate::study::agreement::HOST_RESOLUTION;

/// The share of the latency that a change of the host has to explain to be told: a service time that is
/// longer by a share makes the latency at load rho longer by about 1 / (1 − rho) times that share.
const TOLD: f64 = 0.01;

/// Whether a prediction held.
#[derive(Debug, Clone, PartialEq)]
pub enum PredictionStatus {
    /// It did.
    Accepted,
    /// What was off, and why.
    Rejected(Vec<PredictionFinding>),
    /// Why it cannot be said.
    Undecided(NoVerdict),
}

/// What was off in a prediction, or what the host did otherwise than before.
#[derive(Debug, Clone, PartialEq)]
pub enum PredictionFinding {
    /// A statistic of the latency is further off than it may be, both as shares.
    Off {
        /// Which one.
        statistic: &'static str,
        /// How far.
        off: f64,
        /// How far it may be.
        allowed: f64,
    },
    /// A statistic of the latency lies outside of what was predicted for it, in seconds.
    Outside {
        /// Which one.
        statistic: &'static str,
        /// As measured.
        measured: f64,
        /// The least and the most.
        range: (f64, f64),
    },
    /// A group's services took otherwise than at the low loads: how many times as long as planned.
    Services {
        /// The group.
        group: String,
        /// At this load.
        now: f64,
        /// At the low loads.
        then: f64,
    },
    /// A sleeping consumer was reached otherwise than at the low loads: after so many seconds.
    WakeUp {
        /// At this load.
        now: f64,
        /// At the low loads.
        then: f64,
    },
    /// A broker took otherwise than was learnt from the end of a service to the next message: so many
    /// seconds.
    Turnaround {
        /// At this load.
        now: f64,
        /// As it was learnt for this load.
        then: f64,
    },
    /// How far the measured mean is from the replay, as a share, which has services and sends as they were.
    FromReplay(f64),
}

/// Why nothing can be said of a prediction.
#[derive(Debug, Clone, PartialEq)]
pub enum NoVerdict {
    /// A validity check of the measurement failed.
    Invalid(String),
    /// No low load could be measured well enough.
    NothingLearnt,
    /// With the turnaround that was learnt the servers' load is this, 1 or more: a latency that grows for as
    /// long as the run lasts says nothing of any other run.
    Overloaded(f64),
    /// Too few messages were measured for any figure.
    TooFew,
}

impl PredictedLoad {
    /// Whether the prediction held; `None` for a load that was learnt from.
    pub fn held(&self, learnt: &HostCalibration) -> Option<PredictionStatus> {
        self.predicted.as_ref()?;
        if let Some(gate) = self.invalid() {
            return Some(PredictionStatus::Undecided(NoVerdict::Invalid(gate.into())));
        }
        if learnt.loads.is_empty() {
            return Some(PredictionStatus::Undecided(NoVerdict::NothingLearnt));
        }
        if self.busy >= 1.0 {
            return Some(PredictionStatus::Undecided(NoVerdict::Overloaded(self.busy)));
        }
        let judged = PREDICTED.iter().filter_map(|&(statistic, allowed)| {
            if let Some(range) = self.predicted_range(statistic) {
                let measured = self.latency(Method::Measurement, statistic)?;
                let outside = measured < range.0 * (1.0 - allowed) || measured > range.1 * (1.0 + allowed);
                return Some((outside, PredictionFinding::Outside { statistic, measured, range }));
            }
            let (off, predicted) = (self.off(statistic)?, self.predicted_latency(statistic)?);
            let missed = off.abs() * predicted > (allowed * predicted).max(HOST_RESOLUTION);
            Some((missed, PredictionFinding::Off { statistic, off, allowed }))
        });
        let judged: Vec<_> = judged.collect();
        if judged.is_empty() {
            return Some(PredictionStatus::Undecided(NoVerdict::TooFew));
        }
        let mut why: Vec<_> = judged.into_iter().filter(|judged| judged.0).map(|judged| judged.1).collect();
        if why.is_empty() {
            return Some(PredictionStatus::Accepted);
        }
        why.extend(self.changed(learnt));
        why.extend(self.replayed());
        Some(PredictionStatus::Rejected(why))
    }

    /// What the host did at this load that it had not done at the low ones.
    pub(super) fn changed(&self, learnt: &HostCalibration) -> Vec<PredictionFinding> {
        let groups = self.scenario.consumers.iter().zip(self.lesson.stretch.iter().zip(&learnt.stretch));
        let services = groups
            .filter(|(_, (now, then))| (*now - *then).abs() >= TOLD * (1.0 - self.load))
            .map(|(c, (&now, &then))| PredictionFinding::Services { group: c.name.clone(), now, then });
        let woken = self.lesson.hand_off.zip(learnt.hand_off);
        let woken = woken.filter(|(now, then)| (now - then).abs() > 0.3 * then);
        let woken = woken.map(|(now, then)| PredictionFinding::WakeUp { now, then });
        let turned = self.lesson.turnaround_at(self.load).zip(learnt.turnaround_at(self.load));
        let turned = turned.filter(|(now, then)| (now - then).abs() > 0.1 * then);
        let turned = turned.map(|(now, then)| PredictionFinding::Turnaround { now, then });
        services.chain(woken).chain(turned).collect()
    }

    fn replayed(&self) -> Option<PredictionFinding> {
        let off = self.latency(Method::Measurement, "mean")? / self.latency(Method::Replay, "mean")? - 1.0;
        Some(PredictionFinding::FromReplay(off))
    }
}
