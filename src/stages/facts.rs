//! What the report says, gathered from the tables.

mod split;
mod utterances;

use std::collections::{BTreeMap, BTreeSet};

use super::features_table::OF_OTHERS;
use super::{Context, Prepared, StageError, StageName, ledger};
use crate::corpus;
use crate::eval::{Outcomes, gaps, seed_spreads};
use crate::model::{ModelSpec, TuneParams};
use crate::pipeline::Parameters;
use crate::report::{
    ClassCount, CorpusFacts, DevUse, Facts, FeatureFacts, FeatureOrigin, HashKind, HashRow, ModelConfusion, ModelFacts,
    NormalizationFacts, RejectCount, Search,
};
use crate::schema::{
    Calibration, Comparison, ConfusedPair, Deployed, FUSION, Fit, Importance, LabelCount, Leakage, LearningCurve,
    Metric, NOTE_OF_SEARCH, NOTE_OF_TABLE, Reject, SELECTED, Signal, Table, Texts, Tuning,
};
use split::{split_facts, transfer};

pub(super) use split::Splits;
pub(super) use utterances::{Utterances, check_slice};

/// The tables that a report is made from.
pub(super) struct Tables {
    pub utterances: Utterances,
    pub labels: Vec<LabelCount>,
    pub rejects: Vec<RejectCount>,
    pub splits: Splits,
    pub leakage: Vec<Leakage>,
    pub fits: Vec<Fit>,
    pub curves: Vec<LearningCurve>,
    pub tuning: Vec<Tuning>,
    pub importance: Vec<Importance>,
    pub deployed: Vec<Deployed>,
}

/// The rows of the tables of figures.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    pub metrics: Vec<Metric>,
    pub comparisons: Vec<Comparison>,
    pub calibration: Vec<Calibration>,
    pub confused: Vec<ConfusedPair>,
}

/// The models of the pipeline file in their order, then those that predictions know beside them.
pub(super) fn model_names<'a>(specs: &[ModelSpec], outcomes: &'a Outcomes) -> Vec<&'a str> {
    let mut names = specs.iter().map(|spec| spec.kind().as_str()).collect::<Vec<_>>();
    let others = outcomes.models().filter(|model| !names.contains(model)).collect::<Vec<_>>();
    names.extend(others);
    names
}

/// Gathers the facts.
pub(super) fn gather<W>(
    context: &Context,
    prepared: &Prepared<W>,
    tables: &Tables,
    outcomes: &Outcomes,
    headline: &str,
    figures: Figures,
) -> Result<Facts, StageError> {
    let (parameters, pipeline) = (&context.parameters, &context.parameters.pipeline);
    let names = model_names(&parameters.models, outcomes);
    let is_heard = pipeline.features.table.is_none();
    let confusion = |model: &&str| ModelConfusion { model: (*model).to_owned(), confusion: outcomes.confusion(model) };
    Ok(Facts {
        pipeline: pipeline.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: pipeline.seed,
        synthetic: tables.utterances.are_synthetic,
        classes: outcomes.classes().to_vec(),
        target: parameters.regression.as_ref().map(|regression| regression.target.clone()),
        corpora: pipeline.corpus.iter().map(|corpus| corpus_facts(corpus, &tables.utterances, is_heard)).collect(),
        class_counts: class_counts(&tables.utterances),
        labels: tables.labels.clone(),
        rejects: tables.rejects.clone(),
        features: feature_facts(context)?,
        balance: parameters.view.balance.clone(),
        votes: parameters.view.votes.clone(),
        split: split_facts(context, tables)?,
        leakage: tables.leakage.clone(),
        normalization: NormalizationFacts {
            method: parameters.normalize.method.as_str().to_owned(),
            scope: parameters.normalize.scope.as_str().to_owned(),
            transductive: parameters.is_transductive(),
        },
        models: names.iter().map(|model| model_facts(model, parameters, tables)).collect(),
        fits: tables.fits.len() as i64,
        headline: headline.to_owned(),
        resamples: pipeline.evaluate.bootstrap,
        gaps: gaps(&figures.metrics, headline),
        seeds: seed_spreads(&figures.metrics),
        metrics: figures.metrics,
        comparisons: figures.comparisons,
        confusions: names.iter().map(confusion).collect(),
        confused: figures.confused,
        calibration: figures.calibration,
        search: parameters.tune.as_ref().map(search),
        tuning: tables.tuning.clone(),
        importance: tables.importance.clone(),
        deployed: tables.deployed.clone(),
        transfer: transfer(&parameters.split, tables),
        curves: tables.curves.clone(),
        hashes: hashes(context, prepared)?,
    })
}

