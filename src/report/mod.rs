//! Typed rows -> Markdown, SVG and HTML: the report that a run leaves for people. Programs find its figures in a flat
//! JSON. The same rows go into the Parquet tables.
//!
//! Nothing here knows a clock, a host or an absolute path: the same [`Facts`] give the same bytes.

mod escape;
mod facts;
mod flat;
mod html;
mod leaderboard;
mod markdown;
mod number;
mod plots;
mod versus;

pub use facts::{
    ClassCount, CorpusFacts, DevUse, Facts, FeatureFacts, FeatureOrigin, FoldFacts, HashKind, HashRow, ModelConfusion,
    ModelFacts, NormalizationFacts, RejectCount, Search, SplitFacts, TransferFold,
};
pub use flat::flat;
pub use html::html;
pub use leaderboard::Board;
pub use markdown::{leaderboard, markdown, versus};
pub use number::{count, with_interval};
pub use plots::{is_plot, plots};
pub use versus::{Change, Gate, RunSide, Versus};

/// Folder of the SVG files, beside report.md.
pub const PLOT_FOLDER: &str = "report";

/// What can go wrong in a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The drawing library refused a plot.
    #[error("plot `{plot}` cannot be drawn: {cause}")]
    Draw {
        /// File name of the plot.
        plot: String,
        /// What the drawing library said.
        cause: String,
    },
}

#[cfg(test)]
mod fixture;
