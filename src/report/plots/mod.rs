//! Plots: a study becomes SVG files.

use crate::study::Study;

/// One plot: a file's name and what draws it.
#[derive(Clone, Copy)]
pub struct Plot {
    pub file: &'static str,
    /// The SVG, or `None` where the study holds nothing to draw.
    pub draw: fn(&Study) -> Option<String>,
}

/// Every plot of a study.
pub const PLOTS: &[Plot] = &[];

/// The plots that have something to show.
pub fn drawn(study: &Study) -> Vec<(&'static Plot, String)> {
    PLOTS.iter().filter_map(|plot| (plot.draw)(study).map(|svg| (plot, svg))).collect()
}
