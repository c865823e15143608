//! How text in a terminal should look: its width, its signs, its colours.

use super::text::{Paint, columns, distinct, folded, joined, narrowest, plain, widest, width_of, wrap};

/// How the text should look.
#[derive(Debug, Clone)]
pub struct Style {
    /// Columns of the terminal.
    pub width: usize,
    /// Nothing but ASCII.
    pub ascii: bool,
    /// ANSI colours; they only repeat what signs and words say.
    pub colour: bool,
    /// All that is known, not what fits on a screen.
    pub verbose: bool,
    /// Where files went, as the caller wrote them.
    pub written: Vec<String>,
}

impl Default for Style {
    fn default() -> Self {
        Style { width: 100, ascii: false, colour: false, verbose: false, written: Vec::new() }
    }
}

/// What people open first.
const OPENED: [&str; 9] = [
    "report.html",
    "comparison.html",
    "capacity.html",
    "prediction.html",
    "fit.html",
    "bench.html",
    "scenario.toml",
    "answer.json",
    "metrics.csv",
];

impl Style {
    /// A sentence in lines, in the signs that are allowed.
    pub(super) fn lines(&self, sentence: &str, first: &str, rest: &str) -> Vec<String> {
        wrap(&self.signs(sentence), self.width, &self.signs(first), &self.signs(rest))
    }

    pub(super) fn signs(&self, text: &str) -> String {
        if self.ascii { plain(text) } else { text.into() }
    }

    /// Several lines in a colour.
    pub(super) fn paint(&self, paint: Paint, lines: Vec<String>) -> Vec<String> {
        lines.into_iter().map(|line| paint.on(&line, self.colour)).collect()
    }

    /// The sign of which rules are made.
    pub(super) fn rule(&self) -> char {
        if self.ascii { '-' } else { '─' }
    }

    /// Whether lines are no wider than the terminal.
    pub(super) fn fits(&self, lines: &[String]) -> bool {
        widest(lines) <= self.width
    }

    /// Rows below a heading, with so many columns of numbers after the first. Where they are too wide,
    /// headings are broken into lines; then columns are left out, those named first first, which is said or,
    /// where all is to be shown, they follow in a table of their own; what is too wide still has its first
    /// column cut.
    pub(super) fn grid(
        &self,
        head: &[String],
        rows: &[Vec<String>],
        numbers: usize,
        leave_out: &[usize],
    ) -> Vec<String> {
        let table = GridRows { head, rows, numbers, style: self };
        let fewer = (0..=leave_out.len()).map(|count| &leave_out[..count]);
        let tried = fewer.flat_map(|without| (1..=HEAD_LINES).map(move |height| (without, height)));
        let mut laid_out = tried.map(|(without, height)| (without, table.lines(without, usize::MAX, height)));
        let (without, mut lines) = laid_out.find(|(_, lines)| self.fits(lines)).unwrap_or_else(|| {
            let lines = table.lines(leave_out, usize::MAX, HEAD_LINES);
            let first = widest(rows.iter().filter_map(|row| row.first()));
            let room = first.saturating_sub(widest(&lines).saturating_sub(self.width)).max(8);
            (leave_out, table.lines(leave_out, room, HEAD_LINES))
        });
        if without.is_empty() {
            return lines;
        }
        if self.verbose {
            let others: Vec<usize> = (1..head.len()).filter(|i| !without.contains(i)).collect();
            lines.push(String::new());
            lines.extend(table.lines(&others, usize::MAX, HEAD_LINES));
        } else {
            let names: Vec<&str> = without.iter().map(|i| head[*i].as_str()).collect();
            let said = format!("left out for want of room, and in the files: {}", names.join("; "));
            lines.extend(self.lines(&said, "", ""));
        }
        lines
    }

    /// Paragraphs of a heading and what belongs to it, each line wrapped under its own indent.
    pub fn paragraphs(&self, told: impl IntoIterator<Item = Vec<String>>) -> String {
        let line = |line: String| {
            let indent = " ".repeat(line.len() - line.trim_start().len());
            self.lines(line.trim_start(), &indent, &indent)
        };
        joined(told.into_iter().map(|lines| lines.into_iter().flat_map(line).collect()))
    }

    /// Words with what is said of each beside them, a line or some for each.
    pub fn terms(&self, terms: &[(String, String)]) -> String {
        let room = widest(terms.iter().map(|(word, _)| word)) + 1;
        let line = |(word, said): &(String, String)| {
            let blanks = " ".repeat(room - width_of(word));
            self.lines(said, &format!("{word}{blanks}"), &" ".repeat(room))
        };
        joined([terms.iter().flat_map(line).collect()])
    }

    /// Where files went, in a line: their folder, what people open first, and how many others there are; or
    /// each of them, where all is to be shown.
    pub(super) fn files(&self) -> Vec<String> {
        let Some(first) = self.written.first() else { return Vec::new() };
        if self.verbose {
            return self.written.iter().flat_map(|path| self.lines(path, "", "  ")).collect();
        }
        let split = |path: &'_ str| {
            path.rsplit_once('/').map(|(folder, name)| (folder.to_string(), name.to_string()))
        };
        let folder = split(first).map_or(".".into(), |path| path.0);
        let names: Vec<String> =
            self.written.iter().map(|path| split(path).map_or(path.clone(), |path| path.1)).collect();
        let known = OPENED.iter().filter(|name| names.iter().any(|there| there == *name));
        let mut shown: Vec<&str> = known.copied().collect();
        if shown.is_empty() {
            shown.extend(names.iter().take(2).map(String::as_str));
        }
        let more = match names.len().saturating_sub(shown.len()) {
            0 => String::new(),
            more => format!(", {more} more"),
        };
        self.lines(&format!("{folder}/: {}{more}", shown.join(", ")), "", "  ")
    }
}

