//! What stands for a plot's colours where the page around it is dark. The files keep their own; a page that has the
//! SVG inline repaints it by style.

use plotters::style::RGBColor;

use super::canvas::{GRID, INK, MUTED, PALETTE, PAPER};
use super::confusion::{EMPTY, FULL};

/// What is meant for light paper, and what to paint on dark paper instead.
const DARK: [(RGBColor, &str); 12] = [
    (INK, "#e6edf3"),
    (MUTED, "#9aa5b1"),
    (GRID, "#333b45"),
    (EMPTY, "#222b36"),
    (FULL, "#2f81d6"),
    (PALETTE[0], "#4c9fe0"),
    (PALETTE[1], "#f0803c"),
    (PALETTE[2], "#2fbf94"),
    (PALETTE[3], "#d693b8"),
    (PALETTE[4], "#e6a000"),
    (PALETTE[5], "#8fd0f5"),
    (PALETTE[6], "#9a9a9a"),
];

/// Paper is dark as the ground of a card; text as bright as paper stands on a dark ground in both.
const CARD: &str = "#181d24";

/// A style sheet for pages with plots inline.
pub(in crate::report) fn dark_style() -> String {
    let rules = DARK.iter().flat_map(|(light, dark)| ["fill", "stroke"].map(|paint| rule("", paint, *light, dark)));
    let rules: String = rules.chain([rule("rect", "fill", PAPER, CARD)]).collect();
    format!("@media screen and (prefers-color-scheme: dark) {{\n{rules}}}\n")
}

/// One rule for the elements that have the attribute `paint` in the colour `light`, as the SVG backend writes it.
fn rule(element: &str, paint: &str, RGBColor(red, green, blue): RGBColor, dark: &str) -> String {
    format!("  svg {element}[{paint}=\"#{red:02X}{green:02X}{blue:02X}\"] {{ {paint}: {dark}; }}\n")
}
