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

    /// What stands where a label is cut.
    pub(super) fn gap(&self) -> &'static str {
        if self.ascii { "..." } else { "…" }
    }

    /// Whether lines are no wider than the terminal.
    pub(super) fn fits(&self, lines: &[String]) -> bool {
        widest(lines) <= self.width
    }

    /// Rows below a heading, with so many columns of numbers after the first. Where they are too wide,
    /// headings are broken into lines; then columns are left out, those named first first, which is said or,
    /// where all is to be shown, they follow in a table of their own; what is too wide still has its first
    /// column cut, or its names above their rows, and in the end a line for each cell.
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
        let mut laid_out = tried.map(|(without, height)| (without, table.lines(without, height)));
        let (without, mut lines) = laid_out
            .find(|(_, lines)| self.fits(lines))
            .unwrap_or_else(|| (leave_out, table.narrow_lines(leave_out)));
        if without.is_empty() {
            return lines;
        }
        if self.verbose {
            let others: Vec<usize> = (1..head.len()).filter(|i| !without.contains(i)).collect();
            lines.push(String::new());
            lines.extend(table.narrow_lines(&others));
        } else {
            let names: Vec<&str> = without.iter().map(|i| head[*i].as_str()).collect();
            let said = format!("left out for want of room, and in the files: {}", names.join("; "));
            lines.extend(self.lines(&said, "", ""));
        }
        lines
    }

    /// Rows below a heading that may be broken into lines, with so many columns of numbers after the first; `None`
    /// where they are too wide.
    pub(super) fn whole_grid(
        &self,
        head: &[String],
        rows: &[Vec<String>],
        numbers: usize,
    ) -> Option<Vec<String>> {
        let table = GridRows { head, rows, numbers, style: self };
        (1..=HEAD_LINES).map(|height| table.lines(&[], height)).find(|lines| self.fits(lines))
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

/// Lines that headings may take before a column is left out, and where nothing else helps.
const HEAD_LINES: usize = 6;
const TALLEST_HEAD: usize = 9;

/// A table before it is laid out.
struct GridRows<'a> {
    head: &'a [String],
    rows: &'a [Vec<String>],
    numbers: usize,
    style: &'a Style,
}

/// How a table is laid out.
#[derive(Clone, Copy)]
struct GridLayout {
    /// Lines that headings may take.
    height: usize,
    /// Columns that names in the first column may take; `None` where each has lines of its own, above its row.
    first: Option<usize>,
    /// Columns that words in the last column may take before they go on in the next line.
    last: usize,
}

