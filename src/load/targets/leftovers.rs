//! What earlier runs left on brokers, because they were killed.

use super::{TARGETS, TargetEntry};
use crate::load::LoadError;

/// Names on a broker that runs of this program made, and how they are deleted.
pub(crate) struct Leftovers {
    names: Vec<String>,
    delete: Deletion,
}

/// Deletes what has a name.
type Deletion = Box<dyn FnMut(&str) -> Result<(), LoadError>>;

/// How what a run left goes away.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clearing {
    /// By itself, as the text says.
    ByItself(&'static str),
    /// By this program; `None` in one that was built without its client.
    ByUs(Option<fn() -> Result<Leftovers, LoadError>>),
}

impl Leftovers {
    #[cfg_attr(not(feature = "brokers-common"), allow(dead_code, reason = "only brokers keep what is left"))]
    pub(super) fn new(
        mut names: Vec<String>,
        delete: impl FnMut(&str) -> Result<(), LoadError> + 'static,
    ) -> Self {
        names.sort_unstable();
        Leftovers { names, delete: Box::new(delete) }
    }

    /// What is there, or was deleted, name by name.
    fn told(mut self, delete: bool) -> Vec<String> {
        if self.names.is_empty() {
            return vec!["nothing is left of earlier runs".into()];
        }
        let one = |name: &String| match delete.then(|| (self.delete)(name)) {
            None => name.clone(),
            Some(Ok(())) => format!("{name}: deleted"),
            Some(Err(why)) => format!("{name}: not deleted: {why}"),
        };
        self.names.iter().map(one).collect()
    }
}

impl TargetEntry {
    /// What earlier runs left on the broker, in lines; `None` of a target within this process.
    fn leftovers(&self, delete: bool) -> Option<Vec<String>> {
        Some(match self.broker?.clearing {
            Clearing::ByItself(how) => vec![how.into()],
            Clearing::ByUs(None) => {
                vec![format!(
                    "not in this program: build it with --features {}",
                    self.feature.unwrap_or(self.name)
                )]
            }
            Clearing::ByUs(Some(find)) => {
                find().map_or_else(|why| vec![why.to_string()], |leftovers| leftovers.told(delete))
            }
        })
    }
}

/// What earlier runs left on all brokers that answer, by target; deleted where that is asked.
pub(crate) fn leftovers(delete: bool) -> Vec<(&'static str, Vec<String>)> {
    TARGETS.iter().filter_map(|target| Some((target.name, target.leftovers(delete)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::sync::Arc;

    #[test]
    fn names_are_listed_and_deleted_only_if_that_is_asked() {
        let deleted = Arc::new(Mutex::new(Vec::new()));
        let left = |deleted: &Arc<Mutex<Vec<String>>>| {
            let deleted = Arc::clone(deleted);
            Leftovers::new(vec!["b".into(), "a".into()], move |name| {
                deleted.lock().push(name.to_string());
                Ok(())
            })
        };
        assert_eq!(left(&deleted).told(false), ["a", "b"]);
        assert_eq!(*deleted.lock(), [""; 0]);
        assert_eq!(left(&deleted).told(true), ["a: deleted", "b: deleted"]);
        assert_eq!(*deleted.lock(), ["a", "b"]);
        assert_eq!(Leftovers::new(Vec::new(), |_| Ok(())).told(true), ["nothing is left of earlier runs"]);
    }
}
