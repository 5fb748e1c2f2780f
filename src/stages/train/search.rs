//! Scoring candidates on the inner folds of an outer fold, or of all rows. What an inner fold gave is kept under run/train/search with a
//! hash of all it was made of: a killed search resumes after its last inner fold.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::bench::Bench;
use super::ground::Ground;
use super::scored::{About, Scored};
use crate::config::{self, Candidate, ModelKind, Search, TuneParams, View};
use crate::dataset::{self, Matrices};
use crate::model::{self, ModelError, Problem, Shared};
use crate::schema::{Prediction, Split, SplitRow, Table};
use crate::stages::StageError;
use crate::table;

/// What the inner folds of an outer fold say about each candidate, by its number.
pub type Trials = BTreeMap<usize, Trial>;

/// A candidate on inner folds.
#[derive(Debug, Clone, Default)]
pub struct Trial {
    /// Rows that were held out, inner fold after inner fold.
    pub held_out: Scored,
    /// Where the rows of each inner fold end.
    pub ends: Vec<usize>,
    /// Whether it could not be fitted: its rows then stop short.
    pub failed: bool,
}

/// Tries the candidates on the inner folds of what is learned from, round after round until `seconds` are over. Also returns the
/// files that were kept.
pub fn search(
    bench: &Bench,
    tune: &TuneParams,
    ground: Ground,
    seconds: Option<Duration>,
) -> Result<(Trials, Vec<String>), StageError> {
    let parameters = bench.context.parameters;
    let keys = bench.features(&parameters.view).keys();
    let seed = bench.seed("inner folds");
    let inner = dataset::inner_folds(keys, bench.rows(ground), &parameters.split, tune.folds, seed)?;
    let began = Instant::now();
    let (mut trials, mut files) = (Trials::new(), Vec::new());
    for (number, round) in tune.rounds().into_iter().enumerate() {
        let mut alive = round;
        for (at, rows) in inner.iter().enumerate() {
            bench.context.check_stop()?;
            let run = InnerFold {
                bench,
                tune,
                rows,
                ground,
                at,
                file: format!("run/train/search/{}/inner-{at}-{number}.parquet", ground.folder()),
            };
            for (candidate, held_out) in run.trials(&alive)? {
                trials.entry(candidate).or_default().append(held_out.as_ref());
            }
            alive.retain(|candidate| !trials[candidate].failed);
            files.push(run.file);
            if tune.search == Search::Halving && at + 1 < inner.len() {
                alive = better_half(tune, &trials, &alive);
            }
        }
        if seconds.is_some_and(|seconds| began.elapsed() >= seconds) {
            break;
        }
    }
    Ok((trials, files))
}

impl Trial {
    fn append(&mut self, rows: Option<&Scored>) {
        match rows {
            Some(rows) => {
                self.held_out.append(rows);
                self.ends.push(self.held_out.truth.len());
            }
            None => self.failed = true,
        }
    }
}

/// Of each model the better half of its candidates, by number.
fn better_half(tune: &TuneParams, trials: &Trials, alive: &[usize]) -> Vec<usize> {
    let kind = |number: &usize| tune.candidates[*number].spec.kind();
    let kinds: BTreeSet<ModelKind> = alive.iter().map(kind).collect();
    let mut kept = Vec::new();
    for wanted in kinds {
        let mut ranked: Vec<usize> = alive.iter().copied().filter(|number| kind(number) == wanted).collect();
        let score = |number: &usize| trials[number].held_out.score(tune.metric);
        ranked.sort_by(|a, b| score(b).total_cmp(&score(a)));
        kept.extend(&ranked[..ranked.len().div_ceil(2)]);
    }
    kept.sort_unstable();
    kept
}

/// One inner fold of what is learned from.
struct InnerFold<'a> {
    bench: &'a Bench<'a>,
    tune: &'a TuneParams,
    rows: &'a [SplitRow],
    ground: Ground,
    at: usize,
    file: String,
}