/// Lines that headings may take.
const HEAD_LINES: usize = 6;

/// A table before it is laid out.
struct GridRows<'a> {
    head: &'a [String],
    rows: &'a [Vec<String>],
    numbers: usize,
    style: &'a Style,
}

impl GridRows<'_> {
    /// Its lines without some columns, the first column at most so wide, with headings of at most so many
    /// lines.
    fn lines(&self, without: &[usize], first: usize, height: usize) -> Vec<String> {
        let style = self.style;
        let kept = |row: &[String]| {
            let cells = row.iter().enumerate().filter(|(i, _)| !without.contains(i));
            cells.map(|(_, cell)| style.signs(cell)).collect::<Vec<_>>()
        };
        let labels: Vec<String> =
            self.rows.iter().filter_map(|row| row.first()).map(|label| style.signs(label)).collect();
        let body: Vec<Vec<String>> = self
            .rows
            .iter()
            .zip(distinct(&labels, first))
            .map(|(row, label)| std::iter::once(label).chain(kept(row).into_iter().skip(1)).collect())
            .collect();
        let head = kept(self.head);
        let heads = folded_heads(&head, height).into_iter();
        let lines: Vec<_> = heads.map(Some).chain([None]).chain(body.into_iter().map(Some)).collect();
        let numbers = self.numbers - without.iter().filter(|i| **i <= self.numbers).count();
        columns(&lines, numbers, style.rule())
    }
}

/// Headings in at most so many lines, as narrow as that allows; the last line is next to the rows.
fn folded_heads(head: &[String], most: usize) -> Vec<Vec<String>> {
    let fold = |heading: &String| {
        let whole = widest([heading]);
        let lines = (narrowest(heading)..whole).map(|width| folded(heading, width));
        lines.into_iter().find(|lines| lines.len() <= most).unwrap_or_else(|| vec![heading.clone()])
    };
    let folded: Vec<Vec<String>> = head.iter().map(fold).collect();
    let height = folded.iter().map(Vec::len).max().unwrap_or(1);
    let line = |at: usize| {
        let cell = |lines: &Vec<String>| match (at + lines.len()).checked_sub(height) {
            Some(at) => lines[at].trim_end().to_string(),
            None => String::new(),
        };
        folded.iter().map(cell).collect()
    };
    (0..height).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(width: usize) -> Vec<String> {
        let style = Style { width, ..Style::default() };
        let head = ["metric", "a", "b", "difference"].map(String::from);
        let row = ["queues.orders.wait.p99", "12.0 ms", "13.0 ms", "+8.3 ±0.4 %"].map(String::from);
        style.grid(&head, &[row.to_vec()], 3, &[2])
    }

    #[test]
    fn what_has_no_room_is_left_out_and_said() {
        assert!(grid(80).len() == 3 && grid(80)[2].contains("13.0 ms"));
        let narrow = grid(48);
        assert!(
            !narrow[2].contains("13.0 ms") && narrow[3].starts_with("left out for want of room"),
            "{narrow:?}"
        );
        assert!(grid(36)[2].starts_with("queues"), "{:?}", grid(36));
    }

    #[test]
    fn long_headings_are_broken_before_a_column_is_left_out() {
        let style = Style { width: 48, ..Style::default() };
        let head = ["count", "p99 latency of the slowest producer, theory", "simulated"].map(String::from);
        let row = ["20", "127 ms", "122 ±5 ms"].map(String::from);
        let lines = style.grid(&head, &[row.to_vec()], 2, &[1]);
        assert!(
            style.fits(&lines) && lines.iter().any(|line| line.ends_with("theory  simulated")),
            "{lines:#?}"
        );
        assert!(lines.last().is_some_and(|line| line.contains("127 ms")), "{lines:#?}");
    }

    #[test]
    fn what_is_left_out_follows_where_all_is_asked_for() {
        let style = Style { width: 48, verbose: true, ..Style::default() };
        let head = ["metric", "a", "b", "difference"].map(String::from);
        let row = ["queues.orders.wait.p99", "12.0 ms", "13.0 ms", "+8.3 ±0.4 %"].map(String::from);
        let lines = style.grid(&head, &[row.to_vec()], 3, &[2]);
        assert!(lines.last().is_some_and(|line| line.ends_with("13.0 ms")), "{lines:#?}");
    }

    #[test]
    fn files_are_told_in_a_line() {
        let style = Style {
            written: ["out/mm1/answer.json", "out/mm1/a.svg", "out/mm1/report.html"]
                .map(String::from)
                .to_vec(),
            ..Style::default()
        };
        assert_eq!(style.files(), ["out/mm1/: report.html, answer.json, 1 more"]);
    }
}
