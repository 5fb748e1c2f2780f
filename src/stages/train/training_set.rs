//! What is learned from.

use std::fmt;

/// The rows of a search and its fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainingSet {
    /// The train side of a fold, whose test rows make figures.
    Fold(i64),
    /// All utterances, for models that are put to use; they make no figure.
    All,
}

impl TrainingSet {
    /// The fold, where it is one.
    pub fn fold(self) -> Option<i64> {
        match self {
            Self::Fold(fold) => Some(fold),
            Self::All => None,
        }
    }

    /// The name of a folder for what was learned from it.
    pub fn folder(self) -> String {
        match self {
            Self::Fold(fold) => format!("fold-{fold}"),
            Self::All => ALL.to_owned(),
        }
    }

    /// Whether a folder has a name that [`TrainingSet::folder`] gives.
    pub fn is_folder(name: &str) -> bool {
        name == ALL || name.starts_with("fold-")
    }
}

const ALL: &str = "all";

impl fmt::Display for TrainingSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fold(fold) => write!(f, "fold {fold}"),
            Self::All => f.write_str(ALL),
        }
    }
}
