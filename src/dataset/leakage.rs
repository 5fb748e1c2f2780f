//! What the sides of a fold share.

use super::{DatasetError, Keys};
use crate::config::SplitParams;
use crate::schema::{Leakage, Split, SplitRow};
use polars::prelude::{Column, DataFrame, IntoLazy, PolarsResult, SortMultipleOptions, col, df, lit};
use std::collections::BTreeMap;

/// Name of a check and the column it compares, in the order of the table.
const CHECKS: [(&str, &str); 3] = [("audio", "audio_hash"), ("speaker", "speaker"), ("text", "text_id")];
/// The pairs of sides, in the order of the table.
const PAIRS: [(&str, Split, Split); 3] = [
    ("dev-test", Split::Dev, Split::Test),
    ("train-dev", Split::Train, Split::Dev),
    ("train-test", Split::Train, Split::Test),
];
/// How many examples a row names.
const EXAMPLES: usize = 3;

/// Counts the speakers, texts and recordings that each two sides of each fold share: nine rows a fold.
///
/// `allowed` says what the scheme promises: shared audio never, shared speakers or texts unless it groups by them. The
/// count is null where no utterance of the fold has the column. Examples are values, and for audio pairs of utterances.
///
/// # Errors
/// A split row of an unknown utterance, or with a word that is no side.
pub fn leakage(keys: &Keys, rows: &[SplitRow], params: &SplitParams) -> Result<Vec<Leakage>, DatasetError> {
    let joined = joined(keys, rows)?;
    let mut found = BTreeMap::new();
    for (check, column) in CHECKS {
        found.insert(check, sightings(&joined, column)?);
    }
    let mut table = Vec::new();
    for fold in super::folds(rows).filter_map(<[SplitRow]>::first) {
        for (check, column) in CHECKS {
            let allowed = check != "audio" && !promised(params, column);
            let seen = found[check].get(&fold.fold).map(Vec::as_slice);
            table.extend(PAIRS.map(|(between, a, b)| {
                let shared = seen.map(|seen| shared(seen, check, a, b));
                Leakage {
                    scheme: fold.scheme.clone(),
                    fold: fold.fold,
                    check: check.to_owned(),
                    between: between.to_owned(),
                    shared: shared.as_ref().map(|shared| shared.len() as i64),
                    allowed,
                    examples: shared
                        .filter(|shared| !shared.is_empty())
                        .map(|shared| shared[..shared.len().min(EXAMPLES)].join(", ")),
                }
            }));
        }
    }
    Ok(table)
}

/// The rows of a leakage table that break a promise: what is shared is not allowed. Possible only where the user fixed
/// the sides.
pub fn violations(table: &[Leakage]) -> Vec<&Leakage> {
    table.iter().filter(|row| !row.allowed && row.shared.unwrap_or(0) > 0).collect()
}

/// Whether the scheme promises that no value of `column` is on two sides.
fn promised(params: &SplitParams, column: &str) -> bool {
    params.grouping().contains(&column)
}

/// A value of a checked column in a fold: the first utterance with it on each side.
struct Sighting {
    value: String,
    first: BTreeMap<Split, String>,
}

/// Split rows with what is known of their utterances.
fn joined(keys: &Keys, rows: &[SplitRow]) -> Result<DataFrame, DatasetError> {
    keys.located(rows)?;
    let query = || -> PolarsResult<DataFrame> {
        let splits = df!(
            "fold" => rows.iter().map(|row| row.fold).collect::<Vec<_>>(),
            "utterance_id" => rows.iter().map(|row| row.utterance_id.as_str()).collect::<Vec<_>>(),
            "split" => rows.iter().map(|row| row.split.as_str()).collect::<Vec<_>>(),
        )?;
        let columns = ["utterance_id", "audio_hash", "speaker", "text_id"].map(col);
        let facts = keys.frame().clone().lazy().select(columns);
        splits.lazy().left_join(facts, col("utterance_id"), col("utterance_id")).collect()
    };
    query().map_err(DatasetError::query("splits"))
}

/// The values of `column` by fold, in order, with the first utterance on each side.
fn sightings(joined: &DataFrame, column: &str) -> Result<BTreeMap<i64, Vec<Sighting>>, DatasetError> {
    sides_of_values(joined, column).and_then(|frame| by_fold(&frame, column)).map_err(DatasetError::query("splits"))
}

fn sides_of_values(joined: &DataFrame, column: &str) -> PolarsResult<DataFrame> {
    let first =
        |side: Split| col("utterance_id").filter(col("split").eq(lit(side.as_str()))).min().alias(side.as_str());
    joined
        .clone()
        .lazy()
        .filter(col(column).is_not_null())
        .group_by([col("fold"), col(column)])
        .agg([first(Split::Train), first(Split::Dev), first(Split::Test)])
        .sort(["fold", column], SortMultipleOptions::default())
        .collect()
}

fn by_fold(frame: &DataFrame, column: &str) -> PolarsResult<BTreeMap<i64, Vec<Sighting>>> {
    let mut folds: BTreeMap<i64, Vec<Sighting>> = BTreeMap::new();
    let numbers = frame.column("fold")?.i64()?;
    let values = frame.column(column)?.str()?;
    let mut sides = Vec::new();
    for side in [Split::Train, Split::Dev, Split::Test] {
        sides.push((side, frame.column(side.as_str()).and_then(Column::str)?));
    }
    for row in 0..frame.height() {
        let first = sides.iter().filter_map(|(side, ids)| Some((*side, ids.get(row)?.to_owned()))).collect();
        let sighting = Sighting { value: values.get(row).unwrap_or_default().to_owned(), first };
        folds.entry(numbers.get(row).unwrap_or_default()).or_default().push(sighting);
    }
    Ok(folds)
}

