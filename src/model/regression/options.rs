//! The `[regression]` section.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RegressionLoss, RegressorSpec};
use crate::options::{ConfigError, between, not_negative, positive, share};
use crate::schema::{FUSION, SELECTED};

/// The models of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RegressionModel {
    /// Ridge regression.
    Ridge,
    /// A perceptron with one linear output.
    Mlp,
    /// The mean of the training targets, whatever the features say.
    Mean,
}

impl RegressionModel {
    /// The word that pipeline files and tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ridge => "ridge",
            Self::Mlp => "mlp",
            Self::Mean => "mean",
        }
    }
}

impl fmt::Display for RegressionModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What models `task = "regression"` fits, and how. Settings with several values are chosen on inner folds of the train
/// side, by CCC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RegressionSection {
    /// The models, in the order of the report; default all.
    pub models: Vec<RegressionModel>,
    /// Inner folds of each train side, 2 or more; default 3. They hold apart what the outer folds do.
    pub inner_folds: usize,
    /// Whether the mean of all models but `mean` is a model too; default true. It needs two of them.
    pub fusion: bool,
    /// Ridge regression.
    pub ridge: RegressionRidge,
    /// The perceptron.
    pub mlp: RegressionMlp,
}

/// `[regression.ridge]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RegressionRidge {
    /// L2 penalties to choose from, each above 0; default 1, 10, 100, 1000 and 10000: alpha times the squared norm of the
    /// weights is added to the sum of squared errors.
    pub alpha: Vec<f64>,
}

/// `[regression.mlp]`: a perceptron with relu units and one linear output, trained by Adam. Targets have mean 0 and
/// deviation 1 in training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RegressionMlp {
    /// Units of each hidden layer, at most 16 layers; default 128. `[]`: a linear model.
    pub hidden: Vec<usize>,
    /// `ccc` (1 - CCC of each batch, default) or `mse`.
    pub loss: RegressionLoss,
    /// Shares of hidden units silenced in training, to choose from, each 0 or more and below 1; default 0.3 and 0.6.
    pub dropout: Vec<f64>,
    /// L2 penalties to choose from, each 0 or more; default 0.001.
    pub l2: Vec<f64>,
    /// Step size of Adam, above 0, default 0.001; it falls to 0 by half a cosine.
    pub learning_rate: f64,
    /// Rows of a batch, 2 or more; default 64.
    pub batch_size: usize,
    /// Passes over the rows; default 60.
    pub epochs: usize,
    /// Networks whose outputs are averaged, 1 to 100; default 3.
    pub members: usize,
}

impl Default for RegressionSection {
    fn default() -> Self {
        Self {
            models: vec![RegressionModel::Ridge, RegressionModel::Mlp, RegressionModel::Mean],
            inner_folds: 3,
            fusion: true,
            ridge: RegressionRidge::default(),
            mlp: RegressionMlp::default(),
        }
    }
}

impl Default for RegressionRidge {
    fn default() -> Self {
        Self { alpha: vec![1.0, 10.0, 100.0, 1000.0, 10_000.0] }
    }
}

impl Default for RegressionMlp {
    fn default() -> Self {
        Self {
            hidden: vec![128],
            loss: RegressionLoss::Ccc,
            dropout: vec![0.3, 0.6],
            l2: vec![0.001],
            learning_rate: 0.001,
            batch_size: 64,
            epochs: 60,
            members: 3,
        }
    }
}

/// What a run of regression fits: a checked section.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regression {
    /// The column that holds the number.
    pub target: String,
    /// Every setting that is tried, model after model in the order of the report.
    pub candidates: Vec<RegressorSpec>,
    /// Inner folds.
    pub inner_folds: usize,
    /// Whether the models are averaged too.
    pub fusion: bool,
    /// The perceptron.
    pub mlp: RegressionMlp,
}

impl Regression {
    /// The models, in the order of the report; then `fusion` where there is one, and `selected`.
    pub fn model_names(&self) -> Vec<&'static str> {
        let mut names: Vec<&str> = self.candidates.iter().map(|spec| spec.model.as_str()).collect();
        names.dedup();
        names.extend(self.fusion.then_some(FUSION));
        names.push(SELECTED);
        names
    }
}

