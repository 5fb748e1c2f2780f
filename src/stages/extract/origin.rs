//! What the rows of the features table come from: the audio, or a table of others. Nothing else in this stage asks which.

use crate::features::{FeatureParams, Featurizer, Recipe};
use crate::options::ConfigError;
use crate::schema::FeatureInfo;
use crate::stages::{Context, StageError};
use crate::storage::Store;

use super::others::{TableFile, TableOfOthers};
use super::source::Source;

/// What the rows come from.
pub(super) enum Origin {
    /// The audio, of which this computes features.
    Audio(Box<dyn Featurizer>),
    /// A table of others.
    Table(TableOfOthers),
}

/// What the pipeline names, before any of it is read.
pub(super) enum Given {
    /// What computes features of the audio.
    Audio(Recipe),
    /// The file of a table.
    Table(TableFile),
}

impl Given {
    /// Looks up what the pipeline names.
    ///
    /// # Errors
    /// A table cannot be reached.
    pub fn find(context: &Context) -> Result<Self, StageError> {
        Ok(match &context.parameters.features {
            FeatureParams::Set(set) => Self::Audio(context.parameters.recipe(set)),
            FeatureParams::Table(params) => Self::Table(TableFile::find(context, params)?),
        })
    }

    /// The BLAKE3 of a table.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn hash(&self, out: &dyn Store) -> Result<Option<String>, StageError> {
        match self {
            Self::Audio(_) => Ok(None),
            Self::Table(file) => file.hash(out).map(Some),
        }
    }

    /// Keeps the hash of a table, so that a rerun need not read it.
    pub fn keep(&self, out: &dyn Store, hash: Option<&str>) -> Result<(), StageError> {
        match (self, hash) {
            (Self::Table(file), Some(hash)) => file.keep(out, hash),
            _ => Ok(()),
        }
    }

    /// Opens it; reads a table.
    ///
    /// # Errors
    /// A table cannot be used; a column of a corpus has the name of a feature.
    pub fn open(&self, context: &Context, source: &Source) -> Result<Origin, StageError> {
        let origin = match self {
            Self::Audio(recipe) => Origin::Audio(recipe.featurizer()),
            Self::Table(file) => Origin::Table(file.read(context.out, source)?),
        };
        check_names(origin.names(), &source.text_names())?;
        Ok(origin)
    }
}

impl Origin {
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
