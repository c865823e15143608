//! Names of what a run makes on a broker: nobody else's are ever declared, purged or deleted.

use crate::load::targets::Opening;
use std::hash::{BuildHasher, Hasher, RandomState};

/// How the names of all runs begin.
const PREFIX: &str = "queuelab";

/// The letters of a run's own part: base 32.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Whether a name was made by a run of this program, on a broker whose names have parts separated so.
pub(in crate::load::targets) fn is_of_a_run(name: &str, separator: char) -> bool {
    let mut parts = name.splitn(3, separator);
    let mut next = || parts.next().unwrap_or("");
    let (prefix, run, rest) = (next(), next(), next());
    prefix == PREFIX
        && run.len() == 8
        && run.bytes().all(|letter| LETTERS.contains(&letter))
        && !rest.is_empty()
}

/// The names of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::load::targets) struct RunNames {
    run: String,
}

impl RunNames {
    /// Those of a new run: eight random characters of base 32.
    pub(in crate::load::targets) fn new() -> Self {
        // The standard library's hashers have random keys.
        let random = RandomState::new().build_hasher().finish();
        let run = (0..8).map(|i| char::from(LETTERS[(random >> (5 * i)) as usize & 31])).collect();
        RunNames { run }
    }

    /// Those of a session: of a run that has a name, or of a new one.
    pub(in crate::load::targets) fn of_session(opening: &Opening<'_>) -> Self {
        opening.session.map_or_else(RunNames::new, |session| RunNames { run: session.run.into() })
    }

    /// The run's own part of the names.
    pub(in crate::load::targets) fn run(&self) -> &str {
        &self.run
    }

    /// A queue, topic or stream: `queuelab.<run>.<name>`.
    pub(in crate::load::targets) fn of(&self, name: &str) -> String {
        format!("{PREFIX}.{}.{name}", self.run)
    }

    /// What an operator sees of a connection.
    pub(in crate::load::targets) fn connection(&self) -> String {
        format!("{PREFIX} {} {}", env!("CARGO_PKG_VERSION"), self.run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_names_of_their_own() {
        let (one, two) = (RunNames::new(), RunNames::new());
        assert_ne!(one, two);
        let name = one.of("jobs");
        let parts: Vec<&str> = name.split('.').collect();
        assert_eq!((parts[0], parts[1].len(), parts[2]), ("queuelab", 8, "jobs"));
        assert!(is_of_a_run(&name, '.') && is_of_a_run("queuelab-abcdefg7-a-b", '-'));
        for other in ["queuelab.jobs", "queuelab.abcdefgh.", "queuelab.Abcdefgh.x", "my.abcdefgh.jobs", &name]
        {
            assert!(!is_of_a_run(other, if other == name { '-' } else { '.' }), "{other}");
        }
    }
}
