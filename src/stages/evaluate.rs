//! Reads predictions, keys and the other small tables; writes metrics, metrics.json, comparisons, calibration, confusions,
//! report.md, report.html and report/*.svg.

mod numbers;

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::SplitParams;
use crate::eval::{Outcome, Outcomes, Resampling, sort_metrics};
use crate::options;
use crate::report;
use crate::schema::{
    Deployed, Estimate, FUSION, Fit, Importance, LabelCount, Leakage, LearningCurve, Metric, PROBABILITY_PREFIX,
    Prediction, Reject, Row, SELECTED, Side, SplitRow, Table, Track, Tuning, Utterance,
};
use crate::storage::Store;

use super::facts::{self, Figures, Splits, Tables, Utterances};
use super::features_table::{self, FeaturesTable};
use super::{Context, Done, Prepared, Stage, StageError, StageName, Written, output};

/// The figures again, for programs that read no Parquet.
const FLAT: &str = "metrics.json";

/// The evaluate stage.
pub struct Evaluate;

impl Stage for Evaluate {
    const NAME: StageName = StageName::Evaluate;
    const KEYS: &'static [&'static str] = &[
        "name",
        "seed",
        "task",
        "target",
        "regression",
        "augment",
        "features",
        "split",
        "normalize",
        "train",
        "tune",
        "fusion",
        "evaluate",
    ];
    type Work = FeaturesTable;

    fn config_hash(context: &Context) -> String {
        let parameters = &context.parameters;
        if let Some(regression) = &parameters.regression {
            let pipeline = &parameters.pipeline;
            let of_report = (&pipeline.name, pipeline.seed, &pipeline.evaluate, regression);
            return options::config_hash(&(of_report, &parameters.features, &parameters.split, &parameters.normalize));
        }
        options::config_hash(&(
            (&parameters.pipeline.name, parameters.pipeline.seed, &parameters.pipeline.evaluate),
            (&parameters.augment, &parameters.features, &parameters.split, &parameters.normalize, &parameters.models),
            // It moves no row, but the report states the hash of train.
            (&parameters.tune, &parameters.fusion, parameters.pipeline.train.keep_fold_models),
        ))
    }

    fn prepare(context: &Context) -> Result<Prepared<Self::Work>, StageError> {
        let features = FeaturesTable::find(context.out)?;
        let mut inputs = features.keys_input();
        // The report says whose features they are.
        inputs.extend(features.of_others().map(|hash| (features_table::OF_OTHERS.to_owned(), hash.to_owned())));
        for (name, hash) in input_hashes(context.out)? {
            inputs.insert(name.to_owned(), hash);
        }
        if context.parameters.regression.is_some() {
            inputs.insert("estimates".to_owned(), output::content_hash::<Estimate>(context.out, StageName::Train)?);
        }
        Ok(Prepared::new(Self::config_hash(context), inputs, features))
    }

    fn amount(_: &Context, _: Prepared<Self::Work>) -> Result<String, StageError> {
        Ok("every prediction".to_owned())
    }

    fn run(context: &Context, prepared: Prepared<Self::Work>) -> Result<Done, StageError> {
        if let Some(regression) = &context.parameters.regression {
            return numbers::evaluate(context, &prepared, regression);
        }
        let slices = &context.parameters.pipeline.evaluate.slices;
        let utterances = Utterances::read(context.out, &prepared.work, slices)?;
        let outcomes_of = |side| outcomes(context.out, &utterances, track(context), slices, side);
        let outcomes = outcomes_of(Side::Test)?;
        let is_crossed = matches!(context.parameters.split, SplitParams::Crossed { .. });
        let seen = if is_crossed { Some(outcomes_of(Side::Seen)?) } else { None };
        let tables = read(context.out, utterances)?;
        let names = facts::model_names(&context.parameters.models, &outcomes);
        let parameters = &context.parameters.pipeline;
        let headline = parameters.evaluate.headline(&names)?;
        let resampling = Resampling { resamples: parameters.evaluate.bootstrap, seed: parameters.seed };
        let mut figures = figures(&outcomes, headline, resampling)?;
        figures.metrics = with_seen(figures.metrics, seen.as_ref(), resampling);
        let summary = summarize(&figures.metrics, headline);
        let facts = facts::gather(context, &prepared, &tables, &outcomes, headline, figures.clone())?;
        let flat = report::flat(&figures.metrics, headline);
        let Figures { metrics, comparisons, calibration, confused } = figures;
        let mut outputs = vec![
            put(context, &prepared, metrics)?,
            put(context, &prepared, comparisons)?,
            put(context, &prepared, calibration)?,
            put(context, &prepared, confused)?,
        ];
        outputs.push(output::put(context.out, FLAT, flat.as_bytes())?);
        outputs.extend(put_report(context.out, &facts)?);
        let counts = BTreeMap::from([("models".to_owned(), names.len() as u64)]);
        Ok(Done { outputs, counts, summary, ..Done::default() })
    }
}

