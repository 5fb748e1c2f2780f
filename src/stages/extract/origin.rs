//! What the rows of the features table come from: the audio, or a table of others. Nothing else in this stage asks which.

use crate::features::{FeatureParams, Featurizer};
use crate::options::ConfigError;
use crate::schema::FeatureInfo;
use crate::stages::{Context, StageError};

use super::others::{TableFile, TableOfOthers};
use super::source::Source;

/// What the rows come from.
pub(super) enum Origin {
    /// The audio, of which this computes features.
    Audio(Box<dyn Featurizer>),
    /// A table of others.
    Table(TableOfOthers),
}

impl Origin {
    /// Opens what the pipeline names; reads a table of others.
    ///
    /// # Errors
    /// The table cannot be used; a column of a corpus has the name of a feature.
    pub fn open(context: &Context, source: &Source) -> Result<Self, StageError> {
        let origin = match &context.parameters.features {
            FeatureParams::Set(set) => Self::Audio(context.parameters.recipe(set).featurizer()),
            FeatureParams::Table(params) => Self::Table(TableFile::find(context, params)?.read(context.out, source)?),
        };
        check_names(origin.names(), &source.text_names())?;
        Ok(origin)
    }

    /// Names of the features, in order.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Audio(featurizer) => featurizer.names(),
            Self::Table(table) => table.names(),
        }
    }

    /// The dictionary row of each feature.
    pub fn dictionary(&self) -> Vec<FeatureInfo> {
        match self {
            Self::Audio(featurizer) => featurizer.dictionary(),
            Self::Table(table) => table.dictionary(),
        }
    }

    /// What deserves a second look.
    pub fn warning(&self) -> Option<&str> {
        match self {
            Self::Audio(_) => None,
            Self::Table(table) => table.warning(),
        }
    }
}

/// A column of the corpus may not have the name of a feature: no reader could tell them apart.
fn check_names(features: &[String], columns: &[String]) -> Result<(), StageError> {
    match columns.iter().find(|name| features.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let problem = "a column of a corpus has the name of a feature; rename it in the manifest or pattern";
            Err(ConfigError::new("corpus", name, problem).into())
        }
    }
}
