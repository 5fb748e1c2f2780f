//! Objects below a prefix of an S3 bucket.

mod client;
mod error;
mod fetch;
mod lease;
mod lock;
mod read;
mod share;
mod uploads;
mod write;

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::Object;
use bytes::Bytes;
use tokio::runtime::Runtime;

use super::{Entry, Fetches, Lock, StorageError, Store};
use crate::storage::S3;
use error::{LIST, LOOK, REMOVE};
use lease::Lease;

pub(super) use client::runtime;

/// Objects below a prefix of a bucket. Every call waits for its answer: call it from no async task.
#[derive(Debug, Clone)]
pub struct S3Store {
    bucket: Bucket,
    runtime: &'static Runtime,
    params: S3,
}

/// A client and the place it works on.
#[derive(Debug, Clone)]
struct Bucket {
    client: Client,
    name: String,
    /// Empty, or ending in `/`.
    prefix: String,
    lease: Arc<Lease>,
}

impl S3Store {
    /// The store at `bucket/prefix`; what is there is looked at by the first request.
    ///
    /// # Errors
    /// The bucket has no name.
    pub fn new(place: &str, params: &S3) -> Result<Self, StorageError> {
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        if name.is_empty() {
            return Err(StorageError::NoBucket { path: format!("s3://{place}") });
        }
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let runtime = client::runtime()
            .map_err(|source| StorageError::from_io("start the client of", format!("s3://{place}"), source))?;
        let client = runtime.block_on(client::connect(params));
        let bucket = Bucket { client, name: name.to_owned(), prefix, lease: Arc::default() };
        Ok(Self { bucket, runtime, params: params.clone() })
    }
}

impl Bucket {
    fn key(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The place of a file, for messages.
    fn uri(&self, path: &str) -> String {
        format!("s3://{}/{}", self.name, self.key(path)).trim_end_matches('/').to_owned()
    }

    /// Waits for a request that changes something: it is not sent, and not waited for, without the lease of the lock,
    /// where this store has taken one.
    async fn change<T>(&self, request: impl Future<Output = T>) -> Result<T, StorageError> {
        self.lease.guard(request).await.ok_or_else(|| StorageError::LockLost { path: self.uri("") })
    }

    async fn list(&self, folder: &str) -> Result<Vec<Entry>, StorageError> {
        self.list_to(folder, None).await
    }

    /// The objects below a folder; where there is a delimiter, those in whose names it does not follow.
    async fn list_to(&self, folder: &str, delimiter: Option<&str>) -> Result<Vec<Entry>, StorageError> {
        let below = if folder.is_empty() { self.prefix.clone() } else { format!("{}/", self.key(folder)) };
        let request = self.client.list_objects_v2().bucket(&self.name).prefix(&below);
        let mut pages = request.set_delimiter(delimiter.map(str::to_owned)).into_paginator().send();
        let mut entries = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| LIST.failed(&self.uri(folder), &error))?;
            entries.extend(page.contents().iter().filter_map(|object| self.entry(object)));
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    /// `None` for the markers that consoles create for empty folders.
    fn entry(&self, object: &Object) -> Option<Entry> {
        let path = object.key()?.strip_prefix(&self.prefix).filter(|path| !path.is_empty() && !path.ends_with('/'))?;
        let bytes = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        Some(Entry { path: path.to_owned(), bytes, stamp: stamp(object.e_tag()) })
    }

    async fn stat(&self, path: &str) -> Result<Option<Entry>, StorageError> {
        match self.client.head_object().bucket(&self.name).key(self.key(path)).send().await {
            Ok(head) => {
                let bytes = head.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                Ok(Some(Entry { path: path.to_owned(), bytes, stamp: stamp(head.e_tag()) }))
            }
            Err(error) => match LOOK.failed(&self.uri(path), &error) {
                StorageError::NotFound { .. } => Ok(None),
                other => Err(other),
            },
        }
    }

    async fn remove(&self, path: &str) -> Result<(), StorageError> {
        let request = self.client.delete_object().bucket(&self.name).key(self.key(path));
        match self.change(request.send()).await?.map_err(|error| REMOVE.failed(&self.uri(path), &error)) {
            Err(StorageError::NotFound { .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Entity tags are compared without their quotes.
fn stamp(e_tag: Option<&str>) -> String {
    e_tag.unwrap_or_default().trim_matches('"').to_owned()
}

impl Store for S3Store {
    fn root(&self) -> String {
        self.bucket.uri("")
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>, StorageError> {
        self.runtime.block_on(self.bucket.list(prefix))
    }

    fn list_here(&self) -> Result<Vec<Entry>, StorageError> {
        self.runtime.block_on(self.bucket.list_to("", Some("/")))
    }

    fn stat(&self, path: &str) -> Result<Option<Entry>, StorageError> {
        self.runtime.block_on(self.bucket.stat(path))
    }

    fn get(&self, path: &str) -> Result<Bytes, StorageError> {
        self.runtime.block_on(self.bucket.get(path, &read::Wanted::Whole, &self.params))
    }

    fn get_unchanged(&self, entry: &Entry) -> Result<Bytes, StorageError> {
        self.runtime.block_on(self.bucket.get(&entry.path, &read::Wanted::Unchanged(entry.clone()), &self.params))
    }

    fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        self.runtime.block_on(self.bucket.get(path, &read::Wanted::Range(range), &self.params))
    }

    fn fetch(&self, entries: Vec<Entry>) -> Fetches<'_> {
        fetch::ahead(self.runtime, &self.bucket, &self.params, entries)
    }

    fn put(&self, path: &str, content: &[u8]) -> Result<(), StorageError> {
        self.runtime.block_on(self.bucket.put(path, Bytes::copy_from_slice(content), &self.params))
    }

    fn put_new(&self, path: &str, content: &[u8]) -> Result<bool, StorageError> {
        self.runtime.block_on(self.bucket.put_new(path, Bytes::copy_from_slice(content)))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), StorageError> {
        self.runtime.block_on(async {
            self.bucket.copy(from, to).await?;
            self.bucket.remove(from).await
        })
    }

    fn remove(&self, path: &str) -> Result<(), StorageError> {
        self.runtime.block_on(self.bucket.remove(path))
    }

    fn lock(&self, path: &str) -> Result<Box<dyn Lock>, StorageError> {
        share::take_alone(self, path)
    }

    fn share(&self, path: &str) -> Result<Box<dyn Lock>, StorageError> {
        share::take_with_others(self, path)
    }

    fn sweep(&self) -> Result<(), StorageError> {
        match self.runtime.block_on(self.bucket.abort_leftovers(&self.params)) {
            Err(error @ StorageError::Forbidden { .. }) => {
                // Nobody reads them; they cost money only.
                tracing::warn!("leftovers of killed runs could not be removed: {error}");
                Ok(())
            }
            other => other,
        }
    }
}
