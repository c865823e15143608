//! A drawing backend for plotters that writes SVG: sub-pixel lines, text as text, no fonts and no system
//! libraries.
//!
//! Plotters counts in whole pixels, so the canvas is ten times as large as the picture and every coordinate
//! is divided on its way out. Colours leave as classes, so that one style sheet in the picture follows the
//! reader's light or dark mode.

use super::theme::{self, FONTS};
use crate::report::escape::escape;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
};
use std::convert::Infallible;
use std::fmt::{self, Write};

/// Canvas units in a pixel.
pub(super) const GRID: i32 = 10;

/// A picture being drawn.
pub struct Svg {
    width: u32,
    height: u32,
    body: String,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Svg {
    /// An empty picture of so many pixels.
    pub fn new(width: u32, height: u32) -> Self {
        Svg { width, height, body: String::new() }
    }

    /// The finished file; title and description are what screen readers say.
    /// So many pixels are cut off at the top.
    pub fn finish(self, title: &str, description: &str, cut: u32) -> String {
        let Svg { width, height, body } = self;
        let height = height - cut;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"queuelab\" viewBox=\"0 {cut} {width} \
                {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" \
                 font-family=\"{FONTS}\">\n<title>{}</title>\n<desc>{}</desc>\n<style>{}</style>\n{body}</svg>\n",
            escape(title),
            escape(description),
            theme::style_sheet()
        )
    }

    fn write(&mut self, element: fmt::Arguments<'_>) -> Drawn {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(element);
        self.body.push('\n');
        Ok(())
    }
}

/// A canvas coordinate in pixels, with a decimal only where it needs one.
fn px(canvas: i32) -> String {
    if canvas % GRID == 0 {
        (canvas / GRID).to_string()
    } else {
        format!("{:.1}", f64::from(canvas) / f64::from(GRID))
    }
}

/// The width of a broken line. Its dash and its gap are carried in the upper bits: a style of plotters has no
/// other place for them, and plotters' own dashes are an element each, ten times as large a file.
pub(super) fn broken(width: u32, dash: u32, gap: u32) -> u32 {
    debug_assert!(width < 1 << 8 && dash < 1 << 12 && gap < 1 << 12);
    width | dash << 8 | gap << 20
}

fn stroke<S: BackendStyle>(style: &S) -> String {
    let (color, carried) = (style.color(), style.stroke_width());
    let length = |bits: u32| px(bits as i32);
    let (width, dash, gap) = (carried & 0xff, carried >> 8 & 0xfff, carried >> 20);
    let dashes = match dash {
        0 => String::new(),
        dash => format!(" stroke-dasharray=\"{} {}\"", length(dash), length(gap)),
    };
    format!(
        "class=\"{}\" stroke-width=\"{}\"{dashes}{}",
        theme::class(color.rgb, 's'),
        length(width),
        opacity(color)
    )
}

fn fill<S: BackendStyle>(style: &S) -> String {
    let color = style.color();
    format!("class=\"{}\"{}", theme::class(color.rgb, 'f'), opacity(color))
}

fn opacity(color: BackendColor) -> String {
    if color.alpha < 1.0 { format!(" opacity=\"{}\"", color.alpha) } else { String::new() }
}

fn points(path: impl IntoIterator<Item = BackendCoord>) -> String {
    path.into_iter().map(|(x, y)| format!("{},{}", px(x), px(y))).collect::<Vec<_>>().join(" ")
}

impl DrawingBackend for &mut Svg {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.width * GRID as u32, self.height * GRID as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect(point, (point.0 + 1, point.1 + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        a: BackendCoord,
        b: BackendCoord,
        style: &S,
        filled: bool,
    ) -> Drawn {
        let paint = if filled { fill(style) } else { stroke(style) };
        let (x, y, width, height) = (a.0.min(b.0), a.1.min(b.1), (a.0 - b.0).abs(), (a.1 - b.1).abs());
        self.write(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {paint}/>",
            px(x),
            px(y),
            px(width),
            px(height)
        ))
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.write(format_args!("<polyline points=\"{}\" {}/>", points(path), stroke(style)))
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        filled: bool,
    ) -> Drawn {
        let paint = if filled { fill(style) } else { stroke(style) };
        let radius = px(radius.try_into().unwrap_or(i32::MAX));
        self.write(format_args!(
            "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" {paint}/>",
            px(center.0),
            px(center.1)
        ))
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.write(format_args!("<polygon points=\"{}\" {}/>", points(path), fill(style)))
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        let size = style.size();
        // What has no size is markup, which plotters has no other way to hand over.
        if size == 0.0 {
            return self.write(format_args!("{text}"));
        }
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => " text-anchor=\"middle\"",
            HPos::Right => " text-anchor=\"end\"",
        };
        // SVG places the base line; capitals are 0.72 of the size high.
        let drop = match style.anchor().v_pos {
            VPos::Top => 0.74,
            VPos::Center => 0.36,
            VPos::Bottom => 0.0,
        };
        let weight = if matches!(style.style(), FontStyle::Bold) { " font-weight=\"600\"" } else { "" };
        let base = at.1 + (drop * size).round() as i32;
        let (x, y, size) = (px(at.0), px(base), px(size.round() as i32));
        self.write(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor}{weight} {}>{}</text>",
            fill(&style.color()),
            escape(text)
        ))
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok(((theme::text_width(text) * style.size()).ceil() as u32, (style.size() * 0.75) as u32))
    }
}
