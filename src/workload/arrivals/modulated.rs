//! Poisson arrivals at a rate that changes with time, by inversion of the cumulative rate.
//!
//! A unit exponential time is spent on the rate's integral: the next arrival is where it is used up. No
//! number is thrown away, as thinning would, and pieces without arrivals cost nothing.

use super::ArrivalProcess;
use crate::rng::{BLOCK, Key, Stream};
use crate::units::MAX_NANOS;
use crate::workload::laws::{Exponential, Shape};

/// A piece of the rate over time: a straight line. Times are nanoseconds, rates per nanosecond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RatePiece {
    pub lasts: f64,
    pub from: f64,
    pub to: f64,
}

/// Where on a piece the process is, and how much of the unit exponential time is left.
pub(super) struct Modulated<P> {
    pieces: P,
    piece: RatePiece,
    /// When the piece began: whole nanoseconds and the rest.
    began: u64,
    rest: f64,
    /// How far into the piece.
    at: f64,
    left: f64,
    stream: Stream,
    units: Box<[f64; BLOCK]>,
    used: usize,
    ended: bool,
}

impl<P: Iterator<Item = RatePiece>> Modulated<P> {
    pub(super) fn new(key: Key, pieces: P) -> Self {
        let piece = RatePiece { lasts: 0.0, from: 0.0, to: 0.0 };
        let (stream, units) = (Stream::new(key), Box::new([0.0; BLOCK]));
        Modulated {
            pieces,
            piece,
            began: 0,
            rest: 0.0,
            at: 0.0,
            left: 0.0,
            stream,
            units,
            used: BLOCK,
            ended: false,
        }
    }

    fn unit(&mut self) -> f64 {
        if self.used == BLOCK {
            Exponential { mean: 1.0 }.fill(&mut self.stream, &mut self.units);
            self.used = 0;
        }
        self.used += 1;
        self.units[self.used - 1]
    }

    /// The next instant, or `None` if none is left within 292 years.
    fn arrival(&mut self) -> Option<u64> {
        self.left = self.unit();
        while !self.spend() {
            let end = self.rest + self.piece.lasts;
            if self.began as f64 + end >= MAX_NANOS as f64 {
                return None;
            }
            self.began += end.floor() as u64;
            self.rest = end - end.floor();
            self.piece = self.pieces.next()?;
            self.at = 0.0;
        }
        let instant = self.rest + self.at;
        (self.began as f64 + instant < MAX_NANOS as f64).then(|| self.began + (instant + 0.5) as u64)
    }

    /// Spends what is left on the rest of the piece; true if that brings an arrival within it.
    fn spend(&mut self) -> bool {
        let RatePiece { lasts, from, to } = self.piece;
        let slope = if from == to { 0.0 } else { (to - from) / lasts };
        let rate = from + slope * self.at;
        // The integral over the rest, which is infinite on a piece without end.
        let span = lasts - self.at;
        let whole = match (rate, slope) {
            (0.0, 0.0) => 0.0,
            (_, 0.0) => span * rate,
            _ => span * (rate + 0.5 * slope * span),
        };
        if whole < self.left {
            self.left -= whole;
            return false;
        }
        // The root of rate·t + slope·t²/2 = left that does not cancel.
        let root = if slope == 0.0 { rate } else { (rate * rate + 2.0 * slope * self.left).max(0.0).sqrt() };
        let step = if self.left > 0.0 { 2.0 * self.left / (rate + root) } else { 0.0 };
        self.at = (self.at + step).min(lasts);
        self.left = 0.0;
        true
    }
}

impl<P: Iterator<Item = RatePiece> + Send> ArrivalProcess for Modulated<P> {
    fn next(&mut self, out: &mut Vec<u64>) {
        out.clear();
        while !self.ended && out.len() < BLOCK {
            match self.arrival() {
                Some(instant) => out.push(instant),
                None => self.ended = true,
            }
        }
    }
}
