//! Putting utterances on sides.

mod crossed;
mod fixed;
mod frozen;
mod inner;
mod whole;

use super::balance::{Strata, by_balance, by_quota};
use super::fold::{Fold, SideOfRow, classes_on, fold_words};
use super::units::{Unit, units};
use super::{DatasetError, Keys, augmented, checks};
use crate::dataset::SplitParams;
use crate::options;
use crate::schema::{Side, plural};
use std::collections::BTreeSet;

use fixed::fixed_sides;
pub use frozen::Frozen;
pub use inner::inner_folds;
pub use whole::whole;

/// The folds, and what about them deserves a warning.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Each with the sides of the utterances, and of the augmented rows of train utterances.
    pub folds: Vec<Fold>,
    /// Sentences for the log and the report.
    pub warnings: Vec<String>,
}

/// Puts each utterance on a side of each fold.
///
/// Utterances of equal audio, and of equal values of the scheme's grouping columns, stay together; the order in which
/// units are placed comes from BLAKE3 over the seed and the unit's name, so the order of rows does not matter. Test is
/// settled first and does not depend on `dev`, which is then carved from the rest in the same way. `k-fold` and
/// `group-k-fold` test each utterance once; `loso` has a fold a speaker, in the order of their names (speakers who
/// share a recording are tested together); `cross-corpus` leaves out the corpora that neither list names, and classes
/// that one side lacks; sides that the user fixed (`predefined`, `cross-corpus`) are taken as they are. Augmented rows
/// have no say: they join train where their original is train, and stand in no other fold.
///
/// # Errors
/// One class, or one with one utterance or missing from a train side, too few groups, a row without the group it needs,
/// unknown columns or corpora, an empty side, sides that share no class, a word in a predefined column that is no side.
pub fn assign(keys: &Keys, params: &SplitParams, seed: u64) -> Result<Assignment, DatasetError> {
    let (all, keys) = (keys, &keys.originals()?);
    checks::class_sizes(keys)?;
    let strata = Strata::new(keys, params.stratify_by())?;
    let scheme = Assigner { keys, params, grouping: params.grouping(), strata, seed };
    let mut folds = scheme.tests()?;
    scheme.carve_devs(&mut folds)?;
    if let SplitParams::Crossed { disjoint, .. } = params {
        for fold in &mut folds {
            scheme.keep_seen(fold, disjoint)?;
        }
    }
    let mut warnings = Vec::from_iter(checks::merged_speakers(keys, params, folds.len())?);
    warnings.extend(checks::left_out(keys, params, &folds)?);
    finished(all, &scheme, folds, warnings)
}

/// The folds that others have published: test, train and perhaps dev of each utterance, without augmented rows, in the
/// order of their ids. Where a fold has no dev side, it is carved as in [`assign`].
///
/// # Errors
/// Those of [`assign`] about the data.
pub fn assign_given(
    all: &Keys,
    given: Vec<Vec<Option<Side>>>,
    params: &SplitParams,
    seed: u64,
) -> Result<Assignment, DatasetError> {
    let keys = &all.originals()?;
    checks::class_sizes(keys)?;
    let strata = Strata::new(keys, params.stratify_by())?;
    let scheme = Assigner { keys, params, grouping: params.grouping(), strata, seed };
    let mut folds: Vec<SideOfRow> = given;
    scheme.carve_devs(&mut folds)?;
    let warnings = checks::left_out(keys, params, &folds)?;
    finished(all, &scheme, folds, warnings)
}

/// Checks folds of originals, and adds their augmented copies.
fn finished(
    all: &Keys,
    scheme: &Assigner,
    folds: Vec<SideOfRow>,
    warnings: Vec<String>,
) -> Result<Assignment, DatasetError> {
    let keys = scheme.keys;
    let mut warnings = [checks::audio_labels(keys)?.into_iter().collect(), warnings].concat();
    warnings.extend(checks::silence(keys)?);
    warnings.extend(checks::ungrouped(keys, scheme.params)?);
    warnings.extend(checks::class_sides(keys, &folds)?);
    let fold = |(number, sides)| Ok::<_, DatasetError>(Fold { number, sides: augmented::follow(all, sides)? });
    Ok(Assignment { folds: (0..).zip(folds).map(fold).collect::<Result<_, _>>()?, warnings })
}

struct Assigner<'a> {
    keys: &'a Keys,
    params: &'a SplitParams,
    /// Columns whose equal values stay together.
    grouping: Vec<&'a str>,
    strata: Strata,
    seed: u64,
}

