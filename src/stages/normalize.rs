//! Reads features and splits; writes normalization and, on request or for hold-out schemes, normalized/.

mod export;

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::{self, Export, Scaler};
use crate::options::{self, ConfigError};
use crate::schema::{Normalization, SplitRow, Table, plural};

use super::features_table::FeaturesTable;
use super::{Context, Done, Prepared, Stage, StageError, StageName, Written, output, rows};

/// Folds whose statistics are taken in one pass over the features: memory holds the row numbers of all of them.
const FOLDS_TOGETHER: usize = 16;

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
        let features = rows::features(context, &prepared.work)?;
        let folds = rows::folds(context, features.keys())?;
        let (mut rows, mut outputs, mut lacking) = (Vec::new(), Vec::new(), BTreeSet::new());
        for together in folds.chunks(FOLDS_TOGETHER) {
            context.check_stop()?;
            let scalers = Scaler::fit_each(&features, together, context.parameters.normalize)?;
            for (fold, scaler) in together.iter().zip(scalers) {
                check_track(context, fold.number, &scaler)?;
                lacking.extend(scaler.lacking(features.keys(), fold)?);
                rows.extend(scaler.rows(fold.number));
                if exports(context) {
                    outputs.extend(export::export(context, &prepared, &features, fold, &scaler)?);
                }
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

/// Refuses statistics of test rows where the run says that there are none.
fn check_track(context: &Context, fold: i64, scaler: &Scaler) -> Result<(), StageError> {
    if context.parameters.is_transductive() || !scaler.is_transductive() {
        return Ok(());
    }
    let problem =
        format!("fold {fold} tests a corpus that is not trained on, which would be normalized by its own test rows");
    let hint =
        "use scheme `loco` or `cross-corpus`, whose figures are marked transductive, or normalize.scope = \"corpus\"";
    let scope = format!("{:?}", context.parameters.normalize.scope.as_str());
    Err(ConfigError::new("normalize.scope", scope, problem).hint(hint).into())
}

/// Warns of speakers and corpora from whom no statistics could be taken.
fn too_few(speakers: &BTreeSet<String>) -> Option<String> {
    let first = speakers.first()?;
    // Speakers have the name of their corpus before them.
    let word = if first.contains('/') { "speaker" } else { "corpus" };
    let count = if word == "corpus" && speakers.len() > 1 {
        format!("{} corpora", speakers.len())
    } else {
        plural(speakers.len(), word)
    };
    let least = dataset::MIN_UTTERANCES;
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

fn remove_others(context: &Context, wanted: &[Written]) -> Result<(), StageError> {
    let wanted = wanted.iter().map(|written| written.path.clone()).collect::<BTreeSet<_>>();
    let former = context.out.list("normalized")?.into_iter();
    output::remove_others(context.out, former, &wanted, is_ours)
}

/// Whether the stage gives such a name.
pub(super) fn is_ours(path: &str) -> bool {
    path.starts_with("normalized/fold-")
}
