//! The `[train]` section: which models are fitted, and how.

mod baselines;
mod checks;
mod mlp;

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ColumnPatterns, ConfigError};
pub use baselines::{Criterion, Forest, Logistic, NaiveBayes, Svm, SvmKernel, Tree};
pub use mlp::{Activation, ClassWeights, Mlp, Monitor, Optimizer, Schedule};

/// The `[train]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Train {
    /// The models to fit, in the order of the report; default all seven. A model may stand here once.
    pub models: Vec<ModelKind>,
    /// The feature columns that models see: patterns such as `["mfcc*", "!*_d1_*"]`; default `["*"]`, all.
    pub columns: ColumnPatterns,
    /// Fits of each model that draws random numbers (mlp, forest), 1 to 100; default 1. All figures come from the
    /// first; the others show how much hangs on the numbers drawn.
    pub seeds: usize,
    /// The multilayer perceptron.
    pub mlp: Mlp,
    /// Multinomial logistic regression.
    pub logistic: Logistic,
    /// The support vector machine.
    pub svm: Svm,
    /// Gaussian naive Bayes.
    pub naive_bayes: NaiveBayes,
    /// The decision tree.
    pub tree: Tree,
    /// The random forest.
    pub forest: Forest,
}

impl Default for Train {
    fn default() -> Self {
        Self {
            models: ModelKind::ALL.to_vec(),
            columns: ColumnPatterns::default(),
            seeds: 1,
            mlp: Mlp::default(),
            logistic: Logistic::default(),
            svm: Svm::default(),
            naive_bayes: NaiveBayes::default(),
            tree: Tree::default(),
            forest: Forest::default(),
        }
    }
}

impl Train {
    pub fn calibrates(&self) -> bool {
        false
    }

    /// The configured models, in order. Sections of models that are not listed are checked too, and then left out, so
    /// that only what is fitted is hashed.
    pub fn check(&self) -> Result<Vec<ModelSpec>, ConfigError> {
        self.check_models()?;
        self.columns.check()?;
        checks::between("train.seeds", self.seeds, 1, 100)?;
        self.mlp.check()?;
        self.logistic.check()?;
        self.svm.check()?;
        self.naive_bayes.check()?;
        self.tree.check()?;
        self.forest.check()?;
        Ok(self.models.iter().map(|&kind| self.spec(kind)).collect())
    }

    fn check_models(&self) -> Result<(), ConfigError> {
        if self.models.is_empty() {
            return Err(ConfigError::new("train.models", "[]", format!("name at least one of {}", ModelKind::words())));
        }
        let mut seen = BTreeSet::new();
        match self.models.iter().find(|kind| !seen.insert(**kind)) {
            None => Ok(()),
            Some(twice) => Err(ConfigError::new(
                "train.models",
                format!("\"{twice}\""),
                "listed twice; a model may stand here once",
            )),
        }
    }

    pub(super) fn spec(&self, kind: ModelKind) -> ModelSpec {
        match kind {
            ModelKind::Mlp => ModelSpec::Mlp(self.mlp.clone()),
            ModelKind::Logistic => ModelSpec::Logistic(self.logistic.clone()),
            ModelKind::Svm => ModelSpec::Svm(self.svm.clone()),
            ModelKind::NaiveBayes => ModelSpec::NaiveBayes(self.naive_bayes.clone()),
            ModelKind::Tree => ModelSpec::Tree(self.tree.clone()),
            ModelKind::Forest => ModelSpec::Forest(self.forest.clone()),
            ModelKind::Majority => ModelSpec::Majority,
        }
    }
}

/// The models there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Multilayer perceptron.
    Mlp,
    /// Multinomial logistic regression.
    Logistic,
    /// Support vector machine.
    Svm,
    /// Gaussian naive Bayes.
    NaiveBayes,
    /// Decision tree.
    Tree,
    /// Random forest.
    Forest,
    /// The most frequent class of the training rows, whatever the features say.
    Majority,
}

impl ModelKind {
    /// Every model, in the order of reports.
    pub const ALL: [Self; 7] =
        [Self::Mlp, Self::Logistic, Self::Svm, Self::NaiveBayes, Self::Tree, Self::Forest, Self::Majority];

    /// The word that pipeline files and tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mlp => "mlp",
            Self::Logistic => "logistic",
            Self::Svm => "svm",
            Self::NaiveBayes => "naive-bayes",
            Self::Tree => "tree",
            Self::Forest => "forest",
            Self::Majority => "majority",
        }
    }

    fn words() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One model with its parameters: what a fit depends on besides the rows and the seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
