//! The lock of a run alone, and that of workers together. A run alone has one object, each worker one of its own; both
//! write theirs first and look for the other's then, so that one of them at least sees the other.

use std::time::{Duration, SystemTime};

use crate::storage::{Lock, StorageError};

use super::lock::{self, Found};
use super::{Bucket, S3Store};

/// Where the locks of workers lie.
const WORKERS: &str = "run/workers";

/// Takes the lock at `path` for one run; refused while workers are there.
pub(super) fn take_alone(store: &S3Store, path: &str) -> Result<Box<dyn Lock>, StorageError> {
    let lock = lock::take(store, path)?;
    store.runtime.block_on(refuse_workers(&store.bucket, path, lock::lease(store)))?;
    Ok(lock)
}

/// Takes a worker's lock; refused while a run holds the one at `path`.
pub(super) fn take_with_others(store: &S3Store, path: &str) -> Result<Box<dyn Lock>, StorageError> {
    let own = format!("{WORKERS}/{:016x}", rand::random::<u64>());
    let lock = lock::take(store, &own)?;
    store.runtime.block_on(refuse_run(&store.bucket, path, &own, lock::lease(store)))?;
    Ok(lock)
}

/// Removes the locks of workers that died on the way.
async fn refuse_workers(bucket: &Bucket, own: &str, lease: Duration) -> Result<(), StorageError> {
    let workers = bucket.list(WORKERS).await?;
    if workers.is_empty() {
        return Ok(());
    }
    let now = store_time(bucket, own).await?;
    for worker in workers {
        if let Some(found) = bucket.read_lock(&worker.path).await? {
            refuse_held(bucket, &worker.path, &found, (now, lease))?;
            bucket.remove(&worker.path).await?;
        }
    }
    Ok(())
}

async fn refuse_run(bucket: &Bucket, path: &str, own: &str, lease: Duration) -> Result<(), StorageError> {
    match bucket.read_lock(path).await? {
        Some(found) => refuse_held(bucket, path, &found, (store_time(bucket, own).await?, lease)),
        None => Ok(()),
    }
}

fn refuse_held(
    bucket: &Bucket,
    path: &str,
    found: &Found,
    (now, lease): (SystemTime, Duration),
) -> Result<(), StorageError> {
    if found.is_free(now, lease) { Ok(()) } else { Err(found.locked(bucket.uri(path))) }
}

/// The time by the store's clock: that of the lock which was written a moment ago.
async fn store_time(bucket: &Bucket, own: &str) -> Result<SystemTime, StorageError> {
    let written = bucket.read_lock(own).await?.and_then(|found| found.written);
    Ok(written.unwrap_or_else(SystemTime::now))
}
