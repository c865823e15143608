//! How plots look: colours for light and dark, one encoding for each method, sizes of text.

use crate::answer::Method;
use plotters::style::RGBColor;

/// The fonts that a picture asks for, best first; it holds none.
pub(super) const FONTS: &str =
    "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

pub(super) const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
pub(super) const MUTED: RGBColor = RGBColor(0x65, 0x6d, 0x76);
pub(super) const GRID: RGBColor = RGBColor(0xe4, 0xe7, 0xea);
pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
/// A limit that was asked for.
pub(super) const LIMIT: RGBColor = RGBColor(0x94, 0x60, 0x00);
const THEORY: RGBColor = RGBColor(0x33, 0x38, 0x3e);
const SIMULATION: RGBColor = RGBColor(0x00, 0x72, 0xb2);
const REHEARSAL: RGBColor = RGBColor(0x00, 0x80, 0x5d);
const MEASUREMENT: RGBColor = RGBColor(0xc2, 0x50, 0x00);
const REPLAY: RGBColor = RGBColor(0xb8, 0x5c, 0x8e);

/// Every colour with its counterpart on a dark page: Okabe and Ito's palette, which colour-blind readers can
/// tell apart, with the lighter ones darkened where they are text.
const PALETTE: &[(RGBColor, &str)] = &[
    (INK, "#e6edf3"),
    (MUTED, "#9aa4af"),
    (GRID, "#2c333b"),
    (PAPER, "#14181d"),
    (LIMIT, "#e69f00"),
    (THEORY, "#d5dbe1"),
    (SIMULATION, "#56b4e9"),
    (REHEARSAL, "#2fbf95"),
    (MEASUREMENT, "#f0843c"),
    (REPLAY, "#e0a0c6"),
];

/// The class of a colour, as a stroke (`s`) or a filling (`f`).
pub(super) fn class(rgb: (u8, u8, u8), kind: char) -> String {
    let known = PALETTE.iter().position(|(c, _)| (c.0, c.1, c.2) == rgb);
    format!("{kind}{}", known.expect("plots draw in colours of the palette only"))
}

/// The rules that give the classes their colours.
pub(super) fn style_sheet() -> String {
    let mut light = String::from(".queuelab polyline{fill:none;stroke-linejoin:round;stroke-linecap:round}");
    let mut dark = String::new();
    for (i, (RGBColor(r, g, b), counterpart)) in PALETTE.iter().enumerate() {
        light += &format!(
            ".queuelab .s{i}{{stroke:#{r:02x}{g:02x}{b:02x}}}.queuelab .f{i}{{fill:#{r:02x}{g:02x}{b:02x}}}"
        );
        dark += &format!(".queuelab .s{i}{{stroke:{counterpart}}}.queuelab .f{i}{{fill:{counterpart}}}");
    }
    format!("{light}@media screen and (prefers-color-scheme:dark){{{dark}}}")
}

/// The colour of a method, the same in every plot.
pub(super) fn color(method: Method) -> RGBColor {
    match method {
        Method::Theory => THEORY,
        Method::Simulation => SIMULATION,
        Method::Rehearsal => REHEARSAL,
        Method::Measurement => MEASUREMENT,
        Method::Replay => REPLAY,
    }
}

/// The colour of one of several lines of a kind, which begin anew after the fifth.
pub(super) fn series(number: usize) -> RGBColor {
    [SIMULATION, MEASUREMENT, REHEARSAL, REPLAY, LIMIT][number % 5]
}

/// How a method's line is drawn, so that it can be told without its colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pen {
    /// A line of this width, in tenths of a pixel.
    Solid(u32),
    /// The same, broken: width, dash and gap.
    Dashed(u32, u32, u32),
    /// Separate dots of this radius.
    Dots(u32),
}

pub(super) fn pen(method: Method) -> Pen {
    match method {
        Method::Theory => Pen::Dashed(16, 60, 45),
        Method::Simulation => Pen::Solid(24),
        Method::Rehearsal => Pen::Solid(10),
        Method::Measurement => Pen::Dots(24),
        Method::Replay => Pen::Dashed(10, 25, 25),
    }
}

/// The width of a text in units of its size, near enough to place things beside it.
pub(super) fn text_width(text: &str) -> f64 {
    let width = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'I' => 0.27,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | ' ' | '\u{202f}' | '-' | '/' => 0.36,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '—' | '≈' | '≠' | '±' | '≤' | '≥' | '∞' => 0.88,
        c if c.is_ascii_digit() || c.is_uppercase() => 0.64,
        c if (c as u32) >= 0x2e80 => 1.0,
        _ => 0.57,
    };
    text.chars().map(width).sum()
}

/// Lines of words, none wider than so much (in units of their size), where words allow it.
pub(super) fn wrapped(text: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_inclusive([' ', '-']) {
        match lines.last_mut() {
            Some(line) if text_width(line) + text_width(word.trim_end()) <= width => line.push_str(word),
            _ => lines.push(word.into()),
        }
    }
    lines.iter().map(|line| fitted(line.trim_end(), width)).collect()
}

/// A text cut in its middle to a width: the end of a path says what it is of what its beginning names.
pub(super) fn shortened(text: &str, width: f64) -> String {
    if text_width(text) <= width {
        return text.into();
    }
    let half = (0.9 * width - 0.6) / 2.0;
    let taken = |letters: &mut dyn Iterator<Item = char>| {
        let mut room = half;
        let fits = |c: &char| {
            room -= text_width(&c.to_string());
            room >= 0.0
        };
        letters.take_while(fits).collect::<String>()
    };
    let end = taken(&mut text.chars().rev()).chars().rev().collect::<String>();
    format!("{}…{}", taken(&mut text.chars()).trim_end(), end.trim_start())
}

/// A text cut to a width (in units of its size), with an ellipsis where it was cut.
pub(super) fn fitted(text: &str, width: f64) -> String {
    if text_width(text) <= width {
        return text.into();
    }
    // Fonts differ, and bold letters are wider: what is cut keeps some room.
    let (mut out, width) = (String::new(), 0.8 * width);
    for c in text.chars() {
        if text_width(&out) + text_width(&c.to_string()) + 0.6 > width {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_too_long_keeps_both_its_ends() {
        let path = "producers.customer-orders-of-the-european-region.latency.p99, ms";
        let cut = shortened(path, 20.0);
        assert!(cut.starts_with("producers.") && cut.ends_with("latency.p99, ms"), "{cut}");
        assert!(text_width(&cut) <= 20.0 && shortened(path, 60.0) == path);
    }
}
