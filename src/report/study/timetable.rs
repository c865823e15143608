//! What is said of producers that follow timetables.

use crate::study::explained::TimetableNote;
use crate::units::{Time, significant};

/// A sentence without a full stop.
pub(super) fn timetable(note: &TimetableNote) -> String {
    let figure = |x: f64| significant(x, 4);
    match note {
        TimetableNote::Producer { name, lasts, repeats: true, rate, highest } => format!(
            "producer `{name}` follows a timetable that repeats every {}: loads are those of its mean rate, \
             {}/s; the highest is {}/s",
            Time(*lasts),
            figure(*rate),
            figure(*highest)
        ),
        TimetableNote::Producer { name, lasts, repeats: false, rate, highest } => format!(
            "producer `{name}` follows a timetable: loads are those of its last rate, {}/s, which stays after \
             {}, not of its highest, {}/s",
            figure(*rate),
            Time(*lasts),
            figure(*highest)
        ),
        TimetableNote::Queue { name, rho, peak } => {
            format!(
                "queue `{name}` has rho = {} at these rates and {} at the peak",
                figure(*rho),
                figure(*peak)
            )
        }
    }
}
