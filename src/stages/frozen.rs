//! The earlier split that a run holds on to (`split.frozen`).

use std::sync::Arc;

use crate::dataset::{Assignment, Frozen, Keys};
use crate::options::ConfigError;
use crate::schema::{Side, SplitRow};
use crate::storage::{self, StorageError, Store};
use crate::table::Batches;

use super::{Context, StageError, accepted, output, published};

/// The key that names it.
const KEY: &str = "split.frozen";

/// The file of an earlier split.
pub struct FrozenSplit {
    folder: Arc<dyn Store>,
    name: String,
    /// Content hash of the table.
    pub hash: String,
}

impl FrozenSplit {
    /// Looks it up; none where the pipeline names none. Reads what the file says of itself.
    ///
    /// # Errors
    /// There is no such table.
    pub fn find(context: &Context) -> Result<Option<Self>, StageError> {
        let pipeline = &context.parameters.pipeline;
        let Some(given) = pipeline.split.frozen() else { return Ok(None) };
        let (folder, name) = match given.rsplit_once('/').filter(|(_, name)| name.ends_with(".parquet")) {
            Some((folder, name)) => (format!("{folder}/"), name.to_owned()),
            None => (accepted::run_at(given, &pipeline.storage)?, output::path::<SplitRow>()),
        };
        let folder = storage::open(&folder, &pipeline.storage)?;
        let missing = || {
            let problem = format!("there is no `{name}`");
            let hint = "name a run, its splits.parquet, or the accepted.json of `ser accept`; for a first run: \
                        --set split.frozen=\"\"";
            ConfigError::new(KEY, format!("{given:?}"), problem).hint(hint)
        };
        let entry = match folder.stat(&name) {
            Err(StorageError::NotAFile { .. }) | Ok(None) => return Err(missing().into()),
            Ok(Some(entry)) => entry,
            Err(error) => return Err(error.into()),
        };
        let hash = output::footer::<SplitRow>(folder.as_ref(), &name, entry.bytes)?.content_hash;
        Ok(Some(Self { folder, name, hash }))
    }

    /// The folds of the earlier split, with what is new.
    fn assign(&self, context: &Context, keys: &Keys, originals: &Keys) -> Result<Assignment, StageError> {
        let (params, seed) = (&context.parameters.split, context.parameters.pipeline.seed);
        let (out, mut frozen) = (self.folder.as_ref(), Frozen::new(originals)?);
        for rows in output::of_file(out, &self.name, Batches::<SplitRow>::open(out.get(&self.name)?))? {
            let rows = output::of_file(out, &self.name, rows)?.rows;
            if let Some(row) = rows.iter().find(|row| row.scheme != params.scheme().as_str()) {
                let problem = format!("that split is of scheme `{}`", row.scheme);
                let hint = "set the same scheme, or freeze another split";
                return Err(ConfigError::new("split.scheme", params.scheme().as_str(), problem).hint(hint).into());
            }
            if rows.iter().any(|row| row.split == Side::Seen.as_str()) {
                let problem = "that split was made with split.disjoint, which cannot be frozen";
                let error = ConfigError::new(KEY, format!("{:?}", self.name), problem);
                return Err(error.hint("freeze a split without `disjoint`").into());
            }
            frozen.push(&rows)?;
        }
        Ok(frozen.assign(keys, params, seed)?)
    }
}

/// The folds of these utterances: those of the earlier split where there is one, else new ones.
///
/// # Errors
/// Those of [`published::assign`]; the earlier split cannot be read.
pub(super) fn assign(context: &Context, keys: &Keys, frozen: Option<&FrozenSplit>) -> Result<Assignment, StageError> {
    match frozen {
        None => published::assign(context.parameters, keys),
        Some(frozen) => frozen.assign(context, keys, &keys.originals()?),
    }
}
