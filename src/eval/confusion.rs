/// Counts of true class x predicted class, and the figures that they alone determine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// Row-major, [classes x classes]: row = truth, column = predicted.
    counts: Vec<u64>,
}

impl Confusion {
    /// An empty matrix.
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * classes] }
    }

    /// The matrix of parallel lists of true and predicted classes; every class is below `classes`.
    pub fn from_pairs(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut confusion = Self::new(classes);
        pairs.into_iter().for_each(|(truth, predicted)| confusion.add(truth, predicted));
        confusion
    }

    /// Counts one row; both classes are below [`Confusion::classes`].
    pub fn add(&mut self, truth: usize, predicted: usize) {
        self.counts[truth * self.classes + predicted] += 1;
    }

    /// Adds `weight` times `other`, which has as many classes.
    pub fn add_weighted(&mut self, other: &Self, weight: u64) {
        for (sum, count) in self.counts.iter_mut().zip(&other.counts) {
            *sum += weight * count;
        }
    }

    /// Sets every count to zero.
    pub fn clear(&mut self) {
        self.counts.fill(0);
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Rows of class `truth` that were taken for class `predicted`.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        self.counts[truth * self.classes + predicted]
    }

    /// Rows in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Rows whose truth is `class`.
    pub fn support(&self, class: usize) -> u64 {
        self.counts[class * self.classes..(class + 1) * self.classes].iter().sum()
    }

    /// Rows that were taken for `class`.
    pub fn predicted(&self, class: usize) -> u64 {
        (0..self.classes).map(|truth| self.count(truth, class)).sum()
    }

    /// Classes that no row's truth is.
    pub fn absent(&self) -> usize {
        (0..self.classes).filter(|&class| self.support(class) == 0).count()
    }

    /// Share of the rows of `class` that were recognized; none where the class is absent from the truth.
    pub fn recall(&self, class: usize) -> Option<f64> {
        let support = self.support(class);
        (support > 0).then(|| self.count(class, class) as f64 / support as f64)
    }

    /// Share of the rows taken for `class` that are of it; 0 where it was never predicted.
    pub fn precision(&self, class: usize) -> f64 {
        match self.predicted(class) {
            0 => 0.0,
            predicted => self.count(class, class) as f64 / predicted as f64,
        }
    }

    /// Harmonic mean of precision and recall, 2 hits / (support + predicted); none where the class is absent from the truth.
    pub fn f1(&self, class: usize) -> Option<f64> {
        let support = self.support(class);
        let sum = (support + self.predicted(class)) as f64;
        (support > 0).then(|| 2.0 * self.count(class, class) as f64 / sum)
    }

    /// Share of all rows that were recognized; none without rows.
    pub fn accuracy(&self) -> Option<f64> {
        let total = self.total();
        let hits: u64 = (0..self.classes).map(|class| self.count(class, class)).sum();
        (total > 0).then(|| hits as f64 / total as f64)
    }

    /// Unweighted average recall (balanced accuracy): mean recall of the classes in the truth; none without rows.
    pub fn uar(&self) -> Option<f64> {
        mean((0..self.classes).filter_map(|class| self.recall(class)))
    }

    /// Mean F1 of the classes in the truth; none without rows.
    pub fn macro_f1(&self) -> Option<f64> {
        mean((0..self.classes).filter_map(|class| self.f1(class)))
    }

    /// Mean F1 of the classes in the truth, each weighted by its rows; none without rows.
    pub fn weighted_f1(&self) -> Option<f64> {
        let total = self.total();
        let sum: f64 = (0..self.classes).filter_map(|class| Some(self.f1(class)? * self.support(class) as f64)).sum();
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

    fn pairs(truth: &[usize], predicted: &[usize]) -> Vec<(usize, usize)> {
        truth.iter().copied().zip(predicted.iter().copied()).collect()
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
        let confusion = Confusion::from_pairs(3, pairs(&truth, &predicted));
        close(confusion.uar().unwrap(), 0.605_555_555_555_555_5); // (4/6 + 2/5 + 3/4) / 3
        close(confusion.accuracy().unwrap(), 0.6);
        close(confusion.macro_f1().unwrap(), 0.592_592_592_592_592_5); // (2/3 + 4/9 + 2/3) / 3
        close(confusion.weighted_f1().unwrap(), 0.592_592_592_592_592_7); // (6 * 2/3 + 5 * 4/9 + 4 * 2/3) / 15
        let per_class =
            [(2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0), (0.5, 0.4, 0.444_444_444_444_444_4), (0.6, 0.75, 2.0 / 3.0)];
        for (class, (precision, recall, f1)) in per_class.into_iter().enumerate() {
            close(confusion.precision(class), precision);
            close(confusion.recall(class).unwrap(), recall);
            close(confusion.f1(class).unwrap(), f1);
        }
    }

    #[test]
    fn absent_classes_are_left_out_and_unpredicted_ones_have_precision_zero() {
        // Class 2 is absent from the truth, class 3 is never predicted. scikit-learn 1.9.1 agrees:
        // balanced_accuracy_score(t, p), f1_score(t, p, labels=[0, 1, 3], average="macro", zero_division=0),
        // f1_score(t, p, average="weighted", zero_division=0)
        let truth = [0, 0, 0, 0, 1, 1, 1, 3, 3];
        let predicted = [0, 0, 2, 1, 1, 1, 0, 0, 1];
        let confusion = Confusion::from_pairs(4, pairs(&truth, &predicted));
        close(confusion.uar().unwrap(), 0.388_888_888_888_888_84); // (2/4 + 2/3 + 0/2) / 3
        close(confusion.macro_f1().unwrap(), 0.357_142_857_142_857_15); // (1/2 + 4/7 + 0) / 3
        close(confusion.weighted_f1().unwrap(), 0.412_698_412_698_412_73); // (4 * 1/2 + 3 * 4/7 + 0) / 9
        assert_eq!((confusion.absent(), confusion.recall(2), confusion.f1(2)), (1, None, None));
        assert_eq!((confusion.precision(2), confusion.precision(3)), (0.0, 0.0));
        assert_eq!((confusion.recall(3), confusion.f1(3)), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn an_empty_matrix_has_no_figures() {
        let confusion = Confusion::new(3);
        let figures = [confusion.uar(), confusion.accuracy(), confusion.macro_f1(), confusion.weighted_f1()];
        assert_eq!(figures, [None; 4]);
    }
}
