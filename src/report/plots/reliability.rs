//! Reliability diagram of a model: the share recognized against the probability it was given, and below it how many
//! utterances each dot stands for.

use super::canvas::{Align, Canvas, DrawResult, GRID, MARGIN, MUTED, PALETTE, Point, WIDTH, card, muted, plain};
use super::scale::{Scale, tick_label};
use crate::report::escape::shorten;
use crate::report::{Facts, number};
use crate::schema::Calibration;

const LEFT: i32 = 62;
const RIGHT: i32 = WIDTH - MARGIN;
const TOP: i32 = 84;
const BOTTOM: i32 = TOP + RIGHT - LEFT;
/// Dots of fewer utterances are small and no line leads to them.
const FEW: i64 = 10;
/// Top and bottom of the bars of counts.
const BARS: (i32, i32) = (BOTTOM + 14, BOTTOM + 54);
const HEIGHT: i32 = BARS.1 + 50;

/// The SVG document.
pub(super) fn draw(facts: &Facts, model: &str) -> Result<String, String> {
    let bins: Vec<&Calibration> = facts.calibration.iter().filter(|row| row.model == model && row.n > 0).collect();
    let title = format!("Reliability diagram of {}", shorten(model, 12));
    let subtitle = facts.on_track("Below the line: too sure. Small: n < 10");
    card((WIDTH, HEIGHT), &title, &subtitle, |canvas| {
        let (x, y) = (Scale::new((0.0, 1.0), (LEFT, RIGHT)), Scale::new((0.0, 1.0), (BOTTOM, TOP)));
        draw_axes(canvas, &x, &y)?;
        draw_dots(canvas, &bins, &x, &y)?;
        draw_bars(canvas, &bins, &x)?;
        let ece = number::metric(facts.metric(model, "overall", "all", "ece"));
        canvas.text((LEFT + 12, TOP + 16), &format!("ECE {ece}"), plain(13), Align::Left)
    })
}

fn draw_axes(canvas: &mut Canvas<'_>, x: &Scale, y: &Scale) -> DrawResult {
    for tick in x.ticks(5) {
        let (across, down) = (x.at(tick), y.at(tick));
        canvas.line(&[(across, TOP), (across, BOTTOM)], GRID, 1, 1.0)?;
        canvas.line(&[(LEFT, down), (RIGHT, down)], GRID, 1, 1.0)?;
        canvas.text((across, BARS.1 + 14), &tick_label(tick), muted(12), Align::Middle)?;
        canvas.text((LEFT - 8, down), &tick_label(tick), muted(12), Align::Right)?;
    }
    canvas.line(&[(LEFT, BOTTOM), (RIGHT, TOP)], MUTED, 1, 1.0)?;
    let middle = (LEFT + RIGHT) / 2;
    canvas.text((middle, BARS.1 + 34), "highest probability", muted(12), Align::Middle)?;
    canvas.text((20, (TOP + BOTTOM) / 2), "share recognized", muted(12), Align::UpMiddle)?;
    canvas.text((LEFT - 8, (BARS.0 + BARS.1) / 2), "n", muted(12), Align::Right)
}

fn draw_dots(canvas: &mut Canvas<'_>, bins: &[&Calibration], x: &Scale, y: &Scale) -> DrawResult {
    let dots = |few: bool| -> Vec<Point> {
        let rows = bins.iter().filter(|row| (row.n < FEW) == few);
        rows.filter_map(|row| Some((x.at(row.confidence?), y.at(row.accuracy?)))).collect()
    };
    let (few, many) = (dots(true), dots(false));
    if many.len() > 1 {
        canvas.line(&many, PALETTE[0], 2, 0.5)?;
    }
    few.into_iter().try_for_each(|dot| canvas.dot(dot, 2, PALETTE[0]))?;
    many.into_iter().try_for_each(|dot| canvas.dot(dot, 5, PALETTE[0]))
}

fn draw_bars(canvas: &mut Canvas<'_>, bins: &[&Calibration], x: &Scale) -> DrawResult {
    let most = bins.iter().map(|row| row.n).max().unwrap_or(0);
    let height = Scale::new((0.0, most as f64), (BARS.1, BARS.0));
    canvas.line(&[(LEFT, BARS.1), (RIGHT, BARS.1)], GRID, 1, 1.0)?;
    for row in bins {
        canvas.fill((x.at(row.low) + 1, height.at(row.n as f64)), (x.at(row.high) - 1, BARS.1), PALETTE[0])?;
    }
    Ok(())
}
