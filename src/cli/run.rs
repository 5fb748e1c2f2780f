use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::corpus::Preset;
use crate::monitor::Monitor;
use crate::options::ConfigError;
use crate::pipeline::{Parameters, Pipeline};
use crate::stages::{self, Context, Dates, NEW, Record, StageError, StageName, State};
use crate::storage::{self, Storage, StorageError, Store};

use super::args::{DateOptions, RunOptions, WatchedOptions, WorkOptions};
use super::output::{self, say};
use super::{exit, logging, monitor, progress};

/// Keys of the pipeline file that hold a path, `N` standing for a number.
const PATH_KEYS: [&str; 6] =
    ["out", "corpus.N.source", "corpus.N.manifest", "features.table", "split.frozen", "checks.against"];

/// How often the flag of the signals is looked at.
const WATCH: Duration = Duration::from_millis(50);
/// How long a stage has to reach a clean boundary after a signal.
const GRACE: Duration = Duration::from_millis(1500);

/// Runs one stage, or all of them.
pub(super) fn run(
    options: &WatchedOptions,
    dates: &DateOptions,
    only: Option<StageName>,
    require_parts: bool,
) -> anyhow::Result<()> {
    let stages = only.map_or(StageName::ALL.to_vec(), |stage| vec![stage]);
    let WorkOptions { dry_run, quiet, .. } = options.run.work;
    logging::start(&options.run.work);
    monitor::watch(options, only, |monitor| {
        with_context(&options.run, dates, require_parts, monitor, |context| {
            if dry_run { plan(context, &stages) } else { work(context, &stages, quiet, monitor) }
        })
    })
}

/// Reads the pipeline file, opens the output, and does `work` on as many threads as were asked for.
pub(super) fn with_context(
    options: &RunOptions,
    dates: &DateOptions,
    require_parts: bool,
    monitor: &Monitor,
    work: impl FnOnce(&Context) -> anyhow::Result<()> + Send,
) -> anyhow::Result<()> {
    let parameters = load(options)?;
    monitor.begin(&parameters.pipeline);
    let out = storage::open(&parameters.pipeline.out, &parameters.pipeline.storage)?;
    let stop = stop_flag(monitor.clone())?;
    let progress = progress::choose(&options.work);
    let context = Context {
        parameters: &parameters,
        out: out.as_ref(),
        dates: Dates::new(dates.from.as_deref(), dates.to.as_deref(), parameters.pipeline.partition.as_deref())?,
        force: options.work.force,
        require_parts,
        stop: &stop,
        progress: progress.as_ref(),
    };
    context.check_places()?;
    threads(&options.work)?.install(|| work(&context))
}

/// As many threads as were asked for.
pub(super) fn threads(options: &WorkOptions) -> anyhow::Result<rayon::ThreadPool> {
    let threads = options.threads.map_or(0, usize::from);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("could not start threads")
}

fn work(context: &Context, stages: &[StageName], quiet: bool, monitor: &Monitor) -> anyhow::Result<()> {
    let _lock = context.out.lock(storage::LOCK)?;
    context.out.sweep()?;
    if let [alone] = stages {
        alone.check_before(context)?;
    }
    for stage in stages {
        context.check_stop()?;
        let before = || {
            rehearse(*stage, context, stages)?.iter().for_each(|warning| tracing::warn!("{warning}"));
            Ok(())
        };
        let outcome = monitor.stage(context, *stage, || stage.perform(context, before))?;
        let record = outcome.record;
        tracing::info!(stage = stage.as_str(), up_to_date = outcome.up_to_date, seconds = record.seconds, "finished");
        if !quiet {
            say_outcome(stage.as_str(), outcome.up_to_date, &record);
        }
        if *stage == StageName::Extract {
            stages::check_data(context)?;
        }
    }
    if !quiet && stages.contains(&StageName::Evaluate) {
        say(&format!("report     {}, report.html", place(context.out, "report.md")));
    }
    Ok(())
}

/// What was done, in a line.
pub(super) fn say_outcome(name: &str, up_to_date: bool, record: &Record) {
    let state = if up_to_date { "up to date".to_owned() } else { format!("{:.1} s", record.seconds) };
    let new = record.counts.get(NEW).filter(|_| !up_to_date);
    let new = new.map_or_else(String::new, |new| format!(", {new} of them new"));
    say(&format!("{name:<10} {state:<10} {}{new}", record.summary));
}

