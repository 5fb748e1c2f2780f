//! Recordings that a corpus holds in several formats.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::entry::bare;
use super::error::CorpusError;
use super::paths::{extension, file_name, without_extension};
use crate::corpus::Corpus;
use crate::schema::{Packed, Utterance};

/// What to do about ids that occur more than once: where the files of each differ in their extensions, one extension
/// that all of them have. It is the most frequent one of the corpus, and of equals one that loses nothing.
pub(super) fn remedy(utterances: &Packed<Utterance>, groups: &[Vec<usize>]) -> Option<String> {
    let format = |at: &usize| format(utterances, *at);
    let formats: Vec<BTreeSet<String>> = groups.iter().map(|group| group.iter().map(format).collect()).collect();
    if groups.iter().zip(&formats).any(|(group, formats)| group.len() != formats.len()) {
        return None;
    }
    let shared = formats.iter().skip(1).fold(formats.first()?.clone(), |all, formats| &all & formats);
    let frequency = |wanted: &str| (0..utterances.len()).filter(|at| format(at) == wanted).count();
    let lossless = |format: &str| ["flac", "wav"].iter().position(|one| *one == format);
    let rank = |format: &String| (frequency(format), lossless(format), Reverse(format.clone()));
    let best = shared.into_iter().max_by_key(rank)?;
    let ids = utterances.column("utterance_id");
    let in_groups: BTreeSet<Option<&str>> = groups.iter().map(|group| ids.get(group[0])).collect();
    let lost = (0..utterances.len()).filter(|at| !in_groups.contains(&ids.get(*at)) && format(at) != best).count();
    let lost = if lost == 0 { String::new() } else { format!(" ({lost} exist only in other formats)") };
    Some(format!("the same recordings exist in several formats; choose one: `extensions = [{best:?}]`{lost}"))
}

/// Finds recordings that a pattern takes twice, since they lie in a folder a format: files of one name and of the same
/// labels that differ in folder and extension. A key that the pattern reads tells recordings apart; none is looked at
/// then.
///
/// # Errors
/// [`CorpusError::SeveralFormats`] where all files of an extension are there with another one. Where only some are, the
/// answer is a warning.
pub(super) fn check(config: &Corpus, utterances: &Packed<Utterance>) -> Result<Option<String>, CorpusError> {
    let groups = twins(config, utterances);
    let Some([first, second, ..]) = groups.first().map(Vec::as_slice) else { return Ok(None) };
    let count = |files: &mut dyn Iterator<Item = usize>| {
        files.fold(BTreeMap::<String, usize>::new(), |mut counts, file| {
            *counts.entry(format(utterances, file)).or_default() += 1;
            counts
        })
    };
    let (all, doubled) = (count(&mut (0..utterances.len())), count(&mut groups.iter().flatten().copied()));
    let [first, second] = [first, second].map(|at| format!("{:?}", path(utterances, *at)));
    if doubled.iter().any(|(format, count)| all[format] == *count) {
        let hint = remedy(utterances, &groups).unwrap_or_else(|| "keep one copy of each recording".to_owned());
        return Err(CorpusError::SeveralFormats {
            corpus: config.name.clone(),
            count: groups.len(),
            first,
            second,
            hint,
        });
    }
    Ok(Some(format!(
        "corpus `{}`: {} recordings seem to exist in several formats, such as {first} and {second}",
        config.name,
        groups.len()
    )))
}

/// The files of each recording that is there in several formats, by name and labels.
fn twins(config: &Corpus, utterances: &Packed<Utterance>) -> Vec<Vec<usize>> {
    let ids = utterances.column("utterance_id");
    let key = |at: usize| bare(config, ids.get(at).unwrap_or_default());
    let are_several = |files: &[usize]| {
        let formats = || files.iter().map(|at| format(utterances, *at));
        files.len() > 1 && formats().skip(1).any(|format| formats().next() != Some(format))
    };
    let mut files = (0..utterances.len()).collect::<Vec<_>>();
    files.retain(|at| key(*at) == without_extension(path(utterances, *at)));
    files.sort_unstable_by_key(|at| (file_name(key(*at)), *at));
    let of_a_name = files.chunk_by(|a, b| file_name(key(*a)) == file_name(key(*b)));
    let groups = of_a_name.filter(|files| are_several(files)).flat_map(|files| {
        let mut twins = BTreeMap::<String, Vec<usize>>::new();
        files.iter().for_each(|at| twins.entry(labels(utterances, *at)).or_default().push(*at));
        twins.into_values()
    });
    groups.filter(|files| are_several(files)).collect()
}

/// All that the name of a file says.
fn labels(utterances: &Packed<Utterance>, at: usize) -> String {
    let typed = ["source_label", "speaker", "gender", "text_id", "intensity", "language"];
    let typed = typed.map(|column| utterances.column(column).get(at));
    let extra = utterances.texts().iter().map(|cells| cells.get(at)).collect::<Vec<_>>();
    format!("{typed:?}{extra:?}")
}

fn path(utterances: &Packed<Utterance>, at: usize) -> &str {
    utterances.column("path").get(at).unwrap_or_default()
}

fn format(utterances: &Packed<Utterance>, at: usize) -> String {
    extension(path(utterances, at)).unwrap_or_default()
}
