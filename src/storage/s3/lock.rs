use std::time::{Duration, Instant, SystemTime};

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};
use aws_sdk_s3::types::ChecksumAlgorithm;
use tokio::task::JoinHandle;

use crate::storage::holder::Holder;
use crate::storage::{Lock, StorageError};

use super::error::{READ, REMOVE, WRITE};
use super::{Bucket, S3Store, stamp};

/// Taking a lock fails for good when others were faster this many times.
const RACES: usize = 5;
/// A lease is renewed this many times before it would end; a renewal that hangs leaves time for the next.
const RENEWALS: u32 = 4;
/// The store's dates are whole seconds: of two of them, their difference may be this much too large.
const CLOCK: Duration = Duration::from_secs(1);
/// How long the end of a run waits for its lock to be removed.
const RELEASE: Duration = Duration::from_secs(10);

/// A held lock; dropping it removes the object, unless it is another run's by now.
struct S3Lock {
    store: S3Store,
    path: String,
    holder: Holder,
    renewing: JoinHandle<()>,
}

/// A lock object as it was found.
pub(super) struct Found {
    e_tag: String,
    /// By the store's clock.
    pub written: Option<SystemTime>,
    holder: Option<Holder>,
}

impl Found {
    fn is_of(&self, holder: &Holder) -> bool {
        self.holder.as_ref().is_some_and(|found| found.is_same(holder))
    }

    /// Whether its lease has ended at `now`, by the store's clock, or its process is known to be gone.
    pub fn is_free(&self, now: SystemTime, lease: Duration) -> bool {
        let age = self.written.and_then(|written| now.duration_since(written).ok()).unwrap_or_default();
        age > lease + CLOCK || self.holder.as_ref().is_some_and(Holder::is_gone)
    }

    /// The refusal of whoever found it.
    pub fn locked(&self, path: String) -> StorageError {
        let holder = self.holder.as_ref().map_or_else(String::new, |holder| format!(" ({holder})"));
        StorageError::Locked { path, holder }
    }
}

/// The answer to a conditional write.
enum Written {
    /// Done: the new entity tag.
    As(String),
    /// Another run was faster; the time by the store's clock, which also dates its objects.
    Outrun(SystemTime),
}

/// Takes the lock: an object that only one run can create. A lease makes it free again where a run died on another
/// host; a run that died on this host is known to be gone at once.
pub(super) fn take(store: &S3Store, path: &str) -> Result<Box<dyn Lock>, StorageError> {
    let (holder, lease) = (Holder::here(), lease(store));
    let until = Instant::now() + lease;
    let acquired = store.runtime.block_on(async { tokio::time::timeout(lease, acquire(store, path, &holder)).await });
    let no_answer = |_| WRITE.remote(&store.bucket.uri(path), "no answer came before its lease would have ended");
    let e_tag = acquired.map_err(no_answer)??;
    store.bucket.lease.extend(until);
    let renewing = store.runtime.spawn(renew(store.clone(), path.to_owned(), holder.clone(), e_tag));
    Ok(Box::new(S3Lock { store: store.clone(), path: path.to_owned(), holder, renewing }))
}

pub(super) fn lease(store: &S3Store) -> Duration {
    Duration::from_secs_f64(store.params.lease_s)
}

async fn acquire(store: &S3Store, path: &str, holder: &Holder) -> Result<String, StorageError> {
    let bucket = &store.bucket;
    for _ in 0..RACES {
        let now = match bucket.write_lock(path, holder, None).await? {
            Written::As(e_tag) => return Ok(e_tag),
            Written::Outrun(now) => now,
        };
        let Some(found) = bucket.read_lock(path).await? else { continue };
        if found.is_of(holder) {
            // The first attempt went through and its answer was lost.
            return Ok(found.e_tag);
        }
        if !found.is_free(now, lease(store)) {
            return Err(found.locked(bucket.uri(path)));
        }
        if let Written::As(e_tag) = bucket.write_lock(path, holder, Some(&found.e_tag)).await? {
            return Ok(e_tag);
        }
    }
    Err(StorageError::Locked { path: bucket.uri(path), holder: String::new() })
}

/// Renews the lease until aborted, or until the lock is lost.
async fn renew(store: S3Store, path: String, mut holder: Holder, mut e_tag: String) {
    let (bucket, whole) = (&store.bucket, lease(&store));
    let mut begun = Instant::now();
    while !bucket.lease.left().is_zero() {
        let pause = (whole / RENEWALS).saturating_sub(begun.elapsed());
        tokio::time::sleep(pause.min(bucket.lease.left() / 2)).await;
        holder = holder.renewed();
        begun = Instant::now();
        let limit = (whole / RENEWALS).min(bucket.lease.left());
        let renewed = tokio::time::timeout(limit, renew_once(bucket, &path, &holder, &e_tag)).await;
        match renewed {
            Ok(Ok(Some(new))) => {
                e_tag = new;
                bucket.lease.extend(begun + whole);
            }
            Ok(Ok(None)) => break,
            // The store may answer again before the lease ends.
            Ok(Err(error)) => tracing::warn!("the lease of the lock was not renewed: {error}"),
            Err(_) => tracing::warn!("the lease of the lock was not renewed: no answer came in {limit:.1?}"),
        }
    }
    bucket.lease.lose();
}

