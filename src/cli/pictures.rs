//! In which formats plots are kept.

use super::{Ending, style};
use crate::report;
use std::collections::BTreeSet;

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Pictures {
    /// Formats of the plots, separated by commas: svg, and png where the program was built with the cargo
    /// feature `png`
    #[arg(long = "format", value_name = "FORMATS", value_delimiter = ',', default_value = "svg", value_parser = format)]
    formats: Vec<PictureFormat>,
}

/// A format of plots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PictureFormat {
    Svg,
    Png,
}

fn format(text: &str) -> Result<PictureFormat, String> {
    match text.trim() {
        "svg" => Ok(PictureFormat::Svg),
        "png" if cfg!(feature = "png") => Ok(PictureFormat::Png),
        "png" => {
            Err("this queuelab was built without PNG; build it with `cargo build --release --features png`, \
            or write --format svg"
                .into())
        }
        other => Err(format!("`{other}` is not a format of plots; write svg, png or svg,png")),
    }
}

impl Pictures {
    /// Files with each plot in the formats that are wanted.
    ///
    /// # Errors
    /// A plot cannot be drawn; it is said.
    pub(super) fn of(&self, files: Vec<(String, Vec<u8>)>) -> Result<Vec<(String, Vec<u8>)>, Ending> {
        let [svg, png] =
            [PictureFormat::Svg, PictureFormat::Png].map(|format| self.formats.contains(&format));
        let (mut out, mut missing) = (Vec::new(), BTreeSet::new());
        for (name, bytes) in files {
            let plot = name.strip_suffix(".svg").filter(|_| png).map(|stem| format!("{stem}.png"));
            if let Some(plot) = plot {
                let (drawn, lacks) = report::png(&String::from_utf8_lossy(&bytes)).map_err(|why| {
                    style::note(&format!("error: {plot} cannot be drawn: {why}\n"));
                    Ending::Failed
                })?;
                missing.extend(lacks);
                out.push((plot, drawn));
            }
            if svg || !name.ends_with(".svg") {
                out.push((name, bytes));
            }
        }
        if !missing.is_empty() {
            let letters: Vec<String> = missing.iter().take(MOST_LETTERS).map(|c| format!("`{c}`")).collect();
            style::note(&format!(
                "note: no installed font has letters such as {}: the PNG files show boxes there; install a font that \
                 has them, such as Debian's fonts-noto, or take the SVG files (--format svg)\n",
                letters.join(", ")
            ));
        }
        Ok(out)
    }
}

/// Letters that are named where a font lacks them.
const MOST_LETTERS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_taken_by_name() {
        assert_eq!(format("svg"), Ok(PictureFormat::Svg));
        assert!(format("jpeg").is_err_and(|why| why.contains("svg,png")));
        assert_eq!(format("png").is_ok(), cfg!(feature = "png"));
        assert!(cfg!(feature = "png") || format("png").is_err_and(|why| why.contains("--features png")));
    }

    #[test]
    fn what_is_no_plot_stays_as_it_is() {
        let files = vec![("a.csv".to_string(), vec![1]), ("b.svg".to_string(), vec![2])];
        let wanted = Pictures { formats: vec![PictureFormat::Svg] };
        assert_eq!(wanted.of(files.clone()), Ok(files));
    }
}
