//! What is never torn apart: utterances that share a group, the very same audio, or a stretch of one recording.

use super::{DatasetError, Keys};
use crate::dataset::SplitParams;
use std::collections::BTreeMap;

/// Utterances that stay on one side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unit {
    /// Place in the seeded order.
    pub(super) order: u64,
    /// The smallest group or utterance id in it: its name.
    pub(super) name: String,
    /// Its rows, ascending.
    pub(super) rows: Vec<usize>,
}

/// The connected components of `rows` under equal audio that is not silent, overlap in one recording, and equal values
/// of the `grouping` columns (a missing value is equal to none), in seeded order: by the first 8 bytes of BLAKE3 over
/// purpose, seed and name. The order of one unit does not depend on the others, so that a corpus that grows keeps most of
/// its splits.
///
/// # Errors
/// An unknown grouping column, or one without the values that it takes.
pub(super) fn units(
    keys: &Keys,
    rows: &[usize],
    params: &SplitParams,
    grouping: &[&str],
    purpose: &str,
    seed: u64,
) -> Result<Vec<Unit>, DatasetError> {
    let grouping = grouping_columns(keys, rows, params, grouping)?;
    let mut sets = Sets::new(rows.len());
    for column in &grouping {
        unite_equal(&mut sets, rows, column);
    }
    unite_equal(&mut sets, rows, &keys.recordings()?.iter().collect::<Vec<_>>());
    unite_equal(&mut sets, rows, &keys.overlaps()?);
    let ids = keys.ids()?;
    let names: Vec<&str> = match grouping.first() {
        Some(column) => column.iter().zip(ids).map(|(cell, id)| cell.unwrap_or(id)).collect(),
        None => ids,
    };
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        members.entry(sets.root(at)).or_default().push(*row);
    }
    let mut units: Vec<Unit> = members.into_values().map(|rows| unit(rows, &names, purpose, seed)).collect();
    units.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    Ok(units)
}

/// The cells of the `grouping` columns.
///
/// # Errors
/// An unknown column, one that all of `rows` lack, or where each speaker is left out in turn, one that any of them lacks.
pub(super) fn grouping_columns<'a>(
    keys: &'a Keys,
    rows: &[usize],
    params: &SplitParams,
    grouping: &[&str],
) -> Result<Vec<Vec<Option<&'a str>>>, DatasetError> {
    let key = if matches!(params, SplitParams::Crossed { .. }) { "split.disjoint" } else { "split.group_by" };
    let mut columns = Vec::new();
    for name in grouping.iter().copied() {
        let column = keys.named(key, name)?;
        let lacking: Vec<usize> = rows.iter().copied().filter(|row| column[*row].is_none()).collect();
        let is_needed = matches!(params, SplitParams::Loso { .. }) || lacking.len() == rows.len();
        if let Some(first) = lacking.first().filter(|_| is_needed) {
            return Err(DatasetError::NoGroup {
                scheme: params.scheme().as_str(),
                column: name.to_owned(),
                count: lacking.len(),
                id: keys.ids()?[*first].to_owned(),
                hint: "set dev = 0 if only dev needs it, use scheme `stratified` or `k-fold`, or fill the column",
            });
        }
        columns.push(column);
    }
    Ok(columns)
}

fn unite_equal<T: Ord + Copy>(sets: &mut Sets, rows: &[usize], column: &[Option<T>]) {
    let mut first: BTreeMap<T, usize> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if let Some(value) = column[*row] {
            sets.unite(*first.entry(value).or_insert(at), at);
        }
    }
}

fn unit(rows: Vec<usize>, names: &[&str], purpose: &str, seed: u64) -> Unit {
    let name = rows.iter().map(|row| names[*row]).min().unwrap_or_default().to_owned();
    Unit { order: seeded_order(purpose, seed, &name), name, rows }
}

