//! The `[tune]` section: which settings are tried, and how the best are found without looking at test rows.

mod candidates;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Calibration, ModelKind, ModelSpec, TrainSection};
use crate::dataset::{NormalizeParams, NormalizeSection, TrainRows};
use crate::options::{ColumnPatterns, ConfigError, between};

/// Most candidates of a model that a search may hold; a space that some are drawn from may be larger.
const MAX_CANDIDATES: usize = 10_000;

/// Nested selection: candidates are scored on inner folds, which divide the train rows of each outer fold with the
/// grouping of the split. The outer test rows are used once, by the chosen candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TuneSection {
    /// `grid` (default): every combination. `random`: some of them, drawn with the seed. `halving`: every combination,
    /// or `trials` of them; after each inner fold, only the better half for each model stays.
    pub search: Search,
    /// Inner folds, 2 to 20; default 4.
    pub folds: usize,
    /// The score over the rows of all inner folds: `uar` (default), `accuracy` or `log_loss`.
    pub metric: TuneMetric,
    /// Candidates drawn for each model, 1 to 10,000. `random` requires this or `seconds`; `halving` allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trials: Option<usize>,
    /// Time limit of a `random` search in seconds, 1 or more, instead of `trials`. The number of candidates then
    /// depends on the machine, so a second run may give other bytes; the report says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Values to try: a list for each key of a model of `[train]`, for `train.columns` or for `normalize.method`, such
    /// as `train.mlp.l2 = [0.5, 2.0]`. A key of a model applies to that model only, the other two apply to all models.
    /// A model without a key of its own is one candidate.
    pub space: Map<String, Value>,
}

impl Default for TuneSection {
    fn default() -> Self {
        Self { search: Search::Grid, folds: 4, metric: TuneMetric::Uar, trials: None, seconds: None, space: Map::new() }
    }
}

/// How candidates are taken from the space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Search {
    /// Every combination.
    Grid,
    /// Combinations drawn without replacement (Bergstra and Bengio, 2012).
    Random,
    /// Successive halving with inner folds as the resource (Jamieson and Talwalkar, 2016).
    Halving,
}

impl Search {
    /// The word that pipeline files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Random => "random",
            Self::Halving => "halving",
        }
    }
}

/// What candidates are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TuneMetric {
    /// Unweighted average recall, the higher the better.
    Uar,
    /// Accuracy, the higher the better.
    Accuracy,
    /// Mean cross-entropy in nats, the lower the better.
    LogLoss,
}

impl TuneMetric {
    /// The word that pipeline files and tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uar => "uar",
            Self::Accuracy => "accuracy",
            Self::LogLoss => "log_loss",
        }
    }
}

/// A model with settings that might be the best.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The model.
    pub spec: ModelSpec,
    /// What it sees.
    pub view: View,
    /// Where it differs from the pipeline's own settings: `train.mlp.l2 = 2.0, normalize.method = "robust"`.
    pub settings: String,
}

/// What a model sees of the features.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct View {
    /// How they are normalized.
    pub normalize: NormalizeParams,
    /// Which of them there are.
    pub columns: ColumnPatterns,
    /// Text columns every combination of whose values has as many train rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub balance: Vec<String>,
    /// What the names of the columns with votes begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub votes: Option<String>,
}

impl View {
    /// How it draws train rows.
    pub fn train_rows(&self) -> TrainRows<'_> {
        TrainRows { balance: &self.balance, votes: self.votes.as_deref() }
    }
}

/// A checked `[tune]` section.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TuneParams {
    /// How candidates were taken from the space.
    pub search: Search,
    /// Inner folds.
    pub folds: usize,
    /// What candidates are ranked by.
    pub metric: TuneMetric,
    /// Whether the probabilities of rows held out are taken as a temperature leaves them: as those of the models will
    /// be.
    pub calibrates: bool,
    /// Seconds for the search; none: every candidate is tried.
    pub seconds: Option<u64>,
    /// What is tried, model after model in the order of `train.models`.
    pub candidates: Vec<Candidate>,
}

impl TuneSection {
    /// Lists the candidates.
    ///
    /// # Errors
    /// A value out of range, a budget that the search does not use, a key that cannot be tuned, a value that the key's
    /// own section refuses, too many candidates.
    pub fn check(
        &self,
        train: &TrainSection,
        normalize: &NormalizeSection,
        seed: u64,
    ) -> Result<TuneParams, ConfigError> {
        between("tune.folds", self.folds, 2, 20)?;
        self.check_budget()?;
        let space = candidates::Space::new(&self.space, train, normalize)?;
        let mut candidates = Vec::new();
        for &kind in &train.models {
            candidates.extend(space.candidates(kind, self.drawn(), seed)?);
        }
        Ok(TuneParams {
            search: self.search,
            folds: self.folds,
            metric: self.metric,
            calibrates: train.calibration == Calibration::Temperature,
            seconds: self.seconds,
            candidates,
        })
    }

