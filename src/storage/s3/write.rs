use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use futures::future;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::storage::S3;
use crate::storage::StorageError;

use super::Bucket;
use super::error::WRITE;
use super::read::Wanted;
use super::uploads::Upload;

/// Larger files are written in parts of this size. S3 allows 5 MiB to 5 GiB, and 10,000 parts.
const PART_BYTES: usize = 8 << 20;
/// Parts on their way at once.
const PARTS_AT_ONCE: usize = 4;

/// Writing a new object fails for good when others were writing it this many times.
const RACES: usize = 5;

/// What a key may not hold where a header names it.
const IN_A_HEADER: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Bucket {
    /// Writes an object, whole or not at all, with a checksum that the store verifies.
    pub(super) async fn put(&self, path: &str, content: Bytes, params: &S3) -> Result<(), StorageError> {
        if content.len() > PART_BYTES {
            self.put_in_parts(path, content, params).await
        } else {
            self.put_whole(path, content).await
        }
    }

    /// Writes an object by one request.
    pub(super) async fn put_whole(&self, path: &str, content: Bytes) -> Result<(), StorageError> {
        let request = self.client.put_object().bucket(&self.name).key(self.key(path)).body(ByteStream::from(content));
        let request = request.checksum_algorithm(ChecksumAlgorithm::Crc32);
        self.change(request.send()).await?.map_err(|error| WRITE.failed(&self.uri(path), &error))?;
        Ok(())
    }

    /// Writes an object by one request where there is none; whether it did. Where an answer was lost and the request
    /// was repeated, the object is there and this says no: look at what it holds.
    pub(super) async fn put_new(&self, path: &str, content: Bytes) -> Result<bool, StorageError> {
        for _ in 0..RACES {
            let request = self.client.put_object().bucket(&self.name).key(self.key(path));
            let request = request.body(ByteStream::from(content.clone())).if_none_match("*");
            let request = request.checksum_algorithm(ChecksumAlgorithm::Crc32);
            let Err(error) = self.change(request.send()).await? else { return Ok(true) };
            match error.raw_response().map(|response| response.status().as_u16()) {
                Some(412) => return Ok(false),
                // Another conditional write is under way: by now it is there, or has failed.
                Some(409) => {}
                _ => return Err(WRITE.failed(&self.uri(path), &error)),
            }
        }
        Err(WRITE.remote(&self.uri(path), "others were writing it all the time"))
    }

    /// Nothing is seen of the parts before the last call, which makes them an object.
    async fn put_in_parts(&self, path: &str, content: Bytes, params: &S3) -> Result<(), StorageError> {
        let begin = self.client.create_multipart_upload().bucket(&self.name).key(self.key(path));
        let begun = self.change(begin.checksum_algorithm(ChecksumAlgorithm::Crc32).send()).await?;
        let begun = begun.map_err(|error| WRITE.failed(&self.uri(path), &error))?;
        let upload = Upload { key: self.key(path), id: begun.upload_id.unwrap_or_default() };
        let written = match self.note(&upload).await {
            Ok(()) => self.put_parts(path, &upload.id, &content, params).await,
            error => error,
        };
        // What cannot be aborted now is aborted by the next run.
        if written.is_ok() || self.abort(&upload).await.is_ok() {
            self.forget(&upload).await;
        }
        written
    }

    async fn put_parts(&self, path: &str, id: &str, content: &Bytes, params: &S3) -> Result<(), StorageError> {
        let starts = (0..content.len()).step_by(PART_BYTES).zip(1..).collect::<Vec<_>>();
        let mut parts = Vec::new();
        for batch in starts.chunks(PARTS_AT_ONCE) {
            let batch = batch.iter().map(|(start, number)| {
                let end = content.len().min(start + PART_BYTES);
                self.put_part(path, id, *number, content.slice(*start..end))
            });
            parts.extend(future::try_join_all(batch).await?);
        }
        let upload = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.name).key(self.key(path)).upload_id(id);
        let gone = "its upload is not there any more: somebody aborted it";
        match self.change(complete.multipart_upload(upload).send()).await? {
            Ok(_) => Ok(()),
            // The call went through, its answer was lost, and it was repeated; or the upload is indeed no more.
            Err(error) if error.code() == Some("NoSuchUpload") => match self.holds(path, content, params).await? {
                true => Ok(()),
                false => Err(WRITE.remote(&self.uri(path), gone)),
            },
            Err(error) => Err(WRITE.failed(&self.uri(path), &error)),
        }
    }

    async fn put_part(&self, path: &str, id: &str, number: i32, part: Bytes) -> Result<CompletedPart, StorageError> {
        let request = self.client.upload_part().bucket(&self.name).key(self.key(path)).upload_id(id);
        let request = request.part_number(number).checksum_algorithm(ChecksumAlgorithm::Crc32);
        let sent = self.change(request.body(ByteStream::from(part)).send()).await?;
        let sent = sent.map_err(|error| WRITE.failed(&self.uri(path), &error))?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
        Ok(part.set_checksum_crc32(sent.checksum_crc32).build())
    }

    /// Whether an object is there and is this, byte by byte: entity tags and checksums of objects in parts differ from
    /// store to store.
    async fn holds(&self, path: &str, content: &Bytes, params: &S3) -> Result<bool, StorageError> {
        let is_as_long = self.stat(path).await?.is_some_and(|found| found.bytes == content.len() as u64);
        Ok(is_as_long && self.get(path, &Wanted::Whole, params).await? == *content)
    }

    /// Copies an object inside the bucket.
    pub(super) async fn copy(&self, from: &str, to: &str) -> Result<(), StorageError> {
        let source = format!("{}/{}", self.name, utf8_percent_encode(&self.key(from), &IN_A_HEADER));
        let request = self.client.copy_object().bucket(&self.name).key(self.key(to)).copy_source(source);
        self.change(request.send()).await?.map_err(|error| WRITE.failed(&self.uri(to), &error))?;
        Ok(())
    }
}
