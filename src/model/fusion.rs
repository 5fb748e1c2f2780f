//! The `[fusion]` section.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ModelKind, ModelSpec};
use crate::options::ConfigError;

/// Late fusion: the probabilities of several models are combined into one more model, `fusion`. Tables and report list
/// it with the others. Default: none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FusionSection {
    /// The models, two or more of `train.models`; default all but `majority`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<ModelKind>>,
    /// `average` (default) or `stack`.
    pub method: FusionMethod,
}

impl Default for FusionSection {
    fn default() -> Self {
        Self { models: None, method: FusionMethod::Average }
    }
}

/// How probabilities are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FusionMethod {
    /// Their mean.
    Average,
    /// Their weighted mean. The weights maximize the likelihood of the labels of out-of-fold rows (stacking, Wolpert
    /// 1992, with a linear opinion pool). These rows come from the inner folds, so `stack` requires `[tune]`.
    Stack,
}

impl FusionMethod {
    /// The word that pipeline files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Average => "average",
            Self::Stack => "stack",
        }
    }
}

/// A checked `[fusion]` section.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FusionParams {
    /// The models, in the order of `train.models`.
    pub models: Vec<ModelKind>,
    /// How probabilities are combined.
    pub method: FusionMethod,
}

impl FusionSection {
    /// Resolves the models among the trained ones.
    ///
    /// # Errors
    /// A model that is not trained or stands there twice, fewer than two, stacking without inner folds.
    pub fn check(&self, trained: &[ModelSpec], has_inner_folds: bool) -> Result<FusionParams, ConfigError> {
        let trained: Vec<ModelKind> = trained.iter().map(ModelSpec::kind).collect();
        let wanted = match &self.models {
            Some(models) => models.clone(),
            None => trained.iter().copied().filter(|kind| *kind != ModelKind::Majority).collect(),
        };
        let wrong = |problem: String| {
            let words: Vec<&str> = wanted.iter().map(|kind| kind.as_str()).collect();
            Err(ConfigError::new("fusion.models", format!("{words:?}"), problem))
        };
        if let Some(absent) = wanted.iter().find(|kind| !trained.contains(kind)) {
            return wrong(format!("`{absent}` is not trained; add it to train.models"));
        }
        let different: BTreeSet<_> = wanted.iter().collect();
        if different.len() < 2 || different.len() < wanted.len() {
            return wrong("name two or more models, each once".to_owned());
        }
        if self.method == FusionMethod::Stack && !has_inner_folds {
            let problem =
                "stacking needs the out-of-fold rows of inner folds; add a [tune] section, or choose \"average\"";
            return Err(ConfigError::new("fusion.method", "\"stack\"", problem));
        }
        let models = trained.into_iter().filter(|kind| different.contains(kind)).collect();
        Ok(FusionParams { models, method: self.method })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TrainSection;

    fn check(models: &str, fusion: &str, inner: bool) -> Result<FusionParams, String> {
        let train: TrainSection = toml::from_str(&format!("models = {models}")).unwrap();
        let fusion: FusionSection = toml::from_str(fusion).unwrap();
        fusion.check(&train.check().unwrap(), inner).map_err(|error| error.to_string())
    }

    #[test]
    fn all_but_the_majority_are_fused_unless_some_are_named() {
        let all = check("['mlp', 'majority', 'svm']", "", false).unwrap();
        assert_eq!(all.models, [ModelKind::Mlp, ModelKind::Svm]);
        let some = check("['mlp', 'logistic', 'svm']", "models = ['svm', 'mlp']\nmethod = 'stack'", true).unwrap();
        assert_eq!((some.models, some.method), (vec![ModelKind::Mlp, ModelKind::Svm], FusionMethod::Stack));
    }

    #[test]
    fn wrong_values_are_refused_with_their_key() {
        let cases = [
            ("['mlp', 'majority']", "", "fusion.models"),
            ("['mlp', 'svm']", "models = ['mlp']", "fusion.models"),
            ("['mlp', 'svm']", "models = ['mlp', 'mlp']", "fusion.models"),
            ("['mlp', 'svm']", "models = ['mlp', 'tree']", "fusion.models"),
            ("['mlp', 'svm']", "method = 'stack'", "fusion.method"),
        ];
        for (models, fusion, key) in cases {
            let error = check(models, fusion, false).unwrap_err();
            assert!(error.starts_with(&format!("`{key}` is ")), "{fusion}: {error}");
        }
    }
}
