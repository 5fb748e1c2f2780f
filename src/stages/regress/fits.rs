//! The fits of a fold: candidates on inner folds, then the best of each model on the whole train side.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::dataset::{self, Features, Fold, Scaler, Sides};
use crate::eval::Moments;
use crate::matrix::Matrix;
use crate::model::{Regression, RegressionModel, Regressor, RegressorSpec};
use crate::options;
use crate::schema::{Estimate, FUSION, Fit, NOTE_OF_SEARCH, SELECTED, Tuning};
use crate::stages::{Context, StageError};

/// What candidates are ranked by.
const METRIC: &str = "ccc";

/// What all fits share.
pub struct Data<'a> {
    context: &'a Context<'a>,
    regression: &'a Regression,
    features: &'a Features,
    /// Parts of the target's range.
    classes: Vec<String>,
    /// The number of each row of the features table.
    targets: Vec<f64>,
    config_hash: &'a str,
}

/// What a fold gave.
#[derive(Default)]
pub struct FoldFits {
    pub estimates: Vec<Estimate>,
    pub tuning: Vec<Tuning>,
    pub fits: Vec<Fit>,
}

/// What a model says of some rows.
struct Said {
    /// Rows of the features table.
    at: Vec<usize>,
    predicted: Vec<f64>,
}

/// The rows that models learn from, and those that are tested.
struct Sets {
    x: Matrix,
    targets: Vec<f64>,
    tested: Matrix,
    tested_at: Vec<usize>,
}

impl<'a> Data<'a> {
    pub fn new(
        context: &'a Context<'a>,
        regression: &'a Regression,
        features: &'a Features,
        folds: &[Fold],
        config_hash: &'a str,
    ) -> Result<Self, StageError> {
        let classes = dataset::classes(features.keys(), folds)?;
        let targets = features.keys().targets(&regression.target)?;
        Ok(Self { context, regression, features, classes, targets, config_hash })
    }

    /// Models learn from train and dev: nothing of theirs stops early.
    fn sets(&self, fold: &Fold) -> Result<Sets, StageError> {
        let scaler = Scaler::fit(self.features, fold, self.context.parameters.normalize)?;
        let sides = Sides::new(self.features, fold, &scaler, &self.classes)?;
        let (train, dev) = (&sides.train, &sides.dev);
        let x = if dev.at.is_empty() { train.rows.x.clone() } else { train.rows.x.followed_by(&dev.rows.x)? };
        let targets = train.at.iter().chain(&dev.at).map(|row| self.targets[*row]).collect();
        Ok(Sets { x, targets, tested: sides.test.rows.x.clone(), tested_at: sides.test.at })
    }

    fn said(&self, spec: &RegressorSpec, sets: &Sets, seed: u64) -> Result<Said, StageError> {
        self.context.check_stop()?;
        let fitted = Regressor::fit(spec, self.regression, &sets.x, &sets.targets, seed)?;
        Ok(Said { at: sets.tested_at.clone(), predicted: fitted.predict_all(&sets.tested)? })
    }

    fn seed(&self, purpose: &str) -> u64 {
        options::hash_number(&format!("{} regression {purpose}", self.context.parameters.pipeline.seed))
    }

    /// What every candidate says of the rows that inner folds hold out, one after the other.
    fn search(&self, fold: &Fold) -> Result<Vec<Said>, StageError> {
        let (parameters, regression) = (self.context.parameters, self.regression);
        let seed = self.seed("inner folds");
        let keys = self.features.keys();
        let inner = dataset::inner_folds(keys, fold, &parameters.split, regression.inner_folds, seed)?;
        let mut all: Vec<Said> =
            regression.candidates.iter().map(|_| Said { at: Vec::new(), predicted: Vec::new() }).collect();
        for (at, inner) in inner.iter().enumerate() {
            let (sets, seed) = (self.sets(inner)?, self.seed(&format!("{} inner {at}", fold.number)));
            let said = regression.candidates.par_iter().map(|spec| self.said(spec, &sets, seed));
            for (all, said) in all.iter_mut().zip(said.collect::<Result<Vec<_>, StageError>>()?) {
                all.at.extend(said.at);
                all.predicted.extend(said.predicted);
            }
        }
        Ok(all)
    }

