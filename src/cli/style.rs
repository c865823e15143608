//! Where words go: data to stdout, the rest to stderr; colour only for a person who wants it.

use super::{Ending, system};
use crate::report::Style;
use std::borrow::Cow;
use std::io::{IsTerminal, Write};

/// Writes to stdout and says how that ended.
///
/// A reader that has seen enough (`| head`) is no error, and what was found decides the exit code all the
/// same; a full disk behind `> file` is one.
pub(super) fn out(text: &str) -> Ending {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(harmless(text).as_bytes()).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            note(&format!("error: cannot write to stdout: {}\n", super::system::reason(&e)));
            Ending::Failed
        }
        _ => Ending::Fine,
    }
}

/// Writes to stderr; if nobody can read it, there is nobody to tell.
pub(super) fn note(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let text = if stderr.is_terminal() { wrapped(text, width()) } else { text.into() };
    let _ = stderr.write_all(harmless(&text).as_bytes());
}

/// The text with its sentences broken between words where they are wider than the terminal.
fn wrapped(text: &str, width: usize) -> String {
    let line = |line: &str| {
        let sentence = ["note: ", "error: "].iter().any(|begin| line.starts_with(begin));
        match sentence && line.chars().count() > width {
            true => Style { width, ..Style::default() }.paragraphs([vec![line.trim_end().to_string()]]),
            false => line.to_string(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

/// The text with control characters spelt out, which a name from outside could hold; line ends, tabs and
/// colours are the program's own.
fn harmless(text: &str) -> Cow<'_, str> {
    let suspicious = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(suspicious) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(suspicious) {
        let (before, from) = rest.split_at(at);
        out += before;
        let colour = colour_at(from);
        let taken = if colour > 0 { colour } else { from.chars().next().map_or(1, char::len_utf8) };
        if colour > 0 {
            out += &from[..colour];
        } else {
            out.extend(from[..taken].chars().flat_map(char::escape_default));
        }
        rest = &from[taken..];
    }
    Cow::Owned(out + rest)
}

/// How long the colour sequence is that a text begins with: `ESC [ numbers m`.
fn colour_at(text: &str) -> usize {
    let Some(numbers) = text.strip_prefix("\u{1b}[") else { return 0 };
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(numbers.len());
    if numbers[end..].starts_with('m') { 2 + end + 1 } else { 0 }
}

/// Whether stderr shows colour.
pub(super) fn colour_on_stderr() -> bool {
    wants_colour(std::io::stderr().is_terminal())
}

/// Whether stdout shows colour.
pub(super) fn colour_on_stdout() -> bool {
    wants_colour(std::io::stdout().is_terminal())
}

/// <https://no-color.org>: any value that is not empty switches colour off.
fn wants_colour(terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    set("CLICOLOR_FORCE") && !set("NO_COLOR")
        || terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
}

/// The width of the terminal, or 100 columns where there is none.
pub(super) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    columns.or_else(system::terminal_width).unwrap_or(100).clamp(60, 160)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_between_words() {
        let text = "note: one two three four\n  as it is, however long\nerror: short\n";
        assert_eq!(wrapped(text, 14), "note: one two\nthree four\n  as it is, however long\nerror: short\n");
    }

    #[test]
    fn control_characters_are_spelt_out() {
        assert_eq!(harmless("a\tb\n"), "a\tb\n");
        assert_eq!(harmless("\u{1b}[1;31mred\u{1b}[0m"), "\u{1b}[1;31mred\u{1b}[0m");
        assert_eq!(harmless("\u{1b}[2Jgone\u{7}\r\u{9b}x"), "\\u{1b}[2Jgone\\u{7}\\r\\u{9b}x");
    }
}
