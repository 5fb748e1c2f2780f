//! Scoring candidates on the inner folds of an outer fold, or of all rows. What an inner fold gave is kept under
//! run/train/search with a hash of all it was made of: a killed search resumes after its last inner fold.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::fit_data::FitData;
use super::fusion;
use super::scores::{About, Scores};
use super::training_set::TrainingSet;
use crate::dataset::{self, Fold, Sides};
use crate::model::{
    self, Candidate, FusionMethod, ModelError, ModelKind, Problem, Search, Shared, TuneMetric, TuneParams, View,
};
use crate::options;
use crate::schema::{Prediction, Side, Table};
use crate::stages::{StageError, StageName};
use crate::table;

/// What the inner folds of an outer fold say about each candidate, by its number.
pub type Trials = BTreeMap<usize, Trial>;

/// What candidates are ranked by, by their numbers.
pub type CandidateScores = BTreeMap<usize, f64>;

/// A candidate on inner folds.
#[derive(Debug, Default)]
pub struct Trial {
    /// Rows that were held out, inner fold after inner fold.
    pub held_out: Scores,
    /// Where the rows of each inner fold end.
    pub ends: Vec<usize>,
    /// Why it could not be fitted: its rows then stop short.
    pub failed: Option<ModelError>,
}

/// Tries the candidates on the inner folds of what is learned from, round after round until `seconds` are over and
/// every model has been fitted. A candidate that cannot be fitted is out; a model without any other is an error. Also
/// returns the files that were kept.
pub fn search(
    data: &FitData,
    tune: &TuneParams,
    training_set: TrainingSet,
    seconds: Option<Duration>,
) -> Result<(Trials, Vec<String>), StageError> {
    let parameters = data.context.parameters;
    let seed = data.seed("inner folds");
    let inner = dataset::inner_folds(data.keys(), data.fold(training_set)?, &parameters.split, tune.folds, seed)?;
    let began = Instant::now();
    let (mut trials, mut files) = (Trials::new(), Vec::new());
    for (number, round) in tune.rounds().into_iter().enumerate() {
        let is_over = seconds.is_some_and(|seconds| began.elapsed() >= seconds);
        let mut alive = round;
        alive.retain(|candidate| !is_over || !has_fit(tune, &trials, *candidate));
        if alive.is_empty() {
            break;
        }
        for (at, fold) in inner.iter().enumerate() {
            data.context.check_stop()?;
            let run = InnerFold {
                data,
                tune,
                fold,
                training_set,
                at,
                file: format!("run/train/search/{}/inner-{at}-{number}.parquet", training_set.folder()),
            };
            for (candidate, result) in run.trials(&alive)? {
                trials.entry(candidate).or_default().append(result);
            }
            alive.retain(|candidate| trials[candidate].failed.is_none());
            check_hope(tune, &trials, at)?;
            files.push(run.file);
            if tune.search == Search::Halving && at + 1 < inner.len() {
                alive = better_half(tune, &trials, &alive);
            }
        }
    }
    Ok((trials, files))
}

impl Trial {
    fn append(&mut self, result: Result<Scores, ModelError>) {
        match result {
            Ok(rows) => {
                self.held_out.append(&rows);
                self.ends.push(self.held_out.truth.len());
            }
            Err(error) => self.failed = Some(error),
        }
    }

    /// The metric over all rows held out, the higher the better. Where models are calibrated, the log loss is that
    /// under a temperature which the rows of the other inner folds ask for; what else there is hangs on no temperature.
    pub fn score(&self, tune: &TuneParams) -> f64 {
        if !tune.calibrates || tune.metric != TuneMetric::LogLoss {
            return self.held_out.score(tune.metric);
        }
        fusion::fused(FusionMethod::Average, &[&self.held_out], &self.ends, true).score(tune.metric)
    }
}

/// The candidates of the same model as `candidate`.
fn siblings(tune: &TuneParams, candidate: usize) -> impl Iterator<Item = usize> {
    let kind = |number: usize| tune.candidates[number].spec.kind();
    (0..tune.candidates.len()).filter(move |number| kind(*number) == kind(candidate))
}

/// Whether any candidate of the same model has been fitted on every inner fold so far.
fn has_fit(tune: &TuneParams, trials: &Trials, candidate: usize) -> bool {
    siblings(tune, candidate).any(|number| trials.get(&number).is_some_and(|trial| trial.failed.is_none()))
}

