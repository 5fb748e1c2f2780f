//! Folds whose test side shares no value of several columns with train: new speakers who say new sentences.

use super::super::fold::SideOfRow;
use super::super::units::units;
use super::{Assigner, DatasetError, Side};
use std::collections::BTreeSet;

impl Assigner<'_> {
    /// The values of each column in parts, and a fold for each combination of parts. What is of the parts in all columns
    /// is test, what is of them in none is train. What is of them in the first column and not in all is seen: new
    /// speakers with sentences that training has. The rest is left out. So each utterance is tested once. Combinations
    /// that no utterance has are no folds.
    pub(super) fn crossed(&self, folds: usize, columns: &[String]) -> Result<Vec<SideOfRow>, DatasetError> {
        let parts = columns.iter().map(|column| self.parts(folds, column)).collect::<Result<Vec<_>, _>>()?;
        let mut combinations = vec![Vec::new()];
        for (_, count) in &parts {
            let longer = |combination: &Vec<usize>| {
                let combination = combination.clone();
                (0..*count).map(move |part| [combination.as_slice(), &[part]].concat())
            };
            combinations = combinations.iter().flat_map(longer).collect();
        }
        let fold = |combination: &Vec<usize>| -> SideOfRow {
            let side = |row: usize| {
                let mut shared = parts.iter().zip(combination).map(|((of, _), part)| of[row] == *part);
                let is_of_first = shared.next().unwrap_or(false);
                match (is_of_first, shared.clone().all(|is_of| is_of), shared.any(|is_of| is_of)) {
                    (true, true, _) => Some(Side::Test),
                    (true, false, _) => Some(Side::Seen),
                    (false, _, false) => Some(Side::Train),
                    (false, _, true) => None,
                }
            };
            (0..self.keys.len()).map(side).collect()
        };
        Ok(combinations.iter().map(fold).filter(|fold| fold.contains(&Some(Side::Test))).collect())
    }

    /// Leaves out what is on the side seen, unless each of its values after the first column is on train.
    pub(super) fn keep_seen(&self, fold: &mut SideOfRow, columns: &[String]) -> Result<(), DatasetError> {
        for column in columns.iter().skip(1) {
            let cells = self.keys.texts(column)?;
            let on_train = |row: &usize| fold[*row] == Some(Side::Train);
            let trained = (0..cells.len()).filter(on_train).filter_map(|row| cells[row]).collect::<BTreeSet<_>>();
            for (side, cell) in fold.iter_mut().zip(&cells).filter(|(side, _)| **side == Some(Side::Seen)) {
                if !cell.is_some_and(|cell| trained.contains(cell)) {
                    *side = None;
                }
            }
        }
        Ok(())
    }

    /// The part of each row by the values of a column, and how many parts there are.
    fn parts(&self, folds: usize, column: &str) -> Result<(Vec<usize>, usize), DatasetError> {
        let all: Vec<usize> = (0..self.keys.len()).collect();
        let units = units(self.keys, &all, self.params, &[column], &format!("test {column}"), self.seed)?;
        self.need(units.len(), 2, &format!("folds that are disjoint in `{column}`"))?;
        let count = folds.min(units.len());
        let sides = self.partition(&units, &vec![1.0 / count as f64; count]);
        let mut parts = vec![0; self.keys.len()];
        for (unit, part) in units.iter().zip(sides) {
            unit.rows.iter().for_each(|row| parts[*row] = part);
        }
        Ok((parts, count))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Utterances;
    use super::super::assign;
    use super::*;
    use crate::dataset::{SplitParams, SplitSection, leakage, violations};

    fn params(toml: &str) -> SplitParams {
        toml::from_str::<SplitSection>(toml).expect("well-formed").check().expect("legal")
    }

    #[test]
    fn test_utterances_share_neither_speaker_nor_text_with_train() {
        let data = Utterances::ravdess();
        let keys = data.keys();
        let params = params("scheme = 'group-k-fold'\nfolds = 4\ndev = 0.2\ndisjoint = ['speaker', 'text_id']");
        let assignment = assign(&keys, &params, 1).expect("folds");
        assert_eq!(assignment.folds.len(), 4 * 2, "four parts of 24 speakers, and two texts");
        let [speakers, texts] = ["speaker", "text_id"].map(|column| keys.texts(column).expect("a column"));
        let mut tested = vec![0; data.rows.len()];
        for fold in &assignment.folds {
            let of = |side| {
                let rows = fold.rows_on(side);
                let of_rows = |cells: &[Option<&str>]| -> BTreeSet<String> {
                    rows.iter().filter_map(|row| cells[*row].map(str::to_owned)).collect()
                };
                (rows.clone(), of_rows(&speakers), of_rows(&texts))
            };
            let [train, dev, test, seen] = [Side::Train, Side::Dev, Side::Test, Side::Seen].map(of);
            assert!(seen.1 == test.1 && seen.2.is_disjoint(&test.2) && seen.0.len() == 180, "new speakers, known text");
            for side in [&train, &dev] {
                assert!(side.1.is_disjoint(&test.1) && side.2.is_disjoint(&test.2));
                assert!(!side.0.is_empty());
            }
            assert!(train.1.is_disjoint(&dev.1), "dev is of speakers of its own");
            assert_eq!(test.0.len(), 180, "six speakers and one text");
            assert_eq!(train.0.len() + dev.0.len(), 540, "18 other speakers and the other text");
            test.0.iter().for_each(|row| tested[*row] += 1);
        }
        assert!(tested.iter().all(|count| *count == 1));
        assert!(violations(&leakage(&keys, &assignment.folds, &params).expect("a table")).is_empty());
        let said = assignment.warnings.join("; ");
        assert!(said.contains("720 utterances of each fold are left out of training"), "{said}");
        assert!(said.contains("180 of them"), "{said}");
    }

    #[test]
    fn combinations_that_nobody_has_are_no_folds_and_one_value_is_too_few() {
        let mut data = Utterances::of("c", &(0..32).map(|at| (at / 4, at % 2)).collect::<Vec<_>>());
        // Half of the speakers say one text, the other half another.
        data.rows.iter_mut().enumerate().for_each(|(at, row)| row.text_id = Some(format!("c/{}", at / 16)));
        let crossed = "scheme = 'group-k-fold'\nfolds = 8\ndev = 0\ndisjoint = ['speaker', 'text_id']";
        let folds = assign(&data.keys(), &params(crossed), 1).expect("folds").folds;
        assert_eq!(folds.len(), 8);
        assert!(folds.iter().all(|fold| fold.rows_on(Side::Train).len() == 16));
        // Each speaker says one text, which nobody of train says.
        assert!(folds.iter().all(|fold| fold.rows_on(Side::Seen).is_empty()));
        data.rows.iter_mut().for_each(|row| row.text_id = Some("c/0".to_owned()));
        let error = assign(&data.keys(), &params(crossed), 1).expect_err("one text").to_string();
        assert!(error.contains("disjoint in `text_id`"), "{error}");
    }
}
