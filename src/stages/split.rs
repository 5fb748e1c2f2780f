//! Reads keys, labels and audio hashes of the features table; writes splits and leakage.

use std::collections::BTreeMap;

use crate::config;
use crate::dataset::{self, Keys};
use crate::schema::{FeatureKeys, Leakage, SplitRow, Table};

use super::features_table::{self, FeaturesTable};
use super::{Context, Done, Prepared, Record, Stage, StageError, StageName, output};

/// The split stage.
pub struct Split;

impl Stage for Split {
    const NAME: StageName = StageName::Split;
    type Work = Table<FeatureKeys>;

    fn config_hash(context: &Context) -> String {
        config::config_hash(&(&context.parameters.split, context.parameters.pipeline.seed))
    }

    fn prepare(context: &Context) -> Result<Prepared<Self::Work>, StageError> {
        let keys = FeaturesTable::find(context.out)?.keys(context.out)?;
        Ok(Prepared {
            config_hash: Self::config_hash(context),
            inputs: BTreeMap::from([features_table::keys_input(&keys)]),
            amount: format!("{} rows", keys.rows.len()),
            work: keys,
        })
    }

    fn run(context: &Context, prepared: Prepared<Self::Work>) -> Result<Done, StageError> {
        let parameters = &context.parameters.split;
        let keys = Keys::new(&prepared.work)?;
        let assignment = dataset::assign(&keys, parameters, context.parameters.pipeline.seed)?;
        let leakage = dataset::leakage(&keys, &assignment.rows, parameters)?;
        let violations = dataset::violations(&leakage).into_iter().map(describe).collect::<Vec<_>>();
        let folds = dataset::folds(&assignment.rows).count();
        let summary =
            format!("{} in {folds} {}", parameters.scheme().as_str(), if folds == 1 { "fold" } else { "folds" });
        let counts = BTreeMap::from([
            ("rows".to_owned(), assignment.rows.len() as u64),
            ("folds".to_owned(), folds as u64),
            (VIOLATIONS.to_owned(), violations.len() as u64),
        ]);
        let put = (&prepared.config_hash, &prepared.inputs);
        let outputs = vec![
            output::put_table(context.out, &Table::<SplitRow>::from(assignment.rows), put.0, put.1)?,
            output::put_table(context.out, &Table::<Leakage>::from(leakage), put.0, put.1)?,
        ];
        let warnings = violations.into_iter().chain(assignment.warnings).collect();
        Ok(Done { outputs, counts, summary, warnings })
    }

    fn judge(_context: &Context, record: &Record) -> Result<(), StageError> {
        let violations = record.counts.get(VIOLATIONS).copied().unwrap_or(0) as usize;
        if violations == 0 {
            return Ok(());
        }
        // Violations lead the warnings.
        Err(StageError::Leakage(record.warnings[..violations.min(record.warnings.len())].join("; ")))
    }
}

const VIOLATIONS: &str = "violations";

fn describe(row: &Leakage) -> String {
    let (count, what) = (row.shared.unwrap_or(0), &row.check);
    let examples = row.examples.as_deref().unwrap_or("none named");
    format!("fold {}: {} share {count} {what} value(s): {examples}", row.fold, row.between)
}
