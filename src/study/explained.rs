//! What a scenario is in the literature's words, as theory sees it.

pub(crate) use crate::theory::{Explanation, Load, ModelNote, Parts, TimetableNote, explain, timetables};
