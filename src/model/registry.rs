//! What a model is to the rest of the program, and the models there are.

use std::fmt::{self, Debug};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::Task;
use super::tensors::Tensors;
use super::{Inputs, InputsMethod, Learned, ModelError, Shape, Stored};
use crate::options::ConfigError;
use crate::schema::NOTE_OF_TABLE;

/// The options of a model, and all that the options decide: how it is fitted and how it is read back.
pub(super) trait Algorithm: Debug {
    /// Refuses options that are out of range or without effect.
    fn check(&self) -> Result<(), ConfigError>;

    /// What the model is, in words.
    fn title(&self) -> String;

    /// `inputs` as the section has it; every column as it is where the section has no such key.
    fn inputs(&self) -> Inputs {
        Inputs::plain()
    }

    /// Puts `inputs` in place of what the section has.
    fn set_inputs(&mut self, _: Inputs) {}

    /// What becomes of `rows x columns` normalized values before the fit, by default.
    fn made_of(&self, _rows: usize, _columns: usize) -> Inputs {
        self.inputs()
    }

    /// Sets the numbers that the section leaves to a rule, for training rows of this shape. Returns in words what was
    /// set and has no column in a table.
    fn settle(&mut self, _: &Shape) -> Option<String> {
        None
    }

    /// Whether another seed gives another model.
    fn is_random(&self) -> bool {
        false
    }

    /// Whether a library fits it: its panics are errors about this model, ours are the end of the run.
    fn is_of_library(&self) -> bool {
        true
    }

    /// Whether rows of one class are enough.
    fn fits_one_class(&self) -> bool {
        false
    }

    /// Whether the model is fitted where the pipeline file names none.
    fn is_usual(&self) -> bool {
        true
    }

    /// Epochs without a better dev score after which the fit stops; 0: it does not look at dev rows.
    fn patience(&self) -> usize {
        0
    }

    /// Fits the model.
    fn fit(&self, task: &Task) -> Result<Learned, ModelError>;

    /// Reads a fitted model of `inputs` inputs and `classes` classes back.
    fn load(&self, tensors: &Tensors, inputs: usize, classes: usize) -> Result<Box<dyn Stored>, ModelError>;
}

macro_rules! registry {
    ($($(#[$doc:meta])* $name:ident $section:ident $word:literal)*) => {
        /// The kinds of models.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum ModelKind {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl ModelKind {
            /// Every model, in the order of reports.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$name),*];

            /// The models that are fitted where a pipeline file names none.
            pub(super) fn usual() -> Vec<Self> {
                let usual = [$(super::$name::default().is_usual()),*];
                Self::ALL.into_iter().zip(usual).filter(|(_, usual)| *usual).map(|(kind, _)| kind).collect()
            }

            /// The word that pipeline files and tables use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }

        /// One model with its options: what a fit depends on besides the rows and the seed.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "model")]
        pub enum ModelSpec {
            $($(#[$doc])* #[serde(rename = $word)] $name(super::$name),)*
        }

        impl ModelSpec {
            /// Which model this is.
            pub fn kind(&self) -> ModelKind {
                match self {
                    $(Self::$name(_) => ModelKind::$name,)*
                }
            }

            pub(super) fn options(&self) -> &dyn Algorithm {
                match self {
                    $(Self::$name(options) => options,)*
                }
            }

            fn options_mut(&mut self) -> &mut dyn Algorithm {
                match self {
                    $(Self::$name(options) => options,)*
                }
            }
        }
    };
}
for_every_model!(registry);

impl ModelKind {
    pub(super) fn words() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ModelSpec {
    /// What becomes of `rows x columns` normalized values before the fit.
    pub fn inputs(&self, rows: usize, columns: usize) -> Inputs {
        let inputs = self.options().made_of(rows, columns);
        Inputs { method: Some(inputs.method()), ..inputs }
    }

    /// The specification with every number that a fit on rows of this shape goes by, `inputs` being those that the rows
    /// were made by; and in words what the rules made of what was left unset. Epochs have a column of their own.
    pub fn settled(&self, inputs: Inputs, shape: &Shape) -> (Self, Option<String>) {
        let (own, mut settled) = (self.options().inputs(), self.clone());
        settled.options_mut().set_inputs(inputs);
        let is_new = (own.method(), own.columns) != (inputs.method(), inputs.columns);
        let inputs = is_new.then(|| settled.options().inputs().words());
        let set: Vec<String> = inputs.into_iter().chain(settled.options_mut().settle(shape)).collect();
        let words = (!set.is_empty()).then(|| format!("{NOTE_OF_TABLE}{}", set.join(", ")));
        (settled, words)
    }

    /// What the model is, in words.
    pub fn title(&self) -> String {
        let (own, inputs) = (self.options().title(), self.options().inputs());
        if inputs.method() == InputsMethod::All { own } else { format!("{own}, on {}", inputs.words()) }
    }

    /// Whether another seed gives another model.
    pub fn is_random(&self) -> bool {
        self.options().is_random()
    }

    /// Whether the dev rows are held out to stop the training early. A model that does not use them so is fitted on
    /// train and dev together, unless its probabilities are calibrated on dev.
    pub fn uses_dev(&self) -> bool {
        self.options().patience() > 0
    }

    /// Epochs without a better dev score after which the training stops; 0 where it does not stop early.
    pub fn patience(&self) -> usize {
        self.options().patience()
    }
}
