//! What a split must have, and what it should have.

use super::fold::{SideOfRow, classes_on, fold_words};
use super::{DatasetError, Keys};
use crate::dataset::SplitParams;
use crate::schema::{Side, plural};
use polars::prelude::UniqueKeepStrategy;
use std::collections::{BTreeMap, BTreeSet};

/// Refuses a single class, and a class with a single utterance.
pub(super) fn class_sizes(keys: &Keys) -> Result<(), DatasetError> {
    if keys.are_parts() {
        return Ok(());
    }
    if keys.query(|rows| rows.column("emotion")?.n_unique())? == 1 {
        let class = keys.emotions()?.first().copied().unwrap_or_default().to_owned();
        return Err(DatasetError::OneClass { class, place: "there is".to_owned() });
    }
    let class = ["emotion".to_owned()];
    let alone = keys.kept(|rows| rows.unique_stable(Some(&class), UniqueKeepStrategy::None, None))?;
    match alone.emotions()?.into_iter().zip(alone.ids()?).min() {
        None => Ok(()),
        Some((class, id)) => Err(DatasetError::SmallClass { class: class.to_owned(), id: id.to_owned() }),
    }
}

/// Warns of the first recording that carries two labels.
pub(super) fn audio_labels(keys: &Keys) -> Result<Option<String>, DatasetError> {
    let (ids, emotions) = (keys.ids()?, keys.emotions()?);
    let mut first: BTreeMap<u32, usize> = BTreeMap::new();
    let recordings = keys.recordings()?;
    for (row, recording) in recordings.iter().enumerate().filter_map(|(row, recording)| Some((row, recording?))) {
        let other = *first.entry(recording).or_insert(row);
        if emotions[other] != emotions[row] {
            let (a, b) = (ids[other], ids[row]);
            return Ok(Some(format!(
                "identical audio has two labels: `{a}` is {}, `{b}` is {}",
                emotions[other], emotions[row]
            )));
        }
    }
    Ok(None)
}

/// Warns of silent utterances, which are never taken for one recording.
pub(super) fn silence(keys: &Keys) -> Result<Option<String>, DatasetError> {
    let count = keys.recordings()?.null_count();
    Ok((count > 0).then(|| {
        let utterances = plural(count, "utterance");
        format!("{utterances} of digital silence: although identical, they count as different recordings")
    }))
}

/// Warns where leaving one speaker out leaves out several, who share a recording.
pub(super) fn merged_speakers(keys: &Keys, params: &SplitParams, folds: usize) -> Result<Option<String>, DatasetError> {
    let speakers = keys.query(|rows| rows.column("speaker")?.drop_nulls().n_unique())?;
    let merged = matches!(params, SplitParams::Loso { .. }) && folds < speakers;
    Ok(merged.then(|| {
        format!(
            "{speakers} speakers give {}: speakers who share identical audio are tested together",
            plural(folds, "fold")
        )
    }))
}

/// Warns of utterances without a value of a column that holds others together.
pub(super) fn ungrouped(keys: &Keys, params: &SplitParams) -> Result<Vec<String>, DatasetError> {
    let mut warnings = Vec::new();
    for column in params.apart() {
        let lacking = keys.numbers(column)?.null_count();
        if lacking > 0 && lacking < keys.len() {
            warnings.push(format!(
                "{lacking} of {} have no `{column}`: each is placed by itself, so utterances that belong together \
                 may be on several sides",
                plural(keys.len(), "utterance")
            ));
        }
    }
    Ok(warnings)
}

