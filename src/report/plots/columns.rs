//! Where things lie in a figure: its columns, and names that keep apart.

use crate::report::plot::Frame;

/// How wide a figure is, and where its panels begin and end: pixels from the left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    pub width: i32,
    /// Where titles begin.
    pub edge: i32,
    pub left: i32,
    pub right: i32,
}

impl Columns {
    /// As a rule: numbers to the left of the panels, names to their right.
    pub(super) fn of(frame: Frame) -> Self {
        match frame {
            Frame::Alone | Frame::Page => Columns { width: 760, edge: 24, left: 66, right: 638 },
            Frame::Phone => Columns { width: 350, edge: 2, left: 52, right: 245 },
        }
    }
}

/// Heights (increasing) moved about evenly up and down to lie `gap` apart, none below `bottom`.
pub(super) fn apart(wanted: &[i32], gap: i32, bottom: i32) -> Vec<i32> {
    let mut down = wanted.to_vec();
    for i in 1..down.len() {
        down[i] = down[i].max(down[i - 1] + gap);
    }
    let mut up = wanted.to_vec();
    for i in (1..up.len()).rev() {
        up[i - 1] = up[i - 1].min(up[i] - gap);
    }
    // Both keep the gaps, so their middle does; rounding the sum alike keeps them too.
    let mut heights: Vec<i32> = down.iter().zip(&up).map(|(d, u)| (d + u).div_euclid(2)).collect();
    let mut floor = bottom;
    for height in heights.iter_mut().rev() {
        *height = (*height).min(floor);
        floor = *height - gap;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn labels_keep_apart() {
        assert_eq!(apart(&[10, 11, 40], 15, 100), [3, 18, 40]);
        assert_eq!(apart(&[95, 98, 99], 15, 100), [70, 85, 100]);
    }
}
