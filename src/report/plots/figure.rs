//! A figure: title, panels with axes, lines, bands and dots, and labels at the ends of lines.

use super::axis::{Axis, AxisKind};
pub(super) use super::columns::Columns;
use super::columns::apart;
use super::svg::{GRID as TENTHS, Svg, broken};
use super::theme::{self, GRID, INK, MUTED, PAPER, Pen};
use crate::answer::{MetricId, PlaceId};
use crate::report::escape::escape;
use crate::report::plot::Frame;
use crate::scenario::Objective;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Where the first panel may begin, in pixels from the top.
pub(super) const TOP: i32 = 92;

/// Text sizes in pixels.
const TITLE: i32 = 17;
const LEAST_TITLE: i32 = 13;
/// How much wider bold letters are, in fonts that are wide already.
const BOLD: f64 = 1.2;
pub(super) const BODY: i32 = 12;

/// Where a text stands beside its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    /// To the right of the point, centred in height.
    Right,
    /// To its left.
    Left,
    /// Below, centred.
    Below,
    /// Above, beginning at it.
    Above,
}

/// The page that panels are on.
pub(super) struct Figure<'a> {
    root: DrawingArea<&'a mut Svg, Shift>,
    pub columns: Columns,
}

/// What a title and a subtitle take, in pixels from the top.
const HEAD: u32 = 60;
/// A line of a note below the panels.
const NOTE: i32 = 16;

