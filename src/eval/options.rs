//! The `[evaluate]` section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{ConfigError, between};

/// The models that are compared with all others unless `compare` names another: the first of them that there is.
const USUAL_HEADLINES: [&str; 2] = ["selected", "mlp"];
/// Slices that mean the same in every metrics table.
const USUAL_SLICES: [&str; 8] = ["overall", "class", "speaker", "gender", "corpus", "fold", "seed", "seen"];
/// Fewest resamples from which the ends of a 95 % interval can be read.
const MIN_RESAMPLES: usize = 100;
const MAX_RESAMPLES: usize = 1_000_000;

/// How predictions become figures: intervals and comparisons between models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluateSection {
    /// Number of resamples of the test speakers for each 95 % interval, and of draws for each permutation test. More
    /// make the last digits steadier. 0: no intervals and no p values; else 100 to 1000000. Default 2000.
    pub bootstrap: usize,
    /// The model that the report leads with and compares with each other model: one of `train.models`, `fusion` or
    /// `selected`. Default: `selected` if models are tuned, else `mlp` if it is trained, else the first of
    /// `train.models`.
    pub compare: Option<String>,
    /// Text columns by whose values figures are given too, such as `["age_group", "accent", "device"]`: groups of the
    /// pattern, columns of the manifest, or `text_id`, `intensity` and `language` (default: none). Each is a slice of
    /// the metrics table and of the report, which names the largest gap between its groups. A column may have 100
    /// values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<String>,
    /// Number of swaps for the importance of each family of features, 1 to 1000; 0: no importance is computed. Default
    /// 5.
    pub importance: usize,
}

/// Whether every metrics table has the slice.
pub fn is_usual(slice: &str) -> bool {
    USUAL_SLICES.contains(&slice)
}

impl Default for EvaluateSection {
    fn default() -> Self {
        Self { bootstrap: 2000, compare: None, slices: Vec::new(), importance: 5 }
    }
}

impl EvaluateSection {
    /// Checks the section alone.
    ///
    /// # Errors
    /// `evaluate.bootstrap` or `evaluate.importance` out of its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let legal = self.bootstrap == 0 || (MIN_RESAMPLES..=MAX_RESAMPLES).contains(&self.bootstrap);
        if !legal {
            let problem = format!("must be 0 (no intervals) or {MIN_RESAMPLES} to {MAX_RESAMPLES}");
            return Err(ConfigError::new("evaluate.bootstrap", self.bootstrap, problem));
        }
        let repeated = self.slices.iter().enumerate().find(|(at, slice)| self.slices[..*at].contains(slice));
        if let Some(slice) = repeated.map(|(_, slice)| slice).or(self.slices.iter().find(|slice| is_usual(slice))) {
            let problem = format!("the report has this slice once; the usual ones are {}", USUAL_SLICES.join(", "));
            return Err(ConfigError::new("evaluate.slices", format!("{slice:?}"), problem));
        }
        between("evaluate.importance", self.importance, 0, 1000)
    }

    /// The headline model among the trained `models`, which are in the order of `train.models`.
    ///
    /// # Errors
    /// `evaluate.compare` names a model that is not trained, or no model is trained.
    pub fn headline<'a>(&self, models: &[&'a str]) -> Result<&'a str, ConfigError> {
        let found = match &self.compare {
            Some(wanted) => models.iter().find(|model| *model == wanted),
            None => {
                let usual = USUAL_HEADLINES.iter().find_map(|usual| models.iter().find(|model| *model == usual));
                usual.or(models.first())
            }
        };
        found.copied().ok_or_else(|| {
            let value = self.compare.as_deref().map_or("unset".to_owned(), |name| format!("{name:?}"));
            let problem = format!("must be one of the trained models: {}", models.join(", "));
            ConfigError::new("evaluate.compare", value, problem)
                .hint("add it to `train.models`, or to `regression.models` where the task is regression")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bootstrap_is_zero_or_enough() {
        for (bootstrap, legal) in [(0, true), (1, false), (99, false), (100, true), (2000, true), (1_000_001, false)] {
            let section = EvaluateSection { bootstrap, ..EvaluateSection::default() };
            assert_eq!(section.check().is_ok(), legal, "{bootstrap}");
        }
    }

    #[test]
    fn the_headline_is_named_or_the_mlp_or_the_first() {
        let cases = [
            (None, vec!["tree", "mlp"], Some("mlp")),
            (None, vec!["mlp", "selected"], Some("selected")),
            (None, vec!["tree", "svm"], Some("tree")),
            (Some("svm"), vec!["mlp", "svm"], Some("svm")),
            (Some("svm"), vec!["mlp"], None),
            (None, vec![], None),
        ];
        for (compare, models, want) in cases {
            let section = EvaluateSection { compare: compare.map(str::to_owned), ..EvaluateSection::default() };
            assert_eq!(section.headline(&models).ok(), want);
        }
    }

    #[test]
    fn a_wrong_headline_names_the_legal_ones() {
        let section = EvaluateSection { compare: Some("lstm".to_owned()), ..EvaluateSection::default() };
        let message = section.headline(&["mlp", "svm"]).unwrap_err().to_string();
        assert!(message.contains("`evaluate.compare` is \"lstm\""), "{message}");
        assert!(message.contains("mlp, svm"), "{message}");
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(toml::from_str::<EvaluateSection>("bootstraps = 5").is_err());
        assert_eq!(toml::from_str::<EvaluateSection>("").unwrap(), EvaluateSection::default());
    }
}
