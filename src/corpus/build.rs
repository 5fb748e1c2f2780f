//! Listing or manifest -> entries -> label map and filters -> utterances.

use std::collections::BTreeSet;
use std::ops::Range;

use super::dates;
use super::entry::{Entries, reject};
use super::error::CorpusError;
use super::filter::Filter;
use super::formats;
use super::label_files;
use super::labels::{Accounting, LabelMap, Mapped, map_warnings};
use super::manifest::{self, ManifestTable};
use super::named;
use super::passed::PassedOver;
use super::pattern::Pattern;
use super::targets;
use super::{LabelledCorpus, Rules, Source, speakers};
use crate::corpus::{Corpus, Origin, Preset};
use crate::schema::{LabelCount, Packed, Texts, Utterance};

/// Reads one corpus. `table` holds the rows of its manifest, and `preset` what its preset file says, where it has one.
/// `rules` are those of the run.
///
/// # Errors
/// A [`CorpusError`]: the section is unsound, there is no audio, too many names do not match, the manifest does not
/// fit, a source label has no emotion, an id occurs twice, or nothing is left.
pub fn build(
    config: &Corpus,
    source: Source<'_>,
    table: Option<&ManifestTable>,
    preset: Option<&Preset>,
    rules: &Rules,
) -> Result<LabelledCorpus, CorpusError> {
    config.check("corpus")?;
    let preset = preset.or_else(|| Preset::known(config.preset.as_deref()?));
    let mut read = read(config, source, table, preset)?;
    set_language(config, preset, &mut read.utterances);
    forget(rules, &mut read);
    rules.partition.map_or(Ok(()), |column| dates::set_dates(config, column, &mut read))?;
    rules.target.map_or(Ok(()), |column| targets::check_targets(config, column, &mut read))?;
    let filter = Filter::new(config, preset, rules.emotions, read.utterances.names())?;
    let map = LabelMap { own: &config.labels, preset: preset.map(|preset| &preset.labels) };
    let mut warnings = read.warnings;
    warnings.extend(usage_warnings(config, &read.utterances, &map, &filter));
    let (mut chosen, labels) = choose(config, &mut read.utterances, &map, &filter)?;
    let [ids, paths] = ["utterance_id", "path"].map(|column| read.utterances.column(column));
    // Rows of a manifest that share both keep their order.
    chosen.sort_unstable_by_key(|at| (ids.get(*at), paths.get(*at), *at));
    let mut utterances = read.utterances;
    utterances.reorder(&chosen);
    let rows = if read.rows.is_empty() { read.rows } else { chosen.into_iter().map(|at| read.rows[at]).collect() };
    check_unique(&utterances, |at| table.zip(rows.get(at)).map(|(table, row)| table.place(*row)))?;
    if rows.is_empty() {
        warnings.extend(formats::check(config, &utterances)?);
    }
    warnings.extend(speakers::alike(config, utterances.column("speaker")));
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
            let preset = preset.ok_or_else(|| missing(word))?;
            let Some(files) = &preset.label_files else {
                return named::read(config, source.files, &Pattern::of_preset(preset)?);
            };
            let table = label_files::read(config, preset, files, source.labels, source.files)?;
            let place = source.labels.first().map_or(word, |(path, _)| path);
            let read = manifest::read(config, source, place, &table)?;
            let lacking = read.rejects.iter().filter(|reject| reject.code == "missing_file").count();
            if lacking as f64 > config.max_unmatched_rate * table.len() as f64 {
                let problem = format!(
                    "{lacking} of {} rows have no recording under {:?}, and the limit is {:.1} %\n\
                     hint: name the folder that holds both labels and audio, or raise `max_unmatched_rate`",
                    table.len(),
                    config.source,
                    100.0 * config.max_unmatched_rate
                );
                return Err(CorpusError::Manifest { manifest: place.to_owned(), problem });
            }
            Ok(read)
        }
    }
}

