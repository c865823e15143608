//! Finding where failing turns into passing, on positions from the hardest to the easiest.

use super::super::watch::Watch;

/// Positions that the cheap estimate looks at before it halves the bracket.
const LOOKS: usize = 33;

/// What the cheap estimate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hint {
    /// The first position that passes, or the last one if none does.
    pub first: usize,
    /// A position after it that fails again.
    pub first_fall: Option<usize>,
}

/// Asks a cheap estimate about positions evenly over all, then halves between the last failure and the first
/// success.
pub(super) fn bracket<E>(
    positions: usize,
    passes: &mut dyn FnMut(usize) -> Result<bool, E>,
) -> Result<Hint, E> {
    let last = positions - 1;
    let looks = LOOKS.min(positions);
    let mut seen = Vec::with_capacity(looks);
    for i in 0..looks {
        let position = if looks > 1 { i * last / (looks - 1) } else { 0 };
        seen.push((position, passes(position)?));
    }
    let Some(i) = seen.iter().position(|s| s.1) else { return Ok(Hint { first: last, first_fall: None }) };
    let first_fall = seen[i..].iter().find(|s| !s.1).map(|s| s.0);
    let (mut low, mut high) = (i.checked_sub(1).map(|before| seen[before].0), seen[i].0);
    while let Some(fails) = low.filter(|l| high - l > 1) {
        let middle = fails.midpoint(high);
        if passes(middle)? {
            high = middle;
        } else {
            low = Some(middle);
        }
    }
    Ok(Hint { first: high, first_fall })
}

/// The first position that passes, its predecessor having been asked and not passed: from a hint outwards in
/// growing steps, then by halves. `None` if the easiest does not pass.
pub(super) fn boundary<E>(
    positions: usize,
    hint: usize,
    watch: &dyn Watch,
    passes: &mut dyn FnMut(usize) -> Result<bool, E>,
) -> Result<Option<usize>, E> {
    let last = positions - 1;
    let (mut low, mut high, mut at, mut step) = (None::<usize>, None::<usize>, hint, 1);
    loop {
        watch.says("capacity", 0.0, &format!("value {} of {positions}", at + 1));
        if passes(at)? {
            high = Some(at);
        } else {
            low = Some(at);
        }
        at = match (low, high) {
            (Some(l), Some(h)) if h - l <= 1 => return Ok(high),
            (None, Some(0)) => return Ok(high),
            (Some(l), None) if l == last => return Ok(None),
            _ if watch.stopped() => return Ok(high),
            (Some(l), Some(h)) => l.midpoint(h),
            (None, Some(h)) => h.saturating_sub(step),
            (Some(l), None) => (l + step).min(last),
            (None, None) => return Ok(None),
        };
        step *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::watch::NoProgress;
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn the_boundary_is_found_from_any_hint() {
        for first in 0..50 {
            for hint in 0..50 {
                let mut asked = Vec::new();
                let mut passes = |at: usize| -> Result<bool, Infallible> {
                    asked.push(at);
                    Ok(at >= first)
                };
                let found = boundary(50, hint, &NoProgress, &mut passes);
                assert_eq!(found, Ok(Some(first)));
                assert!(
                    first == 0 || asked.contains(&(first - 1)),
                    "the neighbour of {first} was not asked from {hint}"
                );
                assert!(asked.len() <= 13, "{} questions", asked.len());
            }
        }
        assert_eq!(boundary(50, 10, &NoProgress, &mut |_| Ok::<_, Infallible>(false)), Ok(None));
    }

    #[test]
    fn the_bracket_notices_what_gets_worse_again() {
        let hint = |passes: fn(usize) -> bool| {
            bracket(400, &mut |at| Ok::<_, Infallible>(passes(at))).expect("nothing is refused")
        };
        assert_eq!(hint(|at| at >= 137), Hint { first: 137, first_fall: None });
        assert_eq!(hint(|_| false), Hint { first: 399, first_fall: None });
        let hump = hint(|at| (137..200).contains(&at));
        assert!(hump.first == 137 && hump.first_fall.is_some_and(|at| at >= 200), "{hump:?}");
    }
}
