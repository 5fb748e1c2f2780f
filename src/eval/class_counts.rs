use super::Confusion;

/// The margins of a confusion matrix, a number a class: all that the figures need. They add up over sets of rows, and
/// are fewer numbers than the matrix, which is what makes thousands of resamples cheap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCounts {
    /// Rows of the class that were recognized.
    hits: Vec<u64>,
    /// Rows whose truth is the class.
    support: Vec<u64>,
    /// Rows that were taken for the class.
    predicted: Vec<u64>,
}

impl ClassCounts {
    /// The margins of no rows.
    pub fn new(classes: usize) -> Self {
        Self { hits: vec![0; classes], support: vec![0; classes], predicted: vec![0; classes] }
    }

    /// The margins of a matrix.
    pub fn of(confusion: &Confusion) -> Self {
        let classes = 0..confusion.classes();
        Self {
            hits: classes.clone().map(|class| confusion.count(class, class)).collect(),
            support: classes.clone().map(|class| confusion.support(class)).collect(),
            predicted: classes.map(|class| confusion.predicted(class)).collect(),
        }
    }

    /// Adds `weight` times `other`, which has as many classes.
    pub fn add_weighted(&mut self, other: &Self, weight: u64) {
        let add = |sums: &mut [u64], counts: &[u64]| {
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += weight * count);
        };
        add(&mut self.hits, &other.hits);
        add(&mut self.support, &other.support);
        add(&mut self.predicted, &other.predicted);
    }

    /// Sets every number to zero.
    pub fn clear(&mut self) {
        [&mut self.hits, &mut self.support, &mut self.predicted].into_iter().for_each(|counts| counts.fill(0));
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.support.len()
    }

    /// Rows in all.
    pub fn total(&self) -> u64 {
        self.support.iter().sum()
    }

    /// Rows whose truth is `class`.
    pub fn support(&self, class: usize) -> u64 {
        self.support[class]
    }

    /// Rows that were taken for `class`.
    pub fn predicted(&self, class: usize) -> u64 {
        self.predicted[class]
    }

    /// Classes that no row's truth is.
    pub fn absent(&self) -> usize {
        self.support.iter().filter(|&&support| support == 0).count()
    }

    /// Share of the rows of `class` that were recognized; none where the class is absent from the truth.
    pub fn recall(&self, class: usize) -> Option<f64> {
        let support = self.support[class];
        (support > 0).then(|| self.hits[class] as f64 / support as f64)
    }

    /// Share of the rows taken for `class` that are of it; 0 where it was never predicted.
    pub fn precision(&self, class: usize) -> f64 {
        match self.predicted[class] {
            0 => 0.0,
            predicted => self.hits[class] as f64 / predicted as f64,
        }
    }

    /// Harmonic mean of precision and recall, 2 hits / (support + predicted); none where the class is absent from
    /// the truth.
    pub fn f1(&self, class: usize) -> Option<f64> {
        let support = self.support[class];
        let sum = (support + self.predicted[class]) as f64;
        (support > 0).then(|| 2.0 * self.hits[class] as f64 / sum)
    }

    /// Share of all rows that were recognized; none without rows.
    pub fn accuracy(&self) -> Option<f64> {
        let total = self.total();
        let hits: u64 = self.hits.iter().sum();
        (total > 0).then(|| hits as f64 / total as f64)
    }

    /// Unweighted average recall (balanced accuracy): mean recall of the classes in the truth; none without rows.
    pub fn uar(&self) -> Option<f64> {
        mean((0..self.classes()).filter_map(|class| self.recall(class)))
    }

    /// Mean F1 of the classes in the truth; none without rows.
    pub fn macro_f1(&self) -> Option<f64> {
        mean((0..self.classes()).filter_map(|class| self.f1(class)))
    }

    /// Mean F1 of the classes in the truth, each weighted by its rows; none without rows.
    pub fn weighted_f1(&self) -> Option<f64> {
        let total = self.total();
        let sum: f64 = (0..self.classes()).filter_map(|class| Some(self.f1(class)? * self.support[class] as f64)).sum();
        (total > 0).then(|| sum / total as f64)
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(classes: usize, truth: &[usize], predicted: &[usize]) -> ClassCounts {
        Confusion::from_pairs(classes, truth.iter().copied().zip(predicted.iter().copied())).class_counts()
    }

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-12, "{got} is not {want}");
    }

    #[test]
    fn figures_match_scikit_learn() {
        // scikit-learn 1.9.1: balanced_accuracy_score(t, p), accuracy_score(t, p), f1_score(t, p, average="macro"),
        // f1_score(t, p, average="weighted"), precision_recall_fscore_support(t, p)
        let truth = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2];
        let predicted = [0, 0, 0, 0, 1, 2, 1, 1, 0, 0, 2, 2, 2, 2, 1];
        let counts = counts(3, &truth, &predicted);
        close(counts.uar().unwrap(), 0.605_555_555_555_555_5); // (4/6 + 2/5 + 3/4) / 3
        close(counts.accuracy().unwrap(), 0.6);
        close(counts.macro_f1().unwrap(), 0.592_592_592_592_592_5); // (2/3 + 4/9 + 2/3) / 3
        close(counts.weighted_f1().unwrap(), 0.592_592_592_592_592_7); // (6 * 2/3 + 5 * 4/9 + 4 * 2/3) / 15
        let per_class =
            [(2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0), (0.5, 0.4, 0.444_444_444_444_444_4), (0.6, 0.75, 2.0 / 3.0)];
        for (class, (precision, recall, f1)) in per_class.into_iter().enumerate() {
            close(counts.precision(class), precision);
            close(counts.recall(class).unwrap(), recall);
            close(counts.f1(class).unwrap(), f1);
        }
    }

    #[test]
    fn absent_classes_are_left_out_and_unpredicted_ones_have_precision_zero() {
        // Class 2 is absent from the truth, class 3 is never predicted. scikit-learn 1.9.1 agrees:
        // balanced_accuracy_score(t, p), f1_score(t, p, labels=[0, 1, 3], average="macro", zero_division=0),
        // f1_score(t, p, average="weighted", zero_division=0)
        let truth = [0, 0, 0, 0, 1, 1, 1, 3, 3];
        let predicted = [0, 0, 2, 1, 1, 1, 0, 0, 1];
        let counts = counts(4, &truth, &predicted);
        close(counts.uar().unwrap(), 0.388_888_888_888_888_84); // (2/4 + 2/3 + 0/2) / 3
        close(counts.macro_f1().unwrap(), 0.357_142_857_142_857_15); // (1/2 + 4/7 + 0) / 3
        close(counts.weighted_f1().unwrap(), 0.412_698_412_698_412_73); // (4 * 1/2 + 3 * 4/7 + 0) / 9
        assert_eq!((counts.absent(), counts.recall(2), counts.f1(2)), (1, None, None));
        assert_eq!((counts.precision(2), counts.precision(3)), (0.0, 0.0));
        assert_eq!((counts.recall(3), counts.f1(3)), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn an_empty_matrix_has_no_figures() {
        let counts = ClassCounts::new(3);
        let figures = [counts.uar(), counts.accuracy(), counts.macro_f1(), counts.weighted_f1()];
        assert_eq!(figures, [None; 4]);
    }
}
