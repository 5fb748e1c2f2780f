//! The `[train]` section: which models are fitted, and how.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The `[train]` section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Train {
    /// The models to fit, in the order of the report; default all seven. A model may stand here once.
    pub models: Vec<ModelKind>,
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
    /// The configured models, in order. Sections of models that are not listed are checked too, and then left out, so
    /// that only what is fitted is hashed.
    pub fn check(&self) -> Result<Vec<ModelSpec>, ConfigError> {
        self.check_models()?;
        self.mlp.check()?;
        self.logistic.check()?;
        self.svm.check()?;
        positive("train.naive-bayes.variance_smoothing", self.naive_bayes.variance_smoothing)?;
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

    fn spec(&self, kind: ModelKind) -> ModelSpec {
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

    /// Whether the dev rows are held out to stop the training early. A model that does not use them so is fitted on
    /// train and dev together.
    pub fn uses_dev(&self) -> bool {
        matches!(self, Self::Mlp(mlp) if mlp.patience > 0)
    }
}

/// `[train.mlp]`: a multilayer perceptron with a softmax output, trained on the cross-entropy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mlp {
    /// Units of each hidden layer, first to last; default [256, 128]. 1 to 8192 units a layer, at most 16 layers; [] leaves a
    /// linear softmax model.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers: relu (default), tanh or gelu.
    pub activation: Activation,
    /// Share of hidden units silenced in a training step, 0 to below 1.
    pub dropout: f64,
    /// Share of input features silenced in a training step, 0 to below 1.
    pub input_dropout: f64,
    /// L2 penalty on the weights (not the biases), 0 or more: l2/2 times their squared sum is added to the loss of a batch.
    /// With adamw it is the decoupled weight decay instead: each step shrinks the weights by learning rate times l2.
    pub l2: f64,
    /// Share of each target that is spread evenly over all classes, 0 to below 1.
    pub label_smoothing: f64,
    /// Weight of a row in the loss: none (1, the default), or balanced (rows / (classes x rows of its class)).
    pub class_weights: ClassWeights,
    /// adam, adamw (default) or sgd.
    pub optimizer: Optimizer,
    /// Momentum of sgd, 0 to below 1; default 0.9. Refused with another optimizer.
    pub momentum: Option<f64>,
    /// Step size at the start, above 0.
    pub learning_rate: f64,
    /// How the step size changes over the epochs: constant, cosine (default: down to 0 at the last one) or step.
    pub schedule: Schedule,
    /// Epochs between two drops of the step schedule, 1 or more; default a third of the epochs. Refused with another schedule.
    pub step_epochs: Option<usize>,
    /// Factor of a drop of the step schedule, above 0 to 1; default 0.1. Refused with another schedule.
    pub step_factor: Option<f64>,
    /// Rows of a batch, 1 or more; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Passes over the training rows, 1 to 100000; with early stopping, the most there can be.
    pub epochs: usize,
    /// Epochs without a better dev score after which training stops and the best weights are restored. 0 switches early
    /// stopping off: the dev rows are then trained on like the train rows.
    pub patience: usize,
    /// The dev score that early stopping watches: uar (default), accuracy or loss. Without effect where patience is 0.
    pub monitor: Monitor,
}

impl Default for Mlp {
    fn default() -> Self {
        Self {
            hidden: vec![256, 128],
            activation: Activation::Relu,
            dropout: 0.3,
            input_dropout: 0.0,
            l2: 0.01,
            label_smoothing: 0.1,
            class_weights: ClassWeights::None,
            optimizer: Optimizer::Adamw,
            momentum: None,
            learning_rate: 0.001,
            schedule: Schedule::Cosine,
            step_epochs: None,
            step_factor: None,
            batch_size: 64,
            epochs: 60,
            patience: 0,
            monitor: Monitor::Uar,
        }
    }
}

impl Mlp {
    fn title(&self) -> String {
        let units = self.hidden.iter().map(usize::to_string).collect::<Vec<_>>();
        match units.as_slice() {
            [] => "softmax model without hidden layers".to_owned(),
            [one] => format!("multilayer perceptron, {one} hidden units"),
            [first @ .., last] => format!("multilayer perceptron, {} and {last} hidden units", first.join(", ")),
        }
    }

    /// The momentum of sgd.
    pub fn momentum(&self) -> f64 {
        self.momentum.unwrap_or(0.9)
    }

