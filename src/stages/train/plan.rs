//! What is fitted in an outer fold, or on all rows: the settings of each model, the weights of their fusion, and which
//! is `selected`.

use super::fusion;
use super::scores::Scores;
use super::search::{CandidateScores, Trial, Trials};
use super::training_set::TrainingSet;
use crate::model::{Candidate, ModelKind, ModelSpec, TuneMetric, TuneParams, View};
use crate::pipeline::Parameters;
use crate::schema::{FUSION, SELECTED, Tuning};

/// What is fitted on the same rows.
#[derive(Debug, Clone)]
pub struct FoldPlan {
    pub training_set: TrainingSet,
    /// One a model, in the order of `train.models`.
    pub choices: Vec<Choice>,
    /// The weight of each fused model.
    pub fusion: Option<Vec<(ModelKind, f64)>>,
    /// The model with the best score on inner folds; none without a search.
    pub selected: Option<&'static str>,
    /// Everything that was tried in a fold.
    pub tuning: Vec<Tuning>,
}

/// A model with its settings.
#[derive(Debug, Clone)]
pub struct Choice {
    pub spec: ModelSpec,
    pub view: View,
    /// Where they differ from the pipeline's own: [`Candidate::settings`].
    pub settings: String,
    /// What the model's confidence is divided by, from the rows of the inner folds.
    pub temperature: Option<f64>,
}

impl FoldPlan {
    /// Every model as the pipeline file has it.
    pub fn configured(parameters: &Parameters, training_set: TrainingSet) -> Self {
        let choice = |spec: &ModelSpec| Choice {
            spec: spec.clone(),
            view: parameters.view.clone(),
            settings: String::new(),
            temperature: None,
        };
        let fusion = parameters.fusion.as_ref().map(|fusion| {
            let weights = fusion::equal(fusion.models.len());
            fusion.models.iter().copied().zip(weights).collect()
        });
        Self {
            training_set,
            choices: parameters.models.iter().map(choice).collect(),
            fusion,
            selected: None,
            tuning: Vec::new(),
        }
    }

    /// Each model with the settings that did best on the inner folds.
    pub fn chosen(parameters: &Parameters, tune: &TuneParams, training_set: TrainingSet, trials: &Trials) -> Self {
        let scores: CandidateScores = trials.iter().map(|(number, trial)| (*number, trial.score(tune))).collect();
        let best = |spec: &ModelSpec| best_of(tune, trials, &scores, spec.kind());
        let best: Vec<usize> = parameters.models.iter().filter_map(best).collect();
        let mut entries: Vec<(&'static str, f64)> =
            best.iter().map(|number| (name(tune, *number), scores[number])).collect();
        let fused = parameters.fusion.as_ref().map(|params| {
            let is_member = |number: &&usize| params.models.contains(&tune.candidates[**number].spec.kind());
            let members: Vec<usize> = best.iter().filter(is_member).copied().collect();
            let held_out: Vec<&Scores> = members.iter().map(|number| &trials[number].held_out).collect();
            let ends = &trials[&members[0]].ends;
            let rows = fusion::fused(params.method, &held_out, ends, tune.calibrates);
            entries.push((FUSION, rows.score(tune.metric)));
            let weights = fusion::weights(params.method, &held_out, tune.calibrates);
            members.iter().map(|number| tune.candidates[*number].spec.kind()).zip(weights).collect::<Vec<_>>()
        });
        let selected = first_best(&entries);
        let tuning = training_set.fold().map_or_else(Vec::new, |fold| {
            let rows = tuning_rows(tune, fold, (trials, &scores), &best, selected).into_iter();
            let fused = fused.iter().map(|weights| (weights.as_slice(), entries[entries.len() - 1].1));
            rows.chain(fused.map(|fused| fusion_row(tune, fold, fused, trials, selected))).collect()
        });
        let choice = |number: &usize| choice(&tune.candidates[*number], &trials[number], tune.calibrates);
        Self {
            training_set,
            choices: best.iter().map(choice).collect(),
            fusion: fused,
            selected: Some(selected),
            tuning,
        }
    }

    /// The models whose probabilities make up `model`, with their weights.
    pub fn parts(&self, model: &str) -> Vec<(&'static str, f64)> {
        match (model, self.selected) {
            (SELECTED, Some(selected)) => self.parts(selected),
            (FUSION, _) => self.fusion.iter().flatten().map(|(kind, weight)| (kind.as_str(), *weight)).collect(),
            _ => {
                let kinds = self.choices.iter().map(|choice| choice.spec.kind().as_str());
                kinds.filter(|kind| *kind == model).map(|kind| (kind, 1.0)).collect()
            }
        }
    }

    /// The models that are made of others.
    pub fn combined(&self) -> impl Iterator<Item = &'static str> {
        [FUSION, SELECTED].into_iter().filter(|model| !self.parts(model).is_empty())
    }

