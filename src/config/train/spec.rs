//! The models there are, and one of them with its parameters.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Forest, Inputs, InputsMethod, KernelRidge, Logistic, Mlp, NaiveBayes, Shape, Svm, SvmKernel, Tree};

/// The kinds of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Multilayer perceptron.
    Mlp,
    /// Multinomial logistic regression.
    Logistic,
    /// Support vector machine.
    Svm,
    /// Kernel ridge regression.
    KernelRidge,
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
    pub const ALL: [Self; 8] = [
        Self::Mlp,
        Self::Logistic,
        Self::Svm,
        Self::KernelRidge,
        Self::NaiveBayes,
        Self::Tree,
        Self::Forest,
        Self::Majority,
    ];

    /// The word that pipeline files and tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mlp => "mlp",
            Self::Logistic => "logistic",
            Self::Svm => "svm",
            Self::KernelRidge => "kernel-ridge",
            Self::NaiveBayes => "naive-bayes",
            Self::Tree => "tree",
            Self::Forest => "forest",
            Self::Majority => "majority",
        }
    }

    pub(super) fn words() -> String {
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
    /// Kernel ridge regression.
    KernelRidge(KernelRidge),
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
            Self::KernelRidge(_) => ModelKind::KernelRidge,
            Self::NaiveBayes(_) => ModelKind::NaiveBayes,
            Self::Tree(_) => ModelKind::Tree,
            Self::Forest(_) => ModelKind::Forest,
            Self::Majority => ModelKind::Majority,
        }
    }

    /// What becomes of `rows x columns` normalized values before the fit.
    pub fn inputs(&self, rows: usize, columns: usize) -> Inputs {
        let inputs = match self {
            Self::Mlp(mlp) => mlp.inputs.of_wide(rows, columns, Mlp::COMPONENTS),
            Self::Logistic(logistic) => logistic.inputs.of_wide(rows, columns, Inputs::WIDE),
            Self::Svm(svm) => svm.inputs(columns),
            _ => self.own_inputs(),
        };
        Inputs { method: Some(inputs.method()), ..inputs }
    }

    /// `inputs` as the section has it.
    fn own_inputs(&self) -> Inputs {
        match self {
            Self::Mlp(mlp) => mlp.inputs,
            Self::Logistic(logistic) => logistic.inputs,
            Self::Svm(svm) => svm.inputs,
            Self::KernelRidge(ridge) => ridge.inputs,
            Self::NaiveBayes(bayes) => bayes.inputs,
            Self::Tree(tree) => tree.inputs,
            Self::Forest(forest) => forest.inputs,
            Self::Majority => Inputs::plain(),
        }
    }

    /// The specification with every number that a fit on rows of this shape goes by: what was left unset follows the
    /// rules of the section, and `inputs` are those that the rows were made by.
    pub fn resolved(&self, inputs: Inputs, shape: &Shape) -> Self {
        match self.clone() {
            Self::Mlp(own) => Self::Mlp(Mlp { inputs, epochs: Some(own.epochs(shape.rows)), ..own }),
            Self::Logistic(own) => Self::Logistic(Logistic { inputs, alpha: Some(own.alpha(shape)), ..own }),
            Self::Svm(own) => Self::Svm(Svm { inputs, ..own }),
            Self::KernelRidge(own) => Self::KernelRidge(KernelRidge { inputs, ..own }),
            Self::NaiveBayes(own) => Self::NaiveBayes(NaiveBayes { inputs, ..own }),
            Self::Tree(own) => Self::Tree(Tree { inputs, ..own }),
            Self::Forest(own) => Self::Forest(Forest { inputs, ..own }),
            Self::Majority => Self::Majority,
        }
    }

    /// What the rules made of what `configured` left unset, in words; epochs have a column of their own.
    pub fn rules(&self, configured: &Self) -> Option<String> {
        let (own, inputs) = (configured.own_inputs(), self.own_inputs());
        let is_new = (own.method(), own.columns) != (inputs.method(), inputs.columns);
        let alpha = match (self, configured) {
            (Self::Logistic(Logistic { alpha, .. }), Self::Logistic(Logistic { alpha: None, .. })) => *alpha,
            _ => None,
        };
        let inputs = is_new.then(|| inputs.words()).into_iter();
        let set: Vec<String> = inputs.chain(alpha.map(|alpha| format!("alpha {alpha}"))).collect();
        (!set.is_empty()).then(|| format!("set by the table: {}", set.join(", ")))
    }

    /// What the model is, in words.
    pub fn title(&self) -> String {
        let own = match self {
            Self::Mlp(mlp) => mlp.title(),
            Self::Logistic(Logistic { alpha: Some(alpha), .. }) => {
                format!("multinomial logistic regression, alpha {alpha}")
            }
            Self::Logistic(_) => "multinomial logistic regression".to_owned(),
            Self::Svm(svm) => match svm.kernel {
                SvmKernel::Linear => format!("support vector machine, linear kernel, C {}", svm.c),
                SvmKernel::Rbf => format!("support vector machine, RBF kernel, C {}", svm.c),
            },
            Self::KernelRidge(ridge) => {
                format!("kernel ridge regression, gamma {}, alpha {}", ridge.gamma, ridge.alpha)
            }
            Self::NaiveBayes(_) => "Gaussian naive Bayes".to_owned(),
            Self::Tree(_) => "decision tree".to_owned(),
            Self::Forest(forest) => format!("random forest of {} trees", forest.trees),
            Self::Majority => "most frequent class of the training rows".to_owned(),
        };
        let inputs = self.own_inputs();
        if inputs.method() == InputsMethod::All { own } else { format!("{own}, on {}", inputs.words()) }
    }

    /// Whether another seed gives another model.
    pub fn is_random(&self) -> bool {
        matches!(self, Self::Mlp(_) | Self::Forest(_))
    }

    /// Whether the dev rows are held out to stop the training early. A model that does not use them so is fitted on
    /// train and dev together, unless its probabilities are calibrated on dev.
    pub fn uses_dev(&self) -> bool {
        matches!(self, Self::Mlp(mlp) if mlp.patience > 0)
    }
}
