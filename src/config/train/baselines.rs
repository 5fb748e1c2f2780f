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
    /// L2 penalty, above 0: alpha/2 times the squared sum of the weights is added to the summed loss of all rows (the C
    /// of other libraries is 1/alpha). Default the summed variance of the inputs, which is their number where they are
    /// z-scores, divided by 25: before any row is seen, logits then have a standard deviation of 5, however many inputs
    /// they are made of, and the more rows there are, the less it weighs. Where the solver fails it is raised tenfold, at
    /// most 3 times, with a note.
    pub alpha: Option<f64>,
    /// Most iterations of the solver, 1 to 100000; default 200.
    pub max_iterations: u64,
    /// What the columns become before the fit; default all as they are, up to 1,000 of them, and the first 1,000 principal
    /// components of more (fewer of fewer rows), which say nearly the same and are fitted many times faster.
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

/// `[train.svm]`: a support vector machine a class against the rest, with Platt probabilities.
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
    /// Most training rows, 2 to 20000, default 3000: the kernel matrix is dense, 8 x rows^2 bytes a thread. Above it a
    /// seeded sample, in proportion to the classes, is fitted, and a note says so.
    pub max_rows: usize,
    /// What the columns become before the fit, at most 500: the kernel is the slow part. By default all as they are or,
    /// of more than 500, the first 500 principal components.
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

/// `[train.kernel-ridge]`: ridge regression on class indicators with a mean of RBF kernels, one a family of features
/// (`family` of the feature dictionary: cepstrum, pitch, ...), also known as least-squares support vector machine.
/// Every class weighs the same, however many rows it has, and every family, however many features it has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KernelRidge {
    /// Width of the kernels exp(-gamma |x - y|^2 / m), where m is the median of |x - y|^2 over all pairs of training
    /// rows in the features of a family; above 0, default 0.5. Small is smooth.
    pub gamma: f64,
    /// L2 penalty, above 0, default 0.3: alpha times the squared norm of the function is added to the weighted sum of
    /// squared errors, in which rows weigh 1 on average.
    pub alpha: f64,
    /// Most training rows, 2 to 20000, default 8000: a fit takes 16 x rows^2 bytes a thread at most, and its time grows
    /// with the third power. Above it a seeded sample, in proportion to the classes, is fitted, and a note says so.
    pub max_rows: usize,
    /// What the columns become before the fit; default all as they are. A saved model holds every training row, 4 bytes
    /// an input. Principal components are one family, so that the kernel is a single one.
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
    /// What the columns become before the fit; default all as they are.
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
    /// Impurity that a split lowers: gini (default) or entropy.
    pub criterion: Criterion,
    /// Most levels of splits, 1 to 1000; default 12.
    pub max_depth: u16,
    /// Fewest rows of a leaf, 1 or more; default 5.
    pub min_leaf_rows: usize,
    /// What the columns become before the fit; default all as they are.
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
    /// Impurity that a split lowers: gini (default) or entropy.
    pub criterion: Criterion,
    /// Most levels of splits, 1 to 1000; default 30.
    pub max_depth: u16,
    /// Fewest rows of a leaf, 1 or more; default 1.
    pub min_leaf_rows: usize,
    /// Features tried at a split, 1 or more; default the square root of their number.
    pub split_features: Option<usize>,
    /// What the columns become before the fit; default all as they are.
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
