//! Whatever is read, nothing panics, and nothing takes long.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for text in [
        "[".repeat(50_000),
        format!("a = {}", "[".repeat(50_000)),
        format!("a{} = 1", ".a".repeat(50_000)),
        format!("[a{}]", ".a".repeat(50_000)),
    ] {
        assert!(read(&text).is_err());
        let set = format!("producers.web.keys={}", "{a=".repeat(20_000));
        assert!(parse(&given(&set), &NoFiles).is_err());
    }
}

/// Pieces that mutations put into a scenario.
const PIECES: &[&str] = &[
    "-1",
    "0",
    "1e400",
    "nan",
    "inf",
    "\"",
    "{",
    "}",
    "[",
    "]",
    "=",
    "..",
    "\"2..8\"",
    "\"orders\"",
    "\"events\"",
    "\u{feff}",
    "\u{0}",
    "é",
    "1979-05-27",
    "true",
    "99999999999999999999",
    "\"4ms\"",
    "\"900/s\"",
    "[[a]]",
    "{ law = \"exponential\" }",
    "\"exponential((\"",
    "\n",
    "'",
    "#",
];

/// A file that is no scenario at all is told of in about the time in which it is read, a hundred thousand
/// mistakes or one.
#[test]
fn every_line_of_a_long_file_that_is_no_scenario_is_told_of_once() {
    let lines = 100_000;
    for line in ["= 1 = 2\n", "x = 1\n"] {
        let problems = read(&line.repeat(lines)).expect_err("no scenario");
        let first = usize::from(line.starts_with('x'));
        assert_eq!(problems.len(), lines - first, "{line}");
        assert!(
            problems
                .render(false)
                .contains(&format!("… and {} more", problems.len() - crate::scenario::problem::SHOWN)),
            "{line}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn mutated_scenarios_never_panic(edits in prop::collection::vec((0..WHOLE.len(), 0..40_usize, 0..PIECES.len()), 1..6)) {
        let mut text = String::from(WHOLE);
        for (at, length, piece) in edits {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, PIECES[piece]);
        }
        if let Err(problems) = read(&text) {
            prop_assert!(!problems.render(true).is_empty() && problems.positions().count() == problems.len());
        }
    }

    #[test]
    fn random_text_never_panics(text in "\\PC{0,200}", set in "[a-z.=\"'{\\[ 0-9é]{0,40}") {
        prop_assert!(read(&text).is_err());
        let source = given(&set).objective(&set);
        if let Err(problems) = parse(&source, &NoFiles) {
            prop_assert!(!problems.render(false).is_empty());
        }
    }
}
