//! What the report says of the split.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::{Scheme, SplitParams};
use crate::report::{FoldFacts, SplitFacts, TransferFold};
use crate::schema::{Side, SplitRow};

use super::Tables;
use crate::stages::{Context, StageError, StageName, ledger};

/// The folds, and how they came about.
pub(super) fn split_facts(context: &Context, tables: &Tables) -> Result<SplitFacts, StageError> {
    let speakers = tables.keys.rows.iter().map(|row| (row.utterance_id.as_str(), row.speaker.as_deref()));
    let speakers = speakers.collect::<BTreeMap<_, _>>();
    let ids = tables.splits.iter().map(|row| row.utterance_id.as_str()).collect::<BTreeSet<_>>();
    let used = ids.iter().filter_map(|id| speakers.get(id).copied()).collect::<Vec<_>>();
    let mut folds = BTreeMap::<i64, (FoldFacts, BTreeSet<&str>)>::new();
    for row in &tables.splits {
        let empty = FoldFacts { fold: row.fold, train: 0, augmented: 0, dev: 0, test: 0, test_speakers: None };
        let (fold, heard) = folds.entry(row.fold).or_insert((empty, BTreeSet::new()));
        match row.split.as_str() {
            _ if !speakers.contains_key(row.utterance_id.as_str()) => fold.augmented += 1,
            "train" => fold.train += 1,
            "dev" => fold.dev += 1,
            _ => {
                fold.test += 1;
                heard.extend(speakers.get(row.utterance_id.as_str()).copied().flatten());
            }
        }
    }
    let folds = folds
        .into_values()
        .map(|(fold, heard)| FoldFacts { test_speakers: (!heard.is_empty()).then_some(heard.len() as i64), ..fold });
    let record = ledger::read_record(context.out, StageName::Split)?;
    Ok(SplitFacts {
        scheme: context.parameters.split.scheme().as_str().to_owned(),
        words: split_words(&context.parameters.split),
        folds: folds.collect(),
        utterances: used.len() as i64,
        speakers: used.into_iter().collect::<Option<BTreeSet<_>>>().map(|speakers| speakers.len() as i64),
        warnings: record.map(|record| record.warnings).unwrap_or_default(),
    })
}

/// To stand after "The split is".
fn split_words(split: &SplitParams) -> String {
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
        SplitParams::Predefined { column, .. } => format!("fixed by the column {column}"),
    };
    format!("{what}{dev}")
}

/// The corpora and emotions on both sides of each fold of a split across corpora.
pub(super) fn transfer(split: &SplitParams, tables: &Tables) -> Vec<TransferFold> {
    if split.scheme() != Scheme::CrossCorpus {
        return Vec::new();
    }
    let keys = tables.keys.rows.iter().map(|row| (row.utterance_id.as_str(), row)).collect::<BTreeMap<_, _>>();
    let fold = |rows: &[SplitRow]| {
        let of = |side: Side| {
            let rows = rows.iter().filter(move |row| row.split == side.as_str());
            rows.filter_map(|row| keys.get(row.utterance_id.as_str()).copied())
        };
        let corpora = |side| of(side).map(|row| row.corpus.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        TransferFold {
            fold: rows[0].fold,
            train: corpora(Side::Train),
            test: corpora(Side::Test),
            emotions: of(Side::Test).map(|row| &row.emotion).collect::<BTreeSet<_>>().len() as i64,
        }
    };
    tables.splits.chunk_by(|a, b| a.fold == b.fold).map(fold).collect()
}