/// Refuses to go on after inner fold `at` where a model has no candidate left that was fitted so far or is yet to be
/// tried; what halving has dropped does not come back.
fn check_hope(tune: &TuneParams, trials: &Trials, at: usize) -> Result<(), StageError> {
    let goes_on = |trial: &Trial| trial.failed.is_none() && trial.ends.len() > at;
    let has_hope = |candidate| siblings(tune, candidate).any(|number| trials.get(&number).is_none_or(goes_on));
    let mut failed = trials.iter().filter_map(|(number, trial)| Some((*number, trial.failed.as_ref()?)));
    match failed.find(|(number, _)| !has_hope(*number)) {
        Some((_, error)) => Err(error.clone().into()),
        None => Ok(()),
    }
}

/// Of each model the better half of its candidates, by number.
fn better_half(tune: &TuneParams, trials: &Trials, alive: &[usize]) -> Vec<usize> {
    let kind = |number: &usize| tune.candidates[*number].spec.kind();
    let kinds: BTreeSet<ModelKind> = alive.iter().map(kind).collect();
    let mut kept = Vec::new();
    for wanted in kinds {
        let mut ranked: Vec<usize> = alive.iter().copied().filter(|number| kind(number) == wanted).collect();
        let scores: CandidateScores = ranked.iter().map(|number| (*number, trials[number].score(tune))).collect();
        ranked.sort_by(|a, b| scores[b].total_cmp(&scores[a]));
        kept.extend(&ranked[..ranked.len().div_ceil(2)]);
    }
    kept.sort_unstable();
    kept
}

/// One inner fold of what is learned from.
struct InnerFold<'a> {
    data: &'a FitData<'a>,
    tune: &'a TuneParams,
    fold: &'a Fold,
    training_set: TrainingSet,
    at: usize,
    file: String,
}

