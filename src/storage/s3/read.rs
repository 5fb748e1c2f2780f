use std::time::Duration;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use rand::Rng;

use crate::storage::{self, Entry, StorageError};

use super::error::READ;
use super::{Bucket, client, stamp};

/// Memory that a stated length is trusted with before the bytes are there.
const TRUSTED_BYTES: u64 = 8 << 20;

/// What is asked of an object.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    Whole,
    /// Whole, and still what the entry says.
    Unchanged(Entry),
    /// Some of its bytes.
    Range(std::ops::Range<u64>),
}

/// Why an attempt gave no content.
enum Failure {
    /// Trying again would not help, or the SDK has tried again already.
    Final(StorageError),
    /// The body broke off.
    Broken(String),
}

impl Bucket {
    /// Reads an object. The SDK repeats a request without an answer; a body that breaks off is asked for again here.
    pub(super) async fn get(&self, path: &str, wanted: &Wanted, params: &storage::S3) -> Result<Bytes, StorageError> {
        let mut pause = client::FIRST_PAUSE;
        for attempt in 1.. {
            let broken = match self.get_once(path, wanted, client::timeout(params)).await {
                Ok(content) => return Ok(content),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Broken(reason)) => reason,
            };
            if attempt == params.attempts {
                return Err(READ.remote(&self.uri(path), &format!("{broken}, {attempt} times")));
            }
            tracing::debug!(path, attempt, broken, "reading again");
            let jitter = rand::thread_rng().gen_range(0.5..1.5);
            tokio::time::sleep(pause.mul_f64(jitter)).await;
            pause = (pause * 2).min(client::LONGEST_PAUSE);
        }
        unreachable!("the loop ends at the last attempt")
    }

    async fn get_once(&self, path: &str, wanted: &Wanted, timeout: Duration) -> Result<Bytes, Failure> {
        let mut request = self.client.get_object().bucket(&self.name).key(self.key(path));
        match wanted {
            Wanted::Whole => {}
            Wanted::Unchanged(entry) if entry.stamp.is_empty() => {}
            Wanted::Unchanged(entry) => request = request.if_match(format!("\"{}\"", entry.stamp)),
            Wanted::Range(range) => request = request.range(format!("bytes={}-{}", range.start, range.end - 1)),
        }
        let changed = || Failure::Final(StorageError::Changed { path: self.uri(path) });
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 412) => {
                return Err(changed());
            }
            Err(error) => return Err(Failure::Final(READ.failed(&self.uri(path), &error))),
        };
        // Some compatible stores know no If-Match.
        if let Wanted::Unchanged(entry) = wanted
            && !is_still(entry, &response)
        {
            return Err(changed());
        }
        let stated = response.content_length().and_then(|length| u64::try_from(length).ok());
        let content = collect(response.body, stated.unwrap_or(0), timeout).await.map_err(Failure::Broken)?;
        let expected = match wanted {
            Wanted::Whole => stated.unwrap_or(content.len() as u64),
            Wanted::Unchanged(entry) => entry.bytes,
            Wanted::Range(range) => range.end - range.start,
        };
        if content.len() as u64 == expected {
            Ok(content)
        } else {
            Err(Failure::Broken(format!("{} of {expected} bytes came", content.len())))
        }
    }
}

fn is_still(entry: &Entry, response: &GetObjectOutput) -> bool {
    let bytes = response.content_length().and_then(|length| u64::try_from(length).ok());
    bytes.is_none_or(|bytes| bytes == entry.bytes)
        && (entry.stamp.is_empty() || response.e_tag().is_none() || stamp(response.e_tag()) == entry.stamp)
}

/// The whole body, unless it stalls or breaks off.
async fn collect(mut body: ByteStream, stated: u64, timeout: Duration) -> Result<Bytes, String> {
    let mut content = BytesMut::with_capacity(stated.min(TRUSTED_BYTES) as usize);
    loop {
        match tokio::time::timeout(timeout, body.next()).await {
            Ok(None) => return Ok(content.freeze()),
            Ok(Some(Ok(chunk))) => content.extend_from_slice(&chunk),
            Ok(Some(Err(_))) => return Err(format!("the answer broke off after {} bytes", content.len())),
            Err(_) => return Err(format!("no byte came for {} s", timeout.as_secs_f64())),
        }
    }
}
