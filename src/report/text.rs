//! Text in columns: wrapping, alignment, colour, and the plain ASCII form of every sign.

/// Lines that fit on a screen with the command and the prompt.
pub(super) const SCREEN_LINES: usize = 30;

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

/// A text in ASCII alone; what has no stand-in is told by its number, in brackets, so that names stay apart
/// and their letters, too.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match PLAIN.iter().find(|(sign, _)| *sign == c) {
            Some((_, stand_in)) => out.push_str(stand_in),
            None if c.is_ascii() => out.push(c),
            None => out += &format!("<U+{:04X}>", u32::from(c)),
        }
    }
    out
}

/// Columns that a character takes in a terminal: East Asian ones and pictures take two, marks that join the
/// one before them none.
fn columns_of(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F => 2,
        0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Columns that a text takes in a terminal.
pub(super) fn width_of(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// The most columns that any of some texts takes.
pub(super) fn widest<'a>(texts: impl IntoIterator<Item = &'a String>) -> usize {
    texts.into_iter().map(|text| width_of(text)).max().unwrap_or(0)
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
    // Only plain spaces and line ends break: a number and its unit may be held together by other blanks. A path
    // that has no room in any line goes on behind one of its dots.
    let room = width.saturating_sub(width_of(rest));
    let words = text.split([' ', '\n']).filter(|w| !w.is_empty());
    let pieces = words.flat_map(|word| match width_of(word) > room {
        true => folded(word, room),
        false => vec![word.to_string()],
    });
    for word in pieces {
        if !empty && width_of(&line) + 1 + width_of(&word) > width {
            lines.push(std::mem::replace(&mut line, rest.to_string()));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(&word);
        empty = false;
    }
    lines.push(line);
    lines
}

/// As much of some characters as has room.
fn fitting(characters: impl Iterator<Item = char>, mut room: usize) -> Vec<char> {
    let fits = |c: &char| {
        let left = room.checked_sub(columns_of(*c));
        room = left.unwrap_or(room);
        left.is_some()
    };
    characters.take_while(fits).collect()
}

/// Where a label is cut.
#[derive(Clone, Copy)]
enum CutAt {
    /// In its middle: so many columns of its beginning stay, and as much of its end as has room.
    Middle(usize),
    /// At both ends: what begins behind so many characters stays.
    Ends(usize),
}

/// A label of at most so many columns, with a sign where it was cut.
fn cut(label: &str, most: usize, at: CutAt, gap: &str) -> String {
    let taken = |gaps: usize| most.checked_sub(gaps * width_of(gap)).filter(|room| *room > 0);
    if width_of(label) <= most {
        return label.into();
    }
    let shortened = match at {
        CutAt::Middle(head) => taken(1).map(|room| {
            let beginning: String = fitting(label.chars(), head.min(room)).into_iter().collect();
            let end = fitting(label.chars().rev(), room - width_of(&beginning));
            beginning + gap + &end.into_iter().rev().collect::<String>()
        }),
        CutAt::Ends(from) => taken(2).map(|room| {
            let middle = fitting(label.chars().skip(from), room);
            format!("{gap}{}{gap}", middle.into_iter().collect::<String>())
        }),
    };
    shortened.unwrap_or_else(|| label.into())
}

/// Labels of at most so many columns, each cut in its middle, where names differ least, and a sign put there; in
/// another place if two would look the same, and uncut if they would wherever they are cut.
pub(super) fn distinct(labels: &[String], most: usize, gap: &str) -> Vec<String> {
    let room = most.saturating_sub(width_of(gap));
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let middle = room.div_ceil(2);
    let heads = (0..=middle).flat_map(|off| [middle - off, (middle + off).min(room)]).map(CutAt::Middle);
    let tried = heads.chain((1..longest).map(CutAt::Ends));
    let mut tried =
        tried.map(|at| labels.iter().map(|label| cut(label, most, at, gap)).collect::<Vec<String>>());
    let apart = |cut: &Vec<String>| {
        let mut whole = std::collections::BTreeMap::new();
        cut.iter().zip(labels).all(|(cut, label)| *whole.entry(cut).or_insert(label) == label)
    };
    tried.find(apart).unwrap_or_else(|| labels.to_vec())
}

/// From so many columns on a word is broken at its hyphens, too.
const LONG_WORD: usize = 30;

/// The parts of a heading that stay in a line: its words, and those of a path, but never parts of a number.
fn pieces(heading: &str) -> impl Iterator<Item = &str> {
    let mut rest = heading;
    let parts = std::iter::from_fn(move || {
        let digit = |at: usize| rest[at..].starts_with(|next: char| next.is_ascii_digit());
        let ends = |(at, c): (usize, char)| (c == ' ' || c == '.' && !digit(at + 1)).then_some(at + 1);
        let (part, more) = rest.split_at(rest.char_indices().find_map(ends).unwrap_or(rest.len()));
        rest = more;
        (!part.is_empty()).then_some(part)
    });
    parts.flat_map(|piece| match width_of(piece) > LONG_WORD {
        true => piece.split_inclusive(['-', '_']).collect::<Vec<_>>(),
        false => vec![piece],
    })
}

/// A heading in lines of a width: it may be broken at blanks, and behind the dots of a path.
pub(super) fn folded(heading: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(heading) {
        let last = lines.last_mut().expect("there is one from the start");
        if !last.is_empty() && width_of(last) + width_of(piece.trim_end()) > width {
            *last = last.trim_end().to_string();
            lines.push(String::new());
        }
        lines.last_mut().expect("it was there").push_str(piece);
    }
    lines
}

/// The least width in which a heading can be broken.
pub(super) fn narrowest(heading: &str) -> usize {
    pieces(heading).map(|piece| width_of(piece.trim_end())).max().unwrap_or(0)
}

/// Rows as aligned columns: the first to the left, numbers to the right, and what follows the `numbers` to
/// the left again; `None` is a rule, a single cell is a title.
pub(super) fn columns(rows: &[Option<Vec<String>>], numbers: usize, rule: char) -> Vec<String> {
    let count = rows.iter().flatten().map(Vec::len).max().unwrap_or(0);
    let mut widths = vec![0; count];
    for row in rows.iter().flatten().filter(|r| r.len() > 1) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(width_of(cell));
        }
    }
    let total = widths.iter().sum::<usize>() + 2 * count.saturating_sub(1);
    let line = |row: &Option<Vec<String>>| match row {
        None => rule.to_string().repeat(total),
        Some(row) => {
            let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, &width))| {
                let blanks = " ".repeat(width.saturating_sub(width_of(cell)));
                if i == 0 || i > numbers { format!("{cell}{blanks}") } else { format!("{blanks}{cell}") }
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
        assert_eq!(
            wrap("of queues.orders.wait.p99 only", 14, "", ""),
            ["of", "queues.orders.", "wait.p99 only"]
        );
    }

    #[test]
    fn what_is_cut_stays_distinct() {
        let names = ["orders-of-customers-eu", "orders-of-customers-us"].map(String::from);
        assert_eq!(distinct(&names, 9, "…"), ["orde…s-eu", "orde…s-us"]);
        assert_eq!(distinct(&names, 11, "..."), ["orde...s-eu", "orde...s-us"]);
        let alike = ["orders-1-of-eu", "orders-2-of-eu"].map(String::from);
        assert_eq!(distinct(&alike, 9, "…"), ["o…1-of-eu", "o…2-of-eu"]);
        assert_eq!(distinct(&alike, 5, "…"), ["…s-1…", "…s-2…"]);
        assert_eq!(distinct(&alike, 2, "…"), alike);
        assert_eq!(distinct(&names, 40, "…"), names);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!((width_of("订单 a"), width_of("é"), width_of("e\u{301}")), (6, 1, 1));
        let rows = [["订单", "1"], ["orders", "22"]].map(|row| Some(row.map(String::from).to_vec()));
        assert_eq!(columns(&rows, 1, '-'), ["订单     1", "orders  22"]);
        assert_eq!(distinct(&["订单订单订单".into()], 7, "…"), ["订…订单"]);
        assert_eq!(plain("订üA"), "<U+8BA2><U+00FC>A");
    }

    #[test]
    fn headings_are_broken_where_that_harms_nothing() {
        assert_eq!(folded("consumers.worker.batch.max", 14), ["consumers.", "worker.batch.", "max"]);
        assert_eq!(folded("p99 latency, ms", 8), ["p99", "latency,", "ms"]);
        assert_eq!(folded("p99.9 of quiet, ms", 9), ["p99.9 of", "quiet, ms"]);
        assert_eq!(narrowest("mean latency, ms"), 8);
    }

    #[test]
    fn every_sign_has_a_plain_form() {
        assert!(plain("ρ ≈ 0.9 ±0.1 – ∞ µs ✓").is_ascii());
    }
}
