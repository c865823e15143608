//! Where words go: data to stdout, the rest to stderr; colour only for a person who wants it.

use super::End;
use std::io::{IsTerminal, Write};

/// Writes to stdout and says how that ended.
///
/// A reader that has seen enough (`| head`) is no error, and what was found decides the exit code all the same; a full disk
/// behind `> file` is one.
pub fn out(text: &str) -> End {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            note(&format!("error: cannot write to stdout: {}\n", super::files::reason(&e)));
            End::Failed
        }
        _ => End::Fine,
    }
}

/// Writes to stderr; if nobody can read it, there is nobody to tell.
pub fn note(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
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
