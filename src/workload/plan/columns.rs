//! Which groups of consumers share a column of demands.

use super::{Group, PlannedProducer};
use std::collections::HashSet;

/// The column of each group whose work is planned, and how many columns there are: groups to which one
/// producer sends have different ones, others share them. Queues that have nothing to do with one another
/// thus need a single column, however many they are.
pub(super) fn columns(sources: &[PlannedProducer<'_>], groups: &[Group<'_>]) -> (Vec<Option<u32>>, usize) {
    // Producers that send alike constrain the columns alike.
    let together: HashSet<&[usize]> = sources.iter().map(|source| source.to).collect();
    let mut sets_of: Vec<Vec<usize>> = vec![Vec::new(); groups.len()];
    for (set, to) in together.iter().enumerate() {
        to.iter().filter(|g| groups[**g].direct).for_each(|&g| sets_of[g].push(set));
    }
    let mut taken: Vec<Vec<bool>> = vec![Vec::new(); together.len()];
    let mut width = 0;
    let column = |sets: &Vec<usize>| {
        let is_free = |column: &usize| sets.iter().all(|&set| taken[set].get(*column) != Some(&true));
        let column = (0..).find(is_free).filter(|_| !sets.is_empty())?;
        for &set in sets {
            let taken = &mut taken[set];
            taken.resize(taken.len().max(column + 1), false);
            taken[column] = true;
        }
        width = width.max(column + 1);
        Some(column as u32)
    };
    (sets_of.iter().map(column).collect(), width)
}
