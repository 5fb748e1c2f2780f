//! OpenLineage events of a run: START, and COMPLETE, FAIL or ABORT, for the run and for each of its stages.

mod dataset;
mod event;
mod post;

use serde_json::Value as Json;

use crate::pipeline::Pipeline;
use crate::stages::{Record, StageName, TableLine, tables_of};
use crate::storage::{Storage, Store, put_file};

use super::clock;

use dataset::Places;
use event::{Event, Job, Run};
use post::Post;

pub use post::Receiver;

/// Where events go, and what they name.
#[derive(Debug, Default)]
pub struct LineageOptions {
    /// A file that gets the events of the run, a line each; on disk or `s3://`.
    pub file: Option<String>,
    /// Who receives events over HTTP.
    pub receiver: Option<Receiver>,
    /// Namespace of the jobs; `None`: `default`.
    pub namespace: Option<String>,
    /// The run that started this one, such as a task of a scheduler.
    pub parent: Option<Parent>,
}

/// A run that started this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Namespace of its job.
    pub namespace: String,
    /// Name of its job.
    pub job: String,
    /// Its UUID.
    pub run: String,
}

impl Parent {
    /// Reads `NAMESPACE/JOB/RUN_ID`.
    ///
    /// # Errors
    /// Says what was wanted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted = || "wanted NAMESPACE/JOB/RUN_ID, with a UUID as RUN_ID".to_owned();
        let (before, run) = text.rsplit_once('/').ok_or_else(wanted)?;
        let (namespace, job) = before.split_once('/').ok_or_else(wanted)?;
        let is_legal = !namespace.is_empty() && !job.is_empty() && event::is_uuid(run);
        let [namespace, job, run] = [namespace, job, run].map(str::to_owned);
        if is_legal { Ok(Self { namespace, job, run }) } else { Err(wanted()) }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Complete,
    Fail,
    /// A signal stopped it.
    Abort,
}

/// The events of a run so far, and those of its jobs that have not ended.
pub(super) struct Lineage {
    namespace: String,
    parent: Option<Parent>,
    /// The stage that runs alone; `None`: all do.
    only: Option<StageName>,
    sinks: Sinks,
    /// What is known once the pipeline file has been read.
    begun: Option<Begun>,
}

struct Begun {
    places: Places,
    seed: u64,
    /// Started and not ended, the outermost first.
    open: Vec<Run>,
}

impl Lineage {
    pub fn new(options: LineageOptions, only: Option<StageName>) -> Self {
        let post = options.receiver.and_then(|receiver| match Post::start(&receiver) {
            Ok(post) => Some(post),
            Err(problem) => {
                tracing::warn!("no lineage events are sent: OPENLINEAGE_URL or OPENLINEAGE_API_KEY: {problem}");
                None
            }
        });
        Self {
            namespace: options.namespace.unwrap_or_else(|| "default".to_owned()),
            parent: options.parent,
            only,
            sinks: Sinks { file: options.file, lines: String::new(), post },
            begun: None,
        }
    }

    /// The pipeline is known: the outermost job starts.
    pub fn begin(&mut self, pipeline: &Pipeline) {
        if self.sinks.are_none() {
            return;
        }
        let job = Job { namespace: self.namespace.clone(), pipeline: pipeline.name.clone(), stage: self.only };
        let run = Run::new(job, self.parent.clone());
        self.sinks.send(&Event::start(&run).json());
        self.begun = Some(Begun { places: Places::of(pipeline), seed: pipeline.seed, open: vec![run] });
    }

    pub fn stage_begins(&mut self, stage: StageName) {
        let Some(begun) = &mut self.begun else { return };
        if self.only.is_none()
            && let Some(whole) = begun.open.first()
        {
            let job = Job { stage: Some(stage), ..whole.job.clone() };
            let run = Run::new(job, Some(whole.as_parent()));
            self.sinks.send(&Event::start(&run).json());
            begun.open.push(run);
        }
    }

    pub fn stage_completes(&mut self, out: &dyn Store, stage: StageName, record: &Record, up_to_date: bool) {
        let Some(begun) = &mut self.begun else { return };
        let Some(run) = begun.open.pop() else { return };
        let tables = tables_of(out, stage.as_str(), record).unwrap_or_else(|error| {
            tracing::warn!(stage = stage.as_str(), "its lineage event names no tables: {error}");
            Vec::<TableLine>::new()
        });
        let (inputs, outputs) = (begun.places.inputs(stage, record), begun.places.outputs(&tables, record));
        let event = Event::end(&run, Ending::Complete, None).with_data(inputs, outputs);
        self.sinks.send(&event.with_facts(record, begun.seed, up_to_date).json());
    }

    /// Ends what has not ended, and waits for a moment until all is sent.
    pub fn end(mut self, ending: Ending, error: Option<&str>) {
        for run in self.begun.into_iter().flat_map(|begun| begun.open.into_iter().rev()) {
            self.sinks.send(&Event::end(&run, ending, error).json());
        }
        self.sinks.close();
    }
}

/// Where events go.
struct Sinks {
    file: Option<String>,
    /// All events of the run, as the file holds them.
    lines: String,
    post: Option<Post>,
}

impl Sinks {
    fn are_none(&self) -> bool {
        self.file.is_none() && self.post.is_none()
    }

    /// The file is written anew with every event: it has those of a killed run, too.
    fn send(&mut self, event: &Json) {
        let event = event.to_string();
        if let Some(file) = &self.file {
            self.lines += &format!("{event}\n");
            if let Err(error) = put_file(file, &Storage::default(), self.lines.as_bytes()) {
                tracing::warn!("no lineage events are written: {error}");
                self.file = None;
            }
        }
        if let Some(post) = &mut self.post {
            post.send(event);
        }
    }

    fn close(self) {
        self.post.into_iter().for_each(Post::close);
    }
}
