use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use futures::future;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::storage::StorageError;

use super::Bucket;
use super::error::WRITE;

/// Larger files are written in parts of this size. S3 allows 5 MiB to 5 GiB, and 10,000 parts.
const PART_BYTES: usize = 8 << 20;
/// Parts on their way at once.
const PARTS_AT_ONCE: usize = 4;

/// What a key may not hold where a header names it.
const IN_A_HEADER: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Bucket {
    /// Writes an object, whole or not at all, with a checksum that the store verifies.
    pub(super) async fn put(&self, path: &str, content: Bytes) -> Result<(), StorageError> {
        if content.len() > PART_BYTES {
            return self.put_in_parts(path, content).await;
        }
        let request = self.client.put_object().bucket(&self.name).key(self.key(path)).body(ByteStream::from(content));
        let request = request.checksum_algorithm(ChecksumAlgorithm::Crc32);
        request.send().await.map_err(|error| WRITE.failed(&self.uri(path), &error))?;
        Ok(())
    }

    /// Nothing is seen of the parts before the last call, which makes them an object.
    async fn put_in_parts(&self, path: &str, content: Bytes) -> Result<(), StorageError> {
        let begin = self.client.create_multipart_upload().bucket(&self.name).key(self.key(path));
        let begin = begin.checksum_algorithm(ChecksumAlgorithm::Crc32).send().await;
        let begun = begin.map_err(|error| WRITE.failed(&self.uri(path), &error))?;
        let id = begun.upload_id().unwrap_or_default();
        let written = self.put_parts(path, id, &content).await;
        if written.is_err() {
            let abort = self.client.abort_multipart_upload().bucket(&self.name).key(self.key(path)).upload_id(id);
            // Best effort: the next run aborts what is left.
            let _ = abort.send().await;
        }
        written
    }

    async fn put_parts(&self, path: &str, id: &str, content: &Bytes) -> Result<(), StorageError> {
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
        complete.multipart_upload(upload).send().await.map_err(|error| WRITE.failed(&self.uri(path), &error))?;
        Ok(())
    }

    async fn put_part(&self, path: &str, id: &str, number: i32, part: Bytes) -> Result<CompletedPart, StorageError> {
        let request = self.client.upload_part().bucket(&self.name).key(self.key(path)).upload_id(id);
        let request = request.part_number(number).checksum_algorithm(ChecksumAlgorithm::Crc32);
        let sent = request.body(ByteStream::from(part)).send().await;
        let sent = sent.map_err(|error| WRITE.failed(&self.uri(path), &error))?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
        Ok(part.set_checksum_crc32(sent.checksum_crc32).build())
    }

    /// Copies an object inside the bucket.
    pub(super) async fn copy(&self, from: &str, to: &str) -> Result<(), StorageError> {
        let source = format!("{}/{}", self.name, utf8_percent_encode(&self.key(from), &IN_A_HEADER));
        let request = self.client.copy_object().bucket(&self.name).key(self.key(to)).copy_source(source);
        request.send().await.map_err(|error| WRITE.failed(&self.uri(to), &error))?;
        Ok(())
    }
}
