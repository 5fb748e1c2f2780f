//! What the report says of the split.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::{Scheme, SplitParams, SplitSection};
use crate::pipeline::Parameters;
use crate::protocol::Protocol;
use crate::report::{FoldFacts, SplitFacts, TransferFold};
use crate::schema::{Side, SplitRow, Table};

use super::{Tables, Utterances};
use crate::stages::{Context, StageError, StageName, ledger};

/// What the rows of a split come to.
#[derive(Default)]
pub(in super::super) struct Splits {
    folds: BTreeMap<i64, Fold>,
    /// Whether each utterance is in a fold.
    used: Vec<bool>,
    pub has_dev: bool,
}

/// What the rows of a fold come to.
#[derive(Default)]
struct Fold {
    train: i64,
    augmented: i64,
    dev: i64,
    test: i64,
    test_speakers: BTreeSet<String>,
    train_corpora: BTreeSet<String>,
    test_corpora: BTreeSet<String>,
    test_emotions: BTreeSet<String>,
}

impl Splits {
    /// Counts rows that come some at a time.
    ///
    /// # Errors
    /// That of the rows.
    pub fn count(
        utterances: &Utterances,
        batches: impl Iterator<Item = Result<Table<SplitRow>, StageError>>,
    ) -> Result<Self, StageError> {
        let mut splits = Self { used: vec![false; utterances.len()], ..Self::default() };
        for batch in batches {
            batch?.rows.iter().for_each(|row| splits.add(utterances, row));
        }
        Ok(splits)
    }

    fn add(&mut self, utterances: &Utterances, row: &SplitRow) {
        self.has_dev |= row.split == Side::Dev.as_str();
        let fold = self.folds.entry(row.fold).or_default();
        let Some(number) = utterances.find(&row.utterance_id) else {
            fold.augmented += 1;
            return;
        };
        self.used[number] = true;
        let corpus = utterances.corpora.get(number);
        match row.split.as_str() {
            "train" => {
                fold.train += 1;
                note(&mut fold.train_corpora, corpus);
            }
            "dev" => fold.dev += 1,
            "seen" => {}
            _ => {
                fold.test += 1;
                note(&mut fold.test_speakers, utterances.speakers.get(number));
                note(&mut fold.test_corpora, corpus);
                note(&mut fold.test_emotions, utterances.emotions.get(number));
            }
        }
    }
}

/// Puts a word among others, where it is not there yet.
fn note(words: &mut BTreeSet<String>, word: Option<&str>) {
    if let Some(word) = word.filter(|word| !words.contains(*word)) {
        words.insert(word.to_owned());
    }
}

/// The folds, and how they came about.
pub(super) fn split_facts(context: &Context, tables: &Tables) -> Result<SplitFacts, StageError> {
    let (splits, speakers) = (&tables.splits, &tables.utterances.speakers);
    let used = || splits.used.iter().enumerate().filter(|(_, used)| **used).map(|(number, _)| speakers.get(number));
    let fold = |(number, fold): (&i64, &Fold)| FoldFacts {
        fold: *number,
        train: fold.train,
        augmented: fold.augmented,
        dev: fold.dev,
        test: fold.test,
        test_speakers: Some(fold.test_speakers.len() as i64).filter(|count| *count > 0),
    };
    let record = ledger::read_record(context.out, StageName::Split)?;
    Ok(SplitFacts {
        scheme: context.parameters.split.scheme().as_str().to_owned(),
        protocol: protocol_words(context.parameters),
        disjoint: match &context.parameters.split {
            SplitParams::Crossed { disjoint, .. } => disjoint.clone(),
            _ => Vec::new(),
        },
        words: split_words(context.parameters) + frozen_words(&context.parameters.pipeline.split),
        folds: splits.folds.iter().map(fold).collect(),
        utterances: used().count() as i64,
        speakers: used().collect::<Option<BTreeSet<_>>>().map(|speakers| speakers.len() as i64),
        warnings: record.map(|record| record.warnings).unwrap_or_default(),
    })
}

/// To stand after "The split is".
fn split_words(parameters: &Parameters) -> String {
    let split = &parameters.split;
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let dev = match split {
        SplitParams::Predefined { .. } => String::new(),
        _ if split.dev() == 0.0 => ", without a dev side".to_owned(),
        _ => format!(", with {} of the rest as dev", percent(split.dev())),
    };
    let what = match split {
        SplitParams::Stratified { test, .. } => format!("one random split with {} for test", percent(*test)),
        SplitParams::SpeakerDisjoint { test, .. } => {
            format!("one split of whole speakers with about {} for test", percent(*test))
        }
        SplitParams::KFold { folds, .. } => format!("{folds} random folds, each tested once"),
        SplitParams::GroupKFold { folds, group_by, .. } => {
            format!("{folds} folds by {group_by}, each tested once")
        }
        SplitParams::Loso { .. } => "one fold for each speaker, who is left out of training".to_owned(),
        SplitParams::CrossCorpus { .. } => "across corpora: trained on some, tested on others".to_owned(),
        SplitParams::Crossed { folds, disjoint, .. } => format!(
            "{folds} parts of the values of {}, and a fold for each combination of parts; training shares none of these \
             with test",
            disjoint.join(" and of ")
        ),
        SplitParams::Loco { .. } => "one fold for each corpus, which is left out of training".to_owned(),
        SplitParams::Published { protocol, .. } => format!("the folds of protocol {protocol}"),
        SplitParams::Predefined { column, .. } => format!("fixed by the column {column}"),
    };
    format!("{what}{dev}")
}

/// Whose folds they are, and what their sides share; none where they are no published ones.
fn protocol_words(parameters: &Parameters) -> Option<String> {
    let SplitParams::Published { protocol: name, .. } = &parameters.split else { return None };
    let protocol = Protocol::known("split.protocol", name).ok()?;
    let preset = parameters.pipeline.corpus.first().and_then(|corpus| corpus.preset.as_deref());
    let notes = protocol.of(preset).map(|published| published.notes.as_str()).unwrap_or_default();
    let notes = if notes.is_empty() { &protocol.notes } else { notes };
    let notes = notes.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(format!("Protocol {name}: {} ({}). {notes}", protocol.title, protocol.citation))
}

/// To stand after them.
fn frozen_words(split: &SplitSection) -> &'static str {
    match split.frozen() {
        None => "",
        Some(_) => "; the utterances of an earlier run keep their sides, and new speakers are trained on",
    }
}

/// The corpora and emotions on both sides of each fold of a split across corpora.
pub(super) fn transfer(split: &SplitParams, tables: &Tables) -> Vec<TransferFold> {
    if !matches!(split.scheme(), Scheme::CrossCorpus | Scheme::Loco) {
        return Vec::new();
    }
    let words = |words: &BTreeSet<String>| words.iter().cloned().collect();
    let fold = |(number, fold): (&i64, &Fold)| TransferFold {
        fold: *number,
        train: words(&fold.train_corpora),
        test: words(&fold.test_corpora),
        emotions: fold.test_emotions.len() as i64,
    };
    tables.splits.folds.iter().map(fold).collect()
}
