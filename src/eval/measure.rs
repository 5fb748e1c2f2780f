use super::{ClassCounts, Losses};

/// All that the figures of a set of rows are computed from. Sums add up over sets of rows, and are few numbers, which
/// is what makes thousands of resamples cheap.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    /// What was recognized.
    pub counts: ClassCounts,
    /// How good the probabilities were.
    pub losses: Losses,
}

impl Sums {
    /// The sums of no rows.
    pub fn new(classes: usize) -> Self {
        Self { counts: ClassCounts::new(classes), losses: Losses::new(classes) }
    }

    /// Adds `weight` times `other`, which has as many classes.
    pub fn add_weighted(&mut self, other: &Self, weight: u64) {
        self.counts.add_weighted(&other.counts, weight);
        self.losses.add_weighted(&other.losses, weight);
    }

    /// Sets every number to zero.
    pub fn clear(&mut self) {
        self.counts.clear();
        self.losses.clear();
    }
}

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
        let (counts, losses) = (&sums.counts, &sums.losses);
        match self {
            Self::Uar => counts.uar(),
            Self::Accuracy => counts.accuracy(),
            Self::MacroF1 => counts.macro_f1(),
            Self::WeightedF1 => counts.weighted_f1(),
            Self::LogLoss => losses.log_loss(),
            Self::Brier => losses.brier(),
            Self::Ece => losses.ece(),
            Self::Precision(class) => Some(counts.precision(class)),
            Self::Recall(class) => counts.recall(class),
            Self::F1(class) => counts.f1(class),
            Self::ClassLogLoss(class) => losses.log_loss_of(class),
            Self::ClassBrier(class) => losses.brier_of(class),
        }
    }

    /// Whether classes absent from the truth are left out of an average that this figure is.
    pub fn leaves_out_absent(self) -> bool {
        matches!(self, Self::Uar | Self::MacroF1)
    }
}