impl RegressionSection {
    /// Whether nothing is set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The candidates of the section.
    ///
    /// # Errors
    /// No model or one twice, no value to choose from, a value out of range.
    pub fn check(&self, target: &str) -> Result<Regression, ConfigError> {
        let twice = self.models.iter().enumerate().find(|(at, model)| self.models[..*at].contains(model));
        if self.models.is_empty() || twice.is_some() {
            let problem = "wanted models out of ridge, mlp and mean, each once";
            return Err(ConfigError::new("regression.models", format!("{:?}", self.models), problem));
        }
        between("regression.inner_folds", self.inner_folds, 2, 100)?;
        self.mlp.check()?;
        some("regression.ridge.alpha", &self.ridge.alpha, positive)?;
        let candidates = self.models.iter().flat_map(|model| self.candidates(*model)).collect();
        let members = self.models.iter().filter(|model| **model != RegressionModel::Mean).count();
        Ok(Regression {
            target: target.to_owned(),
            candidates,
            inner_folds: self.inner_folds,
            fusion: self.fusion && members > 1,
            mlp: self.mlp.clone(),
        })
    }

    fn candidates(&self, model: RegressionModel) -> Vec<RegressorSpec> {
        let spec = |alpha, dropout| RegressorSpec { model, alpha, dropout };
        match model {
            RegressionModel::Ridge => self.ridge.alpha.iter().map(|alpha| spec(*alpha, 0.0)).collect(),
            RegressionModel::Mlp => {
                let l2 = |dropout: &f64| self.mlp.l2.iter().map(move |l2| (*l2, *dropout)).collect::<Vec<_>>();
                self.mlp.dropout.iter().flat_map(l2).map(|(l2, dropout)| spec(l2, dropout)).collect()
            }
            RegressionModel::Mean => vec![spec(0.0, 0.0)],
        }
    }
}

impl RegressionMlp {
    fn check(&self) -> Result<(), ConfigError> {
        if self.hidden.len() > 16 {
            return Err(ConfigError::new("regression.mlp.hidden", format!("{:?}", self.hidden), "at most 16 layers"));
        }
        self.hidden.iter().try_for_each(|units| between("regression.mlp.hidden", *units, 1, 8192))?;
        some("regression.mlp.dropout", &self.dropout, share)?;
        some("regression.mlp.l2", &self.l2, not_negative)?;
        positive("regression.mlp.learning_rate", self.learning_rate)?;
        between("regression.mlp.batch_size", self.batch_size, 2, 1 << 20)?;
        between("regression.mlp.epochs", self.epochs, 1, 100_000)?;
        between("regression.mlp.members", self.members, 1, 100)
    }
}

/// Refuses an empty list, and values that `check` refuses.
fn some(key: &str, values: &[f64], check: impl Fn(&str, f64) -> Result<(), ConfigError>) -> Result<(), ConfigError> {
    if values.is_empty() {
        return Err(ConfigError::new(key, "[]", "name at least one value"));
    }
    values.iter().try_for_each(|value| check(key, *value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_every_combination_and_wrong_values_are_refused() {
        let check = |text: &str| toml::from_str::<RegressionSection>(text).expect("well-formed").check("arousal");
        let regression = check("[mlp]\ndropout = [0.1, 0.2]\nl2 = [0.0, 0.1]").expect("legal");
        let count = |model| regression.candidates.iter().filter(|spec| spec.model == model).count();
        assert_eq!([RegressionModel::Ridge, RegressionModel::Mlp, RegressionModel::Mean].map(count), [5, 4, 1]);
        assert!(regression.fusion && !check("models = ['ridge', 'mean']").expect("legal").fusion);
        for (text, key) in [
            ("models = []", "regression.models"),
            ("models = ['mlp', 'mlp']", "regression.models"),
            ("inner_folds = 1", "regression.inner_folds"),
            ("ridge.alpha = []", "regression.ridge.alpha"),
            ("ridge.alpha = [0.0]", "regression.ridge.alpha"),
            ("mlp.dropout = [1.0]", "regression.mlp.dropout"),
            ("mlp.batch_size = 1", "regression.mlp.batch_size"),
            ("mlp.members = 0", "regression.mlp.members"),
        ] {
            assert_eq!(check(text).expect_err(text).key, key, "{text}");
        }
    }
}