impl InnerFold<'_> {
    /// The rows held out under each of the candidates, none where it could not be fitted: kept ones, or new ones that are
    /// then kept.
    fn trials(&self, numbers: &[usize]) -> Result<Vec<(usize, Option<Scored>)>, StageError> {
        let key = self.key(numbers);
        let out = self.bench.context.out;
        let is_known = !self.bench.context.force && out.stat(&self.file)?.is_some();
        if is_known
            && let Ok((kept, footer)) = table::read::<Prediction>(out.get(&self.file)?)
            && footer.config_hash == key
        {
            return numbers.iter().map(|number| Ok((*number, self.kept(&kept, *number)?))).collect();
        }
        let trials = self.try_all(numbers)?;
        let mut all = Table::<Prediction>::default();
        for (number, scored) in &trials {
            let (model, Some(scored)) = (name(*number), scored) else { continue };
            let about = About { model: &model, fold: self.at as i64, seed: 0, split: Split::Test };
            let rows = scored.table(about, &self.bench.classes);
            all.rows.extend(rows.rows);
            all.float.names = rows.float.names;
            all.float.values.extend(rows.float.values);
        }
        let (file, _) = table::write(&all, &key, &BTreeMap::new(), false)?;
        out.put(&self.file, &file)?;
        Ok(trials)
    }

    fn kept(&self, table: &Table<Prediction>, number: usize) -> Result<Option<Scored>, StageError> {
        let model = name(number);
        let rows = Scored::from_table(table, &self.bench.classes, |row| row.model == model)?;
        Ok((!rows.truth.is_empty()).then_some(rows))
    }

    /// View after view, so that at most one is in memory; candidates of a view beside each other.
    fn try_all(&self, numbers: &[usize]) -> Result<Vec<(usize, Option<Scored>)>, StageError> {
        let mut done = BTreeMap::new();
        while let Some(first) = numbers.iter().find(|number| !done.contains_key(*number)) {
            let view = &self.candidate(*first).view;
            let same: Vec<usize> =
                numbers.iter().copied().filter(|number| self.candidate(*number).view == *view).collect();
            let matrices = self.bench.inner(self.rows, view)?;
            let shared = Shared::new(&self.bench.problem(view, &matrices, 0));
            let tried: Result<Vec<_>, StageError> = same
                .par_iter()
                .map(|number| {
                    self.bench.context.check_stop()?;
                    Ok((*number, self.try_one(*number, view, &matrices, &shared)))
                })
                .collect();
            done.extend(tried?);
        }
        self.settle(done)
    }

    fn try_one<'b>(
        &'b self,
        number: usize,
        view: &View,
        matrices: &'b Matrices,
        shared: &'b Shared<'b>,
    ) -> Result<Scored, ModelError> {
        let seed = self.bench.seed(&format!("{} inner {}", self.ground, self.at));
        let problem = Problem { shared: Some(shared), ..self.bench.problem(view, matrices, seed) };
        let fitted = model::fit(&self.candidate(number).spec, &problem)?;
        Ok(Scored::new(&fitted.model, &matrices.test))
    }

    /// A candidate that cannot be fitted is out; a model without any other is an error.
    fn settle(
        &self,
        tried: BTreeMap<usize, Result<Scored, ModelError>>,
    ) -> Result<Vec<(usize, Option<Scored>)>, StageError> {
        let kind = |number: &usize| self.candidate(*number).spec.kind();
        let fitted: BTreeSet<ModelKind> =
            tried.iter().filter(|(_, result)| result.is_ok()).map(|(number, _)| kind(number)).collect();
        let mut settled = Vec::new();
        for (number, result) in tried {
            match result {
                Ok(scored) => settled.push((number, Some(scored))),
                Err(error) if !fitted.contains(&kind(&number)) => return Err(error.into()),
                Err(error) => {
                    let settings = &self.candidate(number).settings;
                    tracing::warn!(on = %self.ground, inner = self.at, settings, "a candidate is out: {error}");
                    settled.push((number, None));
                }
            }
        }
        Ok(settled)
    }

    fn candidate(&self, number: usize) -> &Candidate {
        &self.tune.candidates[number]
    }

    /// A hash of all that the rows hang on.
    fn key(&self, numbers: &[usize]) -> String {
        let candidates: Vec<_> = numbers
            .iter()
            .map(|number| (number, &self.candidate(*number).spec, &self.candidate(*number).view))
            .collect();
        let parameters = self.bench.context.parameters;
        let rows = self.bench.rows_word(self.ground);
        let place = (rows, self.at, self.tune.folds, &parameters.split, parameters.pipeline.seed);
        config::config_hash(&(candidates, place, self.bench.inputs, env!("CARGO_PKG_VERSION")))
    }
}

/// The word for a candidate in what is kept: sorts like its number.
fn name(number: usize) -> String {
    format!("{number:05}")
}
