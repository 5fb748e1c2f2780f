//! Reads predictions, keys and the other small tables; writes metrics, comparisons, report.md, report.html and
//! report/*.svg.

use std::collections::{BTreeMap, BTreeSet};

use crate::config;
use crate::eval::{Outcome, Resampling, Tally};
use crate::report;
use crate::schema::{
    Comparison, FeatureKeys, Fit, LabelCount, Leakage, LearningCurve, Metric, Prediction, Reject, Split, SplitRow,
    Table, Utterance,
};
use crate::storage::Store;

use super::facts::{self, Tables};
use super::features_table::{self, FeaturesTable};
use super::{Context, Done, Prepared, Stage, StageError, StageName, output};

/// The evaluate stage.
pub struct Evaluate;

impl Stage for Evaluate {
    const NAME: StageName = StageName::Evaluate;
    type Work = Table<FeatureKeys>;

    fn config_hash(context: &Context) -> String {
        let parameters = &context.parameters;
        config::config_hash(&(
            (&parameters.pipeline.name, parameters.pipeline.seed, &parameters.pipeline.evaluate),
            (&parameters.augment, &parameters.features, &parameters.split, &parameters.models),
        ))
    }

    fn prepare(context: &Context) -> Result<Prepared<Self::Work>, StageError> {
        let keys = FeaturesTable::find(context.out)?.keys(context.out)?;
        let mut inputs = BTreeMap::from([features_table::keys_input(&keys)]);
        for (name, hash) in input_hashes(context.out)? {
            inputs.insert(name.to_owned(), hash);
        }
        Ok(Prepared {
            config_hash: Self::config_hash(context),
            inputs,
            amount: "every prediction".to_owned(),
            work: keys,
        })
    }

    fn run(context: &Context, mut prepared: Prepared<Self::Work>) -> Result<Done, StageError> {
        let tables = read(context.out, std::mem::take(&mut prepared.work))?;
        let classes = facts::classes(&tables.predictions.rows);
        let tally = tally(&tables, &classes)?;
        let parameters = &context.parameters.pipeline;
        let resampling = Resampling { resamples: parameters.evaluate.bootstrap, seed: parameters.seed };
        let metrics = tally.metrics(resampling);
        let names = context.parameters.models.iter().map(|spec| spec.kind().as_str()).collect::<Vec<_>>();
        let headline = parameters.evaluate.headline(&names)?;
        let comparisons = tally.comparisons(headline, resampling)?;
        let facts = facts::gather(context, &prepared, &tables, &tally, headline, (&metrics, &comparisons))?;
        let summary = summarize(&metrics, headline);
        let mut outputs = vec![
            output::put_table(context.out, &Table::<Metric>::from(metrics), &prepared.config_hash, &prepared.inputs)?,
            output::put_table(
                context.out,
                &Table::<Comparison>::from(sorted(comparisons)),
                &prepared.config_hash,
                &prepared.inputs,
            )?,
        ];
        outputs.extend(put_report(context.out, &facts)?);
        let counts = BTreeMap::from([("models".to_owned(), names.len() as u64)]);
        Ok(Done { outputs, counts, summary, warnings: Vec::new() })
    }
}

/// Content hashes of the tables that the report is made from.
fn input_hashes(out: &dyn Store) -> Result<[(&'static str, String); 9], StageError> {
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
    ])
}

fn read(out: &dyn Store, mut keys: Table<FeatureKeys>) -> Result<Tables, StageError> {
    let rows = keys.rows.len();
    // No figure counts augmented rows, and a prediction for one is refused.
    keys.retain(|row| row.augmented_from.is_none());
    Ok(Tables {
        augmented: (rows - keys.rows.len()) as i64,
        keys,
        labels: output::get_table::<LabelCount>(out, StageName::Ingest)?.0.rows,
        rejects: output::get_table::<Reject>(out, StageName::Extract)?.0.rows,
        splits: output::get_table::<SplitRow>(out, StageName::Split)?.0.rows,
        leakage: output::get_table::<Leakage>(out, StageName::Split)?.0.rows,
        fits: output::get_table::<Fit>(out, StageName::Train)?.0.rows,
        predictions: output::get_table::<Prediction>(out, StageName::Train)?.0,
        curves: output::get_table::<LearningCurve>(out, StageName::Train)?.0.rows,
    })
}

fn tally(tables: &Tables, classes: &[String]) -> Result<Tally, StageError> {
    let keys = tables.keys.rows.iter().map(|row| (row.utterance_id.as_str(), row));
    let keys = keys.collect::<BTreeMap<_, &FeatureKeys>>();
    let mut tally = Tally::new(classes);
    for row in tables.predictions.rows.iter().filter(|row| row.split == Split::Test.as_str()) {
        let Some(key) = keys.get(row.utterance_id.as_str()) else {
            return Err(StageError::MissingTable { table: "features".to_owned(), stage: "extract" });
        };
        tally.add(&Outcome {
            utterance_id: &row.utterance_id,
            model: &row.model,
            fold: row.fold,
            truth: &row.truth,
            predicted: &row.predicted,
            corpus: &key.corpus,
            speaker: key.speaker.as_deref(),
            gender: key.gender.as_deref(),
        })?;
    }
    Ok(tally)
}

fn sorted(mut comparisons: Vec<Comparison>) -> Vec<Comparison> {
    comparisons.sort_by(|a, b| (&a.model_a, &a.model_b, &a.metric).cmp(&(&b.model_a, &b.model_b, &b.metric)));
    comparisons
}

/// Writes plots and report, and takes away plots of models that are no longer there.
fn put_report(out: &dyn Store, facts: &report::Facts) -> Result<Vec<String>, StageError> {
    let mut outputs = Vec::new();
    for (name, svg) in report::plots(facts)? {
        let path = format!("{}/{name}", report::PLOT_FOLDER);
        out.put(&path, svg.as_bytes())?;
        outputs.push(path);
    }
    let wanted = outputs.iter().cloned().collect::<BTreeSet<_>>();
    output::remove_others(out, out.list(report::PLOT_FOLDER)?.into_iter(), &wanted, report::is_plot)?;
    for (path, text) in [("report.md", report::markdown(facts)), ("report.html", report::html(facts)?)] {
        out.put(path, text.as_bytes())?;
        outputs.push(path.to_owned());
    }
    Ok(outputs)
}

fn summarize(metrics: &[Metric], headline: &str) -> String {
    let overall = |model: &str, metric: &str| {
        let row = metrics.iter().find(|row| row.model == model && row.slice == "overall" && row.metric == metric);
        row.and_then(|row| Some((row.value?, row.low.zip(row.high))))
    };
    let Some((uar, interval)) = overall(headline, "uar") else { return format!("{headline}: no figure") };
    let interval = interval.map(|(low, high)| format!(" [{low:.3}, {high:.3}]")).unwrap_or_default();
    let best = metrics.iter().filter(|row| row.slice == "overall" && row.metric == "uar");
    let best = best.filter_map(|row| Some((row.value?, &row.model))).max_by(|a, b| a.0.total_cmp(&b.0));
    let best = best.map(|(value, model)| format!("; best {model} {value:.3}")).unwrap_or_default();
    format!("{headline} UAR {uar:.3}{interval}{best}")
}