/// Leaves out speakers who are to be forgotten, before anything is counted.
fn forget(rules: &Rules, read: &mut Entries) {
    let speakers = read.utterances.column("speaker");
    let is_kept = |row: &usize| !speakers.get(*row).is_some_and(|speaker| (rules.is_forgotten)(speaker));
    let kept = (0..read.utterances.len()).filter(is_kept).collect::<Vec<_>>();
    read.keep(&kept);
}

/// Gives entries without a language that of the pipeline file, else that of the preset.
fn set_language(config: &Corpus, preset: Option<&Preset>, utterances: &mut Packed<Utterance>) {
    let language = config.language.as_deref().or(preset.and_then(|preset| preset.language.as_deref()));
    if language.is_some() {
        let cells = utterances.column("language").iter().map(|cell| cell.or(language)).collect::<Texts>();
        utterances.replace("language", cells);
    }
}

fn usage_warnings(config: &Corpus, utterances: &Packed<Utterance>, map: &LabelMap<'_>, filter: &Filter) -> Vec<String> {
    let labels: BTreeSet<&str> = utterances.column("source_label").iter().flatten().collect();
    let emotions = labels.iter().filter_map(|label| match map.get(label) {
        Mapped::Emotion(emotion) => Some(emotion),
        Mapped::Dropped | Mapped::Unknown => None,
    });
    let mut warnings = map_warnings(config, &labels);
    warnings.extend(filter.warnings(utterances, &emotions.collect()));
    warnings
}

/// The numbers of the utterances that stay, and the accounting of all; gives them their emotions.
fn choose(
    config: &Corpus,
    utterances: &mut Packed<Utterance>,
    map: &LabelMap<'_>,
    filter: &Filter,
) -> Result<(Vec<usize>, Vec<LabelCount>), CorpusError> {
    let mut accounting = Accounting::default();
    let (mut chosen, mut emotions) = (Vec::new(), Texts::default());
    for (at, label) in utterances.column("source_label").iter().enumerate() {
        let label = label.unwrap_or_default();
        let mut kept = None;
        match map.get(label) {
            mapped if !filter.keeps(utterances, at) => accounting.filtered(label, mapped),
            Mapped::Unknown => accounting.unmapped(label),
            Mapped::Dropped => accounting.dropped(label),
            mapped @ Mapped::Emotion(emotion) if !filter.keeps_emotion(emotion) => accounting.filtered(label, mapped),
            Mapped::Emotion(emotion) => {
                accounting.kept(label, emotion);
                kept = Some(emotion);
                chosen.push(at);
            }
        }
        emotions.push(kept);
    }
    utterances.replace("emotion", emotions);
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

/// Refuses ids that occur twice in what is sorted by them; `place` says where a row stands in the manifest.
fn check_unique(utterances: &Packed<Utterance>, place: impl Fn(usize) -> Option<String>) -> Result<(), CorpusError> {
    let [ids, paths] = ["utterance_id", "path"].map(|column| utterances.column(column));
    let repeats = repeats(ids);
    let Some(first) = repeats.first() else { return Ok(()) };
    let general = "keep one copy of each recording, point `source` at one of the folders, or use `exclude`; a \
                   manifest can give its own keys in a `key` column";
    let origin = |at: usize| {
        let path = paths.get(at).unwrap_or_default();
        place(at).map_or_else(|| format!("{path:?}"), |place| format!("{path:?} (manifest {place})"))
    };
    Err(CorpusError::DuplicateIds {
        count: repeats.len(),
        id: ids.get(first.start).unwrap_or_default().to_owned(),
        first: origin(first.start),
        second: origin(first.start + 1),
        hint: formats::remedy(utterances, &repeats.iter().map(|rows| rows.clone().collect()).collect::<Vec<_>>())
            .unwrap_or_else(|| general.to_owned()),
    })
}

/// The rows of each id that occurs several times, in what is sorted by them.
fn repeats(ids: &Texts) -> Vec<Range<usize>> {
    let mut repeats: Vec<Range<usize>> = Vec::new();
    for at in (1..ids.len()).filter(|at| ids.get(at - 1) == ids.get(*at)) {
        match repeats.last_mut().filter(|last| last.end == at) {
            Some(last) => last.end = at + 1,
            None => repeats.push(at - 1..at + 1),
        }
    }
    repeats
}
