//! Plots of a crate that is built without the feature `plots`: there are none, and pages do without.

use super::plot::{Frame, Plot, PlotText};
use crate::study::Study;
use crate::study::bench::Benchmark;
use crate::study::capacity::Capacity;
use crate::study::compare::Comparison;
use crate::study::fit::Column;
use crate::study::predict::Prediction;
use crate::study::sweep::Swept;

/// Every plot of a study.
pub(crate) const PLOTS: &[Plot] = &[];

/// The plots that have something to show.
pub(crate) fn drawn(_: &Study, _: Frame) -> Vec<(&'static Plot, String)> {
    Vec::new()
}

pub(super) fn benchmarked(_: &[Benchmark], _: &PlotText<'_>, _: Frame) -> Option<String> {
    None
}

pub(super) fn capacity(_: &Capacity, _: &PlotText<'_>, _: Frame) -> Option<String> {
    None
}

pub(super) fn compared(_: &Comparison, _: &PlotText<'_>, _: Frame) -> Option<String> {
    None
}

pub(super) fn predicted(_: &Prediction, _: &PlotText<'_>, _: Frame) -> Option<String> {
    None
}

pub(super) fn quantiles(_: &Column, _: &PlotText<'_>, _: Frame) -> Option<String> {
    None
}

pub(super) fn swept(_: &Swept, _: &PlotText<'_>, _: Frame) -> Option<(&'static str, String)> {
    None
}
