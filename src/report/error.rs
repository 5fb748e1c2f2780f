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
