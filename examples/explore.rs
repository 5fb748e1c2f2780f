//! What is in the tables of a run:
//!
//!     cargo run --release --example explore -- RUN_FOLDER [FEATURE]
//!
//! ser-etl's readers check and type the tables; Polars groups and sorts. ser-etl builds Polars without its query engine
//! and its Parquet reader: a program of your own may take them (features `lazy` and `parquet`) and scan the files.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "an example is a program of its own")]

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, bail};
use polars::prelude::{AnyValue, ChunkQuantile, DataFrame, QuantileMethod, SortMultipleOptions, df};
use ser_etl::schema::{FeatureKeys, Prediction, Side, Table};
use ser_etl::storage::{LocalStore, Store};
use ser_etl::table;

const USAGE: &str = "usage: cargo run --release --example explore -- RUN_FOLDER [FEATURE]";
const WANTED: &str = "give the `out` folder of a finished `ser run`";
/// Models to look at where the run has them, this one first.
const PREFERRED: [&str; 2] = ["selected", "mlp"];
/// Speakers that are shown.
const SPEAKERS: usize = 10;

fn main() -> anyhow::Result<()> {
    let arguments = std::env::args().skip(1).collect::<Vec<_>>();
    let (run, feature) = match arguments.as_slice() {
        [run] => (LocalStore::new(run), "log_energy_db_mean"),
        [run, feature] => (LocalStore::new(run), feature.as_str()),
        _ => bail!(USAGE),
    };
    let features = read_features(&run)?;
    let predictions = read_predictions(&run)?;
    let models = predictions.iter().map(|row| row.model.as_str()).collect::<Vec<_>>();
    let preferred = PREFERRED.into_iter().find(|model| models.contains(model));
    let model = preferred.or(models.first().copied()).context("predictions.parquet has no test rows")?;

    let tables = [
        ("Class balance".to_owned(), class_balance(&features)?),
        (format!("{feature} by emotion"), distribution(&features, feature)?),
        (format!("Test speakers under {model}, worst first"), speakers(&features, &predictions, model)?),
    ];
    for (title, table) in &tables {
        println!("{title}\n{}", show(table)?);
    }
    Ok(())
}

/// The features table; altered copies for training are no utterances of their own.
fn read_features(run: &LocalStore) -> anyhow::Result<Table<FeatureKeys>> {
    let mut features = Table::<FeatureKeys>::default();
    for part in run.list("features")?.iter().filter(|part| part.path.ends_with(".parquet")) {
        table::append(&mut features, table::read(run.get(&part.path)?)?.0)?;
    }
    features.retain(|row| row.augmented_from.is_none());
    match features.rows.as_slice() {
        [] => bail!("no features/*.parquet in `{}`: {WANTED}", run.root()),
        _ => Ok(features),
    }
}

/// Test rows of the reported fits.
fn read_predictions(run: &LocalStore) -> anyhow::Result<Vec<Prediction>> {
    let rows = table::read::<Prediction>(run.get("predictions.parquet").context(WANTED)?)?.0.rows;
    Ok(rows.into_iter().filter(|row| row.split == Side::Test.as_str() && row.seed == 0).collect())
}

fn class_balance(features: &Table<FeatureKeys>) -> anyhow::Result<DataFrame> {
    let frame = df![
        "emotion" => emotions(features),
        "speaker" => features.rows.iter().map(|row| row.speaker.as_deref()).collect::<Vec<_>>(),
    ]?;
    let all = frame.height() as f64;
    let balance = frame.group_by(["emotion"])?.apply(|group| {
        df![
            "emotion" => [group.column("emotion")?.str()?.get(0)],
            "utterances" => [group.height() as u64],
            "speakers" => [group.column("speaker")?.n_unique()? as u64],
            "percent" => [100.0 * group.height() as f64 / all],
        ]
    })?;
    Ok(balance.sort(["emotion"], SortMultipleOptions::default())?)
}