/// Draws a figure of a height and returns its file.
pub(super) fn figure(
    frame: Frame,
    size: (i32, Columns),
    titles: (&str, &str),
    description: &str,
    draw: impl FnOnce(&Figure<'_>),
) -> String {
    noted(frame, size, titles, (description, &[]), draw)
}

/// The same with sentences below its panels, which the height does not count.
pub(super) fn noted(
    frame: Frame,
    (height, columns): (i32, Columns),
    (title, subtitle): (&str, &str),
    (description, notes): (&str, &[String]),
    draw: impl FnOnce(&Figure<'_>),
) -> String {
    // Widths of texts are estimates.
    let room = 0.95 * f64::from(columns.width - columns.edge - 6) / f64::from(BODY);
    let notes: Vec<String> = notes.iter().flat_map(|note| theme::wrapped(note, room)).collect();
    let below = if notes.is_empty() { 0 } else { NOTE * notes.len() as i32 + 4 };
    let mut svg = Svg::new(columns.width as u32, (height + below) as u32);
    {
        let figure = Figure { root: (&mut svg).into_drawing_area(), columns };
        sure(figure.root.fill(&PAPER));
        if frame == Frame::Alone {
            figure.head(title, subtitle);
        }
        draw(&figure);
        for (i, note) in notes.iter().enumerate() {
            let at = (columns.edge, height + NOTE * i as i32 + BODY - 4);
            figure.words(note, at, Side::Above, &MUTED, BODY, false);
        }
    }
    svg.finish(title, description, if frame == Frame::Alone { 0 } else { HEAD })
}

/// Drawing into memory has nothing that could fail.
fn sure<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.expect("drawing into memory cannot fail")
}

impl<'a> Figure<'a> {
    fn head(&self, title: &str, subtitle: &str) {
        let room = f64::from(self.columns.width - 48);
        // Bold letters are wider; a long title is written smaller, then in two lines, before it is cut.
        let size = ((room / (BOLD * theme::text_width(title))) as i32).clamp(LEAST_TITLE, TITLE);
        let fits = room / (BOLD * f64::from(size));
        let lines = theme::wrapped(title, fits);
        if let [first, rest @ ..] = lines.as_slice()
            && !rest.is_empty()
        {
            self.words(first, (24, 20), Side::Above, &INK, size, true);
            self.words(&theme::fitted(&rest.join(" "), fits), (24, 37), Side::Above, &INK, size, true);
        } else {
            self.words(&theme::fitted(title, fits), (24, 34), Side::Above, &INK, size, true);
        }
        self.words(
            &theme::fitted(subtitle, room / f64::from(BODY)),
            (24, 54),
            Side::Above,
            &MUTED,
            BODY,
            false,
        );
    }

    /// A text at a point, in pixels.
    pub(super) fn words(
        &self,
        text: &str,
        at: (i32, i32),
        side: Side,
        color: &RGBColor,
        size: i32,
        bold: bool,
    ) {
        let (h, v) = match side {
            Side::Right => (HPos::Left, VPos::Center),
            Side::Left => (HPos::Right, VPos::Center),
            Side::Below => (HPos::Center, VPos::Top),
            Side::Above => (HPos::Left, VPos::Bottom),
        };
        let font = FontDesc::new(
            FontFamily::SansSerif,
            f64::from(size * TENTHS),
            if bold { FontStyle::Bold } else { FontStyle::Normal },
        );
        let style = TextStyle::from(font).color(color).pos(Pos::new(h, v));
        sure(self.root.draw(&Text::new(text, (at.0 * TENTHS, at.1 * TENTHS), style)));
    }

    /// Markup as it is, between what is drawn.
    fn tag(&self, markup: &str) {
        let font = FontDesc::new(FontFamily::SansSerif, 0.0, FontStyle::Normal);
        sure(self.root.draw(&Text::new(markup, (0, 0), TextStyle::from(font))));
    }

    /// What is drawn meanwhile is one to the page's script: a series, or the key that hides it, by its name.
    fn group(&self, class: &str, name: &str, draw: impl FnOnce()) {
        self.tag(&format!("<g class=\"{class}\" data-name=\"{}\">", escape(name)));
        draw();
        self.tag("</g>");
    }

    /// Tells the page's script where a panel is, in pixels, and what its axes say.
    fn describe(&self, (top, bottom): (i32, i32), x: &Axis, y: &Axis) {
        let Columns { left, right, .. } = self.columns;
        let ticks: Vec<String> = match x.kind {
            // A bar parts one from the next.
            AxisKind::Words => {
                x.ticks.iter().map(|(at, text)| format!("{at} {}", text.replace('|', "/"))).collect()
            }
            _ => Vec::new(),
        };
        self.tag(&format!(
            "<g class=\"panel\" data-box=\"{left} {top} {right} {bottom}\" data-x=\"{} {}\" data-y=\"{} {}\" \
             data-kinds=\"{}{}\" data-ticks=\"{}\"/>",
            x.low,
            x.high,
            y.low,
            y.high,
            x.kind.sign(),
            y.kind.sign(),
            escape(&ticks.join("|"))
        ));
    }

    /// A thin line between points, in pixels.
    pub(super) fn rule(&self, from: (i32, i32), to: (i32, i32), color: &RGBColor) {
        let ends = [from, to].map(|(x, y)| (x * TENTHS, y * TENTHS));
        sure(self.root.draw(&PathElement::new(ends.to_vec(), color.stroke_width(8))));
    }

    /// A line that ties a label to what it names: thin and dotted, so that nobody takes it for data.
    fn leader(&self, from: (i32, i32), to: (i32, i32)) {
        let ends = [from, to].map(|(x, y)| (x * TENTHS, y * TENTHS));
        sure(self.root.draw(&PathElement::new(ends.to_vec(), MUTED.stroke_width(broken(6, 10, 30)))));
    }

    /// A filled rectangle, more or less opaque, in pixels.
    pub(super) fn cell(&self, corner: (i32, i32), size: (i32, i32), color: &RGBColor, opacity: f64) {
        let at = |x: i32, y: i32| (x * TENTHS, y * TENTHS);
        let ends = [at(corner.0, corner.1), at(corner.0 + size.0, corner.1 + size.1)];
        // Two decimals are as much as an eye sees.
        let shade = color.mix((opacity * 100.0).round() / 100.0);
        sure(self.root.draw(&Rectangle::new(ends, shade.filled())));
    }

    /// Several filled rectangles of one shade, corners and sizes in pixels, as one element without seams.
    pub(super) fn cells(&self, cells: &[Cell], color: &RGBColor, opacity: f64) {
        if cells.is_empty() {
            return;
        }
        let path = cells.iter().map(|((x, y), (wide, high))| format!("M{x} {y}h{wide}v{high}h-{wide}z"));
        self.tag(&format!(
            "<path class=\"{}\" opacity=\"{opacity}\" shape-rendering=\"crispEdges\" d=\"{}\"/>",
            theme::class((color.0, color.1, color.2), 'f'),
            path.collect::<String>()
        ));
    }

    /// A panel between two heights, with grid, ticks and axis titles.
    pub(super) fn panel(&self, (top, bottom): (i32, i32), x: Axis, y: Axis) -> Panel<'_, 'a> {
        self.describe((top, bottom), &x, &y);
        let panel = self.bare_panel((top, bottom), x, y);
        for (at, text) in &panel.y.ticks {
            let (_, height) = panel.pixel((panel.x.low, *at));
            let Columns { left, right, .. } = self.columns;
            self.rule((left, height), (right, height), &GRID);
            self.words(text, (left - 8, height), Side::Left, &MUTED, BODY, false);
        }
        panel.x_ticks(bottom);
        let room = f64::from(self.columns.width - self.columns.edge) / f64::from(BODY);
        let title = theme::shortened(&panel.y.title, room);
        self.words(&title, (self.columns.edge, top - 14), Side::Above, &MUTED, BODY, false);
        panel
    }

    /// A panel with nothing drawn yet.
    pub(super) fn bare_panel(&self, (top, bottom): (i32, i32), x: Axis, y: Axis) -> Panel<'_, 'a> {
        let pixels = (self.columns.left * TENTHS..self.columns.right * TENTHS, bottom * TENTHS..top * TENTHS);
        let area = self.root.apply_coord_spec(Cartesian2d::new(x.low..x.high, y.low..y.high, pixels));
        Panel { figure: self, area, x, y }
    }
}

/// A rectangle with two axes.
pub(super) struct Panel<'f, 'a> {
    figure: &'f Figure<'a>,
    area: DrawingArea<&'a mut Svg, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
    pub x: Axis,
    pub y: Axis,
}

impl Panel<'_, '_> {
    /// Ticks, their numbers and the axis title below a height.
    pub(super) fn x_ticks(&self, bottom: i32) {
        let Columns { width, left, right, .. } = self.figure.columns;
        self.figure.rule((left, bottom), (right, bottom), &MUTED);
        // A long word at an end of the axis stays on the page.
        let inside = |text: &str, x: i32| {
            let half = (theme::text_width(text) * f64::from(BODY) * 0.55) as i32 + 4;
            (x.min(width - half).max(half), half)
        };
        let mut free = i32::MIN;
        for (at, text) in &self.x.ticks {
            let (x, _) = self.pixel((*at, self.y.low));
            self.figure.rule((x, bottom), (x, bottom + 4), &MUTED);
            if text.is_empty() {
                continue;
            }
            let (center, half) = inside(text, x);
            // Where numbers would lie on one another, some have their tick alone.
            if center - half >= free {
                self.figure.words(text, (center, bottom + 9), Side::Below, &MUTED, BODY, false);
                free = center + half;
            }
        }
        let title = theme::shortened(&self.x.title, f64::from(width) / f64::from(BODY));
        let (center, _) = inside(&title, (left + right) / 2);
        self.figure.words(&title, (center, bottom + 28), Side::Below, &MUTED, BODY, false);
    }

    /// Where a position is, in pixels.
    pub(super) fn pixel(&self, position: (f64, f64)) -> (i32, i32) {
        let (x, y) = self.area.map_coordinate(&position);
        ((x + TENTHS / 2) / TENTHS, (y + TENTHS / 2) / TENTHS)
    }

    /// The points (values) that lie inside, as positions.
    fn inside(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        points.iter().filter_map(|&(x, y)| Some((self.x.place(x)?, self.y.place(y)?))).collect()
    }

    /// What is drawn meanwhile is a series of a name, which its [key](Panel::end_labels) hides.
    pub(super) fn series<T>(&self, name: &str, draw: impl FnOnce() -> T) -> T {
        self.as_one("series", name, draw)
    }

    /// The same of what goes with a series and is not read off: its intervals.
    pub(super) fn beside<T>(&self, name: &str, draw: impl FnOnce() -> T) -> T {
        self.as_one("mark", name, draw)
    }

    fn as_one<T>(&self, class: &str, name: &str, draw: impl FnOnce() -> T) -> T {
        let mut drawn = None;
        self.figure.group(class, name, || drawn = Some(draw()));
        drawn.expect("it was drawn")
    }

    /// A line, dashes or dots through values; returns the position of the last that is inside.
    pub(super) fn line(&self, points: &[(f64, f64)], color: RGBColor, pen: Pen) -> Option<(f64, f64)> {
        let inside = self.inside(points);
        let last = *inside.last()?;
        match pen {
            Pen::Solid(width) => sure(self.area.draw(&PathElement::new(inside, color.stroke_width(width)))),
            Pen::Dashed(width, dash, gap) => {
                let style = color.stroke_width(broken(width, dash, gap));
                sure(self.area.draw(&PathElement::new(inside, style)));
            }
            Pen::Dots(radius) => {
                for point in inside {
                    sure(self.area.draw(&Circle::new(point, radius, color.filled())));
                }
            }
        }
        Some(last)
    }

    /// A light band between two lines over the same abscissas; values beyond the axis are cut.
    pub(super) fn band(&self, points: &[(f64, f64, f64)], color: RGBColor) {
        let cut = |y: f64| {
            self.y.place(y).unwrap_or(if y > 0.0 && self.y.place(y * 0.5).is_some() {
                self.y.high
            } else {
                self.y.low
            })
        };
        let placed: Vec<(f64, f64, f64)> = points
            .iter()
            .filter_map(|&(x, low, high)| Some((self.x.place(x)?, cut(low), cut(high))))
            .collect();
        if placed.len() < 2 {
            return;
        }
        let outline: Vec<(f64, f64)> =
            placed.iter().map(|p| (p.0, p.1)).chain(placed.iter().rev().map(|p| (p.0, p.2))).collect();
        sure(self.area.draw(&Polygon::new(outline, color.mix(0.16))));
    }

    /// Names at the ends of lines, kept apart in height, each tied to its line where it had to move.
    pub(super) fn end_labels(&self, mut ends: Vec<(String, RGBColor, (f64, f64))>) {
        const GAP: i32 = 15;
        let Columns { width, right, .. } = self.figure.columns;
        let room = f64::from(width - right - 10) / f64::from(BODY) / BOLD;
        let lines = |name: &str| theme::wrapped(name, room);
        let most = ends.iter().map(|end| lines(&end.0).len()).max().unwrap_or(1) as i32;
        ends.sort_by_key(|end| self.pixel(end.2).1);
        let wanted: Vec<i32> = ends.iter().map(|end| self.pixel(end.2).1).collect();
        let (_, bottom) = self.pixel((self.x.low, self.y.low));
        for ((name, color, at), height) in ends.iter().zip(apart(&wanted, GAP * most, bottom)) {
            let (x, y) = self.pixel(*at);
            if (height - y).abs() > 3 || x < right - 4 {
                self.figure.leader((x + 4, y), (right + 8, height));
            }
            self.figure.group("key", name, || {
                for (i, line) in lines(name).iter().enumerate() {
                    let at = (right + 10, height + (GAP - 1) * i as i32);
                    self.figure.words(line, at, Side::Right, color, BODY, true);
                }
            });
        }
    }
}

/// A rectangle by two of its corners, in pixels.
pub(super) type Cell = ((i32, i32), (i32, i32));

/// An objective in the fewest words: its statistic and its limit, and whose it is, as far as there is room for
/// it (in units of its size), where another one is of the same statistic elsewhere.
pub(super) fn asked(objective: &Objective, all: &[Objective], room: f64) -> String {
    let statistic = |objective: &Objective| {
        let last = objective.metric.rsplit('.').next();
        last.unwrap_or_default().to_string()
    };
    let named = statistic(objective);
    let shared = all.iter().any(|o| o.metric != objective.metric && statistic(o) == named);
    let limit = &objective.text;
    let place = match MetricId::parse(&objective.metric).filter(|_| shared).map(|id| id.place) {
        None => return format!("{named} {limit}"),
        Some(PlaceId::Total) => "all",
        Some(PlaceId::Producer(name) | PlaceId::Queue(name) | PlaceId::Consumer(name)) => name,
    };
    let taken = theme::text_width(&format!("{named} of  {limit}"));
    format!("{named} of {} {limit}", theme::fitted(place, (room - taken).max(3.0)))
}
