//! What is refused before any work: names that readers of the table could not tell apart.

use crate::config::{ConfigError, Transform};
use crate::features::FeatureSet;
use crate::schema::{Table, Utterance, augmented_id};

use super::super::{Context, StageError};

/// A column of the corpus may not have the name of a feature: no reader could tell them apart.
pub(super) fn hidden_features(set: &FeatureSet, utterances: &Table<Utterance>) -> Result<(), StageError> {
    match utterances.text.names.iter().find(|name| set.names().contains(name)) {
        None => Ok(()),
        Some(name) => {
            let problem = "a column of a corpus has the name of a feature; rename it in the manifest or pattern";
            Err(ConfigError::new("corpus", name, problem).into())
        }
    }
}

/// An utterance may not have the id of another one's augmented copy. `utterances` are sorted.
pub(super) fn taken_ids(context: &Context, utterances: &[Utterance]) -> Result<(), StageError> {
    for transform in context.parameters.augment.iter().map(Transform::to_string) {
        let ending = augmented_id("", &transform);
        let originals = utterances.iter().filter_map(|row| row.utterance_id.strip_suffix(&ending));
        let taken = |id: &&str| utterances.binary_search_by(|row| row.utterance_id.as_str().cmp(id)).is_ok();
        if let Some(id) = originals.into_iter().find(taken) {
            let problem = format!("the augmented copy of `{id}` would have the id of another utterance");
            return Err(ConfigError::new("augment", transform, problem)
                .hint("rename its file, or drop the value")
                .into());
        }
    }
    Ok(())
}