fn search(tune: &TuneParams) -> Search {
    Search {
        method: tune.search.as_str().to_owned(),
        candidates: tune.candidates.len(),
        folds: tune.folds,
        seconds: tune.seconds,
    }
}

fn corpus_facts(corpus: &corpus::Corpus, utterances: &Utterances, is_heard: bool) -> CorpusFacts {
    let rows = || (0..utterances.len()).filter(|row| utterances.corpora.get(*row) == Some(&corpus.name));
    let distinct = |cells: &Texts| {
        let values = rows().filter_map(|row| cells.get(row)).collect::<BTreeSet<_>>();
        (!values.is_empty()).then_some(values.len() as i64)
    };
    CorpusFacts {
        name: corpus.name.clone(),
        origin: origin(corpus),
        utterances: rows().count() as i64,
        speakers: distinct(&utterances.speakers),
        texts: distinct(&utterances.texts),
        hours: is_heard.then(|| rows().map(|row| utterances.durations[row]).sum::<f64>() / 3600.0),
        signals: Signal::counts(rows().map(|row| utterances.signals.get(row))),
    }
}

fn origin(corpus: &corpus::Corpus) -> String {
    match (&corpus.preset, &corpus.pattern) {
        // Of a preset file the name alone: where it lies is no matter of the report.
        (Some(preset), _) => format!("preset {}", preset.rsplit('/').next().unwrap_or(preset)),
        (None, Some(_)) => "pattern".to_owned(),
        (None, None) => "manifest".to_owned(),
    }
}

fn class_counts(utterances: &Utterances) -> Vec<ClassCount> {
    let mut counts = BTreeMap::new();
    for (corpus, class) in utterances.corpora.iter().zip(utterances.emotions.iter()) {
        *counts.entry((corpus.unwrap_or_default(), class.unwrap_or_default())).or_insert(0) += 1;
    }
    let count = |((corpus, class), utterances): ((&str, &str), i64)| ClassCount {
        corpus: corpus.to_owned(),
        class: class.to_owned(),
        utterances,
    };
    counts.into_iter().map(count).collect()
}

/// Counts rejects that come some at a time, by stage and code.
///
/// # Errors
/// That of the rejects.
pub(super) fn reject_counts(
    batches: impl Iterator<Item = Result<Table<Reject>, StageError>>,
) -> Result<Vec<RejectCount>, StageError> {
    let mut counts = BTreeMap::<(String, String), RejectCount>::new();
    for batch in batches {
        for row in batch?.rows {
            let count = counts.entry((row.stage.clone(), row.code.clone())).or_insert_with(|| RejectCount {
                stage: row.stage,
                code: row.code,
                count: 0,
                example: row.utterance_id.unwrap_or(row.path),
            });
            count.count += 1;
        }
    }
    Ok(counts.into_values().collect())
}

fn feature_facts(context: &Context) -> Result<FeatureFacts, StageError> {
    let record = ledger::read_record(context.out, StageName::Extract)?;
    let columns = record.as_ref().and_then(|record| record.counts.get("features").copied()).unwrap_or(0);
    let hash = record.and_then(|record| record.inputs.get(OF_OTHERS).cloned());
    let section = &context.parameters.pipeline.features;
    // Of its place the name alone: where it lies is no matter of the report.
    let file = section.table.as_ref().map(|place| place.rsplit('/').next().unwrap_or(place).to_owned());
    let origin = match file {
        None => FeatureOrigin::Set(section.set_name().to_owned()),
        Some(file) => FeatureOrigin::Table { file, blake3: hash.unwrap_or_default() },
    };
    Ok(FeatureFacts {
        origin,
        columns: columns as i64,
        transforms: context.parameters.augment.iter().map(ToString::to_string).collect(),
    })
}

