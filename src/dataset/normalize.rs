//! The `[normalize]` section.

use crate::options::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a feature is centred and scaled. A missing value becomes the center, so 0 after normalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Subtract the mean, divide by the standard deviation (with n in its denominator).
    ZScore,
    /// Subtract the minimum, divide by the range: train values lie from 0 to 1.
    MinMax,
    /// Subtract the median, divide by the interquartile range (by the standard deviation if that is 0).
    Robust,
    /// Values as they are; a missing value becomes 0.
    None,
}

impl Method {
    /// The word that pipeline files and tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ZScore => "z-score",
            Self::MinMax => "min-max",
            Self::Robust => "robust",
            Self::None => "none",
        }
    }

    /// The method of a word; `None` for another word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::ZScore, Self::MinMax, Self::Robust, Self::None].into_iter().find(|method| method.as_str() == word)
    }
}

/// Whose rows the statistics are fitted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All train rows of the fold, augmented ones included.
    Corpus,
    /// Each speaker's own utterances, those of test included (without their labels): marked transductive. Augmented
    /// rows are left out.
    Speaker,
    /// Each corpus's own train rows, augmented ones included. A corpus that is not trained on is normalized by its own
    /// utterances (without their labels): marked transductive. Those of fewer than 8 utterances take the statistics of all
    /// train rows.
    EachCorpus,
}

impl Scope {
    /// The word that pipeline files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Corpus => "corpus",
            Self::Speaker => "speaker",
            Self::EachCorpus => "each-corpus",
        }
    }

    /// The scope of a word; `None` for another word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Corpus, Self::Speaker, Self::EachCorpus].into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether new recordings are normalized by their own statistics, a group of them at a time.
    pub fn is_of_groups(self) -> bool {
        self != Self::Corpus
    }
}

/// Which split schemes write the normalized features as tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Export {
    /// Schemes with a single split.
    HoldOut,
    /// Every scheme: one copy of the features for each fold.
    Always,
    /// Never.
    Never,
}

/// How features are normalized. With the default scope, statistics come from the train rows of each fold only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NormalizeSection {
    /// `z-score` (default), `min-max`, `robust` or `none`.
    pub method: Method,
    /// `corpus` (default): one set of statistics for each fold; `speaker`: one for each speaker, which uses unlabelled
    /// test rows; `each-corpus`: one for each corpus, which uses those of a corpus that is not trained on.
    pub scope: Scope,
    /// When tables of normalized features are written: `hold-out` (default), `always` or `never`. Training does not
    /// read them. A side with more than 256 MiB of numbers is in several files, such as `train-00000.parquet`.
    pub export: Export,
}

impl Default for NormalizeSection {
    fn default() -> Self {
        Self { method: Method::ZScore, scope: Scope::Corpus, export: Export::HoldOut }
    }
}

/// What determines the statistics: a checked `[normalize]` section without its export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NormalizeParams {
    /// How a feature is centred and scaled.
    pub method: Method,
    /// Whose rows the statistics are fitted on.
    pub scope: Scope,
}

impl NormalizeSection {
    /// The parameters of the statistics.
    ///
    /// # Errors
    /// `method = "none"` with a scope of groups, which would look at them for nothing.
    pub fn check(&self) -> Result<NormalizeParams, ConfigError> {
        if self.method == Method::None && self.scope.is_of_groups() {
            let problem = "method `none` fits no statistics; the legal scope is `corpus`";
            return Err(ConfigError::new("normalize.scope", format!("{:?}", self.scope.as_str()), problem));
        }
        Ok(NormalizeParams { method: self.method, scope: self.scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back_to_methods() {
        for word in ["z-score", "min-max", "robust", "none"] {
            let section: NormalizeSection = toml::from_str(&format!("method = '{word}'")).expect(word);
            assert_eq!(Method::from_word(word), Some(section.method));
            assert_eq!(section.method.as_str(), word);
        }
        assert_eq!(Method::from_word("zscore"), None);
        for scope in [Scope::Corpus, Scope::Speaker, Scope::EachCorpus] {
            assert_eq!(Scope::from_word(scope.as_str()), Some(scope));
        }
        assert_eq!(Scope::from_word("all"), None);
    }

    #[test]
    fn no_method_has_no_speakers() {
        let section = NormalizeSection { method: Method::None, scope: Scope::Speaker, ..NormalizeSection::default() };
        assert_eq!(section.check().expect_err("refused").key, "normalize.scope");
        assert!(NormalizeSection::default().check().is_ok());
    }
}
