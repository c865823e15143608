//! A sorted map that is asked for one key after the other in their order.

use std::cmp::Ordering;
use std::collections::btree_map::{BTreeMap, IterMut};

/// The values of a map for keys that come in increasing order: each costs a step, not a search.
pub(super) struct Ascending<'a, V> {
    rest: IterMut<'a, String, V>,
    next: Option<(&'a String, &'a mut V)>,
}

impl<'a, V> Ascending<'a, V> {
    pub(super) fn of(map: &'a mut BTreeMap<String, V>) -> Self {
        let mut rest = map.iter_mut();
        Ascending { next: rest.next(), rest }
    }

    /// The value of a key that is larger than those that were asked for before.
    pub(super) fn get(&mut self, key: &str) -> Option<&mut V> {
        loop {
            match self.next.as_ref()?.0.as_str().cmp(key) {
                Ordering::Less => self.next = self.rest.next(),
                Ordering::Equal => return self.next.as_mut().map(|(_, value)| &mut **value),
                Ordering::Greater => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_value_whatever_lies_between() {
        let mut map: BTreeMap<String, u32> =
            [("b", 2), ("d", 4), ("e", 5)].map(|(k, v)| (k.into(), v)).into();
        let mut ascending = Ascending::of(&mut map);
        let found = ["a", "b", "c", "e", "f"].map(|key| ascending.get(key).copied());
        assert_eq!(found, [None, Some(2), None, Some(5), None]);
    }
}
