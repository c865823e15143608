//! What a plot is, whether or not the crate is built to draw any (feature `plots`).

use crate::study::Study;

/// One plot: a file's name and what draws it.
#[derive(Clone, Copy)]
pub struct Plot {
    /// The file's name.
    pub file: &'static str,
    /// What it answers, in a phrase.
    pub about: &'static str,
    /// What it finds, in figures of the study's table.
    pub finding: fn(&Study) -> Option<String>,
    /// The SVG, or `None` where the study holds nothing to draw.
    pub draw: fn(&Study, Frame) -> Option<String>,
    /// Its figures as JSON, where a page draws them itself: series over time.
    pub chart: fn(&Study) -> Option<String>,
}

/// What a plot of several studies is to say.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "plots"), expect(dead_code, reason = "only plots say it"))]
pub(super) struct PlotText<'a> {
    /// What it finds: its title.
    pub finding: &'a str,
    /// All that is found, for those who do not see it.
    pub all: &'a str,
}

/// Where a figure is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// As a file of its own, which says what it shows.
    Alone,
    /// On a page that says it already.
    Page,
    /// The same on a narrow page, where letters are as large as on a wide one.
    Phone,
}
