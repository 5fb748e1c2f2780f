//! Several corpora in one table.

use std::collections::HashMap;

use super::{CorpusError, LabelledCorpus};
use crate::schema::{Columns, Table, Utterance};

/// Puts several corpora together: the extra columns are the union in order of first appearance, null where a corpus
/// does not have one; utterances are sorted by id.
///
/// # Errors
/// [`CorpusError::DuplicateIds`] where two corpora yield the same id.
pub fn merge(parts: Vec<LabelledCorpus>) -> Result<LabelledCorpus, CorpusError> {
    let names = union(&parts);
    let mut result = LabelledCorpus::default();
    let mut rows: Vec<(Utterance, Vec<Option<String>>)> = Vec::new();
    for part in parts {
        rows.extend(widened(part.utterances, &names));
        result.labels.extend(part.labels);
        result.rejects.extend(part.rejects);
        result.warnings.extend(part.warnings);
        result.audio_files += part.audio_files;
        for (extension, count) in part.passed_over {
            *result.passed_over.entry(extension).or_default() += count;
        }
    }
    rows.sort_by(|a, b| a.0.utterance_id.cmp(&b.0.utterance_id));
    check_unique(&rows)?;
    let by_label =
        |count: &crate::schema::LabelCount| (count.corpus.clone(), count.source_label.clone(), count.action.clone());
    result.labels.sort_by_cached_key(by_label);
    result.rejects.sort_by(|a, b| (&a.corpus, &a.path, &a.message).cmp(&(&b.corpus, &b.path, &b.message)));
    let mut values = Vec::with_capacity(rows.len() * names.len());
    for (utterance, mut extra) in rows {
        result.utterances.rows.push(utterance);
        values.append(&mut extra);
    }
    result.utterances.text = Columns { names, values };
    Ok(result)
}

fn union(parts: &[LabelledCorpus]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in parts.iter().flat_map(|part| &part.utterances.text.names) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Rows with the extra columns `names`.
fn widened(table: Table<Utterance>, names: &[String]) -> impl Iterator<Item = (Utterance, Vec<Option<String>>)> {
    let own: HashMap<&str, usize> = table.text.names.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    let places: Vec<Option<usize>> = names.iter().map(|name| own.get(name.as_str()).copied()).collect();
    let text = table.text;
    table.rows.into_iter().enumerate().map(move |(index, utterance)| {
        let row = text.row(index);
        (utterance, places.iter().map(|place| place.and_then(|place| row[place].clone())).collect())
    })
}

fn check_unique(rows: &[(Utterance, Vec<Option<String>>)]) -> Result<(), CorpusError> {
    let mut repeats = rows.windows(2).filter(|pair| pair[0].0.utterance_id == pair[1].0.utterance_id);
    let Some([first, second]) = repeats.next() else { return Ok(()) };
    let origin = |utterance: &Utterance| format!("{:?} of corpus `{}`", utterance.path, utterance.corpus);
    Err(CorpusError::DuplicateIds {
        count: 1 + repeats.count(),
        id: first.0.utterance_id.clone(),
        first: origin(&first.0),
        second: origin(&second.0),
        hint: "give each corpus its own ids: a `key` column, or a pattern with a `key` group".to_owned(),
    })
}