fn track(context: &Context) -> Track {
    if context.parameters.is_transductive() { Track::Transductive } else { Track::Inductive }
}

fn figures(outcomes: &Outcomes, headline: &str, resampling: Resampling) -> Result<Figures, StageError> {
    let selected = outcomes.models().find(|model| *model == SELECTED && *model != headline);
    let compared: Vec<&str> = std::iter::once(headline).chain(selected).collect();
    Ok(Figures {
        metrics: outcomes.metrics(resampling),
        comparisons: outcomes.comparisons(&compared, resampling)?,
        calibration: outcomes.calibration(),
        confused: outcomes.confusions(),
    })
}

/// Metrics of the test rows, and in a slice of their own those of the rows beside them whose sentences training has seen.
fn with_seen(mut metrics: Vec<Metric>, seen: Option<&Outcomes>, resampling: Resampling) -> Vec<Metric> {
    let beside = seen.into_iter().flat_map(|seen| seen.metrics(resampling)).filter(|row| row.slice == "overall");
    metrics.extend(beside.map(|row| Metric { slice: Side::Seen.as_str().to_owned(), ..row }));
    sort_metrics(&mut metrics);
    metrics
}

fn put<R: Row>(context: &Context, prepared: &Prepared<FeaturesTable>, rows: Vec<R>) -> Result<Written, StageError> {
    output::put_table(context.out, &Table::from(rows), &prepared.config_hash, &prepared.inputs)
}

