//! What figures and reports say of the utterances: some columns of the features table, in little memory.

use crate::schema::{FeatureKeys, Table, Texts};
use crate::stages::features_table::FeaturesTable;
use crate::stages::{StageError, ingest};
use crate::storage::Store;

/// Some columns of the utterances, without augmented rows: no figure counts these, and a prediction for one is refused.
#[derive(Default)]
pub(in super::super) struct Utterances {
    ids: Texts,
    pub corpora: Texts,
    pub speakers: Texts,
    pub genders: Texts,
    pub texts: Texts,
    pub emotions: Texts,
    pub signals: Texts,
    pub durations: Vec<f64>,
    /// Whether a synthesizer made one of them.
    pub are_synthetic: bool,
    /// Their numbers, in the order of their ids.
    by_id: Vec<u32>,
}

impl Utterances {
    /// Reads the keys of a features table.
    ///
    /// # Errors
    /// They are not what extract wrote.
    pub fn read(out: &dyn Store, features: &FeaturesTable) -> Result<Self, StageError> {
        let mut utterances = Self::default();
        features.each_keys(out, |part| {
            utterances.add(&part);
            Ok(())
        })?;
        let (ids, mut by_id) = (&utterances.ids, (0..utterances.len() as u32).collect::<Vec<_>>());
        // Most parts follow each other: this is quick on what is nearly sorted.
        by_id.sort_by_key(|number| ids.get(*number as usize));
        utterances.by_id = by_id;
        Ok(utterances)
    }

    fn add(&mut self, part: &Table<FeatureKeys>) {
        let origin = part.text.names.iter().position(|name| name == ingest::ORIGIN);
        for (at, row) in part.rows.iter().enumerate().filter(|(_, row)| row.augmented_from.is_none()) {
            self.ids.push(Some(&row.utterance_id));
            self.corpora.push(Some(&row.corpus));
            self.speakers.push(row.speaker.as_deref());
            self.genders.push(row.gender.as_deref());
            self.texts.push(row.text_id.as_deref());
            self.emotions.push(Some(&row.emotion));
            self.signals.push(row.signal.as_deref());
            self.durations.push(row.duration_s);
            let of_origin = origin.and_then(|column| part.text.row(at)[column].as_deref());
            self.are_synthetic |= of_origin == Some(ingest::SYNTHETIC);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The number of the utterance that has an id.
    pub fn find(&self, id: &str) -> Option<usize> {
        let found = self.by_id.binary_search_by_key(&Some(id), |number| self.ids.get(*number as usize));
        found.ok().map(|at| self.by_id[at] as usize)
    }
}