impl GridRows<'_> {
    /// Its lines without some columns, no wider than the terminal.
    fn narrow_lines(&self, without: &[usize]) -> Vec<String> {
        let whole = GridLayout { height: TALLEST_HEAD, first: Some(usize::MAX), last: usize::MAX };
        let excess = widest(&self.laid_out(without, whole)).saturating_sub(self.style.width);
        let left = |column: usize, least: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell| width_of(&self.style.signs(cell)))
                .max()
                .unwrap_or(0)
                .saturating_sub(excess)
                .max(least)
        };
        let end = self.head.len() - 1;
        let last = if end > self.numbers && !without.contains(&end) { left(end, 12) } else { usize::MAX };
        let first = Some(left(0, 8));
        let tried = [
            whole,
            GridLayout { last, ..whole },
            GridLayout { first, ..whole },
            GridLayout { first: None, ..whole },
            GridLayout { first: None, last: last.min(24), ..whole },
        ];
        let mut tried = tried.into_iter().map(|layout| self.laid_out(without, layout));
        tried.find(|lines| self.style.fits(lines)).unwrap_or_else(|| self.listed(without))
    }

    /// Its names, in the signs that are allowed.
    fn labels(&self) -> Vec<String> {
        self.rows.iter().filter_map(|row| row.first()).map(|label| self.style.signs(label)).collect()
    }

    /// A line for each row and one for each of its cells, behind the cell's heading.
    fn listed(&self, without: &[usize]) -> Vec<String> {
        let cell = |(i, cell): (usize, &String)| {
            let heading = self.head.get(i).map_or("", String::as_str);
            match (i, heading) {
                (0, "") => self.style.lines(cell, "", "  "),
                (0, heading) => self.style.lines(&format!("{heading}: {cell}"), "", "  "),
                (_, "") => self.style.lines(cell, "  ", "    "),
                (_, heading) => self.style.lines(&format!("{heading}: {cell}"), "  ", "    "),
            }
        };
        let row = |row: &Vec<String>| {
            let shown = row.iter().enumerate().filter(|(i, text)| !without.contains(i) && !text.is_empty());
            shown.flat_map(cell).collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(row).collect()
    }

    /// Its lines without some columns, with headings of at most so many lines.
    fn lines(&self, without: &[usize], height: usize) -> Vec<String> {
        self.laid_out(without, GridLayout { height, first: Some(usize::MAX), last: usize::MAX })
    }

    fn laid_out(&self, without: &[usize], layout: GridLayout) -> Vec<String> {
        let style = self.style;
        let kept = |row: &[String]| {
            let cells = row.iter().enumerate().filter(|(i, _)| !without.contains(i));
            cells.map(|(_, cell)| style.signs(cell)).collect::<Vec<_>>()
        };
        let labels = match layout.first {
            Some(most) => distinct(&self.labels(), most, style.gap()),
            None => vec![String::new(); self.rows.len()],
        };
        let body = self.rows.iter().zip(labels).map(|(row, label)| {
            let mut cells: Vec<String> =
                std::iter::once(label).chain(kept(row).into_iter().skip(1)).collect();
            let words = cells.last_mut().filter(|_| layout.last < usize::MAX);
            let mut rest = Vec::new();
            if let Some(words) = words {
                let mut lines = folded(words, layout.last).into_iter();
                *words = lines.next().unwrap_or_default();
                rest.extend(lines);
            }
            let blanks = vec![String::new(); cells.len() - 1];
            let further = rest.into_iter().map(|line| [blanks.clone(), vec![line]].concat());
            std::iter::once(cells).chain(further).collect()
        });
        let body: Vec<Vec<Vec<String>>> = body.collect();
        let heads = folded_heads(&kept(self.head), layout.height);
        let heights: Vec<usize> = body.iter().map(Vec::len).collect();
        let above = heads.len() + 1;
        let rows = body.into_iter().flatten().map(Some);
        let rows: Vec<_> = heads.into_iter().map(Some).chain([None]).chain(rows).collect();
        let numbers = self.numbers - without.iter().filter(|i| **i <= self.numbers).count();
        let mut lines = columns(&rows, numbers, style.rule());
        if layout.first.is_none() {
            let mut rest = lines.split_off(above).into_iter();
            for (row, height) in self.rows.iter().zip(heights) {
                lines.extend(row.first().map_or(Vec::new(), |label| style.lines(label, "", "  ")));
                lines.extend(rest.by_ref().take(height));
            }
        }
        lines
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
    fn what_no_cut_keeps_apart_stands_above_its_row_and_then_in_lines_of_its_own() {
        let names = ["a-customer-of-the-east-in-the-north", "a-customer-of-the-west-in-the-north"];
        let more = ["b-customer-of-the-west-in-the-north", "a-customer-of-the-west-in-the-south"];
        let rows: Vec<Vec<String>> =
            names.iter().chain(&more).map(|name| vec![name.to_string(), "12.0 ms".into()]).collect();
        let head = ["metric", "p99"].map(String::from);
        let at = |width| Style { width, ..Style::default() }.grid(&head, &rows, 1, &[]);
        let lines = at(24);
        assert!(lines.iter().all(|line| width_of(line) <= 24), "{lines:#?}");
        assert_eq!(lines.iter().filter(|line| *line == "        12.0 ms").count(), 4, "{lines:#?}");
        // All of each name is there.
        let told: String = lines.iter().map(|line| line.trim()).collect();
        assert!(names.iter().chain(&more).all(|name| told.contains(name)), "{lines:#?}");
        let lines = at(12);
        assert!(lines.contains(&"  p99: 12.0".to_string()), "{lines:#?}");
    }

    #[test]
    fn words_at_the_end_of_a_row_go_on_in_the_next_line() {
        let style = Style { width: 40, ..Style::default() };
        let row = ["in-process", "4.45 ms", "INVALID (lateness, stalls, a law)"].map(String::from).to_vec();
        let lines = style.grid(&["target", "p99", "trust"].map(String::from), &[row], 1, &[]);
        let expected = ["in-process  4.45 ms  INVALID (lateness,", "                     stalls, a law)"];
        assert_eq!(lines[2..], expected, "{lines:#?}");
    }

    #[test]
    fn what_is_cut_is_ascii_where_that_is_asked_for() {
        let style = Style { width: 34, ascii: true, ..Style::default() };
        let rows = ["kunden-in-österreich", "kunden-in-norwegen-und-schweden"];
        let rows = rows.map(|name| [name, "12.0 ms", "≈ 13 ±1 ms"].map(String::from).to_vec());
        let lines = style.grid(&["", "a", "b"].map(String::from), &rows, 2, &[]);
        assert!(lines.iter().all(|line| line.is_ascii() && line.len() <= 34), "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("...")), "{lines:#?}");
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
