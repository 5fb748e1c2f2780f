use super::Confusion;

/// A figure of a confusion matrix; `usize` is a class.
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
    /// Precision of a class.
    Precision(usize),
    /// Recall of a class.
    Recall(usize),
    /// F1 of a class.
    F1(usize),
}

impl Measure {
    /// The figures of a slice, in the order that reports use.
    pub const SUMMARY: [Self; 4] = [Self::Uar, Self::Accuracy, Self::MacroF1, Self::WeightedF1];

    /// The figures of one class, in the order that reports use.
    pub fn of_class(class: usize) -> [Self; 3] {
        [Self::Precision(class), Self::Recall(class), Self::F1(class)]
    }

    /// The word in the `metric` column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uar => "uar",
            Self::Accuracy => "accuracy",
            Self::MacroF1 => "macro_f1",
            Self::WeightedF1 => "weighted_f1",
            Self::Precision(_) => "precision",
            Self::Recall(_) => "recall",
            Self::F1(_) => "f1",
        }
    }

    /// The figure, in [0, 1]; none where it is not defined.
    pub fn of(self, confusion: &Confusion) -> Option<f64> {
        match self {
            Self::Uar => confusion.uar(),
            Self::Accuracy => confusion.accuracy(),
            Self::MacroF1 => confusion.macro_f1(),
            Self::WeightedF1 => confusion.weighted_f1(),
            Self::Precision(class) => Some(confusion.precision(class)),
            Self::Recall(class) => confusion.recall(class),
            Self::F1(class) => confusion.f1(class),
        }
    }

    /// Whether classes absent from the truth are left out of an average that this figure is.
    pub fn leaves_out_absent(self) -> bool {
        matches!(self, Self::Uar | Self::MacroF1)
    }
}
