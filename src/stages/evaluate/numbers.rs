//! Evaluate where the task is regression: the figures of numbers, and their report.

use std::collections::BTreeMap;

use super::{FLAT, put_report, read, track};
use crate::eval::{Agreements, Difference, Outcomes, Pair, Resampling};
use crate::model::Regression;
use crate::report;
use crate::schema::{Comparison, Estimate, Metric, SELECTED, Table};
use crate::stages::facts::{self, Figures, Utterances};
use crate::stages::features_table::FeaturesTable;
use crate::stages::{Context, Done, Prepared, StageError, StageName, output};

/// Computes CCC, Pearson and RMSE with intervals, compares the headline model with each other one, and writes the report.
pub fn evaluate(
    context: &Context,
    prepared: &Prepared<FeaturesTable>,
    regression: &Regression,
) -> Result<Done, StageError> {
    let (pipeline, out) = (&context.parameters.pipeline, context.out);
    let slices = &pipeline.evaluate.slices;
    let utterances = Utterances::read(out, &prepared.work, slices)?;
    let agreements = agreements(context, &utterances)?;
    let tables = read(out, utterances)?;
    let names = regression.model_names();
    let headline = pipeline.evaluate.headline(&names)?;
    let resampling = Resampling { resamples: pipeline.evaluate.bootstrap, seed: pipeline.seed };
    let metrics = agreements.metrics(track(context), resampling);
    let comparisons = comparisons(&agreements, &names, headline, resampling, &track(context).to_string());
    let summary = summarize(&metrics, headline);
    let figures = Figures {
        metrics: metrics.clone(),
        comparisons: comparisons.clone(),
        calibration: Vec::new(),
        confused: Vec::new(),
    };
    let none = Outcomes::new(&[], track(context));
    let facts = facts::gather(context, prepared, &tables, &none, headline, figures)?;
    let (hash, inputs) = (&prepared.config_hash, &prepared.inputs);
    let flat = report::flat(&metrics, headline);
    let mut outputs = vec![
        output::put_table(out, &Table::from(metrics), hash, inputs)?,
        output::put_table(out, &Table::from(comparisons), hash, inputs)?,
        output::put_table(out, &Table::<crate::schema::Calibration>::default(), hash, inputs)?,
        output::put_table(out, &Table::<crate::schema::ConfusedPair>::default(), hash, inputs)?,
        output::put(out, FLAT, flat.as_bytes())?,
    ];
    outputs.extend(put_report(out, &facts)?);
    let counts = BTreeMap::from([("models".to_owned(), names.len() as u64)]);
    Ok(Done { outputs, counts, summary, ..Done::default() })
}

fn agreements(context: &Context, utterances: &Utterances) -> Result<Agreements, StageError> {
    let slices = &context.parameters.pipeline.evaluate.slices;
    let mut rows = Vec::new();
    for batch in output::get_batches::<Estimate>(context.out, StageName::Train)?.1 {
        rows.extend(batch?.rows);
    }
    // Sums of small numbers lose less.
    let center = rows.iter().map(|row| row.truth).sum::<f64>() / rows.len().max(1) as f64;
    let mut agreements = Agreements::new(slices);
    for row in &rows {
        let Some(number) = utterances.find(&row.utterance_id) else {
            return Err(StageError::MissingTable { table: "features".to_owned(), stage: "extract" });
        };
        agreements.add(&Pair {
            model: &row.model,
            fold: row.fold,
            numbers: (row.truth - center, row.predicted - center),
            corpus: utterances.corpora.get(number).unwrap_or_default(),
            speaker: utterances.speakers.get(number),
            gender: utterances.genders.get(number),
            groups: &utterances.groups(number),
        });
    }
    Ok(agreements)
}

/// The difference in CCC of the headline model and each other one.
fn comparisons(
    agreements: &Agreements,
    names: &[&str],
    headline: &str,
    resampling: Resampling,
    track: &str,
) -> Vec<Comparison> {
    let row = |other: &&str| {
        let Difference { delta, interval, speakers } = agreements.difference(headline, other, resampling)?;
        Some(Comparison {
            model_a: headline.to_owned(),
            model_b: (*other).to_owned(),
            metric: "ccc".to_owned(),
            test: "bootstrap".to_owned(),
            delta,
            low: interval.map(|ends| ends.0),
            high: interval.map(|ends| ends.1),
            p_value: None,
            p_adjusted: None,
            detectable: None,
            clusters: speakers as i64,
            track: track.to_owned(),
            note: match interval {
                Some(_) => "speakers drawn with replacement; no p value",
                None => "no interval: too few speakers, or not all are known",
            }
            .to_owned(),
        })
    };
    let mut rows: Vec<Comparison> = names.iter().filter(|name| **name != headline).filter_map(row).collect();
    rows.sort_by(|a, b| a.model_b.cmp(&b.model_b));
    rows
}

fn summarize(metrics: &[Metric], headline: &str) -> String {
    let overall = || metrics.iter().filter(|row| row.slice == "overall" && row.metric == "ccc");
    let Some((row, ccc)) = overall().find(|row| row.model == headline).and_then(|row| Some((row, row.value?))) else {
        return format!("{headline}: no figure");
    };
    let interval = row.low.zip(row.high).map(|(low, high)| format!(" [{low:.3}, {high:.3}]")).unwrap_or_default();
    let others = overall().filter(|row| ![headline, SELECTED].contains(&row.model.as_str()));
    let others = others.filter_map(|row| Some(format!("{} {:.3}", row.model, row.value?))).collect::<Vec<_>>();
    format!("{headline} CCC {ccc:.3}{interval}; {}, {}", others.join(", "), row.track)
}