impl Assigner<'_> {
    /// Test and train of each fold, dev still being part of train.
    fn tests(&self) -> Result<Vec<SideOfRow>, DatasetError> {
        match self.params {
            SplitParams::Stratified { test, .. } | SplitParams::SpeakerDisjoint { test, .. } => self.held_out(*test),
            SplitParams::KFold { folds, .. } | SplitParams::GroupKFold { folds, .. } => self.k_fold(*folds),
            SplitParams::Crossed { folds, disjoint, .. } => self.crossed(*folds, disjoint),
            SplitParams::Loso { .. } => self.one_by_one(),
            SplitParams::Loco { .. } => self.leave_corpora_out(),
            SplitParams::CrossCorpus { train_corpora: None, test_corpora: None, .. } => self.every_pair(),
            SplitParams::CrossCorpus { train_corpora, test_corpora, .. } => {
                Ok(vec![self.cross_corpus(train_corpora.as_deref(), test_corpora.as_deref())?])
            }
            SplitParams::Predefined { column, sides, .. } => Ok(vec![fixed_sides(self.keys, column, sides)?]),
            // Those folds are given, see `assign_given`.
            SplitParams::Published { .. } => Ok(Vec::new()),
        }
    }

    fn held_out(&self, test: f64) -> Result<Vec<SideOfRow>, DatasetError> {
        let units = self.test_units()?;
        self.need(units.len(), 2, "train and test")?;
        let sides = self.partition(&units, &[test, 1.0 - test]);
        Ok(vec![self.fold(&units, &sides, 0)])
    }

    fn k_fold(&self, folds: usize) -> Result<Vec<SideOfRow>, DatasetError> {
        let units = self.test_units()?;
        self.need(units.len(), folds, &format!("{folds} folds"))?;
        let sides = self.partition(&units, &vec![1.0 / folds as f64; folds]);
        Ok((0..folds).map(|fold| self.fold(&units, &sides, fold)).collect())
    }

    fn one_by_one(&self) -> Result<Vec<SideOfRow>, DatasetError> {
        let mut units = self.test_units()?;
        self.need(units.len(), 2, "train and test")?;
        units.sort_by(|a, b| a.name.cmp(&b.name));
        let sides: Vec<usize> = (0..units.len()).collect();
        Ok(sides.iter().map(|fold| self.fold(&units, &sides, *fold)).collect())
    }

    fn cross_corpus(&self, train: Option<&[String]>, test: Option<&[String]>) -> Result<SideOfRow, DatasetError> {
        let corpora = self.keys.texts("corpus")?;
        let present: BTreeSet<&str> = corpora.iter().flatten().copied().collect();
        for (key, names) in [("split.train_corpora", train), ("split.test_corpora", test)] {
            check_corpora(key, names.unwrap_or_default(), &present)?;
        }
        let listed = |names: &[String], corpus: &str| names.iter().any(|name| name == corpus);
        let side = |corpus: &str| match (train, test) {
            (_, Some(test)) if listed(test, corpus) => Some(Side::Test),
            (None, _) => Some(Side::Train),
            (Some(train), _) if listed(train, corpus) => Some(Side::Train),
            (Some(_), None) => Some(Side::Test),
            (Some(_), Some(_)) => None,
        };
        self.with_shared_classes(corpora.into_iter().map(|corpus| side(corpus.unwrap_or_default())).collect())
    }

    /// Each corpus trained on alone and tested on each other one, in the order of their names.
    fn every_pair(&self) -> Result<Vec<SideOfRow>, DatasetError> {
        let corpora = self.keys.texts("corpus")?;
        let present: BTreeSet<&str> = corpora.into_iter().flatten().collect();
        let pairs = present.iter().flat_map(|train| present.iter().map(move |test| (*train, *test)));
        let fold = |(train, test): (&str, &str)| self.cross_corpus(Some(&[train.to_owned()]), Some(&[test.to_owned()]));
        if present.len() < 2 {
            let hint = "scheme `cross-corpus` needs utterances of two corpora or more".to_owned();
            return Err(DatasetError::EmptySide { fold: 0, side: "test", hint });
        }
        pairs.filter(|(train, test)| train != test).map(fold).collect()
    }

    /// Each corpus tested in turn, by models of all others, in the order of their names.
    fn leave_corpora_out(&self) -> Result<Vec<SideOfRow>, DatasetError> {
        let corpora = self.keys.texts("corpus")?;
        let present: BTreeSet<&str> = corpora.into_iter().flatten().collect();
        if present.len() < 2 {
            let hint = "scheme `loco` needs utterances of two corpora or more".to_owned();
            return Err(DatasetError::EmptySide { fold: 0, side: "train", hint });
        }
        present.into_iter().map(|test| self.cross_corpus(None, Some(&[test.to_owned()]))).collect()
    }

    /// The fold without the utterances of classes that train or test lacks.
    fn with_shared_classes(&self, mut fold: SideOfRow) -> Result<SideOfRow, DatasetError> {
        if self.keys.are_parts() {
            return Ok(fold);
        }
        let emotions = self.keys.emotions()?;
        let [train, test] = [Side::Train, Side::Test].map(|side| classes_on(&fold, side, &emotions));
        let shared = &train & &test;
        if shared.is_empty() && !train.is_empty() && !test.is_empty() {
            let [train, test] = [train, test].map(|classes| classes.into_iter().collect::<Vec<_>>().join(", "));
            return Err(DatasetError::NoSharedClass { train, test });
        }
        for (side, class) in fold.iter_mut().zip(&emotions) {
            *side = side.filter(|_| shared.contains(class));
        }
        Ok(fold)
    }

    /// Carves the dev side of each fold that has none.
    fn carve_devs(&self, folds: &mut [SideOfRow]) -> Result<(), DatasetError> {
        let dev = self.params.dev();
        for (number, fold) in (0..).zip(folds).filter(|(_, fold)| dev > 0.0 && !fold.contains(&Some(Side::Dev))) {
            self.carve_dev(number, fold)?;
        }
        Ok(())
    }

    /// Moves the share of dev from train to dev.
    fn carve_dev(&self, number: i64, fold: &mut SideOfRow) -> Result<(), DatasetError> {
        let train: Vec<usize> = (0..fold.len()).filter(|row| fold[*row] == Some(Side::Train)).collect();
        if train.is_empty() {
            return Ok(()); // refused with all empty sides at the end
        }
        let units = self.units(&train, &format!("dev {number}"))?;
        self.need(units.len(), 2, &format!("train and dev of {}, test set aside", fold_words(number)))?;
        let dev = self.params.dev();
        let sides = self.partition(&units, &[dev, 1.0 - dev]);
        if !sides.contains(&0) || !sides.contains(&1) {
            return Err(DatasetError::EmptySide {
                fold: number,
                side: if sides.contains(&0) { "train" } else { "dev" },
                hint: format!("split.dev = {dev} of {}; change it, or set dev = 0", plural(train.len(), "utterance")),
            });
        }
        for (unit, _) in units.iter().zip(sides).filter(|(_, side)| *side == 0) {
            unit.rows.iter().for_each(|row| fold[*row] = Some(Side::Dev));
        }
        Ok(())
    }

    fn test_units(&self) -> Result<Vec<Unit>, DatasetError> {
        let all: Vec<usize> = (0..self.keys.len()).collect();
        self.units(&all, "test")
    }

    fn units(&self, rows: &[usize], purpose: &str) -> Result<Vec<Unit>, DatasetError> {
        units(self.keys, rows, self.params, &self.grouping, purpose, self.seed)
    }

    fn partition(&self, units: &[Unit], shares: &[f64]) -> Vec<usize> {
        match self.grouping.is_empty() {
            true => by_quota(units, &self.strata, shares),
            false => by_balance(units, &self.strata, shares),
        }
    }

    /// The fold whose test side is the units of side `test`.
    fn fold(&self, units: &[Unit], sides: &[usize], test: usize) -> SideOfRow {
        let mut fold = vec![Some(Side::Train); self.keys.len()];
        for (unit, _) in units.iter().zip(sides).filter(|(_, side)| **side == test) {
            unit.rows.iter().for_each(|row| fold[*row] = Some(Side::Test));
        }
        fold
    }

    fn need(&self, found: usize, needed: usize, purpose: &str) -> Result<(), DatasetError> {
        if found >= needed {
            return Ok(());
        }
        let unit = match self.grouping.first() {
            None => "different recordings".to_owned(),
            Some(column) => format!("groups of `{column}` (groups that share a recording count once)"),
        };
        Err(DatasetError::TooFewGroups {
            scheme: self.params.scheme().as_str(),
            unit,
            found,
            needed,
            purpose: purpose.to_owned(),
            hint: self.remedy(found, purpose),
        })
    }

    fn remedy(&self, found: usize, purpose: &str) -> String {
        match self.params {
            _ if purpose.contains("dev") => "set split.dev = 0".to_owned(),
            SplitParams::KFold { .. } | SplitParams::GroupKFold { .. } if found > 1 => {
                format!("set split.folds = {found} or less")
            }
            SplitParams::Predefined { .. } => "put more of them on train, or remove [tune]".to_owned(),
            _ => "add speakers, or use a scheme that does not keep them apart: `stratified` or `k-fold`".to_owned(),
        }
    }
}

fn check_corpora(key: &'static str, names: &[String], present: &BTreeSet<&str>) -> Result<(), DatasetError> {
    match names.iter().find(|name| !present.contains(name.as_str())) {
        None => Ok(()),
        Some(corpus) => {
            let legal: Vec<String> = present.iter().map(|name| (*name).to_owned()).collect();
            let nearest = options::nearest(corpus, legal.iter().map(String::as_str)).map(str::to_owned);
            Err(DatasetError::UnknownCorpus { key, corpus: corpus.clone(), legal, nearest })
        }
    }
}

#[cfg(test)]
mod tests;
