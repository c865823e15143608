//! What only the operating system can tell a program with a terminal, and what it says when a file fails; the
//! one place of this folder with calls into it.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering};

/// Why a file could not be read or written, without the number of the system's error.
pub(super) fn reason(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::InvalidData {
        return "it is not UTF-8 text; save it as such".into();
    }
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// Whether whoever started the program had closed its stdout.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether there is no stdout. The runtime opens `/dev/null` in the place of a stream that is closed, so that
/// all writing succeeds: one has to look before it does.
pub(super) fn is_stdout_closed() -> bool {
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

    // SAFETY: the loader calls the functions of this section once before `main`; this one needs nothing of
    // the runtime.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;
}

/// The columns of the terminal that stdout is, if it is one.
pub(super) fn terminal_width() -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize, which lives until the call returns.
    let known = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) } == 0;
    (known && size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// Whether whoever started the program wants it to outlive its terminal, as `nohup` does.
#[cfg(unix)]
pub(super) fn ignores_hangups() -> bool {
    // SAFETY: a null action asks for the present one, which is written to `old`.
    unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGHUP, std::ptr::null(), &raw mut old) == 0
            && old.sa_sigaction == libc::SIG_IGN
    }
}

/// Lives on when the terminal is closed.
#[cfg(unix)]
pub(super) fn ignore_hangups() {
    // SAFETY: ignoring a signal runs no code.
    unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
}

#[cfg(not(unix))]
pub(super) fn ignores_hangups() -> bool {
    false
}

#[cfg(not(unix))]
pub(super) fn ignore_hangups() {}