fn be(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// Warns of corpora and classes that are on no side of a fold.
pub(super) fn left_out(keys: &Keys, params: &SplitParams, folds: &[SideOfRow]) -> Result<Vec<String>, DatasetError> {
    if let SplitParams::Predefined { column, .. } = params {
        let left_out = folds.iter().flatten().filter(|side| side.is_none()).count();
        let words = format!(
            "{} {} on no side, because split.sides leaves out their `{column}`",
            plural(left_out, "utterance"),
            be(left_out)
        );
        return Ok(Vec::from_iter((left_out > 0).then_some(words)));
    }
    if let SplitParams::Crossed { disjoint, .. } = params {
        let columns = disjoint.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(" or ");
        let out = least_and_most(folds, |side| matches!(side, None | Some(Side::Seen)));
        let seen = least_and_most(folds, |side| side == Some(Side::Seen));
        let first = disjoint.first().map_or("", String::as_str);
        return Ok(Vec::from_iter((out != "0").then(|| {
            format!(
                "{out} utterances of each fold are left out of training, since they share a {columns} with its test side; \
                 {seen} of them are of a `{first}` that is new, and otherwise of values that training has seen (side `seen`)"
            )
        })));
    }
    if let SplitParams::Published { protocol, .. } = params {
        let nowhere = (0..keys.len()).filter(|row| folds.iter().all(|fold| fold[*row].is_none())).count();
        let words = format!(
            "{} of {} {} in no fold of protocol `{protocol}`",
            plural(nowhere, "utterance"),
            keys.len(),
            be(nowhere)
        );
        return Ok(Vec::from_iter((nowhere > 0).then_some(words)));
    }
    let (corpora, emotions) = (keys.texts("corpus")?, keys.emotions()?);
    let (mut unused, mut unshared, mut missing) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for fold in folds {
        let placed: BTreeSet<&str> = fold.iter().zip(&corpora).filter_map(|(side, corpus)| side.and(*corpus)).collect();
        for row in (0..fold.len()).filter(|row| fold[*row].is_none()) {
            let corpus = corpora[row].unwrap_or_default();
            if placed.contains(corpus) {
                unshared.insert(emotions[row]);
                missing.insert(row);
            } else {
                unused.insert(corpus);
            }
        }
    }
    let list = |words: &BTreeSet<&str>| words.iter().copied().collect::<Vec<_>>().join(", ");
    let mut warnings = Vec::new();
    if !unused.is_empty() && !params.is_every_pair() {
        warnings.push(format!("corpora {} are neither trained nor tested on", list(&unused)));
    }
    if !unshared.is_empty() {
        let (some, none): (Vec<usize>, Vec<usize>) =
            missing.into_iter().partition(|row| folds.iter().any(|fold| fold[*row].is_some()));
        let counts = match (some.len(), none.len()) {
            (some, 0) => format!("{some} of {} utterances are left out of some folds", keys.len()),
            (0, none) => format!("{none} of {} utterances are left out", keys.len()),
            (some, none) => format!("{none} of {} utterances are left out, {some} more of some folds", keys.len()),
        };
        warnings.push(format!("emotions {} are on one side of a fold only: {counts}", list(&unshared)));
    }
    Ok(warnings)
}

/// The fewest and the most utterances of a fold that `is_of` takes, in words.
fn least_and_most(folds: &[SideOfRow], is_of: impl Fn(Option<Side>) -> bool) -> String {
    let counts = || folds.iter().map(|fold| fold.iter().filter(|side| is_of(**side)).count());
    let (least, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
    if least == most { most.to_string() } else { format!("{least} to {most}") }
}

/// Refuses an empty train or test side and a class that cannot be learned; warns of classes missing from dev or test.
pub(super) fn class_sides(keys: &Keys, folds: &[SideOfRow]) -> Result<Vec<String>, DatasetError> {
    let emotions = keys.emotions()?;
    let mut missing: BTreeMap<(Side, &str), Vec<i64>> = BTreeMap::new();
    for (number, fold) in folds.iter().enumerate() {
        let number = number as i64;
        let [train, dev, test] = [Side::Train, Side::Dev, Side::Test].map(|side| classes_on(fold, side, &emotions));
        not_empty(number, "train", &train)?;
        not_empty(number, "test", &test)?;
        if keys.are_parts() {
            continue;
        }
        if let (1, Some(class)) = (train.len(), train.first()) {
            let place = format!("the train side of {} has", fold_words(number));
            return Err(DatasetError::OneClass { class: (*class).to_owned(), place });
        }
        if let Some(class) = dev.union(&test).find(|class| !train.contains(*class)) {
            return Err(DatasetError::ClassNotInTrain { class: (*class).to_owned(), fold: number });
        }
        for (side, present) in [(Side::Dev, &dev), (Side::Test, &test)] {
            let absent = train.iter().filter(|class| !present.is_empty() && !present.contains(*class));
            absent.for_each(|class| missing.entry((side, class)).or_default().push(number));
        }
    }
    Ok(missing.into_iter().map(|((side, class), folds)| missing_warning(side, class, &folds)).collect())
}

fn missing_warning(side: Side, class: &str, folds: &[i64]) -> String {
    let numbers: Vec<String> = folds.iter().map(i64::to_string).collect();
    let word = if folds.len() == 1 { "fold" } else { "folds" };
    format!(
        "emotion `{class}` is missing from the {side} side of {word} {}: it has no recall there",
        numbers.join(", ")
    )
}

fn not_empty(fold: i64, side: &'static str, classes: &BTreeSet<&str>) -> Result<(), DatasetError> {
    match classes.is_empty() {
        false => Ok(()),
        true => Err(DatasetError::EmptySide {
            fold,
            side,
            hint: "check the shares, corpora or column of [split]".to_owned(),
        }),
    }
}
