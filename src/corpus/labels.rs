//! The label map and the accounting of what became of each source label.

use std::collections::{BTreeMap, BTreeSet};

use super::error::CorpusError;
use crate::corpus::Corpus;
use crate::options;
use crate::schema::{CANONICAL_EMOTIONS, LabelCount, Packed, Utterance, is_canonical_emotion};

/// What the label map says of a source label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mapped<'a> {
    Emotion(&'a str),
    Dropped,
    Unknown,
}

/// The map of a pipeline file, before the map of its preset.
pub(super) struct LabelMap<'a> {
    pub own: &'a BTreeMap<String, String>,
    pub preset: Option<&'a BTreeMap<String, String>>,
}

impl<'a> LabelMap<'a> {
    /// What becomes of a source label.
    pub fn get<'b>(&self, label: &'b str) -> Mapped<'b>
    where
        'a: 'b,
    {
        let of_preset = || self.preset?.get(label);
        match self.own.get(label).or_else(of_preset).map(String::as_str) {
            Some("-") => Mapped::Dropped,
            Some(emotion) => Mapped::Emotion(emotion),
            None if is_canonical_emotion(label) => Mapped::Emotion(label),
            None => Mapped::Unknown,
        }
    }
}

/// What became of an utterance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Kept(String),
    Dropped,
    Filtered(Option<String>),
    Unmapped,
}

/// Utterances by source label and fate.
#[derive(Debug, Default)]
pub(super) struct Accounting(BTreeMap<(String, Fate), i64>);

impl Accounting {
    pub fn kept(&mut self, label: &str, emotion: &str) {
        self.count(label, Fate::Kept(emotion.to_owned()));
    }

    pub fn dropped(&mut self, label: &str) {
        self.count(label, Fate::Dropped);
    }

    pub fn filtered(&mut self, label: &str, mapped: Mapped<'_>) {
        let emotion = match mapped {
            Mapped::Emotion(emotion) => Some(emotion.to_owned()),
            Mapped::Dropped | Mapped::Unknown => None,
        };
        self.count(label, Fate::Filtered(emotion));
    }

    pub fn unmapped(&mut self, label: &str) {
        self.count(label, Fate::Unmapped);
    }

    fn count(&mut self, label: &str, fate: Fate) {
        *self.0.entry((label.to_owned(), fate)).or_default() += 1;
    }

    /// The rows of the labels table, sorted by label and action; an error where a label is in no map.
    pub fn rows(&self, corpus: &str) -> Result<Vec<LabelCount>, CorpusError> {
        self.check_mapped(corpus)?;
        let mut rows = self.counts(corpus);
        rows.sort_by(|a, b| (&a.source_label, &a.action).cmp(&(&b.source_label, &b.action)));
        Ok(rows)
    }

    fn counts(&self, corpus: &str) -> Vec<LabelCount> {
        self.0
            .iter()
            .map(|((label, fate), count)| {
                let (emotion, action) = self.describe(label, fate);
                LabelCount {
                    corpus: corpus.to_owned(),
                    source_label: label.clone(),
                    emotion,
                    action,
                    utterances: *count,
                }
            })
            .collect()
    }

    fn describe(&self, label: &str, fate: &Fate) -> (Option<String>, String) {
        let (emotion, action) = match fate {
            Fate::Kept(emotion) if self.is_shared(label, emotion) => (Some(emotion.clone()), "merged"),
            Fate::Kept(emotion) => (Some(emotion.clone()), "kept"),
            Fate::Filtered(emotion) => (emotion.clone(), "filtered"),
            Fate::Dropped | Fate::Unmapped => (None, "dropped"),
        };
        (emotion, action.to_owned())
    }

    /// Whether another source label is kept under the same emotion.
    fn is_shared(&self, label: &str, emotion: &str) -> bool {
        self.0.keys().any(|(other, fate)| other != label && *fate == Fate::Kept(emotion.to_owned()))
    }

    fn check_mapped(&self, corpus: &str) -> Result<(), CorpusError> {
        let unmapped: Vec<(&str, i64)> = self
            .0
            .iter()
            .filter(|((_, fate), _)| *fate == Fate::Unmapped)
            .map(|((label, _), n)| (label.as_str(), *n))
            .collect();
        if unmapped.is_empty() {
            return Ok(());
        }
        Err(CorpusError::UnmappedLabels {
            corpus: corpus.to_owned(),
            count: unmapped.len(),
            lines: toml_lines(&unmapped),
            canonical: CANONICAL_EMOTIONS.join(", "),
        })
    }
}