    /// Fits and judges the models of a fold.
    pub fn fold(&self, fold: &Fold) -> Result<FoldFits, StageError> {
        let candidates = &self.regression.candidates;
        let tried = self.search(fold)?;
        let score = |said: &Said| self.ccc(said).unwrap_or(f64::NEG_INFINITY);
        let scores: Vec<f64> = tried.iter().map(score).collect();
        let mut best = BTreeMap::<RegressionModel, usize>::new();
        for (number, spec) in candidates.iter().enumerate() {
            let leader = best.entry(spec.model).or_insert(number);
            if scores[number] > scores[*leader] {
                *leader = number;
            }
        }
        // In the order of the section.
        let mut chosen: Vec<usize> = best.into_values().collect();
        chosen.sort_unstable();
        let members: Vec<usize> =
            chosen.iter().copied().filter(|number| candidates[*number].model != RegressionModel::Mean).collect();
        let mut entries: Vec<(&str, f64)> =
            chosen.iter().map(|number| (candidates[*number].model.as_str(), scores[*number])).collect();
        if self.regression.fusion {
            let fused = averaged(&members.iter().map(|number| &tried[*number]).collect::<Vec<_>>());
            entries.push((FUSION, score(&fused)));
        }
        let selected = entries[1..].iter().fold(entries[0], |best, next| if next.1 > best.1 { *next } else { best }).0;
        let (sets, seed) = (self.sets(fold)?, self.seed(&fold.number.to_string()));
        let said = chosen.par_iter().map(|number| self.said(&candidates[*number], &sets, seed));
        let said: BTreeMap<usize, Said> =
            chosen.iter().copied().zip(said.collect::<Result<Vec<_>, StageError>>()?).collect();
        let mut found = FoldFits::default();
        for (number, said) in &said {
            found.add(self, fold, candidates[*number].model.as_str(), said, &sets, candidates[*number].words())?;
        }
        if self.regression.fusion {
            let words =
                members.iter().map(|number| candidates[*number].model.as_str()).collect::<Vec<_>>().join(" and ");
            let fused = averaged(&members.iter().map(|number| &said[number]).collect::<Vec<_>>());
            found.add(self, fold, FUSION, &fused, &sets, format!("mean of {words}"))?;
        }
        let of_selected = found.estimates.iter().filter(|row| row.model == selected).cloned().collect::<Vec<_>>();
        let of_selected = of_selected.into_iter().map(|row| Estimate { model: SELECTED.to_owned(), ..row });
        found.estimates.extend(of_selected.collect::<Vec<_>>());
        found.fits.push(self.fit_row(fold, SELECTED, &sets, selected.to_owned()));
        found.tuning = self.tuning(fold, &tried, &scores, &chosen, selected);
        Ok(found)
    }

    fn tuning(&self, fold: &Fold, tried: &[Said], scores: &[f64], chosen: &[usize], selected: &str) -> Vec<Tuning> {
        let row = |(number, spec): (usize, &RegressorSpec)| Tuning {
            fold: fold.number,
            model: spec.model.as_str().to_owned(),
            trial: number as i64,
            settings: spec.words(),
            inner_folds: self.regression.inner_folds as i64,
            n: tried[number].at.len() as i64,
            metric: METRIC.to_owned(),
            score: Some(scores[number]).filter(|score| score.is_finite()),
            chosen: chosen.contains(&number),
            selected: chosen.contains(&number) && spec.model.as_str() == selected,
        };
        self.regression.candidates.iter().enumerate().map(row).collect()
    }

    fn ccc(&self, said: &Said) -> Option<f64> {
        let n = said.at.len().max(1) as f64;
        let center = said.at.iter().map(|row| self.targets[*row]).sum::<f64>() / n;
        let pairs = said.at.iter().zip(&said.predicted);
        Moments::ccc(pairs.map(|(row, predicted)| (self.targets[*row] - center, predicted - center)))
    }

    fn fit_row(&self, fold: &Fold, model: &str, sets: &Sets, words: String) -> Fit {
        Fit {
            model: model.to_owned(),
            fold: fold.number,
            seed: 0,
            rows: sets.targets.len() as i64,
            held_out: 0,
            epochs: (model == RegressionModel::Mlp.as_str()).then_some(self.regression.mlp.epochs as i64),
            temperature: None,
            clipped_fitted: None,
            clipped_test: None,
            notes: (!words.is_empty()).then(|| format!("{NOTE_OF_SEARCH}{words}")),
            config_hash: self.config_hash.to_owned(),
        }
    }
}

impl FoldFits {
    fn add(
        &mut self,
        data: &Data<'_>,
        fold: &Fold,
        model: &str,
        said: &Said,
        sets: &Sets,
        words: String,
    ) -> Result<(), StageError> {
        let ids = data.features.keys().ids()?;
        let row = |(row, predicted): (&usize, &f64)| Estimate {
            utterance_id: ids[*row].to_owned(),
            model: model.to_owned(),
            fold: fold.number,
            truth: data.targets[*row],
            predicted: *predicted,
        };
        self.estimates.extend(said.at.iter().zip(&said.predicted).map(row));
        self.fits.push(data.fit_row(fold, model, sets, words));
        Ok(())
    }
}

/// The mean of what several models, one or more, say of the same rows.
fn averaged(parts: &[&Said]) -> Said {
    let n = parts.len() as f64;
    let mean = |row: usize| parts.iter().map(|part| part.predicted[row]).sum::<f64>() / n;
    Said { at: parts[0].at.clone(), predicted: (0..parts[0].at.len()).map(mean).collect() }
}
