//! How text in a terminal should look: its width, its signs, its colours.

use super::text::{Paint, columns, distinct, joined, plain, wrap};

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
        lines.iter().all(|line| line.chars().count() <= self.width)
    }

    /// Rows below a heading, with so many columns of numbers after the first. Where they are too wide,
    /// columns are left out, those named first first, which is said; what is too wide still has its first
    /// column cut.
    pub(super) fn grid(
        &self,
        head: &[String],
        rows: &[Vec<String>],
        numbers: usize,
        leave_out: &[usize],
    ) -> Vec<String> {
        let made = |without: &[usize], first: usize| {
            let kept = |row: &[String]| {
                let cells = row.iter().enumerate().filter(|(i, _)| !without.contains(i));
                cells.map(|(_, cell)| self.signs(cell)).collect::<Vec<_>>()
            };
            let labels: Vec<String> = rows.iter().filter_map(|row| row.first().cloned()).collect();
            let labels = distinct(&labels, first);
            let body = rows.iter().zip(labels).map(|(row, label)| {
                let mut cells = kept(row);
                cells[0] = self.signs(&label);
                Some(cells)
            });
            let lines: Vec<_> = [Some(kept(head)), None].into_iter().chain(body).collect();
            columns(&lines, numbers - without.iter().filter(|i| **i <= numbers).count(), self.rule())
        };
        for count in 0..=leave_out.len() {
            let without = &leave_out[..count];
            let mut lines = made(without, usize::MAX);
            if count == leave_out.len() && !self.fits(&lines) {
                let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
                let first = rows.iter().filter_map(|row| row.first()).map(|c| c.chars().count()).max();
                let room = first.unwrap_or(0).saturating_sub(widest.saturating_sub(self.width)).max(8);
                lines = made(without, room);
            } else if !self.fits(&lines) {
                continue;
            }
            if !without.is_empty() {
                let names: Vec<&str> = without.iter().map(|i| head[*i].as_str()).collect();
                let said = format!("left out for want of room, and in the files: {}", names.join("; "));
                lines.extend(self.lines(&said, "", ""));
            }
            return lines;
        }
        Vec::new()
    }

    /// Paragraphs of a heading and what belongs to it, each line wrapped under its own indent.
    pub fn paragraphs(&self, told: impl IntoIterator<Item = Vec<String>>) -> String {
        let line = |line: String| {
            let indent = " ".repeat(line.len() - line.trim_start().len());
            self.lines(line.trim_start(), &indent, &indent)
        };
        joined(told.into_iter().map(|lines| lines.into_iter().flat_map(line).collect()))
    }

    /// Where files went, in a line: their folder, what people open first, and how many others there are.
    pub(super) fn files(&self) -> Vec<String> {
        let Some(first) = self.written.first() else { return Vec::new() };
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
