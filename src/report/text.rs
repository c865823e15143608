//! Text in columns: wrapping, alignment, colour, and the plain ASCII form of every sign.

/// A colour that repeats what the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    None,
    Bold,
    Green,
    Yellow,
    Red,
}

impl Paint {
    /// The text in this colour, if colours are wanted.
    pub(super) fn on(self, text: &str, wanted: bool) -> String {
        let code = match self {
            Paint::None => return text.into(),
            Paint::Bold => "1",
            Paint::Green => "32",
            Paint::Yellow => "33",
            Paint::Red => "31",
        };
        if wanted { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.into() }
    }
}

/// Signs beyond ASCII and what stands for them.
const PLAIN: &[(char, &str)] = &[
    ('±', "+/-"),
    ('∞', "inf"),
    ('–', "-"),
    ('—', "-"),
    ('─', "-"),
    ('µ', "u"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ρ', "rho"),
    ('×', "x"),
    ('·', "*"),
    ('≈', "~"),
    ('≠', "!="),
    ('≤', "<="),
    ('≥', ">="),
    ('✓', "+"),
    ('✗', "x"),
    ('−', "-"),
    ('’', "'"),
    ('…', "..."),
    ('\u{202f}', " "),
    ('\u{a0}', " "),
];

/// A text in ASCII alone; what has no stand-in becomes `?`.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match PLAIN.iter().find(|(sign, _)| *sign == c) {
            Some((_, stand_in)) => out.push_str(stand_in),
            None if c.is_ascii() => out.push(c),
            None => out.push('?'),
        }
    }
    out
}

/// Blocks of lines with a blank line between, those without lines left out, and a final newline.
pub(super) fn joined(blocks: impl IntoIterator<Item = Vec<String>>) -> String {
    let blocks = blocks.into_iter().filter(|block| !block.is_empty()).map(|block| block.join("\n"));
    blocks.collect::<Vec<_>>().join("\n\n") + "\n"
}

/// A sentence broken between words into lines of a width; a word that is longer keeps its own line.
pub(super) fn wrap(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_string();
    let mut empty = true;
    // Only plain spaces and line ends break: a number and its unit may be held together by other blanks.
    for word in text.split([' ', '\n']).filter(|w| !w.is_empty()) {
        if !empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, rest.to_string()));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines
}

/// Labels of at most so many characters, each cut in its middle, where names differ least; uncut if two would
/// look the same.
pub(super) fn distinct(labels: &[String], most: usize) -> Vec<String> {
    let cut = |label: &String| {
        let all: Vec<char> = label.chars().collect();
        if all.len() <= most || most < 3 {
            return label.clone();
        }
        let (head, tail) = ((most - 1).div_ceil(2), (most - 1) / 2);
        all[..head].iter().chain(&['…']).chain(&all[all.len() - tail..]).collect()
    };
    let cut: Vec<String> = labels.iter().map(cut).collect();
    let alike =
        |i: usize| cut[..i].iter().zip(labels).any(|(other, whole)| *other == cut[i] && *whole != labels[i]);
    if (0..cut.len()).any(alike) { labels.to_vec() } else { cut }
}

/// Rows as aligned columns: the first to the left, numbers to the right, and what follows the `numbers` to
/// the left again; `None` is a rule, a single cell is a title.
pub(super) fn columns(rows: &[Option<Vec<String>>], numbers: usize, rule: char) -> Vec<String> {
    let count = rows.iter().flatten().map(Vec::len).max().unwrap_or(0);
    let mut widths = vec![0; count];
    for row in rows.iter().flatten().filter(|r| r.len() > 1) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let total = widths.iter().sum::<usize>() + 2 * count.saturating_sub(1);
    let line = |row: &Option<Vec<String>>| match row {
        None => rule.to_string().repeat(total),
        Some(row) => {
            let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, &width))| match i {
                0 => format!("{cell:<width$}"),
                _ if i > numbers => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
        }
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sentences_wrap_under_their_sign() {
        assert_eq!(wrap("one two three", 9, "! ", "  "), ["! one two", "  three"]);
        assert_eq!(wrap("a-very-long-word", 4, "", ""), ["a-very-long-word"]);
    }

    #[test]
    fn what_is_cut_stays_distinct() {
        let names = ["orders-of-customers-eu", "orders-of-customers-us"].map(String::from);
        assert_eq!(distinct(&names, 9), ["orde…s-eu", "orde…s-us"]);
        let alike = ["orders-1-of-eu", "orders-2-of-eu"].map(String::from);
        assert_eq!(distinct(&alike, 9), alike);
        assert_eq!(distinct(&names, 40), names);
    }

    #[test]
    fn every_sign_has_a_plain_form() {
        assert!(plain("ρ ≈ 0.9 ±0.1 – ∞ µs ✓").is_ascii());
    }
}
