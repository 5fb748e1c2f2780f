//! What figures and reports say of the utterances: some columns of the features table, in little memory.

use std::collections::BTreeSet;

use crate::options::ConfigError;
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
    /// Columns that are slices, in the order in which they were asked for.
    slices: Vec<Texts>,
    /// Whether a synthesizer made one of them.
    pub are_synthetic: bool,
    /// Their numbers, in the order of their ids.
    by_id: Vec<u32>,
}

impl Utterances {
    /// Reads the keys of a features table, with the columns `slices`.
    ///
    /// # Errors
    /// They are not what extract wrote; there is no such column, or it has too many values.
    pub fn read(out: &dyn Store, features: &FeaturesTable, slices: &[String]) -> Result<Self, StageError> {
        let mut utterances = Self { slices: vec![Texts::default(); slices.len()], ..Self::default() };
        features.each_keys(out, |part| utterances.add(&part, slices))?;
        for (name, cells) in slices.iter().zip(&utterances.slices) {
            let count = cells.iter().flatten().collect::<BTreeSet<_>>().len();
            if count > MOST_GROUPS {
                let problem = format!("the column has {count} values, and a slice may have {MOST_GROUPS}");
                let hint = "name a column that puts the values into groups";
                return Err(ConfigError::new(KEY, format!("{name:?}"), problem).hint(hint).into());
            }
        }
        let (ids, mut by_id) = (&utterances.ids, (0..utterances.len() as u32).collect::<Vec<_>>());
        // Most parts follow each other: this is quick on what is nearly sorted.
        by_id.sort_by_key(|number| ids.get(*number as usize));
        utterances.by_id = by_id;
        Ok(utterances)
    }

    fn add(&mut self, part: &Table<FeatureKeys>, slices: &[String]) -> Result<(), StageError> {
        let columns =
            slices.iter().map(|name| SliceColumn::find(name, &part.text.names)).collect::<Result<Vec<_>, _>>()?;
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
            for (cells, column) in self.slices.iter_mut().zip(&columns) {
                cells.push(column.cell(row, part.text.row(at)));
            }
            let of_origin = origin.and_then(|column| part.text.row(at)[column].as_deref());
            self.are_synthetic |= of_origin == Some(ingest::SYNTHETIC);
        }
        Ok(())
    }

    /// The group of an utterance in each slice.
    pub fn groups(&self, number: usize) -> Vec<Option<&str>> {
        self.slices.iter().map(|cells| cells.get(number)).collect()
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

/// The key that names slices.
const KEY: &str = "evaluate.slices";
/// Values that the column of a slice may have: each is a group in the tables and the report.
const MOST_GROUPS: usize = 100;

/// Where the cells of a slice are.
enum SliceColumn {
    TextId,
    Intensity,
    Language,
    Open(usize),
}

impl SliceColumn {
    fn find(name: &str, open: &[String]) -> Result<Self, ConfigError> {
        match (name, open.iter().position(|other| other == name)) {
            ("text_id", _) => Ok(Self::TextId),
            ("intensity", _) => Ok(Self::Intensity),
            ("language", _) => Ok(Self::Language),
            (_, Some(at)) => Ok(Self::Open(at)),
            (_, None) => {
                let legal = ["text_id", "intensity", "language"].into_iter().chain(open.iter().map(String::as_str));
                let problem = format!("there is no such column; legal are {}", legal.collect::<Vec<_>>().join(", "));
                Err(ConfigError::new(KEY, format!("{name:?}"), problem))
            }
        }
    }

    fn cell<'a>(&self, row: &'a FeatureKeys, open: &'a [Option<String>]) -> Option<&'a str> {
        match self {
            Self::TextId => row.text_id.as_deref(),
            Self::Intensity => row.intensity.as_deref(),
            Self::Language => row.language.as_deref(),
            Self::Open(at) => open[*at].as_deref(),
        }
    }
}

/// Refuses a slice that no column makes; `open` are the columns that the corpora have of their own.
pub(in super::super) fn check_slice(name: &str, open: &[String]) -> Result<(), ConfigError> {
    SliceColumn::find(name, open).map(|_| ())
}
