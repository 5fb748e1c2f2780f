//! Utterances by class, a colour a corpus.

use super::canvas::{Align, Canvas, DrawResult, GRID, MARGIN, PALETTE, WIDTH, card, muted, plain};
use super::scale::{Scale, tick_label};
use crate::report::escape::shorten;
use crate::report::{ClassCount, Facts, number};

const LEFT: i32 = 114;
/// Right end of the longest bar, with room for its count.
const RIGHT: i32 = WIDTH - 56;
const ROW: i32 = 28;
/// Corpora that the legend names in one line.
const PER_LINE: usize = 2;

/// The SVG document.
pub(super) fn draw(facts: &Facts) -> Result<String, String> {
    let names: Vec<&str> = facts.corpora.iter().map(|corpus| corpus.name.as_str()).collect();
    let legend = if names.len() > 1 { 22 * names.len().div_ceil(PER_LINE) as i32 } else { 0 };
    let top = 70 + legend;
    let bottom = top + ROW * facts.classes.len() as i32;
    let subtitle = "Utterances with features, by emotion";
    card((WIDTH, bottom + 52), "Class distribution", subtitle, |canvas| {
        if legend > 0 {
            draw_legend(canvas, &names)?;
        }
        let largest = facts.classes.iter().map(|class| total(facts, class)).max().unwrap_or(0);
        let scale = Scale::new((0.0, largest as f64), (LEFT, RIGHT));
        draw_axis(canvas, &scale, (top, bottom))?;
        for (index, class) in facts.classes.iter().enumerate() {
            draw_class(canvas, facts, class, &scale, top + ROW * index as i32)?;
        }
        Ok(())
    })
}

fn total(facts: &Facts, class: &str) -> i64 {
    of_class(facts, class).map(|row| row.utterances).sum()
}

fn of_class<'a>(facts: &'a Facts, class: &'a str) -> impl Iterator<Item = &'a ClassCount> {
    facts.class_counts.iter().filter(move |row| row.class == class)
}

fn draw_legend(canvas: &mut Canvas<'_>, names: &[&str]) -> DrawResult {
    for (index, name) in names.iter().enumerate() {
        let (x, y) = (MARGIN + 165 * (index % PER_LINE) as i32, 74 + 22 * (index / PER_LINE) as i32);
        canvas.fill((x, y - 6), (x + 12, y + 6), PALETTE[index % PALETTE.len()])?;
        canvas.text((x + 20, y), &shorten(name, 20), plain(12), Align::Left)?;
    }
    Ok(())
}

fn draw_axis(canvas: &mut Canvas<'_>, scale: &Scale, (top, bottom): (i32, i32)) -> DrawResult {
    for tick in scale.ticks(5).into_iter().filter(|tick| tick.fract() == 0.0) {
        let x = scale.at(tick);
        canvas.line(&[(x, top), (x, bottom)], GRID, 1, 1.0)?;
        canvas.text((x, bottom + 14), &tick_label(tick), muted(12), Align::Middle)?;
    }
    canvas.text(((LEFT + RIGHT) / 2, bottom + 34), "utterances", muted(12), Align::Middle)
}

fn draw_class(canvas: &mut Canvas<'_>, facts: &Facts, class: &str, scale: &Scale, y: i32) -> DrawResult {
    canvas.text((LEFT - 12, y + ROW / 2), &shorten(class, 14), plain(13), Align::Right)?;
    let mut before = 0;
    for (index, corpus) in facts.corpora.iter().enumerate() {
        let here: i64 = of_class(facts, class).filter(|row| row.corpus == corpus.name).map(|row| row.utterances).sum();
        let (from, to) = (scale.at(before as f64), scale.at((before + here) as f64));
        if here > 0 {
            canvas.fill((from, y + 5), (to, y + ROW - 5), PALETTE[index % PALETTE.len()])?;
        }
        before += here;
    }
    let end = scale.at(before as f64);
    canvas.text((end + 8, y + ROW / 2), &number::count(total(facts, class)), plain(12), Align::Left)
}
