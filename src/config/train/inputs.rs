//! `inputs` of a model's section: what becomes of the normalized columns before the fit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::{between, positive};
use crate::config::ConfigError;

/// Which inputs a model is given. Whatever is fitted here is fitted on the rows that the model is fitted on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Inputs {
    /// all (default), select or pca.
    pub method: InputsMethod,
    /// Columns that select keeps, or components that pca makes, 1 to 8192. Needed there, refused with all.
    pub columns: Option<usize>,
    /// pca: each component is divided by its standard deviation to this power, 0 (default: as they come) to 1 (all
    /// equally wide). Refused with another method.
    pub whiten: Option<f64>,
    /// Normalized values are first clipped to plus and minus this, above 0; default not at all.
    pub clip: Option<f64>,
}

/// How inputs are made of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InputsMethod {
    /// Every column as it is.
    #[default]
    All,
    /// The columns with the largest F values of an analysis of variance between the classes.
    Select,
    /// The first principal components, scaled by one number to a mean square of 1.
    Pca,
}

impl Inputs {
    /// `count` inputs by a method.
    pub fn new(method: InputsMethod, count: usize) -> Self {
        Self { method, columns: Some(count), ..Self::default() }
    }

    /// The same, but where all of more than `most` columns were to be inputs, the first `most` principal components.
    pub(super) fn at_most(self, most: usize, columns: usize) -> Self {
        match self.method {
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
        match (self.columns, self.method) {
            (None, InputsMethod::All) => {}
            (Some(columns), InputsMethod::All) => return Err(unused(&key("columns"), columns, "select\" or \"pca")),
            (None, _) => return Err(ConfigError::new(key("columns"), "missing", "select and pca need a number")),
            (Some(columns), _) => between(&key("columns"), columns, 1, 8192)?,
        }
        if let Some(whiten) = self.whiten {
            if self.method != InputsMethod::Pca {
                return Err(unused(&key("whiten"), whiten, "pca"));
            }
            between(&key("whiten"), whiten, 0.0, 1.0)?;
        }
        self.clip.map_or(Ok(()), |clip| positive(&key("clip"), clip))
    }

    /// What a model is given, in words: `200 principal components`.
    pub fn words(&self) -> String {
        let whitened = if self.whiten() > 0.0 { "whitened " } else { "" };
        match (self.method, self.columns) {
            (InputsMethod::Select, Some(columns)) => format!("the {columns} best columns"),
            (InputsMethod::Pca, Some(columns)) => format!("{columns} {whitened}principal components"),
            _ => "all columns".to_owned(),
        }
    }
}

fn unused(key: &str, value: impl std::fmt::Display, methods: &str) -> ConfigError {
    ConfigError::new(key, value, format!("is used with method = \"{methods}\" only")).hint("remove the key")
}
