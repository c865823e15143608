//! What can be measured: the targets, what each plays, and what stands against a scenario.

pub(crate) use crate::load::{Support, TARGETS, TargetEntry, leftovers, refusals, told};
