use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Parameters;
use crate::storage::Store;

use super::StageError;

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
    /// Work even where everything is up to date.
    pub force: bool,
    /// The number of the signal that asks to stop; 0: none has.
    pub stop: &'a AtomicUsize,
    /// Where progress is shown.
    pub progress: &'a dyn Progress,
}

impl Context<'_> {
    /// # Errors
    /// More was refused than `extract.max_reject_rate` allows.
    pub fn check_rejects(&self, rejects: u64, utterances: u64) -> Result<(), StageError> {
        let limit = self.parameters.pipeline.extract.max_reject_rate;
        check_rejects(rejects, utterances, "extract.max_reject_rate", limit)
    }

    /// Call at every clean boundary.
    ///
    /// # Errors
    /// Says that a signal asked to stop.
    pub fn check_stop(&self) -> Result<(), StageError> {
        check_stop(self.stop)
    }
}

/// Refuses more rejects than the share `limit`, which `key` sets.
pub(super) fn check_rejects(rejects: u64, utterances: u64, key: &'static str, limit: f64) -> Result<(), StageError> {
    if rejects as f64 > limit * utterances as f64 {
        return Err(StageError::TooManyRejects { rejects, utterances, key, limit, lfs_pointers: 0 });
    }
    Ok(())
}

/// Says that a signal asked to stop, where one did.
pub(super) fn check_stop(stop: &AtomicUsize) -> Result<(), StageError> {
    match stop.load(Ordering::Relaxed) {
        0 => Ok(()),
        signal => Err(StageError::Stopped { signal: signal as i32 }),
    }
}
