//! UAR of each test speaker under the headline model, worst first.

use super::canvas::{Align, Canvas, DrawResult, GRID, MARGIN, MUTED, PALETTE, WIDTH, card, muted, plain};
use super::scale::{Scale, tick_label};
use crate::report::Facts;
use crate::report::escape::shorten;

const TOP: i32 = 68;
/// Height of a speaker who is named.
const ROW: i32 = 18;
/// Up to this many speakers are named; more share this height.
const NAMED: usize = 48;
const HEIGHT: i32 = 300;
const LABEL: usize = 16;

/// The SVG document.
pub(super) fn draw(facts: &Facts) -> Result<String, String> {
    let speakers = ranked(facts);
    let named = speakers.len() <= NAMED;
    let (left, bottom) = if named { (130, TOP + ROW * speakers.len() as i32) } else { (48, TOP + HEIGHT) };
    let title = format!("UAR by speaker under {}", shorten(&facts.headline, 16));
    let subtitle = facts.on_track("Dashed: all test utterances");
    card((WIDTH, bottom + 50), &title, &subtitle, |canvas| {
        let x = Scale::new((0.0, 1.0), (left, WIDTH - MARGIN));
        draw_axis(canvas, &x, bottom, facts.uar(&facts.headline))?;
        if !named {
            let all = format!("{} speakers", speakers.len());
            canvas.text((24, (TOP + bottom) / 2), &all, muted(12), Align::UpMiddle)?;
        }
        let step = f64::from(bottom - TOP) / speakers.len().max(1) as f64;
        let radius = if named { 5 } else { 3 };
        for (index, (name, uar)) in speakers.iter().enumerate() {
            let y = TOP + (step * (index as f64 + 0.5)).round() as i32;
            canvas.dot((x.at(*uar), y), radius, PALETTE[0])?;
            if named {
                canvas.text((left - 10, y), &shorten(name, LABEL), plain(12), Align::Right)?;
            }
        }
        Ok(())
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

fn draw_axis(canvas: &mut Canvas<'_>, x: &Scale, bottom: i32, overall: Option<f64>) -> DrawResult {
    for tick in x.ticks(5) {
        let at = x.at(tick);
        canvas.line(&[(at, TOP), (at, bottom)], GRID, 1, 1.0)?;
        canvas.text((at, bottom + 14), &tick_label(tick), muted(12), Align::Middle)?;
    }
    canvas.text((x.at(0.5), bottom + 34), "UAR", muted(12), Align::Middle)?;
    match overall {
        Some(overall) => canvas.dashes((x.at(overall), TOP), (x.at(overall), bottom), MUTED),
        None => Ok(()),
    }
}
