//! `[checks]`: whether the data are as they should be, before anything is trained on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::options::{self, ConfigError};
use crate::pipeline::ChecksSection;
use crate::schema::{FeatureInfo, FeatureKeys, Profile, Row, Signal, Table, plural};
use crate::storage::{self, Store};

use super::features_table::FeaturesTable;
use super::profile::{self, Counter};
use super::{Context, Record, StageError, StageName, accepted, ledger, output, written};

/// Where the figures are kept, so that a run that has nothing to do reads no features.
const KEPT: &str = "run/checks.json";
/// With fewer new utterances, chance alone moves their distributions far.
const LEAST_NEW: u64 = 50;

/// What was measured of a features table.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    /// Hash of all that the figures come from.
    of: String,
    figures: Vec<Figure>,
    /// What could not be measured.
    notes: Vec<String>,
}

/// A figure that has a limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Figure {
    /// The key of `[checks]` that limits it.
    check: String,
    /// What it is of: an emotion, a family of features; none: of all utterances.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    value: f64,
    /// More on it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Measures what `[checks]` has limits for, unless that was done before, and refuses what lies beyond.
///
/// # Errors
/// A figure beyond its limit; extract has not finished; the accepted run cannot be read.
pub fn check_data(context: &Context) -> Result<(), StageError> {
    let section = &context.parameters.pipeline.checks;
    if *section == ChecksSection::default() {
        return Ok(());
    }
    let accepted = AcceptedRun::find(context)?;
    let records = [StageName::Ingest, StageName::Extract].map(|stage| ledger::read_record(context.out, stage));
    let [Some(ingest), Some(extract)] = records.map(|record| record.ok().flatten()) else {
        return Err(StageError::Unfinished { stage: StageName::Extract.as_str() });
    };
    let of = options::config_hash(&(
        (&extract.contents, &extract.counts, &ingest.counts),
        (section.duration_s, section.max_missing.is_some(), section.max_drift.is_some()),
        accepted.as_ref().map(|run| &run.profile),
    ));
    let measured = match written::read_json::<Measured>(context.out, KEPT)? {
        Some(kept) if kept.of == of => kept,
        _ => {
            let mut measured = Measured { of, figures: of_records(&ingest, &extract), notes: Vec::new() };
            measure(context, accepted.as_ref(), &mut measured)?;
            written::put_json(context.out, KEPT, &measured)?;
            measured
        }
    };
    measured.notes.iter().for_each(|note| tracing::info!("{note}"));
    let problems = measured.figures.iter().filter_map(|figure| problem(section, figure)).collect::<Vec<_>>();
    if problems.is_empty() { Ok(()) } else { Err(StageError::Checks(problems.join("\n"))) }
}

/// What is said of a figure beyond its limit.
fn problem(section: &ChecksSection, figure: &Figure) -> Option<String> {
    let (key, words, limits) = match figure.check.as_str() {
        "max_rejects" => ("max_rejects", "share of refused files and utterances", [None, section.max_rejects]),
        "max_silent" => ("max_silent", "share of silent utterances", [None, section.max_silent]),
        "max_clipped" => ("max_clipped", "share of clipped utterances", [None, section.max_clipped]),
        "duration_s" => {
            let most = section.duration_s.map(|_| section.max_outside_duration.unwrap_or(0.0));
            ("max_outside_duration", "share of utterances that are too short or too long", [None, most])
        }
        "class_share" => {
            let limits = [section.min_class_share, section.max_class_share];
            let is_low = limits[0].is_some_and(|least| figure.value < least);
            let key = if is_low { "min_class_share" } else { "max_class_share" };
            (key, "share of the utterances with the emotion", limits)
        }
        "max_missing" => {
            ("max_missing", "share of missing values of the features of the family", [None, section.max_missing])
        }
        "max_drift" => {
            ("max_drift", "population stability index of the features of the family", [None, section.max_drift])
        }
        _ => return None,
    };
    let [least, most] = limits;
    let (side, limit) = match (least, most) {
        (Some(least), _) if figure.value < least => ("below", least),
        (_, Some(most)) if figure.value > most => ("above", most),
        _ => return None,
    };
    let group = figure.group.as_ref().map_or_else(String::new, |group| format!(" `{group}`"));
    let note = figure.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
    Some(format!("the {words}{group} is {:.3}, {side} checks.{key} = {limit}{note}", figure.value))
}

/// Figures that the records have.
fn of_records(ingest: &Record, extract: &Record) -> Vec<Figure> {
    let count = |record: &Record, name: &str| record.counts.get(name).copied().unwrap_or(0);
    let share = |check: &str, part: u64, all: u64| Figure {
        check: check.to_owned(),
        group: None,
        value: part as f64 / all.max(1) as f64,
        note: Some(format!("{part} of {all}")),
    };
    let (refused, rows) = (count(ingest, "rejects"), count(extract, "rows"));
    let of_signal = |signal: Signal| count(extract, &format!("signal.{}", signal.as_str()));
    vec![
        share("max_rejects", refused + count(extract, "rejects"), refused + count(ingest, "utterances")),
        share("max_silent", of_signal(Signal::Silent), rows),
        share("max_clipped", of_signal(Signal::Clipped), rows),
    ]
}

