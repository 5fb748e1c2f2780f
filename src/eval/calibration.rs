use super::pool::Pool;
use super::{Bin, Tally};
use crate::schema::Calibration;

impl Tally {
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

#[cfg(test)]
mod tests;
