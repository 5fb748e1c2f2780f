//! What a run tells others while it works: figures in a file for Prometheus, and OpenLineage events. Nothing here fails a
//! run: what cannot be told is a warning in the log.

mod clock;
mod lineage;
mod prometheus;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::pipeline::Pipeline;
use crate::stages::{Context, Outcome, Record, StageError, StageName, results};
use crate::storage::{Storage, put_file, read_file};

pub use lineage::{LineageOptions, Parent, Receiver};

use lineage::{Ending, Lineage};
use prometheus::{Former, Run, StageFigures};

/// To whom a run tells what it does.
#[derive(Debug, Default)]
pub struct MonitorOptions {
    /// The file for Prometheus, on disk or `s3://`.
    pub metrics_file: Option<String>,
    /// Where events go.
    pub lineage: LineageOptions,
}

/// Is told what a run does, and passes it on. Clones are the same monitor.
#[derive(Clone)]
pub struct Monitor {
    /// `None`: there is nobody to tell, or it is over.
    watched: Arc<Mutex<Option<Watched>>>,
}

struct Watched {
    run: Run,
    start: Instant,
    metrics_file: Option<String>,
    lineage: Lineage,
}

impl Monitor {
    /// One that tells nobody.
    pub fn none() -> Self {
        Self { watched: Arc::default() }
    }

    /// Begins to watch `ser run`, or one stage alone. `file` is the pipeline file, whose name stands for the pipeline
    /// until that is known.
    pub fn new(options: MonitorOptions, only: Option<StageName>, file: &str) -> Self {
        let name = file.rsplit('/').next().unwrap_or_default();
        let run = Run {
            command: only.map_or("run", StageName::as_str),
            pipeline: None,
            file: name.trim_end_matches(".toml").to_owned(),
            ..Run::default()
        };
        let lineage = Lineage::new(options.lineage, only);
        let watched = Watched { run, start: Instant::now(), metrics_file: options.metrics_file, lineage };
        Self { watched: Arc::new(Mutex::new(Some(watched))) }
    }

    /// The pipeline file has been read.
    pub fn begin(&self, pipeline: &Pipeline) {
        self.with(|watched| {
            watched.run.pipeline = Some(pipeline.name.clone());
            watched.lineage.begin(pipeline);
        });
    }

    /// Runs a stage.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn stage(
        &self,
        context: &Context,
        stage: StageName,
        work: impl FnOnce() -> Result<Outcome, StageError>,
    ) -> Result<Outcome, StageError> {
        self.with(|watched| watched.lineage.stage_begins(stage));
        let outcome = work();
        self.with(|watched| watched.stage_ends(context, stage, &outcome));
        outcome
    }

    /// The run is over, with this exit code and this error. What is told after that is not heard.
    pub fn end(&self, code: u8, error: Option<&str>) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        // Held until all is said: who ends the process waits here.
        if let Some(watched) = watched.take() {
            watched.end(code, error);
        }
    }

    fn with(&self, tell: impl FnOnce(&mut Watched)) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watched) = watched.as_mut() {
            tell(watched);
        }
    }
}

impl Watched {
    fn stage_ends(&mut self, context: &Context, stage: StageName, outcome: &Result<Outcome, StageError>) {
        let up_to_date = outcome.as_ref().is_ok_and(|outcome| outcome.up_to_date);
        // A stage that a gate refuses has a record, too.
        let found = match outcome {
            Ok(outcome) => Ok(Some(outcome.record.clone())),
            Err(_) => Record::find(context.out, stage),
        };
        match found {
            Ok(Some(record)) => {
                self.run.stages.push(StageFigures::new(stage, &record, up_to_date));
                if outcome.is_ok() {
                    self.lineage.stage_completes(context.out, stage, &record, up_to_date);
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(stage = stage.as_str(), "its record is left out of what monitors are told: {error}")
            }
        }
        if stage == StageName::Evaluate && outcome.is_ok() {
            match results(context.out) {
                Ok(results) => self.run.results = results,
                Err(error) => tracing::warn!("the figures are left out of what monitors are told: {error}"),
            }
        }
    }

    fn end(mut self, code: u8, error: Option<&str>) {
        self.run.exit_code = code;
        self.run.seconds = self.start.elapsed().as_secs_f64();
        if let Some(file) = &self.metrics_file {
            put_metrics(file, &self.run);
        }
        self.lineage.end(
            match code {
                0 => Ending::Complete,
                FIRST_OF_SIGNALS.. => Ending::Abort,
                _ => Ending::Fail,
            },
            error,
        );
    }
}

/// Exit codes from here on are those of signals.
const FIRST_OF_SIGNALS: u8 = 128;

/// Writes the file for Prometheus, whole or not at all. The time of the last success is kept from the former file.
fn put_metrics(file: &str, run: &Run) {
    let storage = Storage::default();
    // None is there at first; what cannot be read holds no time.
    let former = read_file(file, &storage).map(|text| Former::read(&String::from_utf8_lossy(&text), run.command));
    let text = prometheus::text(run, &former.unwrap_or_default(), clock::seconds());
    if let Err(error) = put_file(file, &storage, text.as_bytes()) {
        tracing::warn!("the metrics file was not written: {error}");
    }
}
