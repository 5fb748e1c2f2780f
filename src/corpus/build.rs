//! Listing or manifest -> entries -> label map and filters -> utterances.

use std::collections::BTreeSet;

use super::entry::{Chosen, Entries, Entry, reject};
use super::error::CorpusError;
use super::filter::Filter;
use super::formats;
use super::labels::{Accounting, LabelMap, Mapped, map_warnings};
use super::manifest::{self, ManifestTable};
use super::named;
use super::passed::PassedOver;
use super::pattern::Pattern;
use super::{LabelledCorpus, Source, speakers};
use crate::corpus::{Corpus, Origin, Preset};
use crate::schema::{Columns, LabelCount, Table, Utterance, speaker_id};

/// Reads one corpus. `table` holds the rows of its manifest, and `preset` what its preset file says, where it has one.
///
/// # Errors
/// A [`CorpusError`]: the section is unsound, there is no audio, too many names do not match, the manifest does not
/// fit, a source label has no emotion, an id occurs twice, or nothing is left.
pub fn build(
    config: &Corpus,
    source: Source<'_>,
    table: Option<&ManifestTable>,
    preset: Option<&Preset>,
) -> Result<LabelledCorpus, CorpusError> {
    config.check("corpus")?;
    let preset = preset.or_else(|| Preset::known(config.preset.as_deref()?));
    let mut read = read(config, source, table, preset)?;
    set_language(config, preset, &mut read.entries);
    let filter = Filter::new(config, preset, &read.extra)?;
    let map = LabelMap { own: &config.labels, preset: preset.map(|preset| &preset.labels) };
    let mut warnings = read.warnings;
    warnings.extend(usage_warnings(config, &read.entries, &map, &filter));
    let (mut chosen, labels) = choose(config, read.entries, &map, &filter)?;
    chosen.sort_by(|a, b| (&a.id, &a.entry.path, &a.entry.row).cmp(&(&b.id, &b.entry.path, &b.entry.row)));
    check_unique(&chosen)?;
    warnings.extend(formats::check(config, &chosen)?);
    warnings.extend(speakers::alike(config, chosen.iter().filter_map(|one| one.entry.facts.speaker.as_deref())));
    let utterances = tabulate(config, chosen, read.extra);
    let mut rejects = read.rejects;
    let passed = read.passed_over;
    rejects
        .extend(passed.suspects.iter().map(|path| reject(config, path, PassedOver::CODE, PassedOver::message(path))));
    warnings.extend(
        passed
            .warning()
            .map(|warning| format!("corpus `{}`: {warning}; add to `extensions` those that hold speech", config.name)),
    );
    rejects.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
    let (audio_files, passed_over) = (read.audio_files, passed.counts);
    Ok(LabelledCorpus { utterances, labels, rejects, warnings, audio_files, passed_over })
}

fn read(
    config: &Corpus,
    source: Source<'_>,
    table: Option<&ManifestTable>,
    preset: Option<&Preset>,
) -> Result<Entries, CorpusError> {
    let missing = |place: &str| {
        let problem = "its content was not handed over".to_owned();
        CorpusError::Manifest { manifest: place.to_owned(), problem }
    };
    match config.origin("corpus")? {
        Origin::Manifest(place) => manifest::read(config, source, place, table.ok_or_else(|| missing(place))?),
        Origin::Pattern(pattern) => named::read(config, source.files, &Pattern::of_config(config, pattern)?),
        Origin::Preset(word) => {
            named::read(config, source.files, &Pattern::of_preset(preset.ok_or_else(|| missing(word))?)?)
        }
    }
}

/// Gives entries without a language that of the pipeline file, else that of the preset.
fn set_language(config: &Corpus, preset: Option<&Preset>, entries: &mut [Entry]) {
    let language = config.language.as_deref().or(preset.and_then(|preset| preset.language.as_deref()));
    for entry in entries.iter_mut().filter(|entry| entry.facts.language.is_none()) {
        entry.facts.language = language.map(str::to_owned);
    }
}

