//! The folds of a run: new ones, or those that others have published.

use std::collections::BTreeSet;

use crate::dataset::{self, Assignment, Keys, SplitParams};
use crate::options::ConfigError;
use crate::pipeline::Parameters;
use crate::protocol::Protocol;
use crate::schema::Side;

use super::StageError;

/// The folds of these utterances.
///
/// # Errors
/// Those of [`dataset::assign`]; a published protocol that does not know the corpus, or knows none of its utterances.
pub(super) fn assign(parameters: &Parameters, keys: &Keys) -> Result<Assignment, StageError> {
    let (params, pipeline) = (&parameters.split, &parameters.pipeline);
    let SplitParams::Published { protocol, .. } = params else {
        return Ok(dataset::assign(keys, params, pipeline.seed)?);
    };
    let corpus = pipeline.corpus.first().map_or("", |corpus| corpus.name.as_str());
    let preset = pipeline.corpus.first().and_then(|corpus| corpus.preset.as_deref());
    let wrong = |problem: String| ConfigError::new("split.protocol", format!("{protocol:?}"), problem);
    let published = Protocol::known("split.protocol", protocol)?.of(preset);
    let published = published.ok_or_else(|| wrong(format!("it has no folds of corpus `{corpus}`")))?;
    let originals = keys.originals()?;
    let cells = match published.column.as_deref() {
        Some(column) => originals.named("split.protocol", column)?,
        None => originals.ids()?.into_iter().map(Some).collect(),
    };
    // Ids and speakers have the name of the corpus before them.
    let bare =
        |cell: &str| cell.strip_prefix(corpus).and_then(|rest| rest.strip_prefix('/')).map_or(cell.len(), str::len);
    let cells = cells.into_iter().map(|cell| cell.map(|cell| &cell[cell.len() - bare(cell)..])).collect::<Vec<_>>();
    let folds = published.sides(preset, &cells);
    if folds.is_empty() {
        let problem = format!("it knows none of the utterances of corpus `{corpus}`");
        return Err(wrong(problem).hint("are these the file names under which the corpus is published?").into());
    }
    let wanted = preset.and_then(|preset| published.count(preset)).unwrap_or(folds.len());
    let is_tested = |fold: usize| folds.get(fold).is_some_and(|sides| sides.contains(&Some(Side::Test)));
    if let Some(fold) = (0..wanted).find(|fold| !is_tested(*fold)) {
        let problem = format!("it has {wanted} folds, and no test utterance of fold {fold} is there");
        let hint = "complete the corpus, or look at its `filter`, `exclude` and `labels`";
        return Err(wrong(problem).hint(hint).into());
    }
    let mut assignment = dataset::assign_given(keys, folds, params, pipeline.seed)?;
    if parameters.regression.is_none() {
        assignment.warnings.extend(other_classes(protocol, &published.classes, &originals)?);
    }
    Ok(assignment)
}

/// Warns of classes that differ from those of the published figures.
fn other_classes(protocol: &str, classes: &[String], keys: &Keys) -> Result<Option<String>, StageError> {
    let found = keys.emotions()?.into_iter().collect::<BTreeSet<_>>();
    let wanted = classes.iter().map(String::as_str).collect::<BTreeSet<_>>();
    let list = |words: &BTreeSet<&str>| words.iter().copied().collect::<Vec<_>>().join(", ");
    Ok((!wanted.is_empty() && wanted != found).then(|| {
        format!(
            "the figures of protocol `{protocol}` are of the classes {}, and this run has {}; `ser corpora describe` says \
             how to map the labels",
            list(&wanted),
            list(&found)
        )
    }))
}
