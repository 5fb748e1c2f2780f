//! Reads keys, labels and audio hashes of the features table; writes splits and leakage.

use std::collections::BTreeMap;

use crate::dataset::{self, Assignment, Fold};
use crate::options;
use crate::schema::{Leakage, SplitRow, Table, plural};

use super::features_table::FeaturesTable;
use super::frozen::{self, FrozenSplit};
use super::{Context, Done, Prepared, Record, Stage, StageError, StageName, output, rows};

/// The split stage.
pub struct Split;

impl Stage for Split {
    const NAME: StageName = StageName::Split;
    const KEYS: &'static [&'static str] = &["split", "seed", "task", "target"];
    type Work = (FeaturesTable, Option<FrozenSplit>);

    fn config_hash(context: &Context) -> String {
        let parameters = context.parameters;
        match &parameters.regression {
            None => options::config_hash(&(&parameters.split, parameters.pipeline.seed)),
            // Parts of the target's range are spread over the sides.
            Some(regression) => {
                options::config_hash(&(&parameters.split, parameters.pipeline.seed, &regression.target))
            }
        }
    }

    fn prepare(context: &Context) -> Result<Prepared<Self::Work>, StageError> {
        let (features, frozen) = (FeaturesTable::find(context.out)?, FrozenSplit::find(context)?);
        let mut inputs = features.keys_input();
        inputs.extend(frozen.iter().map(|frozen| ("frozen split".to_owned(), frozen.hash.clone())));
        Ok(Prepared::new(Self::config_hash(context), inputs, (features, frozen)))
    }

    fn amount(_: &Context, prepared: Prepared<Self::Work>) -> Result<String, StageError> {
        Ok(plural(prepared.work.0.rows(), "row"))
    }

    fn run(context: &Context, prepared: Prepared<Self::Work>) -> Result<Done, StageError> {
        let parameters = &context.parameters.split;
        let (features, frozen) = &prepared.work;
        let keys = rows::keys(context, features)?;
        let Assignment { folds, warnings } = frozen::assign(context, &keys, frozen.as_ref())?;
        let leakage = dataset::leakage(&keys, &folds, parameters)?;
        let violations = dataset::violations(&leakage).len();
        let summary = format!("{} in {}", parameters.scheme().as_str(), plural(folds.len(), "fold"));
        let counts = BTreeMap::from([
            ("rows".to_owned(), folds.iter().map(Fold::len).sum::<usize>() as u64),
            (rows::FOLDS.to_owned(), folds.len() as u64),
            (VIOLATIONS.to_owned(), violations as u64),
        ]);
        let put = (&prepared.config_hash, &prepared.inputs);
        let ids = keys.ids()?;
        let rows = folds.iter().flat_map(|fold| fold.rows(&ids, parameters));
        let outputs = vec![
            output::put_rows::<SplitRow>(context.out, rows, put.0, put.1)?,
            output::put_table(context.out, &Table::<Leakage>::from(leakage), put.0, put.1)?,
        ];
        Ok(Done { outputs, counts, summary, warnings, ..Done::default() })
    }

    fn judge(context: &Context, record: &Record) -> Result<(), StageError> {
        if record.counts.get(VIOLATIONS).is_none_or(|count| *count == 0) {
            return Ok(());
        }
        let (leakage, _) = output::get_table::<Leakage>(context.out, StageName::Split)?;
        Err(StageError::Leakage(describe(&dataset::violations(&leakage.rows))))
    }
}

const VIOLATIONS: &str = "violations";
/// Folds that an error describes.
const FOLDS_SHOWN: usize = 5;

/// A line a fold.
fn describe(violations: &[&Leakage]) -> String {
    let folds = violations.chunk_by(|a, b| a.fold == b.fold).collect::<Vec<_>>();
    let line = |rows: &&[&Leakage]| {
        let shared = rows.iter().map(|row| shared_words(row)).collect::<Vec<_>>();
        format!("fold {}: {}", rows[0].fold, shared.join("; "))
    };
    let mut lines = folds.iter().take(FOLDS_SHOWN).map(line).collect::<Vec<_>>();
    if folds.len() > FOLDS_SHOWN {
        lines.push(format!("and {} more", plural(folds.len() - FOLDS_SHOWN, "fold")));
    }
    lines.join("\n")
}

/// `2 speakers of train and test (c/01, c/02)`
fn shared_words(row: &Leakage) -> String {
    let what = match row.check.as_str() {
        "audio" => "identical recording",
        "overlap" => "overlapping segment",
        "augmented" => "misplaced augmented row",
        other => other,
    };
    let examples = row.examples.as_deref().unwrap_or_default();
    format!("{} of {} ({examples})", plural(row.shared.unwrap_or(0) as usize, what), row.between.replace('-', " and "))
}
