use super::Margins;

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
    pub fn of(self, margins: &Margins) -> Option<f64> {
        match self {
            Self::Uar => margins.uar(),
            Self::Accuracy => margins.accuracy(),
            Self::MacroF1 => margins.macro_f1(),
            Self::WeightedF1 => margins.weighted_f1(),
            Self::Precision(class) => Some(margins.precision(class)),
            Self::Recall(class) => margins.recall(class),
            Self::F1(class) => margins.f1(class),
        }
    }

    /// Whether classes absent from the truth are left out of an average that this figure is.
    pub fn leaves_out_absent(self) -> bool {
        matches!(self, Self::Uar | Self::MacroF1)
    }
}