/// The new entity tag; `None` where another run has taken the lock.
async fn renew_once(bucket: &Bucket, path: &str, holder: &Holder, e_tag: &str) -> Result<Option<String>, StorageError> {
    if let Written::As(e_tag) = bucket.write_lock(path, holder, Some(e_tag)).await? {
        return Ok(Some(e_tag));
    }
    let found = bucket.read_lock(path).await?;
    let Some(ours) = found.filter(|found| found.is_of(holder)) else { return Ok(None) };
    // A renewal whose answer was lost. When it was is not known, so it is made again.
    match bucket.write_lock(path, holder, Some(&ours.e_tag)).await? {
        Written::As(e_tag) => Ok(Some(e_tag)),
        Written::Outrun(_) => Ok(None),
    }
}

impl Bucket {
    /// Writes the lock where there is none, or over the one that has the entity tag `over`.
    async fn write_lock(&self, path: &str, holder: &Holder, over: Option<&str>) -> Result<Written, StorageError> {
        let content = ByteStream::from(holder.to_json());
        let request = self.client.put_object().bucket(&self.name).key(self.key(path)).body(content);
        let request = request.checksum_algorithm(ChecksumAlgorithm::Crc32);
        let request = match over {
            None => request.if_none_match("*"),
            Some(e_tag) => request.if_match(format!("\"{e_tag}\"")),
        };
        let error = match request.send().await {
            Ok(written) => return Ok(Written::As(stamp(written.e_tag()))),
            Err(error) => error,
        };
        // 409: another conditional write is under way; 404: the lock that was to be replaced is gone.
        match error.raw_response().map(|response| response.status().as_u16()) {
            Some(409 | 412) => Ok(Written::Outrun(time_of(&error))),
            Some(404) if over.is_some() && error.code() != Some("NoSuchBucket") => Ok(Written::Outrun(time_of(&error))),
            _ => Err(WRITE.failed(&self.uri(path), &error)),
        }
    }

    /// `None` where the lock was released in the meantime.
    pub(super) async fn read_lock(&self, path: &str) -> Result<Option<Found>, StorageError> {
        let response = match self.client.get_object().bucket(&self.name).key(self.key(path)).send().await {
            Ok(response) => response,
            Err(error) => match READ.failed(&self.uri(path), &error) {
                StorageError::NotFound { .. } => return Ok(None),
                other => return Err(other),
            },
        };
        let e_tag = stamp(response.e_tag());
        let written = response.last_modified().and_then(|at| SystemTime::try_from(*at).ok());
        let content = response.body.collect().await;
        let content = content.map_err(|_| READ.remote(&self.uri(path), "the answer broke off"))?.into_bytes();
        Ok(Some(Found { e_tag, written, holder: Holder::parse(&content) }))
    }

    /// Removes the lock where it is still this holder's.
    async fn release(&self, path: &str, holder: &Holder) -> Result<(), StorageError> {
        let found = self.read_lock(path).await?;
        let Some(ours) = found.filter(|found| found.is_of(holder)) else { return Ok(()) };
        let request = self.client.delete_object().bucket(&self.name).key(self.key(path));
        // Whoever takes the lock between the two calls writes another object.
        match request.if_match(format!("\"{}\"", ours.e_tag)).send().await {
            Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 501) => {
                // A store that knows no such condition. The lease has not ended, so nobody has taken the lock since.
                self.remove(path).await
            }
            answer => answer.map(|_| ()).map_err(|error| REMOVE.failed(&self.uri(path), &error)),
        }
    }
}

/// When the store answered, by its own clock; by ours where it does not say.
fn time_of<E>(error: &SdkError<E, HttpResponse>) -> SystemTime {
    let date = error.raw_response().and_then(|response| response.headers().get("date"));
    let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
    date.and_then(|date| SystemTime::try_from(date).ok()).unwrap_or_else(SystemTime::now)
}

impl Lock for S3Lock {}

impl Drop for S3Lock {
    fn drop(&mut self) {
        self.renewing.abort();
        let (bucket, left) = (&self.store.bucket, self.store.bucket.lease.left());
        // Best effort: a lock that stays is free for this host at once, and for others when its lease ends.
        let _ = self.store.runtime.block_on(async {
            let _ = (&mut self.renewing).await;
            tokio::time::timeout(RELEASE.min(left), bucket.release(&self.path, &self.holder)).await
        });
        bucket.lease.end();
    }
}
