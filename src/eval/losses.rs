use std::array;

use super::Outcomes;
use super::pool::Pool;
use crate::schema::Calibration;

/// Bins of the highest probability, of equal width, as Guo et al. (2017) have them.
pub const BINS: usize = 15;
/// A probability below this counts as this in the log loss: the spacing of float32 at 1, in which probabilities are
/// stored. So a row costs 15.9 nats at most (scikit-learn's log_loss does the same).
pub const SMALLEST_PROBABILITY: f64 = f32::EPSILON as f64;

/// How far a model's probabilities are from what happened, as sums over rows: all that the figures of calibration need.
#[derive(Debug, Clone, PartialEq)]
pub struct Losses {
    /// A number a class of the truth.
    classes: Vec<ClassLosses>,
    bins: [Bin; BINS],
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct ClassLosses {
    rows: u64,
    log_loss: f64,
    brier: f64,
}

/// Rows whose highest probability is in a bin.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bin {
    /// Rows.
    pub rows: u64,
    /// Rows that were recognized.
    pub hits: u64,
    /// Sum of the highest probabilities.
    confidence: f64,
}

impl Losses {
    /// The losses of no rows.
    pub fn new(classes: usize) -> Self {
        Self { classes: vec![ClassLosses::default(); classes], bins: [Bin::default(); BINS] }
    }

    /// Adds a row; `probabilities` has one a class.
    pub fn add(&mut self, truth: usize, predicted: usize, probabilities: &[f32]) {
        let class = &mut self.classes[truth];
        class.rows += 1;
        class.log_loss -= f64::from(probabilities[truth]).max(SMALLEST_PROBABILITY).ln();
        class.brier += brier(truth, probabilities);
        let confidence = f64::from(probabilities.iter().copied().fold(0.0, f32::max));
        let bin = &mut self.bins[bin_of(confidence)];
        bin.rows += 1;
        bin.hits += u64::from(truth == predicted);
        bin.confidence += confidence;
    }

    /// Adds `weight` times `other`, which has as many classes.
    pub fn add_weighted(&mut self, other: &Self, weight: u64) {
        for (sum, class) in self.classes.iter_mut().zip(&other.classes) {
            sum.rows += weight * class.rows;
            sum.log_loss += weight as f64 * class.log_loss;
            sum.brier += weight as f64 * class.brier;
        }
        for (sum, bin) in self.bins.iter_mut().zip(&other.bins) {
            sum.rows += weight * bin.rows;
            sum.hits += weight * bin.hits;
            sum.confidence += weight as f64 * bin.confidence;
        }
    }

    /// Sets every number to zero.
    pub fn clear(&mut self) {
        self.classes.fill(ClassLosses::default());
        self.bins.fill(Bin::default());
    }

    /// Mean negative logarithm of the probability of the truth, in nats; none without rows.
    pub fn log_loss(&self) -> Option<f64> {
        self.mean(|class| class.log_loss)
    }

    /// [`Losses::log_loss`] of the rows whose truth is `class`.
    pub fn log_loss_of(&self, class: usize) -> Option<f64> {
        self.classes[class].mean(|class| class.log_loss)
    }

    /// Mean squared distance of the probabilities from those of who knows the truth, summed over classes (Brier
    /// 1950), in [0, 2]; none without rows.
    pub fn brier(&self) -> Option<f64> {
        self.mean(|class| class.brier)
    }

    /// [`Losses::brier`] of the rows whose truth is `class`.
    pub fn brier_of(&self, class: usize) -> Option<f64> {
        self.classes[class].mean(|class| class.brier)
    }

    /// Expected calibration error, in [0, 1]: the gap between the highest probability and the share recognized,
    /// averaged over [`BINS`] bins weighted by their rows (Guo et al. 2017, On calibration of modern neural networks,
    /// eq. 5); none without rows.
    pub fn ece(&self) -> Option<f64> {
        let gaps: f64 = self.bins.iter().map(|bin| (bin.hits as f64 - bin.confidence).abs()).sum();
        let rows = self.rows();
        (rows > 0).then(|| gaps / rows as f64)
    }

    /// The bins, lowest first; bin `i` holds (i / BINS, (i + 1) / BINS], the first 0 too.
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    fn rows(&self) -> u64 {
        self.classes.iter().map(|class| class.rows).sum()
    }

    fn mean(&self, loss: impl Fn(&ClassLosses) -> f64) -> Option<f64> {
        let rows = self.rows();
        (rows > 0).then(|| self.classes.iter().map(loss).sum::<f64>() / rows as f64)
    }
}

impl ClassLosses {
    fn mean(&self, loss: impl Fn(&Self) -> f64) -> Option<f64> {
        (self.rows > 0).then(|| loss(self) / self.rows as f64)
    }
}

impl Bin {
    /// Mean highest probability; none without rows.
    pub fn confidence(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.confidence / self.rows as f64)
    }

    /// Share recognized; none without rows.
    pub fn accuracy(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.hits as f64 / self.rows as f64)
    }

    /// Lower and upper edge of each bin.
    pub fn edges() -> [(f64, f64); BINS] {
        array::from_fn(|bin| (bin as f64 / BINS as f64, (bin + 1) as f64 / BINS as f64))
    }
}

impl Outcomes {
    /// Each model's bins of the highest probability over all test rows: a reliability diagram as rows; sorted by
    /// model and bin.
    pub fn calibration(&self) -> Vec<Calibration> {
        let mut rows = Vec::new();
        for (name, model) in self.all_models() {
            let all = Pool::of(&model.cells, self.classes().len()).total;
            for (index, (bin, (low, high))) in all.losses.bins().iter().zip(Bin::edges()).enumerate() {
                rows.push(Calibration {
                    model: name.to_owned(),
                    bin: index as i64,
                    low,
                    high,
                    n: bin.rows as i64,
                    confidence: bin.confidence(),
                    accuracy: bin.accuracy(),
                    track: self.track().to_string(),
                });
            }
        }
        rows
    }
}

fn brier(truth: usize, probabilities: &[f32]) -> f64 {
    let square = |(class, probability): (usize, &f32)| (f64::from(*probability) - f64::from(class == truth)).powi(2);
    probabilities.iter().enumerate().map(square).sum()
}

fn bin_of(confidence: f64) -> usize {
    ((confidence * BINS as f64).ceil() as usize).saturating_sub(1).min(BINS - 1)
}

#[cfg(test)]
mod tests;
