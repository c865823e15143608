//! Statistics: from records to estimates. No engine is known here.
//!
//! A [`Collector`] listens to one replication; [`Summary`] is what it heard, as numbers by metric path; [`combine`] turns the
//! summaries of several replications into estimates with intervals. Histograms are merged, percentiles never averaged.

mod batches;
mod checks;
mod collector;
mod combine;
mod histogram;
mod interval;
mod levels;
mod moments;
mod network;
mod pass;
mod rows;
mod share;
mod warmup;

pub use batches::{BATCHES, Batches, Part};
pub use checks::{Balance, Law};
pub use collector::{Before, Collector, Places, Span, Summary};
pub use combine::{Combined, Gathered, combine};
pub use histogram::Counts;
pub use interval::{half_width, t_quantile};
pub use levels::{Levels, levels_of};
pub use network::{ConsumerPlace, GroupSpan, Late, NetworkCollector, NetworkPlaces, NetworkSpan, QueuePlace, QueueSpan};
pub use warmup::mser5;
