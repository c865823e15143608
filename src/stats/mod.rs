//! Statistics: from records to estimates. No engine is known here.
//!
//! A [`Collector`] listens to one replication; [`Summary`] is what it was told, as numbers by metric path;
//! [`combine`] turns the summaries of several replications into estimates with intervals. Histograms are
//! merged, percentiles never averaged.

mod batches;
mod checks;
mod collector;
mod combine;
mod figures;
mod histogram;
mod histograms;
mod interval;
mod latency_cells;
mod levels;
mod message_stats;
mod moments;
mod packed;
mod pass;
mod path_index;
mod places;
mod producer_stats;
mod queue_stats;
mod rows;
mod runs;
mod share;
mod span;
mod summary;
mod trail;
mod warmup;

pub use batches::{BATCHES, Batches};
pub use checks::Balance;
pub use collector::{AfterWindow, Collector};
pub use combine::{Combined, Gathered, combine};
pub use figures::SummaryOfParts;
pub use histogram::BucketCounts;
pub use interval::{half_width, t_quantile};
pub use latency_cells::LatencyCells;
pub use levels::{Levels, levels_of};
pub use packed::PackedSummary;
pub use places::{ConsumerPlace, Places, QueuePlace};
pub use runs::{of_runs, runs_needed};
pub use span::{GroupSpan, QueueSpan, Span};
pub use summary::Summary;
pub use warmup::mser5;
