use std::fmt;
use std::str::FromStr;

/// The side of a fold that an utterance is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Split {
    /// Models and statistics are fitted on these rows.
    Train,
    /// Early stopping and selection look at these rows.
    Dev,
    /// Figures are reported on these rows, and on nothing else.
    Test,
}

impl Split {
    /// The word that tables and pipeline files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Dev => "dev",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Split {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Train, Self::Dev, Self::Test]
            .into_iter()
            .find(|split| split.as_str() == word)
            .ok_or_else(|| format!("split `{word}` is none of train, dev, test"))
    }
}
