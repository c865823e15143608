//! Plots as PNG (feature `png`), for where SVG is not taken: twice as large, on white.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{FontResolver, Options, Tree, fontdb};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

/// Pixels of the picture for one of the plot.
const SCALE: f32 = 2.0;
/// Fonts that do where a plot's own are not there, the best first.
const STAND_INS: [&str; 4] = ["DejaVu Sans", "Liberation Sans", "Noto Sans", "Arial"];

/// Why a plot cannot be drawn.
#[derive(Debug, Error)]
pub enum PngError {
    /// Its words cannot be written.
    #[error(
        "no font is installed, and a plot without its words says nothing; install one, such as Debian's \
         fonts-dejavu-core, or write --format svg"
    )]
    NoFont,
    /// It is not an SVG that can be read.
    #[error(transparent)]
    Svg(#[from] resvg::usvg::Error),
    /// It has no size.
    #[error("it has no size")]
    NoSize,
    /// The picture cannot be written.
    #[error("{0}")]
    Encoding(String),
}

/// A plot as PNG, and letters that no installed font has, which are boxes in it: the first of each of its texts.
///
/// # Errors
/// There is no font for its words, or it cannot be drawn.
pub fn png(svg: &str) -> Result<(Vec<u8>, BTreeSet<char>), PngError> {
    let missing = Mutex::new(BTreeSet::new());
    let other_font = FontResolver::default_fallback_selector();
    let mut options = Options::default();
    options.font_resolver.select_fallback = Box::new(|letter, used, fonts| {
        let found = other_font(letter, used, fonts);
        if found.is_none() {
            missing.lock().unwrap_or_else(PoisonError::into_inner).insert(letter);
        }
        found
    });
    let fonts = options.fontdb_mut();
    fonts.load_system_fonts();
    let family = stand_in(fonts).ok_or(PngError::NoFont)?;
    // What a plot asks for last is any font without serifs.
    fonts.set_sans_serif_family(family);
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size().to_int_size();
    let side = |pixels: u32| (pixels as f32 * SCALE) as u32;
    let mut picture = Pixmap::new(side(size.width()), side(size.height())).ok_or(PngError::NoSize)?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut picture.as_mut());
    let bytes = picture.encode_png().map_err(|why| PngError::Encoding(why.to_string()))?;
    drop(options);
    Ok((bytes, missing.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// The family of a font that is there.
fn stand_in(fonts: &fontdb::Database) -> Option<String> {
    let family = |face: &fontdb::FaceInfo| face.families.first().map(|family| family.0.clone());
    let known = STAND_INS
        .iter()
        .find(|name| fonts.faces().any(|face| face.families.iter().any(|family| family.0 == **name)));
    let any = || fonts.faces().find(|face| !face.monospaced).and_then(family);
    known.map(|name| (*name).to_string()).or_else(any).or_else(|| fonts.faces().next().and_then(family))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Frame, fixtures, plots};

    #[test]
    fn letters_that_no_font_has_are_told() {
        let svg = |words: &str| {
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"20\" \
                 font-family=\"sans-serif\"><text x=\"1\" y=\"15\">{words}</text></svg>"
            )
        };
        // A code point for private use, which no font of words has.
        match png(&svg("a\u{10fffd}")) {
            Ok((_, missing)) => assert_eq!(missing, BTreeSet::from(['\u{10fffd}'])),
            Err(why) => assert!(matches!(why, PngError::NoFont), "{why}"),
        }
        assert!(png(&svg("plain")).is_ok_and(|(_, missing)| missing.is_empty()) || png(&svg("")).is_err());
    }

    #[test]
    fn every_plot_becomes_a_picture_with_words_or_is_refused_for_want_of_a_font() {
        let study = fixtures::five_methods();
        for (plot, svg) in plots::drawn(&study, Frame::Alone) {
            match png(&svg) {
                Ok((bytes, missing)) => {
                    assert!(missing.is_empty(), "{}: {missing:?}", plot.file);
                    let picture = Pixmap::decode_png(&bytes).expect("a PNG");
                    assert_eq!(picture.width(), 1520, "{}", plot.file);
                    // The title's words are dark, somewhere in the first 80 rows; the page is white.
                    let dark = |p: &resvg::tiny_skia::PremultipliedColorU8| {
                        u32::from(p.red()) + u32::from(p.green()) + u32::from(p.blue()) < 300
                    };
                    let top = &picture.pixels()[..1520 * 80];
                    assert!(top.iter().filter(|p| dark(p)).count() > 200, "{}", plot.file);
                    assert_eq!(picture.pixel(2, 2).map(|p| p.red()), Some(255), "{}", plot.file);
                }
                Err(why) => assert!(matches!(why, PngError::NoFont), "{}: {why}", plot.file),
            }
        }
    }
}
