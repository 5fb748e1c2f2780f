use std::fmt;

/// What was known of the test speakers before they were tested. Figures of two tracks are never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Track {
    /// Nothing of the test utterances was used before they were judged.
    Inductive,
    /// Unlabelled statistics of the test speakers' own recordings were used.
    Transductive,
}

impl Track {
    /// The word that tables and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inductive => "inductive",
            Self::Transductive => "transductive",
        }
    }

    /// The track of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Inductive, Self::Transductive].into_iter().find(|track| track.as_str() == word)
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
