use crate::monitor::Monitor;
use crate::options::ConfigError;
use crate::schema::{Inference, Row};
use crate::stages::{PREDICT, Predict, Record, Shard, SharePredicted};
use crate::storage::{self, Storage};

use super::args::PredictOptions;
use super::output::{self, say};
use super::run::{here, join, place, say_outcome, state_line, stop_flag, threads};
use super::{logging, progress};

/// Predicts files by a saved model, and says what came of it.
pub(super) fn run(options: &PredictOptions) -> anyhow::Result<()> {
    logging::start(&options.work);
    check(options)?;
    let (here, params) = (here()?, Storage::default());
    let inputs = options.inputs.iter().map(|input| join(&here, input)).collect::<Vec<_>>();
    let out = storage::open(&join(&here, &options.out), &params)?;
    let (stop, progress) = (stop_flag(Monitor::none())?, progress::choose(&options.work));
    let predict = Predict {
        model: &options.model,
        inputs: &inputs,
        storage: &params,
        out: out.as_ref(),
        max_reject_rate: options.max_reject_rate,
        force: options.work.force,
        stop: &stop,
        progress: progress.as_ref(),
    };
    predict.check_places()?;
    threads(&options.work)?.install(|| {
        if options.work.dry_run {
            return Ok(output::result(&state_line(PREDICT, &predict.inspect()?))?);
        }
        if let Some(shard) = options.shard {
            let _lock = out.share(storage::LOCK)?;
            let share = predict.stage(shard)?;
            if !options.work.quiet {
                say_share(shard, share);
            }
            return Ok(());
        }
        let _lock = out.lock(storage::LOCK)?;
        out.sweep()?;
        let outcome = predict.perform()?;
        if !options.work.quiet {
            say_outcome(PREDICT, outcome.up_to_date, &outcome.record);
            say_counts(&outcome.record);
            say(&format!("table      {}", place(out.as_ref(), &format!("{}.parquet", Inference::table().name))));
        }
        Ok(())
    })
}

fn say_share(shard: Shard, share: SharePredicted) {
    let SharePredicted { inputs, new, rows, rejects } = share;
    say(&format!(
        "staged     {inputs} inputs of shard {shard}, {new} of them new; {rows} utterances, {rejects} rejects"
    ));
}

/// What the command line says that clap cannot judge.
fn check(options: &PredictOptions) -> Result<(), ConfigError> {
    if !(0.0..=1.0).contains(&options.max_reject_rate) {
        return Err(ConfigError::new("--max-reject-rate", options.max_reject_rate, "legal are 0 to 1"));
    }
    let named = [("MODEL", &options.model), ("--out", &options.out)];
    let named = named.into_iter().chain(options.inputs.iter().map(|input| ("INPUT", input)));
    match named.into_iter().find(|(_, value)| value.trim().is_empty()) {
        Some((name, _)) => Err(ConfigError::new(name, "empty", "wanted a path or s3://BUCKET/PREFIX")),
        None => Ok(()),
    }
}

/// How many files each class got, and why files were refused.
fn say_counts(record: &Record) {
    let rows = record.counts.get("rows").copied().unwrap_or(0).max(1);
    for (name, count) in &record.counts {
        if let Some(class) = name.strip_prefix("predicted.") {
            say(&format!("  {class:<20} {count:>7} {:>6.1} %", 100.0 * *count as f64 / rows as f64));
        }
    }
    for (name, count) in record.counts.iter().filter(|(name, _)| name.starts_with("rejects.")) {
        say(&format!("  {name:<20} {count:>7}"));
    }
}