    fn check_budget(&self) -> Result<(), ConfigError> {
        let refuse = |key: &str, value: u64, problem: &str| Err(ConfigError::new(key, value, problem));
        match (self.search, self.trials, self.seconds) {
            (_, Some(0), _) => refuse("tune.trials", 0, "must be 1 or more"),
            (_, Some(trials), _) if trials > MAX_CANDIDATES => {
                refuse("tune.trials", trials as u64, &format!("must be 1 to {MAX_CANDIDATES}"))
            }
            (_, _, Some(0)) => refuse("tune.seconds", 0, "must be 1 or more"),
            (Search::Grid, Some(trials), _) => {
                refuse("tune.trials", trials as u64, "a grid search tries everything; choose `random` or `halving`")
            }
            (Search::Grid | Search::Halving, _, Some(seconds)) => {
                refuse("tune.seconds", seconds, "is used with search = \"random\" only")
            }
            (Search::Random, Some(_), Some(seconds)) => {
                refuse("tune.seconds", seconds, "`tune.trials` is the budget already; remove one of them")
            }
            (Search::Random, None, None) => Err(ConfigError::new(
                "tune.trials",
                "not set",
                "a random search needs a budget: `trials` (a rerun gives the same bytes) or `seconds`",
            )),
            _ => Ok(()),
        }
    }

    /// How combinations are drawn; none: all of them, in order.
    fn drawn(&self) -> Option<usize> {
        match self.seconds {
            Some(_) => Some(MAX_CANDIDATES),
            None => self.trials,
        }
    }
}

