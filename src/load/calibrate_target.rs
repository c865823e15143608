//! Calibration of a broker: how long it takes to bring a message to a consumer, at several loads.

use super::calibrate::CalibrationFigure;
use super::run::{Control, play};
use super::{LoadError, targets};
use crate::scenario::Scenario;
use crate::workload::laws::Law;
use crate::workload::{Block, Blocks};

/// The work of a message, in seconds, the loads of the one consumer, and nanoseconds of each run and until it
/// has settled.
const WORK: f64 = 0.004;
const LOADS: [(f64, [&str; 2]); 3] = [
    (0.3, ["hand-off at load 0.3", "turnaround at load 0.3"]),
    (0.6, ["hand-off at load 0.6", "turnaround at load 0.6"]),
    (0.8, ["hand-off at load 0.8", "turnaround at load 0.8"]),
];
const LASTS: u64 = 5_000_000_000;
const SETTLED: u64 = 1_000_000_000;

/// Plays exponential work of 4 ms to one consumer of a broker that takes a message at a time, for
/// fifteen seconds in all.
///
/// # Errors
/// A target that is no broker, or one that cannot be measured.
pub(crate) fn calibrate_target(name: &str) -> Result<Vec<CalibrationFigure>, LoadError> {
    let mut figures = Vec::new();
    let (mut hops, mut turns) = (Vec::new(), Vec::new());
    for (load, [hop, turn]) in LOADS {
        let mut scenario = Scenario::mgc(load / WORK, Law::exponential(WORK), 1);
        scenario.measurement.target = name.into();
        if !targets::is_broker(&scenario) {
            targets::entry(&scenario)?;
            return Err(LoadError::NoBroker { target: name.into() });
        }
        let silent = Control { progress: &|_| (), stopped: &|| false };
        let run = play(&scenario, &beginning(&scenario), SETTLED, &silent)?;
        if let Some(why) = run.failed {
            return Err(LoadError::Broker { target: name.into(), why });
        }
        let Some(times) = run.broker else { continue };
        let meaning = "from a publish to a consumer that has nothing to do, on average";
        hops.push(times.own.idle_hop.mean());
        figures.extend(hops.last().map(|&value| CalibrationFigure { name: hop, value, unit: "s", meaning }));
        let meaning = "from the end of a service until the next message is in hand, if one waits";
        turns.push(times.own.turnaround.mean());
        figures.extend(turns.last().map(|&value| CalibrationFigure {
            name: turn,
            value,
            unit: "s",
            meaning,
        }));
    }
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len().max(1) as f64;
    let together = [
        ("hand-off mean", mean(&hops), "over these loads: simulation.hand_off"),
        ("turnaround mean", mean(&turns), "over these loads: simulation.turnaround"),
    ];
    figures.extend(together.map(|(name, value, meaning)| CalibrationFigure {
        name,
        value,
        unit: "s",
        meaning,
    }));
    Ok(figures)
}

/// What is due in the time of a run.
fn beginning(scenario: &Scenario) -> Block {
    let Ok(mut plan) = scenario.open_plan(scenario.seed, 0) else {
        return Block::with_columns(scenario.consumers.len());
    };
    let mut out = plan.block().empty_like();
    while out.sent.last().is_none_or(|&at| at < LASTS) && plan.draw() {
        let block = plan.block();
        let rows = block.sent.partition_point(|&at| at < LASTS);
        out.append(block, rows.max(1));
    }
    out
}
