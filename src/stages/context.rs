use std::sync::atomic::{AtomicUsize, Ordering};

use crate::options::ConfigError;
use crate::pipeline::Parameters;
use crate::storage::{self, Store};

use super::workers::Sources;
use super::{Dates, FOLDERS, StageError};

/// Shows how far a long piece of work is.
pub trait Progress: Sync {
    /// Work of `total` steps begins.
    fn start(&self, what: &str, total: u64);
    /// Some steps are done.
    fn advance(&self, steps: u64);
    /// The work is done.
    fn finish(&self);
}

/// What every stage is given.
pub struct Context<'a> {
    /// The checked pipeline.
    pub parameters: &'a Parameters,
    /// Where tables, models and the report go.
    pub out: &'a dyn Store,
    /// The days that the run works on; none: all.
    pub dates: Option<Dates>,
    /// Work even where everything is up to date.
    pub force: bool,
    /// Publish the parts of the features table that workers have computed, and compute none.
    pub require_parts: bool,
    /// The number of the signal that asks to stop; 0: none has.
    pub stop: &'a AtomicUsize,
    /// Where progress is shown.
    pub progress: &'a dyn Progress,
}

impl Context<'_> {
    /// Refuses an output that is a corpus itself, and a corpus among the tables. Either may lie in the other otherwise.
    ///
    /// # Errors
    /// Names the key and another place.
    pub fn check_places(&self) -> Result<(), ConfigError> {
        let pipeline = &self.parameters.pipeline;
        for corpus in pipeline.corpus.iter().filter(|corpus| corpus.has_source()) {
            if storage::below(&corpus.source, &pipeline.out).is_some_and(|path| path.is_empty()) {
                let problem = format!("the audio of corpus `{}` is there: tables and audio would mix", corpus.name);
                let hint = format!("choose a folder of its own, such as {}/ser", pipeline.out.trim_end_matches('/'));
                return Err(ConfigError::new("out", &pipeline.out, problem).hint(hint));
            }
            let path = storage::below(&pipeline.out, &corpus.source).unwrap_or_default();
            if let Some(folder) = FOLDERS.iter().find(|folder| path.split('/').next() == Some(folder)) {
                let problem = format!("a run with `out` = {} writes its folder `{folder}` itself", pipeline.out);
                let hint = "move the audio, or choose another `out`";
                return Err(ConfigError::new("corpus.source", &corpus.source, problem).hint(hint));
            }
        }
        Ok(())
    }

    /// Opens the source of every corpus, by the names of the corpora.
    ///
    /// # Errors
    /// A source that cannot be reached.
    pub(super) fn sources(&self) -> Result<Sources<'_>, StageError> {
        let pipeline = &self.parameters.pipeline;
        let mut sources = Sources::new();
        for corpus in &pipeline.corpus {
            let store = storage::open(&corpus.source, &pipeline.storage);
            let error = |source| StageError::Source { corpus: corpus.name.clone(), key: "source", source };
            sources.insert(&corpus.name, store.map_err(error)?);
        }
        Ok(sources)
    }

    /// Call at every clean boundary.
    ///
    /// # Errors
    /// Says that a signal asked to stop.
    pub fn check_stop(&self) -> Result<(), StageError> {
        check_stop(self.stop)
    }
}

/// Says that a signal asked to stop, where one did.
pub(super) fn check_stop(stop: &AtomicUsize) -> Result<(), StageError> {
    match stop.load(Ordering::Relaxed) {
        0 => Ok(()),
        signal => Err(StageError::Stopped { signal: signal as i32 }),
    }
}