fn seeded_order(purpose: &str, seed: u64, name: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(purpose.as_bytes()).update(&[0]).update(&seed.to_le_bytes()).update(name.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

/// Disjoint sets; the root of a set is its smallest element.
struct Sets {
    parent: Vec<usize>,
}

impl Sets {
    fn new(len: usize) -> Self {
        Self { parent: (0..len).collect() }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Utterances;
    use super::*;
    use crate::dataset::SplitSection;

    fn params(toml: &str) -> SplitParams {
        toml::from_str::<SplitSection>(toml).expect("well-formed").check().expect("legal")
    }

    fn all_units(data: &Utterances, toml: &str, seed: u64) -> Vec<Unit> {
        let keys = data.keys();
        let rows: Vec<usize> = (0..keys.len()).collect();
        let params = params(toml);
        units(&keys, &rows, &params, &params.grouping(), "test", seed).expect("units")
    }

    #[test]
    fn equal_audio_ties_utterances_and_speakers() {
        let mut data = Utterances::ravdess();
        assert_eq!(all_units(&data, "scheme = 'k-fold'", 1).len(), 1439);
        assert_eq!(all_units(&data, "", 1).len(), 24);
        let hash = data.rows[0].audio_hash.clone();
        data.rows[1439].audio_hash = hash;
        assert_eq!(all_units(&data, "", 1).len(), 23, "the first and the last speaker share a recording");
    }

    #[test]
    fn utterances_of_one_file_are_a_unit_though_neither_says_when_it_begins() {
        let mut table = Utterances::ravdess().table();
        table.rows[1439].path = table.rows[0].path.clone();
        let keys = Keys::new(&table).expect("legal rows");
        let (rows, params) = ((0..keys.len()).collect::<Vec<_>>(), params(""));
        let found = units(&keys, &rows, &params, &params.grouping(), "test", 1).expect("units");
        assert_eq!(found.len(), 23, "the first and the last speaker share a file");
        assert!(!keys.has_segments().expect("places"));
        let copies = Keys::new(&Utterances::ravdess().augmented(&["speed0.9"])).expect("legal rows");
        assert!(copies.overlaps().expect("places").iter().all(Option::is_none), "a copy has the path of its original");
    }

    #[test]
    fn equal_silence_ties_nobody() {
        let mut data = Utterances::ravdess();
        for row in [0, 100, 1439] {
            data.rows[row].audio_hash = "of zeros".to_owned();
        }
        assert!(all_units(&data, "", 1).len() < 24, "equal audio of several speakers");
        for row in [0, 100, 1439] {
            data.rows[row].signal = Some("silent narrow_band".to_owned());
        }
        assert_eq!(all_units(&data, "", 1).len(), 24);
    }

    #[test]
    fn a_second_grouping_column_makes_larger_units() {
        let units = all_units(&Utterances::ravdess(), "group_by = 'room'", 1);
        assert_eq!(units.len(), 6, "four speakers a room");
    }

    #[test]
    fn the_order_depends_on_seed_and_purpose_only() {
        let data = Utterances::ravdess();
        let names = |seed| all_units(&data, "", seed).into_iter().map(|unit| unit.name).collect::<Vec<_>>();
        assert_ne!(names(1), names(2));
        let mut fewer = data.clone();
        fewer.rows.retain(|row| row.speaker.as_deref() != Some("ravdess/05"));
        let left: Vec<_> = all_units(&fewer, "", 1).into_iter().map(|unit| unit.name).collect();
        let want: Vec<_> = names(1).into_iter().filter(|name| name != "ravdess/05").collect();
        assert_eq!(left, want);
    }

    #[test]
    fn utterances_without_a_group_are_units_of_their_own() {
        let mut data = Utterances::ravdess();
        data.rows[3..7].iter_mut().for_each(|row| row.speaker = None);
        let units = all_units(&data, "", 1);
        assert_eq!(units.len(), 28, "24 speakers and 4 utterances of nobody");
        let alone = units.iter().find(|unit| unit.rows.len() == 1).expect("an utterance of nobody");
        assert!(data.rows[3..7].iter().any(|row| row.utterance_id == alone.name), "{}", alone.name);
    }

    #[test]
    fn a_missing_group_is_an_error_where_no_row_has_one_or_each_is_left_out() {
        let mut data = Utterances::ravdess();
        data.rows[3].speaker = None;
        let refused = |data: &Utterances, toml: &str| {
            let keys = data.keys();
            let rows: Vec<usize> = (0..keys.len()).collect();
            units(&keys, &rows, &params(toml), &["speaker"], "test", 1).expect_err("refused").to_string()
        };
        let error = refused(&data, "scheme = 'loso'");
        assert!(error.contains("missing from 1 utterance,") && error.contains(&data.rows[3].utterance_id), "{error}");
        data.rows.iter_mut().for_each(|row| row.speaker = None);
        assert!(refused(&data, "").contains("missing from 1440 utterances,"));
    }
}