/// What both sides have, as examples name it, in order.
fn shared(seen: &[Sighting], check: &str, a: Split, b: Split) -> Vec<String> {
    let both = seen.iter().filter_map(|seen| Some((seen, seen.first.get(&a)?, seen.first.get(&b)?)));
    let mut names: Vec<String> = both
        .map(|(seen, a, b)| match check {
            "audio" => format!("{a} = {b}"),
            _ => seen.value.clone(),
        })
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::super::assign;
    use super::super::testing::Utterances;
    use super::*;
    use crate::config::Split as SplitSection;

    fn table(data: &Utterances, toml: &str) -> Vec<Leakage> {
        let keys = data.keys();
        let params = toml::from_str::<SplitSection>(toml).expect("well-formed").check().expect("legal");
        let rows = assign(&keys, &params, 1).expect("a split").rows;
        leakage(&keys, &rows, &params).expect("a leakage table")
    }

    fn row<'a>(table: &'a [Leakage], fold: i64, check: &str, between: &str) -> &'a Leakage {
        let found = table.iter().find(|row| row.fold == fold && row.check == check && row.between == between);
        found.expect("every fold has all nine rows")
    }

    #[test]
    fn each_scheme_says_what_is_shared() {
        let data = Utterances::ravdess();
        let cases =
            [("", Some(0), false), ("scheme = 'stratified'", Some(24), true), ("scheme = 'loso'", Some(0), false)];
        for (toml, speakers, allowed) in cases {
            let table = table(&data, toml);
            let speaker = row(&table, 0, "speaker", "train-test");
            assert_eq!((speaker.shared, speaker.allowed), (speakers, allowed), "{toml}");
            let text = row(&table, 0, "text", "train-test");
            assert_eq!((text.shared, text.allowed), (Some(2), true), "{toml}");
            assert_eq!(text.examples.as_deref(), Some("ravdess/01, ravdess/02"));
            let audio = row(&table, 0, "audio", "train-test");
            assert_eq!((audio.shared, audio.allowed), (Some(0), false), "{toml}");
            assert!(violations(&table).is_empty());
        }
    }

    #[test]
    fn every_fold_has_nine_rows_in_key_order() {
        let table = table(&Utterances::ravdess(), "scheme = 'group-k-fold'\nfolds = 4\ndev = 0");
        assert_eq!(table.len(), 4 * 9);
        let keys: Vec<_> = table.iter().map(|row| (row.fold, &row.check, &row.between)).collect();
        assert!(keys.is_sorted());
        assert_eq!(row(&table, 3, "text", "dev-test").shared, Some(0), "no dev side shares nothing");
    }

    #[test]
    fn three_speakers_are_examples_enough() {
        let table = table(&Utterances::ravdess(), "scheme = 'stratified'");
        let speaker = row(&table, 0, "speaker", "train-test");
        assert_eq!(speaker.examples.as_deref(), Some("ravdess/01, ravdess/02, ravdess/03"));
    }

    #[test]
    fn a_column_nobody_has_counts_as_null() {
        let mut data = Utterances::ravdess();
        data.rows.iter_mut().for_each(|row| row.text_id = None);
        let table = table(&data, "");
        assert_eq!(row(&table, 0, "text", "train-test").shared, None);
        assert_eq!(row(&table, 0, "text", "train-test").examples, None);
    }

    #[test]
    fn promises_broken_by_fixed_sides_are_violations() {
        let mut data = Utterances::ravdess();
        let sides = ["train", "test"];
        data.rows.iter_mut().enumerate().for_each(|(at, row)| row.room = Some(sides[at % 2].to_owned()));
        let (a, b) = (data.rows[0].utterance_id.clone(), data.rows[1].utterance_id.clone());
        data.rows[1].audio_hash = data.rows[0].audio_hash.clone();

        let free = table(&data, "scheme = 'predefined'\ncolumn = 'room'");
        let checks: Vec<_> = violations(&free).iter().map(|row| row.check.as_str()).collect();
        assert_eq!(checks, ["audio"], "shared speakers were not promised away");
        let examples = violations(&free)[0].examples.clone().unwrap_or_default();
        assert!(examples.starts_with(&format!("{a} = {b}, ")), "{examples}");

        let promised = table(&data, "scheme = 'predefined'\ncolumn = 'room'\ngroup_by = 'speaker'");
        let checks: Vec<_> = violations(&promised).iter().map(|row| row.check.as_str()).collect();
        assert_eq!(checks, ["audio", "speaker"]);
    }

    #[test]
    fn a_split_of_other_utterances_is_refused() {
        let keys = Utterances::ravdess().keys();
        let params = SplitSection::default().check().expect("legal");
        let mut rows = assign(&keys, &params, 1).expect("a split").rows;
        rows[0].utterance_id = "ravdess/gone".to_owned();
        let error = leakage(&keys, &rows, &params).expect_err("an unknown utterance").to_string();
        assert!(error.contains("ravdess/gone"), "{error}");
    }
}
