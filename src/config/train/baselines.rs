//! The sections of the models that the MLP is measured against.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::{between, positive, used};
use super::{Inputs, Shape};
use crate::config::ConfigError;

/// `[train.logistic]`: multinomial logistic regression by L-BFGS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Logistic {
    /// L2 penalty, above 0: alpha/2 times the sum of the squared weights is added to the summed loss of all rows (the C
    /// of other libraries is 1/alpha). Default: the summed variance of the inputs divided by 25; for z-scores, the
    /// number of inputs divided by 25. As a prior, this gives logits a standard deviation of 5, however many inputs
    /// there are. The more rows there are, the less it weighs. If the solver fails, alpha is raised tenfold, at most 3
    /// times, with a note.
    pub alpha: Option<f64>,
    /// Most iterations of the solver, 1 to 100000; default 200.
    pub max_iterations: u64,
    /// How the columns become inputs of the model. Default: up to 1,000 columns as they are; of more columns, the first
    /// 1,000 principal components (fewer if there are fewer rows), which are fitted many times faster with nearly the
    /// same result.
    pub inputs: Inputs,
}

impl Default for Logistic {
    fn default() -> Self {
        Self { alpha: None, max_iterations: 200, inputs: Inputs::default() }
    }
}

impl Logistic {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.logistic")?;
        self.alpha.map_or(Ok(()), |alpha| positive("train.logistic.alpha", alpha))?;
        between("train.logistic.max_iterations", self.max_iterations, 1, 100_000)
    }

    /// The penalty, by the rule where none is set.
    pub fn alpha(&self, shape: &Shape) -> f64 {
        let spread = if shape.variance > 0.0 { shape.variance } else { 1.0 };
        self.alpha.unwrap_or_else(|| Shape::rounded(spread / Self::LOGIT_VARIANCE))
    }

    /// Variance of a logit before any row is seen.
    const LOGIT_VARIANCE: f64 = 25.0;
}

/// `[train.svm]`: support vector machines, one for each class against the rest, with Platt probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Svm {
    /// rbf (default) or linear.
    pub kernel: SvmKernel,
    /// Penalty of rows on the wrong side of the margin, above 0; default 3.
    pub c: f64,
    /// Width of the rbf kernel exp(-gamma |x - y|^2), above 0; default 1 / (columns x variance of all training values).
    /// Refused with the linear kernel.
    pub gamma: Option<f64>,
    /// Largest number of training rows, 2 to 20000; default 3000. With more, the model is fitted on a seeded sample
    /// that keeps the shares of the classes, and a note says so. The kernel matrix is dense and takes 8 x rows^2 bytes
    /// per thread.
    pub max_rows: usize,
    /// How the columns become inputs of the model, at most 500, because the kernel is slow. Default: up to 500 columns
    /// as they are; of more columns, the first 500 principal components.
    pub inputs: Inputs,
}

impl Default for Svm {
    fn default() -> Self {
        Self { kernel: SvmKernel::Rbf, c: 3.0, gamma: None, max_rows: 3000, inputs: Inputs::default() }
    }
}

impl Svm {
    /// Most inputs: a solver's iteration takes as long as it has columns.
    const MAX_COLUMNS: usize = 500;

    /// What becomes of `columns` columns.
    pub(super) fn inputs(&self, columns: usize) -> Inputs {
        self.inputs.at_most(Self::MAX_COLUMNS, columns)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.svm")?;
        if let Some(columns) = self.inputs.columns {
            between("train.svm.inputs.columns", columns, 1, Self::MAX_COLUMNS)?;
        }
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

/// `[train.kernel-ridge]`: ridge regression on class indicators, also known as least-squares support vector machine.
/// Its kernel is the mean of RBF kernels, one for each family of features (`family` in the feature dictionary:
/// cepstrum, pitch, ...). All classes have the same weight, however many rows they have, and so have all families,
/// however many features they have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KernelRidge {
    /// Width of the kernels exp(-gamma |x - y|^2 / m), where m is the median of |x - y|^2 over all pairs of training
    /// rows in the features of a family; above 0, default 0.5. Smaller is smoother.
    pub gamma: f64,
    /// L2 penalty, above 0, default 0.3: alpha times the squared norm of the function is added to the weighted sum of
    /// squared errors, in which rows weigh 1 on average.
    pub alpha: f64,
    /// Largest number of training rows, 2 to 20000; default 8000. With more, the model is fitted on a seeded sample
    /// that keeps the shares of the classes, and a note says so. A fit takes at most 16 x rows^2 bytes per thread, and
    /// its time grows with the third power of the rows.
    pub max_rows: usize,
    /// How the columns become inputs of the model; default: all columns as they are. A saved model holds every training
    /// row, 4 bytes per input. Principal components count as one family, so they have a single kernel.
    pub inputs: Inputs,
}

impl Default for KernelRidge {
    fn default() -> Self {
        Self { gamma: 0.5, alpha: 0.3, max_rows: 8000, inputs: Inputs::default() }
    }
}

impl KernelRidge {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.kernel-ridge")?;
        positive("train.kernel-ridge.gamma", self.gamma)?;
        positive("train.kernel-ridge.alpha", self.alpha)?;
        between("train.kernel-ridge.max_rows", self.max_rows, 2, 20_000)
    }
}

/// `[train.naive-bayes]`: Gaussian naive Bayes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NaiveBayes {
    /// Share of the largest column variance added to every variance, above 0; default 1e-9.
    pub variance_smoothing: f64,
    /// How the columns become inputs of the model; default: all columns as they are.
    pub inputs: Inputs,
}

impl Default for NaiveBayes {
    fn default() -> Self {
        Self { variance_smoothing: 1e-9, inputs: Inputs::default() }
    }
}

impl NaiveBayes {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.naive-bayes")?;
        positive("train.naive-bayes.variance_smoothing", self.variance_smoothing)
    }
}

/// `[train.tree]`: a decision tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tree {
    /// Impurity measure of splits: gini (default) or entropy.
    pub criterion: Criterion,
    /// Most levels of splits, 1 to 1000; default 12.
    pub max_depth: u16,
    /// Fewest rows of a leaf, 1 or more; default 5.
    pub min_leaf_rows: usize,
    /// How the columns become inputs of the model; default: all columns as they are.
    pub inputs: Inputs,
}

impl Default for Tree {
    fn default() -> Self {
        Self { criterion: Criterion::Gini, max_depth: 12, min_leaf_rows: 5, inputs: Inputs::default() }
    }
}

impl Tree {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.tree")?;
        between("train.tree.max_depth", self.max_depth, 1, 1000)?;
        between("train.tree.min_leaf_rows", self.min_leaf_rows, 1, 1 << 20)
    }
}

/// `[train.forest]`: a random forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Forest {
    /// Trees, 1 to 10000; default 100.
    pub trees: usize,
    /// Impurity measure of splits: gini (default) or entropy.
    pub criterion: Criterion,
    /// Most levels of splits, 1 to 1000; default 30.
    pub max_depth: u16,
    /// Fewest rows of a leaf, 1 or more; default 1.
    pub min_leaf_rows: usize,
    /// Features tried at a split, 1 or more; default the square root of their number.
    pub split_features: Option<usize>,
    /// How the columns become inputs of the model; default: all columns as they are.
    pub inputs: Inputs,
}

impl Default for Forest {
    fn default() -> Self {
        Self {
            trees: 100,
            criterion: Criterion::Gini,
            max_depth: 30,
            min_leaf_rows: 1,
            split_features: None,
            inputs: Inputs::default(),
        }
    }
}

impl Forest {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        self.inputs.check("train.forest")?;
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