/// Content hashes of the tables that the report is made from.
fn input_hashes(out: &dyn Store) -> Result<[(&'static str, String); 12], StageError> {
    Ok([
        ("utterances", output::content_hash::<Utterance>(out, StageName::Ingest)?),
        ("labels", output::content_hash::<LabelCount>(out, StageName::Ingest)?),
        ("rejects", output::content_hash::<Reject>(out, StageName::Extract)?),
        ("splits", output::content_hash::<SplitRow>(out, StageName::Split)?),
        ("leakage", output::content_hash::<Leakage>(out, StageName::Split)?),
        ("normalization", output::content_hash::<crate::schema::Normalization>(out, StageName::Normalize)?),
        ("fits", output::content_hash::<Fit>(out, StageName::Train)?),
        ("predictions", output::content_hash::<Prediction>(out, StageName::Train)?),
        ("learning_curves", output::content_hash::<LearningCurve>(out, StageName::Train)?),
        ("tuning", output::content_hash::<Tuning>(out, StageName::Train)?),
        ("importance", output::content_hash::<Importance>(out, StageName::Train)?),
        ("deployed", output::content_hash::<Deployed>(out, StageName::Train)?),
    ])
}

fn read(out: &dyn Store, utterances: Utterances) -> Result<Tables, StageError> {
    Ok(Tables {
        labels: output::get_table::<LabelCount>(out, StageName::Ingest)?.0.rows,
        rejects: facts::reject_counts(output::get_batches(out, StageName::Extract)?.1)?,
        splits: Splits::count(&utterances, output::get_batches(out, StageName::Split)?.1)?,
        leakage: output::get_table::<Leakage>(out, StageName::Split)?.0.rows,
        fits: output::get_table::<Fit>(out, StageName::Train)?.0.rows,
        curves: output::get_table::<LearningCurve>(out, StageName::Train)?.0.rows,
        tuning: output::get_table::<Tuning>(out, StageName::Train)?.0.rows,
        importance: output::get_table::<Importance>(out, StageName::Train)?.0.rows,
        deployed: output::get_table::<Deployed>(out, StageName::Train)?.0.rows,
        utterances,
    })
}

/// The rows on a side under each model.
fn outcomes(
    out: &dyn Store,
    utterances: &Utterances,
    track: Track,
    slices: &[String],
    side: Side,
) -> Result<Outcomes, StageError> {
    let (columns, batches) = output::get_batches::<Prediction>(out, StageName::Train)?;
    let mut outcomes = Outcomes::new(&classes(&columns), track).with_slices(slices);
    for predictions in batches {
        let predictions = predictions?;
        for (index, row) in predictions.rows.iter().enumerate().filter(|(_, row)| row.split == side.as_str()) {
            let Some(number) = utterances.find(&row.utterance_id) else {
                return Err(StageError::MissingTable { table: "features".to_owned(), stage: "extract" });
            };
            outcomes.add(&Outcome {
                utterance_id: &row.utterance_id,
                model: &row.model,
                fold: row.fold,
                seed: row.seed,
                truth: &row.truth,
                predicted: &row.predicted,
                probabilities: predictions.float.row(index),
                corpus: utterances.corpora.get(number).unwrap_or_default(),
                speaker: utterances.speakers.get(number),
                gender: utterances.genders.get(number),
                groups: &utterances.groups(number),
            })?;
        }
    }
    Ok(outcomes)
}

/// The classes that have a column of probabilities, in the order of the columns.
fn classes(columns: &[String]) -> Vec<String> {
    columns.iter().map(|name| name.strip_prefix(PROBABILITY_PREFIX).unwrap_or(name).to_owned()).collect()
}

/// Writes plots and report, and takes away plots of models that are no longer there.
fn put_report(out: &dyn Store, facts: &report::Facts) -> Result<Vec<Written>, StageError> {
    let mut outputs = Vec::new();
    for (name, svg) in report::plots(facts)? {
        outputs.push(output::put(out, &format!("{}/{name}", report::PLOT_FOLDER), svg.as_bytes())?);
    }
    let wanted = outputs.iter().map(|written| written.path.clone()).collect::<BTreeSet<_>>();
    output::remove_others(out, out.list(report::PLOT_FOLDER)?.into_iter(), &wanted, report::is_plot)?;
    for (path, text) in [("report.md", report::markdown(facts)), ("report.html", report::html(facts)?)] {
        outputs.push(output::put(out, path, text.as_bytes())?);
    }
    Ok(outputs)
}

fn summarize(metrics: &[Metric], headline: &str) -> String {
    let overall = || metrics.iter().filter(|row| row.slice == "overall" && row.metric == "uar");
    let row = overall().find(|row| row.model == headline);
    let Some((row, uar)) = row.and_then(|row| Some((row, row.value?))) else {
        return format!("{headline}: no figure");
    };
    let interval = row.low.zip(row.high).map(|(low, high)| format!(" [{low:.3}, {high:.3}]")).unwrap_or_default();
    // What is put together of the others is no baseline, nor is what the report leads with.
    let baselines = overall().filter(|row| ![headline, FUSION, SELECTED].contains(&row.model.as_str()));
    let best = baselines.filter_map(|row| Some((row.value?, &row.model))).max_by(|a, b| a.0.total_cmp(&b.0));
    let best = best.map(|(value, model)| format!("; best baseline {model} {value:.3}")).unwrap_or_default();
    format!("{headline} UAR {uar:.3}{interval}{best}, {}", row.track)
}

#[cfg(test)]
mod tests;
