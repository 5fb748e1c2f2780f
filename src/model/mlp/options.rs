//! `[train.mlp]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fit;
use crate::model::problem::Task;
use crate::model::registry::Algorithm;
use crate::model::tensors::Tensors;
use crate::model::{Inputs, Learned, ModelError, Shape, Stored};
use crate::options::{ConfigError, between, not_negative, positive, share, used};

/// `[train.mlp]`: a multilayer perceptron with a softmax output, trained on the cross-entropy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mlp {
    /// How the columns become inputs of the model. Default: up to 1,000 columns as they are; of more columns, the first
    /// 400 principal components (fewer if there are fewer rows). A first layer of thousands of columns has more weights
    /// than the rows can determine, and takes most of the time.
    pub inputs: Inputs,
    /// Number of networks whose probabilities are averaged, 1 to 100; default 3. Each has its own seed. Three short
    /// trainings cost as much as a long one, and their average is better.
    pub members: usize,
    /// Units of each hidden layer, first to last; default [256, 128]. 1 to 8192 units per layer, at most 16 layers; []:
    /// a linear softmax model.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers: relu, tanh or gelu (default).
    pub activation: Activation,
    /// Share of hidden units dropped in a training step, 0 to below 1; default 0.3.
    pub dropout: f64,
    /// Share of inputs dropped in a training step, 0 to below 1; default 0.
    pub input_dropout: f64,
    /// L2 penalty on the weights (not the biases), 0 or more: l2/2 times the sum of their squares is added to the loss
    /// of a batch. With adamw it is the decoupled weight decay instead: each step shrinks the weights by learning rate
    /// times l2. Default 2, for tests on new speakers. If train and test share speakers, less scores higher (0.1, with
    /// dropout 0.2 and 100 epochs).
    pub l2: f64,
    /// Mixes each row and its target with another row of the batch: l times the one plus 1 - l times the other. For
    /// each batch, l is drawn from the beta distribution whose two parameters are this value (Zhang et al., 2018). 0 to
    /// 10; default 0: no mixing.
    pub mixup: f64,
    /// Share of each target that is spread evenly over all classes, 0 to below 1; default 0.1.
    pub label_smoothing: f64,
    /// Weight of a row in the loss: none (1), or balanced (default: rows / (classes x rows of its class)).
    pub class_weights: ClassWeights,
    /// adam, adamw (default) or sgd.
    pub optimizer: Optimizer,
    /// Momentum of sgd, 0 to below 1; default 0.9. Refused with another optimizer.
    pub momentum: Option<f64>,
    /// Step size at the start, above 0; default 0.002.
    pub learning_rate: f64,
    /// How the step size changes over the epochs: constant, cosine (default: down to 0 at the last one) or step.
    pub schedule: Schedule,
    /// Epochs between two drops of the step schedule, 1 or more; default a third of the epochs. Refused with another
    /// schedule.
    pub step_epochs: Option<usize>,
    /// Factor of a drop of the step schedule, above 0 to 1; default 0.1. Refused with another schedule.
    pub step_factor: Option<f64>,
    /// Rows of a batch, 1 or more, default 64; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Passes over the training rows, 1 to 100000; with early stopping, the largest number of them. Default: as many as
    /// make 360 steps, but at least 20, because a network needs steps even if there are few rows.
    pub epochs: Option<usize>,
    /// Number of epochs without a better dev score after which training stops and the best weights are restored. 0
    /// (default): no early stopping, and the dev rows are trained on like the train rows. Above 0, the split must have
    /// dev rows.
    pub patience: usize,
    /// The dev score that early stopping watches: uar (default), accuracy or loss. Refused if patience is 0.
    pub monitor: Option<Monitor>,
}

impl Default for Mlp {
    fn default() -> Self {
        Self {
            inputs: Inputs::default(),
            members: 3,
            hidden: vec![256, 128],
            activation: Activation::Gelu,
            dropout: 0.3,
            input_dropout: 0.0,
            l2: 2.0,
            mixup: 0.0,
            label_smoothing: 0.1,
            class_weights: ClassWeights::Balanced,
            optimizer: Optimizer::Adamw,
            momentum: None,
            learning_rate: 0.002,
            schedule: Schedule::Cosine,
            step_epochs: None,
            step_factor: None,
            batch_size: 64,
            epochs: None,
            patience: 0,
            monitor: None,
        }
    }
}

impl Mlp {
    /// Components in the place of a wide table's columns.
    const COMPONENTS: usize = 400;
    /// Steps of a training, and the fewest epochs.
    const STEPS: usize = 360;
    const LEAST_EPOCHS: usize = 20;