impl TuneParams {
    /// Candidates that the search goes through before it looks at the clock: all, or one of each model.
    pub fn rounds(&self) -> Vec<Vec<usize>> {
        let all = 0..self.candidates.len();
        if self.seconds.is_none() {
            return vec![all.collect()];
        }
        let mut seen = BTreeMap::<ModelKind, usize>::new();
        let mut rounds: Vec<Vec<usize>> = Vec::new();
        for number in all {
            let round = seen.entry(self.candidates[number].spec.kind()).or_default();
            if rounds.len() == *round {
                rounds.push(Vec::new());
            }
            rounds[*round].push(number);
            *round += 1;
        }
        rounds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(train: &str, tune: &str) -> Result<TuneParams, String> {
        let train: TrainSection = toml::from_str(train).expect("a train section");
        let tune: TuneSection = toml::from_str(tune).map_err(|error| error.to_string())?;
        tune.check(&train, &NormalizeSection::default(), 1).map_err(|error| error.to_string())
    }

    const TWO: &str = "models = ['mlp', 'logistic']";
    const SPACE: &str = "
        [space]
        train.mlp.l2 = [0.5, 2.0]
        train.mlp.hidden = [[64], [64, 32], []]
        train.logistic.alpha = [1, 10]
        normalize.method = ['z-score', 'robust']";

    #[test]
    fn a_grid_is_every_combination_of_a_models_own_keys_and_the_shared_ones() {
        let params = check(TWO, SPACE).unwrap();
        let of = |kind| params.candidates.iter().filter(|candidate| candidate.spec.kind() == kind).count();
        assert_eq!((of(ModelKind::Mlp), of(ModelKind::Logistic)), (2 * 3 * 2, 2 * 2));
        let settings: std::collections::BTreeSet<_> =
            params.candidates.iter().map(|candidate| &candidate.settings).collect();
        assert_eq!(settings.len(), 16, "each combination once");
        let words = "normalize.method = \"robust\", train.mlp.hidden = [64,32], train.mlp.l2 = 2.0";
        let found = params.candidates.iter().find(|candidate| candidate.settings == words).expect(words);
        assert_eq!(found.view.normalize.method, crate::dataset::Method::Robust);
        assert!(matches!(&found.spec, ModelSpec::Mlp(mlp) if mlp.l2 == 2.0 && mlp.hidden == [64, 32]));
        assert_eq!(params.rounds(), [(0..16).collect::<Vec<_>>()]);
    }

    #[test]
    fn nothing_to_try_is_one_candidate_a_model() {
        let params = check(TWO, "").unwrap();
        assert_eq!(params.candidates.len(), 2);
        assert!(params.candidates.iter().all(|candidate| candidate.settings.is_empty()));
    }

    #[test]
    fn random_draws_differ_by_seed_and_never_repeat() {
        let draw = |seed| {
            let train: TrainSection = toml::from_str(TWO).unwrap();
            let tune: TuneSection = toml::from_str(&format!("search = 'random'\ntrials = 5\n{SPACE}")).unwrap();
            tune.check(&train, &NormalizeSection::default(), seed).unwrap().candidates
        };
        let words = |seed| draw(seed).into_iter().map(|candidate| candidate.settings).collect::<Vec<_>>();
        assert_eq!(words(1), words(1));
        assert_ne!(words(1), words(2));
        assert_eq!(words(1).len(), 5 + 4, "the second model has but four");
        let different: std::collections::BTreeSet<_> = words(1).into_iter().collect();
        assert_eq!(different.len(), 9);
    }

    #[test]
    fn a_budget_in_seconds_takes_one_candidate_of_each_model_a_round() {
        let params = check(TWO, &format!("search = 'random'\nseconds = 60\n{SPACE}")).unwrap();
        let rounds = params.rounds();
        assert_eq!((rounds.len(), rounds[0].len(), rounds[11].len()), (12, 2, 1));
        let mut all: Vec<usize> = rounds.concat();
        all.sort_unstable();
        assert_eq!(all, (0..16).collect::<Vec<_>>());
    }

    #[test]
    fn a_space_may_be_as_large_as_draws_are_few() {
        // 20^4 combinations of the perceptron.
        let values: Vec<f64> = (1..=20).map(|step| f64::from(step) / 1000.0).collect();
        let keys = ["l2", "dropout", "learning_rate", "mixup"].map(|key| format!("train.mlp.{key} = {values:?}\n"));
        let space = format!("[space]\n{}", keys.concat());
        let error = check(TWO, &space).unwrap_err();
        assert!(error.contains("more than 10000 combinations for `mlp`") && error.contains("\"random\""), "{error}");
        for search in ["search = 'random'\ntrials = 30", "search = 'halving'\ntrials = 30"] {
            let drawn = check(TWO, &format!("{search}\n{space}")).unwrap().candidates;
            let different: std::collections::BTreeSet<_> = drawn.iter().map(|candidate| &candidate.settings).collect();
            assert_eq!((drawn.len(), different.len()), (30 + 1, 30 + 1));
        }
        assert_eq!(check(TWO, &format!("search = 'random'\nseconds = 9\n{space}")).unwrap().candidates.len(), 10_001);
    }

    #[test]
    fn what_early_stopping_watches_is_left_out_where_nothing_stops_early() {
        let train = "models = ['mlp']\n[mlp]\npatience = 3\nmonitor = 'loss'";
        let params = check(train, "[space]\ntrain.mlp.patience = [0, 5]").unwrap();
        let watched: Vec<_> = params
            .candidates
            .iter()
            .map(|candidate| match &candidate.spec {
                ModelSpec::Mlp(mlp) => (mlp.patience, mlp.monitor),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(watched, [(0, None), (5, Some(crate::model::Monitor::Loss))]);
    }

    #[test]
    fn features_are_tuned_by_their_columns() {
        let error = check(TWO, "[space]\nfeatures.set = ['standard', 'rich']").unwrap_err();
        assert!(error.contains("train.columns = [["), "{error}");
    }

    #[test]
    fn wrong_values_are_refused_with_their_key() {
        let cases = [
            ("folds = 1", "tune.folds"),
            ("trials = 3", "tune.trials"),
            ("search = 'random'", "tune.trials"),
            ("search = 'random'\ntrials = 0", "tune.trials"),
            ("search = 'random'\ntrials = 2\nseconds = 9", "tune.seconds"),
            ("search = 'halving'\nseconds = 9", "tune.seconds"),
            ("[space]\ntrain.mlp.l2 = 3", "tune.space.train.mlp.l2"),
            ("[space]\ntrain.mlp.l2 = []", "tune.space.train.mlp.l2"),
            ("[space]\ntrain.mlp.l2 = [1.0, 0.5, 1]", "tune.space.train.mlp.l2.2"),
            ("[space]\ntrain.mlp.hidden = [[8], [8]]", "tune.space.train.mlp.hidden.1"),
            ("[space]\nfeatures.set = ['rich']", "tune.space.features.set"),
            ("[space]\ntrain.mlp.monitor = ['uar', 'loss']", "train.mlp.monitor"),
            ("search = 'random'\ntrials = 10001", "tune.trials"),
            ("[space]\ntrain.mlp.l2 = [1.0, -1.0]", "train.mlp.l2"),
            ("[space]\ntrain.mlp.units = [1]", "tune.space.train.mlp.units"),
            ("[space]\ntrain.svm.c = [1]", "tune.space.train.svm.c"),
            ("[space]\ntrain.models = [['mlp']]", "tune.space.train.models"),
            ("[space]\nnormalize.scope = ['speaker']", "tune.space.normalize.scope"),
            ("[space]\nsplit.test = [0.1]", "tune.space.split.test"),
            ("[space]\ntrain.mlp.hidden = ['a']", "tune.space.train.mlp.hidden"),
        ];
        for (tune, key) in cases {
            let error = check(TWO, tune).unwrap_err();
            assert!(error.starts_with(&format!("`{key}` is ")), "{tune}: {error}");
        }
    }
}
