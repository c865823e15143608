//! Progress on stderr: a bar with the time left for a person, nothing where nobody looks; Ctrl-C asks work to
//! end.

use super::{style, system};
use crate::study::Watch;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static PHASE: AtomicU8 = AtomicU8::new(PREPARED);
/// Nothing has told of its progress yet: nobody asks whether to end, and there is nothing to be kept.
const PREPARED: u8 = 0;
/// Something is played or measured, and asks whether to end.
const UNDER_WAY: u8 = 1;
/// All that can be asked to end has ended: what is left is to write down what came of it.
const ENDED: u8 = 2;
/// For so long what is being prepared may go on after it was asked to end: work that begins meanwhile ends in
/// good order.
const GRACE: Duration = Duration::from_millis(800);

/// A watch that draws a bar if stderr is a terminal.
pub(super) struct Bar {
    bar: ProgressBar,
    quiet: bool,
    /// What was warned of last, which is not said twice.
    warned: Mutex<String>,
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
        Bar { bar, quiet, warned: Mutex::default() }
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
        PHASE.store(ENDED, Ordering::SeqCst);
    }
}

/// The time since it was started, by the clock of the bars.
#[derive(Debug)]
pub(super) struct Stopwatch(ProgressBar);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Stopwatch(ProgressBar::hidden())
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Hears Ctrl-C, and that the terminal or the machine asks the program to end (SIGHUP, SIGTERM); the second
/// time it ends at once, and the first time where nothing asks for it.
fn listen() {
    let hangups = system::ignores_hangups();
    // A second handler in one process is refused; the first one serves as well.
    let _ = ctrlc::set_handler(|| {
        let phase = PHASE.load(Ordering::SeqCst);
        let again = INTERRUPTED.swap(true, Ordering::SeqCst);
        if !again && phase == PREPARED {
            std::thread::sleep(GRACE);
        }
        if again || phase != UNDER_WAY && PHASE.load(Ordering::SeqCst) == phase {
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
        PHASE.store(UNDER_WAY, Ordering::SeqCst);
        if self.bar.prefix() != what {
            self.bar.set_prefix(what.to_string());
            self.bar.reset();
        }
        self.bar.set_message(detail.to_string());
        self.bar.set_position((done.clamp(0.0, 1.0) * 1000.0) as u64);
    }

    fn warns(&self, text: &str) {
        let before = std::mem::replace(&mut *self.warned.lock(), text.to_string());
        if !self.quiet && before != text {
            let note = super::plain_style().paragraphs([vec![format!("note: {text}")]]);
            self.bar.suspend(|| style::note(&note));
        }
    }

    fn stopped(&self) -> bool {
        is_stopped()
    }
}
