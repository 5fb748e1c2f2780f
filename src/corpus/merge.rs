//! Several corpora in one table.

use super::{CorpusError, LabelledCorpus};
use crate::schema::{Packed, Texts, Utterance};

/// Puts several corpora together: the extra columns are the union in order of first appearance, null where a corpus
/// does not have one; utterances are sorted by id.
///
/// # Errors
/// [`CorpusError::DuplicateIds`] where two corpora yield the same id.
pub fn merge(parts: Vec<LabelledCorpus>) -> Result<LabelledCorpus, CorpusError> {
    let names = union(&parts);
    let mut result = LabelledCorpus::default();
    let mut utterances = Packed::new(names);
    for part in parts {
        append(&mut utterances, part.utterances);
        result.labels.extend(part.labels);
        result.rejects.extend(part.rejects);
        result.warnings.extend(part.warnings);
        result.audio_files += part.audio_files;
        for (extension, count) in part.passed_over {
            *result.passed_over.entry(extension).or_default() += count;
        }
    }
    let ids = utterances.column("utterance_id");
    if !ids.iter().is_sorted() {
        let mut order = (0..utterances.len()).collect::<Vec<_>>();
        order.sort_by_key(|at| ids.get(*at));
        utterances.reorder(&order);
    }
    check_unique(&utterances)?;
    let by_label =
        |count: &crate::schema::LabelCount| (count.corpus.clone(), count.source_label.clone(), count.action.clone());
    result.labels.sort_by_cached_key(by_label);
    result.rejects.sort_by(|a, b| (&a.corpus, &a.path, &a.message).cmp(&(&b.corpus, &b.path, &b.message)));
    result.utterances = utterances;
    Ok(result)
}

fn union(parts: &[LabelledCorpus]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in parts.iter().flat_map(|part| part.utterances.names()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Puts the utterances of a corpus behind the others, under the extra columns of these.
fn append(all: &mut Packed<Utterance>, part: Packed<Utterance>) {
    if all.is_empty() && all.names() == part.names() {
        *all = part;
        return;
    }
    let place = |name: &String| part.names().iter().position(|own| own == name);
    let columns: Vec<Option<&Texts>> = all.names().iter().map(|name| place(name).map(|at| &part.texts()[at])).collect();
    for at in 0..part.len() {
        all.push(&part.row(at), columns.iter().map(|cells| cells.and_then(|cells| cells.get(at))));
    }
}

fn check_unique(utterances: &Packed<Utterance>) -> Result<(), CorpusError> {
    let ids = utterances.column("utterance_id");
    let mut repeats = (1..ids.len()).filter(|at| ids.get(at - 1) == ids.get(*at));
    let Some(second) = repeats.next() else { return Ok(()) };
    let [first, second] = [second - 1, second].map(|at| utterances.row(at));
    let origin = |utterance: &Utterance| format!("{:?} of corpus `{}`", utterance.path, utterance.corpus);
    Err(CorpusError::DuplicateIds {
        count: 1 + repeats.count(),
        first: origin(&first),
        second: origin(&second),
        id: first.utterance_id,
        hint: "give each corpus its own ids: a `key` column, or a pattern with a `key` group".to_owned(),
    })
}