fn model_facts(name: &str, parameters: &Parameters, tables: &Tables) -> ModelFacts {
    // A model that is made of others has none.
    let spec = parameters.models.iter().find(|spec| spec.kind().as_str() == name);
    let fits = tables.fits.iter().filter(|fit| fit.model == name).collect::<Vec<_>>();
    let range = |values: Vec<i64>| Some((*values.iter().min()?, *values.iter().max()?));
    let stops =
        parameters.fitted().iter().any(|own| spec.is_none_or(|spec| spec.kind() == own.kind()) && own.uses_dev());
    let dev_use = match fits.iter().any(|fit| fit.held_out > 0) {
        _ if !tables.splits.has_dev => DevUse::NoDev,
        true if stops => DevUse::EarlyStopping,
        true => DevUse::Calibration,
        false => DevUse::Fitting,
    };
    ModelFacts {
        name: name.to_owned(),
        title: spec.map_or_else(|| made_of(name), ModelSpec::title),
        rows_fitted: range(fits.iter().map(|fit| fit.rows).collect()).unwrap_or((0, 0)),
        dev_use,
        epochs: range(fits.iter().filter_map(|fit| fit.epochs).collect()),
        temperature: temperatures(&fits),
        notes: notes(&fits),
    }
}

/// What a model is that is made of others.
fn made_of(name: &str) -> String {
    match name {
        FUSION => "probabilities of several models, averaged".to_owned(),
        SELECTED => "in each fold the model that did best on inner folds".to_owned(),
        _ => "made of other models".to_owned(),
    }
}

/// Lowest and highest temperature of the fits.
fn temperatures(fits: &[&Fit]) -> Option<(f64, f64)> {
    let all = || fits.iter().filter_map(|fit| fit.temperature);
    Some((all().min_by(f64::total_cmp)?, all().max_by(f64::total_cmp)?))
}

/// The notes of the fits, each once, without those on settings: fits.parquet has them fold by fold.
fn notes(fits: &[&Fit]) -> Vec<String> {
    const SHOWN: usize = 4;
    let all = fits.iter().filter(|fit| ![FUSION, SELECTED].contains(&fit.model.as_str()));
    let all = all.filter_map(|fit| fit.notes.as_ref()).flat_map(|notes| notes.split("; "));
    let is_setting = |note: &str| [NOTE_OF_SEARCH, NOTE_OF_TABLE].iter().any(|start| note.starts_with(start));
    let all: BTreeSet<&str> = all.filter(|note| !is_setting(note)).collect();
    let mut shown: Vec<String> = all.iter().take(SHOWN).map(|note| (*note).to_owned()).collect();
    if all.len() > SHOWN {
        shown.push(format!("and {} other notes in fits.parquet", all.len() - SHOWN));
    }
    shown
}

/// What identifies the run: the audio, every stage's parameters, every table.
fn hashes<W>(context: &Context, prepared: &Prepared<W>) -> Result<Vec<HashRow>, StageError> {
    let row = |kind, name: &str, hash: &str| HashRow { kind, name: name.to_owned(), hash: hash.to_owned() };
    let mut rows = Vec::new();
    for stage in StageName::ALL {
        if stage == StageName::Evaluate {
            rows.push(row(HashKind::Config, stage.as_str(), &prepared.config_hash));
        } else if let Some(record) = ledger::read_record(context.out, stage)? {
            rows.push(row(HashKind::Config, stage.as_str(), &record.config_hash));
        }
    }
    rows.extend(prepared.inputs.iter().map(|(name, hash)| row(HashKind::Table, name, hash)));
    Ok(rows)
}
