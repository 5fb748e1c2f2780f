//! UAR of each model with its interval, best first.

use super::canvas::{Align, Canvas, DrawResult, GRID, MARGIN, MUTED, PALETTE, WIDTH, bold, card, muted, plain};
use super::scale::{Scale, tick_label};
use crate::report::escape::shorten;
use crate::report::{Facts, ModelFacts, number};

const TOP: i32 = 84;
/// Height of a model: its name and figure, and its interval below them.
const ROW: i32 = 42;
/// Where the band of the interval begins.
const BAND: i32 = 22;

/// The SVG document.
pub(super) fn draw(facts: &Facts) -> Result<String, String> {
    let models = facts.ranked();
    let bottom = TOP + ROW * models.len() as i32;
    let subtitle = if facts.resamples == 0 { "On test utterances" } else { "Lines: 95 % interval over speakers" };
    card((WIDTH, bottom + 30), "UAR by model", &facts.on_track(subtitle), |canvas| {
        let scale = Scale::new((0.0, 1.0), (MARGIN, WIDTH - MARGIN));
        draw_axis(canvas, &scale, bottom, facts.chance())?;
        for (index, model) in models.iter().enumerate() {
            draw_model(canvas, facts, model, &scale, TOP + ROW * index as i32)?;
        }
        Ok(())
    })
}

/// Grid and chance stand where the intervals are, and not behind the names.
fn draw_axis(canvas: &mut Canvas<'_>, scale: &Scale, bottom: i32, chance: Option<f64>) -> DrawResult {
    let bands = || (TOP..bottom).step_by(ROW as usize).map(|top| (top + BAND, top + ROW));
    for tick in scale.ticks(5) {
        let x = scale.at(tick);
        bands().try_for_each(|(from, to)| canvas.line(&[(x, from), (x, to)], GRID, 1, 1.0))?;
        canvas.text((x, bottom + 14), &tick_label(tick), muted(12), Align::Middle)?;
    }
    if let Some(chance) = chance {
        let x = scale.at(chance);
        bands().try_for_each(|(from, to)| canvas.dashes((x, from), (x, to), MUTED))?;
        let align = if chance < 0.2 { Align::Left } else { Align::Middle };
        canvas.text((x, TOP - 8), &format!("chance {chance:.3}"), muted(12), align)?;
    }
    Ok(())
}

fn draw_model(canvas: &mut Canvas<'_>, facts: &Facts, model: &ModelFacts, scale: &Scale, top: i32) -> DrawResult {
    let headline = model.name == facts.headline;
    let (color, style) = if headline { (PALETTE[1], bold(13)) } else { (PALETTE[0], plain(13)) };
    let (text, y) = (top + 12, top + 32);
    canvas.text((MARGIN, text), &shorten(&model.name, 22), style, Align::Left)?;
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
    canvas.text((WIDTH - MARGIN, text), &number::metric(Some(row)), style, Align::Right)
}