/// Quartiles of a feature by emotion.
fn distribution(features: &Table<FeatureKeys>, name: &str) -> anyhow::Result<DataFrame> {
    let names = &features.float.names;
    let Some(at) = names.iter().position(|column| column == name) else {
        bail!("no feature `{name}`; feature_dictionary.parquet lists all {}, such as `{}`", names.len(), names[0]);
    };
    let values = (0..features.rows.len()).map(|row| features.float.row(row)[at]);
    let frame = df![
        "emotion" => emotions(features),
        "value" => values.map(|value| Some(value).filter(|value| value.is_finite())).collect::<Vec<_>>(),
    ]?;
    let quartiles = frame.group_by(["emotion"])?.apply(|group| {
        let value = group.column("value")?.f32()?;
        df![
            "emotion" => [group.column("emotion")?.str()?.get(0)],
            "n" => [(value.len() - value.null_count()) as u64],
            "p25" => [value.quantile(0.25, QuantileMethod::Linear)?],
            "median" => [value.quantile(0.5, QuantileMethod::Linear)?],
            "p75" => [value.quantile(0.75, QuantileMethod::Linear)?],
        ]
    })?;
    Ok(quartiles.sort(["median"], SortMultipleOptions::default())?)
}

/// How much of each test speaker a model recognizes, and what it gets wrong.
fn speakers(features: &Table<FeatureKeys>, predictions: &[Prediction], model: &str) -> anyhow::Result<DataFrame> {
    let keys = features.rows.iter().map(|row| (row.utterance_id.as_str(), row)).collect::<HashMap<_, _>>();
    let rows = predictions.iter().filter(|row| row.model == model);
    let rows = rows.filter_map(|row| Some((row, *keys.get(row.utterance_id.as_str())?))).collect::<Vec<_>>();
    let frame = df![
        "speaker" => rows.iter().map(|(_, key)| key.speaker.as_deref()).collect::<Vec<_>>(),
        "gender" => rows.iter().map(|(_, key)| key.gender.as_deref()).collect::<Vec<_>>(),
        "mistake" => rows.iter().map(|(row, _)| mistake(row)).collect::<Vec<_>>(),
    ]?;
    let recognized = frame.group_by(["speaker", "gender"])?.apply(|group| {
        let mistakes = group.column("mistake")?.str()?;
        df![
            "speaker" => [group.column("speaker")?.str()?.get(0)],
            "gender" => [group.column("gender")?.str()?.get(0)],
            "utterances" => [group.height() as u64],
            "recognized %" => [100.0 * mistakes.null_count() as f64 / group.height() as f64],
            "most frequent mistake" => [most_frequent(mistakes.iter().flatten())],
        ]
    })?;
    Ok(recognized.sort(["recognized %", "speaker"], SortMultipleOptions::default())?.head(Some(SPEAKERS)))
}

fn mistake(row: &Prediction) -> Option<String> {
    (row.truth != row.predicted).then(|| format!("{} as {}", row.truth, row.predicted))
}

fn emotions(features: &Table<FeatureKeys>) -> Vec<&str> {
    features.rows.iter().map(|row| row.emotion.as_str()).collect()
}

/// The first by name of those that occur most.
fn most_frequent<'a>(words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts = BTreeMap::<&str, usize>::new();
    words.for_each(|word| *counts.entry(word).or_default() += 1);
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(word, _)| word)
}

/// A Markdown table, numbers to the right.
fn show(frame: &DataFrame) -> anyhow::Result<String> {
    let mut lines = vec![String::from("|"); frame.height() + 2];
    for column in frame.columns() {
        let cells = (0..frame.height()).map(|row| Ok(cell(column.get(row)?))).collect::<anyhow::Result<Vec<_>>>()?;
        let name = column.name().to_string();
        let width = cells.iter().chain([&name]).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let text = column.dtype().is_string();
        let rule = format!("{:-<width$}{}", "", if text { "-" } else { ":" });
        lines[1] += &format!("-{rule}|");
        for (line, cell) in [0].into_iter().chain(2..).zip([name].iter().chain(&cells)) {
            lines[line] += &if text { format!(" {cell:<width$} |") } else { format!(" {cell:>width$} |") };
        }
    }
    Ok(lines.join("\n") + "\n")
}

fn cell(value: AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => "–".to_owned(),
        AnyValue::String(text) => text.to_owned(),
        AnyValue::Float32(value) => format!("{value:.2}"),
        AnyValue::Float64(value) => format!("{value:.2}"),
        other => other.to_string(),
    }
}
