use aws_sdk_s3::error::ProvideErrorMetadata;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::storage::S3;
use crate::storage::StorageError;

use super::Bucket;
use super::error::ABORT;
use super::read::Wanted;

/// Where uploads that have begun are noted. A bucket's list of open uploads tells nothing of who began them, so a run
/// marks its own by a note, written before the first part. An upload without a note (its run died in between) holds no
/// bytes. Another output's uploads are noted in that output.
const NOTES: &str = "run/uploads";

/// The note of a multipart upload.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Upload {
    pub key: String,
    pub id: String,
}

impl Upload {
    fn note(&self) -> String {
        format!("{NOTES}/{}.json", blake3::hash(self.id.as_bytes()).to_hex())
    }
}

impl Bucket {
    pub(super) async fn note(&self, upload: &Upload) -> Result<(), StorageError> {
        // Texts: their JSON cannot fail.
        self.put_whole(&upload.note(), Bytes::from(serde_json::to_vec(upload).unwrap_or_default())).await
    }

    /// Removes the note of an upload that is over. Best effort: the next run looks for the upload in vain.
    pub(super) async fn forget(&self, upload: &Upload) {
        let _ = self.remove(&upload.note()).await;
    }

    /// Frees what the parts of an upload take; an upload that is over is no error.
    pub(super) async fn abort(&self, upload: &Upload) -> Result<(), StorageError> {
        let abort = self.client.abort_multipart_upload().bucket(&self.name).key(&upload.key).upload_id(&upload.id);
        match self.change(abort.send()).await? {
            Err(error) if error.code() == Some("NoSuchUpload") => Ok(()),
            answer => {
                answer.map(|_| ()).map_err(|error| ABORT.failed(&format!("s3://{}/{}", self.name, upload.key), &error))
            }
        }
    }

    /// Aborts the uploads that killed runs on this output left behind.
    pub(super) async fn abort_leftovers(&self, params: &S3) -> Result<(), StorageError> {
        for note in self.list(NOTES).await? {
            let content = self.get(&note.path, &Wanted::Whole, params).await?;
            let upload = serde_json::from_slice::<Upload>(&content).ok();
            // What a note says of another place was not written by a run on this output.
            if let Some(upload) = upload.filter(|upload| upload.key.starts_with(&self.prefix)) {
                self.abort(&upload).await?;
            }
            self.remove(&note.path).await?;
        }
        Ok(())
    }
}
