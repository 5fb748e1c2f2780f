//! A confusion matrix: colour and percent are shares of the row, below them are the counts.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, DrawResult, INK, PAPER, Point, Style, WIDTH, card, muted, plain};
use crate::eval::Confusion;
use crate::report::escape::shorten;
use crate::report::{Facts, number};

const LEFT: i32 = 104;
/// Room behind the last column.
const RIGHT: i32 = 8;
const TOP: i32 = 76;
const LABEL: usize = 12;
/// The colours of a share of 0 and of 1.
pub(super) const EMPTY: RGBColor = RGBColor(0xf1, 0xf5, 0xfa);
pub(super) const FULL: RGBColor = RGBColor(0x08, 0x45, 0x94);
/// From this share on, text is white.
const DARK: f64 = 0.55;

/// The SVG document of a model's matrix.
pub(super) fn draw(facts: &Facts, model: &str) -> Result<String, String> {
    let Some(row) = facts.confusions.iter().find(|row| row.model == model) else {
        return Err(format!("no confusion matrix of model `{model}`"));
    };
    let grid = Grid::new(&facts.classes);
    let title = format!("Confusion matrix of {}", shorten(model, 16));
    let subtitle = facts.on_track("Percent of the row; below: utterances");
    card(grid.size(), &title, &subtitle, |canvas| {
        draw_labels(canvas, &grid, &facts.classes, &row.confusion)?;
        for truth in 0..facts.classes.len() {
            for predicted in 0..facts.classes.len() {
                draw_cell(canvas, &grid, &row.confusion, truth, predicted)?;
            }
        }
        Ok(())
    })
}

/// Sizes in pixels, smaller cells for more classes.
struct Grid {
    classes: i32,
    width: i32,
    height: i32,
    /// Room for the labels of the columns.
    below: i32,
}

impl Grid {
    fn new(classes: &[String]) -> Self {
        let count = classes.len() as i32;
        let longest = classes.iter().map(|class| class.chars().count().min(LABEL)).max().unwrap_or(0) as i32;
        let width = ((WIDTH - LEFT - RIGHT) / count.max(1)).clamp(8, 64);
        let height = match count {
            0..=9 => 44,
            10..=14 => 38,
            _ => 24,
        };
        let below = if Self::turned(width, longest) { 8 * longest + 10 } else { 22 };
        Self { classes: count, width, height, below }
    }

    /// Whether the labels of the columns are too long to stand side by side; about 7 pixels a character.
    fn turned(width: i32, longest: i32) -> bool {
        7 * longest > width
    }

    fn size(&self) -> Point {
        ((LEFT + self.classes * self.width + RIGHT).max(WIDTH), TOP + self.classes * self.height + self.below + 34)
    }

    fn bottom(&self) -> i32 {
        TOP + self.classes * self.height
    }

    fn corner(&self, row: usize, column: usize) -> Point {
        (LEFT + column as i32 * self.width, TOP + row as i32 * self.height)
    }
}

fn draw_labels(canvas: &mut Canvas<'_>, grid: &Grid, classes: &[String], confusion: &Confusion) -> DrawResult {
    let turned = grid.below > 22;
    for (index, class) in classes.iter().enumerate() {
        let label = shorten(class, LABEL);
        let (x, y) = grid.corner(index, index);
        let middle = y + grid.height / 2;
        if grid.height >= 38 {
            canvas.text((LEFT - 10, middle - 8), &label, plain(12), Align::Right)?;
            let support = format!("n = {}", number::count(confusion.support(index) as i64));
            canvas.text((LEFT - 10, middle + 9), &support, muted(11), Align::Right)?;
        } else {
            canvas.text((LEFT - 10, middle), &label, plain(12), Align::Right)?;
        }
        let (align, gap) = if turned { (Align::UpRight, 8) } else { (Align::Middle, 14) };
        canvas.text((x + grid.width / 2, grid.bottom() + gap), &label, plain(12), align)?;
    }
    let middle = LEFT + grid.classes * grid.width / 2;
    canvas.text((middle, grid.bottom() + grid.below + 14), "predicted", muted(12), Align::Middle)?;
    canvas.text((10, TOP + grid.classes * grid.height / 2), "labelled", muted(12), Align::UpMiddle)
}

fn draw_cell(
    canvas: &mut Canvas<'_>,
    grid: &Grid,
    confusion: &Confusion,
    truth: usize,
    predicted: usize,
) -> DrawResult {
    let (count, support) = (confusion.count(truth, predicted), confusion.support(truth));
    let share = if support == 0 { 0.0 } else { count as f64 / support as f64 };
    let (x, y) = grid.corner(truth, predicted);
    let (from, to) = ((x + 1, y + 1), (x + grid.width, y + grid.height));
    canvas.fill(from, to, EMPTY)?;
    if count == 0 {
        return Ok(());
    }
    canvas.tint(from, to, FULL, share)?;
    if grid.height < 38 {
        return Ok(());
    }
    let color = if share >= DARK { PAPER } else { INK };
    let (x, y) = (x + grid.width / 2, y + grid.height / 2);
    let percent = format!("{:.0}", 100.0 * share);
    let size = if grid.width >= 25 { 13 } else { 11 };
    canvas.text((x, y - 7), &percent, Style { size, color, bold: truth == predicted }, Align::Middle)?;
    let count = number::count(count as i64);
    // A digit is about 6 pixels wide.
    if 6 * count.len() as i32 > grid.width {
        return Ok(());
    }
    canvas.text((x, y + 10), &count, Style { size: 11, color, bold: false }, Align::Middle)
}
