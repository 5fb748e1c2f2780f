//! Runs of one protocol, and published figures, in one table.

use crate::schema::Leader;

/// What stands in a leaderboard.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Board {
    /// Name of the protocol, or the scheme of the split.
    pub protocol: String,
    /// Where it comes from; empty where it is no published one.
    pub words: String,
    /// Names of the corpora.
    pub corpora: Vec<String>,
    /// The classes, sorted.
    pub classes: Vec<String>,
    /// Number of folds.
    pub folds: usize,
    /// Figures of the protocol that are of other classes or test utterances, in words.
    pub left_out: Vec<String>,
    /// Sorted by system and model.
    pub rows: Vec<Leader>,
}
