//! UAR of each test speaker under the headline model, worst first.

use super::canvas::{Align, Canvas, DrawResult, GRID, MUTED, PALETTE, card, muted, plain};
use super::scale::{Scale, tick_label};
use crate::report::Facts;
use crate::report::escape::shorten;

const WIDTH: i32 = 800;
const LEFT: i32 = 66;
const RIGHT: i32 = 776;
const TOP: i32 = 84;
const BOTTOM: i32 = 284;
/// Up to this many speakers are named on the axis.
const NAMED: usize = 48;
const LABEL: usize = 16;

/// The SVG document.
pub(super) fn draw(facts: &Facts) -> Result<String, String> {
    let speakers = ranked(facts);
    let named = speakers.len() <= NAMED;
    let longest = speakers.iter().map(|(name, _)| name.chars().count().min(LABEL)).max().unwrap_or(0) as i32;
    let below = if named { 8 * longest + 40 } else { 40 };
    let title = format!("UAR of each test speaker under {}", shorten(&facts.headline, 30));
    let overall = facts.uar(&facts.headline);
    let subtitle = facts.on_track("A dot is a speaker, worst first; dashed: all test utterances together");
    card((WIDTH, BOTTOM + below), &title, &subtitle, |canvas| {
        let y = Scale::new((0.0, 1.0), (BOTTOM, TOP));
        draw_axis(canvas, &y, overall)?;
        let step = f64::from(RIGHT - LEFT) / speakers.len().max(1) as f64;
        let radius = if named { 5 } else { 3 };
        for (index, (name, uar)) in speakers.iter().enumerate() {
            let x = LEFT + (step * (index as f64 + 0.5)).round() as i32;
            canvas.dot((x, y.at(*uar)), radius, PALETTE[0])?;
            if named {
                canvas.text((x, BOTTOM + 10), &shorten(name, LABEL), plain(11), Align::UpRight)?;
            }
        }
        let axis = if named { "speaker".to_owned() } else { format!("{} speakers", speakers.len()) };
        canvas.text(((LEFT + RIGHT) / 2, BOTTOM + below - 16), &axis, muted(12), Align::Middle)
    })
}

/// Speakers with their UAR, worst first; equal ones by name.
fn ranked(facts: &Facts) -> Vec<(&str, f64)> {
    let figure = |speaker| Some((speaker, facts.metric(&facts.headline, "speaker", speaker, "uar")?.value?));
    let mut speakers: Vec<(&str, f64)> =
        facts.groups(&facts.headline, "speaker").into_iter().filter_map(figure).collect();
    speakers.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(b.0)));
    speakers
}

fn draw_axis(canvas: &mut Canvas<'_>, y: &Scale, overall: Option<f64>) -> DrawResult {
    for tick in y.ticks(5) {
        let at = y.at(tick);
        canvas.line(&[(LEFT, at), (RIGHT, at)], GRID, 1, 1.0)?;
        canvas.text((LEFT - 8, at), &tick_label(tick), muted(12), Align::Right)?;
    }
    canvas.text((20, (TOP + BOTTOM) / 2), "UAR", muted(12), Align::UpMiddle)?;
    match overall {
        Some(overall) => canvas.dashes((LEFT, y.at(overall)), (RIGHT, y.at(overall)), MUTED),
        None => Ok(()),
    }
}