/// Makes the counts of the labels that are kept those of these utterances.
pub fn recount(labels: &mut Vec<LabelCount>, utterances: &Packed<Utterance>) {
    let mut counts = BTreeMap::<&str, Accounting>::new();
    let [corpora, of_source, emotions] = ["corpus", "source_label", "emotion"].map(|name| utterances.column(name));
    for row in 0..utterances.len() {
        let [corpus, label, emotion] = [corpora, of_source, emotions].map(|cells| cells.get(row).unwrap_or_default());
        counts.entry(corpus).or_default().kept(label, emotion);
    }
    labels.retain(|count| !["kept", "merged"].contains(&count.action.as_str()));
    labels.extend(counts.iter().flat_map(|(corpus, accounting)| accounting.counts(corpus)));
    labels.sort_by_cached_key(|count| (count.corpus.clone(), count.source_label.clone(), count.action.clone()));
}

/// Warnings about entries of the label map that no utterance needs, and about emotions that look like a misspelt
/// canonical one.
pub(super) fn map_warnings(config: &Corpus, seen: &BTreeSet<&str>) -> Vec<String> {
    let unused = config
        .labels
        .keys()
        .filter(|label| !seen.contains(label.as_str()))
        .map(|label| format!("corpus `{}`: the label map names {label:?}, which no utterance has", config.name));
    let odd = config.labels.values().filter(|emotion| !is_canonical_emotion(emotion)).filter_map(|emotion| {
        let near = CANONICAL_EMOTIONS.into_iter().find(|known| strsim::osa_distance(known, emotion) <= 2)?;
        Some(format!("corpus `{}`: the label map names the emotion {emotion:?}; did you mean `{near}`?", config.name))
    });
    unused.chain(odd).collect()
}

/// `  "angry" = "anger"  # 12 utterances`, at most 100 lines.
fn toml_lines(labels: &[(&str, i64)]) -> String {
    const SHOWN: usize = 100;
    let line = |(label, count): &(&str, i64)| {
        let emotion = options::nearest(label, CANONICAL_EMOTIONS).unwrap_or("?");
        format!("  {label:?} = {emotion:?}  # {count} utterances")
    };
    let mut lines: Vec<String> = labels.iter().take(SHOWN).map(line).collect();
    if labels.len() > SHOWN {
        lines.push(format!("  # and {} more labels", labels.len() - SHOWN));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_entries_go_before_preset_ones_and_canonical_labels_map_to_themselves() {
        let own = BTreeMap::from([("calm".to_owned(), "neutral".to_owned()), ("W".to_owned(), "-".to_owned())]);
        let preset = [("W", "anger"), ("L", "boredom")].map(|(label, emotion)| (label.to_owned(), emotion.to_owned()));
        let map = LabelMap { own: &own, preset: Some(&preset.into()) };
        let cases = [
            ("calm", Mapped::Emotion("neutral")),
            ("W", Mapped::Dropped),
            ("L", Mapped::Emotion("boredom")),
            ("fear", Mapped::Emotion("fear")),
            ("Fear", Mapped::Unknown),
            ("", Mapped::Unknown),
        ];
        for (label, want) in cases {
            assert_eq!(map.get(label), want, "{label}");
        }
    }

    #[test]
    fn every_utterance_is_accounted_for() {
        let mut accounting = Accounting::default();
        for (label, emotion) in [("angry", "anger"), ("rage", "anger"), ("rage", "anger"), ("sad", "sadness")] {
            accounting.kept(label, emotion);
        }
        accounting.dropped("other");
        accounting.filtered("sad", Mapped::Emotion("sadness"));
        accounting.filtered("xxx", Mapped::Unknown);
        let rows = accounting.rows("c").expect("all labels are mapped");
        let lines: Vec<String> = rows
            .iter()
            .map(|r| {
                format!("{} {} {} {}", r.source_label, r.emotion.as_deref().unwrap_or("-"), r.action, r.utterances)
            })
            .collect();
        let want = [
            "angry anger merged 1",
            "other - dropped 1",
            "rage anger merged 2",
            "sad sadness filtered 1",
            "sad sadness kept 1",
            "xxx - filtered 1",
        ];
        assert_eq!(lines, want);
    }

    #[test]
    fn unmapped_labels_are_listed_with_counts_and_the_nearest_emotion() {
        let mut accounting = Accounting::default();
        accounting.unmapped("angry");
        accounting.unmapped("angry");
        accounting.unmapped("wei\nrd");
        let error = accounting.rows("c").expect_err("unmapped").to_string();
        assert!(
            error.contains("  \"angry\" = \"anger\"  # 2 utterances\n  \"wei\\nrd\" = \"?\"  # 1 utterances"),
            "{error}"
        );
        let many: Vec<String> = (0..150).map(|n| format!("l{n}")).collect();
        let many: Vec<(&str, i64)> = many.iter().map(|label| (label.as_str(), 1)).collect();
        assert!(toml_lines(&many).ends_with("and 50 more labels"));
    }
}