    /// The step size of epoch `epoch`, which counts from 0.
    pub fn learning_rate_at(&self, epoch: usize) -> f64 {
        let base = self.learning_rate;
        match self.schedule {
            Schedule::Constant => base,
            // Loshchilov and Hutter, SGDR (2017), eq. 5 without restarts.
            Schedule::Cosine => {
                base * 0.5 * (1.0 + (std::f64::consts::PI * epoch as f64 / self.epochs.max(1) as f64).cos())
            }
            Schedule::Step => {
                let every = self.step_epochs.unwrap_or(self.epochs.div_ceil(3)).max(1);
                (0..epoch / every).fold(base, |rate, _| rate * self.step_factor.unwrap_or(0.1))
            }
        }
    }

    /// Refuses values out of range, and keys that the chosen optimizer or schedule does not use.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.hidden.len() > 16 {
            return Err(ConfigError::new("train.mlp.hidden", format!("{:?}", self.hidden), "at most 16 layers"));
        }
        for (layer, &units) in self.hidden.iter().enumerate() {
            between(&format!("train.mlp.hidden.{layer}"), units, 1, 8192)?;
        }
        share("train.mlp.dropout", self.dropout)?;
        share("train.mlp.input_dropout", self.input_dropout)?;
        share("train.mlp.label_smoothing", self.label_smoothing)?;
        not_negative("train.mlp.l2", self.l2)?;
        positive("train.mlp.learning_rate", self.learning_rate)?;
        between("train.mlp.batch_size", self.batch_size, 1, 1 << 20)?;
        between("train.mlp.epochs", self.epochs, 1, 100_000)?;
        self.check_unused()
    }

    fn check_unused(&self) -> Result<(), ConfigError> {
        if let Some(momentum) = self.momentum {
            used("train.mlp.momentum", momentum, self.optimizer == Optimizer::Sgd, "optimizer = \"sgd\"")?;
            share("train.mlp.momentum", momentum)?;
        }
        let step = self.schedule == Schedule::Step;
        if let Some(epochs) = self.step_epochs {
            used("train.mlp.step_epochs", epochs, step, "schedule = \"step\"")?;
            between("train.mlp.step_epochs", epochs, 1, 100_000)?;
        }
        if let Some(factor) = self.step_factor {
            used("train.mlp.step_factor", factor, step, "schedule = \"step\"")?;
            positive("train.mlp.step_factor", factor)?;
            if factor > 1.0 {
                return Err(ConfigError::new("train.mlp.step_factor", factor, "must be above 0 and at most 1"));
            }
        }
        Ok(())
    }
}

/// Activation of hidden layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(0, z).
    Relu,
    /// Hyperbolic tangent.
    Tanh,
    /// Gaussian error linear unit, in its tanh form.
    Gelu,
}

/// How rows are weighted in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeights {
    /// Every row counts the same.
    None,
    /// Every class counts the same.
    Balanced,
}

/// How weights follow the gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// Kingma and Ba, 2015; beta 0.9 and 0.999, epsilon 1e-8.
    Adam,
    /// Adam with decoupled weight decay: Loshchilov and Hutter, 2019.
    Adamw,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// How the step size changes over the epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// Half a cosine, from the learning rate down to 0 after the last epoch.
    Cosine,
    /// Multiplied by `step_factor` every `step_epochs` epochs.
    Step,
}

/// The dev score that early stopping watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Monitor {
    /// Unweighted average recall, the higher the better.
    Uar,
    /// Accuracy, the higher the better.
    Accuracy,
    /// Cross-entropy, the lower the better.
    Loss,
}

/// `[train.logistic]`: multinomial logistic regression by L-BFGS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logistic {
    /// L2 penalty, above 0: alpha/2 times the squared sum of the weights is added to the summed loss of all rows
    /// (the C of other libraries is 1/alpha). Where the solver fails it is raised tenfold, at most 3 times, with a note.
    pub alpha: f64,
    /// Most iterations of the solver, 1 to 100000.
    pub max_iterations: u64,
}

impl Default for Logistic {
    fn default() -> Self {
        Self { alpha: 10.0, max_iterations: 200 }
    }
}

impl Logistic {
    fn check(&self) -> Result<(), ConfigError> {
        positive("train.logistic.alpha", self.alpha)?;
        between("train.logistic.max_iterations", self.max_iterations, 1, 100_000)
    }
}

