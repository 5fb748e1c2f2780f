use super::Sums;

/// A figure of a set of rows; `usize` is a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Unweighted average recall, the headline.
    Uar,
    /// Share of rows recognized.
    Accuracy,
    /// Mean F1 of the classes.
    MacroF1,
    /// Mean F1 of the rows' classes.
    WeightedF1,
    /// Log loss of the probabilities, in nats.
    LogLoss,
    /// Brier score of the probabilities, in [0, 2].
    Brier,
    /// Expected calibration error.
    Ece,
    /// Precision of a class.
    Precision(usize),
    /// Recall of a class.
    Recall(usize),
    /// F1 of a class.
    F1(usize),
    /// Log loss of the rows of a class.
    ClassLogLoss(usize),
    /// Brier score of the rows of a class.
    ClassBrier(usize),
}

impl Measure {
    /// What was recognized: the figures that models are compared by, in the order that reports use.
    pub const SUMMARY: [Self; 4] = [Self::Uar, Self::Accuracy, Self::MacroF1, Self::WeightedF1];

    /// Every figure of a slice: those of [`Measure::SUMMARY`] and those of the probabilities.
    pub const OF_SLICE: [Self; 7] =
        [Self::Uar, Self::Accuracy, Self::MacroF1, Self::WeightedF1, Self::LogLoss, Self::Brier, Self::Ece];

    /// The figures of one class, in the order that reports use.
    pub fn of_class(class: usize) -> [Self; 5] {
        [
            Self::Precision(class),
            Self::Recall(class),
            Self::F1(class),
            Self::ClassLogLoss(class),
            Self::ClassBrier(class),
        ]
    }

    /// The word in the `metric` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uar => "uar",
            Self::Accuracy => "accuracy",
            Self::MacroF1 => "macro_f1",
            Self::WeightedF1 => "weighted_f1",
            Self::LogLoss | Self::ClassLogLoss(_) => "log_loss",
            Self::Brier | Self::ClassBrier(_) => "brier",
            Self::Ece => "ece",
            Self::Precision(_) => "precision",
            Self::Recall(_) => "recall",
            Self::F1(_) => "f1",
        }
    }

    /// The figure, in [0, 1] but for log loss and Brier score; none where it is not defined.
    pub fn of(self, sums: &Sums) -> Option<f64> {
        let (margins, losses) = (&sums.margins, &sums.losses);
        match self {
            Self::Uar => margins.uar(),
            Self::Accuracy => margins.accuracy(),
            Self::MacroF1 => margins.macro_f1(),
            Self::WeightedF1 => margins.weighted_f1(),
            Self::LogLoss => losses.log_loss(),
            Self::Brier => losses.brier(),
            Self::Ece => losses.ece(),
            Self::Precision(class) => Some(margins.precision(class)),
            Self::Recall(class) => margins.recall(class),
            Self::F1(class) => margins.f1(class),
            Self::ClassLogLoss(class) => losses.log_loss_of(class),
            Self::ClassBrier(class) => losses.brier_of(class),
        }
    }

    /// Whether classes absent from the truth are left out of an average that this figure is.
    pub fn leaves_out_absent(self) -> bool {
        matches!(self, Self::Uar | Self::MacroF1)
    }
}
