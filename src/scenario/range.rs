//! A figure that is known, or that lies between two bounds.

/// Bounds that are as near as this, relatively, are one figure.
pub(super) const SAME: f64 = 1e-9;

/// A figure, known or between two bounds; infinite where nothing bounds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub least: f64,
    pub most: f64,
}

impl Range {
    /// The figure, if it is known.
    pub(crate) fn known(&self) -> Option<f64> {
        // Infinities are equal, too.
        (self.least == self.most || self.most.is_finite() && self.most - self.least <= SAME * self.most)
            .then_some(self.most)
    }

    /// Widened so that it holds a figure.
    pub(crate) fn with(self, figure: f64) -> Range {
        Range { least: self.least.min(figure), most: self.most.max(figure) }
    }

    pub(crate) fn times(&self, factor: f64) -> Range {
        // However much comes that is no work, it is none.
        if factor == 0.0 {
            return Range { least: 0.0, most: 0.0 };
        }
        Range { least: self.least * factor, most: self.most * factor }
    }
}