/// `[train.svm]`: a support vector machine a class against the rest, with Platt probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Svm {
    /// rbf (default) or linear.
    pub kernel: SvmKernel,
    /// Penalty of rows on the wrong side of the margin, above 0.
    pub c: f64,
    /// Width of the rbf kernel exp(-gamma |x - y|^2), above 0; default 1 / (columns x variance of all training values).
    /// Refused with the linear kernel.
    pub gamma: Option<f64>,
    /// Most training rows, 2 or more: the kernel matrix is dense, 8 x rows^2 bytes a thread. Above it a seeded sample, in
    /// proportion to the classes, is fitted, and a note says so.
    pub max_rows: usize,
}

impl Default for Svm {
    fn default() -> Self {
        Self { kernel: SvmKernel::Rbf, c: 1.0, gamma: None, max_rows: 3000 }
    }
}

impl Svm {
    fn check(&self) -> Result<(), ConfigError> {
        positive("train.svm.c", self.c)?;
        if let Some(gamma) = self.gamma {
            used("train.svm.gamma", gamma, self.kernel == SvmKernel::Rbf, "kernel = \"rbf\"")?;
            positive("train.svm.gamma", gamma)?;
        }
        between("train.svm.max_rows", self.max_rows, 2, 20_000)
    }
}

/// Kernel of the support vector machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SvmKernel {
    /// Inner product.
    Linear,
    /// Radial basis function.
    Rbf,
}

/// `[train.naive-bayes]`: Gaussian naive Bayes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NaiveBayes {
    /// Share of the largest column variance added to every variance, above 0.
    pub variance_smoothing: f64,
}

impl Default for NaiveBayes {
    fn default() -> Self {
        Self { variance_smoothing: 1e-9 }
    }
}

/// `[train.tree]`: a decision tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tree {
    /// Impurity that a split lowers: gini (default) or entropy.
    pub criterion: Criterion,
    /// Most levels of splits, 1 to 1000.
    pub max_depth: u16,
    /// Fewest rows of a leaf, 1 or more.
    pub min_leaf_rows: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self { criterion: Criterion::Gini, max_depth: 12, min_leaf_rows: 5 }
    }
}

impl Tree {
    fn check(&self) -> Result<(), ConfigError> {
        between("train.tree.max_depth", self.max_depth, 1, 1000)?;
        between("train.tree.min_leaf_rows", self.min_leaf_rows, 1, 1 << 20)
    }
}

/// `[train.forest]`: a random forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Forest {
    /// Trees, 1 to 10000.
    pub trees: usize,
    /// Impurity that a split lowers: gini (default) or entropy.
    pub criterion: Criterion,
    /// Most levels of splits, 1 to 1000.
    pub max_depth: u16,
    /// Fewest rows of a leaf, 1 or more.
    pub min_leaf_rows: usize,
    /// Features tried at a split, 1 or more; default the square root of their number.
    pub split_features: Option<usize>,
}

impl Default for Forest {
    fn default() -> Self {
        Self { trees: 100, criterion: Criterion::Gini, max_depth: 30, min_leaf_rows: 1, split_features: None }
    }
}

impl Forest {
    fn check(&self) -> Result<(), ConfigError> {
        between("train.forest.trees", self.trees, 1, 10_000)?;
        between("train.forest.max_depth", self.max_depth, 1, 1000)?;
        between("train.forest.min_leaf_rows", self.min_leaf_rows, 1, 1 << 20)?;
        self.split_features.map_or(Ok(()), |m| between("train.forest.split_features", m, 1, 1 << 20))
    }
}

/// Impurity of a tree's node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// 1 minus the sum of the squared class shares.
    Gini,
    /// Shannon entropy of the class shares.
    Entropy,
}

fn positive(key: &str, value: f64) -> Result<(), ConfigError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(ConfigError::new(key, value, "must be a number above 0"))
    }
}

fn not_negative(key: &str, value: f64) -> Result<(), ConfigError> {
    if value.is_finite() && value >= 0.0 { Ok(()) } else { Err(ConfigError::new(key, value, "must be 0 or more")) }
}

fn share(key: &str, value: f64) -> Result<(), ConfigError> {
    if (0.0..1.0).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::new(key, value, "must be 0 or more and below 1"))
    }
}

fn between<T: PartialOrd + fmt::Display>(key: &str, value: T, low: T, high: T) -> Result<(), ConfigError> {
    if value >= low && value <= high {
        return Ok(());
    }
    Err(ConfigError::new(key, value, format!("must be {low} to {high}")))
}

fn used(key: &str, value: impl fmt::Display, used: bool, by: &str) -> Result<(), ConfigError> {
    if used {
        Ok(())
    } else {
        Err(ConfigError::new(key, value, format!("is used with {by} only")).hint("remove the key"))
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