impl InnerFold<'_> {
    /// The rows held out under each of the candidates, or why it could not be fitted: kept ones, or new ones that are
    /// then kept. What could not be fitted is tried again, so that its error is known.
    fn trials(&self, numbers: &[usize]) -> Result<BTreeMap<usize, Result<Scores, ModelError>>, StageError> {
        let key = self.key(numbers)?;
        let mut trials = self.kept(numbers, &key)?;
        let missing: Vec<usize> = numbers.iter().copied().filter(|number| !trials.contains_key(number)).collect();
        let tried = self.try_all(&missing)?;
        let has_new = tried.values().any(Result::is_ok);
        trials.extend(tried);
        if has_new {
            self.keep(&trials, &key)?;
        }
        Ok(trials)
    }

    fn keep(&self, trials: &BTreeMap<usize, Result<Scores, ModelError>>, key: &str) -> Result<(), StageError> {
        let mut all = Table::<Prediction>::default();
        for (number, scored) in trials {
            let (model, Ok(scored)) = (name(*number), scored) else { continue };
            let about = About { model: &model, fold: self.at as i64, seed: 0, split: Side::Test };
            let rows = scored.table(about, &self.data.classes);
            all.rows.extend(rows.rows);
            all.float.names = rows.float.names;
            all.float.values.extend(rows.float.values);
        }
        let (file, _) = table::write(&all, key, &BTreeMap::new(), false)?;
        Ok(self.data.context.out.put(&self.file, &file)?)
    }

    /// What was kept of the candidates, where it hangs on the same things.
    fn kept(&self, numbers: &[usize], key: &str) -> Result<BTreeMap<usize, Result<Scores, ModelError>>, StageError> {
        let out = self.data.context.out;
        let mut kept = BTreeMap::new();
        if self.data.context.force || out.stat(&self.file)?.is_none() {
            return Ok(kept);
        }
        let Ok((table, footer)) = table::read::<Prediction>(out.get(&self.file)?) else { return Ok(kept) };
        let is_sound = footer.config_hash == key && footer.is_of(&table);
        for &number in numbers.iter().filter(|_| is_sound) {
            let model = name(number);
            let rows = Scores::from_table(&table, &self.data.classes, |row| row.model == model)?;
            if !rows.truth.is_empty() {
                kept.insert(number, Ok(rows));
            }
        }
        Ok(kept)
    }

    /// View after view, so that at most one is in memory; candidates of a view beside each other.
    fn try_all(&self, numbers: &[usize]) -> Result<BTreeMap<usize, Result<Scores, ModelError>>, StageError> {
        let mut done = BTreeMap::new();
        while let Some(first) = numbers.iter().find(|number| !done.contains_key(*number)) {
            let view = &self.candidate(*first).view;
            let same: Vec<usize> =
                numbers.iter().copied().filter(|number| self.candidate(*number).view == *view).collect();
            let sides = self.data.inner(self.fold, view)?;
            let shared = Shared::new(&self.data.problem(view, &sides, 0));
            let tried: Result<Vec<_>, StageError> = same
                .par_iter()
                .map(|number| {
                    self.data.context.check_stop()?;
                    Ok((*number, self.try_one(*number, view, &sides, &shared)?))
                })
                .collect();
            done.extend(tried?);
        }
        Ok(done)
    }

    fn try_one<'b>(
        &'b self,
        number: usize,
        view: &View,
        sides: &'b Sides,
        shared: &'b Shared,
    ) -> Result<Result<Scores, ModelError>, StageError> {
        let seed = self.data.seed(&format!("{} inner {}", self.training_set, self.at));
        let problem = Problem { shared: Some(shared), ..self.data.problem(view, sides, seed) };
        let candidate = self.candidate(number);
        match model::fit(&candidate.spec, &problem) {
            Ok(fitted) => Ok(Ok(Scores::new(&fitted.model, &sides.test, self.data.keys())?)),
            Err(ModelError::Matrix(error)) => Err(error.into()),
            Err(error) => {
                let settings = &candidate.settings;
                tracing::warn!(on = %self.training_set, inner = self.at, settings, "a candidate could not be fitted \
                                                                                    and is left out: {error}");
                Ok(Err(error))
            }
        }
    }

    fn candidate(&self, number: usize) -> &Candidate {
        &self.tune.candidates[number]
    }

    /// A hash of all that the rows hang on.
    fn key(&self, numbers: &[usize]) -> Result<String, StageError> {
        let candidates: Vec<_> = numbers
            .iter()
            .map(|number| (number, &self.candidate(*number).spec, &self.candidate(*number).view))
            .collect();
        let parameters = self.data.context.parameters;
        let rows = self.data.rows_word(self.training_set)?;
        let place = (rows, self.at, self.tune.folds, &parameters.split, parameters.pipeline.seed);
        Ok(options::config_hash(&(candidates, place, self.data.inputs, StageName::Train.build())))
    }
}

/// The word for a candidate in what is kept: sorts like its number.
fn name(number: usize) -> String {
    format!("{number:05}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::NormalizeSection;
    use crate::model::{TrainSection, TuneSection};

    #[test]
    fn a_model_is_given_up_when_none_of_its_candidates_is_left() {
        let train: TrainSection = toml::from_str("models = ['mlp', 'logistic']").expect("a section");
        let tune: TuneSection = toml::from_str("[space]\ntrain.mlp.l2 = [0.5, 1.0, 2.0]").expect("a section");
        let tune = tune.check(&train, &NormalizeSection::default(), 1).expect("legal");
        let failed = || ModelError::Fit { model: ModelKind::Mlp, reason: "too steep".to_owned() };
        let trial = |folds: usize, fails: bool| Trial {
            ends: (1..=folds).collect(),
            failed: fails.then(failed),
            ..Trial::default()
        };
        let after = |at: usize, mlps: &[(usize, bool)]| {
            let trials = mlps.iter().enumerate().map(|(number, (folds, fails))| (number, trial(*folds, *fails)));
            check_hope(&tune, &trials.collect(), at).map_err(|error| error.to_string())
        };
        assert_eq!(after(0, &[(0, true), (0, true)]), Ok(()), "one is yet to be tried");
        assert_eq!(after(0, &[(0, true), (1, false), (0, true)]), Ok(()));
        let error = Err(failed().to_string());
        assert_eq!(after(0, &[(0, true), (0, true), (0, true)]), error);
        assert_eq!(after(1, &[(1, false), (1, true), (1, false)]), error, "two were dropped after the first fold");
        assert_eq!(after(1, &[(1, false), (1, true), (2, false)]), Ok(()));
    }
}
