//! UAR of each model with its interval, best first.

use super::canvas::{Align, Canvas, DrawResult, GRID, INK, MUTED, PALETTE, bold, card, muted, plain};
use super::scale::{Scale, tick_label};
use crate::report::escape::shorten;
use crate::report::{Facts, ModelFacts, number};

const WIDTH: i32 = 800;
const LEFT: i32 = 150;
const RIGHT: i32 = 610;
const TOP: i32 = 84;
const ROW: i32 = 32;

/// The SVG document.
pub(super) fn draw(facts: &Facts) -> Result<String, String> {
    let models = facts.ranked();
    let bottom = TOP + ROW * models.len() as i32;
    let subtitle = match facts.resamples {
        0 => "Unweighted average recall (UAR) on test utterances",
        _ => {
            "Unweighted average recall (UAR) on test utterances; lines: 95 % interval over speakers, if it can be given"
        }
    };
    card((WIDTH, bottom + 56), "Results by model", &facts.on_track(subtitle), |canvas| {
        let scale = Scale::new((0.0, 1.0), (LEFT, RIGHT));
        draw_axis(canvas, &scale, bottom, facts.chance())?;
        for (index, model) in models.iter().enumerate() {
            draw_model(canvas, facts, model, &scale, TOP + ROW * index as i32 + ROW / 2)?;
        }
        Ok(())
    })
}

fn draw_axis(canvas: &mut Canvas<'_>, scale: &Scale, bottom: i32, chance: Option<f64>) -> DrawResult {
    for tick in scale.ticks(5) {
        let x = scale.at(tick);
        canvas.line(&[(x, TOP), (x, bottom)], GRID, 1, 1.0)?;
        canvas.text((x, bottom + 14), &tick_label(tick), muted(12), Align::Middle)?;
    }
    canvas.text(((LEFT + RIGHT) / 2, bottom + 36), "UAR", muted(12), Align::Middle)?;
    if let Some(chance) = chance {
        let x = scale.at(chance);
        canvas.dashes((x, TOP), (x, bottom), MUTED)?;
        canvas.text((x, TOP - 10), &format!("chance {chance:.3}"), muted(12), Align::Middle)?;
    }
    Ok(())
}

fn draw_model(canvas: &mut Canvas<'_>, facts: &Facts, model: &ModelFacts, scale: &Scale, y: i32) -> DrawResult {
    let headline = model.name == facts.headline;
    let (color, style) = if headline { (PALETTE[1], bold(13)) } else { (PALETTE[0], plain(13)) };
    canvas.text((LEFT - 14, y), &shorten(&model.name, 18), style, Align::Right)?;
    let Some(row) = facts.metric(&model.name, "overall", "all", "uar") else { return Ok(()) };
    if let Some((low, high)) = row.low.zip(row.high) {
        let (low, high) = (scale.at(low), scale.at(high));
        canvas.line(&[(low, y), (high, y)], color, 2, 1.0)?;
        for end in [low, high] {
            canvas.line(&[(end, y - 5), (end, y + 5)], color, 2, 1.0)?;
        }
    }
    if let Some(value) = row.value {
        canvas.dot((scale.at(value), y), 5, color)?;
    }
    let text = number::metric(Some(row));
    canvas.text((RIGHT + 18, y), &text, super::canvas::Style { size: 12, color: INK, bold: headline }, Align::Left)
}
