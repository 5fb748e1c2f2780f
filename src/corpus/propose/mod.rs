//! Looks at names and tables of a corpus that nobody has described, and proposes its section of a pipeline file: a preset,
//! a table beside the audio, or a pattern. What cannot be told is asked, and nothing is made up: a wrong label or speaker
//! would be worse than none.

mod asked;
mod by_names;
mod by_preset;
mod by_table;
mod classes;
mod column;
mod copies;
mod cut;
mod emotion;
mod hints;
mod labels;
mod level;
mod lexicon;
mod names;
mod speaker;
#[cfg(test)]
mod tests;
mod text;

pub use asked::{Choice, Question};
pub use by_names::by_names;
pub use by_preset::{by_label_files, by_preset};
pub use by_table::by_table;
pub use copies::one_format;
pub use text::{Written, pipeline_text, split_words};

use std::collections::BTreeMap;

use column::Column;
use labels::{Label, Reading};

use super::entry::bare;
use super::pattern::Pattern;
use super::{Corpus, CorpusError, LabelledCorpus, ManifestTable, PassedOver, Rules, Source, build, manifest, named};
use crate::schema::{Packed, Reject, Utterance};

/// A section for one corpus, and what is to be known of it.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The section.
    pub corpus: Corpus,
    /// How it came about, in words.
    pub how: String,
    /// What the user has to say.
    pub questions: Vec<Question>,
    /// Column of the utterances that holds the sides of a published split.
    pub side: Option<String>,
    /// New emotions that labels were taken for, without knowing them.
    pub new_emotions: Vec<String>,
    /// What ingest reads with it. A label that is asked about has no emotion.
    pub read: LabelledCorpus,
    /// Speakers with the numbers of their utterances.
    pub speakers: Vec<(String, usize)>,
    /// Why ingest will refuse it, though nothing is asked.
    pub refusal: Option<String>,
}

/// The emotion that labels stand for while nobody has told theirs.
const ASKED: &str = "asked";
impl Proposal {
    pub(super) fn new(corpus: Corpus, how: &str, questions: Vec<Question>) -> Self {
        let how = how.to_owned();
        let (new_emotions, speakers) = (Vec::new(), Vec::new());
        let read = LabelledCorpus::default();
        Self { corpus, how, questions, side: None, new_emotions, read, speakers, refusal: None }
    }

    /// Whether a run can begin with it.
    pub fn is_complete(&self) -> bool {
        self.refusal.is_none() && !self.questions.iter().any(Question::is_open)
    }

    /// Whether the speaker is known.
    pub fn has_speakers(&self) -> bool {
        !self.speakers.is_empty()
    }

    /// How many utterances have no speaker.
    pub fn without_speaker(&self) -> usize {
        self.read.utterances.len() - self.speakers.iter().map(|(_, count)| count).sum::<usize>()
    }

    /// Files and rows that cannot be used.
    pub fn unused(&self) -> impl Iterator<Item = &Reject> {
        self.read.rejects.iter().filter(|reject| reject.code != PassedOver::CODE)
    }

    /// Reads all files as ingest will, and completes the label map. What ingest refuses is kept as a refusal.
    pub fn complete(&mut self, source: Source<'_>, table: Option<&ManifestTable>) {
        let has_no_emotion = |question: &Question| matches!(question, Question::NoEmotion | Question::WhichEmotion(_));
        if self.questions.iter().any(has_no_emotion) {
            return;
        }
        let completed = self.read_labels(source, table).and_then(|()| self.count(source, table));
        self.refusal = completed.err().map(|error| error.to_string());
    }

