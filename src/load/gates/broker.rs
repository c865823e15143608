//! What only a broker can do wrong: messages that it did not confirm, gave back or has from somebody else.

use super::{below, none_of};
use crate::answer::{Gate, MeasurementCaveat, Unit};
use crate::load::targets::{Trouble, TroubleKind};

/// What a broker did wrong in a run.
#[derive(Debug, Clone, Default)]
pub(in crate::load) struct BrokerEvidence {
    /// Messages that it had not confirmed when the run ended, where it confirms.
    unconfirmed: Option<u64>,
    refused: u64,
    /// Why it refused the first one.
    why_refused: Option<String>,
    returned: u64,
    foreign: u64,
    /// Nanoseconds for which it did not read.
    blocked: u64,
    /// How often its connections were made anew, nanoseconds without any, messages that were published again
    /// and that were delivered again.
    reconnects: u64,
    away: u64,
    republished: u64,
    delivered_again: u64,
}

impl BrokerEvidence {
    pub(in crate::load) fn of(troubles: &[Trouble], unconfirmed: Option<u64>) -> Self {
        let mut evidence = BrokerEvidence { unconfirmed, ..BrokerEvidence::default() };
        for trouble in troubles {
            match &trouble.kind {
                // It ends the run, which says so.
                TroubleKind::Disconnected { .. } => {}
                TroubleKind::Refused { why } => {
                    evidence.refused += 1;
                    evidence.why_refused.get_or_insert_with(|| why.clone());
                }
                TroubleKind::Returned => evidence.returned += 1,
                TroubleKind::Foreign => evidence.foreign += 1,
                TroubleKind::Blocked { nanos } => evidence.blocked += *nanos,
                TroubleKind::Reconnected { away, republished } => {
                    evidence.reconnects += 1;
                    evidence.away += *away;
                    evidence.republished += *republished;
                }
                TroubleKind::DeliveredAgain => evidence.delivered_again += 1,
            }
        }
        evidence
    }

    /// Whether connections were lost and made anew: what was delivered then may come twice.
    pub(super) fn is_reconnected(&self) -> bool {
        self.reconnects > 0
    }

    /// What a lost connection did to the run, if one was made anew.
    pub(in crate::load) fn reconnected(&self) -> Option<MeasurementCaveat> {
        self.is_reconnected().then(|| MeasurementCaveat::Reconnected {
            times: self.reconnects,
            away: self.away as f64 / 1e9,
            republished: self.republished,
            delivered_again: self.delivered_again,
        })
    }

    pub(super) fn gates(&self) -> Vec<Gate> {
        let mut gates: Vec<Gate> = self
            .unconfirmed
            .map(|count| {
                let meaning = "messages whose publish the broker had not confirmed when the run ended";
                below("unconfirmed", count as f64, 0.0, f64::INFINITY, Unit::Messages, meaning)
            })
            .into_iter()
            .collect();
        let blocked =
            "for how long the broker did not read what was sent: an alarm of its memory or its disk";
        let why = self.why_refused.as_ref().map_or(String::new(), |why| format!(": it said \"{why}\""));
        let refused = format!("messages that the broker did not take although the scenario has room{why}");
        gates.extend(self.is_reconnected().then(|| {
            let away = "for how long there was no connection to the broker, until it was made anew";
            below("disconnected", self.away as f64 / 1e9, 0.0, f64::INFINITY, Unit::Seconds, away)
        }));
        gates.extend([
            none_of("refused", self.refused, &refused),
            none_of(
                "returned",
                self.returned,
                "messages that the broker gave back, for no queue would have them",
            ),
            none_of("foreign", self.foreign, "messages of somebody else who uses the same queue"),
            below("blocked", self.blocked as f64 / 1e9, 0.0, f64::INFINITY, Unit::Seconds, blocked),
        ]);
        gates
    }
}
