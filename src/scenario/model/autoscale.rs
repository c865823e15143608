//! Groups whose number of servers follows the backlog.

use super::super::compound::{Maybe, Required, Unspoken};
use super::super::declare::declare;
use super::super::notation::{Flag, Positive, Timespan, Whole, Word};
use super::super::setting::{Takes, choice};

/// The most servers of a group.
pub(in super::super) const MOST_SERVERS: u32 = 1_000_000;

declare! {
    /// How the number of servers follows the backlog.
    #[derive(Copy)]
    pub struct Autoscale {
        /// The fewest servers.
        min: u32 = 1, Whole(0, MOST_SERVERS as u64), "servers at least; 0 lets the last one go while nobody waits";
        /// The most.
        max: u32 = 1 => { max: Takes::Whole(1, MOST_SERVERS as i64), "servers at most" };
        /// Waiting messages for each server.
        target_backlog: f64 = 1.0, Required(Positive(1e12), "100"), "waiting messages for each server";
        /// Seconds, as the two below.
        every: f64 = 15.0, Timespan::AboveZero, "between looks";
        /// Until a new server takes its first message.
        startup: f64 = 0.0, Timespan::OrZero, "until a new server works";
        /// For which there must be fewer before servers go.
        cooldown: f64 = 0.0, Timespan::OrZero, "how long fewer servers must have been enough before any are \
            removed; more start at once";
        /// Seconds within which the most servers that were wanted stay.
        stabilization: f64 = 0.0, Unspoken(Timespan::OrZero), "no fewer servers stay than the most that were wanted \
            within so long, as with stabilizationWindowSeconds of a horizontal pod autoscaler; default 0";
        /// Whether messages in service count, too.
        in_flight: bool = false, Flag, "messages in service count as backlog, too";
        /// The most servers that are started at one look.
        max_step_up: Option<u32> = None, Maybe(Whole(1, MOST_SERVERS as u64)),
            "servers started at one look at most; without limit if absent";
        /// The most that are removed at one look.
        max_step_down: Option<u32> = None, Maybe(Whole(1, MOST_SERVERS as u64)),
            "servers removed at one look at most; without limit if absent";
        /// What becomes of a server at work that is to go.
        scale_in: ScaleIn = ScaleIn::Drain, Unspoken(Word), "what a server at work does that is to go: drain: it is \
            done first; kill: it goes at once, and what it has is delivered again; default drain";
        /// Whether there are no more than partitions in which messages wait.
        only_with_lag: bool = false, Flag, "of a queue with partitions, which never has more servers than these: no \
            more than partitions in which messages wait";
    }
}

choice!(ScaleIn: "drain" => Drain, "kill" => Kill);

/// What becomes of a server at work that is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ScaleIn {
    /// It is done first.
    #[default]
    Drain,
    /// It goes at once, and its message is delivered again.
    Kill,
}
