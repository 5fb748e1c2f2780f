use serde_json::json;

use crate::monitor::Monitor;
use crate::options::ConfigError;
use crate::stages::{Choice, Context, PartDone, StageName, extract_parts};
use crate::storage;

use super::args::{ExtractOptions, Format, MonitorFlags, RunOptions, WorkOptions};
use super::output::{print, say};
use super::{logging, run};

/// The extract stage whole, or a worker's share of it.
pub(super) fn run(options: &ExtractOptions) -> anyhow::Result<()> {
    let dates = &options.dates;
    let choice = match (&options.shard, options.part.is_empty()) {
        (Some(shard), _) => Choice::Shard(*shard),
        (None, false) => Choice::Named(options.part.clone()),
        (None, true) if dates.are_set() => Choice::Dates,
        (None, true) => return run::run(&options.watched, dates, Some(StageName::Extract), options.require_parts),
    };
    let RunOptions { work: WorkOptions { force, dry_run, .. }, .. } = options.watched.run;
    let MonitorFlags { metrics_file, lineage_file } = &options.watched.monitor;
    // clap tells so much of --part and --shard.
    if force || dry_run || metrics_file.is_some() || lineage_file.is_some() {
        let problem = "with these, extract is a worker: it computes what is missing of some parts";
        let hint = "`ser plan` shows what is missing; `ser extract --force` without dates computes all parts again";
        return Err(ConfigError::new("--from or --to", "set beside a flag of whole runs", problem).hint(hint).into());
    }
    logging::start(&options.watched.run.work);
    run::with_context(&options.watched.run, dates, false, &Monitor::none(), |context| work(context, &choice, options))
}

fn work(context: &Context, choice: &Choice, options: &ExtractOptions) -> anyhow::Result<()> {
    let _lock = context.out.share(storage::LOCK)?;
    let parts = extract_parts(context, choice, |part| say_part(part, options))?;
    let rejects = parts.iter().map(|part| part.rejects).sum::<u64>();
    let (all, new) = (parts.len(), parts.iter().filter(|part| !part.up_to_date).count());
    tracing::info!(parts = all, new, rejects, "finished");
    if !options.watched.run.work.quiet && options.format == Format::Text {
        let rows = parts.iter().map(|part| part.rows).sum::<usize>();
        say(&format!("staged     {all} parts, {new} of them new; {rows} utterances, {rejects} rejects"));
    }
    Ok(())
}

/// What became of a part: JSON is what was asked for, text only tells.
fn say_part(part: &PartDone, options: &ExtractOptions) {
    match options.format {
        // Who reads it has gone: the seal says the same.
        Format::Json => drop(print(&format!("{}\n", json!(part)))),
        Format::Text if options.watched.run.work.quiet => {}
        Format::Text => {
            let state = if part.up_to_date { "up to date".to_owned() } else { format!("{:.1} s", part.seconds) };
            say(&format!("part       {state:<10} {} utterances, {} rejects: {}", part.rows, part.rejects, part.name));
        }
    }
}