    /// The passes over `rows` training rows.
    pub fn epochs(&self, rows: usize) -> usize {
        let steps_an_epoch = rows.div_ceil(self.batch_size).max(1);
        self.epochs.unwrap_or_else(|| (Self::STEPS / steps_an_epoch).max(Self::LEAST_EPOCHS))
    }

    /// The momentum of sgd.
    pub fn momentum(&self) -> f64 {
        self.momentum.unwrap_or(0.9)
    }

    /// The dev score that early stopping watches.
    pub fn monitor(&self) -> Monitor {
        self.monitor.unwrap_or(Monitor::Uar)
    }

    /// The step size of epoch `epoch` of `epochs`, which counts from 0.
    pub fn learning_rate_at(&self, epoch: usize, epochs: usize) -> f64 {
        let base = self.learning_rate;
        match self.schedule {
            Schedule::Constant => base,
            // Loshchilov and Hutter, SGDR (2017), eq. 5 without restarts.
            Schedule::Cosine => base * 0.5 * (1.0 + (std::f64::consts::PI * epoch as f64 / epochs.max(1) as f64).cos()),
            Schedule::Step => {
                let every = self.step_epochs.unwrap_or(epochs.div_ceil(3)).max(1);
                (0..epoch / every).fold(base, |rate, _| rate * self.step_factor.unwrap_or(0.1))
            }
        }
    }

    fn check_unused(&self) -> Result<(), ConfigError> {
        if let Some(momentum) = self.momentum {
            used("train.mlp.momentum", momentum, self.optimizer == Optimizer::Sgd, "optimizer = \"sgd\"")?;
            share("train.mlp.momentum", momentum)?;
        }
        if let Some(monitor) = self.monitor {
            used("train.mlp.monitor", format!("\"{}\"", monitor.as_str()), self.patience > 0, "patience above 0")?;
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

impl Algorithm for Mlp {
    /// Refuses values out of range, and keys that the chosen optimizer, schedule or patience leaves without use.
    fn check(&self) -> Result<(), ConfigError> {
        if self.hidden.len() > 16 {
            return Err(ConfigError::new("train.mlp.hidden", format!("{:?}", self.hidden), "at most 16 layers"));
        }
        self.inputs.check("train.mlp")?;
        between("train.mlp.members", self.members, 1, 100)?;
        for (layer, &units) in self.hidden.iter().enumerate() {
            between(&format!("train.mlp.hidden.{layer}"), units, 1, 8192)?;
        }
        share("train.mlp.dropout", self.dropout)?;
        share("train.mlp.input_dropout", self.input_dropout)?;
        between("train.mlp.mixup", self.mixup, 0.0, 10.0)?;
        share("train.mlp.label_smoothing", self.label_smoothing)?;
        not_negative("train.mlp.l2", self.l2)?;
        positive("train.mlp.learning_rate", self.learning_rate)?;
        between("train.mlp.batch_size", self.batch_size, 1, 1 << 20)?;
        self.epochs.map_or(Ok(()), |epochs| between("train.mlp.epochs", epochs, 1, 100_000))?;
        self.check_unused()
    }

    fn title(&self) -> String {
        let units = self.hidden.iter().map(usize::to_string).collect::<Vec<_>>();
        let network = match units.as_slice() {
            [] => "softmax model without hidden layers".to_owned(),
            [one] => format!("multilayer perceptron, {one} hidden units"),
            [first @ .., last] => format!("multilayer perceptron, {} and {last} hidden units", first.join(", ")),
        };
        match self.members {
            1 => network,
            members => format!("{network}, average of {members}"),
        }
    }

    fn inputs(&self) -> Inputs {
        self.inputs
    }

    fn set_inputs(&mut self, inputs: Inputs) {
        self.inputs = inputs;
    }

    fn made_of(&self, rows: usize, columns: usize) -> Inputs {
        self.inputs.of_wide(rows, columns, Self::COMPONENTS)
    }

    fn settle(&mut self, shape: &Shape) -> Option<String> {
        self.epochs = Some(self.epochs(shape.rows));
        None
    }

    fn is_of_library(&self) -> bool {
        false
    }

    fn is_random(&self) -> bool {
        true
    }

    fn patience(&self) -> usize {
        self.patience
    }

    fn fit(&self, task: &Task) -> Result<Learned, ModelError> {
        fit(self, task)
    }

    fn load(&self, tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError> {
        super::load(self, tensors, inputs, classes)
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

impl Monitor {
    fn as_str(self) -> &'static str {
        match self {
            Self::Uar => "uar",
            Self::Accuracy => "accuracy",
            Self::Loss => "loss",
        }
    }
}
