//! What defaults follow from: the table that a model is fitted on.

/// The training rows of a fit, as the rules of defaults see them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Training rows.
    pub rows: usize,
    /// Numbers in each: the columns, or what `inputs` makes of them.
    pub columns: usize,
    /// Sum of the variances of these numbers over the rows: of z-scores the number of columns.
    pub variance: f64,
}

impl Shape {
    /// A number to two digits: settings that differ from fold to fold by less tell a reader nothing.
    pub(super) fn rounded(value: f64) -> f64 {
        format!("{value:.1e}").parse().unwrap_or(value)
    }
}
