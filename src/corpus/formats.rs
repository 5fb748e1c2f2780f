//! Recordings that a corpus holds in several formats.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::entry::Chosen;
use super::error::CorpusError;
use super::paths::{extension, file_name, without_extension};
use crate::corpus::Corpus;

/// What to do about ids that occur more than once: where the files of each differ in their extensions, one extension
/// that all of them have. It is the most frequent one of the corpus, and of equals one that loses nothing.
pub(super) fn remedy(chosen: &[Chosen], groups: &[Vec<&Chosen>]) -> Option<String> {
    let formats = groups.iter().map(|group| group.iter().map(|one| format(one)).collect::<BTreeSet<_>>());
    let formats: Vec<BTreeSet<String>> = formats.collect();
    if groups.iter().zip(&formats).any(|(group, formats)| group.len() != formats.len()) {
        return None;
    }
    let shared = formats.iter().skip(1).fold(formats.first()?.clone(), |all, formats| &all & formats);
    let frequency = |wanted: &str| chosen.iter().filter(|one| format(one) == wanted).count();
    let lossless = |format: &str| ["flac", "wav"].iter().position(|one| *one == format);
    let rank = |format: &String| (frequency(format), lossless(format), Reverse(format.clone()));
    let best = shared.into_iter().max_by_key(rank)?;
    let in_groups: BTreeSet<&str> = groups.iter().map(|group| group[0].id.as_str()).collect();
    let lost = chosen.iter().filter(|one| !in_groups.contains(one.id.as_str()) && format(one) != best).count();
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
pub(super) fn check(config: &Corpus, chosen: &[Chosen]) -> Result<Option<String>, CorpusError> {
    let mut twins: BTreeMap<(&str, String), Vec<&Chosen>> = BTreeMap::new();
    for one in
        chosen.iter().filter(|one| one.entry.row.is_none() && one.entry.key == without_extension(&one.entry.path))
    {
        let name = file_name(&one.entry.key);
        twins.entry((name, format!("{:?}", one.entry.facts))).or_default().push(one);
    }
    twins.retain(|_, files| files.iter().map(|file| format(file)).collect::<BTreeSet<_>>().len() > 1);
    let groups: Vec<Vec<&Chosen>> = twins.into_values().collect();
    let Some([first, second, ..]) = groups.first().map(Vec::as_slice) else { return Ok(None) };
    let count = |files: &mut dyn Iterator<Item = &Chosen>| {
        files.fold(BTreeMap::<String, usize>::new(), |mut counts, file| {
            *counts.entry(format(file)).or_default() += 1;
            counts
        })
    };
    let (all, doubled) = (count(&mut chosen.iter()), count(&mut groups.iter().flatten().copied()));
    let [first, second] = [first, second].map(|file| format!("{:?}", file.entry.path));
    if doubled.iter().any(|(format, count)| all[format] == *count) {
        let hint = remedy(chosen, &groups).unwrap_or_else(|| "keep one copy of each recording".to_owned());
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

fn format(one: &Chosen) -> String {
    extension(&one.entry.path).unwrap_or_default()
}
