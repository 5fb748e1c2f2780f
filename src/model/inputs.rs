//! `inputs` of a model's section: what becomes of the normalized columns before the fit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{ConfigError, between, not_negative};

/// How feature columns become the inputs of a model. Everything here is fitted on the training rows of the model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Inputs {
    /// all, select or pca. The default depends on the model: see `inputs` in its section.
    pub method: Option<InputsMethod>,
    /// Number of columns that select keeps, or of components that pca makes, 1 to 8192. Required with select and pca,
    /// refused with all.
    pub columns: Option<usize>,
    /// With pca, each component is divided by its standard deviation to this power: 0 (default) leaves components as
    /// they are, 1 gives all of them the same variance. Refused with other methods.
    pub whiten: Option<f64>,
    /// Clips outliers: a value that is more than this many standard deviations from the mean of its column (both over
    /// the training rows) is moved to that distance. Default 5; 0: no clipping. Speech unlike all training speech then
    /// changes a prediction by no more than the most unusual training speech could.
    pub clip: f64,
}

impl Default for Inputs {
    fn default() -> Self {
        Self { method: None, columns: None, whiten: None, clip: 5.0 }
    }
}

/// How inputs are made of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InputsMethod {
    /// Every column as it is.
    All,
    /// The columns with the largest F values of an analysis of variance between the classes.
    Select,
    /// The first principal components, scaled by one number to a mean square of 1.
    Pca,
}

impl Inputs {
    /// `count` inputs by a method.
    pub fn new(method: InputsMethod, count: usize) -> Self {
        Self { method: Some(method), columns: Some(count), ..Self::default() }
    }

    /// Every column as it is, nothing clipped.
    pub(super) fn plain() -> Self {
        Self { method: Some(InputsMethod::All), clip: 0.0, ..Self::default() }
    }

    /// The method; every column where none is said.
    pub fn method(&self) -> InputsMethod {
        self.method.unwrap_or(InputsMethod::All)
    }

    /// How far a value may lie from its column's mean, in standard deviations; none: as far as it likes.
    pub fn clip(&self) -> Option<f64> {
        (self.clip > 0.0).then_some(self.clip)
    }

    /// The same, and where no method is said the first `most` principal components of a wide table, or as many as its
    /// rows have.
    pub(super) fn of_wide(self, rows: usize, columns: usize, most: usize) -> Self {
        match self.method {
            None if columns > Self::WIDE => {
                let count = most.min(rows.saturating_sub(1).max(1));
                Self { method: Some(InputsMethod::Pca), columns: Some(count), ..self }
            }
            _ => self,
        }
    }

    /// Most columns that models of weights take as they are.
    pub(super) const WIDE: usize = 1000;

    /// The same, but where all of more than `most` columns were to be inputs, the first `most` principal components.
    pub(super) fn at_most(self, most: usize, columns: usize) -> Self {
        match self.method() {
            InputsMethod::All if columns > most => Self { clip: self.clip, ..Self::new(InputsMethod::Pca, most) },
            _ => self,
        }
    }

    /// The power of the standard deviation that components are divided by.
    pub fn whiten(&self) -> f64 {
        self.whiten.unwrap_or(0.0)
    }

    /// Refuses values out of range and keys that the method does not use; `section` is `train.mlp`.
    pub(super) fn check(&self, section: &str) -> Result<(), ConfigError> {
        let key = |name: &str| format!("{section}.inputs.{name}");
        match (self.columns, self.method()) {
            (None, InputsMethod::All) => {}
            (Some(columns), InputsMethod::All) => return Err(unused(&key("columns"), columns, "select\" or \"pca")),
            (None, _) => return Err(ConfigError::new(key("columns"), "missing", "select and pca need a number")),
            (Some(columns), _) => between(&key("columns"), columns, 1, 8192)?,
        }
        if let Some(whiten) = self.whiten {
            if self.method() != InputsMethod::Pca {
                return Err(unused(&key("whiten"), whiten, "pca"));
            }
            between(&key("whiten"), whiten, 0.0, 1.0)?;
        }
        not_negative(&key("clip"), self.clip)
    }

    /// What a model is given, in words: `200 principal components`.
    pub fn words(&self) -> String {
        let whitened = if self.whiten() > 0.0 { "whitened " } else { "" };
        match (self.method(), self.columns) {
            (InputsMethod::Select, Some(columns)) => format!("the {columns} best columns"),
            (InputsMethod::Pca, Some(columns)) => format!("{columns} {whitened}principal components"),
            _ => "all columns".to_owned(),
        }
    }
}

fn unused(key: &str, value: impl std::fmt::Display, methods: &str) -> ConfigError {
    ConfigError::new(key, value, format!("is used with method = \"{methods}\" only")).hint("remove the key")
}

/// The training rows of a fit, as the rules of defaults see them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Training rows.
    pub rows: usize,
    /// Numbers in each: the columns, or what `inputs` makes of them.
    pub columns: usize,
    /// Sum of the variances of these numbers over the rows: of z-scores the number of columns.
    pub variance: f64,
}

impl Shape {
    /// A number to two digits: settings that differ from fold to fold by less tell a reader nothing.
    pub(super) fn rounded(value: f64) -> f64 {
        format!("{value:.1e}").parse().unwrap_or(value)
    }
}
