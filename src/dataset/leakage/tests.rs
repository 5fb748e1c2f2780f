use super::*;
use crate::dataset::testing::Utterances;
use crate::dataset::{SplitSection, assign};

fn table(data: &Utterances, toml: &str) -> Vec<Leakage> {
    let keys = data.keys();
    let params = toml::from_str::<SplitSection>(toml).expect("well-formed").check().expect("legal");
    let folds = assign(&keys, &params, 1).expect("a split").folds;
    leakage(&keys, &folds, &params).expect("a leakage table")
}

fn row<'a>(table: &'a [Leakage], fold: i64, check: &str, between: &str) -> &'a Leakage {
    let found = table.iter().find(|row| row.fold == fold && row.check == check && row.between == between);
    found.expect("every fold has all its rows")
}

#[test]
fn each_scheme_says_what_is_shared() {
    let data = Utterances::ravdess();
    let cases = [("", Some(0), false), ("scheme = 'stratified'", Some(24), true), ("scheme = 'loso'", Some(0), false)];
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
fn every_fold_has_its_rows_in_key_order() {
    let table = table(&Utterances::ravdess(), "scheme = 'group-k-fold'\nfolds = 4\ndev = 0");
    assert_eq!(table.len(), 4 * 12);
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
fn what_models_learn_from_is_train_and_dev_together() {
    let data = Utterances::ravdess();
    let table = table(&data, "scheme = 'stratified'\ntest = 0.02\ndev = 0.02");
    let shared = |between| row(&table, 0, "speaker", between).shared.expect("known");
    assert!(shared("train+dev-test") >= shared("train-test").max(shared("dev-test")));
}

#[test]
fn segments_that_overlap_stay_together_and_fixed_sides_that_tear_them_apart_are_a_violation() {
    let data = Utterances::ravdess();
    let mut rows = data.table();
    for pair in rows.rows.chunks_mut(2) {
        let path = pair[0].path.clone();
        for (row, (start, end)) in pair.iter_mut().zip([(0.0, 1.0), (0.5, 1.5)]) {
            (row.path, row.start_s, row.end_s) = (path.clone(), Some(start), Some(end));
        }
    }
    rows.text.values = (0..rows.rows.len()).map(|at| Some(["train", "test"][at % 2].to_owned())).collect();
    let keys = crate::dataset::Keys::new(&rows).expect("legal rows");
    let checked = |toml: &str| {
        let params = toml::from_str::<SplitSection>(toml).expect("well-formed").check().expect("legal");
        let folds = assign(&keys, &params, 1).expect("a split").folds;
        leakage(&keys, &folds, &params).expect("a leakage table")
    };
    assert_eq!(row(&checked("scheme = 'stratified'"), 0, "overlap", "train+dev-test").shared, Some(0));
    let fixed = checked("scheme = 'predefined'\ncolumn = 'room'");
    let violated = violations(&fixed).into_iter().any(|row| row.check == "overlap" && row.between == "train-test");
    assert!(violated, "{:?}", violations(&fixed));
}

#[test]
fn equal_silence_on_two_sides_is_no_leak() {
    let mut data = Utterances::ravdess();
    let sides = ["train", "test"];
    data.rows.iter_mut().enumerate().for_each(|(at, row)| row.room = Some(sides[at % 2].to_owned()));
    let audio = |data: &Utterances| {
        let table = table(data, "scheme = 'predefined'\ncolumn = 'room'");
        row(&table, 0, "audio", "train-test").shared.expect("known")
    };
    let before = audio(&data);
    data.rows[11].audio_hash = data.rows[10].audio_hash.clone();
    assert_eq!(audio(&data), before + 1);
    data.rows[10].signal = Some("silent".to_owned());
    data.rows[11].signal = Some("silent cancels".to_owned());
    assert_eq!(audio(&data), before);
}
