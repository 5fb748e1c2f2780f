use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use tokio::task::JoinHandle;

use crate::storage::holder::Holder;
use crate::storage::{Lock, StorageError};

use super::error::{READ, WRITE};
use super::{Bucket, S3Store, stamp};

/// Taking a lock fails for good when others were faster this many times.
const RACES: usize = 5;
/// A lease is renewed this many times before it would end.
const RENEWALS: u32 = 4;

/// A held lock; dropping it removes the object.
struct S3Lock {
    store: S3Store,
    path: String,
    renewing: JoinHandle<()>,
}

/// A lock object as it was found.
struct Found {
    e_tag: String,
    age: Duration,
    holder: Option<Holder>,
}

/// The answer to a conditional write.
enum Written {
    /// Done: the new entity tag.
    As(String),
    /// Another run was faster.
    Outrun,
}

/// Takes the lock: an object that only one run can create. A lease makes it free again where a run died on another host;
/// a run that died on this host is known to be gone at once.
pub(super) fn take(store: &S3Store, path: &str) -> Result<Box<dyn Lock>, StorageError> {
    let e_tag = store.runtime.block_on(acquire(store, path))?;
    let renewing = store.runtime.spawn(renew(store.clone(), path.to_owned(), e_tag));
    Ok(Box::new(S3Lock { store: store.clone(), path: path.to_owned(), renewing }))
}

async fn acquire(store: &S3Store, path: &str) -> Result<String, StorageError> {
    let bucket = &store.bucket;
    for _ in 0..RACES {
        if let Written::As(e_tag) = bucket.write_lock(path, None).await? {
            return Ok(e_tag);
        }
        let Some(found) = bucket.read_lock(path).await? else { continue };
        let is_free =
            found.age.as_secs_f64() > store.params.lease_s || found.holder.as_ref().is_some_and(Holder::is_gone);
        if !is_free {
            let holder = found.holder.map_or_else(String::new, |holder| format!(" ({holder})"));
            return Err(StorageError::Locked { path: bucket.uri(path), holder });
        }
        if let Written::As(e_tag) = bucket.write_lock(path, Some(&found.e_tag)).await? {
            return Ok(e_tag);
        }
    }
    Err(StorageError::Locked { path: bucket.uri(path), holder: String::new() })
}

/// Renews the lease until aborted, or until the lock is lost.
async fn renew(store: S3Store, path: String, mut e_tag: String) {
    let lease = Duration::from_secs_f64(store.params.lease_s);
    let mut renewed = Instant::now();
    while renewed.elapsed() < lease {
        tokio::time::sleep(lease / RENEWALS).await;
        match store.bucket.write_lock(&path, Some(&e_tag)).await {
            Ok(Written::As(new)) => (e_tag, renewed) = (new, Instant::now()),
            Ok(Written::Outrun) => break,
            // The store may answer again before the lease ends.
            Err(error) => tracing::warn!("the lease of the lock was not renewed: {error}"),
        }
    }
    store.lost.store(true, Ordering::Relaxed);
}

impl Bucket {
    /// Writes the lock where there is none, or over the one that has the entity tag `over`.
    async fn write_lock(&self, path: &str, over: Option<&str>) -> Result<Written, StorageError> {
        let content = ByteStream::from(Holder::here().to_json());
        let request = self.client.put_object().bucket(&self.name).key(self.key(path)).body(content);
        let request = request.checksum_algorithm(ChecksumAlgorithm::Crc32);
        let request = match over {
            None => request.if_none_match("*"),
            Some(e_tag) => request.if_match(format!("\"{e_tag}\"")),
        };
        match request.send().await {
            Ok(written) => Ok(Written::As(stamp(written.e_tag()))),
            // 409: another conditional write is under way; 404: the lock that was to be replaced is gone.
            Err(error) => match error.raw_response().map(|response| response.status().as_u16()) {
                Some(409 | 412) => Ok(Written::Outrun),
                Some(404) if over.is_some() && error.code() != Some("NoSuchBucket") => Ok(Written::Outrun),
                _ => Err(WRITE.failed(&self.uri(path), &error)),
            },
        }
    }

    /// `None` where the lock was released in the meantime.
    async fn read_lock(&self, path: &str) -> Result<Option<Found>, StorageError> {
        let response = match self.client.get_object().bucket(&self.name).key(self.key(path)).send().await {
            Ok(response) => response,
            Err(error) => match READ.failed(&self.uri(path), &error) {
                StorageError::NotFound { .. } => return Ok(None),
                other => return Err(other),
            },
        };
        let e_tag = stamp(response.e_tag());
        let written = response.last_modified().and_then(|at| SystemTime::try_from(*at).ok());
        let age = written.and_then(|at| at.elapsed().ok()).unwrap_or_default();
        let content = response.body.collect().await;
        let content = content.map_err(|_| READ.remote(&self.uri(path), "the answer broke off"))?.into_bytes();
        Ok(Some(Found { e_tag, age, holder: Holder::parse(&content) }))
    }
}

impl Lock for S3Lock {}

impl Drop for S3Lock {
    fn drop(&mut self) {
        self.renewing.abort();
        if !self.store.lost.load(Ordering::Relaxed) {
            // Best effort: a lock that stays is free for this host at once, and for others when its lease ends.
            let _ = self.store.runtime.block_on(self.store.bucket.remove(&self.path));
        }
    }
}
