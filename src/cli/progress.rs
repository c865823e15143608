//! Progress on stderr: a bar with the time left for a person, nothing where nobody looks; Ctrl-C asks work to
//! end.

use super::system;
use crate::study::Watch;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// A watch that draws a bar if stderr is a terminal.
pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub(super) fn new(quiet: bool) -> Self {
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(10) };
        let bar = ProgressBar::with_draw_target(Some(1000), target);
        let style = ProgressStyle::with_template("{prefix:<12} [{bar:24}] {percent:>3} %  {msg}  {left}")
            .expect("the template is well formed")
            .with_key("left", left)
            .progress_chars("=> ");
        bar.set_style(style);
        bar.enable_steady_tick(Duration::from_millis(250));
        listen();
        Bar { bar }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Hears Ctrl-C, and that the terminal or the machine asks the program to end (SIGHUP, SIGTERM); the second
/// time it ends at once.
fn listen() {
    let hangups = system::ignores_hangups();
    // A second handler in one process is refused; the first one serves as well.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
    if hangups {
        system::ignore_hangups();
    }
}

/// Asks work to end, as Ctrl-C does.
pub(super) fn stop() {
    INTERRUPTED.store(true, Ordering::SeqCst);
}

/// Whether work was asked to end.
pub(super) fn is_stopped() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// The time left, once anything is known of it.
fn left(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    if state.pos() > 0 {
        // A line that cannot be written is drawn again a moment later.
        let _ = write!(out, "{:#} left", HumanDuration(state.eta()));
    }
}

impl Watch for Bar {
    fn says(&self, what: &str, done: f64, detail: &str) {
        if self.bar.prefix() != what {
            self.bar.set_prefix(what.to_string());
            self.bar.reset();
        }
        self.bar.set_message(detail.to_string());
        self.bar.set_position((done.clamp(0.0, 1.0) * 1000.0) as u64);
    }

    fn stopped(&self) -> bool {
        is_stopped()
    }
}
