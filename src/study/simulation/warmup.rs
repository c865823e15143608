//! How much of every replication is left out at its start.

use super::runs::Runs;
use crate::answer::{Caveat, SimulationCaveat};
use crate::message::{Exit, Record, Recorder, Served};
use crate::scenario::Warmup;
use crate::sim::Engine;
use crate::stats::mser5;
use crate::study::watch::Watch;
use crate::study::window::Window;
use crate::units::seconds;
use rayon::prelude::*;

/// At least this share of a replication is left out at its start: what MSER-5 cannot see in the noise of few
/// pilots.
const LEAST_WARMUP: f64 = 0.02;
/// And at least so many mean service times, in which servers fill: a latency without waiting shows nothing of
/// it.
const LEAST_SERVICES: f64 = 10.0;
/// A warm-up of more than this share of the time that is asked for is told of.
const MUCH_WARMUP: f64 = 0.05;
/// Pilots, at most.
const MOST_PILOTS: u32 = 20;

impl Runs<'_> {
    /// Messages to leave out at the start of every replication, and what is to be said about it.
    pub(super) fn warmup(&self, watch: &dyn Watch) -> (u64, Vec<Caveat>) {
        if let Window::Cycles(c) = &self.window {
            return ((c.left_out as f64 * c.cycle.lasts * self.play.rate) as u64, Vec::new());
        }
        match self.scenario.simulation.warmup {
            Warmup::Messages(n) => (n, Vec::new()),
            Warmup::Duration(s) => ((self.play.rate * s).ceil() as u64, Vec::new()),
            // What a trace tells of begins with its first message.
            Warmup::Auto if self.all.is_some() => (0, Vec::new()),
            Warmup::Auto => self.settled(watch),
        }
    }

    /// What is left out whatever the pilots say.
    pub(super) fn least_warmup(&self) -> u64 {
        let services = self
            .scenario
            .consumers
            .iter()
            .map(|c| c.mean_service())
            .filter(|s| s.is_finite())
            .fold(0.0, f64::max);
        let filling = (self.play.rate * services * LEAST_SERVICES).min(u32::MAX.into());
        (self.messages as f64 * LEAST_WARMUP).max(filling) as u64
    }

    /// MSER-5 on the latencies of pilot runs, averaged over replications; longer pilots until they settle.
    pub(super) fn settled(&self, watch: &dyn Watch) -> (u64, Vec<Caveat>) {
        let mut length = (self.messages / 10).clamp(10_000.min(self.messages), 100_000);
        loop {
            if watch.stopped() {
                return (0, Vec::new());
            }
            watch.says("warm-up", 0.0, &format!("pilot of {length} messages"));
            let pilots: Vec<Pilot> = (0..self.scenario.simulation.replications.min(MOST_PILOTS))
                .into_par_iter()
                .map(|replication| {
                    let mut pilot = Pilot { latency: vec![0.0; length as usize] };
                    if let Some(latency) = self.first_latencies(replication, length) {
                        return Pilot { latency };
                    }
                    let mut engine = self.play.start(replication);
                    engine.advance(length, &mut pilot);
                    engine.settle(&mut pilot);
                    pilot
                })
                .collect();
            let mut mean = vec![0.0; length as usize];
            for (i, m) in mean.iter_mut().enumerate() {
                *m = pilots.iter().map(|p| p.latency[i]).sum::<f64>() / pilots.len() as f64;
            }
            if let Some(cut) = mser5(&mean) {
                return ((cut as u64).max(self.least_warmup()), Vec::new());
            }
            if length >= self.messages.min(1_000_000) {
                let why = SimulationCaveat::StartShows { messages: length };
                return ((self.messages / 2).max(self.least_warmup()), vec![why.into()]);
            }
            length = (length * 4).min(self.messages);
        }
    }

    /// That of a time which was asked for the start is left out.
    pub(super) fn warm_up_caveat(&self, warmup: u64) -> Option<Caveat> {
        let Window::Duration(asked) = self.window else { return None };
        let left_out = warmup as f64 / self.play.rate;
        let told = self.scenario.simulation.warmup == Warmup::Auto && left_out > MUCH_WARMUP * asked;
        told.then(|| SimulationCaveat::AfterWarmUp { asked, left_out }.into())
    }
}

/// Keeps the latency of the first messages, in seconds.
struct Pilot {
    latency: Vec<f64>,
}

impl Recorder for Pilot {
    fn left(&mut self, exit: &Exit) {
        if let Some(latency) = self.latency.get_mut(exit.message.id as usize) {
            *latency = seconds(exit.finished - exit.message.due);
        }
    }

    fn record(&mut self, _: &Record) {}

    fn served(&mut self, run: &Served<'_>) {
        for i in 0..run.due.len() {
            if let Some(latency) = self.latency.get_mut(run.first as usize + i) {
                *latency = seconds(run.finished[i] - run.due[i]);
            }
        }
    }
}
