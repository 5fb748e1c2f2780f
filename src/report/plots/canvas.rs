//! A small drawing surface over the SVG backend: shapes and text at pixels, one look for all plots.

use std::fmt::Display;

use plotters::backend::DrawingBackend;
use plotters::prelude::{FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, ShapeStyle};

use crate::report::escape::printable;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(0x1f, 0x23, 0x28);
/// Secondary text.
pub(super) const MUTED: RGBColor = RGBColor(0x59, 0x63, 0x6e);
/// Grid lines and the frame of the card.
pub(super) const GRID: RGBColor = RGBColor(0xdd, 0xe1, 0xe6);
/// The background: a card of its own, so that a plot reads the same in light and dark viewers.
pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// Colours told apart with any colour vision (Okabe and Ito 2008), those that read well on white first.
pub(super) const PALETTE: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0x70, 0x70, 0x70),
];

/// Width of a plot in pixels: that of a small phone, where its text keeps its size of 11 pixels or more.
pub(super) const WIDTH: i32 = 360;
/// Where what is drawn begins and ends.
pub(super) const MARGIN: i32 = 16;

/// Plotters writes font sizes divided by this.
const FONT_SCALE: f64 = 1.24;

/// A point in pixels from the upper left corner.
pub(super) type Point = (i32, i32);
/// What the drawing library says when it fails.
pub(super) type DrawResult = Result<(), String>;

/// Where a text stands relative to its point; vertically it is always centred on it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Align {
    Left,
    Middle,
    Right,
    /// Turned to read upwards, centred on the point.
    UpMiddle,
    /// Turned to read upwards, ending at the point.
    UpRight,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Font size in pixels.
    pub size: u32,
    pub color: RGBColor,
    pub bold: bool,
}

/// Plain text of a size.
pub(super) fn plain(size: u32) -> Style {
    Style { size, color: INK, bold: false }
}

/// Secondary text of a size.
pub(super) fn muted(size: u32) -> Style {
    Style { size, color: MUTED, bold: false }
}

/// Bold text of a size.
pub(super) fn bold(size: u32) -> Style {
    Style { size, color: INK, bold: true }
}

/// The surface.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// An SVG document of a card with a title and a line below it, then whatever `paint` draws.
pub(super) fn card(
    size: Point,
    title: &str,
    subtitle: &str,
    paint: impl FnOnce(&mut Canvas<'_>) -> DrawResult,
) -> Result<String, String> {
    let mut svg = String::new();
    {
        let backend = SVGBackend::with_string(&mut svg, (size.0.unsigned_abs(), size.1.unsigned_abs()));
        let mut canvas = Canvas { backend };
        canvas.fill((0, 0), size, PAPER)?;
        canvas.frame((0, 0), (size.0 - 1, size.1 - 1), GRID)?;
        canvas.text((MARGIN, 24), title, bold(16), Align::Left)?;
        canvas.text((MARGIN, 46), subtitle, muted(12), Align::Left)?;
        paint(&mut canvas)?;
        canvas.backend.present().map_err(say)?;
    }
    Ok(svg)
}

impl Canvas<'_> {
    /// A filled rectangle.
    pub fn fill(&mut self, from: Point, to: Point, color: RGBColor) -> DrawResult {
        self.backend.draw_rect(from, to, &color.filled(), true).map_err(say)
    }

    /// A filled rectangle through which shows what lies below; `opacity` in [0, 1], of which three decimals count.
    pub fn tint(&mut self, from: Point, to: Point, color: RGBColor, opacity: f64) -> DrawResult {
        let opacity = (1000.0 * opacity).round() / 1000.0;
        self.backend.draw_rect(from, to, &color.mix(opacity), true).map_err(say)
    }

    /// The outline of a rectangle.
    pub fn frame(&mut self, from: Point, to: Point, color: RGBColor) -> DrawResult {
        self.backend.draw_rect(from, to, &color.stroke_width(1), false).map_err(say)
    }

    /// A line through points; `opacity` in [0, 1].
    pub fn line(&mut self, points: &[Point], color: RGBColor, width: u32, opacity: f64) -> DrawResult {
        let style = ShapeStyle { color: color.mix(opacity), filled: false, stroke_width: width };
        self.backend.draw_path(points.iter().copied(), &style).map_err(say)
    }

    /// A dashed line, vertical or horizontal, from its upper or left end.
    pub fn dashes(&mut self, from: Point, to: Point, color: RGBColor) -> DrawResult {
        const DASH: i32 = 4;
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        for start in (0..across.max(down)).step_by(2 * DASH as usize) {
            let at = |along: i32| (from.0 + along.min(across), from.1 + along.min(down));
            self.line(&[at(start), at(start + DASH)], color, 1, 1.0)?;
        }
        Ok(())
    }

    /// A filled circle.
    pub fn dot(&mut self, center: Point, radius: u32, color: RGBColor) -> DrawResult {
        self.backend.draw_circle(center, radius, &color.filled(), true).map_err(say)
    }

    /// A line of text from anywhere; control characters are replaced here, markup is escaped by the backend.
    pub fn text(&mut self, at: Point, text: &str, style: Style, align: Align) -> DrawResult {
        let weight = if style.bold { FontStyle::Bold } else { FontStyle::Normal };
        let (horizontal, turn) = match align {
            Align::Left => (HPos::Left, FontTransform::None),
            Align::Middle => (HPos::Center, FontTransform::None),
            Align::Right => (HPos::Right, FontTransform::None),
            Align::UpMiddle => (HPos::Center, FontTransform::Rotate270),
            Align::UpRight => (HPos::Right, FontTransform::Rotate270),
        };
        let font = FontDesc::new(FontFamily::SansSerif, f64::from(style.size) * FONT_SCALE, weight).transform(turn);
        let look = font.color(&style.color).pos(Pos::new(horizontal, VPos::Center));
        self.backend.draw_text(&printable(text), &look, at).map_err(say)
    }
}

fn say(error: impl Display) -> String {
    error.to_string()
}
