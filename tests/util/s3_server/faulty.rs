//! The operations of S3.

use std::sync::Arc;

use async_trait::async_trait;
use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;

use super::BUCKET;
use super::bodies::{drain, first_half};
use super::book::{Book, Fault};

/// A prefix with a hundred thousand objects, which stand nowhere.
const MANY: &str = "hundred-thousand/";

/// A page of the listing of [`MANY`].
fn page_of_many(token: Option<&str>) -> ListObjectsV2Output {
    const PAGE: usize = 1000;
    let start = token.and_then(|token| token.parse::<usize>().ok()).unwrap_or(0);
    let object = |number: usize| Object {
        key: Some(format!("{MANY}speaker{:03}/{}_{number:06}.wav", number / 500, ["anger", "fear"][number % 2])),
        size: Some(1000),
        e_tag: Some(ETag::Strong(format!("{number:032x}"))),
        ..Default::default()
    };
    let next = Some(start + PAGE).filter(|next| *next < 100_000);
    ListObjectsV2Output {
        contents: Some((start..start + PAGE).map(object).collect()),
        is_truncated: Some(next.is_some()),
        next_continuation_token: next.map(|next| next.to_string()),
        ..Default::default()
    }
}

/// s3s-fs behind the book, with what it lacks: entity tags in listings, conditional removal, uploads that are over.
#[derive(Debug, Clone)]
pub struct Faulty {
    pub inner: Arc<FileSystem>,
    pub book: Arc<Book>,
}

type Answer<T> = S3Result<S3Response<T>>;

/// The answer, or a lost one.
fn answered<T>(fault: Option<Fault>, answer: Answer<T>) -> Answer<T> {
    match (fault, answer) {
        (Some(Fault::AnswerLost), Ok(_)) => Err(s3_error!(InternalError, "We encountered an internal error.")),
        (_, answer) => answer,
    }
}

impl Faulty {
    /// An upload is there until it is completed or aborted; s3s-fs says otherwise in other words than S3.
    fn check_upload(&self, id: &str) -> S3Result<()> {
        let is_open = self.book.uploads.lock().expect("no panic").contains_key(id);
        if is_open { Ok(()) } else { Err(s3_error!(NoSuchUpload, "The specified upload does not exist.")) }
    }
}

#[async_trait]
impl S3 for Faulty {
    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        if req.input.prefix.as_deref() == Some(MANY) {
            return Ok(S3Response::new(page_of_many(req.input.continuation_token.as_deref())));
        }
        self.book.admit("list", req.input.prefix.as_deref().unwrap_or_default()).await?;
        let head = |key: &str| {
            let input = HeadObjectInput { bucket: BUCKET.to_owned(), key: key.to_owned(), ..Default::default() };
            self.inner.head_object(req.clone().map_input(|_| input))
        };
        let mut listed = self.inner.list_objects_v2(req.clone()).await?;
        for object in listed.output.contents.iter_mut().flatten() {
            object.e_tag = head(object.key.as_deref().unwrap_or_default()).await?.output.e_tag;
        }
        Ok(listed)
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        let fault = self.book.admit("get", &req.input.key).await?;
        let mut answer = self.inner.get_object(req).await?;
        let length = answer.output.content_length.unwrap_or(0) as usize;
        match (fault, answer.output.body.take()) {
            (Some(Fault::Changed), body) => {
                answer.output.e_tag = Some(ETag::Strong("another".to_owned()));
                answer.output.body = body;
            }
            (Some(fault @ (Fault::Truncated | Fault::Stalled)), Some(body)) => {
                answer.output.body = Some(first_half(body, length, fault == Fault::Stalled).await);
            }
            (_, body) => answer.output.body = body,
        }
        Ok(answer)
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        self.book.admit("head", &req.input.key).await?;
        self.inner.head_object(req).await
    }

    async fn put_object(&self, mut req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        // s3s-fs would create the bucket.
        if req.input.bucket != BUCKET {
            drain(req.input.body.take()).await;
            return Err(s3_error!(NoSuchBucket));
        }
        let fault = match self.book.admit("put", &req.input.key).await {
            Ok(fault) => fault,
            Err(refused) => {
                drain(req.input.body.take()).await;
                return Err(refused);
            }
        };
        answered(fault, self.inner.put_object(req).await)
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        self.book.admit("copy", &req.input.key).await?;
        self.inner.copy_object(req).await
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        self.book.admit("delete", &req.input.key).await?;
        // s3s-fs knows no condition.
        if let Some(wanted) = req.input.if_match.as_ref().and_then(|condition| condition.as_etag()) {
            let (bucket, key) = (BUCKET.to_owned(), req.input.key.clone());
            let input = HeadObjectInput { bucket, key, ..Default::default() };
            let found = self.inner.head_object(req.clone().map_input(|_| input)).await?.output.e_tag;
            if found.as_ref() != Some(wanted) {
                return Err(s3_error!(PreconditionFailed, "It is another object."));
            }
        }
        self.inner.delete_object(req).await
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        let key = req.input.key.clone();
        self.book.admit("create upload", &key).await?;
        let answer = self.inner.create_multipart_upload(req).await?;
        let id = answer.output.upload_id.clone().unwrap_or_default();
        self.book.uploads.lock().expect("no panic").insert(id, key);
        Ok(answer)
    }

    async fn upload_part(&self, mut req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        if let Err(refused) = self.book.admit("upload part", &req.input.key).await {
            drain(req.input.body.take()).await;
            return Err(refused);
        }
        self.inner.upload_part(req).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        let fault = self.book.admit("complete upload", &req.input.key).await?;
        self.check_upload(&req.input.upload_id)?;
        let id = req.input.upload_id.clone();
        let answer = self.inner.complete_multipart_upload(req).await?;
        self.book.uploads.lock().expect("no panic").remove(&id);
        answered(fault, Ok(answer))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        self.book.admit("abort upload", &req.input.key).await?;
        self.check_upload(&req.input.upload_id)?;
        let id = req.input.upload_id.clone();
        let answer = self.inner.abort_multipart_upload(req).await?;
        self.book.uploads.lock().expect("no panic").remove(&id);
        Ok(answer)
    }
}