    /// What `fusion` or `selected` is here, in words.
    pub fn words(&self, model: &str) -> String {
        if model == SELECTED
            && let Some(selected) = self.selected
        {
            let own = self.choices.iter().find(|choice| choice.spec.kind().as_str() == selected);
            let settings = own.map(|choice| choice.settings.as_str()).filter(|settings| !settings.is_empty());
            return match (selected, settings) {
                (FUSION, _) => format!("fusion of {}", self.words(FUSION)),
                (_, Some(settings)) => format!("{selected} with {settings}"),
                (_, None) => selected.to_owned(),
            };
        }
        weight_words(self.fusion.as_deref().unwrap_or_default())
    }
}

fn choice(candidate: &Candidate, trial: &Trial, calibrates: bool) -> Choice {
    Choice {
        spec: candidate.spec.clone(),
        view: candidate.view.clone(),
        settings: candidate.settings.clone(),
        temperature: calibrates.then(|| trial.held_out.temperature()),
    }
}

/// The candidate of a model with the best score among those that were tried on every inner fold; the first of equal
/// ones.
fn best_of(tune: &TuneParams, trials: &Trials, scores: &CandidateScores, kind: ModelKind) -> Option<usize> {
    let is_candidate = |number: &usize| tune.candidates[*number].spec.kind() == kind;
    let of_kind = trials.iter().filter(|(number, trial)| is_candidate(number) && trial.failed.is_none());
    let folds = of_kind.clone().map(|(_, trial)| trial.ends.len()).max()?;
    let whole = of_kind.filter(|(_, trial)| trial.ends.len() == folds);
    let scored: Vec<(usize, f64)> = whole.map(|(number, _)| (*number, scores[number])).collect();
    Some(first_best(&scored))
}

/// The first of those with the highest score.
fn first_best<T: Copy>(scored: &[(T, f64)]) -> T {
    let better = |best: (T, f64), next: &(T, f64)| if next.1 > best.1 { *next } else { best };
    scored[1..].iter().fold(scored[0], better).0
}

fn name(tune: &TuneParams, number: usize) -> &'static str {
    tune.candidates[number].spec.kind().as_str()
}

fn tuning_rows(
    tune: &TuneParams,
    fold: i64,
    (trials, scores): (&Trials, &CandidateScores),
    best: &[usize],
    selected: &str,
) -> Vec<Tuning> {
    let row = |(number, trial): (&usize, &Trial)| Tuning {
        fold,
        model: name(tune, *number).to_owned(),
        trial: *number as i64,
        settings: tune.candidates[*number].settings.clone(),
        inner_folds: trial.ends.len() as i64,
        n: trial.held_out.truth.len() as i64,
        metric: tune.metric.as_str().to_owned(),
        score: trial.failed.is_none().then(|| shown(tune.metric, scores[number])),
        chosen: best.contains(number),
        selected: best.contains(number) && name(tune, *number) == selected,
    };
    trials.iter().map(row).collect()
}

fn fusion_row(
    tune: &TuneParams,
    fold: i64,
    (weights, score): (&[(ModelKind, f64)], f64),
    trials: &Trials,
    selected: &str,
) -> Tuning {
    let longest = trials.values().max_by_key(|trial| trial.ends.len());
    Tuning {
        fold,
        model: FUSION.to_owned(),
        trial: tune.candidates.len() as i64,
        settings: weight_words(weights),
        inner_folds: longest.map_or(0, |trial| trial.ends.len() as i64),
        n: longest.map_or(0, |trial| trial.held_out.truth.len() as i64),
        metric: tune.metric.as_str().to_owned(),
        score: Some(shown(tune.metric, score)),
        chosen: true,
        selected: selected == FUSION,
    }
}

/// A score as the metric is usually given: log loss is positive.
fn shown(metric: TuneMetric, score: f64) -> f64 {
    if metric == TuneMetric::LogLoss { -score } else { score }
}

fn weight_words(weights: &[(ModelKind, f64)]) -> String {
    weights.iter().map(|(kind, weight)| format!("{kind} {weight:.3}")).collect::<Vec<_>>().join(", ")
}
