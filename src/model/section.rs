//! The `[train]` section: which models are fitted, and how.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ModelKind, ModelSpec};
use crate::options::{ColumnPatterns, ConfigError, between, used};

macro_rules! section {
    ($($(#[$doc:meta])* $name:ident $section:ident $word:literal)*) => {
        /// The `[train]` section.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct TrainSection {
            /// The models to fit, in the order of the report; default all but `lda` and `knn`. Each model may be listed once.
            pub models: Vec<ModelKind>,
            /// The feature columns that models see: patterns such as `["mfcc*", "!*_d1_*"]`; default `["*"]`, all.
            pub columns: ColumnPatterns,
            /// Text columns by which train rows are balanced, such as `["corpus", "emotion"]`: rows of the smaller
            /// combinations of values are taken several times, until each has as many as the largest; default `[]`, every
            /// row once. Statistics of normalization are of the rows as they are.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub balance: Vec<String>,
            /// What the names of text columns begin with that hold the votes of annotators, such as `votes_`: the emotion
            /// follows (`votes_anger`, `votes_sadness`). `mlp` then learns the shares of the votes for the emotions of the run
            /// instead of one emotion (soft labels); the other models learn the emotion. Each emotion of the run needs a
            /// column. A row without votes for any of them counts as its emotion. Default: none.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub votes: Option<String>,
            /// Number of fits with different seeds for each model that uses random numbers (mlp, forest), 1 to 100; default 1.
            /// All figures come from the first fit; the others show how much depends on the seed.
            pub seeds: usize,
            /// none (default) or temperature. Temperature scaling makes the probabilities of a model bolder or milder by one
            /// number, and changes none of its predictions. `fusion` averages calibrated probabilities and is not calibrated
            /// itself. The number is fitted on the dev rows, which are then held out of every fit. With `[tune]`, it is fitted
            /// on the rows of the inner folds instead, and the dev rows are trained on.
            pub calibration: Calibration,
            /// Whether every model, including `fusion` and `selected`, is also fitted on all utterances, for use on new
            /// recordings (models/<model>/all); default false. With `[tune]`, settings are chosen again for it, on inner folds
            /// of all utterances. No test figure is of these models: expect about the figures that the folds give.
            pub deploy: bool,
            /// Whether to keep the models of the folds (models/<model>/fold-N) after the train stage; default true. The tables
            /// have their predictions either way. `false` saves space if there are many folds or large models. A fit that is
            /// needed again is then made again.
            pub keep_fold_models: bool,
            $($(#[$doc])* #[serde(rename = $word)] pub $section: super::$name,)*
        }

        impl Default for TrainSection {
            fn default() -> Self {
                Self {
                    models: ModelKind::usual(),
                    columns: ColumnPatterns::default(),
                    balance: Vec::new(),
                    votes: None,
                    seeds: 1,
                    calibration: Calibration::None,
                    deploy: false,
                    keep_fold_models: true,
                    $($section: super::$name::default(),)*
                }
            }
        }

        impl TrainSection {
            /// The section of a model.
            pub(super) fn spec(&self, kind: ModelKind) -> ModelSpec {
                match kind {
                    $(ModelKind::$name => ModelSpec::$name(self.$section.clone()),)*
                }
            }
        }
    };
}
for_every_model!(section);

impl TrainSection {
    /// The configured models, in order. Sections of models that are not listed are checked too, and then left out, so
    /// that only what is fitted is hashed.
    pub fn check(&self) -> Result<Vec<ModelSpec>, ConfigError> {
        self.check_models()?;
        self.columns.check("train.columns")?;
        self.check_balance()?;
        between("train.seeds", self.seeds, 1, 100)?;
        ModelKind::ALL.into_iter().try_for_each(|kind| self.spec(kind).options().check())?;
        Ok(self.models.iter().map(|&kind| self.spec(kind)).collect())
    }

    fn check_balance(&self) -> Result<(), ConfigError> {
        let twice =
            self.balance.iter().enumerate().find(|(at, name)| name.is_empty() || self.balance[..*at].contains(name));
        if twice.is_some() {
            let problem = "wanted names of text columns, each once";
            return Err(ConfigError::new("train.balance", format!("{:?}", self.balance), problem));
        }
        match &self.votes {
            Some(prefix) => {
                let is_used = !prefix.is_empty() && self.models.contains(&ModelKind::Mlp);
                used("train.votes", format!("{prefix:?}"), is_used, "the model `mlp`, with a beginning of column names")
            }
            None => Ok(()),
        }
    }

    fn check_models(&self) -> Result<(), ConfigError> {
        if self.models.is_empty() {
            return Err(ConfigError::new("train.models", "[]", format!("name at least one of {}", ModelKind::words())));
        }
        let mut seen = BTreeSet::new();
        match self.models.iter().find(|kind| !seen.insert(**kind)) {
            None => Ok(()),
            Some(twice) => {
                Err(ConfigError::new("train.models", format!("\"{twice}\""), "it is listed twice; list it once"))
            }
        }
    }
}

/// How probabilities are calibrated after a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Calibration {
    /// Not at all.
    #[default]
    None,
    /// Temperature scaling (Guo et al., 2017): the logits are divided by the number that minimizes the log loss of the
    /// dev rows.
    Temperature,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Inputs, InputsMethod, Logistic, Mlp, Schedule, Shape};

    fn parse(text: &str) -> Result<Vec<ModelSpec>, String> {
        let train: TrainSection = toml::from_str(text).map_err(|error| error.to_string())?;
        train.check().map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_said_fits_all_models() {
        let kinds: Vec<_> = parse("").unwrap().iter().map(ModelSpec::kind).collect();
        assert_eq!(kinds, ModelKind::usual());
    }

    #[test]
    fn words_are_the_same_in_files_and_tables() {
        for kind in ModelKind::ALL {
            assert_eq!(parse(&format!("models = [\"{kind}\"]")).unwrap()[0].kind(), kind);
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn specs_survive_json() {
        for spec in parse("").unwrap() {
            let json = serde_json::to_string(&spec).unwrap();
            assert_eq!(serde_json::from_str::<ModelSpec>(&json).unwrap(), spec, "{json}");
        }
    }

    #[test]
    fn inputs_are_said_and_those_of_the_svm_are_capped() {
        let text = "models = [\"mlp\", \"svm\", \"forest\", \"kernel-ridge\"]
            mlp = { members = 5, inputs = { method = \"pca\", columns = 200, whiten = 0.5 } }
            forest = { inputs = { method = \"select\", columns = 50 } }
            svm = { inputs = { clip = 4.0 } }
            kernel-ridge = { alpha = 1.0, inputs = { clip = 0.0 } }";
        let specs = parse(text).unwrap();
        let titles: Vec<_> = specs.iter().map(ModelSpec::title).collect();
        assert_eq!(
            titles,
            [
                "multilayer perceptron, 256 and 128 hidden units, average of 5, on 200 whitened principal components",
                "support vector machine, RBF kernel, C 3",
                "random forest of 100 trees, on the 50 best columns",
                "kernel ridge regression, gamma 0.5, alpha 1",
            ]
        );
        let all = Inputs { method: Some(InputsMethod::All), ..Inputs::default() };
        assert_eq!(specs[1].inputs(100, 500), Inputs { clip: 4.0, ..all });
        assert_eq!(specs[1].inputs(100, 501), Inputs { clip: 4.0, ..Inputs::new(InputsMethod::Pca, 500) });
        assert_eq!(specs[3].inputs(100, 8192), Inputs { clip: 0.0, ..all });
    }

    #[test]
    fn what_is_left_unset_follows_the_table() {
        let (mlp, logistic) = (ModelSpec::Mlp(Mlp::default()), ModelSpec::Logistic(Logistic::default()));
        let pca = |columns| Inputs::new(InputsMethod::Pca, columns);
        let all = Inputs { method: Some(InputsMethod::All), ..Inputs::default() };
        for (rows, columns, inputs, epochs, alpha) in [
            (20, 28, all, 360, 1.1),
            (20_000, 28, all, 20, 1.1),
            (428, 513, all, 51, 21.0),
            (1152, 1000, all, 20, 40.0),
            (1152, 6182, pca(400), 20, 40.0),
            (100, 6182, pca(99), 180, 4.0),
            (1, 6182, pca(1), 360, 0.04),
        ] {
            let (of_mlp, of_logistic) = (mlp.inputs(rows, columns), logistic.inputs(rows, columns));
            assert_eq!(of_mlp, inputs, "{rows} x {columns}");
            let most = inputs.columns.map(|_| 1000.min((rows - 1).max(1)));
            assert_eq!(of_logistic, Inputs { columns: most, ..inputs }, "{rows} x {columns}");
            let columns = most.unwrap_or(columns);
            let shape = Shape { rows, columns, variance: columns as f64 };
            let resolved = mlp.settled(inputs, &shape).0;
            assert_eq!(resolved, ModelSpec::Mlp(Mlp { inputs, epochs: Some(epochs), ..Mlp::default() }));
            let own = logistic.settled(inputs, &shape).0;
            assert_eq!(own, ModelSpec::Logistic(Logistic { inputs, alpha: Some(alpha), ..Logistic::default() }));
            assert_eq!(
                (resolved.settled(inputs, &shape).0, own.settled(inputs, &shape).0),
                (resolved, own),
                "set values win"
            );
        }
        let text = "models = [\"mlp\", \"logistic\"]
            mlp = { epochs = 7, inputs = { method = \"all\" } }
            logistic = { alpha = 3.0, inputs = { method = \"select\", columns = 9 } }";
        for spec in parse(text).unwrap() {
            let shape = Shape { rows: 50, columns: 2000, variance: 7.0 };
            let inputs = spec.inputs(50, 2000);
            assert_ne!(inputs.method, Some(InputsMethod::Pca));
            assert_eq!(spec.settled(inputs, &shape).0, spec, "set values win");
        }
        let flat = Shape { rows: 9, columns: 3, variance: 0.0 };
        let Logistic { alpha, .. } = Logistic { alpha: Some(Logistic::default().alpha(&flat)), ..Logistic::default() };
        assert_eq!(alpha, Some(0.04), "constant columns have a penalty too");
    }

    #[test]
    fn early_stopping_holds_dev_out() {
        let uses = |text| parse(text).unwrap()[0].uses_dev();
        assert!(uses("[mlp]\npatience = 3"));
        assert!(!uses("[mlp]\npatience = 0"));
        assert!(!uses("models = [\"svm\"]\n[mlp]\npatience = 3"));
    }

    #[test]
    fn wrong_values_are_refused_with_their_key() {
        let cases = [
            ("models = []", "train.models"),
            ("models = [\"mlp\", \"mlp\"]", "train.models"),
            ("columns = []", "train.columns"),
            ("seeds = 0", "train.seeds"),
            ("[mlp]\nhidden = [0]", "train.mlp.hidden.0"),
            ("[mlp]\ndropout = 1.0", "train.mlp.dropout"),
            ("[mlp]\ninput_dropout = -0.1", "train.mlp.input_dropout"),
            ("[mlp]\nlabel_smoothing = 1.5", "train.mlp.label_smoothing"),
            ("[mlp]\nl2 = -1.0", "train.mlp.l2"),
            ("[mlp]\nlearning_rate = nan", "train.mlp.learning_rate"),
            ("[mlp]\nbatch_size = 0", "train.mlp.batch_size"),
            ("[mlp]\nepochs = 0", "train.mlp.epochs"),
            ("[mlp]\nmomentum = 0.9", "train.mlp.momentum"),
            ("[mlp]\noptimizer = \"sgd\"\nmomentum = 1.0", "train.mlp.momentum"),
            ("[mlp]\nmonitor = \"loss\"", "train.mlp.monitor"),
            ("[mlp]\nstep_epochs = 3", "train.mlp.step_epochs"),
            ("[mlp]\nschedule = \"step\"\nstep_factor = 2.0", "train.mlp.step_factor"),
            ("[mlp]\nmembers = 0", "train.mlp.members"),
            ("[mlp]\nmixup = -0.1", "train.mlp.mixup"),
            ("[mlp]\nmixup = nan", "train.mlp.mixup"),
            ("[mlp.inputs]\ncolumns = 3", "train.mlp.inputs.columns"),
            ("[mlp.inputs]\nmethod = \"pca\"", "train.mlp.inputs.columns"),
            ("[logistic.inputs]\nmethod = \"select\"\ncolumns = 0", "train.logistic.inputs.columns"),
            ("[tree.inputs]\nmethod = \"select\"\ncolumns = 9\nwhiten = 0.5", "train.tree.inputs.whiten"),
            ("[forest.inputs]\nmethod = \"pca\"\ncolumns = 9\nwhiten = 1.5", "train.forest.inputs.whiten"),
            ("[naive-bayes.inputs]\nclip = nan", "train.naive-bayes.inputs.clip"),
            ("[svm.inputs]\nmethod = \"pca\"\ncolumns = 501", "train.svm.inputs.columns"),
            ("[logistic]\nalpha = 0.0", "train.logistic.alpha"),
            ("[logistic]\nmax_iterations = 0", "train.logistic.max_iterations"),
            ("[svm]\nc = 0.0", "train.svm.c"),
            ("[svm]\nkernel = \"linear\"\ngamma = 1.0", "train.svm.gamma"),
            ("[svm]\nmax_rows = 1", "train.svm.max_rows"),
            ("[kernel-ridge]\ngamma = 0.0", "train.kernel-ridge.gamma"),
            ("[kernel-ridge]\nalpha = -0.1", "train.kernel-ridge.alpha"),
            ("[kernel-ridge]\nalpha = inf", "train.kernel-ridge.alpha"),
            ("[kernel-ridge]\nmax_rows = 20001", "train.kernel-ridge.max_rows"),
            ("[kernel-ridge.inputs]\nclip = -1.0", "train.kernel-ridge.inputs.clip"),
            ("[naive-bayes]\nvariance_smoothing = 0.0", "train.naive-bayes.variance_smoothing"),
            ("[tree]\nmax_depth = 0", "train.tree.max_depth"),
            ("[lda]\nshrinkage = 1.5", "train.lda.shrinkage"),
            ("[lda.inputs]\nclip = -1.0", "train.lda.inputs.clip"),
            ("[knn]\nneighbours = 0", "train.knn.neighbours"),
            ("[knn]\nmax_rows = 1", "train.knn.max_rows"),
            ("[forest]\ntrees = 0", "train.forest.trees"),
            ("[forest]\nsplit_features = 0", "train.forest.split_features"),
        ];
        for (text, key) in cases {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("`{key}` is ")), "{text}: {error}");
        }
        for text in [
            "[mlp]\nunits = 3",
            "models = [\"lstm\"]",
            "[majority]\na = 1",
            "[kernel-ridge]\nlambda = 0.3",
            "[mlp]\nactivation = \"sigmoid\"",
            "[mlp]\ninputs = { method = \"lda\" }",
            "calibration = \"platt\"",
        ] {
            assert!(parse(text).unwrap_err().contains("unknown"), "{text}");
        }
    }

    #[test]
    fn schedules_start_at_the_learning_rate_and_fall() {
        let with = |schedule| Mlp { schedule, learning_rate: 1.0, ..Mlp::default() };
        let cases = [
            (Schedule::Constant, [1.0, 1.0, 1.0]),
            (Schedule::Cosine, [1.0, 0.5, 0.002_739]),
            (Schedule::Step, [1.0, 0.1, 0.01]),
        ];
        for (schedule, want) in cases {
            for (epoch, want) in [0, 15, 29].into_iter().zip(want) {
                assert!((with(schedule).learning_rate_at(epoch, 30) - want).abs() < 1e-6, "{schedule:?} {epoch}");
            }
        }
    }
}