fn usage_warnings(config: &Corpus, entries: &[Entry], map: &LabelMap<'_>, filter: &Filter) -> Vec<String> {
    let labels: BTreeSet<&str> = entries.iter().map(|entry| entry.facts.label.as_str()).collect();
    let emotions = labels.iter().filter_map(|label| match map.get(label) {
        Mapped::Emotion(emotion) => Some(emotion),
        Mapped::Dropped | Mapped::Unknown => None,
    });
    let mut warnings = map_warnings(config, &labels);
    warnings.extend(filter.warnings(entries, &emotions.collect()));
    warnings
}

/// The utterances that stay, with their emotions, and the accounting of all.
fn choose(
    config: &Corpus,
    entries: Vec<Entry>,
    map: &LabelMap<'_>,
    filter: &Filter,
) -> Result<(Vec<Chosen>, Vec<LabelCount>), CorpusError> {
    let mut accounting = Accounting::default();
    let mut chosen = Vec::new();
    for entry in entries {
        let label = &entry.facts.label;
        match map.get(label) {
            mapped if !filter.keeps(&entry) => accounting.filtered(label, mapped),
            Mapped::Unknown => accounting.unmapped(label),
            Mapped::Dropped => accounting.dropped(label),
            mapped @ Mapped::Emotion(emotion) if !filter.keeps_emotion(emotion) => accounting.filtered(label, mapped),
            Mapped::Emotion(emotion) => {
                accounting.kept(label, emotion);
                let emotion = emotion.to_owned();
                chosen.push(Chosen { id: entry.id(&config.name), emotion, entry });
            }
        }
    }
    let labels = accounting.rows(&config.name)?;
    if chosen.is_empty() { Err(nothing_left(config, &labels)) } else { Ok((chosen, labels)) }
}

fn nothing_left(config: &Corpus, labels: &[LabelCount]) -> CorpusError {
    let line = |count: &LabelCount| format!("{:?}: {} {}", count.source_label, count.utterances, count.action);
    let mut lines: Vec<String> = labels.iter().take(20).map(line).collect();
    if lines.is_empty() {
        lines.push("no name matched".to_owned());
    }
    let detail = format!(
        "by source label: {}\nhint: look at `filter`, `exclude` and the label map of this corpus",
        lines.join(", ")
    );
    CorpusError::NothingLeft { corpus: config.name.clone(), detail }
}

/// The rows of the utterances table.
fn tabulate(config: &Corpus, chosen: Vec<Chosen>, extra: Vec<String>) -> Table<Utterance> {
    let mut table = Table { text: Columns { names: extra, values: Vec::new() }, ..Table::default() };
    for mut utterance in chosen {
        table.text.values.append(&mut utterance.entry.facts.extra);
        table.rows.push(row(config, utterance));
    }
    table
}

/// Refuses ids that occur twice in what is sorted by them.
fn check_unique(chosen: &[Chosen]) -> Result<(), CorpusError> {
    let repeats = chosen.chunk_by(|a, b| a.id == b.id).filter(|group| group.len() > 1);
    let repeats: Vec<Vec<&Chosen>> = repeats.map(|group| group.iter().collect()).collect();
    let Some([first, second, ..]) = repeats.first().map(Vec::as_slice) else { return Ok(()) };
    let general = "keep one copy of each recording, point `source` at one of the folders, or use `exclude`; a \
                   manifest can give its own keys in a `key` column";
    Err(CorpusError::DuplicateIds {
        count: repeats.len(),
        id: first.id.clone(),
        first: first.entry.origin(),
        second: second.entry.origin(),
        hint: formats::remedy(chosen, &repeats).unwrap_or_else(|| general.to_owned()),
    })
}

fn row(config: &Corpus, chosen: Chosen) -> Utterance {
    let Chosen { id, emotion, entry } = chosen;
    let facts = entry.facts;
    Utterance {
        utterance_id: id,
        corpus: config.name.clone(),
        path: entry.path,
        start_s: entry.start_s,
        end_s: entry.end_s,
        speaker: facts.speaker.map(|speaker| speaker_id(&config.name, &speaker)),
        gender: facts.gender,
        text_id: facts.text_id.map(|text| speaker_id(&config.name, &text)),
        intensity: facts.intensity,
        language: facts.language,
        source_label: facts.label,
        emotion,
        bytes: i64::try_from(entry.bytes).unwrap_or(i64::MAX),
    }
}
