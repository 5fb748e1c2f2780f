//! Reads features and splits; writes normalization and, on request or for hold-out schemes, normalized/.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::{self, Export, Features, Scaler};
use crate::options;
use crate::schema::{Normalization, Side, SplitRow, Table, plural};
use crate::table;

use super::features_table::FeaturesTable;
use super::{Context, Done, Prepared, Stage, StageError, StageName, Written, output};

/// The normalize stage.
pub struct Normalize;

impl Stage for Normalize {
    const NAME: StageName = StageName::Normalize;
    const KEYS: &'static [&'static str] = &["normalize", "split.scheme"];
    type Work = FeaturesTable;

    fn config_hash(context: &Context) -> String {
        options::config_hash(&(&context.parameters.normalize, exports(context)))
    }

    fn prepare(context: &Context) -> Result<Prepared<FeaturesTable>, StageError> {
        let features = FeaturesTable::find(context.out)?;
        let mut inputs = features.input();
        inputs.insert("splits".to_owned(), output::content_hash::<SplitRow>(context.out, StageName::Split)?);
        Ok(Prepared::new(Self::config_hash(context), inputs, features))
    }

    fn amount(_: &Context, _: Prepared<FeaturesTable>) -> Result<String, StageError> {
        Ok("every fold".to_owned())
    }

    fn run(context: &Context, prepared: Prepared<FeaturesTable>) -> Result<Done, StageError> {
        let features = Features::new(&prepared.work.read(context.out)?)?;
        let (splits, _) = output::get_table::<SplitRow>(context.out, StageName::Split)?;
        let (mut rows, mut outputs, mut lacking) = (Vec::new(), Vec::new(), BTreeSet::new());
        for fold in dataset::folds(&splits.rows) {
            context.check_stop()?;
            let scaler = Scaler::fit(&features, fold, context.parameters.normalize)?;
            lacking.extend(scaler.lacking(features.keys(), fold)?);
            rows.extend(scaler.rows(fold[0].fold));
            if exports(context) {
                outputs.extend(export(context, &prepared, &features, fold, &scaler)?);
            }
        }
        remove_others(context, &outputs)?;
        let method = context.parameters.normalize.method.as_str();
        let summary = format!("{method} of {}", plural(features.names().len(), "feature"));
        let counts = BTreeMap::from([("rows".to_owned(), rows.len() as u64)]);
        let table = Table::<Normalization>::from(rows);
        outputs.push(output::put_table(context.out, &table, &prepared.config_hash, &prepared.inputs)?);
        Ok(Done { outputs, counts, summary, warnings: too_few(&lacking).into_iter().collect(), ..Done::default() })
    }
}

/// Warns of speakers from whom no statistics could be taken.
fn too_few(speakers: &BTreeSet<String>) -> Option<String> {
    let first = speakers.first()?;
    let (count, least) = (plural(speakers.len(), "speaker"), dataset::MIN_UTTERANCES);
    Some(format!(
        "{count} of fewer than {least} utterances, too few for own statistics; those of the train side were used \
         (first: `{first}`)"
    ))
}

fn exports(context: &Context) -> bool {
    match context.parameters.pipeline.normalize.export {
        Export::HoldOut => context.parameters.split.is_hold_out(),
        Export::Always => true,
        Export::Never => false,
    }
}

/// Writes each side of a fold as a features table of normalized values.
fn export(
    context: &Context,
    prepared: &Prepared<FeaturesTable>,
    features: &Features,
    fold: &[SplitRow],
    scaler: &Scaler,
) -> Result<Vec<Written>, StageError> {
    let mut files = Vec::new();
    for side in [Side::Train, Side::Dev, Side::Test] {
        let table = dataset::normalized(features, fold, scaler, side)?;
        let (file, _) = table::write(&table, &prepared.config_hash, &prepared.inputs, false)?;
        let path = format!("normalized/fold-{}/{side}.parquet", fold[0].fold);
        files.push(output::put(context.out, &path, &file)?);
    }
    Ok(files)
}

fn remove_others(context: &Context, wanted: &[Written]) -> Result<(), StageError> {
    let wanted = wanted.iter().map(|written| written.path.clone()).collect::<BTreeSet<_>>();
    let former = context.out.list("normalized")?.into_iter();
    output::remove_others(context.out, former, &wanted, |path| path.starts_with("normalized/fold-"))
}