fn plan(context: &Context, stages: &[StageName]) -> anyhow::Result<()> {
    let states = states(context, stages)?;
    let lines = states.iter().map(|(stage, state)| state_line(stage.as_str(), state)).collect::<String>();
    Ok(output::result(&lines)?)
}

/// What each of the stages would do; what the labels alone rule out is an error or a warning.
pub(super) fn states(context: &Context, stages: &[StageName]) -> anyhow::Result<Vec<(StageName, State)>> {
    let (mut before, mut states) = (None, Vec::new());
    for stage in stages {
        let state = match before {
            Some(before) => State::WouldRunAfter(before),
            None => stage.inspect(context)?,
        };
        let is_up_to_date = matches!(state, State::UpToDate(_));
        if before.is_none() {
            let warnings = match (stage, is_up_to_date) {
                // What ingest would write is read now: extract comes only after it.
                (StageName::Ingest, false) if stages.contains(&StageName::Split) => stages::rehearse_unread(context)?,
                _ => rehearse(*stage, context, stages)?,
            };
            // Once extract has refused what it refuses, the split itself knows.
            warnings.iter().filter(|_| !is_up_to_date).for_each(|warning| tracing::warn!("{warning}"));
        }
        if !is_up_to_date {
            before = Some(stage.as_str());
        }
        states.push((*stage, state));
    }
    Ok(states)
}

/// Before extract takes its time, what the stages behind it would refuse for their labels alone.
fn rehearse(stage: StageName, context: &Context, stages: &[StageName]) -> Result<Vec<String>, StageError> {
    let is_long = stage == StageName::Extract && stages.contains(&StageName::Split);
    if is_long { stages::rehearse(context) } else { Ok(Vec::new()) }
}

/// What would be done, in a line.
pub(super) fn state_line(name: &str, state: &State) -> String {
    let state = match state {
        State::UpToDate(record) => format!("up to date: {}", record.summary),
        State::WouldRun { amount, reasons } => {
            let reasons = stages::summary(reasons).unwrap_or_default();
            format!("would run on {amount} ({reasons})")
        }
        State::WouldRunAfter(before) => format!("would run after {before}"),
    };
    format!("{name:<10} {state}\n")
}

/// The pipeline file with overrides, every path made independent of the working directory.
fn load(options: &RunOptions) -> anyhow::Result<Parameters> {
    let unreadable = |problem: String| ConfigError::new("PIPELINE", &options.pipeline, problem);
    let text = storage::read_file(&options.pipeline, &Storage::default()).map_err(|error| match error {
        StorageError::NotFound { .. } => unreadable("there is no such file".to_owned()),
        error => unreadable(error.to_string()),
    })?;
    let text = String::from_utf8(text.to_vec()).map_err(|_| unreadable("not UTF-8 text".to_owned()))?;
    let here = here()?;
    let mut assignments = options.set.iter().map(|set| absolute_assignment(&here, set)).collect::<Vec<_>>();
    assignments.extend(options.out.as_ref().map(|out| format!("out={}", quoted(&join(&here, out)))));
    let mut pipeline = Pipeline::parse(&text, &assignments)?;
    let folder = options.pipeline.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = if options.pipeline.starts_with('/') { format!("{folder}/") } else { join(&here, folder) };
    pipeline.out = join(&folder, &pipeline.out);
    for corpus in &mut pipeline.corpus {
        corpus.relocate(|path| join(&folder, path));
    }
    pipeline.features.relocate(|path| join(&folder, path));
    pipeline.split.relocate(|path| join(&folder, path));
    pipeline.checks.relocate(|path| join(&folder, path));
    Ok(pipeline.check()?)
}

/// The working directory.
pub(super) fn here() -> anyhow::Result<String> {
    Ok(std::env::current_dir().context("the working directory cannot be read")?.display().to_string())
}

fn absolute_assignment(here: &str, assignment: &str) -> String {
    match assignment.split_once('=') {
        Some((key, value)) => {
            let path = value.trim().trim_matches(['"', '\'']);
            let is_path = match numberless(key.trim()).as_str() {
                "corpus.N.preset" => Preset::is_file(path),
                key => PATH_KEYS.contains(&key),
            };
            if is_path { format!("{key}={}", quoted(&join(here, path))) } else { assignment.to_owned() }
        }
        _ => assignment.to_owned(),
    }
}

fn numberless(key: &str) -> String {
    let steps = key.split('.').map(|step| if step.parse::<usize>().is_ok() { "N" } else { step });
    steps.collect::<Vec<_>>().join(".")
}

