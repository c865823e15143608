//! Where words go: data to stdout, the rest to stderr; colour only for a person who wants it.

use super::End;
use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether whoever started the program had closed its stdout.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether there is no stdout. The runtime opens `/dev/null` in the place of a stream that is closed, so that all writing succeeds: one has
/// to look before it does.
pub fn is_stdout_closed() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

#[cfg(target_os = "linux")]
mod before_main {
    use super::{CLOSED, Ordering};

    extern "C" fn look() {
        // SAFETY: F_GETFD asks whether a descriptor is open and changes nothing.
        let closed = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) } == -1;
        CLOSED.store(closed, Ordering::Relaxed);
    }

    // SAFETY: the loader calls the functions of this section once before `main`; this one needs nothing of the runtime.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;
}

/// Writes to stdout and says how that ended.
///
/// A reader that has seen enough (`| head`) is no error, and what was found decides the exit code all the same; a full disk
/// behind `> file` is one.
pub fn out(text: &str) -> End {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(harmless(text).as_bytes()).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            note(&format!("error: cannot write to stdout: {}\n", super::files::reason(&e)));
            End::Failed
        }
        _ => End::Fine,
    }
}

/// Writes to stderr; if nobody can read it, there is nobody to tell.
pub fn note(text: &str) {
    let _ = std::io::stderr().lock().write_all(harmless(text).as_bytes());
}

/// The text with control characters spelt out, which a name from outside could hold; line ends, tabs and colours are the program's own.
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
pub fn colour_on_stderr() -> bool {
    wants_colour(std::io::stderr().is_terminal())
}

/// Whether stdout shows colour.
pub fn colour_on_stdout() -> bool {
    wants_colour(std::io::stdout().is_terminal())
}

/// <https://no-color.org>: any value that is not empty switches colour off.
fn wants_colour(terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    set("CLICOLOR_FORCE") && !set("NO_COLOR") || terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
}

/// The width of the terminal, or 100 columns where there is none.
pub fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    columns.or_else(terminal_width).unwrap_or(100).clamp(60, 160)
}

fn terminal_width() -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize, which lives until the call returns.
    let known = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) } == 0;
    (known && size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelt_out() {
        assert_eq!(harmless("a\tb\n"), "a\tb\n");
        assert_eq!(harmless("\u{1b}[1;31mred\u{1b}[0m"), "\u{1b}[1;31mred\u{1b}[0m");
        assert_eq!(harmless("\u{1b}[2Jgone\u{7}\r\u{9b}x"), "\\u{1b}[2Jgone\\u{7}\\r\\u{9b}x");
    }
}
