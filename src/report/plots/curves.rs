//! Learning curves of a model: losses, and UAR on dev below them, with one line for each fold.

use std::collections::BTreeMap;

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, DrawResult, GRID, MARGIN, PALETTE, Point, WIDTH, bold, card, muted, plain};
use super::scale::{Scale, tick_label};
use crate::report::Facts;
use crate::report::escape::shorten;
use crate::schema::LearningCurve;

const LEFT: i32 = 56;
const RIGHT: i32 = WIDTH - MARGIN;
/// Top and bottom of the panels; the second is drawn where dev has figures.
const LOSS: (i32, i32) = (96, 236);
const UAR: (i32, i32) = (326, 466);
/// Room for the axis below a panel.
const AXIS: i32 = 54;
const TRAIN_COLOR: RGBColor = PALETTE[0];
const DEV_COLOR: RGBColor = PALETTE[1];

/// The SVG document of a model's curves.
pub(super) fn draw(facts: &Facts, model: &str) -> Result<String, String> {
    let rows: Vec<&LearningCurve> = facts.curves.iter().filter(|row| row.model == model).collect();
    let train = series(&rows, |row| Some(row.train_loss));
    let dev = series(&rows, |row| row.dev_loss);
    let uar = series(&rows, |row| row.dev_uar);
    let title = format!("Learning curves of {}", shorten(model, 16));
    let subtitle = if train.len() > 1 { "One line per fold" } else { "One fold" };
    let bottom = if uar.is_empty() { LOSS.1 } else { UAR.1 };
    card((WIDTH, bottom + AXIS), &title, subtitle, |canvas| {
        let panel = Panel::new(LOSS, last_epoch(&rows), range(train.values().chain(dev.values())));
        panel.frame(canvas, "loss (nats)")?;
        legend(canvas, !dev.is_empty())?;
        panel.lines(canvas, &train, TRAIN_COLOR)?;
        panel.lines(canvas, &dev, DEV_COLOR)?;
        if uar.is_empty() {
            return Ok(());
        }
        let panel = Panel::new(UAR, last_epoch(&rows), (0.0, 1.0));
        panel.frame(canvas, "UAR on dev")?;
        panel.lines(canvas, &uar, DEV_COLOR)
    })
}

/// Points (epoch, value) by fold; folds without a value are left out.
type Series = BTreeMap<i64, Vec<(f64, f64)>>;

fn series(rows: &[&LearningCurve], value: impl Fn(&LearningCurve) -> Option<f64>) -> Series {
    let mut series = Series::new();
    for row in rows {
        if let Some(value) = value(row).filter(|value| value.is_finite()) {
            series.entry(row.fold).or_default().push((row.epoch as f64, value));
        }
    }
    series
}

fn last_epoch(rows: &[&LearningCurve]) -> f64 {
    rows.iter().map(|row| row.epoch).max().unwrap_or(1) as f64
}

/// From 0 to a little above the largest value.
fn range<'a>(lines: impl Iterator<Item = &'a Vec<(f64, f64)>>) -> (f64, f64) {
    (0.0, 1.05 * lines.flatten().map(|(_, value)| *value).fold(0.0, f64::max))
}

/// A pair of axes.
struct Panel {
    edges: (i32, i32),
    x: Scale,
    y: Scale,
}

impl Panel {
    /// `edges` are its top and bottom.
    fn new(edges: (i32, i32), last_epoch: f64, values: (f64, f64)) -> Self {
        Self { edges, x: Scale::new((1.0, last_epoch), (LEFT, RIGHT)), y: Scale::new(values, (edges.1, edges.0)) }
    }

    fn frame(&self, canvas: &mut Canvas<'_>, title: &str) -> DrawResult {
        let (top, bottom) = self.edges;
        canvas.text((LEFT, top - 20), title, bold(12), Align::Left)?;
        for tick in self.y.ticks(5) {
            let y = self.y.at(tick);
            canvas.line(&[(LEFT, y), (RIGHT, y)], GRID, 1, 1.0)?;
            canvas.text((LEFT - 8, y), &tick_label(tick), muted(12), Align::Right)?;
        }
        for tick in self.x.ticks(6).into_iter().filter(|tick| tick.fract() == 0.0) {
            canvas.text((self.x.at(tick), bottom + 16), &tick_label(tick), muted(12), Align::Middle)?;
        }
        canvas.text(((LEFT + RIGHT) / 2, bottom + 36), "epoch", muted(12), Align::Middle)
    }

    fn lines(&self, canvas: &mut Canvas<'_>, series: &Series, color: RGBColor) -> DrawResult {
        let opacity = if series.len() > 8 { 0.4 } else { 0.75 };
        for line in series.values() {
            let points: Vec<Point> = line.iter().map(|(epoch, value)| (self.x.at(*epoch), self.y.at(*value))).collect();
            match points[..] {
                [one] => canvas.dot(one, 3, color)?,
                _ => canvas.line(&points, color, 2, opacity)?,
            }
        }
        Ok(())
    }
}

fn legend(canvas: &mut Canvas<'_>, dev: bool) -> DrawResult {
    let entries = [Some(("train", TRAIN_COLOR)), dev.then_some(("dev", DEV_COLOR))];
    for (index, (name, color)) in entries.into_iter().flatten().enumerate() {
        let x = RIGHT - 130 + 70 * index as i32;
        canvas.line(&[(x, LOSS.0 - 20), (x + 20, LOSS.0 - 20)], color, 3, 1.0)?;
        canvas.text((x + 26, LOSS.0 - 20), name, plain(12), Align::Left)?;
    }
    Ok(())
}