/// A path as a TOML string, whatever is in it.
fn quoted(path: &str) -> String {
    toml::Value::String(path.to_owned()).to_string()
}

/// The folder and the name of a file whose place begins at a root.
pub(super) fn folder_of(place: &str) -> (String, String) {
    let (folder, name) = place.rsplit_once('/').unwrap_or((".", place));
    (format!("{folder}/"), name.to_owned())
}

/// A path as seen from a folder, either of which may be a URI.
pub(super) fn join(folder: &str, path: &str) -> String {
    match folder.split_once("://") {
        // Nothing is no place: the check of the pipeline refuses it. An absolute path is one on disk, wherever the
        // pipeline file lies: so are those that --out and --set give.
        _ if path.contains("://") || path.starts_with('/') || path.trim().is_empty() => path.to_owned(),
        None => Path::new(folder).join(path).display().to_string(),
        Some((scheme, place)) => {
            let mut steps = place.split('/').collect::<Vec<_>>();
            for step in path.split('/').filter(|step| !matches!(*step, "" | ".")) {
                // The bucket is as far up as it goes.
                if step != ".." {
                    steps.push(step);
                } else if steps.len() > 1 {
                    steps.pop();
                }
            }
            format!("{scheme}://{}", steps.join("/"))
        }
    }
}

/// The place of a file that a flag names.
pub(super) fn named_file(flag: &str, text: &str) -> anyhow::Result<String> {
    let file = join(&here()?, text);
    match file.rsplit_once('/').filter(|(_, name)| !name.is_empty()) {
        Some(_) => Ok(file),
        None => Err(ConfigError::new(flag, format!("{text:?}"), "wanted the name of a file").into()),
    }
}

pub(super) fn place(out: &dyn Store, path: &str) -> String {
    format!("{}/{path}", out.root())
}

/// Set by the first SIGINT or SIGTERM; the second one ends the process at once. Work that reaches no clean boundary in
/// time is given up: what it wrote is there as a whole or not at all. `monitor` hears of that.
pub(super) fn stop_flag(monitor: Monitor) -> anyhow::Result<Arc<AtomicUsize>> {
    let stop = Arc::new(AtomicUsize::new(0));
    let asked = Arc::new(std::sync::atomic::AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let register = || -> std::io::Result<()> {
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&asked))?;
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
            signal_hook::flag::register_usize(signal, Arc::clone(&stop), signal as usize)?;
            Ok(())
        };
        register().context("could not watch for signals")?;
    }
    give_up_in_time(Arc::clone(&stop), monitor);
    Ok(stop)
}

fn give_up_in_time(stop: Arc<AtomicUsize>, monitor: Monitor) {
    std::thread::spawn(move || {
        while stop.load(Ordering::Relaxed) == 0 {
            std::thread::sleep(WATCH);
        }
        std::thread::sleep(GRACE);
        exit::now(StageError::Stopped { signal: stop.load(Ordering::Relaxed) as i32 }, &monitor)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overridden_paths_are_relative_to_the_working_directory() {
        let here = "/work here";
        let cases = [
            ("corpus.0.source=data", "corpus.0.source=\"/work here/data\""),
            ("corpus.12.manifest='/abs.csv'", "corpus.12.manifest=\"/abs.csv\""),
            ("corpus.0.source=s3://bucket/x", "corpus.0.source=\"s3://bucket/x\""),
            ("corpus.0.preset=mine.toml", "corpus.0.preset=\"/work here/mine.toml\""),
            ("corpus.0.preset=ravdess", "corpus.0.preset=ravdess"),
            ("features.table=compare.csv", "features.table=\"/work here/compare.csv\""),
            ("split.test=0.3", "split.test=0.3"),
            ("nonsense", "nonsense"),
        ];
        for (given, want) in cases {
            assert_eq!(absolute_assignment(here, given), want);
        }
    }

    #[test]
    fn paths_in_a_pipeline_file_are_relative_to_it_on_disk_and_in_a_bucket() {
        assert_eq!(join("/here", "data"), "/here/data");
        assert_eq!(join("/here", "/data"), "/data");
        assert_eq!(join("/here", "s3://bucket/x"), "s3://bucket/x");
        assert_eq!(join("s3://bucket/pipelines", "../runs/demo"), "s3://bucket/runs/demo");
        assert_eq!(join("s3://bucket/pipelines", "../../../runs"), "s3://bucket/runs");
        assert_eq!(join("s3://bucket/pipelines", "/data"), "/data");
    }
}