/// Figures that the features table has.
fn measure(context: &Context, accepted: Option<&AcceptedRun>, measured: &mut Measured) -> Result<(), StageError> {
    let (section, features) = (&context.parameters.pipeline.checks, FeaturesTable::find(context.out)?);
    let (mut classes, mut outside, mut rows) = (BTreeMap::<String, u64>::new(), 0, 0);
    let mut see = |part: &Table<FeatureKeys>| {
        for row in part.rows.iter().filter(|row| row.augmented_from.is_none()) {
            *classes.entry(row.emotion.clone()).or_default() += 1;
            let [least, most] = section.duration_s.unwrap_or([0.0, f64::INFINITY]);
            outside += u64::from(!(least..=most).contains(&row.duration_s));
            rows += 1;
        }
    };
    if section.max_missing.is_some() || accepted.is_some() {
        measured.figures.extend(of_features(context, &features, accepted, &mut measured.notes, see)?);
    } else {
        features.each_keys(context.out, |part| {
            see(&part);
            Ok(())
        })?;
    }
    let share = |count: u64| count as f64 / f64::max(rows as f64, 1.0);
    let figure = |check: &str, group: Option<String>, count: u64| Figure {
        check: check.to_owned(),
        group,
        value: share(count),
        note: Some(format!("{count} of {rows}")),
    };
    measured.figures.push(figure("duration_s", None, outside));
    measured.figures.extend(classes.into_iter().map(|(class, count)| figure("class_share", Some(class), count)));
    Ok(())
}

/// Figures of the numbers. `see` is shown every part.
fn of_features(
    context: &Context,
    features: &FeaturesTable,
    accepted: Option<&AcceptedRun>,
    notes: &mut Vec<String>,
    mut see: impl FnMut(&Table<FeatureKeys>),
) -> Result<Vec<Figure>, StageError> {
    let dictionary = output::get_table::<FeatureInfo>(context.out, StageName::Extract)?.0.rows;
    let families = profile::families(&dictionary);
    let mut missing = BTreeMap::<&str, (u64, u64)>::new();
    let mut drift = accepted.map(AcceptedRun::counter).transpose()?;
    features.each(context.out, |part| {
        see(&part);
        if let Some((counter, known)) = &mut drift {
            counter.push(&part, |row| !known.contains(row.utterance_id.as_str()));
        }
        for (column, name) in part.float.names.iter().enumerate() {
            let (lacking, all) = missing.entry(families.get(name.as_str()).copied().unwrap_or_default()).or_default();
            for at in (0..part.rows.len()).filter(|at| part.rows[*at].augmented_from.is_none()) {
                *lacking += u64::from(!part.float.row(at)[column].is_finite());
                *all += 1;
            }
        }
        Ok(())
    })?;
    let of_family = |(family, (lacking, all)): (&str, (u64, u64))| Figure {
        check: "max_missing".to_owned(),
        group: Some(family.to_owned()),
        value: lacking as f64 / all.max(1) as f64,
        note: None,
    };
    let mut figures = missing.into_iter().map(of_family).collect::<Vec<_>>();
    let Some((counter, _)) = drift else { return Ok(figures) };
    let new = usize::try_from(counter.rows()).unwrap_or(usize::MAX);
    if counter.rows() < LEAST_NEW {
        notes.push(format!(
            "drift is not measured: {} since the accepted run, fewer than {LEAST_NEW}",
            plural(new, "new utterance")
        ));
        return Ok(figures);
    }
    figures.extend(counter.drifts().into_iter().map(|drift| Figure {
        check: "max_drift".to_owned(),
        group: Some(drift.family),
        value: drift.index,
        note: Some(format!(
            "farthest is {} with {:.3}; {}",
            drift.worst.0,
            drift.worst.1,
            plural(new, "new utterance")
        )),
    }));
    Ok(figures)
}

/// The accepted run that drift is measured against.
struct AcceptedRun {
    out: Arc<dyn Store>,
    /// Content hash of its profile.
    profile: String,
}

impl AcceptedRun {
    fn find(context: &Context) -> Result<Option<Self>, StageError> {
        let pipeline = &context.parameters.pipeline;
        let Some(given) = pipeline.checks.against() else { return Ok(None) };
        let out = storage::open(&accepted::run_at(given, &pipeline.storage)?, &pipeline.storage)?;
        let missing = || {
            let problem = format!("it has no table `{}`", Profile::table().name);
            let hint = "`ser accept RUN` writes an accepted.json whose run has one";
            ConfigError::new("checks.against", format!("{given:?}"), problem).hint(hint)
        };
        match output::content_hash::<Profile>(out.as_ref(), StageName::Extract) {
            Ok(profile) => Ok(Some(Self { out, profile })),
            Err(StageError::MissingTable { .. }) => Err(missing().into()),
            Err(error) => Err(error),
        }
    }

    /// The distributions of its features, and its utterances.
    fn counter(&self) -> Result<(Counter, BTreeSet<Box<str>>), StageError> {
        let out = self.out.as_ref();
        let profile = output::get_table::<Profile>(out, StageName::Extract)?.0.rows;
        let mut known = BTreeSet::new();
        FeaturesTable::find(out)?.each_keys(out, |part| {
            known.extend(part.rows.into_iter().map(|row| row.utterance_id.into_boxed_str()));
            Ok(())
        })?;
        Ok((Counter::new(profile), known))
    }
}
