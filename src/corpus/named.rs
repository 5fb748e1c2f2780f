//! Corpora whose file names tell the labels: presets and patterns over the listing.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::entry::{Entries, Entry, Facts, reject};
use super::error::{CorpusError, first_five};
use super::passed::PassedOver;
use super::paths::{bad_name, extension, hidden_warning, is_hidden, with_slashes};
use super::pattern::Pattern;
use super::{SourceFile, SourceFiles};
use crate::corpus::Corpus;
use crate::schema::Reject;

/// Reads the name of every audio file; names that do not match become rejects, and an error where they are too many.
pub(super) fn read(config: &Corpus, files: &SourceFiles, pattern: &Pattern<'_>) -> Result<Entries, CorpusError> {
    let (audio, hidden) = audio_files(config, files);
    if audio.is_empty() {
        return Err(no_audio(config, files));
    }
    let mut result = Entries::new(pattern.extra_names(), audio.len());
    for file in audio.into_iter().map(|number| files.get(number as usize)) {
        if let Some((code, message)) = bad_name(file.path) {
            result.rejects.push(reject(config, file.path, code, message.to_owned()));
            continue;
        }
        match pattern.parse(&with_slashes(file.path)) {
            Some(facts) => result.push(config, entry(file, pattern, facts)),
            None => result.rejects.push(unmatched(config, file, pattern)),
        }
    }
    check_rate(config, &result, pattern)?;
    result.passed_over = PassedOver::of(files.iter().map(|file| file.path), &config.extensions);
    result.warnings.extend(hidden_warning(hidden).map(|warning| format!("corpus `{}`: {warning}", config.name)));
    Ok(result)
}

/// Whether a corpus would look at this file.
pub fn is_audio_of(config: &Corpus, path: &str) -> bool {
    let is_legal = |found: String| config.extensions.iter().any(|legal| legal.to_lowercase() == found);
    !is_hidden(path) && extension(path).is_some_and(is_legal)
}

/// The numbers of the audio files of a listing, and how many more are hidden.
pub(super) fn audio_files(config: &Corpus, files: &SourceFiles) -> (Vec<u32>, usize) {
    let legal: Vec<String> = config.extensions.iter().map(|e| e.to_lowercase()).collect();
    let path = |number: &u32| files.get(*number as usize).path;
    let is_audio = |number: &u32| extension(path(number)).is_some_and(|e| legal.contains(&e));
    let audio = (0..files.len() as u32).filter(is_audio);
    let (hidden, seen): (Vec<_>, Vec<_>) = audio.partition(|number| is_hidden(path(number)));
    (seen, hidden.len())
}

/// The error of a corpus without audio.
pub(super) fn no_audio(config: &Corpus, files: &SourceFiles) -> CorpusError {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for file in files.iter() {
        *counts.entry(extension(file.path).unwrap_or_default()).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    let seen: Vec<String> = counts.iter().take(10).map(|(ext, count)| format!("{ext:?} x{count}")).collect();
    CorpusError::NoAudio {
        corpus: config.name.clone(),
        source_uri: config.source.clone(),
        files: files.len(),
        seen: if seen.is_empty() { "none".to_owned() } else { seen.join(", ") },
        legal: config.extensions.join(" "),
    }
}

fn entry(file: SourceFile, pattern: &Pattern<'_>, mut facts: Facts) -> Entry {
    let key = facts.key.take().unwrap_or_else(|| pattern.default_key(&with_slashes(file.path)).to_owned());
    Entry { path: file.path.to_owned(), bytes: file.bytes, key, start_s: None, end_s: None, facts, row: None }
}

fn unmatched(config: &Corpus, file: SourceFile, pattern: &Pattern<'_>) -> Reject {
    let message = format!("the name does not match {}", pattern.grammar());
    reject(config, file.path, "unmatched_name", message)
}

fn check_rate(config: &Corpus, result: &Entries, pattern: &Pattern<'_>) -> Result<(), CorpusError> {
    let unmatched = result.rejects.len();
    let rate = unmatched as f64 / result.audio_files as f64;
    if rate <= config.max_unmatched_rate {
        return Ok(());
    }
    Err(CorpusError::Unmatched {
        corpus: config.name.clone(),
        unmatched,
        audio_files: result.audio_files,
        percent: 100.0 * rate,
        limit_percent: 100.0 * config.max_unmatched_rate,
        grammar: pattern.grammar(),
        first: first_five(result.rejects.iter().map(|reject| reject.path.as_str())),
    })
}