pub enum ModelSpec {
    /// Multilayer perceptron.
    Mlp(Mlp),
    /// Multinomial logistic regression.
    Logistic(Logistic),
    /// Support vector machine.
    Svm(Svm),
    /// Gaussian naive Bayes.
    NaiveBayes(NaiveBayes),
    /// Decision tree.
    Tree(Tree),
    /// Random forest.
    Forest(Forest),
    /// Most frequent class.
    Majority,
}

impl ModelSpec {
    /// Which model this is.
    pub fn kind(&self) -> ModelKind {
        match self {
            Self::Mlp(_) => ModelKind::Mlp,
            Self::Logistic(_) => ModelKind::Logistic,
            Self::Svm(_) => ModelKind::Svm,
            Self::NaiveBayes(_) => ModelKind::NaiveBayes,
            Self::Tree(_) => ModelKind::Tree,
            Self::Forest(_) => ModelKind::Forest,
            Self::Majority => ModelKind::Majority,
        }
    }

    /// What the model is, in words.
    pub fn title(&self) -> String {
        match self {
            Self::Mlp(mlp) => mlp.title(),
            Self::Logistic(logistic) => format!("multinomial logistic regression, alpha {}", logistic.alpha),
            Self::Svm(svm) => match svm.kernel {
                SvmKernel::Linear => format!("support vector machine, linear kernel, C {}", svm.c),
                SvmKernel::Rbf => format!("support vector machine, RBF kernel, C {}", svm.c),
            },
            Self::NaiveBayes(_) => "Gaussian naive Bayes".to_owned(),
            Self::Tree(_) => "decision tree".to_owned(),
            Self::Forest(forest) => format!("random forest of {} trees", forest.trees),
            Self::Majority => "most frequent class of the training rows".to_owned(),
        }
    }

    /// Whether another seed gives another model.
    pub fn is_random(&self) -> bool {
        matches!(self, Self::Mlp(_) | Self::Forest(_))
    }

    /// Whether the dev rows are held out to stop the training early. A model that does not use them so is fitted on
    /// train and dev together.
    pub fn uses_dev(&self) -> bool {
        matches!(self, Self::Mlp(mlp) if mlp.patience > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<ModelSpec>, String> {
        let train: Train = toml::from_str(text).map_err(|error| error.to_string())?;
        train.check().map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_said_fits_all_models() {
        let kinds: Vec<_> = parse("").unwrap().iter().map(ModelSpec::kind).collect();
        assert_eq!(kinds, ModelKind::ALL);
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
            ("[mlp]\nstep_epochs = 3", "train.mlp.step_epochs"),
            ("[mlp]\nschedule = \"step\"\nstep_factor = 2.0", "train.mlp.step_factor"),
            ("[logistic]\nalpha = 0.0", "train.logistic.alpha"),
            ("[logistic]\nmax_iterations = 0", "train.logistic.max_iterations"),
            ("[svm]\nc = 0.0", "train.svm.c"),
            ("[svm]\nkernel = \"linear\"\ngamma = 1.0", "train.svm.gamma"),
            ("[svm]\nmax_rows = 1", "train.svm.max_rows"),
            ("[naive-bayes]\nvariance_smoothing = 0.0", "train.naive-bayes.variance_smoothing"),
            ("[tree]\nmax_depth = 0", "train.tree.max_depth"),
            ("[forest]\ntrees = 0", "train.forest.trees"),
            ("[forest]\nsplit_features = 0", "train.forest.split_features"),
        ];
        for (text, key) in cases {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("`{key}` is ")), "{text}: {error}");
        }
        for text in ["[mlp]\nunits = 3", "models = [\"knn\"]", "[majority]\na = 1", "[mlp]\nactivation = \"sigmoid\""] {
            assert!(parse(text).unwrap_err().contains("unknown"), "{text}");
        }
    }

    #[test]
    fn schedules_start_at_the_learning_rate_and_fall() {
        let with = |schedule| Mlp { schedule, epochs: 30, learning_rate: 1.0, ..Mlp::default() };
        let cases = [
            (Schedule::Constant, [1.0, 1.0, 1.0]),
            (Schedule::Cosine, [1.0, 0.5, 0.002_739]),
            (Schedule::Step, [1.0, 0.1, 0.01]),
        ];
        for (schedule, want) in cases {
            for (epoch, want) in [0, 15, 29].into_iter().zip(want) {
                assert!((with(schedule).learning_rate_at(epoch) - want).abs() < 1e-6, "{schedule:?} {epoch}");
            }
        }
    }
}
