/// What is wrong with a set of outcomes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A row names a class outside the label set.
    #[error(
        "utterance `{utterance_id}`, model `{model}`: class `{class}` is not one of {legal}: train and evaluate the \
         same labels"
    )]
    UnknownClass {
        /// The row.
        utterance_id: String,
        /// Its model.
        model: String,
        /// The class it names.
        class: String,
        /// The label set.
        legal: String,
    },
    /// The probabilities of a row are none.
    #[error(
        "utterance `{utterance_id}`, model `{model}`: wanted {classes} probabilities that add up to 1, got {got}: run \
         the train stage again"
    )]
    NoProbabilities {
        /// The row.
        utterance_id: String,
        /// Its model.
        model: String,
        /// Number of classes.
        classes: usize,
        /// What is there.
        got: String,
    },
    /// The headline model has no rows.
    #[error("no test predictions of model `{model}`; there are some of {legal}")]
    UnknownModel {
        /// The model asked for.
        model: String,
        /// Models that have rows.
        legal: String,
    },
    /// Two models were not scored on the same rows, so they cannot be compared.
    #[error(
        "models `{model_a}` and `{model_b}` were scored on different test rows, first in {place}: run the train \
         stage again for both"
    )]
    Unpaired {
        /// One model.
        model_a: String,
        /// The other.
        model_b: String,
        /// First fold, corpus and speaker where they differ.
        place: String,
    },
}