    /// Completes the label map with what is known of the labels.
    fn read_labels(&mut self, source: Source<'_>, table: Option<&ManifestTable>) -> Result<(), CorpusError> {
        let lenient = self.lenient();
        let entries = match (&self.corpus.pattern, table) {
            (Some(pattern), _) => named::read(&lenient, source.files, &Pattern::of_config(&lenient, pattern)?)?,
            (None, Some(table)) => {
                manifest::read(&lenient, source, lenient.manifest.as_deref().unwrap_or_default(), table)?
            }
            // A preset knows its labels.
            (None, None) => return Ok(()),
        };
        let column = entries.utterances.column("source_label").iter().collect::<Column<'_>>();
        let reading = Reading::of_labels(&column);
        let mut asked = Vec::new();
        for (label, count) in column.counts() {
            match reading.labels.get(label) {
                Some(Label::Unknown) | None => asked.push((label.to_owned(), count)),
                Some(known) => {
                    if let Some(emotion) = known.in_map(label) {
                        self.corpus.labels.insert(label.to_owned(), emotion.to_owned());
                    }
                    if let Label::New(emotion) = known {
                        self.new_emotions.push(emotion.clone());
                    }
                }
            }
        }
        asked.sort();
        if !asked.is_empty() {
            self.questions.push(Question::WhatLabels(asked));
        }
        Ok(())
    }

    /// Counts what ingest finds. Labels that are asked about count as one emotion.
    fn count(&mut self, source: Source<'_>, table: Option<&ManifestTable>) -> Result<(), CorpusError> {
        let mut config = self.lenient();
        for question in &self.questions {
            if let Question::WhatLabels(labels) = question {
                config.labels.extend(labels.iter().map(|(label, _)| (label.clone(), ASKED.to_owned())));
            }
        }
        self.read = build(&config, source, table, None, &Rules::default())?;
        for label in &mut self.read.labels {
            label.emotion = label.emotion.take().filter(|emotion| emotion != ASKED);
        }
        self.speakers = speakers(&config, &self.read.utterances);
        let (unused, all) = (self.unused().count(), self.read.audio_files);
        if table.is_none() && source.labels.is_empty() && unused as f64 > self.corpus.max_unmatched_rate * all as f64 {
            self.refusal = Some(format!("{unused} of {all} names do not match"));
        }
        Ok(())
    }

    /// The section with which nothing is refused for names that do not match.
    fn lenient(&self) -> Corpus {
        Corpus { max_unmatched_rate: 1.0, ..self.corpus.clone() }
    }

    /// The emotions that a run will have, with the numbers of their utterances.
    pub fn emotions(&self) -> BTreeMap<&str, i64> {
        let mut emotions = BTreeMap::new();
        for label in self.read.labels.iter().filter(|label| ["kept", "merged"].contains(&label.action.as_str())) {
            *emotions.entry(label.emotion.as_deref().unwrap_or_default()).or_default() += label.utterances;
        }
        emotions
    }
}

fn speakers(config: &Corpus, utterances: &Packed<Utterance>) -> Vec<(String, usize)> {
    let mut counts = BTreeMap::<&str, usize>::new();
    let cells = utterances.column("speaker").iter().flatten();
    cells.for_each(|speaker| *counts.entry(bare(config, speaker)).or_default() += 1);
    counts.into_iter().map(|(speaker, count)| (speaker.to_owned(), count)).collect()
}

/// The name of a corpus that lies at a place: its last folder that says something, in letters that names have.
pub fn name_of(place: &str) -> String {
    let lexicon = lexicon::lexicon();
    let steps = place.split("://").last().unwrap_or_default().split('/').filter(|step| !step.is_empty());
    let steps = steps.filter(|step| *step != "." && *step != "..").collect::<Vec<_>>();
    let says = |step: &&&str| !lexicon.has("containers", "words", step);
    let step = steps.iter().rev().find(says).or(steps.last()).copied().unwrap_or_default();
    let word = step.to_lowercase();
    let word = word.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect::<String>();
    let parts = word.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>();
    if parts.is_empty() { "corpus".to_owned() } else { parts.join("-") }
}

/// Folders at the top of a listing, each with the number of its files.
pub fn top_folders<'a>(files: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut folders = BTreeMap::new();
    files.filter_map(|path| path.split_once('/')).for_each(|(top, _)| *folders.entry(top).or_default() += 1);
    folders
}

/// The emotions of several proposals together, with the numbers of their utterances.
fn all_emotions(proposals: &[Proposal]) -> BTreeMap<&str, i64> {
    let mut all = BTreeMap::new();
    for (emotion, count) in proposals.iter().flat_map(Proposal::emotions) {
        *all.entry(emotion).or_default() += count;
    }
    all
}
